"""Warnings of a run as a file of rows, so that they can be turned over like the rejected ones."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import spec, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.rows import ORIGIN_COLUMNS, Judged
from callconv_kit.widgets.pages import long_cells
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
        """What was said of these rows up to now does not hold any more."""
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
