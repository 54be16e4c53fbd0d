"""Intake: a finished upload becomes a submission, and in its time pending actions and errors."""

import contextlib
import hashlib
import json
import logging
import os
import sqlite3
import threading
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from mock_server import judge
from mock_server.accounts import Account
from mock_server.clock import Clock
from mock_server.pgp import CannotDecrypt, PgpKey, is_encrypted, plain_name
from mock_server.programs import Call, business_refusal, caller_key, number
from mock_server.reading import Line, read_lines
from mock_server.reasons import REASONS, status_of
from mock_server.store import IN_PROGRESS, QUEUED, Store, Submission

log = logging.getLogger("mock_server.intake")

RESERVED = ("receipt_", "result_")
"""Names that begin so are impact.com's own receipt and result files, and are ignored."""

PART = 5_000
"""Rows a transaction: the store is never held for long, and a killed run loses no more."""

KEPT_RECEIPTS = 10_000

RETRY_SECONDS = 1.0
"""Before a submission that could not be processed is tried again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A finished upload, as the FTP side saw it. `batch_id` is None where it was ignored."""

    account: str
    file_name: str
    size: int
    received: datetime
    batch_id: str | None
    path: Path

    def read_bytes(self) -> bytes:
        """The bytes that arrived."""
        return self.path.read_bytes()

    @property
    def sha256(self) -> str:
        """Their digest."""
        with self.path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()


def is_call_file(name: str) -> bool:
    """Whether an upload of this name is picked up: a .csv, neither hidden nor reserved.

    An encrypted one has the ending of PGP behind it.
    """
    lower = plain_name(name).lower()
    return lower.endswith(".csv") and not lower.startswith((".", *RESERVED))


class Intake:
    """Takes finished uploads in, and works them off when the clock says so.

    A submission is Queued until `process_after` has passed since it came, In Progress for
    `process_for`, then judged and Complete. Any thread may call `settle`; `run` is the body of
    the server's own.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Mapping[str, Account],
        spool: Path,
        *,
        process_after: timedelta = timedelta(0),
        process_for: timedelta = timedelta(0),
        pgp_key: PgpKey | None = None,
    ) -> None:
        self._pgp_key = pgp_key
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._spool = spool
        self._after, self._for = process_after, process_for
        self._working = threading.RLock()
        self._wake = threading.Event()
        self._stopping = False
        self._arrived: deque[Receipt] = deque(maxlen=KEPT_RECEIPTS)
        self._arrival = threading.Condition()
        self._discard_unfinished()

    def _discard_unfinished(self) -> None:
        """Files that were linked into the spool by a process killed before it could record them."""
        known = set(self._store.recover())
        for path in self._spool.iterdir():
            if path.name not in known:
                path.unlink()

    # --- coming in

    def receive(self, account: str, path: Path) -> Receipt:
        """Record a finished upload. When this returns, it survives the process being killed.

        The file is linked, not copied: a later upload of the same name is a new file.
        """
        now, size = self._clock.now(), path.stat().st_size
        if not is_call_file(path.name):
            log.info("%s: %s ignored (no call file by its name)", account, path.name)
            receipt = Receipt(account, path.name, size, now, None, path)
        else:
            batch_id = f"F-{uuid.uuid4()}"
            kept = self._spool / f"{batch_id}.csv"
            os.link(path, kept)
            try:
                self._store.add(batch_id, account, path.name, kept.name, size, now)
            except sqlite3.Error:
                kept.unlink()
                raise
            log.info("%s: %s (%d bytes) is submission %s", account, path.name, size, batch_id)
            receipt = Receipt(account, path.name, size, now, batch_id, kept)
        with self._arrival:
            self._arrived.append(receipt)
            self._arrival.notify_all()
        self._wake.set()
        return receipt

    def next_receipt(self, timeout: float) -> Receipt:
        """The next finished upload that was not asked for yet; waits at most `timeout`."""
        with self._arrival:
            if not self._arrival.wait_for(lambda: self._arrived, timeout):
                raise TimeoutError(f"no upload finished within {timeout} seconds")
            return self._arrived.popleft()

    # --- working off

    def settle(self) -> bool:
        """Do all that the clock says is due, and return when it is done: whether all could be.

        A submission that can't be processed (a full disk, say) stays as it is, and holds up none.
        """
        done = True
        with self._working:
            for submission in self._store.waiting():
                if self._stopping:
                    break
                try:
                    self._move_on(submission)
                except Exception:
                    log.exception("processing %s failed; it is tried again", submission.batch_id)
                    done = False
        return done

    def run(self) -> None:
        """Work until `stop`: woken by arrivals, by a moved clock, and when something falls due."""
        while not self._stopping:
            wait = self._next_due() if self.settle() else RETRY_SECONDS
            self._wake.wait(wait)
            self._wake.clear()

    def wake(self) -> None:
        """Look at the clock again."""
        self._wake.set()

    def stop(self) -> None:
        """End `run`; what is under way is Queued again in the next run."""
        self._stopping = True
        self._wake.set()

    def is_behind(self) -> bool:
        """Whether anything is due by the clock that has not been done yet."""
        return self._next_due() == 0.0

    def _next_due(self) -> float | None:
        waits = []
        for submission in self._store.waiting():
            due = submission.received + self._after
            if submission.status == IN_PROGRESS:
                due += self._for
            waits.append(self._clock.seconds_until(due))
        return min((wait for wait in waits if wait is not None), default=None)

    def _move_on(self, submission: Submission) -> None:
        now, starts = self._clock.now(), submission.received + self._after
        if now >= starts + self._for:
            self._process(submission, now)
        elif submission.status == QUEUED and now >= starts:
            self._store.start(submission.batch_id)

    def _process(self, submission: Submission, now: datetime) -> None:
        """Judge every row; the submission is Complete at the end, or untouched by a crash."""
        self._store.start(submission.batch_id)
        account = self._accounts.get(submission.account)
        batch = _Batch(submission, account, self._store)
        try:
            with self._plain(self._spool / submission.spool) as source:
                if not self._judge(source, batch, now):
                    return
        except CannotDecrypt as error:
            batch.refuse(1, {}, judge.Refusal("MALFORMED", "", str(error)))
        batch.flush()
        self._store.complete(submission.batch_id, batch.records, batch.refused, now)
        log.info(
            "%s: %s is complete, %d rows, %d of them errors",
            submission.account,
            submission.batch_id,
            batch.records,
            batch.refused,
        )

    @contextlib.contextmanager
    def _plain(self, path: Path) -> Iterator[BinaryIO]:
        """An upload as it was before it was encrypted."""
        if not is_encrypted(path):
            with path.open("rb") as source:
                yield source
            return
        if self._pgp_key is None:
            raise CannotDecrypt("a file that is not encrypted: this server has no PGP key")
        plain = path.with_suffix(".plain")
        try:
            self._pgp_key.decrypt(path, plain)
            with plain.open("rb") as source:
                yield source
        finally:
            plain.unlink(missing_ok=True)

    def _judge(self, source: BinaryIO, batch: "_Batch", now: datetime) -> bool:
        """Judge every row; False where the server stops meanwhile."""
        lines = read_lines(source)
        first = next(lines, Line(1, [], "an empty file"))
        refusal = judge.judge_header(first.cells)
        if first.problem or refusal:
            refusal = refusal or judge.Refusal("MALFORMED", "", "a readable header")
            batch.refuse(first.number, {}, refusal)
            return True
        for line, row, found in judge.judge_rows(first.cells, lines, now):
            if self._stopping:
                return False
            batch.take(line, row, found)
        return True


class _Batch:
    """The rows of one submission on their way into the store."""

    def __init__(self, submission: Submission, account: Account | None, store: Store) -> None:
        self._id, self._name, self._store = submission.batch_id, submission.account, store
        self._programs = account.programs if account else ()
        self._refuse = account.refuse if account else ()
        self._recent: dict[tuple[str, str], list[datetime]] = {}
        self._remembers = any(program.duplicate_days for program in self._programs)
        self._actions: list[tuple[Any, ...]] = []
        self._errors: list[tuple[Any, ...]] = []
        self.records = 0
        self.refused = 0

    def take(self, line: Line, row: Mapping[str, str], refusal: judge.Refusal | None) -> None:
        """One row: a pending action, unless the format or the contracts refuse it."""
        self.records += 1
        call = Call(row, self._programs, self._seen)
        refusal = refusal or business_refusal(call, self._refuse, REASONS)
        if refusal:
            self.refuse(line.number, row, refusal)
            return
        tracker, caller = number(row["ActionTrackerId"]), caller_key(row["CallerId"])
        if self._remembers:
            self._recent.setdefault((tracker, caller), []).append(call.when)
        cells = json.dumps({name: text for name, text in row.items() if text})
        when = call.when.timestamp()
        self._actions.append((line.number, tracker, caller, when, row["CallSessionId"], cells))
        self._flush_if_full()

    def refuse(self, line: int, row: Mapping[str, str], refusal: judge.Refusal) -> None:
        """One error; the whole file's, where there is no row."""
        self.refused += 1
        self._errors.append(
            (
                line,
                refusal.reason,
                status_of(refusal.reason),
                refusal.column,
                refusal.wants,
                row.get("CallSessionId", ""),
                json.dumps({name: text for name, text in row.items() if text}),
            )
        )
        self._flush_if_full()

    def _seen(self, tracker: str, caller: str, when: datetime, within: timedelta) -> bool:
        here = self._recent.get((tracker, caller), ())
        return any(abs(when - other) < within for other in here) or self._store.caller_seen(
            self._name, tracker, caller, when, within
        )

    def _flush_if_full(self) -> None:
        if len(self._actions) + len(self._errors) >= PART:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered."""
        self._store.add_rows(self._id, self._actions, self._errors)
        self._actions.clear()
        self._errors.clear()
