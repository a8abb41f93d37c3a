"""The same ground seen badly: copies of a picture for asking what a model still finds, and what it gives up.

Axes: h = row, w = column, b = band (red, green, blue).
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

Pixels = npt.NDArray[np.uint8]

SNOW: Final = 238
"""Brightness of snow in a well exposed picture, on a scale to 255."""
SNOW_GRAIN: Final = 5.0
PATCH_PX: Final = 24.0
"""Smoothing of the noise that says where snow lies: patches of some 100 px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """A way of spoiling a picture: uint8 [h, w, 3] to the same; ``name`` is what a table calls it."""

    name: str
    spoil: Callable[[Pixels], Pixels]


def degradations() -> tuple[Degradation, ...]:
    """Every way, the undisturbed picture first."""
    return (
        Degradation(name="undisturbed", spoil=lambda pixels_hwb: pixels_hwb),
        *(_way(f"blur, sigma {sigma} px", blurred, sigma) for sigma in (1, 2, 4)),
        *(_way(f"hue shifted {degrees} degrees", hue_shifted, degrees) for degrees in (20, 60)),
        *(_way(f"snow on {share:.0%}", snow_covered, share) for share in (0.3, 0.7)),
        *(_way(f"down-sampled x{factor:g}", down_sampled, factor) for factor in (1.5, 2, 4)),
        *(_way(f"light x{gain:g}", exposed, gain) for gain in (0.25, 0.75, 1.25, 2.2)),
        *(_way(f"JPEG quality {quality}", jpeg, quality) for quality in (40, 10)),
    )


def _way(name: str, spoil: Callable[[Pixels, float], Pixels], amount: float) -> Degradation:
    return Degradation(name=name, spoil=lambda pixels_hwb: spoil(pixels_hwb, amount))


def blurred(pixels_hwb: Pixels, sigma_px: float) -> Pixels:
    """Out of focus."""
    return np.asarray(ndimage.gaussian_filter(pixels_hwb, (sigma_px, sigma_px, 0)), np.uint8)


def hue_shifted(pixels_hwb: Pixels, degrees: float) -> Pixels:
    """Every hue turned by ``degrees``."""
    hsv_hwb = np.array(Image.fromarray(pixels_hwb).convert("HSV"))
    hsv_hwb[..., 0] = (hsv_hwb[..., 0].astype(np.int16) + round(degrees * 256 / 360)) % 256
    bands = [Image.fromarray(band_hw) for band_hw in np.moveaxis(hsv_hwb, 2, 0)]
    return np.array(Image.merge("HSV", bands).convert("RGB"))


def snow_covered(pixels_hwb: Pixels, share: float, *, seed: int = 1) -> Pixels:
    """White patches over ``share`` of the ground; a seed places them."""
    rng = np.random.default_rng(seed)
    height, width = pixels_hwb.shape[:2]
    relief_hw = ndimage.gaussian_filter(rng.standard_normal((height, width)), PATCH_PX)
    lies_hw = relief_hw > np.quantile(relief_hw, 1 - share)
    snow_hw = np.clip(rng.normal(SNOW, SNOW_GRAIN, (height, width)), 0, 255).astype(np.uint8)
    return np.asarray(np.where(lies_hw[..., None], snow_hw[..., None], pixels_hwb), np.uint8)


def down_sampled(pixels_hwb: Pixels, factor: float) -> Pixels:
    """Flown higher by ``factor`` and enlarged again: as many pixels, fewer details."""
    picture = Image.fromarray(pixels_hwb)
    small = (max(1, round(picture.width / factor)), max(1, round(picture.height / factor)))
    return np.array(picture.resize(small, Image.Resampling.BOX).resize(picture.size, Image.Resampling.BILINEAR))


def exposed(pixels_hwb: Pixels, gain: float) -> Pixels:
    """``gain`` times the light; what is too bright is white."""
    return np.asarray(np.clip(np.rint(pixels_hwb * np.float32(gain)), 0, 255), np.uint8)


def jpeg(pixels_hwb: Pixels, quality: float) -> Pixels:
    """Compressed too much."""
    buffer = io.BytesIO()
    Image.fromarray(pixels_hwb).save(buffer, "JPEG", quality=round(quality))
    return np.array(Image.open(buffer).convert("RGB"))
