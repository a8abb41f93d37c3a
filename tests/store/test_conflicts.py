"""Findings of one visit that differ: which are open, who settles them, and that a later one opens them again."""

from datetime import timedelta

import pytest
from databases import a_district, a_person
from found import record_finding
from visited import Field, open_field

from pipeline.domain.flag import FlagId, FlagStatus
from pipeline.domain.people import Role
from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.audit import audit
from pipeline.store.conflicts import is_open, open_conflicts, settle, settlements
from pipeline.store.database import Database
from pipeline.store.visits import Finding, VisitId, plan_visit, record_beside

ABSENT, ALIKE = FlagStatus.ABSENT, FlagStatus.LOOK_ALIKE


@pytest.fixture
def field(database: Database) -> Field:
    return open_field(database)


def visited(field: Field, number: int, *others: Finding) -> VisitId:
    """A visit to one of the plots where nothing was found, and what others found there, each a minute later."""
    now = field.survey.now
    with field.database.transaction() as connection:
        visit = plan_visit(connection, field.manager, FlagId(f"road-F0000{number}"), now=now).id
        record_finding(connection, field.team, visit, ABSENT, note="bare soil", now=now)
        for minutes, other in enumerate(others, start=1):
            record_beside(connection, field.team, visit, other, now=now + timedelta(minutes=minutes))
    return visit


def listed(field: Field) -> list[VisitId]:
    with field.database.snapshot() as connection:
        return [one.visit for one in open_conflicts(connection, field.manager.sees)]


def test_only_what_says_something_else_of_the_ground_is_a_conflict(field: Field) -> None:
    first = visited(field, 1, Finding(outcome=FlagStatus.VERIFIED))
    later = visited(field, 2, Finding(outcome=ABSENT), Finding(outcome=ALIKE, look_alike="corn poppy"))
    visited(field, 3, Finding(outcome=ABSENT, note="nothing at all"))
    visited(field, 4)
    assert listed(field) == [first, later]


def test_a_manager_settles_it_once_and_what_comes_after_opens_it_again(field: Field) -> None:
    visit, now = visited(field, 1, Finding(outcome=ALIKE, look_alike="poppy")), field.survey.now
    with field.database.transaction() as connection:
        settle(connection, field.manager, visit, " lower\n terrace ", now=now + timedelta(hours=1))
    assert listed(field) == []
    with field.database.transaction() as connection, pytest.raises(ConflictError):
        settle(connection, field.manager, visit, "once more", now=now + timedelta(hours=1))
    with field.database.transaction() as connection:
        record_beside(
            connection, field.team, visit, Finding(outcome=ALIKE, look_alike="rose"), now=now + timedelta(days=1)
        )
        assert is_open(connection, visit)
        assert [one.note for one in settlements(connection, visit)] == ["lower terrace"]
        (conflict,) = open_conflicts(connection, field.manager.sees)
        assert [one.finding.look_alike for one in conflict.others] == ["rose"]
        assert audit(connection).wrong == ()


def test_nobody_else_settles_and_nothing_is_settled_without_words(field: Field) -> None:
    visit, now = visited(field, 1, Finding(outcome=FlagStatus.VERIFIED)), field.survey.now
    away = a_district(field.database, "河西区").id
    stranger = a_person(field.database, "far", Role.MANAGER, districts=frozenset({away}))
    for person, note, error in (
        (field.team, "seen", NotAllowedError),
        (stranger, "seen", NotFoundError),
        (field.manager, " ", InvalidInputError),
        (field.manager, "x" * 501, InvalidInputError),
        (field.manager, "a\x1bb", InvalidInputError),
    ):
        with field.database.transaction() as connection, pytest.raises(error):
            settle(connection, person, visit, note, now=now)
    assert listed(field) == [visit]
    with field.database.snapshot() as connection:
        assert open_conflicts(connection, stranger.sees) == ()
