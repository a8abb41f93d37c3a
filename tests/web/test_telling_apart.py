"""Nobody tells controls and audited ground from flags by anything a client receives but the pictures themselves.

A queue of all three kinds is read through the doors, whatever comes is turned into numbers, and a classifier tries to
tell one kind from the others on items that it was not fitted to. A test of the test leaks the kind on purpose.
"""

import json
import time
from random import Random
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from fastapi import FastAPI
from flown import SIDE, Ground, scan
from offices import NOON, Office
from rasters import CRS, GSD_M, place
from reading_desks import Desk
from scipy.stats import mannwhitneyu

from pipeline.domain.flag import FlagOrigin
from pipeline.domain.watching import Truth
from pipeline.imagery.placing import moved_to_crs
from pipeline.settings import ReviewSettings
from pipeline.store.controls import (
    Control,
    add_controls,
    insert_audit,
    insert_control_item,
    new_control_id,
)
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.scans import scans_of
from pipeline.store.tables import flags as flags_table
from pipeline.store.tables import leases
from pipeline.workflow.watch import audited_places, choose_controls, sample_clear

pytestmark = pytest.mark.uncounted
CELL_PX = 8
CELLS = SIDE // CELL_PX
EACH = 24
CHANCE = 1e-4
"""Ids and times differ at each run: so seldom a kind is called told apart that is not."""
MODEL = {"classes": ["red"], "name": "demo-poppy", "threshold_high": 0.4321}


def blob(chance: Random, row: int, column: int) -> shapely.Geometry:
    """An outline of whole cells as scans raise them, of one to nine cells."""
    size = GSD_M * CELL_PX
    corner = place().point(col_px=column * CELL_PX, row_px=row * CELL_PX)
    cells = {(0, 0)}
    while len(cells) < chance.randrange(1, 10):
        x, y = chance.choice(sorted(cells))
        cells.add(chance.choice([(x + 1, y), (x, y + 1), (x - 1, y), (x, y - 1)]))
    squares = [
        shapely.box(corner.x + x * size, corner.y + y * size, corner.x + (x + 1) * size, corner.y + (y + 1) * size)
        for x, y in cells
    ]
    outline = shapely.union_all(squares)
    return shapely.transform(outline, lambda points: moved_to_crs(points, CRS, "EPSG:4326"))


def fill(office: Office) -> dict[str, str]:
    """A scanned flight with as many flags, audited places and controls; lease-independent: id of flag to its kind."""
    chance = Random(20261126)
    flight = scan(office, office.fly("field", by="surveyor"), Ground(flags=False))
    results = office.desk.files.results(flight.id)
    scores_rc = np.full((CELLS, CELLS), 20, np.uint8)
    scores_rc[:, : 90 // CELL_PX + 1] = 255
    where = place().scaled(CELL_PX)
    grid = rasterio.transform.from_origin(where.left, where.top, where.pixel_width, where.pixel_height)
    profile = {"driver": "GTiff", "width": CELLS, "height": CELLS, "count": 1, "dtype": "uint8", "nodata": 255}
    with rasterio.open(results / "scores.tif", "w", **profile, crs=CRS, transform=grid) as out:
        out.write(scores_rc[None])
    spots = [(row, column) for row in range(10, CELLS - 10, 8) for column in range(20, CELLS - 10, 8)]
    chance.shuffle(spots)
    raised = [a_flag(f"F{number:05d}", blob(chance, *spots[number]), chance) for number in range(EACH)]
    with office.database.transaction() as connection:
        (made,) = scans_of(connection, flight.id)
        insert_flags(connection, made, raised, now=NOON)
        told = [
            {"outline": shapely.to_wkb(one.outline, hex=True), "cells": one.cells, "area_m2": one.area_m2}
            for one in raised
        ]
        clear = sample_clear(results, told, ReviewSettings(audit_share=1.0), low=0.4, chance=chance)
        insert_audit(connection, made, audited_places(clear, MODEL), now=NOON, second_read=0.2)
        known = [
            Control(
                id=new_control_id(),
                flight=flight.id,
                truth=chance.choice(list(Truth)),
                outline=blob(chance, *spots[EACH + number]),
                room_m=3.0,
                score=0.5,
                source="known.gpkg",
                source_sha256="c" * 64,
            )
            for number in range(EACH)
        ]
        add_controls(connection, known, by=office.people["manager"].id, now=NOON)
        rules = ReviewSettings(control_share=0.5)
        for one in choose_controls(known, {}, raised, waiting=2 * EACH, rules=rules, chance=chance):
            insert_control_item(connection, one.control, one.raised, now=NOON, second_read=0.2)
        rows = connection.execute(flags_table.select()).mappings().all()
        return {row["id"]: row["origin"] for row in rows}


def a_flag(label: str, outline: Any, chance: Random) -> RaisedFlag:
    flat = shapely.transform(outline, lambda points: moved_to_crs(points, "EPSG:4326", CRS))
    return RaisedFlag(
        label=label,
        outline=outline,
        class_name="red",
        score=chance.uniform(0.44, 1.0),
        area_m2=float(flat.area),
        cells=round(flat.area / (GSD_M * CELL_PX) ** 2),
        model="demo-poppy",
        threshold=0.4321,
    )


def read_all(app: FastAPI) -> list[tuple[dict[str, Any], float, float]]:
    """Every item as it comes: what the door says, seconds until the picture is there, and when in the queue."""
    desk, seen = Desk(app, "reviewer"), []
    while readings := desk.next(want=1):
        (reading,) = readings
        began = time.perf_counter()
        desk.look(reading)
        seen.append((reading, time.perf_counter() - began, float(len(seen))))
        assert desk.say(reading, ("reject", "other_crop")).status_code == 200
    assert len(seen) == 3 * EACH
    return seen


def numbers(reading: dict[str, Any], seconds: float, turn: float) -> list[float]:
    """Whatever of an item can be counted."""
    outline = shapely.geometry.shape(reading["outline"])
    west, south, east, north = (side * 1e6 for side in outline.bounds)
    coordinates = shapely.get_coordinates(outline)
    return [
        reading["area_m2"],
        reading["gsd_m"],
        outline.area * 1e12,
        outline.length * 1e6,
        len(coordinates),
        len(shapely.get_parts(outline)),
        east - west,
        north - south,
        (west + east) / 2,
        (south + north) / 2,
        *(np.abs(coordinates * 1e6).mean(axis=0)),
        *(np.modf(coordinates[0] * 1e7)[0]),
        len(json.dumps(reading)),
        len(json.dumps(reading["outline"])),
        reading["picture"]["bounds"][2] * 1e6,
        reading["tiles"]["minzoom"],
        reading["tiles"]["maxzoom"],
        int(reading["id"][:8], 16) / 2**32,
        seconds,
        turn,
    ]


def separability(features: np.ndarray[Any, Any], marked: np.ndarray[Any, Any]) -> float:
    """How surely a linear classifier ranks unseen marked items above others: p of a rank test on left-out items."""
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    inputs = np.column_stack([scaled, scaled**2, np.ones(len(scaled))])
    scores = np.zeros(len(inputs))
    folds = np.random.default_rng(0).permutation(len(inputs)) % 6
    for fold in range(6):
        fitted, left = folds != fold, folds == fold
        ridge = inputs[fitted].T @ inputs[fitted] + 10 * np.eye(inputs.shape[1])
        scores[left] = inputs[left] @ np.linalg.solve(ridge, inputs[fitted].T @ (marked[fitted] - marked.mean()))
    return float(mannwhitneyu(scores[marked], scores[~marked], alternative="greater").pvalue)


@pytest.fixture
def read(office: Office, app: FastAPI) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    kinds = fill(office)
    seen = read_all(app)
    with office.database.snapshot() as connection:
        flag_of = {row["id"]: row["flag_id"] for row in connection.execute(leases.select()).mappings()}
    keys = {tuple(sorted(reading)) for reading, _, _ in seen}
    assert len(keys) == 1, "every item has the same fields"
    features = np.array([numbers(*one) for one in seen])
    return features, np.array([kinds[flag_of[reading["id"]]] for reading, _, _ in seen])


def test_a_classifier_cannot_tell_the_kinds_apart_and_finds_a_leak(
    read: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]],
) -> None:
    features, kinds = read
    for kind in FlagOrigin:
        assert (kinds == kind).sum() == EACH
        assert separability(features, kinds == kind) > CHANCE, f"{kind} can be told apart"
    leaked = features.copy()
    leaked[:, -1] = (kinds == FlagOrigin.CONTROL) * 1.0 + np.random.default_rng(1).normal(0, 0.5, len(kinds))
    assert separability(leaked, kinds == FlagOrigin.CONTROL) < CHANCE, "the test would see a leak half hidden in noise"
