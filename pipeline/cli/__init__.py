"""The use cases from a terminal, one file a group of commands.

Bad input gives one plain sentence on standard error and exit code 2. A command imports what it needs when it is called.
"""

import sys
import tempfile
import traceback
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import typer

from pipeline.cli import (
    bench,
    cataloguing,
    controls,
    covering,
    demonstrating,
    exporting,
    flights,
    growers,
    keeping,
    learning,
    models,
    no_fly,
    overseeing,
    people,
    planning,
    retaining,
    reviewing,
    scanning,
    serving,
    stating,
    visiting,
)
from pipeline.errors import PlotwatchError, exit_code
from pipeline.settings import silence_calls_home

COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    scanning.scan,
    learning.train,
    models.retrain,
    learning.evaluate,
    learning.crossvalidate,
    learning.stress,
    learning.quantise,
    scanning.scene,
    demonstrating.demo,
    cataloguing.stac,
    serving.serve,
    covering.coverage,
    overseeing.overview,
    planning.plan,
    flights.worker,
    flights.stop,
    flights.go,
    bench.bench,
    keeping.backup,
    keeping.restore,
    retaining.retention,
)
"""Commands of one word, in the order of the help."""

GROUPS: Final[dict[str, tuple[str, dict[str, Callable[..., None]]]]] = {
    "flight": (
        "Flights: hand one in, see how far it is, try it again, end it.",
        {
            "add": flights.add,
            "list": flights.list_,
            "show": flights.show,
            "retry": flights.retry,
            "cancel": flights.cancel,
            "relief": flights.relief,
            "change": flights.change,
            "stac": flights.stac,
        },
    ),
    "model": (
        "Models: the champion, its challengers, and the way back.",
        {"list": models.list_models, "promote": models.promote_model, "roll-back": models.roll_back_model},
    ),
    "user": (
        "People who may sign in.",
        {
            "add": people.add_user,
            "list": people.list_users,
            "password": people.change_password,
            "lock": people.lock_user,
            "unlock": people.unlock_user,
            "roles": people.change_roles,
        },
    ),
    "district": (
        "Districts, by which access is given.",
        {"add": people.add_district, "list": people.list_districts},
    ),
    "statement": (
        "Statements: say what may be claimed of an area, issue it; verify what was issued, withdraw it.",
        {"verify": stating.verify, "withdraw": stating.withdraw},
    ),
    "growers": (
        "Licensed growers: ground on which something may be grown.",
        {"import": growers.import_, "list": growers.list_, "remove": growers.remove},
    ),
    "no-fly": (
        "No-fly zones: ground over which no plan flies.",
        {"import": no_fly.import_, "list": no_fly.list_, "remove": no_fly.remove},
    ),
    "export": ("Files for other software.", {"flags": exporting.flags}),
    "area": ("Survey areas: the ground to be covered.", {"import": keeping.import_areas}),
    "control": (
        "Controls: ground of known truth, by which it shows how good readers are.",
        {
            "import": controls.import_,
            "visited": controls.visited,
            "list": controls.list_,
            "retire": controls.retire,
        },
    ),
    "visits": (
        "Field visits: release confirmed flags to them, and write their route for other tools.",
        {"plan": visiting.plan, "export": visiting.export, "conflicts": visiting.conflicts},
    ),
    "review": ("Reviews: how they go.", {"figures": reviewing.figures}),
    "token": ("API tokens for scripts.", {"add": people.add_token, "revoke": people.revoke_token}),
    "db": ("The database.", {"migrate": keeping.migrate_database, "check": keeping.check_database}),
    "audit": (
        "The ledger: what was done, provably.",
        {"verify": keeping.verify_audit, "checkpoint": keeping.make_checkpoint, "export": keeping.export_audit},
    ),
}
"""Commands of two words: what the first one is about, and the second ones."""

ALONE: Final[dict[str, Callable[..., None]]] = {"statement": stating.statement}
"""First words of two that are a command without a second one, too."""


def build_app() -> typer.Typer:
    """The command line with every command."""
    app = typer.Typer(
        name="plotwatch",
        help="Drone orthomosaics to candidate plots, for human field verification. Every flag requires manual review.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for command in COMMANDS:
        app.command()(command)
    for name, (about, commands) in GROUPS.items():
        group = typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)
        if name in ALONE:
            group.callback(invoke_without_command=True)(ALONE[name])
        for word, command in commands.items():
            group.command(word)(command)
        app.add_typer(group, name=name)
    return app


def main() -> None:
    """Run the command line; errors become one sentence and an exit code."""
    silence_calls_home()
    try:
        build_app()()
    except PlotwatchError as error:
        typer.echo(f"plotwatch: {error}", err=True)
        sys.exit(exit_code(error))
    except Exception:  # noqa: BLE001 the entry point: an unknown error is kept for us and shown as an id
        typer.echo(f"plotwatch: something unexpected went wrong; please send us {_keep_traceback()}", err=True)
        sys.exit(1)


def _keep_traceback() -> Path:
    """Write the current error to a file of its own and return its path."""
    path = Path(tempfile.gettempdir()) / f"plotwatch-error-{uuid.uuid4().hex[:12]}.txt"
    path.write_text(traceback.format_exc(), encoding="utf-8")
    return path
