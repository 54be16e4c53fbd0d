"""The cells of each column of the format, as text, before any rule of its kind.

The order of filling: the input's own columns, then constants, then defaults. Emptiness is judged
on cleaned text; a wrong value is never replaced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import notes, spec, texts
from callconv_kit.job import Job
from callconv_kit.mapping.plan import Feed, Plan
from callconv_kit.notes import Coerced, note_id

Clean: TypeAlias = Callable[[str, pa.StringArray], Coerced]
"""What every cell of a spec column loses before any rule of its kind; handed in."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One column, filled.

    before: the text as it stood in the input; empty where the input has no such column.
    cells: the cleaned text, null where empty, and what was done to it.
    """

    before: pa.StringArray
    cells: Coerced


def fill(
    cells: tuple[pa.StringArray, ...], length: int, plan: Plan, job: Job, clean: Clean
) -> dict[str, Filled]:
    """Fill each column that anything feeds, in the published order.

    Args:
        cells: the input's columns, in the order of its header.
        length: the number of rows.
        plan: what feeds what.
        job: its value maps, constants and defaults.
        clean: what every cell loses first.
    """
    filled: dict[str, Filled] = {}
    for column in spec.NAMES:
        constant = job.constants.get(column)
        feed = plan.feeds.get(column)
        default = job.defaults.get(column)
        if constant is not None:
            filled[column] = _constant(constant, length)
        elif feed is not None:
            filled[column] = _fed(column, cells, feed, job.values.get(column), default, clean)
        elif default is not None:
            blank = texts.nulls(length)
            filled[column] = Filled(blank, _with_default(Coerced.silent(blank), default))
    return filled


def _constant(value: str, length: int) -> Filled:
    everywhere = np.arange(length)
    said = np.full(length, note_id(rules=("constant_set",)), np.uint16)
    return Filled(texts.nulls(length), Coerced(_repeat(value, length), everywhere, said))


def _repeat(value: str, length: int) -> pa.StringArray:
    encoded = value.encode()
    offsets = (np.arange(length + 1) * len(encoded)).astype(np.int32)
    return texts.from_bytes(np.frombuffer(encoded * length, np.uint8), offsets)


def _fed(
    column: str,
    cells: tuple[pa.StringArray, ...],
    feed: Feed,
    values: Mapping[str, str] | None,
    default: str | None,
    clean: Clean,
) -> Filled:
    parts = [(cells[at], clean(column, cells[at])) for at in feed.positions]
    before, cleaned = parts[0]
    for raw, part in parts[1:]:
        if feed.join:
            before, cleaned = _joined(before, cleaned, raw, part)
        else:
            before, cleaned = _first_that_holds_text(before, cleaned, raw, part)
    if values:
        cleaned = notes.then(cleaned, _mapped(cleaned.values, values))
    if default is not None:
        cleaned = _with_default(cleaned, default)
    return Filled(before, cleaned)


def _joined(
    before: pa.StringArray, cleaned: Coerced, raw: pa.StringArray, part: Coerced
) -> tuple[pa.StringArray, Coerced]:
    """Two columns as one text with a space between; a part that was rejected rejects the whole."""
    both = notes.then(cleaned, part)
    joined = pc.binary_join_element_wise(
        cleaned.values, part.values, " ", null_handling="replace", null_replacement=""
    )
    trimmed = pc.utf8_trim_whitespace(joined)
    usable = texts.present(trimmed) & ~notes.coded(both, len(raw))
    values = pc.if_else(texts.mask(usable), trimmed, pa.scalar(None, pa.string()))
    shown = pc.utf8_trim_whitespace(
        pc.binary_join_element_wise(before, raw, " ", null_handling="replace", null_replacement="")
    )
    return shown, Coerced(values, both.positions, both.notes)


def _first_that_holds_text(
    before: pa.StringArray, cleaned: Coerced, raw: pa.StringArray, part: Coerced
) -> tuple[pa.StringArray, Coerced]:
    length = len(raw)
    empty = ~texts.present(cleaned.values) & ~notes.coded(cleaned, length)
    if not empty.any():
        return before, cleaned
    chosen = texts.mask(empty)
    positions = np.concatenate([cleaned.positions, part.positions])
    said = np.concatenate([cleaned.notes, part.notes])
    keep = np.concatenate([~empty[cleaned.positions], empty[part.positions]])
    order = np.argsort(positions[keep], kind="stable")
    values = pc.if_else(chosen, part.values, cleaned.values)
    return (
        pc.if_else(chosen, raw, before),
        Coerced(values, positions[keep][order], said[keep][order]),
    )


def _mapped(text: pa.StringArray, values: Mapping[str, str]) -> Coerced:
    """The job's `[values]` table for a column: to the letter, else in any case."""
    folded = {source.strip().casefold(): target for source, target in values.items()}
    encoded = text.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    targets = [values.get(cell, folded.get(cell.casefold())) for cell in distinct]
    hit = np.fromiter((target is not None for target in targets), np.bool_, len(targets))
    if not hit.any():
        return Coerced.silent(text)
    replaced = texts.from_list(
        [cell if to is None else to for cell, to in zip(distinct, targets, strict=True)]
    )
    at = encoded.indices.fill_null(0).to_numpy()
    rows = np.flatnonzero(hit[at] & texts.present(text))
    said = np.full(len(rows), note_id(rules=("value_mapped",)), np.uint16)
    return Coerced(replaced.take(encoded.indices), rows, said)


def _with_default(cells: Coerced, default: str) -> Coerced:
    length = len(cells.values)
    empty = ~texts.present(cells.values) & ~notes.coded(cells, length)
    rows = np.flatnonzero(empty)
    if not len(rows):
        return cells
    values = texts.put(cells.values, rows, _repeat(default, len(rows)))
    return notes.added(cells, rows, note_id(rules=("default_filled",)), values)
