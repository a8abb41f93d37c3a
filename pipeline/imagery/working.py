"""Our own copy of an upload: a cloud-optimised GeoTIFF of 8-bit red, green, blue, a mask and overviews.

Everything but ``working`` itself, which runs only in the enclosed process, reads this copy and never the upload.
Pixels that were not flown are black, and 0 in the mask. There is a mask only if such pixels exist. The same upload
gives the same bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from rasterio.crs import CRS

from pipeline.domain.geometry import Georeference, Size
from pipeline.domain.orthomosaic import MaskOrigin
from pipeline.domain.progress import Progress, Report
from pipeline.errors import InvalidInputError
from pipeline.imagery import tiff
from pipeline.imagery.grid import Placement, place
from pipeline.imagery.header import (
    Header,
    check_cost,
    check_transform,
    choose_bands,
    mask_source,
    read_header,
)
from pipeline.imagery.pyramid import PyramidWriter, Written
from pipeline.imagery.reprojection import affine, reprojected
from pipeline.imagery.scaling import Scaling
from pipeline.imagery.surround import Flags, Surround
from pipeline.imagery.tiles import TILE_PX, Codec, Jpeg, Pixels, Uncompressed
from pipeline.imagery.upload import Upload, open_raster, to_8_bits
from pipeline.settings import IntakeLimits

WORKING_NAME: Final = "orthomosaic.tif"
SOURCE_NAME: Final = "unprojected.tif"
NOTHING_FLOWN: Final = (
    "no pixel of the picture was flown: its mask is empty; export it again with its alpha band or without"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """A finished working copy and all that was decided on the way."""

    size: Size
    georeference: Georeference
    mask_origin: MaskOrigin
    flown_pixels: int
    sha256: str
    bytes: int
    notes: tuple[str, ...]
    header: dict[str, Any]
    scaling: Scaling | None
    reprojected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How the pixels of an upload become ours."""

    upload: Upload
    scaling: Scaling | None
    surrounds: tuple[Surround, ...]


def make_working(upload: Path, folder: Path, limits: IntakeLimits, report: Report) -> Working:
    """Write ``folder/orthomosaic.tif`` from the raster at ``upload``; temporary files stay in ``folder``.

    Raises:
        InvalidInputError: The upload is refused; the message says why and what would do.
    """
    with open_raster(upload) as raster:
        header = read_header(raster)
        check_cost(header, limits, file_bytes=upload.stat().st_size)
        bands = choose_bands(header)
        check_transform(header)
        placement = place(header, limits)
        report(Progress(stage="checked", done=1, total=1))
        source = Upload(raster=raster, header=header, bands=bands, mask=mask_source(header, bands))
        plan = _Plan(upload=source, scaling=source.scaling(), surrounds=source.surrounds())
        written = _write_first(plan, placement, folder, limits, report)
    if not written.flown_pixels:
        raise InvalidInputError(NOTHING_FLOWN)
    origin = _mask_origin(plan, written, header)
    notes = (*bands.notes, *_pixel_notes(plan, written, origin, header))
    if placement.target is not None and placement.target_size is not None:
        written = _reproject(folder, placement.target, placement.target_size, limits, report)
        notes = (*notes, placement.note)
    return Working(
        size=placement.target_size or header.size,
        georeference=placement.target or placement.given,
        mask_origin=origin,
        flown_pixels=written.flown_pixels,
        sha256=written.sha256,
        bytes=written.bytes,
        notes=notes,
        header=_facts(header),
        scaling=plan.scaling,
        reprojected=placement.target is not None,
    )


def _write_first(plan: _Plan, placement: Placement, folder: Path, limits: IntakeLimits, report: Report) -> Written:
    """The raster in the grid it came in: finished, or lossless and without overviews if it must be laid elsewhere."""
    stays = placement.target is None
    codec: Codec = Jpeg(quality=limits.jpeg_quality) if stays else Uncompressed()
    target = folder / (WORKING_NAME if stays else SOURCE_NAME)
    size = plan.upload.header.size
    with PyramidWriter(folder, size, codec, overviews=stays) as writer:
        _fill(writer, _strips(plan), size, report, stage="read")
        return writer.finish(target, geographic_tags(placement.given, folder))


def _reproject(folder: Path, target: Georeference, size: Size, limits: IntakeLimits, report: Report) -> Written:
    """The finished raster, laid into its new grid from the lossless one, which is removed."""
    source = folder / SOURCE_NAME
    with PyramidWriter(folder, size, Jpeg(quality=limits.jpeg_quality)) as writer:
        _fill(writer, reprojected(source, target, size), size, report, stage="reprojected")
        source.unlink()
        return writer.finish(folder / WORKING_NAME, geographic_tags(target, folder))


def _fill(
    writer: PyramidWriter, strips: Iterable[tuple[Pixels, Flags]], size: Size, report: Report, *, stage: str
) -> None:
    total = -(-size.height_px // TILE_PX)
    for done, (pixels_bhw, flown_hw) in enumerate(strips, start=1):
        writer.add(np.moveaxis(pixels_bhw, 0, 2), flown_hw)
        report(Progress(stage=stage, done=done, total=total, unit="strips"))


def _strips(plan: _Plan) -> Iterable[tuple[Pixels, Flags]]:
    """Strips of 512 rows: uint8 [b, h, w], black where not flown, and bool [h, w]."""
    for row_px, window in plan.upload.strips():
        values_bhw, flown_hw = plan.upload.strip(window)
        for surround in plan.surrounds:
            flown_hw &= surround.flown(row_px, values_bhw)
        yield to_8_bits(values_bhw, flown_hw, plan.scaling), flown_hw


def _mask_origin(plan: _Plan, written: Written, header: Header) -> MaskOrigin:
    """How it is known what was not flown; pixels that are no numbers count as a nodata value."""
    if plan.upload.mask is not MaskOrigin.NONE:
        return plan.upload.mask
    if plan.surrounds:
        return MaskOrigin.INFERRED
    return MaskOrigin.NONE if written.flown_pixels == header.size.pixels else MaskOrigin.NODATA


def _pixel_notes(plan: _Plan, written: Written, origin: MaskOrigin, header: Header) -> tuple[str, ...]:
    """Whole sentences on everything that was inferred or changed."""
    notes = []
    missing = header.size.pixels - written.flown_pixels
    percent = 100 * missing / header.size.pixels
    if origin is MaskOrigin.INFERRED:
        colours = "white and black" if len(plan.surrounds) > 1 else plan.surrounds[0].colour.name
        notes.append(
            f"The original does not say what was flown: its plain {colours} surround, {percent:.1f} % of the picture, "
            "was inferred to be not flown."
        )
    elif origin is not MaskOrigin.NONE:
        notes.append(
            f"Not flown, by the {origin.value} of the original: {percent:.1f} % of the picture ({missing} px)."
        )
    if header.dtypes[0] == "float32" and origin is not MaskOrigin.NONE:
        notes.append("Pixels with a value that is no finite number count as not flown.")
    if plan.scaling is not None:
        notes.append(plan.scaling.note(header.dtypes[0]))
    return tuple(notes)


def _facts(header: Header) -> dict[str, Any]:
    """The header for the record, in what JSON knows."""
    return {
        "width_px": header.size.width_px,
        "height_px": header.size.height_px,
        "values": header.dtypes[0],
        "bands": list(header.colours),
        "compression": header.compression,
        "block_px": [header.block_width_px, header.block_height_px],
        "nodata": None if header.nodata is None else str(header.nodata),
        "has_mask": header.has_mask,
        "crs": header.crs,
        "transform": list(header.transform),
    }


def geographic_tags(where: Georeference, folder: Path) -> tuple[tiff.Tag, ...]:
    """The GeoTIFF tags of a place, taken from a file of one pixel that GDAL writes."""
    template = folder / "place.tif"
    profile = {
        "driver": "GTiff",
        "width": 1,
        "height": 1,
        "count": 1,
        "dtype": "uint8",
        "ENDIANNESS": "LITTLE",
    }
    with rasterio.open(template, "w", **profile, crs=CRS.from_wkt(where.crs), transform=affine(where), BIGTIFF="NO"):
        pass
    tags = tiff.geographic_tags(template.read_bytes())
    template.unlink()
    return tags
