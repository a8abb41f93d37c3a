"""The drawing of a statement: its ground, and what of it nobody has seen, as SVG for a page and for paper.

North is up. A degree of longitude is drawn as long as it is in the middle of the ground. States differ by pattern, not
by colour alone; patterns are drawn as lines and dots, since not everything that shows SVG knows patterns.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

WIDE, HIGH = 640.0, 360.0
"""The most that a drawing takes, in its own units."""
MARGIN: Final = 8.0
FINE: Final = 0.4
"""Corners nearer than that to a straight line are not drawn."""
STEP: Final = 7.0
LEAST_BAR: Final = 0.15
"""Of the width, the bar of the scale is at least so long."""
STYLES: Final = {
    "not_flown": ("#ecede9", "#3c424a", 45),
    "could_not_be_flown": ("#fdf0e6", "#8a3b00", 0),
    "not_assessable": ("#e6def0", "#4a286e", -45),
}
"""Fill and line of each state, and the angle of its lines in degrees."""


def draw(said: Mapping[str, Any]) -> str:
    """The ground of a statement as an SVG element; "" where it has none."""
    ground = shapely.geometry.shape(said["ground"])
    if ground.is_empty:
        return ""
    place = _Frame(ground)
    gaps = {
        one["properties"]["state"]: shapely.geometry.shape(one["geometry"]) for one in said["uncovered"]["features"]
    }
    drawn = [f'<path d="{_path(place.drawn(ground))}" fill="#cfe3da" fill-rule="evenodd"/>']
    drawn += [_hatched(place.drawn(gap), *STYLES[state]) for state, gap in gaps.items()]
    drawn.append(
        f'<path d="{_path(place.drawn(ground))}" fill="none" stroke="#1d2323" stroke-width="1.2" '
        f'stroke-linejoin="round"/>'
    )
    drawn.append(place.scale())
    return _svg(place.width, place.height, "".join(drawn))


def swatch(state: str) -> str:
    """The sign of a state, for a key beside the drawing."""
    box = shapely.box(0.5, 0.5, 27.5, 15.5)
    inside = (
        _hatched(box, *STYLES[state]) if state in STYLES else f'<path d="{_path(box)}" fill="#cfe3da"/>'
    ) + f'<path d="{_path(box)}" fill="none" stroke="#566060"/>'
    return _svg(28, 16, inside)


def _svg(width: float, height: float, inside: str) -> str:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} aria-hidden="true">{inside}</svg>'


class _Frame:
    """Where degrees lie on the drawing."""

    def __init__(self, ground: BaseGeometry) -> None:
        west, south, east, north = ground.bounds
        self._west, self._north = west, north
        self._squeeze = math.cos(math.radians((south + north) / 2))
        wide, high = max((east - west) * self._squeeze, 1e-9), max(north - south, 1e-9)
        self._a_degree = min((WIDE - 2 * MARGIN) / wide, (HIGH - 3 * MARGIN - 14) / high)
        self.width, self.height = wide * self._a_degree + 2 * MARGIN, high * self._a_degree + 3 * MARGIN + 14
        self.width = max(self.width, 160.0)

    def drawn(self, outline: BaseGeometry) -> BaseGeometry:
        """An outline in degrees, in units of the drawing."""
        moved = shapely.transform(
            outline,
            lambda points: (
                (points - (self._west, self._north)) * (self._squeeze * self._a_degree, -self._a_degree)
                + (MARGIN, MARGIN)
            ),
        )
        finer = shapely.simplify(moved, FINE)
        return moved if finer.is_empty else finer

    def scale(self) -> str:
        """A bar of a round length in metres, and where north is: up."""
        metre = self._a_degree / 111_320
        longest = 0.4 * self.width / metre
        power = 10.0 ** math.floor(math.log10(longest))
        length = max(step * power for step in (1, 2, 5) if step * power <= longest)
        said = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"  # noqa: PLR2004 a kilometre
        end, y = MARGIN + length * metre, self.height - MARGIN
        bar = f"M{MARGIN:.1f} {y - 4:.1f}V{y:.1f}H{end:.1f}V{y - 4:.1f}"
        return (
            f'<path d="{bar}" fill="none" stroke="#1d2323"/>'
            f'<text x="{end + 6:.1f}" y="{y:.1f}" font-size="12" '
            f'font-family="Noto Sans S Chinese, sans-serif" fill="#1d2323">{said}</text>'
        )


def _hatched(outline: BaseGeometry, fill: str, line: str, angle: float) -> str:
    """An outline filled with lines at an angle; what is too small for a line has its edge."""
    west, south, east, north = outline.bounds
    middle, reach = ((west + east) / 2, (south + north) / 2), math.hypot(east - west, north - south) / 2 + STEP
    count = math.ceil(reach / STEP)
    lines = shapely.MultiLineString(
        [
            [(middle[0] - reach, middle[1] + n * STEP), (middle[0] + reach, middle[1] + n * STEP)]
            for n in range(-count, count + 1)
        ]
    )
    cut = shapely.intersection(shapely.affinity.rotate(lines, angle, origin=middle), shapely.make_valid(outline))
    strokes = "".join(
        f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"
        for part in shapely.get_parts(cut)
        if part.geom_type == "LineString"
        for (x, y), (to_x, to_y) in (part.coords[:2],)
    )
    return (
        f'<path d="{_path(outline)}" fill="{fill}" fill-rule="evenodd" stroke="{line}" stroke-width="0.6"/>'
        f'<path d="{strokes}" fill="none" stroke="{line}" stroke-width="0.9"/>'
        if strokes
        else f'<path d="{_path(outline)}" fill="{line}" fill-rule="evenodd" stroke="{line}" stroke-width="0.6"/>'
    )


def _path(outline: BaseGeometry) -> str:
    rings = shapely.get_rings(shapely.get_parts(outline))
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1]) + "Z" for ring in rings
    )
