"""How single values of a job are read: each type accepts one kind of value, or says what would do.

Nothing is coerced silently: "yes" is not a boolean, and "0.5" is not a share. Only in constants,
defaults and values, which hold text, are numbers taken as they would be written.
"""

import codecs
import csv
import math
import os
import re
from collections.abc import Iterable
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from importlib import resources
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, Strict

from callconv_kit.job.faults import UNKNOWN_COLUMN, ZONE_UNKNOWN, wrong
from callconv_kit.job.layers import is_path
from callconv_kit.model import spec
from callconv_kit.model.names import nearest, spec_column

PRESETS = (
    "invoca",
    "callrail",
    "ringba",
    "calltrackingmetrics",
    "retreaver",
    "twilio",
    "trackdrive",
    "dialogtech",
    "asterisk",
    "freeswitch",
    "aircall",
    "ringcentral",
    "3cx",
    "talkdesk",
    "dialpad",
)
"""The bundled presets. Their files are in `callconv_kit/mapping/presets`."""

PRESET_OF = {
    "freepbx": "asterisk",
    "issabel": "asterisk",
    "fusionpbx": "freeswitch",
    "threecx": "3cx",
    "ctm": "calltrackingmetrics",
    "ifbyphone": "dialogtech",
}
"""Other names under which a vendor may be looked for, and the preset that reads its exports."""


def nearest_preset(name: str) -> str | None:
    """The bundled preset that an unknown name probably means."""
    known = nearest(name, (*PRESETS, *PRESET_OF), cutoff=0.5)
    return PRESET_OF.get(known, known) if known else None


EXACT_FLOATS = 2**53
"""From here on a float no longer holds every whole number."""


def text_of(value: object) -> str:
    """`value` as a person would write it in a cell: 1001, 12.5, true, 2026-11-20T09:30:00-05:00."""
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, float) and math.isfinite(value):
        if not value.is_integer():
            return format(Decimal(repr(value)), "f")
        if abs(value) < EXACT_FLOATS:
            return str(int(value))
        raise wrong("may have lost digits", expected="the number in quotes")
    raise wrong("is not one value", expected="text or a number")


def _spec_name(name: object) -> str:
    column = spec_column(name) if isinstance(name, str) else None
    if column is None:
        near = nearest(str(name), spec.NAMES)
        raise wrong(
            "is not a column of the format",
            near=near,
            hint="`callconv columns` lists them.",
            code=UNKNOWN_COLUMN,
        )
    return column


def _duration_column(name: object) -> str:
    column = _spec_name(name)
    durations = [each.name for each in spec.COLUMNS if each.kind is spec.Kind.DURATION]
    if column not in durations:
        raise wrong("is not a duration and has no unit", expected=" or ".join(durations))
    return column


_OFFSET = re.compile(r"[+-](?:0[0-9]|1[0-4]):[0-5][0-9]")
_LETTERS = {
    "EST": ("America/New_York", "-05:00"),
    "EDT": ("America/New_York", "-04:00"),
    "CST": ("America/Chicago", "-06:00"),
    "CDT": ("America/Chicago", "-05:00"),
    "MST": ("America/Denver or America/Phoenix", "-07:00"),
    "MDT": ("America/Denver", "-06:00"),
    "PST": ("America/Los_Angeles", "-08:00"),
    "PDT": ("America/Los_Angeles", "-07:00"),
    "AKST": ("America/Anchorage", "-09:00"),
    "AKDT": ("America/Anchorage", "-08:00"),
    "HST": ("Pacific/Honolulu", "-10:00"),
}
"""Letters of a region's fixed offset: the place whose clocks were probably meant, and the offset.

Three of them are IANA names too, and would be an hour off for half the year where a place is meant.
"""
_POSIX = re.compile(r"([A-Za-z]{3,4})[+-]?[0-9]{1,2}")
"""A zone without summer time as POSIX writes it, such as EST5."""
_NO_PLACE = ("Factory", "localtime", "posixrules")
"""Files of a zone database that say nothing of a place, or differ between machines."""


def zone_of(name: str) -> tzinfo:
    """The zone that a job's `timezone` names: of the IANA list, or a fixed offset."""
    offset = datetime.strptime(name, "%z").tzinfo if _OFFSET.fullmatch(name) else None
    return offset or ZoneInfo(name)


def _zone(name: object) -> str:
    if not isinstance(name, str):
        raise wrong("is of the wrong type", expected="the name of a time zone, in quotes")
    name = name.strip()
    posix = _POSIX.fullmatch(name)
    letters = (posix[1] if posix else name).upper()
    if letters in _LETTERS:
        place, offset = _LETTERS[letters]
        raise wrong(
            "is a fixed offset, not a place whose clocks change",
            expected=f'{place}, or "{offset}" for that offset all year',
            code=ZONE_UNKNOWN,
        )
    try:
        if _OFFSET.fullmatch(name) or (name not in _NO_PLACE and ZoneInfo(name)):
            return name
        raise KeyError(name)
    except (KeyError, ValueError, OSError):  # OSError: a folder of zones, such as "America"
        raise wrong(
            "is not a known time zone",
            expected='a time zone such as America/New_York, or an offset such as "-05:00"',
            near=nearest_zone(name),
            code=ZONE_UNKNOWN,
        ) from None


def nearest_zone(name: str) -> str | None:
    """The IANA zone that an unknown name was probably meant to be, by all of it or its city."""
    zones = sorted(available_timezones() - _LETTERS.keys() - {*_NO_PLACE})
    by_city = {zone.rsplit("/", 1)[-1]: zone for zone in reversed(zones) if "/" in zone}
    whole = nearest(name, zones, cutoff=0.7)
    if whole is not None:
        return whole
    city = nearest(name.rsplit("/", 1)[-1], by_city, cutoff=0.8)
    return by_city[city] if city else None


_ALSO_SAID = {"UK": "GB", "EN": "GB", "USA": "US", "UAE": "AE", "GBR": "GB", "CAN": "CA"}
"""Countries that people write otherwise than ISO 3166 alpha-2 does."""


def _country(code: object) -> str:
    text = code.strip().upper() if isinstance(code, str) else ""
    if text == "US":
        return text
    from phonenumbers import SUPPORTED_REGIONS  # costs more than all the rest, and is seldom needed

    if text not in SUPPORTED_REGIONS:
        raise wrong(
            "is not a country with phone numbers",
            expected="two letters of ISO 3166, such as US",
            near=_ALSO_SAID.get(text) or _country_named(str(code)),
        )
    return text


def _country_named(name: str) -> str | None:
    """The code of the country whose name is most like `name`."""
    table = resources.files("callconv_kit.coercion").joinpath("data/countries.csv")
    rows = csv.DictReader(table.read_text("utf-8").splitlines())
    codes = {row["name"]: row["alpha2"] for row in rows}
    near = nearest(name, codes)
    return codes[near] if near else None


def _currency(code: object) -> str:
    text = code.strip().upper() if isinstance(code, str) else ""
    if not re.fullmatch("[A-Z]{3}", text):
        raise wrong("is not a currency", expected="three letters of ISO 4217, such as USD")
    return text


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        hint = ""
        if isinstance(value, int | float) and 1 < value <= 100:
            hint = f"For {value:g} % write {value / 100:g}."
        raise wrong("is not a share", expected="a number from 0 to 1, without quotes", hint=hint)
    return float(value)


_NO_DELIMITERS = ('"', "\n", "\r", "\0")


def _delimiter(text: object) -> str:
    text = {"\\t": "\t", "tab": "\t"}.get(text, text) if isinstance(text, str) else None
    unfit = text is not None and (text.isalnum() or not text.isascii() or text in _NO_DELIMITERS)
    if text is None or len(text) > 1 or unfit:
        raise wrong("can't part cells", expected='one character, such as ";" or "\\t"')
    return text


_ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "iso-8859-15", "mac-roman", "shift_jis")
"""Those that exports come in; Python knows more, and takes all in which files are written."""

_NO_FILE_ENCODINGS = (
    *("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "charmap"),
    *("mbcs", "oem"),
)
"""Encodings of Python for other things than files, or that depend on the machine."""


def _encoding(name: object) -> str:
    if name == "":
        return ""
    try:
        info = codecs.lookup(name) if isinstance(name, str) else None
    except (LookupError, ValueError):
        info = None
    of_files = info is not None and info.name not in _NO_FILE_ENCODINGS
    if not of_files or not getattr(info, "_is_text_encoding", True):
        near = nearest(str(name), _ENCODINGS, cutoff=0.6)
        raise wrong("is not a known encoding", expected="such as utf-8 or cp1252", near=near)
    return str(name)


def _preset(value: object) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise wrong("is of the wrong type", expected="the name of a preset, in quotes")
    if is_path(value):
        return value
    if value.lower() in PRESETS:
        return value.lower()
    raise wrong(
        "is not a known preset",
        expected=f"{', '.join(PRESETS)}, or the path of one",
        near=nearest_preset(value),
    )


def _moment(value: object) -> datetime:
    """An ISO 8601 text, a date or a datetime, with or without an offset."""
    text = value.isoformat() if isinstance(value, date) else value
    try:
        return datetime.fromisoformat(text)  # type: ignore[arg-type]  # a TypeError is caught
    except (TypeError, ValueError):
        raise wrong(
            "is not a time", expected="ISO 8601, such as 2026-11-20T09:30:00-05:00"
        ) from None


def _texts(value: object) -> tuple[str, ...]:
    """One text, or a list of them."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
        raise wrong("is of the wrong type", expected="text in quotes, or a list of them")
    return tuple(given)


def _filled_texts(value: object) -> tuple[str, ...]:
    given = _texts(value)
    if not all(item.strip() for item in given) or len(set(given)) < len(given):
        raise wrong("holds a blank or a name twice", expected="names of columns")
    return given


_WITH_PASSWORD = re.compile(r"[^/]*://[^/]*:[^/]*@", re.DOTALL)


def no_password(address: str) -> str:
    """`address`, which must not hold `user:password@`."""
    if _WITH_PASSWORD.match(address):
        raise wrong(
            "holds a password", hint="Take it out of the address; see the README on credentials."
        )
    return address


def _inputs(value: object) -> tuple[str, ...]:
    given = (os.fspath(value),) if isinstance(value, os.PathLike) else value
    return tuple(no_password(address) for address in _each_text(given))


def _each_text(value: object) -> Iterable[str]:
    given = _texts(value)
    if not all(given):
        raise wrong("names a blank", expected='paths, such as "inbox/*.csv"')
    return given


def one_line(text: str) -> str:
    """`text`, which goes to a server as part of a command: no control characters."""
    if not text.isprintable():
        raise wrong("holds a control character")
    return text


def number_of(value: object) -> int | float:
    """A finite number; no boolean, no text."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong("is of the wrong type", expected="a number, without quotes")
    return value


def _timeout(value: object) -> int | float:
    seconds = number_of(value)
    if seconds <= 0:
        raise wrong("is not above zero", expected="seconds, such as 30")
    return seconds


StrictText = Annotated[str, Strict()]
WholeNumber = Annotated[int, Strict(), Field(ge=0)]
ValueText = Annotated[str, PlainValidator(text_of)]
AS_LIST = PlainSerializer(list)  # pydantic writes the tuple of a plain validator with a warning
Texts = Annotated[tuple[str, ...], PlainValidator(_filled_texts), AS_LIST]
Inputs = Annotated[tuple[str, ...], PlainValidator(_inputs), AS_LIST]
SpecName = Annotated[str, PlainValidator(_spec_name)]
DurationColumn = Annotated[str, PlainValidator(_duration_column)]
Zone = Annotated[str, PlainValidator(_zone)]
CountryCode = Annotated[str, PlainValidator(_country)]
Currency = Annotated[str, PlainValidator(_currency)]
Share = Annotated[float, PlainValidator(_share)]
Delimiter = Annotated[str, PlainValidator(_delimiter)]
Encoding = Annotated[str, PlainValidator(_encoding)]
Preset = Annotated[str, PlainValidator(_preset)]
Moment = Annotated[
    datetime, PlainValidator(_moment), PlainSerializer(datetime.isoformat, when_used="json")
]
Number = Annotated[Any, PlainValidator(number_of)]
Timeout = Annotated[Any, PlainValidator(_timeout)]


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


BlankIsNone = BeforeValidator(_blank_is_none)
"""For optional settings, whose blank ("") in the file says that they are not set."""
