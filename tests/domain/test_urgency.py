"""What comes first, and that a score has no part in it."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId
from pipeline.domain.people import DistrictId
from pipeline.domain.reason import REASONS, Reason, must_be_reason
from pipeline.domain.urgency import Season, Waiting, by_urgency
from pipeline.errors import InvalidInputError

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
EAST, WEST = DistrictId("east"), DistrictId("west")
SUMMER = Season()


def waiting(name: str, days: float = 0.0, **more: object) -> Waiting:
    told = {"district": EAST, "flown_on": None, "disputed": False} | more
    return Waiting(flag=FlagId(name), raised_at=NOW - timedelta(days=days), **told)  # type: ignore[arg-type]


def order(*those: Waiting, backlog: dict[DistrictId, int] | None = None) -> list[str]:
    return [one.flag for one in by_urgency(those, backlog or {}, SUMMER, now=NOW, today=TODAY)]


def test_the_older_comes_first_and_a_dispute_before_those_two_weeks_older() -> None:
    assert order(waiting("new"), waiting("old", 3)) == ["old", "new"]
    assert order(waiting("old", 13), waiting("disputed", disputed=True)) == ["disputed", "old"]
    assert order(waiting("older", 15), waiting("disputed", disputed=True)) == ["older", "disputed"]


def test_what_still_stands_comes_before_what_was_harvested() -> None:
    stands, gone = waiting("stands", flown_on=date(2026, 6, 20)), waiting("gone", 5, flown_on=date(2025, 9, 1))
    assert order(gone, stands) == ["stands", "gone"]


def test_a_district_with_a_long_backlog_comes_first_and_what_was_skipped_last() -> None:
    assert order(waiting("a"), waiting("b", district=WEST), backlog={EAST: 1, WEST: 9}) == ["b", "a"]
    assert order(waiting("skipped", 90, passed_over=True), waiting("new")) == ["new", "skipped"]


def test_no_score_is_known_here() -> None:
    assert not any("score" in field.name for field in dataclasses.fields(Waiting))


@given(st.lists(st.integers(0, 10_000), unique=True, max_size=30))
def test_the_order_does_not_depend_on_how_it_is_asked(numbers: list[int]) -> None:
    those = [waiting(f"F{number}") for number in numbers]
    assert order(*those) == order(*reversed(those))


def test_a_season_may_run_over_the_new_year() -> None:
    winter = Season(begins=(10, 1), ends=(3, 31))
    assert winter.stands(date(2026, 12, 1), date(2027, 1, 15))
    assert not winter.stands(date(2026, 12, 1), date(2027, 5, 1))
    assert not SUMMER.stands(date(2026, 8, 1), date(2026, 7, 1)), "nothing was flown in the future"
    assert not SUMMER.stands(date(2025, 8, 1), date(2026, 7, 1)), "nor stands from last year"


def test_each_verdict_has_reasons_and_a_reason_of_another_is_refused() -> None:
    assert {reason.verdict for reason in REASONS} == set(Verdict)
    must_be_reason(REASONS, Verdict.REJECT, "other_crop")
    with pytest.raises(InvalidInputError, match="choose one of"):
        must_be_reason(REASONS, Verdict.CONFIRM, "other_crop")


@pytest.mark.parametrize("wrong", [{"code": "two words"}, {"code": "x" * 41}, {"zh": " "}, {"en": ""}])
def test_a_reason_that_could_not_be_told_apart_is_refused(wrong: dict[str, str]) -> None:
    told = {"verdict": Verdict.CONFIRM, "code": "rows", "en": "Rows", "zh": "成行"} | wrong
    with pytest.raises(InvalidInputError):
        Reason(**told)  # type: ignore[arg-type]


queues = st.lists(
    st.builds(
        Waiting,
        flag=st.uuids().map(lambda one: FlagId(one.hex)),
        district=st.sampled_from([EAST, WEST]),
        raised_at=st.integers(0, 5000).map(lambda hours: NOW - timedelta(hours=hours)),
        flown_on=st.none() | st.dates(date(2024, 1, 1), date(2026, 12, 31)),
        disputed=st.booleans(),
        passed_over=st.booleans(),
    ),
    unique_by=lambda one: one.flag,
    max_size=12,
)


@given(queues, st.dictionaries(st.sampled_from([EAST, WEST]), st.integers(0, 1000)))
def test_nobody_is_lost_what_was_skipped_is_last_and_all_else_alike_the_older_is_first(
    queue: list[Waiting], backlog: dict[DistrictId, int]
) -> None:
    ordered = by_urgency(queue, backlog, SUMMER, now=NOW, today=TODAY)
    assert sorted(one.flag for one in ordered) == sorted(one.flag for one in queue)
    assert [one.passed_over for one in ordered] == sorted(one.passed_over for one in ordered)
    ages: dict[tuple[object, ...], list[datetime]] = {}
    for one in ordered:
        ages.setdefault((one.district, one.flown_on, one.disputed, one.passed_over), []).append(one.raised_at)
    assert all(raised == sorted(raised) for raised in ages.values())
