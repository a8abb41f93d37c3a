"""The database: SQLite in WAL mode by default, PostgreSQL by its address.

with database.transaction() as connection:   # writes; all of it happens, or none
with database.snapshot() as connection:      # reads; sees one moment
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, UnavailableError

Transaction: TypeAlias = Connection
"""What a transaction or snapshot gives, by a name for those who know no SQLAlchemy."""
WAIT_SECONDS: Final = 10
"""How long a transaction waits for another one before it gives up."""
LAW: Final = "law: "
"""Begins what the database says when one of ``laws`` is broken."""
WRITES: Final = "plotwatch_writes"


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. Close it when the process ends."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose changes are kept when the block ends without an error, and only then.

        Raises:
            NotAllowedError: A law of the survey forbids one of the changes.
            ConflictError: A change contradicts what is there, such as a name that is taken.
            UnavailableError: The database cannot be reached, is busy, or its disk is full.
        """
        with _explained(), self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection to read with. Whatever it changes is forgotten.

        Raises:
            UnavailableError: The database cannot be reached, or is busy.
        """
        with _explained(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """The database at ``url``: ``sqlite:///path`` or ``postgresql://user@host/name``.

    The folder of a SQLite file is made where it is missing.

    Raises:
        InvalidInputError: The address is of neither kind.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise InvalidInputError(
            "the address of the database is no URL such as sqlite:///file or postgresql://host/name"
        ) from error
    if address.get_backend_name() == "sqlite":
        return Database(_sqlite(address))
    if address.get_backend_name() == "postgresql":
        return Database(_postgresql(address))
    raise InvalidInputError(f"a database of {address.get_backend_name()} is not known, use sqlite or postgresql")


def _sqlite(address: URL) -> Engine:
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    """What SQLite forgets with each connection; transactions are begun by us, not guessed by the driver."""
    del record
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "recursive_triggers=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its place in the queue at once: a lock that is upgraded later can only fail."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(address: URL) -> Engine:
    try:
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": WAIT_SECONDS,
                "options": f"-c lock_timeout={WAIT_SECONDS}s -c timezone=UTC",
            },
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise InvalidInputError("PostgreSQL needs the [postgres] extra: pip install 'plotwatch[postgres]'") from error


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what drivers say into the families of ``errors``."""
    try:
        yield
    except IntegrityError as error:
        said = str(error.orig)
        if LAW in said:
            raise NotAllowedError(said.split(LAW, 1)[1].splitlines()[0]) from error
        raise ConflictError("this contradicts what is stored already, or names something that is not there") from error
    except DBAPIError as error:
        raise UnavailableError(_why(str(error.orig).lower())) from error


def _why(said: str) -> str:
    if "locked" in said or "lock timeout" in said or "deadlock" in said:
        return "the database is busy; nothing was changed, try again in a moment"
    if "full" in said or "no space" in said:
        return "the disk of the server is full; nothing was changed"
    if "must be owner" in said or "permission denied" in said:
        return "the database's account may not do this; use the one that owns the tables"
    if "no such table" in said or "does not exist" in said:
        return "the database is older than this software: run plotwatch db migrate"
    return "the database cannot be used just now; nothing was changed"
