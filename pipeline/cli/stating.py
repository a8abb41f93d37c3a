"""The command that says what may be claimed of an area, and that issues it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import Config, day, time_zone
from pipeline.cli.storing import Store, open_store
from pipeline.errors import InvalidInputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipeline.web.words import Words
    from pipeline.workflow.issue_statement import Ground, Moment


class Tongue(StrEnum):
    """The language of a PDF."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"


def statement(
    district: Annotated[str, typer.Option(help="The district's name.")],
    area: Annotated[str, typer.Option(help="A survey area of it; else all of them.")] = "",
    from_: Annotated[str, typer.Option("--from", help="First day, as 2026-06-01; else that of the first flight.")] = "",
    to: Annotated[str, typer.Option(help="Last day, as 2026-11-26; else today.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the JSON here; else it is printed.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as a PDF, too.")] = None,
    language: Annotated[Tongue, typer.Option(help="Of the PDF.")] = Tongue.ENGLISH,
    issue: Annotated[bool, typer.Option("--issue", help="Issue it: it is kept, and entered in the ledger.")] = False,
    as_: Annotated[str, typer.Option("--as", help="Name of the manager who issues it.")] = "",
    config: Config = None,
) -> None:
    """Say what may be claimed of an area, with all that it rests on, and what may not: as JSON, as a PDF; issue it."""
    from pipeline.store.districts import district_named
    from pipeline.workflow.issue_statement import Ground, Moment, preview, written
    from pipeline.workflow.tell_coverage import find_region, window_of

    if issue != bool(as_):
        raise InvalidInputError("a statement is issued by a manager: say both --issue and --as NAME, or neither")
    zone = time_zone(config)
    with open_store(config) as store:
        moment = Moment(now=store.now, zone=zone)
        with store.database.snapshot() as connection:
            where = district_named(connection, district)
        region = find_region(store.database, where, area or None)
        today = store.now.astimezone(zone).date()
        window = window_of(store.database, {where.id}, first=day(from_), last=day(to), today=today)
        ground = Ground(region=region, district=where, window=window)
        if issue:
            _issue(store, ground, moment, as_, (out, pdf, language))
            return
        said = preview(store.database, ground, moment)
    if pdf is not None:
        from pipeline.web.statement_links import Links
        from pipeline.web.statement_paper import preview_pdf

        _write(pdf, preview_pdf(said, _words(language, zone), Links(base=None)))
    if out is not None:
        _write(out, written(said))
    elif pdf is None:
        typer.echo(written(said).decode(), nl=False)


def _issue(
    store: Store, ground: "Ground", moment: "Moment", name: str, wanted: tuple[Path | None, Path | None, Tongue]
) -> None:
    """Issue it, and write what is wanted: the file as it is kept, and that on paper."""
    from pipeline.store.people import person_named
    from pipeline.web.statement_links import Links
    from pipeline.web.statement_paper import issued_pdf
    from pipeline.workflow.issue_statement import issue, proof_of, read_issued

    with store.database.snapshot() as connection:
        person = person_named(connection, name)
    issued = issue(store.database, store.files, person, ground, moment)
    typer.echo(f"issued as leaf {issued.leaf} of the ledger: sha256 {issued.sha256}")
    kept = read_issued(store.database, store.files, person, issued.sha256)
    proof = proof_of(store.database, kept)
    out, pdf, language = wanted
    if out is not None:
        _write(out, kept.content or b"")
    if pdf is not None:
        _write(pdf, issued_pdf(kept, proof, _words(language, moment.zone), Links(base=None)))


def _words(language: Tongue, zone: "ZoneInfo") -> "Words":
    from pipeline.web.languages import Language
    from pipeline.web.words import Words

    return Words(Language(language.value), str(zone))


def _write(path: Path, content: bytes) -> None:
    from pipeline.imagery.whole import whole_file

    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_bytes(content)
    typer.echo(str(path))
