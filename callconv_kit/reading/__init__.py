"""Files and frames as Arrow batches of text, each row with its source file and line.

from callconv_kit import reading
for table in reading.open_tables(["calls.csv"], is_known):
    for batch in table.batches(): ...
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from callconv_kit.reading import sources
from callconv_kit.reading.batches import Account, Table
from callconv_kit.reading.delimited import DelimitedTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Account", "Input", "Table", "open_tables"]

Input: TypeAlias = "str | Path | pd.DataFrame"


def open_tables(
    inputs: Iterable[Input],
    is_known: Callable[[str], bool],
    *,
    encoding: str = "",
    delimiter: str = "",
    header_line: int = 0,
) -> Sequence[Table]:
    """Recognise each input as a table; its rows are not read yet.

    Args:
        inputs: paths, `-` for standard input, or DataFrames.
        is_known: whether a header's cell is the name of a column that the run can use.
        encoding: the job's; empty to detect.
        delimiter: the job's; empty to detect.
        header_line: the job's; 0 to detect.

    Raises:
        InputError: an input is missing, can't be read, or is not a table with a known header.
    """
    tables: list[Table] = []
    named = list(inputs)
    paths = [item for item in named if isinstance(item, str | Path)]
    found = iter(sources.find(paths))
    for item in named:
        if isinstance(item, str | Path):
            tables.append(
                DelimitedTable(
                    next(found),
                    is_known,
                    encoding=encoding,
                    delimiter=delimiter,
                    header_line=header_line,
                )
            )
        else:
            from callconv_kit.reading.frames import FrameTable  # pandas only for who has a frame

            tables.append(FrameTable(item))
    return tables
