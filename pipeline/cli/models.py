"""Commands for models: a challenger from what people decided, a manager's signature, and the way back."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.learning import train_extra
from pipeline.cli.options import AsJson, Config, Out
from pipeline.cli.storing import open_store
from pipeline.cli.waiting import bars
from pipeline.errors import InvalidInputError
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from pipeline.cli.storing import Store
    from pipeline.store.registry import Model
    from pipeline.workflow.promote import Desk

Manager = Annotated[str, typer.Option("--person", help="Name of the manager who signs with their password.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask once more.")]


def retrain(
    training: Annotated[Path, typer.Argument(help="Training configuration; its data are the champion's own.")],
    as_: Annotated[str, typer.Option("--as", help="Name of the manager on whose behalf decisions are read.")],
    name: Annotated[str, typer.Option(help="Name of the challenger; else the configuration's and the time.")] = "",
    held_out: Annotated[Path | None, typer.Option(help="Labelled ground of role test, a DATASET.toml.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin without the champion's weights.")] = False,
    recent: Annotated[int, typer.Option(help="How many recent flights are scanned to compare flags.")] = 3,
    out: Out = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Train a challenger on decisions of two readers, and compare it with the champion. Needs the [train] extra."""
    with train_extra("retraining"):
        from pipeline.workflow.challenge import Challenge, challenge
        from pipeline.workflow.collect_labels import Bureau
    from pipeline.store.people import person_named

    called = name or f"{training.stem}-{datetime.now(UTC):%Y%m%d-%H%M}"
    what = Challenge(config=training, name=called, held_out=held_out, anew=anew, recent=recent)
    with open_store(config) as store, bars() as report:
        with store.database.snapshot() as connection:
            person = person_named(connection, as_)
        bureau = Bureau(database=store.database, files=store.files, settings=load_settings(config), person=person)
        made = challenge(bureau, what, out or Path("runs") / called, now=store.now, report=report)
    if as_json:
        typer.echo(json.dumps(made.record, ensure_ascii=False))
        return
    typer.echo(f"{made.record['sentence']}\npage: {made.page}")
    wanted = f"plotwatch model promote {called} --person MANAGER --reason ..."
    more = "" if made.is_offered else ' --override "why all the same"'
    typer.echo(f"it scans nothing until a manager signs: {wanted}{more}")


def list_models(config: Config = None, as_json: AsJson = False) -> None:
    """List models: the champion, challengers, and what was champion before."""
    from pipeline.store.columns import utc_text
    from pipeline.store.registry import list_models as listed

    with open_store(config) as store, store.database.snapshot() as connection:
        models = listed(connection)
    if as_json:
        typer.echo(
            json.dumps([asdict(model) | {"added_at": utc_text(model.added_at)} for model in models], ensure_ascii=False)
        )
        return
    if not models:
        typer.echo(f"no model was trained here; flights are scanned with {load_settings(config).model}")
    for model in models:
        typer.echo(f"{model.name}: {model.state}, {model.outcome}, added {model.added_at:%Y-%m-%d}")


def promote_model(
    name: Annotated[str, typer.Argument(help="The model; plotwatch model list shows them.")],
    person: Manager,
    reason: Reason,
    override: Annotated[str, typer.Option(help="Why a model is promoted that was not shown to be better.")] = "",
    password_stdin: Stdin = False,
    yes: Yes = False,
    config: Config = None,
) -> None:
    """Make a model the champion: it scans what is handed in from now on. A manager signs with their password."""
    from pipeline.store.registry import model_named
    from pipeline.workflow.promote import Signing, promote

    with open_store(config) as store:
        with store.database.snapshot() as connection:
            model = model_named(connection, name)
        _ask_once_more(_introduced(model), yes=yes)
        signing = Signing(name=person, password=_password(password_stdin), reason=reason, override=override)
        promoted = promote(_desk(store), name, signing, now=store.now)
    typer.echo(f"{promoted.name} is champion: flights handed in from now on are scanned with it")


def roll_back_model(
    person: Manager, reason: Reason, password_stdin: Stdin = False, yes: Yes = False, config: Config = None
) -> None:
    """Make the champion before the present one champion again. A manager signs with their password."""
    from pipeline.workflow.promote import Signing, roll_back

    with open_store(config) as store:
        _ask_once_more("the champion before the present one takes its place again", yes=yes)
        signing = Signing(name=person, password=_password(password_stdin), reason=reason)
        back = roll_back(_desk(store), signing, now=store.now)
    typer.echo(f"{back.name} is champion again: flights handed in from now on are scanned with it")


def _introduced(model: "Model") -> str:
    """What is about to be signed."""
    report = f", report {model.report_sha256}" if model.report_sha256 else ""
    return f"{model.name} ({model.outcome}): bundle {model.bundle_sha256}{report}"


def _ask_once_more(what: str, *, yes: bool) -> None:
    """Show what will be done, and wait for a yes where there is somebody to give it."""
    typer.echo(what)
    if not yes and sys.stdin.isatty():
        typer.confirm("sign for this?", abort=True)


def _desk(store: "Store") -> "Desk":
    from pipeline.store.passwords import Passwords
    from pipeline.workflow.promote import Desk

    return Desk(database=store.database, files=store.files, passwords=Passwords.of_cost())


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InvalidInputError("there is no terminal to ask for a password: use --password-stdin")
    return str(typer.prompt("password", hide_input=True))
