"""Zip: a postal code of digits, its zeros kept.

Source: the published type is Integer, yet 02139 would lose its zero; so the digits go as they
are. Only in the US (five digits) can a lost zero be seen and restored.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import Coerced, Reading, where_suspect
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints

ZipKernel: TypeAlias = Callable[[pa.StringArray, Bools], Coerced]

ZIP = 5
ZIP_PLUS_4 = 9
LOST_ZEROS = 2
"""The most zeros that a ZIP code begins with (00501)."""
LONGEST_FOREIGN = 10
"""Digits of the longest postal codes there are (Iran)."""

_DECIMAL_ZERO = re.compile(r"([0-9]+)\.0+")
_PLUS_4 = re.compile(r"([0-9]{3,5})[-– ]([0-9]{4})")


def read(text: str, in_us: bool) -> Reading:
    """One postal code as digits; `zip_invalid` where it is none.

    Args:
        text: a cell, cleaned.
        in_us: the row says that the caller is in the US. Otherwise zeros that may be lost are
            not restored, and nine digits in a row are a foreign code.

    >>> read("2139", in_us=True).value, read("02139-4307", in_us=True).value
    ('02139', '02139')
    >>> read("1010", in_us=False).value, read("K1A 0B1", in_us=False).code
    ('1010', 'zip_invalid')
    """
    rules = []
    digits = text
    whole = _DECIMAL_ZERO.fullmatch(text)
    if whole:
        rules.append("decimal_zero_removed")
        digits = whole[1]
    plus_4 = _PLUS_4.fullmatch(digits)
    if plus_4 and (in_us or len(plus_4[1]) == ZIP):
        rules.append("zip_cut")
        digits = plus_4[1]
    if not (digits.isascii() and digits.isdigit()):
        return Reading(None, "zip_invalid")
    if in_us and ZIP_PLUS_4 - LOST_ZEROS <= len(digits) <= ZIP_PLUS_4:
        rules.append("zip_cut")
        digits = digits[:-4]
    if in_us and ZIP - LOST_ZEROS <= len(digits) < ZIP:
        rules.append("zip_zero_restored")
        digits = digits.zfill(ZIP)
    if len(digits) > LONGEST_FOREIGN or (in_us and len(digits) != ZIP):
        return Reading(None, "zip_invalid")
    return Reading(digits, None, tuple(rules))


def kernel() -> ZipKernel:
    """`read` for whole columns: of n cells, and n flags whether their rows are in the US."""
    domestic = where_suspect(_suspects_in_us, lambda text: read(text, in_us=True))
    foreign = where_suspect(_suspects_abroad, lambda text: read(text, in_us=False))

    def zips(text: pa.StringArray, in_us: Bools) -> Coerced:
        if in_us.all():
            return domestic(text)
        if not in_us.any():
            return foreign(text)
        values = text
        notes = np.zeros(len(text), np.uint16)
        for places, judged in ((in_us, domestic), (~in_us, foreign)):
            positions = np.flatnonzero(places)
            asked = texts.take(text, positions)
            part = judged(asked)
            if part.values is not asked:
                values = texts.put(values, positions, part.values)
            notes[positions[part.positions]] = part.notes
        return Coerced.dense(values, notes)

    return zips


def _suspects_in_us(text: pa.StringArray) -> Ints:
    length = cells.lengths(text)
    return np.flatnonzero(((length != ZIP) & (length > 0)) | ~cells.digits_only(text))


def _suspects_abroad(text: pa.StringArray) -> Ints:
    return np.flatnonzero((cells.lengths(text) > LONGEST_FOREIGN) | ~cells.digits_only(text))
