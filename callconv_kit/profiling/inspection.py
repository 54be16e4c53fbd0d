"""One look at an export: its dialect, its columns, the preset that fits, what is still missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping import preset as presets
from callconv_kit.mapping.export import Export
from callconv_kit.mapping.plan import CHILD, Plan
from callconv_kit.model import spec
from callconv_kit.model.names import plain
from callconv_kit.model.texts import Ints
from callconv_kit.profiling import opening
from callconv_kit.profiling.columns import Gathered, Holds, Profile, shared_name
from callconv_kit.profiling.first_rows import first_rows
from callconv_kit.profiling.opening import known_to_anybody, open_export
from callconv_kit.profiling.proposal import Proposal, Proposals, direction_as_dict
from callconv_kit.profiling.proposing import KnownSources, propose
from callconv_kit.profiling.recognition import Fit, measured, recognize, sample_of
from callconv_kit.profiling.sample import Sample
from callconv_kit.profiling.times import Times, times_of
from callconv_kit.reading import Input, Table
from callconv_kit.run.resolving import Resolved, resolve
from callconv_kit.writing.wording import DELIMITERS


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen of an export; nothing of it was changed.

    Attributes:
        file: the name of the file that was looked at.
        encoding: how its bytes became text; empty where it is not text.
        guessed_from_line: the first line that is not UTF-8, where the encoding is a guess; else 0.
        delimiter: what separates its cells; empty where it is not delimited text.
        header_line: 0 where there is no header.
        rows: how many were looked at.
        more: whether there are others.
        skipped: lines that are not rows, and why.
        columns: of the export.
        fits: the presets that may fit, the best first.
        feeds: spec column to the names of the columns that are mapped to it.
        constants: spec columns that the preset sets.
        unused: columns that are not mapped to anything.
        missing: required columns without a source, and how to give each one.
        proposals: what each column of the format may come from, and which rows are calls; never
            applied.
        times: facts about the column of times; None where nothing is proposed for EventDate.
        skip_lines: patterns of lines that are not rows, such as the types of the columns.
        others: other tables of the same archive, which were not looked at.
        evidence: why the encoding, the delimiter and the header's line were chosen.
        settings: those under which it was looked at, beside a job; a draft takes them over.
        sample: some of its rows, as text.
        lines: the source line of each row of the sample.
        known: the settings by which its columns were recognized.
    """

    file: str
    encoding: str
    guessed_from_line: int
    delimiter: str
    header_line: int
    rows: int
    more: bool
    skipped: tuple[tuple[int, str], ...]
    columns: tuple[Profile, ...]
    fits: tuple[Fit, ...]
    feeds: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    unused: tuple[str, ...]
    missing: Mapping[str, str]
    proposals: Proposals
    times: Times | None
    skip_lines: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    sample: Sample = field(default_factory=lambda: Sample((), ()), repr=False, compare=False)
    lines: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False, compare=False)
    known: KnownSources = field(default_factory=KnownSources, repr=False, compare=False)

    @property
    def preset(self) -> str | None:
        """The preset that fits best, if any does."""
        return self.fits[0].preset if self.fits else None

    @property
    def fit(self) -> float:
        """How much of the header it knows, from 0 to 1."""
        return self.fits[0].share if self.fits else 0.0

    @property
    def similar(self) -> Mapping[str, str]:
        """Column of the export → the column of the format that it may mean; never applied."""
        return {each.sources[0]: each.column for each in self.proposed}

    @property
    def proposed(self) -> tuple[Proposal, ...]:
        """The proposals that nothing settles yet, in the order of the format's columns."""
        return tuple(
            each for each in self.proposals.mapping.values() if each.sources and not each.settled
        )

    def proposed_for(self, column: str) -> bool:
        """Whether a source is proposed for a `column` of the format, and nothing settles it yet."""
        each = self.proposals.mapping[column]
        return bool(each.sources) and not each.settled

    def column(self, name: str) -> Profile | None:
        """The profile of the export's column of this `name`; None where there is none."""
        return next((column for column in self.columns if column.name == name), None)

    def goes_to(self, name: str) -> list[str]:
        """The columns of the format to which the export's column `name` is mapped."""
        return [column for column, names in self.feeds.items() if name in names]

    def as_dict(self) -> dict[str, Any]:
        """The inspection as `callconv inspect --json` prints it."""
        return {
            "file": self.file,
            "others": list(self.others),
            "preset": self.preset,
            "fit": round(self.fit, 3),
            "fits": [fit.as_dict() for fit in self.fits],
            "encoding": self.encoding,
            "guessed_from_line": self.guessed_from_line,
            "delimiter": self.delimiter,
            "header_line": self.header_line,
            "evidence": dict(self.evidence),
            "rows": self.rows,
            "more": self.more,
            "skipped": [{"line": line, "why": why} for line, why in self.skipped],
            "columns": [self._column_as_dict(column) for column in self.columns],
            "constants": dict(self.constants),
            "unused": list(self.unused),
            "missing": [{"column": name, "how": how} for name, how in self.missing.items()],
            "mapping": {name: each.as_dict() for name, each in self.proposals.mapping.items()},
            "direction": direction_as_dict(self.proposals.direction),
            "statuses": self.proposals.statuses.as_dict(),
            "skip_lines": list(self.skip_lines),
            "times": None if self.times is None else self.times.as_dict(),
        }

    def _column_as_dict(self, column: Profile) -> dict[str, Any]:
        return {
            "name": column.name,
            "feeds": self.goes_to(column.name),
            "may_mean": self.similar.get(column.name),
            "fill": round(column.fill, 3),
            "filled": column.filled,
            "distinct": column.distinct,
            "top_share": round(column.top_share, 3),
            "samples": list(column.samples),
            "shapes": list(column.shapes),
        }

    def shared(self) -> dict[str, Any]:
        """What `callconv inspect --share --json` prints: headers and shapes, not one cell."""
        return {
            "preset": self.preset,
            "fit": round(self.fit, 3),
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "header_line": self.header_line,
            "rows": self.rows,
            "columns": [
                {
                    "name": shared_name(column.name),
                    "fill": round(column.fill, 3),
                    "distinct": column.distinct,
                    "shapes": list(column.shapes),
                }
                for column in self.columns
            ],
        }


def inspect(source: Input, job: str | Path | Job | None = None, **settings: Any) -> Inspection:
    """Look at an export; nothing is changed.

    Args:
        source: a path, an address, `-` for standard input, or a DataFrame; of an archive its
            first file.
        job: a job file or a Job; what it names counts as known.
        **settings: every key of the job file under its name; they win over `job`. Without
            `preset`, the one that fits best is taken; `preset=""` takes none.

    Raises:
        InputError: it can't be read as a table.
        UsageError: the job is wrong.
    """
    given = Job.from_keywords(job, **settings)
    tables = open_export(source, given)
    table = tables[0]
    fits = _fits(table, given, recognized=settings.get("preset") != "")
    chosen = given.preset or (fits[0].preset if fits else None)
    resolved = resolve(given if chosen is None else Job.from_keywords(given, preset=chosen))
    plan = _plan(table, resolved.job, resolved.export)
    read = first_rows(table)
    known = _known(plan, resolved)
    sample, at = Sample.spread(table.header, read.cells)
    lines_of = read.lines[at]
    proposals = propose(sample, known)
    fed = known.feeds
    used = _used(resolved.job, resolved.export)
    unused = tuple(name for name in plan.unused if plain(name) not in used)
    return Inspection(
        file=table.name,
        encoding=table.account.encoding,
        guessed_from_line=table.account.guessed_from_line,
        delimiter=table.account.delimiter,
        header_line=table.account.header_line,
        rows=read.rows,
        more=read.more,
        skipped=tuple((line.line, line.why) for line in table.account.skipped) + read.aside,
        columns=_profiles(table.header, read.gathered, plan, proposals),
        fits=fits,
        feeds=fed,
        constants=dict(resolved.job.constants),
        unused=unused,
        missing={
            column: planning.how_to_feed(column, table.header, resolved.export)
            for column in spec.REQUIRED
            if column not in fed and not _set(column, resolved.job, resolved.looked_up)
        },
        proposals=proposals,
        times=times(sample, proposals.mapping["EventDate"], lines_of),
        skip_lines=read.skip_lines,
        others=tuple(other.name for other in tables[1:]),
        evidence=opening.of(
            table, given, known=known_to_anybody(given), rows=read.rows, ragged=read.ragged
        ),
        settings={name: value for name, value in settings.items() if name != "now"},
        sample=sample,
        lines=lines_of,
        known=known,
    )


def _profiles(
    header: Sequence[str], gathered: Sequence[Gathered], plan: Plan, proposals: Proposals
) -> tuple[Profile, ...]:
    phones = {name for column in spec.PERSONAL for name in proposals.mapping[column].sources}
    return tuple(
        column.profile(name, Holds.PHONES if name in phones else _holds(at, plan))
        for at, (name, column) in enumerate(zip(header, gathered, strict=True))
    )


def _known(plan: Plan, resolved: Resolved) -> KnownSources:
    """What the job, its preset and the names of the columns say about an export."""
    job, export = resolved.job, resolved.export
    feeds = {
        column: tuple(plan.header[at] for at in feed.positions)
        for column, feed in plan.feeds.items()
        if not all(plan.header[at].startswith(CHILD) for at in feed.positions)
    }
    title = export.preset.about.title if export.preset else ""
    ours = f"{title}'s own layout" if title else "your job says so"

    def here(names: Iterable[str]) -> frozenset[str]:
        found = (plan.position(name) for name in names)
        return frozenset(plan.header[at] for at in found if at is not None)

    gone = [rule.source_column for rule in job.leave_out if rule.source_column]
    gone += [job.legs.parent] if job.legs is not None else []
    return KnownSources(
        feeds=feeds,
        computed={
            column: "sum" if feed.total else "difference"
            for column, feed in plan.feeds.items()
            if feed.total or feed.difference
        },
        by=dict.fromkeys([*job.columns, *export.mapped], ours),
        fixed=frozenset(
            column
            for column in spec.NAMES
            if _set(column, job, resolved.looked_up) or column in plan.feeds
        )
        - feeds.keys()
        | frozenset(job.constants) & frozenset(spec.REQUIRED),
        rule_columns=here(gone),
        status_columns=here(name for rule in job.status for name in rule.when),
        values=job.values.get("CallStatus", {}),
        offered=_offered(plan, export),
        zone=job.timezone or "",
        order=job.date_order or "",
        country=job.default_country,
    )


def times(sample: Sample, proposal: Proposal, lines_of: Ints) -> Times | None:
    """Facts about the times that are proposed for EventDate; None where none are."""
    held = [found for name in proposal.sources if (found := sample.column(name)) is not None]
    if not held:
        return None
    cells = held[0].cells
    for other in held[1:] if proposal.how == "join" else ():
        cells = pc.binary_join_element_wise(cells, other.cells, " ")
    name = proposal.text if proposal.how == "join" else held[0].name
    return times_of(name, lines_of.tolist(), cells)


def _fits(table: Table, job: Job, *, recognized: bool) -> tuple[Fit, ...]:
    """The presets that may fit; the job's own alone, where it names one."""
    has_header = not table.account.delimiter or table.account.header_line != 0
    if job.preset is not None:
        return (measured(table.header, presets.load(job.preset), has_header=has_header),)
    if not recognized:
        return ()
    return recognize(table.header, has_header=has_header, sample=sample_of(table))


def _holds(at: int, plan: Plan) -> Holds:
    """What the column at a position is known to hold, by what it feeds."""
    fed = {column for column, feed in plan.feeds.items() if at in feed.positions}
    if fed & spec.PERSONAL:
        return Holds.PHONES
    return Holds.TIMES if "EventDate" in fed else Holds.ANYTHING


def _offered(plan: Plan, export: Export) -> dict[str, str]:
    """Spec column to the source column that the preset uses only where a job names it."""
    wanted = export.preset.about.on_request if export.preset else {}
    found = {
        column: plan.position(spelling)
        for column, source in wanted.items()
        for spelling in export.spellings(source.names[0])
    }
    return {column: plan.header[at] for column, at in found.items() if at is not None}


def _plan(table: Table, job: Job, export: Export) -> Plan:
    """The plan of an input; a missing column is reported later, not raised here."""
    anything = {column: spec.BY_NAME[column].example for column in spec.REQUIRED}
    lenient = job.model_copy(update={"defaults": {**anything, **job.defaults}})
    return planning.make(
        table.name, table.header, lenient, reimported=table.reimported, export=export
    )


def _set(column: str, job: Job, looked_up: frozenset[str]) -> bool:
    return (
        any(column in table for table in (job.constants, job.defaults, looked_up))
        or (column == "TalkDuration" and job.talk_time == "call_if_answered")
        or (column == "CallSessionId" and bool(job.session_id_from))
    )


def _used(job: Job, export: Export) -> frozenset[str]:
    """Plain names of the columns that rules look at, though they are mapped to no column."""
    names = [*job.session_id_from]
    names += [rule.source_column for rule in job.leave_out if rule.source_column]
    names += [name for rule in job.leave_out for name in rule.when]
    names += [name for rule in job.status for name in rule.when]
    names += [name for rule in export.otherwise for name in rule.when]
    names += [name for rule in export.no_talk for name in rule.when]
    names += [name for doubt in export.doubts for name in doubt.when]
    if export.corrections is not None:
        names.append(export.corrections.corrects)
    if job.lookup is not None and job.lookup.on_source:
        names.append(job.lookup.on_source)
    if job.legs is not None:
        names += [job.legs.key, job.legs.parent, *job.legs.take.values()]
    return frozenset(plain(each) for name in names for each in export.spellings(name))


def delimiter_word(delimiter: str) -> str:
    """A delimiter as a person calls it; nothing for a sheet."""
    return DELIMITERS.get(delimiter, repr(delimiter) if delimiter else "")
