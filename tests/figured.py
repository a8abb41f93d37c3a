"""A review that has gone on for some weeks: flags, controls and audited ground on a drawn flight, read by two."""

from datetime import timedelta
from typing import Any

import shapely
from flown import Ground, scan
from offices import HASHED, NOON, Office
from rasterio.warp import transform_geom
from rasters import CRS, GSD_M, LEFT, TOP
from survey import looked, ruling

from pipeline.domain.decision import Verdict
from pipeline.domain.flight import Flight
from pipeline.domain.people import Role
from pipeline.domain.watching import Truth
from pipeline.store.controls import (
    AuditedPlace,
    Control,
    add_controls,
    insert_audit,
    insert_control_item,
    new_control_id,
)
from pipeline.store.decisions import decide
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.people import NewPerson, add_person
from pipeline.store.scans import scans_of
from pipeline.store.sessions import begin_session

YES, NO, UNSURE = Verdict.CONFIRM, Verdict.REJECT, Verdict.UNSURE
PART_PX = 20
"""Of a control's item of 48 px so much about its middle is what is known."""


def square(row: int, column: int, side_px: int = 48) -> Any:
    west, north = LEFT + column * GSD_M, TOP - row * GSD_M
    box = shapely.box(west, north - side_px * GSD_M, west + side_px * GSD_M, north)
    return shapely.geometry.shape(transform_geom(CRS, "EPSG:4326", shapely.geometry.mapping(box)))


def raised(label: str, row: int, column: int) -> RaisedFlag:
    return RaisedFlag(
        label=label,
        outline=square(row, column),
        class_name="red",
        score=0.6,
        area_m2=9.0,
        cells=3,
        model="m",
        threshold=0.5,
    )


def a_review(office: Office, *, weeks: int = 4, each: int = 6) -> Flight:
    """``weeks`` of ``each`` flags by 'ada' and 'bai', three controls answered by 'ada', two audited places."""
    with office.database.transaction() as connection:
        for name in ("ada", "bai"):
            new = NewPerson(
                name=name,
                password_hash=HASHED,
                roles=frozenset({Role.REVIEWER}),
                districts=frozenset({office.east.id}),
            )
            office.people[name] = add_person(connection, new, by=None, now=NOON)
    flight = scan(office, office.fly("Slope above the mill"), Ground())
    with office.database.transaction() as connection:
        (made,) = scans_of(connection, flight.id)
        labels = [raised(f"G{number:05d}", 60 + 70 * (number // 12), 120 + 70 * (number % 12)) for number in range(40)]
        insert_flags(connection, made, labels, now=office.clock(), second_read=1.0)
        places = [
            AuditedPlace(raised=raised(f"A{one}", 500, 120 + 90 * one), stratum=0, cells=90, drawn=2) for one in (0, 1)
        ]
        insert_audit(connection, made, places, now=office.clock(), second_read=1.0)
        for number, truth in enumerate((Truth.TARGET, Truth.CLEAR, Truth.TARGET)):
            control = Control(
                id=new_control_id(),
                flight=flight.id,
                truth=truth,
                outline=square(614, 134 + 200 * number, PART_PX),
                room_m=9.0,
                score=0.6,
                source="known.gpkg",
                source_sha256="c" * 64,
            )
            add_controls(connection, [control], by=office.people["manager"].id, now=office.clock())
            insert_control_item(
                connection, control, raised(f"C{number}", 600, 120 + 200 * number), now=office.clock(), second_read=0.0
            )
    for week in range(weeks):
        for number in range(each):
            flag = f"{made.id}-G{week * each + number:05d}"
            _say(office, "ada", flag, NO if number % 3 == 0 else YES, 4.0 + week)
            _say(office, "bai", flag, NO if number % 2 == 0 else YES, 7.0)
        office.clock.forward(days=7)
    for number, verdict in enumerate((YES, UNSURE, NO)):
        _say(office, "ada", f"{made.id}-C{number}", verdict, 5.0)
    for one in (0, 1):
        for name in ("ada", "bai"):
            _say(office, name, f"{made.id}-A{one}", NO, 5.0)
    return flight


def _say(office: Office, name: str, flag: str, verdict: Verdict, seconds: float) -> None:
    office.clock.at += timedelta(seconds=20)
    now, reader = office.clock(), office.people[name]
    with office.database.transaction() as connection:
        _, session = begin_session(connection, reader.id, now=now)
        looked(connection, reader, flag, now=now)  # type: ignore[arg-type]
        said = ruling(flag, verdict)  # type: ignore[arg-type]
        told = {one: getattr(said, one) for one in said.__slots__} | {"seconds_looked": seconds}
        decide(connection, session, type(said)(**told), now=now)
