"""A data set cut into folds by field, so that each plot is judged by a model that never saw its ground.

In fold i the i-th part is judged, the next one sets probabilities and thresholds, and all others are trained on. A part
is some whole fields; or, where all ground is one field on one orthomosaic, a block across its longer side, with a gap
of one chip to the next. Ground of role ``test`` takes no part.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pipeline.domain.geometry import Size
from pipeline.errors import InvalidInputError
from pipeline.learning.sources import DATASET_VERSION, DataSet, Role, Source

FEWEST: Final = 3
"""One part to judge, one to calibrate on, one to train on."""

Bounds = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Ground that always plays one role together."""

    name: str
    sources: tuple[Source, ...]


def parts_by_field(sources: Sequence[Source], targets: Mapping[str, int], folds: int) -> tuple[Part, ...]:
    """The fields in ``folds`` groups with as equal numbers of ``targets`` (by field) as one finds at a glance.

    Raises:
        InvalidInputError: There are fewer fields than folds, or fewer folds than 3.
    """
    _check_folds(folds)
    fields = sorted({source.field for source in sources}, key=lambda field: (-targets[field], field))
    if len(fields) < folds:
        raise InvalidInputError(
            f"{folds} folds need as many fields, there are {len(fields)}; say --folds {max(len(fields), FEWEST)} or "
            "add ground (one field alone is cut into blocks where it is one orthomosaic)"
        )
    groups: list[list[str]] = [[] for _ in range(folds)]
    for field in fields:
        min(groups, key=lambda group: (sum(targets[name] for name in group), len(group))).append(field)
    return tuple(
        Part(name=", ".join(group), sources=tuple(one for one in sources if one.field in group)) for group in groups
    )


def parts_by_block(
    sources: Sequence[Source], whole: Size, folds: int, *, gap_px: int, kept: Sequence[Source] = ()
) -> tuple[Part, ...]:
    """One orthomosaic of ``whole`` pixels cut into ``folds`` blocks, ``gap_px`` apart, along its longer side.

    Raises:
        InvalidInputError: The sources are not of one orthomosaic with one file of labels, or blocks get too small
            or reach into ground that is ``kept`` for later.
    """
    _check_folds(folds)
    first = sources[0]
    if first.orthomosaic is None or len({(one.orthomosaic, one.labels) for one in sources}) > 1:
        raise InvalidInputError(
            f"field {first.field!r} is not one orthomosaic with one file of labels, so it cannot be cut into blocks; "
            "say in the data set which ground is which field"
        )
    everything = (0, 0, whole.width_px, whole.height_px)
    left, top, width, height = hull = _hull([one.bounds_px or everything for one in sources])
    if any(one.orthomosaic == first.orthomosaic and _share_ground(hull, one.bounds_px or everything) for one in kept):
        raise InvalidInputError(f"blocks of {first.orthomosaic} would reach into ground of role test; move it aside")
    along = max(width, height)
    side = (along - (folds - 1) * gap_px) // folds
    if side < gap_px:
        raise InvalidInputError(
            f"{first.orthomosaic} is {along} px long: {folds} blocks {gap_px} px apart would be smaller than a chip; "
            "say fewer --folds"
        )
    blocks: list[Bounds] = [
        (left + start, top, side, height) if width >= height else (left, top + start, width, side)
        for start in range(0, folds * (side + gap_px), side + gap_px)
    ]
    return tuple(
        Part(name=f"{first.field} {list(block)} px", sources=(replace(first, bounds_px=block),)) for block in blocks
    )


def fold_toml(dataset: DataSet, parts: Sequence[Part], number: int, folder: Path) -> str:
    """The ``DATASET.toml`` of fold ``number`` (from 0), to lie in ``folder``."""
    start = Path(os.path.relpath(dataset.folder.resolve(), folder.resolve()))
    head = {"version": DATASET_VERSION, "name": dataset.name, "licence": dataset.licence, "target": dataset.target}
    if dataset.look_alikes is not None:
        head["look_alikes"] = dataset.look_alikes
    blocks = [_lines(head)]
    for at, part in enumerate(parts):
        role = {number: Role.VALIDATE, (number + 1) % len(parts): Role.CALIBRATE}.get(at, Role.TRAIN)
        blocks += ["[[source]]\n" + _lines(_said(source, role, start)) for source in part.sources]
    return "\n".join(blocks)


def chip_gap_px(chip_px: int, scale: float) -> int:
    """The gap between blocks, in pixels of their orthomosaic: one chip."""
    return math.ceil(chip_px / scale)


def _share_ground(first: Bounds, second: Bounds) -> bool:
    """Whether two rectangles overlap."""
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return across > 0 and down > 0


def _check_folds(folds: int) -> None:
    if folds < FEWEST:
        raise InvalidInputError(f"{folds} folds are too few: at least {FEWEST}, to train, to calibrate and to judge on")


def _hull(rectangles: Sequence[Bounds]) -> Bounds:
    """The rectangle around rectangles of column, row, width and height."""
    left, top = min(one[0] for one in rectangles), min(one[1] for one in rectangles)
    right, bottom = max(one[0] + one[2] for one in rectangles), max(one[1] + one[3] for one in rectangles)
    return left, top, right - left, bottom - top


def _said(source: Source, role: Role, start: Path) -> dict[str, Any]:
    """A source as its data set would say it from elsewhere; ``start`` leads back to the data set's folder."""
    placed = {
        key: (start / str(value)).as_posix()
        for key in ("orthomosaic", "labels", "coco", "images", "masks")
        if (value := getattr(source, key)) is not None
    }
    rest = {"bounds_px": source.bounds_px, "gsd_m": source.gsd_m}
    return {
        "role": role.value,
        "field": source.field,
        **placed,
        **{key: value for key, value in rest.items() if value is not None},
        "target_value": source.target_value,
        "pictures": source.pictures,
    }


def _lines(table: Mapping[str, Any]) -> str:
    """Keys and values as TOML; JSON's numbers, strings and lists are TOML's too."""
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
