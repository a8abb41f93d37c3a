"""Tables of coverage: what was looked at on which day, and what that adds up to.

Outlines are WKB in metres of the equal-area plane of ``imagery.looked`` (EPSG:6933), their boxes in degrees;
``drawn`` is what a map draws of it, in metres of EPSG:3857: of imagery, what could not be assessed.
"""

from sqlalchemy import CheckConstraint, Column, Date, Float, Index, LargeBinary, String, Table, UniqueConstraint

from pipeline.domain.freshness import Level, LookKind
from pipeline.store.columns import extent_columns, identity, one_of, refers
from pipeline.store.tables.metadata import metadata

ground_looks = Table(
    "ground_looks",
    metadata,
    identity(),
    refers("flight_id", "flights.id"),
    refers("scan_id", "scans.id", optional=True),
    refers("district_id", "districts.id"),
    Column("kind", String(20), nullable=False),
    Column("day", Date, nullable=False),
    Column("outline", LargeBinary, nullable=False),
    Column("drawn", LargeBinary, nullable=False),
    Column("area_m2", Float(53), nullable=False),
    *extent_columns(),
    one_of("kind", LookKind),
    CheckConstraint("(kind = 'skipped') = (scan_id IS NULL)", name="imagery_has_its_scan"),
    UniqueConstraint("flight_id", "kind", name="ground_looks_one_kind"),
    Index("ground_looks_of_district", "district_id", "kind", "day"),
    Index("ground_looks_place", "district_id", "kind", "west", "east", "south", "north"),
)
"""Ground of a flight: seen, imaged, or planned and not flown. Evidence: never altered."""


ground_regions = Table(
    "ground_regions",
    metadata,
    identity(),
    refers("district_id", "districts.id", index=True),
    refers("area_id", "survey_areas.id", optional=True, unique=True),
    Column("outline", LargeBinary, nullable=False),
    Column("drawn", LargeBinary, nullable=False),
    Column("area_m2", Float(53), nullable=False),
    *extent_columns(),
    CheckConstraint("area_m2 > 0", name="region_has_an_area"),
)
"""Ground that is to be covered: a survey area, or with no ``area_id`` all survey areas of a district together."""


ground_moves = Table(
    "ground_moves",
    metadata,
    refers("region_id", "ground_regions.id", primary_key=True),
    Column("level", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("previous", Date, primary_key=True),
    Column("area_m2", Float(53), nullable=False),
    one_of("level", Level),
    CheckConstraint("previous < day", name="moves_forwards"),
)
"""``domain.freshness.Move`` added up for each region: made from the looks, and can be made anew from them."""
