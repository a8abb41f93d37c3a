"""No-fly zones of a district, as polygons in EPSG:4326, with the days on which they hold."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NewType

import shapely
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, or_, select

from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId, PersonId
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.areas import Source
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, canonical, record
from pipeline.store.tables import no_fly_zones

ZoneId = NewType("ZoneId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """Ground over which nothing is flown; ``outline`` in degrees (EPSG:4326), both days hold, None is open."""

    name: str
    outline: shapely.Polygon | shapely.MultiPolygon
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """Refuse what never holds.

        Raises:
            InvalidInputError: It ends before it begins.
        """
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise InvalidInputError(f"{self.name} ends before it begins; mend its days")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFlyZone:
    """A no-fly zone of a district."""

    id: ZoneId
    barred: Barred
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Airspace:
    """How many zones of a district are not over, and when the newest of them was imported."""

    zones: int
    newest: datetime | None


def add_zones(
    connection: Connection,
    district: DistrictId,
    zones: Sequence[Barred],
    source: Source,
    *,
    by: PersonId | None,
    now: datetime,
) -> None:
    """Add no-fly zones to a district; their leaf has a fingerprint of each."""
    shared = {"district_id": district, "imported_at": now, "source_sha256": source.sha256}
    rows = [{"id": new_id(), **_row(zone), **shared} for zone in zones]
    body = {"file": source.name, "sha256": source.sha256, "zones": {row["id"]: fingerprint(row) for row in rows}}
    record(connection, Entry(kind=Kind.NO_FLY_IMPORTED, subject=district, person=by, body=body), now)
    connection.execute(insert(no_fly_zones), rows)


def remove_zone(
    connection: Connection, district: DistrictId, zone: ZoneId, *, by: PersonId | None, now: datetime
) -> None:
    """Take a zone away; the ledger keeps that it was there.

    Raises:
        NotFoundError: The district has none of this id.
    """
    columns = no_fly_zones.c
    here = (columns.id == zone, columns.district_id == district)
    row = connection.execute(select(no_fly_zones).where(*here)).mappings().first()
    if row is None:
        raise NotFoundError("the district has no such no-fly zone")
    body = {"name": row["name"], "district": district, "sha256": row["source_sha256"]}
    record(connection, Entry(kind=Kind.NO_FLY_REMOVED, subject=zone, person=by, body=body), now)
    connection.execute(delete(no_fly_zones).where(*here))


def zones_of(connection: Connection, district: DistrictId) -> tuple[NoFlyZone, ...]:
    """All zones of a district, by name."""
    columns = no_fly_zones.c
    chosen = select(no_fly_zones).where(columns.district_id == district).order_by(columns.name, columns.id)
    return tuple(_zone(row) for row in connection.execute(chosen).mappings())


def zones_about(connection: Connection, district: DistrictId, within: Extent, day: date) -> tuple[NoFlyZone, ...]:
    """The zones of a district whose box meets ``within``, but those that are over on ``day``.

    A plan is flown later than it is made: what begins later is among them.
    """
    columns = no_fly_zones.c
    chosen = select(no_fly_zones).where(
        columns.district_id == district,
        _not_over(day),
        columns.west <= within.east,
        columns.east >= within.west,
        columns.south <= within.north,
        columns.north >= within.south,
    )
    return tuple(_zone(row) for row in connection.execute(chosen.order_by(columns.id)).mappings())


def airspaces_of(connection: Connection, districts: Iterable[DistrictId], day: date) -> dict[DistrictId, Airspace]:
    """What is known of the zones of each of some districts that are not over on ``day``."""
    columns, asked = no_fly_zones.c, sorted(districts)
    counted = (
        select(columns.district_id, func.count(), func.max(columns.imported_at))
        .where(columns.district_id.in_(asked), _not_over(day))
        .group_by(columns.district_id)
    )
    found = {district: Airspace(zones=count, newest=newest) for district, count, newest in connection.execute(counted)}
    return {district: found.get(district, Airspace(zones=0, newest=None)) for district in asked}


def fingerprint(row: Mapping[str, Any] | RowMapping) -> str:
    """What a leaf says of a zone: its name, its days and its outline, as a sha256."""
    said = {
        "name": row["name"],
        "outline": hashlib.sha256(row["outline"]).hexdigest(),
        **{end: row[end] and row[end].isoformat() for end in ("valid_from", "valid_until")},
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _not_over(day: date) -> ColumnElement[bool]:
    return or_(no_fly_zones.c.valid_until.is_(None), no_fly_zones.c.valid_until >= day)


def _zone(row: Any) -> NoFlyZone:
    barred = Barred(
        name=row["name"],
        outline=shapely.from_wkb(row["outline"]),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )
    return NoFlyZone(id=ZoneId(row["id"]), barred=barred, imported_at=row["imported_at"])


def _row(zone: Barred) -> dict[str, Any]:
    west, south, east, north = zone.outline.bounds
    return {
        "name": zone.name,
        "valid_from": zone.valid_from,
        "valid_until": zone.valid_until,
        "outline": shapely.to_wkb(zone.outline),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }
