"""Cells that are read as most of their column is: serial days, and numbers without their plus."""

import openpyxl
import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.coercion.calling_codes import coded
from callconv_kit.model import texts
from callconv_kit.reading import values

from ..right_call import CALL as RIGHT_CALL

SETTINGS = {
    "now": "2026-11-25T12:00:00Z",
    "timezone": "America/New_York",
    "max_rejected_share": 1.0,
}
CALL = {**RIGHT_CALL, "CallSessionId": "S1"}


def calls(column, cells):
    return pd.DataFrame(
        [CALL | {column: cell, "CallSessionId": f"S{at}"} for at, cell in enumerate(cells)]
    )


FULL, FEW = "46346.39589", "46346.4"
# serial days of a column → codes of its rejected rows, by line
SERIALS = {
    "most tell the second": ([FULL, FEW, FULL], {}),
    "half do": ([FULL, FEW], {2: "digits_lost"}),
    "fewer do": ([FEW, FULL, FEW], {1: "digits_lost", 3: "digits_lost"}),
    "eighths are right and tell nothing": (["46346.5", "46346.25", FEW], {3: "digits_lost"}),
    "other moments do not count": ([*["2026-11-20 09:30:00"] * 3, FEW, FULL, FULL], {}),
    "a whole day stays without a time": ([FULL, FULL, "46346"], {3: "moment_without_time"}),
    "the last one decides": ([FEW, FULL, FULL, FEW, "46346.395891"], {}),
}


def codes(run):
    return dict(zip(run.rejected["source_line"], run.rejected["codes"], strict=True))


@pytest.mark.parametrize(("cells", "rejected"), SERIALS.values(), ids=SERIALS)
def test_a_serial_day_with_few_decimals_is_read_by_its_column(cells, rejected):
    assert codes(ck.prepare(calls("EventDate", cells), **SETTINGS)) == rejected


@pytest.mark.parametrize(("cells", "rejected"), SERIALS.values(), ids=SERIALS)
def test_blocks_play_no_part(cells, rejected, monkeypatch):
    monkeypatch.setattr(values, "ROWS", 1)
    assert codes(ck.prepare(calls("EventDate", cells), **SETTINGS)) == rejected


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "jsonl"])
def test_files_are_counted_as_frames_are(tmp_path, kind):
    frame = calls("EventDate", [float(FULL), float(FEW), float(FULL)])
    path = tmp_path / f"calls.{kind}"
    match kind:
        case "csv":
            frame.to_csv(path, index=False)
        case "xlsx":
            book = openpyxl.Workbook()
            for row in [list(frame), *frame.to_numpy().tolist()]:
                book.active.append(row)
            book.save(path)
        case "parquet":
            frame.to_parquet(path)
        case "jsonl":
            frame.to_json(path, orient="records", lines=True)
    run = ck.prepare(path, **SETTINGS)
    assert (len(run.ready), run.summary["inputs"][0]["rows"]) == (3, 3)
    assert run.summary["inputs"][0]["sha256"]


def test_each_file_has_habits_of_its_own(tmp_path):
    calls("EventDate", [FULL, FULL, FEW]).to_csv(tmp_path / "a.csv", index=False)
    calls("EventDate", [FEW, FEW, FULL]).to_csv(tmp_path / "b.csv", index=False)
    run = ck.prepare([tmp_path / "a.csv", tmp_path / "b.csv"], on_conflict="first", **SETTINGS)
    assert run.rejected[["source_file", "source_line"]].to_numpy().tolist() == [
        ["b.csv", 2],
        ["b.csv", 3],
    ]


AU, US = "61491570156", "16175550123"
# callers of a column → codes of its rejected rows, by line
CALLERS = {
    "most carry a code": ([US, US, AU], {}),
    "behind a plus too": (["+16175550123", "+442079460123", AU], {}),
    "by their digits": (["442079460123", "8613800138000", AU], {}),
    "half do": ([US, "6175550123", AU, "2125550123"], {3: "phone_invalid"}),
    "national numbers": (["6175550123", "2125550123", AU], {3: "phone_invalid"}),
    "withheld numbers do not count": (["anonymous", AU, US], {1: "caller_unknown"}),
    "junk of many digits carries none": (["99999999999", "88888888888", AU, US], {
        1: "phone_invalid", 2: "phone_invalid", 3: "phone_invalid",
    }),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "rejected"), CALLERS.values(), ids=CALLERS)
def test_eleven_digits_are_read_by_their_column(cells, rejected):
    assert codes(ck.prepare(calls("CallerId", cells), **SETTINGS)) == rejected


COUNTED = {
    "Leicester": (["0116 496 0123", "0116 496 0124"], "GB", (2, 0)),
    "dialled in America": (["011 44 116 496 0123", "2125550123"], "US", (2, 1)),
    "dialled in Europe": (["0044 116 496 0123"], "GB", (1, 1)),
    "short numbers": (["511", "anonymous"], "US", (0, 0)),
}


@pytest.mark.parametrize(("cells", "country", "counted"), COUNTED.values(), ids=COUNTED)
def test_numbers_with_a_code_are_counted(cells, country, counted):
    assert coded(texts.from_list(cells), country) == counted


def test_the_warning_counts_the_numbers_by_country():
    cells = [AU, "442079460123", "442079460124", US]
    run = ck.prepare(calls("CallerId", cells), **SETTINGS)
    (found,) = [each for each in run.summary["findings"] if each["code"] == "country_from_digits"]
    assert (found["column"], found["rows"], found["severity"]) == ("CallerId", 3, "warning")
    assert found["by_value"] == {"GB": 2, "AU": 1}
    assert run.ready["CallerPhoneNumberCountry"].tolist() == ["AU", "GB", "GB", ""]
    rules = {
        each["rule"]: each["rows"]
        for each in run.summary["changes"]
        if each["column"] == "CallerId"
    }
    assert rules == {"plus_restored": 3, "phone_rewritten": 1}


def test_a_row_that_names_the_country_needs_no_column():
    frame = calls("CallerId", ["61491570156", "2125550123", "2125550124"])
    frame["CallerPhoneNumberCountry"] = ["AU", "US", "US"]
    run = ck.prepare(frame, **SETTINGS)
    assert run.ready["CallerId"].tolist() == ["491570156", "2125550123", "2125550124"]


def test_a_number_of_no_country_is_rejected_with_that_reason():
    run = ck.prepare(calls("CallerId", ["+80012345678", "+88216 1234 5678", "12"]), **SETTINGS)
    told = ["belong to no country" in reason for reason in run.rejected["reasons"]]
    assert (run.rejected["codes"].tolist(), told) == (["phone_invalid"] * 3, [True, True, False])


def test_a_duration_below_one_names_the_setting():
    run = ck.prepare(calls("CallDuration", ["0.00232638888888889"]), **SETTINGS)
    assert "[units]" in run.rejected["reasons"][0]
    assert run.rejected["codes"].tolist() == ["duration_invalid"]


@pytest.mark.parametrize("menu", ["301", "5:01", "301.0"])
def test_more_time_in_the_menu_than_in_the_call_is_a_warning(menu):
    run = ck.prepare(calls("IvrDuration", [menu, "300", ""]), **SETTINGS)
    found = run.findings.query("code == 'ivr_exceeds_call'")
    assert found[["source_line", "column", "severity"]].to_numpy().tolist() == [
        [1, "IvrDuration", "warning"]
    ]
    assert len(run.ready) == 3
