"""The training loop.

Step ``s`` depends on nothing but the weights before it, the seed and ``s``: a training that is killed and resumed ends
where an uninterrupted one does.
"""

import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from pipeline.domain.progress import Progress, Report
from pipeline.learning.averaging import RunningMean
from pipeline.learning.checkpoint import CurvePoint, Progressed, Standing, load_checkpoint, save_checkpoint
from pipeline.learning.chips import Terrain
from pipeline.learning.evaluate import measure_cells, score_ground
from pipeline.learning.feed import Feed
from pipeline.learning.initial import start_from
from pipeline.learning.journal import Journal
from pipeline.learning.learner import Batch, Learner
from pipeline.learning.mining import Search
from pipeline.learning.network import CellClassifier, build, halo_px
from pipeline.learning.optimisation import Optimisation
from pipeline.learning.plan import TrainingConfig
from pipeline.learning.precision import bf16_pays


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained network, in eval mode on the processor, and how it got there."""

    classifier: CellClassifier
    progressed: Progressed
    pixels_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a training sees: ``train`` teaches; ``watch`` is looked at for the curve, and ends it if ``stops``."""

    train: Sequence[Terrain]
    watch: Sequence[Terrain]
    stops: bool


def fit(config: TrainingConfig, grounds: Grounds, *, folder: Path, fingerprint: str, report: Report) -> Fitted:
    """Train to ``config.steps``, going on from the checkpoint in ``folder`` if there is one.

    Raises:
        InvalidInputError: ``folder`` holds another training, or the given first weights do not fit.
        NotFoundError: The given first weights are not there.
    """
    loop = _Loop(config, grounds, folder=folder, fingerprint=fingerprint)
    with Journal(folder, step=loop.standing.progressed.step) as journal:
        while not loop.done():
            loop.mine()
            for step, batch in loop.round():
                loop.learn(step, batch)
                if loop.at_checkpoint(step):
                    loop.note()
                    save_checkpoint(folder, loop.standing)
                    journal.write(loop.standing.progressed.curve)
                report(Progress(stage="train", done=step + 1, total=config.steps))
                if loop.done():
                    break
    return loop.fitted()


class _Loop:
    """A training between two steps."""

    def __init__(self, config: TrainingConfig, grounds: Grounds, *, folder: Path, fingerprint: str) -> None:
        torch.manual_seed(config.seed)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        classifier = build(config.backbone)
        self._halo_px = halo_px(classifier)
        start_from(classifier, config.backbone)
        learner = Learner(classifier, config.optimisation).to(device).to(memory_format=torch.channels_last)
        self._config, self._grounds, self._device = config, grounds, device
        self._learner = learner.train()
        self._mean = RunningMean(classifier, decay=config.optimisation.mean_decay)
        self._feed = Feed(config, grounds.train, classifier)
        half = bf16_pays(config.optimisation.precision, device)
        self.standing = Standing(
            learner=learner,
            mean=self._mean.network,
            optimiser=_optimiser(learner, config.optimisation),
            progressed=Progressed(step=0, fingerprint=fingerprint, seconds=0.0, curve=(), half=half),
        )
        load_checkpoint(folder, self.standing)
        self._losses: list[float] = []
        self._since = time.perf_counter()

    def done(self) -> bool:
        """Whether there is nothing more to learn."""
        progressed = self.standing.progressed
        return progressed.stopped or progressed.step >= self._config.steps

    def mine(self) -> None:
        """At the start of a round, look where the running mean of the network is fooled."""
        step, told = self.standing.progressed.step, self._config.sampling
        if not told.mine_every or not told.hard_share or step == 0 or step % told.mine_every:
            return
        search = Search(
            terrains=self._grounds.train,
            rule=self._config.cells,
            halo_px=self._halo_px,
            most_px=told.mine_mpix * 1e6,
            half=self.standing.progressed.half,
        )
        self.standing.hard = search.hard_cells(self._mean_classifier(), seed=(self._config.seed, step))

    def round(self) -> Iterator[tuple[int, Batch]]:
        """The batches up to the next search, or to the end."""
        step, every = self.standing.progressed.step, self._config.sampling.mine_every
        end = self._config.steps if not every else min(self._config.steps, (step // every + 1) * every)
        return self._feed.batches(step, end, self.standing.hard)

    def learn(self, step: int, batch: Batch) -> None:
        """Learn from one batch."""
        rate = learning_rate(step, self._config.steps, self._config.optimisation)
        optimiser = self.standing.optimiser
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self.standing.progressed.half):
            loss = self._learner(batch.to(self._device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        self._mean.follow(self._learner.classifier, step)
        self._losses.append(loss.item())
        self.standing.progressed = replace(self.standing.progressed, step=step + 1)

    def at_checkpoint(self, step: int) -> bool:
        """Whether the training is written down after this step."""
        done, told = step + 1, self._config
        mined = told.sampling.mine_every and done % told.sampling.mine_every == 0
        return bool(done == told.steps or done % told.checkpoint_every == 0 or mined)

    def note(self) -> None:
        """Add a point to the curve, remember the best look, and stop where looks have not become better for long."""
        told, before, now = self._config, self.standing.progressed, time.perf_counter()
        looked = before.step == told.steps or (told.look_every and before.step % told.look_every == 0)
        point = CurvePoint(
            step=before.step,
            loss=round(float(np.mean(self._losses)), 6),
            rate=learning_rate(before.step - 1, told.steps, told.optimisation),
            validation_ap=self._look() if looked else None,
        )
        progressed = replace(before, seconds=before.seconds + now - self._since, curve=(*before.curve, point))
        if self._grounds.stops and point.validation_ap is not None:
            if point.validation_ap > before.best_ap():
                self.standing.best = copy.deepcopy(self._mean.network.state_dict())
                progressed = replace(progressed, best_step=before.step)
            since_best = before.step - (progressed.best_step or 0)
            progressed = replace(progressed, stopped=since_best >= told.patience_steps)
        self.standing.progressed = progressed
        self._losses, self._since = [], time.perf_counter()

    def _look(self) -> float:
        """Average precision of the running mean on the watched cells."""
        classifier = self._mean_classifier()
        scored = tuple(
            score_ground(classifier, terrain, self._config.cells, halo_px=self._halo_px)
            for terrain in self._grounds.watch
        )
        return round(measure_cells(scored).average_precision, 6)

    def _mean_classifier(self) -> CellClassifier:
        """The running mean of the network."""
        mean = self._mean.network
        if not isinstance(mean, CellClassifier):
            raise TypeError("the running mean is of the classifier")
        return mean

    def fitted(self) -> Fitted:
        """The running mean at the best look where early stopping watched, else at the end."""
        classifier, progressed = self._mean_classifier(), self.standing.progressed
        if self.standing.best:
            classifier.load_state_dict(self.standing.best)
        seen = progressed.step * self._config.sampling.batch * self._config.sampling.chip_px**2
        speed = seen / progressed.seconds if progressed.seconds else 0.0
        return Fitted(classifier=classifier.cpu().eval(), progressed=progressed, pixels_per_second=speed)


def learning_rate(step: int, steps: int, told: Optimisation) -> float:
    """The rate of step ``step`` of ``steps``: up in a line, down in a cosine (one cycle; Smith, 2018)."""
    warmup = max(1, round(steps * told.warmup_share))
    if step < warmup:
        return told.lr * (step + 1) / warmup
    return told.lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def _optimiser(learner: Learner, told: Optimisation) -> torch.optim.Optimizer:
    """AdamW; biases and batch norms do not decay."""
    decaying = [p for p in learner.parameters() if p.ndim > 1]
    fixed = [p for p in learner.parameters() if p.ndim <= 1]
    groups = [{"params": decaying, "weight_decay": told.weight_decay}, {"params": fixed, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=told.lr)
