"""Navigation: the places that the head of a page offers to a person, by role."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.web.languages import marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page worth a link on every page. ``roles`` see it; ``address`` begins the addresses that belong to it."""

    name: str
    address: str
    roles: frozenset[str]


PLACES: Final = (
    Place(name=marked("Overview"), address="/overview", roles=frozenset({"manager"})),
    Place(name=marked("Flights"), address="/flights", roles=frozenset({"surveyor", "reviewer", "field", "manager"})),
    Place(name=marked("Coverage"), address="/coverage", roles=frozenset({"manager"})),
    Place(name=marked("Statement"), address="/statement", roles=frozenset({"manager"})),
    Place(name=marked("Visits"), address="/visits", roles=frozenset({"field", "manager"})),
    Place(name=marked("Review"), address="/review", roles=frozenset({"reviewer"})),
    Place(name=marked("Upload"), address="/upload", roles=frozenset({"surveyor"})),
    Place(name=marked("My readings"), address="/review/mine", roles=frozenset({"reviewer"})),
    Place(name=marked("Key"), address="/review/key", roles=frozenset({"reviewer", "manager"})),
    Place(name=marked("How it goes"), address="/review/lead", roles=frozenset({"manager"})),
    Place(name=marked("Models"), address="/models", roles=frozenset({"manager", "administrator"})),
    Place(name=marked("People"), address="/people", roles=frozenset({"administrator"})),
)


def place_at(path: str, places: Iterable[Place]) -> Place | None:
    """The place to which an address belongs: of two that begin it, the longer one."""
    fitting = [place for place in places if path == place.address or path.startswith(f"{place.address}/")]
    return max(fitting, key=lambda place: len(place.address), default=None)


def places_of(roles: Iterable[str]) -> tuple[Place, ...]:
    """The places that at least one of ``roles`` may visit, in order."""
    held = frozenset(roles)
    return tuple(place for place in PLACES if place.roles & held)
