"""Whether the numbers of a column carry a country's code, with or without its `+`.

Call logs such as Aircall's write all numbers so. There, eleven digits that are not a national
number are read as a whole international number; in a column of national numbers they are a mistake.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion.phone import NANP, NANP_DIGITS, WHOLE_DIGITS, parse
from callconv_kit.coercion.regions import calling_code

MAY_LACK_PLUS = rf"^[^+0-9]*(?:[0-9][^+0-9]*){{{WHOLE_DIGITS - 1}}}$"
"""Texts of eleven digits: whether one is read depends on the column (`PhoneSettings.coded`)."""

_FEWEST_DIGITS = r"^\D*(?:\d\D*){7}"
_CODED = rf"^\W*(?:\+|00)|^[^+0-9]*1\D*(?:\d\D*){{{NANP_DIGITS}}}$"
_CODED_AT_HOME = r"|^\W*011"
"""How a number abroad is dialled in North America; in Leicester it begins a number at home."""
_MORE_DIGITS = rf"^[^+0-9]*[1-9]\D*(?:\d\D*){{{WHOLE_DIGITS - 2},}}$"


def coded(text: pa.StringArray, default_country: str) -> tuple[int, int]:
    """How many cells hold a number, and how many of them one with a country's code.

    The code follows a `+` or a dialed prefix, or begins the digits of a number that is valid
    with a `+` before it.
    """
    numbers = text.filter(pc.match_substring_regex(text, _FEWEST_DIGITS))
    american = calling_code(default_country) == NANP
    pattern = _CODED + _CODED_AT_HOME if american else _CODED
    with_code = pc.match_substring_regex(numbers, pattern)
    rest = numbers.filter(pc.and_not(pc.match_substring_regex(numbers, _MORE_DIGITS), with_code))
    valid = sum(
        cell["counts"]
        for cell in pc.value_counts(rest).to_pylist()
        if parse(f"+{re.sub(r'[^0-9]', '', cell['values'])}", default_country)
    )
    return len(numbers), (pc.sum(with_code).as_py() or 0) + valid
