"""The table of imagery that was let go."""

from sqlalchemy import Column, ForeignKey, Table

from pipeline.store.columns import UtcTime, position, refers
from pipeline.store.tables.metadata import metadata

imagery_removals = Table(
    "imagery_removals",
    metadata,
    refers("flight_id", "flights.id", primary_key=True),
    Column("removed_at", UtcTime, nullable=False),
    position("leaf", ForeignKey("ledger.position"), nullable=False, unique=True),
)
"""Flights of which no picture is kept any more; what was found by them stays."""
