"""What a raster says of itself decides what it may cost, which bands are used and where it lies."""

import math
from dataclasses import replace

import pytest
from rasterio.crs import CRS

from pipeline.domain.geometry import Size
from pipeline.domain.orthomosaic import MaskOrigin
from pipeline.errors import InvalidInputError
from pipeline.imagery.grid import metres_per_degree, place
from pipeline.imagery.header import Header, check_cost, check_transform, choose_bands, mask_source
from pipeline.settings import IntakeLimits

LIMITS = IntakeLimits()
UTM = CRS.from_epsg(32647)
SOUND = Header(
    size=Size(width_px=1000, height_px=1000),
    dtypes=("uint8",) * 3,
    colours=("red", "green", "blue"),
    bits=0,
    colour_space="YCbCr",
    compression="JPEG",
    block_width_px=512,
    block_height_px=512,
    interleaved=True,
    nodata=None,
    has_mask=False,
    crs=UTM.to_wkt(),
    transform=(0.02, 0, 500_000, 0, -0.02, 2_300_000),
)


def header(epsg: int | None = None, **changes: object) -> Header:
    crs = {} if epsg is None else {"crs": CRS.from_epsg(epsg).to_wkt()}
    return replace(SOUND, **(crs | changes))


def banded(*colours: str, dtype: str = "uint8", **changes: object) -> Header:
    return header(colours=colours, dtypes=(dtype,) * len(colours), **changes)


def test_a_sound_header_passes_every_check_and_stays_in_its_own_system() -> None:
    check_cost(SOUND, LIMITS, file_bytes=100_000)
    check_transform(SOUND)
    assert choose_bands(SOUND).rgb == (1, 2, 3)
    assert place(SOUND, LIMITS).target is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": Size(width_px=400_001, height_px=1)}, "too large"),
        ({"size": Size(width_px=300_000, height_px=300_000)}, "too large"),
        ({"size": Size(width_px=100_000, height_px=100_000)}, "too few"),
        ({"block_width_px": 30_000, "block_height_px": 30_000}, "one block"),
    ],
)
def test_what_costs_too_much_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        check_cost(header(**changes), LIMITS, file_bytes=1_000_000)


@pytest.mark.parametrize(
    ("given", "rgb", "alpha"),
    [
        (banded("red", "green", "blue", "alpha"), (1, 2, 3), 4),
        (banded("alpha", "blue", "green", "red"), (4, 3, 2), 1),
        (banded("red", "green", "blue", "undefined"), (1, 2, 3), None),
        (banded("gray", "undefined", "undefined", dtype="uint16"), (1, 2, 3), None),
        (banded("gray", "undefined", "undefined", "alpha"), (1, 2, 3), 4),
        (banded("undefined", "blue", "green", "red", "undefined", "alpha"), (4, 3, 2), 6),
    ],
)
def test_colours_are_found_by_their_names(given: Header, rgb: tuple[int, ...], alpha: int | None) -> None:
    bands = choose_bands(given)
    assert (bands.rgb, bands.alpha) == (rgb, alpha)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (banded("gray"), "1 band where three"),
        (banded("gray", "alpha"), "2 bands where three"),
        (banded("palette"), "palette"),
        (banded("red", "green", "blue", "alpha", colour_space="CMYK"), "CMYK"),
        (banded("gray", *["undefined"] * 4), "5 bands and does not say"),
        (banded("red", "green", "blue", bits=1), "one bit"),
        (banded("red", "green", "blue", dtype="int16"), "int16"),
        (banded("red", "green", "blue", dtype="complex64"), "complex64"),
        (banded("red", "green", "blue", dtype="float64"), "float64"),
        (header(dtypes=("uint8", "uint8", "uint16")), "different kinds"),
    ],
)
def test_what_is_no_picture_of_red_green_and_blue_is_refused(given: Header, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        choose_bands(given)


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        (banded("red", "green", "blue", "alpha", nodata=0.0), MaskOrigin.ALPHA),
        (header(has_mask=True, nodata=0.0), MaskOrigin.MASK_BAND),
        (header(nodata=0.0), MaskOrigin.NODATA),
        (header(nodata=-9999.0), MaskOrigin.NONE),
        (SOUND, MaskOrigin.NONE),
    ],
)
def test_alpha_goes_before_a_mask_before_nodata(given: Header, origin: MaskOrigin) -> None:
    assert mask_source(given, choose_bands(given)) is origin


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        ((1, 0, 0, 0, 1, 0), "does not say where"),
        ((0, 0, 0, 0, 0, 0), "broken"),
        ((math.nan, 0, 0, 0, -1, 0), "broken"),
        ((0.02, 0, math.inf, 0, -0.02, 0), "broken"),
        ((0.02, 0, 0, 0, 0.02, 0), "mirrored"),
        ((-0.02, 0, 0, 0, -0.02, 0), "mirrored"),
        ((0.0173, 0.01, 0, 0.01, -0.0173, 0), "rotated"),
    ],
)
def test_what_does_not_lie_north_up_is_refused(transform: tuple[float, ...], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        check_transform(header(transform=transform))


@pytest.mark.parametrize("epsg", [4491, 4507, 4513, 4526, 4534, 4546, 4554])
def test_chinese_and_utm_zones_stay_as_they_are(epsg: int) -> None:
    crs = CRS.from_epsg(epsg)
    easting = crs.to_dict()["x_0"]
    placed = place(header(epsg, transform=(0.02, 0, easting, 0, -0.02, 3_000_000)), LIMITS)
    assert placed.target is None
    assert placed.given.crs == crs.to_wkt()
    assert placed.given.gsd_m == pytest.approx(0.02)


def test_feet_become_metres() -> None:
    placed = place(header(2264, transform=(0.1, 0, 1_500_000, 0, -0.1, 600_000)), LIMITS)
    assert placed.given.gsd_m == pytest.approx(0.1 * 1200 / 3937)


@pytest.mark.parametrize(
    ("epsg", "transform", "zone"),
    [
        (4326, (2e-7, 0, 100.0, 0, -2e-7, 20.0), 32647),
        (4490, (2e-7, 0, 100.0, 0, -2e-7, 25.0), 32647),
        (4326, (2e-7, 0, 20.0, 0, -2e-7, -20.0), 32734),
        (3857, (0.03, 0, 11_131_949.0, 0, -0.03, 2_273_031.0), 32647),
    ],
)
def test_degrees_and_web_mercator_are_laid_into_utm_with_pixels_of_the_same_ground(
    epsg: int, transform: tuple[float, ...], zone: int
) -> None:
    placed = place(header(epsg, transform=transform), LIMITS)
    assert CRS.from_wkt(placed.target.crs).to_epsg() == zone
    assert placed.target_size.pixels == pytest.approx(SOUND.size.pixels, rel=0.08)
    assert 0.015 < placed.target.gsd_m < 0.03
    assert "UTM zone" in placed.note


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"crs": ""}, "no coordinate reference system"),
        ({"crs": "A" * 1_000_000}, "not a plausible one"),
        ({"crs": "nonsense"}, "not known"),
        ({"crs": 'LOCAL_CS["site",UNIT["metre",1]]'}, "local"),
        ({"crs": CRS.from_epsg(4978).to_wkt()}, "local"),
        ({"transform": (1e-4, 0, 500_000, 0, -1e-4, 2_300_000)}, "0.0001"),
        ({"transform": (100, 0, 500_000, 0, -100, 2_300_000)}, "a pixel covers 100"),
        (
            {
                "crs": CRS.from_epsg(4326).to_wkt(),
                "transform": (1.7e-4, 0, 100, 0, -1.7e-4, 20),
                "size": Size(width_px=400_000, height_px=9),
            },
            "too much of the globe",
        ),
        ({"transform": (0.02, 0, 1e12, 0, -0.02, 1e12)}, "outside"),
        ({"transform": (0.02, 0, 500_000, 0, -0.02, 9_500_000)}, "pole"),
    ],
)
def test_places_where_no_plot_can_be_measured_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        place(header(**changes), LIMITS)


@pytest.mark.parametrize(
    ("epsg", "transform"),
    [(4326, (2e-7, 0, 180 - 1e-5, 0, -2e-7, 2.0)), (32660, (0.2, 0, 817_800, 0, -0.2, 500_000))],
)
def test_the_date_line_is_not_crossed(epsg: int, transform: tuple[float, ...]) -> None:
    long = header(epsg, transform=transform, size=Size(width_px=80_000, height_px=9))
    with pytest.raises(InvalidInputError, match="180 degree"):
        place(long, LIMITS)


def test_a_degree_is_as_long_as_geodesy_says() -> None:
    assert metres_per_degree(0) == pytest.approx((111_319.49, 110_574.28), abs=0.1)
    assert metres_per_degree(45) == pytest.approx((78_846.8, 111_131.8), abs=1)
