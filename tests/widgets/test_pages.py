"""Pages of a run's files: any row by its number, whatever stands in its cells."""

import pytest

from callconv_kit.widgets import pages
from callconv_kit.widgets.pages import STEP, Rows
from callconv_kit.writing.lines import line_of

HEADER = ["source_file", "source_line", "codes", "reasons", "a", "b"]


def row(at):
    awkward = ("plain", 'a "quoted" word', "two\nlines", "comma, here", "\r", "", '"\n"')[at % 7]
    code, column = (("x", "Zip"), ("y", "CallerId"), ("x; y", "Zip"))[at % 3]
    return ["calls.csv", str(at), code, f'{column} "{at}": wrong', awkward, "é" * (at % 5)]


@pytest.fixture(params=[0, 1, STEP - 1, STEP, STEP + 1, 5 * STEP + 3])
def written(request, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "BLOCK", 64)
    rows = [row(at) for at in range(request.param)]
    path = tmp_path / "rejected.csv"
    path.write_bytes("".join(map(line_of, [HEADER, *rows])).encode())
    return Rows(path), rows


def test_every_page_holds_its_rows(written):
    found, rows = written
    assert (found.header, found.count) == (HEADER, len(rows))
    for first in range(0, len(rows) + 1, 37):
        assert found.page(first, 40) == rows[first : first + 40]


@pytest.mark.parametrize(("code", "column"), [("x", ""), ("", "Zip"), ("y", "Zip"), ("z", "")])
def test_a_filter_lets_through_what_it_says(written, code, column):
    found, rows = written
    wanted = [
        at
        for at, cells in enumerate(rows)
        if (not code or code in cells[2].split("; ")) and cells[3].startswith(column)
    ]
    assert list(found.matching(code, column)) == wanted
    assert found.at(wanted) == [rows[at] for at in wanted]
