"""What a run needs beside its job: the preset under it, the look-up file, the key of session ids.

All that can be wrong with them is found here, before the first row of an input is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion.columns import CoercionSettings, Kernels
from callconv_kit.job import Job, Lookup
from callconv_kit.job.settings import RUNS
from callconv_kit.mapping import drift
from callconv_kit.mapping import lookup as lookups
from callconv_kit.mapping.drift import Layout
from callconv_kit.mapping.export import Export, lay_under
from callconv_kit.mapping.lookup import LookupTable
from callconv_kit.mapping.plan import KnownNames, Plan
from callconv_kit.model import texts
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.model.names import plain
from callconv_kit.model.rows import Batch
from callconv_kit.reading import Input, Table, open_tables, the_only

A_PHONE = "CalledPhoneNumber"
"""Keys of source columns are read as this column's, where they are phone numbers."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A job with all that it names.

    job: with its preset laid under it.
    export: what else the preset says.
    lookup, keys: the look-up table and the form of its keys, if the job has a look-up.
    layout: what the export looked like when the job was made, if that was recorded.
    """

    job: Job
    export: Export
    lookup: LookupTable | None = None
    keys: "KeyForm | None" = None
    layout: Layout | None = None

    @property
    def looked_up(self) -> frozenset[str]:
        """The columns that the look-up fills."""
        return self.lookup.fills if self.lookup else frozenset()


def resolve(job: Job) -> Resolved:
    """Read what the job names.

    Raises:
        UsageError: the preset, the look-up file or the recorded layout of the export is missing or
            wrong.
    """
    job, export = lay_under(job)
    layout = drift.read(job.export_suite) if job.export_suite else None
    if job.lookup is None:
        return Resolved(job, export, layout=layout)
    form = KeyForm(job, job.lookup)
    return Resolved(job, export, _read(job.lookup, form), form, layout)


def open_inputs(resolved: Resolved, inputs: Iterable[Input]) -> Sequence[Table]:
    """Recognize inputs as tables, by the job and its preset.

    Raises:
        InputError: an input is missing, can't be read, or is not a table with a known header.
    """
    job = resolved.job
    try:
        return open_tables(
            inputs,
            KnownNames(job, resolved.export),
            encoding=job.encoding,
            delimiter=job.delimiter,
            sheet=job.sheet,
            header_line=job.header_line,
            skip_lines=job.skip_lines,
            headerless=resolved.export.headerless,
        )
    except InputError as error:
        # The error of a layout without a header counts its columns.
        if error.code == "no_header" and job.columns and not resolved.export.headerless:
            raise _for_another_export(error, job) from error
        raise


def _for_another_export(error: InputError, job: Job) -> InputError:
    """The error of an export that has none of the columns that the job names."""
    named = dict.fromkeys(name for source in job.columns.values() for name in source.names)
    first = ", ".join(f'"{name}"' for name in list(named)[:COLUMNS_NAMED])
    more = f" and {len(named) - COLUMNS_NAMED} more" if len(named) > COLUMNS_NAMED else ""
    return InputError(
        error.code,
        error.problem,
        error.found,
        f"the columns that the job names: {first}{more}",
        "Is the job made for another export? `callconv init FILE` writes a job for this one, and "
        "`callconv inspect FILE` shows its columns.",
    )


COLUMNS_NAMED = 6
"""Columns of a job that an error names."""


class KeyForm:
    """The form in which look-up keys are compared: phones as E.164, the rest as cleaned text."""

    def __init__(self, job: Job, lookup: Lookup) -> None:
        self._made_of = job, lookup
        # The clock does not matter: ages are not keys.
        settings = CoercionSettings(
            datetime(2000, 1, 1, tzinfo=UTC),
            job.timezone,
            job.dst,
            job.date_order,
            default_country=job.default_country,
            phone_format="e164",
        )
        self._kernels = Kernels(settings)
        self._column = lookup.on or A_PHONE

    def __reduce__(self) -> tuple[type["KeyForm"], tuple[Job, Lookup]]:
        return KeyForm, self._made_of

    def __call__(self, cells: pa.StringArray) -> pa.StringArray:
        """Keys in their form, each distinct text read once; null where a cell is empty."""
        encoded = cells.dictionary_encode()
        distinct = encoded.dictionary
        clean = self._kernels.clean(self._column, distinct)
        read = self._kernels.read({self._column: clean}, len(distinct))[self._column]
        trimmed = pc.utf8_trim_whitespace(distinct)
        text = texts.where(texts.present(trimmed), trimmed, None)
        return pc.coalesce(read.values, text).take(encoded.indices)


def _read(lookup: Lookup, form: KeyForm) -> LookupTable:
    name = lookup.file.name
    key = plain(lookup.on or lookup.on_source or "")
    known = KnownNames(Job())
    try:
        table = the_only(open_tables([lookup.file], lambda cell: plain(cell) == key or known(cell)))
        batches = list(table.batches())
    except InputError as error:
        raise UsageError(
            "lookup_unusable",
            f"The look-up file {name} can't be used: {error.problem}",
            error.found,
            error.expected,
            error.next_step,
        ) from error
    _refuse_ragged(name, batches)
    if not batches or not any(len(batch.lines) for batch in batches):
        raise UsageError(
            "lookup_unusable", f"The look-up file {name} has no rows", "", "", "Fill it in."
        )
    cells = [pa.concat_arrays(parts) for parts in zip(*(b.cells for b in batches), strict=True)]
    lines = np.concatenate([batch.lines for batch in batches])
    return lookups.table_of(lookup, name, table.header, cells, lines, form)


def _refuse_ragged(name: str, batches: list[Batch]) -> None:
    lines = [row.line for batch in batches for row in batch.ragged]
    if lines:
        raise UsageError(
            "lookup_unusable",
            f"The look-up file {name} has rows with another number of cells than its header",
            f"line {lines[0]}",
            "as many cells as the header has",
            "Quote cells that hold commas.",
        )


def needs_source(lookup: Lookup, plan: Plan, name: str) -> None:
    """Refuse an input that lacks the key of the look-up.

    Raises:
        InputError: `column_missing`.
    """
    wanted = lookup.on or lookup.on_source or ""
    there = wanted in plan.feeds if lookup.on else plan.position(wanted) is not None
    if not there:
        raise InputError(
            "column_missing",
            f"In {name}, there is no source for {wanted}, the key of the look-up",
            ", ".join(plan.header[:30]),
            f"a column for {wanted}",
            "Name another key under [lookup] (on, or on_source for a column of the export).",
        )


def may_have_sent(job: Job, ledger: Path) -> bool:
    """Whether anything lies where a ledger or the records of runs would be."""
    folders = (ledger.parent, ledger.absolute().parent.parent / RUNS, job.folder / RUNS)
    try:
        return any(folder.exists() for folder in folders)
    except OSError:  # who reads it raises the error
        return True
