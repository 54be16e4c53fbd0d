"""Every finding and every changed cell, row by row: for who wants more than counts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import spec, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import note_of
from callconv_kit.model.rows import Fate, Judged, Ragged
from callconv_kit.writing.reasons import masked, reason, reasons

if TYPE_CHECKING:
    import pandas as pd

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

FINDINGS_SCHEMA = pa.schema(
    [
        ("source_file", pa.string()),
        ("source_line", pa.int64()),
        ("column", pa.string()),
        ("code", pa.string()),
        ("severity", pa.string()),
        ("value", pa.string()),
        ("text", pa.string()),
    ]
)

LINES_SCHEMA = pa.schema([("source_file", pa.string()), ("source_line", pa.int64())])


def _writer(path: Path, schema: pa.Schema) -> Any:
    from pyarrow import parquet  # costs a short run a tenth of its time, and few ask for an audit

    return parquet.ParquetWriter(path, schema)


def _append(writer: Any, path: Path) -> None:
    """Write what another process wrote behind what is there; its file goes."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as source:
        for number in range(source.num_row_groups):
            writer.write_table(source.read_row_group(number))
    path.unlink()


class AuditFile:
    """changes.parquet: file, line, column, rule, before, after of every changed cell.

    It holds cells as they are: it is as confidential as the input. Rows that turn out duplicates
    at the end of the run are in it as well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = _writer(path, CHANGES_SCHEMA)

    def add(self, judged: Judged) -> None:
        """Write the changes of a batch's ready rows."""
        ready = judged.fates == Fate.READY
        lines = judged.source_lines
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
            judged.source_files(at),
            texts.indices(lines[at]),
            pa.repeat(name, count),
            pa.repeat(rule, count),
            was,
            texts.take(judged.values(name), at),
        ]
        self._writer.write_batch(pa.record_batch(columns, schema=CHANGES_SCHEMA))

    def merge(self, path: Path) -> None:
        """Add the changes of rows behind ours, which another process wrote; its file goes."""
        _append(self._writer, path)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class LinesFile:
    """ready_lines.parquet: source_file and source_line of each row of ready.csv, in its order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = _writer(path, LINES_SCHEMA)

    def add(self, judged: Judged, rows: texts.Ints) -> None:
        """Write where these rows of a batch came from."""
        if len(rows):
            columns = [judged.source_files(rows), texts.indices(judged.source_lines[rows])]
            self._writer.write_batch(pa.record_batch(columns, schema=LINES_SCHEMA))

    def merge(self, path: Path) -> None:
        """Add the rows behind ours, which another process wrote; its file goes."""
        _append(self._writer, path)

    def finish(self, dropped: texts.Ints) -> None:
        """Finish the file; drop rows by their ascending numbers, counted from 0."""
        self._writer.close()
        if not len(dropped):
            return
        old = self.path.rename(self.path.with_name(self.path.name + ".all"))
        from pyarrow import parquet

        start = 0
        new = _writer(self.path, LINES_SCHEMA)
        with parquet.ParquetFile(old) as source, new:
            for batch in source.iter_batches():
                first, last = np.searchsorted(dropped, [start, start + len(batch)])
                keep = np.ones(len(batch), np.bool_)
                keep[dropped[first:last] - start] = False
                new.write_batch(batch.filter(texts.mask(keep)))
                start += len(batch)
        old.unlink()

    def close(self) -> None:
        """Close the file, whatever happened."""
        self._writer.close()


class Findings(NamedTuple):
    """One finding about n rows.

    files, lines: where each row is from.
    values: n texts as they were; none: it is about the row as a whole.
    details: n texts; none: there is nothing more to say.
    reasons: n texts in full, where they are known.
    """

    files: pa.StringArray
    lines: texts.Ints
    column: str | None
    code: str
    severity: Severity
    values: pa.StringArray | None = None
    details: pa.StringArray | None = None
    reasons: pa.StringArray | None = None

    def texts(self) -> pa.StringArray:
        """The full findings of each row."""
        if self.reasons is not None:
            return self.reasons
        return reasons(self.code, self.column, len(self.lines), self.values, self.details)

    def table(self) -> pa.Table:
        """One row for each finding."""
        count = len(self.lines)
        values = texts.repeat("", count) if self.values is None else self.values
        column = texts.nulls(count) if self.column is None else texts.repeat(self.column, count)
        columns = [
            self.files,
            texts.indices(self.lines),
            column,
            texts.repeat(self.code, count),
            texts.repeat(self.severity.value, count),
            pc.fill_null(values, texts.scalar("")),
            self.texts(),
        ]
        return pa.table(columns, schema=FINDINGS_SCHEMA)


class FindingsLog:
    """All findings of a run in memory, for `prepared.findings` and `check`."""

    def __init__(self) -> None:
        self._kept: list[Findings] = []
        self._forgotten: list[tuple[int, pa.StringArray, texts.Ints]] = []

    def keep(self, findings: Findings) -> None:
        """Keep a finding."""
        self._kept.append(findings)

    def add(self, judged: Judged) -> None:
        """Keep the findings of a batch; a row whose outcome changes is recorded again."""
        left_out = judged.fates == Fate.LEFT_OUT
        for finding in judged.findings:
            here = np.arange(len(finding.rows))
            if finding.severity is not Severity.LEFT_OUT:
                here = here[~left_out[finding.rows]]
            rows = finding.rows[here]
            if not len(rows):
                continue
            before = judged.before.get(finding.column or "")
            details = (
                texts.from_list([finding.details[at] for at in here]) if finding.details else None
            )
            self.keep(
                Findings(
                    judged.source_files(rows),
                    judged.source_lines[rows],
                    finding.column,
                    finding.code,
                    finding.severity,
                    None if before is None else texts.take(before, rows),
                    details,
                )
            )

    def add_ragged(self, file: str, ragged: Sequence[Ragged]) -> None:
        """Keep the rows of another length than the header."""
        cells = texts.from_list([f"{len(row.cells)} cells" for row in ragged])
        files = texts.from_list([row.file or file for row in ragged])
        lines = np.asarray([row.source_line for row in ragged], np.int64)
        self.keep(Findings(files, lines, None, "field_count", Severity.ERROR, cells))

    def forget(self, judged: Judged) -> None:
        """Drop the findings of these rows so far."""
        files = judged.source_files(np.arange(len(judged)))
        self._forgotten.append((len(self._kept), files, judged.source_lines))

    def table(self) -> pa.Table:
        """All findings, one row each, in the order of the rows; see `FINDINGS_SCHEMA`."""
        if not self._kept:
            return FINDINGS_SCHEMA.empty_table()
        table = pa.concat_tables(findings.table() for findings in self._kept)
        if self._forgotten:
            table = table.filter(texts.mask(self._still_said(table)))
        order = pc.sort_indices(
            table, sort_keys=[("source_file", "ascending"), ("source_line", "ascending")]
        )
        return table.take(order)

    def _still_said(self, table: pa.Table) -> texts.Bools:
        """Which findings were not followed by a forgetting of their row."""
        number = np.repeat(
            np.arange(len(self._kept)), [len(findings.lines) for findings in self._kept]
        )
        files = pa.concat_arrays([files for _, files, _ in self._forgotten])
        gone = pa.table(
            {
                "source_file": files,
                "source_line": texts.indices(
                    np.concatenate([lines for _, _, lines in self._forgotten])
                ),
                "until": texts.indices(
                    np.repeat(
                        [until for until, _, _ in self._forgotten],
                        [len(lines) for _, _, lines in self._forgotten],
                    )
                ),
            }
        )
        last = gone.group_by(["source_file", "source_line"]).aggregate([("until", "max")])
        mine = table.select(["source_file", "source_line"])
        mine = mine.append_column("at", texts.indices(np.arange(len(mine))))
        joined = mine.join(last, ["source_file", "source_line"]).sort_by("at")
        until = pc.fill_null(joined["until_max"], texts.scalar(0)).to_numpy()
        return np.asarray(number >= until)


def findings_frame(log: FindingsLog | None, *, mask: bool) -> "pd.DataFrame":
    """Kept findings as a frame, in the order of the rows."""
    frame = (log or FindingsLog()).table()
    if mask and len(frame):
        values = frame["value"].combine_chunks()
        personal = pc.is_in(frame["column"], texts.from_list(list(spec.PERSONAL)))
        frame = frame.set_column(
            frame.schema.get_field_index("value"),
            "value",
            pc.if_else(personal, masked(values), values),
        )
    return cast("pd.DataFrame", frame.to_pandas())


def with_file_warnings(found: "pd.DataFrame", summary: Mapping[str, Any]) -> "pd.DataFrame":
    """Findings with the warnings that the summary alone has, by their examples."""
    import pandas as pd

    known = set(found["code"])
    rows = [
        {
            **{key: example.get(key, "") for key in ("source_file", "source_line", "value")},
            **{key: entry[key] for key in ("column", "code", "severity")},
            "text": reason(
                entry["code"], entry["column"], example.get("value"), example.get("detail", "")
            ),
        }
        for entry in summary["findings"]
        if entry["severity"] == "warning" and entry["code"] not in known
        for example in entry["examples"]
    ]
    more = pd.DataFrame(rows, columns=found.columns).astype({"source_line": "int64"})
    return pd.concat([found, more], ignore_index=True) if len(found) else more
