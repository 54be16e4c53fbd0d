"""Rows that are not meant to go: the job's `[[leave_out]]` rules."""

from collections.abc import Mapping

import numpy as np

from callconv_kit.job import LeaveOut
from callconv_kit.mapping.conditions import SourceColumn, holds, met
from callconv_kit.model import notes, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import Coerced
from callconv_kit.model.rows import Finding


def left_out(
    rules: tuple[LeaveOut, ...],
    columns: Mapping[str, Coerced],
    source_column: SourceColumn,
    length: int,
) -> list[Finding]:
    """Apply the rules; a row may fall under several.

    Args:
        rules: `column` looks at the coerced cell, `source_column` at the cell as it was read. A
            source column that the input lacks meets no condition.
        columns: spec column to its coerced cells.
        source_column: gives the raw cells of a column of the input, or None.
        length: the number of rows.
    """
    findings = []
    for rule in rules:
        if rule.column is not None:
            cells = columns.get(rule.column) or Coerced.silent(texts.nulls(length))
            text, wrong = cells.values, notes.coded(cells, length)
        else:
            raw = source_column(rule.source_column or "")
            if raw is None:
                continue
            text, wrong = raw, np.zeros(length, np.bool_)
        rows = np.flatnonzero(holds(rule, text) & ~wrong & met(rule.when, source_column, length))
        if len(rows):
            details = (rule.text,) * len(rows)
            findings.append(Finding(rule.code, Severity.LEFT_OUT, rule.column, rows, details))
    return findings
