"""Tables of the ledger: what was done, in order, and what was signed."""

from sqlalchemy import Column, Index, String, Table, Text

from pipeline.store.columns import UtcTime, position, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

ledger = Table(
    "ledger",
    metadata,
    position("position", primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(40), nullable=False),
    refers("person_id", "people.id", optional=True),
    Column("subject", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(SHA256_CHARS), nullable=False),
    Index("ledger_by_subject", "subject"),
)


checkpoints = Table(
    "checkpoints",
    metadata,
    position("leaves", primary_key=True, autoincrement=False),
    Column("root", String(SHA256_CHARS), nullable=False),
    Column("signed_at", UtcTime, nullable=False),
    Column("public_key", String(SHA256_CHARS), nullable=False),
    Column("signature", String(128), nullable=False),
)
