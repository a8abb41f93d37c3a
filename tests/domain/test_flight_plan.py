"""A plan covers its gap, keeps out of zones, and turns corners."""

import math

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, affinity

from pipeline.domain.camera import CAMERAS, Footprint, camera_named
from pipeline.domain.detour import Detours
from pipeline.domain.flight_plan import FlightPlan, Overlap, plan_flight
from pipeline.errors import InvalidInputError

FOOTPRINT = Footprint(across_m=60, along_m=45)
NO_ZONES = shapely.Polygon()
FAR_M = 15_000


def shown(plan: FlightPlan) -> shapely.Geometry:
    return shapely.union_all([strip.shown(FOOTPRINT) for strip in plan.strips])


@st.composite
def shapes(draw: st.DrawFn, reach_m: int = 400) -> shapely.Geometry:
    """A turned rectangle, a star with a bite, or two pieces."""
    width, height = draw(st.integers(1, reach_m)), draw(st.integers(1, reach_m))
    at = (draw(st.integers(-reach_m, reach_m)), draw(st.integers(-reach_m, reach_m)))
    box = affinity.translate(shapely.box(0, 0, width, height), *at)
    whole = affinity.rotate(box, draw(st.integers(0, 179)))
    if draw(st.booleans()):
        whole = whole.difference(whole.centroid.buffer(min(width, height) / 3))
    if draw(st.booleans()):
        whole = whole.union(affinity.translate(whole, draw(st.integers(-300, 300)), draw(st.integers(-300, 300))))
    return whole


@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(gap=shapes(), zone=st.one_of(st.just(NO_ZONES), shapes(reach_m=200)), front=st.sampled_from([0.0, 0.6, 0.8]))
def test_pictures_show_all_of_the_gap_and_no_way_leads_through_a_zone(
    gap: shapely.Geometry, zone: shapely.Geometry, front: float
) -> None:
    if gap.difference(zone).area < 1:
        return
    plan = plan_flight(gap, zone.buffer(0.05), FOOTPRINT, Overlap(front=front, side=0.6), longest_m=FAR_M)
    wanted = gap.difference(zone.buffer(0.05)).difference(plan.unseen)
    assert wanted.difference(shown(plan).buffer(1e-6)).area < 1e-3
    for mission in plan.missions:
        assert mission.path.intersection(zone).length < 1e-6
        assert mission.length_m <= FAR_M


@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(gap=shapes(), zone=shapes(reach_m=200))
def test_only_ground_deep_in_the_shadow_of_zones_is_called_unseen(
    gap: shapely.Geometry, zone: shapely.Geometry
) -> None:
    if gap.difference(zone).area < 1:
        return
    plan = plan_flight(gap, zone, FOOTPRINT, Overlap(), longest_m=FAR_M)
    assert plan.unseen.area < 1e-3, "a zone without a margin hides nothing"


def test_ground_within_a_margin_wider_than_a_picture_reaches_is_said_to_be_unseen() -> None:
    gap, farm = shapely.box(0, 0, 500, 500), shapely.box(200, 200, 210, 210)
    zone = farm.buffer(80)
    plan = plan_flight(gap, zone, FOOTPRINT, Overlap(), longest_m=FAR_M)
    assert plan.unseen.is_empty
    inner = plan_flight(gap.difference(farm), zone, FOOTPRINT, Overlap(), longest_m=FAR_M)
    assert inner.unseen.is_empty, "what lies in the zone is not asked for"


def test_strips_follow_the_longer_side_and_are_as_few_as_the_overlap_allows() -> None:
    field = affinity.rotate(shapely.box(0, 0, 300, 100), 30)
    plan = plan_flight(field, NO_ZONES, FOOTPRINT, Overlap(front=0.8, side=0.5), longest_m=FAR_M)
    strips = plan.strips
    assert len(strips) == math.ceil((100 - 60) / 30) + 1
    for strip in strips:
        angle = math.degrees(math.atan2(strip.end.y - strip.start.y, strip.end.x - strip.start.x)) % 180
        assert angle == pytest.approx(30, abs=0.01)
        assert strip.pictures == math.ceil(strip.length_m / 9) + 1


def test_a_long_plan_is_flown_in_several_missions_that_lose_nothing() -> None:
    gap = shapely.box(0, 0, 2_000, 500)
    plan = plan_flight(gap, NO_ZONES, FOOTPRINT, Overlap(), longest_m=3_000)
    assert len(plan.missions) > 1
    assert all(mission.length_m <= 3_000 for mission in plan.missions)
    assert gap.difference(shown(plan)).area < 1e-3


def test_a_gap_ringed_by_a_zone_is_a_mission_of_its_own() -> None:
    yard = Point(0, 0).buffer(40)
    ring = Point(0, 0).buffer(200).difference(Point(0, 0).buffer(60))
    plan = plan_flight(yard.union(shapely.box(300, -40, 400, 40)), ring, FOOTPRINT, Overlap(), longest_m=FAR_M)
    assert len(plan.missions) == 2


def test_the_way_around_a_zone_is_the_shortest() -> None:
    wall = shapely.box(-1, -100, 1, 50)
    way = Detours(zones=wall).between(Point(-50, 0), Point(50, 0))
    assert way is not None
    length = LineString([(-50, 0), *[(point.x, point.y) for point in way], (50, 0)]).length
    assert length == pytest.approx(2 * math.hypot(49, 50) + 2, abs=0.3)


def test_there_is_no_way_out_of_a_ring() -> None:
    ring = Point(0, 0).buffer(50).difference(Point(0, 0).buffer(40))
    assert Detours(zones=ring).between(Point(0, 0), Point(100, 0)) is None


def test_ground_that_lies_all_in_zones_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="nothing to fly"):
        plan_flight(shapely.box(0, 0, 9, 9), shapely.box(-1, -1, 10, 10), FOOTPRINT, Overlap(), longest_m=FAR_M)


def test_more_pictures_than_anybody_wants_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="fly higher"):
        plan_flight(shapely.box(0, 0, 1e5, 1e5), NO_ZONES, FOOTPRINT, Overlap(), longest_m=FAR_M)


def test_an_overlap_that_never_moves_on_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="must be in"):
        Overlap(front=1.0)


@pytest.mark.parametrize("name", CAMERAS)
def test_a_camera_at_its_height_has_the_wanted_ground_sampling_distance(name: str) -> None:
    camera = camera_named(name)
    height_m = camera.height_m(0.02)
    assert camera.footprint(height_m).across_m / camera.width_px == pytest.approx(0.02)
    assert 30 < height_m < 90


def test_an_unknown_camera_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InvalidInputError, match="m3e"):
        camera_named("phone")
