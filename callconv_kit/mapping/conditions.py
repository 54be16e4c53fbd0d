"""Where the conditions of a job's rules hold: `equals`, `in`, `matches`, `below` and the others.

Rules that leave rows out and rules that make a status are asked here alike. A condition looks at
the trimmed text of a cell, and the rule's own text is trimmed too; an empty cell meets only
`empty = true`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.job import Condition
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools

SourceColumn: TypeAlias = Callable[[str], pa.StringArray | None]
"""The cells of a column of the input, as they stand; None where it has no such column."""

NUMBER = r"^\s*[+-]?[0-9]{1,15}(?:\.[0-9]{1,6})?\s*$"


def holds(condition: Condition, text: pa.StringArray) -> Bools:
    """Where all words of a condition hold; each is asked once for each distinct text."""
    encoded = text.dictionary_encode()
    hits = _holds(condition, pc.utf8_trim(encoded.dictionary, characters=texts.EDGES))
    # The last entry answers for the nulls, which are numbered -1.
    found: Bools = np.append(hits, condition.empty is True)[texts.places(encoded)]
    return found


def met(when: Mapping[str, Condition], source_column: SourceColumn, length: int) -> Bools:
    """The rows for which all conditions hold; a column that is not there meets none."""
    rows = np.ones(length, np.bool_)
    for name, condition in when.items():
        cells = source_column(name)
        if cells is None:
            return np.zeros(length, np.bool_)
        rows &= holds(condition, cells)
        if not rows.any():
            break
    return rows


def _holds(condition: Condition, trimmed: pa.StringArray) -> Bools:
    present = texts.present(trimmed)
    meets = ~present if condition.empty else present
    if condition.equals is not None:
        meets &= texts.equal(trimmed, condition.equals.strip(texts.EDGES))
    if condition.in_ is not None:
        meets &= _is_among(trimmed, condition.in_)
    if condition.not_in is not None:
        meets &= ~_is_among(trimmed, condition.not_in)
    if condition.matches is not None:
        whole = rf"\A(?:{condition.matches})\z"
        meets &= texts.bools(pc.match_substring_regex(trimmed, whole))
    if condition.below is not None or condition.above is not None:
        meets &= _compares(trimmed, condition)
    return meets


def _is_among(text: pa.StringArray, words: Sequence[str]) -> Bools:
    trimmed = texts.from_list([word.strip(texts.EDGES) for word in words])
    return texts.bools(pc.is_in(text, trimmed))


def _compares(text: pa.StringArray, condition: Condition) -> Bools:
    number = texts.bools(pc.match_substring_regex(text, NUMBER))
    values = np.full(len(text), np.nan)
    values[number] = texts.numbers(pc.cast(text.filter(texts.mask(number)), pa.float64()))
    meets = number
    if condition.below is not None:
        meets = meets & (values < condition.below)
    if condition.above is not None:
        meets = meets & (values > condition.above)
    return meets
