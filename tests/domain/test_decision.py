"""Where verdicts put a flag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.decision import CORRECTED, Verdict, standing
from pipeline.domain.flag import ALLOWED, OUTCOMES, FlagStatus

YES, NO, UNSURE = Verdict.CONFIRM, Verdict.REJECT, Verdict.UNSURE


@pytest.mark.parametrize(
    ("verdicts", "second_read", "status"),
    [
        ([], False, FlagStatus.IN_REVIEW),
        ([YES], False, FlagStatus.IN_REVIEW),
        ([YES, YES], False, FlagStatus.CONFIRMED),
        ([NO], False, FlagStatus.REJECTED),
        ([NO], True, FlagStatus.IN_REVIEW),
        ([NO, NO], True, FlagStatus.REJECTED),
        ([NO, YES], True, FlagStatus.DISPUTED),
        ([UNSURE], False, FlagStatus.DISPUTED),
        ([UNSURE, YES], False, FlagStatus.DISPUTED),
        ([YES, NO, NO], False, FlagStatus.REJECTED),
        ([YES, NO, YES], False, FlagStatus.CONFIRMED),
        ([UNSURE, UNSURE, YES], False, FlagStatus.DISPUTED),
        ([UNSURE, UNSURE, YES, YES], False, FlagStatus.CONFIRMED),
        ([YES, NO, UNSURE], False, FlagStatus.DISPUTED),
    ],
)
def test_verdicts_put_a_flag_where_the_rules_say(
    verdicts: list[Verdict], *, second_read: bool, status: FlagStatus
) -> None:
    assert standing(verdicts, second_read=second_read) is status


@given(st.lists(st.sampled_from(Verdict), max_size=6), st.booleans())
def test_nothing_is_confirmed_by_fewer_than_two(verdicts: list[Verdict], second_read: bool) -> None:
    if standing(verdicts, second_read=second_read) is FlagStatus.CONFIRMED:
        assert verdicts.count(YES) >= 2


@given(st.lists(st.sampled_from(Verdict), max_size=6), st.booleans(), st.sampled_from(Verdict))
def test_a_further_verdict_is_a_step_of_a_flags_life(verdicts: list[Verdict], second_read: bool, new: Verdict) -> None:
    before = standing(verdicts, second_read=second_read)
    after = standing([*verdicts, new], second_read=second_read)
    if before in {FlagStatus.IN_REVIEW, FlagStatus.DISPUTED}:  # others take no further verdict
        assert after is before or after in ALLOWED[before]


@given(st.lists(st.sampled_from(Verdict), min_size=1, max_size=5), st.booleans(), st.data())
def test_a_correction_is_a_step_of_a_flags_life_or_one_for_corrections(
    verdicts: list[Verdict], second_read: bool, data: st.DataObject
) -> None:
    reader = data.draw(st.integers(0, len(verdicts) - 1))
    corrected = [*verdicts]
    corrected[reader] = data.draw(st.sampled_from(Verdict))
    before, after = standing(verdicts, second_read=second_read), standing(corrected, second_read=second_read)
    assert after is before or after in ALLOWED[before] | CORRECTED.get(before, frozenset())


def test_every_status_has_its_ways_and_a_visit_its_outcomes() -> None:
    assert set(ALLOWED) == set(FlagStatus)
    assert FlagStatus.NO_ACCESS in OUTCOMES
    assert ALLOWED[FlagStatus.NO_ACCESS] == {FlagStatus.VISIT_PLANNED}
