"""The same ground on another day: turned, scaled, in other light, through another lens, partly not flown.

Axes: h = row, w = column, b = band.
"""

import albumentations
import numpy as np
import numpy.typing as npt
from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.errors import InvalidInputError
from pipeline.learning.chips import Chip
from pipeline.settings import STRICT

TARGET, OTHER, VALID, KNOWN = 1, 2, 4, 8
"""Bits of the one mask that is turned and scaled with the picture."""
SEASONS = np.array([[1.22, 1.08, 0.70], [1.05, 1.05, 0.90], [0.85, 1.30, 0.85]])
"""Straw, dull and lush green, as shares of a pixel's mean."""


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Augmentation:
    """How far a chip may be changed. Shares are probabilities, ranges are symmetric unless they name both ends."""

    scale: tuple[float, float] = (0.8, 1.25)
    """Another flying height."""
    rotate_degrees: float = 15.0
    """Beside the eight ways a square can be laid."""
    brightness: float = 0.25
    contrast: float = 0.25
    hue: int = 8
    """In OpenCV's half degrees."""
    saturation: int = 25
    gamma: tuple[int, int] = (80, 125)
    season_share: float = 0.0
    """Chips in which what is green ripens, dries or fades."""
    degrade_share: float = 0.3
    """Chips that are blurred, noisy or JPEG-compressed."""
    not_flown_share: float = 0.12
    """Chips of which a side lies off the edge of the flight."""

    def __post_init__(self) -> None:
        """Refuse scales that turn nothing into something.

        Raises:
            InvalidInputError: The scale range is empty or not positive.
        """
        if not 0 < self.scale[0] <= self.scale[1]:
            raise InvalidInputError(f"scale {self.scale} must be a range of positive numbers")

    @property
    def margin(self) -> float:
        """How much wider than a chip the ground must be cut for the smallest scale."""
        return max(1.0, 1 / self.scale[0])


class Augmenter:
    """Changes chips; the same seed changes them the same way."""

    def __init__(self, amount: Augmentation, *, chip_px: int, fill_rgb: tuple[int, int, int]) -> None:
        self._amount = amount
        self._fill_rgb = fill_rgb
        turn = (-amount.rotate_degrees, amount.rotate_degrees)
        degrade = [
            albumentations.GaussianBlur(blur_limit=(3, 5), p=1),
            albumentations.GaussNoise(std_range=(0.01, 0.04), p=1),
            albumentations.ImageCompression(quality_range=(60, 95), p=1),
        ]
        self._change = albumentations.Compose(
            [
                albumentations.D4(p=1),
                albumentations.Affine(scale=amount.scale, rotate=turn, fill=fill_rgb, fill_mask=0, p=1),
                albumentations.CenterCrop(chip_px, chip_px),
                albumentations.RandomBrightnessContrast(amount.brightness, amount.contrast, p=0.7),
                albumentations.HueSaturationValue(amount.hue, amount.saturation, 0, p=0.5),
                albumentations.RandomGamma(amount.gamma, p=0.3),
                albumentations.OneOf(degrade, p=amount.degrade_share),
            ],
            seed=0,
        )

    def batch(self, chips: list[Chip], *, seed: int) -> list[Chip]:
        """The chips, changed, ``chip_px`` wide."""
        self._change.set_random_seed(seed)
        rng = np.random.default_rng(seed)
        return [self._one(chip, rng) for chip in chips]

    def _one(self, chip: Chip, rng: np.random.Generator) -> Chip:
        """One chip; what is not imagery keeps the fill colour whatever the light."""
        stacked_hw = chip.target_hw * TARGET + chip.other_hw * OTHER + chip.valid_hw * VALID
        if chip.known_hw is not None:
            stacked_hw += chip.known_hw * KNOWN
        changed = self._change(image=chip.pixels_hwb, mask=stacked_hw.astype(np.uint8))
        target_hw, other_hw, valid_hw = ((changed["mask"] & bit) > 0 for bit in (TARGET, OTHER, VALID))
        if rng.random() < self._amount.not_flown_share:
            valid_hw &= _half_plane(valid_hw.shape[0], rng)
        pixels_hwb = np.array(changed["image"])
        if rng.random() < self._amount.season_share:
            pixels_hwb = in_another_season(pixels_hwb, rng)
        pixels_hwb[~valid_hw] = self._fill_rgb
        return Chip(
            pixels_hwb=pixels_hwb,
            target_hw=target_hw & valid_hw,
            other_hw=other_hw & valid_hw,
            valid_hw=valid_hw,
            known_hw=None if chip.known_hw is None else (changed["mask"] & KNOWN) > 0,
        )


def in_another_season(pixels_hwb: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The same ground riper, drier or fresher: what is green moves towards straw, dull or lush green; soil stays.

    How green a pixel is comes from its excess green, 2 g - r - b of chromatic coordinates (Woebbecke et al., 1995).
    """
    colours_hwb = pixels_hwb.astype(np.float32)
    sum_hw = colours_hwb.sum(axis=2) + 1
    excess_hw = 3 * colours_hwb[..., 1] / sum_hw - 1
    green_hw1 = np.clip(excess_hw / 0.25, 0, 1)[..., None]
    toward = SEASONS[rng.integers(len(SEASONS))] * rng.uniform(0.85, 1.15, 3)
    other_hwb = (sum_hw / 3)[..., None] * toward.astype(np.float32)
    amount = rng.uniform(0.2, 0.7)
    return np.asarray(np.clip(colours_hwb + amount * green_hw1 * (other_hwb - colours_hwb), 0, 255), np.uint8)


def _half_plane(side_px: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The flown side of a straight edge of flight at a random angle; bool [side_px, side_px]."""
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.45) * side_px
    rows, columns = np.ogrid[:side_px, :side_px]
    centre = side_px / 2
    distance_hw = (rows - centre) * np.sin(angle) + (columns - centre) * np.cos(angle)
    return np.asarray(distance_hw < offset, bool)
