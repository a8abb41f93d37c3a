"""Licensed growers of a district, as polygons in EPSG:4326."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NewType

import shapely
from sqlalchemy import Connection, delete, insert, select

from pipeline.domain.geometry import Extent
from pipeline.domain.grower import GrowerKind, Licence
from pipeline.domain.people import DistrictId, PersonId
from pipeline.errors import NotFoundError
from pipeline.store.areas import Source
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import licensed_growers

GrowerId = NewType("GrowerId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensedGround:
    """A licence and the ground it is for; ``outline`` in degrees (EPSG:4326)."""

    licence: Licence
    outline: shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, slots=True, kw_only=True)
class Grower:
    """Licensed ground of a district."""

    id: GrowerId
    licence: Licence
    outline: shapely.Polygon | shapely.MultiPolygon

    @property
    def kind(self) -> GrowerKind:
        """What the licence is for."""
        return self.licence.kind


def add_growers(
    connection: Connection,
    district: DistrictId,
    grounds: Sequence[LicensedGround],
    source: Source,
    *,
    by: PersonId | None,
    now: datetime,
) -> None:
    """Add licensed ground to a district."""
    for ground in grounds:
        shared = {"id": new_id(), "district_id": district, "imported_at": now, "source_sha256": source.sha256}
        connection.execute(insert(licensed_growers).values(_row(ground) | shared))
    body = {"file": source.name, "sha256": source.sha256, "growers": len(grounds)}
    record(connection, Entry(kind=Kind.GROWERS_IMPORTED, subject=district, person=by, body=body), now)


def remove_grower(
    connection: Connection, district: DistrictId, grower: GrowerId, *, by: PersonId | None, now: datetime
) -> None:
    """Take licensed ground away; the ledger keeps that it was there.

    Raises:
        NotFoundError: The district has none of this id.
    """
    columns = licensed_growers.c
    here = (columns.id == grower, columns.district_id == district)
    row = connection.execute(select(licensed_growers).where(*here)).mappings().first()
    if row is None:
        raise NotFoundError("the district has no such licensed grower")
    connection.execute(delete(licensed_growers).where(*here))
    body = {"licence": row["licence"], "district": district, "sha256": row["source_sha256"]}
    record(connection, Entry(kind=Kind.GROWER_REMOVED, subject=grower, person=by, body=body), now)


def growers_of(connection: Connection, district: DistrictId) -> tuple[Grower, ...]:
    """All licensed ground of a district, by number."""
    columns = licensed_growers.c
    chosen = select(licensed_growers).where(columns.district_id == district).order_by(columns.licence, columns.id)
    return tuple(_grower(row) for row in connection.execute(chosen).mappings())


def growers_about(connection: Connection, district: DistrictId, within: Extent, day: date) -> tuple[Grower, ...]:
    """Licensed ground of a district that touches a box, under licences that held on ``day``."""
    columns = licensed_growers.c
    chosen = select(licensed_growers).where(
        columns.district_id == district,
        columns.valid_from <= day,
        columns.valid_until >= day,
        columns.west <= within.east,
        columns.east >= within.west,
        columns.south <= within.north,
        columns.north >= within.south,
    )
    box = shapely.box(within.west, within.south, within.east, within.north)
    found = (_grower(row) for row in connection.execute(chosen.order_by(columns.licence, columns.id)).mappings())
    return tuple(grower for grower in found if grower.outline.intersects(box))


def growers_within(connection: Connection, district: DistrictId, within: Extent) -> tuple[Grower, ...]:
    """Licensed ground of a district whose box meets a box, under licences of any day."""
    columns = licensed_growers.c
    chosen = select(licensed_growers).where(
        columns.district_id == district,
        columns.west <= within.east,
        columns.east >= within.west,
        columns.south <= within.north,
        columns.north >= within.south,
    )
    rows = connection.execute(chosen.order_by(columns.licence, columns.id)).mappings()
    return tuple(_grower(row) for row in rows)


def kinds_at(outline: Any, growers: Iterable[Grower]) -> tuple[str, ...]:
    """The kinds of the licences that hold where ``outline`` lies (both in degrees), in order."""
    return tuple(sorted({grower.kind.value for grower in growers if shapely.intersects(grower.outline, outline)}))


def _grower(row: Any) -> Grower:
    licence = Licence(
        number=row["licence"],
        kind=GrowerKind(row["kind"]),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )
    return Grower(id=GrowerId(row["id"]), licence=licence, outline=shapely.from_wkb(row["outline"]))


def _row(ground: LicensedGround) -> dict[str, object]:
    west, south, east, north = ground.outline.bounds
    return {
        "licence": ground.licence.number,
        "kind": ground.licence.kind.value,
        "valid_from": ground.licence.valid_from,
        "valid_until": ground.licence.valid_until,
        "outline": shapely.to_wkb(ground.outline),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }
