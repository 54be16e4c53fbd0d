"""Calls split over several rows: child legs, and rows that correct an earlier one.

Both need rows from anywhere in the inputs. Child legs are gathered in a first
reading; corrections as they stream by, and what they correct is looked for at the end. Kept are 16
bytes for each related row, and for child legs the few cells that a call takes.
"""

import copy
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.job import Legs
from callconv_kit.mapping.plan import CHILD, Plan
from callconv_kit.mapping.preset import Corrections
from callconv_kit.model import texts
from callconv_kit.model.rows import Batch
from callconv_kit.model.texts import Bools, Ints

Hashes: TypeAlias = npt.NDArray[np.uint64]
Hash: TypeAlias = Callable[[pa.StringArray], Hashes]
"""Two 64-bit words for each text; handed in."""

Trim: TypeAlias = Callable[[pa.StringArray], pa.StringArray]
"""Trims cells and empties those that hold a mark for nothing, such as NULL; handed in."""

WHOLE = r"^\s*[0-9]{1,9}\s*$"


class ChildLegs:
    """The child legs of all inputs, and what each call takes from its own."""

    def __init__(self, legs: Legs, plans: Sequence[Plan], hash_of: Hash, trim: Trim) -> None:
        self._legs = legs
        self._hash, self._trim = hash_of, trim
        self._names = dict.fromkeys(name for plan in plans for name in _child_names(plan))
        self._forget()
        self._known: Hashes = np.zeros((0, 2), np.uint64)
        self._taken: dict[str, pa.StringArray] = {}

    def _forget(self) -> None:
        self._parents: list[Hashes] = []
        self._seconds: list[Ints] = []
        self._cells: dict[str, list[pa.StringArray]] = {}

    def apart(self) -> "ChildLegs":
        """One without legs, which another process fills for `merge`."""
        other = copy.copy(self)
        other._forget()
        return other

    def merge(self, other: "ChildLegs") -> None:
        """Add the child legs that another process read behind ours."""
        self._parents += other._parents
        self._seconds += other._seconds
        for name, cells in other._cells.items():
            self._cells.setdefault(name, []).extend(cells)

    def are_children(self, plan: Plan, batch: Batch) -> Bools:
        """Which rows are legs of another call."""
        at = plan.position(self._legs.parent)
        if at is None:
            return np.zeros(len(batch.lines), np.bool_)
        return texts.present(self._trim(batch.cells[at]))

    def add(self, plan: Plan, batch: Batch) -> None:
        """Remember the child legs of a batch."""
        rows = np.flatnonzero(self.are_children(plan, batch))
        if not len(rows):
            return

        def cells(name: str) -> pa.StringArray:
            at = plan.position(name)
            if at is None:
                return texts.from_list([""] * len(rows))
            return self._trim(texts.take(batch.cells[at], rows))

        self._parents.append(self._hash(cells(self._legs.parent)))
        longest_by = self._legs.take.get("TalkDuration") or self._legs.take.get("CallDuration")
        self._seconds.append(_whole(cells(longest_by)) if longest_by else np.zeros(len(rows), int))
        for name in self._names:
            self._cells.setdefault(name, []).append(cells(name))

    def settle(self) -> None:
        """Choose the child leg of each call; to be called when all legs were added."""
        if not self._parents:
            return
        parents = np.concatenate(self._parents)
        seconds = np.concatenate(self._seconds)
        order = np.arange(len(parents))
        first = order if self._legs.child != "last" else -order
        rank = -seconds if self._legs.child == "longest" else np.zeros(len(parents), int)
        by_call = np.lexsort((first, rank, parents[:, 1], parents[:, 0]))
        ordered = parents[by_call]
        new = np.ones(len(ordered), np.bool_)
        new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        self._known = ordered[new]
        chosen = by_call[new]
        self._taken = {
            name: texts.take(pa.concat_arrays(parts), chosen) for name, parts in self._cells.items()
        }
        self._forget()

    def columns(self, plan: Plan, batch: Batch) -> tuple[pa.StringArray, ...]:
        """The cells of each call's child leg, in the order of the plan's header; null for none."""
        names = _child_names(plan)
        if not names:
            return ()
        at = plan.position(self._legs.key)
        nothing = texts.nulls(len(batch.lines))
        if at is None or not len(self._known):
            return (nothing,) * len(names)
        own = self._hash(self._trim(batch.cells[at]))
        place = np.searchsorted(self._known[:, 0], own[:, 0])
        place = np.minimum(place, len(self._known) - 1)
        found = (self._known[place] == own).all(axis=1)
        where = pa.array(np.where(found, place, 0), mask=~found)
        return tuple(self._taken[name].take(where) for name in names)


def _child_names(plan: Plan) -> list[str]:
    return [cell[len(CHILD) :] for cell in plan.header if cell.startswith(CHILD)]


def _whole(text: pa.StringArray) -> Ints:
    """Whole numbers; -1 where there is none."""
    known = texts.bools(pc.match_substring_regex(text, WHOLE))
    numbers = np.full(len(text), -1)
    numbers[known] = texts.numbers(pc.cast(text.filter(texts.mask(known)), pa.int64()))
    return numbers


class Corrected:
    """Which rows replace which.

    A row that is replaced is not sent, even where its replacement is rejected: its content is
    known to be wrong. The replacement goes only where the first one surely never went: under an id
    of its own it would be paid a second time. For the same reason of several different rows that
    replace one and the same none goes.
    """

    def __init__(self, corrections: Corrections, hash_of: Hash, trim: Trim) -> None:
        self._corrections = corrections
        self._hash, self._trim = hash_of, trim
        self._corrected: list[Hashes] = []
        self._correcting: list[Hashes] = []
        self._places: list[Ints] = []
        self._held: list[Bools] = []
        self._ready: list[Bools] = []
        self._found: set[int] = set()
        self._replaced: list[int] = []

    def corrects(self, plan: Plan, batch: Batch) -> pa.StringArray:
        """For each row the id that it corrects; empty for none, and where it is the row's own."""
        corrected = self._column(self._corrections.corrects, plan, batch)
        itself = pc.equal(corrected, self._column(self._corrections.id, plan, batch))
        return pc.if_else(pc.fill_null(itself, texts.scalar(False)), texts.scalar(None), corrected)

    def _column(self, name: str, plan: Plan, batch: Batch) -> pa.StringArray:
        at = plan.position(name)
        if at is None:
            return texts.nulls(len(batch.lines))
        return self._trim(batch.cells[at])

    def add(
        self, plan: Plan, batch: Batch, rows: Ints, places: Ints, held: Bools, ready: Bools
    ) -> None:
        """Remember rows that correct others.

        Args:
            plan: the source of each column.
            batch: holds the rows.
            rows: which n of the batch correct others.
            places: the positions of these n rows.
            held: whether the corrected call must be in these inputs, as far as is known.
            ready: whether the correcting row would go itself.
        """
        corrected = texts.take(self.corrects(plan, batch), rows)
        own = texts.take(self._column(self._corrections.id, plan, batch), rows)
        self._corrected.append(self._hash(corrected)[:, 0])
        self._correcting.append(self._hash(own)[:, 0])
        self._places.append(places)
        self._held.append(held)
        self._ready.append(ready)

    def __bool__(self) -> bool:
        return bool(self._corrected)

    def merge(self, other: "Corrected") -> None:
        """Add the rows that another process read behind ours."""
        self._corrected += other._corrected
        self._correcting += other._correcting
        self._places += other._places
        self._held += other._held
        self._ready += other._ready

    def sought(self) -> "Corrected":
        """One that knows which rows ours correct; other processes `find` with it."""
        other = Corrected(self._corrections, self._hash, self._trim)
        other._corrected = [np.unique(np.concatenate(self._corrected))]
        return other

    def apart(self) -> "Corrected":
        """The same without what was found, for a process that looks for more."""
        other = copy.copy(self)
        other._found, other._replaced = set(), []
        return other

    def find(self, plan: Plan, batch: Batch, places: Ints) -> None:
        """At the end, for all batches once more: which corrected rows are there."""
        ids = self._column(self._corrections.id, plan, batch)
        hashes = self._hash(ids)[:, 0]
        here = np.isin(hashes, np.concatenate(self._corrected)) & texts.present(ids)
        self._found.update(hashes[here].tolist())
        self._replaced += places[here].tolist()

    @property
    def found(self) -> tuple[set[int], list[int]]:
        """The corrected ids that are there, and the places of their rows."""
        return self._found, self._replaced

    def merge_found(self, found: tuple[set[int], list[int]]) -> None:
        """Add what another process found of the rows that ours correct."""
        self._found |= found[0]
        self._replaced += found[1]

    def gone(self) -> dict[int, str]:
        """The places of rows that don't go, with the code that says why."""
        corrected, places = np.concatenate(self._corrected), np.concatenate(self._places)
        held, ready = np.concatenate(self._held), np.concatenate(self._ready)
        own = np.concatenate(self._correcting)
        # A correction that another one corrects does not compete with it.
        rivals = ready & ~np.isin(own, corrected)
        calls = _first_of_each(own, corrected)
        pairs = np.unique(np.stack([calls[rivals], own[rivals]], axis=1), axis=0)
        several, counts = np.unique(pairs[:, 0], return_counts=True)
        torn = rivals & np.isin(calls, several[counts > 1])
        unknown = held & ~np.isin(corrected, np.fromiter(self._found, np.uint64, len(self._found)))
        return {
            **dict.fromkeys(places[torn].tolist(), "corrections_differ"),
            **dict.fromkeys(places[unknown].tolist(), "correction_held"),
            **dict.fromkeys(self._replaced, "superseded"),
        }


def _first_of_each(
    own: npt.NDArray[np.uint64], corrected: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint64]:
    """For each row that corrects another: the first of the chain that it ends."""
    earlier = dict(zip(own.tolist(), corrected.tolist(), strict=True))
    firsts = []
    for number in corrected.tolist():
        seen = {number}
        while (before := earlier.get(number)) is not None and before not in seen:
            number = before
            seen.add(number)
        firsts.append(number)
    return np.asarray(firsts, np.uint64)
