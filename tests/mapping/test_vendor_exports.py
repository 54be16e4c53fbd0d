"""Exports as other tools write them, each under its preset: every row's fate and cells.

The exports and what is right for each row lie in tests/data/cases/exports; `answers` is what a
person knows that the file does not say.
"""

import json
import tomllib
from pathlib import Path

import pytest

import callconv_kit as ck
from callconv_kit.model import spec

CASES = Path(__file__).parents[1] / "data" / "cases"
EXPORTS = CASES / "exports"
NOW = "2026-11-26T06:00:00+00:00"
IDS = {"CampaignId": 1001, "MediaId": 20012, "ActionTrackerId": 7001}
PRESETS = {
    "aircall": "aircall", "dialpad_stats": "dialpad", "freepbx": "asterisk",
    "fusionpbx": "freeswitch", "ringcentral_detailed": "ringcentral",
    "ringcentral_simple": "ringcentral", "talkdesk": "talkdesk", "threecx": "3cx",
    "twilio_script": "twilio",
}  # fmt: skip


@pytest.fixture(scope="module", params=PRESETS)
def case(request, tmp_path_factory):
    """What is expected of an export, and what came of it: line to its ready row, or None."""
    folder = EXPORTS / request.param
    told = json.loads((folder / "expected.json").read_text())
    job = tomllib.loads((folder / "right_job.toml").read_text())
    answers = {key: text.removeprefix("const:") for key, text in told["answers"].items()}
    constants = {name: answers.pop(name) for name in [*answers] if name in spec.BY_NAME}
    known = {key: job[key] for key in ("talk_time", "session_id_from") if key in job}
    done = ck.prepare(
        folder / told["file"],
        preset=PRESETS[request.param],
        constants={**IDS, **constants},
        now=NOW,
        out=tmp_path_factory.mktemp("out"),
        audit=True,
        max_rejected_share=1.0,
        **answers,
        **known,
    )
    import pandas as pd

    lines = pd.read_parquet(done.folder / "ready_lines.parquet")["source_line"].tolist()
    rows = dict(zip(lines, done.ready.to_dict("records"), strict=True))
    return told["expected"], {int(line): rows.get(int(line)) for line in told["expected"]}, done


def test_each_row_has_its_fate(case):
    expected, rows, done = case
    fates = {line: "not_ready" if rows[int(line)] is None else "ready" for line in expected}
    assert fates == {line: right["fate"] for line, right in expected.items()}
    assert done.summary["rows_read"] == len(expected)


def test_each_cell_of_a_ready_row_is_right(case):
    expected, rows, _ = case
    wrong = []
    for line, right in expected.items():
        for column, values in right.items() if rows[int(line)] else ():
            if column in spec.BY_NAME and values is not None:
                found = rows[int(line)][column]
                if found not in (values if isinstance(values, list) else [values]):
                    wrong.append((line, column, found, values))
    assert wrong == []


def test_a_call_log_of_freepbx_by_its_job():
    folder = CASES / "freepbx_did_outbound_voicemail"
    done = ck.prepare(folder / "export.csv", folder / "callconv.toml", now=NOW)
    rows = done.ready.to_dict("records")
    assert [(row["CallStatus"], row["CalledPhoneNumber"]) for row in rows] == [
        ("ANSWER", "8005550142"),
        ("INCOMPLETE", "8005550142"),
    ]
    assert done.left_out["codes"].tolist() == ["outbound"]


def test_a_call_log_of_twilio_by_its_job():
    folder = CASES / "twilio_legs_half_matched"
    done = ck.prepare(folder / "export.csv", folder / "callconv.toml", now=NOW)
    (row,) = done.ready.to_dict("records")
    names = ("CallSessionId", "CallStatus", "TalkDuration", "CalledPhoneNumber")
    assert [row[name] for name in names] == ["CA1", "ANSWER", "187", "3125550177"]
    assert done.left_out["codes"].tolist() == ["child_leg"]
