"""Duplicates over a whole run: keys are gathered while rows stream by, and settled at the end.

In memory a row costs 32 bytes (its key 16, a hash of the columns that affect the payout 8, its
place 8) and 8 to 16 more for looking its key up. Past `IN_MEMORY` rows the keys go to files, split
by the first bits of the key, and each file is settled alone. The sessions of rows that are keyed
by their VendorEventId (24 bytes a row) always go to a file.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.run.keys import Keys, Words

IN_MEMORY = 1 << 22
PARTS = 64

RECORD = np.dtype([("call", "<u8", 2), ("payment", "<u8"), ("place", "<i8")])
"""A row that is ready. The place of a row that is keyed by its event is inverted (`~place`)."""
SESSION = np.dtype([("session", "<u8", 2), ("place", "<i8")])

Records: TypeAlias = npt.NDArray[np.void]

LINE_BITS = 48
OnConflict = Literal["reject", "first", "last"]

NOBODY = -1
"""The kept row of a conflict that rejects all its rows."""

SMALLEST = 1 << 12
"""Rows that a `KeyTable` has room for at first; a power of two, like all its sizes."""

AT_ONCE = 1 << 16
"""Rows re-entered at a time when a `KeyTable` grows."""


def places(input_number: int, lines: Ints) -> Ints:
    """Where rows are, as one ascending number each."""
    return (np.int64(input_number) << LINE_BITS) | lines


def inputs_of(places: Ints) -> Ints:
    """The numbers of the inputs that places are in."""
    return places >> LINE_BITS


def lines_of(places: Ints) -> Ints:
    """The lines of places."""
    return places & ((1 << LINE_BITS) - 1)


@dataclass(frozen=True, slots=True)
class Groups:
    """The rows that share their key with another one, group by group.

    place: n places; a group's rows lie side by side, in ascending order.
    starts: where each of the g groups begins in `place`.
    conflict: g flags: two rows of the group differ in a column that affects the payout.
    kept: for each group, the position in `place` of the row that is kept, or `NOBODY`.
    same: n flags: the row agrees with the kept one, or with its whole group.
    """

    place: Ints
    starts: Ints
    conflict: Bools
    kept: Ints
    same: Bools

    @classmethod
    def joined(cls, parts: "Iterable[Groups]") -> "Groups":
        """Several lots of groups as one."""
        lots = [_NO_GROUPS, *parts]
        sizes = np.cumsum([0, *(len(lot.place) for lot in lots)])
        return cls(
            np.concatenate([lot.place for lot in lots]),
            np.concatenate([lot.starts + at for lot, at in zip(lots, sizes, strict=False)]),
            np.concatenate([lot.conflict for lot in lots]),
            np.concatenate(
                [
                    np.where(lot.kept == NOBODY, NOBODY, lot.kept + at)
                    for lot, at in zip(lots, sizes, strict=False)
                ]
            ),
            np.concatenate([lot.same for lot in lots]),
        )

    @property
    def sizes(self) -> Ints:
        """The number of rows of each group."""
        return np.diff(self.starts, append=len(self.place))

    @property
    def group(self) -> npt.NDArray[np.int32]:
        """The number of each row's group."""
        return np.repeat(np.arange(len(self.starts), dtype=np.int32), self.sizes)


_NO_GROUPS = Groups(
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, np.bool_),
    np.zeros(0, np.int64),
    np.zeros(0, np.bool_),
)


class Repeats(NamedTuple):
    """Which of n rows repeat a key, as far as it is known when they come.

    again: n flags: an earlier row surely has the same key. One that came before keys were spilled
        is not seen.
    torn: n flags: a later one of these rows has the same key and differs.
    """

    again: Bools
    torn: Bools


class KeyTable:
    """The records of rows, and which of their keys came before: open addressing."""

    def __init__(self) -> None:
        self._records = np.empty(SMALLEST, RECORD)
        self._slots = np.full(2 * SMALLEST, -1, np.int32)
        self._length = 0
        self._alike: list[npt.NDArray[np.int32]] = []

    def __len__(self) -> int:
        return self._length

    @property
    def records(self) -> Records:
        """All records, in the order in which they came."""
        return self._records[: self._length]

    @property
    def sharing(self) -> Records:
        """The records that share their key with another one, in the order in which they came."""
        rows = texts.distinct(np.zeros(0, np.int32), *self._alike)
        return np.asarray(self._records[rows], RECORD)

    def add(self, records: Records) -> Repeats:
        """Remember records."""
        first, last = self._length, self._length + len(records)
        if last > len(self._records):
            self._grow(last)
        self._records[first:last] = records
        self._length = last
        rows, earlier = self._enter(first, last)
        self._alike += [rows, earlier] if len(rows) else []
        again, torn = np.zeros((2, len(records)), np.bool_)
        again[rows - first] = True
        payment = self._records["payment"]
        here = (earlier >= first) & (payment[rows] != payment[earlier])
        torn[earlier[here] - first] = True
        return Repeats(again, torn)

    def _grow(self, length: int) -> None:
        size = len(self._records)
        while size < length:
            size *= 2
        known, self._records = self.records, np.empty(size, RECORD)
        self._records[: len(known)] = known
        self._slots = np.full(2 * size, -1, np.int32)
        for start in range(0, len(known), AT_ONCE):
            self._enter(start, min(start + AT_ONCE, len(known)))

    def _enter(self, start: int, stop: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Enter these rows in the slots.

        Returns:
            The rows whose key was there, and for each the first row of that key.
        """
        seen, firsts = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
        calls = self._records["call"]
        rows = np.arange(start, stop, dtype=np.int32)
        mask = len(self._slots) - 1
        slots = (calls[start:stop, 0] & np.uint64(mask)).astype(np.int64)
        while len(rows):
            # Of several rows that want one free slot, the last of the reversed ones gets it: so
            # the first of rows with one key is the one that all later ones find.
            free = self._slots[slots] < 0
            wanting = np.flatnonzero(free)[::-1]
            self._slots[slots[wanting]] = rows[wanting]
            holder = self._slots[slots]
            other = np.flatnonzero(holder != rows)
            alike = (calls[holder[other]] == calls[rows[other]]).all(axis=1)
            seen.append(rows[other[alike]])
            firsts.append(holder[other[alike]])
            rows, slots = rows[other[~alike]], (slots[other[~alike]] + 1) & mask
        return np.concatenate(seen), np.concatenate(firsts)


class KeyRows(NamedTuple):
    """The keys of rows that another process gathered."""

    records: Records
    sessions: Records


NO_KEYS = KeyRows(np.zeros(0, RECORD), np.zeros(0, SESSION))


class KeyStore:
    """The keys of all rows that are ready so far."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin with none.

        Args:
            folder: where to spill keys to; none: the system's folder for temporary files.
        """
        self._base = folder
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._table = KeyTable()
        self._spilled = False
        self._by_event = self._by_session = False

    def add(self, keys: Keys, at: Ints) -> Repeats:
        """Remember rows: their keys, and their places, which ascend from call to call."""
        by_event = (keys.event != 0).any(axis=1)
        records = np.empty(len(at), RECORD)
        records["call"], records["payment"] = keys.call, keys.payment
        records["place"] = np.where(by_event, ~at, at)
        sessions = np.empty(int(by_event.sum()), SESSION)
        sessions["session"], sessions["place"] = keys.session[by_event], at[by_event]
        return self._remember(records, sessions)

    def give(self) -> KeyRows:
        """All keys so far; another process takes them in."""
        return KeyRows(
            np.concatenate([np.zeros(0, RECORD), *self._parts()]),
            np.concatenate([np.zeros(0, SESSION), *self._sessions()]),
        )

    def merge(self, rows: KeyRows) -> None:
        """Remember the keys that another process gathered; their places come behind ours."""
        for start in range(0, len(rows.records), IN_MEMORY):
            self._remember(rows.records[start : start + IN_MEMORY], rows.sessions[:0])
        self._remember(rows.records[:0], rows.sessions)

    def _remember(self, records: Records, sessions: Records) -> Repeats:
        self._by_event = self._by_event or len(sessions) > 0
        self._by_session = self._by_session or bool((records["place"] >= 0).any())
        if len(sessions):
            with self._file("sessions").open("ab") as file:
                sessions.tofile(file)
        if len(self._table) + len(records) > IN_MEMORY:
            self._spill()
        return self._table.add(records)

    def _file(self, name: str) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="callconv-keys-", dir=self._base)
        return Path(self._folder.name, name)

    def _spill(self) -> None:
        self._spilled = True
        self._split("keys", self._table.records, "call")
        self._table = KeyTable()

    def _split(self, name: str, records: Records, by: str) -> None:
        part = records[by][:, 0] >> np.uint64(58)
        for number in texts.distinct(part).tolist():
            with self._file(f"{name}-{number}").open("ab") as file:
                records[part == number].tofile(file)

    def close(self) -> None:
        """Remove what was spilled."""
        if self._folder is not None:
            self._folder.cleanup()

    def settle(self, on_conflict: OnConflict) -> Groups:
        """Find the rows that share a key."""
        parts = self._parts() if self._spilled else [self._table.sharing]
        return Groups.joined(groups_of(records, on_conflict) for records in parts)

    def which_are_known(self, places: Ints) -> Bools:
        """Which of these ascending places are those of rows that were added."""
        known = np.zeros(len(places), np.bool_)
        for records in self._parts():
            known |= known_of(records, places)
        return known

    def with_and_without(self) -> Ints:
        """Ascending places of rows whose session comes with and without a VendorEventId."""
        if not (self._by_event and self._by_session):
            return np.zeros(0, np.int64)
        for sessions in self._sessions():
            self._split("with", sessions, "session")
        for records in self._parts():
            mine = records[records["place"] >= 0]
            self._split("without", mine, "call")
        found = []
        for number in range(PARTS):
            without = _read(self._file(f"without-{number}"), RECORD)
            by_event = _read(self._file(f"with-{number}"), SESSION)
            found.append(mixed_of(KeyRows(without, by_event)))
        return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))

    def _sessions(self) -> Iterator[Records]:
        path = self._file("sessions")
        size = path.stat().st_size // SESSION.itemsize if path.exists() else 0
        for start in range(0, size, IN_MEMORY):
            yield np.fromfile(path, SESSION, IN_MEMORY, offset=start * SESSION.itemsize)

    def _parts(self) -> Iterator[Records]:
        if not self._spilled:
            yield self._table.records
            return
        if len(self._table):
            self._spill()
        for number in range(PARTS):
            yield _read(self._file(f"keys-{number}"), RECORD)


def _read(path: Path, dtype: np.dtype[Any]) -> Records:
    return np.fromfile(path, dtype) if path.exists() else np.zeros(0, dtype)


def _sharing(words: Words) -> tuple[Ints, Bools]:
    """Rows that share their two words with another, sorted by them; and where groups begin."""
    order = np.argsort(words[:, 0], kind="stable")
    first = words[order, 0]
    alike = np.zeros(len(order), np.bool_)
    alike[1:] = first[1:] == first[:-1]
    alike[:-1] |= alike[1:]
    order = order[alike]
    # Sorted again by both words, the earlier row first: only the few that share the first one.
    order = order[np.lexsort((order, words[order, 1], words[order, 0]))]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    alone = begins & np.append(begins[1:], True)
    return order[~alone], begins[~alone]


def known_of(records: Records, places: Ints) -> Bools:
    """Which of these places are those of records."""
    place = records["place"]
    return np.isin(places, np.where(place < 0, ~place, place))


def groups_of(records: Records, on_conflict: OnConflict) -> Groups:
    """The records that share a key; all with such a key are among them."""
    order, begins = _sharing(records["call"])
    starts = np.flatnonzero(begins)
    if not len(starts):
        return _NO_GROUPS
    place = records["place"][order]
    place = np.where(place < 0, ~place, place)
    payment = records["payment"][order]
    sizes = np.diff(starts, append=len(order))
    conflict = np.minimum.reduceat(payment, starts) != np.maximum.reduceat(payment, starts)
    kept = starts.copy()
    if on_conflict == "reject":
        kept[conflict] = NOBODY
    elif on_conflict == "last":
        kept[conflict] += sizes[conflict] - 1
    keeper = np.repeat(kept, sizes)
    agrees = (keeper != NOBODY) & (payment == payment[keeper])
    same = ~np.repeat(conflict, sizes) | agrees
    return Groups(place, starts, conflict, kept, same)


def mixed_of(keys: KeyRows) -> Ints:
    """Places of rows that have a VendorEventId, or have none, whose session comes both ways."""
    without = keys.records[keys.records["place"] >= 0]
    if not (len(without) and len(keys.sessions)):
        return np.zeros(0, np.int64)
    words = np.concatenate([without["call"], keys.sessions["session"]])
    place = np.concatenate([without["place"], keys.sessions["place"]])
    order, begins = _sharing(words)
    starts = np.flatnonzero(begins)
    kind = (order >= len(without)).astype(np.uint8)
    mixed = np.minimum.reduceat(kind, starts) != np.maximum.reduceat(kind, starts)
    group = np.cumsum(begins) - 1
    return np.asarray(place[order][mixed[group]], np.int64)
