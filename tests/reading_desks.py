"""Readers at their desks: what a browser does on the review page, without the page."""

import hashlib
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from offices import HASHED, NOON, Office, csrf_of, sign_in

from pipeline.domain.people import Role
from pipeline.store.people import NewPerson, add_person

YES, NO = ("confirm", "planted"), ("reject", "other_crop")


class Desk:
    """Somebody's browser on the review page, without the page."""

    def __init__(self, app: FastAPI, name: str) -> None:
        self.client = TestClient(app, base_url="https://plots.test", follow_redirects=False)
        sign_in(self.client, name)
        self.csrf = csrf_of(self.client)
        self.number = 0

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        sent = {"X-CSRF-Token": self.csrf, "Accept": "application/json"} | headers
        return self.client.post(f"/review/{path}", json={} if body is None else body, headers=sent)

    def next(self, want: int = 1) -> list[dict[str, Any]]:
        answer = self.post("next", {"want": want})
        assert answer.status_code == 200, answer.text
        readings: list[dict[str, Any]] = answer.json()["readings"]
        return readings

    def look(self, reading: dict[str, Any]) -> None:
        hashes = {}
        for name in ("picture", "overview"):
            got = self.client.get(reading[name]["url"])
            assert got.status_code == 200, got.text
            hashes[name] = hashlib.sha256(got.content).hexdigest()
            assert got.headers["ETag"] == f'"{hashes[name]}"'
        assert self.post(f"readings/{reading['id']}/shown", hashes).status_code == 204

    def say(self, reading: dict[str, Any], verdict: tuple[str, str], **more: object) -> Any:
        self.number += 1
        body = {"decision": f"{self.number:032x}", "verdict": verdict[0], "reason": verdict[1]} | more
        return self.send(reading, body)

    def send(self, reading: dict[str, Any], body: dict[str, object]) -> Any:
        return self.post(f"readings/{reading['id']}/verdict", body)

    def read(self, verdict: tuple[str, str], **more: object) -> dict[str, Any]:
        (reading, *_) = self.next()
        self.look(reading)
        answer = self.say(reading, verdict, **more)
        assert answer.status_code == 200, answer.text
        return reading


def hire(office: Office, names: Iterable[str]) -> None:
    """Reviewers of the eastern district."""
    with office.database.transaction() as connection:
        for name in names:
            new = NewPerson(
                name=name,
                password_hash=HASHED,
                roles=frozenset({Role.REVIEWER}),
                districts=frozenset({office.east.id}),
            )
            add_person(connection, new, by=None, now=NOON)
