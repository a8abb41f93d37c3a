"""The nouns of a landscape: pieces of ground, how each looks, and the plots that are hidden in it.

Coordinates are metres from the scene's upper left corner, x to the right and y down. Angles turn right to down.
"""

from dataclasses import dataclass

from shapely import Polygon

from pipeline.imagery.scenes.spec import Rgb

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How ground looks: a swatch, how it is laid, and the soil under it.

    ``vigour`` in [0, 1] is how much of the swatch grows, give or take ``patchiness`` by place. ``height_m`` is the
    height of the tallest plants over ground at ``base_m``. A swatch of ``rows`` rows is shifted along each of them, so
    that it never repeats; 0 lays it as it is. ``scale`` enlarges the swatch.
    """

    swatch: str
    angle: float = 0.0
    vigour: float = 0.6
    patchiness: float = 0.2
    height_m: float = 0.1
    base_m: float = 0.0
    rows: int = 0
    scale: float = 1.0
    tint_rgb: Rgb = (1.0, 1.0, 1.0)
    soil_rgb: Rgb = (140.0, 122.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A piece of ground of one look; ``anchor`` is where the middle of the swatch lies."""

    outline: Polygon
    look: Look
    anchor: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A field: what grows on it, along which angle, and how high its terrace lies."""

    outline: Polygon
    crop: str
    angle: float
    base_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Something sown: the target, ``kind`` poppy, or a look-alike. ``stage``, ``colour`` and ``site`` may be empty."""

    outline: Polygon
    kind: str
    stage: str = ""
    colour: str = ""
    site: str = ""
    angle: float = 0.0
    base_m: float = 0.0

    @property
    def swatch(self) -> str:
        """The swatch that shows it."""
        if self.kind != "poppy":
            return self.kind
        return f"{self.stage}_{self.colour}" if self.colour else self.stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The land between four crossings: areas from the ground up, plots among them, and shadows of what stands high."""

    areas: tuple[Area, ...]
    tops: tuple[Area, ...]
    plots: tuple[Plot, ...]
    shadows: tuple[Polygon, ...]
    parcels: tuple[Parcel, ...]
