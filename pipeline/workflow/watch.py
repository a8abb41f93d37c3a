"""Watch: what readers are asked beside the flags of a scan, so that it shows what the model and the readers miss.

A sample of the ground that the model called clear, and ground of which the truth is known. Both look like flags and
enter the queue with them.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, Final

import shapely

from pipeline.domain.disguise import Shape, disguised
from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.domain.watching import Truth
from pipeline.errors import InvalidInputError
from pipeline.imagery.areas import read_areas
from pipeline.imagery.digest import sha256_of
from pipeline.imagery.known_ground import Scored, draw_clear, read_scored
from pipeline.imagery.local_frame import LocalFrame, frame_of
from pipeline.imagery.placing import moved_to_crs
from pipeline.settings import ReviewSettings
from pipeline.store.controls import OPEN_NOW, AuditedPlace, Control, new_control_id
from pipeline.store.flags import RaisedFlag, StoredFlag

WORLD: Final = "EPSG:4326"
SCORES_NAME: Final = "scores.tif"
LEAST_ROOM_M: Final = 1.0
VISITED: Final = {
    FlagStatus.VERIFIED: Truth.TARGET,
    FlagStatus.ABSENT: Truth.CLEAR,
    FlagStatus.LOOK_ALIKE: Truth.CLEAR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A control to ask about, and the outline under which that is done."""

    control: Control
    raised: RaisedFlag


def sample_clear(
    results: Path, flags: Sequence[Mapping[str, Any]], rules: ReviewSettings, *, low: float, chance: Random
) -> list[dict[str, Any]]:
    """Places of clear ground to ask about, as JSON would have it; ``flags`` are those of the scan."""
    if not rules.audit_share:
        return []
    scored = read_scored(results / SCORES_NAME)
    outlines = [_in_grid(shapely.from_wkb(flag["outline"]), scored) for flag in flags]
    shapes = tuple(
        Shape(outline=outline, cells=flag["cells"], area_m2=flag["area_m2"])
        for outline, flag in zip(outlines, flags, strict=True)
    )
    wanted = max(1, math.ceil(rules.audit_share * len(flags)))
    return [
        {
            "outline": shapely.to_wkb(_on_earth(place.shape.outline, scored), hex=True),
            "score": place.score,
            "area_m2": place.shape.area_m2,
            "cells": place.shape.cells,
            "stratum": place.stratum,
            "stratum_cells": place.cells,
            "stratum_drawn": place.drawn,
        }
        for place in draw_clear(scored, outlines, shapes, wanted=wanted, low=low, chance=chance)
    ]


def audited_places(sampled: Sequence[Mapping[str, Any]], model: Mapping[str, Any]) -> tuple[AuditedPlace, ...]:
    """What ``sample_clear`` drew, as the store takes it; ``model`` is the record of the one that called it clear."""
    return tuple(
        AuditedPlace(
            raised=RaisedFlag(
                label=f"A{number:05d}",
                outline=shapely.from_wkb(place["outline"]),
                score=place["score"],
                area_m2=place["area_m2"],
                cells=place["cells"],
                class_name=model["classes"][0],
                model=model["name"],
                threshold=model["threshold_high"],
            ),
            stratum=place["stratum"],
            cells=place["stratum_cells"],
            drawn=place["stratum_drawn"],
        )
        for number, place in enumerate(sampled, start=1)
    )


def choose_controls(
    known: Sequence[Control],
    asked: Mapping[Any, int],
    flags: Sequence[RaisedFlag],
    *,
    waiting: int,
    rules: ReviewSettings,
    chance: Random,
) -> tuple[Issued, ...]:
    """Controls to ask about beside new ``flags``, so that they make up their share of the ``waiting`` items.

    ``asked`` says how often each was asked about (store.controls). Those asked about least come first, targets and
    clear ground in turn; each is disguised as one of the new flags.
    """
    if not flags:
        return ()
    open_now = sum(times >= OPEN_NOW for times in asked.values())
    wanted = round(rules.control_share * (waiting - open_now) / (1 - rules.control_share)) - open_now
    free = [control for control in known if asked.get(control.id, 0) < OPEN_NOW]
    chance.shuffle(free)
    queues = [
        sorted((one for one in free if one.truth is truth), key=lambda one: asked.get(one.id, 0)) for truth in Truth
    ]
    turns = [queue[at] for at in range(len(free)) for queue in queues if at < len(queue)]
    return tuple(_issue(control, flags, chance) for control in turns[: max(0, wanted)])


def known_ground(file: Path, truth: Truth, flight: FlightId, results: Path) -> tuple[Control, ...]:
    """Controls from the polygons of a file, over ground of a scanned flight.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It cannot be read, or one of its polygons does not lie wholly on assessed ground.
    """
    scored, sha256 = read_scored(results / SCORES_NAME), sha256_of(file)
    made = []
    for number, area in enumerate(read_areas(file), start=1):
        x, y = _in_grid(area.outline.representative_point(), scored).coords[0]
        score, room_m = scored.score_at(_in_grid(area.outline, scored)), scored.room_m(x, y)
        if score is None or room_m < LEAST_ROOM_M:
            raise InvalidInputError(
                f"{file.name}: area {number} does not lie wholly on assessed ground of this flight; take it out"
            )
        made.append(
            Control(
                id=new_control_id(),
                flight=flight,
                truth=truth,
                outline=area.outline,
                room_m=room_m,
                score=score,
                source=file.name,
                source_sha256=sha256,
            )
        )
    return tuple(made)


def visited_ground(flag: StoredFlag, results: Path) -> Control | None:
    """A control from a flag whose visit told the truth; None where its ground cannot be asked about.

    Verified is a target; absent and look-alike are clear. Ground cleared meanwhile tells nothing of the picture.
    """
    truth = VISITED.get(flag.status)
    if truth is None:
        return None
    scored = read_scored(results / SCORES_NAME)
    x, y = _in_grid(flag.outline.representative_point(), scored).coords[0]
    score, room_m = scored.score_at(_in_grid(flag.outline, scored)), scored.room_m(x, y)
    if score is None or room_m < LEAST_ROOM_M:
        return None
    return Control(
        id=new_control_id(),
        flight=flag.flight,
        truth=truth,
        outline=flag.outline,
        room_m=room_m,
        score=score,
        source=f"visit of {flag.id}",
        source_sha256=hashlib.sha256(shapely.to_wkb(flag.outline)).hexdigest(),
        flag=flag.id,
    )


def by_chance() -> Random:
    """What nobody can foretell."""
    return SystemRandom()


def _issue(control: Control, flags: Sequence[RaisedFlag], chance: Random) -> Issued:
    middle = control.outline.representative_point()
    fitting = [flag for flag in flags if _shape(flag).reach_m <= control.room_m]
    like = chance.choice(fitting or [min(flags, key=lambda flag: _shape(flag).reach_m)])
    shape = disguised(_shape(like), 0.0, 0.0, chance)
    raised = RaisedFlag(
        label=f"C{control.id[:8]}-{new_control_id()[:8]}",
        outline=LocalFrame(longitude=middle.x, latitude=middle.y).on_earth(shape.outline),
        class_name=like.class_name,
        score=control.score,
        area_m2=shape.area_m2,
        cells=shape.cells,
        model=like.model,
        threshold=like.threshold,
    )
    return Issued(control=control, raised=raised)


def _shape(flag: RaisedFlag) -> Shape:
    return Shape(outline=frame_of(flag.outline).flat(flag.outline), cells=flag.cells, area_m2=flag.area_m2)


def _in_grid(geometry: Any, scored: Scored) -> Any:
    return shapely.transform(geometry, lambda points: moved_to_crs(points, WORLD, scored.crs))


def _on_earth(geometry: Any, scored: Scored) -> Any:
    return shapely.transform(geometry, lambda points: moved_to_crs(points, scored.crs, WORLD))
