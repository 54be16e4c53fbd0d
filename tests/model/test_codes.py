"""Every code and every rule of the table, each by a file that earns it.

A sample is one call with some cells changed, under some settings; what is said of it, in which
column and how gravely, is written here by hand.
"""

import csv
import io

import numpy as np
import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.model import codes, spec
from callconv_kit.model.codes import CODES, RULES
from callconv_kit.model.errors import InputError

from ..right_call import CALL as RIGHT_CALL

NOW = "2026-11-24T12:00:00+00:00"
SETTINGS = {"now": NOW, "max_rejected_share": 1.0}
CALL = {**RIGHT_CALL, "EventDate": "2026-11-20T09:30:05-05:00", "CallDuration": "201"}
ZONE = {"timezone": "America/New_York"}
PRESET = """
[preset]
name = "switch"
title = "A switch"
first_keys = true

[[preset.form]]
name = "log"
columns = ["Direction", "Disposition", "Uniqueid", "Corrects", "Pressed"]

[[preset.doubt]]
column = "CallDuration"
text = "counted from the first ring"
when = {Direction = {equals = "rough"}}

[preset.corrections]
id = "Uniqueid"
corrects = "Corrects"

[legs]
key = "Uniqueid"
parent = "Parent"

[columns]
Keypresses = "Pressed"

[[leave_out]]
source_column = "Direction"
equals = "outbound"
code = "outbound"

[[leave_out]]
source_column = "Direction"
equals = "text"
code = "not_a_call"

[[leave_out]]
source_column = "Direction"
equals = "ringing"
code = "call_in_progress"
"""
LOOKUP = "CalledPhoneNumber,AdId\n8005550199,40031\n"


def file_of(*rows):
    """A CSV of rows, each the call with some cells changed; a None takes the column away."""
    full = [{**CALL, **row} for row in rows]
    header = list(dict.fromkeys(name for row in full for name in row))
    header = [name for name in header if all(row.get(name, "") is not None for row in full)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row.get(name, "") for name in header] for row in full)
    return buffer.getvalue()


class Sent:
    """A ledger that says the same of every row."""

    def __init__(self, sent_status):
        self.verdict = sent_status

    def sent_status(self, keys):
        return np.full(len(keys.session), self.verdict, np.uint8)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Prepares a text or bytes in a folder with a preset and a look-up file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "switch.toml").write_text(PRESET)
    (tmp_path / "ads.csv").write_text(LOOKUP)

    def prepare(data, **more):
        source = tmp_path / "calls.csv"
        source.write_bytes(data if isinstance(data, bytes) else data.encode())
        return ck.prepare(source, **{**SETTINGS, "out": tmp_path / "out", **more})

    return prepare


# -- the file stops --------------------------------------------------------------------------------

TABLE = file_of({})
STOPS = {
    "empty_file": ("", {}),
    "not_a_table": (b"\x00\x01\x02" * 90, {}),
    "no_header": ("one,two\n1,2\n", {}),
    "ambiguous_header": (TABLE.replace("CallStatus", "caller id"), {}),
    "column_missing": (file_of({"MediaId": None}), {}),
    "unclosed_quote": (TABLE.replace("Invoca", '"Invoca'), {}),
    "needs_timezone": (file_of({"EventDate": "2026-11-20 09:30:05"}), {}),
    "needs_date_order": (file_of({"EventDate": "03/04/2026 9:30"}), ZONE),
    "needs_encoding": (TABLE.replace("Invoca", "東京").encode("shift_jis"), {}),
}


@pytest.mark.parametrize(("code", "sample"), STOPS.items(), ids=STOPS)
def test_a_file_stops_with_its_code_and_leaves_no_ready_file(run, tmp_path, code, sample):
    data, settings = sample
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ready.csv").write_text("of yesterday")
    with pytest.raises(InputError) as caught:
        run(data, **settings)
    assert caught.value.code == code
    assert caught.value.exit_status == 3
    assert caught.value.next_step
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_is_not_there_is_unreadable(tmp_path):
    with pytest.raises(InputError) as caught:
        ck.prepare(tmp_path / "missing.csv", out=tmp_path / "out")
    assert caught.value.code == "unreadable"


def test_output_that_fails_says_so(tmp_path):
    (tmp_path / "calls.csv").write_text(TABLE)
    (tmp_path / "out").write_text("a file, no folder")
    with pytest.raises(InputError) as caught:
        ck.prepare(tmp_path / "calls.csv", out=tmp_path / "out", **SETTINGS)
    assert caught.value.code == "output_failed"
    assert (tmp_path / "out").read_text() == "a file, no folder"


PROBLEMS = {
    "no_rows": (TABLE.splitlines()[0] + "\n", {"expect_rows": True}),
    "too_many_rejected": (file_of({"CallDuration": "long"}), {"max_rejected_share": 0.5}),
}


@pytest.mark.parametrize(("code", "sample"), PROBLEMS.items(), ids=PROBLEMS)
def test_rows_that_stop_the_file_leave_everything_but_ready(run, tmp_path, code, sample):
    data, settings = sample
    prepared = run(data, **settings)
    assert (prepared.problem.code, prepared.exit_status) == (code, 3)
    left = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert left == ["left_out.csv", "rejected.csv", "report.html", "summary.json"]


# -- rows and cells --------------------------------------------------------------------------------

ERROR, WARNING, LEFT_OUT = "error", "warning", "left_out"

REJECTED = {
    "talk_exceeds_call": ({"TalkDuration": "202"}, None, {}),
    "lookup_missing": (
        {"CalledPhoneNumber": "8005550198"},
        None,
        {"lookup": {"file": "ads.csv", "on": "CalledPhoneNumber"}},
    ),
    "changed_since_sent": ({}, None, {"ledger": Sent(2)}),
    "required_missing": ({"MediaId": ""}, "MediaId", {}),
    "broken_text": ({"CallProvider": "Inv\ufffdca"}, "CallProvider", {}),
    "digits_lost": ({"MediaId": "1.2E+10"}, "MediaId", {}),
    "excel_error": ({"CallSessionId": "#REF!"}, "CallSessionId", {}),
    "too_long": ({"CallProvider": "x" * 65}, "CallProvider", {}),
    "identifier_invalid": ({"CampaignId": "-3"}, "CampaignId", {}),
    "moment_invalid": ({"EventDate": "soon"}, "EventDate", {}),
    "moment_without_time": ({"EventDate": "2026-11-20"}, "EventDate", {}),
    "moment_zone_unknown": ({"EventDate": "2026-11-20 09:30:05 IST"}, "EventDate", {}),
    "moment_skipped": ({"EventDate": "2026-03-08 02:30"}, "EventDate", ZONE),
    "moment_repeated": ({"EventDate": "2026-11-01 01:30"}, "EventDate", ZONE),
    "moment_against_order": (
        {"EventDate": "13/04/2026 9:30"},
        "EventDate",
        {**ZONE, "date_order": "month-first"},
    ),
    "event_in_future": ({"EventDate": "2026-11-25T12:00:01Z"}, "EventDate", {}),
    "event_too_old": ({"EventDate": "2025-10-20T12:00:00Z"}, "EventDate", {}),
    "phone_invalid": ({"CallerId": "1234"}, "CallerId", {}),
    "phone_multiple": ({"CallerId": "2125550123 / 2125550124"}, "CallerId", {}),
    "phone_masked": ({"CallerId": "212555XXXX"}, "CallerId", {}),
    "caller_unknown": ({"CallerId": "anonymous"}, "CallerId", {}),
    "country_contradicts_number": (
        {"CallerId": "+442079460958", "CallerPhoneNumberCountry": "FR"},
        "CallerId",
        {},
    ),
    "duration_invalid": ({"CallDuration": "long"}, "CallDuration", {}),
    "duration_out_of_range": ({"CallDuration": "86401"}, "CallDuration", {}),
    "status_unknown": ({"CallStatus": "completed"}, "CallStatus", {}),
    "status_needed": ({"CallStatus": "", "TalkDuration": "0"}, "CallStatus", {}),
    "country_unknown": (
        {"CallerPhoneNumberCountry": "Atlantis"},
        "CallerPhoneNumberCountry",
        {},
    ),
    "money_invalid": ({"SaleAmount": "twelve"}, "SaleAmount", {}),
    "money_ambiguous": ({"SaleAmount": "1.234"}, "SaleAmount", {}),
    "money_currency": ({"SaleAmount": "€12.00"}, "SaleAmount", {}),
    "money_out_of_range": ({"SaleAmount": "1000000.00"}, "SaleAmount", {}),
}
SET_ASIDE = {
    "caller_unknown": ({"CallerId": "anonymous"}, "CallerId", {"anonymous_callers": "leave_out"}),
    "left_out_by_rule": (
        {},
        "CallDuration",
        {"leave_out": [{"column": "CallDuration", "below": 300}]},
    ),
    "not_answered": ({"CallStatus": "CANCEL"}, "CallStatus", {"send": "answered"}),
    "outbound": ({"Direction": "outbound"}, None, {"preset": "./switch.toml"}),
    "not_a_call": ({"Direction": "text"}, None, {"preset": "./switch.toml"}),
    "call_in_progress": ({"Direction": "ringing"}, None, {"preset": "./switch.toml"}),
    "child_leg": ({"Parent": "7", "Uniqueid": "8"}, None, {"preset": "./switch.toml"}),
    "already_sent": ({}, None, {"ledger": Sent(1)}),
    "outcome_unknown": ({}, None, {"ledger": Sent(3)}),
    "correction_held": (
        {"Uniqueid": "8", "Corrects": "7", "VendorEventId": "8"},
        None,
        {"preset": "./switch.toml"},
    ),
}
WARNED = {
    "event_old": ({"EventDate": "2026-08-01T12:00:00Z"}, "EventDate", {}),
    "country_corrected": (
        {"CallerId": "4165550123", "CallerPhoneNumberCountry": "US"},
        "CallerPhoneNumberCountry",
        {},
    ),
    "caller_maybe_unknown": ({"CallerId": "7378742883"}, "CallerId", {}),
    "status_empty": ({"CallStatus": ""}, "CallStatus", {}),
    "answer_without_talk": ({"TalkDuration": "0"}, "CallStatus", {}),
    "voicemail_not_answered": ({"CallStatus": "voicemail"}, "CallStatus", {}),
    "caller_is_called": ({"CallerId": "8005550199"}, "CallerId", {}),
    "ivr_exceeds_call": ({"IvrDuration": "300"}, "IvrDuration", {}),
    "country_from_digits": ({"CallerId": "442079460123"}, "CallerId", {}),
    "zip_invalid": ({"Zip": "K1A 0B1"}, "Zip", {}),
    "phone_type_unknown": ({"PhoneType": "satellite"}, "PhoneType", {}),
    "cell_emptied": ({"Keypresses": '{"1": "x"}'}, "Keypresses", {}),
    "flag_unknown": ({"OptInSms": "dunno"}, "OptInSms", {}),
    "link_invalid": ({"CallRecording": "nowhere"}, "CallRecording", {}),
    "reference_not_a_number": ({"ReferenceId": "A-1"}, "ReferenceId", {}),
    "formula_text": ({"City": "=1+1"}, "City", {}),
    "identifier_invalid": ({"AdId": "banner"}, "AdId", {}),
    "duration_invalid": ({"IvrDuration": "long"}, "IvrDuration", {}),
    "excel_error": ({"City": "#REF!"}, "City", {}),
    "weak_source": ({"Direction": "rough"}, "CallDuration", {"preset": "./switch.toml"}),
}


def said(prepared, code, column):
    return [
        (item["severity"], item["rows"], item["examples"][0]["source_line"])
        for item in prepared.summary["findings"]
        if (item["code"], item["column"]) == (code, column)
    ]


@pytest.mark.parametrize(("code", "sample"), REJECTED.items(), ids=REJECTED)
def test_a_row_is_rejected_with_its_code_its_line_and_words(run, code, sample):
    cells, column, settings = sample
    prepared = run(file_of(cells), **settings)
    assert said(prepared, code, column) == [(ERROR, 1, 2)]
    (row,) = prepared.rejected.to_dict("records")
    assert (row["codes"], row["source_line"]) == (code, 2)
    assert CODES[code].problem in row["reasons"]
    (finding,) = prepared.findings.query("severity == 'error'").to_dict("records")
    assert finding["code"] == code
    assert pd.isna(finding["column"]) if column is None else finding["column"] == column


@pytest.mark.parametrize(("code", "sample"), SET_ASIDE.items(), ids=SET_ASIDE)
def test_a_row_is_left_out_with_its_code_and_is_not_rejected_as_well(run, code, sample):
    cells, column, settings = sample
    prepared = run(file_of(cells), **settings)
    assert said(prepared, code, column) == [(LEFT_OUT, 1, 2)]
    (row,) = prepared.left_out.to_dict("records")
    assert (row["codes"], row["source_line"]) == (code, 2)
    assert prepared.rejected.empty
    assert prepared.exit_status == 0


@pytest.mark.parametrize(("code", "sample"), WARNED.items(), ids=WARNED)
def test_a_row_goes_with_a_warning(run, code, sample):
    cells, column, settings = sample
    prepared = run(file_of(cells), **settings)
    assert said(prepared, code, column) == [(WARNING, 1, 2)]
    assert len(prepared.ready) == 1
    assert prepared.exit_status == 0


def test_a_row_of_another_length_is_rejected(run):
    prepared = run(TABLE + "1001,20012\n")
    assert prepared.rejected["codes"].tolist() == ["field_count"]
    assert said(prepared, "field_count", None) == [(ERROR, 1, 3)]


OTHER_LENGTHS = {
    "two cells": ("1001,20012\n", "Complete the row"),
    "cells joined by semicolons": (TABLE.splitlines()[1].replace(",", ";") + "\n", "a semicolon"),
    "one cell too few": (TABLE.splitlines()[1].rpartition(",")[0] + "\n", "Complete the row"),
    "one cell too many": (TABLE.splitlines()[1] + ",more\n", "Put quotation marks"),
    "an amount with a comma": (TABLE.splitlines()[1] + ",1,234.00\n", "Put quotation marks"),
}


@pytest.mark.parametrize(("line", "advice"), OTHER_LENGTHS.values(), ids=OTHER_LENGTHS)
def test_the_advice_for_a_row_of_another_length_fits_it(run, line, advice):
    (reason,) = run(TABLE + line).rejected["reasons"]
    assert advice in reason
    assert ("Put quotation marks" in reason) != ("Complete the row" in reason)


@pytest.mark.parametrize("cells", ["", " ", "\u00a0", "\u200b", "   "])
def test_the_advice_for_an_empty_status_works_and_pays_nothing(run, cells):
    call = file_of({"CallStatus": cells, "TalkDuration": "0"})
    (reason,) = run(call).rejected["reasons"]
    assert 'under [defaults], set CallStatus = "INCOMPLETE"' in reason
    prepared = run(call, defaults={"CallStatus": "INCOMPLETE"})
    assert prepared.ready["CallStatus"].tolist() == ["INCOMPLETE"]


@pytest.mark.parametrize("column", ["MediaId", "CampaignId", "ActionTrackerId"])
def test_no_default_is_proposed_for_an_id_that_says_who_is_paid(run, tmp_path, column):
    number = RIGHT_CALL["CalledPhoneNumber"]
    (tmp_path / "ids.csv").write_text(f"CalledPhoneNumber,{column}\n{number},40031\n")
    (reason,) = run(file_of({column: ""})).rejected["reasons"]
    assert "default" not in reason
    assert 'with [lookup] in callconv.toml and on = "CalledPhoneNumber"' in reason
    lookup = {"file": tmp_path / "ids.csv", "on": "CalledPhoneNumber"}
    assert run(file_of({column: ""}), lookup=lookup).ready[column].tolist() == ["40031"]


def test_a_repeat_is_left_out_and_names_the_first(run):
    prepared = run(file_of({}, {"City": "Boston"}))
    assert prepared.left_out["codes"].tolist() == ["duplicate_row"]
    assert "calls.csv line 2" in prepared.left_out["reasons"][0]


ON_CONFLICT = {"reject": ([], 2, 0), "first": (["201"], 0, 1), "last": (["300"], 0, 1)}


@pytest.mark.parametrize("word", ON_CONFLICT)
def test_rows_of_one_call_that_differ_are_a_conflict(run, word):
    ready, rejected, left_out = ON_CONFLICT[word]
    prepared = run(file_of({}, {"CallDuration": "300"}), on_conflict=word)
    assert prepared.ready["CallDuration"].tolist() == ready
    assert prepared.rejected["codes"].tolist() == ["conflicting_duplicate"] * rejected
    assert prepared.left_out["codes"].tolist() == ["conflicting_duplicate"] * left_out


def test_a_session_with_and_without_an_event_is_a_warning(run):
    prepared = run(file_of({}, {"VendorEventId": "E-1"}))
    ((severity, rows, _),) = said(prepared, "session_with_and_without_event", "CallSessionId")
    assert (severity, rows, len(prepared.ready)) == (WARNING, 2, 2)


def test_another_encoding_is_a_warning_about_the_file(run):
    prepared = run(file_of({"City": "Orl\xe9ans"}).encode("cp1252"))
    assert said(prepared, "encoding_guessed", None) == [(WARNING, 1, 2)]
    assert prepared.ready["City"].tolist() == ["Orléans"]


def test_a_superseded_row_is_left_out(run):
    first = {"Uniqueid": "7", "VendorEventId": "7"}
    second = {"Uniqueid": "8", "Corrects": "7", "VendorEventId": "8"}
    prepared = run(file_of(first, second), preset="./switch.toml")
    assert prepared.left_out["codes"].tolist() == ["superseded"]
    assert prepared.ready["VendorEventId"].tolist() == ["8"]


def test_a_number_of_a_sheet_that_is_too_long_lost_digits(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(list(CALL))
    book.active.append([*{**CALL, "MediaId": 1234567890123450000}.values()])
    book.save(tmp_path / "calls.xlsx")
    prepared = ck.prepare(tmp_path / "calls.xlsx", **SETTINGS)
    assert said(prepared, "digits_lost", "MediaId") == [(ERROR, 1, 2)]


def test_check_calls_an_error_what_prepare_would_change(tmp_path):
    (tmp_path / "ready.csv").write_text(file_of({"CallDuration": "3:21"}))
    checked = ck.check(tmp_path / "ready.csv", now=NOW)
    assert "not_ready_form" in checked.findings["code"].tolist()
    assert checked.exit_status == 1


# -- changes ---------------------------------------------------------------------------------------

WITH_LOOKUP = {"lookup": {"file": "ads.csv", "on": "CalledPhoneNumber"}}
CHANGED = {
    "trimmed": ("City", {"City": " Boston "}, "Boston", {}),
    "invisible_removed": ("CallerId", {"CallerId": "\u202a2125550123"}, "2125550123", {}),
    "armour_removed": ("Zip", {"Zip": '="02139"'}, "02139", {}),
    "empty_mark": ("City", {"City": "N/A"}, "", {}),
    "plus_restored": ("CallerId", {"CallerId": "442079460123"}, "2079460123", {}),
    "grouping_removed": ("CampaignId", {"CampaignId": "1,004"}, "1004", {}),
    "decimal_zero_removed": ("MediaId", {"MediaId": "20012.0"}, "20012", {}),
    "leading_zero_removed": ("MediaId", {"MediaId": "0020012"}, "20012", {}),
    "moment_rewritten": (
        "EventDate",
        {"EventDate": "Fri, 20 Nov 2026 14:03:02 +0000"},
        "2026-11-20T14:03:02+00:00",
        {},
    ),
    "zone_applied": (
        "EventDate",
        {"EventDate": "2026-11-20T09:30:05"},
        "2026-11-20T09:30:05-05:00",
        ZONE,
    ),
    "fraction_dropped": (
        "EventDate",
        {"EventDate": "2026-11-20T09:30:05.999-05:00"},
        "2026-11-20T09:30:05-05:00",
        {},
    ),
    "epoch_read": (
        "EventDate",
        {"EventDate": "1795183200"},
        "2026-11-20T14:00:00+00:00",
        {},
    ),
    "serial_day_read": (
        "EventDate",
        {"EventDate": "46346.5"},
        "2026-11-20T12:00:00-05:00",
        ZONE,
    ),
    "phone_rewritten": ("CallerId", {"CallerId": "(212) 555-0123"}, "2125550123", {}),
    "extension_dropped": ("CallerId", {"CallerId": "2125550123 x12"}, "2125550123", {}),
    "keypad_letters_read": (
        "CalledPhoneNumber",
        {"CalledPhoneNumber": "1-800-FLOWERS"},
        "8003569377",
        {},
    ),
    "country_filled": (
        "CallerPhoneNumberCountry",
        {"CallerId": "+44 20 7946 0958"},
        "GB",
        {},
    ),
    "country_corrected": (
        "CallerPhoneNumberCountry",
        {"CallerId": "4165550123", "CallerPhoneNumberCountry": "US"},
        "CA",
        {},
    ),
    "country_mapped": (
        "CallerPhoneNumberCountry",
        {"CallerPhoneNumberCountry": "USA"},
        "US",
        {},
    ),
    "duration_read": ("CallDuration", {"CallDuration": "3:21"}, "201", {}),
    "duration_rounded": ("TalkDuration", {"TalkDuration": "12.5"}, "13", {}),
    "unit_converted": (
        "CallDuration",
        {"CallDuration": "201000"},
        "201",
        {"units": {"CallDuration": "milliseconds"}},
    ),
    "status_mapped": ("CallStatus", {"CallStatus": "answered"}, "ANSWER", {}),
    "value_mapped": (
        "CallStatus",
        {"CallStatus": "Left a message"},
        "INCOMPLETE",
        {"values": {"CallStatus": {"Left a message": "INCOMPLETE"}}},
    ),
    "flag_mapped": ("OptInSms", {"OptInSms": "yes"}, "true", {}),
    "money_rewritten": ("SaleAmount", {"SaleAmount": "$1,234.50"}, "1234.50", {}),
    "zip_cut": ("Zip", {"Zip": "02139-4307"}, "02139", {}),
    "zip_zero_restored": ("Zip", {"Zip": "2139", "Country": "US"}, "02139", {}),
    "line_break_replaced": ("City", {"City": "Boston\nMA"}, "Boston MA", {}),
    "control_removed": ("City", {"City": "Bos\x07ton"}, "Boston", {}),
    "unicode_composed": ("City", {"City": "Orle\u0301ans"}, "Orléans", {}),
    "columns_added": (
        "CallDuration",
        {"CallDuration": None, "Ring": "10", "Talk": "191"},
        "201",
        {"columns": {"CallDuration": {"sum": ["Ring", "Talk"]}}},
    ),
    "parameter_name_removed": ("ClickId", {"ClickId": "irclickid=wXyZ"}, "wXyZ", {}),
    "keys_parted": ("Key1", {"Pressed": "1,2"}, "1", {"preset": "./switch.toml"}),
    "talk_time_derived": (
        "TalkDuration",
        {"TalkDuration": None},
        "201",
        {"talk_time": "call_if_answered"},
    ),
    "constant_set": ("CampaignId", {}, "1002", {"constants": {"CampaignId": 1002}}),
    "lookup_filled": ("AdId", {}, "40031", WITH_LOOKUP),
    "default_filled": ("City", {}, "Boston", {"defaults": {"City": "Boston"}}),
    "emptied": ("AdId", {"AdId": "banner"}, "", {}),
}


@pytest.mark.parametrize(("rule", "sample"), CHANGED.items(), ids=CHANGED)
def test_a_changed_cell_is_counted_under_its_rule_with_an_example(run, rule, sample):
    column, cells, after, settings = sample
    prepared = run(file_of(cells), **settings)
    assert prepared.ready[column].tolist() == [after]
    counted = {(item["column"], item["rule"]): item for item in prepared.summary["changes"]}
    change = counted[column, rule]
    assert change["rows"] == 1
    (example,) = change["examples"]
    assert example["source_line"] == 2
    if column not in spec.PERSONAL:
        assert example["after"] == after


def test_a_session_id_is_derived_under_its_rule(run):
    prepared = run(file_of({"CallSessionId": None}), session_id_from=["CallerId", "EventDate"])
    rules = [item["rule"] for item in prepared.summary["changes"]]
    assert rules == ["session_id_derived"]


def test_the_other_number_is_used_under_its_rule(run, tmp_path):
    numbers = '[preset.called_number]\ndestination = ["To"]\ntracking = ["Dialled"]\n'
    text = PRESET.replace("[preset.corrections]", numbers + "\n[preset.corrections]")
    (tmp_path / "switch.toml").write_text(text.replace('"Pressed"]', '"Pressed", "To", "Dialled"]'))
    cells = {"CalledPhoneNumber": None, "To": "", "Dialled": "8005550198"}
    prepared = run(file_of(cells), preset="./switch.toml")
    assert prepared.ready["CalledPhoneNumber"].tolist() == ["8005550198"]
    assert [item["rule"] for item in prepared.summary["changes"]] == ["other_number_used"]


ELSEWHERE = {
    *("unreadable", "output_failed", "field_count", "duplicate_row", "conflicting_duplicate"),
    *("session_with_and_without_event", "encoding_guessed", "superseded"),
    "rows_in_cell",
    "surplus_cells",
    "corrections_differ",
    *("identifier_maybe_rounded", "not_ready_form"),
    *("session_id_derived", "other_number_used"),
    *("export_changed", "export_word_new"),
    *("input_changed", "times_all_midnight", "direction_unused", "columns_subtracted"),
    "value_misspelled",
}
"""Codes and rules that a test of their own earns."""


def test_every_code_and_every_rule_has_a_sample():
    tried = {*STOPS, *PROBLEMS, *REJECTED, *SET_ASIDE, *WARNED, *CHANGED, *ELSEWHERE}
    assert tried == {*CODES, *RULES}


# -- masks -----------------------------------------------------------------------------------------

MASKED = {
    "+1 212 555 0123": "+* *** *** 0123",
    "(212) 555-0123": "(***) ***-0123",
    "0123": "0123",
    "1-800-FLOWERS": "*-***-***WERS",
    "anonymous": "anonymous",
    "": "",
    "6.17556E+09": "*.*****E+09",
    "6.1755501234E+09": "*.**********E+09",
    "6e9": "*e9",
    "1,44207946e11": "*,********e11",
    " -6.17556E+09 ": " -*.*****E+09 ",
    "E+09": "E+09",
    "617E0123": "****0123",
    "617-FLOWE09": "***-***WE09",
}


@pytest.mark.parametrize(("text", "shown"), MASKED.items(), ids=MASKED)
def test_a_masked_number_shows_its_last_four_digits_at_most(text, shown):
    assert codes.mask_phone(text) == shown
