"""Entering: dumped rows into an empty database, in one transaction.

The laws refuse a past that arrives in an order of its own: a decision needs a lease that is open. So inside the one
transaction, and only for who owns the tables, the laws are repealed, the rows entered as they were dumped, each table
behind those that it refers to, read back and compared, and the laws enacted again. Foreign keys, unique keys and
constraints hold throughout, and nobody else ever sees the database without its laws: it is taken back whole or not at
all.
"""

import hashlib
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Table, func, insert, select, text

from pipeline.errors import ConflictError, InvalidInputError
from pipeline.store.dumping import AT_ONCE, Contents, DumpedTable, lines_of, rows_of, tables_there
from pipeline.store.laws import enact, repeal
from pipeline.store.migration import current_revision, is_known, upgrade


def enter(connection: Connection, contents: Contents, folder: Path) -> None:
    """Bring the rows of a backup into a database without any, and tables and laws to those of this software.

    Raises:
        ConflictError: There are rows already, or the backup is not what was dumped.
        InvalidInputError: The backup was made by newer software, or the tables are of another revision.
    """
    _make_tables(connection, contents.revision)
    tables = {table.name: table for table in tables_there(connection)}
    if any(connection.execute(select(table).limit(1)).first() for table in tables.values()):
        raise ConflictError("there is a record in this database already; restore into an empty one")
    if set(tables) != {dumped.name for dumped in contents.tables}:
        raise ConflictError("this backup was tampered with: it has other tables than its revision")
    repeal(connection)
    for dumped in contents.tables:
        _enter(connection, tables[dumped.name], dumped, folder)
    upgrade(connection)
    enact(connection)


def _make_tables(connection: Connection, revision: str) -> None:
    if not is_known(revision):
        raise InvalidInputError(f"this backup is of revision {revision}: restore it with newer software")
    found = current_revision(connection)
    if found is None:
        upgrade(connection, revision)
    elif found != revision:
        raise InvalidInputError(
            f"the database is of revision {found}, the backup of {revision}: restore into a database without tables"
        )


def _enter(connection: Connection, table: Table, dumped: DumpedTable, folder: Path) -> None:
    if set(dumped.columns) != set(table.c.keys()):
        raise ConflictError(f"this backup was tampered with: {table.name} has other columns than its revision")
    rows = rows_of(folder, table, dumped)
    while some := list(islice(rows, AT_ONCE)):
        connection.execute(insert(table), some)
    digest = hashlib.sha256()
    for line in lines_of(connection, table):
        digest.update(line)
    if digest.hexdigest() != dumped.sha256:
        raise ConflictError(f"the rows of {table.name} did not arrive as they were dumped")
    if connection.dialect.name == "postgresql":
        _count_on(connection, table)


def _count_on(connection: Connection, table: Table) -> None:
    """Let numbers that PostgreSQL gives go on behind those that are there."""
    for column in table.primary_key:
        named = text("SELECT pg_get_serial_sequence(:table, :column)")
        sequence = connection.execute(named, {"table": table.name, "column": column.name}).scalar_one()
        last = connection.execute(select(func.max(column))).scalar_one() if sequence else None
        if last is not None:
            connection.execute(text("SELECT setval(CAST(:name AS regclass), :last)"), {"name": sequence, "last": last})
