"""Machines learn whether the server lives, can work and how much it did; people from elsewhere do not."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from offices import Office

from pipeline.web.app import build_app
from pipeline.web.services import Check

Asking = Callable[..., TestClient]
HERE = ("127.0.0.1", 50_000)


@pytest.fixture
def asking(office: Office) -> Asking:
    """A server with some checks, asked from ``client``."""
    return lambda *checks, client=HERE: TestClient(build_app(office.services(*checks, hosts=("*",))), client=client)


def test_a_server_that_lacks_something_lives_but_is_not_ready(asking: Asking) -> None:
    client = asking(Check(name="database", holds=lambda: True), Check(name="worker", holds=lambda: False))
    assert client.get("/healthz").text == "ok"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "worker": "failed"}


def test_a_server_with_all_it_needs_is_ready(asking: Asking) -> None:
    assert asking(Check(name="disk", holds=lambda: True)).get("/readyz").status_code == 200


def test_flights_are_counted_by_state(asking: Asking, office: Office) -> None:
    office.fly_many(["a", "b"])
    office.not_flown("c")
    counts = asking().get("/metrics").text
    assert 'plotwatch_flights{state="received"} 2.0' in counts
    assert 'plotwatch_flights{state="not_flown"} 1.0' in counts
    assert 'plotwatch_flights{state="failed"} 0.0' in counts


def test_counts_name_routes_and_never_what_stood_in_their_place(asking: Asking) -> None:
    client = asking()
    client.get("/nothing-of-lihua?who=lihua")
    client.get("/healthz")
    counts = client.get("/metrics").text
    assert 'plotwatch_requests_total{method="GET",route="/healthz",status="200"} 1.0' in counts
    assert 'plotwatch_requests_total{method="GET",route="none",status="404"} 1.0' in counts
    assert "lihua" not in counts


def test_two_applications_in_a_process_count_for_themselves(asking: Asking) -> None:
    asking().get("/healthz")
    assert "/healthz" not in asking().get("/metrics").text


@pytest.mark.parametrize("client", [("192.0.2.7", 1), ("testclient", 1)])
def test_counts_do_not_exist_for_another_machine(asking: Asking, client: tuple[str, int]) -> None:
    assert asking(client=client).get("/metrics").status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_counts_do_not_exist_for_whom_a_server_in_front_asks(asking: Asking, header: str) -> None:
    assert asking().get("/metrics", headers={header: "192.0.2.7"}).status_code == 404
