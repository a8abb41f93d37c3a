"""Labels of a COCO file: polygons over pictures."""

import json
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.placing import place_of
from pipeline.learning.drawing import Drawing, Label

LEAST_CORNERS: Final = 3
Entry = dict[str, Any]


def read_coco(path: Path, images: Path, pictures: tuple[str, ...]) -> Iterator[Drawing]:
    """Each picture of ``images`` that a COCO file names and one of the globs ``pictures`` chooses, with its polygons.

    Raises:
        InvalidInputError: The file is no COCO; an annotation has no polygon, or names a category or picture that is not
            there; a picture has another size; or a glob chooses nothing. Says which and how many.
        NotFoundError: The file, or a picture that it names, is missing.
    """
    content = _content(path)
    _check_annotations(content, path.name)
    chosen = _chosen(content["images"], pictures, path.name)
    _check_files(chosen, images)
    names = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
    labels: dict[Any, list[Label]] = {entry["id"]: [] for entry in content["images"]}
    for entry in content["annotations"]:
        label = Label(outline=_outline(entry["segmentation"]), class_name=names[entry["category_id"]])
        labels[entry["image_id"]].append(label)
    for entry in chosen:
        yield Drawing(path=images / entry["file_name"], labels=tuple(labels[entry["id"]]))


def _content(path: Path) -> dict[str, list[Entry]]:
    """The three lists of a COCO file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path.name} is not JSON") from error
    needed = {"images": {"id", "file_name"}, "categories": {"id", "name"}, "annotations": {"image_id", "category_id"}}
    for name, keys in needed.items():
        entries = content.get(name) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(isinstance(x, dict) and keys <= x.keys() for x in entries):
            raise InvalidInputError(
                f"{path.name} is not COCO: {name!r} must be a list of entries with {', '.join(sorted(keys))}"
            )
    return dict(content)


def _check_annotations(content: dict[str, list[Entry]], name: str) -> None:
    """Refuse annotations that are no polygon of a known category on a known picture."""
    categories = {entry["id"] for entry in content["categories"]}
    images = {entry["id"] for entry in content["images"]}
    wrong = {
        "have a run-length mask (RLE); convert it to polygons, or use images + masks": [
            _is_run_length(entry) for entry in content["annotations"]
        ],
        "have a box and no polygon; a box is not an outline, draw one": [
            not entry.get("segmentation") for entry in content["annotations"]
        ],
        f"have a polygon that is no list of at least {LEAST_CORNERS} corners": [
            bool(entry.get("segmentation")) and not _is_run_length(entry) and not _are_rings(entry["segmentation"])
            for entry in content["annotations"]
        ],
        f"name a category that is not listed (listed: {', '.join(map(str, sorted(categories, key=str))) or 'none'})": [
            entry["category_id"] not in categories for entry in content["annotations"]
        ],
        "name a picture that is not listed": [entry["image_id"] not in images for entry in content["annotations"]],
    }
    said = [
        f"{sum(flags)} of {len(flags)} annotations {what}; first number {flags.index(True) + 1}"
        for what, flags in wrong.items()
        if any(flags)
    ]
    if said:
        raise InvalidInputError(f"{name}: {'. '.join(said)}")


def _is_run_length(entry: Entry) -> bool:
    """Whether an annotation is a run-length mask, plain or compressed."""
    return isinstance(entry.get("segmentation"), dict | str)


def _are_rings(rings: Any) -> bool:
    """Whether a segmentation is lists of x and y, each with enough corners."""
    return isinstance(rings, list) and all(
        isinstance(ring, list)
        and len(ring) >= 2 * LEAST_CORNERS
        and not len(ring) % 2
        and all(isinstance(number, int | float) and abs(number) < float("inf") for number in ring)
        for ring in rings
    )


def _outline(rings: list[list[float]]) -> shapely.Geometry:
    """The polygon of one annotation, or what its several parts cover together."""
    parts = [shapely.Polygon(np.reshape(ring, (-1, 2))) for ring in rings]
    if len(parts) == 1:
        return parts[0]
    return shapely.unary_union(parts) if all(shapely.is_valid(parts)) else shapely.MultiPolygon(parts)


def _chosen(entries: list[Entry], pictures: tuple[str, ...], name: str) -> list[Entry]:
    """The pictures that a glob chooses."""
    nothing = [glob for glob in pictures if not any(fnmatch(entry["file_name"], glob) for entry in entries)]
    if nothing:
        raise InvalidInputError(f"{len(nothing)} of {len(pictures)} globs choose no picture of {name}: {nothing[0]!r}")
    chosen = [entry for entry in entries if any(fnmatch(entry["file_name"], glob) for glob in pictures)]
    twice = [file for file, times in Counter(entry["file_name"] for entry in chosen).items() if times > 1]
    if twice:
        raise InvalidInputError(f"{name} lists {len(twice)} pictures more than once, for example {twice[0]}")
    return chosen


def _check_files(chosen: list[Entry], images: Path) -> None:
    """Refuse pictures that are missing or have another size than the file says."""
    missing = [entry["file_name"] for entry in chosen if not (images / entry["file_name"]).is_file()]
    if missing:
        raise NotFoundError(f"{len(missing)} of {len(chosen)} pictures are not in {images.name}/, first {missing[0]}")
    sized = [entry for entry in chosen if {"width", "height"} <= entry.keys()]
    differing = [
        f"{entry['file_name']} has {size.width_px} x {size.height_px} px, not {entry['width']} x {entry['height']}"
        for entry in sized
        for size in [place_of(images / entry["file_name"]).size]
        if (size.width_px, size.height_px) != (entry["width"], entry["height"])
    ]
    if differing:
        raise InvalidInputError(
            f"{len(differing)} of {len(chosen)} pictures have another size than when they were labelled: {differing[0]}"
        )
