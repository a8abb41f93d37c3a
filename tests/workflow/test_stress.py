"""Stress: every way of spoiling ground has a row, and what is given up has a reason."""

import json
from pathlib import Path

import pytest
from blobs import write_dataset

from pipeline.errors import InvalidInputError
from pipeline.imagery.degradation import degradations
from pipeline.workflow.stress import as_table, stress

pytestmark = pytest.mark.learning


@pytest.fixture
def bundle(red_run: Path) -> Path:
    return red_run / "run" / "red"


def test_good_ground_is_kept_and_what_is_spoilt_beyond_use_is_given_up(bundle: Path, tmp_path: Path) -> None:
    rows = stress(bundle, write_dataset(tmp_path, size=512), role="validate", out=tmp_path / "out")
    by_name = {row.name: row for row in rows}
    assert list(by_name) == [way.name for way in degradations()]
    assert by_name["undisturbed"].given_up_share < 0.1
    assert by_name["undisturbed"].recall.n > 10
    assert by_name["blur, sigma 4 px"].given_up_share > 0.9
    assert by_name["hue shifted 60 degrees"].given_up_share > 0.9
    for row in rows:
        assert row.recall.n + row.plots_given_up.hits == row.plots_given_up.n
    said = json.loads((tmp_path / "out" / "stress.json").read_text())
    assert [entry["name"] for entry in said["rows"]] == list(by_name)
    assert said["rows"][0]["recall"]["interval_95"][0] <= said["rows"][0]["recall"]["value"]
    table = as_table(rows)
    assert table.count("\n") == len(rows)
    assert "no plot left to ask for" in table


def test_a_role_that_is_not_there_is_refused(bundle: Path) -> None:
    data = bundle.parents[1] / "DATASET.toml"
    with pytest.raises(InvalidInputError, match="role 'tset' is not known"):
        stress(bundle, data, role="tset")
    with pytest.raises(InvalidInputError, match="no ground with role test"):
        stress(bundle, data, role="test")
