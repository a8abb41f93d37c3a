"""From decisions to a challenger: one that is better is offered and signed for, one that is not is kept out."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
import shapely
from blobs import write_config, write_mixed, write_mixed_dataset
from bundles import red_graph, write_bundle
from campaign import Campaign, a_campaign, copied, targets_in_degrees
from databases import CHEAP, PASSWORD, sqlite_copy
from pages import unclosed
from rasters import GSD_M

from pipeline.domain.registry import ModelState, Outcome
from pipeline.errors import ConflictError, NotAllowedError
from pipeline.learning.dealing import role_by_id
from pipeline.learning.sources import Role
from pipeline.settings import ReviewSettings
from pipeline.store import columns, flights
from pipeline.store.audit import audit
from pipeline.store.registry import champion, list_models
from pipeline.workflow import quantise, watch
from pipeline.workflow.challenge import Challenge, Challenged, challenge, champion_path
from pipeline.workflow.promote import Desk, Signing, promote, roll_back

pytestmark = pytest.mark.learning

TEACHES = "00000000000000000000000000000002"
"""The id of a flight that is dealt the role of training ground."""
SIGNING = Signing(name="wang", password=PASSWORD, reason="more is found")


@dataclass(frozen=True, kw_only=True)
class School:
    """A campaign that was read, ground to learn from, and ground that was held out."""

    campaign: Campaign
    config: Path
    held_out: Path
    folder: Path

    def what(self, name: str, **more: Any) -> Challenge:
        return Challenge(config=self.config, name=name, held_out=self.held_out, recent=1, **more)


@pytest.fixture(scope="module")
def school(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """A flight scanned by a champion that misses dark plots, and read by two and three."""
    folder = tmp_path_factory.mktemp("campaign")
    rules = ReviewSettings(second_read_share=1.0, audit_share=1.0)
    model = write_bundle(tmp_path_factory.mktemp("model") / "red", graph=red_graph(gain=0.06))
    with sqlite_copy(sqlite_template, folder) as database:
        made = a_campaign(database, folder, model=model, redraws=1.0)
        made.rules = rules
        made.bureau = replace(made.bureau, settings=replace(made.bureau.settings, review=rules))
        labels = write_mixed(folder / "flight", 21)
        chance = Random(20261126)
        with pytest.MonkeyPatch.context() as patch:  # ids and draws decide about roles, and in which order labels come
            patch.setattr(columns.uuid, "uuid4", lambda: UUID(int=chance.getrandbits(128)))
            patch.setattr(watch, "SystemRandom", lambda: chance)
            patch.setattr(flights, "new_id", lambda: TEACHES)
            made.fly(folder / "flight" / "orthomosaic.tif", targets_in_degrees(labels, "red"))
            assert made.read() > 0
    known, kept = (tmp_path_factory.mktemp(name) for name in ("known", "kept"))
    write_mixed_dataset(known, {31: "train", 32: "calibrate", 33: "validate"})
    held_out = write_mixed_dataset(kept, {41: "test", 42: "test"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantise, "WINDOWS", 8)  # few and small: enough to place the ranges of ground this plain
        patch.setattr(quantise, "WINDOW_PX", 128)
        yield School(
            campaign=made,
            config=write_config(known, steps=60, every=30),
            held_out=held_out,
            folder=tmp_path_factory.mktemp("trained"),
        )


def test_the_flight_is_training_ground() -> None:
    assert role_by_id(TEACHES) is Role.TRAIN


@pytest.fixture(scope="module")
def better(school: School, tmp_path_factory: pytest.TempPathFactory) -> tuple[Campaign, Challenged]:
    """The campaign with a challenger entered that learnt what the champion does not know."""
    with copied(school.campaign, tmp_path_factory.mktemp("entered")) as campaign:
        what = school.what("second", anew=True)
        made = challenge(campaign.office(), what, school.folder / "second", now=campaign.now)
    return campaign, made


@pytest.fixture
def entered(better: tuple[Campaign, Challenged], tmp_path: Path) -> Iterator[tuple[Campaign, Challenged]]:
    with copied(better[0], tmp_path) as campaign:
        yield campaign, better[1]


def desk_of(campaign: Campaign) -> Desk:
    return Desk(database=campaign.bureau.database, files=campaign.bureau.files, passwords=CHEAP)


def states(campaign: Campaign) -> dict[str, ModelState]:
    with campaign.bureau.database.snapshot() as connection:
        return {model.name: model.state for model in list_models(connection)}


def test_a_challenger_that_finds_what_the_champion_misses_is_offered_with_its_numbers(
    better: tuple[Campaign, Challenged], school: School
) -> None:
    made = better[1]
    assert (made.model.outcome, made.is_offered) == (Outcome.BETTER, True)
    counts = made.record["held_out"]["labelled_as_a_whole"]
    assert (counts["plots"], counts["champion"]["hits"]) == (22, 12)
    gained, lost = counts["found_by_challenger_alone"], counts["found_by_champion_alone"]
    assert gained - lost == counts["challenger"]["hits"] - 12 >= 6
    assert counts["mcnemar_exact_p"] <= 0.05
    assert counts["difference_interval_95"][0] > 0
    everything = made.record["held_out"]["all"]
    found, n = everything["challenger"]["hits"], everything["plots"]
    assert made.record["sentence"].startswith(f"The challenger is better. It finds {found} of {n} held-out plots")
    assert made.record["false_flags"]["champion"] == 6, "three things of magenta on each ground"
    idle = made.record["flagged_without_target"]
    assert idle["champion_m2"] == pytest.approx(6 * (64 * GSD_M) ** 2)
    assert idle["ground_m2"] == pytest.approx(2 * (384 * GSD_M) ** 2)
    assert made.record["shadow"][0]["champion_m2"] == pytest.approx(9 * (64 * GSD_M) ** 2, rel=1e-3)
    assert (made.record["shadow"][0]["champion_flags"], len(made.record["shadow"])) == (9, 1)
    drawn = json.loads((school.folder / "second" / "shadow" / "shadow.geojson").read_text())["features"]
    assert Counter(one["properties"]["change"] for one in drawn) == Counter(
        {key: made.record["shadow"][0][key] for key in ("stays", "appears", "vanishes")}
    )
    labels = made.record["training"][0]
    assert "look-alikes" in labels["en"]
    assert "相似物" in labels["zh"]
    assert {"en": "It began with random weights and learnt for 60 steps.", "zh": "从随机权重开始，训练60步。"} in (
        made.record["training"]
    )
    page = made.page.read_text(encoding="utf-8")
    assert not unclosed(page)
    assert made.record["sentence_zh"] in page


def test_it_scans_nothing_until_a_manager_signs_and_the_way_back_is_one_step(
    entered: tuple[Campaign, Challenged], tmp_path: Path
) -> None:
    campaign, made = entered
    desk, later = desk_of(campaign), campaign.now + timedelta(minutes=1)
    assert champion_path(campaign.office()) == campaign.bureau.settings.model
    for signing, refusal in (
        (replace(SIGNING, password="wrong"), "password is wrong"),  # noqa: S106
        (replace(SIGNING, name="a"), "only a manager"),
    ):
        with pytest.raises(NotAllowedError, match=refusal):
            promote(desk, "second", signing, now=later)
    assert states(campaign) == {"red-things": ModelState.CHALLENGER, "second": ModelState.CHALLENGER}
    assert promote(desk, "second", SIGNING, now=later).state is ModelState.CHAMPION
    campaign.now = later + timedelta(minutes=1)
    write_mixed(tmp_path / "next", 51)
    flight = campaign.fly(tmp_path / "next" / "orthomosaic.tif", shapely.Point(0, 0))
    scanned = json.loads((campaign.bureau.files.results(flight) / "scan.json").read_text())
    assert scanned["model"]["sha256"] == made.model.bundle_sha256
    back = roll_back(desk, replace(SIGNING, reason="too many questions"), now=campaign.now)
    assert (back.name, back.outcome) == ("red-things", Outcome.FOUNDING)
    with campaign.bureau.database.snapshot() as connection:
        assert audit(connection).wrong == ()


def test_a_challenger_that_is_not_shown_to_be_better_is_kept_out_with_its_numbers(
    entered: tuple[Campaign, Challenged], school: School
) -> None:
    campaign, first = entered
    desk = desk_of(campaign)
    promote(desk, "second", SIGNING, now=campaign.now)
    before = champion_path(campaign.office())
    write_config(school.config.parent, steps=4, every=4)  # it goes on from a champion that finds nearly everything
    made = challenge(campaign.office(), school.what("third"), school.folder / "third", now=campaign.now)
    counts = made.record["held_out"]["all"]
    found, champions, n = counts["challenger"]["hits"], counts["champion"]["hits"], counts["plots"]
    assert champions > n - 6, "six more would be shown to be more"
    assert made.record["champion"]["sha256"] == first.model.bundle_sha256
    assert made.model.outcome is (Outcome.WORSE if found < champions else Outcome.NOT_SHOWN)
    assert not made.is_offered
    assert (
        f"champion is kept. It finds {found} of {n} held-out plots, the champion {champions}."
        in (made.record["sentence"])
    )
    with pytest.raises(NotAllowedError, match="not shown to be better"):
        promote(desk, "third", SIGNING, now=campaign.now)
    assert states(campaign)["second"] is ModelState.CHAMPION
    assert states(campaign)["third"] is ModelState.CHALLENGER
    assert champion_path(campaign.office()) == before
    overridden = replace(SIGNING, override="a trial of a week")
    assert promote(desk, "third", overridden, now=campaign.now).state is ModelState.CHAMPION


def test_what_is_signed_must_be_what_was_compared(entered: tuple[Campaign, Challenged], school: School) -> None:
    campaign, made = entered
    report = campaign.bureau.files.model(made.model.id) / "comparison.json"
    report.write_text(report.read_text().replace("better", "best"))
    with pytest.raises(ConflictError, match="report of second is not the one"):
        promote(desk_of(campaign), "second", SIGNING, now=campaign.now)
    with pytest.raises(ConflictError, match="already"):
        challenge(campaign.office(), school.what("second"), school.folder / "again", now=campaign.now)
    with campaign.bureau.database.snapshot() as connection:
        assert champion(connection) is None


def test_without_a_flag_that_two_have_read_there_is_nothing_to_learn_from(
    sqlite_template: Path, tmp_path: Path, school: School
) -> None:
    with sqlite_copy(sqlite_template, tmp_path) as database:
        made = a_campaign(database, tmp_path, model=school.campaign.bureau.settings.model)
        with pytest.raises(ConflictError, match="nothing to learn from"):
            challenge(made.office(), school.what("second"), tmp_path / "run", now=made.now)
