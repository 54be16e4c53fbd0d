"""The shape of a delimited file: where rows end, how many cells they have, what is no row."""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from callconv_kit import prepare, reading
from callconv_kit.model import texts
from callconv_kit.model.errors import InputError
from callconv_kit.reading import delimited, scanning, sheets, whole_rows

CASES = Path(__file__).parents[1] / "data" / "cases"
NOW = "2026-11-26T06:00:00Z"
HEADER = ["CallerId", "SaleAmount", "SubId1"]
NAMES = ",".join(HEADER) + "\n"


def opened(tmp_path, text, **options):
    path = tmp_path / "calls.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (table,) = reading.open_tables([path], HEADER.__contains__, **options)
    return table


def read(table):
    """The rows with their lines, and those of another length."""
    rows, ragged = [], []
    for batch in table.batches():
        cells = zip(*(column.to_pylist() for column in batch.cells), strict=True)
        rows += zip(batch.lines.tolist(), map(list, cells), strict=True)
        ragged += [(row.line, row.cells) for row in batch.ragged]
    return rows, ragged


def skipped(table):
    return [(line.line, line.why) for line in table.account.skipped]


GIVEN = {
    "an amount cut in two": ("shift_empty_tail/input.csv", [3], [2]),
    "an amount cut in two, two cells empty": ("shifted_cells_over_long_row/calls.csv", [3], [2]),
    "a city cut in two": ("shifted_cells_over_long_row/city.csv", [3], [2]),
    "a lone return behind a quote": ("lone_cr_swallows_call/calls.csv", [2, 3, 4], []),
    "a lone return, all quoted": ("lone_cr_swallows_call/calls_all_quoted.csv", [2, 3, 4], []),
    "lines of invisible characters": ("invisible_only_lines/input.csv", [2], []),
    "a header with a mark, and in lower case": (
        "repeated_header_with_bom/input.csv",
        [2, 4, 6],
        [],
    ),
    "a space behind a closing quote": ("space_after_quote/calls.csv", [2, 3], []),
    "a NUL in a cell": ("nul_byte/calls.csv", [2, 3], []),
    "UTF-16 without a mark": ("utf16_no_bom/calls.csv", [2], []),
}


@pytest.mark.parametrize(("case", "ready", "rejected"), GIVEN.values(), ids=GIVEN)
def test_the_given_files_are_read_right(case, ready, rejected):
    prepared = prepare(CASES / case, now=NOW, max_rejected_share=1.0)
    assert prepared.summary["rows_ready"] == len(ready)
    assert prepared.rejected["source_line"].tolist() == rejected
    assert set(prepared.rejected["codes"]) == ({"field_count"} if rejected else set())


def test_a_nul_is_removed_under_a_rule_and_quoted_cells_keep_their_text():
    changes = prepare(CASES / "nul_byte/calls.csv", now=NOW).changes
    assert ("City", "control_removed") in set(zip(changes["column"], changes["rule"], strict=True))
    ready = prepare(CASES / "space_after_quote/calls.csv", now=NOW).ready
    assert ready["City"].tolist() == ["Boston, MA", "Boston"]


A, B, C = "1,5.00,x", "2,6.00,y", "3,7.00,z"
SURPLUS = {  # rows; rows read, rows with another number of cells, surplus cells
    "every row ends with a comma": ([A + ",", B + ",", C + ","], [2, 3, 4], [], 1),
    "every row ends with three": ([A + ",,,", B + ",,,"], [2, 3], [], 3),
    "blanks in the surplus cells": ([A + ", ", B + ",", C + ",\t"], [2, 3, 4], [], 1),
    "a blank line and a repeated header do not count": (
        [A + ",", "", ",,,", "CallerId,SaleAmount,SubId1", B + ","],
        [2, 6],
        [],
        1,
    ),
    "a row without the comma among twenty with it": ([A + ","] * 20 + [B], [*range(2, 23)], [], 1),
    "one row only": ([A + ","], [], [2], 0),
    "half of the rows": ([A + ",", B], [3], [2], 0),
    "nine of ten rows": ([A + ","] * 9 + [B], [11], [*range(2, 11)], 0),
    "different numbers of cells": ([A + ",", B + ",,"], [], [2, 3], 0),
    "a cell of every such row begins with a space": (
        ["1,Portland, OR,", "2,Boston, MA,"],
        [],
        [2, 3],
        0,
    ),
    "a cell of one such row begins with a space": (["1,Portland, OR,", B + ","], [2, 3], [], 1),
    "a shifted row among those with a comma": (
        [A + ","] * 20 + ["1,1,234.50,x,"],
        [*range(2, 22)],
        [22],
        1,
    ),
    "a value behind the last column": ([A + ","] * 20 + ["1,1,234.50,x"], [*range(2, 22)], [22], 1),
    "a short row": ([A, "2,6.00", C], [2, 4], [3], 0),
}


@pytest.mark.parametrize(("lines", "whole", "other", "surplus"), SURPLUS.values(), ids=SURPLUS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_more_cells_than_the_header_are_wrong_unless_practically_every_row_has_them(
    tmp_path, lines, whole, other, surplus, end
):
    text = (NAMES + "".join(line + "\n" for line in lines)).replace("\n", end)
    table = opened(tmp_path, text)
    rows, ragged = read(table)
    assert [line for line, _ in rows] == whole
    assert all(len(cells) == 3 for _, cells in rows)
    assert [line for line, _ in ragged] == other
    assert table.account.surplus_cells == surplus


def test_a_header_with_cells_without_a_name_takes_rows_with_and_without_them(tmp_path):
    named = NAMES.replace("\n", ",,\n")
    for lines in ([A + ",,", B + ",,"], [A, B]):
        table = opened(tmp_path, named + "".join(line + "\n" for line in lines))
        rows, ragged = read(table)
        assert [cells[:3] for _, cells in rows] == [A.split(","), B.split(",")]
        assert not ragged
        assert table.account.surplus_cells == 2
    (_, ragged) = read(opened(tmp_path, named + A + ",,\n" + B + ",,,\n"))
    assert [line for line, _ in ragged] == [3]


def test_surplus_cells_are_a_warning_that_is_shown_first(tmp_path):
    lines = (CASES / "shift_empty_tail/input.csv").read_text().splitlines()
    fine = lines[2].removesuffix(",") + ","
    rows = [fine.replace(",S2,", f",S{at},") + "," for at in range(3)]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([lines[0], *rows]) + "\n")
    prepared = prepare(path, now=NOW)
    assert prepared.summary["rows_ready"] == 3
    warnings = [f for f in prepared.summary["findings"] if f["severity"] == "warning"]
    assert warnings[0]["code"] == "surplus_cells"
    assert warnings[0]["rows"] == 3


def test_the_pattern_must_hold_for_the_whole_file_and_not_only_for_its_start(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "BLOCK", 64)
    table = opened(tmp_path, NAMES + (A + ",\n") * 200 + (B + "\n") * 200)
    rows, ragged = read(table)
    assert (len(rows), len(ragged)) == (200, 200)


ENDS = {
    "spaces behind closing quotes": ('"1" ,"5.00"  ,"x"   \n"2","6.00","y"\n', 2),
    "a lone return behind the last quote": ('1,5.00,"x"\r2,6.00,"y"\r\n', 2),
    "spaces, then a lone return": ('1,5.00,"x"  \r2,6.00,y\n', 2),
    "two returns and a line feed": ('1,5.00,"x"\r\r\n2,6.00,"y"\r\r\n', 2),
    "a lone return in a quoted cell is text": ('1,5.00,"x\ry"\n2,6.00,y\n', 2),
    "a lone return in a bare cell is text": ("1,5.00,x\rz\n2,6.00,y\n", 2),
    "a lone return at the end": ('1,5.00,"x"\n2,6.00,"y"\r', 2),
    "an inch sign behind a space": ('1,5.00,"5" pipe" \n2,6.00,y\n', 2),
}


@pytest.mark.parametrize(("body", "count"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("block", [1, 5, 1 << 20])
def test_records_end_where_they_end(tmp_path, monkeypatch, body, count, block):
    monkeypatch.setattr(delimited, "BLOCK", block)
    monkeypatch.setattr(delimited, "HEADER_ROOM", len(NAMES))
    rows, ragged = read(opened(tmp_path, NAMES + body))
    assert [cells[:2] for _, cells in rows] == [["1", "5.00"], ["2", "6.00"]][:count]
    assert not ragged


def test_a_lone_return_counts_as_the_end_of_a_line(tmp_path):
    text = '"CallerId","SaleAmount","SubId1"\r"1","5.00","x"\r"2","6.00","y"\n"3","7.00","z"\n'
    rows, _ = read(opened(tmp_path, text))
    assert [line for line, _ in rows] == [2, 3, 4]


UNSEEN = {
    "zero-width space": "\u200b",
    "form feed": "\f",
    "DOS end of file": "\x1a",
    "delete": "\x7f",
    "NUL": "\0\0",
    "byte-order mark": "\ufeff",
    "direction marks in cells": "\u200e,\u200f,\u202a",
    "no-break and ideographic spaces": "\xa0,\u3000,",
    "spaces in too many cells": " , , , , ",
    "an empty quoted cell": '""',
}


@pytest.mark.parametrize("line", UNSEEN.values(), ids=UNSEEN)
def test_a_line_of_nothing_that_can_be_seen_is_blank(tmp_path, line):
    table = opened(tmp_path, f"{NAMES}{A}\n{line}\n{B}\n{line}\n")
    rows, ragged = read(table)
    assert [at for at, _ in rows] == [2, 4]
    assert not ragged
    assert table.account.blank_lines == 2
    assert table.account.rows == 2


REPEATED = {
    "as it is": "CallerId,SaleAmount,SubId1",
    "with a mark": "\ufeffCallerId,SaleAmount,SubId1",
    "with a mark before quotes": '\ufeff"CallerId","SaleAmount","SubId1"',
    "in capitals": "CALLERID,SALEAMOUNT,SUBID1",
    "with spaces around and within": " Caller Id , sale_amount,SubId1 ",
    "with a trailing comma": "CallerId,SaleAmount,SubId1,",
}


@pytest.mark.parametrize("line", REPEATED.values(), ids=REPEATED)
def test_a_repeated_header_is_no_row(tmp_path, line):
    table = opened(tmp_path, f"{NAMES}{A}\n{line}\n{B}\n")
    rows, ragged = read(table)
    assert [at for at, _ in rows] == [2, 4]
    assert not ragged
    assert skipped(table) == [(3, "repeated_header")]


@pytest.mark.parametrize("line", ["CallerId,SaleAmount,x", "CallerId,SaleAmount", ",,SubId1"])
def test_a_row_that_holds_only_some_of_the_names_is_a_row(tmp_path, line):
    table = opened(tmp_path, f"{NAMES}{A}\n{line}\n")
    rows, ragged = read(table)
    assert len(rows) + len(ragged) == 2
    assert skipped(table) == []


SKIPPED = {  # patterns, the lines behind the header, those that are rows
    "types": (["INTEGER,.*"], ["INTEGER,VARCHAR(50),TEXT", A, B], [3, 4]),
    "a count of rows": ([r"\(\d+ rows affected\)"], [A, B, "", "(2 rows affected)"], [2, 3]),
    "an end mark with spaces": (["EOF"], [A, B, "  EOF "], [2, 3]),
    "several patterns": (["EOF", "-+"], ["-----", A, "EOF", "EOF"], [3]),
    "a line in a quoted cell is none": (["EOF"], ['1,5.00,"a\nEOF\nb"', B], [2, 5]),
    "a part of a record is none": (["5.00"], [A], [2]),
    "a record over two lines": (['note.*(?s:.*)"'], ['note,"a\nb"', A], [4]),
    "beside a stray quote": (["EOF"], ['1,5" pipe,x', "EOF", B], [2, 4]),
}


@pytest.mark.parametrize(("patterns", "lines", "rows"), SKIPPED.values(), ids=SKIPPED)
@pytest.mark.parametrize("block", [1, 1 << 20])
def test_skip_lines_sets_whole_records_aside_and_lists_them(
    tmp_path, monkeypatch, patterns, lines, rows, block
):
    monkeypatch.setattr(delimited, "BLOCK", block)
    monkeypatch.setattr(delimited, "HEADER_ROOM", len(NAMES))
    text = NAMES + "".join(line + "\n" for line in lines)
    table = opened(tmp_path, text, skip_lines=patterns)
    found, ragged = read(table)
    assert [line for line, _ in found] == rows
    assert not ragged
    blank = sum(not line for line in lines)
    assert table.account.blank_lines == blank
    assert table.account.rows == len(rows)
    assert {why for _, why in skipped(table)} == (
        {"skip_lines"} if len(rows) < len(lines) else set()
    )


def test_skip_lines_is_a_setting_of_the_job_and_its_lines_are_in_the_summary():
    case = CASES / "cucm_type_line" / "cdr"
    settings = {
        "columns": {
            "EventDate": "dateTimeOrigination",
            "CallerId": "callingPartyNumber",
            "CalledPhoneNumber": "finalCalledPartyNumber",
            "CallDuration": "duration",
            "TalkDuration": "duration",
            "CallSessionId": "globalCallID_callId",
        },
        "constants": {"CampaignId": 1, "MediaId": 2, "ActionTrackerId": 3, "CallProvider": "C"},
        "now": NOW,
        "empty_status": "keep",
        "max_rejected_share": 1.0,
    }
    unset = prepare(case, **settings).summary
    assert unset["rows_rejected"] > 0
    assert unset["inputs"][0]["skipped_lines"] == []
    (entry,) = prepare(case, skip_lines=["INTEGER,.*"], **settings).summary["inputs"]
    assert entry["skipped_lines"] == [{"line": 2, "why": "skip_lines"}]
    assert entry["rows"] == unset["rows_read"] - 1


GIANTS = {
    "a bare cell": b"1,5.00," + b"x" * 3_000_000,
    "a quoted cell": b'1,5.00,"' + b"x" * 3_000_000 + b'"\n',
    "a quoted cell with line breaks": b'1,5.00,"' + b"x\n" * 1_500_000 + b'"\n',
    "a cell that never closes": b'1,5.00,"' + b"x" * 3_000_000,
    "very many stray quotes": b'1,5.00,"' + b'a"b' * 1_000_000,
}


@pytest.mark.parametrize("line", GIANTS.values(), ids=GIANTS)
def test_a_giant_cell_ends_with_a_sentence(tmp_path, monkeypatch, line):
    monkeypatch.setattr(delimited, "BLOCK", 1 << 16)
    monkeypatch.setattr(scanning, "LONGEST_CELL", 1 << 20)
    table = opened(tmp_path, NAMES.encode() + A.encode() + b"\n" + line)
    with pytest.raises(InputError, match=r"line 3 of|Line 3 of") as caught:
        read(table)
    assert caught.value.code in {"unclosed_quote", "not_a_table"}


def test_a_giant_cell_in_an_archive_is_bounded_too(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("calls.csv", NAMES.encode() + b"1,5.00," + b"x" * (40 << 20))
    path = tmp_path / "calls.zip"
    path.write_bytes(data.getvalue())
    (table,) = reading.open_tables([path], HEADER.__contains__)
    with pytest.raises(InputError, match=r"Line 2 of calls.zip/calls.csv is too long"):
        read(table)


def test_a_workbook_with_too_much_shared_text_is_refused_unread(tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["1", "5.00", "a"])
    path = tmp_path / "calls.xlsx"
    book.save(path)
    (table,) = reading.open_tables([path], HEADER.__contains__)
    assert read(table) == ([(2, ["1", "5.00", "a"])], [])

    monkeypatch.setattr(sheets, "LARGEST_SHARED", 1 << 20)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * (2 << 20))
    with pytest.raises(
        InputError, match=r"calls.xlsx holds too much text.* 2 MB.*Export it as CSV"
    ):
        reading.open_tables([path], HEADER.__contains__)


WIDE = "CallSessionId,CallerId,City,SaleAmount,SubId1,Note"
STRAY = {
    "one row in the last column": (
        'S1,1,Boston,5.00,a,"oops\nS2,2,Austin,5.00,b,fine"\nS3,3,Reno,5.00,c,\n',
        [2],
    ),
    "three rows": (
        'S1,1,Boston,5.00,a,"oops\nS2,2,A,5.00,b,\nS3,3,B,5.00,c,\nS4,4,C,5.00,d,fine"\n',
        [2],
    ),
    "rows in a middle column": (
        'S1,1,Boston,5.00,"a,\nS2,2,Austin,5.00,b",\nS3,3,Reno,5.00,c,\n',
        [2],
    ),
    "rows in an early column": (
        'S1,"1,Boston,5.00,a,\nS2,2,Austin,5.00,b,\nS3,3",Reno,5.00,c,\n',
        [2],
    ),
    "a second such row": (
        'S0,0,Ames,5.00,z,\nS1,1,Boston,5.00,a,"oops\nS2,2,Austin,5.00,b,fine"\n',
        [3],
    ),
    "a note of several lines": ('S1,1,Boston,5.00,a,"first\nsecond\nthird"\n', []),
    "a note with commas": ('S1,1,Boston,5.00,a,"Hi,\nyes, no, maybe\nbye"\n', []),
    "an address": ('S1,1,"1 Main St\nBoston, MA, US",5.00,a,\n', []),
    "blank lines between rows": ("S1,1,Boston,5.00,a,\n\n\nS2,2,Austin,5.00,b,\n", []),
}


NARROW = {
    "four columns": (
        "CallSessionId,CallerId,SubId1,Note",
        'S1,1,a,"oops\nS2,2,b,fine"\nS3,3,c,\n',
        [2],
    ),
    "three columns: text has as many commas": (
        "CallSessionId,CallerId,Note",
        'S1,1,"called, twice, today\nno, really, yes\nwell, so, be it"\nS3,3,\n',
        [],
    ),
    "two columns": ("CallSessionId,Note", 'S1,"yes, no\nyes, no\nyes, no"\nS3,\n', []),
}


@pytest.mark.parametrize(
    ("header", "rows", "lines"),
    [*((WIDE, *case) for case in STRAY.values()), *NARROW.values()],
    ids=[*STRAY, *NARROW],
)
def test_a_stray_quotation_mark_that_takes_in_rows_is_found(header, rows, lines, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(f"{header}\n{rows}")
    given = {"CampaignId": 1, "MediaId": 2, "ActionTrackerId": 3, "CallProvider": "P"}
    given |= {"EventDate": "2026-11-20T09:30:05-05:00", "CalledPhoneNumber": "6465550111"}
    given |= {"CallDuration": 9, "TalkDuration": 9}
    given |= {"CallerId": "2125550123"} if "CallerId" not in header else {}
    rejected = prepare(path, now=NOW, constants=given, max_rejected_share=1.0).rejected
    found = rejected.loc[rejected["codes"].str.contains("rows_in_cell"), "source_line"]
    assert [int(line) for line in found] == lines


def test_every_character_that_cannot_be_seen_makes_a_blank_row():
    surrogates = range(0xD800, 0xE000)
    every = texts.from_list([chr(at) for at in range(sys.maxunicode + 1) if at not in surrogates])
    unseen = np.flatnonzero(whole_rows.blank(every))
    assert len(unseen) > 200
    assert whole_rows.blank_rows([every], len(every)).tolist() == unseen.tolist()
