"""One table of typed cells in every kind of input: equal ready.csv, equal codes, or a named difference."""

import csv
import datetime as dt
import io
import json
import tempfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import callconv_kit as ck
from callconv_kit.reading.values import as_text

SETTINGS = {
    "now": "2026-11-25T12:00:00Z",
    "timezone": "America/New_York",
    "date_order": "month-first",
    "max_rejected_share": 1.0,
}
MOMENTS = st.datetimes(dt.datetime(2025, 9, 1), dt.datetime(2026, 11, 26)).map(  # noqa: DTZ001 # local times
    lambda moment: moment.replace(microsecond=0)
)
WHOLE = st.integers(-5, 90_000)
# column → one strategy for each type that a column of it may have
TYPES = {
    "CampaignId": (st.integers(0, 10**15 - 1), st.floats(1, 1e15).map(round).map(float)),
    "MediaId": (st.integers(1, 10**6), st.sampled_from(["20012", "20,012", "x"])),
    "EventDate": (
        MOMENTS,
        MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC)),
        MOMENTS.map(lambda moment: int(moment.replace(tzinfo=dt.UTC).timestamp())),
        st.floats(46_000, 46_350),
        st.dates(dt.date(2026, 1, 1), dt.date(2026, 11, 25)),
        st.sampled_from(["11/20/2026 9:30 AM", "9:30 AM 11/20/2026", "soon", "46346.4"]),
    ),
    "CallerId": (
        st.integers(2_010_000_000, 9_999_999_999),
        st.integers(2_010_000_000, 9_999_999_999).map(float),
        st.sampled_from(["(212) 555-0123", "+442079460958", "61491570156", "16175550123"]),
    ),
    "CallSessionId": (
        st.integers(1, 10**15 - 1),
        st.floats(1e15, 1e20).map(round).map(float),
        st.text("abcXYZ019-", min_size=1, max_size=8),
        st.sampled_from(["123456789012345000", "S1", "S2"]),
    ),
    "CallDuration": (
        WHOLE,
        st.floats(0, 90_000),
        WHOLE.map(lambda seconds: dt.timedelta(seconds=seconds)),
        st.times().map(lambda time: time.replace(microsecond=0)),
        st.sampled_from(["3:21", "201 sec", "0.002326", "3,35 min"]),
    ),
    "SaleAmount": (
        st.integers(0, 10**8).map(lambda cents: cents / 100),
        st.floats(0, 10).map(lambda amount: amount + 0.1 + 0.2),
        st.decimals(0, 10**6, places=2),
        st.sampled_from(["$1,234.50", "$ -", "12,50", "1.234"]),
    ),
    "Zip": (st.sampled_from(["02139", "K1A 0B1", "2139"]),),
    "City": (st.text(max_size=6), st.booleans(), st.floats(0, 1e20)),
}
ALWAYS = {
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CalledPhoneNumber": "8005550199",
    "TalkDuration": "0",
    "CallStatus": "no answer",
}


@st.composite
def tables(draw):
    """Columns of one type each: name → cells, None where empty."""
    rows = draw(st.integers(1, 4))
    columns = {}
    for name, types in TYPES.items():
        cells = draw(st.sampled_from(types))
        if name == "City":
            cells = cells.filter(lambda cell: not isinstance(cell, str) or cell.isprintable())
        columns[name] = draw(st.lists(st.none() | cells, min_size=rows, max_size=rows))
    return columns | {name: [cell] * rows for name, cell in ALWAYS.items()}


def records(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def as_csv(columns, folder):
    buffer = io.StringIO()
    rows = [[as_text(cell) for cell in record.values()] for record in records(columns)]
    csv.writer(buffer).writerows([list(columns), *rows])
    (folder / "calls.csv").write_text(buffer.getvalue(), encoding="utf-8", newline="")
    return folder / "calls.csv"


def as_sheet(columns, folder):
    book = openpyxl.Workbook()
    book.active.append(list(columns))
    for at, record in enumerate(records(columns), 2):
        for number, value in enumerate(record.values(), 1):
            aware = isinstance(value, dt.datetime) and value.tzinfo
            cell = book.active.cell(at, number, as_text(value) if aware else value)
            if isinstance(value, str):
                cell.data_type = "s"  # text that begins with = is text
    book.save(folder / "calls.xlsx")
    return folder / "calls.xlsx"


def as_json(columns, folder):
    plain = (bool, int, float, str, type(None))
    lines = [
        json.dumps({k: v if isinstance(v, plain) else as_text(v) for k, v in record.items()})
        for record in records(columns)
    ]
    (folder / "calls.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder / "calls.jsonl"


def as_parquet(columns, folder):
    parquet.write_table(pa.table(columns), folder / "calls.parquet")
    return folder / "calls.parquet"


def as_objects(columns, _):
    return pd.DataFrame(columns, dtype=object)


def as_frame(columns, _):
    return pd.DataFrame(columns)


KINDS = (as_csv, as_sheet, as_json, as_parquet, as_objects, as_frame)


def outcome(make, columns):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = ck.prepare(make(columns, folder), out=folder / "out", **SETTINGS)
        counts = run.summary
        assert counts["rows_read"] == (
            counts["rows_ready"] + counts["rows_rejected"] + counts["rows_left_out"]
        )
        first = 2 if make in (as_csv, as_sheet) else 1
        codes = sorted(
            (line - first, code)
            for line, code in zip(run.rejected["source_line"], run.rejected["codes"], strict=True)
        )
        return (folder / "out" / "ready.csv").read_bytes(), codes


def agree(columns):
    expected = outcome(as_objects, columns)
    for make in KINDS:
        assert outcome(make, columns) == expected, make.__name__


@settings(max_examples=8)
@given(tables())
def test_the_kinds_of_input_agree_on_typed_cells(columns):
    agree(columns)


@pytest.mark.long
@settings(max_examples=700)
@given(tables())
def test_the_kinds_of_input_agree_on_many_typed_cells(columns):
    agree(columns)


def test_zeros_in_front_are_lost_in_a_column_of_numbers_and_only_there():
    columns = {name: [None] for name in TYPES} | {name: [cell] for name, cell in ALWAYS.items()}
    columns |= {"CampaignId": [1], "MediaId": [2], "EventDate": ["2026-11-20T09:30:00Z"]}
    columns |= {"CallerId": ["2125550123"], "CallSessionId": ["S"], "CallDuration": ["5"]}
    columns |= {"Zip": [2139], "SaleAmount": [Decimal("12.50")]}
    zips = {}
    for make in KINDS:
        ready, codes = outcome(make, columns)
        assert codes == []
        (row,) = csv.DictReader(io.StringIO(ready.decode()))
        zips[make.__name__] = row["Zip"]
    assert zips == {
        "as_csv": "2139",
        "as_sheet": "2139",
        "as_json": "2139",
        "as_parquet": "",
        "as_objects": "2139",
        "as_frame": "",
    }
