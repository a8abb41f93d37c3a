"""A flight as a STAC Item: it reads back through every extension, and every checksum is that of its file."""

import copy
import hashlib
import json
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pystac
import pytest
from bundles import write_bundle
from pystac.errors import STACValidationError
from pystac.extensions.file import FileExtension
from pystac.extensions.mlm import MLMExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import RasterExtension
from shapely import is_ccw
from shapely.geometry import Polygon, shape
from stac import validate
from uploads import write_upload

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.scanning.results import FILES, read_flags
from pipeline.settings import ScanSettings, Settings
from pipeline.workflow.catalogue import Entry, stac_item
from pipeline.workflow.order import Order
from pipeline.workflow.scan import scan


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    order = Order(
        source=write_upload(folder / "flight.tif"), model=write_bundle(folder / "red"), out=folder / "results"
    )
    scan(order, Settings(scan=ScanSettings(window_px=128)))
    return order.out


@pytest.fixture
def item(results: Path) -> dict[str, Any]:
    return stac_item(Entry(results=results, flown_on=date(2026, 7, 3)))


def test_every_file_is_an_asset_whose_checksum_is_its_own(results: Path, item: dict[str, Any]) -> None:
    assets = item["assets"].values()
    assert {(results / asset["href"]).name for asset in assets} == {*FILES, "orthomosaic.tif"}
    for asset in assets:
        content = (results / asset["href"]).read_bytes()
        assert asset["file:checksum"] == "1220" + hashlib.sha256(content).hexdigest()
        assert asset["file:size"] == len(content)


def test_the_footprint_is_what_the_mask_says_was_flown(item: dict[str, Any]) -> None:
    outline = shape(item["geometry"])
    assert isinstance(outline, Polygon)
    assert is_ccw(outline.exterior)
    west, south, east, north = outline.bounds
    assert item["bbox"] == pytest.approx([west, south, east, north])
    assert (west, north) == pytest.approx((111.0, 40.65), abs=0.01)
    assert (east - west) * 111_320 * 0.7588 == pytest.approx(610 * 0.02, rel=0.02)  # 90 of 700 columns were not flown


def test_it_reads_back_through_every_extension(item: dict[str, Any]) -> None:
    read = pystac.Item.from_dict(json.loads(json.dumps(item)))
    assert read.to_dict(include_self_link=False) == item
    projection = ProjectionExtension.ext(read)
    assert (projection.code, projection.shape) == ("EPSG:32649", [600, 700])
    assert projection.transform == [0.02, 0.0, 500_000.0, 0.0, -0.02, 4_500_000.0]
    bands = RasterExtension.ext(read.assets["scores"]).bands
    assert bands is not None
    assert (bands[0].nodata, bands[0].scale) == (255, pytest.approx(1 / 254))
    assert len(RasterExtension.ext(read.assets["orthomosaic"]).bands or []) == 3
    assert FileExtension.ext(read.assets["flags"]).checksum
    names = {address.split("/")[3] for address in read.stac_extensions}
    assert names == {"projection", "raster", "file", "processing"}


def test_it_holds_against_the_schemas_of_the_core_and_of_each_extension(results: Path, item: dict[str, Any]) -> None:
    validate(item)
    validate(stac_item(Entry(results=results)))
    validate(stac_item(Entry(results=results, model=results.parent / "red")))


def test_without_imagery_the_item_says_where_it_was_and_what_is_left(results: Path, tmp_path: Path) -> None:
    left = shutil.copytree(results, tmp_path / "left")
    (left / "working" / "orthomosaic.tif").unlink()
    (left / "report.html").unlink()
    item = stac_item(Entry(results=left))
    validate(item)
    assert set(item["assets"]) == {"states", "scores", "flags", "flags-geojson", "fly-again", "ground", "record"}
    before, after = (shape(one["geometry"]) for one in (stac_item(Entry(results=results)), item))
    assert after.intersection(before).area / before.union(after).area > 0.9
    (left / "scores.tif").unlink()
    with pytest.raises(FileNotFoundError):
        stac_item(Entry(results=left))


def test_a_wrong_item_does_not_hold(results: Path) -> None:
    item = stac_item(Entry(results=results, model=results.parent / "red"))

    def refused(change: Callable[[dict[str, Any]], object]) -> None:
        wrong = copy.deepcopy(item)
        change(wrong)
        with pytest.raises((STACValidationError, AssertionError)):
            validate(wrong)

    refused(lambda wrong: wrong.pop("bbox"))
    refused(lambda wrong: wrong["properties"].update({"datetime": None, "start_datetime": None}))
    refused(lambda wrong: wrong["properties"].update({"proj:shape": [600]}))
    refused(lambda wrong: wrong["assets"]["flags"].update({"file:checksum": "sha256-of-it"}))
    refused(lambda wrong: wrong["assets"]["scores"].update({"raster:bands": []}))
    refused(lambda wrong: wrong["properties"].pop("mlm:input"))
    refused(lambda wrong: wrong["properties"].update({"mlm:colour": "red"}))
    refused(lambda wrong: wrong["assets"].pop("model"))
    refused(lambda wrong: wrong["assets"]["model"].pop("mlm:artifact_type"))
    refused(lambda wrong: wrong["assets"]["model"].pop("bands"))
    refused(lambda wrong: wrong["stac_extensions"].pop())
    refused(lambda wrong: wrong["stac_extensions"].append("https://stac-extensions.github.io/eo/v2.0.0/schema.json"))


def test_the_lineage_names_original_and_model_and_the_software(item: dict[str, Any]) -> None:
    said = item["properties"]
    assert said["processing:software"] == {"plotwatch": "0.1.0"}
    assert "Original flight.tif (sha256 " in said["processing:lineage"]
    assert "model red-things (sha256 " in said["processing:lineage"]
    assert said["gsd"] == 0.02


def test_a_known_day_is_an_interval_and_an_unknown_one_ends_with_the_scan(results: Path, item: dict[str, Any]) -> None:
    known = pystac.Item.from_dict(item)
    assert known.datetime is None
    assert known.common_metadata.start_datetime == datetime(2026, 7, 3, tzinfo=UTC)
    assert known.common_metadata.end_datetime == datetime(2026, 7, 3, 23, 59, 59, tzinfo=UTC)
    unknown = stac_item(Entry(results=results))["properties"]
    assert unknown["datetime"] is None
    assert unknown["end_datetime"] == unknown["processing:datetime"]
    assert unknown["start_datetime"] < unknown["end_datetime"]


def test_the_network_is_an_asset_where_its_bundle_is_at_hand_and_no_other_passes_for_it(results: Path) -> None:
    bundle = results.parent / "red"
    item = stac_item(Entry(results=results, model=bundle))
    model, asset = MLMExtension.ext(pystac.Item.from_dict(copy.deepcopy(item))), item["assets"]["model"]
    assert model.mlm_name == "red-things"
    assert [tensor.name for tensor in (*model.input, *model.output)] == ["pixels", "logits"]
    assert asset["roles"] == ["mlm:model"]
    assert asset["file:checksum"] == "1220" + hashlib.sha256((bundle / "model.onnx").read_bytes()).hexdigest()
    with pytest.raises(InvalidInputError, match="not the model of this scan"):
        stac_item(Entry(results=results, model=write_bundle(results.parent / "other", name="other")))


def test_addresses_can_be_given(results: Path) -> None:
    item = stac_item(Entry(results=results, id="flight-7"), lambda key, path: f"https://here/{key}/{path.name}")
    assert item["id"] == "flight-7"
    assert item["assets"]["states"]["href"] == "https://here/states/states.tif"


def test_nothing_is_fetched_for_it(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert stac_item(Entry(results=results))["type"] == "Feature"


def test_a_folder_without_a_finished_scan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no scan was finished"):
        stac_item(Entry(results=tmp_path))
    with pytest.raises(NotFoundError, match="no scan was finished"):
        read_flags(tmp_path)
    (tmp_path / "scan.json").write_text("{")
    with pytest.raises(InvalidInputError, match="damaged"):
        stac_item(Entry(results=tmp_path))
    (tmp_path / "scan.json").write_text('{"version": 99}')
    with pytest.raises(InvalidInputError, match="not of version 1"):
        stac_item(Entry(results=tmp_path))


def test_flags_read_back_as_they_were_written(results: Path) -> None:
    flags = read_flags(results)
    assert [flag.id for flag in flags] == ["F00001", "F00002"]
    assert all(flag.plot.class_name == "red" and flag.plot.cells == 4 for flag in flags)
