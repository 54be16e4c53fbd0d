"""The workbench's state without a notebook: each step, what it keeps, and what it says."""

import csv
import os
import shutil
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import callconv_kit as ck
from callconv_kit.demo import sample
from callconv_kit.job import Job
from callconv_kit.model import spec
from callconv_kit.model.errors import CallConvError, InputError, UsageError
from callconv_kit.widgets import Session
from callconv_kit.widgets.delivering import Deliveries
from callconv_kit.widgets.session import Canceled

NOW = "2026-11-24T12:00:00-05:00"
ANSWERS = {
    "timezone": "America/New_York",
    "date_order": "month-first",
    "campaign": "1001",
    "partner": "Partner ID",
    "tracker": "Event Type ID",
}


@pytest.fixture
def session(tmp_path):
    shutil.copy(sample("export.csv"), tmp_path / "calls.csv")
    opened = Session(tmp_path, now=NOW)
    opened.open(tmp_path / "calls.csv")
    for key, text in ANSWERS.items():
        opened.answer(key, text)
    return opened


def first_with(session, code):
    return session.review.page("Rejected", 0, code).rows[0]


def test_an_upload_never_replaces_another_file_and_stays_in_the_folder(tmp_path):
    session = Session(tmp_path)
    first = session.upload("../../calls.csv", b"a")
    assert first == tmp_path / "calls.csv"
    assert session.upload("calls.csv", b"a") == first
    assert session.upload("C:\\exports\\calls.csv", b"b") == tmp_path / "calls-2.csv"
    assert first.read_bytes() == b"a"


def test_a_file_that_cannot_be_opened_leaves_the_one_that_is_open(session, tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputError, match="no content"):
        session.open(tmp_path / "empty.csv")
    assert session.source == tmp_path / "calls.csv"
    assert session.prepare().summary["rows_read"] == 204


def test_answers_become_a_commented_job_that_prepares_alike(session, tmp_path):
    path = session.save()
    text = path.read_text()
    assert "CampaignId = 1001" in text
    assert 'MediaId = "Partner ID"' in text
    assert "# month" in text or "# line 105" in text
    by_hand = ck.prepare(tmp_path / "calls.csv", path, now=NOW, out=tmp_path / "by-hand")
    prepared = session.prepare()
    for name in ("rows_ready", "rows_rejected", "findings", "changes"):
        assert prepared.summary[name] == by_hand.summary[name]


def test_comments_of_a_job_that_is_there_stay(tmp_path):
    shutil.copy(sample("export.csv"), tmp_path / "calls.csv")
    shutil.copy(sample("callconv.toml"), tmp_path / "callconv.toml")
    session = Session(tmp_path)
    session.open(tmp_path / "calls.csv")
    session.feed("CallProvider", constant="Invoca Inc.")
    session.save()
    before = sample("callconv.toml").read_text()
    assert (tmp_path / "callconv.toml").read_text() == before.replace('"Invoca"', '"Invoca Inc."')


@pytest.mark.parametrize(
    ("column", "constant", "said"),
    [("CampaignId", "many", "CampaignId"), ("CallDuration", "-3", "CallDuration")],
)
def test_a_constant_that_does_not_fit_its_column_is_refused_at_once(
    session, column, constant, said
):
    before = session.settings
    with pytest.raises(UsageError, match=said):
        session.feed(column, constant=constant)
    assert session.settings == before


@pytest.mark.parametrize(
    "answer",
    [
        'trackers.csv by "Destination Phone Number"',
        "trackers.csv by Destination Phone Number",
        "trackers.csv",
        "lookup:trackers.csv",
        "lookup:trackers.csv:Destination Phone Number",
    ],
)
def test_a_look_up_is_answered_in_words_as_in_init_and_its_file_is_begun(tmp_path, answer):
    shutil.copy(sample("export.csv"), tmp_path / "calls.csv")
    session = Session(tmp_path, now=NOW)
    session.open(tmp_path / "calls.csv")
    session.answer("timezone", "UTC")
    session.answer("date_order", "month-first")
    session.answer("campaign", "1001")
    session.answer("tracker", answer)
    assert session.begun == tmp_path / "trackers.csv"
    head, *keys = session.begun.read_text().splitlines()
    assert head == "Destination Phone Number,MediaId,ActionTrackerId,Calls"
    assert len(keys) > 5
    session.begun.write_text(session.begun.read_text().replace(",,,", ",20012,30021,"))
    session.answer("partner", answer)
    assert session.begun is None
    assert session.open_points() == []
    assert session.prepare().summary["rows_ready"] > 100


def test_the_mapping_tells_cells_before_and_after_and_what_is_missing(session):
    by_name = {one.column: one for one in session.mapping()}
    assert ("00:05:04", "304") in by_name["TalkDuration"].pairs
    assert by_name["CampaignId"].constant == "1001"
    session.answer("campaign", "")
    assert [one.column for one in session.mapping() if one.missing] == ["CampaignId"]


def test_a_fixed_cell_is_kept_in_a_corrected_rejected_csv_and_counts(session, tmp_path):
    ready = session.prepare().summary["rows_ready"]
    row = first_with(session, "status_unknown")
    session.fix(row, {"Call Result": "IVR_DROPOFF"})
    fixes = tmp_path / "calls.csv.fixes.csv"
    with fixes.open(newline="") as file:
        header, kept = csv.reader(file)
    assert kept[:4] == row[:4]
    assert kept[header.index("Call Result")] == "IVR_DROPOFF"
    assert session.prepare().summary["rows_ready"] == ready + 1
    by_hand = ck.prepare(
        tmp_path / "calls.csv", tmp_path / "callconv.toml", now=NOW, fixes=fixes,
        out=tmp_path / "by-hand",
    )  # fmt: skip
    assert by_hand.ready_file.read_bytes() == session.ready_file.read_bytes()


def test_a_row_can_be_fixed_again_where_the_first_fix_was_not_enough(session):
    ready = session.prepare().summary["rows_ready"]
    row = first_with(session, "money_out_of_range")
    session.fix(row, {"Call Result": "IVR_DROPOFF"})
    session.prepare()
    again = first_with(session, "money_out_of_range")
    assert again[:2] == row[:2]
    session.fix(again, {"Sale Amount": "20.00"})
    assert session.prepare().summary["rows_ready"] == ready + 1


@pytest.mark.parametrize(
    ("code", "cell", "text", "said"),
    [
        ("status_unknown", "Call Result", "BOGUS", "IVR_DROPOFF, NO_TRANSFER_ATTEMPT, ANSWER"),
        ("duration_invalid", "Total Duration", "later", "whole seconds"),
        ("money_currency", "Sale Amount", "1.234", "two ways"),
        ("moment_invalid", "Call Start Time", "32/45/2026 10:00", "2026-11-20T09:30"),
        ("phone_masked", "Caller ID", "212555XXXX", "hidden"),
        ("status_unknown", "Sale Amount", "9", "nothing is wrong with SaleAmount in this row"),
    ],
)
def test_a_fix_that_cannot_be_right_is_refused_at_once(session, code, cell, text, said):
    session.prepare()
    with pytest.raises(UsageError, match=said):
        session.fix(first_with(session, code), {cell: text})
    assert session.corrected.read().rows == {}
    assert session.fixing.history.next_undo == ""


def test_of_several_fixes_those_that_can_be_right_are_kept(session):
    session.prepare()
    rows = session.review.page("Rejected", 0, "status_unknown").rows[:3]
    texts = ("ANSWER", "BOGUS", "answered")
    edits = [(row, {"Call Result": text}) for row, text in zip(rows, texts, strict=True)]
    (refused,) = session.fixing.fix(edits)
    assert (refused.row, refused.text) == (rows[1], "BOGUS")
    assert {key[1] for key in session.corrected.read().rows} == {rows[0][1], rows[2][1]}


def test_fixes_and_replacements_are_undone_and_done_again_in_their_order(session, tmp_path):
    session.prepare()
    row, other = session.review.page("Rejected", 0, "status_unknown").rows[:2]
    fixes, job = tmp_path / "calls.csv.fixes.csv", tmp_path / "callconv.toml"
    states = []
    for act in (
        lambda: None,
        lambda: session.fix(row, {"Call Result": "ANSWER"}),
        lambda: session.fix(row, {"Call Result": "CANCEL"}),
        lambda: session.fixing.replace_everywhere("CallStatus", "Hung up in IVR", "IVR_DROPOFF"),
        lambda: session.fix(other, {"Call Result": "ANSWER"}),
        lambda: session.fixing.forget((row[0], row[1])),
    ):
        act()
        states.append((session.corrected.read().rows, dict(session.settings)))
    assert "Hung up in IVR" in job.read_text()
    history = session.fixing.history
    for state in reversed(states[:-1]):
        assert history.undo()
        assert (session.corrected.read().rows, session.settings) == state
    assert (history.undo(), history.next_undo) == ("", "")
    assert "Hung up in IVR" not in job.read_text()
    assert fixes.read_text().count("\n") == 1
    for state in states[1:]:
        assert history.redo()
        assert (session.corrected.read().rows, session.settings) == state
    assert history.redo() == ""


def test_a_proposed_value_is_at_hand_for_a_misspelled_word(session, tmp_path):
    text = (tmp_path / "calls.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "calls.csv").write_text(text.replace("Hung up in IVR", "ANSWRE"))
    session.prepare()
    row = first_with(session, "status_unknown")
    assert session.fixing.proposal(row, "CallStatus", "ANSWRE") == "ANSWER"
    assert session.fixing.proposal(row, "CallStatus", "zzzz") == ""


def test_a_fix_can_be_taken_back(session):
    rejected = session.prepare().summary["rows_rejected"]
    row = first_with(session, "status_unknown")
    session.fix(row, {"Call Result": "IVR_DROPOFF"})
    session.fixing.forget((row[0], row[1]))
    assert session.prepare().summary["rows_rejected"] == rejected


def test_all_rejected_rows_go_to_a_spreadsheet_and_back(session, tmp_path):
    done = session.prepare().summary
    assert session.export_rejected() == done["rows_rejected"]
    assert session.export_rejected() == 0
    fixes = tmp_path / "calls.csv.fixes.csv"
    fixes.write_text(fixes.read_text().replace(",Hung up in IVR,", ",IVR_DROPOFF,"))
    again = session.prepare().summary
    assert again["rows_ready"] - done["rows_ready"] >= 35
    assert again["rows_read"] == done["rows_read"]


def test_a_value_is_replaced_everywhere_by_the_job(session, tmp_path):
    done = session.prepare().summary["rows_rejected"]
    session.fixing.replace_everywhere("CallStatus", "Hung up in IVR", "IVR_DROPOFF")
    job = Job.load(tmp_path / "callconv.toml")
    assert job.values == {"CallStatus": {"Hung up in IVR": "IVR_DROPOFF"}}
    assert session.prepare().summary["rows_rejected"] <= done - 35


def test_a_run_that_is_canceled_leaves_the_fixes_and_can_be_begun_again(session):
    session.prepare()
    session.fix(first_with(session, "status_unknown"), {"Call Result": "IVR_DROPOFF"})

    def stop(_):
        raise Canceled

    with pytest.raises(Canceled):
        session.prepare(stop)
    assert not list(session.out.glob(".callconv-*"))
    with pytest.raises(UsageError, match="Nothing was prepared"):
        session.ready_file  # noqa: B018
    assert len(session.corrected.read().rows) == 1
    assert session.prepare().problem is None


def test_a_corrected_file_of_another_export_is_refused_in_words(session, tmp_path):
    (tmp_path / "calls.csv.fixes.csv").write_text(
        "source_file,source_line,codes,reasons,Name\ncalls.csv,5,x,y,z\n"
    )
    with pytest.raises(CallConvError):
        session.prepare()
    (tmp_path / "calls.csv.fixes.csv").unlink()
    session.prepare()
    (tmp_path / "calls.csv.fixes.csv").write_text(
        "source_file,source_line,codes,reasons,Name\ncalls.csv,5,x,y,z\n"
    )
    with pytest.raises(UsageError, match="another export"):
        session.fix(first_with(session, "status_unknown"), {"Call Result": "IVR_DROPOFF"})


def test_phone_numbers_are_masked_until_they_are_asked_for(session):
    assert session.shown("Caller ID", "212-555-0123") == "***-***-0123"
    assert session.shown("Agent", "(212) 555-0123") == "(***) ***-0123"
    session.show_phones = True
    assert session.shown("Caller ID", "212-555-0123") == "212-555-0123"


def test_lists_agree_with_the_summary(session):
    session.fixing.replace_everywhere("CallStatus", "Hung up in IVR", "IVR_DROPOFF")
    session.settings["max_rejected_share"] = 0.5
    summary = session.prepare().summary
    review = session.review
    assert review.page("Ready").total == summary["rows_ready"]
    assert review.page("Rejected").total == summary["rows_rejected"]
    assert review.page("Left out").total == summary["rows_left_out"]
    warned = sum(one["rows"] for one in summary["findings"] if one["severity"] == "warning")
    assert review.page("Warnings").total == warned
    assert set(review.codes("Warnings")) == {
        one["code"] for one in summary["findings"] if one["severity"] == "warning"
    }
    by_rule = review.page("Changes", code="armour_removed")
    assert {row[3] for row in by_rule.rows} == {"armour_removed"}


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
@pytest.mark.parametrize(("readers", "mode"), [("owner", 0o600), ("group", 0o640)])
def test_the_ledger_is_readable_as_the_job_says(session, readers, mode):
    session.settings["readable_by"] = readers
    session.prepare()
    deliveries = Deliveries(session)
    try:
        deliveries.to_mock()
        assert stat.S_IMODE(deliveries.sent.ledger.stat().st_mode) == mode
    finally:
        deliveries.stop_mock()


def test_what_was_delivered_to_the_mock_is_not_delivered_again(session):
    session.prepare()
    session.fix(first_with(session, "status_unknown"), {"Call Result": "IVR_DROPOFF"})
    ready = session.prepare().summary["rows_ready"]
    deliveries = Deliveries(session)
    try:
        assert deliveries.to_mock().rows == ready
        assert len(deliveries.start_mock().pending_actions()) == ready
        assert deliveries.to_mock().left_out == {"already_sent": ready}
        outcome = deliveries.results()
        assert (outcome.refused, outcome.unconfirmed) == (0, ready)
        assert deliveries.start_mock().token not in repr(deliveries.sent)
    finally:
        deliveries.stop_mock()


def test_what_two_threads_change_at_once_is_all_kept(session):
    columns = [column.name for column in spec.COLUMNS if not column.required][-12:]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(columns)) as threads:
            begin = threading.Barrier(len(columns))

            def feed(column):
                begin.wait()
                session.feed(column, source="City")

            list(threads.map(feed, columns))
    finally:
        sys.setswitchinterval(interval)
    assert set(columns) <= set(session.settings["columns"])
