"""One generated table in every form that the kit reads, and what comes of each.

A seed makes a table of text cells, right ones and wrong ones, with blank lines, repeats and
conflicts, and a job. For every second seed, numbers and times are typed where the form has types.
The table is written as CSV, .xlsx, JSON Lines and Parquet and held as frames;
whatever the form, the same calls are ready, byte for byte, unless `NAMED` names the difference.
"""

import csv
import io
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import callconv_kit as ck
from callconv_kit.model import spec
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.model.spec import Kind

from .messy_files import BAD, GOOD, NOW

TEXTS = ["", "", "Boston", "São\nPaulo", 'the "Hub"', "a, b; c", "=1+1", "'x", "\u200bx", "N/A", "null", "0", "007", "1e5", "🙂", "x" * 70]  # fmt: skip
MORE = {
    "CallSessionId": [f"S-{number}" for number in range(40)],
    "EventDate": ["2026-11-20 09:30:05", "2026-11-19 23:59:59", "2026-11-20T09:30:05+01:00"],
    "SaleAmount": ["1234.50", "0.10", "99.99"],
}
"""Right cells beside those of the messy files."""
JOBS: dict[str, list[Any]] = {
    "timezone": ["America/New_York", "UTC", "Europe/Berlin"],
    "date_order": ["month-first", "day-first"],
    "decimal": ["point", "point", "comma"],
    "currency": ["USD", "EUR"],
    "default_country": ["US", "GB"],
    "phone_format": ["national", "dashes", "e164"],
    "anonymous_callers": ["reject", "leave_out", "keep"],
    "empty_status": ["if_talked", "keep", "reject"],
    "optional_cells": ["empty", "reject"],
    "on_conflict": ["reject", "first", "last"],
    "write": ["all", "present"],
    "send": ["all", "answered"],
    "talk_time": ["column", "call_if_answered"],
}


@dataclass(frozen=True)
class Generated:
    """A table and its job. Every row has a cell for each column, named in `names`."""

    seed: int
    names: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    job: Mapping[str, Any]

    def value(self, column: int, text: str) -> Any:
        """A cell as a value of its column's type, where it says the same; None where it is empty.

        A number has no decimal sign, so amounts stay text where the job says decimal = "comma".
        """
        if not text or self.seed % 2 == 0:
            return text or None
        kind = spec.BY_NAME[self.names[column]].kind if column < len(self.names) else Kind.TEXT
        if kind in (Kind.IDENTIFIER, Kind.DURATION) and re.fullmatch("[1-9][0-9]{0,14}", text):
            return int(text)
        if kind is Kind.MONEY and re.fullmatch(r"[0-9]{1,6}\.[0-9][0-9]", text):
            return text if self.job.get("decimal") == "comma" else float(text)
        if kind is Kind.MOMENT and re.fullmatch(r"[0-9-]{10} [0-9:]{8}", text):
            return datetime.fromisoformat(text)
        return text

    def column(self, at: int) -> list[Any]:
        """A column as values of one type: text, if it would be several."""
        texts = [row[at] for row in self.rows]
        values = [self.value(at, text) for text in texts]
        kinds = {type(value) for value in values if value is not None}
        return values if len(kinds) == 1 else [text or None for text in texts]


def generate(seed: int) -> Generated:
    """The table of a seed."""
    draw = random.Random(seed)
    optional = [name for name in spec.NAMES if name not in spec.REQUIRED]
    names = [*spec.REQUIRED, *draw.sample(optional, draw.randint(0, 8))]
    if draw.random() < 0.5:
        draw.shuffle(names)
    header = [*(spelled(name, draw) for name in names), "Notes"]
    rows = [row(names, number, draw) for number in range(draw.randint(0, 30))]
    for at in range(len(rows)):
        if draw.random() < 0.05:
            rows.insert(at, list(rows[draw.randrange(len(rows))]))
        if draw.random() < 0.03:
            rows.insert(at, [""] * len(header))
    job = {name: draw.choice(values) for name, values in JOBS.items() if draw.random() < 0.5}
    job |= {"now": NOW, "max_rejected_share": 1.0}
    for needed in ("timezone", "date_order"):
        if draw.random() < 0.9:
            job.setdefault(needed, draw.choice(JOBS[needed]))
    if draw.random() < 0.3:
        job["constants"] = {"CampaignId": "1001"}
        if "CallProvider" in names and draw.random() < 0.5:
            job["defaults"] = {"CallProvider": "Northline"}
    if draw.random() < 0.2:
        job["leave_out"] = [{"column": "CallDuration", "below": 30}]
    return Generated(seed, tuple(names), tuple(header), tuple(map(tuple, rows)), job)


def spelled(name: str, draw: random.Random) -> str:
    """A spelling of a column that is known without a preset."""
    parted = "".join(f" {letter}" if letter.isupper() else letter for letter in name).strip()
    return draw.choice([name, name, name.lower(), name.upper(), parted, parted.replace(" ", "_")])


def row(names: list[str], number: int, draw: random.Random) -> list[str]:
    """A row: mostly right cells, some wrong, some of another column."""
    cells = []
    for name in names:
        choice = draw.random()
        good = GOOD.get(name) or (
            [f"S-{draw.randint(0, 40)}"] if name == "CallSessionId" else TEXTS
        )
        if name == "CallSessionId" and choice < 0.9:
            cells.append(f"S-{number}")
        elif choice < 0.93 or name not in BAD:
            cells.append(draw.choice(good))
        elif choice < 0.98:
            cells.append(draw.choice(BAD[name]))
        else:
            cells.append(draw.choice(TEXTS))
    return [*cells, draw.choice(TEXTS)]


# -- forms -----------------------------------------------------------------------------------------


def as_csv(table: Generated, folder: Path) -> Path:
    """Delimited text in one of many dialects."""
    draw = random.Random(table.seed)
    delimiter = draw.choice(",,,;\t|")
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=delimiter,
        quoting=draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        lineterminator=draw.choice(["\n", "\r\n"]),
    )
    writer.writerow(table.header)
    writer.writerows(table.rows)
    path = folder / "calls.csv"
    path.write_bytes(text.getvalue().encode(draw.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])))
    return path


def as_workbook(table: Generated, folder: Path) -> Path:
    """A sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for at, cells in enumerate((table.header, *table.rows), 1):
        for column, text in enumerate(cells, 1):
            value = text if at == 1 else table.value(column - 1, text)
            if isinstance(value, str) and value:
                cell = sheet.cell(at, column, value)
                cell.data_type = "s"  # or "=1+1" would be a formula
            elif value:
                sheet.cell(at, column, value)
    path = folder / "calls.xlsx"
    book.save(path)
    return path


def as_json_lines(table: Generated, folder: Path) -> Path:
    """One object a line; an empty cell is null or an empty text."""
    empty = random.Random(table.seed).choice([None, ""])
    path = folder / "calls.jsonl"
    objects = (
        {name: _in_json(table.value(at, row[at]), empty) for at, name in enumerate(table.header)}
        for row in table.rows
    )
    path.write_text("".join(json.dumps(one) + "\n" for one in objects), encoding="utf-8")
    return path


def _in_json(value: Any, empty: Any) -> Any:
    return str(value) if isinstance(value, datetime) else empty if value is None else value


def as_parquet(table: Generated, folder: Path) -> Path:
    """Columns of text, some of them encoded as a dictionary."""
    path = folder / "calls.parquet"
    columns = [
        pa.array(values, None if any(values) else pa.string())
        for values in map(table.column, range(len(table.header)))
    ]
    if random.Random(table.seed).random() < 0.5:
        columns = [column.dictionary_encode() for column in columns]
    pq.write_table(pa.table(columns, names=list(table.header)), path, row_group_size=7)
    return path


def as_frame(table: Generated, _folder: Path) -> pd.DataFrame:
    """Text in one of the dtypes that pandas has for it, with any index; numbers in theirs."""
    draw = random.Random(table.seed)
    dtype = draw.choice(["object", "string", "str", "category", "string[pyarrow]"])
    empty = draw.choice([None, ""])
    columns = []
    for values in map(table.column, range(len(table.header))):
        of_text = all(value is None or isinstance(value, str) for value in values)
        if of_text:
            column = pd.Series([value or empty for value in values], dtype="object").astype(dtype)
        else:
            column = pd.Series(values)
        columns.append(column)
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(table.header)
    index = draw.choice([None, "text", "repeated"])
    if index == "text":
        frame.index = frame.index.astype(str)
    elif index == "repeated":
        frame.index = [0] * len(frame)
    return frame


FORMS: dict[str, Callable[[Generated, Path], Any]] = {
    "csv": as_csv,
    "xlsx": as_workbook,
    "jsonl": as_json_lines,
    "parquet": as_parquet,
    "frame": as_frame,
}


# -- what comes of them ----------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """What came of an input: `stopped` is the code of the error that ended the run."""

    ready: bytes = b""
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    codes: tuple[str, ...] = ()
    stopped: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every row that was read has an end."""
        read, *ends = self.counts
        return read == sum(ends)


def prepared(source: Any, table: Generated, out: Path, **more: Any) -> End:
    """What `prepare` makes of an input. Any other exception is exit 70, and raised."""
    try:
        done = ck.prepare(source, out=out, keep_findings=False, **table.job, **more)
    except (InputError, UsageError) as error:
        return End(stopped=error.code)
    summary = done.summary
    names = ("rows_read", "rows_ready", "rows_rejected", "rows_left_out")
    codes = sorted([*done.rejected["codes"], *done.left_out["codes"]])
    ready = (out / "ready.csv").read_bytes()
    # A line end inside a quoted cell is none: every row of the file is one of its lines.
    assert ready.count(b"\n") == 1 + summary["rows_ready"]
    return End(ready, tuple(summary[name] for name in names), tuple(codes))  # type: ignore[arg-type] # four names


NAMED: dict[str, Callable[[str, Generated, End, End], bool]] = {
    # JSON Lines has no header: without a row there is nothing at all.
    "a table without rows": lambda form, table, end, _: (
        form == "jsonl" and not table.rows and end.stopped == "empty_file"
    ),
}
"""Differences that are meant: name → whether it explains why a form's end differs from CSV's."""


def difference(form: str, table: Generated, end: End, as_csv: End) -> str | None:
    """The name of the difference between a form and CSV; "" where there is none, None: no name."""
    if end == as_csv:
        return ""
    return next((name for name, holds in NAMED.items() if holds(form, table, end, as_csv)), None)
