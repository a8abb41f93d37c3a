"""Illustrate: an evaluation for people, as one self-contained page in English and Simplified Chinese.

Whoever decides whether a model may be used reads it: what is found, what is missed, what is asked in vain, and pictures
of the worst of both, because a number never says why.
"""

import base64
import csv
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import shapely
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from shapely.affinity import affine_transform

from pipeline.domain.coverage import area_in_words
from pipeline.imagery.pictures import Album, Crop, Picture
from pipeline.imagery.whole import write_text
from pipeline.learning.evaluation import Evaluation
from pipeline.learning.labels import LabelledGround
from pipeline.learning.mistakes import Mistake
from pipeline.workflow import charts

TEMPLATE: Final = "evaluation.html.jinja"
LEAST_CROP_PX: Final = 192
"""The least ground a picture shows, in model pixels: what the network sees around a cell."""
AIMS: Final = (0.80, 0.90, 0.95, 0.97, 0.99, 1.0)
"""The trade-off table has one row for the highest threshold that finds each of these shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page is made of: the record as it is written, the evaluation behind it, and a training's curve."""

    record: dict[str, Any]
    evaluation: Evaluation
    curve: Path | None = None


def write_page(path: Path, shown: Shown) -> None:
    """Write the page to ``path``, whole or not at all."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["picture"] = _data_uri
    environment.filters["area"] = area_in_words
    environment.filters["share"] = _share
    environment.filters["number"] = _number
    write_text(path, environment.get_template(TEMPLATE).render(_content(shown)))


def _content(shown: Shown) -> dict[str, Any]:
    """What the template names."""
    record, mistakes = shown.record, shown.evaluation.mistakes
    with ExitStack() as opened:
        albums = _Albums(opened)
        return {
            "record": record,
            "plots": record["plots"],
            "cells": record["cells"],
            "date": record["evaluated_at"][:10],
            "charts": _charts(record),
            "curves": _curves(shown.curve),
            "settings": _settings(record["plots"]["trade_off"]),
            "misses": [_card(one, albums) for one in mistakes.misses],
            "false_flags": [_card(one, albums) for one in mistakes.false_flags],
            "width": charts.WIDTH,
            "height": charts.HEIGHT,
            "frame": (charts.LEFT, charts.TOP, charts.RIGHT, charts.BOTTOM),
        }


def _charts(record: dict[str, Any]) -> list[charts.Chart]:
    """The charts of an evaluation; of no plots there is nothing to draw but the reliability of cells."""
    drawn = [charts.trade_off_chart(record["plots"]), charts.size_chart(record["plots"]["by_size"])]
    return [*(drawn if record["plots"]["recall"]["n"] else []), charts.reliability_chart(record["reliability"])]


def _curves(path: Path | None) -> list[charts.Chart]:
    """The learning curve: the loss, and how well validation cells were ranked whenever that was looked at."""
    if path is None or not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    loss = [(float(row["step"]), float(row["loss"])) for row in rows]
    looked = [(float(row["step"]), float(row["validation_ap"])) for row in rows if row["validation_ap"]]
    top = max([value for _, value in loss], default=1.0) or 1.0
    ranked = ("Average precision of validation cells", "验证单元的平均精度")
    made = [charts.curve_chart(loss, title=("Loss", "损失"), name=("mean loss", "平均损失"), top=top)]
    if looked:
        made.append(charts.curve_chart(looked, title=ranked, name=("average precision", "平均精度"), top=1.0))
    return made


def _settings(trade_off: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The highest threshold that finds each aim, once each; ``trade_off`` goes from high to low."""
    rows = [next((one for one in trade_off if (one["recall"] or 0) >= aim - 1e-12), None) for aim in AIMS]
    return list({one["threshold"]: one for one in rows if one is not None}.values())


class _Albums:
    """Every raster that is looked at, opened once."""

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened
        self._albums: dict[Path, Album] = {}

    def chip(self, ground: LabelledGround, crop: Crop) -> Picture:
        """One place of a ground."""
        if ground.path not in self._albums:
            self._albums[ground.path] = self._opened.enter_context(Album(ground.path))
        return self._albums[ground.path].chip(crop)


def _card(mistake: Mistake, albums: _Albums) -> dict[str, Any]:
    """A mistake with its picture, the labels and flags that lie in it, and its own outline."""
    ground = mistake.ground
    picture = albums.chip(ground, _around(mistake))
    frame = shapely.box(0, 0, picture.size.width_px, picture.size.height_px)

    def drawn(outlines: Sequence[shapely.Geometry]) -> list[str]:
        placed = [_on(picture, ground, outline) for outline in outlines]
        return [_path(outline) for outline in placed if outline.intersects(frame)]

    return {
        "mistake": mistake,
        "raster": ground.path.name,
        "picture": picture,
        "own": drawn([mistake.outline]),
        "targets": drawn(ground.targets),
        "flags": drawn(mistake.flags),
    }


def _around(mistake: Mistake) -> Crop:
    """A square of raster pixels with the mistake in its middle."""
    ground = mistake.ground
    left, top, right, bottom = mistake.outline.bounds
    side = max(2.2 * max(right - left, bottom - top), LEAST_CROP_PX)
    return Crop(
        left_px=((left + right - side) / 2 + ground.left_px) / ground.scale,
        top_px=((top + bottom - side) / 2 + ground.top_px) / ground.scale,
        width_px=side / ground.scale,
        height_px=side / ground.scale,
    )


def _on(picture: Picture, ground: LabelledGround, outline: shapely.Geometry) -> shapely.Geometry:
    """An outline in model pixels of a ground, in picture pixels."""
    factor = picture.scale / ground.scale
    right = (ground.left_px / ground.scale - picture.crop.left_px) * picture.scale
    down = (ground.top_px / ground.scale - picture.crop.top_px) * picture.scale
    return affine_transform(outline, (factor, 0, 0, factor, right, down))


def _path(outline: shapely.Geometry) -> str:
    """An outline as an SVG path."""
    polygons = outline.geoms if hasattr(outline, "geoms") else [outline]
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return " ".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, *_ in ring.coords) + "Z" for ring in rings)


def _share(share: dict[str, Any]) -> str:
    """A share with its interval."""
    if not share.get("n", 1) or share["value"] is None:
        return "-"
    low, high = share["interval_95"]
    return f"{share['value']:.3f} ({_number(low)}-{_number(high)})"


def _number(value: float | None, digits: int = 3) -> str:
    """A number, or a dash for none."""
    return "-" if value is None else f"{value:,.{digits}f}"


def _data_uri(picture: Picture) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode("ascii")
