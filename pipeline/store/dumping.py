"""Dumping: every row of the database at one moment, as files that either engine can take back.

    rows/<table>.jsonl   a row a line: a JSON list in the order of the table's columns, rows in the order of their key
    contents.json        the revision, and of each table its columns, how many rows it has and the file's sha256

Bytes are hexadecimal, dates ISO 8601, times the text that both engines keep. The same rows give the same bytes whatever
engine held them. What is dumped is what is there, not what the software knows: no table can be forgotten.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, MetaData, String, Table, select
from sqlalchemy.schema import Column

from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.settings import parse
from pipeline.store.migration import current_revision

VERSION: Final = 1
CONTENTS: Final = "contents.json"
ROWS: Final = "rows"
AT_ONCE: Final = 1000
"""Rows held in memory."""
OF_ALEMBIC: Final = "alembic_version"
IN_THE_ORDER_OF: Final = "leaf"
"""Rows that refer to rows of their own table have it, and refer to earlier leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpedTable:
    """A table as it was dumped: its columns in the order of each row."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file beside the database, by its path inside the data folder."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a backup holds; tables in an order in which each refers to earlier ones."""

    version: int
    revision: str
    tables: tuple[DumpedTable, ...]
    files: tuple[KeptFile, ...] = ()


def dump(connection: Connection, folder: Path) -> Contents:
    """Write every row to ``folder``; ``connection`` sees one moment, or the rows contradict each other."""
    (folder / ROWS).mkdir()
    tables = []
    for table in tables_there(connection):
        digest, count = hashlib.sha256(), 0
        with (folder / ROWS / f"{table.name}.jsonl").open("wb") as file:
            for line in lines_of(connection, table):
                file.write(line)
                digest.update(line)
                count += 1
        columns = tuple(column.name for column in table.columns)
        tables.append(DumpedTable(name=table.name, columns=columns, rows=count, sha256=digest.hexdigest()))
    return Contents(version=VERSION, revision=str(current_revision(connection)), tables=tuple(tables))


def tables_there(connection: Connection) -> tuple[Table, ...]:
    """The tables that the database has, each behind those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return tuple(table for table in found.sorted_tables if table.name != OF_ALEMBIC)


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """A table's rows as lines, in an order that is the same on both engines."""
    key = [table.c[IN_THE_ORDER_OF]] if IN_THE_ORDER_OF in table.c else list(table.primary_key)
    chosen = select(table).order_by(*(_in_bytes(connection, column) for column in key))
    for row in connection.execute(chosen, execution_options={"yield_per": AT_ONCE}):
        yield json.dumps([_plain(value) for value in row], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def rows_of(folder: Path, table: Table, dumped: DumpedTable) -> Iterator[dict[str, Any]]:
    """The rows of a dumped table, as values of ``table``.

    Raises:
        ConflictError: The file is not the one that was dumped; nothing was given then, or only rows that were.
    """
    kinds = [table.c[name].type.python_type for name in dumped.columns]
    digest, count = hashlib.sha256(), 0
    with (folder / ROWS / f"{dumped.name}.jsonl").open("rb") as file:
        for line in file:
            digest.update(line)
            count += 1
            values = json.loads(line)
            yield {name: _value(kind, value) for name, kind, value in zip(dumped.columns, kinds, values, strict=True)}
    if (count, digest.hexdigest()) != (dumped.rows, dumped.sha256):
        raise ConflictError(f"this backup was tampered with: the rows of {dumped.name} are not those that were dumped")


def write_contents(contents: Contents, folder: Path) -> None:
    """Say in ``folder`` what it holds."""
    text = json.dumps(asdict(contents), ensure_ascii=False, indent=1)
    (folder / CONTENTS).write_text(text + "\n", encoding="utf-8")


def read_contents(folder: Path) -> Contents:
    """What a backup holds, and all of its files are there.

    Raises:
        NotFoundError: There is no backup.
        InvalidInputError: It is of another version, or cannot be read.
        ConflictError: A file is missing, or is not as long as it was.
    """
    try:
        said = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no backup in {folder}") from error
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{folder / CONTENTS} cannot be read; use another copy of this backup") from error
    contents = parse(Contents, said, where=CONTENTS)
    if contents.version != VERSION:
        raise InvalidInputError(f"this backup is of version {contents.version}, this software knows {VERSION}")
    _check_there(contents, folder)
    return contents


def _check_there(contents: Contents, folder: Path) -> None:
    held = folder.resolve()
    for file in contents.files:
        path = (folder / file.path).resolve()
        size_bytes = -1
        with suppress(OSError):
            size_bytes = path.stat().st_size
        if not path.is_relative_to(held) or size_bytes != file.size_bytes:
            raise ConflictError(f"this backup is not whole: {file.path} is missing or of another length")
    for table in contents.tables:
        if not table.name.isidentifier() or not (folder / ROWS / f"{table.name}.jsonl").is_file():
            raise ConflictError(f"this backup is not whole: the rows of {table.name} are missing")


def _in_bytes(connection: Connection, column: Column[Any]) -> Any:
    """The column, in the order of its bytes: PostgreSQL sorts text as its locale has it."""
    by_locale = connection.dialect.name == "postgresql" and isinstance(column.type, String)
    return column.collate("C") if by_locale else column


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else value


def _value(kind: type, value: Any) -> Any:
    if value is None:
        return None
    if kind is bytes:
        return bytes.fromhex(value)
    return date.fromisoformat(value) if kind is date else value
