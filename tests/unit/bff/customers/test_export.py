"""What a spreadsheet makes of an export."""

import csv
import io

import pytest

from bff.customers.export import format_rows, neutralise


class TestNeutralise:
    @pytest.mark.parametrize(
        "cell", ["=1+1", "+81901", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"]
    )
    def test_marks_what_would_run(self, cell: str) -> None:
        assert neutralise(cell) == f"'{cell}"

    @pytest.mark.parametrize("cell", ["", "Aiko", "1-2-3", "a=b", "'=1", "田中", "عائشة"])
    def test_leaves_the_rest_alone(self, cell: str) -> None:
        assert neutralise(cell) == cell


class TestRows:
    def test_keep_commas_quotes_and_lines_within_their_cell(self) -> None:
        row = ["a,b", 'say "x"', "two\r\nlines", ""]

        assert list(csv.reader(io.StringIO(format_rows([row]), newline=""))) == [row]
