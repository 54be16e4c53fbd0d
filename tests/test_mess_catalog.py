"""The catalog of mess in exports: each of its 68 entries with its example, through `prepare`.

A case's name begins with the number of its entry. Where the design and the catalog differ, the
design stands.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest

from callconv_kit.model.errors import InputError
from callconv_kit.run.prepared import Prepared, prepare

from .right_call import CALL

NOW = "2026-11-24T12:00:00+00:00"
HEADER = ",".join(CALL)
ROW = ",".join(CALL.values())
TABLE = f"{HEADER}\n{ROW}\n"


def another(number, row=ROW):
    """The same call under another session."""
    return row.replace("S-1", f"S-{number}")


def go(tmp_path, data, name="calls.csv", **settings) -> Prepared:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    settings.setdefault("max_rejected_share", 1.0)
    settings.setdefault("now", NOW)
    return prepare(path, out=tmp_path / "out", **settings)


@dataclass(frozen=True)
class Fate:
    """What becomes of a cell.

    said: codes of warnings and names of rules that name the cell's column; of a rejected or
    left-out row its codes.
    """

    outcome: str
    value: str | None
    said: frozenset[str]


def ready(value, *said):
    return Fate("ready", value, frozenset(said))


def emptied(*said):
    return Fate("ready", "", frozenset(said) | {"emptied"})


def rejected(*codes):
    return Fate("rejected", None, frozenset(codes))


def left_out(*codes):
    return Fate("left out", None, frozenset(codes))


def fate_of(prepared: Prepared, column: str) -> Fate:
    for outcome, rows in (("rejected", prepared.rejected), ("left out", prepared.left_out)):
        if len(rows):
            return Fate(outcome, None, frozenset(rows["codes"][0].split("; ")))
    summary = prepared.summary
    said = {entry["code"] for entry in summary["findings"] if entry["column"] == column}
    said |= {entry["rule"] for entry in summary["changes"] if entry["column"] == column}
    return Fate("ready", prepared.ready[column][0], frozenset(said))


ZONE = {"timezone": "America/New_York"}
US = {"date_order": "month-first", **ZONE}
EU = {"date_order": "day-first", **ZONE}
LEAVE = {"anonymous_callers": "leave_out"}
KEEP = {"anonymous_callers": "keep"}
CALLER = "CallerId"
LINK = "CallRecording"
IN_US = {"constants": {"Country": "US"}}
MS = {"units": {"CallDuration": "milliseconds"}}
COMMA = {"decimal": "comma"}

CELLS: dict[str, tuple[str, str, Fate, dict[str, Any]]] = {
    "04 mojibake": ("City", "CafÃ©", ready("CafÃ©"), {}),
    "13 a break inside quotes": ("City", "New\nYork", ready("New York", "line_break_replaced"), {}),
    "13 doubled quotes": ("City", 'the "Hub"', ready('the "Hub"'), {}),
    "15 a control character": ("City", "Bos\x07ton", ready("Boston", "control_removed"), {}),
    "20 a no-break space": ("CampaignId", "\xa01001\xa0", ready("1001", "trimmed"), {}),
    "20 zero width in an id": ("MediaId", "20\u200b012", ready("20012", "invisible_removed"), {}),
    "20 edge spaces": ("City", "  Boston ", ready("Boston", "trimmed"), {}),
    "20 zero width at the edge of a text": (
        "CallSessionId",
        "\u200bS-1",
        ready("S-1", "invisible_removed"),
        {},
    ),
    "21 en dashes": (CALLER, "212–555–1234", ready("2125551234", "phone_rewritten"), {}),
    "21 smart quotes in text": ("City", "O’Fallon", ready("O’Fallon"), {}),
    "22 a phone in scientific notation": (CALLER, "1.21256E+10", rejected("digits_lost"), {}),
    "22 an id in scientific notation": ("MediaId", "2.0012E+10", rejected("digits_lost"), {}),
    "22 a session in scientific notation": (
        "CallSessionId",
        "1.21256E+10",
        rejected("digits_lost"),
        {},
    ),
    "23 armour": ("Zip", '="02139"', ready("02139", "armour_removed"), {}),
    "23 an apostrophe": ("Zip", "'02139", ready("02139", "armour_removed"), {}),
    "23 an apostrophe in text is text": ("City", "'s-Hertogenbosch", ready("'s-Hertogenbosch"), {}),
    "24 a zero lost, and no country": ("Zip", "2139", ready("2139"), {}),
    "24 a zero lost in the US": ("Zip", "2139", ready("02139", "zip_zero_restored"), IN_US),
    "24 ZIP+4": ("Zip", "02139-4307", ready("02139", "zip_cut"), {}),
    "24 a Canadian code": ("Zip", "K1A 0B1", emptied("zip_invalid"), {}),
    "25 a decimal zero": ("CampaignId", "1000.0", ready("1000", "decimal_zero_removed"), {}),
    "25 a fraction of an id": ("CampaignId", "1000.5", rejected("identifier_invalid"), {}),
    "26 a grouped id": ("CampaignId", "1,000", ready("1000", "grouping_removed"), {}),
    "26 an id grouped wrongly": ("CampaignId", "1,00", rejected("identifier_invalid"), {}),
    "27 digits that Excel rounded": (
        "MediaId",
        "1234567890123450000",
        ready("1234567890123450000", "identifier_maybe_rounded"),
        {},
    ),
    "27 a long id that ends otherwise": (
        "MediaId",
        "1234567890123456789",
        ready("1234567890123456789"),
        {},
    ),
    "28 ####": ("CallDuration", "####", rejected("excel_error"), {}),
    "28 #N/A is a word for empty": (CALLER, "#N/A", rejected("required_missing"), {}),
    "28 #REF!": ("CampaignId", "#REF!", rejected("excel_error"), {}),
    "28 #VALUE! in an optional column": ("City", "#VALUE!", emptied("excel_error"), {}),
    "29 an id that became a date": ("CampaignId", "Mar-04", rejected("identifier_invalid"), {}),
    "29 another": ("ActionTrackerId", "1-2", rejected("identifier_invalid"), {}),
    "30 parentheses": (CALLER, "(212) 555-1234", ready("2125551234", "phone_rewritten"), {}),
    "30 points": (CALLER, "212.555.1234", ready("2125551234", "phone_rewritten"), {}),
    "31 E.164": (CALLER, "+12125551234", ready("2125551234", "phone_rewritten"), {}),
    "31 a leading one": (CALLER, "1 212 555 1234", ready("2125551234", "phone_rewritten"), {}),
    "31 a float": (CALLER, "2125551234.0", ready("2125551234", "phone_rewritten"), {}),
    "32 x12": (CALLER, "2125551234 x12", ready("2125551234", "extension_dropped"), {}),
    "32 ;ext=12": (CALLER, "2125551234;ext=12", ready("2125551234", "extension_dropped"), {}),
    "32 ,,5": (CALLER, "2125551234,,5", ready("2125551234", "extension_dropped"), {}),
    **{
        f"33 {word}": (CALLER, word, rejected("caller_unknown"), {})
        for word in (
            "anonymous",
            "Restricted",
            "Private",
            "blocked",
            "Unknown",
            "Unavailable",
            "+266696687",
            "+7378742883",
            "+2562533",
            "+8656696",
            "+86282452253",
        )
    },
    "33 nobody": (CALLER, "", rejected("required_missing"), {}),
    "33 left out on wish": (CALLER, "anonymous", left_out("caller_unknown"), LEAVE),
    "33 kept on wish": (CALLER, "anonymous", ready("anonymous"), KEEP),
    "33 a valid Texan number": (CALLER, "7378742883", ready("7378742883", "caller_maybe_unknown"), {}),
    "34 sip with a number": (
        CALLER,
        "sip:+12125551234@pbx",
        ready("2125551234", "phone_rewritten"),
        {},
    ),
    "34 client": (CALLER, "client:bob", rejected("phone_invalid"), {}),
    "35 keypad letters": (
        "CalledPhoneNumber",
        "1-800-FLOWERS",
        ready("8003569377", "keypad_letters_read", "phone_rewritten"),
        {},
    ),
    "35 too many letters": ("CalledPhoneNumber", "1-800-FLOWERSHOP", rejected("phone_invalid"), {}),
    "36 a short code": (CALLER, "511", rejected("phone_invalid"), {}),
    "36 an extension": (CALLER, "1001", rejected("phone_invalid"), {}),
    "37 +44": (CALLER, "+44 20 7183 8750", ready("2071838750", "phone_rewritten"), {}),
    "37 011 44": (CALLER, "011 44 20 7183 8750", ready("2071838750", "phone_rewritten"), {}),
    "37 00 44": (CALLER, "00 44 20 7183 8750", ready("2071838750", "phone_rewritten"), {}),
    "38 zeros": (CALLER, "0000000000", rejected("phone_invalid"), {}),
    "38 area code 0xx": (CALLER, "0125550123", rejected("phone_invalid"), {}),
    "38 counting": (CALLER, "1234567890", rejected("phone_invalid"), {}),
    "38 area code 1xx": (CALLER, "1125550123", rejected("phone_invalid"), {}),
    "39 two numbers": (CALLER, "2125550123 / 2125550124", rejected("phone_multiple"), {}),
    "39 a masked number": (CALLER, "212555XXXX", rejected("phone_masked"), {}),
    "40 a clock": ("TalkDuration", "00:03:21", ready("201", "duration_read"), {}),
    "40 minutes and seconds": ("TalkDuration", "3:21", ready("201", "duration_read"), {}),
    "41 units written out": ("TalkDuration", "3m 21s", ready("201", "duration_read"), {}),
    "41 decimal minutes": ("TalkDuration", "3.35 min", ready("201", "duration_read"), {}),
    "41 seconds": ("TalkDuration", "201 sec", ready("201", "duration_read"), {}),
    "42 a decimal zero": ("TalkDuration", "201.0", ready("201", "decimal_zero_removed"), {}),
    "42 a fraction": ("TalkDuration", "201.7", ready("202", "duration_rounded"), {}),
    "43 milliseconds unsaid": ("CallDuration", "201000", rejected("duration_out_of_range"), {}),
    "43 milliseconds said": ("CallDuration", "201000", ready("201", "unit_converted"), MS),
    "44 negative": ("TalkDuration", "-1", rejected("duration_out_of_range"), {}),
    "44 blank": ("TalkDuration", "", rejected("required_missing"), {}),
    "45 talk longer than the call": ("TalkDuration", "301", rejected("talk_exceeds_call"), {}),
    "46 epoch": ("EventDate", "1795183200", ready("2026-11-20T14:00:00+00:00", "epoch_read"), {}),
    "46 epoch in milliseconds": (
        "EventDate",
        "1795183200561",
        ready("2026-11-20T14:00:00+00:00", "epoch_read", "fraction_dropped"),
        {},
    ),
    "47 RFC 2822": (
        "EventDate",
        "Fri, 20 Nov 2026 14:03:02 +0000",
        ready("2026-11-20T14:03:02+00:00", "moment_rewritten"),
        {},
    ),
    "47 a fraction and Z": (
        "EventDate",
        "2026-11-04 16:52:18.034Z",
        ready("2026-11-04T16:52:18+00:00", "moment_rewritten", "fraction_dropped"),
        {},
    ),
    "47 an offset without a colon": (
        "EventDate",
        "2026-11-20T09:30:00-0800",
        ready("2026-11-20T09:30:00-08:00", "moment_rewritten"),
        {},
    ),
    "48 month first": (
        "EventDate",
        "11/04/2026 9:30",
        ready("2026-11-04T09:30:00-05:00", "moment_rewritten", "zone_applied"),
        US,
    ),
    "48 day first": (
        "EventDate",
        "04/11/2026 9:30",
        ready("2026-11-04T09:30:00-05:00", "moment_rewritten", "zone_applied"),
        EU,
    ),
    "48 one reading": (
        "EventDate",
        "20/11/2026 9:30",
        ready("2026-11-20T09:30:00-05:00", "moment_rewritten", "zone_applied"),
        ZONE,
    ),
    "48 against the order": ("EventDate", "20/11/2026 9:30", rejected("moment_against_order"), US),
    "49 PM": (
        "EventDate",
        "11/20/2026 2:05 PM",
        ready("2026-11-20T14:05:00-05:00", "moment_rewritten", "zone_applied"),
        US,
    ),
    "49 midnight": (
        "EventDate",
        "11/20/2026 12:00 AM",
        ready("2026-11-20T00:00:00-05:00", "moment_rewritten", "zone_applied", "times_all_midnight"),
        US,
    ),
    "49 14:05 PM": (
        "EventDate",
        "11/20/2026 14:05 PM",
        ready("2026-11-20T14:05:00-05:00", "moment_rewritten", "zone_applied"),
        US,
    ),
    "49 a two-digit year": (
        "EventDate",
        "11/20/26 9:30",
        ready("2026-11-20T09:30:00-05:00", "moment_rewritten", "zone_applied"),
        US,
    ),
    "50 EST": (
        "EventDate",
        "2026-11-20 09:30:00 EST",
        ready("2026-11-20T09:30:00-05:00", "moment_rewritten"),
        {},
    ),
    "50 CST is North American": (
        "EventDate",
        "2026-11-20 09:30:00 CST",
        ready("2026-11-20T09:30:00-06:00", "moment_rewritten"),
        {},
    ),
    "50 IST": ("EventDate", "2026-11-20 09:30:00 IST", rejected("moment_zone_unknown"), {}),
    **{
        f"51 {word}": ("RepeatCaller", word, ready("Repeat", "flag_mapped"), {})
        for word in ("TRUE", "Yes", "Y", "1", "t")
    },
    "51 an opt-in": ("OptInSms", "on", ready("true", "flag_mapped"), {}),
    "51 unknown": ("OptInSms", "perhaps", emptied("flag_unknown"), {}),
    "52 an hour shown twice": ("EventDate", "2026-11-01 01:30:00", rejected("moment_repeated"), ZONE),
    "52 the later one on wish": (
        "EventDate",
        "2026-11-01 01:30:00",
        ready("2026-11-01T01:30:00-05:00", "moment_rewritten", "zone_applied"),
        {**ZONE, "dst": "later"},
    ),
    "52 an hour skipped": (
        "EventDate",
        "2026-03-08 02:30:00",
        rejected("moment_skipped"),
        ZONE,
    ),
    "53 a serial day": (
        "EventDate",
        "46346.395833333336",
        ready("2026-11-20T09:30:00-05:00", "serial_day_read", "zone_applied"),
        ZONE,
    ),
    "54 no time": ("EventDate", "2026-11-20", rejected("moment_without_time"), ZONE),
    "54 the future": ("EventDate", "2026-11-26T00:00:00Z", rejected("event_in_future"), {}),
    "54 old": ("EventDate", "2026-08-01T09:30:00-04:00", ready("2026-08-01T09:30:00-04:00", "event_old"), {}),
    "54 too old": ("EventDate", "2025-09-01T09:30:00-04:00", rejected("event_too_old"), {}),
    "55 a symbol and groups": ("SaleAmount", "$1,234.50", ready("1234.50", "money_rewritten"), {}),
    "55 a currency's name": ("SaleAmount", "USD 12", ready("12.00", "money_rewritten"), {}),
    "55 a foreign symbol": ("SaleAmount", "12,50 €", rejected("money_currency"), {}),
    "55 a European amount": ("SaleAmount", "1.234,56", ready("1234.56", "money_rewritten"), {}),
    "55 groups alone": ("SaleAmount", "1,234", ready("1234.00", "money_rewritten"), {}),
    "55 a point and three digits": ("SaleAmount", "1.234", rejected("money_ambiguous"), {}),
    "55 the same, decimal commas said": ("SaleAmount", "1.234", ready("1234.00", "money_rewritten"), COMMA),
    "55 a decimal comma": ("SaleAmount", "12,50", ready("12.50", "money_rewritten"), {}),
    "55 groups alone, decimal commas said": ("SaleAmount", "1,234", rejected("money_ambiguous"), COMMA),
    "56 parentheses": ("SaleAmount", "(5.00)", rejected("money_out_of_range"), {}),
    "56 a minus": ("SaleAmount", "-5", rejected("money_out_of_range"), {}),
    **{
        f"57 {word}": ("City", word, ready("", "empty_mark"), {})
        for word in ("NULL", "N/A", "-", "nan", "None", r"\N", "-no value-")
    },
    "57 #N/A": ("City", "#N/A", ready("", "empty_mark"), {}),
    "57 NA is no mark": ("City", "NA", ready("NA"), {}),
    "57 Namibia and a number of another country": (
        "CallerPhoneNumberCountry",
        "NA",
        rejected("phone_invalid"),
        {},
    ),
    "57 a mark where empty has a meaning": ("CallStatus", "NULL", rejected("status_unknown"), {}),
    "57 a mark in a required cell": ("CallProvider", "N/A", rejected("required_missing"), {}),
    "58 a formula": ("City", '=HYPERLINK("x")', ready('=HYPERLINK("x")', "formula_text"), {}),
    "58 an at sign": ("City", "@x", ready("@x", "formula_text"), {}),
    "58 a plus": ("SubId1", "+cmd", ready("+cmd", "formula_text"), {}),
    "59 too long and required": ("CallProvider", "x" * 65, rejected("too_long"), {}),
    "59 too long and attribution hangs": ("SubId1", "x" * 65, rejected("too_long"), {}),
    "60 emoji": ("City", "Paris 👩‍💻", ready("Paris 👩‍💻"), {}),
    "60 HTML": ("DispositionName", "A &amp; B", ready("A &amp; B"), {}),
    "61 case": ("ClickId", "wXyZ0aBcD3xyUTJ", ready("wXyZ0aBcD3xyUTJ"), {}),
    "61 edges": ("ClickId", " wXyZ ", ready("wXyZ", "trimmed"), {}),
    "61 spaces inside": ("ClickId", "wX yZ", ready("wX yZ"), {}),
    "61 the name of its parameter": ("ClickId", "irclickid=wXyZ", ready("wXyZ", "parameter_name_removed"), {}),
    "61 its newer name": ("ClickId", "?im_ref=wXyZ%2D", ready("wXyZ%2D", "parameter_name_removed"), {}),
    "61 an equals sign of its own": ("ClickId", "wXyZ==", ready("wXyZ=="), {}),
    "61 nothing is decoded": ("ClickId", "a%2Db", ready("a%2Db"), {}),
    "62 a link, byte for byte": (LINK, "https://r.example.com/a?b=%20&C=d", ready("https://r.example.com/a?b=%20&C=d"), {}),
    "62 signed, and soon expired": (LINK, "https://r.example.com/a?Expires=604800&Signature=ab%2Fc", ready("https://r.example.com/a?Expires=604800&Signature=ab%2Fc"), {}),
    "62 another scheme": (LINK, "ftp://r.example.com/a", emptied("link_invalid"), {}),
    "62 no scheme": (LINK, "r.example.com/a", emptied("link_invalid"), {}),
    "65 Answered": ("CallStatus", "Answered", ready("ANSWER", "status_mapped"), {}),
    "65 no-answer": ("CallStatus", "no-answer", ready("INCOMPLETE", "status_mapped"), {}),
    "65 spaces": ("CallStatus", "ANSWERED ", ready("ANSWER", "trimmed", "status_mapped"), {}),
    "65 a word of the format": ("CallStatus", "ivr dropoff", ready("IVR_DROPOFF", "status_mapped"), {}),
    "65 unmapped": ("CallStatus", "completed", rejected("status_unknown"), {}),
    "66 USA": ("CallerPhoneNumberCountry", "USA", ready("US", "country_mapped"), {}),
    "66 United States": ("CallerPhoneNumberCountry", "United States", ready("US", "country_mapped"), {}),
    "66 us": ("CallerPhoneNumberCountry", "us", ready("US", "country_mapped"), {}),
    "66 unknown": ("CallerPhoneNumberCountry", "Utopia", rejected("country_unknown"), {}),
    "66 free text": ("Country", "United States", ready("United States"), {}),
    "67 a structure that nobody knows": ("Keypresses", '{"1": "x"}', emptied("cell_emptied"), {}),
    "67 a list of structures": ("Keypresses", '[{"key": "1"}]', emptied("cell_emptied"), {}),
    "67 a list": ("Keypresses", '["1","2"]', ready("1,2", "flag_mapped"), {}),
    "67 semicolons": ("Keypresses", "1;2", ready("1,2", "flag_mapped"), {}),
    "67 arrows": ("Keypresses", "1>2", ready("1,2", "flag_mapped"), {}),
}  # fmt: skip


@pytest.mark.parametrize(("column", "cell", "expected", "settings"), CELLS.values(), ids=CELLS)
def test_a_cell_is_treated_as_the_catalog_says(tmp_path, column, cell, expected, settings):
    row = {**CALL, column: cell}
    quoted = ['"' + text.replace('"', '""') + '"' for text in row.values()]
    prepared = go(tmp_path, ",".join(row) + "\n" + ",".join(quoted) + "\n", **settings)
    assert fate_of(prepared, column) == expected


def sessions(prepared):
    return prepared.ready["CallSessionId"].tolist()


def skipped(prepared):
    (only,) = prepared.summary["inputs"]
    return [(entry["line"], entry["why"]) for entry in only["skipped_lines"]]


def wide(text):
    """The table with a City of this text."""
    return f"{HEADER},City\n{ROW},{text}\n"


def workbook():
    book = openpyxl.Workbook()
    book.active.append(list(CALL))
    book.active.append(list(CALL.values()))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("calls.csv", TABLE)
    return buffer.getvalue()


def footer(cells):
    return TABLE + cells + "," * (len(CALL) - 1 - cells.count(",")) + "\n"


SEMICOLONS = TABLE.replace(",", ";")
LINES = TABLE.splitlines()

TAKEN: dict[str, tuple[str | bytes, list[str], list[tuple[int, str]]]] = {
    "01 a byte-order mark": (TABLE.encode("utf-8-sig"), ["S-1"], []),
    "02 UTF-16": (TABLE.encode("utf-16"), ["S-1"], []),
    "02 UTF-16 with tabs, as Excel's Unicode Text": (
        TABLE.replace(",", "\t").encode("utf-16"),
        ["S-1"],
        [],
    ),
    "05 semicolons": (SEMICOLONS, ["S-1"], []),
    "05 tabs": (TABLE.replace(",", "\t"), ["S-1"], []),
    "05 bars": (TABLE.replace(",", "|"), ["S-1"], []),
    "05 a line that names the delimiter": ("sep=;\n" + SEMICOLONS, ["S-1"], [(1, "separator")]),
    "06 a preamble": (
        f"Report: Calls\nDate range,2026-11-01,2026-11-30\n\n{TABLE}",
        ["S-1"],
        [(1, "preamble"), (2, "preamble")],
    ),
    "07 a footer": (footer("Total,,,1234"), ["S-1"], [(3, "total")]),
    "07 a short footer": (TABLE + "Total,,,1234\n", ["S-1"], [(3, "total")]),
    "08 the header again": (
        f"{TABLE}{HEADER}\n{another(2)}\n",
        ["S-1", "S-2"],
        [(3, "repeated_header")],
    ),
    "10 blank lines and commas": (f"{HEADER}\n\n{',' * 10}\n{ROW}\n , \n", ["S-1"], []),
    "12 empty cells too many in every row": (
        f"{HEADER}\n{ROW},,\n{another(2)},,\n",
        ["S-1", "S-2"],
        [],
    ),
    "02 UTF-16 without its mark": (TABLE.encode("utf-16-le"), ["S-1"], []),
    "15 a byte of zero": (TABLE.replace("S-1", "S\0-1"), ["S-1"], []),
    "15 mixed line ends": (f"{HEADER}\r\n{ROW}\n{another(2)}\r\n", ["S-1", "S-2"], []),
    "15 carriage returns": (TABLE.replace("\n", "\r"), ["S-1"], []),
    "16 a workbook named .csv": (workbook(), ["S-1"], []),
    "16 a zip named .csv": (archive(), ["S-1"], []),
    "17 a header alone": (HEADER + "\n", [], []),
    "18 capitals and a space at the end": (
        TABLE.replace("CallDuration", "CALLDURATION "),
        ["S-1"],
        [],
    ),
    "18 names spelled otherwise": (
        TABLE.replace("CallDuration", "call_duration")
        .replace("TalkDuration", "Talk Duration")
        .replace("CampaignId", "CAMPAIGNID "),
        ["S-1"],
        [],
    ),
    "63 an exact duplicate": (f"{TABLE}{ROW}\n", ["S-1"], []),
    "64 one session, different content": (f"{TABLE}{ROW.replace(',300,', ',301,')}\n", [], []),
}


@pytest.mark.parametrize(("data", "expected", "listed"), TAKEN.values(), ids=TAKEN)
def test_a_file_is_taken_as_the_catalog_says(tmp_path, data, expected, listed):
    prepared = go(tmp_path, data)
    assert sessions(prepared) == expected
    assert skipped(prepared) == listed


STOPPED: dict[str, tuple[str | bytes, str, str]] = {
    "06 no header anywhere": ("Report: Calls\nDate range: all\n", "no_header", "names"),
    "09 two columns of one name": (
        f"{HEADER},CallerId\n{ROW},2125550124\n",
        "ambiguous_header",
        "CallerId",
    ),
    "09 two spellings of one column": (
        f"{HEADER},caller_id\n{ROW},2125550124\n",
        "ambiguous_header",
        "caller_id",
    ),
    "11 no header": (f"{ROW}\n{another(2)}\n", "no_header", "--column"),
    "14 an unbalanced quote": (
        f'{TABLE}{another(2)[:-6]}"ANSWER\n{another(3)}\n',
        "unclosed_quote",
        "line 3",
    ),
    "16 a web page named .csv": ("<table><tr><td>1</td></tr></table>", "not_a_table", "web page"),
    "17 nothing": ("", "empty_file", "0 bytes"),
    "48 two readings and no order": (
        TABLE.replace("2026-11-20T09:30:00-05:00", "03/04/2026 9:30"),
        "needs_date_order",
        "date_order",
    ),
    "49 a two-digit year and no order": (
        TABLE.replace("2026-11-20T09:30:00-05:00", "11/20/26 9:30"),
        "needs_date_order",
        "date_order",
    ),
    "50 no zone": (
        TABLE.replace("2026-11-20T09:30:00-05:00", "2026-11-20 09:30:00"),
        "needs_timezone",
        "timezone",
    ),
}


@pytest.mark.parametrize(("data", "code", "told"), STOPPED.values(), ids=STOPPED)
def test_a_file_is_stopped_as_the_catalog_says(tmp_path, data, code, told):
    with pytest.raises(InputError, match=re.escape(told)) as caught:
        go(tmp_path, data, timezone=None if code == "needs_timezone" else "America/New_York")
    assert caught.value.code == code
    assert not (tmp_path / "out" / "ready.csv").exists()


RAGGED = {
    "12 a cell too few": (f"{HEADER}\n{ROW.rpartition(',')[0]}\n", "field_count"),
    "12 an empty cell too many in one row": (f"{HEADER}\n{ROW},\n", "field_count"),
    "12 an unquoted comma": (f"{HEADER}\n{ROW.replace('Invoca', 'Invoca, Inc')}\n", "field_count"),
    "17 the last line cut off": (f"{TABLE}{another(2)[:60]}", "field_count"),
    "64 one session, different content": (
        f"{TABLE}{ROW.replace(',300,', ',301,')}\n",
        "conflicting_duplicate",
    ),
}


@pytest.mark.parametrize(("data", "code"), RAGGED.values(), ids=RAGGED)
def test_a_row_is_rejected_as_the_catalog_says(tmp_path, data, code):
    rejected_rows = go(tmp_path, data).rejected
    assert set(rejected_rows["codes"]) == {code}


def test_03_cp1252_is_read_with_a_warning_that_names_the_line(tmp_path):
    data = wide("Boston").encode() + another(2).encode() + b",Caf\xe9 \x93Hub\x94\n"
    prepared = go(tmp_path, data)
    assert prepared.ready["City"].tolist() == ["Boston", "Café “Hub”"]
    (warning,) = prepared.summary["findings"]
    assert (warning["code"], warning["severity"]) == ("encoding_guessed", "warning")
    assert warning["examples"][0]["source_line"] == 3


def test_07_a_call_with_a_total_word_does_not_vanish(tmp_path):
    row = ROW.replace("Invoca", "Total").replace("300", "")
    prepared = go(tmp_path, f"{HEADER}\n{row}\n")
    assert prepared.rejected["codes"].tolist() == ["required_missing"]


def test_10_blank_lines_are_counted(tmp_path):
    prepared = go(tmp_path, f"{HEADER}\n\n{',' * 10}\n{ROW}\n")
    assert prepared.summary["inputs"][0]["blank_lines"] == 2
    assert prepared.summary["rows_read"] == 1


def test_12_a_delimiter_that_fits_nothing_stops_the_file(tmp_path):
    with pytest.raises(InputError):
        go(tmp_path, TABLE, delimiter=";")


def test_17_a_header_without_rows_is_fine_unless_rows_are_expected(tmp_path):
    assert go(tmp_path, HEADER + "\n").exit_status == 0
    assert go(tmp_path, HEADER + "\n", expect_rows=True).problem.code == "no_rows"


def test_19_an_unknown_column_is_not_sent(tmp_path):
    prepared = go(tmp_path, f"{HEADER},Email\n{ROW},jo@example.com\n")
    assert "example.com" not in prepared.ready_file.read_text()
    assert sessions(prepared) == ["S-1"]


def test_27_a_long_number_of_a_sheet_has_lost_digits(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(list(CALL))
    book.active.append(list({**CALL, "MediaId": 1234567890123450000}.values()))
    buffer = io.BytesIO()
    book.save(buffer)
    prepared = go(tmp_path, buffer.getvalue(), "calls.xlsx")
    assert fate_of(prepared, "MediaId") == rejected("digits_lost")


def test_37_a_foreign_number_says_its_country(tmp_path):
    prepared = go(tmp_path, TABLE.replace("2125550123", "+44 20 7183 8750"))
    assert prepared.ready["CallerPhoneNumberCountry"].tolist() == ["GB"]


MOMENTS = {
    "46 the catalog's epoch": ("1722170000", "2024-07-28T12:33:20+00:00"),
    "46 its milliseconds": ("1751906684561", "2025-07-07T16:44:44+00:00"),
    "47 its RFC 2822": ("Tue, 10 Sep 2024 14:03:02 +0000", "2024-09-10T14:03:02+00:00"),
    "47 its fraction": ("2024-11-04 16:52:18.034Z", "2024-11-04T16:52:18+00:00"),
    "53 its serial day": ("45932.65625", "2025-10-02T15:45:00-04:00"),
}


@pytest.mark.parametrize(("cell", "expected"), MOMENTS.values(), ids=MOMENTS)
def test_a_moment_of_the_catalog_is_read_on_its_next_day(tmp_path, cell, expected):
    text = TABLE.replace("2026-11-20T09:30:00-05:00", f'"{cell}"')
    now = (datetime.fromisoformat(expected) + timedelta(days=1)).isoformat()
    prepared = go(tmp_path, text, now=now, **ZONE)
    assert prepared.ready["EventDate"].tolist() == [expected]


def test_57_namibia_is_a_country(tmp_path):
    row = {**CALL, "CallerId": "+264612021234", "CallerPhoneNumberCountry": "NA"}
    prepared = go(tmp_path, ",".join(row) + "\n" + ",".join(row.values()) + "\n")
    assert prepared.ready["CallerPhoneNumberCountry"].tolist() == ["NA"]


def test_63_a_duplicate_names_the_first(tmp_path):
    prepared = go(tmp_path, f"{TABLE}{ROW}\n")
    assert prepared.left_out["codes"].tolist() == ["duplicate_row"]
    assert "calls.csv line 2" in prepared.left_out["reasons"][0]


KINDS = {
    "68 outbound": "Outbound",
    "68 a text message": "SMS",
    "68 a form": "Form",
    "68 a test": "Test",
    "68 in progress": "In progress",
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_rows_that_are_no_inbound_calls_are_left_out_by_rule(tmp_path, kind):
    rule = {"source_column": "Direction", "in": list(KINDS.values()), "reason": "no call"}
    text = f"{HEADER},Direction\n{ROW},Inbound\n{another(2)},{kind}\n"
    prepared = go(tmp_path, text, leave_out=[rule])
    assert sessions(prepared) == ["S-1"]
    assert prepared.left_out["codes"].tolist() == ["left_out_by_rule"]


def test_every_entry_of_the_catalog_is_tested():
    named = [*CELLS, *TAKEN, *STOPPED, *RAGGED, *KINDS, *MOMENTS]
    named += [name.removeprefix("test_") for name in globals() if name.startswith("test_")]
    found = {int(name[:2]) for name in named if name[:2].isdecimal()}
    assert found == set(range(1, 69))
