"""Phone numbers: written as national digits, with their country beside them.

    (212) 555-0123  -       ──▶  2125550123  -
    416-555-0123    US      ──▶  4165550123  CA    corrected, with a warning
    +44 20 7946 0958  -     ──▶  2079460958  GB    filled
    +44 20 7946 0958  US    ──▶  country_contradicts_number

A kernel of two columns, the number's text and the row's country. The scalar rule `read` is the
truth, and libphonenumber its judge; `phone_columns` answers for the usual numbers of the North
American plan, a whole column at a time, and is held equal to it by tests.

An empty country means US to the server, so it is filled whenever the number is of another one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from callconv_kit.coercion import phone_text
from callconv_kit.coercion.cells import MEMO_LIMIT, Coerced, NoteIds, Reading, note_id
from callconv_kit.coercion.phone_columns import read_plain
from callconv_kit.coercion.phone_text import Dialled, Fault
from callconv_kit.model import texts
from callconv_kit.model.texts import Ints

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """How phones are read and written; the first three are settings of the job.

    default_country: alpha-2 of numbers that carry no country and whose row names none.
    phone_format: "national" (2125550123), "dashes" (212-555-0123), "parentheses"
        ((212) 555 0123) or "e164" (+12125550123). Numbers outside the North American plan are
        written as national digits, or E.164.
    anonymous_callers: "keep" keeps the words that stand for a withheld number; under "reject" and
        "leave_out" they are `caller_unknown`, and the pipeline decides what that does.
    is_caller: False for the called number, which nobody can withhold.
    """

    default_country: str = "US"
    phone_format: str = "national"
    anonymous_callers: str = "reject"
    is_caller: bool = True


class PhoneReading(NamedTuple):
    """What becomes of a number, and of the country beside it."""

    number: Reading
    country: Reading


@dataclass(frozen=True, slots=True)
class CoercedPhones:
    """The two columns after reading.

    countries: the country column, filled and corrected from the numbers; where a number says
        nothing or is rejected, the country is the one that came in.
    """

    numbers: Coerced
    countries: Coerced


PhoneKernel = Callable[[pa.StringArray, pa.StringArray], CoercedPhones]

NANP = 1
"""The calling code of the North American plan."""

NANP_DIGITS = 10

SERVER_COUNTRY = "US"
"""What the server takes an empty country for."""

NO_COUNTRY = "001"
"""What libphonenumber calls the region of +800 and the like."""

RESTRICTED = "7378742883"
"""RESTRICTED on a keypad; without the + that vendors send before it a valid Texan number, too."""

_CODES = {
    Fault.NOT_A_NUMBER: "phone_invalid",
    Fault.SEVERAL: "phone_multiple",
    Fault.MASKED: "phone_masked",
    Fault.DIGITS_LOST: "digits_lost",
}


def read(number: str, country: str | None, settings: PhoneSettings) -> PhoneReading:
    """One number, with the country that its row names.

    Args:
        number: not empty, trimmed, without invisible characters.
        country: alpha-2, or None where the row names none.
        settings: of the column.

    Returns:
        number: the text to write, or the code that says why there is none.
        country: the one to write (None: empty, which means US).

    >>> reading = read("(416) 555-0123", None, PhoneSettings())
    >>> reading.number.value, reading.country.value
    ('4165550123', 'CA')
    """
    dialled = phone_text.read(number)
    if dialled is Fault.WITHHELD:
        return PhoneReading(_withheld(number, settings), Reading(country))
    if isinstance(dialled, Fault):
        return PhoneReading(Reading(None, _CODES[dialled]), Reading(country))
    found = _resolve(dialled, country, settings.default_country)
    if isinstance(found, str):
        return PhoneReading(Reading(None, found), Reading(country))
    value = found.written(settings.phone_format)
    rules = []
    if value != number and not (dialled.plain and dialled.digits == value):
        rules.append("phone_rewritten")
    if dialled.extension:
        rules.append("extension_dropped")
    if dialled.letters:
        rules.append("keypad_letters_read")
    doubtful = settings.is_caller and found.national == RESTRICTED
    warnings = ("caller_maybe_unknown",) if doubtful else ()
    return PhoneReading(Reading(value, None, tuple(rules), warnings), _country(found, country))


def kernel(settings: PhoneSettings) -> PhoneKernel:
    """`read` over two text arrays of one length; what is equal in both is read once.

    A null number says nothing: it stays null, and its country as it is.
    """
    memo: dict[tuple[str, str | None], _Answer] = {}

    def ask(number: str, country: str | None) -> _Answer:
        known = memo.get((number, country))
        if known is None:
            if len(memo) >= MEMO_LIMIT:
                memo.clear()
            of_number, of_country = read(number, country, settings)
            known = memo[number, country] = _Answer(
                of_number.value,
                of_country.value,
                note_id(*of_number[1:]),
                note_id(*of_country[1:]),
            )
        return known

    def coerce(numbers: pa.StringArray, countries: pa.StringArray) -> CoercedPhones:
        plain = read_plain(numbers, countries, settings.default_country, settings.phone_format)
        asked = np.flatnonzero(~plain.known)
        answers = [
            ask(number, country)
            for number, country in zip(
                texts.take(numbers, asked).to_pylist(),
                texts.take(countries, asked).to_pylist(),
                strict=True,
            )
        ]
        return CoercedPhones(
            _merged(
                plain.numbers,
                plain.number_notes,
                asked,
                [(answer.number, answer.number_note) for answer in answers],
            ),
            _merged(
                plain.countries,
                plain.country_notes,
                asked,
                [(answer.country, answer.country_note) for answer in answers],
            ),
        )

    return coerce


class _Answer(NamedTuple):
    """A `PhoneReading`, as the arrays take it."""

    number: str | None
    country: str | None
    number_note: int
    country_note: int


def _merged(
    values: pa.StringArray, notes: NoteIds, asked: Ints, answers: list[tuple[str | None, int]]
) -> Coerced:
    """A column of the vector path, with the scalar rule's answers put in where it was asked.

    A silent answer leaves its cell as it came.
    """
    told = [at for at, (_, note) in enumerate(answers) if note]
    if told:
        notes[asked[told]] = [answers[at][1] for at in told]
        values = texts.put(values, asked[told], texts.from_list([answers[at][0] for at in told]))
    return Coerced.dense(values, notes)


@dataclass(frozen=True, slots=True)
class _Found:
    """A valid number. region: the alpha-2 that it says of itself; rows_own: valid there as well."""

    calling_code: int
    national: str
    region: str
    rows_own: bool

    def written(self, phone_format: str) -> str:
        if phone_format == "e164":
            return f"+{self.calling_code}{self.national}"
        if self.calling_code != NANP or len(self.national) != NANP_DIGITS:
            return self.national
        area, exchange, line = self.national[:3], self.national[3:6], self.national[6:]
        if phone_format == "dashes":
            return f"{area}-{exchange}-{line}"
        if phone_format == "parentheses":
            return f"({area}) {exchange} {line}"
        return self.national


def _withheld(number: str, settings: PhoneSettings) -> Reading:
    if not settings.is_caller:
        return Reading(None, "phone_invalid")
    if settings.anonymous_callers == "keep":
        return Reading(number)
    return Reading(None, "caller_unknown")


def _resolve(dialled: Dialled, country: str | None, default: str) -> _Found | str:
    """The valid number that these digits are, or the code that says why they are none."""
    import phonenumbers

    home = country or default
    for digits in _dialable(dialled.digits):
        number = _parse(digits, home)
        if number is not None:
            break
    else:
        return "phone_invalid"
    region = phonenumbers.region_code_for_number(number)
    national = phonenumbers.national_significant_number(number)
    code = number.country_code or 0
    if dialled.letters and code != NANP:
        return "phone_invalid"
    if country is not None and code != _calling_code(country):
        return "country_contradicts_number"
    # The file has no way to write a number of no country. And 310-1234 is a whole number in
    # Canada, but one without its area code where nobody said Canada.
    local = code == NANP and len(national) != NANP_DIGITS and region != home
    if region is None or region == NO_COUNTRY or local:
        return "phone_invalid"
    rows_own = country is not None and phonenumbers.is_valid_number_for_region(number, country)
    return _Found(code, national, region, rows_own)


def _dialable(digits: str) -> tuple[str, ...]:
    """`digits` as they stand, and with a dialled international prefix read as `+`.

    The prefix of the row's own country is known to libphonenumber; 00 and 011 occur everywhere.
    """
    for prefix in ("011", "00"):
        if digits.startswith(prefix):
            return digits, "+" + digits.removeprefix(prefix)
    return (digits,)


def _parse(digits: str, home: str) -> "PhoneNumber | None":
    """The valid number that these digits are when dialled at `home`; None if there is none."""
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, home)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


@cache
def _calling_code(country: str) -> int:
    """The calling code of a country; 0 if it has none of its own."""
    import phonenumbers

    return phonenumbers.country_code_for_region(country)


def _country(found: _Found, country: str | None) -> Reading:
    """The country to write beside a valid number.

    Calling codes other than 1 are shared by countries whose numbers look alike (Rome and the
    Vatican, England and Jersey): there the row knows better.
    """
    if country is None:
        if found.region == SERVER_COUNTRY:
            return Reading(None)
        return Reading(found.region, rules=("country_filled",))
    if found.rows_own or found.calling_code != NANP:
        return Reading(country)
    return Reading(found.region, None, ("country_corrected",), ("country_corrected",))
