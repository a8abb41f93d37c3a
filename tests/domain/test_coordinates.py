"""Coordinates as they are written, and GCJ-02 against pairs that others have published."""

import pytest

from pipeline.domain.coordinates import degrees_minutes_seconds, gauss_kruger_zone, gcj02, utm_zone
from pipeline.domain.route import distance_m


@pytest.mark.parametrize(
    ("latitude", "longitude", "moved_latitude", "moved_longitude"),
    [
        # the pairs of the tests of github.com/googollee/eviltransform: Shanghai, Shenzhen, Beijing
        (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
        (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
        (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
    ],
)
def test_gcj02_is_where_others_say(
    latitude: float, longitude: float, moved_latitude: float, moved_longitude: float
) -> None:
    moved = gcj02((longitude, latitude))
    assert moved is not None
    assert distance_m(moved, (moved_longitude, moved_latitude)) < 0.01


@pytest.mark.parametrize("point", [(2.35, 48.85), (0.0, 0.0), (-100.0, 30.0), (151.2, -33.9)])
def test_nothing_is_displaced_elsewhere(point: tuple[float, float]) -> None:
    assert gcj02(point) is None


@pytest.mark.parametrize(
    ("point", "written"),
    [
        ((100.0, 25.025), "25°01'30.00\"N 100°00'00.00\"E"),
        ((-0.5, -33.9999999), "34°00'00.00\"S 00°30'00.00\"W"),  # never 59 minutes and 60 seconds
    ],
)
def test_minutes_and_seconds_are_carried(point: tuple[float, float], written: str) -> None:
    assert degrees_minutes_seconds(point) == written


def test_zones() -> None:
    assert utm_zone((100.0, 25.0)) == ("47N", "EPSG:32647")
    assert utm_zone((180.0, -1.0)) == ("60S", "EPSG:32760")
    assert gauss_kruger_zone((100.4, 25.0)) == (33, "EPSG:4521")
    assert gauss_kruger_zone((100.5, 25.0)) == (34, "EPSG:4522")
    assert gauss_kruger_zone((2.0, 48.0)) is None
