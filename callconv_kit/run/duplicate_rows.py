"""The outcome, with its reason, of rows that share a key or are corrected by another."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import notes, spec, texts
from callconv_kit.model.codes import CODES, Severity
from callconv_kit.model.rows import Batch, Finding, Judged
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.run import duplicates
from callconv_kit.run.duplicates import NOBODY, Groups
from callconv_kit.run.keys import murmur3_128
from callconv_kit.writing.aside import Why
from callconv_kit.writing.reasons import joined, reasons

NAMED = 5
"""Rows of a conflict that a reason names; of more, their number."""

ONE_DERIVED_ID = "cells other than those of session_id_from"
"""Where rows of one derived session id differ that may be two calls."""

ONE_ROUNDED_ID = "has the same id, which a spreadsheet may have rounded, as"
"""Where rows share an id that may be the ids of several calls."""

MAYBE_TWO_CALLS = "; if they are two calls, add a column that differs to session_id_from"

REPEAT, CONFLICT = "duplicate_row", "conflicting_duplicate"


class Origins:
    """The original file and line of rows of a rejected.csv, by their places."""

    def __init__(self) -> None:
        self.places: list[Ints] = []
        self._files: list[pa.StringArray] = []
        self._lines: list[Ints] = []

    def add(self, places: Ints, batch: Batch, rows: Ints) -> None:
        """Remember these rows of a batch, if they come from elsewhere; places ascend."""
        if batch.files is not None and batch.source_lines is not None:
            self.places.append(places)
            self._files.append(texts.take(batch.files, rows))
            self._lines.append(batch.source_lines[rows])

    def merge(self, other: "Origins") -> None:
        """Remember the rows of another process, which come behind ours."""
        self.places += other.places
        self._files += other._files
        self._lines += other._lines

    def of(self, places: Ints, files: pa.StringArray, lines: Ints) -> tuple[pa.StringArray, Ints]:
        """`files` and `lines` of these places, those of a rejected.csv as they were at first."""
        if not self.places:
            return files, lines
        if len(self.places) > 1:
            self.places = [np.concatenate(self.places)]
            self._files = [pa.concat_arrays(self._files)]
            self._lines = [np.concatenate(self._lines)]
        (known,), (all_files,), (all_lines,) = self.places, self._files, self._lines
        if not len(known):
            return files, lines
        at = np.minimum(np.searchsorted(known, places), len(known) - 1)
        rows = np.flatnonzero(known[at] == places)
        lines = lines.copy()
        lines[rows] = all_lines[at[rows]]
        return texts.put(files, rows, texts.take(all_files, at[rows])), lines


class DuplicateRows:
    """Asked by place: each row that is asked about is in `gone`."""

    def __init__(
        self,
        groups: Groups,
        files: Sequence[str] | None = None,
        corrected: Mapping[int, str] | None = None,
        origins: Origins | None = None,
    ) -> None:
        """Sort what is known.

        Args:
            groups: the rows that share a key.
            files: the names of the inputs; none: there is one, and rows are named by their line.
            corrected: places of ready rows that another row corrects, and the code for it.
            origins: of the rows that come from a rejected.csv.
        """
        self._groups = groups
        self._origins = origins or Origins()
        self._files = None if files is None else texts.from_list(list(files))
        self._order = np.argsort(groups.place).astype(np.int32)
        self._sorted = groups.place[self._order]
        self._group = groups.group
        corrected = dict(sorted((corrected or {}).items()))
        self._corrected = np.fromiter(corrected, np.int64, len(corrected))
        self._codes = np.asarray(list(corrected.values()), object)
        self._apart = texts.from_list([""] * len(groups.starts))
        self._derived = False

    @property
    def gone(self) -> Ints:
        """Ascending places of the rows that do not go."""
        kept = self._groups.kept[self._groups.kept != NOBODY]
        goes = np.ones(len(self._groups.place), np.bool_)
        goes[kept] = False
        places = self._sorted[goes[self._order]]
        return texts.distinct(places, self._corrected) if len(self._corrected) else places

    @property
    def needed(self) -> Ints:
        """Ascending places of `gone` and of all rows that are in conflict."""
        members = self._sorted[self._groups.conflict[self._group[self._order]]]
        return texts.distinct(self.gone, members) if len(members) else self.gone

    def group_of(self, places: Ints) -> Ints:
        """The group of each row; -1 for none."""
        at = self._find(places)
        return np.where(at < 0, -1, self._group[at]) if len(self._group) else at

    def _find(self, places: Ints) -> Ints:
        if not len(self._sorted):
            return np.full(len(places), -1)
        at = np.minimum(np.searchsorted(self._sorted, places), len(self._sorted) - 1)
        return np.where(self._sorted[at] == places, self._order[at], -1)

    def _correcting(self, places: Ints) -> Ints:
        """Where each row is among the corrected ones; -1 for none."""
        if not len(self._corrected):
            return np.full(len(places), -1)
        at = np.minimum(np.searchsorted(self._corrected, places), len(self._corrected) - 1)
        return np.where(self._corrected[at] == places, at, -1)

    def findings(self, places: Ints) -> tuple[Finding, ...]:
        """The finding of each row of a batch."""
        corrected, at = self._correcting(places), self._find(places)
        findings = []
        for code in texts.distinct(self._codes[corrected[corrected >= 0]]).tolist():
            rows = np.flatnonzero((corrected >= 0) & (self._codes[corrected] == code))
            findings.append(Finding(code, CODES[code].severity, None, rows))
        rest = np.flatnonzero(corrected < 0)
        if len(rest):
            same, nobody = self._groups.same[at[rest]], self._has_no_keeper(at[rest])
            findings += [
                Finding(REPEAT, Severity.LEFT_OUT, None, rest[same]),
                Finding(CONFLICT, Severity.LEFT_OUT, None, rest[~same & ~nobody]),
                Finding(CONFLICT, Severity.ERROR, None, rest[~same & nobody]),
            ]
        return tuple(item for item in findings if len(item.rows))

    def _has_no_keeper(self, at: Ints) -> Bools:
        return np.asarray(self._groups.kept[self._group[at]] == NOBODY)

    def tell_apart(self, differences: "Differences", *, derived: bool = False) -> None:
        """Take over in which columns the rows of each conflict differ.

        derived: the id of a call is a hash of some columns, which two calls may share.
        """
        self._apart = differences.in_words()
        self._derived = derived

    def details(self, places: Ints) -> pa.StringArray:
        """The details of each row beside its code."""
        details = texts.repeat("", len(places))
        at = self._find(places)
        rows = np.flatnonzero((self._correcting(places) < 0) & (at >= 0))
        if not len(rows):
            return details
        at = at[rows]
        kept = self._groups.kept[self._group[at]]
        keeper = self._keeper(at)
        repeats = texts.joined("the same as ", keeper, ", which is kept")
        conflicts = texts.joined(
            texts.take(self._apart, self._group[at]), self._others(at), between=" "
        )
        if self._derived:
            conflicts = texts.joined(conflicts, MAYBE_TWO_CALLS)
        losing = texts.joined(conflicts, ", ", keeper, " is kept")
        why_texts = texts.where(kept == NOBODY, conflicts, losing)
        why_texts = texts.where(self._groups.same[at], repeats, why_texts)
        return texts.put(details, rows, why_texts)

    def why(self, places: Ints) -> Why:
        """Code and reason of each row."""
        details = self.details(places)
        codes, why_texts = texts.repeat("", len(places)), texts.repeat("", len(places))
        for findings in self.findings(places):
            count = len(findings.rows)
            codes = texts.put(codes, findings.rows, texts.repeat(findings.code, count))
            reason = reasons(findings.code, None, count, details=texts.take(details, findings.rows))
            why_texts = texts.put(why_texts, findings.rows, reason)
        return Why(codes, why_texts)

    def kept(self, places: Ints) -> pa.StringArray:
        """Where the row is that is kept instead of each of these ones."""
        return self._keeper(self._find(places))

    def _keeper(self, at: Ints) -> pa.StringArray:
        kept = self._groups.kept[self._group[at]]
        return self._where(self._groups.place[np.maximum(kept, 0)])

    def others(self, places: Ints) -> pa.StringArray:
        """Where the rows are that share the key of these ones: the first, and how many more."""
        return self._others(self._find(places))

    def _others(self, at: Ints) -> pa.StringArray:
        groups = self._groups
        start, size = groups.starts[self._group[at]], groups.sizes[self._group[at]]
        named = []
        for number in range(min(NAMED, int(size.max(initial=1)) - 1)):
            other = start + number + (start + number >= at)
            there = number < size - 1
            name = self._where(groups.place[np.where(there, other, 0)])
            named.append(name if there.all() else texts.where(there, name, None))
        several = texts.joined(*named, between=", ", nulls="skip")
        more = size - 1 - NAMED
        if not (more > 0).any():
            return several
        number = pc.cast(texts.indices(more), pa.string())
        longer = texts.joined(several, " and ", number, " more")
        return texts.where(more > 0, longer, several)

    def _where(self, places: Ints) -> pa.StringArray:
        lines = duplicates.lines_of(places)
        if self._files is None:
            return texts.joined("line ", _as_text(lines))
        files = texts.take(self._files, duplicates.inputs_of(places))
        files, lines = self._origins.of(places, files, lines)
        return texts.joined(files, _as_text(lines), between=" line ")


def _as_text(numbers: Ints) -> pa.StringArray:
    return pc.cast(texts.indices(numbers), pa.string())


COLUMNS = spec.PAYMENT_COLUMNS
CONTENT = np.dtype([("group", "<i4"), ("rounded", "?"), ("cells", "<u8", len(COLUMNS))])
ROUNDED = 1 << 31
"""The bit of `Differences` that says that the group's id may have been rounded."""


class Differences:
    """In which columns the rows of each conflict differ.

    A hash of each such cell goes to a file, split by groups, and each file is settled alone.
    """

    def __init__(self, groups: Groups, folder: Path) -> None:
        self._groups = groups
        rows = int(groups.sizes[groups.conflict].sum())
        self._folder = folder
        self._parts = 1 + rows // (1 << 17)

    def add(self, group: Ints, judged: Judged) -> None:
        """Take rows; `group` is each row's, -1 where it has none."""
        rows = np.flatnonzero(group >= 0)
        rows = rows[self._groups.conflict[group[rows]]]
        if not len(rows):
            return
        records = np.zeros(len(rows), CONTENT)
        records["group"] = group[rows]
        rounded = np.zeros(len(judged), np.bool_)
        rounded[rounded_keys(judged)] = True
        records["rounded"] = rounded[rows]
        for at, name in enumerate(COLUMNS):
            if name in judged.columns:
                records["cells"][:, at] = murmur3_128(texts.take(judged.values(name), rows))[:, 0]
        part = self._part(records["group"])
        for number in texts.distinct(part).tolist():
            with self._path(number).open("ab") as file:
                file.write(records[part == number].tobytes())

    def _part(self, group: Ints) -> Ints:
        return group.astype(np.int64) * self._parts // max(len(self._groups.starts), 1)

    def _path(self, number: int) -> Path:
        return self._folder / f"conflicts-{number}"

    def in_words(self) -> pa.StringArray:
        """For each group what begins a reason of its rows; the files go."""
        marks = np.zeros(len(self._groups.starts), np.uint32)
        for number in range(self._parts):
            path = self._path(number)
            if path.exists():
                _mark(np.fromfile(path, CONTENT), marks)
                path.unlink()
        distinct, at = np.unique(marks, return_inverse=True)
        return texts.take(texts.from_list([_apart(mark) for mark in distinct.tolist()]), at)


def _mark(records: npt.NDArray[np.void], marks: npt.NDArray[np.uint32]) -> None:
    """Set the bits of the columns in which rows of a group differ."""
    records = records[np.argsort(records["group"], kind="stable")]
    group = records["group"]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    first = np.repeat(starts, np.diff(starts, append=len(group)))
    differs = records["cells"] != records["cells"][first]
    bits = (differs * (np.uint32(1) << np.arange(len(COLUMNS), dtype=np.uint32))).sum(
        axis=1, dtype=np.uint32
    ) | (records["rounded"] * np.uint32(ROUNDED))
    marks[group[starts]] = np.bitwise_or.reduceat(bits, starts)


def _apart(mark: int) -> str:
    names = [name for at, name in enumerate(COLUMNS) if mark >> at & 1]
    if not names and mark & ROUNDED:
        return ONE_ROUNDED_ID
    return f"differs in {joined(names) if names else ONE_DERIVED_ID} from"


def rounded_keys(judged: Judged) -> Ints:
    """The rows whose key holds an id that a spreadsheet may have rounded."""
    by_event = texts.present(judged.values("VendorEventId"))
    events, sessions = (
        notes.marked(judged.columns.get(name), "identifier_maybe_rounded")
        for name in ("VendorEventId", "CallSessionId")
    )
    return texts.distinct(events[by_event[events]], sessions[~by_event[sessions]])
