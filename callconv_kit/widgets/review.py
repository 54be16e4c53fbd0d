"""The lists of a run, page by page: rejected and left-out rows, warnings, changes, ready rows."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import spec, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.rows import ORIGIN_COLUMNS, Judged
from callconv_kit.run.prepared import Prepared
from callconv_kit.widgets.pages import ORIGIN, Changes, Rows, long_cells
from callconv_kit.writing import output
from callconv_kit.writing.audit import Findings, FindingsLog
from callconv_kit.writing.lines import line_of, lines
from callconv_kit.writing.reasons import masked

HEADER = (*ORIGIN_COLUMNS, "column", "value")


class WarningsFile(FindingsLog):
    """Takes the findings of a run, and writes down those that are warnings."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._written = 0
        self._outdated: dict[tuple[str, str], int] = {}
        self._file = path.open("wb")
        self._file.write(line_of(HEADER).encode())

    def keep(self, findings: Findings) -> None:
        """Write warnings; nothing is kept in memory."""
        if findings.severity is not Severity.WARNING:
            return
        count, column = len(findings.lines), findings.column
        values = findings.values
        if values is not None and column in spec.PERSONAL:
            values = masked(values)
        columns = [
            findings.files,
            pc.cast(texts.indices(findings.lines), pa.string()),
            texts.repeat(findings.code, count),
            findings.texts(),
            texts.repeat(column or "", count),
            values,
        ]
        self._file.write(texts.used_bytes(lines(columns)))
        self._written += count

    def forget(self, judged: Judged) -> None:
        """What was said about these rows up to now does not hold any more."""
        files = judged.source_files(np.arange(len(judged))).to_pylist()
        keys = zip(files, map(str, judged.source_lines.tolist()), strict=True)
        self._outdated.update(dict.fromkeys(keys, self._written))

    def close(self) -> None:
        """Finish the file, without what does not hold any more."""
        self._file.close()
        if not self._outdated:
            return
        kept = self._path.with_name(self._path.name + ".kept")
        with (
            self._path.open(encoding="utf-8", newline="") as old,
            kept.open("w", encoding="utf-8", newline="") as new,
            long_cells(),
        ):
            for number, row in enumerate(csv.reader(old)):
                if number > self._outdated.get((row[0], row[1]), 0) or number == 0:
                    new.write(line_of(row))
        kept.replace(self._path)


LISTS = ("Rejected", "Left out", "Warnings", "Changes", "Ready")

PAGE = 50
"""Rows of a page."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list.

    header, rows: what is shown.
    first: the number of the first row, from 0; total: of the rows that the filter lets through.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    first: int
    total: int


class Review:
    """The lists of one run."""

    def __init__(self, prepared: Prepared, warnings: Path) -> None:
        self._folder = prepared.folder
        self._warnings = warnings
        self._has_ready = prepared.problem is None
        self._filled = [
            entry["column"] for entry in prepared.summary["calls"]["filled"] if entry["cells"]
        ]
        self._found: dict[tuple[str, str, str], Sequence[int]] = {}

    def mark(self) -> None:
        """Find the rows of all files, so that no page is waited for later."""
        for name in LISTS:
            self.page(name)

    @cached_property
    def rejected(self) -> Rows:
        """The rows of rejected.csv."""
        return Rows(self._folder / output.REJECTED)

    @cached_property
    def left_out(self) -> Rows:
        """The rows of left_out.csv."""
        return Rows(self._folder / output.LEFT_OUT)

    @cached_property
    def warnings(self) -> Rows:
        """The warnings, one a row."""
        return Rows(self._warnings)

    @cached_property
    def ready(self) -> Rows:
        """The rows of ready.csv."""
        return Rows(self._folder / output.READY)

    @cached_property
    def changes(self) -> Changes:
        """The changed cells."""
        return Changes(self._folder / output.CHANGES)

    def codes(self, name: str) -> list[str]:
        """The codes, or rules, by which a list can be filtered."""
        if name == "Changes":
            return sorted({rule for _, rule in self.changes.kinds})
        return self._list(name).codes if name != "Ready" else []

    def columns(self, name: str) -> list[str]:
        """The columns by which a list can be filtered."""
        if name == "Changes":
            return sorted({column for column, _ in self.changes.kinds})
        return self._list(name).columns if name != "Ready" else []

    def _list(self, name: str) -> Rows:
        lists = {"Rejected": self.rejected, "Left out": self.left_out}
        return lists.get(name, self.warnings)

    def page(self, name: str, number: int = 0, code: str = "", column: str = "") -> Page:
        """A page of a list, the first where the number is beyond the last.

        Args:
            name: of the list.
            number: of the page, from 0.
            code: only rows with this code, or cells changed under this rule.
            column: only what is about this column.
        """
        if name == "Changes":
            total = self.changes.count(column, code)
            first = _first(number, total)
            rows = self.changes.page(first, PAGE, column, code)
            return Page(Changes.HEADER, rows, first, total)
        if name == "Ready":
            return self._ready_page(number)
        rows_of = self._list(name)
        key = (name, code, column)
        if key not in self._found:
            self._found[key] = rows_of.matching(code, column)
        found = self._found[key]
        first = _first(number, len(found))
        return Page(rows_of.header, rows_of.at(found[first : first + PAGE]), first, len(found))

    def _ready_page(self, number: int) -> Page:
        """Of ready.csv only the columns that hold something."""
        if not self._has_ready:
            return Page([], [], 0, 0)
        first = _first(number, self.ready.count)
        shown = [at for at, name in enumerate(self.ready.header) if name in self._filled]
        rows = self.ready.page(first, PAGE)
        return Page(
            [self.ready.header[at] for at in shown],
            [[row[at] for at in shown] for row in rows],
            first,
            self.ready.count,
        )

    @property
    def own_header(self) -> list[str]:
        """The columns of a rejected row that are the export's."""
        return self.rejected.header[ORIGIN:]


def _first(number: int, total: int) -> int:
    """The first row of a page that exists."""
    last = max((total - 1) // PAGE, 0)
    return min(max(number, 0), last) * PAGE
