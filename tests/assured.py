"""A store whose record lets one say that little remains: known plots, controls, audit, flags and a visit, all read."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import covered
import shapely
from covered import land
from found import record_finding
from offices import NOON, Office, open_office
from readers import hire
from survey import looked, ruling

from pipeline.domain.claim import claim_for
from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagStatus
from pipeline.domain.model import Thresholds
from pipeline.domain.watching import Truth
from pipeline.scanning.results import claimed
from pipeline.store.controls import (
    AuditedPlace,
    Control,
    add_controls,
    insert_audit,
    insert_control_item,
    new_control_id,
)
from pipeline.store.decisions import decide
from pipeline.store.flags import insert_flags
from pipeline.store.scans import Scan, scans_of
from pipeline.store.sessions import Session, begin_session
from pipeline.store.visits import plan_visit

READERS = ("ada", "bai")
AREA = "Upper terraces"
YES, NO = Verdict.CONFIRM, Verdict.REJECT


def known_plots(plots: int) -> dict[str, object]:
    """What a scan by a model says of itself whose evaluation found all of so many held-out plots."""
    thresholds = Thresholds(
        high=0.5, low=0.3, recall_target=0.95, n_plots=plots, n_found=plots, basis="held-out plots", rank=1
    )
    return {"claim": asdict(claimed(claim_for(thresholds)))}


@dataclass
class Assured:
    """A bureau with one survey area, which a flight saw nearly wholly, and two readers."""

    office: Office
    scan: Scan
    sessions: dict[str, Session] = field(default_factory=dict)
    asked: int = 0

    def read(self, label: str, verdict: Verdict, *names: str) -> FlagId:
        """Some readers judge what was raised under a label, each after looking at it."""
        flag = FlagId(f"{self.scan.id}-{label}")
        for name in names or READERS[:1]:
            with self.office.database.transaction() as connection:
                if name not in self.sessions:
                    person = self.office.people[name].id
                    self.sessions[name] = begin_session(connection, person, now=self.office.clock())[1]
                looked(connection, self.office.people[name], flag, now=self.office.clock())
                decide(connection, self.sessions[name], ruling(flag, verdict), now=self.office.clock())
        return flag

    def place(self) -> shapely.Polygon:
        """The next place, a metre or two wide, in the seen part of the area."""
        self.asked += 1
        return land(0.02 + 0.018 * (self.asked % 100), 0.1 + 0.02 * (self.asked // 100), 0.005, 0.005)

    def flag(self, number: int) -> str:
        """A flag of the model's, unread; its label."""
        raised = covered.flag_of(number, self.place())
        with self.office.database.transaction() as connection:
            insert_flags(connection, self.scan, [raised], now=NOON, second_read=0.0)
        return raised.label

    def control(self, number: int) -> str:
        """A question about ground with a target; its label."""
        raised = covered.flag_of(1000 + number, self.place())
        control = Control(
            id=new_control_id(),
            flight=self.scan.flight,
            truth=Truth.TARGET,
            outline=raised.outline,
            room_m=9.0,
            score=0.6,
            source="known.gpkg",
            source_sha256="c" * 64,
        )
        with self.office.database.transaction() as connection:
            add_controls(connection, [control], by=self.office.people["manager"].id, now=NOON)
            insert_control_item(connection, control, raised, now=NOON, second_read=0.0)
        return raised.label

    def audit(self, places: int) -> list[str]:
        """Questions about clear ground, drawn at random from 9,000 cells; their labels."""
        raised = [covered.flag_of(2000 + self.asked, self.place()) for _ in range(places)]
        drawn = [AuditedPlace(raised=one, stratum=0, cells=9000, drawn=places) for one in raised]
        with self.office.database.transaction() as connection:
            insert_audit(connection, self.scan, drawn, now=NOON, second_read=0.0)
        return [one.label for one in raised]

    def visit(self, flag: FlagId, outcome: FlagStatus) -> None:
        """A team goes there, and says what it found."""
        people, now = self.office.people, self.office.clock()
        with self.office.database.transaction() as connection:
            planned = plan_visit(connection, people["manager"], flag, now=now)
            record_finding(connection, people["field"], planned.id, outcome, note="", now=now)


def assured(folder: Path, *, plots: int, controls: int, audited: int = 40) -> Assured:
    """Two flags rejected, a third confirmed and found to be nothing, clear ground audited, and so many controls hit."""
    office = open_office(folder)
    hire(office, *READERS)
    covered.area(office, AREA, land(0, 0, 2, 1))
    flight = covered.flown(office, covered.SEEN_ON, land(0, 0, 2, 1), land(1.9, 0, 0.05, 1), record=known_plots(plots))
    with office.database.snapshot() as connection:
        made = Assured(office=office, scan=scans_of(connection, flight.id)[0])
    for number in (1, 2):
        made.read(made.flag(number), NO)
    made.visit(made.read(made.flag(3), YES, *READERS), FlagStatus.ABSENT)
    for label in made.audit(audited):
        made.read(label, NO)
    for number in range(controls):
        made.read(made.control(number), YES)
    return made
