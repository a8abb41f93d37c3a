"""Survey areas: the ground of a district that is to be covered, as polygons in EPSG:4326."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely
from sqlalchemy import Connection, insert, select

from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId, PersonId
from pipeline.errors import ConflictError
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import survey_areas


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyArea:
    """A named piece of ground; ``outline`` in degrees (EPSG:4326), ``area_m2`` on the ground."""

    name: str
    outline: shapely.Polygon | shapely.MultiPolygon
    area_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file that survey areas come from."""

    name: str
    sha256: str


def import_areas(
    connection: Connection,
    district: DistrictId,
    areas: Sequence[SurveyArea],
    source: Source,
    *,
    by: PersonId | None,
    now: datetime,
) -> None:
    """Add areas to a district, all or none.

    Raises:
        ConflictError: The district has an area of one of the names, or two have the same.
    """
    held = set(connection.execute(select(survey_areas.c.name).where(survey_areas.c.district_id == district)).scalars())
    for area in areas:
        if area.name in held:
            raise ConflictError(f"the district has a survey area {area.name} already")
        held.add(area.name)
        connection.execute(
            insert(survey_areas).values(
                _row(area) | {"district_id": district, "imported_at": now, "source_sha256": source.sha256}
            )
        )
    body = {"file": source.name, "sha256": source.sha256, "areas": len(areas)}
    record(connection, Entry(kind=Kind.AREA_IMPORTED, subject=district, person=by, body=body), now)


def areas_of(
    connection: Connection, districts: frozenset[DistrictId], within: Extent | None = None
) -> tuple[SurveyArea, ...]:
    """The areas of some districts by name, or those of them whose box meets ``within``."""
    columns = survey_areas.c
    chosen = select(survey_areas).where(columns.district_id.in_(districts)).order_by(columns.name)
    if within is not None:
        chosen = chosen.where(
            columns.west <= within.east,
            columns.east >= within.west,
            columns.south <= within.north,
            columns.north >= within.south,
        )
    return tuple(
        SurveyArea(name=row["name"], outline=shapely.from_wkb(row["outline"]), area_m2=row["area_m2"])
        for row in connection.execute(chosen).mappings()
    )


def has_areas(connection: Connection, district: DistrictId) -> bool:
    """Whether anybody said what of a district is to be covered."""
    return (
        connection.execute(select(survey_areas.c.id).where(survey_areas.c.district_id == district)).first() is not None
    )


def _row(area: SurveyArea) -> dict[str, object]:
    west, south, east, north = area.outline.bounds
    return {
        "id": new_id(),
        "name": area.name,
        "outline": shapely.to_wkb(area.outline),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "area_m2": area.area_m2,
    }
