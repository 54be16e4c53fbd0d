"""ready_lines.parquet: where each row of ready.csv came from, for who reads the outcome back."""

import csv
import json

import pyarrow.parquet as pq
import pytest

import callconv_kit as ck

HEADER = (
    "CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,"
    "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus"
)
ROW = "1001,20012,2026-11-20T09:30:05-05:00,30021,Invoca,{},6175550123,8005550199,{},187,ANSWER"
NOW = "2026-11-24T12:00:00+00:00"


def written(path, *rows):
    path.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    return str(path)


def places(folder):
    """CallSessionId → source file and line, as the two files beside each other say it."""
    lines = pq.read_table(folder / "ready_lines.parquet").to_pylist()
    with (folder / "ready.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(lines)
    return {
        row["CallSessionId"]: (line["source_file"], line["source_line"])
        for row, line in zip(rows, lines, strict=True)
    }


@pytest.mark.parametrize("write", ["all", "present"])
def test_each_ready_row_has_its_file_and_line(tmp_path, write):
    first = written(
        tmp_path / "a.csv",
        ROW.format("A", 201),
        ROW.format("wrong", "x"),
        "",
        ROW.format("B", 201),
        ROW.format("contested", 201),
    )
    second = written(tmp_path / "b.csv", ROW.format("contested", 202), ROW.format("C", 201))
    ck.prepare([first, second], now=NOW, out=tmp_path / "out", audit=True, write=write)
    assert places(tmp_path / "out") == {
        "A": ("a.csv", 2),
        "B": ("a.csv", 5),
        "C": ("b.csv", 3),
    }


def test_a_row_that_was_corrected_keeps_the_place_that_it_came_from(tmp_path):
    source = written(tmp_path / "a.csv", ROW.format("A", 201), ROW.format("mended", "x"))
    ck.prepare(source, now=NOW, out=tmp_path / "first", audit=True)
    rejected = (tmp_path / "first" / "rejected.csv").read_text(encoding="utf-8")
    fixes = tmp_path / "fixes.csv"
    fixes.write_text(rejected.replace(",x,187", ",201,187"), encoding="utf-8")
    ck.prepare(source, now=NOW, out=tmp_path / "out", audit=True, fixes=str(fixes))
    assert places(tmp_path / "out") == {"A": ("a.csv", 2), "mended": ("a.csv", 3)}


def test_a_run_without_ready_rows_has_no_places(tmp_path):
    source = written(tmp_path / "a.csv", ROW.format("wrong", "x"))
    ck.prepare(source, now=NOW, out=tmp_path / "out", audit=True, max_rejected_share=1.0)
    assert places(tmp_path / "out") == {}


def test_without_an_audit_it_is_not_written_and_that_of_an_earlier_run_goes(tmp_path):
    source = written(tmp_path / "a.csv", ROW.format("A", 201))
    for audit in (True, False):
        ck.prepare(source, now=NOW, out=tmp_path / "out", audit=audit)
        assert (tmp_path / "out" / "ready_lines.parquet").exists() == audit
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["rows_ready"] == 1
