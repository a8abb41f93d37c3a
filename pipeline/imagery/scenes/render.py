"""Paint one tile of a scene: which area is where, what grows there, how the light falls, what the camera saw.

Axes: h = row, w = column, b = band (red, green, blue).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from rasterio import Affine
from rasterio.features import rasterize
from shapely import Polygon
from shapely.affinity import affine_transform

from pipeline.imagery.scenes import layout, light
from pipeline.imagery.scenes.atlas import TEXELS, Table, Words, atlas_of, table_of
from pipeline.imagery.scenes.flown import flown_ground, grown_plots
from pipeline.imagery.scenes.ground import conditions
from pipeline.imagery.scenes.land import Area, Block, Look
from pipeline.imagery.scenes.light import REACH_PX, Photographs
from pipeline.imagery.scenes.noise import Floats, Tile, field, grain
from pipeline.imagery.scenes.spec import Conditions, SceneSpec

EDGE_PX: Final = 4
LOW_10: Final = np.uint32(1023)
SIXTEEN: Final = np.uint32(16)


def paint(spec: SceneSpec, tile: Tile) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """The picture of a tile, uint8 [h, w, 3], and where it was flown, bool [h, w]; black where it was not."""
    flown_hw = drawn([flown_ground(spec)], tile, fill=0) > 0
    if not flown_hw.any():
        return np.zeros((tile.height, tile.width, 3), np.uint8), flown_hw
    day = conditions(spec.seed)
    wide = _with_margin(tile, day)
    bands, photos = _lit_bands(spec, wide, day)
    top, left = tile.row - wide.row, tile.col - wide.col
    inside = np.s_[top : top + tile.height, left : left + tile.width]
    around = np.s_[top - 1 : top + tile.height + 1, left - 1 : left + tile.width + 1]
    noise = grain(tile, spec.seed * 31 + 51)
    pixels_hwb = np.empty((tile.height, tile.width, 3), np.uint8)
    for number, band in enumerate(bands):
        sharp = band[inside]
        soft = light.softened(band[around])[1:-1, 1:-1]
        soft -= sharp
        soft *= photos.blur_hw[inside]
        soft += sharp
        soft += noise[..., number] * np.float32(0.036) - np.float32(4.6)
        np.clip(soft, 0, 255, out=soft)
        pixels_hwb[..., number] = soft
    pixels_hwb[~flown_hw] = 0
    return pixels_hwb, flown_hw


def drawn(outlines: Sequence[Polygon], tile: Tile, *, fill: int) -> npt.NDArray[np.int32]:
    """The number of the last outline over each pixel's middle, counted from 1; ``fill`` where there is none."""
    step = 1 / tile.gsd_m
    matrix = [step, 0, 0, step, -tile.col, -tile.row]
    shapes = [(affine_transform(outline, matrix), number) for number, outline in enumerate(outlines, start=1)]
    shape = (tile.height, tile.width)
    if not shapes:
        return np.full(shape, fill, np.int32)
    numbers: npt.NDArray[np.int32] = rasterize(shapes, shape, fill=fill, transform=Affine.identity(), dtype="int32")
    return numbers


def _with_margin(tile: Tile, day: Conditions) -> Tile:
    """The tile and as much around it as shadows and blur reach in from."""
    right, down = (round(REACH_PX * part) for part in day.sun_xy)
    return tile.grown(
        left=max(0, -right) + EDGE_PX,
        top=max(0, -down) + EDGE_PX,
        right=max(0, right) + EDGE_PX,
        bottom=max(0, down) + EDGE_PX,
    )


def _lit_bands(spec: SceneSpec, tile: Tile, day: Conditions) -> tuple[list[Floats], Photographs]:
    """Red, green and blue of a tile in sunlight, each float32 [h, w], and the photographs it was seen in."""
    blocks = layout.blocks(spec, tile.bounds_m)
    areas = _areas(spec, blocks, tile, day)
    numbers = drawn([area.outline for area in areas[1:]], tile, fill=0).astype(np.intp)
    table = table_of(areas, atlas_of(spec.seed), tile.gsd_m)
    photos = light.photographs(tile, day, spec.seed)
    growth = field(tile, cells_m=(36.0, 11.0, 3.3, 1.2), salt=spec.seed * 31 + 61)
    bands, heights = _grown(spec, tile, _Laid(table, numbers, photos), growth)
    bright = light.lit(heights, day, tile.gsd_m)
    bright *= _cast(blocks, tile, day)
    bright *= photos.gain_hw
    drift = field(tile, cells_m=(64.0, 23.0), salt=spec.seed * 31 + 62)
    for band, gain, warmth in zip(bands, day.gain_rgb, (0.03, 0.0, -0.03), strict=True):
        np.multiply(band, bright, out=band)
        np.multiply(band, (drift * np.float32(0.06 + warmth) + 1) * np.float32(gain), out=band)
    return bands, photos


def _areas(spec: SceneSpec, blocks: list[Block], tile: Tile, day: Conditions) -> list[Area]:
    """The areas that show in a tile, from the ground up; the first is the verge that lies under all others."""
    left, top, right, bottom = tile.bounds_m
    verge = Look(
        swatch="grass", vigour=0.56, patchiness=0.45, height_m=0.22, rows=5, soil_rgb=day.soil_rgb,
        tint_rgb=day.grass_tint_rgb,
    )  # fmt: skip
    under = Area(outline=Polygon(), look=verge, anchor=(0.0, 0.0))
    layers = [area for one in blocks for area in grown_plots(spec, one)] + [area for one in blocks for area in one.tops]
    seen = []
    for area in layers:
        x_0, y_0, x_1, y_1 = area.outline.bounds
        if x_0 < right and x_1 > left and y_0 < bottom and y_1 > top:
            seen.append(area)
    return [under, *seen]


class _Laid:
    """A tile's areas in place: for each pixel the number of its area in the table, and its photograph."""

    def __init__(self, table: Table, numbers_hw: npt.NDArray[np.intp], photos: Photographs) -> None:
        self.table = table
        self.numbers_hw = numbers_hw
        self.photos = photos

    def words(self, column: Words) -> Words:
        """One column of whole numbers of the table, for each pixel."""
        return np.take(column, self.numbers_hw, mode="clip")

    def of(self, column: Floats) -> Floats:
        """One column of the table, for each pixel."""
        return np.take(column, self.numbers_hw, mode="clip")

    def texels(self, spec: SceneSpec, tile: Tile) -> tuple[Words, Words]:
        """What the swatch shows at each pixel, and dice for the row it is in."""
        table = self.table
        cols = np.arange(tile.col, tile.col + tile.width).astype(np.uint32)[None, :]
        rows = np.arange(tile.row, tile.row + tile.height).astype(np.uint32)[:, None]
        cosine, sine = self.words(table.cosine), self.words(table.sine)
        bend = field(tile, cells_m=(8.0, 2.6), salt=spec.seed * 31 + 63) * np.float32(7 * 65536)
        waver = bend.astype(np.int32).view(np.uint32) + self.photos.shift_hw
        along = cosine * cols + sine * rows + self.words(table.right) + waver
        beside = cosine * rows - sine * cols + self.words(table.down) + waver
        along >>= SIXTEEN
        beside >>= SIXTEEN
        dice = ((beside * self.words(table.rows)) >> np.uint32(10)) + self.numbers_seed()
        dice *= self.words(table.mix)
        along += dice >> np.uint32(22)
        along &= LOW_10
        beside &= LOW_10
        beside <<= np.uint32(10)
        beside += along
        beside += self.words(table.start)
        return np.take(atlas_of(spec.seed).texels, beside.astype(np.intp), mode="clip"), dice

    def numbers_seed(self) -> Words:
        """Something different for each area that does not depend on its number in the tile."""
        return self.words(self.table.right >> np.uint32(8))


def _grown(spec: SceneSpec, tile: Tile, laid: _Laid, growth: Floats) -> tuple[list[Floats], Floats]:
    """What grows, on what soil: three bands float32 [h, w] in full light, and heights in metres [h, w]."""
    table = laid.table
    texels, dice = laid.texels(spec, tile)
    height = (texels >> np.uint32(24)).astype(np.float32)
    height *= np.float32(1 / 255)
    vigour = growth * laid.of(table.patchiness)
    vigour += laid.of(table.vigour)
    vigour += ((dice >> np.uint32(12)) & np.uint32(255)).astype(np.float32) * laid.of(
        (table.mix > 0) * np.float32(4e-4)
    )
    cover = height + vigour
    cover -= 1
    cover *= 7
    cover += np.float32(0.5)
    np.clip(cover, 0, 1, out=cover)
    bright, clods = _soil(spec, tile)
    bare = 1 - cover
    heights = laid.of(table.base_m) + cover * height * laid.of(table.height_m) + bare * clods * np.float32(0.05)
    moist = field(tile, cells_m=(29.0, 8.0, 1.7), salt=spec.seed * 31 + 64)
    bright *= bare
    bright *= 1 + np.float32(0.2) * moist
    height *= np.float32(0.5)
    height += np.float32(0.62)
    cover *= height
    return _bands(laid, texels, (cover, bright), growth), heights


def _bands(laid: _Laid, texels: Words, strengths: tuple[Floats, Floats], growth: Floats) -> list[Floats]:
    """Plants and soil mixed by their strengths, both float32 [h, w]; where growth is poor, plants are paler."""
    plants, soil = strengths
    bands = []
    for number, pale in enumerate((-0.2, -0.12, -0.1)):
        band = ((texels >> np.uint32(8 * number)) & np.uint32(255)).astype(np.float32)
        band *= laid.of(laid.table.tint_rgb[:, number].copy())
        band *= plants
        band *= 1 + growth * np.float32(pale)
        band += soil * laid.of(laid.table.soil_rgb[:, number].copy())
        bands.append(band)
    return bands


def _soil(spec: SceneSpec, tile: Tile) -> tuple[Floats, Floats]:
    """Brightness around 1 and height in [0, 1] of bare soil, both float32 [h, w]."""
    step = round(tile.gsd_m / 0.015 * 65536)
    cols = (np.arange(tile.col, tile.col + tile.width) * step >> 16) & 1023
    rows = (np.arange(tile.row, tile.row + tile.height) * step >> 16) & 1023
    places = (rows << 10)[:, None] + cols[None, :]
    soil = atlas_of(spec.seed).soil
    return np.take(soil, places, mode="clip"), np.take(soil, places + TEXELS, mode="clip")


def _cast(blocks: list[Block], tile: Tile, day: Conditions) -> Floats:
    """Light left in the long shadows of trees and houses, float32 [h, w]."""
    left, top, right, bottom = tile.bounds_m
    shadows = []
    for shadow in (shadow for one in blocks for shadow in one.shadows):
        x_0, y_0, x_1, y_1 = shadow.bounds
        if x_0 < right and x_1 > left and y_0 < bottom and y_1 > top:
            shadows.append(shadow)
    # what throws the shadow is painted over it: a crown is lit from above
    numbers = drawn([*shadows, *(area.outline for one in blocks for area in one.tops)], tile, fill=0)
    shaded = ((numbers > 0) & (numbers <= len(shadows))).astype(np.float32)
    shaded *= np.float32(day.shade - 1)
    shaded += 1
    return light.softened(shaded)
