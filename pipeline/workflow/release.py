"""Release: what the machine made of a flight becomes part of the record, at once or not at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import shapely

from pipeline.domain.flight import FlightId, FlightState, FlightStep
from pipeline.domain.geometry import Extent
from pipeline.domain.orthomosaic import Orthomosaic
from pipeline.errors import StoppedError
from pipeline.imagery.looked import Looked
from pipeline.settings import ReviewSettings, parse
from pipeline.store.controls import controls_of, insert_audit, insert_control_item, open_items
from pipeline.store.database import Database
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.flights import describe_flight, get_flight, move_flight
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.scans import Scan, ScanId, record_orthomosaic, record_scan
from pipeline.store.steps import end_step
from pipeline.store.stops import is_stopped
from pipeline.store.work import Attempt, attempt_of
from pipeline.workflow.cover import cover_scan
from pipeline.workflow.watch import audited_places, by_chance, choose_controls


def describe(database: Database, flight: FlightId, said: Mapping[str, Any], *, now: datetime) -> None:
    """Write what the intake found: the orthomosaic, where it lies, how much was flown; the step ends with it."""
    mosaic = parse(Orthomosaic, said["orthomosaic"], where="the answer")
    west, south, east, north = said["extent"]
    extent = Extent(west=west, south=south, east=east, north=north)
    gsd_m, flown_m2 = mosaic.georeference.gsd_m, said["flown_m2"]
    with database.transaction() as connection:
        record_orthomosaic(connection, flight, mosaic, now=now)
        describe_flight(connection, flight, extent=extent, area_m2=flown_m2, gsd_m=gsd_m)
        end_step(connection, flight, FlightStep.INTAKE, now=now)


def release(
    database: Database, attempt: Attempt, said: Mapping[str, Any], rules: ReviewSettings, *, now: datetime
) -> None:
    """Put the flags of a scan before people, in one transaction with its leaves and the end of the flight.

    The ground that was covered is accounted for. With the flags go places of clear ground that were drawn at random,
    and controls up to their share of what waits.

    Raises:
        StoppedError: The stop switch is thrown, or the attempt has been ended; nothing was released.
    """
    with database.transaction() as connection:
        asked = {"flags": len(said["flags"]), "audited": len(said["clear"])}
        body = {"scan": attempt.id, **asked, "files": said["files"]}
        record(connection, Entry(kind=Kind.FLAGS_RELEASED, subject=attempt.flight, person=None, body=body), now)
        flight = get_flight(connection, attempt.flight)
        ours = flight.state is FlightState.SCANNING and attempt_of(connection, attempt.flight) == attempt
        # asked after a leaf was written: leaves are written one at a time, on PostgreSQL too, and turning the switch
        # writes one, so that nothing is released once that has returned
        if is_stopped(connection) or not ours:
            raise StoppedError
        scan = _scan(attempt, said["record"], now)
        record_scan(connection, scan, now=now)
        cover_scan(connection, flight, scan.id, _looked(said["ground"]))
        raised, share = [_flag(flag) for flag in said["flags"]], rules.second_read_share
        insert_flags(connection, scan, raised, now=now, second_read=share)
        places = audited_places(said["clear"], said["record"]["model"])
        insert_audit(connection, scan, places, now=now, second_read=share)
        waiting, before = open_items(connection, flight.district)
        known = controls_of(connection, flight.district)
        for issued in choose_controls(known, before, raised, waiting=waiting, rules=rules, chance=by_chance()):
            insert_control_item(connection, issued.control, issued.raised, now=now, second_read=share)
        end_step(connection, attempt.flight, FlightStep.FLAGS, now=now)
        move_flight(connection, attempt.flight, FlightState.SCANNED, now=now)


def _scan(attempt: Attempt, content: Mapping[str, Any], now: datetime) -> Scan:
    return Scan(
        id=ScanId(attempt.id),
        flight=attempt.flight,
        model=content["model"]["name"],
        model_sha256=content["model"]["sha256"],
        original_sha256=content["orthomosaic"]["sha256"],
        record=content,
        recorded_at=now,
    )


def _looked(content: Mapping[str, Any]) -> Looked:
    return Looked(seen=shapely.from_wkb(content["seen"]), imaged=shapely.from_wkb(content["imaged"]))


def _flag(content: Mapping[str, Any]) -> RaisedFlag:
    return RaisedFlag(**{**content, "outline": shapely.from_wkb(content["outline"])})
