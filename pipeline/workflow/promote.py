"""Promote: a manager signs for a model with their password, and it scans whatever is handed in from then on."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.domain.people import Person, Role
from pipeline.errors import ConflictError, NotAllowedError
from pipeline.imagery.digest import sha256_of
from pipeline.scanning.bundle import open_bundle
from pipeline.store.database import Database
from pipeline.store.files import BUNDLE, COMPARISON, Files
from pipeline.store.passwords import Passwords
from pipeline.store.registry import (
    Model,
    Signature,
    model_named,
    promote_model,
    roll_back_model,
)
from pipeline.store.signing_in import Attempt, Refusal, sign_in, try_password

REFUSED: Final = {
    Refusal.WRONG: "the name or the password is wrong; nothing was signed",
    Refusal.PAUSED: "too many wrong passwords; try again in 15 minutes, nothing was signed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Who signs with which password, and why. ``source`` is where they sit, for the count of wrong passwords."""

    name: str
    password: str
    reason: str
    override: str = ""
    source: str = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where models are signed for."""

    database: Database
    files: Files
    passwords: Passwords


def promote(desk: Desk, name: str, signing: Signing, *, now: datetime) -> Model:
    """Make a model champion. Flights that are worked on keep the model they began with.

    Raises:
        NotFoundError: There is no such model.
        NotAllowedError: The password is wrong, the person is no manager, or a reason is missing.
        ConflictError: Bundle or report is not the one that was compared.
    """
    person = _signed(desk, signing, now)
    signature = Signature(person=person, reason=signing.reason, override=signing.override)
    with desk.database.transaction() as connection:
        model = model_named(connection, name)
        _check_files(desk.files.model(model.id), model)
        promote_model(connection, model, signature, now=now)
        return model_named(connection, name)


def roll_back(desk: Desk, signing: Signing, *, onto: str | None = None, now: datetime) -> Model:
    """Make the champion before the present one champion again.

    ``onto`` is the id of the model that whoever signs takes that to be; None where they did not look.

    Raises:
        NotFoundError: There was none before.
        NotAllowedError: The password is wrong, or the person is no manager.
        ConflictError: It is another one by now, or its bundle is not the one that was champion.
    """
    person = _signed(desk, signing, now)
    with desk.database.transaction() as connection:
        model = roll_back_model(connection, Signature(person=person, reason=signing.reason), now=now)
        if onto is not None and model.id != onto:
            raise ConflictError("somebody else has changed the champion meanwhile; look again before you sign")
        _check_files(desk.files.model(model.id), model)
        return model


def _signed(desk: Desk, signing: Signing, now: datetime) -> Person:
    """The manager whose password it is; what is refused is counted, as at the door."""
    attempt = Attempt(name=signing.name, password=signing.password, source=signing.source)
    tried = try_password(desk.database, attempt, desk.passwords, now=now)
    with desk.database.transaction() as connection:
        person = sign_in(connection, tried, now=now)
    if isinstance(person, Refusal):
        raise NotAllowedError(REFUSED[person])
    if not person.has(Role.MANAGER):
        raise NotAllowedError("only a manager promotes a model")
    return person


def _check_files(folder: Path, model: Model) -> None:
    """What is signed is what lies there."""
    if open_bundle(folder / BUNDLE).sha256 != model.bundle_sha256:
        raise ConflictError(f"the bundle of {model.name} is not the one that was entered; nothing was signed")
    if model.report_sha256 is not None and sha256_of(folder / COMPARISON) != model.report_sha256:
        raise ConflictError(f"the report of {model.name} is not the one that was entered; nothing was signed")
