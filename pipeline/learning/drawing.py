"""What somebody drew over one raster: outlines with a class, in pixels of the raster.

x counts columns and y rows, both from the upper left corner.
"""

from dataclasses import dataclass
from pathlib import Path

import shapely


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """An outline and what grows inside it."""

    outline: shapely.Geometry
    class_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A raster, every label over it, and what was done to them on the way, as whole sentences."""

    path: Path
    labels: tuple[Label, ...]
    notes: tuple[str, ...] = ()


def mended(label: Label) -> Label:
    """The label with an outline that does not cross itself: all that the crossing lines enclose."""
    if label.outline is None or shapely.is_valid(label.outline):
        return label
    parts = shapely.get_parts(shapely.make_valid(label.outline))
    areas = [part for part in parts if "Polygon" in part.geom_type]
    return Label(outline=shapely.unary_union(areas), class_name=label.class_name)


def taken_apart(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """The labels with one for each part of a multipolygon: parts that lie apart are plots of their own."""
    return tuple(
        Label(outline=part, class_name=label.class_name)
        for label in labels
        for part in shapely.get_parts(label.outline)
    )
