"""A season through intake, quality, scan, coverage: what is called seen was seen; ``simulate_season.py`` is larger."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from databases import NOW
from handed_in import a_bureau, here
from rasters import green_ground
from season import Season, sorties

from pipeline.domain.flight import FlightState
from pipeline.store.database import Database
from pipeline.workflow.advance import advance_to_the_end
from pipeline.workflow.cover import recount

SIDE = 900
KINDS = ["partly blurred", "holes", "aborted", "partly dark"]


@pytest.fixture
def season(sqlite_database: Database, tmp_path: Path) -> Season:
    made = Season(
        bureau=a_bureau(sqlite_database, tmp_path, window_px=512), land_hwb=green_ground(SIDE, SIDE), folder=tmp_path
    )
    made.area("hill", 100, 150, 700, 640)
    for sortie in sorties(np.random.default_rng(4), KINDS, SIDE, (520, 700)):
        flight = made.hand_in(sortie)
        advance_to_the_end(made.bureau.shop(now=lambda: NOW, apart=here), made.bureau.attempt(flight.id))
    return made


def test_coverage_never_exceeds_what_the_flights_show_and_the_states_add_up(season: Season) -> None:
    states = Counter(season.bureau.flight(flight).state for flight in season.flown)
    assert states == {FlightState.SCANNED: 4}
    for first, last in ((0, 2), (0, 0), (0, 1), (2, 2)):
        window = season.window(first, last)
        seen_hw, imaged_hw = season.truth(window)
        assert not (season.claimed(window) & ~seen_hw).any()
        for name, ground in season.counted(window).items():
            parts = (ground.seen, ground.not_assessable, ground.could_not_be_flown, ground.not_flown)
            assert sum(parts) == ground.total, name
            hill = np.s_[150:790, 100:800]
            seen_m2, imaged_m2 = (float(flown_hw[hill].sum()) * season.pixel_m2 for flown_hw in (seen_hw, imaged_hw))
            assert 0.4 * seen_m2 < ground.seen / 100 <= seen_m2
            assert (ground.seen + ground.not_assessable) / 100 <= imaged_m2
    before = season.counted(season.window(0, 9))
    recount(season.bureau.database, season.bureau.files)
    assert season.counted(season.window(0, 9)) == before
