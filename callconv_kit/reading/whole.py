"""A whole input as a DataFrame of text, as it stands."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit import spec
from callconv_kit.names import plain
from callconv_kit.reading import open_tables

if TYPE_CHECKING:
    import pandas as pd


def read(source: str | Path, **options: Any) -> "pd.DataFrame":
    """Read an export as text, nothing changed: blank lines, titles and repeated headers left out.

    Args:
        source: a path, or `-` for standard input.
        **options: `encoding`, `delimiter`, `header_line` where the sniffing is wrong; `columns`,
            names of the export's columns by which its header is known.

    Returns:
        One text column for each of the input's; the index holds the source line of each row. Rows
        of another length than the header are cut or filled up.

    Raises:
        InputError: it can't be read as a table.
    """
    import pandas as pd

    known = {plain(name) for name in (*spec.NAMES, *options.pop("columns", ()))}
    (table,) = open_tables([source], lambda cell: plain(cell) in known, **options)
    width = len(table.header)
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in range(width)]
    for batch in table.batches():
        lines += batch.lines.tolist()
        for column, cells in zip(columns, batch.cells, strict=True):
            column += cells.to_pylist()
        for row in batch.ragged:
            lines.append(row.line)
            padded = row.cells[:width] + [""] * (width - len(row.cells))
            for column, cell in zip(columns, padded, strict=True):
                column.append(cell)
    frame = pd.DataFrame(dict(enumerate(columns)), dtype=str)
    frame.columns = pd.Index(table.header)
    frame.index = pd.Index(lines, name="source_line")
    return frame.sort_index(kind="stable")
