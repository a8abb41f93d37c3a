"""Plans on the globe, the files that drones and people open, and the command that makes them."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from missions import KML, WPML, documents
from typer.testing import CliRunner

from pipeline.cli import build_app
from pipeline.domain.camera import CAMERAS, camera_named
from pipeline.domain.detour import in_the_way
from pipeline.domain.flight_plan import Overlap, plan_flight
from pipeline.errors import InvalidInputError
from pipeline.imagery.placing import moved_to_crs
from pipeline.workflow.plan_flight import Planned, Wish, plan_over, told_of, wayline_of, write_plan
from pipeline.workflow.waylines import as_kmz

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
FIELD = shapely.Polygon([(111.650, 40.800), (111.656, 40.801), (111.655, 40.804), (111.649, 40.803)])
FARM = shapely.box(111.652, 40.8015, 111.6525, 40.802)
TOWN = 50_000.0

# What DJI's documentation calls required, by parent element (Cloud API, "DJI WPML", pages template.kml, waylines.wpml
# and common elements, 2025-01-16), for the elements that a plan uses.
REQUIRED = {
    f"{WPML}missionConfig": "flyToWaylineMode finishAction exitOnRCLost executeRCLostAction takeOffSecurityHeight "
    "globalTransitionalSpeed globalRTHHeight droneInfo payloadInfo",
    f"{WPML}droneInfo": "droneEnumValue droneSubEnumValue",
    f"{WPML}payloadInfo": "payloadEnumValue payloadPositionIndex",
    f"{WPML}payloadParam": "payloadPositionIndex imageFormat",
    f"{WPML}waypointHeadingParam": "waypointHeadingMode waypointHeadingPathMode",
    f"{WPML}globalWaypointHeadingParam": "waypointHeadingMode waypointHeadingPathMode",
    f"{WPML}waypointTurnParam": "waypointTurnMode",
    f"{WPML}actionGroup": "actionGroupId actionGroupStartIndex actionGroupEndIndex actionGroupMode actionTrigger "
    "action",
    f"{WPML}actionTrigger": "actionTriggerType",
    f"{WPML}action": "actionId actionActuatorFunc actionActuatorFuncParam",
}
FOLDERS = {
    "template.kml": "templateType templateId autoFlightSpeed waylineCoordinateSysParam payloadParam "
    "globalWaypointTurnMode globalUseStraightLine gimbalPitchMode globalHeight globalWaypointHeadingParam",
    "waylines.wpml": "templateId waylineId autoFlightSpeed executeHeightMode",
}
MARKS = {
    "template.kml": "index useGlobalHeight useGlobalSpeed useGlobalHeadingParam useGlobalTurnParam gimbalPitchAngle",
    "waylines.wpml": "index executeHeight waypointSpeed waypointHeadingParam waypointTurnParam useStraightLine",
}
ACTIONS = {
    "takePhoto": "payloadPositionIndex fileSuffix payloadLensIndex useGlobalPayloadLensIndex",
    "gimbalRotate": "payloadPositionIndex gimbalHeadingYawBase gimbalRotateMode gimbalPitchRotateEnable "
    "gimbalPitchRotateAngle gimbalRollRotateEnable gimbalRollRotateAngle gimbalYawRotateEnable gimbalYawRotateAngle "
    "gimbalRotateTimeEnable gimbalRotateTime",
}


@settings(max_examples=20, deadline=None)
@given(
    east=st.lists(st.floats(-400, 900), min_size=6, max_size=6),
    north=st.lists(st.floats(-400, 900), min_size=6, max_size=6),
    size=st.floats(5, 120),
)
def test_a_zone_that_is_left_alone_is_never_come_near_to(east: list[float], north: list[float], size: float) -> None:
    ground = shapely.box(0, 0, 400, 300)
    zones = shapely.union_all([shapely.Point(at).buffer(size, quad_segs=2) for at in zip(east, north, strict=True)])
    if ground.difference(zones).area < 1:
        return
    footprint = camera_named("m3e").footprint(100)
    met = in_the_way(zones, ground, reach_m=2 * footprint.across_m)
    plan = plan_flight(ground, met, footprint, Overlap(front=0.5, side=0.5), longest_m=5000)
    assert all(mission.path.intersection(zones.buffer(-0.02)).is_empty for mission in plan.missions)
    assert met.difference(zones).area < 1e-6


def test_a_zone_far_away_is_left_alone() -> None:
    near, far = shapely.box(390, 0, 500, 10), shapely.box(5000, 0, 5100, 100)
    assert in_the_way(shapely.union(near, far), shapely.box(0, 0, 400, 300), reach_m=100).equals(near)


def a_wish(**changed: object) -> Wish:
    asked: dict[str, object] = {"camera": camera_named("m3e"), "gsd_m": 0.02, "overlap": Overlap()}
    return Wish(**(asked | changed))  # type: ignore[arg-type]


def a_plan(zones: shapely.Geometry = FARM, **changed: object) -> Planned:
    return plan_over(FIELD, zones, a_wish(**changed))


def lacks(element: ET.Element, wanted: str) -> list[str]:
    return [name for name in wanted.split() if element.find(f"{WPML}{name}") is None]


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_mission_has_everything_that_the_published_structure_requires(camera: str) -> None:
    planned = a_plan(camera=camera_named(camera))
    for mission in planned.plan.missions:
        for name, root in documents(as_kmz(wayline_of(planned, mission), now=NOON)).items():
            assert root.tag == f"{KML}kml"
            for element in root.iter():
                assert not lacks(element, REQUIRED.get(element.tag, "")), element.tag
            folder = root.find(f"{KML}Document/{KML}Folder")
            assert folder is not None
            assert not lacks(folder, FOLDERS[name])
            assert all(not lacks(mark, MARKS[name]) for mark in folder.iter(f"{KML}Placemark"))
            for action in root.iter(f"{WPML}action"):
                parameters = action.find(f"{WPML}actionActuatorFuncParam")
                assert parameters is not None
                assert not lacks(parameters, ACTIONS[action.findtext(f"{WPML}actionActuatorFunc", "")])


def test_waypoints_and_action_groups_are_counted_from_0_and_stay_inside_the_wayline() -> None:
    planned = a_plan()
    for root in documents(as_kmz(wayline_of(planned, planned.plan.missions[0]), now=NOON)).values():
        indices = [int(mark.findtext(f"{WPML}index", "")) for mark in root.iter(f"{KML}Placemark")]
        assert indices == list(range(len(indices)))
        groups = list(root.iter(f"{WPML}actionGroup"))
        assert [int(group.findtext(f"{WPML}actionGroupId", "")) for group in groups] == list(range(len(groups)))
        for group in groups:
            first, last = (int(group.findtext(f"{WPML}actionGroup{end}Index", "")) for end in ("Start", "End"))
            assert 0 <= first <= last <= indices[-1]


def test_the_camera_looks_down_from_the_first_waypoint_on() -> None:
    planned = a_plan()
    wayline = documents(as_kmz(wayline_of(planned, planned.plan.missions[0]), now=NOON))["waylines.wpml"]
    group = next(wayline.iter(f"{WPML}actionGroup"))
    assert group.findtext(f"{WPML}actionGroupStartIndex") == "0"
    assert next(group.iter(f"{WPML}gimbalPitchRotateAngle")).text == "-90"


@settings(max_examples=8, deadline=None)
@given(
    angle=st.integers(0, 89),
    size=st.floats(0.0005, 0.004),
    latitude=st.sampled_from([-55.0, 0.0, 40.8, 68.0]),
    zone=st.floats(0.0001, 0.001),
)
@example(angle=72, size=0.001953125, latitude=-55.0, zone=0.0009012414431328565)  # corners of no width are left over
def test_no_waypoint_and_no_way_on_the_globe_lies_in_a_zone(
    angle: int, size: float, latitude: float, zone: float
) -> None:
    field = shapely.affinity.rotate(shapely.box(10, latitude, 10 + size, latitude + size / 2), angle)
    farm = field.centroid.buffer(zone)
    if field.difference(farm).area < 1e-9:
        return
    planned = plan_over(field, farm, a_wish(margin_m=0.0))
    for mission in planned.plan.missions:
        points = [(at.longitude, at.latitude) for at in wayline_of(planned, mission).waypoints]
        assert not any(farm.contains(shapely.Point(point)) for point in points)
        assert len(points) < 2 or shapely.LineString(points).intersection(farm).is_empty


def test_a_margin_is_kept_in_metres() -> None:
    planned = a_plan(margin_m=30.0)
    plane = planned.plane
    farm = shapely.transform(FARM, lambda points: moved_to_crs(points, "EPSG:4326", plane))
    assert min(mission.path.distance(farm) for mission in planned.plan.missions) >= 30


def test_zones_of_many_corners_have_few_in_a_plan_and_are_kept_out_of_as_far() -> None:
    middle = FIELD.centroid
    round_one = shapely.affinity.scale(middle.buffer(6e-4, quad_segs=200), yfact=0.75)
    planned = a_plan(zones=round_one, margin_m=15.0)
    plane = planned.plane
    flat = shapely.transform(round_one, lambda points: moved_to_crs(points, "EPSG:4326", plane))
    assert min(mission.path.distance(flat) for mission in planned.plan.missions) >= 15
    ways = [leg.way for mission in planned.plan.missions for leg in mission.legs]
    assert 0 < sum(map(len, ways)) < 300


def test_pictures_show_the_field_at_the_wanted_ground_sampling_distance() -> None:
    planned = a_plan(zones=shapely.Polygon())
    footprint = planned.wish.camera.footprint(planned.wish.height_m)
    seen = shapely.union_all([strip.shown(footprint) for strip in planned.plan.strips])
    field = shapely.transform(FIELD, lambda points: moved_to_crs(points, "EPSG:4326", planned.plane))
    assert field.difference(seen).area < 0.01
    assert footprint.across_m / planned.wish.camera.width_px == pytest.approx(0.02)


def test_the_speed_leaves_the_camera_its_time() -> None:
    slow = a_wish(camera=camera_named("m30"))
    step_m = slow.camera.footprint(slow.height_m).along_m * 0.2
    assert slow.pace_m_s == pytest.approx(step_m / slow.camera.interval_s)
    assert a_wish().pace_m_s == 8.0


def test_the_terrain_note_says_how_much_rise_halves_the_overlap() -> None:
    wish = a_wish(overlap=Overlap(side=0.75))
    left = wish.camera.footprint(wish.height_m - wish.rise_m).across_m
    apart = wish.camera.footprint(wish.height_m).across_m * 0.25
    assert 1 - apart / left == pytest.approx(0.5)
    assert a_wish(overlap=Overlap(side=0.4)).rise_m == 0


def test_the_same_plan_is_the_same_files(tmp_path: Path) -> None:
    one, other = (write_plan(a_plan(), tmp_path / name, "field", now=NOON) for name in ("one", "other"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"gsd_m": 0.05}, "above ground"),
        ({"gsd_m": 0.0}, "must be in"),
        ({"speed_m_s": 0.0}, "speed"),
        ({"margin_m": -1.0}, "margin"),
    ],
)
def test_what_may_not_be_flown_is_refused(changed: dict[str, float], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        a_wish(**changed)


def test_ground_too_wide_for_one_plan_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="in parts"):
        plan_over(shapely.box(111, 40, 112, 41), shapely.Polygon(), a_wish())
    with pytest.raises(InvalidInputError, match="no ground"):
        plan_over(shapely.Polygon(), shapely.Polygon(), a_wish())


def geojson(path: Path, outline: shapely.Geometry) -> Path:
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(outline)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def test_the_command_writes_a_kml_that_gdal_reads_and_a_kmz_for_each_mission(tmp_path: Path) -> None:
    import pyogrio

    ground, zones = geojson(tmp_path / "gap.geojson", FIELD), geojson(tmp_path / "farm.geojson", FARM)
    command = ["plan", str(ground), "--no-fly", str(zones), "--minutes", "3", "--out", str(tmp_path / "plan")]
    result = CliRunner().invoke(build_app(), [*command, "--json"], catch_exceptions=False)
    told = json.loads(result.stdout)
    assert len(told["missions"]) > 1
    assert all(mission["minutes"] <= 3 for mission in told["missions"])
    assert len(list((tmp_path / "plan").glob("mission-*.kmz"))) == len(told["missions"])
    lines, names = _read(tmp_path / "plan" / "plan.kml")
    assert sum(name.startswith("mission") for name in names) == len(told["missions"])
    assert "to fly" in names
    assert not any(line.intersects(FARM) for line in lines if line.geom_type == "LineString")
    assert pyogrio.list_layers(tmp_path / "plan" / "plan.kml").shape[0] == 1
    spoken = CliRunner().invoke(build_app(), command, catch_exceptions=False).stdout
    assert "mission 1:" in spoken
    assert "above the take-off" in spoken


def _read(path: Path) -> tuple[list[shapely.Geometry], list[str]]:
    import pyogrio

    _, _, wkb, columns = pyogrio.raw.read(path, columns=["Name"])
    return list(shapely.from_wkb(wkb)), [str(name) for name in columns[0]]


def test_ground_in_zones_is_said_apart_from_what_cannot_be_seen_from_outside() -> None:
    told = told_of(a_plan(margin_m=10.0))
    flat = shapely.transform(FARM, lambda points: moved_to_crs(points, "EPSG:4326", a_plan().plane))
    assert flat.buffer(10).area < told["kept_out_m2"] < flat.buffer(12.1).area
    assert told["left_out"].startswith(f"{told['kept_out_m2']:.0f} m2 lie in no-fly zones")
    assert told_of(a_plan(zones=shapely.Polygon()))["left_out"].startswith("Nothing")


def test_ground_that_a_wide_margin_hides_is_said_in_square_metres() -> None:
    yard = shapely.affinity.translate(FARM.buffer(0.0002).difference(FARM.buffer(0.0001)), 0, 0)
    planned = plan_over(yard.union(FIELD), FARM, a_wish(margin_m=60.0))
    assert told_of(planned)["unseen_m2"] == pytest.approx(float(planned.plan.unseen.area), abs=0.1)
    assert math.isfinite(told_of(planned)["unseen_m2"])
