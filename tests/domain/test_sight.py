import pytest

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import Role
from pipeline.domain.sight import may_see, told


@pytest.mark.parametrize("status", list(FlagStatus))
def test_nobody_learns_of_a_dispute_and_all_else_is_said_as_it_is(status: FlagStatus) -> None:
    assert told(status) is (FlagStatus.IN_REVIEW if status is FlagStatus.DISPUTED else status)


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        (FlagStatus.UNREVIEWED, False),
        (FlagStatus.IN_REVIEW, False),
        (FlagStatus.DISPUTED, False),
        (FlagStatus.REJECTED, False),
        (FlagStatus.CONFIRMED, True),
        (FlagStatus.VISIT_PLANNED, True),
        (FlagStatus.NO_ACCESS, True),
    ],
)
def test_only_what_was_confirmed_reaches_field_teams(status: FlagStatus, *, seen: bool) -> None:
    assert may_see([Role.FIELD], status) is seen
    assert may_see([Role.FIELD, Role.SURVEYOR], status)


@pytest.mark.parametrize("status", list(FlagStatus))
def test_an_administrator_sees_no_flag_by_that_role(status: FlagStatus) -> None:
    assert not may_see([Role.ADMINISTRATOR], status)
    assert not may_see([], status)
