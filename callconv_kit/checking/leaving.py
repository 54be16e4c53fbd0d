"""Rows that are not meant to go: the job's `[[leave_out]]` rules."""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import notes, texts
from callconv_kit.findings import Severity
from callconv_kit.job import LeaveOut
from callconv_kit.notes import Coerced
from callconv_kit.rows import Said
from callconv_kit.texts import Bools

NUMBER = r"^\s*[+-]?[0-9]{1,15}(?:\.[0-9]{1,6})?\s*$"


def left_out(
    rules: tuple[LeaveOut, ...],
    columns: Mapping[str, Coerced],
    source_column: Callable[[str], pa.StringArray | None],
    length: int,
) -> list[Said]:
    """Apply the rules; a row may fall under several.

    Args:
        rules: `column` looks at the coerced cell, `source_column` at the cell as it stands.
        columns: spec column to its coerced cells.
        source_column: gives the raw cells of a column of the input, or None.
        length: the number of rows.
    """
    said = []
    for rule in rules:
        if rule.column is not None:
            cells = columns.get(rule.column) or Coerced.silent(texts.nulls(length))
            text, wrong = cells.values, notes.coded(cells, length)
        else:
            raw = source_column(rule.source_column or "")
            text = texts.nulls(length) if raw is None else raw
            wrong = np.zeros(length, np.bool_)
        rows = np.flatnonzero(_holds(rule, text) & ~wrong)
        if len(rows):
            details = (rule.text,) * len(rows)
            said.append(Said(rule.code, Severity.LEFT_OUT, rule.column, rows, details))
    return said


def _holds(rule: LeaveOut, text: pa.StringArray) -> Bools:
    """Where all conditions of a rule hold; an empty cell meets none but `empty = true`."""
    trimmed = pc.utf8_trim_whitespace(text)
    present = texts.present(trimmed)
    holds = np.ones(len(text), np.bool_)
    if rule.empty is not None:
        holds &= ~present if rule.empty else present
    if rule.equals is not None:
        holds &= _true(pc.equal(trimmed, rule.equals))
    if rule.in_ is not None:
        holds &= _true(pc.is_in(trimmed, texts.from_list(list(rule.in_)))) & present
    if rule.matches is not None:
        holds &= _matches(trimmed, rule.matches) & present
    if rule.below is not None or rule.above is not None:
        holds &= _compares(trimmed, rule)
    return holds


def _matches(text: pa.StringArray, pattern: str) -> Bools:
    """Full matches of a Python regular expression, tried once for each distinct text."""
    compiled = re.compile(pattern)
    encoded = text.dictionary_encode()
    hits = [compiled.fullmatch(cell) is not None for cell in encoded.dictionary.to_pylist()]
    # The last entry answers for the nulls, which are numbered -1.
    return np.asarray([*hits, False])[encoded.indices.fill_null(-1).to_numpy()]


def _compares(text: pa.StringArray, rule: LeaveOut) -> Bools:
    number = _true(pc.match_substring_regex(text, NUMBER))
    values = np.full(len(text), np.nan)
    values[number] = pc.cast(text.filter(texts.mask(number)), pa.float64()).to_numpy()
    holds = number
    if rule.below is not None:
        holds = holds & (values < rule.below)
    if rule.above is not None:
        holds = holds & (values > rule.above)
    return holds


def _true(flags: pa.BooleanArray) -> Bools:
    return texts.bools(pc.fill_null(flags, False))
