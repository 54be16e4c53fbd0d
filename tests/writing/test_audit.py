"""changes.parquet and the findings row by row: whose changes and findings they hold."""

import pyarrow.parquet as pq
import pytest

import callconv_kit as ck

HEADER = (
    "CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,"
    "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus"
)
ROW = "1001,20012,2026-11-20T09:30:05-05:00,30021,Invoca,{},{},8005550199,{},60,ANSWER"
NOW = "2026-11-24T12:00:00+00:00"
RIGHT, DASHED, WRONG = "6175550123", "617-555-0123", "617-555"

# rows → line, column, before and after of each change
CHANGED = {
    "a right row": ([("A", RIGHT, "201")], []),
    "a changed row": ([("A", DASHED, "201")], [(2, "CallerId", DASHED, RIGHT)]),
    "two cells of one row": (
        [("A", DASHED, "3:21")],
        [(2, "CallDuration", "3:21", "201"), (2, "CallerId", DASHED, RIGHT)],
    ),
    "a rejected row": ([("A", WRONG, "3:21")], []),
    "a row that is left out": ([("A", DASHED, "70")], []),
    "a changed row between others": (
        [("A", WRONG, "3:21"), ("B", DASHED, "201"), ("C", DASHED, "70"), ("D", RIGHT, "201")],
        [(3, "CallerId", DASHED, RIGHT)],
    ),
}


@pytest.mark.parametrize(("rows", "changes"), CHANGED.values(), ids=CHANGED)
def test_an_audit_holds_the_changes_of_ready_rows_alone(tmp_path, rows, changes):
    path = tmp_path / "calls.csv"
    path.write_text("\n".join((HEADER, *(ROW.format(*row) for row in rows), "")), encoding="utf-8")
    ck.prepare(
        path,
        now=NOW,
        out=tmp_path / "out",
        audit=True,
        max_rejected_share=1.0,
        leave_out=[{"column": "CallDuration", "below": 100, "reason": "too short"}],
    )
    found = pq.read_table(tmp_path / "out" / "changes.parquet").to_pylist()
    assert {each["file"] for each in found} <= {"calls.csv"}
    assert sorted(
        (each["line"], each["column"], each["before"], each["after"]) for each in found
    ) == sorted(changes)


REJECTED = "source_file,source_line,codes,reasons,"
SHORT = "1001,20012"
# the input → source_file and source_line of the row that has too few cells
SHORT_ROWS = {
    "an export": (f"{HEADER}\n{SHORT}\n", ("calls.csv", 2)),
    "a corrected row beside it": (
        f"{REJECTED}{HEADER}\nmonday.csv,7,,,{ROW.format('A', RIGHT, 201)}\n"
        f"tuesday.csv,9,field_count,,{SHORT}\n",
        ("tuesday.csv", 9),
    ),
    "a row whose file is not stated": (
        f"{REJECTED}{HEADER}\nmonday.csv,7,,,{ROW.format('A', RIGHT, 201)}\n"
        f",9,field_count,,{SHORT}\n",
        ("calls.csv", 9),
    ),
}


@pytest.mark.parametrize(("text", "place"), SHORT_ROWS.values(), ids=SHORT_ROWS)
def test_the_finding_of_a_short_row_names_its_own_file(tmp_path, text, place):
    (tmp_path / "calls.csv").write_text(text, encoding="utf-8")
    findings = ck.prepare(tmp_path / "calls.csv", now=NOW, max_rejected_share=1.0).findings
    found = findings[findings["code"] == "field_count"]
    assert list(zip(found["source_file"], found["source_line"], strict=True)) == [place]
