"""Registration: how far two pictures of the same ground lie apart, by the phases of their patches.

The shift of two patches is where the inverse transform of their normalised cross-power spectrum has its peak (Kuglin
and Hines, 1975, "The phase correlation image alignment method"). The pictures are compared as a whole first, coarsely;
then patch by patch about what that gave. Only working copies, which this software wrote, are opened.

Axes: b = band, h = row, w = column; east is along columns, north against rows.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.change import Registration
from pipeline.imagery.local_frame import LocalFrame
from pipeline.imagery.look import View, read_bands

WHOLE_PX: Final = 768
PATCH_PX: Final = 192
ACROSS: Final = 8
"""At most so many patches along a side: 64 are compared in some seconds."""
COARSEST_M: Final = 0.1
"""Patches have pixels of at most that, unless the pictures have coarser ones."""
LEAST_FLOWN: Final = 0.9
"""A patch with less imagery would be found by the edge of its imagery."""
LEAST_PEAK: Final = 11.0
"""In standard deviations. Of 1,685 pairs of patches of different ground of a real orthomosaic less than 1 % had more;
300 pairs of the same ground, with noise of 20 of 255 levels, all had more than 18."""
BAND: Final = 0.25
"""Waves finer than 4 pixels, which are noise, count little; so a peak is a bell."""
MOST_TAKEN: Final = 0.8
"""The residual is what so many patches lie within of the common shift."""

Grey = npt.NDArray[np.float64]
Shift = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two working orthomosaics, the coarser one's ground sampling distance, and the ground that both should show.

    ``ground`` is the smallest square about what both show, in metres of ``frame``.
    """

    now: Path
    then: Path
    gsd_m: float
    frame: LocalFrame
    ground: View


def register(pair: Pair) -> Registration:
    """How the earlier picture of a pair lies on the later one.

    Raises:
        InvalidInputError: One of them cannot be laid on the plane.
    """
    rough = _found(pair, replace(pair.ground, side_px=WHOLE_PX), (0.0, 0.0), least_flown=0.0)
    about = rough if rough is not None else (0.0, 0.0)
    tried, shifts = 0, []
    for view in _patches(pair):
        tried += 1
        found = _found(pair, view, about)
        if found is not None:
            shifts.append(found)
    return _agreed(np.array(shifts), tried)


def _agreed(shifts_n2: npt.NDArray[np.float64], tried: int) -> Registration:
    if not len(shifts_n2):
        return Registration(east_m=0.0, north_m=0.0, residual_m=math.inf, tried=tried, carried=0)
    east_m, north_m = (float(metres) for metres in np.median(shifts_n2, axis=0))
    apart_n = np.hypot(shifts_n2[:, 0] - east_m, shifts_n2[:, 1] - north_m)
    residual_m = float(np.quantile(apart_n, MOST_TAKEN, method="higher"))
    return Registration(east_m=east_m, north_m=north_m, residual_m=residual_m, tried=tried, carried=len(shifts_n2))


def _patches(pair: Pair) -> Iterator[View]:
    """Patches spread evenly over the ground of both pictures, none over another."""
    side_m = 2 * pair.ground.half_m
    finest_m = max(pair.gsd_m, min(COARSEST_M, side_m / (ACROSS * PATCH_PX)))
    patch_m = finest_m * PATCH_PX
    across = max(1, min(ACROSS, int(side_m / patch_m)))
    places = [(place + 0.5) / across * side_m - pair.ground.half_m for place in range(across)]
    for north_m in reversed(places):
        for east_m in places:
            yield View(
                east_m=pair.ground.east_m + east_m,
                north_m=pair.ground.north_m + north_m,
                half_m=patch_m / 2,
                side_px=PATCH_PX,
            )


def _found(pair: Pair, view: View, about: Shift, *, least_flown: float = LEAST_FLOWN) -> Shift | None:
    """By how many metres east and north the earlier picture must move in a view; None where that cannot be told."""
    moved = replace(view, east_m=view.east_m - about[0], north_m=view.north_m - about[1])
    now_hw, then_hw = _grey(pair.now, pair.frame, view, least_flown), _grey(pair.then, pair.frame, moved, least_flown)
    if now_hw is None or then_hw is None:
        return None
    found = shift_of(now_hw, then_hw)
    if found is None:
        return None
    metre_px = 2 * view.half_m / view.side_px
    return about[0] + found[0] * metre_px, about[1] - found[1] * metre_px


def _grey(path: Path, frame: LocalFrame, view: View, least_flown: float) -> Grey | None:
    """Brightness [h, w] of a view, its mean where nothing was flown; None where too little was."""
    pixels_bhw, flown_hw = read_bands(path, frame, view, resampling="average", indexes=(1, 2, 3))
    if flown_hw.mean() < least_flown or not flown_hw.any():
        return None
    grey_hw: Grey = pixels_bhw.mean(axis=0, dtype=np.float64)
    grey_hw[~flown_hw] = grey_hw[flown_hw].mean()
    return grey_hw


def shift_of(now_hw: Grey, then_hw: Grey) -> Shift | None:
    """By how many columns and rows ``then_hw`` must move to lie on ``now_hw``; None where no peak says so.

    Both are square and of one size; shifts above a quarter of it are not looked for.
    """
    surface_hw = _surface(now_hw, then_hw)
    side = len(surface_hw)
    reach = side // 4
    near = np.r_[0 : reach + 1, side - reach : side]
    inner_hw = surface_hw[np.ix_(near, near)]
    row, column = (int(near[place]) for place in np.unravel_index(int(inner_hw.argmax()), inner_hw.shape))
    if not surface_hw[row, column] > LEAST_PEAK * surface_hw.std():
        return None
    return _finely(surface_hw[row], column), _finely(surface_hw[:, column], row)


def _surface(now_hw: Grey, then_hw: Grey) -> Grey:
    """The correlation of the phases of two pictures, mean 0."""
    hann = np.hanning(len(now_hw))
    taper_hw = np.outer(hann, hann)
    waves = [np.fft.rfft2((grey_hw - grey_hw.mean()) * taper_hw) for grey_hw in (now_hw, then_hw)]
    cross = waves[0] * np.conj(waves[1])
    size = np.abs(cross)
    rows, columns = np.fft.fftfreq(len(now_hw))[:, None], np.fft.rfftfreq(len(now_hw))[None, :]
    weight = np.exp(-(rows**2 + columns**2) / (2 * BAND**2)) * (size > size.max() * 1e-12)
    weight[0, 0] = 0
    return np.asarray(np.fft.irfft2(cross / np.maximum(size, 1e-300) * weight, s=now_hw.shape))


def _finely(line: npt.NDArray[np.float64], peak: int) -> float:
    """The place of a peak on a ring, to parts of a pixel: the top of the bell through it and its neighbours."""
    around = line[[peak - 1, peak, (peak + 1) % len(line)]]
    before, at, after = np.log(np.maximum(around, around[1] * 1e-3))
    bend = before - 2 * at + after
    place = peak + (0.5 * (before - after) / bend if bend < 0 else 0.0)
    return float(place if place <= len(line) / 2 else place - len(line))
