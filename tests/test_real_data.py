"""Real imagery, as it came: formats, masks, edges, and what must not be assessed."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from bundles import write_bundle
from pyogrio.raw import read
from rasterio.windows import Window
from rio_cogeo import cog_validate
from shapely import from_wkb

from pipeline.errors import InvalidInputError
from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.scanning import results
from pipeline.settings import Settings
from pipeline.workflow.demo import compare
from pipeline.workflow.scan import Order, scan

pytestmark = [pytest.mark.real_data, pytest.mark.uncounted]
MODELS = Path(__file__).parents[1] / "models"


def check_contract(out: Path) -> dict[str, object]:
    """Every file of the contract, valid, with areas that sum to the mosaic."""
    assert sorted(path.name for path in out.iterdir()) == sorted([*results.FILES, "working"])
    for name in ("scores.tif", "states.tif", "working/orthomosaic.tif"):
        valid, errors, _ = cog_validate(str(out / name), strict=True)
        assert valid, (name, errors)
    record: dict[str, object] = json.loads((out / "scan.json").read_text())
    with rasterio.open(out / "states.tif") as raster:
        counts = np.bincount(raster.read(1).ravel(), minlength=4)
        assert raster.width * raster.height == record["pixels"] == counts.sum()
    names = ("not_flown", "clear", "flagged", "not_assessable")
    assert list(counts) == [record["pixels_by_state"][name] for name in names]
    pixel_m2 = record["area_total_m2"] / record["pixels"]
    assert sum(record["area_m2"].values()) == pytest.approx(record["area_total_m2"], abs=pixel_m2)
    return record


def write_unseen_labels(path: Path, labels: Path) -> Path:
    """The labels on columns 6656 and beyond: neither trained on nor in the gap beside the training ground."""
    meta, _, geometry, (kinds,) = read(labels, columns=["class"])
    outlines = from_wkb(geometry)
    unseen = [outline.bounds[0] >= 484_000 + 6656 * 0.0027 for outline in outlines]
    fields = {"class": np.asarray(kinds, object)[unseen]}
    kept = Outlines(layer="labels", crs=meta["crs"], kind="Unknown", geometries=outlines[unseen], fields=fields)
    write_outlines(path, kept, driver="GPKG")
    return path


def write_part(path: Path, source: Path, first_column: int) -> Path:
    """The part of an orthomosaic from a column on, in the same format."""
    with rasterio.open(source) as whole:
        window = Window(first_column, 0, whole.width - first_column, whole.height)
        profile = whole.profile | {"width": window.width, "transform": whole.window_transform(window)}
        with rasterio.open(path, "w", **profile) as part:
            part.write(whole.read(window=window))
    return path


@pytest.mark.parametrize("first_column", [6144, pytest.param(0, marks=pytest.mark.soak)], ids=["its edge", "all of it"])
def test_the_potato_field_is_scanned_and_most_weeds_on_columns_never_trained_on_are_flagged(
    real_data: Path, tmp_path: Path, first_column: int
) -> None:
    source = write_part(
        tmp_path / "orthomosaic.tif", real_data / "potato_weeds" / "orthomosaic.tif", first_column=first_column
    )
    scan(Order(source=source, model=MODELS / "potato-weeds", out=tmp_path / "out"), Settings())
    record = check_contract(tmp_path / "out")
    assert record["orthomosaic"]["mask_origin"].startswith(("none", "inferred"))
    assert record["flags"] > (60 if first_column else 300)
    unseen = write_unseen_labels(tmp_path / "unseen.gpkg", real_data / "potato_weeds" / "labels.gpkg")
    found = compare(tmp_path / "out" / "flags.gpkg", unseen, target="weed")
    assert found.plots > 50
    assert found.found > 0.8 * found.plots


def test_the_white_surround_of_a_mosaic_without_nodata_is_not_flown(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "caliterra" / "orthomosaic.tif"
    scan(Order(source=source, model=write_bundle(tmp_path / "red"), out=tmp_path / "out"), Settings())
    record = check_contract(tmp_path / "out")
    assert record["orthomosaic"]["mask_origin"] == "inferred from a plain surround"
    assert any("inferred" in note for note in record["orthomosaic"]["notes"])
    with rasterio.open(source) as original:
        white_share = (original.read() >= 254).all(0).mean()
    assert record["pixels_by_state"]["not_flown"] / record["pixels"] == pytest.approx(white_share, abs=0.01)


def test_ground_of_35_cm_is_not_assessable(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "bali_farmland" / "pix4d_alpha_nodata.tif"
    scan(Order(source=source, model=write_bundle(tmp_path / "red"), out=tmp_path / "out"), Settings())
    record = check_contract(tmp_path / "out")
    assert record["orthomosaic"]["mask_origin"] == "alpha"
    assert "35.27 cm" in record["not_assessable_because"]
    assert record["area_m2"]["clear"] == record["area_m2"]["flagged"] == 0
    assert record["flags"] == 0


def test_a_picture_without_a_place_is_refused_with_what_to_do(real_data: Path, tmp_path: Path) -> None:
    source = next((real_data / "breeding_plots" / "images").glob("*.jpg"))
    with pytest.raises(InvalidInputError, match="JPEG"):
        scan(Order(source=source, model=write_bundle(tmp_path / "red"), out=tmp_path / "out"), Settings())
    assert not (tmp_path / "out").exists()
