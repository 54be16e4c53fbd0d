"""From what the kernels said of cells to what becomes of them: rejected, or emptied."""

from collections.abc import Mapping

import numpy as np

from callconv_kit.model import notes, spec, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import Coerced, note_id, note_of
from callconv_kit.model.rows import Finding
from callconv_kit.model.texts import Ints


def settle(
    columns: Mapping[str, Coerced], *, reject_optional: bool
) -> tuple[dict[str, Coerced], list[Finding]]:
    """Decide for each cell with a code whether it rejects its row or is emptied.

    Args:
        columns: spec column to its coerced cells.
        reject_optional: the job's `optional_cells = "reject"`.

    Returns:
        The columns, where emptied cells carry the rule `emptied`, and what is to be said.
    """
    settled: dict[str, Coerced] = {}
    findings: list[Finding] = []
    for name, cells in columns.items():
        rejects = spec.BY_NAME[name].rejects_row or reject_optional
        emptied: list[Ints] = []
        for number in notes.distinct(cells.notes):
            note = note_of(number)
            rows = cells.positions[cells.notes == number]
            findings += [Finding(word, Severity.WARNING, name, rows) for word in note.warnings]
            if note.code is None:
                continue
            severity = Severity.ERROR if rejects else Severity.WARNING
            findings.append(Finding(note.code, severity, name, rows))
            if not rejects:
                emptied.append(rows)
        settled[name] = _emptied(cells, emptied) if emptied else cells
    return settled, findings


def _emptied(cells: Coerced, emptied: list[Ints]) -> Coerced:
    rows = np.unique(np.concatenate(emptied))
    return notes.added(cells, rows, note_id(rules=("emptied",)), cells.values)


def missing(columns: Mapping[str, Coerced], length: int) -> list[Finding]:
    """Required cells that are empty; a cell that is wrong is not empty."""
    findings = []
    for name in spec.REQUIRED:
        cells = columns.get(name)
        if cells is None:
            rows = np.arange(length)
        else:
            empty = ~texts.present(cells.values)
            rows = np.flatnonzero(empty & ~notes.coded(cells, length))
        if len(rows):
            findings.append(Finding("required_missing", Severity.ERROR, name, rows))
    return findings
