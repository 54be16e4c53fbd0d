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

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from callconv_kit.coercion import abroad, phone_text, regions
from callconv_kit.coercion.cells import MEMO_LIMIT, Coerced, NoteIds, Reading, note_id
from callconv_kit.coercion.phone_columns import nothing_known, read_plain
from callconv_kit.coercion.phone_text import RESTRICTED, Dialled, PhoneFault
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
    anonymous_callers: "keep" keeps the words for a withheld number; under "reject" and
        "leave_out" they are `caller_unknown`, and the pipeline decides what that does.
    is_caller: False for the called number, which can't be withheld.
    coded: most numbers of the column carry a country's code, so that eleven digits may be a whole
        international number that lost its `+`.
    """

    default_country: str = "US"
    phone_format: str = "national"
    anonymous_callers: str = "reject"
    is_caller: bool = True
    coded: bool = False


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

NANP = abroad.NANP

NANP_DIGITS = 10

SERVER_COUNTRY = "US"
"""What the server takes an empty country for."""

_CODES = {
    PhoneFault.NOT_A_NUMBER: "phone_invalid",
    PhoneFault.SEVERAL: "phone_multiple",
    PhoneFault.MASKED: "phone_masked",
    PhoneFault.DIGITS_LOST: "digits_lost",
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
    if dialled is PhoneFault.WITHHELD:
        return PhoneReading(_withheld(number, settings), Reading(country))
    if isinstance(dialled, PhoneFault):
        return PhoneReading(Reading(None, _CODES[dialled]), Reading(country))
    found = _resolve(dialled, country, settings)
    if isinstance(found, str):
        return PhoneReading(Reading(None, found), Reading(country))
    value = found.written(settings.phone_format)
    rules = ["plus_restored"] if found.restored else []
    if value != number and not (dialled.plain and (found.restored or dialled.digits == value)):
        rules.append("phone_rewritten")
    if dialled.extension:
        rules.append("extension_dropped")
    if dialled.letters:
        rules.append("keypad_letters_read")
    doubtful = settings.is_caller and found.national == RESTRICTED
    warnings = ["caller_maybe_unknown"] if doubtful else []
    if found.restored:
        warnings.append("country_from_digits")
    reading = Reading(value, None, tuple(rules), tuple(warnings))
    return PhoneReading(reading, _country(found, country))


FEW = 1_000
"""Rows of which each number is read alone: the table of the vector path takes longer to make."""


def kernel(settings: PhoneSettings) -> PhoneKernel:
    """`read` over two text arrays of one length; equal pairs are read once.

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

    seen = 0

    def coerce(numbers: pa.StringArray, countries: pa.StringArray) -> CoercedPhones:
        nonlocal seen
        seen += len(numbers)
        if seen > FEW:
            plain = read_plain(numbers, countries, settings.default_country, settings.phone_format)
        else:
            plain = nothing_known(numbers, countries)
        asked = np.flatnonzero(~plain.known)
        if seen > FEW and len(asked):
            plain, asked = abroad.read(
                plain,
                asked,
                settings.default_country,
                settings.phone_format,
                settings.is_caller,
            )
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
    noted = [at for at, (_, note) in enumerate(answers) if note]
    if noted:
        notes[asked[noted]] = [answers[at][1] for at in noted]
        values = texts.put(values, asked[noted], texts.from_list([answers[at][0] for at in noted]))
    return Coerced.dense(values, notes)


@dataclass(frozen=True, slots=True)
class _Found:
    """A valid number.

    region: the alpha-2 code that the number itself implies.
    rows_own: valid in the row's country as well.
    restored: its `+` was missing.
    """

    calling_code: int
    national: str
    region: str
    rows_own: bool
    restored: bool

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


def _resolve(dialled: Dialled, country: str | None, settings: PhoneSettings) -> _Found | str:
    """The valid number that these digits are, or the code that says why they are none."""
    import phonenumbers

    home = country or settings.default_country
    readings = (parse(digits, home) for digits in _dialable(dialled.digits))
    dialled_at_home = next((number for number in readings if number is not None), None)
    number = dialled_at_home or _without_plus(dialled, country, settings)
    if number is None:
        return "phone_invalid"
    national = phonenumbers.national_significant_number(number)
    code = number.country_code or 0
    region = regions.region_of(code, national)
    if dialled.letters and code != NANP:
        return "phone_invalid"
    if country is not None and code != regions.calling_code(country):
        return "country_contradicts_number"
    # The file has no way to write a number of no country. And 310-1234 is a whole number in
    # Canada, but not one without its area code where the row does not say Canada.
    local = code == NANP and len(national) != NANP_DIGITS and region != home
    if region is None or region == regions.NO_COUNTRY or local:
        return "phone_invalid"
    rows_own = country is not None and regions.is_valid_in(code, national, country)
    return _Found(code, national, region, rows_own, dialled_at_home is None)


WHOLE_DIGITS = 12
"""Digits that are more than a national number with its prefix: a country's code is among them."""


def _without_plus(
    dialled: Dialled, country: str | None, settings: PhoneSettings
) -> "PhoneNumber | None":
    """The international number that these digits are behind a `+`, where nothing else is meant.

    Twelve digits or more, or eleven where the column or the row says that a country's code is
    among them; and no number of the default country either.
    """
    digits = dialled.digits
    if dialled.letters or len(digits) < WHOLE_DIGITS - 1 or digits.startswith("+"):
        return None
    number = parse(f"+{digits}", settings.default_country)
    if number is None or has_no_country(f"+{digits}"):
        return None
    of_row = country is not None and number.country_code == regions.calling_code(country)
    if len(digits) < WHOLE_DIGITS and not (settings.coded or of_row):
        return None
    at_home = any(parse(each, settings.default_country) for each in _dialable(digits))
    return None if at_home else number


def has_no_country(text: str) -> bool:
    """Whether `text` is a valid number that belongs to no country, such as +800 1234 5678.

    Freephone numbers of the world (+800), satellite phones (+881) and networks (+882) have calling
    codes of their own, and the format writes a number as national digits with a country.
    """
    import phonenumbers

    dialled = phone_text.read(text)
    if not isinstance(dialled, Dialled):
        return False
    numbers = (parse(digits, SERVER_COUNTRY) for digits in _dialable(dialled.digits))
    number = next((number for number in numbers if number is not None), None)
    if number is None:
        return False
    national = phonenumbers.national_significant_number(number)
    return regions.region_of(number.country_code or 0, national) == regions.NO_COUNTRY


def _dialable(digits: str) -> tuple[str, ...]:
    """`digits` unchanged, and with a dialed international prefix read as `+`.

    The prefix of the row's own country is known to libphonenumber; 00 and 011 occur everywhere.
    """
    for prefix in ("011", "00"):
        if digits.startswith(prefix):
            return digits, "+" + digits.removeprefix(prefix)
    return (digits,)


def parse(digits: str, home: str) -> "PhoneNumber | None":
    """The valid number that these digits are when dialled at `home`; None if there is none."""
    import phonenumbers

    plain = regions.split(digits)
    if plain is not None:
        code, national = plain
        number = phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
        return number if regions.is_valid(code, national) else None
    try:
        number = phonenumbers.parse(digits, home)
    except phonenumbers.NumberParseException:
        return None
    national = phonenumbers.national_significant_number(number)
    valid = regions.is_valid(number.country_code or 0, national)
    return number if valid and _stripped_once(digits, number) else None


_PREFIX_OF_NANP = re.compile(r"(?:\+|011|00|0011(?=1)|010)?1?")
"""A way out of the country, and the calling code, which is the prefix within the country too."""


def _stripped_once(digits: str, number: "PhoneNumber") -> bool:
    """Whether no prefix was taken off twice.

    The library takes a 1 for the calling code and another one for the national prefix, so that
    mistyped digits become somebody's number: +1 123 123 12321 is not 231 231 2321.
    """
    import phonenumbers

    national = phonenumbers.national_significant_number(number)
    if number.country_code != NANP or not digits.endswith(national):
        return True
    return _PREFIX_OF_NANP.fullmatch(digits[: -len(national)]) is not None


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
