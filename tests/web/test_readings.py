"""Reading flags through the doors that the page uses: who is offered what, what counts, and what is never told."""

import json
import shutil
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from flown import scan, take_in
from offices import HASHED, NOON, Office
from reading_desks import NO, YES, Desk, hire

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagOrigin, FlagStatus
from pipeline.domain.flight import Flight
from pipeline.domain.people import Role
from pipeline.store.decisions import decisions_on, outlines_of
from pipeline.store.flags import RaisedFlag, flags_of_flight, insert_flags
from pipeline.store.people import NewPerson, add_person
from pipeline.store.scans import scans_of
from pipeline.store.stops import turn_switch

UNSURE = ("unsure", "covered")


@pytest.fixture
def flight(office: Office) -> Flight:
    made = office.fly("Secret name", by="surveyor")
    return scan(office, made)


@pytest.fixture
def desk(office: Office, app: FastAPI, flight: Flight) -> Iterator[Callable[[str], Desk]]:
    """Browsers of reviewers a, b, c, and of whoever else is named."""
    assert flight
    hire(office, ("a", "b", "c"))
    open_desks: list[Desk] = []

    def opened(name: str) -> Desk:
        made = Desk(app, name)
        made.number = len(open_desks) * 1000
        open_desks.append(made)
        return made

    yield opened
    for one in open_desks:
        one.client.close()


def statuses(office: Office, flight: Flight) -> list[FlagStatus]:
    with office.database.snapshot() as connection:
        return [flag.status for flag in flags_of_flight(connection, flight.id)]


def test_two_readers_confirm_and_neither_learns_of_the_other(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    a, b = desk("a"), desk("b")
    first = a.read(YES)
    assert first["opinions"] is None
    seen = []
    for _ in range(2):
        reading = b.read(YES)
        seen.append(reading)
        assert reading["opinions"] is None
    told = json.dumps(seen)
    assert not any(word in told for word in ("confirm", "planted", "score", "0.9", "Secret", flight.id, "F0000"))
    assert statuses(office, flight).count(FlagStatus.CONFIRMED) == 1
    assert b.next() == []


def test_a_verdict_without_pictures_on_the_screen_is_refused(desk: Callable[[str], Desk]) -> None:
    a = desk("a")
    (reading,) = a.next()
    answer = a.say(reading, YES)
    assert (answer.status_code, "not on your screen" in answer.json()["detail"]) == (409, True)
    for name in ("picture", "overview"):
        a.client.get(reading[name]["url"])
    assert a.say(reading, YES).status_code == 409, "prefetched is not seen"
    wrong = {"picture": "0" * 64, "overview": "0" * 64}
    assert a.post(f"readings/{reading['id']}/shown", wrong).status_code == 409
    a.look(reading)
    assert a.say(reading, YES).status_code == 200


def test_a_dispute_is_ended_by_a_third_who_sees_both_opinions_without_names(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    a, b, c = desk("a"), desk("b"), desk("c")
    for reader, verdicts in ((a, (YES, YES)), (b, (NO, NO))):
        for verdict in verdicts:
            reader.read(verdict, note="tended")
    assert statuses(office, flight) == [FlagStatus.DISPUTED] * 2
    (reading,) = c.next()
    assert sorted((one["verdict"], one["note"]) for one in reading["opinions"]) == [
        ("confirm", "tended"),
        ("reject", "tended"),
    ]
    assert all(set(one) == {"verdict", "reason", "note"} for one in reading["opinions"])
    c.look(reading)
    assert c.say(reading, YES).status_code == 200
    assert sorted(statuses(office, flight)) == [FlagStatus.CONFIRMED, FlagStatus.DISPUTED]
    assert a.next() == [], "those who disagreed do not end it"


def test_a_verdict_is_taken_back_in_time_and_both_are_remembered(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    a = desk("a")
    reading = a.read(NO)
    assert a.say(reading, YES).status_code == 409, "a second tab changes nothing by itself"
    assert a.post(f"readings/{reading['id']}/undo").status_code == 204
    assert a.say(reading, YES).status_code == 200
    with office.database.snapshot() as connection:
        flag = next(one for one in flags_of_flight(connection, flight.id) if one.status is FlagStatus.IN_REVIEW)
        first, second = decisions_on(connection, flag.id)
    assert (first.verdict, second.verdict, second.supersedes) == ("reject", "confirm", first.id)
    office.clock.forward(minutes=15)
    assert a.post(f"readings/{reading['id']}/undo").status_code == 409


def test_the_models_opinion_comes_after_the_verdict_which_then_stands(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    results = office.desk.files.results(flight.id)
    shutil.copy(results / "states.tif", results / "scores.tif")  # any band will do to be drawn
    a = desk("a")
    (reading,) = a.next()
    a.look(reading)
    heat = f"/review/readings/{reading['id']}/heat"
    assert a.client.get(heat).status_code == 404
    assert a.post(f"readings/{reading['id']}/reveal").status_code == 409
    assert a.say(reading, YES).status_code == 200
    assert a.client.get(heat).status_code == 404
    revealed = a.post(f"readings/{reading['id']}/reveal")
    assert revealed.json()["band"] is None, "of two flags no share is told"
    assert a.client.get(revealed.json()["heat"]["url"]).headers["Content-Type"] == "image/png"
    answer = a.post(f"readings/{reading['id']}/undo")
    assert (answer.status_code, "stands" in answer.json()["detail"]) == (409, True)
    office.clock.forward(minutes=16)
    assert a.client.get(heat).status_code == 404, "nothing is looked at when the time is over"


def test_the_same_verdict_sent_again_counts_once_and_another_under_its_id_is_refused(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    a = desk("a")
    (reading,) = a.next()
    a.look(reading)
    body = {"decision": "7" * 32, "verdict": "reject", "reason": "other_crop"}
    answers = [a.post(f"readings/{reading['id']}/verdict", body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    other = a.post(f"readings/{reading['id']}/verdict", body | {"verdict": "confirm", "reason": "planted"})
    assert other.status_code == 409
    with office.database.snapshot() as connection:
        given = [decisions_on(connection, flag.id) for flag in flags_of_flight(connection, flight.id)]
    assert sorted(map(len, given)) == [0, 1]


def test_nobody_is_offered_what_another_has_in_hand_until_it_runs_out(
    office: Office, desk: Callable[[str], Desk]
) -> None:
    a, b = desk("a"), desk("b")
    held = a.next(want=4)
    assert len(held) == 2
    assert [one["id"] for one in a.next(want=4)] == [one["id"] for one in held], "what is in hand stays the same"
    assert b.next(want=4) == []
    a.look(held[0])
    office.clock.forward(minutes=15)
    late = a.say(held[0], YES)
    assert (late.status_code, "time with this item is over" in late.json()["detail"]) == (409, True)
    assert len(b.next(want=4)) == 2


def test_what_is_skipped_or_released_goes_back(desk: Callable[[str], Desk]) -> None:
    a, b = desk("a"), desk("b")
    first, second = a.next(want=2)
    a.look(first)
    assert a.post(f"readings/{first['id']}/skip").status_code == 204
    (again,) = b.next()
    assert again["outline"] == first["outline"]
    b.post("release")
    a.client.post("/review/release", data={"csrf": a.csrf})
    (now,) = a.next()
    assert now["outline"] == second["outline"], "what was skipped comes last"


@pytest.mark.parametrize("name", ["surveyor", "manager", "administrator", "field"])
def test_only_reviewers_read(desk: Callable[[str], Desk], name: str) -> None:
    a, other = desk("a"), desk(name)
    (reading,) = a.next()
    assert other.post("next", {"want": 1}).status_code == 403
    for door in ("shown", "verdict", "undo", "skip", "reveal"):
        body: dict[str, object] = {}
        if door == "shown":
            body = {"picture": "0" * 64, "overview": "0" * 64}
        if door == "verdict":
            body = {"decision": "1" * 32, "verdict": "confirm", "reason": "planted"}
        assert other.post(f"readings/{reading['id']}/{door}", body).status_code in {403, 404}, door
    for picture in ("picture", "overview", "heat", "tiles/20/524288/524288"):
        assert other.client.get(f"/review/readings/{reading['id']}/{picture}").status_code == 404


def test_another_reviewers_reading_does_not_exist_for_me(desk: Callable[[str], Desk]) -> None:
    a, b = desk("a"), desk("b")
    (reading,) = a.next()
    assert b.client.get(reading["picture"]["url"]).status_code == 404
    assert b.say(reading, YES).status_code == 404
    assert b.post(f"readings/{reading['id']}/skip").status_code == 404
    unknown = b.client.get(f"/review/readings/{'0' * 32}/picture")
    assert unknown.status_code == 404


def test_a_reviewer_is_never_offered_their_own_flight(office: Office, app: FastAPI) -> None:
    with office.database.transaction() as connection:
        new = NewPerson(
            name="both",
            password_hash=HASHED,
            roles=frozenset({Role.REVIEWER, Role.SURVEYOR}),
            districts=frozenset({office.east.id}),
        )
        office.people["both"] = add_person(connection, new, by=None, now=NOON)
    scan(office, office.fly("mine", by="both"))
    assert Desk(app, "both").next(want=4) == []
    assert len(Desk(app, "reviewer").next(want=4)) == 2


def test_after_the_stop_nothing_is_offered(office: Office, desk: Callable[[str], Desk]) -> None:
    a = desk("a")
    (reading,) = a.next()
    a.look(reading)
    with office.database.transaction() as connection:
        turn_switch(connection, office.people["manager"], stopped=True, reason="wind", now=office.clock())
    answer = a.post("next", {"want": 4})
    assert (answer.status_code, "everything is stopped" in answer.json()["detail"]) == (409, True)
    assert a.say(reading, NO).status_code == 200, "what was begun is not lost"


def test_a_drawn_outline_is_kept_beside_the_models(office: Office, flight: Flight, desk: Callable[[str], Desk]) -> None:
    a = desk("a")
    (reading,) = a.next()
    a.look(reading)
    d = 1 / 111319.49079327358  # a metre
    square = [[[-d, -d], [d, -d], [d, d], [-d, d], [-d, -d]]]
    crossed = [[[-d, -d], [d, d], [d, -d], [-d, d], [-d, -d]]]
    far = [[[x + 1, y] for x, y in square[0]]]
    for wrong in (crossed, far):
        answer = a.say(reading, YES, outline={"type": "Polygon", "coordinates": wrong})
        assert answer.status_code == 422, answer.text
    assert a.say(reading, YES, outline={"type": "Point", "coordinates": [0, 0]}).status_code == 422
    parts = {"type": "MultiPolygon", "coordinates": [square, [[[x + 5 * d, y] for x, y in square[0]]]]}
    assert a.say(reading, YES, outline=parts).status_code == 200
    with office.database.snapshot() as connection:
        flag = next(one for one in flags_of_flight(connection, flight.id) if one.status is FlagStatus.IN_REVIEW)
        (decision,) = decisions_on(connection, flag.id)
        drawn = outlines_of(connection, decision.id)
    assert [part.area_m2 for part in drawn] == pytest.approx([4.0, 4.0], rel=1e-6)
    assert drawn[0].outline.centroid.distance(flag.outline.envelope.centroid) < 1e-7


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "covered"},
        {"reason": ""},
        {"verdict": "maybe"},
        {"decision": "short"},
        {"score": 1},
        {"note": "x" * 501},
    ],
)
def test_what_is_no_verdict_is_refused_and_nothing_is_decided(
    office: Office, flight: Flight, desk: Callable[[str], Desk], wrong: dict[str, object]
) -> None:
    a = desk("a")
    (reading,) = a.next()
    a.look(reading)
    body: dict[str, object] = {"decision": "1" * 32, "verdict": "confirm", "reason": "planted"}
    assert a.send(reading, body | wrong).status_code in {400, 422}
    assert statuses(office, flight).count(FlagStatus.CONFIRMED) == 0
    with office.database.snapshot() as connection:
        assert not any(decisions_on(connection, flag.id) for flag in flags_of_flight(connection, flight.id))


def test_a_verdict_without_the_token_of_the_session_is_refused(desk: Callable[[str], Desk]) -> None:
    a = desk("a")
    (reading,) = a.next()
    a.look(reading)
    a.csrf = "other"
    assert a.say(reading, YES).status_code == 403


def test_controls_and_audited_ground_are_read_like_flags_and_appear_nowhere_else(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    with office.database.transaction() as connection:
        (held,) = scans_of(connection, flight.id)
        flag = flags_of_flight(connection, flight.id)[0]
        for number, origin in enumerate((FlagOrigin.CONTROL, FlagOrigin.AUDIT)):
            raised = RaisedFlag(
                label=f"F9000{number}",
                outline=flag.outline,
                class_name=flag.class_name,
                score=flag.score,
                area_m2=flag.area_m2,
                cells=flag.cells,
                model=flag.model,
                threshold=flag.threshold,
            )
            insert_flags(connection, held, [raised], now=NOON, second_read=0.0, origin=origin)
    a, manager = desk("a"), desk("manager")
    readings = [a.read(YES) for _ in range(4)]
    assert {tuple(sorted(reading)) for reading in readings} == {tuple(sorted(readings[0]))}
    assert a.next() == []
    here = f"/flights/{flight.id}"
    for path in ("/flights", here, f"{here}/flags.geojson", f"/api/v1{here}"):
        told = manager.client.get(path)
        assert told.status_code == 200, path
        assert "F9000" not in told.text, path
    assert manager.client.get("/api/v1/flights").json()["flights"][0]["flags"] == 2
    found = FlagId(f"{held.id}-F90000")
    with office.database.snapshot() as connection:
        assert len(decisions_on(connection, found)) == 1


def test_ground_that_is_gone_is_said_and_the_item_can_be_skipped(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    (office.desk.files.working(flight.id) / "orthomosaic.tif").unlink()
    a = desk("a")
    (reading,) = a.next()
    assert a.client.get(reading["picture"]["url"]).status_code == 404
    assert a.post(f"readings/{reading['id']}/skip").status_code == 204


def test_tiles_far_away_or_off_the_ground_are_empty(office: Office, desk: Callable[[str], Desk]) -> None:
    assert office
    a = desk("a")
    (reading,) = a.next()
    deepest = reading["tiles"]["maxzoom"]
    middle = 2**deepest // 2
    near = a.client.get(reading["tiles"]["url"].format(z=deepest, x=middle, y=middle))
    assert near.status_code == 200
    for z, x, y in ((deepest, 0, 0), (0, 0, 0), (10, 600, 512)):
        assert a.client.get(reading["tiles"]["url"].format(z=z, x=x, y=y)).status_code == 204


def test_a_working_copy_of_an_unscanned_flight_asks_nothing(office: Office, app: FastAPI) -> None:
    take_in(office, office.fly("unscanned", by="surveyor"))
    assert Desk(app, "reviewer").next(want=4) == []


def test_another_verdict_under_the_same_id_contradicts_the_first(
    office: Office, flight: Flight, desk: Callable[[str], Desk]
) -> None:
    a, b = desk("a"), desk("b")
    reading = a.read(YES)
    body: dict[str, object] = {"decision": f"{a.number:032x}", "verdict": "confirm", "reason": "planted"}
    assert a.send(reading, body).status_code == 200, "sent again it is the same one"
    for other in ({"verdict": "reject", "reason": "other_crop"}, {"note": "else"}):
        answer = a.send(reading, body | other)
        assert (answer.status_code, "under this id" in answer.text) == (409, True), answer.text
    (theirs, *_) = b.next()
    b.look(theirs)
    assert b.send(theirs, body).status_code == 409, "an id of somebody else"
    assert len(b.next()) == 1
    with office.database.snapshot() as connection:
        given = [one for flag in flags_of_flight(connection, flight.id) for one in decisions_on(connection, flag.id)]
    assert [(one.verdict, one.note) for one in given] == [(Verdict.CONFIRM, "")]


@pytest.mark.parametrize("second", [YES, NO, UNSURE])
def test_whoever_comes_after_one_that_was_unsure_reads_blind_and_the_third_sees_both(
    office: Office, flight: Flight, desk: Callable[[str], Desk], second: tuple[str, str]
) -> None:
    a, b, c = desk("a"), desk("b"), desk("c")
    for _ in range(2):
        a.read(UNSURE, note="under trees")
    assert statuses(office, flight) == [FlagStatus.DISPUTED] * 2
    (reading,) = b.next()
    assert reading["opinions"] is None, "the first one was unsure: nobody has told what it is yet"
    assert "under trees" not in json.dumps(reading)
    b.look(reading)
    assert b.say(reading, second, note="mine").status_code == 200
    told = [one["opinions"] for one in c.next(want=2)]
    assert told.count(None) == 1, "what nobody has read a second time is read blind by whoever comes next"
    (both,) = (opinions for opinions in told if opinions is not None)
    assert sorted(one["verdict"] for one in both) == sorted(["unsure", second[0]])
