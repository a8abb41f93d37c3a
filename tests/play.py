"""A survey played by everybody at once, and an oracle that says whether its rules still hold.

The oracle is written in Python, apart from the laws: it reads every row after each step, and judges a new decision by
how things stood before it.
"""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from typing import Any

from attacks import (
    ATTACKS,
    EMPTYING,
    FORGED_DECISION,
    FORGED_LEAF,
    FORGED_LEASE,
    FORGED_LOOK,
    FORGED_VISIT,
    READERS,
    REPLACING,
    SUPERSEDED,
)
from found import record_finding
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from survey import CAST, CONTROL, ONE_READ, TWO_READS, Survey, looked, raw_path, ruling, set_up

from pipeline.domain.decision import Verdict, standing
from pipeline.domain.flag import ALLOWED, OUTCOMES, FlagStatus
from pipeline.domain.people import Role
from pipeline.errors import PlotwatchError
from pipeline.store.columns import utc_text
from pipeline.store.database import Database
from pipeline.store.decisions import decide, decisions_on
from pipeline.store.leases import note_revealed, take_lease
from pipeline.store.ledger import Leaf, leaves
from pipeline.store.people import give_access, lock_person, unlock_person
from pipeline.store.sessions import begin_session, end_session
from pipeline.store.stops import turn_switch
from pipeline.store.visits import plan_visit

Opener = Callable[[], AbstractContextManager[Database]]
REVIEWERS = ("ada", "bai", "cui", "dou", "uploader", "stranger")
WATCHED = (
    "decisions",
    "ledger",
    "flags",
    "visits",
    "leases",
    "flights",
    "people",
    "person_roles",
    "person_districts",
    "sessions",
)

names, flags_ = st.sampled_from(sorted(CAST)), st.sampled_from([ONE_READ, TWO_READS, CONTROL])
verdicts, statuses = st.sampled_from(Verdict), st.sampled_from(FlagStatus)


class Play(RuleBasedStateMachine):
    """One survey, and everybody at once."""

    opener: Opener

    @initialize()
    def begin(self) -> None:
        self.opening = type(self).opener()
        self.survey: Survey = set_up(self.opening.__enter__())
        self.database = self.survey.database
        self.forged = 0
        self.before = self.rows()
        self.known: tuple[Leaf, ...] = ()

    def teardown(self) -> None:
        if hasattr(self, "opening"):
            self.opening.__exit__(None, None, None)

    # what people do through functions

    def tried(self, act: Callable[[Any], object]) -> None:
        self.before = self.rows()
        try:
            with self.database.transaction() as connection:
                act(connection)
        except PlotwatchError:
            pass

    @rule(
        name=st.sampled_from(REVIEWERS),
        flag=flags_,
        verdict=verdicts,
        leased=st.booleans(),
        look=st.sampled_from([take_lease, looked, looked]),
    )
    def judge(self, name: str, flag: Any, verdict: Verdict, look: Callable[..., object], *, leased: bool) -> None:
        survey = self.survey
        if leased:
            self.tried(lambda c: look(c, survey.people[name], flag, now=survey.now))
        self.tried(lambda c: decide(c, survey.sessions[name], ruling(flag, verdict), now=survey.now))

    @rule(name=st.sampled_from(REVIEWERS), flag=flags_, verdict=verdicts, which=st.integers(0, 5))
    def correct(self, name: str, flag: Any, verdict: Verdict, which: int) -> None:
        with self.database.snapshot() as connection:
            given = decisions_on(connection, flag)
        if given:
            corrected = ruling(flag, verdict, corrects=given[which % len(given)].id)
            self.tried(lambda c: decide(c, self.survey.sessions[name], corrected, now=self.survey.now))

    @rule(name=st.sampled_from(REVIEWERS))
    def reveal(self, name: str) -> None:
        for lease in self.rows()["leases"]:
            if lease["person_id"] == self.survey.people[name].id:
                self.tried(lambda c, lease=lease: note_revealed(c, lease["id"], now=self.survey.now))  # type: ignore[misc]

    @rule(name=names, flag=flags_)
    def plan(self, name: str, flag: Any) -> None:
        self.tried(lambda c: plan_visit(c, self.survey.people[name], flag, now=self.survey.now))

    @rule(name=st.sampled_from(["field", "manager"]), outcome=st.sampled_from(sorted(OUTCOMES)))
    def find(self, name: str, outcome: FlagStatus) -> None:
        for visit in self.rows()["visits"]:
            self.tried(
                lambda c, visit=visit: record_finding(  # type: ignore[misc]
                    c, self.survey.people[name], visit["id"], outcome, note="", now=self.survey.now
                )
            )

    @rule(name=names, stopped=st.booleans())
    def turn(self, name: str, *, stopped: bool) -> None:
        person = self.survey.people[name]
        self.tried(lambda c: turn_switch(c, person, stopped=stopped, reason="r", now=self.survey.now))

    @rule(name=names, role=st.none() | st.sampled_from(Role))
    def change_roles(self, name: str, role: Role | None) -> None:
        person = self.survey.people[name]
        roles = CAST[name] if role is None else {role}
        self.tried(
            lambda c: give_access(c, person, roles=roles, districts=person.districts, by=None, now=self.survey.now)
        )

    @rule(name=names, locked=st.booleans())
    def lock(self, name: str, *, locked: bool) -> None:
        person = self.survey.people[name].id
        if locked:
            self.tried(lambda c: lock_person(c, person, why="w", by=None, now=self.survey.now))
        else:
            self.tried(lambda c: unlock_person(c, person, by=None, now=self.survey.now))

    @rule(name=names)
    def sign_out(self, name: str) -> None:
        self.tried(lambda c: end_session(c, self.survey.secrets[name], now=self.survey.now))

    @rule(name=names)
    def sign_in(self, name: str) -> None:
        with self.database.transaction() as connection:
            person = self.survey.people[name].id
            begun = begin_session(connection, person, now=self.survey.now, lasts=timedelta(hours=6))
            self.survey.secrets[name], self.survey.sessions[name] = begun

    @rule(minutes=st.sampled_from([1, 20, 400]))
    def wait(self, minutes: int) -> None:
        self.survey.now += timedelta(minutes=minutes)

    # what somebody with the password of the database does

    def raw(self, *statements: str) -> None:
        """Run statements as a bare client does: SQLite then knows no foreign keys and no recursive triggers."""
        self.before = self.rows()
        try:
            if self.database.is_sqlite:
                with closing(sqlite3.connect(raw_path(self.database))) as connection, connection:
                    for statement in statements:
                        connection.execute(statement)
            else:
                with self.database.engine.begin() as connection:
                    for statement in statements:
                        connection.exec_driver_sql(statement)
        except (SQLAlchemyError, sqlite3.Error):
            pass

    def words(self, name: str, **more: object) -> dict[str, object]:
        self.forged += 1
        with self.database.snapshot() as connection:
            last = connection.execute(text("SELECT MAX(position), MAX(at) FROM ledger")).one()
        now = max(utc_text(self.survey.now), last[1])
        known = {"person": self.survey.people[name].id, "session": self.survey.sessions[name].id, "now": now}
        return known | {"position": last[0] + 1, "subject": f"forged{self.forged}", "sha": "f" * 64} | more

    @rule(attack=st.sampled_from(ATTACKS), name=names, flag=flags_, verdict=verdicts, status=statuses)
    def attack(self, attack: str, name: str, flag: str, verdict: str, status: str) -> None:
        self.raw(attack.format(**self.words(name, flag=flag, verdict=verdict, status=status)))

    @precondition(lambda self: self.database.is_sqlite)
    @rule(attack=st.sampled_from(REPLACING), name=names, flag=flags_, verdict=verdicts, status=statuses)
    def replace(self, attack: str, name: str, flag: str, verdict: str, status: str) -> None:
        self.raw(attack.format(**self.words(name, flag=flag, verdict=verdict, status=status)))

    @precondition(lambda self: not self.database.is_sqlite)
    @rule(attack=st.sampled_from(EMPTYING))
    def empty(self, attack: str) -> None:
        self.raw(attack)

    @rule(
        name=names,
        session=names,
        flag=flags_,
        verdict=verdicts,
        chain=st.tuples(st.sampled_from(READERS), st.sampled_from(SUPERSEDED)),
        lease=st.booleans(),
        leaf=st.booleans(),
    )
    def forge_decision(  # noqa: PLR0913 a forger chooses everything
        self, name: str, session: str, flag: str, verdict: str, chain: tuple[str, str], *, lease: bool, leaf: bool
    ) -> None:
        words = self.words(name, flag=flag, verdict=verdict, kind="decision", supersedes=chain[1])
        words |= {"session": self.survey.sessions[session].id, "reader": chain[0].format(flag=flag)}
        if lease:
            self.raw(FORGED_LEASE.format(**words))
            self.raw(FORGED_LOOK.format(**words))
        forged = [FORGED_LEAF.format(**words)] if leaf else []
        self.raw(*forged, FORGED_DECISION.format(**words))

    @rule(name=names, flag=flags_, reader=st.sampled_from([1, 2]))
    def forge_visit(self, name: str, flag: str, reader: int) -> None:
        words = self.words(name, flag=flag, kind="release", reader=reader)
        self.raw(FORGED_LEAF.format(**words), FORGED_VISIT.format(**words))

    # what must be true whatever they did

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        with self.database.snapshot() as connection:
            return {
                table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]
                for table in WATCHED
            }

    @invariant()
    def the_rules_hold(self) -> None:
        if not hasattr(self, "database"):
            return
        now = self.rows()
        held = {row["id"]: row for row in now["decisions"]}
        for row in self.before["decisions"]:
            assert held.pop(row["id"], None) == row, "a decision was altered or lost"
        for row in held.values():
            self.was_lawful(row)
        self.looks_stand(now)
        with self.database.snapshot() as connection:
            leaves_now = tuple(leaves(connection))
        assert leaves_now[: len(self.known)] == self.known, "the ledger was altered"
        assert [leaf.position for leaf in leaves_now] == list(range(1, len(leaves_now) + 1))
        self.known = leaves_now
        for flag in now["flags"]:
            self.stands_rightly(flag, now)
        assert {flag["id"] for flag in now["flags"]} == {ONE_READ, TWO_READS, CONTROL}
        assert [flight["uploaded_by"] for flight in now["flights"]] == [self.survey.people["uploader"].id]

    def looks_stand(self, now: dict[str, list[dict[str, Any]]]) -> None:
        """What was on a screen is written down once, and the model's opinion after a verdict."""
        leases = {row["id"]: row for row in now["leases"]}
        for row in self.before["leases"]:
            changed = {name for name, value in leases[row["id"]].items() if value != row[name]} - {"undone"}
            assert all(row[name] is None for name in changed), "a lease was altered"
        judged = {(row["flag_id"], row["person_id"]) for row in now["decisions"]}
        for row in leases.values():
            assert row["revealed_at"] is None or (row["flag_id"], row["person_id"]) in judged, "revealed too early"
            assert row["shown_at"] is None or row["pictures_sha256"] is not None, "shown, and never served"

    def was_lawful(self, row: dict[str, Any]) -> None:
        """A new decision, by how things stood before it."""
        before, person = self.before, row["person_id"]
        assert {"person_id": person, "role": "reviewer"} in before["person_roles"], "no reviewer"
        home = before["flights"][0]["district_id"]
        assert {"person_id": person, "district_id": home} in before["person_districts"], "another district"
        assert person != before["flights"][0]["uploaded_by"], "an own flight"
        assert next(who for who in before["people"] if who["id"] == person)["locked_at"] is None, "locked"
        session = next(session for session in before["sessions"] if session["id"] == row["session_id"])
        assert session["person_id"] == person
        assert session["ended_at"] is None
        assert session["started_at"] <= row["decided_at"] < session["expires_at"]
        seen = [
            lease
            for lease in before["leases"]
            if (lease["flag_id"], lease["person_id"]) == (row["flag_id"], person) and lease["shown_at"] is not None
        ]
        assert any(lease["pictures_sha256"] == row["pictures_sha256"] for lease in seen), "evidence nobody saw"
        assert row["supersedes"] is None or not any(lease["revealed_at"] for lease in seen), "corrected by the model"
        mine = [
            other for other in before["decisions"] if (other["flag_id"], other["person_id"]) == (row["flag_id"], person)
        ]
        assert bool(mine) == (row["supersedes"] is not None), "judged twice, or corrected nothing"
        assert (
            row["supersedes"] is None
            or row["supersedes"] == mine[-1]["id"]
            or row["supersedes"] in {other["id"] for other in mine}
        )
        stood = next(flag["status"] for flag in before["flags"] if flag["id"] == row["flag_id"])
        open_ = {"unreviewed", "in_review", "disputed"}
        assert stood in (open_ if row["supersedes"] is None else open_ | {"rejected", "confirmed"})

    def stands_rightly(self, flag: dict[str, Any], now: dict[str, list[dict[str, Any]]]) -> None:
        """A flag's status follows from decisions and visits, and its last step is one that its life allows."""
        given = [row for row in now["decisions"] if row["flag_id"] == flag["id"]]
        superseded = {row["supersedes"] for row in given}
        force = sorted((row for row in given if row["id"] not in superseded), key=lambda row: row["reader"])
        assert len({row["person_id"] for row in force}) == len(force)
        judged = standing([Verdict(row["verdict"]) for row in force], second_read=bool(flag["second_read"]))
        visits = sorted((row for row in now["visits"] if row["flag_id"] == flag["id"]), key=lambda row: row["number"])
        assert not visits or flag["origin"] != "control", "a control was released"
        if visits:
            assert flag["status"] == (visits[-1]["outcome"] or "visit_planned")
            assert judged is FlagStatus.CONFIRMED, "released without two who confirm"
        else:
            assert flag["status"] == judged or (flag["status"] == "unreviewed" and not given)
        if flag["status"] == FlagStatus.CONFIRMED:
            assert len({row["person_id"] for row in force if row["verdict"] == "confirm"}) >= 2
        stood = FlagStatus(next(row["status"] for row in self.before["flags"] if row["id"] == flag["id"]))
        released = OUTCOMES | {FlagStatus.VISIT_PLANNED}
        if stood in released:
            assert flag["status"] == stood or FlagStatus(flag["status"]) in ALLOWED[stood]
