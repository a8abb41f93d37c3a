"""A data set: ``DATASET.toml``, version 1, and the split that keeps numbers honest.

::

    version = 1
    name = "potato weeds"
    licence = "MIT, (c) 2025 PrecisionAg Lab"
    target = ["weed"]                    # classes that count
    look_alikes = ["potato"]             # optional: every other class; a class in neither list is then an error
unknown = ["unknown"]                # optional: of such ground nothing is known; it teaches and counts nothing

    [[source]]                           # paths are relative to this file
    role = "train"                       # train, validate, calibrate or test
    field = "field 1"                    # sources of one field never stand on both sides of a split
    orthomosaic = "orthomosaic.tif"      # with labels: any OGR vector with a field `class`
    labels = "labels.gpkg"
    bounds_px = [0, 0, 6400, 6400]       # optional: column, row, width, height in pixels of the orthomosaic

A source is an orthomosaic with ``labels``, or ``coco`` + ``images`` (a folder), or ``images`` + ``masks`` (globs or
folders, matched by stem, ``x_mask`` for ``x`` too). Optional keys of a source::

    gsd_m = 0.005                        # the size of a pixel, where the file does not say it
    pictures = ["a*.jpg"]                # globs of file names: part of a folder
    target_value = 1                     # what marks the target in a mask; its class is the data set's first
    target_colour = [255, 0, 0]          # the same for coloured masks
    least_target_px = 4                  # smaller groups of target pixels in a mask are noise: left out and counted
    repair = true                        # mend outlines that cross themselves; they are refused otherwise
    as_stored = true                     # labels lie over the pixels as stored, whatever EXIF says of turning them
    placed = false                       # the georeference is made up: it does not say who shares ground
    taken_at = "2025-07-30"              # for the data sheet
    season = "ripe, before harvest"      # for the data sheet and the card
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, field
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Final

from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.settings import STRICT, read_toml

DATASET_VERSION: Final = 1


class Role(StrEnum):
    """What a piece of ground is for."""

    TRAIN = "train"
    """Shown to the network."""
    SELECT = "select"
    """Optional: watched during training, which ends when it no longer gets better there."""
    VALIDATE = "validate"
    """Every number on the card is measured here."""
    CALIBRATE = "calibrate"
    """Probabilities and thresholds are set here."""
    TEST = "test"
    """Kept for later; training never opens it."""


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Source:
    """One labelled file, or a folder of them."""

    role: Role
    field: str
    orthomosaic: Path | None = None
    labels: Path | None = None
    bounds_px: tuple[int, int, int, int] | None = None
    coco: Path | None = None
    images: str | None = None
    masks: str | None = None
    target_value: int = 1
    pictures: tuple[str, ...] = ("*",)
    gsd_m: float | None = None
    repair: bool = False
    target_colour: tuple[int, int, int] | None = None
    least_target_px: int = 1
    as_stored: bool = False
    placed: bool = True
    taken_at: str | None = None
    season: str | None = None

    def __post_init__(self) -> None:
        """Refuse a source of no known kind.

        Raises:
            InvalidInputError: The keys name none, or two, of the three kinds; or the bounds are empty.
        """
        named = {key for key in ("orthomosaic", "labels", "coco", "images", "masks") if getattr(self, key) is not None}
        if named not in ({"orthomosaic", "labels"}, {"coco", "images"}, {"images", "masks"}):
            raise InvalidInputError(
                f"a source of {self.field!r} names {', '.join(sorted(named)) or 'no file'}; "
                "it takes orthomosaic + labels, coco + images, or images + masks"
            )
        if self.bounds_px is not None:
            column, row, width, height = self.bounds_px
            if "orthomosaic" not in named or column < 0 or row < 0 or width < 1 or height < 1:
                raise InvalidInputError(f"bounds_px {list(self.bounds_px)} is no rectangle of an orthomosaic")
        if self.least_target_px < 1 or (self.gsd_m is not None and not 0 < self.gsd_m < math.inf):
            raise InvalidInputError(f"{self.field!r}: gsd_m must be a length and least_target_px at least 1")


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class DataSet:
    """All of ``DATASET.toml``; ``folder`` is where it lies."""

    version: int
    name: str
    target: tuple[str, ...]
    source: tuple[Source, ...]
    licence: str = "not stated"
    look_alikes: tuple[str, ...] | None = None
    unknown: tuple[str, ...] = ()
    folder: Path = field(default=Path(), init=False)

    def __post_init__(self) -> None:
        """Refuse a data set of another version or without a target.

        Raises:
            InvalidInputError: The version is unknown, there is no target, or a class is target and look-alike.
        """
        if self.version != DATASET_VERSION:
            raise InvalidInputError(
                f"data set version {self.version} is not known, this software reads {DATASET_VERSION}"
            )
        both = set(self.target) & {*(self.look_alikes or ()), *self.unknown}
        if not self.target or both:
            raise InvalidInputError(
                f"data set {self.name}: target must name classes, none of them also another's {sorted(both)}"
            )

    def of_role(self, role: Role) -> tuple[Source, ...]:
        """The sources that play ``role``."""
        return tuple(source for source in self.source if source.role is role)


def read_dataset(path: Path) -> DataSet:
    """The data set that the TOML file at ``path`` describes.

    Raises:
        InvalidInputError: It is not a data set of this version.
        NotFoundError: There is no such file.
    """
    dataset = read_toml(DataSet, path)
    object.__setattr__(dataset, "folder", path.parent)
    return dataset


def data_fingerprint(dataset: DataSet, *, role: Role | None = None) -> str:
    """The sha256 over the sha256 of every file that training opens, or of one ``role``: equal when the data are."""
    sources = dataset.of_role(role) if role else [one for one in dataset.source if one.role is not Role.TEST]
    files = {path for source in sources for path in _files_of(source, dataset.folder)}
    hashes = sorted(_sha256(path) for path in files)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def split_of(dataset: DataSet) -> str:
    """What plays which role, as text: a training that was stopped goes on only with the same split."""
    return json.dumps([asdict(source) for source in dataset.source if source.role is not Role.TEST], default=str)


def _files_of(source: Source, folder: Path) -> Iterator[Path]:
    """Every file of a source."""
    yield from (folder / path for path in (source.orthomosaic, source.coco) if path is not None)
    if source.labels is not None:
        beside = folder / source.labels
        yield beside
        if beside.suffix.lower() == ".shp":  # fields and reference system of a shapefile are files of their own
            yield from (path for path in map(beside.with_suffix, (".dbf", ".shx", ".prj", ".cpg")) if path.is_file())
    for pattern in (source.images, source.masks):
        if pattern is not None:
            here = folder / pattern
            yield from (path for path in (here.iterdir() if here.is_dir() else folder.glob(pattern)) if path.is_file())


def _sha256(path: Path) -> str:
    """The sha256 of a file."""
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_split(dataset: DataSet, *, gap_px: int) -> None:
    """Be certain that no two roles share ground.

    Sources of one field may play different roles only as rectangles of one orthomosaic that lie at least ``gap_px``
    (pixels of that orthomosaic, one chip) apart.

    Raises:
        InvalidInputError: Two sources of different roles share ground, or a role that training needs has no source.
    """
    missing = [role.value for role in (Role.TRAIN, Role.VALIDATE, Role.CALIBRATE) if not dataset.of_role(role)]
    if missing:
        raise InvalidInputError(f"data set {dataset.name} has no source with role {' or '.join(missing)}")
    for first, second in combinations(dataset.source, 2):
        if first.role is not second.role:
            _check_pair(first, second, gap_px, dataset.folder)


def _check_pair(first: Source, second: Source, gap_px: int, folder: Path) -> None:
    """Refuse two sources of different roles that share ground."""
    same_file = None not in (first.orthomosaic, second.orthomosaic) and _same_file(first, second, folder)
    if first.field != second.field and not same_file:
        return
    roles = f"{first.role.value} and {second.role.value}"
    if not (same_file and first.bounds_px and second.bounds_px):
        raise InvalidInputError(
            f"{roles} both use field {first.field!r}: sources of one field never stand on both sides of a split, "
            "unless they are bounds_px rectangles of one orthomosaic"
        )
    apart = _gap(first.bounds_px, second.bounds_px)
    if apart < gap_px:
        raise InvalidInputError(
            f"{roles} lie {apart} px apart in {first.orthomosaic}; "
            f"at least {gap_px} px (one chip) must lie between them"
        )


def _same_file(first: Source, second: Source, folder: Path) -> bool:
    """Whether two sources use one orthomosaic, by whatever path."""
    return len({(folder / path).resolve() for path in (first.orthomosaic, second.orthomosaic) if path}) == 1


def _gap(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> int:
    """How many pixels lie between two rectangles along the axis that parts them most; negative if they overlap."""
    across = max(first[0], second[0]) - min(first[0] + first[2], second[0] + second[2])
    down = max(first[1], second[1]) - min(first[1] + first[3], second[1] + second[3])
    return max(across, down)
