"""Warnings that may concern every row: outbound calls that are sent, times that lost their clock.

And what a run says of cells in whose place a constant or a look-up came.
"""

import io
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import callconv_kit as ck
from callconv_kit import scale
from callconv_kit.cli import terminal
from callconv_kit.mapping import direction
from callconv_kit.model.codes import CODES
from callconv_kit.writing import report

from ..mapping.test_job_rules import CASES, NOW, frame, prepare


def warning(prepared, code):
    """The finding of a warning; None where there is none."""
    found = [entry for entry in prepared.summary["findings"] if entry["code"] == code]
    assert all(entry["severity"] == "warning" for entry in found)
    return found[0] if found else None


# a column's name, its words in three rows, the settings, and the counts by value
DIRECTIONS = {
    "direction": (
        "direction",
        ["inbound", "outbound", "outbound"],
        {},
        {'direction "outbound"': 2},
    ),
    "Direction": ("Direction", ["Inbound", "Outbound", ""], {}, {'Direction "Outbound"': 1}),
    "Call Direction": ("Call Direction", ["In", "Out", "In"], {}, {'Call Direction "Out"': 1}),
    "Type": ("Type", ["Incoming", "Outgoing", "Missed"], {}, {'Type "Outgoing"': 1}),
    "call_type": (
        "call_type",
        ["outbound-dial", "outbound_api", "inbound"],
        {},
        {'call_type "outbound-dial"': 1, 'call_type "outbound_api"': 1},
    ),
    "an edge space": ("direction", [" outbound ", "inbound", ""], {}, {'direction "outbound"': 1}),
    "Inbound/Outbound": (
        "Inbound/Outbound",
        ["In", "Out", "In"],
        {},
        {'Inbound/Outbound "Out"': 1},
    ),
    "Call Category": (
        "Call Category",
        ["inbound", "placed", ""],
        {},
        {'Call Category "placed"': 1},
    ),
    "In/Out": ("In/Out", ["IN", "OB", "IN"], {}, {'In/Out "OB"': 1}),
    "Sentido": ("Sentido", ["entrante", "saliente", ""], {}, {'Sentido "saliente"': 1}),
    "another column": ("Campaign Type of Call", ["inbound", "outbound", ""], {}, None),
    "Richtung": ("Richtung", ["eingehend", "ausgehend", ""], {}, {'Richtung "ausgehend"': 1}),
    "a rule in another case": (
        "direction",
        ["Outbound", "inbound", "inbound"],
        {"leave_out": [{"source_column": "direction", "equals": "outbound"}]},
        {'direction "Outbound"': 1},
    ),
    "a rule that holds": (
        "direction",
        ["outbound", "inbound", "inbound"],
        {"leave_out": [{"source_column": "direction", "equals": "outbound"}]},
        None,
    ),
    "the job means it": (
        "direction",
        ["outbound", "outbound", "inbound"],
        {"outbound": "send"},
        None,
    ),
    "all inbound": ("direction", ["inbound", "Inbound", "in"], {}, None),
    "a type of something else": ("Type", ["Sales", "Outstanding", "Support"], {}, None),
    "a column of another name": ("Campaign", ["outbound", "inbound", "inbound"], {}, None),
}


@pytest.mark.parametrize(
    ("name", "words", "settings", "counts"), DIRECTIONS.values(), ids=DIRECTIONS
)
def test_ready_rows_that_a_column_calls_outbound_are_counted_by_its_words(
    name, words, settings, counts
):
    calls = frame(*({name: word, "CallerId": f"646555012{at}"} for at, word in enumerate(words)))
    found = warning(prepare(calls, **settings), "direction_unused")
    assert (found and found["by_value"]) == counts
    if found:
        assert found["rows"] == sum(counts.values())
        assert found["examples"][0]["detail"] in counts


def test_rows_that_do_not_go_are_not_counted_as_outbound():
    calls = frame(
        {"direction": "outbound"},
        {"direction": "outbound", "CallDuration": "soon"},
        {"direction": "outbound", "CallStatus": "BUSY"},
        {"direction": "outbound"},
    )
    repeat = pd.concat([calls, calls.tail(1)])
    found = warning(prepare(repeat, send="answered"), "direction_unused")
    assert found["rows"] == 2
    assert found["by_value"] == {'direction "outbound"': 2}


def test_the_child_legs_of_a_preset_are_not_meant():
    folder = CASES / "exports" / "twilio_script"
    prepared = ck.prepare(
        folder / "Call log for AC1.csv", folder / "right_job.toml", now=NOW, max_rejected_share=1.0
    )
    assert prepared.summary["rows_ready"]
    assert warning(prepared, "direction_unused") is None


def test_terminal_report_and_notebook_say_first_that_outbound_calls_are_sent():
    case = CASES / "outbound_is_sent"
    prepared = ck.prepare(case / "export.csv", case / "callconv.toml", now=NOW)
    assert prepared.exit_status == 0
    console = Console(file=io.StringIO(), width=400)
    terminal.show(prepared.summary, console)
    shown = console.file.getvalue().splitlines()
    assert shown[0].startswith("Warning: 1 row: ")
    assert '(direction "outbound" 1)' in shown[0]
    assert 'outbound = "send"' in shown[0]
    problem = CODES["direction_unused"].problem
    for page in (report.page(prepared.summary), prepared._repr_html_()):
        assert page.index(problem) < page.index("All 2 rows are ready")


def test_check_warns_of_outbound_calls():
    ready = prepare(frame(Direction="inbound")).ready
    ready["Direction"] = "Outbound"
    checked = ck.check(ready, now=NOW)
    (found,) = (
        entry for entry in checked.summary["findings"] if entry["code"] == "direction_unused"
    )
    assert found["by_value"] == {'Direction "Outbound"': 1}


def test_columns_are_told_by_their_names():
    header = ("Direction", "CALL_DIRECTION", "Type", "call type", "City", "Direct", "In/Out")
    assert direction.columns(header) == (0, 1, 2, 3, 6)


# times of a file's rows, settings, and whether a warning is due
MIDNIGHTS = {
    "all at midnight": (["2026-11-20T00:00:00-05:00", "2026-11-21T00:00:00-05:00"], {}, True),
    "all at local midnight": (
        ["2026-11-20 00:00", "11/21/2026 12:00 AM"],
        {"timezone": "America/New_York", "date_order": "month-first"},
        True,
    ),
    "one row at midnight": (["2026-11-20T00:00:00+00:00"], {}, True),
    "one row at another time": (
        ["2026-11-20T00:00:00-05:00", "2026-11-21T00:00:01-05:00"],
        {},
        False,
    ),
    "at noon": (["2026-11-20T12:00:00-05:00", "2026-11-21T12:00:00-05:00"], {}, False),
    "no row": ([], {}, False),
}


@pytest.mark.parametrize(("times", "settings", "due"), MIDNIGHTS.values(), ids=MIDNIGHTS)
def test_a_file_of_which_every_time_is_at_midnight_gets_a_warning(times, settings, due):
    calls = frame(*({"EventDate": time} for time in times)).head(len(times))
    found = warning(prepare(calls, **settings), "times_all_midnight")
    assert (found is not None) == due
    if due:
        assert found["rows"] == len(times)
        assert found["column"] == "EventDate"
        assert found["examples"][0]["source_line"] == 1


def test_each_of_several_files_is_judged_for_its_own_times(tmp_path):
    at_midnight = frame(EventDate="2026-11-20T00:00:00-05:00")
    at_midnight.to_csv(tmp_path / "one.csv", index=False)
    frame().assign(CallSessionId="T-1").to_csv(tmp_path / "two.csv", index=False)
    found = warning(prepare([tmp_path / "one.csv", tmp_path / "two.csv"]), "times_all_midnight")
    assert found["rows"] == 1
    assert [example["source_file"] for example in found["examples"]] == ["one.csv"]


ABOUT_THE_RUN = {
    "times_all_midnight": ([{"EventDate": "2026-11-20T00:00:00-05:00"}], [1]),
    "session_with_and_without_event": (
        [
            {"VendorEventId": "E-1", "CallSessionId": "S"},
            {"VendorEventId": "", "CallSessionId": "S"},
        ],
        [1, 2],
    ),
    "direction_unused": ([{"Direction": "outbound"}], [1]),
    "event_old": ([{"EventDate": "2026-08-01T09:30:00-05:00"}], [1]),
}


@pytest.mark.parametrize("beside", [{}, {"City": "=1"}], ids=["alone", "beside another warning"])
@pytest.mark.parametrize("code", ABOUT_THE_RUN)
def test_every_warning_of_the_summary_is_among_the_findings(code, beside):
    rows, lines = ABOUT_THE_RUN[code]
    calls = frame(*({**row, **beside} for row in rows)).assign(CallSessionId="S-1")
    run = prepare(calls)
    found = run.findings[run.findings["code"] == code]
    assert found["source_line"].tolist() == lines
    assert set(found["severity"]) == {"warning"}
    assert all(CODES[code].problem in text for text in found["text"])
    said = {entry["code"] for entry in run.summary["findings"]}
    assert said == set(run.findings["code"])


# -- the text before a constant, a default or a look-up ---------------------------------------------


def change(prepared, column, rule):
    (found,) = (
        entry
        for entry in prepared.summary["changes"]
        if (entry["column"], entry["rule"]) == (column, rule)
    )
    return [(example["before"], example["after"]) for example in found["examples"]]


# cells of a column, the settings, and what the summary says of the change
REPLACED = {
    "a constant over a filled cell": (
        {"MediaId": "2209871"},
        {"constants": {"MediaId": 5}},
        ("MediaId", "constant_set", "2209871", "5"),
    ),
    "a constant over a wrong cell": (
        {"MediaId": "acme"},
        {"constants": {"MediaId": 5}},
        ("MediaId", "constant_set", "acme", "5"),
    ),
    "a constant over an empty cell": (
        {"MediaId": ""},
        {"constants": {"MediaId": 5}},
        ("MediaId", "constant_set", "", "5"),
    ),
    "a constant over an empty mark": (
        {"MediaId": "N/A"},
        {"constants": {"MediaId": 5}},
        ("MediaId", "constant_set", "N/A", "5"),
    ),
    "a default in place of an empty mark": (
        {"MediaId": "N/A"},
        {"defaults": {"MediaId": 5}},
        ("MediaId", "default_filled", "N/A", "5"),
    ),
    "a constant over a phone number": (
        {"CalledPhoneNumber": "8005550199"},
        {"constants": {"CalledPhoneNumber": "8005550142"}},
        ("CalledPhoneNumber", "constant_set", "******0199", "******0142"),
    ),
}


@pytest.mark.parametrize(("cells", "settings", "expected"), REPLACED.values(), ids=REPLACED)
def test_a_change_tells_the_cells_own_text_before(cells, settings, expected):
    column, rule, before, after = expected
    assert change(prepare(frame(cells), **settings), column, rule) == [(before, after)]


def test_a_constant_over_the_source_column_of_a_job_below_tells_the_cells_own_text(tmp_path):
    (tmp_path / "job.toml").write_text('[columns]\nMediaId = ["Partner", "Other"]\n')
    calls = frame({"Partner": "", "Other": "881"}).drop(columns="MediaId")
    prepared = prepare(calls, job=tmp_path / "job.toml", constants={"MediaId": 5})
    assert change(prepared, "MediaId", "constant_set") == [("881", "5")]
    assert "MediaId" not in prepared.summary["settings"]["columns"]


def test_a_look_up_that_overwrites_tells_the_cells_own_text(tmp_path):
    (tmp_path / "trackers.csv").write_text("CalledPhoneNumber,MediaId\n800-555-0199,777\n")
    lookup = {"file": tmp_path / "trackers.csv", "on": "CalledPhoneNumber", "overwrite": True}
    prepared = prepare(frame(), lookup=lookup)
    assert change(prepared, "MediaId", "lookup_filled") == [("20012", "777")]


def test_terminal_and_audit_tell_the_cells_own_text_before_a_constant(tmp_path):
    case = CASES / "constant_before_empty"
    prepared = ck.prepare(
        case / "calls.csv", case / "callconv.toml", out=tmp_path, audit=True, now=NOW
    )
    console = Console(file=io.StringIO(), width=200)
    terminal.show(prepared.summary, console, folder=tmp_path)
    assert "2209871 → 5" in console.file.getvalue()
    (changed,) = pq.read_table(tmp_path / "changes.parquet").to_pylist()
    assert (changed["column"], changed["before"], changed["after"]) == ("MediaId", "2209871", "5")
    assert (
        json.loads((tmp_path / "summary.json").read_text())["changes"][0]["rule"] == "constant_set"
    )


# -- words of [values] that are in no cell ----------------------------------------------------------

# words of three rows, the job's words, and the cell that a warning names
MISSPELLED = {
    "a letter is missing": (["NO ANSWER", "answered", "NO ANSWER"], {"NOANSWR": "CANCEL"}, {"NO ANSWER": 2}),
    "another sign between": (["no-answr x", "answered", "answered"], {"no answr x": "CANCEL"}, {"no-answr x": 1}),
    "one of two words": (
        ["Answerd", "busy", "busy"],
        {"Answered call": "ANSWER", "Busyy": "CANCEL"},
        {"busy": 2},
    ),
    "in another case": (["Voice Mail", "busy", "busy"], {"voice mail": "CANCEL"}, {}),
    "with spaces at its edges": ([" Hung up ", "busy", "busy"], {"Hung up": "CANCEL"}, {}),
    "a word that may come tomorrow": (["answered", "busy", "busy"], {"Left voicemail": "CANCEL"}, {}),
    "a word like one that is mapped": (
        ["Answered - A", "busy", "busy"],
        {"Answered - A": "ANSWER", "Answered - B": "ANSWER"},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "mapped", "named"), MISSPELLED.values(), ids=MISSPELLED)
def test_a_word_of_values_that_is_nearly_a_cell_gets_a_warning(words, mapped, named):
    calls = frame(*({"CallStatus": word} for word in words))
    prepared = prepare(calls, values={"CallStatus": mapped}, max_rejected_share=1.0)
    found = [e for e in prepared.summary["findings"] if e["code"] == "value_misspelled"]
    told = {example["value"]: entry["rows"] for entry in found for example in entry["examples"]}
    assert told == named
    for entry in found:
        assert "[values.CallStatus] has" in entry["examples"][0]["detail"]


def test_the_words_of_all_processes_count(tmp_path):
    one, two = frame(CallStatus="NO ANSWER"), frame(CallStatus="no answer")
    one.to_csv(tmp_path / "one.csv", index=False)
    two.assign(CallSessionId="T-1").to_csv(tmp_path / "two.csv", index=False)
    files = [tmp_path / "one.csv", tmp_path / "two.csv"]
    given = {"values": {"CallStatus": {"NOANSWR": "CANCEL"}}}
    found = warning(prepare(files, **given), "value_misspelled")
    assert (found["rows"], found["examples"][0]["source_file"]) == (2, "one.csv")
    together = scale.prepare(files, workers=2, out=tmp_path / "out", now=NOW, **given)
    assert warning(together, "value_misspelled") == found
