"""Waylines: a mission as a KMZ that DJI Pilot 2 and FlightHub 2 open.

The format is DJI's Waypoint Markup Language 1.0.2 (developer.dji.com, Cloud API, "DJI WPML"): a zip of
``wpmz/template.kml``, which people edit, and ``wpmz/waylines.wpml``, which the aircraft flies. Heights are in metres
above the point of take-off. Pictures are taken straight down: at both ends of a strip and at equal distances between.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final
from xml.etree import ElementTree as ET

from pipeline.domain.camera import Camera

KML: Final = "http://www.opengis.net/kml/2.2"
WPML: Final = "http://www.dji.com/wpmz/1.0.2"
TAKE_OFF_M: Final = 20
"""Safe height after take-off."""
STOP: Final = "toPointAndStopWithDiscontinuityCurvature"
"""Straight to the point, where the aircraft stops: it cuts no corner, and so flies over no zone."""
DOWN_DEGREES: Final = -90
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The same plan is the same file."""

Words = dict[str, str | int]
Action = tuple[str, Words]
DOWNWARDS: Final[Words] = {
    "gimbalHeadingYawBase": "north",
    "gimbalRotateMode": "absoluteAngle",
    "gimbalPitchRotateEnable": 1,
    "gimbalPitchRotateAngle": DOWN_DEGREES,
    "gimbalRollRotateEnable": 0,
    "gimbalRollRotateAngle": 0,
    "gimbalYawRotateEnable": 0,
    "gimbalYawRotateAngle": 0,
    "gimbalRotateTimeEnable": 0,
    "gimbalRotateTime": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A point to fly to, in degrees; ``pictures_every_m`` until the next one, and whether one is taken here."""

    longitude: float
    latitude: float
    takes_picture: bool = False
    pictures_every_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wayline:
    """Waypoints in order, how high and how fast."""

    waypoints: tuple[Waypoint, ...]
    height_m: float
    speed_m_s: float
    camera: Camera


def as_kmz(wayline: Wayline, *, now: datetime) -> bytes:
    """The KMZ of one mission."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, root in (("template.kml", _template(wayline, now)), ("waylines.wpml", _executed(wayline))):
            text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
            zipped.writestr(zipfile.ZipInfo(f"wpmz/{name}", EPOCH), text)
    return packed.getvalue()


def _template(wayline: Wayline, now: datetime) -> ET.Element:
    root, document = _document()
    stamp = str(int(now.timestamp() * 1000))
    _say(document, author="Plotwatch", createTime=stamp, updateTime=stamp)
    _mission(document, wayline)
    folder = ET.SubElement(document, _kml("Folder"))
    _say(folder, templateType="waypoint", templateId=0)
    system = ET.SubElement(folder, _wpml("waylineCoordinateSysParam"))
    _say(system, coordinateMode="WGS84", heightMode="relativeToStartPoint")
    _say(folder, autoFlightSpeed=_number(wayline.speed_m_s), globalHeight=_number(wayline.height_m))
    _say(folder, gimbalPitchMode="usePointSetting")
    heading = ET.SubElement(folder, _wpml("globalWaypointHeadingParam"))
    _say(heading, waypointHeadingMode="followWayline", waypointHeadingPathMode="followBadArc")
    _say(folder, globalWaypointTurnMode=STOP, globalUseStraightLine=1)
    payload = ET.SubElement(folder, _wpml("payloadParam"))
    _say(payload, payloadPositionIndex=0, imageFormat=wayline.camera.lens)
    for index, mark, groups in _placemarks(folder, wayline):
        _say(mark, index=index, useGlobalHeight=1, useGlobalSpeed=1, useGlobalHeadingParam=1, useGlobalTurnParam=1)
        _say(mark, gimbalPitchAngle=DOWN_DEGREES)
        mark.extend(groups)
    return root


def _executed(wayline: Wayline) -> ET.Element:
    root, document = _document()
    _mission(document, wayline)
    folder = ET.SubElement(document, _kml("Folder"))
    _say(folder, templateId=0, executeHeightMode="relativeToStartPoint", waylineId=0)
    _say(folder, autoFlightSpeed=_number(wayline.speed_m_s))
    for index, mark, groups in _placemarks(folder, wayline):
        _say(mark, index=index, executeHeight=_number(wayline.height_m), waypointSpeed=_number(wayline.speed_m_s))
        heading = ET.SubElement(mark, _wpml("waypointHeadingParam"))
        _say(heading, waypointHeadingMode="followWayline", waypointHeadingPathMode="followBadArc")
        turn = ET.SubElement(mark, _wpml("waypointTurnParam"))
        _say(turn, waypointTurnMode=STOP, waypointTurnDampingDist=0)
        _say(mark, useStraightLine=1)
        mark.extend(groups)
    return root


def _document() -> tuple[ET.Element, ET.Element]:
    ET.register_namespace("", KML)
    ET.register_namespace("wpml", WPML)
    root = ET.Element(_kml("kml"))
    return root, ET.SubElement(root, _kml("Document"))


def _mission(document: ET.Element, wayline: Wayline) -> None:
    config = ET.SubElement(document, _wpml("missionConfig"))
    _say(config, flyToWaylineMode="safely", finishAction="goHome")
    _say(config, exitOnRCLost="executeLostAction", executeRCLostAction="goBack", takeOffSecurityHeight=TAKE_OFF_M)
    _say(config, globalTransitionalSpeed=_number(wayline.speed_m_s), globalRTHHeight=_number(wayline.height_m))
    drone = ET.SubElement(config, _wpml("droneInfo"))
    _say(drone, droneEnumValue=wayline.camera.drone, droneSubEnumValue=wayline.camera.drone_sub)
    payload = ET.SubElement(config, _wpml("payloadInfo"))
    _say(payload, payloadEnumValue=wayline.camera.payload, payloadPositionIndex=0)


def _placemarks(folder: ET.Element, wayline: Wayline) -> Iterator[tuple[int, ET.Element, Sequence[ET.Element]]]:
    """A placemark with its point for each waypoint, and the actions that belong at its end."""
    numbers = count()
    for index, waypoint in enumerate(wayline.waypoints):
        mark = ET.SubElement(folder, _kml("Placemark"))
        point = ET.SubElement(mark, _kml("Point"))
        ET.SubElement(point, _kml("coordinates")).text = f"{waypoint.longitude:.8f},{waypoint.latitude:.8f}"
        yield index, mark, [_group(next(numbers), *asked) for asked in _asked(index, waypoint, wayline.camera)]


def _asked(index: int, waypoint: Waypoint, camera: Camera) -> Iterator[tuple[tuple[int, int], Words, list[Action]]]:
    """What is done at a waypoint and on the way to the next: where, on what occasion, which actions."""
    picture: Action = (
        "takePhoto",
        {"fileSuffix": "plot", "payloadLensIndex": camera.lens, "useGlobalPayloadLensIndex": 1},
    )
    here: list[Action] = [*([("gimbalRotate", DOWNWARDS)] if index == 0 else [])]
    here += [picture] if waypoint.takes_picture else []
    if here:
        yield (index, index), {"actionTriggerType": "reachPoint"}, here
    if waypoint.pictures_every_m is not None:
        every = _number(waypoint.pictures_every_m)
        yield (index, index + 1), {"actionTriggerType": "multipleDistance", "actionTriggerParam": every}, [picture]


def _group(number: int, span: tuple[int, int], trigger: Words, actions: Sequence[Action]) -> ET.Element:
    group = ET.Element(_wpml("actionGroup"))
    _say(group, actionGroupId=number, actionGroupStartIndex=span[0], actionGroupEndIndex=span[1])
    _say(group, actionGroupMode="sequence")
    _say(ET.SubElement(group, _wpml("actionTrigger")), **trigger)
    for index, (name, how) in enumerate(actions):
        action = ET.SubElement(group, _wpml("action"))
        _say(action, actionId=index, actionActuatorFunc=name)
        _say(ET.SubElement(action, _wpml("actionActuatorFuncParam")), payloadPositionIndex=0, **how)
    return group


def _say(parent: ET.Element, **words: str | int) -> None:
    for name, value in words.items():
        ET.SubElement(parent, _wpml(name)).text = str(value)


def _number(value: float) -> str:
    return f"{value:.2f}"


def _kml(name: str) -> str:
    return f"{{{KML}}}{name}"


def _wpml(name: str) -> str:
    return f"{{{WPML}}}{name}"
