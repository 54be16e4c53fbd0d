"""Digits that a typed input lost before it was read."""

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import callconv_kit as ck

from ..right_call import CALL as RIGHT_CALL

SETTINGS = {"now": "2026-11-25T12:00:00Z", "max_rejected_share": 1.0}
CALL = {**RIGHT_CALL, "CallSessionId": "S1"}
# column, value → warned
ROUND = {
    "a campaign": ("CampaignId", 1.2e10, True),
    "a partner": ("MediaId", 1.21256e12, True),
    "an ad": ("AdId", 5e9, True),
    "a phone number": ("CallerId", 2.12556e9, True),
    "a session": ("CallSessionId", 1.2e10, True),
    "an id of seven digits and zeros": ("CampaignId", 12345670000.0, False),
    "an id of nine digits": ("CampaignId", 120000000.0, False),
    "an id that is no round number": ("CampaignId", 12000000001.0, False),
    "a whole number": ("CampaignId", 12000000000, False),
    "text": ("CampaignId", "12000000000", False),
    "an amount": ("ReferenceId", 1.2e10, False),
}


def warned(run, column):
    return [column, "identifier_maybe_rounded"] in run.findings[
        ["column", "code"]
    ].to_numpy().tolist()


@pytest.mark.parametrize(("column", "value", "expected"), ROUND.values(), ids=ROUND)
def test_an_id_that_a_float_holds_may_have_been_rounded(column, value, expected):
    run = ck.prepare(pd.DataFrame([CALL | {column: value}]), **SETTINGS)
    assert len(run.ready) == 1
    assert warned(run, column) == expected


@pytest.mark.parametrize(("column", "value", "expected"), ROUND.values(), ids=ROUND)
def test_parquet_tells_the_same(tmp_path, column, value, expected):
    table = pa.table({name: [cell] for name, cell in (CALL | {column: value}).items()})
    parquet.write_table(table, tmp_path / "calls.parquet")
    assert warned(ck.prepare(tmp_path / "calls.parquet", **SETTINGS), column) == expected


def test_calls_that_share_such_a_session_conflict():
    run = ck.prepare(pd.DataFrame([CALL | {"CallSessionId": 1.2e10}] * 2), **SETTINGS)
    assert run.rejected["codes"].tolist() == ["conflicting_duplicate"] * 2


def test_a_postal_code_of_parquet_that_may_have_lost_its_zero_is_removed(tmp_path):
    table = pa.table({name: [cell] for name, cell in (CALL | {"Zip": 2139}).items()})
    parquet.write_table(table, tmp_path / "calls.parquet")
    assert ck.prepare(tmp_path / "calls.parquet", **SETTINGS).ready["Zip"].tolist() == [""]


@pytest.mark.parametrize(
    ("amount", "codes"),
    [(1.234, ["money_invalid"]), (12.345, ["money_invalid"]), (12.5, []), ("1.234", [])],
)
def test_the_point_of_a_float_parts_no_thousands(amount, codes):
    run = ck.prepare(pd.DataFrame([CALL | {"SaleAmount": amount}]), decimal="comma", **SETTINGS)
    assert run.rejected["codes"].tolist() == codes


# how the column is filled, where the frame does not hold it → the cell
FILLED = {
    "a constant amount": ({"constants": {"SaleAmount": "1.234,50"}}, "SaleAmount", "1234.50"),
    "a default amount": ({"defaults": {"SaleAmount": "12,50"}}, "SaleAmount", "12.50"),
    "a constant postal code": ({"constants": {"Zip": "213"}}, "Zip", "213"),
    "a default postal code": ({"defaults": {"Zip": "02139"}}, "Zip", "02139"),
    "no amount": ({}, "SaleAmount", ""),
    "no postal code": ({}, "Zip", ""),
}


@pytest.mark.parametrize(("settings", "column", "cell"), FILLED.values(), ids=FILLED)
def test_what_the_job_fills_in_has_lost_no_digits(settings, column, cell):
    call = {name: value for name, value in CALL.items() if name not in ("SaleAmount", "Zip")}
    frame = pd.DataFrame([call | {"CampaignId": 1001.0}])
    run = ck.prepare(frame, decimal="comma", **settings, **SETTINGS)
    assert run.ready[column].tolist() == [cell]
