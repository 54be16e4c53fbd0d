"""A rejected.csv that comes back: its rows keep their original file and line.

rejected.csv and left_out.csv are the original header and cells behind four columns of ours; the
cells of an over-long row go on under `extra_1`, `extra_2` … .
"""

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.names import plain
from callconv_kit.model.rows import ORIGIN_COLUMNS, Batch, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.reading.whole_rows import with_rows

FILE, LINE, CODES, REASONS = range(4)
FIRST_OWN = len(ORIGIN_COLUMNS)
EXTRA = re.compile(r"extra_[1-9][0-9]*")
CELL_COUNTS = re.compile(r"([0-9]+) cells, and the header has ([0-9]+)")
"""What a reason of `field_count` says."""


def is_reimport(header: Sequence[str]) -> bool:
    """Whether a header begins with the four columns of rejected.csv."""
    return [plain(name) for name in header[:FIRST_OWN]] == [plain(name) for name in ORIGIN_COLUMNS]


def begins(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a rejected.csv, however it was saved."""
    first = head.removeprefix(codecs.BOM_UTF8).split(b"\n")[0].decode("latin-1")
    return is_reimport([cell.strip('"') for cell in re.split("[,;\t]", first)])


def _width(header: Sequence[str]) -> int:
    """The columns of a rejected.csv that are not for the cells of over-long rows."""
    width = len(header)
    while width > FIRST_OWN and EXTRA.fullmatch(header[width - 1]):
        width -= 1
    return width


def own_columns(header: Sequence[str]) -> tuple[str, ...]:
    """The original header of the rows."""
    return tuple(header[FIRST_OWN : _width(header)] if is_reimport(header) else header)


def _maybe_short(header: Sequence[str], columns: Sequence[pa.StringArray]) -> dict[int, list[str]]:
    """Rows that had too few cells and may still have, where all rows are of one length.

    In a sheet or a frame, and in a CSV that a spreadsheet saved, a short row looks like one whose
    last cells are empty. One that was rejected for too few cells may be short until its last cell
    is filled, or `field_count` is taken from its codes. Where it has a cell for each of its own
    file's columns, `restore` sees that it was completed.

    Args:
        header: of the rejected.csv, all of it.
        columns: its columns.

    Returns:
        By position, their cells up to the last that is filled.
    """
    width = _width(header)
    suspect = texts.bools(pc.match_substring(columns[CODES], "field_count"))
    for column in columns[width - 1 :]:
        suspect &= ~texts.present(column)
    short = {}
    for row in np.flatnonzero(suspect).tolist():
        cells = [column[row].as_py() for column in columns[:width]]
        while cells and not cells[-1]:
            cells.pop()
        counts = _counts(columns[REASONS][row].as_py())
        if counts is None or counts[0] < counts[1]:
            short[row] = cells
    return short


def _counts(reasons: str) -> tuple[int, int] | None:
    """How many cells a row had, and how many its own header has, as its reasons say."""
    match = CELL_COUNTS.search(reasons)
    return (int(match[1]), int(match[2])) if match else None


def _is_complete(cells: Sequence[str], own: int, filled: Mapping[str, set[int]]) -> bool:
    """Whether a row of one of several files has a cell for each of its own file's columns.

    Args:
        cells: of the rejected.csv; the last columns of other files may be missing.
        own: how many columns its own file has.
        filled: by file, the columns that its rows fill: only these are its own for certain.
    """
    columns = range(FIRST_OWN, len(cells))
    return len(columns) >= own and filled.get(cells[FILE], set()).issuperset(columns)


def _filled_by_file(
    columns: Sequence[pa.StringArray], width: int, ragged: Iterable[Sequence[str]] = ()
) -> dict[str, set[int]]:
    """By source_file, the columns that its rows fill."""
    encoded = columns[FILE].dictionary_encode()
    at = texts.places(encoded)
    names = encoded.dictionary.to_pylist()
    filled: dict[str, set[int]] = {name: set() for name in names}
    for position in range(FIRST_OWN, width):
        for number in np.unique(at[texts.present(columns[position])]).tolist():
            filled[names[number]].add(position)
    for cells in ragged:
        held = {at for at, cell in enumerate(cells[:width]) if cell and at >= FIRST_OWN}
        filled.setdefault(cells[FILE], set()).update(held)
    return filled


def restore_padded(
    name: str,
    header: Sequence[str],
    numbers: Ints,
    columns: Sequence[pa.StringArray],
    ragged: Sequence[tuple[int, list[str]]],
) -> Batch:
    """`restore`, where rows were filled up to one length: in a sheet, or by a spreadsheet."""
    short = _maybe_short(header, columns)
    if short:
        kept = np.ones(len(numbers), np.bool_)
        kept[list(short)] = False
        ragged = [*ragged, *((int(numbers[row]), cells) for row, cells in short.items())]
        columns = [texts.take(column, np.flatnonzero(kept)) for column in columns]
        numbers = numbers[kept]
    return restore(name, header, numbers, columns, ragged)


def restore(
    name: str,
    header: Sequence[str],
    numbers: Ints,
    columns: Sequence[pa.StringArray],
    ragged: Sequence[tuple[int, list[str]]],
) -> Batch:
    """The rows of a rejected.csv as rows of the files that they came from.

    Args:
        name: the input, for rows whose source_file was emptied.
        header: of the rejected.csv, all of it.
        numbers: the physical line of each row in the rejected.csv.
        columns: its columns.
        ragged: rows of another length: line and cells.
    """
    width = _width(header)
    filled = _filled_by_file(columns, width, (cells for _, cells in ragged)) if ragged else {}
    completed, incomplete = [], []
    for line, cells in ragged:
        if _is_corrected(cells, width, filled):
            completed.append((line, (cells + [""] * len(columns))[: len(columns)]))
        else:
            incomplete.append((line, cells))
    if completed:
        numbers, columns = with_rows(numbers, columns, completed)
    files = columns[FILE]
    named = texts.where(texts.present(files), files, name)
    source_lines = numbers.copy()
    whole = texts.bools(pc.match_substring_regex(columns[LINE], r"^\s*[0-9]{1,15}\s*$"))
    digits = pc.utf8_trim_whitespace(columns[LINE].filter(texts.mask(whole)))
    source_lines[whole] = texts.numbers(pc.cast(digits, pa.int64()))

    over_long = np.zeros(len(numbers), np.bool_)
    for column in columns[width:]:
        over_long |= texts.present(column)
    rows = []
    for row in np.flatnonzero(over_long).tolist():
        cells = [column[row].as_py() for column in columns[FIRST_OWN:]]
        while not cells[-1]:
            cells.pop()
        line, file, source_line = int(numbers[row]), named[row].as_py(), int(source_lines[row])
        counts = _counts(columns[REASONS][row].as_py())
        rows.append(Ragged(line, cells, file, source_line, counts))
    for line, cells in incomplete:
        written = cells[LINE].strip() if len(cells) > LINE else ""
        source_line = int(written) if written.isdecimal() else line
        counts = _counts(cells[REASONS]) if len(cells) > REASONS else None
        rows.append(Ragged(line, cells[FIRST_OWN:], cells[FILE] or name, source_line, counts))
    batch = Batch(
        numbers,
        tuple(columns[FIRST_OWN:width]),
        tuple(sorted(rows)),
        named,
        source_lines,
    )
    return batch.keep(~over_long)


def _is_corrected(cells: Sequence[str], width: int, filled: Mapping[str, set[int]]) -> bool:
    """Whether a row of another length than the rejected.csv has the cells of its own header."""
    if len(cells) >= width:
        return not any(cells[width:])
    if len(cells) <= REASONS or "field_count" not in cells[CODES]:
        return False
    counts = _counts(cells[REASONS])
    return counts is not None and counts[0] < counts[1] and _is_complete(cells, counts[1], filled)
