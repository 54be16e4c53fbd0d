"""What inspect says of a file: how it is laid out and why, what its columns hold, what is lacking."""

import json
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.model import spec
from callconv_kit.profiling import first_rows
from callconv_kit.profiling.columns import Holds, shape, shared_name, shown

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
HEADER = "Caller ID,Call Date,Inbound Call ID,Duration,Target Number"
ROW = "(212) 555-0123,2026-11-20 09:30:00,RGB1,201,8005550199"


@pytest.fixture
def seen_of(tmp_path):
    """The inspection of a file with this content."""

    def inspect(content, name="calls.csv", **settings):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return ck.inspect(path, **settings)

    return inspect


LAID_OUT = {
    "commas": (f"{HEADER}\n{ROW}\n", {}, ("utf-8", ",", 1), ("UTF-8", "1 of 1 rows", "5 of its 5 cells")),
    "a byte-order mark": (f"\ufeff{HEADER}\n{ROW}\n", {}, ("utf-8-sig", ",", 1), ("byte-order mark", "", "")),
    "UTF-16": (f"{HEADER}\n{ROW}\n".encode("utf-16"), {}, ("utf-16", ",", 1), ("byte-order mark", "", "")),
    "cp1252": (f"{HEADER},City\n{ROW},Montr\xe9al\n".encode("cp1252"), {}, ("cp1252", ",", 1), ("line 2 is not UTF-8", "", "")),
    "semicolons": (f"{HEADER}\n{ROW}\n".replace(",", ";"), {}, ("utf-8", ";", 1), ("", "1 of 1 rows have 5 cells", "")),
    "titles before the header": (f"Calls\nDate range: all\n\n{HEADER}\n{ROW}\n", {}, ("utf-8", ",", 4), ("", "", "cells are column names")),
    "a row of another length": (f"{HEADER}\n{ROW}\n{ROW},x\n", {}, ("utf-8", ",", 1), ("", "1 of 2 rows", "")),
    "what the job says": (f"{HEADER}\n{ROW}\n", {"encoding": "latin-1", "delimiter": ",", "header_line": 1}, ("latin-1", ",", 1), ("the job says so",) * 3),
}  # fmt: skip


@pytest.mark.parametrize(("content", "settings", "found", "why"), LAID_OUT.values(), ids=LAID_OUT)
def test_how_a_file_is_laid_out_is_said_with_its_evidence(seen_of, content, settings, found, why):
    seen = seen_of(content, **settings)
    assert (seen.encoding, seen.delimiter, seen.header_line) == found
    for key, words in zip(("encoding", "delimiter", "header_line"), why, strict=True):
        assert words in seen.evidence[key]


def test_lines_that_are_no_rows_are_listed(seen_of):
    seen = seen_of(f"Calls\n\n{HEADER}\n{ROW}\n{HEADER}\n{ROW}\n")
    assert seen.skipped == ((1, "preamble"), (5, "repeated_header"))
    assert seen.rows == 2


def test_a_column_is_profiled(seen_of):
    rows = "\n".join(f"2125550{n:03},,x{n % 2}" for n in range(100, 110))
    seen = seen_of(f"Caller ID,Call Date,Source\n{rows}\n")
    caller, date, source = seen.columns
    assert (caller.name, caller.rows, caller.filled, caller.distinct) == ("Caller ID", 10, 10, 10)
    assert caller.samples == ("******0100", "******0101", "******0102")
    assert caller.shapes == ("9999999999",)
    assert (date.fill, date.distinct, date.samples) == (0.0, 0, ())
    assert (source.distinct, source.top_share) == (2, 0.5)


def test_of_a_large_file_the_first_rows_are_looked_at(seen_of, monkeypatch):
    monkeypatch.setattr(first_rows, "ROWS", 1)
    frame = pd.DataFrame([ROW.split(",")] * 20_000, columns=HEADER.split(","))
    seen = ck.inspect(frame)
    assert seen.more
    assert 0 < seen.rows < 20_000
    assert not seen_of(f"{HEADER}\n{ROW}\n{ROW}\n").more


MASKED = {
    "+12125550123",
    "(212) 555-0123",
    '"Jane" <2125550123>',
    "sip:+12125550123@pbx.example.com",
    '="2125550123"',
    "call 212-555-0123 back",
    "2125550123 x12",
}


@pytest.mark.parametrize("text", sorted(MASKED))
@pytest.mark.parametrize("holds", [Holds.PHONES, Holds.ANYTHING])
def test_no_sample_shows_more_than_four_digits_of_a_phone(text, holds):
    told = shown(text, holds)
    assert "2125550" not in told
    assert "555" not in told


def test_times_and_short_numbers_are_shown():
    assert shown("2026-11-20 09:30:05") == "2026-11-20 09:30:05"
    assert shown("1795185005000", Holds.TIMES) == "1795185005000"
    assert shown("20012") == "20012"
    assert shown("\x1b[31mred") == "⟨U+001B⟩[31mred"


def test_no_number_of_a_sample_leaks():
    for path in (VENDORS / "asterisk.csv", VENDORS / "callrail_list.csv"):
        told = json.dumps(ck.inspect(path).as_dict())
        lines = path.read_bytes().decode("cp1252").splitlines()
        numbers = {word for line in lines for word in line.replace('"', ",").split(",")}
        phones = {word for word in numbers if sum(map(str.isdigit, word)) in (10, 11)}
        phones = {phone for phone in phones if "-" in phone or phone.isdigit()}
        assert phones
        assert {phone for phone in phones if phone in told} == set()


SHAPES = {
    "212-555-0123": "999-999-9999",
    "(212) 555-0123": "(999) 999-9999",
    "Answered Call": "Aa Aa",
    "11/20/2026 9:30 AM": "99/99/9999 9:99 A",
    "Größe": "Aa",
    "": "",
    "9" * 40: "9…9",
    "\u202e12": "⟨U+202E⟩99",
}


@pytest.mark.parametrize(("text", "told"), SHAPES.items())
def test_a_shape_tells_the_form_and_nothing_of_the_data(text, told):
    assert shape(text) == told


def test_what_is_shared_holds_no_cell(seen_of):
    seen = seen_of(f"{HEADER},ann@example.com,2125550123\n{ROW},Ann,Bo\n")
    told = json.dumps(seen.shared(), ensure_ascii=False)
    for cell in (*ROW.split(","), "Ann", "ann@", "2125550123", "calls.csv"):
        assert cell not in told
    assert "999999999999" not in told
    assert [column["name"] for column in seen.shared()["columns"]][-2:] == ["a@a.a", "9999999999"]
    assert shared_name("Caller ID") == "Caller ID"


TIMES = {
    "no offset": (["2026-11-20 09:30:00"], (1, 0, {}), ""),
    "an offset": (["2026-11-20T09:30:00-05:00"], (0, 0, {"-05:00": 1}), ""),
    "UTC": (["2026-11-20T09:30:00Z", "1795185005000"], (0, 0, {"Z": 1, "+00:00": 1}), ""),
    "half an hour": (["2026-11-20T09:30:00+05:30"], (0, 0, {"+05:30": 1}), ""),
    "two readings": (["03/04/2026 09:30"], (1, 1, {}), ""),
    "proof for month first": (["03/04/2026 09:30", "03/24/2026 09:30"], (2, 1, {}), "month-first"),
    "proof for day first": (["03/04/2026 09:30", "24/03/2026 09:30"], (2, 1, {}), "day-first"),
    "proof for both": (
        ["24/03/2026 09:30", "03/24/2026 09:30", "03/04/2026 09:30"],
        (3, 1, {}),
        "",
    ),
}


@pytest.mark.parametrize(("cells", "counts", "proven"), TIMES.values(), ids=TIMES)
def test_the_times_tell_of_zone_and_order(seen_of, cells, counts, proven):
    rows = "\n".join(ROW.replace("2026-11-20 09:30:00", cell) for cell in cells)
    times = seen_of(f"{HEADER}\n{rows}\n").times
    assert (times.without_offset, times.two_readings, dict(times.offsets)) == counts
    assert times.proven_order == proven


def test_the_busy_hours_hint_at_the_zone(seen_of):
    rows = "\n".join(ROW.replace(" 09:", f" {hour:02}:") for hour in [8, *range(9, 17)] * 4)
    times = seen_of(f"{HEADER}\n{rows}\n").times
    assert times.busy_hours in {(8, 16), (9, 17), (8, 17)}
    assert seen_of(f"{HEADER}\n{ROW}\n").times.busy_hours is None


def test_all_that_is_lacking_is_named_with_how_to_feed_it(seen_of):
    seen = seen_of(f"{HEADER}\n{ROW}\n")
    assert list(seen.missing) == ["CampaignId", "MediaId", "ActionTrackerId", "TalkDuration"]
    assert "lookup" in seen.missing["MediaId"]
    assert "call_if_answered" in seen.missing["TalkDuration"]


def test_columns_that_rules_look_at_are_used():
    assert "hasConnected" not in ck.inspect(VENDORS / "ringba_api.csv").unused
    assert ck.inspect(VENDORS / "twilio.csv").unused.count("parent_call_sid") == 0


def test_an_archive_of_several_is_looked_at_by_its_first(tmp_path):
    path = tmp_path / "calls.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name in ("a.csv", "b.csv"):
            bundle.writestr(name, f"{HEADER}\n{ROW}\n")
    seen = ck.inspect(path)
    assert (seen.file, seen.others) == ("calls.zip/a.csv", ("calls.zip/b.csv",))


def test_the_sheet_of_a_workbook_may_be_named(tmp_path):
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Second")):
        sheet.append(HEADER.split(","))
        sheet.append(ROW.split(","))
    book.save(tmp_path / "calls.xlsx")
    with pytest.raises(ck.InputError, match="Second"):
        ck.inspect(tmp_path / "calls.xlsx")
    seen = ck.inspect(tmp_path / "calls.xlsx", sheet="Second")
    assert (seen.rows, seen.settings) == (1, {"sheet": "Second"})


def test_the_format_itself_lacks_nothing(tmp_path):
    row = ",".join(column.example.replace(",", ";") for column in spec.COLUMNS)
    path = tmp_path / "ready.csv"
    path.write_text(f"{','.join(spec.NAMES)}\n{row}\n")
    seen = ck.inspect(path)
    assert (dict(seen.missing), seen.unused, seen.proposed) == ({}, (), ())
