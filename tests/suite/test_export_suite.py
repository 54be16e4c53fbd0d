"""The recorded layout of an export in plain Great Expectations, without the kit.

A vendor's file fits the suite that was made of it; each change fails with the column's name.
"""

import json
import pathlib
import shutil

import pandas
import pytest

from callconv_kit.profiling import export_suite

gx = pytest.importorskip("great_expectations")

VENDORS = pathlib.Path(__file__).parents[1] / "data" / "vendors"
ZONE = {"timezone": "America/New_York"}
EXPORTS = {
    "aircall.csv": {"preset": "aircall"},
    "callrail_list.csv": {"preset": "callrail", **ZONE, "session_id_from": ["Recording Url"]},
    "freeswitch_asterisk.csv": {"preset": "freeswitch", **ZONE},
    "invoca_report.csv": {"preset": "invoca", **ZONE, "date_order": "month-first"},
    "retreaver.jsonl": {"preset": "retreaver"},
    "twilio_titled.csv": {"preset": "twilio"},
}


@pytest.fixture(scope="module")
def definition():
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("exports").add_dataframe_asset("calls")
    return asset.add_batch_definition_whole_dataframe("all")


@pytest.fixture
def failed(definition, tmp_path, monkeypatch):
    """Records an export, and validates a frame of it: the columns of which something failed."""
    monkeypatch.chdir(tmp_path)

    def failed(name, change=lambda frame: frame):
        shutil.copy(VENDORS / name, tmp_path)
        whole = json.loads(export_suite.text_of(VENDORS / name, EXPORTS[name]))
        suite = gx.ExpectationSuite(**whole)
        assert len(suite.expectations) == len(whole["expectations"])
        known = {"pandas": pandas, "json": json, "pathlib": pathlib}
        frame = eval(whole["meta"]["read_with"], {"__builtins__": {}, **known})  # noqa: S307 - ours
        batch = definition.get_batch({"dataframe": change(frame)})
        result = batch.validate(suite, result_format="SUMMARY")
        return {
            one.expectation_config.kwargs.get("column", "the columns")
            for one in result.results
            if not one.success
        }

    return failed


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_fits_the_suite_that_was_made_of_it(failed, name):
    assert failed(name) == set()


def new_word(column, word):
    def change(frame):
        return frame.assign(**{column: [word, *frame[column].iloc[1:]]})

    return change


# A vendor's change: the export, what is done to it, the columns that fail.
CHANGES = {
    "a mapped column is renamed": (
        "aircall.csv", lambda f: f.rename(columns={"call type": "outcome"}), {"call type", "the columns"},
    ),
    "a column that no one uses is lost": (
        "aircall.csv", lambda f: f.drop(columns="user"), {"the columns"},
    ),
    "a column more": ("aircall.csv", lambda f: f.assign(queue="x"), {"the columns"}),
    "a new word of a status": ("aircall.csv", new_word("call type", "Queued"), {"call type"}),
    "a new word of a direction": ("twilio_titled.csv", new_word("Direction", "sip"), {"Direction"}),
    "times in another form": (
        "twilio_titled.csv", lambda f: f.assign(**{"Start Time": "2026-11-20T09:30:00Z"}), {"Start Time"},
    ),
    "seconds as a clock": (
        "callrail_list.csv", lambda f: f.assign(**{"Duration (seconds)": "00:03:21"}), {"Duration (seconds)"},
    ),
    "masked callers": (
        "callrail_list.csv", lambda f: f.assign(**{"Phone Number": "(617) 555-XXXX"}), {"Phone Number"},
    ),
    "a column that is empty from now on": (
        "invoca_report.csv", lambda f: f.assign(**{"Caller ID": None}), {"Caller ID"},
    ),
    "one id for all calls": (
        "retreaver.jsonl", lambda f: f.assign(uuid=f["uuid"].iloc[0]), {"uuid"},
    ),
    "another kind of id": (
        "twilio_titled.csv", lambda f: f.assign(**{"Call SID": [str(n) for n in range(len(f))]}), {"Call SID"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change", "columns"), CHANGES.values(), ids=CHANGES)
def test_a_vendors_change_fails_with_the_columns_name(failed, name, change, columns):
    assert failed(name, change) == columns
