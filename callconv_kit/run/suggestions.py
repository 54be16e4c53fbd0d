"""What helps with a wrong cell: the nearest known word, or the cause. Shown, never applied."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callconv_kit.coercion import country, duration, moment, phone, phone_text, status
from callconv_kit.job.values import nearest_zone
from callconv_kit.model import spec, texts
from callconv_kit.model.rows import Finding

Nearest: TypeAlias = Callable[[str], str | None]
"""A word, or a sentence, for a text; None where there is nothing to say."""

_LONGEST = 60
"""Characters; what is longer was never one of these words."""
_PLACE = re.compile(r"[A-Za-z_]+(?:/[A-Za-z_-]+)+\Z")


def _nearest_place(moment: str) -> str | None:
    """For a zone that is spelled like a place; what `IST` means is not for us to propose."""
    place = _PLACE.search(moment)
    return nearest_zone(place[0]) if place else None


def _of_letters(nearest: Nearest) -> Nearest:
    """`nearest` for words; ids and numbers in the wrong column are spared the search."""
    return lambda text: None if any(char.isdigit() for char in text) else nearest(text)


def _perhaps(nearest: Nearest) -> Nearest:
    """The nearest known word as a detail."""

    def detail(text: str) -> str | None:
        word = nearest(text)
        return f"perhaps {word} is meant" if word else None

    return detail


def _of_a_day(text: str) -> str | None:
    if not duration.may_be_of_a_day(text):
        return None
    return 'it may be a fraction of a day: name its unit under [units], such as "days"'


def _few_decimals(text: str) -> str | None:
    if not moment.is_coarse(text):
        return None
    return "fewer than five decimals of a day don't give the second"


def _of_no_country(text: str) -> str | None:
    if not _NO_COUNTRY.match(text) or not phone.has_no_country(text):
        return None
    return "numbers such as +800 and +882 belong to no country, and the format needs one"


def _keypad_word(text: str) -> str | None:
    word = phone_text.keypad_word(text)
    return f"it spells {word} on a telephone keypad" if word else None


_NO_COUNTRY = re.compile(r"\D*(?:\+|00|011)\D*(?:8[0-9]|979)")

_NEAREST: Mapping[str, Nearest] = {
    "status_unknown": lru_cache(maxsize=1024)(_of_letters(status.nearest)),
    "country_unknown": lru_cache(maxsize=1024)(_of_letters(country.nearest)),
    "moment_zone_unknown": lru_cache(maxsize=1024)(_nearest_place),
}

_DETAILS: Mapping[str, Nearest] = {
    **{code: _perhaps(nearest) for code, nearest in _NEAREST.items()},
    "duration_invalid": _of_a_day,
    "digits_lost": _few_decimals,
    "phone_invalid": _of_no_country,
    "caller_unknown": _keypad_word,
}


def nearest(code: str, text: str) -> str | None:
    """The word that a text with this code was probably meant to be."""
    near = _NEAREST.get(code)
    return near(text) if near and len(text) <= _LONGEST else None


def with_suggestions(
    findings: Iterable[Finding], before: Mapping[str, pa.StringArray]
) -> list[Finding]:
    """The same findings, with what helps as the detail of each row.

    Args:
        findings: findings of one batch.
        before: spec column to the text in the input.
    """
    return [_with_suggestions(item, before) for item in findings]


def _with_suggestions(findings: Finding, before: Mapping[str, pa.StringArray]) -> Finding:
    detail, column = _DETAILS.get(findings.code), findings.column or ""
    if detail is None or findings.details or column not in before:
        return findings
    cells = texts.take(before[column], findings.rows).dictionary_encode()
    found = [_said(detail, cell) for cell in cells.dictionary.to_pylist()]
    told = np.asarray([*found, ""], object)[texts.places(cells)]
    if findings.code == "phone_invalid":
        told = np.where(told == "", _row_country(findings, before), told)
    return replace(findings, details=tuple(told.tolist())) if told.any() else findings


def _row_country(
    findings: Finding, before: Mapping[str, pa.StringArray]
) -> npt.NDArray[np.object_]:
    """The country whose numbers these should be, where their rows name one."""
    given = before.get(spec.PHONE_COUNTRY[findings.column or ""])
    if given is None:
        return np.full(len(findings.rows), "", object)
    named = texts.take(given, findings.rows)
    told = texts.where(texts.present(named), texts.joined("the row's country is ", named), "")
    return np.asarray(told.to_pylist(), object)


def _said(detail: Nearest, cell: str) -> str:
    text = cell.strip()
    return (detail(text) if len(text) <= _LONGEST else None) or ""
