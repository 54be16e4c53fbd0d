"""rejected.csv and left_out.csv: original cells, union of headers, short rows short."""

import csv

import numpy as np
import pytest

from callconv_kit.model import texts
from callconv_kit.model.errors import InputError
from callconv_kit.writing.aside import AsideFile, AsideRow, Union, Why, read_rows, write_copy

REASON = "required_missing (fill it, or set a default)"


def row(place, cells, reason=REASON):
    return AsideRow(place, "calls.csv", place, "required_missing", reason, cells)


def add(file, number, one, *, later=False):
    """Add a row by the way that is for rows of its length."""
    if len(one.cells) != len(file.union.positions[number]):
        return file.add_ragged(number, [one])
    place = np.asarray([one.place])
    cells = [texts.from_list([cell]) for cell in one.cells]
    why = None if later else Why(texts.from_list([one.codes]), texts.from_list([one.reasons]))
    return file.add(number, place, texts.from_list([one.source_file]), place, cells, why)


def written(path, headers, *added):
    """The rows of an aside file after its header, without their first four cells."""
    file = AsideFile(path, Union(headers))
    for number, one in added:
        add(file, number, one)
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
            (0, row(4, ["1,,,", 'x"\n'], "plain")),
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
    add(file, 0, row(2, [huge]))
    file.finish()
    assert read_rows(path)[1][4] == huge


def test_why_a_row_does_not_go_can_be_said_at_the_end(tmp_path):
    path = tmp_path / "rejected.csv"
    file = AsideFile(path, Union([["a", "b"]]))
    for place, cells, later in (
        (5, ["5", "e,"], True),
        (6, ["6"], False),
        (2, ["2", 'b"'], True),
        (3, ["3", "c"], False),
        (4, ["4", "d", "more"], False),
    ):
        add(file, 0, row(place, cells, "a, reason"), later=later)

    def why(places):
        said = [f"of {place}, late" for place in places.tolist()]
        return Why(texts.repeat("duplicate_row", len(places)), texts.from_list(said))

    file.finish(why)
    header, *rows = read_rows(path)
    assert header[4:] == ["a", "b", "extra_1"]
    assert rows == [
        ["calls.csv", "2", "duplicate_row", "of 2, late", "2", 'b"', ""],
        ["calls.csv", "3", "required_missing", "a, reason", "3", "c", ""],
        ["calls.csv", "4", "required_missing", "a, reason", "4", "d", "more"],
        ["calls.csv", "5", "duplicate_row", "of 5, late", "5", "e,", ""],
        ["calls.csv", "6", "required_missing", "a, reason", "6"],
    ]


@pytest.mark.parametrize("rows", [1, 3, 4])
def test_a_workbook_of_too_many_rows_is_refused_with_the_limit(tmp_path, monkeypatch, rows):
    monkeypatch.setattr("callconv_kit.writing.aside.MOST_ROWS", 4)
    path = tmp_path / "rejected.csv"
    written(path, [["a"]], *((0, row(place, ["x"])) for place in range(2, rows + 2)))
    if rows < 4:
        write_copy(path, tmp_path / "rejected.xlsx")
        assert (tmp_path / "rejected.xlsx").is_file()
        return
    with pytest.raises(InputError) as raised:
        write_copy(path, tmp_path / "rejected.xlsx")
    assert (raised.value.code, raised.value.found) == ("output_failed", "4 rejected rows")
    assert raised.value.expected == "at most 3 rows and 32,767 characters a cell"


def test_rows_of_any_number_are_put_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr("callconv_kit.writing.aside.AT_ONCE", 1 << 10)
    path = tmp_path / "left_out.csv"
    file = AsideFile(path, Union([["a"]]))
    places = np.random.default_rng(7).permutation(2_000)
    for part in np.split(np.concatenate([np.sort(places[:1500]), np.sort(places[1500:])]), 40):
        cells = texts.from_list([f"cell {place}" for place in part])
        said = texts.repeat("said", len(part))
        file.add(0, part, texts.repeat("f.csv", len(part)), part, [cells], Why(said, said))
    file.finish()
    _, *rows = read_rows(path)
    assert [cells[1] for cells in rows] == [str(place) for place in range(2_000)]
    assert [cells[4] for cells in rows] == [f"cell {place}" for place in range(2_000)]
