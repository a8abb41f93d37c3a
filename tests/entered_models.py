"""Models of a bureau as retraining leaves them: a founder, a better challenger, and one that was not shown to be."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
from bundles import write_bundle
from offices import NOON, Office

from pipeline.domain.registry import Outcome
from pipeline.imagery.digest import sha256_of
from pipeline.learning.paired import GroundPair
from pipeline.scanning.bundle import open_bundle
from pipeline.store.files import BUNDLE, COMPARISON
from pipeline.store.registry import Model, NewModel, add_model
from pipeline.workflow.compare_models import Contest, conclude, record_of
from pipeline.workflow.shadow import Shadowed


def a_founder(office: Office, name: str = "demo-poppy") -> Model:
    new = NewModel(name=name, outcome=Outcome.FOUNDING, bundle_sha256="")
    return _enter(office, new, write_bundle(office.desk.files.model(new.id) / BUNDLE, name=name))


def a_challenger(
    office: Office, name: str, founder: Model, *, gained: int, flights: tuple[tuple[str, str], ...] = ()
) -> Model:
    """A challenger that found ``gained`` of 40 plots more than the champion, compared on ``flights`` (id and name)."""
    new = NewModel(
        name=name, outcome=Outcome.BETTER, bundle_sha256="", compared_with=founder.id, labels_sha256="d" * 64
    )
    folder = office.desk.files.model(new.id)
    bundle = write_bundle(folder / BUNDLE, name=name)
    old = np.arange(40) < 24
    pairs = tuple(
        GroundPair(
            name="held out",
            area_m2=12_400.0,
            whole=whole,
            champion_found=old,
            challenger_found=np.arange(40) < 24 + gained,
            champion_false=6,
            challenger_false=5,
        )
        for whole in (True, False)
    )
    shadowed = tuple(
        Shadowed(
            flight=flight,
            name=called,
            champion_flags=12,
            challenger_flags=14,
            champion_m2=300.0,
            challenger_m2=340.0,
            stays=10,
            appears=4,
            vanishes=2,
            vanishing_confirmed=0,
            vanishing_rejected=2,
        )
        for flight, called in flights
    )
    verdict = conclude(pairs, shadowed)
    champion = office.desk.files.model(founder.id) / BUNDLE
    contest = Contest(champion=champion, challenger=bundle, held_out=())
    training = [
        {"en": "Labels settled by two readers: 40 poppy.", "zh": "由两名判读员确定的标注：40 poppy。"},
        {"en": "Left out: the imagery of Secret slope is gone.", "zh": "未采用：秘密。", "names": "flights"},
    ]
    record = record_of(contest, pairs, shadowed, verdict, now=NOON) | {"training": training}
    (folder / COMPARISON).write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    told = {"outcome": verdict.outcome, "report_sha256": sha256_of(folder / COMPARISON)}
    return _enter(office, NewModel(**{name: getattr(new, name) for name in new.__slots__} | told), bundle)


def _enter(office: Office, new: NewModel, bundle: Path) -> Model:
    told = {name: getattr(new, name) for name in new.__slots__} | {"bundle_sha256": open_bundle(bundle).sha256}
    office.clock.at = max(office.clock.at, NOON) + timedelta(seconds=1)
    with office.database.transaction() as connection:
        return add_model(connection, NewModel(**told), by=office.people["manager"].id, now=office.clock())
