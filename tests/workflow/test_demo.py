"""The demo counts flags against truth, and says how sure the count is."""

from pathlib import Path

import numpy as np
import pytest
from bundles import write_bundle
from shapely import Polygon, box

from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.settings import ScanSettings, Settings
from pipeline.workflow.demo import Comparison, Land, compare, demonstrate


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


@pytest.mark.parametrize("size_px", [900])
def test_the_demo_renders_scans_and_counts(tmp_path: Path, size_px: int) -> None:
    settings = Settings(scan=ScanSettings(window_px=512))
    shown = demonstrate(write_bundle(tmp_path / "red"), tmp_path / "demo", settings, land=Land(size_px=size_px))
    assert shown.record.pixels == size_px**2
    assert shown.comparison.flags == shown.record.flags
    assert (shown.results / "report.html").is_file()
    assert (shown.scene / "truth.gpkg").is_file()
