"""The kinds of value that a cell can hold: moment, date, duration, phone number, zone, link.

The kernels of a run decide: a cell is of a kind if a run would read it as that kind, whatever
setting it may still need. Nothing here depends on the name of the column.
"""

import re
from datetime import UTC, datetime
from functools import cache, lru_cache

from callconv_kit.coercion import cells, duration, moment_rule, moment_text, zones
from callconv_kit.coercion.columns import CoercionSettings, Kernels
from callconv_kit.coercion.phone import PhoneSettings
from callconv_kit.coercion.phone import read as read_phone
from callconv_kit.model import texts
from callconv_kit.model.notes import note_of

WITHHELD = "withheld"
"""Texts in place of a number that the caller withheld."""

MASKED = "masked"
"""Numbers of which some digits are hidden."""

LEAST_DIGITS = 7
"""Digits of the shortest number that is not an extension."""

NATIONAL = 10
"""Digits of a national number in North America, and of an epoch in seconds."""

LAST_EPOCH = 2_000_000_000
"""May 2033; no North American number begins with 0 or 1."""

_DAY_SECONDS = 86_400
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?")
_LINK = re.compile(r"https?://\S+")
_INTEGER = re.compile(r"-?\d+(?:\.0+)?")
MARKS = frozenset(row["text"] for row in cells.rows("marks"))
"""Words for an empty cell, as exporters spell them."""

FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "1", "t", "si", "sí", "ja", "oui", "wahr"), True),
    **dict.fromkeys(("false", "no", "n", "0", "f", "nein", "non", "falsch"), False),
}
"""Words for yes and no, and which they are."""


@lru_cache(maxsize=65_536)
def is_moment(text: str) -> bool:
    """Whether a run would read it as a date with a time, under some setting.

    Digits alone are a time only up to `LAST_EPOCH`: ten digits from there on are phone numbers.
    """
    if text.isdigit() and len(text) == NATIONAL and int(text) >= LAST_EPOCH:
        return False
    code = moment_rule.read(text, _NO_RULES).code or ""
    return code in _MOMENTS


@lru_cache(maxsize=65_536)
def is_date(text: str) -> bool:
    """Whether it is a date alone, in figures or words."""
    stamp = moment_text.parse(moment_text.tidy(text))
    return stamp is not None and stamp.seconds is None


def clock(text: str) -> int | None:
    """The seconds after midnight of a time of day; None for anything else.

    >>> clock("9:30 AM"), clock("21:05:03"), clock("25:00"), clock("201")
    (34200, 75903, None, None)
    """
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[4] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * 3600 + minute * 60 + second


@lru_cache(maxsize=65_536)
def instant(text: str, order: str = "month-first") -> float | None:
    """A moment as seconds, to compare it with others of its row; None if it is not one.

    A time without an offset counts as UTC: columns of one zone can be subtracted.

    Args:
        text: a clean cell.
        order: how a date with two readings is read.
    """
    number = moment_rule.NUMBER.fullmatch(text)
    if number:
        whole = number["whole"]
        if len(whole) in moment_rule.EPOCH_DIGITS:
            unit = moment_rule.EPOCH_DIGITS[len(whole)]
            seconds = int(whole) / unit
            return seconds if seconds >= moment_rule.EARLIEST_EPOCH else None
        if number["decimals"] and int(whole) in moment_rule.SERIAL_DAYS:
            day = int(whole) + moment_rule.SERIAL_DAY_ZERO
            return (day + float(f"0.{number['decimals']}")) * _DAY_SECONDS
        return None
    stamp = moment_text.parse(moment_text.tidy(text))
    if stamp is None or stamp.seconds is None:
        return None
    first, second = stamp.month_first, stamp.day_first
    day_read = (first or second) if order == "month-first" else (second or first)
    if day_read is None:
        return None
    days = day_read.toordinal() - moment_rule.EPOCH_ORDINAL
    fraction = float("0." + stamp.fraction[1:]) if stamp.fraction else 0.0
    offset = stamp.offset or 0
    return days * _DAY_SECONDS + stamp.seconds + fraction - offset


@lru_cache(maxsize=65_536)
def seconds(text: str) -> float | None:
    """A duration as seconds, a bare number unchanged; None if it is not one."""
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,25})?", text):
        return float(text)
    value = duration.read(text).value
    return None if value is None else float(value)


@lru_cache(maxsize=65_536)
def phone(text: str, country: str = "US") -> str | None:
    """A phone number as E.164, `WITHHELD` or `MASKED` for one that is hidden, None for no number.

    Digits of an international number without its `+` count as that number.

    Args:
        text: a clean cell.
        country: alpha-2 of numbers that carry no country.

    >>> phone("(212) 555-0123"), phone("442079460123"), phone("anonymous"), phone("101")
    ('+12125550123', '+442079460123', 'withheld', None)
    >>> phone("020 7946 0123"), phone("020 7946 0123", "GB")
    (None, '+442079460123')
    """
    if text.isdigit() and len(text) < LEAST_DIGITS:
        return None
    reading = read_phone(text, None, _e164(country)).number
    if reading.value is not None:
        return reading.value
    if reading.code == "caller_unknown":
        return WITHHELD
    if reading.code == "phone_masked":
        return MASKED
    if text.isdigit() and 10 < len(text) <= 15:
        return read_phone(f"+{text}", None, _e164(country)).number.value
    return None


@cache
def _e164(country: str) -> PhoneSettings:
    return PhoneSettings(default_country=country, phone_format="e164")


def is_link(text: str) -> bool:
    """Whether it is a web address."""
    return _LINK.fullmatch(text) is not None


def is_integer(text: str) -> bool:
    """Whether it is a whole number."""
    return _INTEGER.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def is_zone(text: str) -> bool:
    """Whether it names a time zone that a run knows: an IANA name, UTC, EST, an offset."""
    if re.fullmatch(r"(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?", text):
        return True
    return bool(re.search(r"[A-Za-z]{2}", text)) and zones.find(text) is not None


_NO_RULES = moment_rule.MomentSettings(moment_rule.EPOCH)
"""Settings that settle nothing; ages play no part."""

_MOMENTS = {
    *("needs_timezone", "needs_date_order", "event_in_future", "event_too_old", ""),
    *("moment_skipped", "moment_repeated", "moment_zone_unknown"),
}
"""Facts about a text that is a date with a time."""


NO_OBJECTION = {
    *("needs_timezone", "needs_date_order", "event_in_future", "event_too_old"),
    *("moment_skipped", "moment_repeated", "caller_unknown"),
}
"""Codes of values that are of the kind, and only lack a setting or came at a bad time."""


def is_value(column: str, text: str) -> bool:
    """Whether a run would take a text for a value of a column.

    >>> is_value("CallDuration", "201"), is_value("CallDuration", "Length")
    (True, False)
    """
    clean = _kernels().clean(column, texts.from_list([text]))
    read = _kernels().read({column: clean}, 1)[column]
    codes = (note_of(int(note)).code for note in read.notes.tolist())
    return all(code is None or code in NO_OBJECTION for code in codes)


@cache
def _kernels() -> Kernels:
    return Kernels(CoercionSettings(datetime(2000, 1, 1, tzinfo=UTC)))
