"""The cells of each column of the format, as text, before any rule of its kind.

The order of filling: the input's own columns, constants, the look-up, defaults. Emptiness is judged
on cleaned text; a wrong value is never replaced.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.job import Job
from callconv_kit.mapping.plan import Feed, Plan
from callconv_kit.model import notes, spec, texts
from callconv_kit.model.notes import Coerced, note_id
from callconv_kit.model.texts import Bools

Clean: TypeAlias = Callable[[str, pa.StringArray], Coerced]
"""What every cell of a spec column loses before any rule of its kind; handed in."""


class Reader(Protocol):
    """What filling asks of the kernels, which it does not know; see `coercion.columns.Kernels`."""

    def clean(self, column: str, cells: pa.StringArray) -> Coerced:
        """What every cell of a spec column loses before any rule of its kind."""
        ...

    def together(self, column: str, parts: list[pa.StringArray]) -> list[pa.StringArray]:
        """Cleaned cells that are about to be joined, each without what belongs to another."""
        ...

    def combined(self, column: str, parts: list[pa.StringArray], *, subtract: bool) -> Coerced:
        """The sum or difference of cleaned columns."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    """One column, filled.

    before: the text in the input; empty where the input has no such column.
    cells: the cleaned text, null where empty, and what was done to it.
    """

    before: pa.StringArray
    cells: Coerced

    @classmethod
    def nothing(cls, length: int) -> "Filled":
        """A column without a source."""
        return cls(texts.nulls(length), Coerced.silent(texts.nulls(length)))


def fill(
    cells: tuple[pa.StringArray, ...], length: int, plan: Plan, job: Job, reader: Reader
) -> dict[str, Filled]:
    """Fill each column that has a source or a constant, in the published order.

    Args:
        cells: the input's columns, in the order of its header.
        length: the number of rows.
        plan: the source of each column.
        job: its value maps and constants.
        reader: reads single cells.
    """
    filled: dict[str, Filled] = {}
    for column in spec.NAMES:
        constant = job.constants.get(column)
        feed = plan.feeds.get(column)
        if constant is not None:
            own = fed(column, cells, feed, job, reader).before if feed else texts.nulls(length)
            filled[column] = _constant(constant, own)
        elif feed is not None:
            filled[column] = fed(column, cells, feed, job, reader)
    return filled


def fill_defaults(filled: dict[str, Filled], length: int, defaults: Mapping[str, str]) -> None:
    """Fill the job's `[defaults]` where nothing else has."""
    for column, default in defaults.items():
        fill_empty(filled, column, default, np.ones(length, np.bool_))


def fill_empty(filled: dict[str, Filled], column: str, value: str, where: Bools) -> None:
    """Fill `value` into the cells of a column that are empty, of the rows `where`."""
    held = filled.get(column) or Filled.nothing(len(where))
    cells = held.cells
    rows = np.flatnonzero(empty(cells) & where)
    if len(rows):
        values = texts.put(cells.values, rows, texts.repeat(value, len(rows)))
        findings = notes.added(cells, rows, note_id(rules=("default_filled",)), values)
        filled[column] = Filled(held.before, findings)


def empty(cells: Coerced) -> Bools:
    """Which cells hold nothing; a wrong cell is not empty."""
    return ~texts.present(cells.values) & ~notes.coded(cells, len(cells.values))


def _constant(value: str, before: pa.StringArray) -> Filled:
    everywhere = np.arange(len(before))
    findings = np.full(len(before), note_id(rules=("constant_set",)), np.uint16)
    return Filled(before, Coerced(texts.repeat(value, len(before)), everywhere, findings))


def fed(
    column: str, cells: tuple[pa.StringArray, ...], feed: Feed, job: Job, reader: Reader
) -> Filled:
    """One column from the input's own; see `fill` for the arguments."""
    parts = [(cells[at], reader.clean(column, cells[at])) for at in feed.positions]
    before, cleaned = parts[0]
    if feed.join or feed.total or feed.difference:
        before, cleaned = _as_one(column, parts, feed, reader)
    else:
        if feed.other.issuperset(feed.positions[:1]):
            cleaned = _of_the_other(cleaned)
        for at, (raw, part) in zip(feed.positions[1:], parts[1:], strict=True):
            part = _of_the_other(part) if at in feed.other else part
            before, cleaned = _first_that_holds_text(before, cleaned, raw, part)
    return Filled(before, with_values(cleaned, job.values.get(column) or {}))


def _of_the_other(cells: Coerced) -> Coerced:
    """Cells of the other number, used where the chosen one is empty."""
    rows = np.flatnonzero(texts.present(cells.values))
    return notes.added(cells, rows, note_id(rules=("other_number_used",)), cells.values)


def _as_one(
    column: str, parts: list[tuple[pa.StringArray, Coerced]], feed: Feed, reader: Reader
) -> tuple[pa.StringArray, Coerced]:
    """Several columns as one text: joined with spaces, added up, or taken from the first.

    A part that was rejected rejects the whole.
    """
    between = " + " if feed.total else " - " if feed.difference else " "
    before, both = parts[0]
    for raw, part in parts[1:]:
        before = texts.joined(before, raw, between=between)
        both = notes.then(both, part)
    cleaned = [part.values for _, part in parts]
    if feed.join:
        values = _joined(reader.together(column, cleaned))
        before = pc.utf8_trim_whitespace(before)
        whole = Coerced(values, both.positions, both.notes)
    else:
        combined = reader.combined(column, cleaned, subtract=feed.difference)
        whole = notes.then(both, combined)
    wrong = np.flatnonzero(notes.coded(both, len(before)))
    values = texts.put(whole.values, wrong, texts.nulls(len(wrong)))
    return before, Coerced(values, whole.positions, whole.notes)


def _joined(parts: Sequence[pa.StringArray]) -> pa.StringArray:
    """Columns as one text with spaces between; null where all are empty."""
    joined = parts[0]
    for part in parts[1:]:
        joined = pc.utf8_trim_whitespace(texts.joined(joined, part, between=" "))
    return texts.where(texts.present(joined), joined, None)


def _first_that_holds_text(
    before: pa.StringArray, cleaned: Coerced, raw: pa.StringArray, part: Coerced
) -> tuple[pa.StringArray, Coerced]:
    blank = empty(cleaned)
    if not blank.any():
        return before, cleaned
    chosen = texts.mask(blank)
    positions = np.concatenate([cleaned.positions, part.positions])
    findings = np.concatenate([cleaned.notes, part.notes])
    keep = np.concatenate([~blank[cleaned.positions], blank[part.positions]])
    order = np.argsort(positions[keep], kind="stable")
    values = pc.if_else(chosen, part.values, cleaned.values)
    return (
        pc.if_else(chosen, raw, before),
        Coerced(values, positions[keep][order], findings[keep][order]),
    )


def with_values(cells: Coerced, values: Mapping[str, str]) -> Coerced:
    """Cells with the words of the job's `[values]` table replaced: to the letter, else any case."""
    return notes.then(cells, _mapped(cells.values, values)) if values else cells


def _mapped(text: pa.StringArray, values: Mapping[str, str]) -> Coerced:
    folded = {source.strip().casefold(): target for source, target in values.items()}
    encoded = text.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    targets = [values.get(cell, folded.get(cell.casefold())) for cell in distinct]
    hit = np.fromiter((target is not None for target in targets), np.bool_, len(targets))
    if not hit.any():
        return Coerced.silent(text)
    replaced = texts.from_list(
        [cell if to is None else to or None for cell, to in zip(distinct, targets, strict=True)]
    )
    at = texts.places(encoded)
    rows = np.flatnonzero(hit[at] & texts.present(text))
    findings = np.full(len(rows), note_id(rules=("value_mapped",)), np.uint16)
    return Coerced(replaced.take(encoded.indices), rows, findings)
