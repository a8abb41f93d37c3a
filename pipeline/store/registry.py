"""Models of a bureau: added as challengers, made champion by a manager's signature, rolled back to."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType

from sqlalchemy import Connection, RowMapping, func, insert, select

from pipeline.domain.people import Person, PersonId
from pipeline.domain.registry import ModelState, Outcome, Step
from pipeline.errors import ConflictError, NotAllowedError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import models, people, promotions

ModelId = NewType("ModelId", str)
LEAF_COLUMNS = ("name", "outcome", "bundle_sha256", "report_sha256", "compared_with", "labels_sha256")
"""What the leaf of a model repeats of its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as it stands. ``bundle_sha256`` is of its ``bundle.json``, which names every file of it by its sha256."""

    id: ModelId
    name: str
    state: ModelState
    outcome: Outcome
    bundle_sha256: str
    report_sha256: str | None
    compared_with: ModelId | None
    labels_sha256: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model to be added: what it is, and what came of comparing it."""

    name: str
    outcome: Outcome
    bundle_sha256: str
    report_sha256: str | None = None
    compared_with: ModelId | None = None
    labels_sha256: str | None = None
    id: ModelId = field(default_factory=lambda: ModelId(new_id()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who makes a model champion, how and why. ``override`` is needed where it was not shown to be better."""

    person: Person
    reason: str
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A signature that was given: which model became champion, how, by whom, when and why."""

    model: ModelId
    model_name: str
    step: Step
    signed_by: str
    at: datetime
    reason: str
    override: str


def add_model(connection: Connection, new: NewModel, *, by: PersonId | None, now: datetime) -> Model:
    """Add a challenger.

    Raises:
        ConflictError: The name is taken.
    """
    if connection.execute(select(models.c.id).where(models.c.name == new.name)).first():
        raise ConflictError(f"there is a model {new.name} already; give this one another name")
    row: dict[str, Any] = {"id": new.id, "name": new.name, "outcome": new.outcome.value}
    row |= {"bundle_sha256": new.bundle_sha256, "report_sha256": new.report_sha256}
    row |= {"compared_with": new.compared_with, "labels_sha256": new.labels_sha256}
    leaf = record(connection, Entry(kind=Kind.MODEL_ADDED, subject=new.id, person=by, body=model_body(row)), now)
    row |= {"state": ModelState.CHALLENGER.value, "added_at": leaf.at, "leaf": leaf.position}
    connection.execute(insert(models).values(row))
    return model_named(connection, new.name)


def promote_model(connection: Connection, model: Model, signature: Signature, *, now: datetime) -> None:
    """Make a model champion; the founding model is entered first, where nothing was promoted yet.

    Raises:
        ConflictError: It is champion already.
        NotAllowedError: The person is no manager, or the model was not shown to be better and no reason is given.
    """
    founder = _founder(connection)
    if founder is not None and _count(connection) == 0:
        _sign(connection, founder, signature, Step.FOUNDING, now)
        if founder.id == model.id:
            return
    _sign(connection, model, signature, Step.PROMOTION, now)


def roll_back_model(connection: Connection, signature: Signature, *, now: datetime) -> Model:
    """Make the champion before the present one champion again; which that is.

    Raises:
        NotFoundError: There was none before.
        NotAllowedError: The person is no manager.
    """
    model = champion_before(connection)
    if model is None:
        raise NotFoundError("no other model was champion before; there is nothing to roll back to")
    _sign(connection, model, signature, Step.ROLL_BACK, now)
    return model_named(connection, model.name)


def champion(connection: Connection, *, at: datetime | None = None) -> Model | None:
    """The champion now, or as it was ``at`` a time; None where none was promoted: then the settings name the model."""
    chosen = select(models).join(promotions, promotions.c.model_id == models.c.id)
    if at is not None:
        chosen = chosen.where(promotions.c.at <= at)
    row = connection.execute(chosen.order_by(promotions.c.number.desc()).limit(1)).mappings().first()
    return None if row is None else _model(row)


def champion_before(connection: Connection) -> Model | None:
    """The last champion that was another one than the present: what is rolled back to; None where there was none."""
    present = champion(connection)
    chosen = select(models).join(promotions, promotions.c.model_id == models.c.id)
    if present is not None:
        chosen = chosen.where(models.c.id != present.id)
    row = connection.execute(chosen.order_by(promotions.c.number.desc()).limit(1)).mappings().first()
    return None if row is None else _model(row)


def model_named(connection: Connection, name: str) -> Model:
    """The model called so.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(select(models).where(models.c.name == name)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no model {name}; plotwatch model list shows them")
    return _model(row)


def find_model(connection: Connection, model: str) -> Model:
    """A model by its id.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(select(models).where(models.c.id == model)).mappings().first()
    if row is None:
        raise NotFoundError("there is no such model")
    return _model(row)


def list_promotions(connection: Connection) -> tuple[Promotion, ...]:
    """Everything that was signed, newest first."""
    chosen = (
        select(promotions, models.c.name.label("model_name"), people.c.name.label("person_name"))
        .join(models, models.c.id == promotions.c.model_id)
        .join(people, people.c.id == promotions.c.person_id)
        .order_by(promotions.c.number.desc())
    )
    return tuple(
        Promotion(
            model=ModelId(row["model_id"]),
            model_name=row["model_name"],
            step=Step(row["step"]),
            signed_by=row["person_name"],
            at=row["at"],
            reason=row["reason"],
            override=row["override"],
        )
        for row in connection.execute(chosen).mappings()
    )


def list_models(connection: Connection) -> tuple[Model, ...]:
    """Every model, newest first."""
    rows = connection.execute(select(models).order_by(models.c.added_at.desc(), models.c.name)).mappings()
    return tuple(_model(row) for row in rows)


def model_body(row: Any) -> dict[str, Any]:
    """What the leaf of a model says; ``audit`` compares it with the row."""
    return {name: row[name] for name in LEAF_COLUMNS}


def promotion_body(row: Any, model: Any) -> dict[str, Any]:
    """What the leaf of a promotion says: the step, what was signed, and why."""
    said = {name: row[name] for name in ("number", "step", "reason", "override")}
    return said | {name: model[name] for name in ("name", "outcome", "bundle_sha256", "report_sha256")}


def _sign(connection: Connection, model: Model, signature: Signature, step: Step, now: datetime) -> None:
    row: dict[str, Any] = {"number": _count(connection) + 1, "step": step.value, "reason": signature.reason.strip()}
    row |= {"override": signature.override.strip()}
    if not row["reason"]:
        raise NotAllowedError("a model is made champion for a reason; say which")
    held = connection.execute(select(models).where(models.c.id == model.id)).mappings().one()
    kind = Kind.MODEL_ROLLED_BACK if step is Step.ROLL_BACK else Kind.MODEL_PROMOTED
    entry = Entry(kind=kind, subject=model.id, person=signature.person.id, body=promotion_body(row, held))
    leaf = record(connection, entry, now)
    row |= {"model_id": model.id, "person_id": signature.person.id, "at": leaf.at, "leaf": leaf.position}
    connection.execute(insert(promotions).values(row))


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(promotions)).scalar_one())


def _founder(connection: Connection) -> Model | None:
    """The oldest model that was entered as the one that was there before."""
    chosen = select(models).where(models.c.outcome == Outcome.FOUNDING.value).order_by(models.c.added_at)
    row = connection.execute(chosen).mappings().first()
    return None if row is None else _model(row)


def _model(row: RowMapping) -> Model:
    return Model(
        id=ModelId(row["id"]),
        name=row["name"],
        state=ModelState(row["state"]),
        outcome=Outcome(row["outcome"]),
        bundle_sha256=row["bundle_sha256"],
        report_sha256=row["report_sha256"],
        compared_with=None if row["compared_with"] is None else ModelId(row["compared_with"]),
        labels_sha256=row["labels_sha256"],
        added_at=row["added_at"],
    )
