"""Quantise: give a bundle an int8 network, if that passes its gate on the ground the bundle was calibrated on.

float network scored -> int8 network made from training ground -> scored on the same windows -> decision -> bundle
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.assessability import Reason
from pipeline.domain.int8 import Int8
from pipeline.domain.model import CellRule, Manifest
from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery.neighbours import pooled_distance, whole_cells
from pipeline.learning.chips import Chip, ChipSampler, Sampling, Terrain, open_terrains
from pipeline.learning.evaluate import Judged, ScoredGround, Viewing, measure_cells, score_terrain
from pipeline.learning.export import add_int8
from pipeline.learning.labels import read_grounds
from pipeline.learning.plots import labelled, tally_at_threshold
from pipeline.learning.sources import Role, data_fingerprint, read_dataset
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.scanning.quantise import Answers, Judge, Quantiser, compare, nncf_quantiser, quantise
from pipeline.workflow.evaluate import Engines

WINDOWS: Final = 256
"""Calibration windows at most: NNCF's own default is 300."""
FEWEST_WINDOWS: Final = 8
TIMES_SEEN: Final = 4
"""How often a pixel of small training ground is in a window, on average: more windows would show the same again."""
WINDOW_PX: Final = 384
SEED: Final = 8
CACHE_GB: Final = 2.0
STAGE: Final = "quantising"

QuantiserMaker = Callable[[npt.NDArray[np.uint8]], Quantiser]
"""Makes a quantiser of calibration windows, uint8 [n, h, w, 3]."""


def quantise_bundle(
    folder: Path, data: Path, report: Report = say_nothing, *, make_quantiser: QuantiserMaker = nncf_quantiser
) -> Int8:
    """Decide about int8 for the bundle in ``folder``, and write decision, numbers and network into it.

    ``data`` is the data set it was trained with: ranges come from its training ground, the decision from its
    calibration ground; validation ground only adds numbers.

    Raises:
        NotFoundError: There is no such bundle or data set, or a file of it is missing.
        InvalidInputError: One of them cannot be used, or the bundle was made with other data.
    """
    bundle = open_bundle(folder)
    terrains = _terrains(bundle.manifest, data)
    windows_nhwb = _windows(terrains[Role.TRAIN])
    calibrate = _judge(bundle, terrains[Role.CALIBRATE], report)
    validate = _judge(bundle, terrains[Role.VALIDATE], report)
    outcome = quantise(bundle.graph, make_quantiser(windows_nhwb), calibrate)
    int8 = Int8(
        accepted=outcome.accepted,
        mode=outcome.attempt.mode,
        decision=outcome.decision,
        calibrate=outcome.check,
        validate=compare(validate(None), validate(outcome.graph)),
    )
    add_int8(folder, int8, outcome.graph)
    return int8


def _terrains(manifest: Manifest, data: Path) -> dict[Role, tuple[Terrain, ...]]:
    """The grounds of the roles that are needed, open for cutting.

    Raises:
        InvalidInputError: It is not the data the bundle was made with, or a role has no ground.
    """
    dataset = read_dataset(data)
    if data_fingerprint(dataset) != manifest.data.fingerprint:
        raise InvalidInputError(
            f"{manifest.name} was made with other data than {dataset.name} holds now: the ground that decides about "
            "int8 must be the ground its thresholds were set on"
        )
    grounds = read_grounds(dataset, model_gsd_m=manifest.gsd_m)
    roles = {role: [ground for ground in grounds if ground.role is role] for role in Role if role is not Role.TEST}
    return {role: open_terrains(some, fill_rgb=manifest.fill_rgb, cache_gb=CACHE_GB) for role, some in roles.items()}


def _windows(terrains: Sequence[Terrain]) -> npt.NDArray[np.uint8]:
    """Calibration windows, half of them around targets, always the same ones; uint8 [n, h, w, 3]."""
    covering = math.ceil(TIMES_SEEN * sum(terrain.known_px for terrain in terrains) / WINDOW_PX**2)
    number = min(max(covering, FEWEST_WINDOWS), WINDOWS)
    sampler = ChipSampler(terrains, Sampling(chip_px=WINDOW_PX, batch=number), seed=SEED)
    return np.stack([chip.pixels_hwb for chip in sampler.batch(0, margin=1.0)])


def _judge(bundle: Bundle, terrains: Sequence[Terrain], report: Report) -> Judge:
    """Judges an int8 graph in the place of the bundle's own, by OpenVINO, on these grounds."""

    def judge(graph: bytes | None) -> Answers:
        precision = "fp32" if graph is None else "int8"
        scored = _score(replace(bundle, int8_graph=graph), precision, terrains, report)
        return Answers(
            found=np.concatenate([_found(one, bundle.manifest) for one in scored]),
            average_precision=measure_cells(scored).average_precision,
            unfamiliar=None if bundle.manifest.familiarity is None else _unfamiliar(scored),
        )

    return judge


def _found(scored: ScoredGround, manifest: Manifest) -> npt.NDArray[np.bool_]:
    """Which plots of a ground a scan flags, wherever it is assessable; bool [plots]."""
    everywhere = replace(scored, assessable_yx=scored.why_yx != Reason.SLIVER)
    judged = Judged(scored=everywhere, calibration=manifest.calibration, thresholds=manifest.thresholds)
    return tally_at_threshold(judged, labelled(everywhere)).found


def _unfamiliar(scored: Sequence[ScoredGround]) -> float:
    """The share of cells with imagery that are called unfamiliar, in [0, 1]."""
    reasons = np.concatenate([one.why_yx.ravel() for one in scored])
    return float((reasons == Reason.UNFAMILIAR).sum() / max(1, (reasons != Reason.SLIVER).sum()))


def _score(bundle: Bundle, precision: str, terrains: Sequence[Terrain], report: Report) -> tuple[ScoredGround, ...]:
    """Every cell of every ground, scored by the bundle's network of a precision."""
    manifest, scored = bundle.manifest, []
    viewing = Viewing(cell_px=manifest.stride_px, halo_px=manifest.halo_px)
    engines = Engines(bundle, precision)
    for number, terrain in enumerate(terrains, start=1):
        rule = manifest.cell_rule or CellRule()
        scored.append(score_terrain(engines.logits, terrain, rule, viewing, assess=partial(_familiar, engines)))
        report(Progress(stage=f"{STAGE}: scoring in {precision}", done=number, total=len(terrains), unit="grounds"))
    return tuple(scored)


def _familiar(engines: Engines, chip: Chip) -> npt.NDArray[np.uint8]:
    """The reason of each cell of a chip: unfamiliar as these engines see it, or none; uint8 [y, x]."""
    manifest = engines.bundle.manifest
    whole_yx = whole_cells(chip.valid_hw, manifest.stride_px)
    distance_yx = engines.answer(chip.pixels_hwb).distance_rc
    if manifest.familiarity is None or distance_yx is None:
        return np.full(whole_yx.shape, Reason.NONE, np.uint8)
    pooled_yx = pooled_distance(distance_yx, whole_yx, manifest.stride_px)
    return np.where(pooled_yx <= manifest.familiarity.limit, Reason.NONE, Reason.UNFAMILIAR).astype(np.uint8)
