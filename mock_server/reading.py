"""An upload as lines: bytes to cells, each with the physical line on which it starts.

Bounded in memory whatever is sent: a line, and a cell, has a longest length. A line that can't
be read is a line with a problem, not the end of the file.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE = 1 << 20
"""Bytes; longer is not a row of 51 cells."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record: the line (1-based, the header is 1) it starts on, its cells, what is wrong."""

    number: int
    cells: list[str]
    problem: str = ""


class _Text:
    """The file's physical lines as text, counted; csv pulls as many as a record needs."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.number = 0
        self.too_long = False

    def __iter__(self) -> Iterator[str]:
        while raw := self._source.readline(LONGEST_LINE):
            self.number += 1
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                self.too_long = True
                while (more := self._source.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
                    pass
                raw = b"\n"
            # Broken bytes become lone surrogates, found again below; the line keeps its place.
            yield raw.decode("utf-8", "surrogateescape")


def read_lines(source: BinaryIO) -> Iterator[Line]:
    """Every record of the file, the header first; blank lines are not records."""
    text = _Text(source)
    records = csv.reader(iter(text), strict=True)
    while True:
        start = text.number + 1
        text.too_long = False
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(start, [], str(error))
            continue
        if text.too_long:
            yield Line(start, cells, f"a line of more than {LONGEST_LINE} bytes")
        elif any(not cell.isascii() and not _is_utf8(cell) for cell in cells):
            yield Line(start, [_shown(cell) for cell in cells], "bytes that are not UTF-8")
        elif cells:
            yield Line(start, cells)


def _is_utf8(cell: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in cell)


def _shown(cell: str) -> str:
    """The cell with each broken byte as a replacement character, so that it can be stored."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
