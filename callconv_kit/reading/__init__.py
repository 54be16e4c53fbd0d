"""Files and frames as Arrow batches of text, each row with its source file and line.

from callconv_kit import reading
for table in reading.open_tables(["calls.csv"], is_known):
    for batch in table.batches(): ...
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from callconv_kit.model.errors import InputError
from callconv_kit.reading import archives, inputs
from callconv_kit.reading.batches import Account, Table
from callconv_kit.reading.delimited import DelimitedTable
from callconv_kit.reading.encoding import not_a_table
from callconv_kit.reading.inputs import Content
from callconv_kit.reading.sources import Source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Account", "Input", "Table", "open_tables", "the_only"]

Input: TypeAlias = "str | Path | pd.DataFrame"


def open_tables(
    items: Iterable[Input],
    is_known: Callable[[str], bool],
    *,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    header_line: int = 0,
    headerless: Mapping[int, tuple[str, ...]] | None = None,
    skip_lines: Sequence[str] = (),
    as_written: bool = False,
) -> Sequence[Table]:
    """Recognize each input as a table, an archive as several; their rows are not read yet.

    Args:
        items: paths, addresses, `-` for standard input, or DataFrames.
        is_known: whether a header's cell is the name of a column that the run can use.
        encoding: the job's; empty to detect.
        delimiter: the job's; empty to detect.
        sheet: the job's: which sheet of a workbook; empty for the only one with a table.
        header_line: the job's; 0 to detect.
        headerless: for text files that have no header: the names of the columns, by how many
            there are.
        skip_lines: the job's; regular expressions of whole records of text files that are not rows.
        as_written: a rejected.csv is a table like any other: its first four columns are not set
            aside.

    Raises:
        InputError: an input is missing, can't be read, or is not a table with a known header.
        UsageError: `wrong_type`: an input is neither a path nor a DataFrame.
    """

    def table(source: Source, content: Content) -> Table:
        match content:
            case Content.WORKBOOK:
                from callconv_kit.reading.sheets import SheetTable

                return SheetTable(
                    source,
                    is_known,
                    sheet=sheet,
                    header_line=header_line,
                    as_written=as_written,
                )
            case Content.JSON_LINES:
                from callconv_kit.reading.json_lines import JsonLinesTable

                return JsonLinesTable(source)
            case Content.PARQUET:
                from callconv_kit.reading.parquet import ParquetTable

                return ParquetTable(source)
            case Content.ARCHIVE:
                raise not_a_table(source.name, "an archive within an archive")
            case Content.TEXT:
                return DelimitedTable(
                    source,
                    is_known,
                    encoding=encoding,
                    delimiter=delimiter,
                    header_line=header_line,
                    headerless=headerless,
                    skip_lines=skip_lines,
                    as_written=as_written,
                )

    named = [inputs.one(item) for item in items]
    found = iter(inputs.find([item for item in named if isinstance(item, str | Path)]))
    frames = sum(not isinstance(item, str | Path) for item in named)
    tables: list[Table] = []
    for item in named:
        if not isinstance(item, str | Path):
            from callconv_kit.reading.frames import FRAME_NAME, FrameTable

            number = 1 + sum(isinstance(table, FrameTable) for table in tables)
            name = f"{FRAME_NAME}_{number}" if frames > 1 else FRAME_NAME
            tables.append(FrameTable(item, name, as_written=as_written))
            continue
        source = next(found)
        content = inputs.look(source)
        if content is Content.ARCHIVE:
            files = archives.members(source)
            tables += [table(file, inputs.look(file)) for file in files]
        else:
            tables.append(table(source, content))
    return tables


def the_only(tables: Sequence[Table]) -> Table:
    """The table of an input that must hold one.

    Raises:
        InputError: `several_tables`: the input is an archive of several files.
    """
    if len(tables) == 1:
        return tables[0]
    names = [table.name for table in tables]
    raise InputError(
        "several_tables",
        f"The archive holds {len(tables)} files, and only one can be read here",
        ", ".join(names[:5]) + (" …" if len(names) > 5 else ""),
        "one file",
        f"Name one of them: {names[0]}.",
    )
