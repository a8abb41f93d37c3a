"""Sign-in: passwords, pauses, sessions and tokens."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import CHEAP, NOW, PASSWORD, a_person

from pipeline.domain.people import ONE_TIME_LASTS, Person, Role
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.districts import add_district, list_districts
from pipeline.store.ledger import history
from pipeline.store.passwords import Passwords, one_time_password
from pipeline.store.people import lock_person, person_named, set_password, unlock_person
from pipeline.store.sessions import (
    IDLE,
    LASTS,
    begin_session,
    end_all,
    end_one,
    end_session,
    find_session,
    see_session,
    sessions_of,
)
from pipeline.store.signing_in import (
    NAME_FAILURES,
    PAUSE,
    SOURCE_FAILURES,
    Attempt,
    Refusal,
    forgive,
    sign_in,
    try_password,
)
from pipeline.store.tokens import (
    MOST,
    USED_EVERY,
    NewToken,
    Scope,
    add_token,
    person_of_token,
    revoke_token,
    tokens_of,
    use_token,
    was_used_lately,
)

SOON = timedelta(minutes=1)
WRONG = "wrong"


def attempt(
    database: Database,
    name: str = "li.na",
    password: str = PASSWORD,
    *,
    source: str = "10.0.0.1",
    after: timedelta = SOON,
) -> Person | Refusal:
    tried = try_password(database, Attempt(name=name, password=password, source=source), CHEAP, now=NOW + after)
    with database.transaction() as connection:
        return sign_in(connection, tried, now=NOW + after)


def test_the_right_password_lets_in_and_a_wrong_one_does_not(database: Database) -> None:
    person = a_person(database, "li.na")
    assert attempt(database) == person
    assert attempt(database, password=WRONG) is Refusal.WRONG
    assert attempt(database, name="nobody") is Refusal.WRONG


def test_too_many_failures_pause_sign_in_for_a_while_and_the_ledger_says_so(database: Database) -> None:
    person = a_person(database, "li.na")
    for _ in range(NAME_FAILURES):
        assert attempt(database, password=WRONG) is Refusal.WRONG
    assert attempt(database) is Refusal.PAUSED
    with database.snapshot() as connection:
        assert person_named(connection, "li.na").paused_until == NOW + SOON + PAUSE
        assert history(connection, person.id)[-1].kind == "person.locked"
    assert attempt(database, after=SOON + PAUSE) == replace(person, paused_until=NOW + SOON + PAUSE)


class Witness(Passwords):
    """Passwords that let somebody else write while one is compared or made."""

    database: Database

    def verify(self, password: str, hashed: str | None) -> bool:
        with self.database.transaction() as connection:
            add_district(connection, "written meanwhile", by=None, now=NOW)
        return CHEAP.verify(password, hashed)


@pytest.mark.parametrize("name", ["li.na", "nobody"])
def test_nobody_who_writes_waits_for_a_password_that_is_compared(database: Database, name: str) -> None:
    a_person(database, "li.na")
    witness = Witness(CHEAP.hasher, CHEAP.nobodys, CHEAP.room)
    object.__setattr__(witness, "database", database)
    tried = try_password(database, Attempt(name=name, password=PASSWORD, source=""), witness, now=NOW)
    assert tried.right is (name == "li.na")
    with database.snapshot() as connection:
        assert [district.name for district in list_districts(connection)] == ["written meanwhile"]


def test_many_tries_at_once_are_no_more_tries_than_one_by_one(database: Database) -> None:
    a_person(database, "li.na")
    guesses = [Attempt(name="li.na", password=WRONG, source="") for _ in range(NAME_FAILURES)]
    right = Attempt(name="li.na", password=PASSWORD, source="")
    tried = [try_password(database, one, CHEAP, now=NOW) for one in [*guesses, right]]
    with database.transaction() as connection:
        found = [sign_in(connection, one, now=NOW + SOON) for one in tried]
    assert found == [Refusal.WRONG] * NAME_FAILURES + [Refusal.PAUSED]


def test_a_password_that_was_replaced_while_it_was_compared_is_wrong(database: Database) -> None:
    person = a_person(database, "li.na")
    tried = try_password(database, Attempt(name="li.na", password=PASSWORD, source=""), CHEAP, now=NOW)
    with database.transaction() as connection:
        set_password(connection, person.id, CHEAP.hash("another password"), by=None, now=NOW)
        assert sign_in(connection, tried, now=NOW) is Refusal.WRONG


def test_a_one_time_password_waits_a_week_and_no_longer(database: Database) -> None:
    person = a_person(database, "li.na")
    with database.transaction() as connection:
        set_password(connection, person.id, CHEAP.hash(PASSWORD), by=None, now=NOW, one_time=True)
    found = attempt(database, after=ONE_TIME_LASTS - SOON)
    assert isinstance(found, Person)
    assert found.one_time_since == NOW
    assert attempt(database, after=ONE_TIME_LASTS) is Refusal.WRONG
    with database.transaction() as connection:
        set_password(connection, person.id, CHEAP.hash(PASSWORD), by=person.id, now=NOW + ONE_TIME_LASTS)
    assert attempt(database, after=2 * ONE_TIME_LASTS) == person


def test_one_time_passwords_differ_and_are_long_enough_and_easy_to_read_out() -> None:
    made = {one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("([a-hj-km-np-z2-9]{4}-){4}[a-hj-km-np-z2-9]{4}", one) for one in made)
    assert CHEAP.verify(min(made), CHEAP.hash(min(made)))


def test_names_nobody_has_pause_as_well_so_that_a_pause_tells_nothing(database: Database) -> None:
    for _ in range(NAME_FAILURES):
        attempt(database, name="nobody")
    assert attempt(database, name="nobody") is Refusal.PAUSED


def test_unlocking_is_the_way_back(database: Database) -> None:
    person = a_person(database, "li.na")
    for _ in range(NAME_FAILURES):
        attempt(database, password=WRONG)
    with database.transaction() as connection:
        unlock_person(connection, person.id, by=None, now=NOW + SOON)
        forgive(connection, "li.na")
    assert attempt(database) == person


def test_a_success_ends_the_count(database: Database) -> None:
    person = a_person(database, "li.na")
    for _ in range(NAME_FAILURES - 1):
        attempt(database, password=WRONG)
    assert attempt(database, after=2 * SOON) == person
    attempt(database, password=WRONG, after=3 * SOON)
    assert attempt(database, after=4 * SOON) == person


def test_one_source_that_tries_many_names_pauses(database: Database) -> None:
    a_person(database, "li.na")
    for number in range(SOURCE_FAILURES):
        attempt(database, name=f"guess{number}", source="10.6.6.6")
    assert attempt(database, source="10.6.6.6") is Refusal.PAUSED
    assert isinstance(attempt(database, source="10.0.0.1"), Person)


def test_a_locked_person_is_refused_like_a_wrong_password(database: Database) -> None:
    person = a_person(database, "li.na")
    with database.transaction() as connection:
        lock_person(connection, person.id, why="left", by=None, now=NOW)
    assert attempt(database) is Refusal.WRONG


def test_a_session_is_found_by_its_secret_until_it_ends(database: Database) -> None:
    person = a_person(database, "li.na", Role.REVIEWER)
    with database.transaction() as connection:
        secret, session = begin_session(connection, person.id, now=NOW)
        assert find_session(connection, secret, now=NOW + SOON) == session
        assert session.person == person
        assert secret not in session.id
        assert find_session(connection, session.id, now=NOW + SOON) is None
        end_session(connection, secret, now=NOW + SOON)
        assert find_session(connection, secret, now=NOW + SOON) is None


def test_a_session_runs_out_at_last_and_when_it_lies_idle(database: Database) -> None:
    person = a_person(database, "li.na")
    with database.transaction() as connection:
        secret, session = begin_session(connection, person.id, now=NOW)
        assert find_session(connection, secret, now=NOW + IDLE) is None
        see_session(connection, session, now=NOW + IDLE - SOON)
        assert find_session(connection, secret, now=NOW + IDLE) is not None
        see_session(connection, session, now=NOW + LASTS - SOON)
        assert find_session(connection, secret, now=NOW + LASTS) is None


def test_locking_or_signing_out_everywhere_ends_every_session(database: Database) -> None:
    person, other = a_person(database, "li.na"), a_person(database, "wang")
    with database.transaction() as connection:
        secret, _ = begin_session(connection, person.id, now=NOW)
        others, _ = begin_session(connection, other.id, now=NOW)
        end_all(connection, person.id, now=NOW)
        lock_person(connection, other.id, why="left", by=None, now=NOW)
        assert find_session(connection, secret, now=NOW + SOON) is None
        assert find_session(connection, others, now=NOW + SOON) is None


def test_a_person_sees_and_ends_their_own_live_sessions_only(database: Database) -> None:
    person, other = a_person(database, "li.na"), a_person(database, "wang")
    with database.transaction() as connection:
        _, first = begin_session(connection, person.id, now=NOW)
        secret, second = begin_session(connection, person.id, now=NOW + SOON)
        _, theirs = begin_session(connection, other.id, now=NOW)
        assert [one.id for one in sessions_of(connection, person, now=NOW + SOON)] == [second.id, first.id]
        with pytest.raises(NotFoundError):
            end_one(connection, person.id, theirs.id, now=NOW + SOON)
        end_one(connection, person.id, second.id, now=NOW + SOON)
        end_one(connection, person.id, second.id, now=NOW + 2 * SOON)
        assert find_session(connection, secret, now=NOW + SOON) is None
        assert sessions_of(connection, person, now=NOW + SOON) == (first,)
        assert sessions_of(connection, person, now=NOW + IDLE) == ()


def test_when_a_token_was_last_used_is_noted_now_and_then(database: Database) -> None:
    person = a_person(database, "script", Role.SURVEYOR)
    new = NewToken(name="at night", person=person.id, scopes=frozenset({Scope.READ}), lasts=timedelta(days=7))
    with database.transaction() as connection:
        sent, _ = add_token(connection, new, by=person.id, now=NOW)
        assert not was_used_lately(connection, sent, now=NOW)
        for after in (timedelta(0), SOON):
            use_token(connection, sent, now=NOW + after)
            assert was_used_lately(connection, sent, now=NOW + after)
            assert tokens_of(connection, [person.id])[0].used_at == NOW
        use_token(connection, sent, now=NOW + USED_EVERY)
        assert tokens_of(connection, [person.id])[0].used_at == NOW + USED_EVERY


def test_a_person_has_so_many_tokens_and_room_for_another_when_one_ends(database: Database) -> None:
    person = a_person(database, "script", Role.SURVEYOR)
    new = NewToken(name="at night", person=person.id, scopes=frozenset({Scope.READ}), lasts=timedelta(days=7))
    with database.transaction() as connection:
        made = [add_token(connection, new, by=person.id, now=NOW)[1] for _ in range(MOST)]
        with pytest.raises(ConflictError):
            add_token(connection, new, by=person.id, now=NOW)
        revoke_token(connection, made[0].id, by=person.id, now=NOW)
        add_token(connection, new, by=person.id, now=NOW)


def test_a_token_serves_its_scope_until_it_is_revoked_or_runs_out(database: Database) -> None:
    person = a_person(database, "script", Role.SURVEYOR)
    new = NewToken(name="upload at night", person=person.id, scopes=frozenset({Scope.UPLOAD}), lasts=timedelta(days=7))
    with database.transaction() as connection:
        sent, token = add_token(connection, new, by=person.id, now=NOW)
        assert person_of_token(connection, sent, Scope.UPLOAD, now=NOW) == person
        assert person_of_token(connection, sent, Scope.READ, now=NOW) is None
        assert person_of_token(connection, sent + "x", Scope.UPLOAD, now=NOW) is None
        assert person_of_token(connection, "Bearer", Scope.UPLOAD, now=NOW) is None
        assert person_of_token(connection, sent, Scope.UPLOAD, now=NOW + timedelta(days=7)) is None
        revoke_token(connection, token.id, by=person.id, now=NOW)
        assert person_of_token(connection, sent, Scope.UPLOAD, now=NOW) is None
        assert [token.revoked for token in tokens_of(connection, [person.id])] == [True]
        with pytest.raises(NotFoundError):
            revoke_token(connection, token.id, by=person.id, now=NOW)


@pytest.mark.parametrize("change", [{"name": ""}, {"scopes": frozenset()}, {"lasts": timedelta(days=400)}])
def test_a_token_for_nothing_or_for_ever_is_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {"name": "n", "person": "p", "scopes": frozenset(Scope), "lasts": timedelta(days=1)}
    with pytest.raises(InvalidInputError):
        NewToken(**{**good, **change})  # type: ignore[arg-type]
