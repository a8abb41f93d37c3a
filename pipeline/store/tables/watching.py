"""Tables of what watches the readers and the model: ground of known truth, and ground drawn at random."""

from sqlalchemy import CheckConstraint, Column, Float, Integer, LargeBinary, String, Table

from pipeline.domain.watching import Truth
from pipeline.store.columns import UtcTime, identity, one_of, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

controls = Table(
    "controls",
    metadata,
    identity(),
    refers("flight_id", "flights.id", index=True),
    Column("truth", String(20), nullable=False),
    Column("outline", LargeBinary, nullable=False),
    Column("room_m", Float(53), nullable=False),
    Column("score", Float(53), nullable=False),
    Column("source", String(255), nullable=False),
    Column("source_sha256", String(SHA256_CHARS), nullable=False),
    refers("flag_id", "flags.id", optional=True),
    refers("added_by", "people.id", optional=True),
    Column("added_at", UtcTime, nullable=False),
    Column("retired_at", UtcTime),
    one_of("truth", Truth),
    CheckConstraint("room_m > 0", name="has_room"),
    CheckConstraint("score >= 0 AND score <= 1", name="score_is_probability"),
)
"""``outline`` is of the known ground, ``room_m`` how far from its middle everything is assessable; ``flag_id`` is the
flag whose visit told the truth, where one did."""


control_items = Table(
    "control_items",
    metadata,
    refers("flag_id", "flags.id", primary_key=True),
    refers("control_id", "controls.id", index=True),
)


audit_items = Table(
    "audit_items",
    metadata,
    refers("flag_id", "flags.id", primary_key=True),
    Column("stratum", Integer, nullable=False),
    Column("stratum_cells", Integer, nullable=False),
    Column("stratum_drawn", Integer, nullable=False),
    CheckConstraint("stratum_drawn >= 1 AND stratum_drawn <= stratum_cells", name="drawn_from_what_is_there"),
)
"""A place drawn from the ``stratum_cells`` clear cells of a stratum of its flight, one of ``stratum_drawn``."""
