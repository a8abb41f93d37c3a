"""A law: a change of a table that is refused where a condition holds, with the sentence that says why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Table, UniqueConstraint


class Change(StrEnum):
    """What is done to a row."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """Refuse ``change`` of a row of ``table`` where ``broken`` is true of ``NEW`` and ``OLD``.

    ``broken`` is SQL of both engines, with ``IS DISTINCT FROM`` for a difference that may be one of NULL.
    """

    table: str
    change: Change
    broken: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What follows once a row was inserted or updated: one statement."""

    table: str
    change: Change
    statement: str


def never_deleted(table: Table, what: str) -> tuple[Law, ...]:
    """Rows stay, and are not replaced by others of the same key (``INSERT OR REPLACE`` fires no trigger of DELETE)."""
    same = " OR ".join(f"EXISTS (SELECT 1 FROM {table.name} held WHERE {match})" for match in _keys(table))
    return (
        Law(table=table.name, change=Change.DELETE, broken="1 = 1", sentence=f"{what} are never deleted"),
        Law(table=table.name, change=Change.INSERT, broken=same, sentence=f"{what} are never replaced"),
    )


def frozen(table: Table, what: str, *, but: Iterable[str] = ()) -> Law:
    """No column changes but those in ``but``."""
    columns = [column.name for column in table.columns if column.name not in set(but)]
    changed = " OR ".join(f'NEW."{name}" IS DISTINCT FROM OLD."{name}"' for name in columns)
    return Law(table=table.name, change=Change.UPDATE, broken=changed, sentence=f"{what} are never altered")


def ends_once(table: Table, column: str, what: str) -> Law:
    """A column that is written once: NULL becomes a value, and a value stays."""
    again = f"OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column}"
    return Law(table=table.name, change=Change.UPDATE, broken=again, sentence=f"{what} end once")


def written_once(table: Table, columns: Iterable[str], sentence: str) -> tuple[Law, ...]:
    """Columns that a row begins without; each is written once, and stays."""
    begins = " OR ".join(f"NEW.{column} IS NOT NULL" for column in columns)
    again = " OR ".join(
        f"(OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})" for column in columns
    )
    return (
        Law(table=table.name, change=Change.INSERT, broken=begins, sentence=sentence),
        Law(table=table.name, change=Change.UPDATE, broken=again, sentence=sentence),
    )


def _keys(table: Table) -> list[str]:
    """Conditions under which a row of ``held`` has the same key as ``NEW``; a NULL is like nothing."""
    keys = [[column.name for column in table.primary_key]]
    keys += [[column.name] for column in table.columns if column.unique]
    keys += [
        [column.name for column in rule.columns] for rule in table.constraints if isinstance(rule, UniqueConstraint)
    ]
    unique = sorted({tuple(sorted(key)) for key in keys})
    return [" AND ".join(f"held.{name} = NEW.{name}" for name in key) for key in unique]
