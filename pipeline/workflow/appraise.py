"""Appraise: whether a flight can be used, in numbers, from what its scan recorded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.domain.assessability import Reason
from pipeline.domain.usability import Grade, grade
from pipeline.errors import InvalidInputError
from pipeline.imagery.intake import QUALITY_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a look at the imagery, before the scan, came to: one sentence in both languages."""

    sentence: str
    sentence_zh: str


def glance(working: Path) -> Glance | None:
    """What was said of a flight after a look at its imagery; None where nobody has looked yet."""
    try:
        content = json.loads((working / QUALITY_NAME).read_text(encoding="utf-8"))
        return Glance(sentence=str(content["sentence"]), sentence_zh=str(content["sentence_zh"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """How usable a scanned flight was. ``reasons`` are why ground was not assessable, the largest area first, in m2."""

    grade: Grade
    flown_m2: float
    assessed_m2: float
    not_assessable_m2: float
    reasons: tuple[tuple[Reason, float], ...]
    flags: int
    too_coarse: bool
    notes: tuple[str, ...]

    @property
    def assessed_share(self) -> float:
        """How much of the flown ground could be assessed, in [0, 1]."""
        return self.assessed_m2 / self.flown_m2 if self.flown_m2 else 0.0


def appraise(record: Mapping[str, Any]) -> Appraisal:
    """What the content of a ``scan.json`` says of its flight.

    Raises:
        InvalidInputError: It is not the record of a scan.
    """
    try:
        areas, reasons = record["area_m2"], record["not_assessable_m2"]
        clear_m2, flagged_m2, not_m2 = (float(areas[state]) for state in ("clear", "flagged", "not_assessable"))
        by_reason = [(Reason[name.upper()], float(area_m2)) for name, area_m2 in reasons.items()]
        notes, flags = tuple(record["orthomosaic"]["notes"]), int(record["flags"])
        coarse = record["not_assessable_because"] is not None
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError("this is not the record of a scan; scan the flight again") from error
    flown_m2 = clear_m2 + flagged_m2 + not_m2
    return Appraisal(
        grade=grade(flown_m2=flown_m2, not_assessable_m2=not_m2),
        flown_m2=flown_m2,
        assessed_m2=clear_m2 + flagged_m2,
        not_assessable_m2=not_m2,
        reasons=tuple(sorted(by_reason, key=lambda pair: -pair[1])),
        flags=flags,
        too_coarse=coarse,
        notes=notes,
    )
