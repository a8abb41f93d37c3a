"""Where a real record supports it, the statement says how few plots remain; with one thing less, it does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assured import AREA, NO, READERS, YES, Assured, assured
from fastapi.testclient import TestClient
from scipy.stats import beta
from stated import client_of, terraces, texts

PLOTS = 59
"""As few held-out plots as can prove 95 %."""
ENOUGH = 21
"""Controls, all hit: with one less, not two but three plots may remain."""
SEEN = 0.975
CHINESE = {"Accept-Language": "zh-CN"}


def fewest(seen: float, plots: int, controls: int, missed: int = 0) -> tuple[int, float]:
    """How many plots may be named with 95 % confidence and p, by scipy; no known plot was missed by the model."""
    model, reader = float(beta.ppf(0.0125, plots, 1)), float(beta.ppf(0.0125, controls - missed, missed + 1))
    p = seen * model * reader * (1 - (1 - reader) ** 2)
    number = 0
    while 1 - (1 - p) ** (number + 1) - 0.025 < 0.95:
        number += 1
    return number, p


def asked(made: Assured) -> dict[str, str]:
    return {"area": terraces(made.office, AREA), "from": "2026-10-01", "to": "2026-11-26"}


def stated(made: Assured) -> dict[str, Any]:
    with client_of(made.office, "manager") as client:
        said: dict[str, Any] = client.get("/statement/preview.json", params=asked(made)).json()
    return said


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assured]:
    made = assured(tmp_path_factory.mktemp("office"), plots=PLOTS, controls=ENOUGH)
    yield made
    made.office.database.close()


@pytest.fixture(scope="module")
def manager(made: Assured) -> Iterator[TestClient]:
    with client_of(made.office, "manager") as client:
        yield client


def test_a_record_that_is_thick_enough_lets_the_page_and_the_paper_claim_absence(
    made: Assured, manager: TestClient
) -> None:
    page = manager.get("/statement", params=asked(made)).text
    claim = f"With 95 % confidence at most 2 plots remain on {AREA}, East county."
    assert claim in " ".join(page.split())
    assert claim in texts(manager.get("/statement/preview.pdf", params=asked(made)).content)
    chinese = manager.get("/statement/preview.pdf", params=asked(made), headers=CHINESE).content
    assert "至多还有 2 处地块" in texts(chinese)
    assert "sober" not in page
    assert "What the model claims holds for the flight." in page
    assert "readers found something in none: an estimated 0" in page


def test_its_numbers_are_those_of_an_independent_reckoning(made: Assured) -> None:
    said = stated(made)
    absence = said["absence"]
    number, p = fewest(said["coverage"]["seen_share"], PLOTS, ENOUGH)
    assert said["coverage"]["seen_share"] == pytest.approx(SEEN, abs=1e-3)
    assert (said["model"]["hits"], said["model"]["n"]) == (PLOTS, PLOTS)
    assert (said["readers"]["hits"], said["readers"]["n"]) == (ENOUGH, ENOUGH)
    assert absence["at_most_with_95_percent"] == number == 2
    assert absence["found_with_at_least"] == pytest.approx(p, abs=1e-9)
    for remaining, sure in absence["confidence_that_at_most"].items():
        assert sure == pytest.approx(1 - (1 - p) ** (int(remaining) + 1) - 0.025, abs=1e-4)
    assert said["flags"] == {"absent": 1, "rejected": 2}
    assert (said["audit"]["n"], said["audit"]["found"], said["audit"]["unread_places"]) == (40, 0, 0)
    assert said["not_supported"] == [
        "nobody saw the uncovered ground; what is said of it rests on the assumption that plots lie there as elsewhere"
    ]


def test_with_one_control_less_it_claims_less(tmp_path: Path) -> None:
    made = assured(tmp_path, plots=PLOTS, controls=ENOUGH - 1, audited=1)
    said = stated(made)
    number, _ = fewest(said["coverage"]["seen_share"], PLOTS, ENOUGH - 1)
    assert said["absence"]["at_most_with_95_percent"] == number == 3
    made.read(made.control(ENOUGH), YES)
    assert stated(made)["absence"]["at_most_with_95_percent"] == 2
    made.read(made.control(ENOUGH + 1), NO)
    number, _ = fewest(said["coverage"]["seen_share"], PLOTS, ENOUGH + 1, missed=1)
    assert stated(made)["absence"]["at_most_with_95_percent"] == number == 3
    made.office.database.close()


def test_with_one_known_plot_less_it_claims_nothing(tmp_path: Path) -> None:
    made = assured(tmp_path, plots=PLOTS - 1, controls=ENOUGH, audited=1)
    assert stated(made)["absence"] is None
    assert "the model's claim does not hold for the flight" in stated(made)["not_supported"]
    made.office.database.close()


def test_with_a_question_that_waits_or_a_find_it_claims_nothing(tmp_path: Path) -> None:
    made = assured(tmp_path, plots=PLOTS, controls=ENOUGH, audited=1)
    flag = made.flag(4)
    assert stated(made)["absence"] is None
    made.read(flag, NO)
    assert stated(made)["absence"] is not None
    first, second = made.audit(2)
    assert stated(made)["audit"]["unread_places"] == 2
    assert stated(made)["absence"] is not None  # places drawn at random are no questions of the model's
    made.read(first, NO)
    made.read(second, YES, *READERS)
    assert stated(made)["absence"] is None
    assert "a plot was found; nothing is said of absence" in stated(made)["not_supported"]
    made.office.database.close()
