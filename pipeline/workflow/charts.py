"""Charts: numbers to places on a drawing. The template draws what stands here; nothing runs in the reader's browser.

Places are in picture units of ``WIDTH`` x ``HEIGHT``, right and down from the upper left corner.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.domain.coverage import area_in_words

WIDTH: Final = 460
HEIGHT: Final = 320
LEFT, TOP, RIGHT, BOTTOM = 58, 14, 446, 268
MOST_FALSE_PER_TRUE: Final = 2.0
"""The trade-off is drawn up to here: with more false flags than that nobody would work."""
PROBABILITIES: Final = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)

Words = tuple[str, str]
"""English and Simplified Chinese."""
Scale = Callable[[float], float]
"""A value to its place between 0 and 1 along an axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What an axis says: values with their labels, and its name."""

    name: Words
    ticks: tuple[tuple[float, str], ...]
    scale: Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A value with the interval around it, and what it says when pointed at."""

    x: float
    y: float
    low: float
    high: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything the template draws, placed."""

    title: Words
    x_axis: Axis
    y_axis: Axis
    line: str = ""
    guide: str = ""
    dots: tuple[Dot, ...] = ()

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        """Places and labels along the bottom."""
        return [(across(self.x_axis, value), label) for value, label in self.x_axis.ticks]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        """Places and labels along the left."""
        return [(down(self.y_axis, value), label) for value, label in self.y_axis.ticks]


def reliability_chart(reliability: dict[str, Any]) -> Chart:
    """Share of target against mean probability; on the diagonal probabilities mean what they say."""
    ticks = tuple((value, f"{value * 100:g}") for value in PROBABILITIES)
    x_axis = Axis(name=("mean probability, %", "平均概率 %"), ticks=ticks, scale=math.sqrt)
    y_axis = Axis(name=("cells that are target, %", "目标单元占比 %"), ticks=ticks, scale=math.sqrt)
    dots = [
        _dot(x_axis, y_axis, one["mean_probability"], one["target"], f"{one['mean_probability']:.4f}")
        for one in reliability["bins"]
    ]
    return Chart(
        title=("Reliability", "可靠性"),
        x_axis=x_axis,
        y_axis=y_axis,
        guide=path(x_axis, y_axis, [(0, 0), (1, 1)]),
        dots=tuple(dots),
    )


def size_chart(sizes: Sequence[dict[str, Any]]) -> Chart:
    """Recall of each quarter of the sizes, smallest first."""
    labels = tuple((float(at), f"≤ {area_in_words(one['to_m2'])}") for at, one in enumerate(sizes))
    x_axis = Axis(name=("plots by size, in quarters", "按面积四等分的地块"), ticks=labels, scale=_middle_of(len(sizes)))
    y_axis = _share_axis(("plots found, %", "检出率 %"))
    dots = [_dot(x_axis, y_axis, at, one["recall"], labels[at][1]) for at, one in enumerate(sizes)]
    return Chart(title=("Recall by size", "按面积的检出率"), x_axis=x_axis, y_axis=y_axis, dots=tuple(dots))


def trade_off_chart(plots: dict[str, Any]) -> Chart:
    """Recall against false flags for each true one; the dot is the bundle's own threshold."""
    known = [one for one in plots["trade_off"] if one["false_per_true"] is not None and one["recall"] is not None]
    drawn = [(one["false_per_true"], one["recall"]) for one in known if one["false_per_true"] <= MOST_FALSE_PER_TRUE]
    most = _round_up(max([0.1, *(x for x, _ in drawn), _or(plots["false_per_true"], 0)]))
    ticks = tuple((most * step / 4, f"{most * step / 4:g}") for step in range(5))
    x_axis = Axis(
        name=("false flags for each true one", "每个正确标记对应的误报数"), ticks=ticks, scale=lambda x: x / most
    )
    y_axis = _share_axis(("plots found, %", "检出率 %"))
    at = plots["false_per_true"]
    dots = [] if at is None or not plots["recall"]["n"] else [_dot(x_axis, y_axis, at, plots["recall"], "threshold")]
    return Chart(
        title=("What another threshold would find", "其他阈值的检出与误报"),
        x_axis=x_axis,
        y_axis=y_axis,
        line=path(x_axis, y_axis, drawn),
        dots=tuple(dots),
    )


def curve_chart(points: Sequence[tuple[float, float]], *, title: Words, name: Words, top: float) -> Chart:
    """A value over the steps of a training, from 0 to ``top``."""
    last = max(1.0, *(x for x, _ in points)) if points else 1.0
    steps = tuple((last * step / 4, f"{last * step / 4:g}") for step in range(5))
    values = tuple((top * step / 4, f"{top * step / 4:.3g}") for step in range(5))
    x_axis = Axis(name=("step", "训练步数"), ticks=steps, scale=lambda x: x / last)
    y_axis = Axis(name=name, ticks=values, scale=lambda y: y / top)
    dots = [
        Dot(x=across(x_axis, x), y=down(y_axis, y), low=down(y_axis, y), high=down(y_axis, y), words=f"{y:.4g}")
        for x, y in points[-1:]
    ]
    return Chart(title=title, x_axis=x_axis, y_axis=y_axis, line=path(x_axis, y_axis, points), dots=tuple(dots))


def across(axis: Axis, value: float) -> float:
    """The place of a value from the left."""
    return round(LEFT + (RIGHT - LEFT) * _inside(axis.scale(value)), 1)


def down(axis: Axis, value: float) -> float:
    """The place of a value from the top."""
    return round(BOTTOM - (BOTTOM - TOP) * _inside(axis.scale(value)), 1)


def path(x_axis: Axis, y_axis: Axis, points: Sequence[tuple[float, float]]) -> str:
    """Points as an SVG path."""
    return "".join(
        f"{'L' if number else 'M'}{across(x_axis, x)} {down(y_axis, y)}" for number, (x, y) in enumerate(points)
    )


def _dot(x_axis: Axis, y_axis: Axis, x: float, share: dict[str, Any], words: str) -> Dot:
    """A share with its interval."""
    low, high = share["interval_95"]
    return Dot(
        x=across(x_axis, x),
        y=down(y_axis, share["value"]),
        low=down(y_axis, low),
        high=down(y_axis, high),
        words=f"{words}: {share['hits']} / {share['n']}",
    )


def _share_axis(name: Words) -> Axis:
    return Axis(name=name, ticks=tuple((value, f"{value * 100:g}") for value in SHARES), scale=lambda y: y)


def _middle_of(count: int) -> Scale:
    """The middles of ``count`` equal parts."""
    return lambda at: (at + 0.5) / max(1, count)


def _round_up(value: float) -> float:
    """The next of 0.1, 0.2, 0.4, 1, 2, 4, 10 ..."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(step * power for step in (1, 2, 4, 10) if step * power >= value * (1 - 1e-9))


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _inside(share: float) -> float:
    """Values beyond an axis stand at its end."""
    return min(max(share, 0.0), 1.0)
