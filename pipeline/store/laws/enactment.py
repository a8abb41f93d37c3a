"""Laws as triggers: one before each kind of change of each table, one after those that have a consequence."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from pipeline.store.database import LAW
from pipeline.store.laws.airspace import AIRSPACE
from pipeline.store.laws.ground import GROUND
from pipeline.store.laws.key import KEY
from pipeline.store.laws.law import Change, Consequence, Law
from pipeline.store.laws.registry import CONSEQUENCES as PROMOTED
from pipeline.store.laws.registry import MODEL_STANDINGS, MODELS
from pipeline.store.laws.retention import RETENTION
from pipeline.store.laws.review import CONSEQUENCES, CONTROLS, DECISIONS, FLAGS, LEASES, REDRAWN, STOPS
from pipeline.store.laws.standing import VIEWS as STANDINGS
from pipeline.store.laws.survey import ACCOUNTS, FLIGHTS, LEDGER
from pipeline.store.laws.visiting import VISITING

LAWS: Final = (
    *LEDGER,
    *ACCOUNTS,
    *FLIGHTS,
    *GROUND,
    *AIRSPACE,
    *FLAGS,
    *LEASES,
    *DECISIONS,
    *REDRAWN,
    *VISITING,
    *CONTROLS,
    *KEY,
    *STOPS,
    *RETENTION,
    *MODELS,
)
VIEWS: Final = {**STANDINGS, "model_standings": MODEL_STANDINGS}
FOLLOWING: Final = (*CONSEQUENCES, *PROMOTED)
BEFORE, AFTER = "law", "then"
NO_TRUNCATE: Final = "law_truncate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger to be: its name, when it runs, and its body in the words of the engine."""

    name: str
    when: str
    table: str
    body: str
    change: Change

    @property
    def sqlite(self) -> str:
        """The statement that makes it in SQLite."""
        return f"{self._head} FOR EACH ROW\nBEGIN\n{self.body}\nEND"

    @property
    def postgresql(self) -> tuple[str, str]:
        """The statements that make its function and it in PostgreSQL."""
        return (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $law${self.body}$law$",
            f"{self._head} FOR EACH ROW EXECUTE FUNCTION {self.name}()",
        )

    @property
    def _head(self) -> str:
        return f"CREATE TRIGGER {self.name} {self.when} {self.change} ON {self.table}"


def enact(connection: Connection) -> None:
    """Put the laws in place of whatever laws were there."""
    repeal(connection)
    _views(connection)
    if connection.dialect.name == "sqlite":
        for trigger in _sqlite_triggers():
            connection.exec_driver_sql(trigger.sqlite)
    else:
        for trigger in _postgresql_triggers():
            for statement in trigger.postgresql:
                connection.exec_driver_sql(statement)
        _forbid_truncate(connection)


def repeal(connection: Connection) -> None:
    """Take the laws away. Whoever does it enacts them again before the transaction ends; it needs the tables' owner."""
    if connection.dialect.name == "sqlite":
        _repeal_sqlite(connection)
    else:
        _repeal_postgresql(connection)


def missing_laws(connection: Connection) -> tuple[str, ...]:
    """The names of triggers that are not there, are switched off, or say something else; () where all is well."""
    if connection.dialect.name == "sqlite":
        held = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        stated = {row.name: row.sql for row in held}
        return tuple(trigger.name for trigger in _sqlite_triggers() if stated.get(trigger.name) != trigger.sqlite)
    held = connection.execute(
        text(
            "SELECT t.tgname AS name, p.prosrc AS body FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
        )
    )
    stated = {row.name: row.body for row in held}
    missing = [trigger.name for trigger in _postgresql_triggers() if stated.get(trigger.name) != trigger.body]
    return tuple(missing + [name for name in _truncate_names() if name not in stated])


def _sqlite_triggers() -> tuple[Trigger, ...]:
    return tuple(
        Trigger(
            name=f"{BEFORE}_{table}_{change.lower()}",
            when="BEFORE",
            table=table,
            change=change,
            body="\n".join(
                f"SELECT RAISE(ABORT, {_quoted(law)}) WHERE {law.broken.replace('IS DISTINCT FROM', 'IS NOT')};"
                for law in laws
            ),
        )
        for (table, change), laws in _grouped(LAWS).items()
    ) + tuple(_after(follows, f"{follows.statement};") for follows in FOLLOWING)


def _postgresql_triggers() -> tuple[Trigger, ...]:
    return tuple(
        Trigger(
            name=f"{BEFORE}_{table}_{change.lower()}",
            when="BEFORE",
            table=table,
            change=change,
            body="BEGIN\n"
            + "\n".join(
                f"IF {law.broken} THEN RAISE EXCEPTION {_quoted(law)} USING ERRCODE = 'check_violation'; END IF;"
                for law in laws
            )
            + f"\nRETURN {'OLD' if change is Change.DELETE else 'NEW'};\nEND",
        )
        for (table, change), laws in _grouped(LAWS).items()
    ) + tuple(_after(follows, f"BEGIN\n{follows.statement};\nRETURN NULL;\nEND") for follows in FOLLOWING)


def _after(follows: Consequence, body: str) -> Trigger:
    name = f"{AFTER}_{follows.table}_{follows.change.lower()}"
    return Trigger(name=name, when="AFTER", table=follows.table, change=follows.change, body=body)


def _quoted(law: Law) -> str:
    return "'" + LAW + law.sentence.replace("'", "''") + "'"


def _grouped(laws: Iterable[Law]) -> dict[tuple[str, Change], list[Law]]:
    grouped: dict[tuple[str, Change], list[Law]] = {}
    for law in laws:
        grouped.setdefault((law.table, law.change), []).append(law)
    return grouped


def _views(connection: Connection) -> None:
    for name, words in VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {words}")


def _repeal_sqlite(connection: Connection) -> None:
    names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in names:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    for name in reversed(VIEWS):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def _repeal_postgresql(connection: Connection) -> None:
    ours = text("SELECT proname FROM pg_proc WHERE prorettype = 'trigger'::regtype AND proname ~ '^(law|then)_'")
    for name in connection.execute(ours).scalars().all():
        connection.exec_driver_sql(f'DROP FUNCTION "{name}" CASCADE')
    for name in reversed(VIEWS):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def _protected() -> tuple[str, ...]:
    return tuple(sorted({law.table for law in LAWS if law.change is Change.DELETE}))


def _truncate_names() -> tuple[str, ...]:
    return tuple(f"{NO_TRUNCATE}_{table}" for table in _protected())


def _forbid_truncate(connection: Connection) -> None:
    """PostgreSQL can empty a table without touching a row of it."""
    refusal = f"RAISE EXCEPTION '{LAW}nothing is ever emptied' USING ERRCODE = 'check_violation'"
    connection.exec_driver_sql(
        f"CREATE FUNCTION {NO_TRUNCATE}() RETURNS trigger LANGUAGE plpgsql AS $law$BEGIN {refusal}; END$law$"
    )
    for table, name in zip(_protected(), _truncate_names(), strict=True):
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {NO_TRUNCATE}()"
        )
