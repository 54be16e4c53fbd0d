"""The sent status of rows: new, sent, changed or unknown."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.segments import Asked, Segment, Words
from callconv_kit.model.texts import Bools, Ints

if TYPE_CHECKING:
    from callconv_kit.run.keys import Keys


class SentStatus(IntEnum):
    """The status of a row in the ledger."""

    NEW = 0
    SENT = 1  # delivered, and the same in every column that affects payment
    CHANGED = 2  # delivered, and different now in a column that affects payment
    UNKNOWN = 3  # sent in a file whose arrival is unknown


class Found(NamedTuple):
    """What the ledger has of n rows.

    sent_status: a `SentStatus` each.
    submission: the number of the submission that decides; 0 where there is none.
    """

    sent_status: npt.NDArray[np.uint8]
    submission: Ints


class Freed:
    """Rows that the server refused: they no longer count as sent with their submission."""

    def __init__(self, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Rows as the ledger keeps them: submission, event key, session key."""
        self._marks = {
            "event": _marks((number, event) for number, event, _ in rows),
            "session": _marks((number, session) for number, _, session in rows),
        }

    def holds(self, kind: str, high: Words, low: Words, submission: Ints) -> Bools:
        """Which of these keys are free of which of these submissions."""
        marks = self._marks[kind]
        if not len(marks):
            return np.zeros(len(high), np.bool_)
        held: Bools = np.isin(_mark(high, low, submission), marks)
        return held


def _marks(rows: Iterable[tuple[int, bytes]]) -> Words:
    pairs = list(rows)
    keys = np.frombuffer(b"".join(key for _, key in pairs), "<u8").reshape(-1, 2)
    return _mark(keys[:, 0], keys[:, 1], np.array([number for number, _ in pairs], np.int64))


def _mark(high: Words, low: Words, submission: Ints) -> Words:
    """One word for a key and a submission; the keys are hashes already, so this mixes enough."""
    mark: Words = high ^ (low * _ODD) ^ (submission.astype(np.uint64) * _ODDER)
    return mark


_ODD, _ODDER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)


def sent_status_of(
    keys: "Keys",
    states: Mapping[int, State],
    freed: Freed,
    stored: Callable[[str], Iterator[Segment]],
) -> Found:
    """The standing of each row. Of several submissions that hold a row the latest decides.

    Args:
        keys: of n rows.
        states: of each submission.
        freed: rows that the server refused.
        stored: the segments of a kind of key, "event" or "session".
    """
    rows = len(keys.session)
    latest = np.zeros(rows, np.int64)  # the submission that decides, 0 for none
    result = np.zeros(rows, np.uint8)
    verdicts = _verdicts(states)
    has_event = (keys.event != 0).any(axis=1)
    payment = keys.payment.astype(np.uint32)
    everyone = np.arange(rows)
    for kind, words, positions in (
        ("event", keys.event, everyone[has_event]),
        ("session", keys.session, everyone),
    ):
        if not len(positions):
            continue
        asked = Asked(words, positions)
        for records in stored(kind):
            row, record = asked.found_in(records)
            submission = records.submission[record]
            counts = verdicts[submission] != SentStatus.NEW
            counts &= ~freed.holds(kind, records.high[record], records.low[record], submission)
            if kind == "session":
                # Two VendorEventIds of one session are two calls; one and none are the same.
                counts &= ~(has_event[row] & records.had_event[record])
            row, record, submission = row[counts], record[counts], submission[counts]
            found = verdicts[submission]
            changed = (found == SentStatus.SENT) & (payment[row] != records.payment[record])
            found = np.where(changed, np.uint8(SentStatus.CHANGED), found)
            _settle(result, latest, row, submission, found)
    return Found(result, latest)


def _settle(
    result: npt.NDArray[np.uint8],
    latest: Ints,
    row: Ints,
    submission: Ints,
    found: npt.NDArray[np.uint8],
) -> None:
    """Let the latest submission decide; within one, a row that is the same beats a changed one."""
    # Assignment by position keeps the last of equal positions: the best is put last.
    order = np.lexsort((found == SentStatus.SENT, submission, row))
    row, submission, found = row[order], submission[order], found[order]
    same = (submission == latest[row]) & (found == SentStatus.SENT)
    better = (submission > latest[row]) | same
    result[row[better]] = found[better]
    latest[row[better]] = submission[better]


def _verdicts(states: Mapping[int, State]) -> npt.NDArray[np.uint8]:
    verdicts = np.zeros(max(states, default=0) + 1, np.uint8)
    for number, state in states.items():
        if state.is_sent:
            verdicts[number] = SentStatus.SENT
        elif state is State.UNKNOWN or state.is_open:
            verdicts[number] = SentStatus.UNKNOWN
    return verdicts
