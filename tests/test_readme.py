"""The README prints the numbers of the shipped cards, and no others."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BUNDLES = sorted(path.parent.name for path in (ROOT / "models").glob("*/card.md"))
SHARE = r"(\d\.\d{3}) \((\d\.\d{3}) to (\d\.\d{3})\)"


def row_of(name: str) -> str:
    """The row of the table of results that is about a bundle."""
    (row,) = (line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
    return row


def card_of(name: str) -> str:
    return (ROOT / "models" / name / "card.md").read_text(encoding="utf-8")


def percent(share: str) -> str:
    return f"{float(share) * 100:.0f}"


@pytest.mark.parametrize("name", BUNDLES)
def test_recall_and_false_flags_are_those_of_the_card(name: str) -> None:
    card, row = card_of(name), row_of(name)
    recall = re.search(rf"plots found \(recall\) \| {SHARE} \| (\d+) plots", card)
    precision = re.search(rf"labelled target \(precision\) \| {SHARE} \| (\d+) candidates", card)
    assert recall is not None
    assert precision is not None
    value, low, high, plots = recall.groups()
    found = round(float(value) * int(plots))
    assert f"{found} of {plots} ({percent(low)} to {percent(high)} %)" in row
    right, _, _, flags = precision.groups()
    assert f"{int(flags) - round(float(right) * int(flags))} of {flags}" in row


@pytest.mark.parametrize("name", BUNDLES)
def test_the_ranking_of_cells_is_that_of_the_card(name: str) -> None:
    numbers = [
        re.search(rf"cells: {what} \| (\d\.\d{{3}})", card_of(name))
        for what in ("average precision", "precision at 90 % recall", "precision at 95 % recall")
    ]
    row = row_of(name)
    for number in numbers:
        assert number is not None
        assert number.group(1) in row


def test_it_says_that_the_bundles_are_stand_ins() -> None:
    assert "stand-in" in README
    assert "says nothing about" in README
