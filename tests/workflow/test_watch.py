"""What readers are asked beside the flags: clear ground by chance, and known ground in disguise."""

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from databases import a_person
from found import record_finding
from handed_in import Bureau, a_bureau, a_flight_file
from survey import looked, ruling
from typer.testing import CliRunner

from pipeline.cli import build_app
from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagOrigin, FlagStatus
from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.people import Role
from pipeline.domain.watching import Truth
from pipeline.errors import InvalidInputError, NotAllowedError
from pipeline.imagery.known_ground import draw_clear, read_scored
from pipeline.imagery.placing import moved_to_crs
from pipeline.settings import ReviewSettings
from pipeline.store.audit import audit
from pipeline.store.controls import (
    add_controls,
    controls_of,
    readings_of_controls,
    retire_control,
    truth_of,
    visited_without_control,
)
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.flags import RaisedFlag, get_flag
from pipeline.store.queue import waiting_for
from pipeline.store.sessions import begin_session
from pipeline.store.tables import audit_items, flags
from pipeline.store.visits import plan_visit
from pipeline.workflow.advance import advance_to_the_end
from pipeline.workflow.watch import choose_controls, known_ground, visited_ground

CRS = "EPSG:32649"


def write_scores(folder: Path, scores_rc: Any) -> Path:
    path = folder / "scores.tif"
    rows, columns = scores_rc.shape
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "uint8", "nodata": 255}
    place = rasterio.transform.from_origin(500_000, 4_500_000, 2, 2)
    with rasterio.open(path, "w", **profile, crs=CRS, transform=place) as out:
        out.write(scores_rc.astype(np.uint8)[None])
    return path


def scored(folder: Path) -> Any:
    scores_rc = np.full((40, 60), 2)
    scores_rc[:, 30:] = 40  # the model is less sure here
    scores_rc[:5] = 255
    scores_rc[20:23, 10:13] = 250
    return read_scored(write_scores(folder, scores_rc))


FLAG = shapely.box(500_020, 4_499_954, 500_026, 4_499_960)


def test_places_lie_on_clear_assessed_ground_of_both_strata_and_say_how_they_were_drawn(tmp_path: Path) -> None:
    ground = scored(tmp_path)
    shapes = (_shape(FLAG),)
    places = draw_clear(ground, [FLAG], shapes, wanted=20, low=0.4, chance=Random(1))
    assert Counter(place.stratum for place in places) == {0: 10, 1: 10}
    for place in places:
        covered = ground.covered(place.shape.outline)
        assert covered is not None
        assert (covered.of(ground.scores_rc) < 200).all()
        assert not place.shape.outline.buffer(-1e-6).intersects(FLAG)
    clear = {place.stratum: place.cells for place in places}
    touched = int(ground.covered(FLAG).touched_rc.sum())
    assert clear[0] + clear[1] == 40 * 60 - 5 * 60 - touched


def test_each_clear_cell_of_a_stratum_is_as_likely_as_another(tmp_path: Path) -> None:
    ground = read_scored(write_scores(tmp_path, np.full((4, 5), 3)))
    chance, counted = Random(2), Counter[str]()
    for _ in range(2000):
        (place,) = draw_clear(ground, [], (), wanted=1, low=0.4, chance=chance)
        counted[place.shape.outline.wkt] += 1
    assert len(counted) == 20
    assert max(counted.values()) < 150, "100 each, and 5 standard deviations more"
    assert min(counted.values()) > 50


def test_ground_without_anything_clear_is_not_asked_about(tmp_path: Path) -> None:
    ground = read_scored(write_scores(tmp_path, np.full((4, 5), 255)))
    assert draw_clear(ground, [], (), wanted=3, low=0.4, chance=Random(1)) == ()


def _shape(outline: Any) -> Any:
    from pipeline.domain.disguise import Shape

    return Shape(outline=outline, cells=9, area_m2=outline.area)


# through the whole of the work on a flight


@pytest.fixture
def bureau(database: Database, tmp_path: Path) -> Bureau:
    return a_bureau(database, tmp_path)


def flown(bureau: Bureau, folder: Path, name: str) -> Flight:
    folder = folder / name
    folder.mkdir()
    source = a_flight_file(folder)
    source.write_bytes(source.read_bytes() + name.encode())  # other bytes, the same picture
    flight = bureau.hand_in(source)
    advance_to_the_end(bureau.shop(), bureau.attempt(flight.id))
    assert bureau.flight(flight.id).state is FlightState.SCANNED
    return flight


def origins(bureau: Bureau) -> Counter[str]:
    with bureau.database.snapshot() as connection:
        return Counter(connection.execute(flags.select()).mappings().all()[number]["origin"] for number in _all(bureau))


def _all(bureau: Bureau) -> range:
    with bureau.database.snapshot() as connection:
        return range(len(connection.execute(flags.select()).all()))


def polygons(path: Path, outline: Any) -> Path:
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(outline)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def a_control(bureau: Bureau, flight: Flight, folder: Path, truth: Truth, at: int = 0) -> None:
    flag = bureau.flags(flight.id)[at]
    file = polygons(folder / f"{truth}-{at}.geojson", flag.outline)
    made = known_ground(file, truth, flight.id, bureau.files.results(flight.id))
    with bureau.database.transaction() as connection:
        add_controls(connection, made, by=bureau.manager.id, now=bureau.shop().now())


def test_a_released_scan_brings_a_sample_of_clear_ground_with_it(bureau: Bureau, tmp_path: Path) -> None:
    flight = flown(bureau, tmp_path, "a")
    assert origins(bureau) == {FlagOrigin.SCAN: 2, FlagOrigin.AUDIT: 1}
    with bureau.database.snapshot() as connection:
        (item,) = connection.execute(audit_items.select()).mappings()
        asked = get_flag(connection, FlagId(item["flag_id"]))
        assert audit(connection).wrong == ()
    assert 1 == item["stratum_drawn"] <= item["stratum_cells"]
    real = bureau.flags(flight.id)
    assert asked.raised_at == real[0].raised_at
    assert asked.status is FlagStatus.UNREVIEWED
    assert all(asked.outline.intersection(flag.outline).area < 1e-3 * flag.outline.area for flag in real)


def test_controls_join_the_queue_up_to_their_share_and_are_kept_from_who_knows_the_ground(
    bureau: Bureau, tmp_path: Path
) -> None:
    first = flown(bureau, tmp_path, "a")
    a_control(bureau, first, tmp_path, Truth.TARGET)
    reader = a_person(bureau.database, "reader", Role.REVIEWER, districts=frozenset({bureau.district.id}))
    flown(bureau, tmp_path, "b")
    assert origins(bureau)[FlagOrigin.CONTROL] == 0, "4 % of six items are none"
    generous = Bureau(**{**_fields(bureau), "settings": _with_controls(bureau, 0.3)})
    flown(generous, tmp_path, "c")
    assert origins(bureau)[FlagOrigin.CONTROL] == 1, "one control in use is asked about once at a time"
    with bureau.database.snapshot() as connection:
        rows = connection.execute(flags.select().where(flags.c.origin == "control")).mappings().all()
        control = truth_of(connection, FlagId(rows[0]["id"]))
        before = {one.flag for one in waiting_for(connection, reader, now=bureau.shop().now())}
    assert control is not None
    assert control.truth is Truth.TARGET
    assert rows[0]["id"] in before
    assert shapely.from_wkb(rows[0]["outline"]).intersects(control.outline)


def _fields(bureau: Bureau) -> dict[str, Any]:
    return {name: getattr(bureau, name) for name in Bureau.__slots__}


def _with_controls(bureau: Bureau, share: float) -> Any:
    from dataclasses import replace

    return replace(bureau.settings, review=ReviewSettings(control_share=share))


def test_a_visit_makes_a_control_that_its_readers_never_see(bureau: Bureau, tmp_path: Path) -> None:
    flight = flown(bureau, tmp_path, "a")
    flag, now = bureau.flags(flight.id)[0], bureau.shop().now()
    here = frozenset({bureau.district.id})
    readers = [a_person(bureau.database, name, Role.REVIEWER, districts=here) for name in ("ada", "bai", "cui")]
    field = a_person(bureau.database, "field", Role.FIELD, districts=here)
    with bureau.database.transaction() as connection:
        for reader in readers[:2]:
            _, session = begin_session(connection, reader.id, now=now)
            looked(connection, reader, flag.id, now=now)
            decide(connection, session, ruling(flag.id, Verdict.CONFIRM), now=now)
        visit = plan_visit(connection, bureau.manager, flag.id, now=now)
        record_finding(connection, field, visit.id, FlagStatus.VERIFIED, note="", now=now)
        (seen,) = visited_without_control(connection, bureau.district.id)
        ground = visited_ground(seen, bureau.files.results(flight.id))
        assert ground is not None
        add_controls(connection, [ground], by=bureau.manager.id, now=now)
        assert visited_without_control(connection, bureau.district.id) == ()
    flown(Bureau(**{**_fields(bureau), "settings": _with_controls(bureau, 0.4)}), tmp_path, "b")
    with bureau.database.snapshot() as connection:
        (row,) = connection.execute(flags.select().where(flags.c.origin == "control")).mappings()
        offered = [
            row["id"] in {one.flag for one in waiting_for(connection, reader, now=bureau.shop().now())}
            for reader in readers
        ]
    assert offered == [False, False, True]
    with bureau.database.transaction() as connection:
        _, session = begin_session(connection, readers[2].id, now=now)
        looked(connection, readers[2], FlagId(row["id"]), now=now)
        decide(connection, session, ruling(FlagId(row["id"]), Verdict.REJECT), now=now)
        told = readings_of_controls(connection, here)
    assert told == {readers[2].id: [(Truth.TARGET, Verdict.REJECT)]}
    with pytest.raises(NotAllowedError), bureau.database.transaction() as connection:
        looked(connection, readers[0], FlagId(row["id"]), now=now)
    with pytest.raises(NotAllowedError), bureau.database.transaction() as connection:
        plan_visit(connection, bureau.manager, FlagId(row["id"]), now=now)


def test_a_retired_control_is_asked_no_more(bureau: Bureau, tmp_path: Path) -> None:
    flight = flown(bureau, tmp_path, "a")
    a_control(bureau, flight, tmp_path, Truth.CLEAR)
    with bureau.database.transaction() as connection:
        (control,) = controls_of(connection, bureau.district.id)
        retire_control(connection, control.id, by=bureau.manager.id, now=bureau.shop().now())
        assert controls_of(connection, bureau.district.id) == ()
        assert len(controls_of(connection, bureau.district.id, retired=True)) == 1
    flown(Bureau(**{**_fields(bureau), "settings": _with_controls(bureau, 0.4)}), tmp_path, "b")
    assert origins(bureau)[FlagOrigin.CONTROL] == 0


def test_only_a_manager_adds_controls(bureau: Bureau, tmp_path: Path) -> None:
    flight = flown(bureau, tmp_path, "a")
    file = polygons(tmp_path / "known.geojson", bureau.flags(flight.id)[0].outline)
    made = known_ground(file, Truth.TARGET, flight.id, bureau.files.results(flight.id))
    for by in (bureau.surveyor.id, None):
        with pytest.raises(NotAllowedError), bureau.database.transaction() as connection:
            add_controls(connection, made, by=by, now=bureau.shop().now())


def test_known_ground_that_was_not_assessed_is_refused(tmp_path: Path) -> None:
    write_scores(tmp_path, np.where(np.arange(60) < 30, 5, 255) * np.ones((40, 1), int))
    off = shapely.box(500_080, 4_499_954, 500_086, 4_499_960)
    degrees = shapely.transform(off, lambda points: moved_to_crs(points, CRS, "EPSG:4326"))
    with pytest.raises(InvalidInputError, match="area 1 does not lie wholly on assessed ground"):
        known_ground(polygons(tmp_path / "x.geojson", degrees), Truth.CLEAR, "flight", tmp_path)  # type: ignore[arg-type]


def test_targets_and_clear_ground_take_turns_and_the_least_asked_come_first() -> None:
    from pipeline.store.controls import OPEN_NOW, Control, ControlId

    def control(name: str, truth: Truth) -> Control:
        return Control(
            id=ControlId(name),
            flight="f",  # type: ignore[arg-type]
            truth=truth,
            outline=shapely.box(111, 40, 111.0001, 40.0001),
            room_m=50.0,
            score=0.3,
            source="x",
            source_sha256="a" * 64,
        )

    known = [control("t1", Truth.TARGET), control("t2", Truth.TARGET), control("c1", Truth.CLEAR)]
    flag = RaisedFlag(
        label="F",
        outline=shapely.box(111.1, 40, 111.1001, 40.0001),
        class_name="red",
        score=0.9,
        area_m2=9.0,
        cells=3,
        model="m",
        threshold=0.5,
    )
    rules = ReviewSettings(control_share=0.5)
    asked = {"t1": 3, "t2": OPEN_NOW}
    issued = choose_controls(known, asked, [flag], waiting=5, rules=rules, chance=Random(1))
    assert [one.control.id for one in issued] == ["t1", "c1"], "what waits already is not asked again"
    assert choose_controls(known, {}, [], waiting=5, rules=rules, chance=Random(1)) == ()


def test_controls_are_kept_from_the_command_line_by_managers(sqlite_database: Database, tmp_path: Path) -> None:
    bureau = a_bureau(sqlite_database, tmp_path)
    flight = flown(bureau, tmp_path, "a")
    store = bureau.settings.store
    config = tmp_path / "plotwatch.toml"
    config.write_text(f'[store]\ndata_dir = "{store.data_dir}"\ndatabase_url = "{store.database_url}"\n')
    file = polygons(tmp_path / "known.geojson", bureau.flags(flight.id)[0].outline)

    def run(*words: object, name: str = "wang") -> str:
        command = ["control", *map(str, words), "--as", name, "--config", str(config)]
        return CliRunner().invoke(build_app(), command, catch_exceptions=False).stdout

    assert "added 1 controls: target" in run("import", file, "--flight", flight.id, "--truth", "target")
    (row,) = json.loads(run("list", "--district", bureau.district.name, "--json"))
    assert row["truth"] == "target"
    assert row["id"] in run("list", "--district", bureau.district.name)
    assert "added 0 controls of 0" in run("visited", "--district", bureau.district.name)
    with pytest.raises(NotAllowedError):
        run("list", "--district", bureau.district.name, name="lin")
    with pytest.raises(NotAllowedError):
        run("retire", row["id"], name="lin")
    assert "retired" in run("retire", row["id"])
    assert "retired" in run("list", "--district", bureau.district.name)
