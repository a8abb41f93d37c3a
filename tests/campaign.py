"""A campaign as a bureau has it, with readers that err at known rates: flights are scanned, read twice, and taught."""

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import shapely
from databases import NOW, a_person, opened
from handed_in import Bureau, a_bureau, here

from pipeline.domain.decision import DecisionId, Verdict
from pipeline.domain.flag import FlagId
from pipeline.domain.flight import FlightId, FlightState
from pipeline.domain.people import Person, Role
from pipeline.domain.watching import Truth
from pipeline.errors import InvalidInputError
from pipeline.imagery.local_frame import frame_of
from pipeline.imagery.placing import moved_to_crs
from pipeline.settings import ReviewSettings, StoreSettings
from pipeline.store.columns import new_id
from pipeline.store.controls import add_controls
from pipeline.store.database import Database
from pipeline.store.flags import get_flag
from pipeline.store.leases import note_served
from pipeline.store.readings import Reading
from pipeline.store.sessions import begin_session
from pipeline.workflow.advance import advance_to_the_end
from pipeline.workflow.collect_labels import Bureau as Office
from pipeline.workflow.judge import Judgement, judge, show
from pipeline.workflow.offer import offer
from pipeline.workflow.watch import known_ground

if TYPE_CHECKING:
    from collections.abc import Callable

REASONS = {Verdict.CONFIRM: "planted", Verdict.REJECT: "other_crop", Verdict.UNSURE: "covered"}
RULES = ReviewSettings(second_read_share=1.0)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How often somebody confirms what is there, rejects what is not, and draws the outline of what they confirm."""

    person: Person
    hit_rate: float
    right_rejection: float
    redraws: float = 0.0


@dataclass
class Campaign:
    """A bureau, its readers, the truth of each flight, and a clock."""

    bureau: Bureau
    readers: tuple[Reader, ...]
    truth: dict[FlightId, Any]
    rng: np.random.Generator
    now: datetime = NOW + timedelta(hours=1)
    rules: ReviewSettings = RULES

    def fly(self, orthomosaic: Path, targets: Any) -> FlightId:
        """Hand a flight in and scan it; ``targets`` is what grows there, in degrees."""
        flight = self.bureau.hand_in(orthomosaic)
        shop = self.bureau.shop(now=lambda: self.now, apart=here)
        advance_to_the_end(shop, self.bureau.attempt(flight.id))
        assert self.bureau.flight(flight.id).state is FlightState.SCANNED, self.bureau.flight(flight.id).reason
        self.truth[flight.id] = targets
        self.now += timedelta(minutes=1)
        return flight.id

    def read(self) -> int:
        """Everybody reads until nothing waits for them; how many verdicts were given."""
        given = 0
        for _ in range(len(self.readers)):
            for reader in self.readers:
                given += self._read_all(reader)
        return given

    def _read_all(self, reader: Reader) -> int:
        database, given = self.bureau.database, 0
        while True:
            self.now += timedelta(minutes=1)
            today = self.now.date()
            offered = offer(database, reader.person, self.rules, want=1, now=self.now, today=today).readings
            if not offered:
                return given
            (reading,) = offered
            self._judge(reader, reading)
            given += 1

    def _there(self, flag: FlagId) -> tuple[Any, list[Any]]:
        """The outline that is asked about, and what of the truth it touches."""
        with self.bureau.database.snapshot() as connection:
            found = get_flag(connection, flag)
        plots = shapely.get_parts(self.truth[found.flight])
        return found.outline, list(plots[shapely.intersects(plots, found.outline)])

    def _judge(self, reader: Reader, reading: Reading) -> None:
        database, now, lease = self.bureau.database, self.now, reading.lease.id
        outline, plots = self._there(reading.flag.id)
        right = self.rng.random() < (reader.hit_rate if plots else reader.right_rejection)
        verdict = Verdict.CONFIRM if bool(plots) is right else Verdict.REJECT
        draws = bool(plots) and verdict is Verdict.CONFIRM and self.rng.random() < reader.redraws
        drawn = tuple(frame_of(outline).flat(plot) for plot in plots) if draws else ()
        with database.transaction() as connection:
            _, session = begin_session(connection, reader.person.id, now=now)
            note_served(connection, lease, picture_sha256="a" * 64, overview_sha256="b" * 64, now=now)
        show(database, session, lease, ("a" * 64, "b" * 64), now=now)
        said = Judgement(decision=DecisionId(new_id()), verdict=verdict, reason=REASONS[verdict], drawn=drawn)
        judge(database, session, lease, said, self.rules, now=now + timedelta(seconds=5))

    def know(self, flight: FlightId, truth: Truth, places: Iterable[Any], *, most: int) -> int:
        """The manager enters up to ``most`` of some places of a flight as controls; how many lay on assessed ground."""
        results, entered = self.bureau.files.results(flight), 0
        for place in places:
            file = results.parent / "known.geojson"
            feature = {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(place))}
            file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
            with suppress(InvalidInputError):
                known = known_ground(file, truth, flight, results)
                with self.bureau.database.transaction() as connection:
                    add_controls(connection, known, by=self.bureau.manager.id, now=self.now)
                entered += 1
            file.unlink()
            if entered == most:
                break
        return entered

    def office(self) -> Office:
        bureau = self.bureau
        return Office(database=bureau.database, files=bureau.files, settings=bureau.settings, person=bureau.manager)


def a_campaign(database: Database, folder: Path, *, model: Path, seed: int = 1, **rates: float) -> Campaign:
    made = a_bureau(database, folder)
    made = replace(made, settings=replace(made.settings, model=model))
    theirs = frozenset({made.district.id})
    known = {"hit_rate": 1.0, "right_rejection": 1.0} | rates
    readers = tuple(
        Reader(person=a_person(database, name, Role.REVIEWER, districts=theirs), **known) for name in ("a", "b", "c")
    )
    return Campaign(bureau=made, readers=readers, truth={}, rng=np.random.default_rng(seed))


@contextmanager
def copied(campaign: Campaign, folder: Path) -> Iterator[Campaign]:
    """The same campaign in a store of its own, a copy of the folder that nobody has open."""
    kept, here = campaign.bureau.settings.store.data_dir.parent, folder / "bureau"
    shutil.copytree(kept, here)
    with opened(f"sqlite:///{here / 'plotwatch.sqlite'}") as database:
        url = database.engine.url.render_as_string(hide_password=False)
        store = StoreSettings(data_dir=here / "data", database_url=url)
        settings = replace(campaign.bureau.settings, store=store)
        bureau = replace(campaign.bureau, database=database, settings=settings)
        yield replace(campaign, bureau=bureau, truth=dict(campaign.truth), rng=np.random.default_rng(1))


def targets_in_degrees(labels: Path, target: str) -> Any:
    """What of a file of labels counts, as one geometry in degrees."""
    meta, _, wkb, (classes,) = pyogrio.raw.read(labels, layer="labels", columns=["class"])
    outlines = shapely.from_wkb(wkb)[np.asarray(classes) == target]
    to_degrees: Callable[[Any], Any] = lambda points: moved_to_crs(points, meta["crs"], "EPSG:4326")  # noqa: E731
    return shapely.union_all(shapely.transform(outlines, to_degrees))
