"""Models of a bureau: which one scans, which ones would like to, and which ones did."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ModelState(StrEnum):
    """Where a model stands."""

    CHALLENGER = "challenger"
    """Trained and measured; it scans nothing."""
    CHAMPION = "champion"
    """It scans whatever is handed in from now on."""
    RETIRED = "retired"
    """It was champion."""


ALLOWED: Final[dict[ModelState, frozenset[ModelState]]] = {
    ModelState.CHALLENGER: frozenset({ModelState.CHAMPION, ModelState.RETIRED}),
    ModelState.CHAMPION: frozenset({ModelState.RETIRED}),
    ModelState.RETIRED: frozenset({ModelState.CHAMPION}),
}
"""The life of a model. Each step follows from a manager's signature."""


class Outcome(StrEnum):
    """What came of comparing a challenger with the champion on ground that neither was trained on."""

    BETTER = "better"
    """It finds more plots, surely enough, and does not ask many more questions."""
    NOT_SHOWN = "not_shown"
    """It is not shown to be better: the champion is kept."""
    WORSE = "worse"
    """It finds fewer plots."""
    FOUNDING = "founding"
    """The model that was there before any other: compared with none."""


OFFERED: Final = frozenset({Outcome.BETTER, Outcome.FOUNDING})
"""Any other is promoted only with a reason for doing so all the same."""


class Step(StrEnum):
    """How a model becomes champion."""

    FOUNDING = "founding"
    """The model of the settings is entered, so that one can roll back to it."""
    PROMOTION = "promotion"
    ROLL_BACK = "roll_back"
    """The champion before the present one takes its place again."""


SURELY: Final = 0.05
"""So rarely would two equally good models differ so much by chance, where one is called better."""
MOST_MORE_QUESTIONS: Final = 1.5
"""A challenger that asks so many times the champion's questions for each plot it finds is not better: people answer
them."""

MOST_MORE_GROUND: Final = 3.0
"""A challenger whose flags cover so many times the ground without a target is not better: it points at nothing. One
flag over all of a flight finds every plot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was counted of two models on the same ground.

    ``gained`` plots only the challenger found, ``lost`` ones only the champion; ``chance`` is how probable a difference
    at least as large is between equals. ``more_questions`` is how many times as many flags the challenger raises for
    each plot found, ``more_ground`` how many times as much ground without a target they cover. ``surely_fewer_false``
    says that it raises fewer false flags, with 95 % confidence.
    """

    gained: int
    lost: int
    chance: float
    more_questions: float
    more_ground: float = 1.0
    surely_fewer_false: bool = False


def outcome_of(measured: Measured) -> Outcome:
    """What a comparison comes to. Whoever finds fewer plots is worse, by however little."""
    if measured.lost > measured.gained:
        return Outcome.WORSE
    if measured.more_questions > MOST_MORE_QUESTIONS or measured.more_ground > MOST_MORE_GROUND:
        return Outcome.NOT_SHOWN
    surely_more = measured.gained > measured.lost and measured.chance <= SURELY
    return Outcome.BETTER if surely_more or measured.surely_fewer_false else Outcome.NOT_SHOWN
