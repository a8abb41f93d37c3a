"""From labels to a bundle: the one entry to learning.

A run leaves in its folder: ``checkpoint.safetensors`` (a killed run goes on from it), ``curve.csv``, ``metrics.json``
and the bundle, a folder with the model's name.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pipeline.domain.model import MANIFEST_VERSION, Manifest, TrainingData
from pipeline.domain.progress import Progress, Report
from pipeline.learning.assess import Assessor, fit_assessor
from pipeline.learning.calibrate import fit_calibration, set_thresholds
from pipeline.learning.card import Findings, Known, Measured, doubts_of, known_of, limits_of, write_card
from pipeline.learning.chips import Terrain, open_terrains
from pipeline.learning.datasheet import write_datasheet
from pipeline.learning.evaluate import Judged, ScoredGround, score_ground
from pipeline.learning.evaluation import Evaluation, evaluate, numbers_of
from pipeline.learning.export import CARD, DATASHEET, frozen, write_bundle
from pipeline.learning.familiarity import fit_sense
from pipeline.learning.fit import Fitted, Grounds, fit
from pipeline.learning.labels import LabelledGround, read_grounds
from pipeline.learning.leakage import check_leakage
from pipeline.learning.network import FILL_RGB, MEAN_RGB, STD_RGB, CellClassifier
from pipeline.learning.plan import TrainingConfig
from pipeline.learning.sources import DataSet, Role, check_split, data_fingerprint, read_dataset, split_of

METRICS: Final = "metrics.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """A data set that was read and checked."""

    dataset: DataSet
    grounds: tuple[LabelledGround, ...]
    fingerprint: str

    def of_role(self, role: Role) -> tuple[LabelledGround, ...]:
        """The grounds that play ``role``."""
        return tuple(ground for ground in self.grounds if ground.role is role)


def train(config: TrainingConfig, out: Path, report: Report) -> Path:
    """Train, calibrate, measure and export what ``config`` describes; goes on where a killed run in ``out`` stood.

    Returns:
        The bundle, ``out`` / ``config.name``.

    Raises:
        InvalidInputError: Labels, split or configuration cannot be used, or ``out`` holds another training.
        NotFoundError: A file is missing.
    """
    data = _read(config)
    out.mkdir(parents=True, exist_ok=True)
    train_terrains, select_terrains, validate_terrains, calibrate_terrains = (
        _open(config, data.of_role(role)) for role in (Role.TRAIN, Role.SELECT, Role.VALIDATE, Role.CALIBRATE)
    )
    fingerprint = config.fingerprint(f"{data.fingerprint} {split_of(data.dataset)}")
    grounds = Grounds(train=train_terrains, watch=select_terrains or validate_terrains, stops=bool(select_terrains))
    fitted = fit(config, grounds, folder=out, fingerprint=fingerprint, report=report)
    classifier = frozen(fitted.classifier)
    knowing = fit_sense(classifier, train_terrains)
    assessor = fit_assessor(knowing, calibrate_terrains)
    calibrate = _score(config, classifier, calibrate_terrains, report, "calibrate", assessor)
    validate = _score(config, classifier, validate_terrains, report, "validate", assessor)
    manifest = _manifest(config, data, assessor, calibrate)
    evaluation = evaluate(
        [Judged(scored=one, calibration=manifest.calibration, thresholds=manifest.thresholds) for one in validate]
    )
    measured = _measure(config, data, evaluation)
    bundle = out / config.name
    papers = {
        CARD: write_card(manifest, measured, _known(config, data), _findings(manifest, evaluation)),
        DATASHEET: write_datasheet(data.dataset, data.grounds, data.fingerprint),
    }
    write_bundle(bundle, knowing, config.backbone, manifest, papers)
    _write_metrics(out / METRICS, config, manifest, evaluation, fitted)
    return bundle


def _read(config: TrainingConfig) -> _Data:
    """The data set, with its split checked in pixels of its orthomosaics."""
    dataset = read_dataset(config.data)
    grounds = read_grounds(dataset, model_gsd_m=config.gsd_m)
    check_split(dataset, gap_px=math.ceil(config.sampling.chip_px / min(ground.scale for ground in grounds)))
    check_leakage(grounds, gap_m=config.sampling.chip_px * config.gsd_m)
    return _Data(dataset=dataset, grounds=grounds, fingerprint=data_fingerprint(dataset))


def _open(config: TrainingConfig, grounds: Sequence[LabelledGround]) -> tuple[Terrain, ...]:
    """Grounds open for cutting."""
    return open_terrains(grounds, fill_rgb=FILL_RGB, cache_gb=config.sampling.cache_gb)


def _score(
    config: TrainingConfig,
    classifier: CellClassifier,
    terrains: Sequence[Terrain],
    report: Report,
    stage: str,
    assessor: Assessor,
) -> tuple[ScoredGround, ...]:
    """Every cell of every ground scored by the network as it will be shipped."""
    scored: list[ScoredGround] = []
    for number, terrain in enumerate(terrains, start=1):
        scored.append(score_ground(classifier, terrain, config.cells, halo_px=assessor.halo_px, assess=assessor))
        report(Progress(stage=stage, done=number, total=len(terrains), unit="grounds"))
    return tuple(scored)


def _manifest(config: TrainingConfig, data: _Data, assessor: Assessor, calibrate: Sequence[ScoredGround]) -> Manifest:
    """What the bundle says of itself, all but its files."""
    calibration = fit_calibration(calibrate)
    sources = sorted(
        {f"{source.field} ({source.role.value})" for source in data.dataset.source if source.role is not Role.TEST}
    )
    return Manifest(
        version=MANIFEST_VERSION,
        name=config.name,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        classes=("+".join(data.dataset.target),),
        gsd_m=config.gsd_m,
        stride_px=config.backbone.stride_px,
        halo_px=assessor.halo_px,
        mean_rgb=MEAN_RGB,
        std_rgb=STD_RGB,
        backbone=config.backbone.label,
        calibration=calibration,
        thresholds=set_thresholds(calibrate, calibration, config.thresholds),
        data=TrainingData(
            name=data.dataset.name,
            fingerprint=data.fingerprint,
            licence=data.dataset.licence,
            sources=tuple(sources),
        ),
        limits=limits_of(stand_in=config.stand_in, notes=config.notes),
        cell_rule=config.cells,
        quality=assessor.quality,
        familiarity=assessor.familiarity,
    )


def _measure(config: TrainingConfig, data: _Data, evaluation: Evaluation) -> Measured:
    """The numbers of the card."""
    shown = data.of_role(Role.TRAIN)
    return Measured(
        cells=evaluation.cells,
        plots=evaluation.plots,
        train_labels=sum(len(ground.targets) for ground in shown),
        train_area_m2=sum(ground.size.pixels for ground in shown) * config.gsd_m**2,
        chips_seen=config.steps * config.sampling.batch,
    )


def _known(config: TrainingConfig, data: _Data) -> Known:
    """The ground that the network was shown."""
    scale_from, scale_to = config.augment.scale
    return known_of(data.dataset, scale_from=scale_from, scale_to=scale_to)


def _findings(manifest: Manifest, evaluation: Evaluation) -> Findings:
    """What the card says beside the plain numbers."""
    return Findings(
        sizes=evaluation.sizes,
        false_by_class=evaluation.mistakes.false_by_class,
        calibration_error=evaluation.reliability.error,
        doubt=doubts_of(manifest, evaluation.plots),
    )


def _write_metrics(
    path: Path, config: TrainingConfig, manifest: Manifest, evaluation: Evaluation, fitted: Fitted
) -> None:
    """Every number of a run as JSON."""
    content: dict[str, Any] = {
        "name": config.name,
        "created_at": manifest.created_at,
        "config": asdict(config) | {"data": config.data.name},
        "data": asdict(manifest.data),
        **numbers_of(evaluation),
        "calibration": asdict(manifest.calibration),
        "thresholds": asdict(manifest.thresholds),
        "steps": fitted.progressed.step,
        "best_step": fitted.progressed.best_step,
        "training_seconds": round(fitted.progressed.seconds, 1),
        "training_megapixels_per_second": round(fitted.pixels_per_second / 1e6, 3),
    }
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
