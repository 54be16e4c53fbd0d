"""Duplicates and conflicts of whole files: second readings, large groups, long cells."""

import gzip

import pyarrow as pa
import pytest
from pyarrow import parquet

import callconv_kit as ck

HEADER = (
    "CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,"
    "CalledPhoneNumber,CallDuration,TalkDuration,City\n"
)
SETTINGS = {"now": "2026-11-24T00:00:00Z", "max_rejected_share": 1.0, "keep_findings": False}


def call(session, talk=5, city="Boston"):
    return (
        f"1001,20012,2026-11-20T09:30:00-05:00,30021,Invoca,{session},2125550123,8005550199,10,"
        f"{talk},{city}\n"
    )


CONFLICT = call("S1") + call("S2") + call("S1", talk=6) + call("S3")


class Changing:
    """Changes a file when all its rows were read for the first time."""

    def __init__(self, path, change, rows):
        self.path, self.change, self.rows = path, change, rows

    def __call__(self, done):
        if done == self.rows:
            self.change(self.path)


def rewritten(text):
    return lambda path: path.write_text(text)


def appended(text):
    def change(path):
        with path.open("a") as file:
            file.write(text)

    return change


CHANGES = {
    "a row is inserted": rewritten(HEADER + call("S0") + CONFLICT),
    "a cell that no key holds is changed": rewritten(HEADER + CONFLICT.replace("Boston", "Austin")),
    "a line is lost": rewritten(HEADER + call("S2") + call("S1", talk=6)),
    "a quote is opened": rewritten(HEADER + CONFLICT.replace("Boston", '"Boston')),
    "the columns are others": rewritten(HEADER.replace("City", "Town,City") + CONFLICT),
    "nothing is left": rewritten(""),
    "the last row grows": appended("x,y"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_input_that_changes_between_its_readings_stops_the_run(tmp_path, change):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + CONFLICT.rstrip("\n") if "grows" in str(change) else HEADER + CONFLICT)
    if change is CHANGES["the last row grows"]:
        path.write_text((HEADER + CONFLICT).rstrip("\n"))
        # What is behind the first reading is no change: the row is as it was then.
        assert prepared(path, change).summary["rows_left_out"] == 1
        return
    with pytest.raises(ck.InputError) as caught:
        prepared(path, change)
    assert caught.value.code == "input_changed"
    assert "calls.csv" in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def prepared(path, change, **settings):
    """With `last`, no row is held: the rows of a conflict are read again."""
    changing = Changing(path, change, 4)
    chosen = {"on_conflict": "last", **SETTINGS, **settings}
    return ck.prepare(path, out=path.parent / "out", progress=changing, **chosen)


def test_rows_that_are_added_behind_are_no_change(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + CONFLICT)
    run = prepared(path, appended(call("S9") + call("S1")))
    assert run.summary["rows_read"] == 4
    assert list(run.left_out["source_line"]) == [2]
    assert list(run.ready["CallSessionId"]) == ["S2", "S1", "S3"]


def test_an_input_that_is_gone_is_unreadable(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + CONFLICT)
    with pytest.raises(ck.InputError) as caught:
        prepared(path, lambda path: path.unlink())
    assert caught.value.code == "unreadable"


def test_repeats_need_no_second_reading(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + call("S1") + call("S2") + call("S1", city="Austin") + call("S3"))
    run = prepared(path, lambda path: path.unlink(), on_conflict="reject")
    assert list(run.left_out["source_line"]) == [4]
    assert list(run.left_out["City"]) == ["Austin"]
    assert list(run.ready["CallSessionId"]) == ["S1", "S2", "S3"]


def test_conflicts_of_rows_that_come_together_need_none_either(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + CONFLICT)
    for on_conflict in ("reject", "first"):
        path.write_text(HEADER + CONFLICT)
        run = prepared(path, lambda path: path.unlink(), on_conflict=on_conflict)
        lost = [*run.rejected["source_line"], *run.left_out["source_line"]]
        assert lost == ([2, 4] if on_conflict == "reject" else [4])


def test_a_conflict_that_comes_after_a_repeat_takes_all_rows(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + call("S1") + call("S1") + call("S1", talk=6) + call("S3"))
    run = ck.prepare(path, **SETTINGS)
    assert list(run.rejected["codes"]) == ["conflicting_duplicate"] * 3
    assert len(run.left_out) == 0
    with path.open("a") as file:
        file.write(call("S1"))
    first = ck.prepare(path, on_conflict="first", **SETTINGS)
    assert list(first.left_out["codes"]) == [
        "duplicate_row", "conflicting_duplicate", "duplicate_row",
    ]  # fmt: skip


def test_packed_and_columnar_inputs_are_compared_too(tmp_path):
    packed = tmp_path / "calls.csv.gz"
    packed.write_bytes(gzip.compress((HEADER + CONFLICT).encode()))
    changed = gzip.compress((HEADER + call("S0") + CONFLICT).encode())
    with pytest.raises(ck.InputError) as caught:
        prepared(packed, lambda path: path.write_bytes(changed))
    assert caught.value.code == "input_changed"
    columns = tmp_path / "calls.parquet"
    lines = [line.split(",") for line in (HEADER + CONFLICT).splitlines()]
    table = pa.table({name: list(cells) for name, *cells in zip(*lines, strict=True)})
    parquet.write_table(table, columns)
    with pytest.raises(ck.InputError) as caught:
        prepared(columns, lambda path: parquet.write_table(table.slice(1), path))
    assert caught.value.code == "input_changed"


MANY = 30_000


def test_conflicts_within_one_key_are_named_by_a_few_of_them(tmp_path):
    path = tmp_path / "calls.csv"
    with path.open("w") as file:
        file.write(HEADER)
        for number in range(MANY):
            file.write(call("S1", talk=1 + number % 9))
    run = ck.prepare(path, **SETTINGS)
    reasons = run.rejected["reasons"]
    assert len(reasons) == MANY
    assert reasons.str.len().max() < 400
    named = "calls.csv line 2, calls.csv line 3, calls.csv line 4, calls.csv line 5, calls.csv line"
    assert f"differs in TalkDuration from {named} 6 and {MANY - 6} more" in reasons[MANY - 1]
    checked = ck.check(path, now=SETTINGS["now"])
    assert checked.summary["errors"] >= MANY
    assert checked.findings["value"].str.len().max() < 200


def test_each_row_of_a_conflict_names_the_others(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "".join(call("S1", talk=talk) for talk in range(1, 8)))
    reasons = list(ck.prepare(path, **SETTINGS).rejected["reasons"])
    for at, reason in enumerate(reasons):
        others = [f"calls.csv line {line + 2}" for line in range(7) if line != at]
        assert f"from {', '.join(others[:5])} and 1 more" in reason
        assert f"line {at + 2}," not in reason


WORD = (1 << 64) - 1


def test_a_key_of_two_megabytes_is_a_key_like_any_other(tmp_path):
    path = tmp_path / "calls.csv"
    long = "k" * 2_000_000
    path.write_text(HEADER + call(long) + call(long) + call("S3") + call(long[:-1]))
    run = ck.prepare(path, **SETTINGS)
    assert list(run.left_out["source_line"]) == [3]
    assert run.summary["rows_ready"] == 3
