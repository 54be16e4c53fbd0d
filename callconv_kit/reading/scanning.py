"""Cutting a stretch of CSV text into records, exactly and with their lines.

Two ways to the same records. Where every quote is regular (it opens at the start of a cell and
closes at its end), records end at the newlines with an even number of quotes before them, which
numpy finds fast. Any other text goes through `scan`, which reads it character class by character
class and so may be slow, but knows what a stray quote means.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from callconv_kit.model.texts import Ints

QUOTE, NEWLINE, RETURN, SPACE = 0x22, 0x0A, 0x0D, 0x20

MOST_SPACES = 64
"""Behind a closing quote; a block with more goes through `scan`."""

LONGEST_CELL = 1 << 20
"""Bytes. A quoted cell that is longer was never closed."""


class UnclosedQuote(Exception):
    """A quote opened on this line (counted from 0) and was not closed."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Record(NamedTuple):
    """One record: its cells, and the line on which it starts, counted from 0.

    start: where it starts in the text that was scanned.
    """

    line: int
    cells: list[str]
    start: int = 0


class Scan(NamedTuple):
    """What a scan found.

    end: where the last whole record ends in the text.
    lines: how many physical lines the records take up.
    """

    records: list[Record]
    end: int
    lines: int


class Layout(NamedTuple):
    """Where the records of a regular block lie.

    starts, ends: byte ranges, without the newline; blank lines are records with nothing in them.
    lines: the line on which each starts, counted from 0.
    """

    starts: Ints
    ends: Ints
    lines: Ints


def count_newlines(block: "bytes | memoryview") -> int:
    """The number of line feeds in `block`; numpy counts twice as fast as bytes do."""
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == NEWLINE))


def last_record_end(block: bytes, delimiter: str) -> int | None:
    """Where the last whole record of a regular block ends (0: nowhere); None if irregular.

    The block must start where a record starts.
    """
    if b'"' not in block:
        return block.rfind(b"\n") + 1
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == QUOTE)
    if not _regular(data, quotes, delimiter):
        return None
    if len(quotes) % 2 == 0:
        newline = block.rfind(b"\n")
        inside = np.searchsorted(quotes, newline) % 2
        return newline + 1 if not inside else _last_even(data, quotes)
    return _last_even(data, quotes)


def _last_even(data: np.ndarray, quotes: Ints) -> int:
    newlines = np.flatnonzero(data == NEWLINE)
    outside = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def _regular(data: np.ndarray, quotes: Ints, delimiter: str) -> bool:
    """Whether each quote opens at the start of a cell, closes at its end, or is doubled."""
    edges = np.zeros(256, np.bool_)
    edges[[ord(delimiter), NEWLINE]] = True
    openers, closers = quotes[0::2], quotes[1::2]
    doubled = np.zeros(len(openers), np.bool_)
    doubled[1:] = openers[1:] == closers[: len(openers) - 1] + 1
    before = data[np.maximum(openers - 1, 0)]
    if not (edges[before] | doubled | (openers == 0)).all():
        return False
    edges[RETURN] = True
    after = data[np.minimum(closers + 1, len(data) - 1)]
    reopened = np.zeros(len(closers), np.bool_)
    count = min(len(closers), len(openers) - 1)
    reopened[:count] = openers[1 : count + 1] == closers[:count] + 1
    return bool((edges[after] | reopened | (closers == len(data) - 1)).all())


def tidied(block: bytes, delimiter: str) -> bytes:
    """`block` without spaces behind closing quotes, and with line feeds for lone returns there.

    The quotes are taken in pairs; where that is wrong, the result is as irregular as the block.
    """
    data = np.frombuffer(block, np.uint8)
    closers = np.flatnonzero(data == QUOTE)[1::2]
    ends = closers + 1
    for _ in range(MOST_SPACES if delimiter != " " else 0):
        more = (ends < len(data)) & (np.take(data, ends, mode="clip") == SPACE)
        if not more.any():
            break
        ends += more
    followed = ends < len(data)
    closers, ends = closers[followed], ends[followed]
    spaced = (ends > closers + 1) & np.isin(data[ends], [ord(delimiter), NEWLINE, RETURN])
    returns = ends[(data[ends] == RETURN) & (ends + 1 < len(data))]
    lone = returns[data[np.minimum(returns + 1, len(data) - 1)] != NEWLINE]
    if not len(lone) and not spaced.any():
        return block
    changed = data.copy()
    changed[lone] = NEWLINE
    inside = np.zeros(len(data) + 1, np.int8)
    inside[closers[spaced] + 1] += 1
    inside[ends[spaced]] -= 1
    kept = changed[np.cumsum(inside[:-1], dtype=np.int8) == 0]
    return bytes(kept)


def layout(block: bytes) -> Layout:
    """The records of a regular block that ends where a record ends."""
    data = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(data == NEWLINE)
    ends = newlines
    if b'"' in block:
        quotes = np.flatnonzero(data == QUOTE)
        ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    if len(block) and (not len(ends) or ends[-1] != len(block) - 1):
        ends = np.append(ends, len(block))
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    lines = np.searchsorted(newlines, starts)
    trimmed = ends - ((ends > starts) & (data[np.maximum(ends - 1, 0)] == RETURN))
    return Layout(starts, trimmed, lines)


def scan(text: str, delimiter: str, *, final: bool) -> Scan:
    r"""The whole records of any text.

    A quote inside an unquoted cell is a character like any other. A quoted cell closes at a quote
    that comes before a delimiter, a line's end or the end, with or without spaces between; another
    single quote on the line on which the cell opened is a character too, but after a line break
    it proves that the cell was never closed. A line ends in `\n` or `\r\n`; behind a closing quote
    a lone `\r` ends one as well.

    Args:
        text: starts where a record starts.
        delimiter: one character.
        final: whether the text ends here; else an unfinished last record is left for later.

    Raises:
        UnclosedQuote: with the line on which the quote opens.
    """
    records: list[Record] = []
    at = line = 0
    while at < len(text):
        scanned = _scan_record(text, at, line, delimiter, final)
        if scanned is None:
            break
        cells, end, breaks = scanned
        records.append(Record(line, cells, at))
        at, line = end, line + breaks
    return Scan(records, at, line)


def offset_of_line(text: str, delimiter: str, line: int) -> int:
    """Where the record on a line (counted from 0) starts; the text's end if there is none.

    Raises:
        UnclosedQuote: in a record before it.
    """
    at = now = 0
    while now < line:
        scanned = _scan_record(text, at, now, delimiter, False)
        if scanned is None:
            return len(text)
        _, at, breaks = scanned
        now += breaks
    return at


def _scan_record(
    text: str, at: int, line: int, delimiter: str, final: bool
) -> tuple[list[str], int, int] | None:
    """One record from `at`: cells, where the next record starts, line breaks passed."""
    cells: list[str] = []
    breaks = 0
    while True:
        quote = _after_spaces(text, at, delimiter)
        if text[quote : quote + 1] == '"':
            closing = _closing_quote(text, quote, line + breaks, delimiter, final)
            if closing is None:
                return None
            cell = text[quote + 1 : closing]
            breaks += cell.count("\n")
            cells.append(cell.replace('""', '"'))
            at = _after_spaces(text, closing + 1, delimiter)
        else:
            end = _cell_end(text, at, delimiter)
            if end == len(text) and not final:
                return None
            cells.append(text[at:end].removesuffix("\r") if _ends_line(text, end) else text[at:end])
            at = end
        if text[at : at + 1] == delimiter:
            at += 1
            continue
        if text[at : at + 2] == "\r\n":
            at += 1
        if at >= len(text):
            return (cells, len(text), breaks + 1) if final else None
        return cells, at + 1, breaks + 1


def _after_spaces(text: str, at: int, delimiter: str) -> int:
    while text[at : at + 1] == " " != delimiter:
        at += 1
    return at


def _ends_line(text: str, at: int) -> bool:
    return at >= len(text) or text[at] == "\n"


def _cell_end(text: str, at: int, delimiter: str) -> int:
    newline = text.find("\n", at)
    newline = len(text) if newline < 0 else newline
    found = text.find(delimiter, at, newline)
    return newline if found < 0 else found


def _closing_quote(text: str, opening: int, line: int, delimiter: str, final: bool) -> int | None:
    """Where the quoted cell that opens at `opening` closes; None if that is not here yet."""
    at = searched = opening + 1
    while True:
        at = text.find('"', at)
        if at < 0:
            if final or len(text) - opening > LONGEST_CELL:
                raise UnclosedQuote(line)
            return None
        if text[at + 1 : at + 2] == '"':
            at += 2
            continue
        following = _after_spaces(text, at + 1, delimiter)
        after = text[following : following + 1]
        if not final and (after == "" or (after == "\r" and following + 1 == len(text))):
            return None  # what comes next decides
        if after in {delimiter, "\n", "\r", ""}:
            return at
        # Each stretch is searched once: a cell may hold very many quotes.
        if text.find("\n", searched, at) >= 0:
            raise UnclosedQuote(line)
        at += 1
        searched = at


def split(record: str, delimiter: str) -> list[str]:
    """The cells of one record."""
    records = scan(record, delimiter, final=True).records
    return [cell for record in records for cell in record.cells]


def lines_of(text: str, delimiter: str) -> Iterator[Record]:
    """The records of a sample of a file, an unfinished or broken last one left out."""
    at = line = 0
    while at < len(text):
        try:
            scanned = _scan_record(text, at, line, delimiter, False)
        except UnclosedQuote:
            return
        if scanned is None:
            return
        cells, end, breaks = scanned
        yield Record(line, cells, at)
        at, line = end, line + breaks
