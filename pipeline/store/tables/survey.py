"""Tables of the survey: areas, flights and what the machine made of them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pipeline.domain.flag import FlagOrigin, FlagStatus
from pipeline.domain.flight import FlightState, FlightStep, StepState
from pipeline.domain.grower import GrowerKind
from pipeline.store.columns import UtcTime, extent_columns, identity, index_extent, one_of, refers
from pipeline.store.tables.metadata import SHA256_CHARS, metadata

survey_areas = Table(
    "survey_areas",
    metadata,
    identity(),
    refers("district_id", "districts.id", index=True),
    Column("name", String(200), nullable=False),
    Column("outline", LargeBinary, nullable=False),
    *extent_columns(),
    Column("area_m2", Float(53), nullable=False),
    Column("source_sha256", String(SHA256_CHARS), nullable=False),
    Column("imported_at", UtcTime, nullable=False),
    UniqueConstraint("district_id", "name", name="survey_areas_one_name"),
)
index_extent(survey_areas)

licensed_growers = Table(
    "licensed_growers",
    metadata,
    identity(),
    refers("district_id", "districts.id", index=True),
    Column("licence", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("outline", LargeBinary, nullable=False),
    *extent_columns(),
    Column("source_sha256", String(SHA256_CHARS), nullable=False),
    Column("imported_at", UtcTime, nullable=False),
    one_of("kind", GrowerKind),
    CheckConstraint("valid_from <= valid_until", name="licensed_growers_ends_after_it_began"),
)
"""Ground on which something may be grown, without whose it is."""
index_extent(licensed_growers)

no_fly_zones = Table(
    "no_fly_zones",
    metadata,
    identity(),
    refers("district_id", "districts.id", index=True),
    Column("name", String(200), nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("outline", LargeBinary, nullable=False),
    *extent_columns(),
    Column("source_sha256", String(SHA256_CHARS), nullable=False),
    Column("imported_at", UtcTime, nullable=False),
    CheckConstraint("valid_from <= valid_until", name="no_fly_zones_ends_after_it_began"),
)
"""Ground over which nothing is flown, from the first to the last of its days; a day that is missing is open."""
index_extent(no_fly_zones)


flights = Table(
    "flights",
    metadata,
    identity(),
    refers("district_id", "districts.id"),
    Column("name", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    refers("uploaded_by", "people.id"),
    Column("flown_on", Date),
    Column("received_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    *extent_columns(optional=True),
    Column("area_m2", Float(53)),
    Column("gsd_m", Float(53)),
    one_of("state", FlightState),
    Index("flights_by_district", "district_id", "state", "received_at"),
    Index("flights_by_person", "uploaded_by"),
)
index_extent(flights)


uploads = Table(
    "uploads",
    metadata,
    identity(),
    refers("person_id", "people.id", index=True),
    refers("district_id", "districts.id"),
    refers("flight_id", "flights.id", optional=True, index=True),
    Column("name", String(255), nullable=False),
    Column("bytes_total", BigInteger, nullable=False),
    Column("bytes_received", BigInteger, nullable=False, server_default="0"),
    Column("sha256", String(SHA256_CHARS), index=True),
    Column("started_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("abandoned_at", UtcTime),
    CheckConstraint("bytes_received >= 0 AND bytes_received <= bytes_total", name="within_its_size"),
)


flight_steps = Table(
    "flight_steps",
    metadata,
    refers("flight_id", "flights.id", primary_key=True),
    Column("step", String(20), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("total", BigInteger, nullable=False, server_default="0"),
    Column("unit", String(20), nullable=False, server_default=""),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("message", Text, nullable=False, server_default=""),
    one_of("step", FlightStep),
    one_of("state", StepState),
)


orthomosaics = Table(
    "orthomosaics",
    metadata,
    refers("flight_id", "flights.id", primary_key=True),
    Column("name", String(255), nullable=False),
    Column("original_sha256", String(SHA256_CHARS), nullable=False, index=True),
    Column("original_bytes", BigInteger, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("crs", Text, nullable=False),
    Column("left", Float(53), nullable=False),
    Column("top", Float(53), nullable=False),
    Column("pixel_width", Float(53), nullable=False),
    Column("pixel_height", Float(53), nullable=False),
    Column("metres_per_unit", Float(53), nullable=False),
    Column("mask_origin", String(80), nullable=False),
    Column("notes", Text, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
)


scans = Table(
    "scans",
    metadata,
    identity(),
    refers("flight_id", "flights.id", index=True),
    Column("model", String(100), nullable=False),
    Column("model_sha256", String(SHA256_CHARS), nullable=False),
    Column("original_sha256", String(SHA256_CHARS), nullable=False),
    Column("record", Text, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
)
"""``record`` is the text of ``scan.json``."""


flags = Table(
    "flags",
    metadata,
    identity(),
    refers("scan_id", "scans.id"),
    refers("flight_id", "flights.id"),
    Column("label", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("outline", LargeBinary, nullable=False),
    *extent_columns(),
    Column("class_name", String(100), nullable=False),
    Column("score", Float(53), nullable=False),
    Column("area_m2", Float(53), nullable=False),
    Column("cells", Integer, nullable=False),
    Column("model", String(100), nullable=False),
    Column("threshold", Float(53), nullable=False),
    Column("second_read", Boolean(create_constraint=True, name="second_read_is_boolean"), nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("origin", String(20), nullable=False, server_default=FlagOrigin.SCAN.value),
    one_of("status", FlagStatus),
    one_of("origin", FlagOrigin),
    CheckConstraint("score >= 0 AND score <= 1", name="score_is_probability"),
    UniqueConstraint("scan_id", "label", name="flags_one_label"),
    Index("flags_by_flight", "flight_id", "status"),
    Index("flags_by_age", "status", "raised_at"),
    Index("flags_by_origin", "id", "flight_id", "origin"),
)
index_extent(flags)
