"""The order in which flags are put before readers: age, dispute, season and backlog; never a score."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.flag import FlagId
from pipeline.domain.people import DistrictId
from pipeline.domain.urgency import Season, Waiting, by_urgency

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
DISTRICTS = [DistrictId(name) for name in ("east", "west")]
waiting = st.lists(
    st.builds(
        Waiting,
        flag=st.uuids().map(lambda one: FlagId(one.hex)),
        district=st.sampled_from(DISTRICTS),
        raised_at=st.integers(0, 5000).map(lambda hours: NOW - timedelta(hours=hours)),
        flown_on=st.none() | st.dates(date(2024, 1, 1), date(2026, 12, 31)),
        disputed=st.booleans(),
        passed_over=st.booleans(),
    ),
    unique_by=lambda one: one.flag,
    max_size=12,
)
backlogs = st.dictionaries(st.sampled_from(DISTRICTS), st.integers(0, 1000))


def one(flag: str, *, days: float = 1, **more: object) -> Waiting:
    values = {"district": DISTRICTS[0], "flown_on": None, "disputed": False} | more
    return Waiting(flag=FlagId(flag), raised_at=NOW - timedelta(days=days), **values)  # type: ignore[arg-type]


def order(*some: Waiting, **backlog: int) -> list[str]:
    counted = {DistrictId(name): count for name, count in backlog.items()}
    return [found.flag for found in by_urgency(some, counted, Season(), now=NOW, today=TODAY)]


@given(waiting, backlogs, st.randoms())
def test_nobody_is_lost_and_the_order_does_not_depend_on_how_they_came(
    some: list[Waiting], backlog: dict[DistrictId, int], chance: Random
) -> None:
    ordered = by_urgency(some, backlog, Season(), now=NOW, today=TODAY)
    assert {found.flag for found in ordered} == {found.flag for found in some}
    assert len(ordered) == len(some)
    shuffled = list(some)
    chance.shuffle(shuffled)
    assert by_urgency(shuffled, backlog, Season(), now=NOW, today=TODAY) == ordered


@given(waiting, backlogs)
def test_what_was_skipped_comes_after_everything_else(some: list[Waiting], backlog: dict[DistrictId, int]) -> None:
    skipped = [found.passed_over for found in by_urgency(some, backlog, Season(), now=NOW, today=TODAY)]
    assert skipped == sorted(skipped)


@given(waiting, backlogs)
def test_all_else_alike_the_older_comes_first(some: list[Waiting], backlog: dict[DistrictId, int]) -> None:
    ordered = by_urgency(some, backlog, Season(), now=NOW, today=TODAY)
    for at, before in enumerate(ordered):
        for after in ordered[at + 1 :]:
            alike = all(
                getattr(before, name) == getattr(after, name)
                for name in ("district", "flown_on", "disputed", "passed_over")
            )
            assert not alike or before.raised_at <= after.raised_at


def test_a_score_has_no_part_in_it() -> None:
    assert "score" not in {field.name for field in fields(Waiting)}


def test_a_dispute_is_as_urgent_as_two_weeks() -> None:
    assert order(one("old", days=14.5), one("disputed", days=1, disputed=True)) == ["disputed", "old"]
    assert order(one("old", days=15.5), one("disputed", days=1, disputed=True)) == ["old", "disputed"]


def test_what_still_stands_comes_before_what_is_harvested() -> None:
    standing, gone = one("standing", flown_on=date(2026, 6, 1)), one("gone", flown_on=date(2025, 6, 1), days=20)
    assert order(gone, standing) == ["standing", "gone"]


def test_the_district_with_the_longer_queue_comes_first() -> None:
    here, there = one("here"), one("there", district=DISTRICTS[1])
    assert order(here, there, east=10, west=90) == ["there", "here"]
    assert order(here, there, east=90, west=10) == ["here", "there"]


@given(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 250))
def test_a_season_may_run_over_the_new_year(flown_on: date, later: int) -> None:
    winter, today = Season(begins=(10, 1), ends=(3, 31)), flown_on + timedelta(days=later)
    both = all(day.month in {10, 11, 12, 1, 2, 3} for day in (flown_on, today))
    assert winter.stands(flown_on, today) == both
    assert not winter.stands(None, today)
    assert not winter.stands(today + timedelta(days=1), today)
