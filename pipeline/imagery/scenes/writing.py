"""Write a scene: tiles painted side by side by processes, streamed in order into a GeoTIFF, and the truth beside it."""

import json
import os
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio import Affine
from rasterio.windows import Window
from shapely import Polygon

from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery.layers import CACHE_BYTES
from pipeline.imagery.scenes.atlas import atlas_of
from pipeline.imagery.scenes.flown import truth
from pipeline.imagery.scenes.land import Plot
from pipeline.imagery.scenes.noise import Tile
from pipeline.imagery.scenes.render import paint
from pipeline.imagery.scenes.spec import SceneSpec
from pipeline.imagery.vectors import Outlines, write_outlines

VERSION: Final = 1
TILE_PX: Final = 1024
BLOCK_PX: Final = 512
MANY_TILES: Final = 16
"""From here on a scene shows almost every swatch, and they are drawn once for all processes."""
NAMES: Final = ("orthomosaic.tif", "truth.gpkg", "scene.json")

Painted = tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFiles:
    """Where a scene was written, and how many plots of each class its truth holds."""

    orthomosaic: Path
    truth: Path
    description: Path
    counts: dict[str, int]


def write_scene(
    spec: SceneSpec, folder: Path, report: Report = say_nothing, *, workers: int | None = None
) -> SceneFiles:
    """Paint a scene into ``folder``, which is made if it is not there; files of an earlier scene are replaced.

    The files do not depend on ``workers``, the number of processes (by default one for each processor). A failure
    leaves nothing behind.

    Raises:
        InvalidInputError: ``folder`` is a file, or there are fewer than one worker.
    """
    if workers is not None and workers < 1:
        raise InvalidInputError(f"{workers} workers cannot paint a scene, give 1 or more")
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError(f"{folder} is a file, give a folder")
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".scene-") as temporary:
            counts = _write_all(spec, Path(temporary), report, workers or os.cpu_count() or 1)
            for name in NAMES:
                (Path(temporary) / name).replace(folder / name)
    except BaseException:
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    picture, labels, description = (folder / name for name in NAMES)
    return SceneFiles(orthomosaic=picture, truth=labels, description=description, counts=counts)


def _write_all(spec: SceneSpec, folder: Path, report: Report, workers: int) -> dict[str, int]:
    """Write the three files of a scene into an empty folder; how many plots there are of each class."""
    picture, labels, description = (folder / name for name in NAMES)
    _write_picture(spec, picture, report, workers)
    plots = list(truth(spec))
    _write_truth(spec, labels, plots)
    counts = dict(sorted(Counter(plot.kind for plot in plots).items()))
    content = {"version": VERSION, "spec": asdict(spec), "counts": counts}
    description.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return counts


def _write_picture(spec: SceneSpec, path: Path, report: Report, workers: int) -> None:
    """Stream the tiles into a tiled JPEG GeoTIFF with an internal mask."""
    profile = {
        "driver": "GTiff", "dtype": "uint8", "count": 3, "width": spec.size_px, "height": spec.size_px,
        "crs": f"EPSG:{spec.epsg}", "transform": Affine(spec.gsd_m, 0.0, spec.left_m, 0.0, -spec.gsd_m, spec.top_m),
        "tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "bigtiff": "IF_SAFER",
        "compress": "JPEG", "jpeg_quality": 90, "photometric": "YCBCR", "interleave": "pixel",
    }  # fmt: skip
    tiles = list(tiles_of(spec))
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_CACHEMAX=CACHE_BYTES),
        rasterio.open(path, "w", **profile) as raster,
    ):
        for done, (tile, (pixels_hwb, flown_hw)) in enumerate(_painted(spec, tiles, workers), start=1):
            window = Window(tile.col, tile.row, tile.width, tile.height)
            raster.write(np.moveaxis(pixels_hwb, 2, 0), window=window)
            raster.write_mask(flown_hw, window=window)
            report(Progress(stage="painting the scene", done=done, total=len(tiles), unit="tiles"))


def tiles_of(spec: SceneSpec) -> Iterator[Tile]:
    """The tiles of a scene in reading order, whole blocks of the file each."""
    for row in range(0, spec.size_px, TILE_PX):
        for col in range(0, spec.size_px, TILE_PX):
            width, height = min(TILE_PX, spec.size_px - col), min(TILE_PX, spec.size_px - row)
            yield Tile(col=col, row=row, width=width, height=height, gsd_m=spec.gsd_m)


def _painted(spec: SceneSpec, tiles: list[Tile], workers: int) -> Iterator[tuple[Tile, Painted]]:
    """Each tile with its picture, in order; no more than three tiles for each worker are in hand at a time."""
    if workers == 1 or len(tiles) == 1:
        yield from ((tile, paint(spec, tile)) for tile in tiles)
        return
    if len(tiles) >= MANY_TILES:
        atlas_of(spec.seed).draw_all()
    pool = ProcessPoolExecutor(min(workers, len(tiles)))
    waiting: deque[tuple[Tile, Future[Painted]]] = deque()
    try:
        for tile in tiles:
            waiting.append((tile, pool.submit(paint, spec, tile)))
            if len(waiting) >= 3 * workers:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _first(waiting: deque[tuple[Tile, Future[Painted]]]) -> tuple[Tile, Painted]:
    """The tile that has waited longest, once it is painted."""
    tile, future = waiting.popleft()
    return tile, future.result()


def _write_truth(spec: SceneSpec, path: Path, plots: list[Plot]) -> None:
    """Write the outlines of the plots as a GeoPackage, layer ``labels``."""
    outlines = [_on_map(spec, plot.outline) for plot in plots]
    fields = {
        "class": np.array([plot.kind for plot in plots], object),
        "area_m2": np.array([outline.area for outline in outlines], np.float64),
        "stage": np.array([plot.stage or None for plot in plots], object),
        "colour": np.array([plot.colour or None for plot in plots], object),
        "site": np.array([plot.site or None for plot in plots], object),
    }
    layer = Outlines(layer="labels", crs=f"EPSG:{spec.epsg}", kind="Polygon", geometries=outlines, fields=fields)
    write_outlines(path, layer, driver="GPKG")


def _on_map(spec: SceneSpec, outline: Polygon) -> Polygon:
    """An outline in metres from the upper left corner, in the scene's CRS."""
    return shapely.transform(outline, lambda places: places * (1, -1) + (spec.left_m, spec.top_m))
