"""Synthetic farmland: the same for ever, cut anywhere, and its truth is what is painted."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon
from shapely.affinity import translate

from pipeline.domain.progress import Progress
from pipeline.errors import InvalidInputError
from pipeline.imagery.scenes import SceneSpec, layout, render, write_scene, writing
from pipeline.imagery.scenes.crops import wheat_green
from pipeline.imagery.scenes.flown import flown_ground, grown_plots, truth
from pipeline.imagery.scenes.land import Area
from pipeline.imagery.scenes.noise import Tile, field, grain
from pipeline.imagery.scenes.render import drawn, paint
from pipeline.imagery.scenes.swatch import SIDE_PX

SMALL = SceneSpec(size_px=700, seed=5)
LARGE = SceneSpec(size_px=20_000, seed=5)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scene")
    write_scene(SMALL, folder, workers=1)
    return folder


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_scene_has_a_georeference_three_bands_and_no_bytes_but_its_spec_s(scene: Path, tmp_path: Path) -> None:
    again = write_scene(SMALL, tmp_path / "again", workers=1)
    assert digest(again.orthomosaic) == digest(scene / "orthomosaic.tif")
    assert json.loads(again.description.read_text())["spec"]["seed"] == SMALL.seed
    with rasterio.open(again.orthomosaic) as raster:
        assert (raster.count, raster.width, raster.height) == (3, 700, 700)
        assert raster.crs.to_epsg() == SMALL.epsg
        assert raster.transform[:6] == (0.02, 0.0, 500_000.0, 0.0, -0.02, 4_500_000.0)
        assert raster.block_shapes[0] == (512, 512)


def test_processes_do_not_change_a_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "TILE_PX", 512)
    alone = write_scene(SMALL, tmp_path / "alone", workers=1)
    shared = write_scene(SMALL, tmp_path / "shared", workers=2)
    assert digest(alone.orthomosaic) == digest(shared.orthomosaic)


@settings(max_examples=8, deadline=None)
@given(col=st.integers(0, 500), row=st.integers(0, 500), width=st.integers(1, 199), height=st.integers(1, 199))
def test_a_tile_looks_the_same_however_the_scene_is_cut(col: int, row: int, width: int, height: int) -> None:
    whole, whole_flown = paint(SMALL, Tile(col=0, row=0, width=700, height=700, gsd_m=SMALL.gsd_m))
    part, part_flown = paint(SMALL, Tile(col=col, row=row, width=width, height=height, gsd_m=SMALL.gsd_m))
    inside = np.s_[row : row + height, col : col + width]
    assert np.array_equal(part, whole[inside])
    assert np.array_equal(part_flown, whole_flown[inside])


@given(col=st.integers(-99, 400_000), row=st.integers(-99, 400_000), salt=st.integers(0, 2**40))
def test_noise_depends_on_nothing_but_the_place(col: int, row: int, salt: int) -> None:
    whole = Tile(col=col, row=row, width=70, height=50, gsd_m=0.02)
    part = Tile(col=col + 33, row=row + 17, width=20, height=30, gsd_m=0.02)
    cells = (8.0, 1.0)
    assert np.array_equal(field(whole, cells_m=cells, salt=salt)[17:47, 33:53], field(part, cells_m=cells, salt=salt))
    assert np.array_equal(grain(whole, salt)[17:47, 33:53], grain(part, salt))


def test_the_border_is_not_flown_and_turned(scene: Path) -> None:
    with rasterio.open(scene / "orthomosaic.tif") as raster:
        mask = raster.dataset_mask() > 0
        pixels = raster.read()
    assert 0.6 < mask.mean() < 0.99
    assert not mask[0, 0]
    assert not mask[-1, -1]
    first = mask.argmax(axis=0)[100:600]
    assert abs(int(first[0]) - int(first[-1])) > 10, "the upper edge is not level"
    assert pixels[:, mask].mean() > 30


def test_truth_is_what_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the plot all pixels inside its outline change, and beyond the reach of its shadow none do."""
    plot = next(plot for plot in truth(LARGE) if plot.kind == "poppy" and 4 < plot.outline.area < 9)
    left, top, _, _ = plot.outline.bounds
    tile = Tile(col=int(left / 0.02) - 100, row=int(top / 0.02) - 100, width=400, height=400, gsd_m=0.02)
    sown, _ = paint(LARGE, tile)
    monkeypatch.setattr(render, "grown_plots", lambda spec, one: without(plot.outline, grown_plots(spec, one)))
    bare, _ = paint(LARGE, tile)
    changed = (sown != bare).any(axis=2)
    assert changed[drawn([plot.outline], tile, fill=0) > 0].mean() > 0.9
    assert not changed[drawn([plot.outline.buffer(1.6)], tile, fill=0) == 0].any()


def without(outline: Polygon, areas: list[Area]) -> list[Area]:
    return [area for area in areas if not area.outline.equals(outline)]


def test_truth_on_the_map_lies_where_the_pixels_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(_: SceneSpec, tile: Tile) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((tile.height, tile.width, 3), np.uint8), np.ones((tile.height, tile.width), bool)

    monkeypatch.setattr(writing, "paint", plain)
    spec = SceneSpec(size_px=4_000, seed=5)
    files = write_scene(spec, tmp_path / "scene", workers=1)
    _, _, shapes, columns = pyogrio.raw.read(files.truth, layer="labels", columns=["class", "area_m2"])
    outlines = shapely.from_wkb(shapes)
    expected = list(truth(spec))
    assert [plot.kind for plot in expected] == list(columns[0])
    assert files.counts == {kind: list(columns[0]).count(kind) for kind in sorted(set(columns[0]))}
    for plot, outline, area in zip(expected, outlines, columns[1], strict=True):
        back = shapely.transform(translate(outline, -spec.left_m, -spec.top_m), lambda places: places * (1, -1))
        assert back.symmetric_difference(plot.outline).area < 1e-5
        assert area == pytest.approx(outline.area)


def test_plots_measure_1_to_400_m2_do_not_overlap_and_are_flown() -> None:
    plots = list(truth(LARGE))
    poppies = [plot.outline.area for plot in plots if plot.kind == "poppy"]
    assert 1 <= min(poppies) < 3
    assert 100 < max(poppies) <= 400
    assert all(flown_ground(LARGE).buffer(1e-6).contains(plot.outline) for plot in plots)
    tree = shapely.STRtree([plot.outline for plot in plots])
    pairs = tree.query([plot.outline for plot in plots], predicate="intersects")
    assert pairs.shape[1] == len(plots)
    per_ha = len(poppies) / (flown_ground(LARGE).area / 10_000)
    assert 5 < per_ha < 13


def test_a_few_seeds_show_every_crop_look_alike_stage_and_site() -> None:
    crops, kinds, stages, sites = set(), set(), set(), set()
    for seed in range(5):
        for block in layout.blocks(SceneSpec(size_px=64, seed=seed), (0, 0, 130, 130)):
            crops |= {parcel.crop for parcel in block.parcels}
            kinds |= {plot.kind for plot in block.plots}
            stages |= {plot.stage for plot in block.plots if plot.kind == "poppy"}
            sites |= {plot.site for plot in block.plots if plot.kind == "poppy"}
    assert crops >= {"maize", "wheat", "rape", "vegetables", "orchard", "greenhouse", "fallow", "lucerne"}
    assert kinds == {"poppy", "flower_bed", "lettuce", "cabbage"}
    assert stages == {"rosette", "bud", "flowering", "seed_head"}
    assert sites == {"open", "between_maize", "clearing"}


def test_swatches_have_no_seam_at_their_edges() -> None:
    height = wheat_green(np.random.default_rng(0)).height_hw
    assert height.shape == (SIDE_PX, SIDE_PX)
    inside = np.abs(np.diff(height, axis=1)).mean()
    assert np.abs(height[:, 0] - height[:, -1]).mean() < 1.3 * inside


@pytest.mark.parametrize("size_px", [0, 63, 400_001])
def test_a_size_that_cannot_be_painted_is_refused(size_px: int) -> None:
    with pytest.raises(InvalidInputError, match="give 64 to 400000 px"):
        SceneSpec(size_px=size_px, seed=0)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 0, "gsd_m": float("nan")}, {"seed": 0, "plots_per_ha": -1.0}])
def test_other_bad_specs_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        SceneSpec(size_px=64, **wrong)  # type: ignore[arg-type]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "deep" / "scene"
    with pytest.raises(KeyboardInterrupt):
        write_scene(SceneSpec(size_px=64, seed=5), folder, stop, workers=1)
    assert not folder.exists()
    kept = tmp_path / "kept"
    kept.mkdir()
    with pytest.raises(KeyboardInterrupt):
        write_scene(SceneSpec(size_px=64, seed=5), kept, stop, workers=1)
    assert list(kept.iterdir()) == []


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="give a folder"):
        write_scene(SMALL, tmp_path / "file")
    with pytest.raises(InvalidInputError, match="workers"):
        write_scene(SMALL, tmp_path, workers=0)


def test_progress_reaches_its_total(tmp_path: Path) -> None:
    steps: list[Progress] = []
    write_scene(SceneSpec(size_px=64, seed=5), tmp_path, steps.append, workers=1)
    assert steps[-1].done == steps[-1].total == 1
