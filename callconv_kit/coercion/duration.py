"""Durations (CallDuration, TalkDuration, IvrDuration): whole seconds.

Source: the published descriptions ("in seconds"); the other spellings occur in vendors' exports
(clock times), in sheets (`3m 21s`), and in what pandas writes (`0 days 00:03:21`). Amounts never
pass through binary floating point: 3.35 minutes are 201 seconds, not 200.99999999999997.
"""

import re
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import (
    Kernel,
    Reading,
    Vectored,
    note_id,
    vectorised,
    where_suspect,
)
from callconv_kit.model import spec, texts
from callconv_kit.model.texts import Ints

Unit: TypeAlias = Literal["seconds", "milliseconds", "minutes", "days"]

SECONDS_IN: dict[Unit, Fraction] = {
    "seconds": Fraction(1),
    "milliseconds": Fraction(1, 1000),
    "minutes": Fraction(60),
    "days": Fraction(86_400),
}
LONGEST_TEXT = 64
"""Characters; a longer text is not a duration, and is not parsed."""

_NUMBER = re.compile(r"(?P<whole>[0-9]+)(?:\.(?P<decimals>[0-9]+))?|\.[0-9]+")
# A comma before three digits may separate thousands, so it is not surely a decimal sign.
_AMOUNT = r"([0-9]+(?:\.[0-9]+|,(?![0-9]{3}(?![0-9]))[0-9]+)?|\.[0-9]+)"
_CLOCK = re.compile(
    r"(?:(?P<days>[0-9]+) days?,? )?"
    r"(?:(?P<hours>[0-9]+):(?P<minutes>[0-5]?[0-9])|(?P<only_minutes>[0-9]+))"
    r":(?P<seconds>[0-5][0-9](?:\.[0-9]+)?)"
)
# In English, German, French, Spanish, Portuguese and Italian.
_HOURS = r"(?:h(?:(?:ou)?rs?)?|std\.?|stunden?|heures?|horas?|or[ae])"
_MINUTES = r"m(?:in(?:ut(?:es?|en|os?|i))?s?\.?)?"
_SECONDS = r"s(?:ecs?|ec(?:ond(?:s|es?|[oi])?)?|ek(?:unden?)?|eg(?:undos?)?)?"
_IN_WORDS = re.compile(
    rf"(?:{_AMOUNT} ?{_HOURS})?"
    rf"[ ,]*(?:(?:and )?{_AMOUNT} ?{_MINUTES})?"
    rf"[ ,]*(?:(?:and )?{_AMOUNT} ?{_SECONDS})?"
    rf"[ ,]*(?:(?:and )?{_AMOUNT} ?(?:ms|msecs?|milliseconds?))?\.?",
    re.IGNORECASE,
)
_ISO = re.compile(rf"PT(?:{_AMOUNT}H)?(?:{_AMOUNT}M)?(?:{_AMOUNT}S)?", re.IGNORECASE)
_SCALES: tuple[int | Fraction, ...] = (3600, 60, 1, Fraction(1, 1000))
_MINUS = "-−–"


def read(text: str, unit: Unit | None = None) -> Reading:
    """One duration as whole seconds.

    Args:
        text: a cell, cleaned.
        unit: what a bare number counts, if the job or its preset says so; else seconds. A
            duration that names its units keeps to them.

    Codes: `duration_invalid` where it is not a duration, or a fraction that may be one of a day
    (see `may_be_of_a_day`); `duration_out_of_range` where it is negative or longer than a day. Two
    numbers parted by one colon are minutes and seconds; a fraction of a second is rounded half up.

    >>> [read(text).value for text in ("201", "3:21", "00:03:21", "3m 21s", "3.35 min", "200.5")]
    ['201', '201', '201', '201', '201', '201']
    >>> read("0.00232638888888889").code, read("0.00232638888888889", "days").value
    ('duration_invalid', '201')
    """
    seconds = _seconds(text, unit)
    if seconds is None:
        return Reading(None, "duration_invalid")
    if text[:1] in _MINUS or seconds > spec.LONGEST_CALL:
        return Reading(None, "duration_out_of_range")
    value = str(seconds if isinstance(seconds, int) else int(seconds + Fraction(1, 2)))
    return Reading(value, None, _rules(text, value, unit, seconds))


def exactly(text: str, unit: Unit | None = None) -> Fraction | None:
    """Seconds of one duration, below zero behind a minus; None if it is none. See `read`."""
    seconds = _seconds(text, unit)
    return None if seconds is None else Fraction(seconds)


def _seconds(text: str, unit: Unit | None) -> Fraction | int | None:
    """As `exactly`; whole seconds as an int, which is ten times as fast as a Fraction."""
    if len(text) > LONGEST_TEXT:
        return None
    negative = text[:1] in _MINUS
    body = text[1:] if negative else text
    if unit is None and may_be_of_a_day(text):
        return None
    number = _NUMBER.fullmatch(body)
    seconds = _counted(number, unit or "seconds") if number else _spelled(body)
    return -seconds if seconds is not None and negative else seconds


def _counted(number: re.Match[str], unit: Unit) -> Fraction | int:
    """A bare number of a unit in seconds."""
    if unit == "seconds" and number["whole"] and not (number["decimals"] or "").strip("0"):
        return int(number["whole"])
    return Fraction(number[0]) * SECONDS_IN[unit]


def may_be_of_a_day(text: str) -> bool:
    """Whether a bare number lies between 0 and 1: a sheet holds durations as fractions of a day.

    201 seconds are 0.00232638888888889 there. Only a named unit makes it clear.
    """
    number = _NUMBER.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    return number is not None and not (number["whole"] or "").strip("0") and bool(text.strip("0."))


def _rules(text: str, value: str, unit: Unit | None, seconds: Fraction | int) -> tuple[str, ...]:
    if value == text:
        return ()
    rules = []
    number = _NUMBER.fullmatch(text)
    if not number:
        rules.append("duration_read")
    elif unit not in (None, "seconds"):
        rules.append("unit_converted")
    elif number["decimals"] and not number["decimals"].strip("0"):
        rules.append("decimal_zero_removed")
    if seconds.denominator > 1:
        rules.append("duration_rounded")
    # The remaining case: zeros before the number.
    return tuple(rules) or ("duration_read",)


def _spelled(text: str) -> Fraction | int | None:
    """Seconds of a duration that says its units, by words or by colons; None if it is none."""
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, hours, minutes, only_minutes = map(int, clock.groups("0")[:4])
        whole = ((days * 24 + hours) * 60 + minutes + only_minutes) * 60
        return whole + _amount(clock["seconds"])
    named = _IN_WORDS.fullmatch(text) or _ISO.fullmatch(text)
    if not named or not any(named.groups()):
        return None
    amounts = zip(named.groups(), _SCALES, strict=False)
    return sum(_amount(amount) * scale for amount, scale in amounts if amount)


def _amount(text: str) -> Fraction | int:
    return int(text) if text.isdecimal() else Fraction(text.replace(",", "."))


def kernel(unit: Unit | None = None) -> Kernel:
    """`read` for whole columns whose bare numbers count `unit`."""
    if unit in (None, "seconds"):
        return where_suspect(_suspects, lambda text: read(text, unit))
    return vectorised(lambda text: _converted(text, unit), lambda text: read(text, unit))


def _converted(text: pa.StringArray, unit: Unit) -> Vectored:
    """Reads plain digits without a leading zero, up to a day.

    Milliseconds hardly repeat, so the rule would be asked of nearly every cell.
    """
    scale = SECONDS_IN[unit]
    longest = str(int(spec.LONGEST_CALL / scale))
    length = cells.lengths(text)
    known = cells.digits_only(text) & (length > 0) & (length <= len(longest))
    known &= (cells.byte_at(text, 0) != ord("0")) & texts.present(text)
    plain = text if known.all() else texts.where(known, text, "0")
    numbers = texts.numbers(pc.cast(plain, pa.int64()))
    scaled, denominator = numbers * scale.numerator, scale.denominator
    seconds = (2 * scaled + denominator) // (2 * denominator)
    exact = scaled % denominator == 0
    notes = np.where(
        exact,
        note_id(rules=("unit_converted",)),
        note_id(rules=("unit_converted", "duration_rounded")),
    )
    # What comes out as it went in was not converted: the rule says what there is to say.
    known &= (numbers <= int(longest)) & (seconds != numbers)
    return Vectored(known, pc.cast(texts.indices(seconds), pa.string()), notes.astype(np.uint16))


def _suspects(text: pa.StringArray) -> Ints:
    """All but plain digits without a leading zero that are surely no longer than a day."""
    first, length = cells.byte_at(text, 0), cells.lengths(text)
    return np.flatnonzero(
        ((first == ord("0")) & (length > 1))
        | (length > len("86400"))
        | ((length == len("86400")) & (first >= ord("8")))
        | ~cells.digits_only(text)
    )
