"""A rejected.csv that comes back: its rows keep the file and line that they had at first.

rejected.csv and left_out.csv are the original header and cells behind four columns of ours; the
cells of an over-long row go on under `extra_1`, `extra_2` … .
"""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import texts
from callconv_kit.names import plain
from callconv_kit.rows import Batch, Ragged
from callconv_kit.texts import Ints

ORIGIN_COLUMNS = ("source_file", "source_line", "codes", "reasons")
EXTRA = re.compile(r"extra_[1-9][0-9]*")


def is_fed_back(header: Sequence[str]) -> bool:
    """Whether a header begins with the four columns of rejected.csv."""
    return [plain(name) for name in header[:4]] == [plain(name) for name in ORIGIN_COLUMNS]


def own_columns(header: Sequence[str]) -> tuple[str, ...]:
    """The header that the rows had at first."""
    if not is_fed_back(header):
        return tuple(header)
    return tuple(name for name in header[4:] if not EXTRA.fullmatch(name))


def restore(
    name: str,
    header: Sequence[str],
    numbers: Ints,
    columns: list[pa.StringArray],
    ragged: list[tuple[int, list[str]]],
) -> Batch:
    """The rows of a rejected.csv as rows of the files that they came from.

    Args:
        name: the input, for rows whose source_file was emptied.
        header: of the rejected.csv, all of it.
        numbers: the physical line of each row in the rejected.csv.
        columns: its columns.
        ragged: rows of another length: line and cells.
    """
    files, lines = columns[0], columns[1]
    named = pc.if_else(texts.mask(texts.present(files)), files, name)
    source_lines = numbers.copy()
    whole = texts.bools(pc.match_substring_regex(lines, r"^\s*[0-9]{1,15}\s*$"))
    digits = pc.utf8_trim_whitespace(lines.filter(texts.mask(whole)))
    source_lines[whole] = pc.cast(digits, pa.int64()).to_numpy()
    own = [at for at, column in enumerate(header) if at >= 4 and not EXTRA.fullmatch(column)]
    extra = [at for at, column in enumerate(header) if at >= 4 and EXTRA.fullmatch(column)]

    over_long = np.zeros(len(numbers), np.bool_)
    for at in extra:
        over_long |= texts.present(columns[at])
    rows = [
        Ragged(
            int(numbers[row]),
            [columns[at][row].as_py() for at in own + extra],
            named[row].as_py(),
            int(source_lines[row]),
        )
        for row in np.flatnonzero(over_long).tolist()
    ]
    for line, cells in ragged:
        told = cells[1].strip() if len(cells) > 1 else ""
        source_line = int(told) if told.isdecimal() else line
        rows.append(Ragged(line, cells[4:], cells[0] or name, source_line))
    batch = Batch(
        numbers,
        tuple(columns[at] for at in own),
        tuple(sorted(rows)),
        named,
        source_lines,
    )
    return batch.keep(~over_long)
