"""Tables of the interpretation key: versions of its entries, and which version was before whose eyes."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from pipeline.domain.key import Likeness, Stage
from pipeline.store.columns import UtcTime, identity, one_of, position, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

key_entries = Table(
    "key_entries",
    metadata,
    identity(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("likeness", String(20), nullable=False),
    Column("about", String(80), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("name_en", String(80), nullable=False),
    Column("name_zh", String(80), nullable=False),
    Column("text_en", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("picture_sha256", String(SHA256_CHARS)),
    Column("withdrawn", Boolean(create_constraint=True, name="is_boolean"), nullable=False),
    refers("person_id", "people.id"),
    Column("at", UtcTime, nullable=False),
    position("leaf", ForeignKey("ledger.position"), nullable=False, unique=True),
    one_of("likeness", Likeness),
    one_of("stage", Stage),
    CheckConstraint("version >= 1", name="counts_from_1"),
)


key_views = Table(
    "key_views",
    metadata,
    identity(),
    refers("session_id", "sessions.id"),
    position("key_version", nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("key_views_of_session", "session_id", "at"),
)
"""``key_version`` is the leaf of the newest change of the key that was shown, 0 of the starter. What was on screen when
a verdict was given is the last view of its session before it."""
