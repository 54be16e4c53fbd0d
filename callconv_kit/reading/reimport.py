"""A rejected.csv that comes back: its rows keep the file and line that they had at first.

rejected.csv and left_out.csv are the original header and cells behind four columns of ours; the
cells of an over-long row go on under `extra_1`, `extra_2` … .
"""

import codecs
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.names import plain
from callconv_kit.model.rows import Batch, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.reading.whole_rows import with_rows

ORIGIN_COLUMNS = ("source_file", "source_line", "codes", "reasons")
FILE, LINE, CODES, REASONS = range(4)
FIRST_OWN = len(ORIGIN_COLUMNS)
EXTRA = re.compile(r"extra_[1-9][0-9]*")
CELLS_TOLD = re.compile(r"([0-9]+) cells, and the header has ([0-9]+)")
"""What a reason of `field_count` says."""


def is_fed_back(header: Sequence[str]) -> bool:
    """Whether a header begins with the four columns of rejected.csv."""
    return [plain(name) for name in header[:FIRST_OWN]] == [plain(name) for name in ORIGIN_COLUMNS]


def begins(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a rejected.csv, however it was saved."""
    first = head.removeprefix(codecs.BOM_UTF8).split(b"\n")[0].decode("latin-1")
    return is_fed_back([cell.strip('"') for cell in re.split("[,;\t]", first)])


def _width(header: Sequence[str]) -> int:
    """The columns of a rejected.csv that are not for the cells of over-long rows."""
    width = len(header)
    while width > FIRST_OWN and EXTRA.fullmatch(header[width - 1]):
        width -= 1
    return width


def own_columns(header: Sequence[str]) -> tuple[str, ...]:
    """The header that the rows had at first."""
    return tuple(header[FIRST_OWN : _width(header)] if is_fed_back(header) else header)


def still_short(header: Sequence[str], columns: Sequence[pa.StringArray]) -> dict[int, list[str]]:
    """Rows that had too few cells and were not completed, where all rows are of one length.

    In a sheet or a frame a short row looks like one whose last cells are empty. One that was
    rejected for too few cells counts as short until its last cell is filled, or `field_count` is
    taken from its codes.

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
        told = CELLS_TOLD.search(columns[REASONS][row].as_py())
        if told is None or int(told[1]) < int(told[2]):
            cells = [column[row].as_py() for column in columns[:width]]
            while cells and not cells[-1]:
                cells.pop()
            short[row] = cells
    return short


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
    completed = [row for row in ragged if width <= len(row[1]) and not any(row[1][width:])]
    if completed:
        ragged = [row for row in ragged if row not in completed]
        fitting = [
            (line, (cells + [""] * len(columns))[: len(columns)]) for line, cells in completed
        ]
        numbers, columns = with_rows(numbers, columns, fitting)
    files = columns[FILE]
    named = pc.if_else(texts.mask(texts.present(files)), files, name)
    source_lines = numbers.copy()
    whole = texts.bools(pc.match_substring_regex(columns[LINE], r"^\s*[0-9]{1,15}\s*$"))
    digits = pc.utf8_trim_whitespace(columns[LINE].filter(texts.mask(whole)))
    source_lines[whole] = pc.cast(digits, pa.int64()).to_numpy()

    over_long = np.zeros(len(numbers), np.bool_)
    for column in columns[width:]:
        over_long |= texts.present(column)
    rows = []
    for row in np.flatnonzero(over_long).tolist():
        cells = [column[row].as_py() for column in columns[FIRST_OWN:]]
        while not cells[-1]:
            cells.pop()
        line, file, source_line = int(numbers[row]), named[row].as_py(), int(source_lines[row])
        rows.append(Ragged(line, cells, file, source_line))
    for line, cells in ragged:
        told = cells[LINE].strip() if len(cells) > LINE else ""
        source_line = int(told) if told.isdecimal() else line
        rows.append(Ragged(line, cells[FIRST_OWN:], cells[FILE] or name, source_line))
    batch = Batch(
        numbers,
        tuple(columns[FIRST_OWN:width]),
        tuple(sorted(rows)),
        named,
        source_lines,
    )
    return batch.keep(~over_long)
