"""Coverage is kept up as flights come in, and is what a count from the imagery gives."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from databases import NOW, a_district, a_person
from rasters import CRS, LEFT, TOP, place
from sqlalchemy import text

from pipeline.domain.coverage import GroundState
from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.freshness import Ground, Level, Window, ground_of
from pipeline.domain.geometry import Size
from pipeline.domain.people import District, Person, Role
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.imagery.areas import LONGITUDE_LATITUDE
from pipeline.imagery.layers import Layer, write_layer
from pipeline.imagery.looked import in_plane, kept_looked
from pipeline.imagery.placing import moved_to_crs
from pipeline.store.areas import Source, SurveyArea, import_areas
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.flights import NewFlight, create_flight, move_flight
from pipeline.store.ground import last_seen, levels_by_day, levels_in, regions_of
from pipeline.store.scans import Scan, ScanId, record_scan
from pipeline.workflow.cover import cover_new_areas, cover_scan, recount
from pipeline.workflow.skip import Cause, Skipped, skip

SIDE = 60
GSD_M = 0.5
DAY = NOW.date() - timedelta(days=20)
ALWAYS = Window(first=date(2020, 1, 1), last=date(2030, 1, 1))


class Land:
    """A district with a square of 100 x 100 pixels to cover, flown in pieces of 60 x 60 on the same pixels."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.files = database, Files(folder)
        self.district: District = a_district(database)
        self.surveyor: Person = a_person(database, "lin", Role.SURVEYOR, districts=frozenset({self.district.id}))
        self.flown: list[tuple[date, int, int, np.ndarray]] = []
        self.area("square", 0, 0, 100)

    def area(self, name: str, column: int, row: int, side: int) -> None:
        degrees = shapely.transform(
            shapely.segmentize(box(column, row, side), 5), lambda points: moved_to_crs(points, CRS, LONGITUDE_LATITUDE)
        )
        area = SurveyArea(name=name, outline=degrees, area_m2=(side * GSD_M) ** 2)
        with self.database.transaction() as connection:
            source = Source(name="areas.gpkg", sha256="a" * 64)
            import_areas(connection, self.district.id, [area], source, by=None, now=NOW)
            cover_new_areas(connection)

    def fly(self, day: date, column: int, row: int, states_hw: np.ndarray) -> Flight:
        """A scanned flight whose upper left corner is at a pixel of the square."""
        new = NewFlight(district=self.district.id, name=f"{day}", uploaded_by=self.surveyor.id, flown_on=day)
        with self.database.transaction() as connection:
            flight = create_flight(connection, new, now=NOW)
        results = self.files.results(flight.id)
        results.mkdir(parents=True, exist_ok=True)
        here = place(GSD_M)
        here = type(here)(
            crs=here.crs,
            left=LEFT + column * GSD_M,
            top=TOP - row * GSD_M,
            pixel_width=GSD_M,
            pixel_height=GSD_M,
        )
        height, width = states_hw.shape
        layer = Layer(size=Size(width_px=width, height_px=height), georeference=here)
        write_layer(results / "states.tif", layer, [states_hw])
        scan = Scan(
            id=ScanId(f"{flight.id}-1"),
            flight=flight.id,
            model="m",
            model_sha256="a" * 64,
            original_sha256="b" * 64,
            record={},
            recorded_at=NOW,
        )
        with self.database.transaction() as connection:
            record_scan(connection, scan, now=NOW)
            cover_scan(connection, flight, scan.id, kept_looked(results))
            for state in (FlightState.CHECKING, FlightState.SCANNING, FlightState.SCANNED):
                move_flight(connection, flight.id, state, now=NOW)
        self.flown.append((day, column, row, states_hw))
        return flight

    def counted(self, window: Window = ALWAYS) -> dict[str | None, Ground]:
        with self.database.snapshot() as connection:
            regions = regions_of(connection, {self.district.id})
            levels = levels_in(connection, [region.id for region in regions], window)
        return {region.area: ground_of(region.area_m2, levels.get(region.id, {})) for region in regions}

    def truth(self, window: Window = ALWAYS) -> tuple[int, int]:
        """Pixels of the square that were seen, and that have imagery: counted one by one."""
        seen, imaged = np.zeros((200, 200), bool), np.zeros((200, 200), bool)
        for day, column, row, states_hw in self.flown:
            if window.first <= day <= window.last:
                here = np.s_[row + 50 : row + 50 + states_hw.shape[0], column + 50 : column + 50 + states_hw.shape[1]]
                imaged[here] |= states_hw != GroundState.NOT_FLOWN
                seen[here] |= np.isin(states_hw, (GroundState.CLEAR, GroundState.FLAGGED))
        return int(seen[50:150, 50:150].sum()), int(imaged[50:150, 50:150].sum())


def box(column: int, row: int, side: int) -> shapely.Polygon:
    return shapely.box(
        LEFT + column * GSD_M, TOP - (row + side) * GSD_M, LEFT + (column + side) * GSD_M, TOP - row * GSD_M
    )


PIXEL_M2 = in_plane(box(0, 0, 100), CRS, 5).area / 100**2
"""A pixel on the ellipsoid: UTM draws it too small here."""


def states(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.choice([0, 1, 1, 1, 2, 3], (6, 6)).astype(np.uint8)  # few corners: nothing is smoothed
    return np.kron(coarse, np.ones((10, 10), np.uint8))


@pytest.fixture
def land(database: Database, tmp_path: Path) -> Land:
    return Land(database, tmp_path)


def season(land: Land, order: Sequence[int]) -> None:
    rng = np.random.default_rng(7)
    flights = [(DAY + timedelta(days=n // 2), *map(int, rng.integers(-30, 70, 2)), states(n)) for n in range(6)]
    for number in order:
        land.fly(*flights[number])


@pytest.mark.parametrize("order", [range(6), (5, 0, 3, 1, 4, 2)])
def test_a_season_is_what_a_count_of_pixels_gives_and_never_more(land: Land, order: Sequence[int]) -> None:
    season(land, order)
    for first, last in ((-9, 9), (0, 0), (1, 2), (2, 2)):
        window = Window(first=DAY + timedelta(days=first), last=DAY + timedelta(days=last))
        seen, imaged = land.truth(window)
        ground = land.counted(window)["square"]
        assert ground.total == round(100**2 * PIXEL_M2 * 100)
        for counted, true in ((ground.seen, seen), (ground.seen + ground.not_assessable, imaged)):
            assert true * PIXEL_M2 - 0.1 < counted / 100 < true * PIXEL_M2 + 0.02
        assert ground.could_not_be_flown == 0


def test_a_recount_from_the_imagery_gives_the_same(land: Land) -> None:
    season(land, (2, 0, 1))
    before = land.counted()
    land.area("later", 20, 30, 50)
    with_area = land.counted()
    assert with_area["square"] == before["square"] == with_area[None]  # the new one lies within
    assert recount(land.database, land.files) == 0
    after = land.counted()
    for name, ground in with_area.items():
        assert after[name].total == ground.total
        assert after[name].seen == pytest.approx(ground.seen, abs=1)
        assert after[name].not_assessable == pytest.approx(ground.not_assessable, abs=2)


def test_flights_from_before_coverage_was_kept_are_counted_from_their_states(land: Land) -> None:
    with land.database.transaction() as connection:
        new = NewFlight(district=land.district.id, name="old", uploaded_by=land.surveyor.id, flown_on=DAY)
        flight = create_flight(connection, new, now=NOW)
        scan = Scan(
            id=ScanId("old-1"),
            flight=flight.id,
            model="m",
            model_sha256="a" * 64,
            original_sha256="b" * 64,
            record={},
            recorded_at=NOW,
        )
        record_scan(connection, scan, now=NOW)
        for state in (FlightState.CHECKING, FlightState.SCANNING, FlightState.SCANNED):
            move_flight(connection, flight.id, state, now=NOW)
    results = land.files.results(flight.id)
    results.mkdir(parents=True, exist_ok=True)
    layer = Layer(size=Size(width_px=SIDE, height_px=SIDE), georeference=place(GSD_M))
    write_layer(results / "states.tif", layer, [np.ones((SIDE, SIDE), np.uint8)])
    assert land.counted()["square"].seen == 0
    assert recount(land.database, land.files) == 1
    assert land.counted()["square"].seen == pytest.approx(SIDE**2 * PIXEL_M2 * 100, abs=2)
    assert recount(land.database, land.files) == 0


def test_days_and_ages_add_up(land: Land) -> None:
    whole = np.ones((SIDE, SIDE), np.uint8)
    land.fly(DAY, 0, 0, whole)
    land.fly(DAY + timedelta(days=3), 30, 0, whole)
    with land.database.snapshot() as connection:
        (square, _) = regions_of(connection, {land.district.id})
        by_day = levels_by_day(connection, square.id, ALWAYS)
        ages = last_seen(connection, square.id, ALWAYS)
    assert [day for day, _ in by_day] == [DAY, DAY + timedelta(days=3)]
    assert by_day[-1][1][Level.SEEN] == pytest.approx(90 * 60 * PIXEL_M2, rel=1e-6)
    assert ages == (
        (DAY + timedelta(days=3), pytest.approx(60 * 60 * PIXEL_M2, rel=1e-6)),
        (DAY, pytest.approx(30 * 60 * PIXEL_M2, rel=1e-6)),
    )


def test_what_could_not_be_flown_is_told_from_what_nobody_tried(land: Land) -> None:
    with land.database.snapshot() as connection:
        (square, _) = regions_of(connection, {land.district.id})
    given = {"name": "Ridge", "district": land.district.id, "planned_on": DAY, "cause": Cause.WEATHER}
    with pytest.raises(NotFoundError):
        skip(land.database, land.surveyor, Skipped(**given, area=land.district.id), now=NOW)
    skip(land.database, land.surveyor, Skipped(**given, area=square.id), now=NOW)
    assert land.counted()["square"].could_not_be_flown == land.counted()["square"].total
    land.fly(DAY + timedelta(days=1), 0, 0, np.ones((SIDE, SIDE), np.uint8))
    ground = land.counted()["square"]
    assert ground.could_not_be_flown == ground.total - ground.seen
    assert land.counted(Window(first=DAY + timedelta(days=1), last=NOW.date()))["square"].could_not_be_flown == 0


BREACHES = {
    "more seen than imaged": "UPDATE ground_looks SET area_m2 = 1e9 WHERE kind = 'seen'",
    "taken away": "DELETE FROM ground_looks",
    "on another day": "UPDATE ground_looks SET day = '2020-01-01'",
    "a smaller district": "UPDATE ground_regions SET area_m2 = 1 WHERE area_id IS NULL",
    "a smaller area": "UPDATE ground_regions SET area_m2 = area_m2 WHERE area_id IS NOT NULL",
    "not from a scan": "INSERT INTO ground_looks SELECT 'x', flight_id, 'none', district_id, 'imaged', day, outline, "
    "drawn, area_m2, west, south, east, north FROM ground_looks WHERE kind = 'seen' AND 1 = 1",
    "flown, and said not to be": "INSERT INTO ground_looks SELECT 'x', flight_id, NULL, district_id, 'skipped', day, "
    "outline, drawn, area_m2, west, south, east, north FROM ground_looks WHERE kind = 'seen'",
}


@pytest.mark.parametrize("breach", BREACHES)
def test_coverage_comes_from_imagery_alone_whoever_asks(land: Land, breach: str) -> None:
    land.fly(DAY, 0, 0, np.ones((10, 10), np.uint8))
    with pytest.raises(NotAllowedError), land.database.transaction() as connection:
        connection.execute(text(BREACHES[breach]))
