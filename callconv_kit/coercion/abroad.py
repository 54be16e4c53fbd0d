"""The vector path of phones outside the North American plan, with their country's code or without.

It takes the cells that it fully knows: digits with spaces, hyphens and parentheses among them, that
are a valid number as they are after a `+`, or as they are dialed in the country of their row.
Whether they are is asked of the patterns of the phonenumbers library, a whole column at a time;
everything else is left to the scalar rule `callconv_kit.coercion.phone.read`, to which a test holds
this path equal.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import phone_text, regions
from callconv_kit.coercion.cells import note_id
from callconv_kit.coercion.phone_columns import Plain
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints

FORM = r"\A\+[2-9][0-9 ()-]{6,30}\z"
FORM_AT_HOME = r"\A[0-9(][0-9 ()-]{6,30}\z"
SHORTEST, LONGEST = 7, 15
"""Digits with the country's code; two numbers in a cell have more."""

NANP = 1
"""The calling code of the North American plan."""

_ZERO = ord("0")


class Abroad(NamedTuple):
    """Numbers that are known.

    rows: their ascending positions.
    digits: of each, with the country's code.
    national: of each, without it.
    regions: alpha-2 of the country that each number itself says.
    """

    rows: Ints
    digits: pa.StringArray
    national: pa.StringArray
    regions: pa.StringArray

    def without(self, national: str) -> "Abroad":
        """Those with another national number than this one."""
        kept = np.flatnonzero(~texts.equal(self.national, national))
        columns = (texts.take(each, kept) for each in self[1:])
        return self if len(kept) == len(self.rows) else Abroad(self.rows[kept], *columns)


def read(
    plain: Plain, asked: Ints, default_country: str, phone_format: str, is_caller: bool
) -> tuple[Plain, Ints]:
    """`plain` with the numbers that are known here, and the rows that are still to be asked of.

    Args:
        plain: two columns of which the usual American numbers are known.
        asked: ascending positions of the others.
        default_country: the job's.
        phone_format: the job's.
        is_caller: whether a number may be the keypad's spelling of RESTRICTED.
    """
    columns = texts.take(plain.numbers, asked), texts.take(plain.countries, asked)
    found = _in_order([find(*columns), find_at_home(*columns, default_country)])
    if is_caller:
        found = found.without(phone_text.RESTRICTED)
    rows = asked[found.rows]
    written = texts.joined("+", found.digits) if phone_format == "e164" else found.national
    rewritten = ~texts.equal(written, texts.take(plain.numbers, rows))
    plain.number_notes[rows[rewritten]] = note_id(rules=("phone_rewritten",))
    unnamed = np.flatnonzero(~texts.present(texts.take(plain.countries, rows)))
    plain.country_notes[rows[unnamed]] = note_id(rules=("country_filled",))
    filled = texts.put(plain.countries, rows[unnamed], texts.take(found.regions, unnamed))
    numbers = texts.put(plain.numbers, rows, written)
    still = np.setdiff1d(asked, rows, assume_unique=True)
    return plain._replace(numbers=numbers, countries=filled), still


def find(numbers: pa.StringArray, countries: pa.StringArray) -> Abroad:
    """The numbers of a column that are known, and that are of the country of their row, if any."""
    rows, digits = _of_form(numbers, FORM)
    codes = _codes(digits)
    stated = _stated(texts.take(countries, rows))
    codes[(stated != 0) & (stated != codes)] = 0
    return _in_order(
        [_of_code(code, rows, digits, codes) for code in texts.distinct(codes[codes > 0]).tolist()]
    )


def find_at_home(
    numbers: pa.StringArray, countries: pa.StringArray, default_country: str
) -> Abroad:
    """The numbers of a column that are known as dialed in the country of their row."""
    rows, digits = _of_form(numbers, FORM_AT_HOME)
    named = texts.take(countries, rows)
    homes = texts.where(texts.present(named), named, default_country).dictionary_encode()
    at = texts.numbers(homes.indices)
    return _in_order(
        [
            _of_home(home, rows[at == place], texts.take(digits, np.flatnonzero(at == place)))
            for place, home in enumerate(homes.dictionary.to_pylist())
        ]
    )


def _of_home(home: str, rows: Ints, digits: pa.StringArray) -> Abroad:
    """The known numbers of those dialed in a country."""
    code = regions.calling_code(home)
    if code in (0, NANP):
        return _NOTHING
    dialed, national = regions.dialed_in(home, digits)
    region = regions.regions_of(code, national)
    known = np.flatnonzero(region >= 0)
    national = texts.take(national, known)
    names = texts.take(texts.from_list(regions.names_of(code)), region[known])
    return Abroad(rows[dialed[known]], texts.joined(str(code), national), national, names)


def _of_form(numbers: pa.StringArray, form: str) -> tuple[Ints, pa.StringArray]:
    """The cells of a form that may be numbers: their positions, and their digits."""
    rows = np.flatnonzero(texts.true(pc.match_substring_regex(numbers, form)))
    digits = _digits(texts.take(numbers, rows))
    lengths = texts.view(digits).lengths
    fits = (lengths >= SHORTEST) & (lengths <= LONGEST) & ~_withheld(digits)
    return rows[fits], texts.take(digits, np.flatnonzero(fits))


_NOTHING = Abroad(np.zeros(0, np.int64), *[texts.nulls(0)] * 3)


def _in_order(lots: list[Abroad]) -> Abroad:
    """Several lots as one, by their rows."""
    lots = [_NOTHING, *lots]
    rows = np.concatenate([lot.rows for lot in lots])
    order = np.argsort(rows)
    columns = (
        pa.concat_arrays([getattr(lot, name) for lot in lots]) for name in Abroad._fields[1:]
    )
    return Abroad(rows[order], *(texts.take(column, order) for column in columns))


def _digits(numbers: pa.StringArray) -> pa.StringArray:
    """Nothing but the digits of each cell."""
    data, starts, ends = texts.view(numbers)
    is_digit = data - np.uint8(_ZERO) <= 9
    before = np.zeros(len(data) + 1, np.int32)
    np.cumsum(is_digit, out=before[1:])
    offsets = np.append(starts, ends[-1:])
    return texts.from_bytes(
        data[is_digit], before[offsets] if len(starts) else np.zeros(1, np.int32)
    )


def _withheld(digits: pa.StringArray) -> Bools:
    """Which are what a keypad makes of a word for a withheld number."""
    words = texts.from_list([*(word.removeprefix("+") for word in phone_text.withheld()[1])])
    return texts.true(pc.is_in(digits, words))


@cache
def _lengths_of_codes() -> npt.NDArray[np.uint8]:
    """For the first three digits of a number, how many of them are the country's code; or 0."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    lengths = np.zeros(1000, np.uint8)
    for code in COUNTRY_CODE_TO_REGION_CODE:
        length = len(str(code))
        step = 10 ** (regions.LONGEST_CODE - length)
        lengths[code * step : (code + 1) * step] = length
    return lengths


def _codes(digits: pa.StringArray) -> npt.NDArray[np.int64]:
    """The country's code of each number; 0 where there is none."""
    data, starts, _ = texts.view(digits)
    if not len(starts):
        return np.zeros(0, np.int64)
    first = (data[starts[:, None] + np.arange(regions.LONGEST_CODE)] - np.uint8(_ZERO)).astype(int)
    three = first @ np.asarray([100, 10, 1])
    length = _lengths_of_codes()[three]
    codes: npt.NDArray[np.int64] = three // 10 ** (regions.LONGEST_CODE - length.astype(int))
    codes[length == 0] = 0
    return codes


def _stated(countries: pa.StringArray) -> npt.NDArray[np.int64]:
    """The calling code of the country of each row: 0 where it names none, -1 where it has none."""
    from phonenumbers import country_code_for_region

    encoded = countries.dictionary_encode()
    known = [country_code_for_region(name) or -1 for name in encoded.dictionary.to_pylist()]
    stated = np.asarray([*known, 0], np.int64)[texts.places(encoded)]
    stated[~texts.present(countries)] = 0
    return stated


def _of_code(code: int, rows: Ints, digits: pa.StringArray, codes: npt.NDArray[np.int64]) -> Abroad:
    """The known numbers of a calling code."""
    at = np.flatnonzero(codes == code)
    national = pc.utf8_slice_codeunits(texts.take(digits, at), len(str(code)))
    region = regions.regions_of(code, national)
    known = np.flatnonzero(region >= 0)
    names = texts.from_list(regions.names_of(code))
    return Abroad(
        rows[at[known]],
        texts.take(digits, at[known]),
        texts.take(national, known),
        texts.take(names, region[known]),
    )
