"""Tiny labelled ground: red squares to find, blue ones to leave alone, on noisy green."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from rasters import CRS, GSD_M, LEFT, TOP, green_ground, write_working

ROLES = ("train", "calibrate", "validate")
CONFIG = """
name = "red"
data = "DATASET.toml"
gsd_m = 0.02
steps = {steps}
seed = 3
checkpoint_every = {every}
{looks}

[backbone]
last_stage = 3
width = 0.125

[sampling]
chip_px = 64
batch = 8
mine_every = 25
paste_share = 0.3

[optimisation]
lr = 0.01
"""


@dataclass(frozen=True, kw_only=True)
class Square:
    class_name: str
    column: int
    row: int
    side: int = 40


def squares(size: int, seed: int) -> list[Square]:
    """One square in most fields of a chequerboard, red and blue in turn."""
    rng = np.random.default_rng(seed)
    places = [(row, column) for row in range(0, size - 63, 64) for column in range(0, size - 63, 64)]
    return [
        Square(class_name="red" if number % 2 else "blue", column=column + int(x), row=row + int(y))
        for number, (row, column) in enumerate(places)
        for x, y in [rng.integers(0, 24, 2)]
        if rng.random() < 0.6
    ]


def write_labels(
    path: Path,
    outlines: list[shapely.Geometry],
    classes: list[str],
    *,
    crs: str = CRS,
    left: float = LEFT,
    kind: str = "Polygon",
) -> Path:
    """Outlines in pixels of a raster at ``rasters.place()``, written in map coordinates."""
    placed = shapely.transform(
        np.array(outlines, dtype=object), lambda points: np.array([left, TOP]) + points * [GSD_M, -GSD_M]
    )
    pyogrio.raw.write(
        path, shapely.to_wkb(placed), [np.array(classes, dtype=object)], ["class"],
        layer="labels", driver="GPKG", geometry_type=kind, crs=crs,
    )  # fmt: skip
    return path


def left_of(seed: int) -> float:
    """Where the field of a seed begins, in metres east."""
    return LEFT + 1000 * (seed - 1)


def write_field(folder: Path, *, size: int = 256, seed: int = 1) -> Path:
    """``orthomosaic.tif`` and ``labels.gpkg`` in ``folder``; a kilometre lies between two seeds."""
    left = left_of(seed)
    drawn = squares(size, seed)
    pixels_hwb = green_ground(size, size, seed)
    for square in drawn:
        colour = (190, 60, 60) if square.class_name == "red" else (60, 60, 190)
        part = pixels_hwb[square.row : square.row + square.side, square.column : square.column + square.side]
        part[:] = colour
    write_working(folder / "orthomosaic.tif", pixels_hwb, left=left)
    boxes = [shapely.box(s.column, s.row, s.column + s.side, s.row + s.side) for s in drawn]
    write_labels(folder / "labels.gpkg", boxes, [s.class_name for s in drawn], left=left)
    return folder


def write_dataset(folder: Path, *, size: int = 256, extra: str = "", roles: tuple[str, ...] = ROLES) -> Path:
    """A data set of one field for each role."""
    lines = ["version = 1", 'name = "red squares"', 'licence = "CC0-1.0"', 'target = ["red"]', extra]
    for seed, role in enumerate(roles, start=1):
        write_field(folder / role, size=size, seed=seed)
        lines += ["[[source]]", f'role = "{role}"', f'field = "{role} field"']
        lines += [f'orthomosaic = "{role}/orthomosaic.tif"', f'labels = "{role}/labels.gpkg"']
    path = folder / "DATASET.toml"
    path.write_text("\n".join(lines))
    tomllib.loads(path.read_text())
    return path


def write_config(folder: Path, *, steps: int = 40, every: int = 20, looks: str = "", extra: str = "") -> Path:
    path = folder / "config.toml"
    path.write_text(CONFIG.format(steps=steps, every=every, looks=looks) + extra)
    return path


COLOURS = {"red": (190, 60, 60), "dark": (120, 70, 60), "magenta": (190, 60, 190)}
INSET_PX = 4
"""A label is drawn so far inside of its square: a reader's outline can be told from the cells of a flag."""


def write_mixed(folder: Path, seed: int) -> Path:
    """A field of 11 targets, 5 of them darker than ``bundles.red_graph`` knows at a low gain; returns its labels.

    3 magenta squares look like targets to it. All lie on whole cells.
    """
    rng = np.random.default_rng(seed)
    pixels_hwb = green_ground(384, 384, seed)
    outlines, classes = [], []
    for place, kind in enumerate(rng.permutation(["red"] * 6 + ["dark"] * 5 + ["magenta"] * 3 + [""] * 2)):
        row, column = 32 + 96 * (place // 4), 32 + 96 * (place % 4)
        if kind:
            square = np.array(COLOURS[kind]) + rng.integers(-15, 16, (64, 64, 1))
            pixels_hwb[row : row + 64, column : column + 64] = square
            outlines.append(shapely.box(column, row, column + 64, row + 64).buffer(-INSET_PX, join_style="mitre"))
            classes.append("magenta" if kind == "magenta" else "red")
    write_working(folder / "orthomosaic.tif", pixels_hwb, left=left_of(seed))
    return write_labels(folder / "labels.gpkg", outlines, classes, left=left_of(seed))


def write_mixed_dataset(folder: Path, roles: dict[int, str]) -> Path:
    """A data set of one mixed field for each seed, with its role."""
    lines = ["version = 1", f'name = "{folder.name}"', 'target = ["red"]']
    for seed, role in roles.items():
        write_mixed(folder / str(seed), seed)
        lines += ["[[source]]", f'role = "{role}"', f'field = "{folder.name} {seed}"']
        lines += [f'orthomosaic = "{seed}/orthomosaic.tif"', f'labels = "{seed}/labels.gpkg"']
    (folder / "DATASET.toml").write_text("\n".join(lines))
    return folder / "DATASET.toml"
