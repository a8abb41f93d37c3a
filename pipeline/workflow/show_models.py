"""Show models: the champion, who would like to be, what was compared, and what was signed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.domain.flight import FlightId
from pipeline.domain.people import Person, Role
from pipeline.domain.registry import OFFERED, ModelState, Outcome
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.imagery.digest import sha256_of
from pipeline.store.database import Database
from pipeline.store.files import COMPARISON, Files
from pipeline.store.flights import find_flight
from pipeline.store.registry import (
    Model,
    ModelId,
    Promotion,
    champion,
    champion_before,
    find_model,
    list_models,
    list_promotions,
)

ONLY_KEEPERS: Final = "only managers and administrators see the models"
COUNTS: Final = (
    "champion_flags",
    "challenger_flags",
    "stays",
    "appears",
    "vanishes",
    "vanishing_confirmed",
    "vanishing_rejected",
)
"""What a shadow run counts of a flight (workflow.shadow)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What stands in the report of a challenger (workflow.compare_models), as far as a person may know it.

    ``flights`` are those of the shadow run that exist for the person, ``elsewhere`` is the sum of all others.
    """

    record: Mapping[str, Any]
    flights: tuple[Mapping[str, Any], ...]
    elsewhere: Mapping[str, int] | None
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownModel:
    """A model with its report: None where there is none, or where it is not the one that was entered (``is_altered``).

    ``compared_with`` is the name of the model that it was compared with, ``is_dated`` whether that scans no longer.
    """

    model: Model
    comparison: Comparison | None
    is_altered: bool
    compared_with: str
    is_dated: bool

    @property
    def may_be_signed_for(self) -> bool:
        """Whether a signature could make it champion."""
        return self.model.state is not ModelState.CHAMPION and not self.is_altered

    @property
    def needs_override(self) -> bool:
        """Whether a signature has to say why, although it was not shown to be better."""
        return self.model.outcome not in OFFERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """All models of a bureau. ``before`` is what would be rolled back to; ``founder`` scans while nobody has signed."""

    champion: Model | None
    founder: Model | None
    challengers: tuple[ShownModel, ...]
    retired: tuple[Model, ...]
    before: Model | None
    promotions: tuple[Promotion, ...]


def show_models(database: Database, files: Files, person: Person) -> Models:
    """Every model, and everything that was signed.

    Raises:
        NotAllowedError: The person is neither manager nor administrator.
    """
    _must_keep(person)
    with database.snapshot() as connection:
        held, present = list_models(connection), champion(connection)
        before, signed = champion_before(connection), list_promotions(connection)
    founder = _founder(held)
    rivals = [one for one in held if one.state is ModelState.CHALLENGER and one.outcome is not Outcome.FOUNDING]
    names = {model.id: model.name for model in held}
    scans = present or founder
    return Models(
        champion=present,
        founder=founder if present is None else None,
        challengers=tuple(_shown(database, files, person, model, (names, scans)) for model in rivals),
        retired=tuple(model for model in held if model.state is ModelState.RETIRED),
        before=before,
        promotions=signed,
    )


def show_model(database: Database, files: Files, person: Person, model: str) -> ShownModel:
    """One model with its report.

    Raises:
        NotAllowedError: The person is neither manager nor administrator.
        NotFoundError: There is no such model.
    """
    _must_keep(person)
    with database.snapshot() as connection:
        found, held, present = find_model(connection, model), list_models(connection), champion(connection)
    return _shown(database, files, person, found, ({one.id: one.name for one in held}, present or _founder(held)))


def _founder(held: Sequence[Model]) -> Model | None:
    """The model that scanned before anybody signed."""
    return next((model for model in held[::-1] if model.outcome is Outcome.FOUNDING), None)


def _shown(
    database: Database, files: Files, person: Person, model: Model, known: tuple[Mapping[ModelId, str], Model | None]
) -> ShownModel:
    """A model with its report; ``known`` are the names of all models, and which one scans."""
    names, scans = known
    path = files.model(model.id) / COMPARISON
    whole = model.report_sha256 is not None and path.is_file() and sha256_of(path) == model.report_sha256
    with_whom = model.compared_with
    return ShownModel(
        model=model,
        comparison=_compared(database, person, json.loads(path.read_text("utf-8"))) if whole else None,
        is_altered=model.report_sha256 is not None and not whole,
        compared_with="" if with_whom is None else names.get(with_whom, ""),
        is_dated=with_whom is not None and scans is not None and scans.id not in {with_whom, model.id},
    )


def _compared(database: Database, person: Person, record: Mapping[str, Any]) -> Comparison:
    seen: list[Mapping[str, Any]] = []
    others: list[Mapping[str, Any]] = []
    for one in record["shadow"]:
        (seen if _exists_for(database, person, one["flight"]) else others).append(one)
    return Comparison(
        record=record,
        flights=tuple(seen),
        elsewhere=_summed(others) if others else None,
        left_out=sum("names" in one for one in record["training"]),
    )


def _exists_for(database: Database, person: Person, flight: str) -> bool:
    with database.snapshot() as connection:
        try:
            find_flight(connection, person, FlightId(flight))
        except NotFoundError:
            return False
    return True


def _summed(flights: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {name: sum(one[name] for one in flights) for name in COUNTS} | {"count": len(flights)}


def _must_keep(person: Person) -> None:
    if not (person.has(Role.MANAGER) or person.has(Role.ADMINISTRATOR)):
        raise NotAllowedError(ONLY_KEEPERS)
