"""Stress: what a bundle still finds on ground that is seen badly, and how much of that ground it gives up.

The goal is that recall on what is still called assessable does not fall, whatever was done to the imagery.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery.degradation import degradations
from pipeline.imagery.whole import write_text
from pipeline.learning.assess import assessor_of
from pipeline.learning.chips import open_terrains
from pipeline.learning.export import load_knowing
from pipeline.learning.familiarity import KnowingClassifier
from pipeline.learning.labels import read_grounds
from pipeline.learning.plots import Share
from pipeline.learning.sources import Role, read_dataset
from pipeline.learning.stress import StressRow, stress_row

RECORD: Final = "stress.json"
CACHE_GB: Final = 4.0


def stress(
    model: Path, data: Path, *, role: str, out: Path | None = None, report: Report = say_nothing
) -> tuple[StressRow, ...]:
    """One row for each way of spoiling the ground of ``role``, the undisturbed ground first.

    With ``out``, the rows are also left there as ``stress.json``.

    Raises:
        NotFoundError: There is no such model or data set.
        InvalidInputError: One of them cannot be used, or no ground plays that role.
    """
    if role not in list(Role):
        raise InvalidInputError(f"role {role!r} is not known, use {', '.join(one.value for one in Role)}")
    network, manifest = load_knowing(model)
    grounds = [one for one in read_grounds(read_dataset(data), model_gsd_m=manifest.gsd_m) if one.role == role]
    if not grounds:
        raise InvalidInputError(f"{data.name} has no ground with role {role}")
    terrains = open_terrains(grounds, fill_rgb=manifest.fill_rgb, cache_gb=CACHE_GB)
    assessor, ways, rows = assessor_of(network, manifest), degradations(), []
    classifier = network.classifier if isinstance(network, KnowingClassifier) else network
    for number, way in enumerate(ways, start=1):
        rows.append(stress_row(classifier, assessor, terrains, manifest, way))
        report(Progress(stage=way.name, done=number, total=len(ways), unit="ways"))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / RECORD, json.dumps(as_record(rows, model=manifest.name, role=role), indent=2) + "\n")
    return tuple(rows)


def as_record(rows: Sequence[StressRow], *, model: str, role: str) -> dict[str, Any]:
    """The rows as JSON holds them."""
    return {
        "version": 1,
        "model": model,
        "role": role,
        "rows": [
            asdict(row)
            | {
                "recall": _share(row.recall),
                "plots_given_up": _share(row.plots_given_up),
                "given_up_share": row.given_up_share,
            }
            for row in rows
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    """A share with its interval; null of nothing."""
    known = share.n > 0
    return {
        "hits": share.hits,
        "n": share.n,
        "value": share.value if known else None,
        "interval_95": list(share.interval) if known else None,
    }


def as_table(rows: Sequence[StressRow]) -> str:
    """The rows as text for a terminal."""
    head = f"{'ground':<24} {'recall on assessable plots':<34} {'plots given up':<15} ground given up"
    return "\n".join([head, *map(_line, rows)])


def _line(row: StressRow) -> str:
    recall = "no plot left to ask for"
    if row.recall.n:
        low, high = row.recall.interval
        recall = f"{row.recall.value:.3f} ({low:.3f} to {high:.3f}), n = {row.recall.n}"
    why = ", ".join(f"{name.replace('_', ' ')} {share:.1%}" for name, share in row.given_up.items())
    lost = f"{row.plots_given_up.hits} of {row.plots_given_up.n}"
    return f"{row.name:<24} {recall:<34} {lost:<15} {row.given_up_share:.1%}{f' ({why})' if why else ''}"
