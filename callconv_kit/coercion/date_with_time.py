"""A date and a time of two columns, in every form in which spreadsheets and frames hold them.

    2026-11-20 00:00:00 | 09:30:05              ──▶  2026-11-20 | 09:30:05
    11/20/2026          | 12/30/1899 9:30:05 AM ──▶  11/20/2026 | 9:30:05 AM
    46346               | 0.395891203703704     ──▶  2026-11-20 | 09:30:05

A date cell holds midnight, a time cell the day on which the program begins to count, a frame
perhaps the same day once more. What a cell holds beyond its half is taken off only where the other
half is there and nothing contradicts it. The two are then joined, and read as one moment.
"""

import re
from datetime import date
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from callconv_kit.coercion import moment_rule
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints

_CLOCK = (
    r"\d{1,2}:\d{1,2}(?::\d{1,2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?"  # 9:30, 09:30:05.25, 9:30 AM
    r"|\d{1,2} ?[ap]\.?m\.?"
)
_ZONE = r" ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)"
_TIME = re.compile(rf"(?P<clock>{_CLOCK})(?: ?[a-z+-][\w/+:-]*)?", re.ASCII | re.IGNORECASE)
_DATED = re.compile(
    rf"(?P<date>\S.*?)(?:T|, ?| )(?P<clock>{_CLOCK})(?P<zone>{_ZONE})?", re.ASCII | re.IGNORECASE
)
_MIDNIGHT = re.compile(
    r"(?:0?0(?!\d)|12(?=.*a)):0?0(?::0?0(?:[.,]0+)?)?(?: ?a\.?m\.?)?", re.IGNORECASE
)
_SERIAL = re.compile(r"(?P<day>\d{5})?(?:(?<=\d)|0)?(?:[.,](?P<decimals>\d{1,20}))?", re.ASCII)
_DAY_ZERO = re.compile(
    r"(?<!\d)(?:1899|1900|1904|1970|0001)(?!\d)|(?:12/3[01]|3[01]/12)/99|0?1/0?[01]/00"
)
"""The days on which programs begin to count; a call was made on none of them."""

SECONDS_OF_A_DAY = 86_400


class Halves(NamedTuple):
    """What a cell may be to the other half of a moment.

    date: the date without its midnight; None where the cell is not a date, or has a time.
    clock: the time of day; None where there is none.
    day: the date beside the clock; "" where there is none that counts.
    zone: the text after the midnight of a date.
    """

    date: str | None = None
    clock: str | None = None
    day: str = ""
    zone: str = ""


@lru_cache(maxsize=200_000)
def halves(text: str) -> Halves:
    """The halves of a cleaned cell.

    >>> halves("2026-11-20 00:00:00").date, halves("12/30/1899 9:30 AM").clock
    ('2026-11-20', '9:30 AM')
    """
    serial = _SERIAL.fullmatch(text)
    if serial and text:
        return _serial(serial["day"], serial["decimals"] or "")
    if _TIME.fullmatch(text):
        return Halves(clock=text)
    dated = _DATED.fullmatch(text)
    if dated is None:
        return Halves(date=text)
    day = "" if _DAY_ZERO.search(dated["date"]) else dated["date"]
    midnight = _MIDNIGHT.fullmatch(dated["clock"])
    zone = dated["zone"] or ""
    return Halves(
        dated["date"] if midnight and day else None,
        dated["clock"] + zone,
        day,
        zone if midnight else "",
    )


def _serial(day: str | None, decimals: str) -> Halves:
    """A day that a spreadsheet counts, a fraction of one, or both."""
    if decimals.strip("0") and moment_rule.too_few(decimals):
        return Halves()
    seconds = moment_rule.seconds_of(decimals)
    hours, rest = divmod(seconds % SECONDS_OF_A_DAY, 3600)
    clock = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    if day is None:
        return Halves(clock=clock)
    if int(day) not in moment_rule.SERIAL_DAYS:
        return Halves()
    ordinal = int(day) + moment_rule.SERIAL_DAY_ZERO + seconds // SECONDS_OF_A_DAY
    written = date.fromordinal(ordinal + moment_rule.EPOCH_ORDINAL).isoformat()
    if not decimals.strip("0"):
        return Halves(date=written)
    return Halves(clock=clock, day=written)


class _Part:
    """The halves of the cells of one column, each distinct text read once."""

    def __init__(self, cells: pa.StringArray, numbers: dict[str, int]) -> None:
        encoded = cells.dictionary_encode()
        # The last one answers for the nulls, which are numbered -1.
        found = [*map(halves, encoded.dictionary.to_pylist()), Halves()]
        at = texts.places(encoded)
        self._at: Ints = np.asarray(at, np.int64)

        def number(day: str | None) -> int:
            return numbers.setdefault(day, len(numbers)) if day else -1

        self.dates = self._spread([number(half.date) for half in found])
        self.days = self._spread([number(half.day) for half in found])
        self.has_clock = self._spread([half.clock is not None for half in found]).astype(np.bool_)
        self._date_texts = texts.from_list([half.date for half in found])
        self._clock_texts = texts.from_list([half.clock for half in found])
        self._zones = texts.from_list([half.zone for half in found])

    def _spread(self, values: list[int] | list[bool]) -> Ints:
        spread: Ints = np.asarray(values, np.int64)[self._at]
        return spread

    def date_texts(self, rows: Ints) -> pa.StringArray:
        return texts.take(self._date_texts, self._at[rows])

    def clock_texts(self, rows: Ints) -> pa.StringArray:
        return texts.take(self._clock_texts, self._at[rows])

    def zones(self, rows: Ints) -> pa.StringArray:
        return texts.take(self._zones, self._at[rows])


def together(parts: list[pa.StringArray]) -> list[pa.StringArray]:
    """The cells of several columns, each without what belongs to another half.

    Args:
        parts: cleaned cells of one length, null where empty.

    Returns:
        The same columns; a date that belongs to a time has no midnight, a time no day.
    """
    numbers: dict[str, int] = {}
    read = [_Part(cells, numbers) for cells in parts]
    result = list(parts)
    for at_date, at_time in permutations(range(len(parts)), 2):
        a_date, a_time = read[at_date], read[at_time]
        fits: Bools = (a_date.dates >= 0) & a_time.has_clock
        fits &= (a_time.days < 0) | (a_time.days == a_date.dates)
        rows = np.flatnonzero(fits)
        if len(rows):
            clocks = texts.joined(a_time.clock_texts(rows), a_date.zones(rows))
            result[at_date] = texts.put(result[at_date], rows, a_date.date_texts(rows))
            result[at_time] = texts.put(result[at_time], rows, clocks)
    return result
