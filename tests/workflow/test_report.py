"""The report: self-contained, in two languages, and says no more than is known."""

import re
from dataclasses import replace
from pathlib import Path

from bundles import MANIFEST
from pages import unclosed
from rasters import LEFT, TOP, green_ground, place, write_working
from shapely import MultiPolygon, box

from pipeline.domain.claim import claim_for, differences_of_scale
from pipeline.domain.flag import raise_flags
from pipeline.domain.plot import CandidatePlot
from pipeline.scanning.results import Effort, ModelUsed, Orthophoto, ScanRecord, claimed
from pipeline.workflow.report import Scanned, write_report


def record(**changes: object) -> ScanRecord:
    areas = {"not_flown": 10.0, "clear": 60.0, "flagged": 8.0, "not_assessable": 2.0}
    made = ScanRecord(
        version=1,
        software="plotwatch 0.1.0",
        scanned_at="2026-11-24T01:02:03+00:00",
        orthomosaic=Orthophoto(
            name="<script>alert(1)</script>.tif", sha256="ab" * 32, bytes=1, width_px=400, height_px=300,
            gsd_m=0.02, crs="", mask_origin="inferred from a plain surround", notes=("A <b>note</b>.",),
        ),
        model=ModelUsed(
            name="red-things", sha256="cd" * 32, classes=("red",), gsd_m=0.02,
            threshold_high=0.7, threshold_low=0.5, precision="fp32",
        ),
        settings={"plots": {"least_area_m2": 2.0}},
        pixels=120_000,
        effort=Effort(windows_read=1, windows_skipped=0, seconds=1.0, mpix_per_s=1.0, peak_rss_mb=1),
        pixels_by_state={},
        area_m2=areas,
        area_total_m2=80.0,
        flags=2,
        dropped_too_small=3,
        not_assessable_because=None,
        claim=claimed(claim_for(MANIFEST.thresholds)),
    )  # fmt: skip
    return replace(made, **changes)


def page(tmp_path: Path, made: ScanRecord, *, flags: int = 2) -> str:
    outlines = [box(LEFT + 2, TOP - 3, LEFT + 3, TOP - 2), MultiPolygon([box(LEFT + 6, TOP - 5, LEFT + 7, TOP - 4)])]
    plots = tuple(
        CandidatePlot(outline=outline, class_name="red", score=0.81, area_m2=1.0, cells=2)
        for outline in outlines[:flags]
    )
    working = write_working(tmp_path / "w.tif", green_ground(300, 400))
    scanned = Scanned(
        record=made,
        flags=raise_flags(plots, model="red-things", threshold=0.7),
        place=place(),
        working=working,
        model=MANIFEST,
    )
    write_report(tmp_path / "report.html", scanned)
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_page_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    text = page(tmp_path, record())
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "<script" not in text
    assert "url(" not in text
    assert "http" not in re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", text)


def test_what_an_upload_says_of_itself_is_shown_as_text(tmp_path: Path) -> None:
    text = page(tmp_path, record())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.tif" in text
    assert "A &lt;b&gt;note&lt;/b&gt;." in text


def test_each_flag_has_its_two_pictures_and_is_marked_on_the_overview(tmp_path: Path) -> None:
    text = page(tmp_path, record())
    assert text.count("data:image/jpeg") == 1 + 2 * 2
    assert text.count('class="card"') == 2
    assert text.count('<circle class="ring"') == 2
    assert "F00002" in text


def test_it_says_what_may_not_be_concluded_in_both_languages(tmp_path: Path) -> None:
    text = page(tmp_path, record())
    assert "A flag is not a finding." in text
    assert "标记不是结论" in text
    assert "No share of plots found is claimed" in text
    assert "本报告不声明检出率" in text
    assert "It knows red from green and nothing else." in text


def test_a_claim_is_printed_with_its_n_in_both_languages(tmp_path: Path) -> None:
    proven = replace(MANIFEST.thresholds, n_plots=60, n_found=60)
    text = page(tmp_path, record(claim=claimed(claim_for(proven))))
    assert "At least 95 % of plots on ground like this are flagged, with 95 % confidence (n = 60 held-out" in text
    assert all(said in text for said in ("在同类地面上", "至少 95% 的地块会被标记", "检出 60 个"))
    assert "No share of plots found is claimed" not in text


def test_a_flight_that_differs_prints_no_claim_and_says_how_it_differs(tmp_path: Path) -> None:
    proven = replace(MANIFEST.thresholds, n_plots=60, n_found=60)
    refused = claim_for(proven, differences=differences_of_scale(0.031, MANIFEST))
    text = page(tmp_path, record(claim=claimed(refused)))
    assert "No claim: this flight differs (ground sampling distance 3.1 cm, model knows 1.6-2.5 cm)" in text
    assert "本次飞行与模型的校准地面不同" in text
    assert "地面分辨率 3.1 cm" in text


def test_both_languages_say_the_same_amount(tmp_path: Path) -> None:
    text = page(tmp_path, record())
    english, chinese = text.count('lang="en"'), text.count('lang="zh-Hans"')
    assert english - 1 == chinese  # the page itself is marked as English


def test_the_four_areas_and_the_whole_are_given(tmp_path: Path) -> None:
    text = page(tmp_path, record())
    for number in ("60.0", "10.0", "8.0", "2.0", "80.0", "75.00", "100.00"):
        assert f">{number}</t" in text
    assert "3 candidates below the least area" in text


def test_ground_that_was_not_assessed_is_not_called_clear(tmp_path: Path) -> None:
    text = page(tmp_path, record(flags=0, not_assessable_because="this mosaic is too coarse"), flags=0)
    assert "This ground was not assessed." in text
    assert "This mosaic is too coarse." in text
    assert "raised no question on this ground" not in text


def test_no_flags_are_no_proof(tmp_path: Path) -> None:
    text = page(tmp_path, record(flags=0), flags=0)
    assert "not a proof that nothing grows there" in text


def test_the_page_is_well_formed(tmp_path: Path) -> None:
    assert unclosed(page(tmp_path, record())) == []
