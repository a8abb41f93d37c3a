"""The training loop.

Step ``s`` depends on nothing but the weights before it, the seed and ``s``: a training that is killed and resumed ends
where an uninterrupted one does.

Axes: n = chip, h = row, w = column, b = band, c = class, y = cell row, x = cell column.
"""

import csv
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.domain.progress import Progress, Report
from pipeline.learning.augment import Augmenter
from pipeline.learning.checkpoint import CurvePoint, Progressed, load_checkpoint, save_checkpoint
from pipeline.learning.chips import ChipSampler, Terrain, truth_of
from pipeline.learning.evaluate import measure_cells, score_ground
from pipeline.learning.network import FILL_RGB, CellClassifier, build, halo_px
from pipeline.learning.plan import Optimisation, TrainingConfig

CURVE = "curve.csv"

Batch: TypeAlias = tuple[Tensor, Tensor]
"""uint8 pixels [n, h, w, b] and float32 truth [n, 1, y, x]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained network, in eval mode on the processor, and how it got there."""

    classifier: CellClassifier
    progressed: Progressed
    pixels_per_second: float


def fit(
    config: TrainingConfig,
    train: Sequence[Terrain],
    validate: Sequence[Terrain],
    *,
    folder: Path,
    fingerprint: str,
    report: Report,
) -> Fitted:
    """Train to ``config.steps``, going on from the checkpoint in ``folder`` if there is one.

    Raises:
        InvalidInputError: ``folder`` holds another training.
    """
    torch.manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    classifier = build(config.backbone)
    halo = halo_px(classifier)
    classifier.to(device)
    optimiser = _optimiser(classifier, config.optimisation)
    fresh = Progressed(step=0, fingerprint=fingerprint, seconds=0.0, curve=())
    loop = _Loop(
        config,
        classifier,
        optimiser,
        load_checkpoint(folder, classifier, optimiser, fingerprint=fingerprint) or fresh,
    )
    for step, batch in _batches(config, train, loop.progressed.step):
        loop.step(batch)
        last = step + 1 == config.steps
        if last or (step + 1) % config.checkpoint_every == 0:
            looked = last or (config.look_every and (step + 1) % config.look_every == 0)
            loop.note(_look(config, classifier, validate, halo) if looked else None)
            save_checkpoint(folder, classifier, optimiser, loop.progressed)
            _write_curve(folder / CURVE, loop.progressed.curve)
        report(Progress(stage="train", done=step + 1, total=config.steps))
    seen = loop.progressed.step * config.sampling.batch * config.sampling.chip_px**2
    speed = seen / loop.progressed.seconds if loop.progressed.seconds else 0.0
    return Fitted(classifier=classifier.cpu().eval(), progressed=loop.progressed, pixels_per_second=speed)


class _Loop:
    """The state of a training between steps."""

    def __init__(
        self,
        config: TrainingConfig,
        classifier: CellClassifier,
        optimiser: torch.optim.Optimizer,
        progressed: Progressed,
    ) -> None:
        self.progressed = progressed
        self._config = config
        self._classifier = classifier.train()
        self._optimiser = optimiser
        self._half = _use_bf16(config.optimisation.precision, classifier)
        self._losses: list[float] = []
        self._step = progressed.step
        self._since = time.perf_counter()

    def step(self, batch: Batch) -> None:
        """Learn from one batch."""
        device = self._classifier.head.weight.device
        pixels_nhwb, truth_ncyx = (part.to(device) for part in batch)
        rate = learning_rate(self._step, self._config.steps, self._config.optimisation)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self._half):
            logits_ncyx = self._classifier(pixels_nhwb)
        loss = cell_loss(logits_ncyx, truth_ncyx, self._config.optimisation)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._losses.append(loss.item())
        self._step += 1

    def note(self, validation_ap: float | None) -> None:
        """Add a point to the curve, and count the time."""
        now = time.perf_counter()
        point = CurvePoint(
            step=self._step,
            loss=round(float(np.mean(self._losses)), 6),
            rate=learning_rate(self._step - 1, self._config.steps, self._config.optimisation),
            validation_ap=validation_ap,
        )
        self.progressed = Progressed(
            step=self._step,
            fingerprint=self.progressed.fingerprint,
            seconds=self.progressed.seconds + now - self._since,
            curve=(*self.progressed.curve, point),
        )
        self._losses, self._since = [], now


def learning_rate(step: int, steps: int, told: Optimisation) -> float:
    """The rate of step ``step`` of ``steps``: up in a line, down in a cosine (one cycle; Smith, 2018)."""
    warmup = max(1, round(steps * told.warmup_share))
    if step < warmup:
        return told.lr * (step + 1) / warmup
    return told.lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def cell_loss(logits_ncyx: Tensor, truth_ncyx: Tensor, told: Optimisation) -> Tensor:
    """Mean binary cross entropy over the cells that are not ignored."""
    counted = truth_ncyx >= 0
    logits, truth = logits_ncyx[counted], truth_ncyx[counted]
    each = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    if told.focal_gamma:
        each = each * (1 - torch.exp(-each)) ** told.focal_gamma
    weight = torch.where(truth > 0, told.positive_weight, 1.0)
    return (each * weight).sum() / weight.sum().clamp(min=1)


def _batches(config: TrainingConfig, terrains: Sequence[Terrain], first_step: int) -> Iterator[tuple[int, Batch]]:
    """The batches from ``first_step`` on, each cut by another thread while the one before is learnt from."""
    sampler = ChipSampler(terrains, config.sampling, seed=config.seed)
    augmenter = Augmenter(config.augment, chip_px=config.sampling.chip_px, fill_rgb=FILL_RGB)

    def cut(step: int) -> Batch:
        chips = augmenter.batch(sampler.batch(step, margin=config.augment.margin), seed=config.seed * 1_000_003 + step)
        pixels_nhwb = np.stack([chip.pixels_hwb for chip in chips])
        truth_nyx = np.stack([truth_of(chip, config.cells, cell_px=config.backbone.stride_px) for chip in chips])
        return torch.from_numpy(pixels_nhwb), torch.from_numpy(truth_nyx)[:, None]

    with ThreadPoolExecutor(max_workers=1) as ahead:
        upcoming = ahead.submit(cut, first_step)
        for step in range(first_step, config.steps):
            batch = upcoming.result()
            if step + 1 < config.steps:
                upcoming = ahead.submit(cut, step + 1)
            yield step, batch


def _look(config: TrainingConfig, classifier: CellClassifier, terrains: Sequence[Terrain], halo: int) -> float:
    """Average precision on the validation cells, for the learning curve."""
    scored = tuple(score_ground(classifier, terrain, config.cells, halo_px=halo) for terrain in terrains)
    return round(measure_cells(scored).average_precision, 6)


def _optimiser(classifier: CellClassifier, told: Optimisation) -> torch.optim.Optimizer:
    """AdamW; biases and batch norms do not decay."""
    decaying = [p for p in classifier.parameters() if p.ndim > 1]
    fixed = [p for p in classifier.parameters() if p.ndim <= 1]
    groups = [{"params": decaying, "weight_decay": told.weight_decay}, {"params": fixed, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=told.lr)


def _use_bf16(precision: str, classifier: CellClassifier) -> bool:
    """Whether to multiply in bf16: it halves time on AMX and CUDA, and costs time elsewhere (measured on AVX-512)."""
    if precision != "auto":
        return precision == "bf16"
    return classifier.head.weight.is_cuda or bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def _write_curve(path: Path, curve: Sequence[CurvePoint]) -> None:
    """The learning curve as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(CurvePoint)])
        writer.writeheader()
        writer.writerows(asdict(point) for point in curve)
