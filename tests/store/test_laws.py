"""No way round: random people play random commands and raw SQL, and the rules of the survey hold after each of them."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from databases import emptied, opened
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)
from play import Opener, Play
from survey import ONE_READ, looked

from pipeline.domain.decision import Verdict
from pipeline.store.database import Database

BOUNDED = settings(
    max_examples=8,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def sqlite_survey(template: Path, *, without: str | None = None) -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plotwatch.sqlite"
        shutil.copy(template, path)
        if without:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute(f"DROP TRIGGER {without}")
        with opened(f"sqlite:///{path}") as database:
            yield database


def machine(opener: Opener) -> type[Play]:
    return type("PlayHere", (Play,), {"opener": staticmethod(opener)})


def test_nobody_finds_a_way_round_the_rules_on_sqlite(sqlite_template: Path) -> None:
    run_state_machine_as_test(machine(lambda: sqlite_survey(sqlite_template)), settings=BOUNDED)


def test_nobody_finds_a_way_round_the_rules_on_postgresql(postgresql_url: str) -> None:
    run_state_machine_as_test(machine(lambda: emptied(postgresql_url)), settings=settings(BOUNDED, max_examples=5))


def forge(play: Play) -> None:
    play.forge_decision("chief", "chief", ONE_READ, "confirm", ("2", "NULL"), lease=False, leaf=False)


def attacked(statement: str) -> Callable[[Play], None]:
    return lambda play: play.attack(statement, "ada", ONE_READ, "confirm", "confirmed")


@pytest.mark.parametrize(
    ("law", "broken"),
    [
        ("law_decisions_insert", forge),
        ("law_decisions_update", attacked("UPDATE decisions SET verdict = '{verdict}'")),
        ("law_decisions_delete", attacked("DELETE FROM decisions")),
        ("law_flags_update", attacked("UPDATE flags SET status = '{status}'")),
        ("law_leases_update", attacked("UPDATE leases SET pictures_sha256 = '{sha}'")),
        ("law_ledger_delete", attacked("DELETE FROM ledger WHERE position = (SELECT MAX(position) FROM ledger)")),
        ("law_ledger_update", attacked("UPDATE ledger SET body = '{{}}'")),
    ],
)
def test_the_play_sees_what_each_law_prevents(sqlite_template: Path, law: str, broken: Callable[[Play], None]) -> None:
    """The test of the test: the same attack fails against the law, and is seen without it."""
    lawful, lawless = (
        machine(lambda gone=gone: sqlite_survey(sqlite_template, without=gone))() for gone in (None, law)
    )
    for game in (lawful, lawless):
        game.begin()
        game.judge("ada", ONE_READ, Verdict.REJECT, looked, leased=True)
        game.the_rules_hold()
        broken(game)
    lawful.the_rules_hold()
    with pytest.raises(AssertionError):
        lawless.the_rules_hold()
    for game in (lawful, lawless):
        game.teardown()
