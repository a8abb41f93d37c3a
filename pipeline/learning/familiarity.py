"""Familiarity: how unlike its training ground a cell looks, and from where on the model does not know.

The distance is that of Mahalanobis (1936) in the early features of the network (stages 1 and 2, at 4 and 8 px) and the
mean and spread of the cell's colours, then averaged over the cell and its neighbours. Late features will not do: they
were taught to keep nothing but what tells target from clear, and so snow looks like soil to them (DECISIONS.md has the
comparison). The training ground counts in dimmer and in brighter light, since training varied it as much.

Axes: n = window, h = row, w = column, b = band, d = feature, y = cell row, x = cell column.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.domain.limits import Familiarity
from pipeline.errors import InvalidInputError
from pipeline.imagery import neighbours
from pipeline.learning.chips import Chip, Terrain
from pipeline.learning.network import CellClassifier, halo_px

PREFIX: Final = "familiarity."
SENSE: Final = frozenset(f"{PREFIX}{name}" for name in ("centre_d", "spread_d", "whiten.weight"))
"""What a weights file holds of it."""
TAPS_PX: Final = (4, 8)
"""Strides of the feature maps that are looked at."""
EVERY_PX: Final = 4
"""Colours are taken from every 4th pixel of every 4th row: all of them cost a third of the scan's speed."""
LIGHTS: Final = (1.0, 0.75, 1.3)
"""Gains at which the training ground counts as seen."""
LEAST_VARIANCE: Final = 1e-3
"""Added to the variance along each axis of features scaled to 1: no direction may make a cell infinitely far."""
LEAST_SPREAD: Final = 0.05
"""Of the mean spread: a feature that never stirred on the training ground must not drown the others when it does."""
QUANTILE: Final = 0.995
"""Of good held-out ground, this share is to stay familiar."""
LEAST_UNFAMILIAR_FLIGHT: Final = 0.10
TIMES_CALIBRATION: Final = 5
"""A flight is unlike the calibration's where this many times as much is unfamiliar, and at least the share above."""
WINDOW_CELLS: Final = 32
MOST_WINDOWS: Final = 32
"""Of all training ground, but at least one of each: 32,000 cells in three lights place some 200 features well."""
LEAST_CELLS: Final = 30
"""Fewer place no limit. A bundle says of how many cells its limit is the quantile."""

Features = npt.NDArray[np.floating]


class KnowingClassifier(nn.Module):
    """A classifier that also says how unfamiliar a cell looks: this is what a bundle's graph holds.

    uint8 pixels [n, h, w, 3] in; logits and distance out, float32 [n, 1, y, x] both. Distance is 1 for a typical cell.
    ``centre_d`` and ``spread_d`` scale features before ``whiten``, a 1 x 1 convolution, turns them into independent
    directions: in that order a 16-bit engine loses little. All three are fitted by ``fit_sense``.
    """

    centre_d: Tensor
    spread_d: Tensor

    def __init__(self, classifier: CellClassifier) -> None:
        super().__init__()
        self.classifier = classifier
        self.cell_px = classifier.cell_px
        self.stages = _stages(classifier.features)
        width = self._width()
        self.register_buffer("centre_d", torch.zeros(width))
        self.register_buffer("spread_d", torch.ones(width))
        self.whiten = nn.Conv2d(width, width, kernel_size=1, bias=False)
        self.whiten.requires_grad_(False)  # noqa: FBT003 - torch takes it by place
        around_px = neighbours.halo_px(self.cell_px)
        self.halo_px = max(halo_px(classifier), halo_px(_Reach(self)) + around_px - self.cell_px)
        """How much ground around a window its logits and pooled distances need, in whole cells."""

    def forward(self, pixels_nhwb: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and distance of pixels."""
        whole = self.classifier
        normal_nbhw = ((pixels_nhwb.to(torch.float32) - whole.mean_b) / whole.std_b).permute(0, 3, 1, 2)
        features_ndyx, last_ndyx = self._look(normal_nbhw)
        logits: Tensor = whole.head(whole.tail(last_ndyx))
        return logits.float(), self._distance(features_ndyx)

    def score(self, normal_nbhw: Tensor) -> Tensor:
        """The distance of normalised pixels."""
        return self._distance(self._look(normal_nbhw, parts=self.stages.looked_at)[0])

    def features(self, pixels_nhwb: Tensor) -> Tensor:
        """What distance is measured in, float32 [n, d, y, x]."""
        whole = self.classifier
        normal_nbhw = ((pixels_nhwb.to(torch.float32) - whole.mean_b) / whole.std_b).permute(0, 3, 1, 2)
        return self._look(normal_nbhw, parts=self.stages.looked_at)[0]

    def sense(self) -> dict[str, Tensor]:
        """What distance is measured with, by the names it is stored under."""
        return {f"{PREFIX}{name}": tensor for name, tensor in self.state_dict().items() if f"{PREFIX}{name}" in SENSE}

    def take_sense(self, sense: Mapping[str, Tensor]) -> None:
        """Measure distance with what ``sense`` gave.

        Raises:
            RuntimeError: A tensor is missing or of another shape.
        """
        if sense.keys() != SENSE:
            raise RuntimeError(f"a network that knows its ground has {sorted(SENSE)}, not {sorted(sense)}")
        for name, tensor in sense.items():
            self.state_dict()[name.removeprefix(PREFIX)].copy_(tensor)

    def _look(self, normal_nbhw: Tensor, *, parts: int | None = None) -> tuple[Tensor, Tensor]:
        """The features of cells, and the feature map of the first ``parts`` parts of the backbone, or of all."""
        shift_px = self.classifier.shift_px
        map_ndhw = normal_nbhw
        if shift_px:
            kept = normal_nbhw[:, :, shift_px:, shift_px:]
            map_ndhw = functional.pad(kept, (0, shift_px, 0, shift_px))
        sparse_nbhw = normal_nbhw[:, :, ::EVERY_PX, ::EVERY_PX]
        mean_nbyx = functional.avg_pool2d(sparse_nbhw, self.cell_px // EVERY_PX)
        square_nbyx = functional.avg_pool2d(sparse_nbhw * sparse_nbhw, self.cell_px // EVERY_PX)
        seen = [mean_nbyx, (square_nbyx - mean_nbyx * mean_nbyx).clamp_min(0).sqrt()]
        for stage, stride_px in islice(self.stages, parts):
            map_ndhw = stage(map_ndhw)
            if stride_px:
                seen.append(functional.avg_pool2d(map_ndhw, self.cell_px // stride_px))
        return torch.cat(seen, dim=1), map_ndhw

    def _distance(self, features_ndyx: Tensor) -> Tensor:
        """Root mean square of the whitened features of each cell."""
        scaled_ndyx = (features_ndyx - self.centre_d[:, None, None]) / self.spread_d[:, None, None]
        white_ndyx: Tensor = self.whiten(scaled_ndyx)
        return (white_ndyx * white_ndyx).mean(dim=1, keepdim=True).sqrt()

    def _width(self) -> int:
        """How many features a cell has."""
        side = 2 * self.cell_px
        with torch.no_grad():
            return int(self.features(torch.zeros(1, side, side, 3, dtype=torch.uint8)).shape[1])


class _Reach(CellClassifier):
    """A classifier whose score is the distance, so that how far distance sees is measured as for logits."""

    def __init__(self, knowing: KnowingClassifier) -> None:
        nn.Module.__init__(self)
        self.cell_px, self.knowing = knowing.cell_px, knowing
        self.train(knowing.training)

    def score(self, normal_nbhw: Tensor) -> Tensor:
        """Distances."""
        return self.knowing.score(normal_nbhw)


class _Stages(nn.Module):
    """Parts of a backbone in order, each with the stride of its output where that is looked at, else 0."""

    def __init__(self, parts: Sequence[nn.Module], strides_px: Sequence[int]) -> None:
        super().__init__()
        self.parts, self.strides_px = nn.ModuleList(parts), tuple(strides_px)
        self.looked_at = max(number for number, stride in enumerate(strides_px, start=1) if stride)

    def __iter__(self) -> Iterator[tuple[nn.Module, int]]:
        """Each part with its stride."""
        return iter(zip(self.parts, self.strides_px, strict=True))


def _stages(features: nn.Module) -> _Stages:
    """``features`` cut after its last parts at 4 and 8 px; a backbone of one piece is looked at where it ends."""
    children = list(features.children()) if isinstance(features, nn.Sequential) else [features]
    strides, map_nbhw = [], torch.zeros(1, 3, 128, 128)
    was_training = features.training
    features.eval()
    with torch.no_grad():
        for child in children:
            map_nbhw = child(map_nbhw)
            strides.append(128 // map_nbhw.shape[2])
    features.train(was_training)
    last_of = {stride: number for number, stride in enumerate(strides)}
    taps = {last_of[stride] for stride in TAPS_PX if stride in last_of} or {len(children) - 1}
    return _Stages(children, [stride if number in taps else 0 for number, stride in enumerate(strides)])


def fit_sense(classifier: CellClassifier, train: Sequence[Terrain]) -> KnowingClassifier:
    """A knowing classifier around a ``frozen`` one, fitted on the looks of the ``train`` ground.

    Raises:
        InvalidInputError: There are too few cells of imagery.
    """
    knowing = KnowingClassifier(classifier).eval()
    most = math.ceil(MOST_WINDOWS / max(len(train), 1))
    chips = [(chip, terrain) for terrain in train for chip in _windows(knowing, terrain, most=most)]
    seen = _joined([_cells(knowing, chip, terrain.fill_rgb, gain) for chip, terrain in chips for gain in LIGHTS])
    centre_d, spread_d = seen.mean(axis=0), seen.std(axis=0)
    spread_d = np.maximum(spread_d, LEAST_SPREAD * spread_d.mean())
    variance_d, axes_dd = np.linalg.eigh(np.cov(((seen - centre_d) / spread_d).T))
    matrix_dd = (axes_dd / np.sqrt(np.maximum(variance_d, 0) + LEAST_VARIANCE)).T
    with torch.no_grad():
        knowing.centre_d.copy_(torch.from_numpy(centre_d))
        knowing.spread_d.copy_(torch.from_numpy(spread_d))
        # rounded as weights are stored, so that torch, the file and the graph hold the same numbers
        knowing.whiten.weight.copy_(torch.from_numpy(matrix_dd).half()[:, :, None, None])
    return knowing


def fit_familiarity(knowing: KnowingClassifier, calibrate: Sequence[Terrain]) -> Familiarity:
    """The limit that leaves ``QUANTILE`` of the held-out ``calibrate`` ground familiar.

    Raises:
        InvalidInputError: There are too few cells of imagery.
    """
    distances = _joined([_whole(knowing, chip) for terrain in calibrate for chip in _windows(knowing, terrain)])
    limit = round(float(np.quantile(distances, QUANTILE)), 4)
    given_up = float((distances > limit).mean())
    return Familiarity(
        limit=limit,
        quantile=QUANTILE,
        most_unfamiliar_share=round(min(1.0, max(LEAST_UNFAMILIAR_FLIGHT, TIMES_CALIBRATION * given_up)), 4),
        n_cells=len(distances),
        given_up_share=round(given_up, 6),
    )


def distances_of(knowing: KnowingClassifier, chip: Chip) -> npt.NDArray[np.float64]:
    """The pooled distance of each cell of a chip of whole cells, in full precision, float64 [y, x]."""
    with torch.inference_mode():
        device = knowing.whiten.weight.device
        _, distance = knowing(torch.from_numpy(np.ascontiguousarray(chip.pixels_hwb))[None].to(device))
    whole_yx = neighbours.whole_cells(chip.valid_hw, knowing.cell_px)
    return neighbours.pooled_distance(distance[0, 0].cpu().numpy(), whole_yx, knowing.cell_px)


def _joined(parts: Sequence[Features]) -> Features:
    """All cells of all parts, if they are enough."""
    cells = sum(len(part) for part in parts)
    if cells < LEAST_CELLS:
        raise InvalidInputError(f"familiarity needs {LEAST_CELLS} cells that are wholly imagery, there are {cells}")
    return np.concatenate(parts)


def _whole(knowing: KnowingClassifier, chip: Chip) -> Features:
    """The distances of the cells inside the halo of a chip that are wholly imagery; [cells]."""
    margin = knowing.halo_px // knowing.cell_px
    whole_yx = neighbours.whole_cells(chip.counted_hw, knowing.cell_px)[margin:-margin, margin:-margin]
    return np.asarray(distances_of(knowing, chip)[margin:-margin, margin:-margin][whole_yx])


def _cells(knowing: KnowingClassifier, chip: Chip, fill_rgb: tuple[int, int, int], gain: float) -> Features:
    """The features of every whole cell of imagery of a chip seen in ``gain`` times the light; [cells, d]."""
    pixels_hwb = np.clip(np.rint(chip.pixels_hwb * np.float32(gain)), 0, 255).astype(np.uint8)
    pixels_hwb[~chip.valid_hw] = fill_rgb
    with torch.inference_mode():
        features_dyx = knowing.features(torch.from_numpy(pixels_hwb)[None])[0].double().numpy()
    inner_yx = neighbours.inner_cells(neighbours.whole_cells(chip.valid_hw, knowing.cell_px))
    inner_yx &= neighbours.whole_cells(chip.counted_hw, knowing.cell_px)
    return np.asarray(features_dyx[:, inner_yx].T)


def _windows(knowing: KnowingClassifier, terrain: Terrain, *, most: int | None = None) -> Iterator[Chip]:
    """Windows with their halo that cover a ground, or the ``most`` of them evenly spread."""
    cell_px, halo = knowing.cell_px, knowing.halo_px
    side, size = WINDOW_CELLS * cell_px, terrain.ground.size
    corners = [(row, column) for row in range(0, size.height_px, side) for column in range(0, size.width_px, side)]
    for row, column in corners[:: math.ceil(len(corners) / (most or len(corners)))]:
        height = min(side, math.ceil((size.height_px - row) / cell_px) * cell_px)
        width = min(side, math.ceil((size.width_px - column) / cell_px) * cell_px)
        yield terrain.cut(
            column_px=column - halo, row_px=row - halo, width_px=width + 2 * halo, height_px=height + 2 * halo
        )
