"""Camera: how high to fly for a wanted ground sampling distance, and how much ground one picture then shows."""

from dataclasses import dataclass
from typing import Final

from pipeline.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """The ground that one picture straight down shows, in metres, across and along the direction of flight."""

    across_m: float
    along_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera that looks straight down, its longer side across the direction of flight.

    ``drone``, ``drone_sub``, ``payload`` and ``lens`` are what DJI's WPML calls the aircraft and the camera;
    ``interval_s`` is the shortest time between two pictures.
    """

    name: str
    sensor_width_mm: float
    sensor_height_mm: float
    focal_mm: float
    width_px: int
    height_px: int
    drone: int
    drone_sub: int
    payload: int
    lens: str
    interval_s: float

    def height_m(self, gsd_m: float) -> float:
        """Height above the ground, in metres, at which one pixel covers ``gsd_m``.

        By similar triangles: height / focal length = ground / sensor (Kraus, Photogrammetry, 2007, section 1).
        """
        return gsd_m * self.width_px * self.focal_mm / self.sensor_width_mm

    def footprint(self, height_m: float) -> Footprint:
        """What one picture from ``height_m`` shows of flat ground."""
        return Footprint(
            across_m=height_m * self.sensor_width_mm / self.focal_mm,
            along_m=height_m * self.sensor_height_mm / self.focal_mm,
        )


CAMERAS: Final = {
    "m3e": Camera(
        name="DJI Mavic 3 Enterprise",
        sensor_width_mm=17.3,
        sensor_height_mm=13.0,
        focal_mm=12.29,
        width_px=5280,
        height_px=3956,
        drone=77,
        drone_sub=0,
        payload=66,
        lens="wide",
        interval_s=0.7,
    ),
    "m3m": Camera(
        name="DJI Mavic 3 Multispectral (RGB)",
        sensor_width_mm=17.3,
        sensor_height_mm=13.0,
        focal_mm=12.29,
        width_px=5280,
        height_px=3956,
        drone=77,
        drone_sub=2,
        payload=68,
        lens="visible",
        interval_s=2.0,
    ),
    "m30": Camera(
        name="DJI Matrice 30 (wide)",
        sensor_width_mm=6.4,
        sensor_height_mm=4.8,
        focal_mm=4.5,
        width_px=4000,
        height_px=3000,
        drone=67,
        drone_sub=0,
        payload=52,
        lens="wide",
        interval_s=2.0,
    ),
}
"""Cameras of published geometry; numbers of aircraft and payload from DJI's WPML documentation (2025-01-16)."""


def camera_named(name: str) -> Camera:
    """The camera of a short name.

    Raises:
        InvalidInputError: There is none of that name.
    """
    if name not in CAMERAS:
        raise InvalidInputError(f"there is no camera {name!r}; use {', '.join(CAMERAS)}")
    return CAMERAS[name]
