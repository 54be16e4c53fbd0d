"""The keys of every row that was sent, in the ledger's file: added with a submission, looked up.

They stand in sorted segments, which are merged as they grow, so that there are few of them however
many submissions there were.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from callconv_kit.delivery import segments
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.sent_status import Found, Freed, standing_of

if TYPE_CHECKING:
    from callconv_kit.run.keys import Keys


class RowKeys:
    """Of one ledger. Whoever adds or frees keys holds its transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def look_up(self, keys: "Keys") -> Found:
        """How each row stands, and with which submission it went."""
        return standing_of(keys, self._states(), self._freed(), self.stored)

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
