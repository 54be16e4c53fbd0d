"""SaleAmount: digits with two decimals, in the job's currency.

The format knows no currency column and no separators, so both are settled here: an amount in
another currency is wrong, and so is one whose point or comma has two readings. An amount is text
from end to end; it never passes through binary floating point here. Where it did before, its
shortest decimal may miss the cents, and they are restored.

Sources: the published type (Currency); codes and signs of currencies from ISO 4217 and usage, in
`data/currencies.csv`. `$` and others are shared: they mean the job's currency if they can.
"""

import re
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import Kernel, Reading, where_suspect
from callconv_kit.model import spec, texts
from callconv_kit.model.texts import Ints

DecimalSign: TypeAlias = Literal["point", "comma"]

_CURRENCIES: dict[str, set[str]] = {}
"""Each code or sign, in upper case, and the currencies that it may mean."""
for _row in cells.rows("currencies"):
    for _mark in (_row["code"], *_row["marks"].split()):
        _CURRENCIES.setdefault(_mark.upper(), set()).add(_row["code"])

# From the first digit, or the point before it, to the last digit; around it signs and marks.
_PARTS = re.compile(r"(?P<before>[^0-9]*?)(?P<amount>[.,]?[0-9](?:.*[0-9])?)(?P<behind>[^0-9]*)")
_MARKS = re.compile(r"[^\s()−-]+")
_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:([.,'’ \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*")
_INDIAN_GROUPS = re.compile(r"[1-9][0-9]?(?:(,)[0-9]{2})*,[0-9]{3}")
"""One lakh is 1,00,000."""
_ACCOUNTANTS_ZERO = re.compile(r"[^0-9]*?[-–—−]{1,2}[^0-9]*")
_SIGN = {"point": ".", "comma": ","}
_NEGATIVE = {"": False, "-": True, "−": True, "()": True}
"""The signs around an amount, and whether they make it negative; others make it none."""
_CENTS = 2
_NOISE_DECIMALS = 7
"""So many decimals an amount has at least that misses its cents by less than a millionth."""
_NEAR = 10**6
_LARGEST_UNITS, _ = spec.LARGEST_SALE.split(".")


def read(text: str, decimal: DecimalSign = "point", currency: str = "USD") -> Reading:
    """One amount with two decimals, such as `1234.50`.

    Args:
        text: a cell, cleaned.
        decimal: which sign parts the decimals where an amount has two readings: `1.234` is
            cleaned only with "comma", and `1,234` only with "point".
        currency: the job's, as an ISO 4217 code; another one, by sign or code, is wrong.

    Codes: `money_invalid`, `money_ambiguous`, `money_currency`, `money_out_of_range`.

    >>> [read(text).value for text in ("$1,234.50", "USD 12", "1.234,56", "12,50")]
    ['1234.50', '12.00', '1234.56', '12.50']
    >>> read("1.234").code, read("€12").code, read("(5.00)").code
    ('money_ambiguous', 'money_currency', 'money_out_of_range')
    """
    if _is_accountants_zero(text):
        return Reading(None, None, ("empty_mark",))
    parts = _PARTS.fullmatch(text)
    # In Fr.12 the point may belong to either side.
    if not parts or (parts["before"][-1:].isalpha() and not parts["amount"][0].isdigit()):
        return Reading(None, "money_invalid")
    around = parts["before"] + parts["behind"]
    negative = _NEGATIVE.get(re.sub("[^()−-]", "", around))
    meant = [
        _meant(mark, currency) for mark in _MARKS.findall(f"{parts['before']} {parts['behind']}")
    ]
    if negative is None or None in meant:
        return Reading(None, "money_invalid")
    if not all(meant):
        return Reading(None, "money_currency")
    units, cents, code = _split(parts["amount"], decimal, currency)
    if code:
        return Reading(None, code)
    units = units.lstrip("0") or "0"
    nothing = units == "0" and cents == "00" and len(parts["amount"]) > _NOISE_DECIMALS
    if (negative and not nothing) or len(units) > len(_LARGEST_UNITS):
        return Reading(None, "money_out_of_range")
    value = f"{units}.{cents}"
    return Reading(value, None, () if value == text else ("money_rewritten",))


def _meant(mark: str, currency: str) -> bool | None:
    """Whether `mark` can mean `currency`; None if it is not a currency's."""
    if mark.upper() == currency.upper():
        return True
    currencies = _CURRENCIES.get(mark.upper()) or _CURRENCIES.get(mark.upper().removesuffix("."))
    return None if currencies is None else currency.upper() in currencies


def _is_accountants_zero(text: str) -> bool:
    """Whether a text is a dash, with a currency beside it: how accounting formats show nothing."""
    if not _ACCOUNTANTS_ZERO.fullmatch(text):
        return False
    marks = re.findall(r"[^\s()–—−-]+", text)
    return all(mark.upper().removesuffix(".") in _CURRENCIES for mark in marks)


def _split(amount: str, decimal: DecimalSign, currency: str) -> tuple[str, str, str | None]:
    """Units and cents of an unsigned amount, or the code that says why there are none."""
    indian = currency.upper() == "INR" and _INDIAN_GROUPS.fullmatch(amount)
    if _GROUPS.fullmatch(amount) or indian:
        # 1.234 is either 1234, or an amount that is not a whole number of cents.
        if re.sub("[0-9]", "", amount) == _SIGN[decimal]:
            return "", "", "money_ambiguous"
        return re.sub("[^0-9]", "", amount), "00", None
    point = max(amount.rfind("."), amount.rfind(","))
    units, decimals = (amount, "") if point < 0 else (amount[:point], amount[point + 1 :])
    groups = _GROUPS.fullmatch(units)
    if currency.upper() == "INR" and not groups:
        groups = _INDIAN_GROUPS.fullmatch(units)
    if groups and groups[1] != amount[point]:
        units = re.sub("[^0-9]", "", units)
    if not re.fullmatch("[0-9]*", units + decimals) or (point >= 0 and not decimals):
        return "", "", "money_invalid"
    # More than two decimals are right where they say nothing: databases write 12.5000, and a float
    # that was added up 0.30000000000000004.
    if decimals[_CENTS:].strip("0"):
        return _without_noise(units, decimals)
    return units, decimals[:_CENTS].ljust(_CENTS, "0"), None


def _without_noise(units: str, decimals: str) -> tuple[str, str, str | None]:
    """Units and cents of an amount that misses them by less than a millionth."""
    scale = 10 ** len(decimals)
    exact = int(units or 0) * scale + int(decimals)
    cents = (200 * exact + scale) // (2 * scale)
    if len(decimals) < _NOISE_DECIMALS or abs(cents * scale - 100 * exact) * _NEAR >= 100 * scale:
        return "", "", "money_invalid"
    return str(cents // 100), f"{cents % 100:02}", None


def kernel(decimal: DecimalSign = "point", currency: str = "USD") -> Kernel:
    """`read` for whole columns."""
    return where_suspect(_suspects, lambda text: read(text, decimal, currency))


def _suspects(text: pa.StringArray) -> Ints:
    """All but 1 to 6 digits without a leading zero (`0` alone is allowed), a point, two digits."""
    data, starts, ends = texts.view(text)
    if not len(data) or not len(text):
        return np.zeros(0, np.int64)
    first, length = cells.byte_at(text, 0), ends - starts
    pointed = cells.byte_at(text, -1 - _CENTS) == ord(".")
    known = pointed & (length >= len("0.00")) & (length <= len(spec.LARGEST_SALE))
    known &= (first != ord("0")) | (length == len("0.00"))
    # Apart from these points, any byte that is not a digit makes its cell a suspect.
    used = data[starts[0] : ends[-1]].copy()
    used[ends[pointed] - 1 - _CENTS - starts[0]] = ord("0")
    odd = np.flatnonzero(used - np.uint8(ord("0")) > np.uint8(9)).astype(np.int32) + starts[0]
    known[np.searchsorted(ends, odd, side="right")] = False
    return np.flatnonzero(~known & texts.present(text))
