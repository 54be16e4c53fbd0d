"""From an export as another tool writes it to ready.csv: `init` with its proposals, then `prepare`.

Each folder under tests/data/cases/exports holds a layout. `expected.json` tells what a person knows
that the file does not say, and what must become of each line.
"""

import csv
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callconv_kit.cli.main import main

from .made_up_exports import LAYOUTS as MADE_UP
from .made_up_exports import STATUSES

EXPORTS = Path(__file__).parents[1] / "data" / "cases" / "exports"
LAYOUTS = sorted(path.name for path in EXPORTS.iterdir() if path.is_dir())
NOW = "2026-11-26T06:00:00Z"
IDS = {"campaign": "1001", "partner": "20012", "tracker": "7001", "provider": "MyVendor"}
REQUIRED = ("EventDate", "CallerId", "CalledPhoneNumber", "CallDuration", "TalkDuration")
ENOUGH = 0.97


def answers(folder):
    """What a person knows: the ids, what expected.json names, and words and settings of the job."""
    told = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["answers"]
    job = tomllib.loads((folder / "right_job.toml").read_text(encoding="utf-8"))
    given = dict(IDS)
    for key, value in told.items():
        given[f"map.{key}" if value.startswith("const:") else key] = value.removeprefix("const:")
    for word, status in job.get("values", {}).get("CallStatus", {}).items():
        given[f"status.{word}"] = status
    if "talk_time" in job:
        given["talk_time"] = job["talk_time"]
    if "session_id_from" in job:
        given["call_id"] = ",".join(job["session_id_from"])
    if "CallStatus" in job.get("constants", {}):
        given["status"] = job["constants"]["CallStatus"]
    return given


def taken_through(export, given):
    """`init` and `prepare`, as a person runs them; the exit status of the latter and its folder."""
    pairs = [part for key, text in given.items() for part in ("--answer", f"{key}={text}")]
    assert main(["init", str(export), "--yes", "--accept", "likely", "--now", NOW, *pairs]) == 0
    job, out = export.parent / "callconv.toml", export.parent / "out"
    status = main(
        ["prepare", str(export), "--job", str(job), "--out", str(out), "--now", NOW, "--audit"]
    )
    return status, out


def ready_rows(out):
    """The rows of ready.csv by source line."""
    import pyarrow.parquet as pq

    lines = pq.read_table(out / "ready_lines.parquet")["source_line"].to_pylist()
    with (out / "ready.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return dict(zip(map(str, lines), rows, strict=True))


def judged(ready, expected):
    """Lines that went and must not, wrong cells of lines that went, and how many are right."""
    forbidden, wrong, right = [], [], 0
    for line, want in expected.items():
        row = ready.get(line)
        if want["fate"] == "not_ready":
            forbidden += [line] if row is not None else []
            right += row is None
            continue
        if row is None:
            continue
        cells = [
            (line, name, row[name], allowed)
            for name, allowed in want.items()
            if name != "fate" and allowed is not None
            and row[name] not in (allowed if isinstance(allowed, list) else [allowed])
        ]  # fmt: skip
        wrong += [cell for cell in cells if cell[1] in (*REQUIRED, "CallStatus")]
        right += not cells
    return forbidden, wrong, right


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_strangers_export_becomes_a_job_that_is_right(tmp_path, name):
    folder = EXPORTS / name
    told = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    export, expected = tmp_path / told["file"], told["expected"]
    export.write_bytes((folder / told["file"]).read_bytes())
    status, out = taken_through(export, answers(folder))
    assert status in (0, 1)
    forbidden, wrong, right = judged(ready_rows(out), expected)
    assert (forbidden, wrong) == ([], [])
    assert right >= ENOUGH * len(expected)


NEEDS_ITS_PRESET = {"twilio_script"}
"""A layout with calls in several rows, which only its preset puts together."""


@pytest.mark.parametrize("name", LAYOUTS)
def test_without_any_preset_the_evidence_alone_makes_no_row_wrong(tmp_path, name):
    folder = EXPORTS / name
    told = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    export, expected = tmp_path / told["file"], told["expected"]
    export.write_bytes((folder / told["file"]).read_bytes())
    status, out = taken_through(export, {**answers(folder), "preset": "none"})
    assert status in (0, 1)
    forbidden, wrong, right = judged(ready_rows(out), expected)
    assert (forbidden, wrong) == ([], [])
    assert name in NEEDS_ITS_PRESET or right >= ENOUGH * len(expected)


@pytest.mark.parametrize("layout", MADE_UP.values(), ids=MADE_UP)
def test_a_made_up_export_becomes_a_job_that_is_right(tmp_path, layout):
    export = tmp_path / "calls.csv"
    export.write_text(layout.text(), encoding="utf-8")
    status, out = taken_through(export, {**IDS, **layout.answers})
    assert status in (0, 1)
    ready = ready_rows(out)
    for line, call in layout.by_line().items():
        if call.way != "in" or call.caller == "anonymous":
            assert line not in ready
            continue
        row = ready[line]
        moment = datetime.fromisoformat(row["EventDate"]).astimezone(UTC)
        assert moment.replace(tzinfo=None) == call.utc
        assert row["CallerId"] == call.caller.removeprefix("44")
        assert row["CalledPhoneNumber"] == call.called
        assert int(row["CallDuration"]) in (call.total, call.spoken)
        assert int(row["TalkDuration"]) == call.spoken or (
            "talk_time" in layout.answers and row["TalkDuration"] == row["CallDuration"]
        )
        assert row["CallStatus"] in STATUSES[call.ended]


def test_numbers_that_may_be_the_direction_are_asked_for(tmp_path, capsys):
    export = tmp_path / "calls.csv"
    rows = [
        f"g{n},{n % 2},2026-11-1{n} 09:30:05,+1617555010{n},+18005550142,60,40,ANSWER"
        for n in range(8)
    ]
    header = (
        "generalCallID,callType,startTime,externalNumber,didNumber,duration,billsec,disposition"
    )
    export.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    given = [part for key, text in IDS.items() for part in ("--answer", f"{key}={text}")]
    command = ["init", str(export), "--yes", "--accept", "likely", "--json", *given]
    assert main(command) == 0
    assert "direction" in json.loads(capsys.readouterr().out)["blanks"]
    (tmp_path / "callconv.toml").unlink()
    assert main([*command, "--answer", "direction=0", "--answer", "timezone=UTC"]) == 0
    job = tomllib.loads((tmp_path / "callconv.toml").read_text(encoding="utf-8"))
    assert job["leave_out"][0] | {"source_column": "callType", "equals": "1"} == job["leave_out"][0]
