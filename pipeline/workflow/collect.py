"""Collect: what the store is told of a flight, from the folders in which the work on it is done. Loads no OpenVINO."""

import json
from dataclasses import asdict
from typing import Any

import shapely
from pydantic import TypeAdapter

from pipeline.domain.orthomosaic import Orthomosaic
from pipeline.domain.progress import Report
from pipeline.imagery.digest import sha256_of
from pipeline.imagery.footprint import flown_outline
from pipeline.imagery.intake import read_intake_record, take_in
from pipeline.imagery.looked import kept_looked
from pipeline.imagery.placing import outline_in_degrees
from pipeline.imagery.working import WORKING_NAME
from pipeline.scanning.results import FILES, read_flags, read_scan_record
from pipeline.settings import Settings
from pipeline.workflow.order import Order
from pipeline.workflow.watch import by_chance, sample_clear

Said = dict[str, Any]
"""What a stage says at its end, as JSON would have it."""


def collect_intake(order: Order, settings: Settings, report: Report) -> Said:
    """Take the original in, or find that done; what it is, where it lies in degrees, and how much was flown.

    Raises:
        NotFoundError: There is no original.
        InvalidInputError: It is refused; nothing of it is left.
    """
    mosaic = take_in(order.source, order.workplace, settings.intake, report)
    intake = read_intake_record(order.workplace)
    size, place = mosaic.size, mosaic.georeference
    outline = flown_outline(order.workplace / WORKING_NAME, place, (0, 0, size.width_px, size.height_px))
    return {
        "orthomosaic": json.loads(TypeAdapter(Orthomosaic).dump_json(mosaic)),
        "extent": list(outline_in_degrees(place, outline).bounds),
        "flown_m2": intake.working.flown_pixels * place.pixel_area_m2,
    }


def collect_findings(order: Order, settings: Settings) -> Said:
    """The record of the scan, its flags and ground as WKB in hexadecimal, and clear ground to ask about.

    Flags have their outlines in degrees, the ground in metres of ``imagery.looked.PLANE``.

    Raises:
        NotFoundError: No scan was finished.
    """
    place = read_intake_record(order.workplace).orthomosaic.georeference
    record = read_scan_record(order.out)
    flags = [
        {
            "label": flag.id,
            "outline": shapely.to_wkb(outline_in_degrees(place, flag.plot.outline), hex=True),
            "class_name": flag.plot.class_name,
            "score": flag.plot.score,
            "area_m2": flag.plot.area_m2,
            "cells": flag.plot.cells,
            "model": flag.model,
            "threshold": flag.threshold,
        }
        for flag in read_flags(order.out)
    ]
    low = record.model.threshold_low
    looked = kept_looked(order.out)
    return {
        "record": asdict(record),
        "files": {name: sha256_of(order.out / name) for name in FILES},
        "flags": flags,
        "ground": {name: shapely.to_wkb(getattr(looked, name), hex=True) for name in ("seen", "imaged")},
        "clear": sample_clear(order.out, flags, settings.review, low=low, chance=by_chance()),
    }
