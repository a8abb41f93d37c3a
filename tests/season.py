"""A season of flights over one drawn piece of land, of which it is known to the pixel what each of them shows.

Axes: h = row, w = column of the land, from its north-west corner; all flights lie on its pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from databases import NOW
from handed_in import Bureau
from rasterio.features import rasterize
from rasterio.transform import Affine, from_origin
from rasters import CRS, GSD_M, LEFT, TOP

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.freshness import Ground, LookKind, Window, ground_of
from pipeline.imagery.areas import LONGITUDE_LATITUDE
from pipeline.imagery.degradation import blurred, exposed
from pipeline.imagery.looked import in_plane, plane_in
from pipeline.imagery.placing import moved_to_crs
from pipeline.store.areas import Source, SurveyArea, import_areas
from pipeline.store.ground import levels_in, looks_at, regions_of
from pipeline.workflow.cover import cover_new_areas
from pipeline.workflow.hand_in import HandedIn, hand_in

Flags = npt.NDArray[np.bool_]
BLUR_PX = 4.0
DARK = 0.04
KINDS = ("plain", "holes", "partly blurred", "blurred", "partly dark", "aborted", "broken file")


@dataclass(frozen=True, kw_only=True)
class Sortie:
    """A flight: its corner on the land, what it flew, and what of that nobody could assess; ``day`` counts from 0."""

    kind: str
    day: int
    column: int
    row: int
    flown_hw: Flags
    blurred_hw: Flags
    dark_hw: Flags

    @property
    def place(self) -> tuple[slice, slice]:
        height, width = self.flown_hw.shape
        return np.s_[self.row : self.row + height, self.column : self.column + width]


@dataclass
class Season:
    """A bureau, the land that it covers, and what was flown over it."""

    bureau: Bureau
    land_hwb: npt.NDArray[np.uint8]
    folder: Path
    first: date = NOW.date() - timedelta(days=90)
    flown: dict[FlightId, Sortie] = field(default_factory=dict)

    @property
    def side(self) -> int:
        return len(self.land_hwb)

    def grid(self, column: int = 0, row: int = 0) -> Affine:
        return from_origin(LEFT + column * GSD_M, TOP - row * GSD_M, GSD_M, GSD_M)

    def area(self, name: str, column: int, row: int, width: int, height: int) -> None:
        """A survey area of whole pixels."""
        box = shapely.box(column, row, column + width, row + height)
        on_map = shapely.transform(box, lambda points: points * (GSD_M, -GSD_M) + (LEFT, TOP))
        degrees = shapely.transform(
            shapely.segmentize(on_map, 5), lambda points: moved_to_crs(points, CRS, LONGITUDE_LATITUDE)
        )
        made = SurveyArea(name=name, outline=degrees, area_m2=on_map.area)
        with self.bureau.database.transaction() as connection:
            source = Source(name="areas.gpkg", sha256="a" * 64)
            import_areas(connection, self.bureau.district.id, [made], source, by=None, now=NOW)
            cover_new_areas(connection)

    def hand_in(self, sortie: Sortie) -> Flight:
        """Bring the picture of a flight, as a survey team does."""
        path = self.folder / f"{len(self.flown):02d}-{sortie.kind.replace(' ', '-')}.tif"
        self._write(path, sortie)
        if sortie.kind == "broken file":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        day = self.first + timedelta(days=sortie.day)
        given = HandedIn(path=path, district=self.bureau.district.id, flown_on=day)
        flight = hand_in(self.bureau.database, self.bureau.files, given, self.bureau.surveyor, now=NOW)
        path.unlink()
        self.flown[flight.id] = sortie
        return flight

    def _write(self, path: Path, sortie: Sortie) -> None:
        pixels_hwb = self.land_hwb[sortie.place].copy()
        for spoiled_hw, spoilt in ((sortie.blurred_hw, blurred), (sortie.dark_hw, exposed)):
            if spoiled_hw.any():
                amount = BLUR_PX if spoilt is blurred else DARK
                pixels_hwb[spoiled_hw] = spoilt(pixels_hwb, amount)[spoiled_hw]
        alpha_hw = np.where(sortie.flown_hw, 255, 0).astype(np.uint8)
        pixels_hwb[~sortie.flown_hw] = 0
        height, width = alpha_hw.shape
        profile = {
            "driver": "GTiff", "count": 4, "dtype": "uint8", "width": width, "height": height, "crs": CRS,
            "transform": self.grid(sortie.column, sortie.row), "photometric": "RGB", "alpha": "YES",
            "tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate",
        }  # fmt: skip
        with rasterio.open(path, "w", **profile) as raster:
            raster.write(np.dstack([pixels_hwb, alpha_hw]).transpose(2, 0, 1))

    def window(self, first: int, last: int) -> Window:
        return Window(first=self.first + timedelta(days=first), last=self.first + timedelta(days=last))

    def truth(self, window: Window) -> tuple[Flags, Flags]:
        """What could be assessed of the land in a window of days, and what was imaged: bool [h, w] each.

        A flight that was refused or is of no use shows nothing to anybody.
        """
        seen_hw, imaged_hw = np.zeros((self.side, self.side), bool), np.zeros((self.side, self.side), bool)
        for flight, sortie in self.flown.items():
            day = self.first + timedelta(days=sortie.day)
            if window.first <= day <= window.last and self.bureau.flight(flight).state is FlightState.SCANNED:
                imaged_hw[sortie.place] |= sortie.flown_hw
                seen_hw[sortie.place] |= sortie.flown_hw & ~sortie.blurred_hw & ~sortie.dark_hw
        return seen_hw, imaged_hw

    def counted(self, window: Window) -> dict[str | None, Ground]:
        """The four states of each survey area and, under None, of the district."""
        with self.bureau.database.snapshot() as connection:
            regions = regions_of(connection, {self.bureau.district.id})
            levels = levels_in(connection, [region.id for region in regions], window)
        return {region.area: ground_of(region.area_m2, levels.get(region.id, {})) for region in regions}

    def claimed(self, window: Window) -> Flags:
        """The pixels of the land whose middle lies in ground that is called seen, bool [h, w]."""
        with self.bureau.database.snapshot() as connection:
            (whole,) = (one for one in regions_of(connection, {self.bureau.district.id}) if one.area is None)
            looks = looks_at(connection, self.bureau.district.id, (LookKind.SEEN,), whole.extent)
        ground = [plane_in(look.ground, CRS) for look in looks if window.first <= look.day <= window.last]
        if not ground:
            return np.zeros((self.side, self.side), bool)
        painted = rasterize(ground, (self.side, self.side), transform=self.grid(), dtype="uint8")
        return np.asarray(painted, bool)

    @property
    def pixel_m2(self) -> float:
        """A pixel on the ellipsoid: UTM draws it too small here."""
        side_m = self.side * GSD_M
        whole = in_plane(shapely.box(LEFT, TOP - side_m, LEFT + side_m, TOP), CRS, 5)
        return float(whole.area) / self.side**2


def sorties(rng: np.random.Generator, kinds: list[str], side: int, reach: tuple[int, int]) -> Iterator[Sortie]:
    """Flights of these kinds anywhere on a land of ``side`` px, their sides in ``reach``; turned, as flights are."""
    for number, kind in enumerate(kinds):
        width, height = (int(length) for length in rng.integers(*reach, 2))
        column, row = int(rng.integers(0, side - width + 1)), int(rng.integers(0, side - height + 1))
        flown_hw = _turned(rng, height, width, 0.94)
        blurred_hw, dark_hw = np.zeros((height, width), bool), np.zeros((height, width), bool)
        if kind == "holes":
            for _ in range(4):
                flown_hw &= ~_blob(rng, height, width)
        if kind == "aborted":
            flown_hw[int(height * 0.4) :] = False
        if kind == "blurred":
            blurred_hw[:] = True
        if kind == "partly blurred":
            blurred_hw = _turned(rng, height, width, 0.5, anywhere=True)
        if kind == "partly dark":
            dark_hw = _turned(rng, height, width, 0.5, anywhere=True)
        yield Sortie(
            kind=kind, day=number * 2 // 3, column=column, row=row, flown_hw=flown_hw, blurred_hw=blurred_hw,
            dark_hw=dark_hw,
        )  # fmt: skip


def _turned(rng: np.random.Generator, height: int, width: int, share: float, *, anywhere: bool = False) -> Flags:
    """A turned rectangle in a raster, bool [h, w]."""
    box = shapely.box(-width / 2, -height / 2, width / 2, height / 2)
    turned = shapely.affinity.rotate(box, float(rng.uniform(-25, 25)))
    turned = shapely.affinity.scale(turned, share, share)
    shift = rng.uniform(-0.3, 0.3, 2) if anywhere else np.zeros(2)
    placed = shapely.affinity.translate(turned, width * (0.5 + shift[0]), height * (0.5 + shift[1]))
    return np.asarray(rasterize([placed], (height, width), dtype="uint8"), bool)


def _blob(rng: np.random.Generator, height: int, width: int) -> Flags:
    middle = shapely.Point(float(rng.uniform(0.2, 0.8)) * width, float(rng.uniform(0.2, 0.8)) * height)
    across = float(rng.uniform(0.01, 0.09)) * min(height, width)
    blob = shapely.affinity.scale(middle.buffer(across, quad_segs=3), 1.0, float(rng.uniform(0.5, 2.0)))
    return np.asarray(rasterize([blob], (height, width), dtype="uint8"), bool)
