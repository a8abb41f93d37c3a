"""What a manager is told in the morning: of their districts alone, each number with its n, on both engines."""

from datetime import timedelta

import pytest
from databases import NOW
from visited import open_field

from pipeline.domain.flag import FlagStatus
from pipeline.errors import NotAllowedError
from pipeline.store.database import Database
from pipeline.store.visits import Finding, open_visits, record_found
from pipeline.workflow.oversee import oversee
from pipeline.workflow.tell_overview import rows_of
from pipeline.workflow.visit import plan_visits


def test_what_waits_what_was_done_and_what_visits_found(database: Database) -> None:
    field = open_field(database)
    plan_visits(database, field.manager, field.district, now=field.survey.now)
    with database.transaction() as connection:
        first, second, third, fourth = open_visits(connection, field.district)
        found = (FlagStatus.VERIFIED, FlagStatus.ABSENT, FlagStatus.NO_ACCESS)
        for visit, outcome in zip((first, second, third), found, strict=True):
            record_found(connection, field.team, visit.id, Finding(outcome=outcome), now=field.survey.now)
    told = oversee(database, field.manager, now=NOW + timedelta(days=2))
    (home,) = told.waits
    assert home.by_age == (0, 4, 0, 0, 0), "three unread flags of two days, and audited ground"
    assert (home.to_release, home.to_visit, home.flights) == (1, 1, 1)
    assert home.visit_since == fourth.planned_at
    assert (told.wrong.hits, told.wrong.n) == (1, 2), "who could not get there found nothing out"
    assert told.wrong.low < 0.5 < told.wrong.high
    assert told.visits[0].no_access == 1
    assert [(week.flights, week.readings, week.visits) for week in told.weeks][-1] == (2, 8, 3)
    assert {week.readings for week in told.weeks[:-1]} == {0}
    assert sum(row.value or 0 for row in rows_of(told) if row.figure == "flags read") == 8
    for name in ("ada", "field", "chief"):
        with pytest.raises(NotAllowedError):
            oversee(database, field.survey.people[name], now=NOW)
