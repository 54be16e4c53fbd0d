"""Look-ups: columns that a file of the user's own fills by a key, such as the tracking number.

The caller reads the file and hands its columns over, and brings both sides' keys into one form: a
phone is compared as a number, whatever its spelling.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from callconv_kit.job import Lookup
from callconv_kit.mapping.filling import Filled, empty
from callconv_kit.model import notes, spec, texts
from callconv_kit.model.codes import Severity, mask_phone
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import nearest, plain, spec_column
from callconv_kit.model.notes import Coerced, note_id
from callconv_kit.model.rows import Finding
from callconv_kit.model.texts import Bools, Ints

KeyForm: TypeAlias = Callable[[pa.StringArray], pa.StringArray]
"""Brings keys into the form in which they are compared; null where a key is empty."""

LISTED = 5


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A look-up file, read.

    key: the name of its key column.
    columns: spec column to its cells, one for each key.
    places: each key, in the form in which keys are compared, and its row.
    overwrite: whether it wins over what the input holds.
    """

    key: str
    columns: Mapping[str, pa.StringArray]
    places: Mapping[str, int]
    overwrite: bool = False

    @property
    def fills(self) -> frozenset[str]:
        """The columns that it can fill."""
        return frozenset(self.columns)

    def find(self, keys: pa.StringArray) -> Ints:
        """The row of each key; -1 where there is none. Asked once for each distinct key."""
        encoded = keys.dictionary_encode()
        rows = [self.places.get(key, -1) for key in encoded.dictionary.to_pylist()]
        # The last entry answers for the nulls, which are numbered -1.
        places = texts.places(encoded)
        return np.asarray([*rows, -1])[places]


def table_of(
    lookup: Lookup,
    name: str,
    header: Sequence[str],
    cells: Sequence[pa.StringArray],
    lines: Ints,
    form: KeyForm,
) -> LookupTable:
    """A look-up file as a table.

    Args:
        lookup: the job's `[lookup]`.
        name: of the file, for errors.
        header: of the file; other columns than the key and those of the format are passed over.
        cells: its columns.
        lines: the line of each of its rows.
        form: how keys are compared.

    Raises:
        UsageError: there is no key column, or nothing to fill; a key is empty or occurs
            twice; a column's name is nearly that of one of the format.
    """
    wanted = lookup.on or lookup.on_source or ""
    at = [place for place, cell in enumerate(header) if plain(cell) == plain(wanted)]
    if len(at) != 1:
        near = nearest(wanted, header)
        raise _wrong(
            name,
            f"has {'two columns' if at else 'no column'} {wanted}, its key",
            ", ".join(header[:30]),
            f"one column {wanted}",
            f'Rename "{near}" to {wanted}.' if near and not at else "Name its columns in line 1.",
        )
    columns = {
        column: cells[place]
        for place, cell in enumerate(header)
        if place != at[0] and (column := spec_column(cell)) is not None
    }
    _check_names(name, header, at[0], columns)
    keys = form(cells[at[0]])
    held = keys.to_pylist()
    blank = [line for key, line in zip(held, lines.tolist(), strict=True) if key is None]
    if blank:
        raise _wrong(
            name, "holds a row without a key", f"line {blank[0]}", wanted, "Fill in the key."
        )
    twice = [key for key, count in Counter(held).items() if count > 1]
    if twice:
        where = [
            f"{_masked(key)} on lines "
            + ", ".join(str(line) for each, line in zip(held, lines, strict=True) if each == key)
            for key in twice[:LISTED]
        ]
        raise _wrong(
            name,
            f"holds {len(twice)} key{'s' if len(twice) > 1 else ''} more than once",
            "; ".join(where),
            "each key once (phones are compared as numbers)",
            "Keep one row for each key.",
        )
    return LookupTable(
        wanted, columns, {key: row for row, key in enumerate(held)}, lookup.overwrite
    )


def _check_names(
    name: str, header: Sequence[str], key: int, columns: Mapping[str, pa.StringArray]
) -> None:
    unknown = [cell for at, cell in enumerate(header) if at != key and spec_column(cell) is None]
    for cell in unknown:
        near = nearest(cell, spec.NAMES, cutoff=0.85)
        if near is not None:
            raise _wrong(
                name,
                f'has a column "{cell}" that is not a column of the format',
                cell,
                near,
                f'Rename it to "{near}".',
            )
    if not columns:
        raise _wrong(
            name,
            "has no column to fill",
            ", ".join(header[:30]),
            "columns such as CampaignId, MediaId, ActionTrackerId",
            "Name its columns as the format does.",
        )


def _wrong(name: str, problem: str, found: str, expected: str, next_step: str) -> UsageError:
    return UsageError(
        "lookup_unusable", f"The look-up file {name} {problem}", found, expected, next_step
    )


def _masked(key: str) -> str:
    """A key for a message: of what may be a phone number only the last four digits."""
    digits = sum(char.isdigit() for char in key)
    return f'"{mask_phone(key) if digits >= 7 else key}"'


def fill(
    filled: dict[str, Filled],
    table: LookupTable,
    keys: pa.StringArray,
    constants: Mapping[str, str],
    defaults: Mapping[str, str],
) -> list[Finding]:
    """Fill columns by their keys.

    Args:
        filled: spec column to its cells so far; those that the look-up knows are filled.
        table: the look-up.
        keys: of n rows, in the form in which keys are compared; null where a row has none.
        constants: columns that are not looked up.
        defaults: columns that can do without.

    Returns:
        `lookup_missing` for rows that lack a value which only the look-up could give.
    """
    length = len(keys)
    rows = table.find(keys)
    found = rows >= 0
    lacking = np.zeros(length, np.bool_)
    for column, cells in table.columns.items():
        if column in constants:
            continue
        held = filled.get(column) or Filled.nothing(length)
        blank = empty(held.cells)
        if column not in defaults:
            lacking |= blank & ~found
        target = found if table.overwrite else found & blank
        filled[column] = _filled(held, cells, rows, target)
    missing = np.flatnonzero(lacking)
    if not len(missing):
        return []
    details = tuple(
        f"{table.key} is empty" if key is None else f"{table.key} {_masked(key)}"
        for key in texts.take(keys, missing).to_pylist()
    )
    return [Finding("lookup_missing", Severity.ERROR, None, missing, details)]


def _filled(held: Filled, cells: pa.StringArray, rows: Ints, target: Bools) -> Filled:
    """`held` with the look-up's cells at the rows of `target`, where they hold text."""
    at = np.flatnonzero(target)
    at = at[texts.present(cells)[rows[at]]]
    if not len(at):
        return held
    own = held.cells
    values = texts.put(own.values, at, texts.take(cells, rows[at]))
    # Notes on the overwritten cell no longer matter.
    kept = ~np.isin(own.positions, at)
    overwritten = Coerced(values, own.positions[kept], own.notes[kept])
    return Filled(
        held.before, notes.added(overwritten, at, note_id(rules=("lookup_filled",)), values)
    )
