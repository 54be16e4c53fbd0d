"""rejected.xlsx: rejected.csv as a workbook in which every cell is text.

A spreadsheet that opens a CSV makes numbers of phones and ids, and dates of fractions. Here each
cell is text by its type and by its format (`@`), so what is typed into it stays text as well.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.writing.aside import read_rows

MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
"""Rows of a sheet and characters of a cell: Excel's limits."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]|\r")
"""Characters that XML can't hold, or would read as another."""


def refuse_without_writer() -> None:
    """Raise UsageError where openpyxl, which writes workbooks, is not installed."""
    try:
        import openpyxl  # noqa: F401 # only whether it is there
    except ImportError as error:
        raise UsageError(
            "not_installed",
            "A workbook can't be written: openpyxl is not installed",
            "",
            "openpyxl",
            "pip install 'callconv-kit[xlsx]', or leave --rejected-as out.",
        ) from error


def write_copy(rejected_csv: Path, workbook: Path) -> None:
    """Write the rows of a rejected.csv as a workbook; short rows stay short.

    Raises:
        InputError: `output_failed`: more than a sheet can hold.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    rows = read_rows(rejected_csv)
    _refuse_too_much(rows, workbook)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("rejected")
    sheet.freeze_panes = "A2"
    for at in range(len(rows[0])):
        sheet.column_dimensions[get_column_letter(at + 1)].number_format = "@"
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, _CONTROL.sub(_escaped, text))
            cell.data_type = "s"  # else =1+2 would be a formula
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    book.save(workbook)


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def _refuse_too_much(rows: Sequence[Sequence[str]], workbook: Path) -> None:
    found = ""
    if len(rows) > MOST_ROWS:
        found = f"{len(rows) - 1:,} rejected rows"
    for row in rows:
        if any(len(cell) > LONGEST_CELL for cell in row):
            found = f"a cell of more than {LONGEST_CELL:,} characters, of {row[0]} line {row[1]}"
    if found:
        raise InputError(
            "output_failed",
            f"{workbook.name} can't hold what was rejected",
            found,
            f"at most {MOST_ROWS - 1:,} rows and {LONGEST_CELL:,} characters a cell",
            "Run it without --rejected-as xlsx: rejected.csv holds everything.",
        )
