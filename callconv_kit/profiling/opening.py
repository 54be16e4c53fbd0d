"""An export opened before its vendor is known, and the evidence for its layout."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from callconv_kit.coercion import moment
from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping import preset as presets
from callconv_kit.mapping.preset import Form, Preset
from callconv_kit.model.errors import CallConvError, InputError
from callconv_kit.model.names import plain
from callconv_kit.profiling.columns import looks_like_data
from callconv_kit.profiling.naming import known_roles
from callconv_kit.profiling.recognition import Fit, headerless_forms, recognize, sample_of
from callconv_kit.profiling.times import NO_RULES
from callconv_kit.reading import Input, Table, open_tables
from callconv_kit.run.resolving import resolve

_NAME = re.compile(r"[^\W\d][\w .,()\[\]#/&':+%*-]{0,60}")


def open_export(source: Input, job: Job) -> Sequence[Table]:
    """The tables, by the names that anybody may know; else by what looks like a header."""

    def tables(is_known: Callable[[str], bool], **more: Any) -> Sequence[Table]:
        return open_tables(
            [source],
            is_known,
            encoding=job.encoding,
            delimiter=job.delimiter,
            sheet=job.sheet,
            header_line=job.header_line,
            skip_lines=job.skip_lines,
            **more,
        )

    log = _log(lambda headerless: tables(lambda _: False, headerless=headerless))
    if log:
        return log
    try:
        found = tables(known_to_anybody(job))
    except InputError as error:
        if error.code != "no_header":
            raise
        first = error
    else:
        if not job.header_line:
            _refuse_what_is_a_row(found[0])
        return found
    try:
        found = tables(_looks_like_a_name)
    except InputError:
        raise first from None
    # One such cell is the first line of any letter.
    if sum(map(_looks_like_a_name, found[0].header)) < 2:
        raise first
    _refuse_what_is_a_row(found[0])
    return found


def recognized(source: Input, job: Job) -> Fit | None:
    """The preset whose vendor's own layout an export has; None for any other, or if unreadable.

    Args:
        source: a file. It is opened, and its first rows are read.
        job: under which it is opened; its preset is not asked.
    """
    try:
        table = open_export(source, job)[0]
        if table.reimported:
            return None
        has_header = not table.account.delimiter or table.account.header_line != 0
        fits = recognize(table.header, has_header=has_header, sample=sample_of(table))
    except CallConvError:
        return None  # `prepare` says what is wrong with it
    return fits[0] if fits and fits[0].sure else None


def _refuse_what_is_a_row(table: Table) -> None:
    """A file without a header has rows that look a little like one: no call becomes the header.

    Raises:
        InputError: `no_header`.
    """
    held = [cell for cell in table.header if cell]
    line, data = table.account.header_line, sum(map(looks_like_data, held))
    if not line or data < len(held) * DATA:
        return
    raise InputError(
        "no_header",
        f"{table.name} has no header that differs from its rows",
        f"line {line} looks most like one, but {data} of its {len(held)} cells look like data",
        "a line with the names of the columns",
        "Put one before the first row, or say which line it is: header_line in the job. For call "
        "detail records, `callconv presets asterisk` has the names.",
    )


def _looks_like_a_name(cell: str) -> bool:
    return _NAME.fullmatch(cell.strip()) is not None


def known_to_anybody(job: Job) -> Callable[[str], bool]:
    """Whether the job, the format, any vendor or the list of known names knows a column."""
    resolved = resolve(job)
    known = planning.KnownNames(resolved.job, resolved.export)
    for preset in presets.bundled():
        known.names.update(map(plain, preset.names))
    return lambda cell: known(cell) or bool(known_roles(cell))


DATA = 0.5
"""Of the cells of a line that look like data make it a row."""


def _log(open_as: Callable[[Mapping[int, tuple[str, ...]]], Sequence[Table]]) -> Sequence[Table]:
    """Files without a header, if that is what it is: with times where a preset expects them.

    Args:
        open_as: opens the tables, given names for their columns by how many there are.
    """
    widths = {len(form.columns): form.columns for _, form in headerless_forms()}
    try:
        tables = open_as(widths)
    except InputError:
        return ()
    account = tables[0].account
    if account.header_line or not account.delimiter:
        return ()
    for preset, form in headerless_forms():
        if len(form.columns) != len(tables[0].header):
            continue
        named = open_as({len(form.columns): form.columns})
        if _is_log(named[0], preset, form):
            return named
    return ()


def _is_log(table: Table, preset: Preset, form: Form) -> bool:
    """Whether the first row has the start of a call, and its seconds, where the form has them."""
    batch = next(table.batches(), None)
    if batch is None or not len(batch.lines):
        return False
    start, seconds = (
        next(
            name
            for name in preset.spellings(preset.settings["columns"][column])
            if name in form.columns
        )
        for column in ("EventDate", "TalkDuration")
    )
    first = [batch.cells[table.header.index(name)][0].as_py() or "" for name in (start, seconds)]
    reads = moment.read(first[0], NO_RULES).code == "needs_timezone"
    return first[1].isdigit() and reads and form.says(sample_of(table))


ENCODINGS = {
    "utf-8-sig": "the file begins with a byte-order mark",
    "utf-16": "the file begins with a byte-order mark",
    "utf-32": "the file begins with a byte-order mark",
    **{
        f"utf-{width}-{order}e": "every other byte is zero"
        if width == 16
        else "most bytes are zero"
        for width in (16, 32)
        for order in "lb"
    },
    "utf-8": "no byte-order mark, and its bytes are UTF-8",
    "cp1252": "line {line} is not UTF-8, and the file has no valid multi-byte character",
}
THE_JOB = "the job says so"


def of(
    table: Table, job: Job, *, known: Callable[[str], bool], rows: int, ragged: int
) -> Mapping[str, str]:
    """The evidence for the encoding, the delimiter and the header's line, where there are such.

    Args:
        table: the export, of which rows were read.
        job: whose settings win over what is seen.
        known: whether a header's cell is the name of a column that somebody knows.
        rows: how many rows were read that have as many cells as the header.
        ragged: how many more have another number of cells.
    """
    account, reasons = table.account, {}
    if account.encoding:
        reason = ENCODINGS.get(account.encoding, "").format(line=account.guessed_from_line)
        reasons["encoding"] = THE_JOB if job.encoding else reason
    if account.delimiter:
        seen = f"{rows:,} of {rows + ragged:,} rows have {len(table.header)} cells, as the header"
        reasons["delimiter"] = THE_JOB if job.delimiter else seen
    if account.header_line:
        reasons["header_line"] = THE_JOB if job.header_line else _header(table, known)
    elif account.delimiter:
        reasons["header_line"] = (
            "the first line is already a row; the columns follow from their number"
        )
    return reasons


def _header(table: Table, known: Callable[[str], bool]) -> str:
    names = sum(map(known, table.header))
    if not names:
        return "no line holds column names that the kit knows, but this one looks like names"
    return f"{names} of its {len(table.header)} cells are column names that the kit knows"
