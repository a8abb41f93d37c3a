"""The demo counts flags against truth, and says how sure the count is."""

from pathlib import Path

import numpy as np
import pytest
from bundles import write_bundle
from databases import CHEAP, NOW
from shapely import Polygon, box

from pipeline.errors import InvalidInputError
from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.settings import ScanSettings, Settings, StoreSettings
from pipeline.store.database import Database
from pipeline.workflow.demo import Comparison, Land, compare, demonstrate
from pipeline.workflow.open_bureau import Premises


def write(path: Path, layer: str, outlines: list[tuple[str, Polygon]]) -> Path:
    fields = {"class": np.array([kind for kind, _ in outlines], object)}
    geometries = [outline for _, outline in outlines]
    write_outlines(
        path,
        Outlines(layer=layer, crs="EPSG:32649", kind="Polygon", geometries=geometries, fields=fields),
        driver="GPKG",
    )
    return path


def test_a_plot_is_found_when_a_flag_touches_it_and_a_flag_is_false_when_it_touches_none(tmp_path: Path) -> None:
    truth = [("poppy", box(0, 0, 2, 2)), ("poppy", box(10, 0, 12, 2)), ("lettuce", box(20, 0, 22, 2))]
    flags = [("poppy", box(1, 1, 3, 3)), ("poppy", box(0, 0, 1, 1)), ("poppy", box(21, 1, 23, 3))]
    flags.append(("poppy", box(50, 50, 51, 51)))
    counted = compare(
        write(tmp_path / "f.gpkg", "flags", flags), write(tmp_path / "t.gpkg", "labels", truth), target="poppy"
    )
    assert counted == Comparison(plots=2, found=1, flags=4, false_flags=2, look_alikes=1)


def test_no_flags_find_nothing(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.gpkg", "labels", [("poppy", box(0, 0, 2, 2))])
    counted = compare(write(tmp_path / "f.gpkg", "flags", []), truth, target="poppy")
    assert (counted.found, counted.false_flags) == (0, 0)


def test_the_count_comes_with_its_exact_interval() -> None:
    sentence = Comparison(plots=14, found=13, flags=29, false_flags=16, look_alikes=6).sentence()
    assert sentence.startswith("13 of 14 hidden plots were flagged (93 %, 95 % interval 66 to 100 %); 16 of 29")
    assert "no plots" in Comparison(plots=0, found=0, flags=1, false_flags=1, look_alikes=0).sentence()


def test_the_demo_renders_scans_once_and_counts(sqlite_database: Database, tmp_path: Path) -> None:
    settings = Settings(
        scan=ScanSettings(window_px=512),
        store=StoreSettings(data_dir=tmp_path / "data"),
        model=write_bundle(tmp_path / "red"),
    )
    premises = Premises(database=sqlite_database, settings=settings, passwords=CHEAP, now=lambda: NOW)
    shown = demonstrate(premises, tmp_path / "scene", land=Land(size_px=900))
    assert shown.record.pixels == 900**2
    assert shown.comparison.flags == shown.record.flags
    assert (shown.bureau.results / "report.html").is_file()
    assert (shown.scene / "truth.gpkg").is_file()


def test_a_flight_that_cannot_be_scanned_is_said(sqlite_database: Database, tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(data_dir=tmp_path / "data"), model=tmp_path / "none")
    premises = Premises(database=sqlite_database, settings=settings, passwords=CHEAP, now=lambda: NOW)
    with pytest.raises(InvalidInputError, match="was not scanned: "):
        demonstrate(premises, tmp_path / "scene", land=Land(size_px=300))
