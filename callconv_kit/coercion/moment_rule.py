"""EventDate, one text at a time: the rule that `moment_vector` must agree with.

    text ──moment_text──▶ what is written ──order, zone──▶ an instant ──age──▶ value, or a code

Numbers alone are epochs and spreadsheets' serial days. Nothing is chosen between two readings: the
settings decide, and where they are silent the code names the setting (`needs_date_order`,
`needs_timezone`) and the file stops. These two are said only of a cell that could become right.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import moment_text, zones
from callconv_kit.coercion.cells import Reading
from callconv_kit.coercion.zones import DAY, HOUR, Zone
from callconv_kit.model import spec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()

EPOCH_DIGITS = {10: 1, 13: 1_000, 16: 1_000_000}
"""Units in a second, by the number of digits; in this century the lengths do not overlap."""

EARLIEST_EPOCH = 1_104_537_600
"""2005-01-01. Call tracking is younger; a smaller number is something other than a time."""

SERIAL_DAY_ZERO = date(1899, 12, 30).toordinal() - EPOCH_ORDINAL
"""Day 0 of the 1900 system, for every day after its 29 February 1900, which never was."""

SERIAL_DAYS = range(36526, 73051)
"""2000-01-01 to 2100-01-01."""

SERIAL_DECIMALS = 5
"""Decimals that a serial day needs for the exact second; four give it within nine seconds."""

EIGHTHS = frozenset({"125", "25", "375", "5", "625", "75", "875"})
"""Decimals of the times that are exact with fewer: every three hours."""

NUMBER = re.compile(r"(?P<whole>\d{5}|\d{10}|\d{13}|\d{16})(?:[.,](?P<decimals>\d{1,20}))?", re.A)
SCIENTIFIC = re.compile(r"\d(?:[.,]\d*)?E\+?\d{1,2}", re.A | re.I)
MICROSECONDS_IN_FULL = re.compile(r"(\d)\.(\d{15})E\+15", re.A)
"""An epoch of 16 digits as the readers write a long number of a typed input."""


@dataclass(frozen=True, slots=True)
class MomentSettings:
    """What decides where a text is silent.

    now: the clock of the age rules; aware.
    timezone: IANA name or offset (`-05:00`), for times without an offset.
    dst: a local time that the clocks skipped or showed twice: "reject"; "earlier" or "later" take
        that one of the two instants that it may mean. (A skipped 02:30 means 01:30, had the
        clocks been changed already, or 03:30, had they not been: both are real local times.)
    date_order: "month-first" or "day-first", for numeric dates and two-digit years.
    serials_in_full: most serial days of the column are precise, so that one with few decimals
        lost zeros, and no digits.
    """

    now: datetime
    timezone: str | None = None
    dst: str = "reject"
    date_order: str | None = None
    serials_in_full: bool = False


class Ages(NamedTuple):
    """Epoch seconds: a moment later than `latest` or before the other two is out of bounds."""

    latest: int
    old_before: int
    too_old_before: int


@lru_cache(maxsize=16)
def ages(now: datetime) -> Ages:
    """The bounds at this time: 24 hours ahead, 88 and 398 days back."""
    second = timedelta(seconds=1)
    floor = (now - EPOCH) // second
    ceiling = -((EPOCH - now) // second)
    return Ages(
        floor + spec.FUTURE_TOLERANCE_HOURS * HOUR,
        ceiling - spec.OLD_AFTER_DAYS * DAY,
        ceiling - spec.TOO_OLD_AFTER_DAYS * DAY,
    )


def read(text: str, settings: MomentSettings) -> Reading:
    """EventDate of one text, which is trimmed and not empty.

    >>> at = datetime(2026, 11, 21, tzinfo=UTC)
    >>> read("Nov 20, 2026 9:30 AM", MomentSettings(at, "America/New_York")).value
    '2026-11-20T09:30:00-05:00'
    >>> read("03/04/2026 09:30", MomentSettings(at)).code
    'needs_date_order'
    """
    number = NUMBER.fullmatch(text)
    if number:
        if len(number["whole"]) in EPOCH_DIGITS:
            return _epoch(number["whole"], number["decimals"] or "", settings)
        return _serial_day(int(number["whole"]), number["decimals"] or "", settings)
    in_full = MICROSECONDS_IN_FULL.fullmatch(text)
    if in_full:
        return _epoch(in_full[1] + in_full[2], "", settings)
    if SCIENTIFIC.fullmatch(text):
        return Reading(None, "digits_lost")
    return _written(text, settings)


def order_evidence(text: str) -> str | None:
    """The one order in which this date can be read; None where there are two, none, or no need.

    >>> order_evidence("13/04/2026"), order_evidence("04/13/2026"), order_evidence("03/04/2026")
    ('day-first', 'month-first', None)
    """
    stamp = moment_text.parse(moment_text.tidy(text))
    if stamp is None or (stamp.month_first and stamp.day_first):
        return None
    return "month-first" if stamp.month_first else "day-first"


def _written(text: str, settings: MomentSettings) -> Reading:
    """A date and time in digits or words."""
    tidied = moment_text.tidy(text)
    found = _stamped(tidied, settings)
    if isinstance(found, str):
        return Reading(None, found)
    stamp, zone, placed = found

    def rules(value: str) -> tuple[str, ...]:
        as_written = stamp.whole + value[-len("+00:00") :] if zone is None else stamp.whole
        return (
            *(("moment_rewritten",) if tidied != text or as_written != value else ()),
            *(("zone_applied",) if zone is None else ()),
            *(("fraction_dropped",) if stamp.fraction else ()),
        )

    return _judged(placed, rules, settings)


def _stamped(
    tidied: str, settings: MomentSettings
) -> "tuple[moment_text.Stamp, Zone | None, Placed] | str":
    """What a tidy text states, the zone that it names, and the instant; or a code."""
    stamp = moment_text.parse(tidied)
    if stamp is None:
        return "moment_invalid"
    zone = zones.find(stamp.zone) if stamp.zone else stamp.offset
    if stamp.seconds is None:
        return "moment_without_time"
    if stamp.zone and zone is None:
        return "moment_zone_unknown"
    day = _day(stamp, settings.date_order)
    if isinstance(day, str):
        return day
    local = (day.toordinal() - EPOCH_ORDINAL) * DAY + stamp.seconds
    placed = _place(local, zone, settings)
    return placed if isinstance(placed, str) else (stamp, zone, placed)


def exactly(text: str, settings: MomentSettings) -> Fraction | str:
    """The epoch seconds of one moment with their fraction, whatever its age; or a code.

    A number is an epoch, or a serial day exact to the second: other numbers of five digits may
    be anything.
    """
    number = NUMBER.fullmatch(text)
    if number is None:
        found = _stamped(moment_text.tidy(text), settings)
        if isinstance(found, str):
            return found
        stamp, _, placed = found
        return placed.instant + Fraction("0" + (stamp.fraction.replace(",", ".") or ".0"))
    whole, decimals = number["whole"], number["decimals"] or ""
    if len(whole) in EPOCH_DIGITS:
        instant = Fraction(f"{whole}.{decimals or 0}") / EPOCH_DIGITS[len(whole)]
        return instant if instant >= EARLIEST_EPOCH else "moment_invalid"
    if int(whole) not in SERIAL_DAYS or len(decimals) < SERIAL_DECIMALS:
        return "moment_invalid"
    located = _serial_place(int(whole), decimals, settings)
    return located if isinstance(located, str) else Fraction(located.instant)


def _day(stamp: moment_text.Stamp, order: str | None) -> date | str:
    """The date that the order decides on, or a code."""
    if order is None:
        two_readings = (
            stamp.month_first and stamp.day_first and stamp.month_first != stamp.day_first
        )
        if two_readings or stamp.short_year:
            return "needs_date_order"
        return stamp.month_first or stamp.day_first or "moment_invalid"
    wanted = stamp.month_first if order == "month-first" else stamp.day_first
    return wanted or "moment_against_order"


def _epoch(digits: str, decimals: str, settings: MomentSettings) -> Reading:
    unit = EPOCH_DIGITS[len(digits)]
    instant, rest = divmod(int(digits), unit)
    if instant < EARLIEST_EPOCH:
        return Reading(None, "moment_invalid")
    dropped = rest or decimals.strip("0")
    rules = ("fraction_dropped", "epoch_read") if dropped else ("epoch_read",)
    return _judged(Placed(instant, 0), lambda _: rules, settings)


def _serial_day(day: int, decimals: str, settings: MomentSettings) -> Reading:
    """A day of the 1900 system with its fraction, to the nearest second: it was rounded anyway."""
    if day not in SERIAL_DAYS:
        return Reading(None, "moment_invalid")
    if not decimals.strip("0"):
        return Reading(None, "moment_without_time")
    if too_few(decimals) and not settings.serials_in_full:
        return Reading(None, "digits_lost")
    placed = _serial_place(day, decimals, settings)
    if isinstance(placed, str):
        return Reading(None, placed)
    return _judged(placed, lambda _: ("zone_applied", "serial_day_read"), settings)


def _serial_place(day: int, decimals: str, settings: MomentSettings) -> "Placed | str":
    return _place((SERIAL_DAY_ZERO + day) * DAY + seconds_of(decimals), None, settings)


def too_few(decimals: str) -> bool:
    """Whether a serial day has too few decimals for the exact second."""
    return len(decimals) < SERIAL_DECIMALS and decimals.rstrip("0") not in EIGHTHS


def seconds_of(decimals: str) -> int:
    """The decimals of a serial day as seconds, to the nearest one."""
    scale = int(10 ** len(decimals))
    return (2 * int(decimals or 0) * DAY + scale) // (2 * scale)


def is_coarse(text: str) -> bool:
    """Whether a text is a serial day with too few decimals for the exact second.

    >>> is_coarse("46346.4"), is_coarse("46346.375"), is_coarse("46346.39589")
    (True, False, False)
    """
    number = NUMBER.fullmatch(text)
    if not number or int(number["whole"]) not in SERIAL_DAYS:
        return False
    decimals = number["decimals"] or ""
    return bool(decimals.strip("0")) and too_few(decimals)


SERIAL = r"^(?:3[6-9]|[4-6][0-9]|7[0-3])[0-9]{3}(?:[.,][0-9]{1,20})?$"
"""A serial day of about 2000 to 2100."""
_SERIAL_IN_FULL = r"[.,][0-9]{5,}$"


def serials(text: pa.StringArray) -> tuple[int, int]:
    """How many cells hold a serial day of about 2000 to 2100, and how many of them the second."""
    found = text.filter(pc.match_substring_regex(text, SERIAL))
    in_full = pc.sum(pc.match_substring_regex(found, _SERIAL_IN_FULL)).as_py()
    return len(found), in_full or 0


class Placed(NamedTuple):
    """An epoch second, and the offset to write it with."""

    instant: int
    offset: int

    def iso(self) -> str:
        """ISO 8601 with seconds and offset; an offset's own seconds (before 1973) are cut off."""
        minutes = self.offset // 60
        hour, minute = divmod(abs(minutes), 60)
        sign = "-" if minutes < 0 else "+"
        return f"{_naive(self.instant + minutes * 60).isoformat()}{sign}{hour:02}:{minute:02}"


def _naive(local: int) -> datetime:
    return datetime.fromordinal(local // DAY + EPOCH_ORDINAL) + timedelta(seconds=local % DAY)


def _place(local: int, zone: Zone | None, settings: MomentSettings) -> Placed | str:
    """The instant of a local time (seconds, as if it were UTC), or a code."""
    if zone is None:
        if settings.timezone is None:
            return "needs_timezone"
        zone = zones.of_setting(settings.timezone)
    if isinstance(zone, int):
        return Placed(local - zone, zone)
    before, after = zones.offsets(zone, _naive(local))
    if before == after:
        return Placed(local - before, before)
    skipped = before < after
    if settings.dst == "reject":
        return "moment_skipped" if skipped else "moment_repeated"
    earlier = settings.dst == "earlier"
    if skipped:
        return Placed(local - after, before) if earlier else Placed(local - before, after)
    return Placed(local - before, before) if earlier else Placed(local - after, after)


def _judged(
    placed: Placed, rules: Callable[[str], tuple[str, ...]], settings: MomentSettings
) -> Reading:
    """The reading of a moment, once its age is known; `rules` says what its value changed."""
    limits = ages(settings.now)
    if placed.instant > limits.latest:
        return Reading(None, "event_in_future")
    if placed.instant < limits.too_old_before:
        return Reading(None, "event_too_old")
    warnings = ("event_old",) if placed.instant < limits.old_before else ()
    value = placed.iso()
    return Reading(value, None, rules(value), warnings)
