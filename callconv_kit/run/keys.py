"""The keys by which a call is known again: 16-byte hashes of the columns that name it.

The algorithm is MurmurHash3 x64-128 with seed 0 over the UTF-8 bytes of the columns joined by the
unit separator: a public one, since the ledger keeps these hashes for years. It is computed here
for a whole column at a time; the tests hold it against a plain form of it.

At 10 million rows the chance that any two different keys share a hash is below 1e-24.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callconv_kit.model import spec, texts
from callconv_kit.model.texts import Bools, Ints

Words: TypeAlias = npt.NDArray[np.uint64]

SEPARATOR = "\x1f"
"""Stands in no cell: control characters are removed before keys are made."""


class Keys(NamedTuple):
    """The keys of n rows.

    event: (n, 2) words; zeros where the row has no VendorEventId.
    session: (n, 2) words.
    payment: n words: the same for two rows that are the same in every column that affects payment
        or attribution.
    """

    event: Words
    session: Words
    payment: Words

    @property
    def call(self) -> Words:
        """(n, 2) words: the key that the duplicate rule uses: by event, else by session."""
        has_event = (self.event != 0).any(axis=1)
        return np.where(has_event[:, None], self.event, self.session)


def keys_of(columns: Mapping[str, pa.StringArray]) -> Keys:
    """The keys of coerced rows; a column that is missing counts as empty throughout.

    Args:
        columns: spec column name to n coerced texts.
    """
    length = len(next(iter(columns.values())))
    event = _hash(columns, spec.EVENT_KEY, length)
    vendor_event = columns.get("VendorEventId")
    if vendor_event is None:
        event[:] = 0
    else:
        event[~texts.present(vendor_event)] = 0
    session = _hash(columns, spec.SESSION_KEY, length)
    payment = _hash(columns, spec.PAYMENT_COLUMNS, length)[:, 0]
    return Keys(event, session, payment)


def _hash(columns: Mapping[str, pa.StringArray], names: tuple[str, ...], length: int) -> Words:
    parts = [columns.get(name, texts.scalar("")) for name in names]
    joined = texts.joined(*parts, between=SEPARATOR, nulls="replace")
    if isinstance(joined, pa.Scalar):
        joined = texts.from_list([joined.as_py()] * length)
    return murmur3_128(joined)


_C1 = np.uint64(0x87C37B91114253D5)
_C2 = np.uint64(0x4CF5AD432745937F)


def _rotate(word: Words, bits: int) -> Words:
    rotated = word << np.uint64(bits)
    rotated |= word >> np.uint64(64 - bits)
    return rotated


def _finish(word: Words) -> Words:
    word = (word ^ (word >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    word = (word ^ (word >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return word ^ (word >> np.uint64(33))


FEW = 24
"""Cells for which a step of the loop over words costs more for all at once than for each alone."""


def murmur3_128(text: pa.StringArray) -> Words:
    """MurmurHash3 x64-128, seed 0, of each cell: (n, 2) words. Nulls count as empty."""
    data, starts, ends = texts.view(text)
    lengths = (ends - starts).astype(np.int64)
    begun = starts.astype(np.int64)
    # Every overlapping 8-byte window of the text as one little-endian word.
    used = data[: int(ends[-1])] if len(text) else data
    padded = np.concatenate([used, np.zeros(16, np.uint8)])
    windows = np.ndarray((len(padded) - 7,), "<u8", padded.data, 0, (1,))
    first, second = np.zeros((2, len(text)), np.uint64)
    # All cells are whole up to the end of the shortest.
    shortest = int(lengths.min(initial=0)) // 16 * 16
    for at in range(0, shortest, 16):
        first, second = _mix(first, second, windows[begun + at], windows[begun + (at + 8)])
    rows, at = np.flatnonzero(lengths > shortest), shortest
    while len(rows) > FEW or (len(rows) and at == 0):
        left = lengths[rows] - at
        one = _window(windows, begun[rows] + at, left)
        two = _window(windows, begun[rows] + at + 8, left - 8)
        first[rows], second[rows] = _mix(first[rows], second[rows], one, two, left >= 16)
        at += 16
        rows = rows[left > 16]
    for row in rows.tolist():
        first[row], second[row] = _hash_on(
            windows, int(first[row]), int(second[row]), int(begun[row]) + at, int(ends[row])
        )
    size = lengths.astype(np.uint64)
    first, second = first ^ size, second ^ size
    first = first + second
    second = second + first
    first, second = _finish(first), _finish(second)
    first = first + second
    second = second + first
    return np.stack([first, second], axis=1)


def _mix(
    first: Words, second: Words, one: Words, two: Words, whole: Bools | None = None
) -> tuple[Words, Words]:
    """One block of each cell. Past the end of a cell both words are zero and change nothing."""
    first = first ^ (_rotate(one * _C1, 31) * _C2)
    mixed = (_rotate(first, 27) + second) * np.uint64(5) + np.uint64(_ADD_1)
    first = mixed if whole is None else np.where(whole, mixed, first)
    second = second ^ (_rotate(two * _C2, 33) * _C1)
    other = (_rotate(second, 31) + first) * np.uint64(5) + np.uint64(_ADD_2)
    return first, other if whole is None else np.where(whole, other, second)


_WORD = (1 << 64) - 1
_ADD_1, _ADD_2 = 0x52DCE729, 0x38495AB5


def _hash_on(windows: Words, first: int, second: int, start: int, end: int) -> tuple[int, int]:
    """The rest of one long cell: its words are mixed at once, and joined one by one."""
    blocks = np.arange(start, end, 16)
    left = end - blocks
    ones = _rotate(_window(windows, blocks, left) * _C1, 31) * _C2
    twos = _rotate(_window(windows, blocks + 8, left - 8) * _C2, 33) * _C1
    whole = len(blocks) - bool((end - start) % 16)
    for at, (one, two) in enumerate(zip(ones.tolist(), twos.tolist(), strict=True)):
        first ^= one
        if at < whole:
            first = ((first << 27 | first >> 37) + second) * 5 + _ADD_1 & _WORD
        second ^= two
        if at < whole:
            second = ((second << 31 | second >> 33) + first) * 5 + _ADD_2 & _WORD
    return first, second


_KEPT = np.asarray([(1 << 8 * left) - 1 for left in range(9)], np.uint64)
"""For a cell that has so many bytes left, the bits of a word that are its own."""


def _window(windows: Words, places: Ints, left: Ints) -> Words:
    """The word at each place, zero past the `left` bytes that the cell still has."""
    word = windows[np.minimum(places, len(windows) - 1)]
    if left.min(initial=8) >= 8:
        return word
    word &= _KEPT[np.clip(left, 0, 8)]
    return word
