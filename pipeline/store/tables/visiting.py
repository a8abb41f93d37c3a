"""What a field team found beside the outcome of a visit."""

from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, String, Table

from pipeline.store.columns import position, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

MOST_LOOK_ALIKE: int = 80
"""Letters of what was found instead."""

visit_details = Table(
    "visit_details",
    metadata,
    refers("visit_id", "visits.id", primary_key=True),
    Column("look_alike", String(MOST_LOOK_ALIKE), nullable=False),
    Column("accuracy_m", Float(53)),
    Column("photograph_sha256", String(SHA256_CHARS)),
    position("leaf", ForeignKey("ledger.position"), nullable=False, unique=True),
    CheckConstraint("accuracy_m > 0 AND accuracy_m <= 10000", name="accuracy_is_one"),
    CheckConstraint("length(photograph_sha256) = 64", name="photograph_is_named"),
)
"""``look_alike`` says what grows there instead, else ''; ``leaf`` is that of the finding."""
