"""Nobody fills the memory of the server with a form."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from pipeline.web.limits import MOST_BYTES

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def pieces(total: int) -> Iterator[bytes]:
    """A body whose length nobody announced."""
    yield b"name=x&password="
    for _ in range(total // 65_536 + 1):
        yield b"x" * 65_536


@pytest.mark.parametrize("path", ["/sign-in", "/language"])
def test_a_long_form_is_refused_before_it_is_read(client: TestClient, path: str) -> None:
    answer = client.post(path, content=b"name=x&password=" + b"x" * MOST_BYTES, headers=FORM)
    assert answer.status_code == 413
    assert "This is too large" in answer.text


def test_a_form_that_hides_its_length_is_refused_too(client: TestClient) -> None:
    assert client.post("/sign-in", content=pieces(2 * MOST_BYTES), headers=FORM).status_code == 413


def test_a_piece_of_an_upload_may_be_long(app: FastAPI, client: TestClient) -> None:
    async def swallow(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    app.router.routes.insert(0, app.router.route_class("/api/v1/uploads/try", swallow, methods=["PATCH", "PUT"]))
    body = b"x" * (2 * MOST_BYTES)
    assert client.patch("/api/v1/uploads/try", content=body).json() == len(body)
    assert client.put("/api/v1/uploads/try", content=body).status_code == 413
