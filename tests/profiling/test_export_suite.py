"""The recorded layout of an export: what is expected of it, and what `prepare` warns of."""

import csv
import io
import json
import re

import pytest

import callconv_kit as ck
from callconv_kit.mapping import drift
from callconv_kit.profiling import export_suite

NOW = "2026-11-26T06:00:00+00:00"
HEADER = ["Id", "When", "Direction", "Outcome", "Caller", "Dialed", "Seconds", "Talk", "Agent"]
MAPPED = {
    "CallSessionId": "Id", "EventDate": "When", "CallStatus": "Outcome", "CallerId": "Caller",
    "CalledPhoneNumber": "Dialed", "CallDuration": "Seconds", "TalkDuration": "Talk",
}  # fmt: skip
SETTINGS = {
    "timezone": "America/New_York",
    "columns": MAPPED,
    "constants": {
        "CampaignId": 1001, "MediaId": 20012, "ActionTrackerId": 7001, "CallProvider": "Switch",
    },
    "values": {"CallStatus": {"Spoke": "ANSWER"}},
    "leave_out": [{"source_column": "Direction", "equals": "Out", "code": "outbound"}],
    "now": NOW,
    "max_rejected_share": 1.0,
}  # fmt: skip


def call(number, **cells):
    row = {
        "Id": f"S-{number:04}", "When": f"2026-11-20 09:{number:02}:05", "Direction": "In",
        "Outcome": "Spoke", "Caller": f"61755501{number:02}", "Dialed": "8005550199",
        "Seconds": str(60 + number), "Talk": "42", "Agent": "Alex",
    }  # fmt: skip
    return {**row, **{name.replace("_", " "): cell for name, cell in cells.items()}}


THEN = [*map(call, range(40)), call(40, Direction="Out"), call(41, Outcome="No answer", Talk="0")]


def write(path, rows, header=HEADER):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([list(row.values()) for row in rows])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


@pytest.fixture
def recorded(tmp_path):
    """The layout of an export, recorded beside its job."""
    source = write(tmp_path / "then.csv", THEN)
    path = tmp_path / "callconv.export.json"
    path.write_text(export_suite.text_of(source, SETTINGS), encoding="utf-8")
    return path


def expected_of(whole, column):
    return {
        one["type"]: one["kwargs"]
        for one in whole["expectations"]
        if one["kwargs"].get("column") == column
    }


def test_the_suite_lies_beside_the_job(tmp_path):
    assert export_suite.path_beside(tmp_path / "night.toml") == tmp_path / "night.export.json"


def test_the_same_export_gives_the_same_text(recorded, tmp_path):
    assert export_suite.text_of(tmp_path / "then.csv", SETTINGS) == recorded.read_text()


def test_each_used_column_is_expected_and_no_other(recorded):
    whole = json.loads(recorded.read_text())
    there = [
        one["kwargs"]["column"]
        for one in whole["expectations"]
        if one["type"] == "expect_column_to_exist"
    ]
    assert there == [name for name in HEADER if name != "Agent"]
    of_table = {one["type"]: one["kwargs"] for one in whole["expectations"][:2]}
    assert of_table[drift.COLUMNS] == {"column_set": HEADER, "exact_match": True}


def test_words_that_decide_are_a_vocabulary_with_those_that_the_job_knows(recorded):
    whole = json.loads(recorded.read_text())
    words = expected_of(whole, "Outcome")[drift.WORDS]["value_set"]
    assert words == ["No answer", "Spoke"]
    assert expected_of(whole, "Direction")[drift.WORDS]["value_set"] == ["In", "Out"]
    for column in ("Caller", "Id", "When", "Seconds"):
        assert drift.WORDS not in expected_of(whole, column)


FORMS = {
    "a time keeps its form": ("When", "2026-11-21 10:00:00", "11/21/2026 10:00"),
    "a number of seconds grows": ("Seconds", "9999", "00:03:21"),
    "but not to milliseconds": ("Seconds", "201", "187000"),
    "and may be a spreadsheet's": ("Talk", "42.0", "42 sec"),
    "a phone number": ("Caller", "6175550199", "+1 (617) 555-0199"),
}


@pytest.mark.parametrize(("column", "good", "bad"), FORMS.values(), ids=FORMS)
def test_cells_keep_their_form(recorded, column, good, bad):
    pattern = expected_of(json.loads(recorded.read_text()), column)[
        "expect_column_values_to_match_regex"
    ]["regex"]
    assert re.search(pattern, good)
    assert not re.search(pattern, bad)


def test_ids_are_expected_to_be_as_long_and_different(recorded):
    of_ids = expected_of(json.loads(recorded.read_text()), "Id")
    assert of_ids["expect_column_value_lengths_to_be_between"]["max_value"] == 6
    assert of_ids["expect_column_proportion_of_unique_values_to_be_between"]["min_value"] > 0.5


def test_a_cell_of_the_export_is_shown_only_where_it_is_a_word_that_decides(recorded):
    text = recorded.read_text()
    assert "6175550" not in text
    assert "Alex" not in text


SMALL = {"one row": THEN[:1], "a header alone": []}


@pytest.mark.parametrize("rows", SMALL.values(), ids=SMALL)
def test_few_rows_prove_little(tmp_path, rows):
    whole = export_suite.suite_of(write(tmp_path / "few.csv", rows), SETTINGS)
    kinds = {one["type"] for one in whole["expectations"]}
    assert "expect_column_to_exist" in kinds
    assert "expect_column_values_to_not_be_null" not in kinds


RENAMED = ["Result" if name == "Outcome" else name for name in HEADER]
# What changed: the header today, what `prepare` says of it.
CHANGES = {
    "nothing": (HEADER, []),
    "spelled in another case": ([name.upper() for name in HEADER], []),
    "an unused column renamed": (
        ["User" if name == "Agent" else name for name in HEADER], ['Agent: now "User"'],
    ),
    "a column lost": (HEADER[:-1], ["Agent: missing"]),
    "a column more": ([*HEADER, "Team"], ["Team: new"]),
    "columns in another order": (HEADER[::-1], []),
    "one lost and one added elsewhere": (
        ["Queue", *HEADER[:-1]], ["Agent: missing", "Queue: new"],
    ),
    "a column renamed and moved": (
        ["Agent Name", *HEADER[:-1]], ['Agent: now "Agent Name"'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "said"), CHANGES.values(), ids=CHANGES)
def test_prepare_names_columns_that_changed(recorded, tmp_path, header, said):
    spelled = {name.upper(): name for name in HEADER}
    rows = [
        {name: row.get(name, row.get(spelled.get(name, ""), "x")) for name in header}
        for row in THEN
    ]
    source = write(tmp_path / "today.csv", rows, header)
    done = ck.prepare(source, export_suite=recorded, **SETTINGS)
    found = [f for f in done.summary["findings"] if f["code"] == "export_changed"]
    told = [f"{each['value']}: {each['detail']}" for one in found for each in one["examples"]]
    assert told == said
    assert len(done.ready) == 41


def test_a_mapped_column_that_was_renamed_stops_the_run_as_ever(recorded, tmp_path):
    source = write(tmp_path / "today.csv", THEN, RENAMED)
    with pytest.raises(ck.InputError, match="Outcome"):
        ck.prepare(source, export_suite=recorded, **SETTINGS)


# New words: the changed cells of one call, what is said.
WORDS = {
    "a new direction": ({"Direction": "Internal"}, ['"Direction": "Internal"']),
    "a new status": ({"Outcome": "Callback"}, ['"Outcome": "Callback"']),
    "two new words in one row": (
        {"Direction": "Internal", "Outcome": "Callback"},
        ['"Direction": "Internal", "Outcome": "Callback"'],
    ),
    "a known word in another case": ({"Outcome": "SPOKE"}, []),
    "a known word with spaces": ({"Direction": " In "}, []),
    "an empty cell": ({"Outcome": ""}, []),
    "another agent": ({"Agent": "Jo"}, []),
    "another caller": ({"Caller": "2125550123"}, []),
}


@pytest.mark.parametrize(("cells", "said"), WORDS.values(), ids=WORDS)
def test_prepare_names_words_that_are_new(recorded, tmp_path, cells, said):
    source = write(tmp_path / "today.csv", [*THEN, call(50, **cells)])
    done = ck.prepare(source, export_suite=recorded, **SETTINGS)
    found = [f for f in done.summary["findings"] if f["code"] == "export_word_new"]
    assert [example["detail"] for one in found for example in one["examples"]] == said
    assert [one["rows"] for one in found] == ([1] if said else [])


def test_a_person_may_add_a_word_to_the_suite(recorded, tmp_path):
    text = recorded.read_text().replace('"Out"', '"Out",\n          "Internal"')
    recorded.write_text(text)
    source = write(tmp_path / "today.csv", [*THEN, call(50, Direction="Internal")])
    done = ck.prepare(source, export_suite=recorded, **SETTINGS)
    assert not [f for f in done.summary["findings"] if f["code"] == "export_word_new"]


def test_a_corrected_rejected_csv_is_no_export(recorded, tmp_path):
    source = write(tmp_path / "today.csv", [*THEN, call(50, Caller="123")])
    ck.prepare(source, out=tmp_path / "out", export_suite=recorded, **SETTINGS)
    again = ck.prepare(tmp_path / "out" / "rejected.csv", export_suite=recorded, **SETTINGS)
    assert not [f for f in again.summary["findings"] if f["code"] == "export_changed"]


BROKEN = {
    "it is gone": None,
    "no JSON": "{",
    "another suite": json.dumps({"expectations": [], "meta": {"callconv_suite": 1}}),
    "a list": "[]",
    "another version": json.dumps({"expectations": [], "meta": {"callconv_export": 9}}),
    "an expectation without a type": json.dumps(
        {"expectations": [{}], "meta": {"callconv_export": 1}}
    ),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_suite_that_cannot_be_read_is_an_error_of_the_job(recorded, tmp_path, text):
    if text is None:
        recorded.unlink()
    else:
        recorded.write_text(text)
    with pytest.raises(ck.UsageError) as raised:
        ck.prepare(tmp_path / "then.csv", export_suite=recorded, **SETTINGS)
    assert raised.value.code == "export_suite_unreadable"
    assert "callconv init" in raised.value.next_step
