"""Labelled outlines over ground, checked: a label that cannot be right is refused with its number, never dropped.

Outlines are in *model pixels* of their ground: x counts columns and y rows from the ground's own upper left corner, one
unit is the model's ground sampling distance.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataSourceError
from shapely.affinity import affine_transform

from pipeline.domain.geometry import Georeference, Size
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.masks import outlines_of, read_mask
from pipeline.imagery.pixels import scale_for
from pipeline.imagery.placing import Place, crs_name, place_of, same_crs
from pipeline.learning.sources import DataSet, Role, Source

CLASS_FIELD: Final = "class"
LAYER: Final = "labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """An outline and what grows inside it."""

    outline: shapely.Geometry
    class_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGround:
    """A rectangle of one raster with every label that touches it.

    ``scale`` is model pixels per raster pixel. ``left_px``, ``top_px`` and ``size`` are in model pixels and say which
    part of the raster this is; outlines count from that corner.
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

    @property
    def targets(self) -> tuple[shapely.Geometry, ...]:
        """The outlines that count."""
        return tuple(label.outline for label in self.labels if label.class_name in self.target)

    @property
    def look_alikes(self) -> tuple[shapely.Geometry, ...]:
        """The outlines of everything else that was labelled."""
        return tuple(label.outline for label in self.labels if label.class_name not in self.target)


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
    for path, labels in _labelled_files(source, dataset):
        place = place_of(path)
        gsd_m = _gsd_m(place, source, path.name)
        scale = scale_for(gsd_m, model_gsd_m=model_gsd_m)
        _check_outlines(labels, place.size, path.name)
        column, row, width, height = source.bounds_px or (0, 0, place.size.width_px, place.size.height_px)
        width = min(width, place.size.width_px - column)
        height = min(height, place.size.height_px - row)
        if width < 1 or height < 1:
            raise InvalidInputError(f"bounds_px {list(source.bounds_px or ())} lies outside {path.name}")
        left, top = round(column * scale), round(row * scale)
        size = Size(width_px=max(1, round(width * scale)), height_px=max(1, round(height * scale)))
        yield LabelledGround(
            path=path,
            role=source.role,
            gsd_m=gsd_m,
            scale=scale,
            left_px=left,
            top_px=top,
            size=size,
            labels=_inside(labels, scale, left, top, size),
            target=dataset.target,
        )


def _labelled_files(source: Source, dataset: DataSet) -> Iterator[tuple[Path, tuple[Label, ...]]]:
    """Each raster of a source with all its labels, in pixels of the raster."""
    folder = dataset.folder
    if source.orthomosaic is not None and source.labels is not None:
        path = folder / source.orthomosaic
        yield path, _vector_labels(folder / source.labels, place_of(path))
    elif source.coco is not None and source.images is not None:
        yield from _coco_labels(folder / source.coco, folder / source.images, source.pictures)
    elif source.images is not None and source.masks is not None:
        yield from _mask_labels(source, source.images, source.masks, dataset)


def _vector_labels(path: Path, place: Place) -> tuple[Label, ...]:
    """The labels of a vector file, in pixels of the orthomosaic at ``place``."""
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        layer = LAYER if LAYER in names else names[0]
        meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer, columns=[CLASS_FIELD])
    except DataSourceError as error:
        raise InvalidInputError(f"{path.name} cannot be read as labels") from error
    if not len(columns):
        raise InvalidInputError(f"{path.name} has no field {CLASS_FIELD!r} that says what a label is")
    _check_crs(meta["crs"], place, path.name)
    outlines = shapely.from_wkb(wkb)
    if place.georeference is not None:
        outlines = shapely.transform(outlines, _to_pixels(place.georeference))
    pairs = zip(outlines, columns[0], strict=True)
    return tuple(Label(outline=outline, class_name=name or "") for outline, name in pairs)


def _to_pixels(georeference: Georeference) -> Any:
    """A function from map coordinates [n, 2] to pixel coordinates [n, 2]."""
    corner = np.array([georeference.left, georeference.top])
    step = np.array([georeference.pixel_width, -georeference.pixel_height])
    return lambda points: (points - corner) / step


def _check_crs(crs: str | None, place: Place, name: str) -> None:
    """Refuse labels in another reference system than their orthomosaic."""
    raster_crs = place.georeference.crs if place.georeference else None
    if (crs is None) != (raster_crs is None) or (crs and raster_crs and not same_crs(crs, raster_crs)):
        raise InvalidInputError(
            f"{name} is in {crs_name(crs)} and its orthomosaic in {crs_name(raster_crs)}; "
            "reproject the labels to the orthomosaic's"
        )


def _coco_labels(path: Path, images: Path, pictures: tuple[str, ...]) -> Iterator[tuple[Path, tuple[Label, ...]]]:
    """Each picture that a COCO file names, with its polygons."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        names = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
        found: dict[int, list[Label]] = {entry["id"]: [] for entry in content["images"]}
        for entry in content["annotations"]:
            label = Label(outline=_coco_outline(entry["segmentation"]), class_name=names[entry["category_id"]])
            found[entry["image_id"]].append(label)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{path.name} is not COCO with polygons: {error}") from error
    for entry in content["images"]:
        if _chosen(entry["file_name"], pictures):
            yield images / entry["file_name"], tuple(found[entry["id"]])


def _coco_outline(rings: list[list[float]]) -> shapely.Geometry:
    """The polygon of one annotation, or a multipolygon where it has several parts."""
    parts = [shapely.Polygon(np.reshape(ring, (-1, 2))) for ring in rings]
    return parts[0] if len(parts) == 1 else shapely.unary_union(parts)


def _mask_labels(source: Source, images: str, masks: str, dataset: DataSet) -> Iterator[tuple[Path, tuple[Label, ...]]]:
    """Each picture of a glob with the outlines of its mask, which are of the data set's first target class."""
    mask_of = {path.stem: path for path in sorted(dataset.folder.glob(masks))}
    named = (path for path in sorted(dataset.folder.glob(images)) if _chosen(path.name, source.pictures))
    found = [path for path in named if path not in mask_of.values()]
    without = [path.name for path in found if path.stem not in mask_of]
    if not found or without:
        raise InvalidInputError(f"{images}: {len(found)} pictures, {len(without)} without a mask {without[:1]}")
    for path in found:
        mask_hw = read_mask(mask_of[path.stem], value=source.target_value)
        yield path, tuple(Label(outline=outline, class_name=dataset.target[0]) for outline in outlines_of(mask_hw))


def _chosen(name: str, pictures: tuple[str, ...]) -> bool:
    """Whether a file name fits one of the globs."""
    return any(fnmatch(name, pattern) for pattern in pictures)


def _gsd_m(place: Place, source: Source, name: str) -> float:
    """The ground sampling distance that the raster or its source states."""
    stated = place.georeference.gsd_m if place.georeference else source.gsd_m
    if stated is None:
        raise InvalidInputError(f"{name} has no georeference; say gsd_m, the metres a pixel covers, in its source")
    return stated


def _check_outlines(labels: tuple[Label, ...], size: Size, name: str) -> None:
    """Refuse labels that are no areas, have no class or lie outside the raster."""
    frame = shapely.box(0, 0, size.width_px, size.height_px)
    wrong = {
        "are not polygons": [n for n, x in enumerate(labels) if "Polygon" not in _kind(x.outline)],
        "are not valid polygons (repair them, for example with ST_MakeValid)": [
            n for n, x in enumerate(labels) if not (x.outline is not None and shapely.is_valid(x.outline))
        ],
        f"have no {CLASS_FIELD}": [n for n, x in enumerate(labels) if not x.class_name],
        "lie outside the orthomosaic (is this the right flight?)": [
            n for n, x in enumerate(labels) if x.outline is not None and not shapely.intersects(x.outline, frame)
        ],
    }
    said = [
        f"{len(numbers)} of {len(labels)} labels {what}, first number {numbers[0] + 1}"
        for what, numbers in wrong.items()
        if numbers
    ]
    if said:
        raise InvalidInputError(f"{name}: {'; '.join(said)}")


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
    known = set(dataset.target) | set(dataset.look_alikes or counts)
    unknown = {name: n for name, n in counts.items() if name not in known}
    if unknown:
        said = ", ".join(f"{name!r} ({n} labels)" for name, n in sorted(unknown.items()))
        raise InvalidInputError(f"data set {dataset.name} knows no class {said}; it knows {', '.join(sorted(known))}")
    return counts
