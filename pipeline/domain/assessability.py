"""Knowing when not to know: why a cell cannot be asked about, and how a whole flight differs from what a model knows.

Ground that is not assessable counts as uncovered. Every such cell has exactly one reason, the first that applies in the
order of ``Reason``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pipeline.domain.model import Manifest


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


POOR: Final = (Reason.EXPOSURE, Reason.SHADOW, Reason.GLARE, Reason.BLUR)
"""What another flight on a better day would mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which a flight is unlike the ground a threshold was set on, with its name in both languages.

    ``here`` and ``known`` are numbers with units, such as ``3.1 cm`` and ``1.5-2.5 cm``.
    """

    what: str
    what_zh: str
    here: str
    known: str


def how_flight_differs(shares: Mapping[Reason, float], model: Manifest) -> tuple[Difference, ...]:
    """How the ground of a flight is unlike that which ``model`` was calibrated on; () where it is not.

    ``shares`` has the share of the flown ground that is not assessable for each reason, in [0, 1].
    """
    differences = []
    known, unfamiliar = model.familiarity, shares.get(Reason.UNFAMILIAR, 0.0)
    if known is not None and unfamiliar > known.most_unfamiliar_share:
        differences.append(
            Difference(
                what="ground like nothing the model was trained on",
                what_zh="与训练数据差异过大的地面",
                here=f"{unfamiliar:.1%}",
                known=f"at most {known.most_unfamiliar_share:.0%}",
            )
        )
    limits = model.quality
    poor = sum(shares.get(reason, 0.0) for reason in POOR)
    if limits is not None and poor > limits.most_poor_share:
        differences.append(
            Difference(
                what="ground blurred, in shadow, in glare or wrongly exposed",
                what_zh="模糊、阴影、反光或曝光不当的地面",
                here=f"{poor:.1%}",
                known=f"at most {limits.most_poor_share:.0%}",
            )
        )
    return tuple(differences)
