"""Values that a format types: long numbers, lengths of time, far dates, formulas, broken names."""

import datetime
import io
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

import callconv_kit as ck
from callconv_kit.model.errors import InputError
from callconv_kit.reading.values import as_text, in_full, number_as_text

from ..right_call import CALL

CASES = Path(__file__).parent.parent / "data" / "cases"
SETTINGS = {
    "now": "2026-11-25T12:00:00Z",
    "max_rejected_share": 1.0,
    "timezone": "America/New_York",
}


def as_sheet(call, path):
    book = openpyxl.Workbook()
    book.active.append(list(call))
    book.active.append(list(call.values()))
    book.save(path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


def as_json(call, path):
    path.with_suffix(".jsonl").write_text(json.dumps(call))
    return path.with_suffix(".jsonl")


def as_parquet(call, path):
    table = pa.table({name: [value] for name, value in call.items()})
    parquet.write_table(table, path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def as_frame(call, _):
    return pd.DataFrame([call])


KINDS = {"sheet": as_sheet, "json": as_json, "parquet": as_parquet, "frame": as_frame}
LONG = 1.2345678901234567e17


@pytest.mark.parametrize(
    "column", ["CallSessionId", "VendorEventId", "ClickId", "SubId2", "MediaId"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_long_number_rejects_its_row(kind, column, tmp_path):
    run = ck.prepare(KINDS[kind](CALL | {column: LONG}, tmp_path / "calls"), **SETTINGS)
    assert run.rejected["codes"].tolist() == ["digits_lost"]


@pytest.mark.parametrize(
    "column", ["City", "ReferenceId", "Key1", "Keypresses", "CustomCallEvent1Value"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_long_number_of_an_optional_column_is_removed_with_a_warning(kind, column, tmp_path):
    run = ck.prepare(KINDS[kind](CALL | {column: LONG}, tmp_path / "calls"), **SETTINGS)
    assert run.ready[column].tolist() == [""]
    assert [column, "digits_lost"] in run.findings[["column", "code"]].to_numpy().tolist()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "frame"])
def test_a_whole_number_of_sixteen_digits_may_have_been_rounded_before(kind, tmp_path):
    call = CALL | {"CallSessionId": 1234567890123456}
    run = ck.prepare(KINDS[kind](call, tmp_path / "calls"), **SETTINGS)
    assert run.rejected["codes"].tolist() == ["digits_lost"]
    assert run.rejected["CallSessionId"].tolist() == ["1.234567890123456E+15"]
    again = ck.prepare(run.rejected, **SETTINGS)
    assert again.rejected["codes"].tolist() == ["digits_lost"]


@pytest.mark.parametrize("kind", KINDS)
def test_fifteen_digits_are_exact(kind, tmp_path):
    call = CALL | {"CallSessionId": 123456789012345, "VendorEventId": 999999999999999}
    run = ck.prepare(KINDS[kind](call, tmp_path / "calls"), **SETTINGS)
    assert run.ready["CallSessionId"].tolist() == ["123456789012345"]
    assert run.ready["VendorEventId"].tolist() == ["999999999999999"]


def test_whole_numbers_of_a_frame_are_exact():
    run = ck.prepare(pd.DataFrame([CALL | {"CallSessionId": 123456789012345678}]), **SETTINGS)
    assert run.ready["CallSessionId"].tolist() == ["123456789012345678"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_in_microseconds_is_a_time_all_the_same(kind, tmp_path):
    call = CALL | {"EventDate": 1795183200000000}
    run = ck.prepare(KINDS[kind](call, tmp_path / "calls"), **SETTINGS)
    assert run.ready["EventDate"].tolist() == ["2026-11-20T14:00:00+00:00"]


WRITTEN = {
    "a float that misses": (0.1 + 0.2, "0.30000000000000004"),
    "a small float": (5.5e-17, "0.000000000000000055"),
    "single precision": (np.float32(1234.56), "1234.56"),
    "a float past its exact numbers": (1e15, "1.000000000000000E+15"),
    "the last exact one": (999999999999999.0, "999999999999999"),
    "a negative zero": (-0.0, "0"),
    "a whole number of Python": (10**17, "100000000000000000"),
    "a length of time": (datetime.timedelta(seconds=201), "00:03:21"),
    "a fraction of a second": (datetime.timedelta(milliseconds=250), "00:00:00.25"),
    "a negative length of time": (datetime.timedelta(seconds=-5), "-00:00:05"),
    "more than a day": (datetime.timedelta(days=1, hours=1), "25:00:00"),
    "infinity": (float("inf"), "inf"),
    "a decimal": (Decimal("1E+3"), "1000"),
}


@pytest.mark.parametrize(("value", "text"), WRITTEN.values(), ids=WRITTEN)
def test_a_value_becomes_text(value, text):
    assert as_text(value) == text


JSON_NUMBERS = {
    "as it stands": ("1.50", "1.50"),
    "a whole float": ("7.0", "7"),
    "zero": ("0.0", "0"),
    "a negative zero": ("-0.0", "0"),
    "a float of Java": ("2.125550123E9", "2125550123"),
    "a fraction with an exponent": ("1.2345E3", "1234.5"),
    "a small one": ("5.5E-7", "0.00000055"),
    "too few digits for its size": ("2.12556E9", "2.12556E+09"),
    "one digit": ("2E9", "2E+09"),
    "sixteen digits": ("1234567890123456", "1.234567890123456E+15"),
    "sixteen digits and a fraction": ("1234567890123456.0", "1.234567890123456E+15"),
    "negative": ("-12345678901234567", "-1.2345678901234567E+16"),
    "an exponent beyond all numbers": ("1e999999999", "1e999999999"),
    "not a number": ("NaN", "NaN"),
}


@pytest.mark.parametrize(("written", "text"), JSON_NUMBERS.values(), ids=JSON_NUMBERS)
def test_a_number_of_json_becomes_text(written, text):
    assert number_as_text(written) == text


@given(st.integers())
def test_no_digit_of_a_marked_number_is_lost(number):
    assert Decimal(in_full(str(number))) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_keeps_its_value_as_text(number):
    assert float(as_text(number)) == number


LENGTHS = {"seconds": 201, "sub-seconds": 200.6, "past a day's half": 50_000}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("seconds", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("setting", [{}, {"units": {"CallDuration": "minutes"}}])
def test_a_length_of_time_keeps_its_unit_whatever_the_job_says(tmp_path, unit, seconds, setting):
    length = pa.array([int(seconds * 1000)], pa.duration("ms")).cast(pa.duration(unit), safe=False)
    columns = {name: [value] for name, value in CALL.items()} | {"CallDuration": length}
    parquet.write_table(pa.table(columns), tmp_path / "calls.parquet")
    run = ck.prepare(tmp_path / "calls.parquet", **SETTINGS, **setting)
    whole = int(seconds) if unit == "s" else int(seconds + 0.5)
    assert run.ready["CallDuration"].tolist() == [str(whole)]


FAR = {
    "year 9999": pa.array([253402300799000], pa.timestamp("ms")),
    "year 9999 in a zone that is ahead": pa.array(
        [253402300799000], pa.timestamp("ms", "Asia/Tokyo")
    ),
    "year 36812": pa.array([1099511627776000], pa.timestamp("ms")),
    "year 0": pa.array([-62167219200000], pa.timestamp("ms")),
    "before year 1 in a zone that is behind": pa.array(
        [-62135596800000], pa.timestamp("ms", "America/New_York")
    ),
    "seconds beyond all years": pa.array([2**53], pa.timestamp("s")),
    "nanoseconds": pa.array([1795183200123456789], pa.timestamp("ns")),
    "a far day": pa.array([2**31 - 1], pa.date32()),
    "a far day in milliseconds": pa.array([86_400_000 * 10**9], pa.date64()),
    "nanoseconds of a day": pa.array([34_205_000_000_001], pa.time64("ns")),
    "a zone that nobody has": pa.array([0], pa.timestamp("us", "Mars/Base")),
    "a length of years": pa.array([2**62], pa.duration("s")),
    "the longest in nanoseconds": pa.array([2**63 - 1], pa.duration("ns")),
}


@pytest.mark.parametrize("far", FAR.values(), ids=FAR)
def test_a_far_date_in_an_unused_column_harms_nothing(tmp_path, far):
    columns = {name: [value] for name, value in CALL.items()} | {"CreatedAt": far}
    parquet.write_table(pa.table(columns), tmp_path / "calls.parquet")
    run = ck.prepare(tmp_path / "calls.parquet", **SETTINGS)
    assert (len(run.ready), run.exit_status) == (1, 0)


@pytest.mark.parametrize(
    "far",
    [FAR[name] for name in ("year 36812", "year 0", "seconds beyond all years")],
)
def test_a_far_date_that_is_used_is_wrong(tmp_path, far):
    columns = {name: [value] for name, value in CALL.items()} | {"EventDate": far}
    parquet.write_table(pa.table(columns), tmp_path / "calls.parquet")
    run = ck.prepare(tmp_path / "calls.parquet", **SETTINGS)
    assert run.rejected["codes"].tolist() == ["moment_invalid"]


@pytest.mark.parametrize("name", ["9999", "9999_tz", "far_timestamp", "year_0"])
def test_the_cases_of_parquet_are_ready(name):
    run = ck.prepare(CASES / f"parquet_{name}" / "x.parquet", now="2026-11-26T06:00:00Z")
    assert (len(run.ready), run.exit_status) == (1, 0)


def test_a_column_name_that_is_not_utf8_is_said_in_a_sentence():
    with pytest.raises(InputError, match=r"column name .* not UTF-8") as caught:
        ck.prepare(CASES / "parquet_name_not_utf8" / "x.parquet", now="2026-11-26T06:00:00Z")
    assert caught.value.exit_status == 3


def test_text_of_parquet_that_is_not_utf8_is_broken_text(tmp_path):
    bad = pa.array([b"M\xfcnchen"], pa.binary()).view(pa.string())
    columns = {name: [value] for name, value in CALL.items()} | {"SubId1": bad}
    parquet.write_table(pa.table(columns), tmp_path / "calls.parquet")
    run = ck.prepare(tmp_path / "calls.parquet", **SETTINGS)
    assert run.rejected["codes"].tolist() == ["broken_text"]


# -- formulas --------------------------------------------------------------------------------------


PLACE = 987654321


def with_cell(path, column, cell):
    """A workbook of one call with this XML for one of its cells."""
    as_sheet(CALL | {column: PLACE}, path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(path.with_suffix(".xlsx")) as book, zipfile.ZipFile(buffer, "w") as new:
        for name in book.namelist():
            text = book.read(name).decode()
            place = re.search(rf'<c r="(\w+)"[^<]*<v>{PLACE}</v></c>', text)
            if place:
                text = text.replace(place[0], cell.replace("<c", f'<c r="{place[1]}"', 1))
            new.writestr(name, text)
    path.with_suffix(".xlsx").write_bytes(buffer.getvalue())
    return path.with_suffix(".xlsx")


FORMULAS = {
    "never calculated": ('<c><f>"ANSWER"</f><v></v></c>', "excel_error"),
    "never calculated, without a value": ("<c><f>A1</f></c>", "excel_error"),
    "shared, never calculated": (
        '<c><f t="shared" si="0" ref="K2:K2">A1</f><v/></c>',
        "excel_error",
    ),
    "an array, never calculated": ('<c><f t="array" ref="K2:K2">A1</f><v/></c>', "excel_error"),
    "calculated": ('<c t="str"><f>"AN"&amp;"SWER"</f><v>ANSWER</v></c>', None),
    "calculated as nothing": ('<c t="str"><f>""</f><v></v></c>', None),
    "calculated as an error": ('<c t="e"><f>A9</f><v>#REF!</v></c>', "excel_error"),
}


@pytest.mark.parametrize(("cell", "code"), FORMULAS.values(), ids=FORMULAS)
def test_a_formula_without_a_stored_value_is_an_error(tmp_path, cell, code):
    run = ck.prepare(with_cell(tmp_path / "calls", "CallStatus", cell), **SETTINGS)
    assert run.rejected["codes"].tolist() == ([code] if code else [])


def test_the_case_of_formulas_without_values():
    run = ck.prepare(CASES / "xlsx_formula_without_value" / "input.xlsx", **SETTINGS)
    assert run.rejected["codes"].tolist() == ["excel_error"]
    columns = ["CallStatus", "SaleAmount", "SubId1"]
    assert all(f'{column} "#NOT_CALCULATED"' in run.rejected["reasons"][0] for column in columns)
    assert len(run.ready) == 1


def test_the_case_of_long_numbers():
    run = ck.prepare(CASES / "xlsx_long_numbers" / "input.xlsx", **SETTINGS)
    assert run.rejected["codes"].tolist() == ["digits_lost"] * 3
