"""The batches of a training, each cut by another thread while the one before is learnt from.

Batch ``s`` is a pure function of the seed, ``s`` and the hard cells known by then.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from pipeline.learning.augment import Augmenter
from pipeline.learning.chips import Chip, ChipSampler, Terrain
from pipeline.learning.learner import Batch, batch_of
from pipeline.learning.network import FILL_RGB, CellClassifier
from pipeline.learning.pasting import cuttings_of, paste
from pipeline.learning.plan import TrainingConfig

AHEAD = 2


class Feed:
    """Cuts, changes and judges the chips of each step."""

    def __init__(self, config: TrainingConfig, terrains: Sequence[Terrain], classifier: CellClassifier) -> None:
        self._config = config
        self._classifier = classifier
        self._sampler = ChipSampler(terrains, config.sampling, seed=config.seed)
        self._augmenter = Augmenter(config.augment, chip_px=config.sampling.chip_px, fill_rgb=FILL_RGB)
        pasted = config.sampling.paste_share > 0
        self._cuttings = cuttings_of(terrains, chip_px=config.sampling.chip_px) if pasted else ()

    def batches(self, first: int, end: int, hard: npt.NDArray[np.float64]) -> Iterator[tuple[int, Batch]]:
        """The batches of the steps from ``first`` up to ``end``; ``hard`` as ``mining`` found it."""
        self._sampler.hard = hard
        with ThreadPoolExecutor(max_workers=1) as pool:
            upcoming = [pool.submit(self._cut, step) for step in range(first, min(first + AHEAD, end))]
            for step in range(first, end):
                batch = upcoming.pop(0).result()
                if step + AHEAD < end:
                    upcoming.append(pool.submit(self._cut, step + AHEAD))
                yield step, batch

    def _cut(self, step: int) -> Batch:
        """The batch of one step."""
        config = self._config
        chips = self._sampler.batch(step, margin=config.augment.margin)
        if self._cuttings:
            rng = np.random.default_rng([config.seed, step, 1])
            chips = [self._perhaps_pasted(chip, rng) for chip in chips]
        chips = self._augmenter.batch(chips, seed=config.seed * 1_000_003 + step)
        return batch_of(chips, self._classifier, config.cells)

    def _perhaps_pasted(self, chip: Chip, rng: np.random.Generator) -> Chip:
        """A chip without target, with some probability, with targets from elsewhere."""
        if chip.target_hw.any() or rng.random() >= self._config.sampling.paste_share:
            return chip
        return paste(chip, self._cuttings, rng)
