"""Whatever kind of picture comes, the working copy is 8-bit red, green, blue with a true mask and overviews."""

import hashlib
from pathlib import Path

import hostile
import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin
from rio_cogeo import cog_validate

from pipeline.domain.orthomosaic import MaskOrigin
from pipeline.domain.progress import Progress, say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery.working import Working, make_working
from pipeline.settings import IntakeLimits

RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


def made(upload: Path) -> tuple[Working, np.ndarray, np.ndarray]:
    """What was decided, the pixels, and where they are flown."""
    work = upload.parent / "work"
    work.mkdir()
    working = make_working(upload, work, IntakeLimits(), say_nothing)
    assert [path.name for path in work.iterdir()] == ["orthomosaic.tif"]
    path = work / "orthomosaic.tif"
    assert working.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert working.bytes == path.stat().st_size
    valid, errors, _ = cog_validate(path)
    assert valid, errors
    with rasterio.open(path) as raster:
        pixels, flown = raster.read(), raster.dataset_mask() > 0
        assert (raster.width, raster.height) == (working.size.width_px, working.size.height_px)
        assert raster.crs.to_wkt() == rasterio.CRS.from_wkt(working.georeference.crs).to_wkt()
        assert raster.transform.almost_equals(
            from_origin(
                working.georeference.left,
                working.georeference.top,
                working.georeference.pixel_width,
                working.georeference.pixel_height,
            ),
            1e-9,
        )
    assert working.flown_pixels == np.count_nonzero(flown)
    assert pixels[:, ~flown].max(initial=0) < 60  # black, but for what JPEG lets ring across the edge
    return working, pixels, flown


def close(pixels: np.ndarray, wanted: np.ndarray) -> bool:
    return bool(np.abs(pixels.astype(float) - wanted).mean() < 8)


def smooth(bands: int = 3, side_px: int = 64) -> np.ndarray:
    """Ground that survives JPEG: uint8 [b, h, w]."""
    rows, columns = np.mgrid[:side_px, :side_px] * 100 // side_px
    return np.stack([60 + rows + columns // 2 + 5 * band for band in range(bands)]).astype(np.uint8)


def test_plain_pixels_are_kept_and_need_no_mask(tmp_path: Path) -> None:
    working, pixels, flown = made(hostile.write(tmp_path / "x.tif", smooth()))
    assert working.mask_origin is MaskOrigin.NONE
    assert flown.all()
    assert close(pixels, smooth())
    with rasterio.open(tmp_path / "work" / "orthomosaic.tif") as raster:
        assert raster.mask_flag_enums[0] == [rasterio.enums.MaskFlags.all_valid]


@pytest.mark.parametrize("size", [(1, 1), (511, 513), (1025, 700)])
def test_overviews_hold_any_size_and_any_flown_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    height, width = size
    pixels = np.full((4, height, width), 120, np.uint8)
    pixels[3] = 0
    pixels[3, 0, width - 1] = 255
    working, _, flown = made(hostile.write(tmp_path / "x.tif", pixels, colorinterp=(*RGB, ColorInterp.alpha)))
    assert working.flown_pixels == np.count_nonzero(flown) == 1
    with rasterio.open(tmp_path / "work" / "orthomosaic.tif") as raster:
        levels = len(raster.overviews(1))
    assert levels == {1: 0, 511: 1, 1025: 2}[height]
    for level in range(levels):
        with rasterio.open(tmp_path / "work" / "orthomosaic.tif", overview_level=level) as raster:
            mask = raster.dataset_mask()
            assert mask[0, -1] == 255
            assert np.count_nonzero(mask) == 1
            assert (raster.width, raster.height) == (-(-width // 2 ** (level + 1)), -(-height // 2 ** (level + 1)))


def test_alpha_is_the_mask(tmp_path: Path) -> None:
    pixels = smooth(4)
    pixels[3] = 255
    pixels[3, :20] = 127
    working, _, flown = made(hostile.write(tmp_path / "x.tif", pixels, colorinterp=(*RGB, ColorInterp.alpha)))
    assert working.mask_origin is MaskOrigin.ALPHA
    assert not flown[:20].any()
    assert flown[20:].all()


def test_a_mask_band_is_the_mask(tmp_path: Path) -> None:
    mask = np.full((64, 64), 255, np.uint8)
    mask[:, 40:] = 0
    working, _, flown = made(hostile.write(tmp_path / "x.tif", smooth(), mask=mask))
    assert working.mask_origin is MaskOrigin.MASK_BAND
    assert np.array_equal(flown, mask > 0)


def test_nodata_zero_keeps_dark_soil(tmp_path: Path) -> None:
    pixels = smooth()
    pixels[:, :, :16] = 0
    pixels[:, 40:43, 40:43] = 0
    working, _, flown = made(hostile.write(tmp_path / "x.tif", pixels, nodata=0))
    assert working.mask_origin is MaskOrigin.NODATA
    assert not flown[:, :16].any()
    assert flown[:, 16:].all()


def test_an_undeclared_surround_is_inferred_and_said(tmp_path: Path) -> None:
    pixels = smooth()
    pixels[:, :16] = 255
    working, _, flown = made(hostile.write(tmp_path / "x.tif", pixels))
    assert working.mask_origin is MaskOrigin.INFERRED
    assert "inferred" in working.notes[-1]
    assert "25.0 %" in working.notes[-1]
    assert not flown[:16].any()
    assert flown[16:].all()


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_more_than_8_bits_are_scaled_by_a_rule_that_is_said(tmp_path: Path, dtype: str) -> None:
    values = smooth().astype(dtype) * (100 if dtype == "uint16" else 0.004)
    working, pixels, flown = made(hostile.write(tmp_path / "x.tif", values.astype(dtype), photometric="RGB"))
    assert flown.all()
    low, high = np.percentile(values, (1, 99))
    assert (working.scaling.low, working.scaling.high) == pytest.approx((low, high))
    assert close(pixels, np.clip((values - low) / (high - low) * 255, 0, 255))
    assert any(f"{dtype} values" in note for note in working.notes)


def test_no_number_is_not_flown(tmp_path: Path) -> None:
    values = smooth().astype(np.float32)
    values[0, :8], values[1, 8:12], values[2, 12:14] = np.nan, np.inf, -np.inf
    working, _, flown = made(hostile.write(tmp_path / "x.tif", values, photometric="RGB"))
    assert working.mask_origin is MaskOrigin.NODATA
    assert not flown[:14].any()
    assert flown[14:].all()
    assert any("no finite number" in note for note in working.notes)


def test_the_named_bands_of_five_are_used(tmp_path: Path) -> None:
    colours = (ColorInterp.undefined, ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined)
    working, pixels, _ = made(hostile.write(tmp_path / "x.tif", smooth(5), colorinterp=colours))
    assert close(pixels, smooth(5)[[3, 2, 1]])
    assert "Not used: band 1, 5." in working.notes


def test_degrees_are_laid_into_utm(tmp_path: Path) -> None:
    working, pixels, flown = made(
        hostile.write(
            tmp_path / "x.tif", smooth(side_px=640), crs="EPSG:4490", transform=from_origin(100, 25, 2e-7, 2e-7)
        )
    )
    assert rasterio.CRS.from_wkt(working.georeference.crs).to_epsg() == 32647
    assert working.reprojected
    assert 0.9 < flown.mean() < 1
    assert pixels[:, flown].mean() == pytest.approx(smooth(side_px=640).mean(), abs=2)
    middle = np.array(flown.shape) // 2
    assert np.abs(pixels[:, *middle].astype(float) - smooth(side_px=640)[:, 320, 320]).max() < 8


@pytest.mark.parametrize(
    ("profile", "bands", "dtype", "words"),
    [
        ({"photometric": "CMYK"}, 4, "uint8", "CMYK"),
        ({"nbits": 1}, 3, "uint8", "one bit"),
        ({}, 1, "uint8", "1 band"),
        ({}, 5, "uint8", "5 bands"),
        ({}, 3, "complex64", "complex64"),
        ({}, 3, "int16", "int16"),
        ({"photometric": "RGB", "crs": None}, 3, "uint8", "no coordinate reference"),
    ],
)
def test_other_pictures_are_refused(
    tmp_path: Path, profile: dict[str, object], bands: int, dtype: str, words: str
) -> None:
    upload = hostile.write(tmp_path / "x.tif", np.ones((bands, 64, 64), dtype), **profile)
    with pytest.raises(InvalidInputError, match=words):
        make_working(upload, tmp_path, IntakeLimits(), say_nothing)


def test_a_palette_is_refused(tmp_path: Path) -> None:
    upload = tmp_path / "x.tif"
    profile = {"driver": "GTiff", "width": 64, "height": 64, "count": 1, "dtype": "uint8"}
    with rasterio.open(upload, "w", **profile, crs=hostile.UTM, transform=hostile.PLACE) as raster:
        raster.write_colormap(1, {0: (0, 0, 0), 1: (255, 0, 0)})
    with pytest.raises(InvalidInputError, match="palette"):
        make_working(upload, tmp_path, IntakeLimits(), say_nothing)


@pytest.mark.parametrize("kind", ["alpha", "nodata", "no number"])
def test_a_picture_of_nothing_is_refused(tmp_path: Path, kind: str) -> None:
    upload = tmp_path / "x.tif"
    if kind == "alpha":
        hostile.write(upload, np.zeros((4, 64, 64), np.uint8), colorinterp=(*RGB, ColorInterp.alpha))
    elif kind == "nodata":
        hostile.write(upload, np.zeros((3, 64, 64), np.uint8), nodata=0)
    else:
        hostile.write(upload, np.full((3, 64, 64), np.nan, np.float32), photometric="RGB")
    with pytest.raises(InvalidInputError, match=r"no (valid )?pixel"):
        make_working(upload, tmp_path, IntakeLimits(), say_nothing)


def test_the_same_upload_gives_the_same_bytes(tmp_path: Path) -> None:
    upload = hostile.write(tmp_path / "x.tif", hostile.ground(side_px=1024))
    digests = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        digests.add(make_working(upload, tmp_path / name, IntakeLimits(), say_nothing).sha256)
    assert len(digests) == 1


def test_progress_is_told_strip_by_strip(tmp_path: Path) -> None:
    told: list[Progress] = []
    upload = hostile.write(tmp_path / "x.tif", hostile.ground(side_px=1024))
    (tmp_path / "work").mkdir()
    make_working(upload, tmp_path / "work", IntakeLimits(), told.append)
    assert [(step.stage, step.done, step.total) for step in told] == [("checked", 1, 1), ("read", 1, 2), ("read", 2, 2)]
