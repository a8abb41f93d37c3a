"""What a scan leaves: the *Scan result*, version 1.

    flags.gpkg     one layer ``flags`` in the orthomosaic's CRS
    flags.geojson  the same in longitude and latitude (RFC 7946)
    scores.tif     probability x 254 a cell, 255 not assessed      (scanning.scores)
    states.tif     the state of every pixel                        (scanning.scores)
    fly-again.geojson  what a team has to go back for              (workflow.fly_again)
    ground.json    the ground that counts as covered               (imagery.looked)
    scan.json      what was scanned with what, and what came out: the fields of ``ScanRecord``
    report.html    the same for people                             (workflow.report)

A flag has ``id class score area_m2 cells model threshold status``; its status is ``unreviewed``. Every file appears
whole or not at all, ``scan.json`` last: a folder without it holds no finished scan.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from pyogrio.raw import read as read_vectors

from pipeline.domain.assessability import Difference
from pipeline.domain.claim import Claim
from pipeline.domain.coverage import GroundState, StateAreas
from pipeline.domain.flag import Flag, FlagId
from pipeline.domain.geometry import Georeference
from pipeline.domain.plot import CandidatePlot
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.imagery.whole import whole_file, write_text
from pipeline.settings import parse

VERSION: Final = 1
FILES: Final = (
    "flags.gpkg",
    "flags.geojson",
    "scores.tif",
    "states.tif",
    "fly-again.geojson",
    "ground.json",
    "scan.json",
    "report.html",
)
FIELDS: Final = ("id", "class", "score", "area_m2", "cells", "model", "threshold", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthophoto:
    """The scanned orthomosaic as ``scan.json`` names it."""

    name: str
    sha256: str
    bytes: int
    width_px: int
    height_px: int
    gsd_m: float
    crs: str
    mask_origin: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsed:
    """The model as ``scan.json`` names it; ``sha256`` is that of its ``bundle.json``, which holds every file's."""

    name: str
    sha256: str
    classes: tuple[str, ...]
    gsd_m: float
    threshold_high: float
    threshold_low: float
    precision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What the scan took. ``seconds`` and ``mpix_per_s`` (of mosaic) are of scoring alone, over all attempts."""

    windows_read: int
    windows_skipped: int
    seconds: float
    mpix_per_s: float
    peak_rss_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What may be said of the share of plots found on this flight, or why nothing may: ``domain.claim.Claim``."""

    holds: bool
    sentence: str
    share: float
    at_least: float
    confidence: float
    n_plots: int
    n_found: int
    missing_plots: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """By what a flight is compared with others (``domain.drift``); None where nothing could be measured.

    ``mean_rgb`` is of the imagery, 0 to 255; ``mean_score`` is of the cells that were assessed, in [0, 1].
    """

    mean_rgb: tuple[float, float, float] | None
    mean_score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecord:
    """Everything ``scan.json`` says."""

    version: int
    software: str
    scanned_at: str
    orthomosaic: Orthophoto
    model: ModelUsed
    settings: dict[str, Any]
    pixels: int
    effort: Effort
    pixels_by_state: dict[str, int]
    area_m2: dict[str, float]
    area_total_m2: float
    flags: int
    dropped_too_small: int
    not_assessable_because: str | None
    claim: Claimed
    not_assessable_m2: dict[str, float]
    """The not assessable ground by reason (``domain.assessability.Reason``, in small letters); sums to its area."""
    looks: Looks | None = None
    """None in records of earlier software."""


def claimed(claim: Claim) -> Claimed:
    """A claim as ``scan.json`` states it."""
    return Claimed(
        holds=claim.holds,
        sentence=claim.sentence,
        share=claim.share,
        at_least=round(claim.at_least, 6),
        confidence=claim.confidence,
        n_plots=claim.n_plots,
        n_found=claim.n_found,
        missing_plots=claim.missing_plots,
        differences=claim.differences,
    )


def by_state(areas: StateAreas) -> tuple[dict[str, int], dict[str, float]]:
    """Pixels and square metres of each state, under the state's name in small letters."""
    names = {state: state.name.lower() for state in GroundState}
    pixels = {name: areas.pixels.get(state, 0) for state, name in names.items()}
    return pixels, {name: areas.area_m2(state) for state, name in names.items()}


def write_record(folder: Path, record: ScanRecord) -> None:
    """Write ``scan.json``."""
    write_text(folder / "scan.json", json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n")


def read_scan_record(folder: Path) -> ScanRecord:
    """What ``scan.json`` in ``folder`` says.

    Raises:
        NotFoundError: No scan was finished there.
        InvalidInputError: The record is damaged, or of another version.
    """
    try:
        content = json.loads((folder / "scan.json").read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(f"no scan was finished in {folder}") from error
    except ValueError as error:
        raise InvalidInputError(f"{folder / 'scan.json'} is damaged; scan again") from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise InvalidInputError(f"{folder / 'scan.json'} is not of version {VERSION}; scan again")
    return parse(ScanRecord, content, where="scan.json")


def read_flags(folder: Path) -> tuple[Flag, ...]:
    """The flags in ``flags.gpkg``, in its order, rounded as they are there; outlines are in the orthomosaic's CRS.

    Raises:
        NotFoundError: There is no such file.
    """
    path = folder / "flags.gpkg"
    if not path.is_file():
        raise NotFoundError(f"no scan was finished in {folder}")
    _, _, wkb, columns = read_vectors(path, layer="flags", columns=list(FIELDS))
    rows = [dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]
    return tuple(
        Flag(
            id=FlagId(row["id"]),
            plot=CandidatePlot(
                outline=outline,
                class_name=row["class"],
                score=float(row["score"]),
                area_m2=float(row["area_m2"]),
                cells=int(row["cells"]),
            ),
            model=row["model"],
            threshold=float(row["threshold"]),
        )
        for outline, row in zip(shapely.from_wkb(wkb), rows, strict=True)
    )


def write_flags(folder: Path, flags: Sequence[Flag], place: Georeference) -> None:
    """Write ``flags.gpkg`` and ``flags.geojson``; no flags give a layer without features."""
    with whole_file(folder / "flags.gpkg") as partial:
        write_outlines(partial, _outlines(flags, place), driver="GPKG")
    with whole_file(folder / "flags.geojson") as partial:
        write_outlines(partial, _outlines(flags, place), driver="GeoJSON", RFC7946="YES")


def _outlines(flags: Sequence[Flag], place: Georeference) -> Outlines:
    columns = list(zip(*map(_row, flags), strict=True)) or [() for _ in FIELDS]
    kinds = (object, object, np.float64, np.float64, np.int64, object, np.float64, object)
    fields = {name: np.array(column, kind) for name, column, kind in zip(FIELDS, columns, kinds, strict=True)}
    return Outlines(
        layer="flags", crs=place.crs, kind="MultiPolygon", geometries=[_multi(flag) for flag in flags], fields=fields
    )


def _multi(flag: Flag) -> shapely.MultiPolygon:
    outline = flag.plot.outline
    return outline if isinstance(outline, shapely.MultiPolygon) else shapely.MultiPolygon([outline])


def _row(flag: Flag) -> tuple[object, ...]:
    plot = flag.plot
    score, area_m2 = round(plot.score, 4), round(plot.area_m2, 2)
    return (flag.id, plot.class_name, score, area_m2, plot.cells, flag.model, flag.threshold, flag.status.value)
