"""Flights whose work is done, without doing it: what intake and scan leave, drawn by hand."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from offices import Office
from rasterio.warp import transform_geom
from rasters import CRS, GSD_M, LEFT, TOP, green_ground, paint_red, place, write_working

from pipeline.domain.coverage import GroundState
from pipeline.domain.flight import Flight, FlightState, FlightStep
from pipeline.domain.geometry import Extent, Size
from pipeline.domain.orthomosaic import MaskOrigin, Orthomosaic
from pipeline.imagery.layers import Layer, write_layer
from pipeline.imagery.map_tiles import map_extent
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.flights import describe_flight, get_flight, move_flight
from pipeline.store.scans import Scan, ScanId, record_orthomosaic, record_scan
from pipeline.store.steps import begin_step, end_step, report_step

SIDE = 1200
RED = ((200, 300), (700, 180))
"""Row and column of two squares of 64 px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a drawn flight shows."""

    not_assessable: tuple[slice, slice] = np.s_[900:1100, 700:900]
    gap: tuple[slice, slice] = np.s_[450:560, 820:980]
    flags: bool = True
    red: tuple[tuple[int, int], ...] = RED
    moved: tuple[int, int] = (0, 0)
    """By how many rows and columns its picture lies beside the land."""
    seed: int = 1


def take_in(office: Office, flight: Flight, ground: Ground = Ground()) -> Path:
    """The working copy of a flight, as after intake; the work is at the scan."""
    path = office.desk.files.working(flight.id) / "orthomosaic.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_pictures(ground) / "orthomosaic.tif", path)
    extent = map_extent(path)
    box = Extent(west=extent.west, south=extent.south, east=extent.east, north=extent.north)
    mosaic = Orthomosaic(
        name="flight.tif",
        original_sha256="ab" * 32,
        original_bytes=1234,
        size=Size(width_px=SIDE, height_px=SIDE),
        georeference=place(),
        mask_origin=MaskOrigin.ALPHA,
        notes=("The 1st to 99th percentile was laid on 8 bits.",),
    )
    now = office.clock()
    with office.database.transaction() as connection:
        move_flight(connection, flight.id, FlightState.CHECKING, now=now)
        record_orthomosaic(connection, flight.id, mosaic, now=now)
        describe_flight(connection, flight.id, extent=box, area_m2=mosaic.area_m2, gsd_m=GSD_M)
        for step in (FlightStep.INTAKE, FlightStep.QUALITY):
            begin_step(connection, flight.id, step, now=now)
            end_step(connection, flight.id, step, now=now + timedelta(seconds=40))
        move_flight(connection, flight.id, FlightState.SCANNING, now=now)
        begin_step(connection, flight.id, FlightStep.SCAN, now=now)
        report_step(connection, flight.id, FlightStep.SCAN, done=3, total=8, unit="strips")
    return path


def scan(office: Office, flight: Flight, ground: Ground = Ground()) -> Flight:
    """A flight that was scanned: its states, record and flags."""
    take_in(office, flight, ground)
    results = office.desk.files.results(flight.id)
    results.mkdir(parents=True, exist_ok=True)
    shutil.copy(_pictures(ground) / "states.tif", results)
    now = office.clock()
    made = Scan(
        id=ScanId(f"{flight.id}-1"),
        flight=flight.id,
        model="demo-poppy",
        model_sha256="cd" * 32,
        original_sha256="ab" * 32,
        record=_record(_states(ground)),
        recorded_at=now,
    )
    with office.database.transaction() as connection:
        record_scan(connection, made, now=now)
        insert_flags(connection, made, _flags(ground), now=now)
        for step in (FlightStep.SCAN, FlightStep.PLOTS, FlightStep.FLAGS):
            begin_step(connection, flight.id, step, now=now)
            end_step(connection, flight.id, step, now=now + timedelta(minutes=3))
        move_flight(connection, flight.id, FlightState.SCANNED, now=now)
        return get_flight(connection, flight.id)


PICTURES: dict[str, Path] = {}


def _pictures(ground: Ground) -> Path:
    """A folder with the working copy and the states of ``ground``: drawn once, copied for each flight."""
    told = repr(ground)
    if told not in PICTURES:
        folder = Path(tempfile.mkdtemp(prefix="plotwatch-flown-"))
        atexit.register(shutil.rmtree, folder)
        _draw(folder / "orthomosaic.tif", ground)
        layer = Layer(size=Size(width_px=SIDE, height_px=SIDE), georeference=place())
        write_layer(folder / "states.tif", layer, _strips(_states(ground)))
        PICTURES[told] = folder
    return PICTURES[told]


def _draw(path: Path, ground: Ground) -> None:
    pixels_hwb = green_ground(SIDE, SIDE, ground.seed)
    for row, column in ground.red if ground.flags else ():
        paint_red(pixels_hwb, row=row, column=column)
    pixels_hwb = np.roll(pixels_hwb, ground.moved, axis=(0, 1))
    flown_hw = np.ones((SIDE, SIDE), bool)
    flown_hw[:, :90] = False
    flown_hw[ground.gap] = False
    write_working(path, pixels_hwb, flown_hw)


def _states(ground: Ground) -> Any:
    states_hw = np.full((SIDE, SIDE), GroundState.CLEAR, np.uint8)
    for row, column in _flagged(ground):
        states_hw[row : row + 64, column : column + 64] = GroundState.FLAGGED
    states_hw[ground.not_assessable] = GroundState.NOT_ASSESSABLE
    states_hw[:, :90] = states_hw[ground.gap] = GroundState.NOT_FLOWN
    return states_hw


def _strips(states_hw: Any) -> list[Any]:
    return [states_hw[row : row + 512] for row in range(0, len(states_hw), 512)]


def _record(states_hw: Any) -> dict[str, Any]:
    """As much of a ``scan.json`` as pages read."""
    areas = {state.name.lower(): float((states_hw == state).sum()) * GSD_M**2 for state in GroundState}
    blur = areas["not_assessable"]
    return {
        "area_m2": areas,
        "not_assessable_m2": {"blur": blur * 0.75, "sliver": blur * 0.25},
        "flags": 2,
        "not_assessable_because": None,
        "orthomosaic": {"notes": []},
    }


def _flagged(ground: Ground) -> list[tuple[int, int]]:
    down, right = ground.moved
    return [(row + down, column + right) for row, column in (ground.red if ground.flags else ())]


def _flags(ground: Ground) -> tuple[RaisedFlag, ...]:
    return tuple(
        RaisedFlag(
            label=f"F{number:05d}",
            outline=_square(row, column),
            class_name="red",
            score=0.8765,
            area_m2=64 * 64 * GSD_M**2,
            cells=4,
            model="demo-poppy",
            threshold=0.4321,
        )
        for number, (row, column) in enumerate(_flagged(ground), start=1)
    )


def _square(row: int, column: int) -> shapely.Polygon:
    box = shapely.box(LEFT + column * GSD_M, TOP - (row + 64) * GSD_M, LEFT + (column + 64) * GSD_M, TOP - row * GSD_M)
    return shapely.geometry.shape(transform_geom(CRS, "EPSG:4326", shapely.geometry.mapping(box)))
