"""Tables of models: which are there, and which of them was made champion, when and by whom."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, Table, Text

from pipeline.domain.registry import ModelState, Outcome, Step
from pipeline.store.columns import UtcTime, identity, one_of, position, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

models = Table(
    "models",
    metadata,
    identity(),
    Column("name", String(100), nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("bundle_sha256", String(SHA256_CHARS), nullable=False),
    Column("report_sha256", String(SHA256_CHARS)),
    refers("compared_with", "models.id", optional=True),
    Column("labels_sha256", String(SHA256_CHARS)),
    Column("added_at", UtcTime, nullable=False),
    position("leaf", ForeignKey("ledger.position"), nullable=False, unique=True),
    one_of("state", ModelState),
    one_of("outcome", Outcome),
    CheckConstraint(f"length(bundle_sha256) = {SHA256_CHARS}", name="bundle_is_named"),
)
"""``outcome`` is what the comparison with ``compared_with`` came to, ``report_sha256`` of the report that says so,
``labels_sha256`` of the decisions it was trained on. Bundle and report lie in ``models/<id>`` of the data folder."""


promotions = Table(
    "promotions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    refers("model_id", "models.id", index=True),
    Column("step", String(20), nullable=False),
    refers("person_id", "people.id"),
    Column("at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("override", Text, nullable=False, server_default=""),
    position("leaf", ForeignKey("ledger.position"), nullable=False, unique=True),
    one_of("step", Step),
    CheckConstraint("length(trim(reason)) > 0", name="has_a_reason"),
)
"""The last row names the champion. ``override`` is why a model that was not shown to be better is promoted."""
