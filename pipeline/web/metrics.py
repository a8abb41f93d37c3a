"""Metrics: what Prometheus may read of the server. Counts and times by route; nothing of a person or a flight."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from pipeline.domain.flight import FlightState

BUCKETS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class Metrics:
    """The counters of one application; two applications in one process never share them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "plotwatch_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "plotwatch_request_seconds",
            "Time from request to the end of the answer.",
            ("route",),
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._flights = Gauge("plotwatch_flights", "Flights by state.", ("state",), registry=self._registry)

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_flights(self, by_state: Mapping[FlightState, int]) -> None:
        """Say how many flights stand where."""
        for state in FlightState:
            self._flights.labels(state.value).set(by_state.get(state, 0))

    def exposition(self) -> bytes:
        """Everything counted so far, as Prometheus reads it."""
        return generate_latest(self._registry)
