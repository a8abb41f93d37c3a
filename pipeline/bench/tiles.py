"""What the contestants that score small tiles share: the network in eager torch, and the raster its scores fill.

Axes: n = tile, h = row, w = column, b = band, y = cell row, x = cell column.
"""

from pathlib import Path
from typing import Final

import numpy as np
import torch

from pipeline.bench.scores import write_raster
from pipeline.learning.export import load_network

TILE_PX: Final = 224
"""What image classifiers take by habit."""
BATCH: Final = 16


class TileScores:
    """Scores of tiles, the highest where tiles overlap, as a raster of one byte a cell."""

    def __init__(self, model: Path, *, width_px: int, height_px: int) -> None:
        self._network, manifest = load_network(model)
        self._cell_px = manifest.stride_px
        rows, columns = -(-height_px // self._cell_px), -(-width_px // self._cell_px)
        self.scores_yx = np.zeros((rows, columns), np.uint8)

    def add(self, pixels_nhwb: torch.Tensor, corners: list[tuple[int, int]]) -> None:
        """Score tiles uint8 [n, h, w, 3] whose upper left pixels lie at ``corners`` (row, column)."""
        with torch.inference_mode():
            scores_nyx = (torch.sigmoid(self._network(pixels_nhwb)[:, 0]) * 254).round().byte().numpy()
        for scores_yx, (row_px, column_px) in zip(scores_nyx, corners, strict=True):
            row, column = row_px // self._cell_px, column_px // self._cell_px
            here = self.scores_yx[row : row + len(scores_yx), column : column + scores_yx.shape[1]]
            np.maximum(here, scores_yx[: here.shape[0], : here.shape[1]], out=here)

    def write(self, folder: Path, mosaic: Path) -> None:
        """Write the raster, on the ground of ``mosaic``."""
        write_raster(folder / "scores.tif", self.scores_yx, mosaic, cell_px=self._cell_px)
