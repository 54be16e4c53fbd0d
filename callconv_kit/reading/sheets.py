"""A sheet of an Excel workbook as batches of text columns.

openpyxl streams the sheet, so memory stays small; cells come as they are stored, not as they are
shown. It is slower than CSV by far: some 5,000 rows a second.
"""

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import MAXYEAR, date, datetime, time, timedelta
from itertools import islice
from typing import IO, Any, TypeAlias

import numpy as np

from callconv_kit.model.errors import InputError, not_installed
from callconv_kit.model.names import nearest
from callconv_kit.model.texts import Ints
from callconv_kit.reading import dialect, reimport
from callconv_kit.reading.batches import Account, Skipped
from callconv_kit.reading.scanning import Record
from callconv_kit.reading.sources import Source
from callconv_kit.reading.values import ROWS, Piece, RecordTable, as_text, number_as_text
from callconv_kit.reading.whole_rows import columns_of, is_blank

_ESCAPED = re.compile("_x00([01][0-9A-Fa-f])_")
"""How a workbook writes a control character."""

LAST_ROW = 1 << 20
"""Excel's limit. A larger row number would be filled up with blank rows, one by one."""

SOME_DAY = date(2000, 1, 1)

LARGEST_SHARED = 1 << 29
"""Bytes of the texts that a workbook's cells share: openpyxl keeps all of them in memory."""

LOOK_BYTES = 1 << 20
"""Bytes of a sheet that are searched at once."""

_SHOWS_TIME = re.compile(r"[hs]|AM/PM", re.IGNORECASE)
_QUOTED_OR_BRACKETED = re.compile(r'"[^"]*"|\\.|\[\$[^\]]*\]')

Row: TypeAlias = tuple[int, list[str]]
"""A row of a sheet: its number, counted from 1, and its cells up to the last that is filled."""


class SheetTable(RecordTable):
    """A sheet; a row's line is the sheet's row. See `batches.Table`."""

    def __init__(
        self,
        source: Source,
        is_known: Callable[[str], bool],
        *,
        sheet: str = "",
        header_line: int = 0,
        as_written: bool = False,
    ) -> None:
        """Find the sheet and its header.

        Raises:
            InputError: `unreadable`, `empty_file`, `no_header`; several sheets hold a table, or
                none has the job's name.
        """
        self._source = source
        self._formulas = _holds_formulas(source)
        with _workbook(source) as book:
            self._sheet, head, at = _choose(book, source.name, sheet, is_known, header_line)
        self._header_line, cells = head[at].line + 1, head[at].cells
        self._skipped = [
            Skipped(record.line + 1, "preamble") for record in head[:at] if _filled(record.cells)
        ]
        self._blank_lines = sum(not _filled(record.cells) for record in head[:at])
        super().__init__(source.name, cells, as_written=as_written)

    def _new_account(self) -> Account:
        return Account(
            self.name,
            header_line=self._header_line,
            blank_lines=self._blank_lines,
            skipped=list(self._skipped),
        )

    def _pieces(self, wanted: Ints | None) -> Iterator[Piece]:
        if wanted is None:
            # Hashed before the first reading and behind the second one: a change between the two
            # is seen, wherever it falls.
            self._source.read_through()
        width = len(self._header)
        formulas = _workbook(self._source, values=False) if self._formulas else nullcontext()
        with _workbook(self._source) as book, formulas as written:
            rows = _rows(book[self._sheet], written[self._sheet] if written else None)
            for _ in islice(rows, self._header_line):
                pass
            while piece := list(islice(rows, ROWS)):
                if (
                    wanted is not None
                    and not np.isin([number for number, _ in piece], wanted).any()
                ):
                    continue
                fitting = [row for row in piece if len(row[1]) <= width]
                padded = [cells + [""] * (width - len(cells)) for _, cells in fitting]
                numbers = np.asarray([number for number, _ in fitting], np.int64)
                ragged = [row for row in piece if len(row[1]) > width]
                yield Piece(numbers, columns_of(padded, width), ragged)
        if wanted is not None:
            self._source.read_through()
        self.account.sha256 = self._source.sha256


def _filled(cells: Sequence[str]) -> bool:
    return not is_blank(cells)


@contextmanager
def _workbook(source: Source, *, values: bool = True) -> Iterator[Any]:
    """The workbook, with the stored values of its formulas or with the formulas themselves."""
    try:
        import openpyxl
    except ImportError as error:
        raise not_installed(
            "not_installed", f"Reading {source.name}", error, "xlsx", "save the sheet as CSV"
        ) from error
    with source.seekable() as file:
        try:
            _check_shared_texts(file, source.name)
            with _quietly():
                book = openpyxl.load_workbook(file, read_only=True, data_only=values)
        except (OSError, InputError):
            raise
        except Exception as error:  # openpyxl stumbles over damage in many ways
            raise _damaged(source.name, error) from error
        try:
            yield book
        finally:
            book.close()


def _check_shared_texts(file: IO[bytes], name: str) -> None:
    """Refuse a workbook whose shared texts would fill the memory, before any of it is unpacked."""
    with zipfile.ZipFile(file) as archive:
        sizes = [
            m.file_size for m in archive.infolist() if m.filename.endswith("sharedStrings.xml")
        ]
    if sum(sizes) > LARGEST_SHARED:
        raise InputError(
            "unreadable",
            f"{name} holds too much text for a workbook",
            f"{sum(sizes) >> 20:,} MB",
            f"at most {LARGEST_SHARED >> 20:,} MB",
            "Export it as CSV, which may be of any size.",
        )
    file.seek(0)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings of openpyxl: of styles and validations, nothing that is read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _damaged(name: str, error: Exception) -> InputError:
    return InputError(
        "unreadable",
        f"{name} is a damaged workbook",
        type(error).__name__,
        "a workbook that Excel opens",
        "Open it and save it again, or export it as CSV.",
    )


def _choose(
    book: Any, name: str, wanted: str, is_known: Callable[[str], bool], header_line: int
) -> tuple[str, list[Record], int]:
    """The sheet, its first rows, and the header's place among them."""
    titles = [sheet.title for sheet in book.worksheets]
    for title in titles:
        first = [Record(number - 1, cells) for number, cells in islice(_rows(book[title]), 1)]
        if first and reimport.is_reimport(first[0].cells):
            return title, first, 0  # a rejected.xlsx: the settings are those of the export
    if wanted and wanted not in titles:
        like = nearest(wanted, titles)
        raise InputError(
            "sheet_unknown",
            f"{name} has no sheet {wanted!r}",
            ", ".join(titles),
            f"perhaps {like!r}" if like else "one of these",
            f'Set sheet = "{like or titles[0]}" in the job.',
        )
    found: list[tuple[str, list[Record], int]] = []
    holding: list[str] = []
    for title in [wanted] if wanted else titles:
        rows = islice(_rows(book[title]), max(dialect.HEADER_WITHIN, header_line))
        head = [Record(number - 1, cells) for number, cells in rows]
        if any(_filled(record.cells) for record in head):
            holding.append(title)
            at, hits = dialect.find_header(head, is_known, header_line)
            if at is not None and (hits or header_line):
                found.append((title, head, at))
    if len(found) == 1:
        return found[0]
    if found:
        raise _several(name, [title for title, _, _ in found])
    if not holding:
        raise InputError(
            "empty_file", f"{name} has no content", "", "a sheet with a table", "Export it again."
        )
    raise InputError(
        "no_header",
        f"No row of {name} has column names that impact.com, the job or its preset uses",
        f"sheets: {', '.join(holding)}",
        "a header such as CampaignId, MediaId, EventDate, …",
        "Run `callconv init` on this file: it proposes which column is which. Or name them under "
        '[columns] in the job, or with --column CallerId="Your Column".',
    )


def _several(name: str, titles: Sequence[str]) -> InputError:
    return InputError(
        "ambiguous_sheet",
        f"{len(titles)} sheets of {name} hold a table",
        ", ".join(titles),
        "one sheet",
        f'Choose one in the job: sheet = "{titles[0]}".',
    )


NOT_CALCULATED = "#NOT_CALCULATED"
"""Stands for a formula of which the workbook stores no value; `coercion` knows it as an error."""


def _holds_formulas(source: Source) -> bool:
    """Whether a sheet of the workbook holds a formula: a look at its bytes is cheap."""
    try:
        with source.seekable() as file, zipfile.ZipFile(file) as archive:
            sheets = [name for name in archive.namelist() if "worksheets/" in name]
            return any(_holds(archive, name, (b"<f>", b"<f ")) for name in sheets)
    except Exception:  # noqa: BLE001 # zipfile stumbles over damage in many ways
        return False  # what is wrong with the archive is said when its cells are read


def _holds(archive: zipfile.ZipFile, name: str, marks: Sequence[bytes]) -> bool:
    with archive.open(name) as member:
        tail = b""
        while block := member.read(LOOK_BYTES):
            tail += block
            if any(mark in tail for mark in marks):
                return True
            tail = tail[-2:]
    return False


def _rows(sheet: Any, formulas: Any = None) -> Iterator[Row]:
    """Every row of a sheet, blank ones too.

    Args:
        sheet: with the values that the workbook stores for its formulas.
        formulas: the same sheet with the formulas themselves, if there are any.
    """
    rows = _cells(sheet)
    if formulas is None:
        for number, row in rows:
            yield number, _filled_up([_text(cell) for cell in row])
        return
    for (number, row), (_, written) in zip(rows, _cells(formulas), strict=True):
        cells = [_text(cell) for cell in row]
        for at, (cell, formula) in enumerate(zip(row, written, strict=True)):
            # One that is empty by its own result is stored as a text, "str".
            if cell.value is None and cell.data_type == "n" and formula.data_type == "f":
                cells[at] = NOT_CALCULATED
        yield number, _filled_up(cells)


def _filled_up(cells: list[str]) -> list[str]:
    """The cells up to the last that is filled."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _cells(sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    """Every row of a sheet as openpyxl's cells."""
    # Some programs write a wrong size of the sheet into it, and rows would be lost.
    sheet.reset_dimensions()
    rows = iter(sheet.iter_rows())
    number = 0
    while True:
        try:
            with _quietly():
                piece = list(islice(rows, 256))
        except Exception as error:  # as in _workbook
            raise _damaged(sheet.title, error) from error
        if not piece:
            return
        for row in piece:
            number += 1
            if number > LAST_ROW:
                raise _beyond(sheet.title)
            yield number, row


def _beyond(title: str) -> InputError:
    return InputError(
        "unreadable",
        f"Sheet {title} has a row number that a workbook can't have",
        f"above {LAST_ROW:,}",
        f"at most {LAST_ROW:,} rows",
        "Open the workbook and save it again, or export it as CSV.",
    )


def _text(cell: Any) -> str:
    """A cell as a person would have typed it."""
    value = cell.value
    match value:
        case None:
            return ""
        case str():
            return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), value)
        case int() if not isinstance(value, bool):
            return number_as_text(str(value))
        case datetime():
            return _moment(value, cell.number_format)
        case time():
            return _time(value)
        case timedelta():
            return as_text(timedelta(seconds=round(value.total_seconds(), 3)))
    return as_text(value)


def _moment(value: datetime, number_format: str) -> str:
    """A date with its time; without, where the sheet shows none.

    A sheet stores days as floats, which miss a second by less than a millisecond.
    """
    value = _to_second(value)
    shows_time = _SHOWS_TIME.search(_QUOTED_OR_BRACKETED.sub("", number_format))
    if not shows_time and value.time() == time():
        return value.date().isoformat()
    return value.isoformat(sep=" ")


def _to_second(value: datetime) -> datetime:
    if value.year == MAXYEAR:  # there is no next day to round up to
        return value
    nearest_second = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    return nearest_second if abs(nearest_second - value) <= timedelta(milliseconds=1) else value


def _time(value: time) -> str:
    return _to_second(datetime.combine(SOME_DAY, value)).time().isoformat()
