"""What is held out stays held out, and ground is never on both sides."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.geometry import Extent
from pipeline.domain.registry import Measured, Outcome, outcome_of
from pipeline.learning.dealing import deal

PLACES = st.lists(st.integers(0, 60), min_size=1, max_size=25)


def flights(places: list[int]) -> list[tuple[str, Extent]]:
    return [
        (f"f{n}", Extent(west=at / 1000, east=at / 1000 + 0.0015, south=0.0, north=0.001))
        for n, at in enumerate(places)
    ]


@given(places=PLACES, more=PLACES)
def test_nothing_that_comes_later_moves_what_was_dealt(places: list[int], more: list[int]) -> None:
    before = deal(flights(places))
    assert deal(flights([*places, *more]))[: len(before)] == before


@given(places=PLACES)
def test_flights_over_the_same_ground_never_play_two_roles(places: list[int]) -> None:
    dealt = deal(flights(places))
    for first, one in zip(places, dealt, strict=True):
        for second, other in zip(places, dealt, strict=True):
            if abs(first - second) <= 1 and one.role is not None and other.role is not None:
                assert one.role is other.role


def test_a_challenger_is_better_only_if_it_is_shown_to_be() -> None:
    assert outcome_of(Measured(gained=0, lost=1, chance=1.0, more_questions=1.0)) is Outcome.WORSE
    assert outcome_of(Measured(gained=9, lost=0, chance=0.004, more_questions=1.2)) is Outcome.BETTER
    assert outcome_of(Measured(gained=9, lost=0, chance=0.004, more_questions=2.0)) is Outcome.NOT_SHOWN
    assert outcome_of(Measured(gained=3, lost=0, chance=0.25, more_questions=1.0)) is Outcome.NOT_SHOWN
