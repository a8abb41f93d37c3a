"""Table of the workers: processes that work on flights, on this machine or on others."""

from sqlalchemy import Column, String, Table

from pipeline.store.columns import UtcTime
from pipeline.store.tables.metadata import metadata

workers = Table(
    "workers",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)
"""A worker writes ``beat_at`` every few seconds while it lives, and ``ended_at`` when it leaves in good order."""
