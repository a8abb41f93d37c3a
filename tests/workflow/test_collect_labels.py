"""What becomes a label: what two readers or a visit settled, as they drew it. Nothing else, and no control."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from blobs import INSET_PX, write_mixed
from bundles import red_graph, write_bundle
from campaign import Campaign, a_campaign, copied, targets_in_degrees
from databases import a_person, sqlite_copy
from found import record_finding
from rasters import GSD_M

from pipeline.domain.flag import FlagId, FlagOrigin, FlagStatus
from pipeline.domain.people import Role
from pipeline.domain.watching import Truth
from pipeline.errors import NotAllowedError
from pipeline.learning.sources import read_dataset
from pipeline.settings import ReviewSettings
from pipeline.store.ledger import Kind, leaves
from pipeline.store.tables import decisions, flags
from pipeline.store.visits import plan_visit
from pipeline.workflow.collect_labels import Collected, collect_labels

pytestmark = pytest.mark.learning

RULES = ReviewSettings(second_read_share=1.0, audit_share=1.0, control_share=0.3)
FLAG_M2 = (64 * GSD_M) ** 2
DRAWN_M2 = ((64 - 2 * INSET_PX) * GSD_M) ** 2


@dataclass(frozen=True, kw_only=True)
class Label:
    """One outline of a data set that was collected."""

    class_name: str
    flag: str
    decisions: tuple[str, ...]
    visit: str
    redrawn: bool
    outline: Any


@pytest.fixture(scope="module")
def scanned(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Two flights scanned and not read, by a model that misses dark plots; controls are among the second's flags."""
    folder = tmp_path_factory.mktemp("scanned")
    model = write_bundle(tmp_path_factory.mktemp("model") / "red", graph=red_graph(gain=0.06))
    with sqlite_copy(sqlite_template, folder) as database:
        made = a_campaign(database, folder, model=model)
        made.rules = RULES
        made.bureau = replace(made.bureau, settings=replace(made.bureau.settings, review=RULES))
        for seed in (21, 22):
            labels = write_mixed(folder / f"flight{seed}", seed)
            flight = made.fly(folder / f"flight{seed}" / "orthomosaic.tif", targets_in_degrees(labels, "red"))
            if seed == 21:
                grown = shapely.get_parts(made.truth[flight])
                assert made.know(flight, Truth.TARGET, grown, most=4) == 4
                others = shapely.get_parts(targets_in_degrees(labels, "magenta"))
                assert made.know(flight, Truth.CLEAR, others, most=2) == 2
    return made


@pytest.fixture
def campaign(scanned: Campaign, tmp_path: Path) -> Iterator[Campaign]:
    with copied(scanned, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def whole(scanned: Campaign, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """Everything read by readers who never err, and who draw the outline of what they confirm."""
    with copied(scanned, tmp_path_factory.mktemp("read")) as made:
        made.readers = tuple(replace(reader, redraws=1.0) for reader in made.readers)
        assert made.read() > 0
        yield made


def collected(campaign: Campaign, out: Path) -> tuple[Collected, list[Label]]:
    made = collect_labels(campaign.office(), out, target="red", now=campaign.now)
    assert made is not None
    found = []
    for source in read_dataset(made.path).source:
        assert source.labels is not None
        _, _, wkb, columns = pyogrio.raw.read(out / source.labels, columns=FIELDS)
        for outline, *row in zip(shapely.from_wkb(wkb), *columns, strict=True):
            class_name, flag, rests_on, visit, redrawn = row
            found.append(
                Label(
                    class_name=class_name,
                    flag=flag,
                    decisions=tuple(rests_on.split()),
                    visit=visit,
                    redrawn=redrawn == "yes",
                    outline=outline,
                )
            )
    return made, found


FIELDS = ["class", "flag", "decisions", "visit", "redrawn"]


def known(labels: list[Label]) -> list[Label]:
    return [label for label in labels if label.class_name != "unknown"]


def rows(campaign: Campaign) -> dict[str, Any]:
    with campaign.bureau.database.snapshot() as connection:
        return {row["id"]: row for row in connection.execute(flags.select()).mappings()}


def test_decisions_of_two_readers_become_labels_and_all_else_is_unknown(whole: Campaign, tmp_path: Path) -> None:
    made, labels = collected(whole, tmp_path / "c")
    again, _ = collected(whole, tmp_path / "d")
    assert (again.flights, again.labels, again.fingerprint) == (made.flights, made.labels, made.fingerprint)
    dataset = read_dataset(made.path)
    assert (dataset.target, dataset.look_alikes, dataset.unknown) == (("red",), ("look_alike", "clear"), ("unknown",))
    assert made.labels == Counter(label.class_name for label in known(labels))
    assert made.labels["look_alike"] == 6
    assert all(len(label.decisions) == 2 for label in known(labels))
    assert not any(label.flag or label.decisions for label in labels if label.class_name == "unknown")
    apart = shapely.area(shapely.union_all([label.outline for label in labels]))
    assert apart == pytest.approx(sum(label.outline.area for label in labels), rel=1e-6)
    assert apart == pytest.approx(2 * (384 * GSD_M) ** 2, rel=1e-6)
    with whole.bureau.database.snapshot() as connection:
        told = [leaf for leaf in leaves(connection) if leaf.kind == Kind.LABELS_COLLECTED]
    assert [leaf.subject for leaf in told] == [made.fingerprint, again.fingerprint]
    assert json.loads(told[0].body)["labels"] == made.labels


def test_single_readings_teach_nothing_and_only_managers_collect(campaign: Campaign, tmp_path: Path) -> None:
    campaign.readers = campaign.readers[:1]
    assert campaign.read() > 0
    assert collect_labels(campaign.office(), tmp_path / "c", target="red", now=campaign.now) is None
    nobody = replace(campaign.office(), person=campaign.readers[0].person)
    with pytest.raises(NotAllowedError, match="only a manager"):
        collect_labels(nobody, tmp_path / "c", target="red", now=campaign.now)


def test_a_dispute_teaches_nothing_until_a_third_reader_ends_it(campaign: Campaign, tmp_path: Path) -> None:
    first, second, third = campaign.readers
    campaign.readers = (first, replace(second, hit_rate=0.0))
    campaign.read()
    _, labels = collected(campaign, tmp_path / "before")
    assert {label.class_name for label in known(labels)} == {"look_alike", "clear"}
    campaign.readers = (third,)
    campaign.read()
    _, labels = collected(campaign, tmp_path / "after")
    targets = [label for label in labels if label.class_name == "red"]
    assert len(targets) >= 12
    assert all(len(label.decisions) == 3 for label in targets)


def test_an_outline_that_a_reader_drew_takes_the_place_of_the_models(whole: Campaign, tmp_path: Path) -> None:
    _, labels = collected(whole, tmp_path / "c")
    of_scan = [label for label in known(labels) if rows(whole)[label.flag]["origin"] == FlagOrigin.SCAN]
    targets = [label for label in of_scan if label.class_name == "red"]
    assert len(targets) == 12
    assert all(label.redrawn for label in targets)
    assert [label.outline.area for label in targets] == pytest.approx([DRAWN_M2] * 12, rel=1e-3)
    others = [label for label in of_scan if label.class_name == "look_alike"]
    assert not any(label.redrawn for label in others)
    assert [label.outline.area for label in others] == pytest.approx([FLAG_M2] * 6, rel=1e-3)


def test_plots_that_the_model_missed_are_taught_where_the_audit_found_them(whole: Campaign, tmp_path: Path) -> None:
    _, labels = collected(whole, tmp_path / "c")
    audited = [label for label in known(labels) if rows(whole)[label.flag]["origin"] == FlagOrigin.AUDIT]
    assert {label.class_name for label in audited} == {"red", "clear"}
    found = [label for label in audited if label.class_name == "red"]
    assert all(label.redrawn for label in found)
    assert [label.outline.area for label in found] == pytest.approx([DRAWN_M2] * len(found), rel=1e-3)
    by_scan = [label for label in known(labels) if label not in audited]
    assert "clear" not in {label.class_name for label in by_scan}


def test_controls_are_read_like_flags_and_never_teach(whole: Campaign, tmp_path: Path) -> None:
    _, labels = collected(whole, tmp_path / "c")
    every = rows(whole)
    controls = {name for name, row in every.items() if row["origin"] == FlagOrigin.CONTROL}
    with whole.bureau.database.snapshot() as connection:
        read = Counter(row["flag_id"] for row in connection.execute(decisions.select()).mappings())
    assert {every[name]["status"] for name in controls} >= {FlagStatus.CONFIRMED, FlagStatus.REJECTED}
    assert any(read[name] >= 2 for name in controls)
    assert controls.isdisjoint(label.flag for label in labels)


VISITS = {
    FlagStatus.VERIFIED: ("red", True),
    FlagStatus.ALREADY_REMOVED: ("red", True),
    FlagStatus.NO_ACCESS: ("red", False),
    FlagStatus.ABSENT: ("look_alike", True),
    FlagStatus.LOOK_ALIKE: ("look_alike", True),
}
"""What a confirmed flag teaches after a visit, and whether the visit is named as the ground of it."""


def test_what_a_visit_found_teaches_over_what_two_readers_said(whole: Campaign, tmp_path: Path) -> None:
    with copied(whole, tmp_path) as campaign:
        _visited(campaign, tmp_path)


def _visited(campaign: Campaign, tmp_path: Path) -> None:
    _, before = collected(campaign, tmp_path / "before")
    origins = {name: row["origin"] for name, row in rows(campaign).items()}
    confirmed = [label.flag for label in before if label.class_name == "red"]
    of_scan = [flag for flag in confirmed if origins[flag] == FlagOrigin.SCAN]
    audited = next(flag for flag in confirmed if origins[flag] == FlagOrigin.AUDIT)
    team = a_person(campaign.bureau.database, "team", Role.FIELD, districts=frozenset({campaign.bureau.district.id}))
    visited = dict(zip(of_scan, VISITS, strict=False)) | {audited: FlagStatus.ABSENT}
    for flag, outcome in visited.items():
        with campaign.bureau.database.transaction() as connection:
            visit = plan_visit(connection, campaign.bureau.manager, FlagId(flag), now=campaign.now)
            record_finding(connection, team, visit.id, outcome, note="", now=campaign.now)
    _, after = collected(campaign, tmp_path / "after")
    taught = {label.flag: (label.class_name, bool(label.visit)) for label in known(after)}
    assert taught.pop(audited) == ("clear", True), "nothing that the model took for a target"
    assert {visited[flag]: lesson for flag, lesson in taught.items() if flag in visited} == VISITS
    assert all(not label.visit for label in known(after) if label.flag not in visited)
