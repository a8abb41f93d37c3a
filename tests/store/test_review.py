"""Review: who may decide on what, and where a flag stands after it."""

from datetime import timedelta

import pytest
from databases import NOW
from found import record_finding
from sqlalchemy import text
from survey import ONE_READ, TWO_READS, Survey, looked, ruling, set_up

from pipeline.domain.decision import Decision, DecisionId, Verdict
from pipeline.domain.flag import FlagId, FlagStatus
from pipeline.domain.people import Role
from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.decisions import decide, decisions_on
from pipeline.store.flags import flags_of_flight
from pipeline.store.laws import enact, missing_laws
from pipeline.store.leases import LASTS
from pipeline.store.people import give_access, lock_person
from pipeline.store.sessions import end_session
from pipeline.store.stops import is_stopped, turn_switch
from pipeline.store.visits import plan_visit, visits_to

YES, NO, UNSURE = Verdict.CONFIRM, Verdict.REJECT, Verdict.UNSURE


@pytest.fixture
def survey(database: Database) -> Survey:
    return set_up(database)


def judge(survey: Survey, name: str, verdict: Verdict, flag: FlagId = ONE_READ) -> Decision:
    with survey.database.transaction() as connection:
        looked(connection, survey.people[name], flag, now=survey.now)
        return decide(connection, survey.sessions[name], ruling(flag, verdict), now=survey.now)


def correct(survey: Survey, name: str, verdict: Verdict, of: Decision) -> Decision:
    with survey.database.transaction() as connection:
        return decide(connection, survey.sessions[name], ruling(of.flag, verdict, corrects=of.id), now=survey.now)


def status(survey: Survey, flag: FlagId = ONE_READ) -> FlagStatus:
    with survey.database.snapshot() as connection:
        return next(found.status for found in flags_of_flight(connection, survey.flight) if found.id == flag)


def confirmed(survey: Survey) -> None:
    judge(survey, "ada", YES)
    judge(survey, "bai", YES)
    assert status(survey) is FlagStatus.CONFIRMED


def test_two_reviewers_confirm_and_one_does_not(survey: Survey) -> None:
    assert status(survey) is FlagStatus.UNREVIEWED
    judge(survey, "ada", YES)
    assert status(survey) is FlagStatus.IN_REVIEW
    judge(survey, "bai", YES)
    assert status(survey) is FlagStatus.CONFIRMED


def test_one_rejection_rejects_unless_it_is_read_a_second_time(survey: Survey) -> None:
    judge(survey, "ada", NO)
    assert status(survey) is FlagStatus.REJECTED
    judge(survey, "ada", NO, TWO_READS)
    assert status(survey, TWO_READS) is FlagStatus.IN_REVIEW
    judge(survey, "bai", NO, TWO_READS)
    assert status(survey, TWO_READS) is FlagStatus.REJECTED


def test_a_third_person_ends_a_dispute(survey: Survey) -> None:
    judge(survey, "ada", YES)
    judge(survey, "bai", NO)
    assert status(survey) is FlagStatus.DISPUTED
    with pytest.raises(NotAllowedError, match="judged the flag already"):
        judge(survey, "bai", YES)
    judge(survey, "cui", YES)
    assert status(survey) is FlagStatus.CONFIRMED


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("uploader", NotAllowedError),
        ("manager", NotAllowedError),
        ("field", NotAllowedError),
        ("chief", NotFoundError),
        ("stranger", NotFoundError),
    ],
)
def test_nobody_else_gets_a_flag(survey: Survey, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        judge(survey, name, YES)


def test_a_decision_needs_a_lease_that_has_not_run_out(survey: Survey) -> None:
    session = survey.sessions["ada"]
    with pytest.raises(NotAllowedError, match="offered"), survey.database.transaction() as connection:
        decide(connection, session, ruling(ONE_READ, YES), now=survey.now)
    with survey.database.transaction() as connection:
        looked(connection, session.person, ONE_READ, now=survey.now)
    assert status(survey) is FlagStatus.IN_REVIEW
    with pytest.raises(NotAllowedError, match="offered"), survey.database.transaction() as connection:
        decide(connection, session, ruling(ONE_READ, YES), now=survey.now + LASTS)


def test_two_reviewers_never_hold_the_same_flag(survey: Survey) -> None:
    with survey.database.transaction() as connection:
        looked(connection, survey.people["ada"], ONE_READ, now=survey.now)
        looked(connection, survey.people["ada"], ONE_READ, now=survey.now)
        with pytest.raises(ConflictError, match="another reviewer"):
            looked(connection, survey.people["bai"], ONE_READ, now=survey.now)
        looked(connection, survey.people["bai"], ONE_READ, now=survey.now + LASTS)


def test_whoever_is_signed_out_locked_or_no_reviewer_any_more_does_not_decide(survey: Survey) -> None:
    with survey.database.transaction() as connection:
        for name in ("ada", "bai", "cui"):
            lease_at = survey.now + {"ada": 0, "bai": 1, "cui": 2}[name] * LASTS
            looked(connection, survey.people[name], ONE_READ, now=lease_at)
            if name == "ada":
                end_session(connection, survey.secrets["ada"], now=lease_at)
            elif name == "bai":
                lock_person(connection, survey.people["bai"].id, why="left", by=None, now=lease_at)
            else:
                give_access(connection, survey.people["cui"], roles=set(), districts=set(), by=None, now=lease_at)
    for turn, name in enumerate(("ada", "bai", "cui")):
        with pytest.raises(NotAllowedError, match="decides"), survey.database.transaction() as connection:
            decide(connection, survey.sessions[name], ruling(ONE_READ, YES), now=survey.now + turn * LASTS)


def test_a_session_that_ran_out_decides_nothing(survey: Survey) -> None:
    late = survey.sessions["ada"].expires_at
    with survey.database.transaction() as connection:
        looked(connection, survey.people["ada"], ONE_READ, now=late)
    with pytest.raises(NotAllowedError, match="signed in"), survey.database.transaction() as connection:
        decide(connection, survey.sessions["ada"], ruling(ONE_READ, YES), now=late)


def test_a_verdict_sent_twice_is_one_decision(survey: Survey) -> None:
    said = ruling(ONE_READ, YES)
    with survey.database.transaction() as connection:
        looked(connection, survey.people["ada"], ONE_READ, now=survey.now)
        first = decide(connection, survey.sessions["ada"], said, now=survey.now)
    with survey.database.transaction() as connection:
        assert decide(connection, survey.sessions["ada"], said, now=survey.now) == first
        assert decisions_on(connection, ONE_READ) == (first,)
    with pytest.raises(ConflictError), survey.database.transaction() as connection:
        decide(connection, survey.sessions["bai"], said, now=survey.now)


def test_a_correction_supersedes_and_the_first_verdict_stays_readable(survey: Survey) -> None:
    first = judge(survey, "ada", NO)
    assert status(survey) is FlagStatus.REJECTED
    second = correct(survey, "ada", YES, first)
    assert status(survey) is FlagStatus.IN_REVIEW
    with survey.database.snapshot() as connection:
        assert decisions_on(connection, ONE_READ) == (first, second)
    judge(survey, "bai", YES)
    assert status(survey) is FlagStatus.CONFIRMED
    correct(survey, "ada", UNSURE, second)
    assert status(survey) is FlagStatus.DISPUTED


def test_a_correction_is_of_ones_own_verdict_in_force(survey: Survey) -> None:
    first = judge(survey, "ada", YES)
    correct(survey, "ada", UNSURE, first)
    for name, of in (("bai", first), ("ada", first)):
        with pytest.raises(NotAllowedError):
            correct(survey, name, NO, of)
    gone = Decision(**{**{name: getattr(first, name) for name in Decision.__slots__}, "id": DecisionId("none")})
    with pytest.raises(NotAllowedError):
        correct(survey, "ada", NO, gone)


def test_a_correction_cannot_make_four_eyes_of_two(survey: Survey) -> None:
    correct(survey, "ada", YES, judge(survey, "ada", UNSURE))
    assert status(survey) is FlagStatus.IN_REVIEW


def test_only_confirmed_flags_reach_the_field_and_what_is_found_stays(survey: Survey) -> None:
    with pytest.raises(NotAllowedError, match="confirmed"), survey.database.transaction() as connection:
        plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
    confirmed(survey)
    with pytest.raises(NotAllowedError, match="manager"), survey.database.transaction() as connection:
        plan_visit(connection, survey.people["ada"], ONE_READ, now=survey.now)
    with survey.database.transaction() as connection:
        visit = plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
    assert status(survey) is FlagStatus.VISIT_PLANNED
    found = FlagStatus.NO_ACCESS
    with pytest.raises(NotAllowedError, match="field team"), survey.database.transaction() as connection:
        record_finding(connection, survey.people["manager"], visit.id, found, note="", now=survey.now)
    with survey.database.transaction() as connection:
        record_finding(connection, survey.people["field"], visit.id, found, note="gate", now=survey.now)
    assert status(survey) is FlagStatus.NO_ACCESS
    with pytest.raises(NotAllowedError, match="once"), survey.database.transaction() as connection:
        record_finding(connection, survey.people["field"], visit.id, FlagStatus.ABSENT, note="", now=survey.now)
    with survey.database.transaction() as connection:
        again = plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
        record_finding(connection, survey.people["field"], again.id, FlagStatus.VERIFIED, note="", now=survey.now)
        assert [visit.number for visit in visits_to(connection, ONE_READ)] == [1, 2]
    assert status(survey) is FlagStatus.VERIFIED


def test_a_visit_finds_what_visits_find(survey: Survey) -> None:
    confirmed(survey)
    with survey.database.transaction() as connection:
        visit = plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
        for outcome, number, error in (
            (FlagStatus.REJECTED, visit.id, InvalidInputError),
            (FlagStatus.ABSENT, "none", NotFoundError),
        ):
            with pytest.raises(error):
                record_finding(connection, survey.people["field"], number, outcome, note="", now=survey.now)


def test_after_a_visit_is_planned_no_verdict_is_corrected(survey: Survey) -> None:
    first = judge(survey, "ada", YES)
    judge(survey, "bai", YES)
    with survey.database.transaction() as connection:
        plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
    with pytest.raises(NotAllowedError, match="before a visit"):
        correct(survey, "ada", NO, first)


def test_the_stop_switch_stops_release_at_once_and_asks_who_and_why(survey: Survey) -> None:
    confirmed(survey)
    with survey.database.transaction() as connection:
        with pytest.raises(InvalidInputError):
            turn_switch(connection, survey.people["chief"], stopped=True, reason=" ", now=survey.now)
        turn_switch(connection, survey.people["chief"], stopped=True, reason="leak", now=survey.now)
        assert is_stopped(connection)
    with pytest.raises(NotAllowedError, match="stopped"), survey.database.transaction() as connection:
        plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
    with pytest.raises(NotAllowedError, match="a manager or an"), survey.database.transaction() as connection:
        turn_switch(connection, survey.people["ada"], stopped=False, reason="mine", now=survey.now)
    with survey.database.transaction() as connection:
        turn_switch(connection, survey.people["manager"], stopped=False, reason="mended", now=survey.now)
        assert not is_stopped(connection)
        plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)


def test_an_administrators_role_decides_nothing_beside_that_of_a_reviewer_elsewhere(survey: Survey) -> None:
    chief = survey.people["chief"]
    with survey.database.transaction() as connection:
        roles = {Role.ADMINISTRATOR, Role.MANAGER}
        chief = give_access(connection, chief, roles=roles, districts=chief.districts, by=chief.id, now=survey.now)
    with pytest.raises(NotAllowedError, match="only a reviewer"), survey.database.transaction() as connection:
        looked(connection, chief, ONE_READ, now=survey.now)


def test_laws_taken_away_are_missed_and_put_back(database: Database) -> None:
    drop = "DROP TRIGGER law_decisions_update" + ("" if database.is_sqlite else " ON decisions")
    with database.transaction() as connection:
        assert missing_laws(connection) == ()
        connection.execute(text(drop))
        assert missing_laws(connection) == ("law_decisions_update",)
        enact(connection)
        assert missing_laws(connection) == ()


def test_a_clock_set_back_does_not_turn_back_the_ledger(survey: Survey) -> None:
    survey.now += timedelta(hours=1)
    first = judge(survey, "ada", YES)
    survey.now = NOW
    with survey.database.transaction() as connection:
        looked(connection, survey.people["bai"], ONE_READ, now=first.decided_at)
        second = decide(connection, survey.sessions["bai"], ruling(ONE_READ, YES), now=NOW)
    assert second.decided_at == first.decided_at
