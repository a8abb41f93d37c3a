"""The data sheet: what a model's ground is, counted from the files and never typed (headings: Gebru et al., 2021)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely

from pipeline.learning.labels import LabelledGround
from pipeline.learning.sources import DataSet, Role, Source

HECTARE_M2: Final = 10_000
QUARTILES: Final = (0, 25, 50, 75, 100)
PURPOSES: Final = {
    "train": "shown to the network",
    "calibrate": "probabilities and thresholds were set here",
    "validate": "every number on the card was measured here",
    "test": "kept for later, never opened in training",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted on the grounds of one source or role."""

    files: int
    megapixels: float
    hectares: float
    gsd_m: tuple[float, float]
    """Finest and coarsest, as the files are."""
    labels: dict[str, int]


def tally(grounds: Sequence[LabelledGround]) -> Tally:
    """Count grounds, of which there must be one at least: pixels as stored, hectares inside the frames."""
    gsds_m = [ground.gsd_m for ground in grounds]
    return Tally(
        files=len({ground.path for ground in grounds}),
        megapixels=sum(ground.size.pixels / ground.scale**2 for ground in grounds) / 1e6,
        hectares=sum(_area_m2(ground) for ground in grounds) / HECTARE_M2,
        gsd_m=(min(gsds_m), max(gsds_m)),
        labels=dict(sorted(Counter(label.class_name for ground in grounds for label in ground.labels).items())),
    )


def target_sizes_m2(grounds: Sequence[LabelledGround]) -> tuple[float, ...]:
    """Smallest, quartiles and largest of the labelled targets, in square metres; () where there is none."""
    areas = [
        float(shapely.area(target)) * (ground.gsd_m / ground.scale) ** 2
        for ground in grounds
        for target in ground.targets
    ]
    return tuple(float(value) for value in np.percentile(areas, QUARTILES)) if areas else ()


def write_datasheet(dataset: DataSet, grounds: Sequence[LabelledGround], fingerprint: str) -> str:
    """The data sheet as Markdown. ``grounds`` are all that training opened, ``fingerprint`` the sha256 of its files."""
    return "\n".join(
        [
            f"# Data sheet: {dataset.name}",
            "",
            *_motivation(dataset),
            *_composition(dataset, grounds, fingerprint),
            *_collection(dataset),
            *_labelling(dataset, grounds),
            *_uses(dataset),
            *_distribution(dataset),
        ]
    )


def _motivation(dataset: DataSet) -> list[str]:
    targets = ", ".join(f"`{name}`" for name in dataset.target)
    others = ", ".join(f"`{name}`" for name in dataset.look_alikes or ()) or "whatever else is labelled"
    return [
        "## Motivation",
        "",
        f"Ground with labels, to teach a classifier to find {targets}, to set its thresholds and to measure it.",
        f"Look-alikes: {others}.",
        "",
    ]


def _composition(dataset: DataSet, grounds: Sequence[LabelledGround], fingerprint: str) -> list[str]:
    rows = [
        _row(source.role.value, source.field, [ground for ground in grounds if ground.source is source])
        for source in dataset.source
    ]
    totals = [
        _row(f"**{role.value}**", "all", [ground for ground in grounds if ground.role is role])
        for role in Role
        if dataset.of_role(role)
    ]
    return [
        "## Composition",
        "",
        "| role | field | files | MPix | hectares in the frames | cm a pixel | labels |",
        "|---|---|---|---|---|---|---|",
        *rows,
        *totals,
        "",
        *(f"- `{role.value}`: {PURPOSES[role.value]}." for role in Role if role.value in PURPOSES),
        "",
        *_sizes(grounds),
        f"- Fingerprint: {fingerprint} (sha256 over the sha256 of every file that training opens).",
        "",
    ]


def _row(role: str, field: str, grounds: Sequence[LabelledGround]) -> str:
    """One line of the table of sources."""
    if not grounds:
        return f"| {role} | {field} | not opened | | | | |"
    counted = tally(grounds)
    gsd = " to ".join(dict.fromkeys(f"{gsd_m * 100:.3g}" for gsd_m in counted.gsd_m))
    labels = ", ".join(f"{n} {name}" for name, n in counted.labels.items()) or "none"
    files = f"{counted.files} | {counted.megapixels:.1f} | {counted.hectares:.4g}"
    return f"| {role} | {field} | {files} | {gsd} | {labels} |"


def _sizes(grounds: Sequence[LabelledGround]) -> Iterator[str]:
    """How large targets are, for each role."""
    for role in Role:
        sizes = target_sizes_m2([ground for ground in grounds if ground.role is role])
        if sizes:
            least, quarter, middle, three_quarters, most = (f"{size:.3g}" for size in sizes)
            half = f"half of them have {quarter} to {three_quarters} m2, the median {middle} m2"
            yield f"- Targets of `{role.value}`: {half}, all {least} to {most} m2."


def _collection(dataset: DataSet) -> list[str]:
    times = [
        (source.field, source.taken_at or "not stated", source.season or "not stated") for source in dataset.source
    ]
    return [
        "## Collection",
        "",
        *(f"- {field}: taken {taken_at}, season {season}." for field, taken_at, season in dict.fromkeys(times)),
        "",
    ]


def _labelling(dataset: DataSet, grounds: Sequence[LabelledGround]) -> list[str]:
    notes = Counter(note for ground in grounds for note in ground.notes)
    said = [*notes, *_left_out(dataset, grounds)]
    return [
        "## Labelling and cleaning",
        "",
        "A label that cannot be right stops a training; none is dropped unasked. What was done to labels on the way:",
        "",
        *([f"- {note}" for note in said] or ["- Nothing."]),
        "",
    ]


def _left_out(dataset: DataSet, grounds: Sequence[LabelledGround]) -> Iterator[str]:
    """Pictures that lie beside those that are used, and play no role."""
    if any(source.coco is not None for source in dataset.of_role(Role.TEST)):
        return  # what is kept for later is chosen by globs that training does not open
    used = {ground.path.resolve() for ground in grounds}
    beside = {path for source in dataset.source for path in _files_beside(source, dataset.folder)}
    unused = sorted(path.name for path in beside - used)
    if unused:
        yield f"{len(unused)} pictures lie beside the others and play no role: {', '.join(unused)}."


def _files_beside(source: Source, folder: Path) -> set[Path]:
    """The files in a COCO source's folder of pictures."""
    if source.coco is None or source.images is None or not (folder / source.images).is_dir():
        return set()
    return {path.resolve() for path in (folder / source.images).iterdir() if path.is_file()}


def _uses(dataset: DataSet) -> list[str]:
    return [
        "## Uses",
        "",
        f"It says how well {', '.join(dataset.target)} is found on ground like this, and nothing about other plants,",
        "seasons, soils, cameras or flying heights. Labels of persons, houses or vehicles must never be added.",
        "",
    ]


def _distribution(dataset: DataSet) -> list[str]:
    return [
        "## Distribution and maintenance",
        "",
        f"- Licence: {dataset.licence}.",
        "- The files are not part of the bundle; the fingerprint says whether files at hand are the same.",
        "",
    ]


def _area_m2(ground: LabelledGround) -> float:
    """The ground inside a frame."""
    return ground.size.pixels * (ground.gsd_m / ground.scale) ** 2
