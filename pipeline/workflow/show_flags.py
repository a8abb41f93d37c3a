"""Show flags: the properties of a flag in other people's software, the same in a file and through an interface."""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from pipeline.store.shown_flags import ShownFlag

CANDIDATE: Final = "candidate for verification"
"""What every export says of every flag."""


PROPERTIES: Final[dict[str, Callable[[ShownFlag], Any]]] = {
    "id": attrgetter("id"),
    "label": attrgetter("label"),
    "what": lambda _: CANDIDATE,
    "status": lambda flag: flag.status.value,
    "class": attrgetter("class_name"),
    "area_m2": lambda flag: round(flag.area_m2, 2),
    "district": attrgetter("district"),
    "flight": attrgetter("flight"),
    "flight_name": attrgetter("flight_name"),
    "flown_on": attrgetter("flown_on"),
    "raised_at": attrgetter("raised_at"),
    "verdicts": lambda flag: ", ".join(flag.verdicts),
    "licensed": lambda flag: ", ".join(flag.licensed),
    "scan": attrgetter("scan"),
    "scanned_at": attrgetter("scanned_at"),
    "model": attrgetter("model"),
    "model_sha256": attrgetter("model_sha256"),
    "software": attrgetter("software"),
    "original": attrgetter("original"),
    "original_sha256": attrgetter("original_sha256"),
}
"""What is said of a flag: texts, days (local), times (UTC) and square metres; None where nothing is known."""


def properties_of(flag: ShownFlag) -> dict[str, Any]:
    """All of ``PROPERTIES`` of a flag."""
    return {name: read(flag) for name, read in PROPERTIES.items()}


def in_json(value: Any) -> Any:
    """A property as JSON has it: days and times (in UTC, with a Z) are texts."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if hasattr(value, "isoformat") else value
