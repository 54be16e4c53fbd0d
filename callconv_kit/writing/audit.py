"""Every finding and every changed cell, row by row: for who wants more than counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from callconv_kit.model import texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import note_of
from callconv_kit.model.rows import Fate, Judged, Ragged
from callconv_kit.writing.reasons import reason

CHANGES_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("rule", pa.string()),
        ("before", pa.string()),
        ("after", pa.string()),
    ]
)

LINES_SCHEMA = pa.schema([("source_file", pa.string()), ("source_line", pa.int64())])


class AuditFile:
    """changes.parquet: file, line, column, rule, before, after of every changed cell.

    It holds cells as they are: it is as confidential as the input. Rows that turn out duplicates
    at the end of the run stand in it as well.
    """

    def __init__(self, path: Path) -> None:
        self._writer = parquet.ParquetWriter(path, CHANGES_SCHEMA)

    def add(self, judged: Judged) -> None:
        """Write the changes of a batch's ready rows."""
        ready = judged.fates == Fate.READY
        lines = _lines(judged)
        for name, cells in judged.columns.items():
            rows, notes = cells.positions, cells.notes
            keep = ready[rows]
            rows, notes = rows[keep], notes[keep]
            before = judged.before.get(name)
            for number in np.unique(notes).tolist():
                at = rows[notes == number]
                for rule in note_of(number).rules:
                    self._write(judged, name, rule, at, lines, before)

    def _write(
        self,
        judged: Judged,
        name: str,
        rule: str,
        at: texts.Ints,
        lines: texts.Ints,
        before: pa.StringArray | None,
    ) -> None:
        count = len(at)
        was = texts.nulls(count) if before is None else texts.take(before, at)
        columns = [
            _files(judged, at),
            texts.indices(lines[at]),
            pa.repeat(name, count),
            pa.repeat(rule, count),
            was,
            texts.take(judged.values(name), at),
        ]
        self._writer.write_batch(pa.record_batch(columns, schema=CHANGES_SCHEMA))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class LinesFile:
    """ready_lines.parquet: source_file and source_line of each row of ready.csv, in its order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = parquet.ParquetWriter(path, LINES_SCHEMA)

    def add(self, judged: Judged) -> None:
        """Write where a batch's ready rows came from."""
        rows = judged.rows(Fate.READY)
        if len(rows):
            columns = [_files(judged, rows), texts.indices(_lines(judged)[rows])]
            self._writer.write_batch(pa.record_batch(columns, schema=LINES_SCHEMA))

    def finish(self, dropped: texts.Ints) -> None:
        """Finish the file; drop rows by their ascending numbers, counted from 0."""
        self._writer.close()
        if not len(dropped):
            return
        old = self._path.rename(self._path.with_name(self._path.name + ".all"))
        start = 0
        new = parquet.ParquetWriter(self._path, LINES_SCHEMA)
        with parquet.ParquetFile(old) as source, new:
            for batch in source.iter_batches():
                first, last = np.searchsorted(dropped, [start, start + len(batch)])
                keep = np.ones(len(batch), np.bool_)
                keep[dropped[first:last] - start] = False
                new.write_batch(batch.filter(pa.array(keep)))
                start += len(batch)
        old.unlink()

    def close(self) -> None:
        """Close the file, whatever happened."""
        self._writer.close()


def _lines(judged: Judged) -> texts.Ints:
    """The source line of each row of a batch."""
    lines = judged.batch.source_lines
    return judged.batch.lines if lines is None else lines


def _files(judged: Judged, at: texts.Ints) -> pa.StringArray:
    """The source file of some rows of a batch."""
    files = judged.batch.files
    return pa.repeat(judged.file, len(at)) if files is None else texts.take(files, at)


class FindingsLog:
    """All findings of a run in memory, for `prepared.findings` and `check`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, judged: Judged) -> None:
        """Keep the findings of a batch; a row that comes to another fate is told anew."""
        left_out = judged.fates == Fate.LEFT_OUT
        for said in judged.said:
            before = judged.before.get(said.column or "")
            for at, row in enumerate(said.rows.tolist()):
                if left_out[row] and said.severity is not Severity.LEFT_OUT:
                    continue
                value = "" if before is None else before[row].as_py() or ""
                detail = said.details[at] if said.details else ""
                self.say(
                    judged.source_file(row),
                    judged.source_line(row),
                    said.column,
                    said.code,
                    said.severity,
                    value,
                    detail,
                )

    def add_ragged(self, file: str, ragged: Sequence[Ragged]) -> None:
        """Keep the rows of another length than the header."""
        for row in ragged:
            self.say(
                row.file or file,
                row.source_line,
                None,
                "field_count",
                Severity.ERROR,
                f"{len(row.cells)} cells",
            )

    def say(
        self,
        file: str,
        line: int,
        column: str | None,
        code: str,
        severity: Severity,
        value: str,
        detail: str = "",
    ) -> None:
        """Keep one finding."""
        self.rows.append(
            {
                "source_file": file,
                "source_line": line,
                "column": column,
                "code": code,
                "severity": severity.value,
                "value": value,
                "text": reason(code, column, value, detail),
            }
        )

    def forget(self, judged: Judged) -> None:
        """Drop what was said of these rows."""
        gone = {(judged.source_file(row), judged.source_line(row)) for row in range(len(judged))}
        self.rows = [
            row for row in self.rows if (row["source_file"], row["source_line"]) not in gone
        ]
