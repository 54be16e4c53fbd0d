"""What a text says about a moment, as written: its date, its time of day, its zone.

One pattern a way of writing the date; the time of day and the zone after it are the same for all.
Nothing is judged here but whether the parts exist (31 February does not, nor does 24:00), and
nothing is chosen: a date with two readings keeps both.
"""

import re
from datetime import date
from functools import cache
from typing import NamedTuple

from callconv_kit.coercion import cells, zones

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

LONGEST = 80
"""Characters; longer texts are not searched for a moment."""

_MONTH = (
    r"(?P<month_name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = (
    r"(?:(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?"
    r"|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\.?,? )?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|\d\d)"
_BETWEEN = r"(?:,? at |, ?|[T ])"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?P<fraction>[.,]\d+)?)?)?"
    r"(?: ?(?P<meridiem>[ap])\.?m(?:\.|(?![a-z])))?"
)
_BASIC_CLOCK = r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<fraction>(?<=\d{6})[.,]\d+)?"
_ZONE = (
    # JavaScript writes GMT-0500, people write GMT-5 and mean the same; only POSIX turns the sign.
    r"(?: ?(?:(?:(?:UTC|GMT) ?(?=[+-]))?(?P<offset>[+-](?:\d{1,2}:\d\d|\d{4}|\d\d"
    r"|(?:(?<=(?:UTC|GMT)[+-])|(?<=(?:UTC|GMT) [+-]))\d))"
    r"|(?P<zone>z|[a-z]{2}[\w/+-]*(?: [a-z]+){0,3})))?"
)
_COMMENT = r"(?: ?(?:\((?P<comment>[^()]+)\)|\[(?P<place>[^\[\]]+)\]))?"

_DATES = (
    r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
    r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second_number>\d{1,2})(?P=mark)" + _YEAR,
    _MONTH + r"(?:\. ?|[ -]?)" + _DAY + r"(?:, ?|[ -])" + _YEAR,
    _DAY + r"(?: of |\. ?|[ /-]?)" + _MONTH + r"(?:[.,] ?|[ /-]?)" + _YEAR,
    r"(?P<year>\d{4})[ /-]" + _MONTH + r"[ /-]" + _DAY,
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
)
_FORMS = (
    *(f"{_WEEKDAY}{form}(?:{_BETWEEN}{_CLOCK})?{_ZONE}{_COMMENT}" for form in _DATES),
    # ISO 8601 basic format: 20261120T093000Z, and 14 digits without the T.
    rf"{_DATES[-1]}(?:[T ]|(?=\d{{6}})){_BASIC_CLOCK}{_ZONE}{_COMMENT}",
    # The time before the date, its zone behind either of them.
    *(f"{_CLOCK}(?:,? on |,? ){_WEEKDAY}{form}{_ZONE}{_COMMENT}" for form in _DATES),
    *(f"{_CLOCK}{_ZONE}(?:,? on |,? ){_WEEKDAY}{form}" for form in _DATES),
    # As `date` and asctime write: Fri Nov 20 09:30:00 EST 2026.
    rf"{_WEEKDAY}{_MONTH} {_DAY} {_CLOCK}{_ZONE} (?P<year>\d{{4}})",
)
_BEGINNING = re.compile(rf"{_WEEKDAY}(?:\d|{_MONTH})", re.ASCII | re.IGNORECASE)
"""How each of these forms begins, so that a word is not held to all of them."""


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """A form as a pattern: compiling all of them takes a tenth of a short run."""
    return re.compile(form, re.ASCII | re.IGNORECASE)


_USUAL = re.compile(r"[0-9:/T+-]+(?:[ .][0-9:+-]+)?(?: ?(?:[AP]M|Z|UTC))?")
"""Digits and marks that are the same in every language."""

_ABROAD = (
    (re.compile(r"(?<=\d) de (?=[a-z])|(?<=[a-z]) del? (?=\d)", re.IGNORECASE), " "),
    (re.compile(r",? (?:à|às|a las|alle|um|om|kl\.?) (?=\d)", re.IGNORECASE), " "),
    (re.compile(r"(?<=\d)( ?[ap])\. m\.", re.IGNORECASE), r"\1.m."),
    (re.compile(r"(?<=\d) ?Uhr$", re.IGNORECASE), ""),
    (re.compile(r"(?<=[ T]\d)h(?=\d\d\b)|(?<=[ T]\d\d)h(?=\d\d\b)"), ":"),
    # 20-11-2026 09.30.05, as in Denmark, Finland and Italy; a date comes before.
    (re.compile(r"(?<=\d[-/.]\d{4} )(\d{1,2})\.(\d\d)\.(\d\d)$"), r"\1:\2:\3"),
    (re.compile(r"(?<=\d[-/.]\d{4} )(\d{1,2})\.(\d\d)$"), r"\1:\2"),
    (re.compile(r"(?<=^\d{4}-\d\d-\d\d )(\d\d)\.(\d\d)\.(\d\d)"), r"\1:\2:\3"),
)
"""How people write dates and times in other languages, and the same in English."""

_DASHES = str.maketrans("\u2010\u2011\u2012\u2013\u2212", "-----")


class Stamp(NamedTuple):
    """A moment as a text states it.

    month_first, day_first: the date in either reading, None where that reading is not a date; the
        same where the order makes no difference. One of them is a date.
    short_year: the year was written with two digits, and taken for 20xx.
    seconds: seconds after midnight; None for a date alone.
    offset: seconds east of UTC, where one is written.
    zone: the name of a zone, right or wrong, where no offset is written.
    fraction: a fraction of a second as written, with its mark, or "".
    whole: the text without that fraction.
    """

    month_first: date | None
    day_first: date | None
    short_year: bool
    seconds: int | None
    offset: int | None
    zone: str | None
    fraction: str
    whole: str


def tidy(text: str) -> str:
    """`text` with every run of white space as one space, and typographic dashes as hyphens.

    Browsers put a narrow no-break space before AM; ISO 8601 allows a true minus sign. Names of
    months and days, and ways of writing the time, come out as they are in English.

    >>> tidy("20 nov. 2026 à 09h30"), tidy("viernes 20 de noviembre de 2026 9:30 p. m.")
    ('20 nov. 2026 09:30', 'fri 20 nov 2026 9:30 p.m.')
    """
    tidied = " ".join(text.translate(_DASHES).split())
    return tidied if len(tidied) > LONGEST or _USUAL.fullmatch(tidied) else _in_english(tidied)


def _in_english(text: str) -> str:
    text = _word_abroad().sub(lambda match: _words_abroad()[match[0].casefold()], text)
    for pattern, english in _ABROAD:
        text = pattern.sub(english, text)
    return text


@cache
def _words_abroad() -> dict[str, str]:
    listed = cells.rows("dates_abroad")
    return {text: row["english"] for row in listed for text in row["text"].split("|")}


@cache
def _word_abroad() -> re.Pattern[str]:
    """A name of a month or a day in another language."""
    longest_first = sorted(_words_abroad(), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)


def parse(text: str) -> Stamp | None:
    """What a tidy text states; None where it is not a moment, or a part is impossible.

    >>> parse("20 November 2026 9:30 PM").seconds
    77400
    >>> parse("2026-02-31 09:30") is None
    True
    """
    if len(text) > LONGEST or not text.isascii() or not _BEGINNING.match(text):
        return None
    for form in _FORMS:
        match = _pattern(form).fullmatch(text)
        if match:
            return _stamp(match)
    return None


def _stamp(match: re.Match[str]) -> Stamp | None:
    parts = match.groupdict()
    dates = _dates(parts)
    seconds = _seconds(parts)
    offset = _offset(parts["offset"])
    # Beside an offset a zone's name is a comment.
    named = parts["zone"] or parts.get("comment") or parts.get("place")
    zone = None if parts["offset"] else named
    junk = zone and zones.find(zone) is None and not zones.looks_like_name(zone)
    if dates == (None, None) or seconds == WRONG or offset == WRONG or junk:
        return None
    fraction = parts["fraction"] or ""
    whole = match.string
    if fraction:
        whole = whole[: match.start("fraction")] + whole[match.end("fraction") :]
    return Stamp(
        *dates,
        short_year=len(parts["year"]) == len("26"),
        seconds=seconds,
        offset=offset,
        zone=zone,
        fraction=fraction,
        whole=whole,
    )


WRONG = -(10**9)
"""Stands for a part that is written and can't be; no time of day and no offset is this number."""

Parts = dict[str, str | None]


def _dates(parts: Parts) -> tuple[date | None, date | None]:
    """The date with the month first and with the day first."""
    year = int(parts["year"] or 0)
    if len(parts["year"] or "") == len("26"):
        year += 2000
    if parts.get("first"):
        first, second = int(parts["first"] or 0), int(parts["second_number"] or 0)
        dates = (_date(year, first, second), _date(year, second, first))
    else:
        name = parts.get("month_name")
        month = MONTHS.index(name[:3].lower()) + 1 if name else int(parts["month"] or 0)
        dates = (_date(year, month, int(parts["day"] or 0)),) * 2
    weekday = parts.get("weekday")
    if weekday:
        # A weekday may settle the order; one that no reading has makes the cell contradict itself.
        number = WEEKDAYS.index(weekday[:3].lower())
        month_first, day_first = (d if d and d.weekday() == number else None for d in dates)
        return month_first, day_first
    return dates


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _seconds(parts: Parts) -> int | None:
    """Seconds after midnight; None where no time is written, WRONG for an impossible time."""
    if parts["hour"] is None:
        return None
    hour = int(parts["hour"])
    minute, second = int(parts["minute"] or 0), int(parts["second"] or 0)
    meridiem = (parts.get("meridiem") or "").lower()
    if parts["minute"] is None and not meridiem:
        return WRONG
    # 14:05 PM says the same thing twice and is 14:05; 14:05 AM and 0:05 PM contradict themselves.
    if (meridiem == "a" and hour > 12) or (meridiem == "p" and hour == 0):
        return WRONG
    if meridiem and hour <= 12:
        hour = hour % 12 + (12 if meridiem == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return WRONG
    return hour * 3600 + minute * 60 + second


def _offset(written: str | None) -> int | None:
    """Seconds of `+05:30`, `+0530`, `-08`; None where none is written, WRONG if no place has it."""
    if written is None:
        return None
    hours, minutes = written[1:].split(":") if ":" in written else (written[1:3], written[3:])
    seconds = int(hours) * 3600 + int(minutes or 0) * 60
    if written[0] == "-":
        seconds = -seconds
    if int(minutes or 0) > 59 or not zones.WESTERNMOST <= seconds <= zones.EASTERNMOST:
        return WRONG
    return seconds
