"""Kinds of columns that hold the same on SQLite and PostgreSQL, so that laws and ledger read alike on both."""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as text of fixed width in UTC: it sorts as it reads, in SQL and by eye."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Text from a time; a time without a zone is a mistake of ours."""
        del dialect
        return None if value is None else utc_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """A time from text."""
        del dialect
        return None if value is None else utc_time(value)


def utc_text(time: datetime) -> str:
    """``2026-11-26T01:02:03.000000Z``; raises ValueError for a time without a zone."""
    if time.tzinfo is None:
        raise ValueError(f"{time} has no time zone")
    return time.astimezone(UTC).strftime(TIME_FORMAT)


def utc_time(text: str) -> datetime:
    """The time that ``utc_text`` wrote."""
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)


def identity(name: str = "id") -> Column[str]:
    """A primary key of text that was made by us."""
    return Column(name, String(80), primary_key=True)


def refers(name: str, to: str, *, optional: bool = False, **options: Any) -> Column[str]:
    """A foreign key of text to the column ``to``, such as ``people.id``."""
    return Column(name, String(80), ForeignKey(to), nullable=optional, **options)


def extent_columns(*, optional: bool = False) -> tuple[Column[float], ...]:
    """West, south, east and north in degrees; index them with ``index_extent``."""
    return tuple(Column(side, Float(53), nullable=optional) for side in ("west", "south", "east", "north"))


def index_extent(table: Table) -> None:
    """Make a search by place read few rows."""
    Index(f"{table.name}_place", table.c.west, table.c.east, table.c.south, table.c.north)


def one_of(column: str, names: Any) -> CheckConstraint:
    """A column that holds one of the members of a ``StrEnum``."""
    listed = ", ".join(f"'{name.value}'" for name in names)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")


def position(name: str, *constraints: SchemaItem, **options: Any) -> Column[int]:
    """A column of whole numbers that SQLite takes as a row number where it is a primary key."""
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), *constraints, **options)


def new_id() -> str:
    """A new identity that nobody can guess from another one."""
    return uuid.uuid4().hex
