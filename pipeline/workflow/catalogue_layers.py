"""What a scan leaves, as assets of a STAC Item: rasters with their bands, outlines, records, each with its sha256."""

from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from typing import Final

import pystac
from pystac.extensions.file import FileExtension
from pystac.extensions.raster import DataType, RasterBand, RasterExtension

from pipeline.imagery.digest import sha256_of
from pipeline.imagery.intake import IntakeRecord
from pipeline.imagery.looked import GROUND_NAME
from pipeline.imagery.working import WORKING_NAME
from pipeline.workflow.fly_again import AGAIN_NAME

SHA256_MULTIHASH: Final = "1220"
"""What a multihash of sha256 begins with: its code, and its length of 32 bytes."""
COG: Final = pystac.MediaType.COG
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """An asset: its file, what it is, and the bands of a raster."""

    path: Path
    title: str
    media: str
    role: str
    bands: tuple[RasterBand, ...] = ()
    sha256: str | None = None


def layers_of(results: Path, workplace: Path, intake: IntakeRecord) -> dict[str, Layer]:
    """Every file of the scan in ``results``, and the working copy in ``workplace``, by its key."""
    return _rasters(results, workplace, intake) | _outlines(results) | _records(results)


def _rasters(results: Path, workplace: Path, intake: IntakeRecord) -> dict[str, Layer]:
    gsd_m = intake.orthomosaic.georeference.gsd_m
    byte = RasterBand.create(data_type=DataType.UINT8, spatial_resolution=gsd_m)
    score = RasterBand.create(data_type=DataType.UINT8, nodata=255, scale=1 / 254, offset=0.0, unit="1")
    working = Layer(
        path=workplace / WORKING_NAME,
        title="Working copy of the orthomosaic",
        media=COG,
        role="data",
        bands=(byte,) * 3,
        sha256=intake.working.sha256,
    )
    states = Layer(
        path=results / "states.tif",
        title="0 not flown, 1 clear, 2 flagged, 3 not assessable",
        media=COG,
        role="data",
        bands=(byte,),
    )
    scores = Layer(path=results / "scores.tif", title="Score of each cell", media=COG, role="data", bands=(score,))
    return {"orthomosaic": working, "states": states, "scores": scores}


def _outlines(results: Path) -> dict[str, Layer]:
    geojson, geopackage = pystac.MediaType.GEOJSON, pystac.MediaType.GEOPACKAGE
    named = {
        "flags": ("flags.gpkg", "Candidate plots, each unreviewed", geopackage),
        "flags-geojson": ("flags.geojson", "The same in longitude and latitude", geojson),
        "fly-again": (AGAIN_NAME, "Ground to fly again", geojson),
        "ground": (GROUND_NAME, "Ground that counts as covered", JSON),
    }
    return {
        key: Layer(path=results / name, title=title, media=media, role="data")
        for key, (name, title, media) in named.items()
    }


def _records(results: Path) -> dict[str, Layer]:
    return {
        "record": Layer(path=results / "scan.json", title="What was scanned with what", media=JSON, role="metadata"),
        "report": Layer(path=results / "report.html", title="The scan for people", media="text/html", role="overview"),
    }


def add_layer(item: pystac.Item, key: str, layer: Layer, href: str) -> None:
    """Make a layer an asset of ``item``, with its size, checksum and bands."""
    asset = pystac.Asset(href=href, title=layer.title, media_type=layer.media, roles=[layer.role])
    item.add_asset(key, asset)
    file = FileExtension.ext(asset, add_if_missing=True)
    file.checksum = SHA256_MULTIHASH + (layer.sha256 or sha256_of(layer.path))
    file.size = layer.path.stat().st_size
    if layer.bands:
        RasterExtension.ext(asset, add_if_missing=True).bands = list(layer.bands)


def beside(results: Path, path: Path) -> str:
    """The href of a file, relative to the results."""
    href = relpath(path, results)
    return href if href.startswith(".") else f"./{href}"
