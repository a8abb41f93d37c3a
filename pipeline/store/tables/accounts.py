"""Tables of people: who they are, what they may do, how they come in."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, String, Table

from pipeline.domain.people import Role
from pipeline.store.columns import UtcTime, identity, one_of, position, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

districts = Table(
    "districts",
    metadata,
    identity(),
    Column("name", String(200), nullable=False, unique=True),
    Column("added_at", UtcTime, nullable=False),
)


people = Table(
    "people",
    metadata,
    identity(),
    Column("name", String(100), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("locked_at", UtcTime),
    Column("locked_until", UtcTime),
    Column("one_time_since", UtcTime),
)
"""``locked_at`` alone is a lock until a person opens it; with ``locked_until`` it opens by itself.

``one_time_since``: when somebody else made the password; NULL for one that its person chose.
"""


person_roles = Table(
    "person_roles",
    metadata,
    refers("person_id", "people.id", primary_key=True),
    Column("role", String(20), primary_key=True),
    one_of("role", Role),
)


person_districts = Table(
    "person_districts",
    metadata,
    refers("person_id", "people.id", primary_key=True),
    refers("district_id", "districts.id", primary_key=True),
)


sign_ins = Table(
    "sign_ins",
    metadata,
    position("id", primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("source", String(SHA256_CHARS), nullable=False),
    Column("tried_at", UtcTime, nullable=False),
    Column("succeeded", Boolean(create_constraint=True, name="is_boolean"), nullable=False),
    Index("sign_ins_by_name", "name", "tried_at"),
    Index("sign_ins_by_source", "source", "tried_at"),
)
"""Attempts to sign in. ``source`` is a hash: no address is kept."""


sessions = Table(
    "sessions",
    metadata,
    identity(),
    refers("person_id", "people.id", index=True),
    Column("csrf", String(SHA256_CHARS), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    CheckConstraint("expires_at > started_at", name="lasts"),
)
"""``id`` is the sha256 of the secret in the cookie."""


api_tokens = Table(
    "api_tokens",
    metadata,
    identity(),
    refers("person_id", "people.id", index=True),
    Column("name", String(100), nullable=False),
    Column("secret_sha256", String(SHA256_CHARS), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("revoked_at", UtcTime),
)
