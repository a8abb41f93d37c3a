"""What may be claimed of a flight: a share of plots found with 95 % confidence, or why nothing is claimed.

A threshold is the k-th smallest score of n held-out plots, with k fixed before they were seen. The share of new plots
that score at least as high then follows Beta(n + 1 - k, k), whatever the scores are (Vovk, 2012: training-conditional
validity), so "at least R" holds with confidence P(Beta > R) = P(Binomial(n, R) <= n - k). That the threshold was chosen
on the very plots that are counted is thereby accounted for. Without a miss (k = 1) it takes 29, 59 and 299 plots for
90, 95 and 99 %. A claim holds only for ground like that of those plots.
"""

import math
from dataclasses import dataclass
from typing import Final

from pipeline.domain.assessability import Difference
from pipeline.domain.model import Manifest, Thresholds

CONFIDENCE: Final = 0.95
LIKE_FACTOR: Final = 1.25
"""Training jitters scale by as much: ground this much finer or coarser than the calibration's is still like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What may be said of the share of plots found on a flight.

    ``share`` is claimed when ``holds``. ``at_least`` is what the plots do support with the same confidence, whatever
    was aimed at; ``missing_plots`` how many plots there are too few for ``share`` even if none were missed.
    """

    share: float
    at_least: float
    n_plots: int
    n_found: int
    missing_plots: int
    differences: tuple[Difference, ...] = ()
    confidence: float = CONFIDENCE

    @property
    def holds(self) -> bool:
        """Whether the share may be claimed for this flight."""
        return not self.differences and self.n_plots > 0 and self.at_least >= self.share

    @property
    def sentence(self) -> str:
        """The claim, or why there is none; without a full stop."""
        if self.differences:
            said = "; ".join(f"{one.what} {one.here}, model knows {one.known}" for one in self.differences)
            return f"no claim: this flight differs ({said})"
        if self.holds:
            return (
                f"at least {percent(self.share)} of plots on ground like this are flagged, with "
                f"{percent(self.confidence)} confidence (n = {self.n_plots} held-out plots, {self.n_found} found)"
            )
        if self.missing_plots:
            return (
                f"no claim: {self.n_plots} held-out plots cannot prove {percent(self.share)}; it takes at least "
                f"{self.n_plots + self.missing_plots} without a miss, so {self.missing_plots} are missing"
            )
        return (
            f"no claim: {self.n_found} of {self.n_plots} held-out plots found does not prove {percent(self.share)} "
            f"with {percent(self.confidence)} confidence"
        )


def claim_for(thresholds: Thresholds, *, differences: tuple[Difference, ...] = ()) -> Claim:
    """What ``thresholds`` let one claim of a flight that is unlike their ground in ``differences``."""
    n, share = thresholds.n_plots, thresholds.recall_target
    rank = thresholds.rank if thresholds.rank is not None else n - thresholds.n_found + 1
    return Claim(
        share=share,
        at_least=proven_share(n - rank + 1, n),
        n_plots=n,
        n_found=thresholds.n_found,
        missing_plots=max(0, plots_for(share) - n),
        differences=differences,
    )


def differences_of_scale(gsd_m: float, model: Manifest) -> tuple[Difference, ...]:
    """How a flight of ``gsd_m`` metres a pixel is unlike the ground that a model's threshold was set on, if it is."""
    finest, coarsest = model.thresholds.gsd_range_m or (model.gsd_m, model.gsd_m)
    low, high = finest / LIKE_FACTOR, coarsest * LIKE_FACTOR
    if low * (1 - 1e-6) <= gsd_m <= high * (1 + 1e-6):
        return ()
    known = f"{low * 100:.2g}-{high * 100:.2g} cm"
    return (
        Difference(what="ground sampling distance", what_zh="地面分辨率", here=f"{gsd_m * 100:.2g} cm", known=known),
    )


def rank_for(n: int, share: float, *, confidence: float = CONFIDENCE) -> int | None:
    """The largest k whose threshold supports the claim of ``share`` on ``n`` plots; None where none does."""
    below, rank = 0.0, 0
    while rank < n:
        below += _exactly(rank, n, 1 - share)
        if below > 1 - confidence + 1e-12:
            break
        rank += 1
    return rank or None


def plots_for(share: float, *, confidence: float = CONFIDENCE) -> int:
    """The fewest plots that can prove ``share`` when none is missed."""
    return math.ceil(math.log(1 - confidence) / math.log(share) - 1e-9)


def proven_share(hits: int, n: int, *, confidence: float = CONFIDENCE) -> float:
    """The one-sided lower bound of a share of which ``hits`` of ``n`` were seen (Clopper and Pearson, 1934)."""
    if hits <= 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(50):  # each halves the doubt, which ends far below any digit that is shown
        middle = (low + high) / 2
        low, high = (middle, high) if _tail(hits, n, middle) <= 1 - confidence else (low, middle)
    return low


def percent(share: float) -> str:
    """A share as people say it."""
    return f"{share * 100:.4g} %"


def _tail(hits: int, n: int, share: float) -> float:
    """The probability of at least ``hits`` of ``n`` at a rate of ``share``."""
    return min(1.0, math.fsum(_exactly(k, n, share) for k in range(hits, n + 1)))


def _exactly(k: int, n: int, share: float) -> float:
    """The probability of ``k`` of ``n`` at a rate of ``share`` in (0, 1)."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))
