"""Row keys as sorted segments: ten million keys in a few hundred megabytes, a million at a time.

A segment holds n records sorted by key, column by column, in one block of bytes: high word, low
word, payment hash (its low 32 bits), and a tag that says which submission the row went with. The
ledger keeps segments as blobs in its database, so that they come and go with its transactions.

Small segments are merged as new ones come, as in a log-structured merge tree: there are never
more than a few small ones, and each record is rewritten a logarithmic number of times.
"""

import zlib
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from callconv_kit.model.texts import Bools, Ints

Words: TypeAlias = npt.NDArray[np.uint64]
Halves: TypeAlias = npt.NDArray[np.uint32]

RECORD = 24
"""Bytes a key: 16 of hash, 4 of payment hash, 4 of tag."""

LARGEST = 2_000_000
"""Records in a segment; bounds the memory of a merge and of a look-up."""

LAST_SUBMISSION = 2**31 - 1


class Segment(NamedTuple):
    """n records, sorted by `high`.

    payment: the low 32 bits of the payment hash: two rows that differ where payment is affected are
        taken for the same with a chance below 1e-9.
    tag: the submission's number times two, plus one where the row had a VendorEventId.
    """

    high: Words
    low: Words
    payment: Halves
    tag: Halves

    def __len__(self) -> int:
        return len(self.high)

    @property
    def submission(self) -> Ints:
        """The number of the submission that each row went with."""
        return (self.tag >> np.uint32(1)).astype(np.int64)

    @property
    def had_event(self) -> Bools:
        """Whether each row had a VendorEventId."""
        return (self.tag & np.uint32(1)).astype(np.bool_)

    def at(self, which: Ints | slice) -> "Segment":
        """The records at these positions."""
        return Segment(self.high[which], self.low[which], self.payment[which], self.tag[which])


def segment(keys: Words, payment: Words, had_event: Bools, submission: int) -> Segment:
    """A segment of the rows of one submission.

    Args:
        keys: (n, 2) words, in any order.
        payment: n payment hashes.
        had_event: n flags.
        submission: its number.
    """
    order = np.argsort(keys[:, 0])
    tag = np.uint32(submission << 1) | had_event.astype(np.uint32)
    return Segment(
        np.ascontiguousarray(keys[order, 0]),
        np.ascontiguousarray(keys[order, 1]),
        payment[order].astype(np.uint32),
        tag[order],
    )


def merged(segments: list[Segment]) -> Segment:
    """All records of several segments as one."""
    whole = Segment(*(np.concatenate(parts) for parts in zip(*segments, strict=True)))
    # A merge sort finds the sorted runs again.
    return whole.at(np.argsort(whole.high, kind="stable"))


def pack(records: Segment) -> bytes:
    """The segment as bytes, with a checksum in front."""
    body = b"".join(column.tobytes() for column in records)
    return zlib.crc32(body).to_bytes(4, "little") + bytes(4) + body


def unpack(data: bytes) -> Segment:
    """A segment from its bytes; ValueError where they are not what was written."""
    body = memoryview(data)[8:]
    if len(data) < 8 or len(body) % RECORD or zlib.crc32(body).to_bytes(4, "little") != data[:4]:
        raise ValueError("a block of row keys is damaged")
    rows = len(body) // RECORD
    wide = np.frombuffer(body, "<u8", 2 * rows)
    narrow = np.frombuffer(body, "<u4", 2 * rows, 16 * rows)
    return Segment(wide[:rows], wide[rows:], narrow[:rows], narrow[rows:])


class Hits(NamedTuple):
    """Matches between n asked keys and a segment: pairs of positions."""

    asked: Ints
    record: Ints


class Asked:
    """Keys that are looked up in several segments: sorted once."""

    def __init__(self, keys: Words, positions: Ints) -> None:
        """Ask for the rows of `keys` at these `positions`."""
        order = np.argsort(keys[positions, 0])
        self._positions = positions[order]
        self._high = np.ascontiguousarray(keys[self._positions, 0])
        self._low = np.ascontiguousarray(keys[self._positions, 1])

    def __len__(self) -> int:
        return len(self._positions)

    def found_in(self, records: Segment) -> Hits:
        """Every pair of an asked key and a record with that key."""
        if len(records) < len(self):
            # The shorter is looked up in the longer: the time goes with the shorter.
            first = np.searchsorted(self._high, records.high)
            record, asked = _pairs(records.high, self._high, first)
        else:
            first = np.searchsorted(records.high, self._high)
            asked, record = _pairs(self._high, records.high, first)
        same = self._low[asked] == records.low[record]
        return Hits(self._positions[asked[same]], record[same])


def _pairs(needles: Words, hay: Words, first: Ints) -> tuple[Ints, Ints]:
    """All (needle, hay) positions of equal words; `first` is the insertion point of each needle."""
    left, right = [], []
    needle = np.arange(len(needles))
    at = first
    while True:
        inside = at < len(hay)
        needle, at = needle[inside], at[inside]
        same = hay[at] == needles[needle]
        needle, at = needle[same], at[same]
        if not len(needle):
            break
        left.append(needle)
        right.append(at)
        at = at + 1  # the same word may occur several times
    if not left:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing
    return np.concatenate(left), np.concatenate(right)
