"""Duplicates over a whole run: keys are gathered while rows stream by, and settled at the end.

A row costs 48 bytes: the key of the duplicate rule (16), the key of its session (16), a hash of
what payment hangs on (8), and its place (8). Past `IN_MEMORY` rows the keys go to files, split by
the first bits of the key, and each file is settled alone.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from callconv_kit.model.texts import Bools, Ints
from callconv_kit.run.keys import Keys

IN_MEMORY = 1 << 22
PARTS = 64

RECORD = np.dtype([("call", "<u8", 2), ("payment", "<u8"), ("place", "<i8")])
SESSION = np.dtype([("session", "<u8", 2), ("place", "<i8"), ("by_event", "?")])

LINE_BITS = 48
OnConflict = Literal["reject", "first", "last"]


def places(input_number: int, lines: Ints) -> Ints:
    """Where rows stand, as one ascending number each."""
    return (np.int64(input_number) << LINE_BITS) | lines


def input_of(place: int) -> int:
    """The number of the input that a place is in."""
    return place >> LINE_BITS


def line_of(place: int) -> int:
    """The line of a place."""
    return place & ((1 << LINE_BITS) - 1)


@dataclass(slots=True)
class Settled:
    """What the keys of a run say.

    repeats: place of a row to leave out → place of the row that is kept and says the same.
    conflicts: groups of places whose rows differ where payment hangs.
    losers: among the conflicts, places that `on_conflict` leaves out, and the one that is kept.
    with_and_without: places of rows whose session stands with and without a VendorEventId.
    """

    repeats: dict[int, int] = field(default_factory=dict)
    conflicts: list[list[int]] = field(default_factory=list)
    losers: dict[int, int] = field(default_factory=dict)
    with_and_without: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


class KeyRows(NamedTuple):
    """The keys of rows that another process gathered."""

    records: npt.NDArray[np.void]
    sessions: npt.NDArray[np.void]


class KeyStore:
    """The keys of all rows that are ready so far."""

    def __init__(self) -> None:
        self._keys: list[npt.NDArray[np.void]] = []
        self._sessions: list[npt.NDArray[np.void]] = []
        self._rows = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def add(self, keys: Keys, at: Ints) -> None:
        """Remember rows: their keys, and their places, which ascend from call to call."""
        records = np.empty(len(at), RECORD)
        records["call"], records["payment"], records["place"] = keys.call, keys.payment, at
        sessions = np.empty(len(at), SESSION)
        sessions["session"], sessions["place"] = keys.session, at
        sessions["by_event"] = (keys.event != 0).any(axis=1)
        self._remember(records, sessions)

    def give(self) -> "KeyRows":
        """All keys so far; another process takes them in."""
        return KeyRows(
            np.concatenate([np.zeros(0, RECORD), *self._parts("keys", self._keys, RECORD)]),
            np.concatenate(
                [np.zeros(0, SESSION), *self._parts("sessions", self._sessions, SESSION)]
            ),
        )

    def take_in(self, rows: "KeyRows") -> None:
        """Remember the keys that another process gathered; their places come behind ours."""
        self._remember(rows.records, rows.sessions)

    def _remember(self, records: npt.NDArray[np.void], sessions: npt.NDArray[np.void]) -> None:
        self._keys.append(records)
        self._sessions.append(sessions)
        self._rows += len(records)
        if self._rows > IN_MEMORY:
            self._spill()

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="callconv-keys-")
        self._append("keys", np.concatenate(self._keys), "call")
        self._append("sessions", np.concatenate(self._sessions), "session")
        self._keys, self._sessions, self._rows = [], [], 0

    def _append(self, name: str, records: npt.NDArray[np.void], by: str) -> None:
        if self._folder is None:
            return
        part = records[by][:, 0] >> np.uint64(58)
        for number in range(PARTS):
            with Path(self._folder.name, f"{name}-{number}").open("ab") as file:
                records[part == number].tofile(file)

    def close(self) -> None:
        """Remove what was spilled."""
        if self._folder is not None:
            self._folder.cleanup()

    def settle(self, on_conflict: OnConflict) -> Settled:
        """Find the duplicates among all rows."""
        settled = Settled()
        for records in self._parts("keys", self._keys, RECORD):
            _settle(records, on_conflict, settled)
        found = [
            _with_and_without(sessions)
            for sessions in self._parts("sessions", self._sessions, SESSION)
        ]
        settled.with_and_without = np.sort(np.concatenate([np.zeros(0, np.int64), *found]))
        return settled

    def _parts(
        self, name: str, in_memory: list[npt.NDArray[np.void]], dtype: np.dtype[np.void]
    ) -> Iterator[npt.NDArray[np.void]]:
        if self._folder is None:
            if in_memory:
                whole = np.concatenate(in_memory)
                in_memory.clear()  # twice the keys of a large file would not be small
                yield whole
            return
        if in_memory:
            self._spill()
        for number in range(PARTS):
            yield np.fromfile(Path(self._folder.name, f"{name}-{number}"), dtype)


def _sharing(words: npt.NDArray[np.uint64]) -> tuple[Ints, Bools]:
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
    return order, begins


def _settle(records: npt.NDArray[np.void], on_conflict: OnConflict, settled: Settled) -> None:
    order, begins = _sharing(records["call"])
    starts = np.flatnonzero(begins)
    if not len(starts):
        return
    ends = np.append(starts[1:], len(order))
    at = records["place"][order]
    payment = records["payment"][order]
    same = np.minimum.reduceat(payment, starts) == np.maximum.reduceat(payment, starts)
    for start, end, agree in zip(starts.tolist(), ends.tolist(), same.tolist(), strict=True):
        group = sorted(at[start:end].tolist())
        if agree:
            settled.repeats.update(dict.fromkeys(group[1:], group[0]))
            continue
        settled.conflicts.append(group)
        if on_conflict != "reject":
            kept = group[0] if on_conflict == "first" else group[-1]
            paid = dict(zip(at[start:end].tolist(), payment[start:end].tolist(), strict=True))
            for row in group:
                if row != kept:
                    lost = settled.repeats if paid[row] == paid[kept] else settled.losers
                    lost[row] = kept


def _with_and_without(sessions: npt.NDArray[np.void]) -> Ints:
    order, begins = _sharing(sessions["session"])
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.zeros(0, np.int64)
    by_event = sessions["by_event"][order].astype(np.uint8)
    mixed = np.minimum.reduceat(by_event, starts) != np.maximum.reduceat(by_event, starts)
    group = np.cumsum(begins) - 1
    return np.asarray(sessions["place"][order][mixed[group]], np.int64)
