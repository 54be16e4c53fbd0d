"""The ledger: what it remembers, what it holds back, and when it refuses to go on."""

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.delivery import archive, ledger_faults, ledger_file, segments, sent_status
from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ready_file import outgoing
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.sent_status import Freed, SentStatus, sent_status_of
from callconv_kit.model.errors import CallConvError, DeliveryError, UsageError
from callconv_kit.model.texts import from_list
from callconv_kit.run.keys import Keys, keys_of

from .conftest import CALL, write_ready

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".callconv" / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path, now=NOW) as opened:
        yield opened


def keys(*calls: dict[str, str]) -> Keys:
    """The keys of calls that differ from CALL as given."""
    rows = [{**CALL, **call} for call in calls]
    names = {name for row in rows for name in row}
    return keys_of({name: from_list([row.get(name) for row in rows]) for name in names})


def sent(ledger: Ledger, folder: Path, state: State, *calls: dict[str, str]) -> int:
    """A submission of these calls that ended in `state`."""
    names = "-".join("".join(call.values()) for call in calls)
    file = outgoing(write_ready(folder / f"{names}.csv", names))
    number = ledger.begin(file, keys(*calls), account="a", name=f"{names}.csv", origin="here")
    ledger.enter(number, state)
    return number


A = {"CallSessionId": "A"}
A_PAID = {**A, "SaleAmount": "10.00"}
A_EVENT = {**A, "VendorEventId": "e1"}
A_EVENT_2 = {**A, "VendorEventId": "e2"}
NEW, SENT, CHANGED, UNKNOWN = (
    SentStatus.NEW,
    SentStatus.SENT,
    SentStatus.CHANGED,
    SentStatus.UNKNOWN,
)

STANDINGS: dict[str, tuple[dict[str, str], State, dict[str, str], SentStatus]] = {
    "another call": (A, State.DELIVERED, {"CallSessionId": "B"}, NEW),
    "the same call": (A, State.DELIVERED, A, SENT),
    "the same, another recording": (A, State.DELIVERED, {**A, "City": "Boston"}, SENT),
    "the same, now with a sale": (A, State.DELIVERED, A_PAID, CHANGED),
    "never delivered": (A, State.NOT_DELIVERED, A, NEW),
    "unknown": (A, State.UNKNOWN, A, UNKNOWN),
    "unknown, and changed": (A, State.UNKNOWN, A_PAID, UNKNOWN),
    "on its way": (A, State.SENDING, A, UNKNOWN),
    "intended": (A, State.INTENT, A, UNKNOWN),
    "sent again since": (A, State.RESENT, A, NEW),
    "the same event": (A_EVENT, State.DELIVERED, A_EVENT, SENT),
    "another event of the session": (A_EVENT, State.DELIVERED, A_EVENT_2, NEW),
    "the export gained an event": (A, State.DELIVERED, A_EVENT, SENT),
    "the export lost its event": (A_EVENT, State.DELIVERED, A, SENT),
    "its case differs": (A, State.DELIVERED, {"CallSessionId": "a"}, NEW),
    "another campaign": (A, State.DELIVERED, {**A, "CampaignId": "1002"}, NEW),
}


@pytest.mark.parametrize(
    ("before", "state", "now", "sent_status"), STANDINGS.values(), ids=STANDINGS
)
def test_a_row_stands_as_its_last_delivery_did(
    ledger: Ledger,
    tmp_path: Path,
    before: dict[str, str],
    state: State,
    now: dict[str, str],
    sent_status: SentStatus,
) -> None:
    sent(ledger, tmp_path, state, before)
    assert ledger.sent_status(keys(now)).tolist() == [sent_status]


def test_the_latest_delivery_of_a_row_decides(ledger: Ledger, tmp_path: Path) -> None:
    sent(ledger, tmp_path, State.DELIVERED, A)
    assert ledger.sent_status(keys(A_PAID)).tolist() == [CHANGED]
    sent(ledger, tmp_path, State.DELIVERED, A_PAID)
    assert ledger.sent_status(keys(A_PAID)).tolist() == [SENT]
    assert ledger.sent_status(keys(A)).tolist() == [CHANGED]


def test_a_row_that_the_server_refused_may_go_again(ledger: Ledger, tmp_path: Path) -> None:
    calls = (A, {"CallSessionId": "B", "VendorEventId": "e9"})
    number = sent(ledger, tmp_path, State.DELIVERED, *calls)
    assert ledger.sent_status(keys(*calls)).tolist() == [SENT, SENT]
    ledger.free(number, [3], keys(calls[1]))
    assert ledger.sent_status(keys(*calls)).tolist() == [SENT, NEW]


@given(st.data())
def test_a_look_up_finds_what_a_dictionary_would(data: st.DataObject) -> None:
    """Words from a small range, so that keys share their high word and stand several times."""
    word = st.integers(1, 4)
    row = st.tuples(word, word, word)
    submissions = data.draw(st.lists(st.lists(row, max_size=6), min_size=1, max_size=5))
    states = {
        number: data.draw(st.sampled_from([State.DELIVERED, State.NOT_DELIVERED, State.UNKNOWN]))
        for number in range(1, len(submissions) + 1)
    }
    stored = [
        segments.segment(words(rows), payments(rows), np.zeros(len(rows), np.bool_), number)
        for number, rows in enumerate(submissions, 1)
    ]
    stored = [segments.unpack(segments.pack(part)) for part in stored]
    if data.draw(st.booleans()):
        stored = [segments.merged(stored)]
    asked = data.draw(st.lists(row, max_size=8))
    found = sent_status_of(
        Keys(np.zeros((len(asked), 2), np.uint64), words(asked), payments(asked)),
        states,
        Freed([]),
        lambda kind: iter(stored if kind == "session" else []),
    )
    assert found.sent_status.tolist() == [by_hand(one, submissions, states) for one in asked]


def by_hand(
    one: tuple[int, int, int],
    submissions: list[list[tuple[int, int, int]]],
    states: dict[int, State],
) -> SentStatus:
    for number in range(len(submissions), 0, -1):
        same = [row for row in submissions[number - 1] if row[:2] == one[:2]]
        if same and states[number] is State.UNKNOWN:
            return UNKNOWN
        if same and states[number] is State.DELIVERED:
            return SENT if one in same else CHANGED
    return NEW


def words(rows: list[tuple[int, int, int]]) -> np.ndarray:
    return np.array([row[:2] for row in rows], np.uint64).reshape(-1, 2)


def payments(rows: list[tuple[int, int, int]]) -> np.ndarray:
    return np.array([row[2] for row in rows], np.uint64)


SEGMENTS = {
    "equal ones are merged": ([1, 1], [2]),
    "one of twice the size is merged": ([2, 1], [3]),
    "a larger one is left alone": ([3, 1], [3, 1]),
    "the small ones before a large one": ([9, 1, 1], [9, 2]),
    "one after the other": ([5, 2, 1], [5, 3]),
    "none beyond the largest": ([4, 4], [4, 4]),
    "up to the largest": ([4, 3], [7]),
    "a submission of more than one segment": ([9], [7, 2]),
}


@pytest.mark.parametrize(("added", "kept"), SEGMENTS.values(), ids=SEGMENTS)
def test_a_segment_is_merged_with_those_that_are_not_much_larger(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, added: list[int], kept: list[int]
) -> None:
    monkeypatch.setattr(segments, "LARGEST", 7 if sum(added) < 10 else 100)
    for number, rows in enumerate(added, 1):
        of = keys(*({"CallSessionId": f"S{number}-{row}"} for row in range(rows)))
        ledger.row_keys.add(of, number)
    assert [len(part) for part in ledger.row_keys.stored("session")] == kept


SETTLED = {
    "the same row behind a changed one": ([(1, CHANGED), (1, SENT)], SENT),
    "the same row before a changed one": ([(1, SENT), (1, CHANGED)], SENT),
    "a later submission changed it": ([(1, SENT), (2, CHANGED)], CHANGED),
    "an earlier submission does not decide": ([(2, CHANGED), (1, SENT)], CHANGED),
    "a later one whose outcome is unknown": ([(1, SENT), (2, UNKNOWN)], UNKNOWN),
}


@pytest.mark.parametrize("at_once", [True, False], ids=["in one segment", "in several"])
@pytest.mark.parametrize(("found", "expected"), SETTLED.values(), ids=SETTLED)
def test_the_latest_submission_decides_and_in_it_the_row_that_is_the_same(
    found: list[tuple[int, SentStatus]], expected: SentStatus, at_once: bool
) -> None:
    result, latest = np.zeros(1, np.uint8), np.zeros(1, np.int64)
    for part in [found] if at_once else [[one] for one in found]:
        numbers, states = (np.array(side) for side in zip(*part, strict=True))
        sent_status._settle(
            result, latest, np.zeros(len(part), np.int64), numbers, states.astype(np.uint8)
        )
    assert result.tolist() == [expected]


def test_segments_stay_few_however_many_submissions_there_are(
    ledger: Ledger, tmp_path: Path
) -> None:
    for number in range(60):
        sent(ledger, tmp_path, State.DELIVERED, {"CallSessionId": f"S{number}"})
    assert len(list(ledger.row_keys.stored("session"))) <= 7
    everyone = keys(*({"CallSessionId": f"S{number}"} for number in range(60)))
    assert set(ledger.sent_status(everyone).tolist()) == {SENT}


def test_a_file_that_is_tried_again_keeps_its_number(ledger: Ledger, tmp_path: Path) -> None:
    first = sent(ledger, tmp_path, State.NOT_DELIVERED, A)
    assert sent(ledger, tmp_path, State.DELIVERED, A) == first
    states = [event.state for event in ledger.history(first)]
    assert states == [State.INTENT, State.NOT_DELIVERED, State.INTENT, State.DELIVERED]


def test_the_archive_gives_back_the_exact_bytes(ledger: Ledger, tmp_path: Path) -> None:
    ready = write_ready(tmp_path / "r.csv", *map(str, range(500)))
    file = outgoing(ready)
    number = ledger.begin(file, keys(A), account="a", name="x/../y.csv", origin="")
    kept = ledger.submission(number).archived
    with archive.opened(ledger.archive, kept) as stream:
        assert stream.read() == ready.read_bytes()
    assert [p.name for p in ledger.archive.glob("*.zst")] == [kept]


def test_the_archive_forgets_what_is_older_than_it_keeps(path: Path, tmp_path: Path) -> None:
    with Ledger.open(path, now=NOW) as ledger:
        sent(ledger, tmp_path, State.DELIVERED, A)
        sent(ledger, tmp_path, State.UNKNOWN, {"CallSessionId": "B"})
    with Ledger.open(path, now=NOW + timedelta(days=41)) as ledger:
        assert ledger.prune(0) == 0
        assert ledger.prune(42) == 0
        assert ledger.prune(40) == 1
        assert [bool(s.archived) for s in ledger.submissions()] == [False, True]
        assert ledger.sent_status(keys(A)).tolist() == [SENT]


def test_only_an_unknown_outcome_can_be_settled(ledger: Ledger, tmp_path: Path) -> None:
    unknown = sent(ledger, tmp_path, State.UNKNOWN, A)
    ledger.settle(unknown, State.DELIVERED)
    assert ledger.sent_status(keys(A)).tolist() == [SENT]
    with pytest.raises(UsageError, match="not in doubt"):
        ledger.settle(unknown, State.NOT_DELIVERED)


# -- one run at a time -----------------------------------------------------------------------------


def test_a_second_run_is_told_that_another_is_delivering(path: Path) -> None:
    with Ledger.open(path) as first, Ledger.open(path) as second, first.lock():
        with pytest.raises(DeliveryError) as caught, second.lock():
            pass
        assert caught.value.code == "busy"
    with Ledger.open(path) as third, third.lock():
        pass


def test_a_second_run_may_wait(path: Path) -> None:
    from callconv_kit.delivery.lock import locked

    with Ledger.open(path) as first:
        held = first.lock()
        held.__enter__()

        def release(_: float) -> None:
            held.__exit__(None, None, None)

        with locked(ledger_file.lock_of(path), wait=1.0, sleep=release):
            assert ledger_file.lock_of(path).read_text() == str(os.getpid())
            with pytest.raises(DeliveryError), first.lock():
                pass


def test_a_run_may_lock_twice_and_holds_the_lock_until_both_are_over(
    path: Path, ledger: Ledger
) -> None:
    with Ledger.open(path) as other:
        with ledger.lock():
            with ledger.lock():
                pass
            with pytest.raises(DeliveryError), other.lock():
                pass
        with other.lock():
            assert ledger_file.lock_of(path).read_text() == str(os.getpid())


# -- what is wrong with a ledger -------------------------------------------------------------------


def spoil_header(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be one" * 100)


def spoil_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[16384 + 200 :] = b"\xff" * (len(data) - 16384 - 200)
    path.write_bytes(bytes(data))


def truncate(path: Path) -> None:
    path.write_bytes(b"")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 3 * 16384])


def other_database(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE submission (id)")
    db.commit()
    db.close()


def older_copy(path: Path) -> None:
    shutil.copy(path.with_suffix(".early"), path)


def another(path: Path) -> None:
    path.unlink()
    with Ledger.open(path.parent / "elsewhere" / "ledger.sqlite"):
        pass
    shutil.move(path.parent / "elsewhere" / "ledger.sqlite", path)


def later_version(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()


SPOILED = {
    "gone": (Path.unlink, "ledger_lost"),
    "not a database": (spoil_header, "ledger_damaged"),
    "bytes changed": (spoil_pages, "ledger_damaged"),
    "cut short": (cut_short, "ledger_damaged"),
    "emptied": (truncate, "ledger_damaged"),
    "another program's": (other_database, "ledger_damaged"),
    "an older copy": (older_copy, "ledger_older"),
    "another ledger": (another, "ledger_older"),
    "of a later version": (later_version, "ledger_newer"),
}


@pytest.mark.parametrize(("spoil", "code"), SPOILED.values(), ids=SPOILED)
def test_a_ledger_that_can_not_be_trusted_stops_delivery(
    path: Path, tmp_path: Path, spoil: object, code: str
) -> None:
    with Ledger.open(path) as ledger:
        sent(ledger, tmp_path, State.DELIVERED, A)
    shutil.copy(path, path.with_suffix(".early"))
    with Ledger.open(path) as ledger:
        sent(ledger, tmp_path, State.DELIVERED, {"CallSessionId": "B"})
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(DeliveryError) as caught:
        Ledger.open(path)
    assert (caught.value.code, caught.value.exit_status) == (code, 4)
    assert caught.value.next_step
    # It stays as it was: nothing begins again by itself, and nothing is overwritten.
    assert (path.read_bytes() if path.exists() else None) == before


def write_to_a_read_only_one(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        db.execute("CREATE TABLE other (id)")


def open_a_folder(path: Path) -> None:
    sqlite3.connect(path.parent)


def write_while_another_does(path: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(path)) as theirs,
        contextlib.closing(sqlite3.connect(path, timeout=0)) as ours,
    ):
        theirs.execute("BEGIN IMMEDIATE")
        ours.execute("CREATE TABLE other (id)")


def read_a_table_that_is_gone(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("SELECT * FROM gone")


def fill_the_disk(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA max_page_count = 1")
        db.execute("CREATE TABLE other AS SELECT zeroblob(100000)")


SAID_BY_SQLITE = {
    "read-only": (write_to_a_read_only_one, "ledger_read_only"),
    "can't be opened": (open_a_folder, "ledger_read_only"),
    "locked": (write_while_another_does, "ledger_busy"),
    "without a table": (read_a_table_that_is_gone, "ledger_damaged"),
    "full": (fill_the_disk, "ledger_failed"),
}


@pytest.mark.parametrize(("act", "code"), SAID_BY_SQLITE.values(), ids=SAID_BY_SQLITE)
def test_what_sqlite_says_becomes_a_code_of_its_own(
    path: Path, act: Callable[[Path], None], code: str
) -> None:
    with Ledger.open(path):
        pass
    with pytest.raises(DeliveryError) as caught, ledger_faults.in_words(path):
        act(path)
    assert (caught.value.code, caught.value.exit_status) == (code, 4)
    assert str(path) in caught.value.found
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def test_a_damaged_block_of_keys_is_noticed(path: Path, tmp_path: Path) -> None:
    with Ledger.open(path) as ledger:
        sent(ledger, tmp_path, State.DELIVERED, A)
    db = sqlite3.connect(path)
    (data,) = db.execute("SELECT data FROM segment").fetchone()
    db.execute("UPDATE segment SET data = ?", (data[:-1] + bytes([data[-1] ^ 1]),))
    db.commit()
    db.close()
    with Ledger.open(path) as ledger, pytest.raises(DeliveryError) as caught:
        ledger.sent_status(keys(A))
    assert caught.value.code == "ledger_damaged"


def test_a_new_ledger_sets_the_old_one_aside(path: Path, tmp_path: Path) -> None:
    with Ledger.open(path) as ledger:
        sent(ledger, tmp_path, State.DELIVERED, A)
    spoil_header(path)
    spoiled = path.read_bytes()
    aside = Ledger.renew(path, now=NOW)
    assert aside == path.with_name(f"{path.name}.aside-20261120T120000")
    assert aside.read_bytes() == spoiled
    with Ledger.open(path) as fresh:
        assert fresh.submissions() == []
        assert fresh.sent_status(keys(A)).tolist() == [NEW]


def test_a_first_ledger_is_begun_only_where_that_is_allowed(path: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        Ledger.open(path, create=False)
    assert caught.value.code == "ledger_missing"
    assert not path.parent.exists()
    runs = path.parent.parent / "runs"
    with Ledger.open(path) as ledger:
        number = sent(ledger, path.parent.parent, State.DELIVERED, A)
        note = ledger.note(ledger.submission(number))
    (runs / "job" / "1").mkdir(parents=True)
    (runs / "job" / "1" / "run.json").write_text(json.dumps({"submissions": [note]}))
    shutil.rmtree(path.parent)
    with pytest.raises(DeliveryError) as caught:
        Ledger.open(path, runs=runs)
    assert caught.value.code == "ledger_lost"


def test_a_ledger_that_another_run_has_just_begun_opens_while_it_is_read(path: Path) -> None:
    # Switching to a write-ahead log needs the file alone, and does not wait for a reader.
    path.parent.mkdir()
    ledger_file.begin(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM meta").fetchone() == (1,)
        with Ledger.open(path, now=NOW) as opened:
            assert opened.submissions() == []
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "ledger.sqlite",
        "ledger.sqlite.witness",
    ]


def test_a_clock_that_went_back_stops_delivery(path: Path, tmp_path: Path) -> None:
    real = datetime.now(UTC)
    for ahead, code in ((timedelta(hours=20), ""), (timedelta(days=2), "clock_behind")):
        with Ledger.open(path, now=real + ahead) as ledger:
            sent(ledger, tmp_path, State.DELIVERED, {"CallSessionId": str(ahead.days)})
        with Ledger.open(path) as ledger:
            if not code:
                with ledger.lock():
                    pass
                continue
            with pytest.raises(DeliveryError) as caught, ledger.lock():
                pass
            assert caught.value.code == code
    with Ledger.open(path, now=real) as ledger, ledger.lock():
        pass  # a clock that a person chose is not doubted


def test_an_archive_that_can_not_be_written_stops_before_the_first_byte(
    ledger: Ledger, tmp_path: Path
) -> None:
    ledger.archive.write_text("a file where the folder should be")
    file = Outgoing(write_ready(tmp_path / "r.csv", "A"), 1, "0" * 64, 1)
    with pytest.raises(CallConvError):
        ledger.begin(file, keys(A), account="a", name="r.csv", origin="")
    assert ledger.submissions() == []


WITNESSES = [
    '{"ledger": "x", "submissions": 1e999}',
    '{"ledger": "x", "submissions": "many"}',
    "[" * 50_000,
    "5",
    "",
    "\x00",
    '{"ledger": []}',
]


@pytest.mark.parametrize("content", WITNESSES)
def test_a_damaged_witness_is_no_witness(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    (tmp_path / "ledger.sqlite.witness").write_text(content)
    with Ledger.open(path) as ledger:
        assert list(ledger.submissions()) == []
