"""The race names whom it measures, says who is missing, and compares medians."""

import json
from pathlib import Path

import pytest
from bundles import write_bundle

from pipeline.bench.course import Lap
from pipeline.bench.race import CONTESTANTS, Contestant, Course, _record, bound, choose, race, table
from pipeline.errors import InvalidInputError, PlotwatchError

ABSENT = Contestant(name="absent", said="a tool nobody has", script="none", needs=("no_such_package",))


def test_contestants_are_chosen_by_name_in_the_order_of_the_bench() -> None:
    assert choose([]) == CONTESTANTS
    assert [one.name for one in choose(["decode", "plotwatch"])] == ["plotwatch", "decode"]
    with pytest.raises(InvalidInputError, match="there is no contestant snail; there are decode, geodeep"):
        choose(["snail", "decode"])


def test_the_bound_is_that_of_cores_which_decode_and_compute_in_turn() -> None:
    assert bound({"decode": 100.0, "network": 50.0}) == pytest.approx(100 / 3)
    assert bound({"decode": 100.0}) is None


def test_medians_are_compared_and_what_is_missing_is_said(tmp_path: Path) -> None:
    mosaic = tmp_path / "mosaic.tif"
    mosaic.write_bytes(b"1234")
    ours, plain = choose(["plotwatch", "plain-loop"])
    laps = {
        ours.name: [Lap(pixels=10_000_000, seconds=s, peak_rss_mb=m) for s, m in ((1, 5), (0.5, 7), (100, 6))],
        plain.name: [Lap(pixels=10_000_000, seconds=4, peak_rss_mb=9)],
    }
    record = _record(Course(model=tmp_path), "red", mosaic, (ours, plain, ABSENT), laps)
    lines = {line["name"]: line for line in record["contestants"]}
    assert (lines["plotwatch"]["mpix_per_s"], lines["plotwatch"]["peak_rss_mb"]) == (10.0, 7)
    assert lines["plain-loop"]["plotwatch_ratio"] == 4.0
    assert lines["absent"]["missing"] == ["no_such_package"]
    said = table(record)
    assert "a tool nobody has" in said
    assert "not installed: no_such_package (the [bench] extra)" in said


def test_a_race_leaves_its_record_and_a_progress_for_each_run(tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "red")
    seen: list[tuple[str, int]] = []
    course = Course(model=model, size_px=2048, rounds=1, most_seconds=1)
    contestants = *choose(["plotwatch", "decode", "network"]), ABSENT
    record = race(course, tmp_path / "out", contestants, lambda step: seen.append((step.stage, step.done)))
    assert json.loads((tmp_path / "out" / "bench.json").read_text()) == record
    lines = {line["name"]: line for line in record["contestants"]}
    assert [len(lines[name]["laps"]) for name in ("plotwatch", "decode", "network", "absent")] == [1, 1, 1, 0]
    assert lines["plotwatch"]["laps"][0]["pixels"] == lines["decode"]["laps"][0]["pixels"] == 2048**2
    assert record["bound_mpix_per_s"] > 0
    assert [done for stage, done in seen if stage == "racing"] == [1, 2, 3]
    assert not (tmp_path / "out" / "running").exists()


def test_a_contestant_that_fails_ends_the_race_with_its_name(tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "red")
    broken = Contestant(name="broken", said="broken", script="no_such_script")
    with pytest.raises(PlotwatchError, match="the contestant broken failed: .*no_such_script"):
        race(Course(model=model, size_px=2048, rounds=1), tmp_path / "out", (broken,))


def test_a_race_of_no_round_or_no_size_is_refused(tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "red")
    with pytest.raises(InvalidInputError, match="at least one round"):
        race(Course(model=model, rounds=0), tmp_path / "out")
    with pytest.raises(InvalidInputError, match="multiple of 1024 px and at least 2048 px"):
        race(Course(model=model, size_px=2000), tmp_path / "out")
