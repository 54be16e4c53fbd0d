"""The keys of every row that was sent, in the ledger's file: added with a submission, looked up.

They are kept in sorted segments, merged as they grow, so that there are few of them however
many submissions there were.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from callconv_kit.delivery import ledger_faults, ledger_file, segments
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.sent_status import Found, Freed, SentStatus, sent_status_of
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.run.keys import Keys

CHANGED, ACCEPTED = "changed-", "accepted-"
"""Lists of rows that differ from what was sent: not decided yet, and decided by a person."""


class RowKeys:
    """Of one ledger. Whoever adds or frees keys holds its transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def look_up(self, keys: "Keys") -> Found:
        """The sent status of each row, and the submission that it went with.

        A changed row that a person has accepted counts as sent, as long as it stays the same.
        """
        found = sent_status_of(keys, self._states(), self._freed(), self.stored)
        changed = np.flatnonzero(found.sent_status == SentStatus.CHANGED)
        if len(changed):
            found.sent_status[changed[self._holds(ACCEPTED, keys, changed)]] = SentStatus.SENT
        return found

    def note_changed(self, keys: "Keys", found: Found) -> None:
        """Remember the rows that have changed since they were sent, for `accept_changed`."""
        rows = np.flatnonzero(found.sent_status == SentStatus.CHANGED)
        rows = rows[~self._holds(CHANGED, keys, rows)]
        for kind, words, at in _by_kind(keys, rows):
            order = np.argsort(words[at, 0])
            tag = (found.submission[at[order]] << 1).astype(np.uint32)
            key, payment = words[at[order]], keys.payment[at[order]].astype(np.uint32)
            records = segments.Segment(
                np.ascontiguousarray(key[:, 0]), np.ascontiguousarray(key[:, 1]), payment, tag
            )
            self._add(CHANGED + kind, records)

    def accept_changed(self) -> None:
        """A person has decided about all of them."""
        for kind in ("event", "session"):
            self._db.execute(
                "UPDATE segment SET kind = ? WHERE kind = ?", (ACCEPTED + kind, CHANGED + kind)
            )

    def changed(self) -> int:
        """How many rows have changed since they were sent, and await a decision."""
        waiting = 0
        for kind in ("event", "session"):
            for records in self.stored(CHANGED + kind):
                words = np.stack((records.high, records.low), axis=1)
                none = np.zeros_like(words)
                event, session = (words, none) if kind == "event" else (none, words)
                keys = Keys(event, session, records.payment.astype(np.uint64))
                # What was sent again since, or has been accepted, waits no more.
                waiting += int((self.look_up(keys).sent_status == SentStatus.CHANGED).sum())
        return waiting

    def _holds(self, list_: str, keys: "Keys", rows: Ints) -> Bools:
        """Which of these rows are in a list, unchanged where payment is affected."""
        held = np.zeros(len(keys.session), np.bool_)
        payment = keys.payment.astype(np.uint32)
        for kind, words, at in _by_kind(keys, rows):
            asked = segments.Asked(words, at)
            for records in self.stored(list_ + kind):
                row, record = asked.found_in(records)
                held[row[payment[row] == records.payment[record]]] = True
        result: Bools = held[rows]
        return result

    def add(self, keys: "Keys", number: int) -> None:
        """Add the keys of the rows of a submission.

        Raises:
            OverflowError: the ledger can't count further.
        """
        if number > segments.LAST_SUBMISSION:
            raise OverflowError("the ledger is full")
        had_event = (keys.event != 0).any(axis=1)
        self._add("session", segments.segment(keys.session, keys.payment, had_event, number))
        if had_event.any():
            event, payment = keys.event[had_event], keys.payment[had_event]
            self._add("event", segments.segment(event, payment, had_event[had_event], number))

    def free(self, number: int, lines: Sequence[int], keys: "Keys") -> None:
        """Let the rows on these lines of a submission go again."""
        self._db.executemany(
            "INSERT OR IGNORE INTO freed VALUES (?, ?, ?, ?)",
            [
                (number, line, event.tobytes(), session.tobytes())
                for line, event, session in zip(lines, keys.event, keys.session, strict=True)
            ],
        )

    def _states(self) -> dict[int, State]:
        return {
            number: State(state)
            for number, state in self._db.execute("SELECT id, state FROM submission")
        }

    def _freed(self) -> Freed:
        return Freed(self._db.execute("SELECT submission, event, session FROM freed").fetchall())

    def stored(self, kind: str) -> Iterator[segments.Segment]:
        """The segments of `event` or `session` keys, the oldest first."""
        for (number,) in self._db.execute(
            "SELECT id FROM segment WHERE kind = ? ORDER BY id", (kind,)
        ).fetchall():
            yield self._segment(number)

    def _segment(self, number: int) -> segments.Segment:
        # A blob that is opened is copied once, one that is selected twice.
        with self._db.blobopen("segment", "data", number, readonly=True) as blob:
            return segments.unpack(blob.read())

    def _add(self, kind: str, records: segments.Segment) -> None:
        """Store a segment, merged with the smaller and equal ones before it."""
        parts = [records]
        total = len(records)
        for number, rows in self._db.execute(
            "SELECT id, rows FROM segment WHERE kind = ? ORDER BY rows, id DESC", (kind,)
        ).fetchall():
            if rows > 2 * total or rows + total > segments.LARGEST:
                break
            parts.append(self._segment(number))
            total += rows
            self._db.execute("DELETE FROM segment WHERE id = ?", (number,))
        whole = segments.merged(parts) if len(parts) > 1 else records
        for start in range(0, len(whole), segments.LARGEST):
            part = whole.at(slice(start, start + segments.LARGEST))
            self._db.execute(
                "INSERT INTO segment (kind, rows, data) VALUES (?, ?, ?)",
                (kind, len(part), segments.pack(part)),
            )


def _by_kind(keys: Keys, rows: Ints) -> Iterator[tuple[str, segments.Words, Ints]]:
    """The rows with an event id, then those with only a session."""
    has_event = (keys.event[rows] != 0).any(axis=1)
    for kind, words, at in (
        ("event", keys.event, rows[has_event]),
        ("session", keys.session, rows[~has_event]),
    ):
        if len(at):
            yield kind, words, at


class RowsElsewhere:
    """The rows of a ledger for another process, which writes nothing in it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sent_status(self, keys: "Keys") -> npt.NDArray[np.uint8]:
        """As `Ledger.sent_status`; the ledger itself has to be asked of the changed rows again."""
        with (
            ledger_faults.in_words(self._path),
            contextlib.closing(ledger_file.connect(self._path)) as db,
        ):
            return RowKeys(db).look_up(keys).sent_status
