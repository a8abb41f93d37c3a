"""No two roles may share ground: seen on the map where files have a place on it, else in what the pictures show.

``sources.check_split`` looks at what a data set says; this looks at the files. Pictures are compared as ground seen
twice would be: the same features (SIFT, Lowe, 2004) in the same arrangement at the same scale, turned or moved.

Measured on 57 pictures of breeding plots (1,596 pairs): eleven that share ground have 9 to 710 such features (9 on two
dates); one that shares a narrow strip has 7 and is missed; no other pair has more than 6 (a survey marker of one
make on two grounds). On distinct pieces of two orthomosaics (2,037 pairs: pasture, houses, potato rows) up to 4.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from pipeline.errors import InvalidInputError
from pipeline.imagery.footprint import box_on_map, flown_outline
from pipeline.imagery.placing import moved_to_crs, open_ground, place_of
from pipeline.learning.labels import LabelledGround

LEAST_SHARED: Final = 9
"""Features in one arrangement from which two pictures show the same ground."""
LOOK_SCALE: Final = 0.5
"""Pictures are compared at twice the model's ground sampling distance."""
MOST_PIXELS: Final = 4_000_000
"""Larger pictures are compared at a coarser scale."""
MOST_FEATURES: Final = ((2_000, 2_000), (20_000, 1_000))
"""Pairs of pictures up to which so many features of each are compared; beyond the last, half as many."""
DISTINCT: Final = 0.8
"""A match must be this much nearer than the second nearest feature (Lowe, 2004)."""
SCALE_DIFFERS: Final = 1.25
"""Ground seen twice has the same scale, up to this factor."""
OFF_BY_PX: Final = 3.0
MOST_NAMED: Final = 3

Pair = tuple[LabelledGround, LabelledGround]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a picture shows: places in pixels at ``scale``, float32 [features, 2], and unit vectors [features, 128]."""

    scale: float
    places: npt.NDArray[np.float32]
    vectors: npt.NDArray[np.float32]


def check_leakage(grounds: Sequence[LabelledGround], *, gap_m: float) -> None:
    """Be certain that grounds of different roles lie at least ``gap_m`` apart on the map, and show different ground.

    Files whose source says ``placed = false``, and pictures without a georeference, are judged by what they show.

    Raises:
        InvalidInputError: Two roles share ground; names the files.
    """
    placed = [ground for ground in grounds if _is_placed(ground)]
    pictures = [ground for ground in grounds if not _is_placed(ground)]
    said = [*_near_on_map(placed, gap_m), *_alike(pictures)]
    if said:
        more = f" And {len(said) - MOST_NAMED} more pairs." if len(said) > MOST_NAMED else ""
        raise InvalidInputError(
            f"{len(said)} pairs of files share ground between roles. {' '.join(said[:MOST_NAMED])}{more} "
            "Put what shares ground into one role, or leave one of each pair out."
        )


def _is_placed(ground: LabelledGround) -> bool:
    """Whether the file says where it lies, and its source does not say that this is made up."""
    made_up = ground.source is not None and not ground.source.placed
    return not made_up and place_of(ground.path).georeference is not None


def _across_roles(grounds: Sequence[LabelledGround]) -> Iterator[Pair]:
    """Every two grounds of different roles and files."""
    for first, second in combinations(grounds, 2):
        if first.role is not second.role and first.path.resolve() != second.path.resolve():
            yield first, second


def _named(first: LabelledGround, second: LabelledGround) -> str:
    """Two files and their roles."""
    return f"{first.path.name} ({first.role.value}) and {second.path.name} ({second.role.value})"


def _near_on_map(grounds: Sequence[LabelledGround], gap_m: float) -> Iterator[str]:
    """A sentence for each two grounds that lie too near each other on the map."""
    for first, second in _across_roles(grounds):
        apart_m = _apart_m(first, second, gap_m)
        if apart_m is not None:
            far = f"lie {apart_m:.1f} m apart on the map" if apart_m else "overlap on the map"
            yield (
                f"{_named(first, second)} {far}; at least {gap_m:.1f} m (one chip) must lie between them, "
                "or say placed = false if their georeference is made up."
            )


def _apart_m(first: LabelledGround, second: LabelledGround, gap_m: float) -> float | None:
    """How far apart two grounds were flown, None if by more than ``gap_m``; reads masks only where frames are near."""
    places = [place_of(ground.path).georeference for ground in (first, second)]
    here, there = places
    if here is None or there is None:
        return None
    frames = box_on_map(here, _bounds_px(first)), box_on_map(there, _bounds_px(second))
    gap = gap_m / here.metres_per_unit
    if shapely.distance(frames[0], _moved(frames[1], there.crs, here.crs)) >= gap:
        return None
    flown = flown_outline(second.path, there, _bounds_px(second))
    apart = shapely.distance(flown_outline(first.path, here, _bounds_px(first)), _moved(flown, there.crs, here.crs))
    return float(apart * here.metres_per_unit) if apart < gap else None


def _moved(outline: shapely.Geometry, crs: str, wanted: str) -> shapely.Geometry:
    """An outline in another reference system."""
    return shapely.transform(outline, lambda points: moved_to_crs(points, crs, wanted))


def _bounds_px(ground: LabelledGround) -> tuple[int, int, int, int]:
    """Column, row, width and height of a ground in pixels of its raster."""
    size, whole = ground.size, place_of(ground.path).size
    column, row = round(ground.left_px / ground.scale), round(ground.top_px / ground.scale)
    width, height = round(size.width_px / ground.scale), round(size.height_px / ground.scale)
    return column, row, min(width, whole.width_px - column), min(height, whole.height_px - row)


def _alike(grounds: Sequence[LabelledGround]) -> Iterator[str]:
    """A sentence for each two pictures that show the same ground."""
    pairs = list(_across_roles(grounds))
    features = [number for most, number in MOST_FEATURES if len(pairs) <= most]
    number = features[0] if features else MOST_FEATURES[-1][1] // 2
    seen: dict[int, Features] = {}
    for first, second in pairs:
        for ground in (first, second):
            if id(ground) not in seen:
                seen[id(ground)] = features_of(ground, most=number)
        shared = shared_features(seen[id(first)], seen[id(second)])
        if shared >= LEAST_SHARED:
            yield f"{_named(first, second)} show the same ground: {shared} features in the same arrangement."


def features_of(ground: LabelledGround, *, most: int) -> Features:
    """The strongest features of a ground, at most ``most``."""
    shrink = min(LOOK_SCALE, (MOST_PIXELS / ground.size.pixels) ** 0.5)
    scale = ground.scale * shrink
    left, top, width, height = (
        max(0, int(length * shrink))
        for length in (ground.left_px, ground.top_px, ground.size.width_px, ground.size.height_px)
    )
    with open_ground(ground.path, scale=scale, fill_rgb=(0, 0, 0)) as raster:
        patch = raster.read(column_px=left, row_px=top, width_px=max(1, width), height_px=max(1, height))
    grey_hw = cv2.cvtColor(patch.pixels_hwb, cv2.COLOR_RGB2GRAY)
    valid_hw = cv2.erode(patch.valid_hw.astype(np.uint8), np.ones((9, 9), np.uint8))  # the edge of imagery is no ground
    detector: Any = cv2.SIFT.create(most)
    points, vectors = detector.detectAndCompute(grey_hw, valid_hw)
    if not points:
        return Features(scale=scale, places=np.zeros((0, 2), np.float32), vectors=np.zeros((0, 128), np.float32))
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    places = np.array([point.pt for point in points], np.float32)
    return Features(scale=scale, places=places, vectors=np.asarray(vectors / np.maximum(length, 1e-6), np.float32))


def shared_features(first: Features, second: Features) -> int:
    """How many features of two pictures lie in the same arrangement, moved and turned, at one scale of the ground."""
    here, there = _matches(first.vectors, second.vectors)
    if len(here) < LEAST_SHARED:
        return 0
    fit: Any = cv2.estimateAffinePartial2D(
        first.places[here], second.places[there], method=cv2.RANSAC, ransacReprojThreshold=OFF_BY_PX, maxIters=2000
    )
    matrix, inliers = fit
    if matrix is None:
        return 0
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0])) * first.scale / second.scale
    return int(inliers.sum()) if 1 / SCALE_DIFFERS < scale < SCALE_DIFFERS else 0


def _matches(
    first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Numbers of features that resemble each other and no others, each used once."""
    if len(first) < 2 or len(second) < 2:  # noqa: PLR2004 - a nearest and a second nearest
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    alike = first @ second.T
    every = np.arange(len(first))
    best = alike.argmax(axis=1)
    nearest = np.maximum(0, 1 - alike[every, best])
    alike[every, best] = -1
    distinct = np.flatnonzero(nearest < DISTINCT**2 * (1 - alike.max(axis=1)))
    there, once = np.unique(best[distinct], return_index=True)
    return distinct[once], there
