"""Figures as plain rows: nothing that somebody typed is calculated by a spreadsheet."""

import csv
import io

import pytest

from pipeline.workflow.spreadsheet import MARK
from pipeline.workflow.tell_figures import Row, as_csv


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "a,b", 'a"b', "北山区", "a\n=1"])
def test_a_name_stays_a_name(name: str) -> None:
    written = as_csv((Row(of="district", name=name, figure="waiting", value=-0.25),))
    assert written.startswith(MARK)
    (head, row) = csv.reader(io.StringIO(written.removeprefix(MARK), newline=""))
    assert head == ["of", "name", "figure", "value", "low", "high", "n"]
    assert row[1].removeprefix("'") == name
    assert not row[1].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[3:] == ["-0.25", "", "", ""]
