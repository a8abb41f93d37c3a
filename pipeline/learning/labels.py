"""Labelled outlines over ground, checked: a label that cannot be right is refused with its number, never dropped.

Outlines are in *model pixels* of their ground: x counts columns and y rows from the ground's own upper left corner, one
unit is the model's ground sampling distance.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import shapely
from shapely.affinity import affine_transform

from pipeline.domain.geometry import Size
from pipeline.errors import InvalidInputError
from pipeline.imagery.pixels import scale_for
from pipeline.imagery.placing import Place, place_of
from pipeline.learning.coco import read_coco
from pipeline.learning.drawing import Drawing, Label, mended, taken_apart
from pipeline.learning.gis import CLASS_FIELD, read_drawn
from pipeline.learning.masks import read_masked
from pipeline.learning.sources import DataSet, Role, Source

MOST_SAID: Final = 3
"""Files whose wrong labels a message describes; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGround:
    """A rectangle of one raster with every label that touches it.

    ``scale`` is model pixels per raster pixel. ``left_px``, ``top_px`` and ``size`` are in model pixels and say which
    part of the raster this is; outlines count from that corner. ``source`` is where it comes from; ``notes`` say what
    was done to its labels on the way.
    """

    path: Path
    role: Role
    gsd_m: float
    scale: float
    left_px: int
    top_px: int
    size: Size
    labels: tuple[Label, ...]
    target: tuple[str, ...]
    source: Source | None = None
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[shapely.Geometry, ...]:
        """The outlines that count."""
        return tuple(label.outline for label in self.labels if label.class_name in self.target)

    @property
    def look_alikes(self) -> tuple[shapely.Geometry, ...]:
        """The outlines of everything else that was labelled."""
        others = {*self.target, *self.unknown}
        return tuple(label.outline for label in self.labels if label.class_name not in others)

    @property
    def unknowns(self) -> tuple[shapely.Geometry, ...]:
        """The outlines of ground of which nothing is known."""
        return tuple(label.outline for label in self.labels if label.class_name in self.unknown)


def read_grounds(dataset: DataSet, *, model_gsd_m: float) -> tuple[LabelledGround, ...]:
    """Every piece of ground of ``dataset`` but the ``test`` role, with its labels in model pixels.

    Raises:
        InvalidInputError: A file or a label cannot be used; a picture plays two roles; or no label is a target.
        NotFoundError: A file is missing.
    """
    grounds = tuple(
        ground
        for source in dataset.source
        if source.role is not Role.TEST
        for ground in _grounds_of(source, dataset, model_gsd_m)
    )
    _check_pictures(grounds)
    _check_classes(grounds, dataset)
    return grounds


def read_role(dataset: DataSet, role: Role, *, model_gsd_m: float) -> tuple[LabelledGround, ...]:
    """Every piece of ground of ``dataset`` that plays ``role``, whatever it is, with its labels in model pixels.

    Ground without any target is welcome: false flags are counted there.

    Raises:
        InvalidInputError: Nothing plays that role, or a file or a label cannot be used.
        NotFoundError: A file is missing.
    """
    sources = dataset.of_role(role)
    if not sources:
        roles = ", ".join(sorted({source.role.value for source in dataset.source}))
        raise InvalidInputError(f"data set {dataset.name} has no ground with role {role.value}; it has {roles}")
    return read_sources(dataset, sources, model_gsd_m=model_gsd_m)


def read_sources(dataset: DataSet, sources: Sequence[Source], *, model_gsd_m: float) -> tuple[LabelledGround, ...]:
    """Every piece of ground of some ``sources`` of ``dataset``, with its labels in model pixels.

    Raises:
        InvalidInputError: A file or a label cannot be used.
        NotFoundError: A file is missing.
    """
    grounds = tuple(ground for source in sources for ground in _grounds_of(source, dataset, model_gsd_m))
    _check_pictures(grounds)
    _count_classes(grounds, dataset)
    return grounds


def _grounds_of(source: Source, dataset: DataSet, model_gsd_m: float) -> Iterator[LabelledGround]:
    """The pieces of ground of one source: one for an orthomosaic, one for each picture."""
    wrong: list[str] = []
    turned: list[str] = []
    for drawing in _drawings(source, dataset):
        place = place_of(drawing.path)
        if place.turned and not source.as_stored:
            turned.append(drawing.path.name)
        said = _said_of(drawing, source, place.size)
        if said:
            wrong.append(" ".join([f"{drawing.path.name}: {said}", *drawing.notes]))
        else:
            yield _ground(_as_plots(drawing, source), place, source, dataset, model_gsd_m)
    if turned:
        raise InvalidInputError(
            f"{len(turned)} pictures of {source.field!r} are to be turned when shown (EXIF), first {turned[0]}: turn "
            "their pixels, or say as_stored = true if the labels lie over the pixels as they are stored"
        )
    if wrong:
        more = f" And {len(wrong) - MOST_SAID} more files." if len(wrong) > MOST_SAID else ""
        raise InvalidInputError(" ".join(wrong[:MOST_SAID]) + more)


def _drawings(source: Source, dataset: DataSet) -> Iterator[Drawing]:
    """Each raster of a source with all its labels, in pixels of the raster."""
    folder = dataset.folder
    if source.orthomosaic is not None and source.labels is not None:
        path = folder / source.orthomosaic
        yield read_drawn(folder / source.labels, path, place_of(path))
    elif source.coco is not None and source.images is not None:
        yield from read_coco(folder / source.coco, folder / source.images, source.pictures)
    elif source.masks is not None:
        yield from read_masked(source, folder, dataset.target[0])


def _as_plots(drawing: Drawing, source: Source) -> Drawing:
    """The drawing with a label for each plot: multipolygons of a GIS taken apart, and outlines mended on request."""
    labels, notes = drawing.labels, list(drawing.notes)
    if source.labels is not None:
        labels = taken_apart(labels)
        apart = len(labels) - len(drawing.labels)
        notes += [f"Multipolygons over {drawing.path.name} were taken apart: {apart} labels more."] if apart else []
    if source.repair:
        crossing = sum(not shapely.is_valid(label.outline) for label in labels)
        said = f"{crossing} of {len(labels)} outlines over {drawing.path.name} crossed themselves and were mended."
        notes += [said] if crossing else []
        labels = tuple(map(mended, labels))
    return Drawing(path=drawing.path, labels=labels, notes=tuple(notes))


def _ground(drawing: Drawing, place: Place, source: Source, dataset: DataSet, model_gsd_m: float) -> LabelledGround:
    """The part of a raster that a source takes, with its labels in model pixels."""
    gsd_m = _gsd_m(place, source, drawing.path.name)
    scale = scale_for(gsd_m, model_gsd_m=model_gsd_m)
    column, row, width, height = source.bounds_px or (0, 0, place.size.width_px, place.size.height_px)
    width = min(width, place.size.width_px - column)
    height = min(height, place.size.height_px - row)
    if width < 1 or height < 1:
        raise InvalidInputError(f"bounds_px {list(source.bounds_px or ())} lies outside {drawing.path.name}")
    left, top = round(column * scale), round(row * scale)
    size = Size(width_px=max(1, round(width * scale)), height_px=max(1, round(height * scale)))
    return LabelledGround(
        path=drawing.path,
        role=source.role,
        gsd_m=gsd_m,
        scale=scale,
        left_px=left,
        top_px=top,
        size=size,
        labels=_inside(drawing.labels, scale, left, top, size),
        target=dataset.target,
        source=source,
        notes=drawing.notes,
        unknown=dataset.unknown,
    )


def _gsd_m(place: Place, source: Source, name: str) -> float:
    """The ground sampling distance that the raster or its source states."""
    stated = place.georeference.gsd_m if place.georeference else source.gsd_m
    if stated is None:
        raise InvalidInputError(f"{name} has no georeference; say gsd_m, the metres a pixel covers, in its source")
    return stated


def _said_of(drawing: Drawing, source: Source, size: Size) -> str:
    """What is wrong with labels that are no areas, have no class or lie outside the raster; empty if nothing is."""
    labels = drawing.labels
    frame = shapely.box(0, 0, size.width_px, size.height_px)
    wrong = {
        "are not polygons": [n for n, x in enumerate(labels) if "Polygon" not in _kind(x.outline)],
        "are not valid polygons (repair = true in their source mends them)": [
            n for n, x in enumerate(labels) if not (source.repair or shapely.is_valid(x.outline))
        ],
        f"have no {CLASS_FIELD}": [n for n, x in enumerate(labels) if not x.class_name],
        "lie outside the orthomosaic (is this the right flight?)": [
            n for n, x in enumerate(labels) if not _touches(x.outline, frame)
        ],
    }
    said = [
        f"{len(numbers)} of {len(labels)} labels {what}, first number {numbers[0] + 1}"
        for what, numbers in wrong.items()
        if numbers
    ]
    return f"{'; '.join(said)}." if said else ""


def _touches(outline: shapely.Geometry | None, frame: shapely.Geometry) -> bool:
    """Whether an outline reaches into a frame; true for nothing at all, which is said elsewhere."""
    if outline is None or outline.is_empty:
        return True
    return bool(shapely.intersects(outline if shapely.is_valid(outline) else shapely.envelope(outline), frame))


def _kind(outline: shapely.Geometry | None) -> str:
    """The geometry type's name, ``nothing`` for a label without one."""
    return "nothing" if outline is None or outline.is_empty else str(outline.geom_type)


def _inside(labels: tuple[Label, ...], scale: float, left: int, top: int, size: Size) -> tuple[Label, ...]:
    """The labels that touch a rectangle of model pixels, counted from its corner."""
    frame = shapely.box(0, 0, size.width_px, size.height_px)
    moved = (
        Label(outline=affine_transform(x.outline, (scale, 0, 0, scale, -left, -top)), class_name=x.class_name)
        for x in labels
    )
    return tuple(label for label in moved if shapely.intersects(label.outline, frame))


def _check_pictures(grounds: tuple[LabelledGround, ...]) -> None:
    """Refuse a whole picture that is used twice."""
    used = Counter((ground.path.resolve(), ground.left_px, ground.top_px) for ground in grounds)
    twice = [path.name for (path, _, _), times in used.items() if times > 1]
    if twice:
        raise InvalidInputError(f"{len(twice)} pictures are named by two sources, for example {twice[0]}")


def _check_classes(grounds: tuple[LabelledGround, ...], dataset: DataSet) -> None:
    """Refuse a class that the data set does not know, and a data set without a target."""
    counts = _count_classes(grounds, dataset)
    if not any(counts[name] for name in dataset.target):
        raise InvalidInputError(
            f"no label is a {' or '.join(dataset.target)}; there are {', '.join(sorted(counts)) or 'none'}"
        )


def _count_classes(grounds: tuple[LabelledGround, ...], dataset: DataSet) -> Counter[str]:
    """How many labels each class has; a class that the data set does not know is refused."""
    counts = Counter(label.class_name for ground in grounds for label in ground.labels)
    known = {*dataset.target, *(dataset.look_alikes or counts), *dataset.unknown}
    unknown = {name: n for name, n in counts.items() if name not in known}
    if unknown:
        said = ", ".join(f"{name!r} ({n} labels)" for name, n in sorted(unknown.items()))
        raise InvalidInputError(f"data set {dataset.name} knows no class {said}; it knows {', '.join(sorted(known))}")
    return counts
