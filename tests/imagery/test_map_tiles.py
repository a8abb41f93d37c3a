import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin
from rasters import GSD_M, LEFT, TOP, green_ground, paint_red, place, write_working

from pipeline.domain.coverage import GroundState
from pipeline.domain.geometry import Size
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.layers import Layer, write_layer
from pipeline.imagery.map_tiles import (
    MapExtent,
    Tile,
    TileAddress,
    flown_tile,
    map_extent,
    newest_tile,
    orthomosaic_tile,
    states_tile,
)

SIDE = 1024


@pytest.fixture
def working(tmp_path: Path) -> Path:
    """Green ground, red in its north-west quarter, not flown in the east half."""
    pixels_hwb = green_ground(SIDE, SIDE)
    paint_red(pixels_hwb, row=0, column=0, height=SIDE // 2, width=SIDE // 2)
    flown_hw = np.ones((SIDE, SIDE), bool)
    flown_hw[:, SIDE // 2 :] = False
    return write_working(tmp_path / "orthomosaic.tif", pixels_hwb, flown_hw)


@pytest.fixture
def states(tmp_path: Path) -> Path:
    """Clear in the north-west, flagged in the north-east, not assessable in the south-west, else not flown."""
    states_hw = np.full((SIDE, SIDE), GroundState.CLEAR, np.uint8)
    half = SIDE // 2
    states_hw[:half, half:] = GroundState.FLAGGED
    states_hw[half:, :half] = GroundState.NOT_ASSESSABLE
    states_hw[half:, half:] = GroundState.NOT_FLOWN
    layer = Layer(size=Size(width_px=SIDE, height_px=SIDE), georeference=place(), colours={1: (1, 2, 3, 255)})
    write_layer(tmp_path / "states.tif", layer, [states_hw])
    return tmp_path / "states.tif"


def square(lon: float, lat: float, zoom: int) -> TileAddress:
    """The tile that holds a place."""
    column = int((lon + 180) / 360 * 2**zoom)
    row = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**zoom)
    return TileAddress(zoom=zoom, column=column, row=row)


def around(extent: MapExtent, zoom: int) -> TileAddress:
    """The tile that holds the middle of an extent."""
    return square((extent.west + extent.east) / 2, (extent.south + extent.north) / 2, zoom)


def whole(path: Path) -> TileAddress:
    """The smallest tile that holds all of a raster."""
    extent = map_extent(path)
    for zoom in range(extent.least_zoom + 1, -1, -1):
        north_west = square(extent.west, extent.north, zoom)
        if north_west == square(extent.east, extent.south, zoom):
            return north_west
    pytest.fail("the world holds it")


def pixels(tile: Tile | None) -> npt.NDArray[np.uint8]:
    assert tile is not None
    return np.asarray(Image.open(io.BytesIO(tile.content)).convert("RGBA"))


def test_a_raster_lies_where_its_corners_say(working: Path) -> None:
    extent = map_extent(working)
    assert extent.west == pytest.approx(111.0, abs=1e-6), "the middle of zone 49"
    assert extent.south < extent.north == pytest.approx(40.65, abs=0.01)
    assert extent.least_zoom < extent.most_zoom <= 23


def test_imagery_is_shown_and_not_flown_ground_is_seen_through(working: Path) -> None:
    tile = orthomosaic_tile(working, whole(working))
    assert tile is not None
    assert tile.media_type == "image/webp"
    rgba = pixels(tile)
    seen = rgba[rgba[..., 3] > 0]
    assert rgba.shape == (512, 512, 4)
    assert {"red": (seen[:, 0] > 150).any(), "green": (seen[:, 0] < 100).any()} == {"red": True, "green": True}
    assert (rgba[..., 3] == 0).any()


def test_a_tile_full_of_imagery_is_a_plain_jpeg(tmp_path: Path) -> None:
    path = write_working(tmp_path / "full.tif", green_ground(SIDE, SIDE))
    tile = orthomosaic_tile(path, around(map_extent(path), 23))
    assert tile is not None
    assert tile.media_type == "image/jpeg"


def test_there_is_no_tile_where_there_is_no_raster(working: Path, states: Path) -> None:
    elsewhere = TileAddress(zoom=20, column=0, row=0)
    assert orthomosaic_tile(working, elsewhere) is None
    assert states_tile(states, elsewhere) is None
    assert flown_tile(working, elsewhere) is None


def test_states_are_patterns_of_their_own_and_clear_ground_has_none(states: Path) -> None:
    rgba = pixels(states_tile(states, whole(states)))
    colours = {tuple(colour) for colour in rgba.reshape(-1, 4)}
    assert len(colours) == 7, "a line and a ground for each of three states, and nothing"


def test_a_pattern_runs_on_into_the_next_tile(tmp_path: Path) -> None:
    layer = Layer(size=Size(width_px=SIDE, height_px=SIDE), georeference=place())
    path = tmp_path / "states.tif"
    write_layer(path, layer, [np.zeros((SIDE, SIDE), np.uint8)])
    left = around(map_extent(path), 23)
    right = TileAddress(zoom=left.zoom, column=left.column + 1, row=left.row)
    both = np.hstack([pixels(states_tile(path, left)), pixels(states_tile(path, right))])
    assert (both[:, 512 - 16 : 512] == both[:, 512 : 512 + 16]).all()


def test_patterns_differ_without_their_colours() -> None:
    """Whoever sees no hues still sees which is which."""
    from pipeline.imagery.map_tiles import _patterns

    lines = [_patterns()[state][..., 3] > 150 for state in GroundState if state is not GroundState.CLEAR]
    assert all((one != other).mean() > 0.1 for one in lines for other in lines if one is not other)


def test_what_was_not_flown_is_drawn_before_a_scan(working: Path) -> None:
    rgba = pixels(flown_tile(working, whole(working)))
    drawn_hw = rgba[..., 3] > 0
    imagery_hw = pixels(orthomosaic_tile(working, whole(working)))[..., 3] > 0
    assert drawn_hw.any()
    assert not (drawn_hw & imagery_hw).sum() > 0.02 * imagery_hw.sum()
    assert drawn_hw.sum() == pytest.approx(imagery_hw.sum(), rel=0.1), "one half was flown"


def test_a_mosaic_without_gaps_has_nothing_to_draw_before_a_scan(tmp_path: Path) -> None:
    path = write_working(tmp_path / "full.tif", green_ground(SIDE, SIDE))
    assert flown_tile(path, around(map_extent(path), 23)) is None


@pytest.mark.parametrize("address", [(-1, 0, 0), (25, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (0, 0, 1)])
def test_squares_that_the_world_does_not_have_are_not_there(address: tuple[int, int, int]) -> None:
    zoom, column, row = address
    with pytest.raises(NotFoundError):
        TileAddress(zoom=zoom, column=column, row=row)


def local_system(path: Path) -> None:
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 64, "height": 64}
    wkt = 'LOCAL_CS["made up",UNIT["metre",1]]'
    with rasterio.open(path, "w", **profile, crs=wkt, transform=from_origin(LEFT, TOP, GSD_M, GSD_M)) as raster:
        raster.write(np.zeros((3, 64, 64), np.uint8))


def no_system(path: Path) -> None:
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 64, "height": 64}
    with rasterio.open(path, "w", **profile, transform=from_origin(LEFT, TOP, GSD_M, GSD_M)) as raster:
        raster.write(np.zeros((3, 64, 64), np.uint8))


@pytest.mark.parametrize("write", [local_system, no_system])
def test_a_mosaic_of_no_known_system_cannot_be_laid_on_a_map_and_says_so(tmp_path: Path, write: object) -> None:
    write(tmp_path / "made-up.tif")  # type: ignore[operator]
    with pytest.raises(InvalidInputError, match="not known"):
        map_extent(tmp_path / "made-up.tif")
    with pytest.raises(InvalidInputError, match="not known"):
        orthomosaic_tile(tmp_path / "made-up.tif", TileAddress(zoom=0, column=0, row=0))


def test_chinese_national_zones_lie_on_the_map(tmp_path: Path) -> None:
    """CGCS2000 / 3-degree Gauss-Kruger zone 37."""
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 64, "height": 64, "crs": "EPSG:4525"}
    with rasterio.open(tmp_path / "m.tif", "w", **profile, transform=from_origin(37_500_000, TOP, 1, 1)) as raster:
        raster.write(np.full((3, 64, 64), 90, np.uint8))
    assert map_extent(tmp_path / "m.tif").west == pytest.approx(111, abs=1e-5)


def test_the_raster_named_first_lies_on_top_and_one_that_no_map_can_show_is_passed_over(
    working: Path, tmp_path: Path
) -> None:
    """The first is blue, and was flown in its north-west quarter only; below it the second is seen."""
    blue_hwb = np.full((SIDE, SIDE, 3), (20, 20, 220), np.uint8)
    flown_hw = np.zeros((SIDE, SIDE), bool)
    flown_hw[: SIDE // 2, : SIDE // 2] = True
    newest = write_working(tmp_path / "newest.tif", blue_hwb, flown_hw)
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"no raster")
    extent = map_extent(working)
    tile = newest_tile([broken, newest, working], around(extent, extent.least_zoom))
    assert tile is not None
    pixels_hwb = np.asarray(Image.open(io.BytesIO(tile.content)).convert("RGBA"))
    strongest = pixels_hwb[:, :, :3][pixels_hwb[:, :, 3] == 255].argmax(axis=1)
    red, green, blue = ((strongest == band).sum() for band in range(3))
    assert green > 0.5 * blue > 0
    assert red < 0.02 * blue
    assert newest_tile([broken], around(extent, extent.least_zoom)) is None
