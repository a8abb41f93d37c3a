"""What a comparison comes to, and that it is said with its numbers: better, not shown, worse."""

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.domain.registry import Outcome
from pipeline.learning.paired import GroundPair
from pipeline.workflow.compare_models import conclude
from pipeline.workflow.shadow import Shadowed

pytestmark = pytest.mark.learning


def grounds(
    champion: Sequence[int],
    challenger: Sequence[int],
    *,
    false: tuple[int, int] = (0, 0),
    idle_m2: tuple[float, float] = (0.0, 0.0),
    whole: bool = True,
) -> list[GroundPair]:
    """Grounds of a hectare with ten plots, of which each model finds the first so many.

    ``false`` flags of both on each, and ``idle_m2`` that their flags cover without a target.
    """
    return [
        GroundPair(
            name=str(number),
            area_m2=10_000,
            whole=whole,
            champion_found=np.arange(10) < old,
            challenger_found=np.arange(10) < new,
            champion_false=false[0],
            challenger_false=false[1],
            champion_idle_m2=idle_m2[0],
            challenger_idle_m2=idle_m2[1],
        )
        for number, (old, new) in enumerate(zip(champion, challenger, strict=True))
    ]


def flown(champion: int, challenger: int, *, m2: tuple[float, float] = (50.0, 50.0)) -> Shadowed:
    return Shadowed(
        flight="f", name="東", champion_flags=champion, challenger_flags=challenger, stays=0, appears=challenger,
        vanishes=champion, vanishing_confirmed=0, vanishing_rejected=0, champion_m2=m2[0], challenger_m2=m2[1],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "outcome"),
    [
        pytest.param(grounds([5, 5], [8, 8]), Outcome.BETTER, id="six more, p = 0.031"),
        pytest.param(grounds([5, 5], [8, 7]), Outcome.NOT_SHOWN, id="five more, p = 0.0625"),
        pytest.param(grounds([5, 5], [5, 5]), Outcome.NOT_SHOWN, id="no more"),
        pytest.param(grounds([5, 5], [5, 4]), Outcome.WORSE, id="one fewer"),
        pytest.param(grounds([5, 5], [10, 10], false=(0, 6)), Outcome.NOT_SHOWN, id="1.6 questions for each plot"),
        pytest.param(grounds([5] * 6, [5] * 6, false=(9, 1)), Outcome.BETTER, id="surely fewer false flags, no loss"),
        pytest.param(grounds([5] * 6, [5] * 5 + [4], false=(9, 1)), Outcome.WORSE, id="one fewer outweighs them"),
        pytest.param(grounds([5] * 4, [5] * 4, false=(9, 1)), Outcome.NOT_SHOWN, id="on four grounds nobody is sure"),
        pytest.param(grounds([5, 5], [8, 8], idle_m2=(200, 700)), Outcome.BETTER, id="2.7 times the ground"),
        pytest.param(grounds([5, 5], [10, 10], idle_m2=(200, 9000)), Outcome.NOT_SHOWN, id="one flag over everything"),
        pytest.param([], Outcome.NOT_SHOWN, id="no ground"),
    ],
)
def test_only_what_is_shown_to_be_better_is_called_so_and_the_numbers_are_said(
    pairs: list[GroundPair], outcome: Outcome
) -> None:
    verdict = conclude(pairs, [])
    assert verdict.outcome is outcome
    new = sum(int(one.challenger_found.sum()) for one in pairs)
    old = sum(int(one.champion_found.sum()) for one in pairs)
    assert verdict.sentence.endswith(f"It finds {new} of {10 * len(pairs)} held-out plots, the champion {old}.")
    assert f"在{10 * len(pairs)}个留出地块中，新模型发现{new}个，现用模型发现{old}个" in verdict.sentence_zh
    assert ("champion is kept" in verdict.sentence) == (outcome is not Outcome.BETTER)
    assert ("保留现用模型" in verdict.sentence_zh) == (outcome is not Outcome.BETTER)


def test_where_no_ground_is_labelled_as_a_whole_the_questions_of_recent_flights_are_counted() -> None:
    decided = grounds([5, 5], [8, 8], whole=False)
    assert conclude(decided, [flown(10, 15)]).outcome is Outcome.BETTER
    assert conclude(decided, [flown(10, 16)]).outcome is Outcome.NOT_SHOWN
    assert conclude(decided, [flown(10, 1, m2=(50, 5000))]).outcome is Outcome.NOT_SHOWN
