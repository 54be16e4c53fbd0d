"""A messy file of 60 rows, written by hand, and the files that it must become, by hand as well.

The expectations were written from the design before the kit ever read the file. Of the reasons
in words only that they name the column and mask phone numbers is fixed.
"""

import csv
import json
import re
from pathlib import Path

import pytest

import callconv_kit as ck
from callconv_kit.model import spec

DATA = Path(__file__).parent / "data"
MESSY = DATA / "messy_60.csv"
SETTINGS = {
    "now": "2026-11-24T12:00:00+00:00",
    "timezone": "America/New_York",
    "date_order": "month-first",
    "max_rejected_share": 0.6,
}


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("messy")
    ck.prepare(MESSY, out=folder, **SETTINGS)
    return folder


def test_each_cell_of_ready_is_the_one_written_by_hand(out):
    header, *expected = table(DATA / "messy_60_ready.csv")
    found_header, *found = table(out / "ready.csv")
    assert found_header == list(spec.NAMES)
    wide = [dict(zip(header, row, strict=True)) for row in expected]
    assert found == [[row.get(name, "") for name in spec.NAMES] for row in wide]


def test_only_the_columns_that_hold_data_are_written_on_wish_byte_for_byte(tmp_path):
    ck.prepare(MESSY, out=tmp_path, write="present", **SETTINGS)
    assert (tmp_path / "ready.csv").read_bytes() == (DATA / "messy_60_ready.csv").read_bytes()


def without_reasons(path: Path) -> list[list[str]]:
    return [row[:3] + row[4:] for row in table(path)]


@pytest.mark.parametrize("name", ["rejected", "left_out"])
def test_each_row_set_aside_has_its_line_its_codes_and_its_cells_as_they_were(out, name):
    assert without_reasons(out / f"{name}.csv") == table(DATA / f"messy_60_{name}.csv")


def test_each_row_set_aside_has_a_reason_for_each_code_without_a_full_phone_number(out):
    for name in ("rejected", "left_out"):
        header, *rows = table(out / f"{name}.csv")
        assert header[:4] == ["source_file", "source_line", "codes", "reasons"]
        for row in rows:
            assert len(row[3].split("; ")) >= len(row[2].split("; ")), row
            shown = re.sub(r"[^0-9]", "", row[3])
            for phone in (re.sub(r"[^0-9]", "", cell)[-10:] for cell in row[10:12]):
                assert len(phone) < 10 or phone not in shown, row


def test_what_is_no_row_is_listed_and_all_rows_are_counted(out):
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    counts = [summary[f"rows_{word}"] for word in ("read", "ready", "rejected", "left_out")]
    assert counts == [60, 26, 33, 1]
    (account,) = summary["inputs"]
    assert account["encoding"].startswith("utf-8")
    assert (account["delimiter"], account["header_line"], account["rows"]) == (";", 4, 60)
    assert account["blank_lines"] == 3
    assert account["skipped_lines"] == [
        {"line": 1, "why": "preamble"},
        {"line": 2, "why": "preamble"},
        {"line": 26, "why": "repeated_header"},
        {"line": 69, "why": "total"},
    ]


WARNED = {
    "voicemail_not_answered": [8],
    "country_corrected": [18],
    "status_empty": [35],
    "event_old": [52],
    "identifier_invalid": [56],
    "zip_invalid": [56],
    "flag_unknown": [56],
    "phone_type_unknown": [56],
    "link_invalid": [56],
    "duration_invalid": [56],
    "reference_not_a_number": [57],
    "formula_text": [58],
    "caller_maybe_unknown": [65],
}
"""Warnings of rows that go nevertheless: code → lines."""


def test_what_was_emptied_or_is_odd_is_a_warning_with_its_line(out):
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    ready = {int(line) for line in range(5, 69)} - {
        int(row[1]) for name in ("rejected", "left_out") for row in table(out / f"{name}.csv")[1:]
    }
    found: dict[str, set[int]] = {}
    for finding in summary["findings"]:
        if finding["severity"] == "warning":
            lines = {example["source_line"] for example in finding["examples"]}
            if lines & ready:
                found.setdefault(finding["code"], set()).update(lines & ready)
    assert {code: sorted(lines) for code, lines in found.items()} == WARNED


CHANGED = {
    ("CallSessionId", "invisible_removed"): 1,
    ("CallerId", "invisible_removed"): 1,
    ("CallerId", "armour_removed"): 1,
    ("CalledPhoneNumber", "extension_dropped"): 1,
    ("CalledPhoneNumber", "keypad_letters_read"): 1,
    ("CallerPhoneNumberCountry", "country_filled"): 3,
    ("CallerPhoneNumberCountry", "country_corrected"): 1,
    ("CallerPhoneNumberCountry", "country_mapped"): 2,
    ("CalledPhoneNumberCountry", "country_mapped"): 1,
    ("CampaignId", "grouping_removed"): 1,
    ("MediaId", "decimal_zero_removed"): 1,
    ("AdId", "grouping_removed"): 1,
    ("AdId", "trimmed"): 1,
    ("AdId", "empty_mark"): 1,
    ("AdId", "emptied"): 1,
    ("EventDate", "epoch_read"): 2,
    ("EventDate", "fraction_dropped"): 2,
    ("EventDate", "serial_day_read"): 1,
    ("EventDate", "zone_applied"): 3,
    ("TalkDuration", "duration_rounded"): 1,
    ("SaleAmount", "money_rewritten"): 3,
    ("SaleAmount", "empty_mark"): 1,
    ("Zip", "armour_removed"): 1,
    ("Zip", "zip_cut"): 1,
    ("Zip", "zip_zero_restored"): 1,
    ("Zip", "emptied"): 1,
    ("City", "line_break_replaced"): 1,
    ("Country", "unicode_composed"): 1,
    ("ClickId", "trimmed"): 1,
    ("RepeatCaller", "flag_mapped"): 1,
    ("PhoneType", "flag_mapped"): 1,
    ("OptInSms", "flag_mapped"): 1,
    ("CallStatus", "status_mapped"): 9,
}
"""Changes that the file was written for; others may stand beside them."""


def test_each_change_is_counted_under_its_rule(out):
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    found = {(item["column"], item["rule"]): item["rows"] for item in summary["changes"]}
    assert {key: found.get(key, 0) for key in CHANGED} == CHANGED
