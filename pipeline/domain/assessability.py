"""Knowing when not to know: why a cell cannot be asked about, and how a whole flight differs from what a model knows.

Ground that is not assessable counts as uncovered. Every such cell has exactly one reason, the first that applies in the
order of ``Reason``.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from pipeline.domain.model import Manifest

FINER_OR_COARSER: Final = 1.25
"""Training varies the scale by this much; a flight beyond it is not like what a claim was made on."""


class Reason(IntEnum):
    """Why a cell is not assessable, as a scan's ledger keeps it."""

    NONE = 0
    """It is assessable."""
    COARSE = 1
    """The whole mosaic is too coarse for the model."""
    SLIVER = 2
    """Too little of the cell is imagery."""
    NO_NUMBER = 3
    """The model gave no number."""
    EXPOSURE = 4
    """Under- or over-exposed: the cell and all around it are too dark, or the cell is too bright."""
    SHADOW = 5
    """Too dark beside ground that is not."""
    GLARE = 6
    """Too many pixels are saturated."""
    BLUR = 7
    """Fine detail is missing where coarser detail is there."""
    UNFAMILIAR = 8
    """It looks like nothing the model was trained on."""


def how_flight_differs(shares: Mapping[Reason, float], model: Manifest, *, gsd_m: float) -> tuple[str, ...]:
    """Why the recall claim of ``model`` does not hold for a flight, one sentence with its numbers each; () if it holds.

    ``shares`` has the share of the flown ground that is not assessable for each reason, in [0, 1].
    """
    reasons = []
    if gsd_m > model.gsd_m * FINER_OR_COARSER:
        finest, coarsest = model.gsd_m / FINER_OR_COARSER, model.gsd_m * FINER_OR_COARSER
        reasons.append(
            f"this flight differs (ground sampling distance {gsd_m * 100:.2f} cm, "
            f"the model knows {finest * 100:.2f}-{coarsest * 100:.2f} cm)"
        )
    known, unfamiliar = model.familiarity, shares.get(Reason.UNFAMILIAR, 0.0)
    if known is not None and unfamiliar > known.most_unfamiliar_share:
        reasons.append(
            f"this flight differs ({unfamiliar:.1%} of its ground looks like nothing the model was trained on; "
            f"{known.given_up_share:.1%} did of the ground it was calibrated on, {known.most_unfamiliar_share:.0%} is "
            "the most for which its claim holds)"
        )
    limits = model.quality
    poor = sum(shares.get(reason, 0.0) for reason in (Reason.EXPOSURE, Reason.SHADOW, Reason.GLARE, Reason.BLUR))
    if limits is not None and poor > limits.most_poor_share:
        reasons.append(
            f"this flight differs ({poor:.1%} of its ground is blurred, in shadow, in glare or wrongly exposed; "
            f"{limits.given_up_share:.1%} was of the ground the model was calibrated on, {limits.most_poor_share:.0%} "
            "is the most for which its claim holds)"
        )
    return tuple(reasons)
