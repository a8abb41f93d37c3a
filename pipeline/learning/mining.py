"""Where the network is fooled: clear cells of the training ground that it takes for target.

Chips around them are shown more often from then on (hard-negative mining; Sung and Poggio, 1998), over whole mosaics
rather than over what chance has shown.

Axes: h = row, w = column, y = cell row, x = cell column.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from pipeline.domain.model import CellRule
from pipeline.learning.chips import Terrain, truth_of
from pipeline.learning.network import CellClassifier

WINDOW_PX: Final = 1024
KEPT: Final = 400
"""The hardest cells of one search."""
LEAST_LOGIT: Final = -3.0
"""Below a probability of 5 % a clear cell has nothing more to teach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is searched: at most ``most_px`` model pixels of windows, drawn by ``seed`` where there is more."""

    terrains: Sequence[Terrain]
    rule: CellRule
    halo_px: int
    most_px: float
    half: bool

    def hard_cells(self, classifier: CellClassifier, *, seed: Sequence[int]) -> npt.NDArray[np.float64]:
        """Terrain number, x and y of the centres of the clear cells with the highest logits; float64 [cells, 3]."""
        found = [self._cells(classifier, *window) for window in self._windows(np.random.default_rng(list(seed)))]
        cells = np.concatenate(found) if found else np.zeros((0, 4))
        hardest = np.argsort(-cells[:, 3], kind="stable")[:KEPT]
        return cells[hardest, :3]

    def _windows(self, rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
        """Terrain number, column and row of each window to search."""
        windows = [
            (number, column, row)
            for number, terrain in enumerate(self.terrains)
            for row in range(0, terrain.ground.size.height_px, WINDOW_PX)
            for column in range(0, terrain.ground.size.width_px, WINDOW_PX)
        ]
        most = max(1, int(self.most_px // WINDOW_PX**2))
        chosen = rng.permutation(len(windows))[:most] if len(windows) > most else np.arange(len(windows))
        yield from (windows[index] for index in np.sort(chosen))

    def _cells(self, classifier: CellClassifier, number: int, column: int, row: int) -> npt.NDArray[np.float64]:
        """Terrain number, x, y and logit of the clear cells of one window that look like target."""
        halo, cell_px = self.halo_px, classifier.cell_px
        side = WINDOW_PX + 2 * halo
        seen = self.terrains[number].cut(column_px=column - halo, row_px=row - halo, width_px=side, height_px=side)
        if not seen.counted_hw.any():
            return np.zeros((0, 4))
        pixels = torch.from_numpy(seen.pixels_hwb[None]).to(classifier.head.weight.device)
        with torch.inference_mode(), torch.autocast(pixels.device.type, dtype=torch.bfloat16, enabled=self.half):
            logits_yx = classifier(pixels)[0, 0].float().cpu().numpy()
        margin = halo // cell_px
        inner = slice(margin, -margin or None)
        truth_yx = truth_of(seen, self.rule, cell_px=cell_px)[inner, inner]
        rows, columns = np.nonzero((truth_yx == 0) & (logits_yx[inner, inner] > LEAST_LOGIT))
        x, y = column + (columns + 0.5) * cell_px, row + (rows + 0.5) * cell_px
        return np.stack([np.full(len(x), number), x, y, logits_yx[inner, inner][rows, columns]], axis=1)
