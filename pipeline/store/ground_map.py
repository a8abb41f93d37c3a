"""What a map of coverage draws: outlines, days, and flags by status; and when any of it last changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, String, and_, func, or_, select

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.domain.freshness import LookKind, Window
from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId
from pipeline.store.flags import is_candidate
from pipeline.store.ground import meets
from pipeline.store.ledger import Kind
from pipeline.store.tables import flags, flights, ground_looks, ground_regions, ledger, licensed_growers, no_fly_zones

OF_FLAGS: Final = (
    Kind.FLAGS_RELEASED,
    Kind.DECISION,
    Kind.RELEASE,
    Kind.FINDING,
    Kind.GROWERS_IMPORTED,
    Kind.GROWER_REMOVED,
    Kind.NO_FLY_IMPORTED,
    Kind.NO_FLY_REMOVED,
    Kind.RESTORED,
)
"""Leaves that tell of flags, of licensed growers or of no-fly zones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLook:
    """Ground that was looked at; ``outline`` is WKB in EPSG:3857."""

    kind: LookKind
    day: date
    outline: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFlag:
    """A candidate; ``outline`` is WKB in degrees, ``day`` that of its flight."""

    flight: str
    status: FlagStatus
    day: date
    outline: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """Candidates by the hundred thousand: of each its status, the day of its flight, and where it lies in degrees."""

    statuses: Sequence[str]
    days: Sequence[date]
    longitudes: Sequence[float]
    latitudes: Sequence[float]


def drawn_looks(connection: Connection, districts: Iterable[DistrictId], within: Extent) -> tuple[DrawnLook, ...]:
    """The looks at the ground of some districts that meet a box, the oldest first."""
    columns = ground_looks.c
    chosen = (
        select(columns.kind, columns.day, columns.drawn)
        .where(columns.district_id.in_(sorted(districts)), *meets(ground_looks, within))
        .order_by(columns.day)
    )
    return tuple(
        DrawnLook(kind=LookKind(row.kind), day=row.day, outline=row.drawn) for row in connection.execute(chosen)
    )


def last_imagery(
    connection: Connection, districts: Iterable[DistrictId], within: Extent, window: Window
) -> tuple[FlightId, ...]:
    """The flights of some districts with imagery of a box from the days of a window, the newest first."""
    columns = ground_looks.c
    chosen = (
        select(columns.flight_id)
        .where(
            columns.district_id.in_(sorted(districts)),
            columns.kind == LookKind.IMAGED.value,
            columns.day.between(window.first, window.last),
            *meets(ground_looks, within),
        )
        .order_by(columns.day.desc(), columns.id.desc())
    )
    return tuple(FlightId(flight) for flight in connection.execute(chosen).scalars())


def drawn_areas(
    connection: Connection, districts: Iterable[DistrictId], within: Extent
) -> tuple[tuple[str, bytes], ...]:
    """The survey areas of some districts that meet a box: id, and outline as WKB in EPSG:3857."""
    columns = ground_regions.c
    chosen = select(columns.id, columns.drawn).where(
        columns.district_id.in_(sorted(districts)), columns.area_id.is_not(None), *meets(ground_regions, within)
    )
    return tuple((row.id, row.drawn) for row in connection.execute(chosen.order_by(columns.id)))


def drawn_growers(
    connection: Connection, districts: Iterable[DistrictId], within: Extent
) -> tuple[tuple[str, bytes], ...]:
    """Licensed ground of some districts that meets a box: kind, and outline as WKB in degrees."""
    columns = licensed_growers.c
    chosen = select(columns.kind, columns.outline).where(
        columns.district_id.in_(sorted(districts)), *meets(licensed_growers, within)
    )
    return tuple((row.kind, row.outline) for row in connection.execute(chosen.order_by(columns.id)))


def drawn_zones(
    connection: Connection, districts: Iterable[DistrictId], within: Extent, today: date
) -> tuple[bytes, ...]:
    """The no-fly zones of some districts that meet a box and are not over: outlines as WKB in degrees."""
    columns = no_fly_zones.c
    lasts = or_(columns.valid_until.is_(None), columns.valid_until >= today)
    chosen = select(columns.outline).where(
        columns.district_id.in_(sorted(districts)), lasts, *meets(no_fly_zones, within)
    )
    return tuple(connection.execute(chosen.order_by(columns.id)).scalars())


def drawn_flags(connection: Connection, districts: Iterable[DistrictId], within: Extent) -> Iterator[DrawnFlag]:
    """The candidates of some districts that meet a box, with their outlines."""
    columns = flags.c
    wanted = [columns.flight_id, columns.status, columns.outline]
    chosen = _candidates(wanted, districts).where(*meets(flags, within))
    for row in connection.execute(chosen):
        day = row.flown_on or date.fromisoformat(row.arrived)
        yield DrawnFlag(flight=row.flight_id, status=FlagStatus(row.status), day=day, outline=row.outline)


def marked_flags(connection: Connection, districts: Iterable[DistrictId]) -> Marked:
    """The places of all candidates of some districts."""
    columns = flags.c
    place = ((columns.west + columns.east) / 2, (columns.south + columns.north) / 2)
    rows = connection.execute(_candidates([columns.status, *place], districts)).all()
    statuses, longitudes, latitudes, flown, arrived = zip(*rows, strict=True) if rows else ((),) * 5
    days = [known or date.fromisoformat(other) for known, other in zip(flown, arrived, strict=True)]
    return Marked(statuses=statuses, days=days, longitudes=longitudes, latitudes=latitudes)


def flags_by_status(connection: Connection, districts: Iterable[DistrictId], window: Window) -> dict[FlagStatus, int]:
    """How many candidates of the flights of a window stand where."""
    chosen = (
        select(flags.c.status, func.count())
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(flights.c.district_id.in_(sorted(districts)), is_candidate(), flown_in(window))
        .group_by(flags.c.status)
    )
    return {FlagStatus(status): count for status, count in connection.execute(chosen)}


def areas_version(connection: Connection, districts: Iterable[DistrictId], within: Extent) -> str:
    """Changes with the survey areas of some districts that meet a box: they only ever grow."""
    columns = ground_regions.c
    counted = select(func.count(), func.sum(columns.area_m2))
    theirs = (columns.district_id.in_(sorted(districts)), columns.area_id.is_not(None))
    count, area_m2 = connection.execute(counted.where(*theirs, *meets(ground_regions, within))).one()
    return f"{count}-{area_m2 or 0:.2f}"


def ground_version(connection: Connection, districts: Iterable[DistrictId], within: Extent) -> str:
    """Changes with the ground of some districts in a box: looks are only ever added.

    A new flight changes it where it flew, and nowhere else.
    """
    theirs = sorted(districts)
    looks = select(func.count()).where(ground_looks.c.district_id.in_(theirs), *meets(ground_looks, within))
    return f"{connection.execute(looks).scalar_one()}-{areas_version(connection, theirs, within)}"


def flags_version(connection: Connection) -> str:
    """Changes with everything that is done to flags, licensed growers or no-fly zones of any district."""
    told = select(ledger.c.position).where(ledger.c.kind.in_([kind.value for kind in OF_FLAGS]))
    newest = connection.execute(told.order_by(ledger.c.position.desc()).limit(1)).scalar()
    return str(newest or 0)


def flown_in(window: Window) -> ColumnElement[bool]:
    """True of flights of a window of days; one without a date counts for the day of its arrival."""
    flown, arrived = flights.c.flown_on, func.substr(flights.c.received_at, 1, 10)
    known = and_(flown >= window.first, flown <= window.last)
    unknown = and_(
        flown.is_(None), arrived >= window.first.isoformat(), arrived < (window.last + timedelta(days=1)).isoformat()
    )
    return or_(known, unknown)


def _candidates(wanted: Iterable[ColumnElement[Any]], districts: Iterable[DistrictId]) -> Select[tuple[Any, ...]]:
    arrived = func.substr(flights.c.received_at, 1, 10, type_=String).label("arrived")
    return (
        select(*wanted, flights.c.flown_on, arrived)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(flights.c.district_id.in_(sorted(districts)), is_candidate())
    )
