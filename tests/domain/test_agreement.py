"""Agreement of readers, against published examples and simulated ones."""

from random import Random

import pytest

from pipeline.domain.agreement import LEAST_PAIRS, agreement
from pipeline.domain.decision import Verdict
from pipeline.domain.misses import Audited, misses

YES, NO, UNSURE = Verdict.CONFIRM, Verdict.REJECT, Verdict.UNSURE


def test_kappa_is_cohens_and_collapses_where_targets_are_rare_while_ac1_does_not() -> None:
    """118 / 5 / 2 / 0 of 125: kappa -0.0234 (Gwet, 2008, table 2); AC1 over three answers by hand."""
    pairs = [(NO, NO)] * 118 + [(NO, YES)] * 5 + [(YES, NO)] * 2
    found = agreement(pairs)
    assert found.kappa is not None
    assert found.ac1 is not None
    assert found.kappa.value == pytest.approx(-0.0234, abs=5e-5)
    chance = (2 * 0.972 * 0.028) / 2
    assert found.ac1.value == pytest.approx((0.944 - chance) / (1 - chance))
    assert found.ac1.low > 0.89
    assert found.kappa.low < 0 < found.kappa.high


def test_a_published_table_of_three_answers() -> None:
    """Fleiss, Cohen and Everitt (1969), table 1, with n = 200: kappa 0.429, standard error 0.054."""
    counts = [[106, 10, 4], [22, 28, 10], [2, 12, 6]]
    answers = (NO, YES, UNSURE)
    pairs = [
        (answers[row], answers[column]) for row in range(3) for column in range(3) for _ in range(counts[row][column])
    ]
    kappa = agreement(pairs).kappa
    assert kappa is not None
    assert kappa.value == pytest.approx(0.429, abs=5e-4)
    assert (kappa.high - kappa.low) / 2 / 1.96 == pytest.approx(0.054, abs=1e-3)


def test_of_few_pairs_no_coefficient_is_told_and_where_all_say_the_same_kappa_is_not_defined() -> None:
    few = agreement([(YES, YES)] * (LEAST_PAIRS - 1))
    assert (few.kappa, few.ac1, few.missing) == (None, None, 1)
    same = agreement([(NO, NO)] * LEAST_PAIRS)
    assert same.kappa is None
    assert same.ac1 is not None
    assert same.ac1.value == pytest.approx(1.0)


def test_no_miss_in_n_places_of_equal_weight_is_clopper_and_pearsons_bound() -> None:
    found = misses([Audited(cells=1000, drawn=10, found=False)] * 59)
    assert (found.share, found.low, found.n) == (0.0, 0.0, 59)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 59), abs=1e-6)
    assert misses([]).high == 1.0
    assert misses([Audited(cells=9, drawn=3, found=True)]).high == 1.0


def test_a_95_percent_interval_of_misses_holds_the_truth_in_at_least_95_of_100_surveys() -> None:
    """Two strata in each of 20 flights, drawn unequally; misses are rare, and more frequent in the second."""
    chance, held, surveys = Random(7), 0, 600
    for _ in range(surveys):
        rates = (chance.choice([0.0, 0.002, 0.01]), chance.choice([0.02, 0.1, 0.3]))
        places, missed, ground = [], 0, 0
        for _ in range(20):
            for rate, cells in zip(rates, (chance.randrange(2000, 9000), chance.randrange(50, 400)), strict=True):
                bad = sum(chance.random() < rate for _ in range(cells)) if cells < 500 else round(rate * cells)
                missed, ground = missed + bad, ground + cells
                drawn = chance.choice([1, 2, 4])
                places += [Audited(cells=cells, drawn=drawn, found=chance.random() < bad / cells) for _ in range(drawn)]
        found = misses(places)
        held += found.low <= missed / ground <= found.high
    assert held / surveys >= 0.95
