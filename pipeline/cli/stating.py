"""The commands that say what may be claimed of an area, issue it, withdraw it, and verify what was issued."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import AsJson, Config, day, time_zone
from pipeline.cli.storing import Store, open_store
from pipeline.errors import InvalidInputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipeline.web.words import Words
    from pipeline.workflow.issue_statement import Ground, Moment
    from pipeline.workflow.verify_statement import Verified


class Tongue(StrEnum):
    """The language of a PDF."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The files that are wanted of an issued statement, and the language of its PDF."""

    out: Path | None
    pdf: Path | None
    proof: Path | None
    language: Tongue


def statement(
    ctx: typer.Context,
    district: Annotated[str, typer.Option(help="The district's name.")] = "",
    area: Annotated[str, typer.Option(help="A survey area of it; else all of them.")] = "",
    from_: Annotated[str, typer.Option("--from", help="First day, as 2026-06-01; else that of the first flight.")] = "",
    to: Annotated[str, typer.Option(help="Last day, as 2026-11-26; else today.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the JSON here; else it is printed.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as a PDF, too.")] = None,
    proof: Annotated[Path | None, typer.Option(help="Write the proof of what is issued here.")] = None,
    language: Annotated[Tongue, typer.Option(help="Of the PDF.")] = Tongue.ENGLISH,
    issue: Annotated[bool, typer.Option("--issue", help="Issue it: it is kept, and entered in the ledger.")] = False,
    as_: Annotated[str, typer.Option("--as", help="Name of the manager who issues it.")] = "",
    config: Config = None,
) -> None:
    """Say what may be claimed of an area, with all that it rests on, and what may not: as JSON, as a PDF; issue it."""
    if ctx.invoked_subcommand is not None:
        return
    from pipeline.store.districts import district_named
    from pipeline.workflow.issue_statement import Ground, Moment, preview, written
    from pipeline.workflow.tell_coverage import find_region, window_of

    if not district:
        raise InvalidInputError("a statement is of a district: say --district NAME")
    if issue != bool(as_):
        raise InvalidInputError("a statement is issued by a manager: say both --issue and --as NAME, or neither")
    if proof is not None and not issue:
        raise InvalidInputError("only what is issued has a proof: say --issue, too, or leave --proof out")
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
            _issue(store, ground, moment, as_, Wanted(out=out, pdf=pdf, proof=proof, language=language))
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


def verify(
    statement: Annotated[Path, typer.Argument(help="The JSON file of the statement.")],
    proof: Annotated[Path | None, typer.Argument(help="Its proof.json, from where it was issued.")] = None,
    key: Annotated[
        str, typer.Option(help="The public key of the server, or a file of it, or an exported checkpoint.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """See, without the server, whether a statement is the one that was issued, and that a ledger with it was signed."""
    from pipeline.workflow.verify_statement import FROM_A_PDF, known_key, verify_statement

    if proof is None:
        raise InvalidInputError(f"name the statement's JSON file and its proof.json; of a PDF, {FROM_A_PDF}")
    found = verify_statement(statement, proof, key=known_key(key) if key else None)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=True, default=str))
    else:
        typer.echo("\n".join(map(_plain, _in_words(found))))
    if not found.key_was_named:
        typer.echo("anybody can sign with a key of their own: say --key with the one that you know", err=True)
    typer.echo(
        "whether it was withdrawn since, these files cannot tell: look at "
        f"/statement/issued/{found.told.sha256} on the server",
        err=True,
    )


def withdraw(
    sha256: Annotated[str, typer.Argument(help="Of the statement, as its page and its PDF have it.")],
    reason: Annotated[str, typer.Option(help="Why: about the statement and the ground only, no names of people.")],
    as_: Annotated[str, typer.Option("--as", help="Name of the manager who withdraws it.")],
    replaced_by: Annotated[str, typer.Option(help="The sha256 of a later statement of the same ground.")] = "",
    config: Config = None,
) -> None:
    """Withdraw an issued statement for good; its file stays, and the ledger says why."""
    from pipeline.store.people import person_named
    from pipeline.store.statements import NewWithdrawal
    from pipeline.workflow.issue_statement import withdraw as take_back

    new = NewWithdrawal(sha256=sha256, reason=reason, replaced_by=replaced_by or None)
    with open_store(config) as store:
        with store.database.snapshot() as connection:
            person = person_named(connection, as_)
        issued = take_back(store.database, store.files, person, new, now=store.now)
    if issued.withdrawn is not None:
        typer.echo(f"withdrawn as leaf {issued.withdrawn.leaf} of the ledger: sha256 {sha256}")


def _in_words(found: "Verified") -> tuple[str, ...]:
    """What was checked, and by which key."""
    told, signed = found.told, found.checkpoint
    return (
        f"of {told.area or 'all areas'}, {found.district}, from {told.first} to {told.last}",
        f"file: sha256 {told.sha256}, as its leaf says",
        f"leaf: {found.position}, issued at {told.issued_at:%Y-%m-%d %H:%M:%S} UTC",
        f"root: {signed.root}, to which the leaf leads in a ledger of {signed.leaves} leaves",
        f"signature: genuine (Ed25519), of {signed.signed_at:%Y-%m-%d %H:%M:%S} UTC",
        f"key: {signed.public_key}, {'the one that you named' if found.key_was_named else 'which the proof names'}",
    )


def _plain(said: str) -> str:
    """A line of text for a terminal, whatever a file holds."""
    return "".join(one if one.isprintable() else "?" for one in said)


def _issue(store: Store, ground: "Ground", moment: "Moment", name: str, wanted: Wanted) -> None:
    """Issue it, and write what is wanted: the file as it is kept, that on paper, and its proof."""
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
    if wanted.out is not None:
        _write(wanted.out, kept.content or b"")
    if wanted.proof is not None:
        _write(wanted.proof, proof)
    if wanted.pdf is not None:
        _write(wanted.pdf, issued_pdf(kept, proof, _words(wanted.language, moment.zone), Links(base=None)))


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
