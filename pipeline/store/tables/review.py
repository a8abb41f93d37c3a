"""Tables of what people say of flags, and of the switch that stops everything."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import OUTCOMES
from pipeline.store.columns import UtcTime, identity, one_of, position, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

leases = Table(
    "leases",
    metadata,
    identity(),
    refers("flag_id", "flags.id"),
    refers("person_id", "people.id"),
    Column("leased_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("picture_sha256", String(SHA256_CHARS)),
    Column("overview_sha256", String(SHA256_CHARS)),
    Column("served_at", UtcTime),
    Column("pictures_sha256", String(SHA256_CHARS)),
    Column("shown_at", UtcTime),
    Column("revealed_at", UtcTime),
    Column("undone", String(80)),
    CheckConstraint("expires_at > leased_at", name="lasts"),
    Index("leases_of_flag", "flag_id"),
    Index("leases_of_person", "person_id", "leased_at"),
    Index(
        "leases_one_open",
        "flag_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
"""``pictures_sha256`` is of both pictures that were served, ``shown_at`` when they were on screen, ``revealed_at`` when
the model's opinion was. ``undone`` is the verdict that the reader wants to take back."""


FIRST = text("supersedes IS NULL")


decisions = Table(
    "decisions",
    metadata,
    identity(),
    refers("flag_id", "flags.id"),
    refers("person_id", "people.id"),
    refers("session_id", "sessions.id"),
    position("leaf", ForeignKey("ledger.position"), nullable=False, unique=True),
    Column("reader", Integer, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("note", Text, nullable=False),
    Column("pictures_sha256", String(SHA256_CHARS), nullable=False),
    Column("model", String(100), nullable=False),
    Column("threshold", Float(53), nullable=False),
    Column("seconds_looked", Float(53), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    refers("supersedes", "decisions.id", optional=True, unique=True),
    Column("outline_sha256", String(SHA256_CHARS)),
    one_of("verdict", Verdict),
    CheckConstraint(f"length(pictures_sha256) = {SHA256_CHARS}", name="evidence_was_seen"),
    CheckConstraint("seconds_looked >= 0", name="looked_forwards"),
    Index("decisions_of_flag", "flag_id"),
    Index("decisions_of_person", "person_id", "decided_at"),
    Index(
        "decisions_by_time",
        "decided_at",
        "person_id",
        "flag_id",
        "reader",
        "verdict",
        "seconds_looked",
        sqlite_where=FIRST,
        postgresql_where=FIRST,
    ),
    Index("decisions_one_reader", "flag_id", "reader", unique=True, sqlite_where=FIRST, postgresql_where=FIRST),
    Index("decisions_one_person", "flag_id", "person_id", unique=True, sqlite_where=FIRST, postgresql_where=FIRST),
)
"""``outline_sha256`` is of the outline that the reader drew instead of the model's, where there is one. Figures read
``decisions_by_time`` alone: of 245,000 decisions that takes half the time."""


redrawn_outlines = Table(
    "redrawn_outlines",
    metadata,
    refers("decision_id", "decisions.id", primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("outline", LargeBinary, nullable=False),
    Column("area_m2", Float(53), nullable=False),
    CheckConstraint("part >= 1", name="counts_from_1"),
)
"""What a reader drew: one row, or several where the flag was split."""


visits = Table(
    "visits",
    metadata,
    identity(),
    refers("flag_id", "flags.id"),
    Column("number", Integer, nullable=False),
    refers("planned_by", "people.id"),
    Column("planned_at", UtcTime, nullable=False),
    position("leaf", ForeignKey("ledger.position"), nullable=False, unique=True),
    Column("outcome", String(20)),
    refers("found_by", "people.id", optional=True),
    Column("found_at", UtcTime),
    Column("note", Text, nullable=False, server_default=""),
    one_of("outcome", sorted(OUTCOMES)),
    CheckConstraint("(outcome IS NULL) = (found_by IS NULL) AND (outcome IS NULL) = (found_at IS NULL)", name="found"),
    UniqueConstraint("flag_id", "number", name="visits_one_number"),
)


stops = Table(
    "stops",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stopped", Boolean(create_constraint=True, name="is_boolean"), nullable=False),
    refers("person_id", "people.id"),
    Column("at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
)
"""The stop switch: its last row says whether scanning and release are halted."""
