"""rejected.csv and left_out.csv: original cells, union of headers, short rows short."""

import csv

import pytest

from callconv_kit.writing.aside import AsideFile, AsideRow, Union, read_rows


def row(place, cells, reasons=("required_missing (fill it, or set a default)",)):
    return AsideRow(place, "calls.csv", place, ["required_missing"], reasons, cells)


def written(path, headers, *added):
    """The rows of an aside file after its header, without their first four cells."""
    file = AsideFile(path, Union(headers))
    for number, one in added:
        file.add(number, [one])
    file.finish()
    with path.open(newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header[:4] == ["source_file", "source_line", "codes", "reasons"]
    return header[4:], [cells[4:] for cells in rows]


CASES = {
    "one input": (
        [["a", "b"]],
        [(0, row(2, ["1", "2"]))],
        (["a", "b"], [["1", "2"]]),
    ),
    "in the order of lines, however they came": (
        [["a"]],
        [(0, row(9, ["9"])), (0, row(2, ["2"]))],
        (["a"], [["2"], ["9"]]),
    ),
    "the union of headers in order of appearance": (
        [["a", "b"], ["c", "b"]],
        [(0, row(2, ["1", "2"])), (1, row(3, ["3", "4"]))],
        (["a", "b", "c"], [["1", "2", ""], ["", "4", "3"]]),
    ),
    "the second column of a name is one of its own": (
        [["a", "a"], ["a"]],
        [(0, row(2, ["1", "2"])), (1, row(3, ["3"]))],
        (["a", "a"], [["1", "2"], ["3", ""]]),
    ),
    "cells too many go on as extra": (
        [["a", "b"]],
        [(0, row(2, ["1", "2", "3", "4"])), (0, row(3, ["1", "2"]))],
        (["a", "b", "extra_1", "extra_2"], [["1", "2", "3", "4"], ["1", "2", "", ""]]),
    ),
    "a short row stays short": (
        [["a", "b", "c"]],
        [(0, row(2, ["1", "2"]))],
        (["a", "b", "c"], [["1", "2"]]),
    ),
    "a short row stays short beside an over-long one, commas in its reasons or not": (
        [["a", "b", "c"]],
        [
            (0, row(2, ["1", "2"])),
            (0, row(3, ["1", "2", "3", "4"])),
            (0, row(4, ["1,,,", 'x"\n'], ["plain"])),
        ],
        (["a", "b", "c", "extra_1"], [["1", "2"], ["1", "2", "3", "4"], ["1,,,", 'x"\n']]),
    ),
    "cells are untouched": (
        [["a"]],
        [(0, row(2, ['="02139"'])), (0, row(3, [" x,\r\ny "])), (0, row(4, ['"']))],
        (["a"], [['="02139"'], [" x,\r\ny "], ['"']]),
    ),
}


@pytest.mark.parametrize(("headers", "added", "expected"), CASES.values(), ids=CASES)
def test_rows_are_set_aside(tmp_path, headers, added, expected):
    path = tmp_path / "rejected.csv"
    assert written(path, headers, *added) == expected
    assert [cells[4:] for cells in read_rows(path)][1:] == expected[1]


def test_a_cell_of_any_size_is_read_back(tmp_path):
    path = tmp_path / "rejected.csv"
    huge = "x" * 300_000
    assert written(path, [["a"]])[1] == []
    file = AsideFile(path, Union([["a"]]))
    file.add(0, [row(2, [huge])])
    file.finish()
    assert read_rows(path)[1][4] == huge
