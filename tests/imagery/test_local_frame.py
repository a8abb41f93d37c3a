"""The plane about a plot: true metres, there and back to a millimetre, anywhere that people fly."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.imagery.local_frame import EARTH_M, LocalFrame, as_drawn, as_shown, frame_of

AXIS_M, FLATTENING = 6_378_137.0, 1 / 298.257223563
"""WGS 84."""
PLACES = {"longitude": st.floats(-180, 180), "latitude": st.floats(-80, 80)}
NEAR_M = st.floats(-5_000, 5_000)


def metres_of_a_degree(latitude: float) -> tuple[float, float]:
    """How long a degree is there to the east and to the north (Snyder 1987, 4-18 and 4-20)."""
    squared, sine = FLATTENING * (2 - FLATTENING), math.sin(math.radians(latitude))
    root = math.sqrt(1 - squared * sine**2)
    east = AXIS_M / root * math.cos(math.radians(latitude))
    return math.radians(east), math.radians(AXIS_M * (1 - squared) / root**3)


@given(**PLACES, east_m=NEAR_M, north_m=NEAR_M)
@example(longitude=180.0, latitude=-16.8, east_m=-5_000.0, north_m=5_000.0)
@example(longitude=-180.0, latitude=66.5, east_m=-5_000.0, north_m=-5_000.0)
@example(longitude=0.0, latitude=0.0, east_m=1.0, north_m=-1.0)
def test_there_and_back_is_within_a_millimetre(
    longitude: float, latitude: float, east_m: float, north_m: float
) -> None:
    frame = LocalFrame(longitude=longitude, latitude=latitude)
    again = frame.flat(frame.on_earth(shapely.Point(east_m, north_m)))
    assert math.hypot(again.x - east_m, again.y - north_m) < 1e-3


@given(**PLACES, east=st.floats(-1e-3, 1e-3), north=st.floats(-1e-3, 1e-3))
def test_metres_are_those_of_the_ground(longitude: float, latitude: float, east: float, north: float) -> None:
    """A thousandth of a degree away, about 100 m: the curvature of the Earth makes millimetres of it."""
    point = shapely.Point(longitude + east, latitude + north)
    flat = LocalFrame(longitude=longitude, latitude=latitude).flat(point)
    long_m, lat_m = metres_of_a_degree(latitude)
    assert (flat.x, flat.y) == (pytest.approx(east * long_m, abs=0.02), pytest.approx(north * lat_m, abs=0.02))


@given(**PLACES, width=st.floats(1e-5, 1e-2), height=st.floats(1e-5, 1e-2))
@example(longitude=180.0, latitude=-16.8, width=1e-3, height=1e-3)
@example(longitude=-179.9999, latitude=52.0, width=1e-3, height=1e-3)
def test_the_middle_of_a_plot_is_at_nought(longitude: float, latitude: float, width: float, height: float) -> None:
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2) + (longitude, latitude)
    corners[:, 0] = (corners[:, 0] + 180) % 360 - 180  # as it is stored: across the 180th meridian it is torn apart
    frame = frame_of(shapely.Polygon(corners))
    flat_corners = [frame.flat(shapely.Point(corner)) for corner in corners]
    assert sum(point.x for point in flat_corners) == pytest.approx(0, abs=0.01)
    long_m, lat_m = metres_of_a_degree(latitude)
    reach_m = math.hypot(width * long_m, height * lat_m)
    assert all(math.hypot(point.x, point.y) < reach_m for point in flat_corners)
    assert -180 <= frame.longitude <= 180


@given(east_m=NEAR_M, north_m=NEAR_M)
def test_what_a_map_shows_tells_nothing_of_where_it_is_and_comes_back_as_it_was(east_m: float, north_m: float) -> None:
    shown = as_shown(shapely.Point(east_m, north_m))
    assert shown.x == pytest.approx(east_m / 111_319.49079327358, abs=1e-12)
    assert math.hypot(shown.x, shown.y) < 0.1
    again = as_drawn(shown)
    assert (again.x, again.y) == (pytest.approx(east_m, abs=1e-6), pytest.approx(north_m, abs=1e-6))
    assert EARTH_M * math.log(math.tan(math.pi / 4 + math.radians(shown.y) / 2)) == pytest.approx(north_m, abs=1e-6)
