"""A killed scan resumes at the strip where it stopped."""

from pathlib import Path

import pytest

from pipeline.scanning.ledger import Ledger, StripDone, clear_ledger


def done(strip: int) -> StripDone:
    return StripDone(strip=strip, scored=2, skipped=1, seconds=0.5)


def test_finished_strips_and_their_scores_are_found_again(tmp_path: Path) -> None:
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        assert (ledger.scores_rc == 255).all()
        ledger.scores_rc[0] = 7
        ledger.reasons_rc[0] = 3
        ledger.finish(done(0))
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        assert set(ledger.done) == {0}
        assert ledger.scores_rc.tolist() == [[7, 7, 7], [255, 255, 255]]
        assert ledger.reasons_rc.tolist() == [[3, 3, 3], [0, 0, 0]]
        ledger.finish(done(1))
        assert ledger.total() == StripDone(strip=2, scored=4, skipped=2, seconds=1.0)


@pytest.mark.parametrize(("identity", "rows"), [("b", 2), ("a", 3)])
def test_a_ledger_of_another_scan_is_started_anew(tmp_path: Path, identity: str, rows: int) -> None:
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        ledger.finish(done(0))
    with Ledger(tmp_path, identity=identity, rows=rows, columns=3) as ledger:
        assert ledger.done == {}
        assert (ledger.scores_rc == 255).all()


@pytest.mark.parametrize("tail", ['{"strip": 1, "sco', "\x00\x00", "[]\n"])
def test_a_line_cut_off_by_a_kill_is_not_believed(tmp_path: Path, tail: str) -> None:
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        ledger.finish(done(0))
    path = tmp_path / "ledger.jsonl"
    path.write_text(path.read_text() + tail)
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        assert set(ledger.done) == {0}
        ledger.finish(done(1))
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        assert set(ledger.done) == {0, 1}


def test_a_ledger_without_its_reasons_is_started_anew(tmp_path: Path) -> None:
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        ledger.finish(done(0))
    (tmp_path / "reasons.u8").unlink()
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        assert ledger.done == {}


def test_a_ledger_that_lost_its_head_is_started_anew(tmp_path: Path) -> None:
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        ledger.finish(done(0))
    (tmp_path / "ledger.jsonl").write_text("")
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        assert ledger.done == {}


def test_a_cleared_ledger_leaves_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path, identity="a", rows=2, columns=3) as ledger:
        ledger.finish(done(0))
    clear_ledger(tmp_path)
    assert list(tmp_path.iterdir()) == []
