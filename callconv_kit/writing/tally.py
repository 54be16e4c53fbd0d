"""Counts of a run: findings, changes, partners, and what the report draws."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import spec, texts
from callconv_kit.model.codes import READY_ONLY, Severity, mask_phone
from callconv_kit.model.names import nearest
from callconv_kit.model.notes import note_of
from callconv_kit.model.rows import Fate, Finding, Judged, Ragged
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.writing.partners import Partners

EXAMPLES = 5

EXAMPLE_LENGTH = 200
"""Characters of a cell that an example holds."""

Example: TypeAlias = dict[str, Any]
FindingKey: TypeAlias = tuple[str, str | None, Severity]
ChangeKey: TypeAlias = tuple[str, str]
Key = TypeVar("Key", FindingKey, ChangeKey)

COUNTED_BY_DETAIL = frozenset({"country_from_digits", "direction_unused"})
"""Findings whose rows are counted by their details as well: few words, such as countries."""

WORDS = 200
"""Different words of a column up to which a word of `[values]` that is none of them is noticed."""

ALIKE = 0.8
"""Likeness of a word of `[values]` to a cell, from which one is a slip for the other."""

DURATION_BINS = (0, 1, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds at which the bars of the report's duration chart begin."""


@dataclass(slots=True)
class Midnight:
    """Whether all times of a file are at midnight, as where a date lost its time.

    rows: with a time, as long as all are at midnight; line: the first.
    """

    rows: int = 0
    line: int = 0
    other: bool = False

    def add(self, judged: Judged) -> None:
        """Look at a batch."""
        if self.other:
            return
        times = judged.values("EventDate")
        held = np.flatnonzero(texts.present(times))
        clocks = pc.utf8_slice_codeunits(texts.take(times, held), 11, 19)
        self.other = not texts.equal(clocks, "00:00:00").all() if len(held) else False
        if len(held) and not self.rows:
            self.line = judged.source_line(int(held[0]))
        self.rows += len(held)

    def merge(self, other: "Midnight") -> None:
        """Add what was seen of the rows behind ours."""
        self.line = self.line or other.line
        self.rows += other.rows
        self.other = self.other or other.other


@dataclass(slots=True)
class SeenWords:
    """The words of a column whose words the job maps: each with its rows and its first place.

    many: there are more than `WORDS`; then nothing can be said about a word that is not here.
    """

    rows: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[str, int]] = field(default_factory=dict)
    many: bool = False

    def add(self, judged: Judged, cells: pa.StringArray) -> None:
        """Look at the cells of a batch, as they were read."""
        if self.many:
            return
        encoded = cells.dictionary_encode()
        self.many = len(encoded.dictionary) > WORDS
        words = pc.utf8_trim(encoded.dictionary, characters=texts.EDGES).to_pylist()
        at = texts.places(encoded)
        places, rows, counts = np.unique(at, return_index=True, return_counts=True)
        for place, row, count in zip(places.tolist(), rows.tolist(), counts.tolist(), strict=True):
            word = words[place] if place >= 0 else ""
            if word and not self.many:
                self.rows[word] += count
                self.first.setdefault(word, (judged.source_file(row), judged.source_line(row)))
        self.many |= len(self.rows) > WORDS

    def merge(self, other: "SeenWords") -> None:
        """Add what was seen of the rows behind ours."""
        self.rows.update(other.rows)
        self.first = {**other.first, **self.first}
        self.many |= other.many or len(self.rows) > WORDS


@dataclass(slots=True)
class Tally:
    """The counts of a run; batches are added, and ready rows that turn out otherwise taken off.

    mask: whether examples of phone numbers are masked.
    mapped: the job's `[values]`: column to source value to value.
    """

    mask: bool = True
    mapped: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: Counter[FindingKey] = field(default_factory=Counter)
    changes: Counter[ChangeKey] = field(default_factory=Counter)
    finding_examples: dict[FindingKey, list[Example]] = field(default_factory=dict)
    change_examples: dict[ChangeKey, list[Example]] = field(default_factory=dict)
    by_detail: dict[FindingKey, Counter[str]] = field(default_factory=dict)
    midnights: dict[str, Midnight] = field(default_factory=dict)
    words: dict[str, SeenWords] = field(default_factory=dict)
    partners: Partners = field(default_factory=Partners)
    days: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    durations: Counter[int] = field(default_factory=Counter)
    fill: Counter[str] = field(default_factory=Counter)

    def add(self, judged: Judged) -> None:
        """Count a batch: findings of rows that are not left out, changes of ready ones."""
        if len(judged):
            self.midnights.setdefault(judged.file, Midnight()).add(judged)
            for column in self.mapped.keys() & judged.before.keys():
                self.words.setdefault(column, SeenWords()).add(judged, judged.before[column])
        self._count(judged, +1)

    def take_off(self, judged: Judged) -> None:
        """Uncount rows that were counted as ready and come to another fate."""
        self._count(judged, -1)

    def _count(self, judged: Judged, sign: int) -> None:
        self._count_findings(judged, sign)
        self._count_changes(judged, sign)
        self.partners.add(judged, sign)
        self._draw(judged, sign)

    def merge(self, other: "Tally") -> None:
        """Add what another process counted of other rows, as if they had come after ours."""
        for name in ("findings", "changes", "days", "statuses", "durations", "fill"):
            getattr(self, name).update(getattr(other, name))
        _take_examples(self.finding_examples, other.finding_examples)
        _take_examples(self.change_examples, other.change_examples)
        for key, counts in other.by_detail.items():
            self.by_detail.setdefault(key, Counter()).update(counts)
        for file, midnight in other.midnights.items():
            self.midnights.setdefault(file, Midnight()).merge(midnight)
        # The other process has the words of the preset's values too.
        for column in self.mapped.keys() & other.words.keys():
            self.words.setdefault(column, SeenWords()).merge(other.words[column])
        self.partners.merge(other.partners)

    def add_ragged(self, file: str, ragged: Sequence[Ragged]) -> None:
        """Count rows of another length than the header; their partner is unknown."""
        for row in ragged:
            example = {"source_file": row.file or file, "source_line": row.source_line}
            value = f"{len(row.cells)} cells"
            self.count("field_count", Severity.ERROR, None, 1, {**example, "value": value})
        self.partners.add_rejected(len(ragged))

    def count(
        self, code: str, severity: Severity, column: str | None, number: int, *examples: Example
    ) -> None:
        """Count rows of one finding that is known only at the end; the first are its examples."""
        key = (code, column, severity)
        self.findings[key] += number
        kept = self.finding_examples.setdefault(key, [])
        kept += examples[: EXAMPLES - len(kept)]

    def warn_of_midnights(self) -> None:
        """Count the files of which every time is at midnight; to be called at the end."""
        for file, seen in self.midnights.items():
            if seen.rows and not seen.other:
                example = {"source_file": file, "source_line": seen.line, "value": "00:00:00"}
                self.count("times_all_midnight", Severity.WARNING, "EventDate", seen.rows, example)

    def warn_of_misspelled_words(self) -> None:
        """Count rows whose word `[values]` almost names; to be called at the end.

        A word that is in no cell may well come tomorrow: it is a slip only where a cell holds a
        word like it that the job does not map.
        """
        for column, seen in sorted(self.words.items()):
            named = {word.strip().casefold() for word in self.mapped[column]}
            held = {word.casefold() for word in seen.rows}
            free = [word for word in seen.rows if word.casefold() not in named]
            for word in () if seen.many else self.mapped[column]:
                near = None if word.strip().casefold() in held else nearest(word, free[::-1], ALIKE)
                if near is not None:
                    file, line = seen.first[near]
                    example = {
                        "source_file": file,
                        "source_line": line,
                        "value": self._shown(column, near),
                        "detail": f'[values.{column}] has "{self._shown(column, word)}"',
                    }
                    alike = [each for each in free if each.casefold() == near.casefold()]
                    rows = sum(seen.rows[each] for each in alike)
                    self.count("value_misspelled", Severity.WARNING, column, rows, example)

    def examples_of(self, finding: Finding) -> list[Example]:
        """The examples of a finding so far."""
        return self.finding_examples.get((finding.code, finding.column, finding.severity), [])

    def _count_findings(self, judged: Judged, sign: int) -> None:
        left_out = judged.fates == Fate.LEFT_OUT
        before: dict[FindingKey, Bools] = {}
        for finding in judged.findings:
            counted = np.ones(len(finding.rows), np.bool_)
            if finding.code in READY_ONLY:
                counted = judged.fates[finding.rows] == Fate.READY
            elif finding.severity is not Severity.LEFT_OUT:
                counted = ~left_out[finding.rows]
            key = (finding.code, finding.column, finding.severity)
            if key in before:  # another rule with this code may have held of some of these rows
                counted &= ~before[key][finding.rows]
            rows, places = finding.rows[counted], np.flatnonzero(counted)
            if not len(rows):
                continue
            before.setdefault(key, np.zeros(len(judged), np.bool_))[rows] = True
            self.findings[key] += sign * len(rows)
            if finding.code in COUNTED_BY_DETAIL and finding.details:
                kept = np.asarray(finding.details, object)[counted]
                counts = self.by_detail.setdefault(key, Counter())
                for detail, number in Counter(kept.tolist()).items():
                    counts[detail] += sign * number
            examples = self.finding_examples.setdefault(key, [])
            if sign < 0:
                _forget(examples, judged, rows)
                continue
            for at, row in enumerate(rows[: EXAMPLES - len(examples)].tolist()):
                example = self._example(judged, row, finding.column)
                if finding.details:
                    example["detail"] = finding.details[places[at]]
                examples.append(example)

    def _example(self, judged: Judged, row: int, column: str | None) -> Example:
        before = judged.before.get(column) if column else None
        value = None if before is None else before[row].as_py()
        return {
            "source_file": judged.source_file(row),
            "source_line": judged.source_line(row),
            "value": self._shown(column, value),
        }

    def _shown(self, column: str | None, value: str | None) -> str:
        """A cell as examples hold it: unchanged, but masked and cut; see also `visible`."""
        text = value or ""
        if self.mask and column in spec.PERSONAL:
            text = mask_phone(text)
        return text if len(text) <= EXAMPLE_LENGTH else text[: EXAMPLE_LENGTH - 1] + "…"

    def _count_changes(self, judged: Judged, sign: int) -> None:
        ready = judged.fates == Fate.READY
        for name, cells in judged.columns.items():
            if not len(cells.positions):
                continue
            counted = ready[cells.positions]
            positions, notes = cells.positions[counted], cells.notes[counted]
            counts = np.bincount(notes)
            saying: dict[str, list[int]] = {}
            for number in np.flatnonzero(counts).tolist():
                for rule in note_of(number).rules:
                    saying.setdefault(rule, []).append(number)
            for rule, numbers in saying.items():
                self.changes[name, rule] += sign * int(counts[numbers].sum())
                examples = self.change_examples.setdefault((name, rule), [])
                # Looking the rows up costs; most batches come when there are examples enough.
                if sign > 0 and len(examples) == EXAMPLES:
                    continue
                rows = positions[np.isin(notes, numbers)]
                if sign > 0:
                    self._keep_changes(judged, name, examples, rows)
                else:
                    _forget(examples, judged, rows)

    def _keep_changes(
        self, judged: Judged, column: str, examples: list[Example], rows: Ints
    ) -> None:
        before = judged.before.get(column)
        after = judged.values(column)
        for row in rows[: EXAMPLES - len(examples)].tolist():
            was = None if before is None else before[row].as_py()
            examples.append(
                {
                    "source_file": judged.source_file(row),
                    "source_line": judged.source_line(row),
                    "before": self._shown(column, was),
                    "after": self._shown(column, after[row].as_py()),
                }
            )

    def _draw(self, judged: Judged, sign: int) -> None:
        """Count what the report draws: ready rows by day, status and duration; filled cells."""
        ready = judged.fates == Fate.READY
        if not ready.any():
            return
        only = None if ready.all() else texts.mask(ready)

        def cells(column: str) -> pa.StringArray:
            values = judged.values(column)
            return values if only is None else values.filter(only)

        _tally(self.days, pc.utf8_slice_codeunits(cells("EventDate"), 0, 10), sign)
        _tally(self.statuses, pc.fill_null(cells("CallStatus"), texts.scalar("")), sign)
        seconds = texts.numbers(pc.cast(cells("CallDuration"), pa.int64()))
        bins = np.searchsorted(DURATION_BINS, seconds, side="right") - 1
        for at, number in enumerate(np.bincount(bins, minlength=len(DURATION_BINS)).tolist()):
            self.durations[DURATION_BINS[at]] += sign * number
        for name in judged.columns:
            filled = texts.present(judged.values(name))
            self.fill[name] += sign * int(np.count_nonzero(filled & ready))


def _take_examples(ours: dict[Key, list[Example]], theirs: dict[Key, list[Example]]) -> None:
    for key, examples in theirs.items():
        kept = ours.setdefault(key, [])
        kept += examples[: EXAMPLES - len(kept)]


def _forget(examples: list[Example], judged: Judged, rows: Ints) -> None:
    """Take out the examples that are of these rows."""
    if not examples:
        return
    lines = judged.source_lines[rows]

    def is_of_these(example: Example) -> bool:
        here = rows[lines == example["source_line"]].tolist()
        return any(judged.source_file(row) == example["source_file"] for row in here)

    examples[:] = [example for example in examples if not is_of_these(example)]


def _tally(counter: Counter[str], cells: pa.StringArray, sign: int) -> None:
    for item in pc.value_counts(cells).to_pylist():
        counter[item["values"]] += sign * item["counts"]
