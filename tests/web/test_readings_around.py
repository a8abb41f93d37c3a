"""What else is known of the ground of an item: earlier flights, and licensed growers."""

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flown import scan
from offices import Office, sign_in
from PIL import Image
from rasters import LEFT
from reading_desks import NO, Desk, hire
from surfaces import ramp, write_surface

from pipeline.domain.flight import Flight
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.imagery.relief import RELIEF_NAME
from pipeline.settings import IntakeLimits
from pipeline.store.areas import Source
from pipeline.store.audit import audit
from pipeline.store.flags import flags_of_flight
from pipeline.store.growers import GrowerId, add_growers, growers_of, remove_grower
from pipeline.store.ledger import Kind, history
from pipeline.workflow.add_relief import SurfaceModel, add_relief
from pipeline.workflow.import_growers import read_growers

SOURCE = Source(name="growers.geojson", sha256="ef" * 32)
FIELDS = {"licence": "L-7", "kind": "medical", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}


@pytest.fixture
def flown(office: Office) -> dict[str, Flight]:
    """Flights over the same ground: two earlier ones, one later, and one of another district."""
    days = {"older": date(2026, 3, 1), "old": date(2026, 4, 1), "now": date(2026, 5, 1), "later": date(2026, 5, 9)}
    made = {name: scan(office, office.fly(name, flown_on=day)) for name, day in days.items()}
    made["foreign"] = scan(office, office.fly("foreign", by="westerner", district=office.west, flown_on=days["old"]))
    office.clock.forward(minutes=1)
    return made


@pytest.fixture
def desk(office: Office, app: FastAPI, flown: dict[str, Flight]) -> Iterator[Callable[[str], Desk]]:
    assert flown
    hire(office, ("a", "b"))
    opened: list[Desk] = []

    def at(name: str) -> Desk:
        opened.append(Desk(app, name))
        return opened[-1]

    yield at
    for one in opened:
        one.client.close()


def reading_flown(desk: Desk, day: str) -> dict[str, Any]:
    """An item of the flight of a day; others are judged until it comes."""
    for _ in range(10):
        (reading,) = desk.next()
        if reading["flown_on"] == day:
            return reading
        desk.look(reading)
        assert desk.say(reading, NO).status_code == 200
    raise AssertionError(day)


def test_earlier_flights_are_of_the_district_and_newest_first(desk: Callable[[str], Desk]) -> None:
    reading = reading_flown(desk("a"), "2026-05-01")
    assert [one["flown_on"] for one in reading["earlier"]] == ["2026-04-01", "2026-03-01"]
    assert not re.search("older|foreign|F0000", json.dumps(reading))


def test_an_earlier_picture_shows_the_plot_at_the_same_place(desk: Callable[[str], Desk]) -> None:
    a = desk("a")
    reading = reading_flown(a, "2026-05-01")
    now = a.client.get(reading["picture"]["url"])
    before = a.client.get(reading["earlier"][0]["picture"]["url"])
    assert before.headers["ETag"] == now.headers["ETag"], "the same painted ground gives the same bytes"
    assert before.headers["Cache-Control"] == "private, no-store"
    pixels = np.asarray(Image.open(io.BytesIO(before.content)))
    middle = pixels[len(pixels) // 2, len(pixels) // 2].astype(int)
    assert middle[0] > middle[1] + 50, "red lies in the middle"
    tile = reading["earlier"][1]["tiles"]["url"].format(z=22, x=2**21, y=2**21)
    assert a.client.get(tile).status_code == 200
    assert a.client.get(tile.replace("/22/2097152/2097152", "/22/0/0")).status_code == 204


def test_earlier_pictures_are_for_the_reader_alone(
    office: Office, flown: dict[str, Flight], desk: Callable[[str], Desk]
) -> None:
    a = desk("a")
    reading = reading_flown(a, "2026-05-01")
    url = reading["earlier"][0]["picture"]["url"]
    for name in ("b", "surveyor", "manager", "field", "westerner"):
        assert desk(name).client.get(url).status_code == 404, name
    for place in ("2", "99", "-1"):
        assert a.client.get(url.replace("earlier/0", f"earlier/{place}")).status_code == 404
    (office.desk.files.working(flown["old"].id) / "orthomosaic.tif").unlink()
    assert a.client.get(url).status_code == 404, "its working copy is gone"
    office.clock.forward(minutes=16)
    assert a.client.get(reading["earlier"][1]["picture"]["url"]).status_code == 404, "the time is over"


def test_a_flight_scanned_meanwhile_moves_no_address(office: Office, desk: Callable[[str], Desk]) -> None:
    a = desk("a")
    reading = reading_flown(a, "2026-05-01")
    office.clock.forward(minutes=1)
    scan(office, office.fly("between", flown_on=date(2026, 4, 20)))
    (again,) = a.next()
    assert again["id"] == reading["id"]
    assert again["earlier"] == reading["earlier"]


def test_growers_about_the_plot_are_shown_without_number_or_place(
    office: Office, flown: dict[str, Flight], desk: Callable[[str], Desk], tmp_path: Path
) -> None:
    with office.database.transaction() as connection:
        ground = flags_of_flight(connection, flown["now"].id)[0].outline.buffer(1e-3)
        lapsed = FIELDS | {"licence": "L-8", "valid_until": "2026-02-01"}
        found = read_growers(geojson(tmp_path, (ground, FIELDS), (ground, lapsed)))
        add_growers(connection, office.east.id, found.grounds, SOURCE, by=None, now=office.clock())
    reading = reading_flown(desk("a"), "2026-05-01")
    (feature,) = reading["growers"]["features"]
    assert feature["properties"] == {"kind": "medical", "label": "licensed: medical"}
    shape = shapely.geometry.shape(feature["geometry"])
    assert shape.contains(shapely.geometry.shape(reading["outline"]))
    assert "L-7" not in json.dumps(reading)


def test_names_of_people_are_not_even_read(tmp_path: Path) -> None:
    named = FIELDS | {"holder": "Zhang San", "phone": "123"}
    found = read_growers(geojson(tmp_path, (shapely.box(100, 20, 100.1, 20.1), named)))
    assert found.left_out == 2
    assert "Zhang" not in repr(found)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "tea"}, "write one of: medical"),
        ({"valid_from": "soon"}, "write it as 2026-05-31"),
        ({"valid_until": "2025-01-01"}, "ends before it begins"),
        ({"licence": ""}, "has a number"),
    ],
)
def test_what_is_no_licence_is_refused(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_growers(geojson(tmp_path, (shapely.box(100, 20, 100.1, 20.1), FIELDS | wrong)))


def test_a_file_without_the_fields_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no field"):
        read_growers(geojson(tmp_path, (shapely.box(100, 20, 100.1, 20.1), {"licence": "L-7"})))


def test_growers_are_removed_from_their_district_only_and_the_ledger_tells(office: Office, tmp_path: Path) -> None:
    found = read_growers(geojson(tmp_path, (shapely.box(100, 20, 100.1, 20.1), FIELDS)))
    with office.database.transaction() as connection:
        add_growers(connection, office.east.id, found.grounds, SOURCE, by=None, now=office.clock())
        (grower,) = growers_of(connection, office.east.id)
        for district, asked in ((office.west.id, grower.id), (office.east.id, GrowerId("none"))):
            with pytest.raises(NotFoundError):
                remove_grower(connection, district, asked, by=None, now=office.clock())
        remove_grower(connection, office.east.id, grower.id, by=None, now=office.clock())
        assert growers_of(connection, office.east.id) == ()
        assert [leaf.kind for leaf in history(connection, grower.id)] == ["grower.removed"]
        assert history(connection, office.east.id)[-1].kind == "growers.imported"


def geojson(folder: Path, *grounds: tuple[shapely.Polygon, dict[str, str]]) -> Path:
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(ground), "properties": fields}
        for ground, fields in grounds
    ]
    path = folder / "growers.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_slope_and_shade_are_shown_where_a_surface_model_was_handed_in(
    desk: Callable[[str], Desk], office: Office, flown: dict[str, Flight], tmp_path: Path
) -> None:
    a = desk("a")
    reading = reading_flown(a, "2026-05-01")
    assert reading["relief"] is None
    door = reading["picture"]["url"].replace("/picture", "/relief")
    assert a.client.get(door).status_code == 404
    surface = write_surface(tmp_path / "dsm.tif", ramp(12, towards="north"))
    given = SurfaceModel(flight=flown["now"].id, path=surface)
    files, limits = office.desk.files, IntakeLimits()
    with pytest.raises(NotAllowedError, match="only surveyors"):
        add_relief(office.database, files, office.people["manager"], given, limits, now=office.clock())
    with pytest.raises(NotFoundError):
        add_relief(office.database, files, office.people["westerner"], given, limits, now=office.clock())
    add_relief(office.database, files, office.people["surveyor"], given, limits, now=office.clock())
    with office.database.snapshot() as connection:
        leaf = history(connection, flown["now"].id)[-1]
        assert not audit(connection).wrong
    assert leaf.kind == Kind.RELIEF_ADDED
    again = next(one for one in a.next() if one["id"] == reading["id"])
    assert again["relief"]["slope_deg"] == pytest.approx(12, abs=1)
    assert again["relief"]["bounds"] == reading["picture"]["bounds"]
    drawn = a.client.get(again["relief"]["url"])
    assert drawn.headers["Content-Type"] == "image/jpeg"
    shades_hw = np.asarray(Image.open(io.BytesIO(drawn.content)))
    known = shades_hw < 220  # the rest is paper, beyond the surface model
    assert known.mean() > 0.5
    assert shades_hw[known].std() < 5, "an even slope has one shade"
    assert desk("b").client.get(door).status_code == 404, "an item is its reader's"


def test_a_surface_model_of_another_place_is_refused_and_nothing_stays(
    office: Office, flown: dict[str, Flight], tmp_path: Path
) -> None:
    surface = write_surface(tmp_path / "dsm.tif", ramp(12, towards="north"), left=LEFT + 5000)
    given = SurfaceModel(flight=flown["now"].id, path=surface)
    with pytest.raises(InvalidInputError, match="lies elsewhere"):
        add_relief(
            office.database,
            office.desk.files,
            office.people["surveyor"],
            given,
            IntakeLimits(),
            now=office.clock(),
        )
    assert not (office.desk.files.working(flown["now"].id) / RELIEF_NAME).exists()
    assert not list(office.desk.files.arriving.iterdir())


def test_growers_are_on_the_map_of_a_flight_for_who_sees_flags_there(
    office: Office, flown: dict[str, Flight], client: TestClient, tmp_path: Path
) -> None:
    flag, other = (one.outline for one in sorted_flags(office, flown["now"]))
    with office.database.transaction() as connection:
        lapsed = FIELDS | {"licence": "L-8", "kind": "ornamental", "valid_until": "2026-02-01"}
        found = read_growers(geojson(tmp_path, (flag.buffer(1e-5), FIELDS), (other.buffer(1e-5), lapsed)))
        add_growers(connection, office.east.id, found.grounds, SOURCE, by=None, now=office.clock())
    here = f"/flights/{flown['now'].id}"
    sign_in(client, "surveyor")
    for language, label in (("en", "licensed: medical"), ("zh-CN", "持证：药用")):
        answer = client.get(f"{here}/growers.geojson", headers={"Accept-Language": language})
        (feature,) = answer.json()["features"]
        assert feature["properties"] == {"kind": "medical", "label": label}
        assert "L-7" not in answer.text
    told = client.get(f"{here}/flags.geojson").json()["features"]
    assert sorted(one["properties"]["licensed"] for one in told) == [[], ["medical"]]
    assert "growers.geojson" in client.get(here).text
    assert client.get(f"/flights/{flown['foreign'].id}/growers.geojson").status_code == 404
    sign_in(client, "reviewer")
    assert client.get(f"{here}/growers.geojson").json()["features"] == [], "shapes would tell where a plot lies"
    assert "growers.geojson" not in client.get(here).text


def sorted_flags(office: Office, flight: Flight) -> list[Any]:
    with office.database.snapshot() as connection:
        return sorted(flags_of_flight(connection, flight.id), key=lambda flag: flag.label)
