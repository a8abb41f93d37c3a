"""The orthomosaic of a flight: what was received, and the working copy made of it."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.geometry import Georeference, Size


class MaskOrigin(StrEnum):
    """How the software knows what was not flown."""

    ALPHA = "alpha"
    """The raster's alpha band says it (ODM, Pix4D)."""
    MASK_BAND = "mask band"
    """The raster's own mask says it."""
    NODATA = "nodata value"
    """Pixels of the declared nodata value, less small specks inside the flown ground."""
    INFERRED = "inferred from a plain surround"
    """Nothing declared: a plain white or black surround that reaches the border was taken for not flown."""
    NONE = "none: every pixel counts as flown"
    """Nothing declared and no plain surround."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthomosaic:
    """An orthomosaic after intake: the original's identity and the working raster's geometry.

    ``notes`` are whole sentences for the report: everything that was inferred, scaled or reprojected.
    """

    name: str
    original_sha256: str
    original_bytes: int
    size: Size
    georeference: Georeference
    mask_origin: MaskOrigin
    notes: tuple[str, ...] = ()

    @property
    def area_m2(self) -> float:
        """The ground under the whole raster, flown or not, in square metres."""
        return self.size.pixels * self.georeference.pixel_area_m2
