"""Tell change: a comparison of two flights for a terminal and as JSON."""

import json
from collections.abc import Iterator
from typing import Any

import shapely

from pipeline.domain.change import Change, Plot
from pipeline.imagery.local_frame import LocalFrame
from pipeline.workflow.compare_flights import VERSION, Comparison, registration_as_json


def as_lines(compared: Comparison) -> Iterator[str]:
    """The comparison for a terminal: what was laid on what, how well, and a line a plot."""
    laid, placed = compared.laid, compared.laid.registration
    before = laid.earlier
    yield f"since {before.flight.name}, flown on {before.flight.day}; both saw {before.shared_m2:.0f} m2"
    yield (
        f"the earlier picture lies {-placed.east_m:.2f} m east and {-placed.north_m:.2f} m north of this one, "
        f"residual {placed.residual_m:.2f} m, by {placed.carried} of {placed.tried} patches"
    )
    if compared.changes is None:
        yield f"nothing is said of change: {placed.doubt}"
        return
    if not compared.same_model:
        yield f"read by different models: now {compared.models[0]}, then {compared.models[1]}"
    for change in compared.changes:
        now, then = change.now, ", ".join(f"{plot.label} {plot.area_m2:.0f} m2" for plot in change.then)
        there = f"{now.label} {now.area_m2:.0f} m2" if now else ""
        yield f"{change.word.value.replace('_', ' '):<14} {there:<16} {then}".rstrip()
    if compared.left_out:
        yield f"{compared.left_out} more are still being read by reviewers, of whom you are one"


def as_json(compared: Comparison) -> dict[str, Any]:
    """A comparison as JSON; outlines in degrees (EPSG:4326), as they lie on the later picture."""
    laid = compared.laid
    return {
        "version": VERSION,
        "flight": laid.flight.id,
        "flown_on": laid.flight.day.isoformat(),
        "earlier": laid.earlier.flight.id,
        "earlier_flown_on": laid.earlier.flight.day.isoformat(),
        "both_saw_m2": round(laid.earlier.shared_m2, 1),
        "registration": registration_as_json(laid.registration),
        "models": list(compared.models),
        "no_statement_because": laid.registration.doubt,
        "left_out": compared.left_out,
        "changes": None if compared.changes is None else [_as_json(one, laid.frame) for one in compared.changes],
    }


def _as_json(change: Change, frame: LocalFrame) -> dict[str, Any]:
    outline = change.plots[0].outline
    return {
        "what": change.word.value,
        "now": None if change.now is None else _of(change.now),
        "then": [_of(plot) for plot in change.then],
        "outline": json.loads(shapely.to_geojson(shapely.orient_polygons(frame.on_earth(outline)))),
    }


def _of(plot: Plot) -> dict[str, Any]:
    return {"flag": plot.label, "status": plot.status.value, "area_m2": round(plot.area_m2, 2)}
