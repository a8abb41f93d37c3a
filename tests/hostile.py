"""Uploads as they come and as an attacker would shape them: small rasters, written where a test asks."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from rasterio.transform import from_origin

SIDE_PX: Final = 64
UTM: Final = "EPSG:32647"
PLACE: Final = from_origin(500_000, 2_300_000, 0.02, 0.02)


def ground(*, bands: int = 3, side_px: int = SIDE_PX, seed: int = 5) -> np.ndarray:
    """Smooth farmland without black or white: uint8 [b, h, w] in [40, 200)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (bands, side_px // 8, side_px // 8), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


def write(path: Path, pixels_bhw: np.ndarray, **profile: Any) -> Path:
    """A GeoTIFF in UTM with pixels of 2 cm, unless ``profile`` says otherwise."""
    count, height, width = pixels_bhw.shape
    chosen = {"crs": UTM, "transform": PLACE, "dtype": pixels_bhw.dtype.name} | profile
    mask_hw, tags = chosen.pop("mask", None), chosen.pop("overviews_tags", {})
    colours = chosen.pop("colorinterp", None)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", driver="GTiff", count=count, height=height, width=width, **chosen) as raster,
    ):
        if colours:
            raster.colorinterp = colours
        raster.write(pixels_bhw)
        if mask_hw is not None:
            raster.write_mask(mask_hw)
        if tags:
            raster.update_tags(ns="OVERVIEWS", **tags)
    return path


def secret(path: Path) -> Path:
    """A file nobody may read through an upload: every byte is 251."""
    path.write_bytes(bytes([251]) * SIDE_PX * SIDE_PX)
    return path


def vrt(path: Path, target: Path) -> Path:
    """A VRT whose bands are the bytes of another file."""
    band = (
        '<VRTRasterBand dataType="Byte" band="{band}" subClass="VRTRawRasterBand">'
        f'<SourceFilename relativeToVRT="0">{target}</SourceFilename><ImageOffset>0</ImageOffset>'
        f"<PixelOffset>1</PixelOffset><LineOffset>{SIDE_PX // 2}</LineOffset></VRTRasterBand>"
    )
    bands = "".join(band.format(band=number) for number in (1, 2, 3))
    path.write_text(f'<VRTDataset rasterXSize="{SIDE_PX // 2}" rasterYSize="{SIDE_PX // 2}">{bands}</VRTDataset>')
    return path


def mrf(path: Path, target: Path) -> Path:
    """An MRF that makes GDAL write to another file when it is read."""
    path.write_text(
        "<MRF_META><CachedSource><Source>/etc/hostname</Source></CachedSource><Raster>"
        f'<Size x="{SIDE_PX}" y="{SIDE_PX}" c="3"/>'
        f'<PageSize x="{SIDE_PX}" y="{SIDE_PX}" c="3"/><DataFile>{target}</DataFile>'
        f"<IndexFile>{target}.idx</IndexFile></Raster></MRF_META>"
    )
    return path


def edited(path: Path, *, following: int | None = None, more: bytes = b"", **tags: tuple[int, int, int]) -> Path:
    """A sound GeoTIFF in one strip whose tags were overwritten as ``tag273=(kind, count, value)``."""
    data = bytearray(write(path, ground(), blockysize=SIDE_PX, photometric="RGB").read_bytes())
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    places = {struct.unpack_from("<H", data, at + 2 + 12 * n)[0]: at + 2 + 12 * n for n in range(count)}
    for name, (kind, values, value) in tags.items():
        struct.pack_into("<HII", data, places[int(name.removeprefix("tag"))] + 2, kind, values, value)
    if following is not None:
        struct.pack_into("<I", data, at + 2 + 12 * count, at if following == 0 else following)
    path.write_bytes(bytes(data) + more)
    return path


def many_directories(path: Path, count: int = 65_535) -> Path:
    """A sound GeoTIFF with a long chain of directories of one tag behind it."""
    first = len(edited(path).read_bytes())
    chain = (
        struct.pack("<HHHIII", 1, 254, 4, 1, 1, first + 18 * (n + 1) if n + 1 < count else 0) for n in range(count)
    )
    return edited(path, following=first, more=b"".join(chain))


def big(path: Path, *, first: int = 16, count: int = 1, value: int = 0) -> Path:
    """A BigTIFF whose first directory stands at ``first`` and has a tag of ``count`` values at ``value``."""
    directory = struct.pack("<QHHQQ", 1, 273, 16, count, value)
    path.write_bytes(struct.pack("<2sHHHQ", b"II", 43, 8, 0, first) + directory + bytes(64))
    return path


def sparse(path: Path, side_px: int) -> Path:
    """A valid GeoTIFF of any size that holds no pixel."""
    profile = {"tiled": True, "blockxsize": 512, "blockysize": 512, "BIGTIFF": "YES", "SPARSE_OK": "TRUE"}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=3,
        height=side_px,
        width=side_px,
        dtype="uint8",
        crs=UTM,
        transform=PLACE,
        **profile,
    ):
        pass
    return path


BROKEN: Final[dict[str, tuple[str, Callable[[Path], Path]]]] = {
    "a loop of directories": ("circle", lambda path: edited(path, following=0)),
    "65,535 directories": ("more than 256", many_directories),
    "a second directory past the end": ("damaged", lambda path: edited(path, following=2**31)),
    "a strip past the end": ("damaged", lambda path: edited(path, tag273=(4, 1, 2**31))),
    "a strip of 4 GiB": ("damaged", lambda path: edited(path, tag273=(4, 1, 2**31), tag279=(4, 1, 2**32 - 1))),
    "2**31 strips": ("damaged", lambda path: edited(path, tag273=(4, 2**31, 8))),
    "a directory past the end": ("damaged", lambda path: big(path, first=2**40)),
    "a directory at 2**63": ("damaged", lambda path: big(path, first=2**63)),
    "2**63 values": ("damaged", lambda path: big(path, count=2**63)),
    "no width": ("damaged", lambda path: edited(path, tag256=(4, 1, 0), tag257=(4, 1, 0))),
    "one column of 2**31 pixels": ("too large", lambda path: edited(path, tag256=(4, 1, 1), tag257=(4, 1, 2**31 - 1))),
    "60,000 bands": ("damaged", lambda path: edited(path, tag277=(3, 1, 60_000), tag258=(3, 1, 8))),
    "one strip of 30,000 rows": (
        "damaged",
        lambda path: edited(
            path, tag256=(4, 1, 30_000), tag257=(4, 1, 30_000), tag278=(4, 1, 30_000), more=bytes(500_000)
        ),
    ),
}
"""Names of what is wrong; a word of the refusal, and what writes it."""
