"""The tables. Geometry is WKB in EPSG:4326 with its box in degrees beside it; times are text in UTC (``columns``).

What the rows may be together, and who may write them, stands in ``laws``.
"""

from pipeline.store.tables.accounts import (
    api_tokens,
    districts,
    people,
    person_districts,
    person_roles,
    sessions,
    sign_ins,
)
from pipeline.store.tables.ground import ground_looks, ground_moves, ground_regions
from pipeline.store.tables.key import key_entries, key_views
from pipeline.store.tables.log import checkpoints, ledger
from pipeline.store.tables.metadata import metadata
from pipeline.store.tables.registry import models, promotions
from pipeline.store.tables.retention import imagery_removals
from pipeline.store.tables.review import decisions, leases, redrawn_outlines, stops, visits
from pipeline.store.tables.survey import (
    flags,
    flight_steps,
    flights,
    licensed_growers,
    no_fly_zones,
    orthomosaics,
    scans,
    survey_areas,
    uploads,
)
from pipeline.store.tables.visiting import visit_details
from pipeline.store.tables.watching import audit_items, control_items, controls
from pipeline.store.tables.work import workers

__all__ = [
    "api_tokens",
    "audit_items",
    "checkpoints",
    "control_items",
    "controls",
    "decisions",
    "districts",
    "flags",
    "flight_steps",
    "flights",
    "ground_looks",
    "ground_moves",
    "ground_regions",
    "imagery_removals",
    "key_entries",
    "key_views",
    "leases",
    "ledger",
    "licensed_growers",
    "metadata",
    "models",
    "no_fly_zones",
    "orthomosaics",
    "people",
    "person_districts",
    "person_roles",
    "promotions",
    "redrawn_outlines",
    "scans",
    "sessions",
    "sign_ins",
    "stops",
    "survey_areas",
    "uploads",
    "visit_details",
    "visits",
    "workers",
]
