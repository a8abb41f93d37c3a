"""One champion, by a manager's signature; what is not better needs a reason; and the audit knows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from databases import NOW, a_district, a_person
from sqlalchemy import Connection, text

from pipeline.domain.people import Person, Role
from pipeline.domain.registry import ModelState, Outcome
from pipeline.errors import ConflictError, NotAllowedError, NotFoundError
from pipeline.store.audit import audit
from pipeline.store.columns import utc_text
from pipeline.store.database import Database
from pipeline.store.people import lock_person
from pipeline.store.registry import (
    Model,
    NewModel,
    Signature,
    add_model,
    champion,
    list_models,
    model_named,
    promote_model,
    roll_back_model,
)

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def manager(database: Database) -> Person:
    return a_person(database, "wang", Role.MANAGER, districts=frozenset({a_district(database).id}))


def add(database: Database, name: str, outcome: Outcome) -> Model:
    with database.transaction() as connection:
        new = NewModel(name=name, outcome=outcome, bundle_sha256="a" * 64, report_sha256="b" * 64)
        return add_model(connection, new, by=None, now=NOW)


@pytest.fixture
def models(database: Database) -> dict[str, Model]:
    return {
        name: add(database, name, outcome)
        for name, outcome in (
            ("old", Outcome.FOUNDING),
            ("good", Outcome.BETTER),
            ("same", Outcome.NOT_SHOWN),
            ("bad", Outcome.WORSE),
        )
    }


def promote(database: Database, model: Model, person: Person, *, override: str = "", reason: str = "spring") -> None:
    with database.transaction() as connection:
        promote_model(connection, model, Signature(person=person, reason=reason, override=override), now=LATER)


def states(database: Database) -> dict[str, ModelState]:
    with database.snapshot() as connection:
        return {model.name: model.state for model in list_models(connection)}


def wrong(database: Database) -> tuple[str, ...]:
    with database.snapshot() as connection:
        return audit(connection).wrong


def test_a_promotion_retires_the_champion_and_a_roll_back_brings_it_back(
    database: Database, manager: Person, models: dict[str, Model]
) -> None:
    promote(database, models["good"], manager)
    assert states(database) == {
        "old": ModelState.RETIRED,
        "good": ModelState.CHAMPION,
        "same": ModelState.CHALLENGER,
        "bad": ModelState.CHALLENGER,
    }
    with database.transaction() as connection:
        assert champion(connection, at=NOW) is None
        back = roll_back_model(connection, Signature(person=manager, reason="too many questions"), now=LATER)
        assert back.name == "old"
        assert champion(connection) == back
    assert states(database)["good"] is ModelState.RETIRED
    assert wrong(database) == ()


@pytest.mark.parametrize("name", ["same", "bad"])
def test_what_was_not_shown_to_be_better_is_promoted_only_for_a_reason(
    database: Database, manager: Person, models: dict[str, Model], name: str
) -> None:
    with pytest.raises(NotAllowedError, match="not shown to be better"):
        promote(database, models[name], manager)
    assert set(states(database).values()) == {ModelState.CHALLENGER}
    promote(database, models[name], manager, override="the old one cannot see the new camera")
    assert states(database)[name] is ModelState.CHAMPION


def test_only_a_manager_who_is_not_locked_promotes(
    database: Database, manager: Person, models: dict[str, Model]
) -> None:
    chief = a_person(database, "chief", Role.ADMINISTRATOR)
    with pytest.raises(NotAllowedError, match="only a manager"):
        promote(database, models["good"], chief)
    with database.transaction() as connection:
        lock_person(connection, manager.id, why="gone", by=None, now=NOW)
    with pytest.raises(NotAllowedError, match="only a manager"):
        promote(database, models["good"], manager)


def test_nothing_is_promoted_without_a_reason_twice_or_rolled_back_to_nothing(
    database: Database, manager: Person, models: dict[str, Model]
) -> None:
    with pytest.raises(NotAllowedError, match="for a reason"):
        promote(database, models["good"], manager, reason=" ")
    with database.transaction() as connection, pytest.raises(NotFoundError, match="nothing to roll back"):
        roll_back_model(connection, Signature(person=manager, reason="r"), now=LATER)
    promote(database, models["good"], manager)
    with pytest.raises(NotAllowedError, match="champion already"):
        promote(database, models["good"], manager)


def test_the_founding_model_itself_can_be_promoted_and_names_are_taken_once(
    database: Database, manager: Person, models: dict[str, Model]
) -> None:
    promote(database, models["old"], manager)
    assert states(database)["old"] is ModelState.CHAMPION
    with pytest.raises(ConflictError, match="already"):
        add(database, "old", Outcome.BETTER)
    with database.snapshot() as connection, pytest.raises(NotFoundError, match="no model nobody"):
        model_named(connection, "nobody")


FORGERIES = (
    "UPDATE models SET state = 'champion' WHERE name = 'bad'",
    "UPDATE models SET outcome = 'better'",
    "UPDATE promotions SET model_id = (SELECT id FROM models WHERE name = 'bad')",
    "DELETE FROM promotions",
    "DELETE FROM models",
    (
        "INSERT INTO promotions (number, model_id, step, person_id, at, reason, override, leaf) SELECT 3, id, "
        "'promotion', '{person}', '{now}', 'r', 'o', (SELECT MAX(position) FROM ledger) FROM models WHERE name = 'bad'"
    ),
    (
        "INSERT INTO models (id, name, state, outcome, bundle_sha256, added_at, leaf) SELECT 'x', 'x', 'champion', "
        "'better', bundle_sha256, added_at, 1 FROM models WHERE name = 'bad'"
    ),
)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_statement_makes_a_champion(
    database: Database, manager: Person, models: dict[str, Model], forgery: str
) -> None:
    promote(database, models["good"], manager)
    before = states(database)

    def forge(connection: Connection) -> None:
        connection.execute(text(forgery.format(person=manager.id, now=utc_text(LATER))))

    with pytest.raises(NotAllowedError), database.transaction() as connection:
        forge(connection)
    assert states(database) == before


@pytest.mark.parametrize(
    ("trigger", "change", "says"),
    [
        (
            "law_models_update",
            "UPDATE models SET bundle_sha256 = '{sha}' WHERE name = 'good'",
            "model good is not what",
        ),
        ("law_models_update", "UPDATE models SET state = 'champion' WHERE name = 'bad'", "bad does not stand"),
        ("law_promotions_update", "UPDATE promotions SET reason = 'another' WHERE number = 2", "not what was signed"),
        ("law_promotions_delete", "DELETE FROM promotions WHERE number = 2", "promotion 2 is gone"),
    ],
)
def test_the_audit_tells_what_was_changed_behind_the_laws(
    sqlite_database: Database, trigger: str, change: str, says: str
) -> None:
    person = a_person(sqlite_database, "wang", Role.MANAGER)
    for name, outcome in (("old", Outcome.FOUNDING), ("good", Outcome.BETTER), ("bad", Outcome.WORSE)):
        add(sqlite_database, name, outcome)
    with sqlite_database.snapshot() as connection:
        good = model_named(connection, "good")
    promote(sqlite_database, good, person)
    assert wrong(sqlite_database) == ()

    def behind(statement: str) -> Callable[[Connection], object]:
        return lambda connection: connection.execute(text(statement))

    with sqlite_database.transaction() as connection:
        behind(f"DROP TRIGGER {trigger}")(connection)
        behind(change.format(sha="f" * 64))(connection)
    assert any(says in sentence for sentence in wrong(sqlite_database))
