"""The interpretation key in the store: versions stay, and which one was before whose eyes is known."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from survey import ONE_READ, looked, ruling, set_up

from pipeline.domain.decision import Verdict
from pipeline.domain.key import in_force, must_be_identity
from pipeline.domain.starter import STARTER
from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, PlotwatchError
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.key import change_entry, current_key, key_version, key_version_at, note_key_shown

FIRST = STARTER[0]


def test_a_version_follows_the_one_that_was_seen(database: Database) -> None:
    survey = set_up(database)
    manager, told = survey.people["manager"], replace(FIRST.described, name_en="Ours")
    with database.transaction() as connection:
        assert key_version(connection) == 0
        assert change_entry(connection, manager, FIRST.id, told, after=0, now=survey.now).version == 1
        assert change_entry(connection, manager, FIRST.id, FIRST.described, after=1, now=survey.now).version == 2
        assert {entry.version for entry in current_key(connection)} == {0, 2}
        with pytest.raises(ConflictError):
            change_entry(connection, manager, FIRST.id, told, after=1, now=survey.now)


@pytest.mark.parametrize("name", ["ada", "field", "chief"])
def test_the_store_itself_lets_only_managers_change_the_key(database: Database, name: str) -> None:
    survey = set_up(database)
    with pytest.raises(NotAllowedError), database.transaction() as connection:
        change_entry(connection, survey.people[name], FIRST.id, FIRST.described, after=0, now=survey.now)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE key_entries SET text_en = 'else'",
        "DELETE FROM key_entries",
        "UPDATE key_views SET key_version = 7",
        "DELETE FROM key_views",
        (
            "INSERT INTO key_entries SELECT id, version + 1, likeness, about, stage, rank, name_en, name_zh, text_en, "
            "text_zh, picture_sha256, withdrawn, person_id, at, leaf + 1 FROM key_entries"
        ),
    ],
)
def test_nobody_alters_what_was_on_screen(database: Database, statement: str) -> None:
    survey = set_up(database)
    with database.transaction() as connection:
        change_entry(connection, survey.people["manager"], FIRST.id, FIRST.described, after=0, now=survey.now)
        note_key_shown(connection, survey.sessions["ada"], 1, now=survey.now)
    with pytest.raises(PlotwatchError), database.transaction() as connection:
        connection.execute(text(statement))


def test_it_is_known_which_version_was_on_screen_at_a_verdict(database: Database) -> None:
    survey = set_up(database)
    now, ada = survey.now, survey.people["ada"]
    with database.transaction() as connection:
        change_entry(connection, survey.people["manager"], FIRST.id, FIRST.described, after=0, now=now)
        shown = key_version(connection)
        note_key_shown(connection, survey.sessions["bai"], 0, now=now)
        note_key_shown(connection, survey.sessions["ada"], 0, now=now)
        note_key_shown(connection, survey.sessions["ada"], shown, now=now + timedelta(seconds=1))
        looked(connection, ada, ONE_READ, now=now + timedelta(seconds=2))
        session, said = survey.sessions["ada"], ruling(ONE_READ, Verdict.REJECT)
        given = decide(connection, session, said, now=now + timedelta(seconds=9))
        note_key_shown(connection, survey.sessions["ada"], shown + 1, now=now + timedelta(seconds=10))
        assert key_version_at(connection, given.id) == shown > 0


def test_who_never_opened_the_key_had_none_on_screen(database: Database) -> None:
    survey = set_up(database)
    with database.transaction() as connection:
        looked(connection, survey.people["ada"], ONE_READ, now=survey.now)
        given = decide(connection, survey.sessions["ada"], ruling(ONE_READ, Verdict.REJECT), now=survey.now)
        assert key_version_at(connection, given.id) is None


def test_the_starter_names_each_entry_once_and_targets_stand_before_look_alikes() -> None:
    assert len({entry.id for entry in STARTER}) == len(STARTER)
    assert all(must_be_identity(entry.id) for entry in STARTER)
    kinds = [(entry.described.about, entry.described.likeness.value) for entry in in_force(STARTER, ())]
    assert list(dict.fromkeys(kinds)) == [
        ("cannabis", "target"),
        ("cannabis", "look_alike"),
        ("opium poppy", "target"),
        ("opium poppy", "look_alike"),
    ]


@pytest.mark.parametrize("wrong", [{"name_zh": " "}, {"text_en": "x" * 601}, {"rank": -1}, {"about": ""}])
def test_an_entry_that_cannot_be_shown_in_both_languages_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        replace(FIRST.described, **wrong)  # type: ignore[arg-type]


def test_an_id_from_outside_is_checked() -> None:
    with pytest.raises(InvalidInputError):
        must_be_identity("../x")
