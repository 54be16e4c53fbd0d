"""The source of each column, tried on the first rows: cells of the export, before and after."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping.plan import Plan
from callconv_kit.model import spec
from callconv_kit.model.codes import mask_phone
from callconv_kit.model.errors import CallConvError
from callconv_kit.profiling import Inspection, draft_of, lookup_file
from callconv_kit.profiling.ids import IDS
from callconv_kit.profiling.job_answers import answer_in
from callconv_kit.run.prepared import prepare
from callconv_kit.run.resolving import open_inputs, resolve
from callconv_kit.writing.output import writing

TRIED = 40
"""First rows of the export that are shown, and on which a mapping is tried."""

PAIRS = 2
"""Cells before and after that are shown of a column."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of an export: their lines, and their cells under its header."""

    header: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """The source of a column of the format.

    sources: columns of the export; constant, default: of the job; looked_up: by its look-up.
    fill: the share of filled cells of the first source; None where there is no source.
    pairs: cells before and after; `after` is None where the row was rejected.
    missing: required, and it has no source.
    derived: what else the job says, as text.
    """

    column: str
    required: bool
    sources: tuple[str, ...]
    constant: str
    default: str
    looked_up: bool
    fill: float | None
    pairs: tuple[tuple[str, str | None], ...]
    missing: bool
    derived: str = ""

    @property
    def is_fed(self) -> bool:
        """Whether it has a source."""
        return bool(self.sources or self.constant or self.default or self.looked_up or self.derived)


def preview(source: Path, job: Job) -> Preview:
    """The first rows of an export."""
    resolved = resolve(job)
    table = open_inputs(resolved, [source])[0]
    batch = next(iter(table.batches()), None)
    if batch is None:
        return Preview(tuple(table.header), (), ())
    first = [cells.slice(0, TRIED).to_pylist() for cells in batch.cells]
    return Preview(
        tuple(table.header),
        tuple(batch.lines[:TRIED].tolist()),
        tuple(zip(*first, strict=True)),
    )


def plan_of(job: Job, seen: Inspection) -> tuple[Plan, Job, frozenset[str]]:
    """The plan, the job with its preset under it, and the columns that are looked up."""
    resolved = resolve(job)
    header = [column.name for column in seen.columns]
    anything = {column: spec.BY_NAME[column].example for column in spec.REQUIRED}
    lenient = resolved.job.model_copy(update={"defaults": {**anything, **resolved.job.defaults}})
    plan = planning.make(seen.file, header, lenient, export=resolved.export)
    return plan, resolved.job, resolved.looked_up


def feeds(job: Job, seen: Inspection) -> dict[str, list[str]]:
    """By column of the export: the columns of the format that use it."""
    plan, _, _ = plan_of(job, seen)
    found: dict[str, list[str]] = {}
    for column, feed in plan.feeds.items():
        for name in dict.fromkeys(plan.header[at] for at in feed.positions):
            found.setdefault(name, []).append(column)
    return found


def personal_columns(seen: Inspection) -> frozenset[str]:
    """Columns of the export, and of the format, that hold phone numbers of people."""
    fed = {name for column in spec.PERSONAL for name in seen.feeds.get(column, ())}
    return frozenset(fed) | spec.PERSONAL


def mapping(
    job: Job, seen: Inspection, first: Preview | None, now: datetime | str | None
) -> tuple[MappedColumn, ...]:
    """The source of each column of the format, in its order.

    Raises:
        UsageError: the job is wrong. InputError: two source columns map to the same column.
    """
    plan, full, looked_up = plan_of(job, seen)
    columns = []
    for name in spec.NAMES:
        feed = plan.feeds.get(name)
        sources = tuple(plan.header[at] for at in feed.positions) if feed else ()
        column = MappedColumn(
            column=name,
            required=spec.BY_NAME[name].required,
            sources=sources,
            constant=str(full.constants.get(name, "")),
            default=str(full.defaults.get(name, "")),
            looked_up=name in looked_up,
            fill=_fill(seen, sources),
            pairs=(),
            missing=False,
            derived=_derived(name, full),
        )
        columns.append(column)
    missing = [one.column for one in columns if one.required and not one.is_fed]
    tried = _tried(job, plan, missing, first, now) if first and first.rows else {}
    return tuple(
        _with(column, pairs=tried.get(column.column, ()), missing=column.column in missing)
        for column in columns
    )


def _with(column: MappedColumn, **more: Any) -> MappedColumn:
    from dataclasses import replace

    return replace(column, **more)


def _fill(seen: Inspection, sources: Sequence[str]) -> float | None:
    profile = seen.column(sources[0]) if sources else None
    return profile.fill if profile else None


def _derived(name: str, job: Job) -> str:
    if name == "TalkDuration" and job.talk_time == "call_if_answered":
        return "CallDuration, where the call was answered"
    if name == "CallSessionId" and job.session_id_from:
        return f"derived from {', '.join(job.session_id_from)}"
    return ""


Pairs = tuple[tuple[str, str | None], ...]


def _tried(
    job: Job, plan: Plan, missing: Sequence[str], first: Preview, now: datetime | str | None
) -> Mapping[str, Pairs]:
    """Cells before and after, of the first rows prepared with an example for what is missing."""
    import pandas as pd

    frame = pd.DataFrame(list(first.rows), dtype=str)
    frame.columns = pd.Index(first.header)
    examples = {column: spec.BY_NAME[column].example for column in missing}
    settings: dict[str, Any] = {
        "max_rejected_share": 1.0, "write": "all", "constants": {**job.constants, **examples},
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="callconv-trial-") as folder:
        try:
            prepared = prepare(frame, job, out=folder, now=now, keep_findings=False, **settings)
        except CallConvError:
            # A setting is still asked for; the question is above the table.
            return {column: _before(plan, column, first) for column in plan.feeds}
        ready = prepared.ready
        aside = {*prepared.rejected["source_line"], *prepared.left_out["source_line"]}
    lines = [at for at in range(len(first.rows)) if str(at + 1) not in set(map(str, aside))]
    found: dict[str, Pairs] = {}
    for column in spec.NAMES:
        feed = plan.feeds.get(column)
        places = feed.positions if feed else ()
        pairs: dict[tuple[str, str | None], None] = {}
        for at, after in zip(lines, ready[column], strict=False):
            before = " + ".join(filter(None, (first.rows[at][place] for place in places)))
            if before or after:
                pairs[before, str(after)] = None
        changed = sorted(pairs, key=lambda pair: pair[0] == pair[1])
        found[column] = tuple(changed[:PAIRS])
    return found


def _before(plan: Plan, column: str, first: Preview) -> Pairs:
    """Cells of the export alone."""
    cells = dict.fromkeys(
        row[place] for row in first.rows for place in plan.feeds[column].positions if row[place]
    )
    return tuple((cell, None) for cell in list(cells)[:PAIRS])


def begin_lookup(
    source: Path, seen: Inspection, settings: Mapping[str, Any], folder: Path, answer: str
) -> Path | None:
    """Write the look-up file that a job names, where there is none: its keys, and no ids yet.

    Args:
        source: the export.
        seen: its inspection.
        settings: the job's, with its look-up.
        folder: of the job.
        answer: the answer that asked for the look-up.

    Returns:
        The file; None where it is there already.
    """
    path = folder / str(settings["lookup"]["file"])
    if path.exists() or "on_source" not in settings["lookup"]:
        return None
    # One file serves for all ids that have no source yet.
    ids = [key for key in IDS if key != "provider" and not answer_in(settings, key)]
    draft = draft_of(seen, dict.fromkeys(ids, answer))
    with writing(path.parent):
        path.write_text(lookup_file(source, draft, seen), encoding="utf-8", newline="\n")
    return path


def masked(column: str, text: str, *, show: bool) -> str:
    """A cell of a column of the format, its phone number masked unless it is to be shown."""
    return text if show or column not in spec.PERSONAL else mask_phone(text)
