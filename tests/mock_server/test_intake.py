"""From a finished upload to pending actions and errors: reasons, the clock, the store."""

import csv
import datetime as dt
import ftplib
import io
import sqlite3

import pytest

from callconv_kit.model import spec
from mock_server import Clock
from mock_server.accounts import make
from mock_server.intake import PART
from mock_server.programs import BUSINESS_RULES, Program, Refuse, Tracker
from mock_server.reasons import CONTRACT_REASONS, REASONS
from mock_server.store import Store

from .clients import PASSWORD, USER, ftplib_to, serving
from .uploading import NOW, call_file, put

NOW_AT = dt.datetime.fromisoformat(NOW)

PROGRAMS = [
    Program(
        "1001",
        (Tracker("30021"), Tracker("30022", active=False), Tracker("30023", counts="conversions")),
        media=frozenset({"20012", "20013"}),
        inactive_media=frozenset({"20013"}),
        minimum_duration=30,
        answered_only=True,
        daily_range=(dt.time(8), dt.time(20)),
        duplicate_days=7,
    ),
    Program("1002", (Tracker("40001"),)),
    Program("1003", (Tracker("50001"),), active=False),
]


def _caller(number: int) -> dict[str, str]:
    """A caller who has not called before."""
    return {"CallerId": f"21255501{number:02}"}


REASON_ROWS = {
    "CAMPAIGN_NOT_FOUND": [{"CampaignId": "1009"}, {"CampaignId": "1003", "ActionTrackerId": "50001"}],
    "ACTIONTRACKER_NOT_FOUND": [{"ActionTrackerId": "30029"}],
    "ACTIONTRACKER_CAMPAIGN_MISMATCH": [{"ActionTrackerId": "40001"}, {"CampaignId": "1002"}],
    "ACTIONTRACKER_NOT_ACTIVE": [{"ActionTrackerId": "30022"}],
    "PARTNER_NOT_ACTIVE": [{"MediaId": "20013"}],
    "CONTRACT_NOT_FOUND": [{"MediaId": "20019"}],
    "CALL_FOR_CALL_PER_CONV_AT": [{"ActionTrackerId": "30023"}],
    "CALL_INCOMPLETE": [{"CallStatus": "INCOMPLETE"}, {"CallStatus": "CANCEL"}],
    "CALL_DURATION_TOO_SHORT": [{"CallDuration": "29", "TalkDuration": "29"}, {"CallDuration": "0", "TalkDuration": "0"}],
    "CALL_OUTSIDE_DAILY_RANGE": [{"EventDate": "2026-11-20T20:00:00-05:00"}, {"EventDate": "2026-11-20T07:59:59+09:00"}],
    "CALL_DUPLICATE": [{"CallerId": "(212) 555 0123"}, {"CallerId": "+12125550123", "EventDate": "2026-11-14T09:30:05-05:00"}],
}  # fmt: skip
"""Rows that differ from a right one, and the reason for which each is refused."""

TAKEN_ROWS = [
    {"CampaignId": "01001", "ActionTrackerId": "030021", "MediaId": "020012"},
    {"ActionTrackerId": "30023", "DispositionName": "Sale"},
    {"CallDuration": "30", "TalkDuration": "30"},
    {"EventDate": "2026-11-20T08:00:00-05:00"},
    {"EventDate": "2026-11-20T19:59:59-05:00"},
    {"CampaignId": "1002", "ActionTrackerId": "40001", "MediaId": "9", "CallStatus": "FAILURE"},
]
"""Rows at the border that are taken."""


@pytest.mark.parametrize("reason", REASON_ROWS)
def test_a_contract_refuses_exactly_its_rows_for_its_reason(reason):
    calls = [{}]
    for number, row in enumerate(REASON_ROWS[reason], 1):
        # A duplicate is one of the first row's caller; all others are called by new ones.
        calls += [{**_caller(number), **row}, _caller(50 + number)]
    lines = [2 + number for number, call in enumerate(calls) if number % 2]
    with serving(accounts=[make(USER, PASSWORD, programs=PROGRAMS)], now=NOW_AT) as server:
        put(server, call_file(*calls), "calls.csv", USER, PASSWORD)
        assert [(error.line, error.reason) for error in server.errors()] == [
            (line, reason) for line in lines
        ]
        assert {error.status for error in server.errors()} == {
            "Contract Error" if reason in CONTRACT_REASONS else "Validation"
        }
        assert [action.line for action in server.pending_actions()] == [
            line for line in range(2, 2 + len(calls)) if line not in lines
        ]


def test_rows_at_the_border_of_a_contract_are_taken():
    calls = [{**_caller(number), **row} for number, row in enumerate(TAKEN_ROWS)]
    with serving(accounts=[make(USER, PASSWORD, programs=PROGRAMS)], now=NOW_AT) as server:
        put(server, call_file(*calls), "calls.csv", USER, PASSWORD)
        assert server.errors() == []
        assert len(server.pending_actions()) == len(calls)


def test_every_reason_that_a_contract_gives_has_its_rows():
    assert set(REASON_ROWS) == {rule.reason for rule in BUSINESS_RULES}


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_can_be_had_by_wish_at_exactly_its_line(reason):
    wish = Refuse("SubId1", f"give-{reason}", reason)
    content = call_file({}, {"SubId1": f"give-{reason}"}, {"SubId2": f"give-{reason}"})
    with serving(accounts=[make(USER, PASSWORD, refuse=[wish])], now=NOW_AT) as server:
        put(server, content, "calls.csv", USER, PASSWORD)
        (error,) = server.errors()
        assert (error.line, error.reason, error.column) == (3, reason, "SubId1")
        assert error.status == ("Contract Error" if reason in CONTRACT_REASONS else "Validation")
        assert len(server.pending_actions()) == 2


def test_a_row_that_is_malformed_is_not_asked_about_contracts():
    accounts = [make(USER, PASSWORD, programs=PROGRAMS)]
    with serving(accounts=accounts, now=NOW_AT) as server:
        put(
            server, call_file({"CampaignId": "9", "CallDuration": "x"}), "calls.csv", USER, PASSWORD
        )
        (error,) = server.errors()
        assert (error.reason, error.column) == ("MALFORMED", "CallDuration")
        assert error.detail.startswith("CallDuration: found 'x'; expected whole seconds")


def test_a_file_uploaded_twice_counts_twice_but_where_the_duplicate_rule_catches_it():
    strict, lax = make("strict", "pw", programs=PROGRAMS), make("lax", "pw")
    with serving(accounts=[strict, lax], now=NOW_AT) as server:
        for _ in range(2):
            for name in ("strict", "lax"):
                put(server, call_file({}, _caller(1)), "calls.csv", name, "pw")
        assert len(server.pending_actions("lax")) == 4
        assert len(server.pending_actions("strict")) == 2
        assert [(e.line, e.reason) for e in server.errors()] == [
            (2, "CALL_DUPLICATE"),
            (3, "CALL_DUPLICATE"),
        ]


def test_a_duplicate_is_one_of_the_same_account_and_tracker_within_the_days():
    week = Program("1001", (Tracker("1"), Tracker("2")), duplicate_days=7)
    accounts = [make(name, "pw", programs=[week]) for name in ("one", "two")]
    first, later = "2026-11-13T09:00:00+00:00", "2026-11-20T08:59:59+00:00"
    with serving(accounts=accounts, now=NOW_AT) as server:
        row = {"ActionTrackerId": "1", "EventDate": first}
        put(server, call_file(row), "a.csv", "one", "pw")
        put(server, call_file(row), "a.csv", "two", "pw")
        put(server, call_file({**row, "ActionTrackerId": "2"}), "b.csv", "one", "pw")
        put(
            server,
            call_file({**row, "EventDate": "2026-11-20T09:00:00+00:00"}),
            "c.csv",
            "one",
            "pw",
        )
        assert server.errors() == []
        put(server, call_file({**row, "EventDate": later}), "d.csv", "two", "pw")
        assert [error.reason for error in server.errors()] == ["CALL_DUPLICATE"]


def test_an_empty_file_and_a_file_without_a_header_are_errors_as_a_whole():
    with serving(now=NOW_AT) as server:
        put(server, b"", "empty.csv", USER, PASSWORD)
        put(server, b"a,b\n1,2\n", "other.csv", USER, PASSWORD)
        put(server, ",".join(spec.NAMES).encode(), "header.csv", USER, PASSWORD)
        assert [(s.file_name, s.total_records, s.total_errors) for s in server.submissions()] == [
            ("empty.csv", 0, 1),
            ("other.csv", 0, 1),
            ("header.csv", 0, 0),
        ]
        assert [(e.file_name, e.line, e.reason) for e in server.errors()] == [
            ("empty.csv", 1, "MALFORMED"),
            ("other.csv", 1, "MALFORMED"),
        ]


# --- the clock


def _statuses(server):
    return [submission.status for submission in server.submissions()]


def test_a_submission_is_queued_in_progress_and_complete_by_the_clock():
    span = dt.timedelta(hours=6)
    with serving(now=NOW_AT, process_after=span, process_for=span) as server:
        put(server, call_file({}), "calls.csv", USER, PASSWORD)
        for hours, status in (
            (0, "Queued"),
            (5.9, "Queued"),
            (0.1, "In Progress"),
            (5.9, "In Progress"),
        ):
            server.advance(hours=hours)
            assert (_statuses(server), server.pending_actions()) == ([status], [])
        server.advance(hours=0.1)
        (submission,) = server.submissions()
        assert (submission.status, len(server.pending_actions())) == ("Complete", 1)
        assert submission.batch_id.startswith("F-")
        assert submission.completed == submission.received + 2 * span


def test_a_clock_moved_by_a_day_settles_at_once():
    with serving(now=NOW_AT, process_after=dt.timedelta(hours=24)) as server:
        put(server, call_file({}), "calls.csv", USER, PASSWORD)
        assert _statuses(server) == ["Queued"]
        server.advance(hours=24)
        assert _statuses(server) == ["Complete"]


def test_calls_are_judged_by_the_servers_clock():
    old = {"EventDate": "2025-10-22T12:00:00+00:00"}  # 398 days, to the second
    with serving(now=NOW_AT) as server:
        put(server, call_file(old), "a.csv", USER, PASSWORD)
        server.advance(seconds=1)
        put(server, call_file(old), "b.csv", USER, PASSWORD)
        assert [action.file_name for action in server.pending_actions()] == ["a.csv"]
        assert [error.file_name for error in server.errors()] == ["b.csv"]


def test_a_ticking_clock_needs_nobody_to_move_it():
    clock = Clock(NOW_AT, ticking=True)
    with serving(now=clock, process_after=dt.timedelta(milliseconds=50)) as server:
        put(server, call_file({}), "calls.csv", USER, PASSWORD)
        while server.store.submissions()[0].status != "Complete":  # the server's own thread does it
            with ftplib_to(server) as ftp:
                ftp.voidcmd("NOOP")
        assert server.submissions()[0].completed > NOW_AT


def test_a_clock_has_an_offset_and_goes_forward():
    with pytest.raises(ValueError, match="offset"):
        Clock(NOW_AT.replace(tzinfo=None))
    with pytest.raises(ValueError, match="forward"):
        Clock(NOW_AT).advance(dt.timedelta(seconds=-1))


# --- when something fails


def _rows(count):
    return call_file(*({} for _ in range(count)))


def test_a_failure_half_way_is_tried_again_and_no_row_stands_twice(monkeypatch):
    failures = [None, sqlite3.OperationalError("database or disk is full")]
    write = Store.add_rows

    def failing(store, *arguments):
        write(store, *arguments)
        if failures and (failure := failures.pop(0)):
            raise failure

    with serving(now=NOW_AT, process_after=dt.timedelta(hours=1)) as server:
        put(server, _rows(2 * PART + 1), "large.csv", USER, PASSWORD)
        put(server, _rows(1), "small.csv", USER, PASSWORD)
        monkeypatch.setattr(Store, "add_rows", failing)
        server.advance(hours=1)
        assert _statuses(server) == ["Complete", "Complete"]
        assert failures == []
        assert len(server.pending_actions()) == 2 * PART + 2


def test_a_submission_that_cannot_be_read_holds_up_no_other(caplog):
    with serving(now=NOW_AT, process_after=dt.timedelta(hours=1)) as server:
        put(server, _rows(1), "lost.csv", USER, PASSWORD)
        put(server, _rows(1), "kept.csv", USER, PASSWORD)
        server.next_receipt().path.unlink()
        server.advance(hours=1)
        assert _statuses(server) == ["In Progress", "Complete"]
        assert "it is tried again" in caplog.text


def _full(*_):
    raise sqlite3.OperationalError("database or disk is full")


def test_an_upload_that_cannot_be_recorded_is_not_acknowledged(monkeypatch):
    with serving(now=NOW_AT) as server, ftplib_to(server) as ftp:
        monkeypatch.setattr(Store, "add", _full)
        with pytest.raises(ftplib.error_temp, match="451"):
            ftp.storbinary("STOR calls.csv", io.BytesIO(_rows(1)))
        assert server.submissions() == []
        assert list((server.root / ".mock" / "spool").iterdir()) == []
        monkeypatch.undo()
        ftp.storbinary("STOR calls.csv", io.BytesIO(_rows(1)))
        assert _statuses(server) == ["Complete"]


def test_a_rename_that_cannot_be_recorded_is_undone(monkeypatch):
    with serving(now=NOW_AT) as server, ftplib_to(server) as ftp:
        ftp.storbinary("STOR .calls.tmp", io.BytesIO(_rows(1)))
        monkeypatch.setattr(Store, "add", _full)
        with pytest.raises(ftplib.error_perm, match="550 Local error"):
            ftp.rename(".calls.tmp", "calls.csv")
        assert (server.submissions(), ftp.nlst()) == ([], [".calls.tmp"])
        monkeypatch.undo()
        ftp.rename(".calls.tmp", "calls.csv")
        assert _statuses(server) == ["Complete"]


def test_a_second_server_on_the_same_root_remembers(tmp_path):
    with serving(tmp_path, now=NOW_AT, process_after=dt.timedelta(hours=1)) as server:
        put(server, _rows(3), "one.csv", USER, PASSWORD)
        server.advance(hours=1)
        put(server, _rows(2), "two.csv", USER, PASSWORD)
        before = server.submissions()
    with serving(
        tmp_path, now=NOW_AT + dt.timedelta(hours=1), process_after=dt.timedelta(hours=1)
    ) as server:
        assert server.submissions() == before
        server.advance(hours=1)
        assert [s.total_records for s in server.submissions()] == [3, 2]


def test_spoiled_rows_of_every_kind_are_found_in_one_upload():
    """The judge's own table, through the server's door."""
    from .test_judge import CASES, RIGHT

    cases = [case for case in CASES if "\n" not in "".join(case.row.values())]
    out = io.StringIO()
    writer = csv.DictWriter(out, spec.NAMES, lineterminator="\n")
    writer.writeheader()
    for case in cases:
        writer.writerows([case.row, RIGHT])
    with serving(now=NOW_AT) as server:
        put(server, out.getvalue().encode(), "calls.csv", USER, PASSWORD)
        assert [(e.line, e.reason, e.column) for e in server.errors()] == [
            (2 * number + 2, "MALFORMED", case.column) for number, case in enumerate(cases)
        ]
        assert len(server.pending_actions()) == len(cases)
