"""One look at an export: its dialect, its columns, the preset that fits, what is still missing."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from callconv_kit import spec
from callconv_kit.coercion import moment
from callconv_kit.errors import InputError
from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping import preset as presets
from callconv_kit.mapping.export import Export
from callconv_kit.mapping.plan import Plan
from callconv_kit.names import nearest, plain
from callconv_kit.profiling.columns import Gathered, Profile, profiles
from callconv_kit.profiling.recognition import Fit, recognise
from callconv_kit.reading import Table, open_tables
from callconv_kit.resolving import resolve
from callconv_kit.writing.wording import DELIMITERS

ROWS = 100_000
"""Rows that are looked at; of a larger file the first ones."""

_NAME = re.compile(r"[^\W\d][\w .()#/&'-]{0,60}")
_NO_RULES = moment.MomentSettings(datetime(2000, 1, 1, tzinfo=UTC))
"""Settings that settle nothing; ages play no part."""


@dataclass(frozen=True, slots=True)
class Times:
    """What the column of times tells.

    column: its name in the export.
    without_offset: how many of its cells carry no offset from UTC, and the first of them.
    two_readings: how many can be read month-first and day-first, and the first of them.
    orders: for each order, the line of the first cell that can be read in no other; 0 for none.
    """

    column: str
    without_offset: int
    first_without: str
    two_readings: int
    first_of_two: str
    orders: Mapping[str, int]

    @property
    def proven_order(self) -> str:
        """The one order for which there is proof; empty where there is none, or for both."""
        proven = [order for order, line in self.orders.items() if line]
        return proven[0] if len(proven) == 1 else ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen of an export; nothing of it was changed.

    file, encoding, delimiter: as summary.json names them.
    guessed_from_line: the first line that is not UTF-8, where the encoding is a guess.
    header_line: 0 where there is no header.
    rows: how many were looked at; `more` says that there are others.
    skipped: lines that are no rows, and why.
    columns: of the export.
    fits: the presets that may fit, the best first.
    feeds: spec column to the names of the columns that feed it.
    constants: spec columns that the preset sets.
    unused: columns that go nowhere.
    missing: required columns that nothing feeds, and how each can be fed.
    similar: columns that may be meant for one of the format by their name; never applied.
    times: what the column of times tells; None where nothing feeds EventDate.
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
    similar: Mapping[str, str]
    times: Times | None

    @property
    def preset(self) -> str | None:
        """The preset that fits best, if any does."""
        return self.fits[0].preset if self.fits else None

    @property
    def fit(self) -> float:
        """How much of the header it knows, from 0 to 1."""
        return self.fits[0].share if self.fits else 0.0

    def column(self, name: str) -> Profile | None:
        """The profile of a column."""
        return next((column for column in self.columns if column.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """The inspection as `callconv inspect --json` prints it."""
        told = asdict(self)
        return {
            "file": self.file,
            "preset": self.preset,
            "fit": round(self.fit, 3),
            **{key: told[key] for key in told if key != "file"},
            "skipped": [{"line": line, "why": why} for line, why in self.skipped],
        }


def inspect(source: str | Path, job: str | Path | Job | None = None, **settings: Any) -> Inspection:
    """Look at an export.

    Args:
        source: a path, an address, or `-` for standard input; of an archive its first file.
        job: a job file or a Job; what it names counts as known.
        **settings: every key of the job file under its name; they win over `job`.

    Raises:
        InputError: it can't be read as a table.
        UsageError: the job is wrong.
    """
    given = Job.from_keywords(job, **settings)
    table = _open(source, given)
    fits = recognise(table.header, has_header=_has_header(table))
    chosen = given.preset or (fits[0].preset if fits else None)
    resolved = resolve(given if chosen is None else Job.from_keywords(given, preset=chosen))
    full, export = resolved.job, resolved.export
    plan = _plan(table, full, export)
    gathered = {at: Gathered() for at in range(len(table.header))}
    watch = _Watch(plan.feeds["EventDate"].positions if "EventDate" in plan.feeds else ())
    more = False
    for batch in table.batches():
        for at, cells in enumerate(batch.cells):
            gathered[at].add(cells)
        watch.add(batch.lines.tolist(), batch.cells)
        if gathered and gathered[0].rows >= ROWS:
            more = True
            break
    fed = {
        column: tuple(plan.header[at] for at in feed.positions)
        for column, feed in plan.feeds.items()
    }
    missing = {
        column: planning.how_to_feed(column, table.header, export)
        for column in spec.REQUIRED
        if column not in fed and not _set(column, full, resolved.looked_up)
    }
    return Inspection(
        file=table.name,
        encoding=table.account.encoding,
        guessed_from_line=table.account.guessed_from_line,
        delimiter=table.account.delimiter,
        header_line=table.account.header_line,
        rows=gathered[0].rows if gathered else 0,
        more=more,
        skipped=tuple((line.line, line.why) for line in table.account.skipped),
        columns=profiles(table.header, gathered),
        fits=fits,
        feeds=fed,
        constants=dict(full.constants),
        unused=plan.unused,
        missing=missing,
        similar=_similar(plan.unused, fed, export),
        times=watch.told(plan),
    )


def _has_header(table: Table) -> bool:
    """Whether its columns bear names of their own; records and frames always do."""
    return table.account.header_line != 0 or not table.account.delimiter


def _open(source: str | Path, job: Job) -> Table:
    """The table, by the names that anybody may know; else by what looks like a header."""
    resolved = resolve(job)
    known = planning.Known(resolved.job, resolved.export)
    for preset in presets.bundled():
        known.names.update(map(plain, preset.names))
    headerless = {
        len(form.columns): form.columns
        for preset in presets.bundled()
        for form in preset.about.form
        if form.headerless
    }

    def tables(is_known: Any, **more: Any) -> Table:
        return open_tables(
            [source],
            is_known,
            encoding=job.encoding,
            delimiter=job.delimiter,
            sheet=job.sheet,
            header_line=job.header_line,
            **more,
        )[0]

    log = _log(lambda: tables(lambda _: False, headerless=headerless))
    if log is not None:
        return log
    try:
        return tables(known)
    except InputError as error:
        if error.code != "no_header":
            raise
        first = error
    try:
        return tables(lambda cell: _NAME.fullmatch(cell.strip()) is not None)
    except InputError:
        raise first from None


def _log(opened: Callable[[], Table]) -> Table | None:
    """A file without a header, if that is what it is: with times where a preset expects them."""
    try:
        table = opened()
    except InputError:
        return None
    if table.account.header_line or not table.account.delimiter:
        return None
    return table if _is_log(table) else None


def _is_log(table: Table) -> bool:
    """Whether the first row has the start of a call, and its seconds, where a CDR has them."""
    batch = next(table.batches(), None)
    if batch is None or not len(batch.lines):
        return False
    cells = [batch.cells[table.header.index(name)][0].as_py() for name in ("start", "billsec")]
    return cells[1].isdigit() and moment.read(cells[0], _NO_RULES).code == "needs_timezone"


def _plan(table: Table, job: Job, export: Export) -> Plan:
    """What feeds what; that something is missing is told, not raised."""
    anything = {column: spec.BY_NAME[column].example for column in spec.REQUIRED}
    lenient = job.model_copy(update={"defaults": {**anything, **job.defaults}})
    return planning.make(table.name, table.header, lenient, fed_back=table.fed_back, export=export)


def _set(column: str, job: Job, looked_up: frozenset[str]) -> bool:
    return (
        any(column in table for table in (job.constants, job.defaults, looked_up))
        or (column == "TalkDuration" and job.talk_time == "call_if_answered")
        or (column == "CallSessionId" and bool(job.session_id_from))
    )


def _similar(
    unused: tuple[str, ...], feeds: Mapping[str, tuple[str, ...]], export: Export
) -> dict[str, str]:
    """Unused columns that are named nearly like one of the format that nothing feeds."""
    free = [name for name in spec.NAMES if name not in feeds]
    found: dict[str, str] = {}
    for name in unused:
        if export.is_vendors(name):
            continue
        like = nearest(name, free, cutoff=0.75)
        if like is not None and like not in found.values():
            found[name] = like
    return found


class _Watch:
    """Looks at the column of times as batches come by, each different text once."""

    def __init__(self, positions: tuple[int, ...]) -> None:
        self._positions = positions
        self._codes: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._orders = {"month-first": 0, "day-first": 0}

    def add(self, lines: list[int], cells: Sequence[pa.StringArray]) -> None:
        for at in self._positions[:1]:
            encoded = cells[at].dictionary_encode()
            places = encoded.indices.to_numpy(zero_copy_only=False).tolist()
            counts = Counter(places)
            for place, cell in enumerate(encoded.dictionary.to_pylist()):
                text = cell.strip()
                if not text:
                    continue
                code = moment.read(text, _NO_RULES).code or ""
                self._codes[code] += counts[place]
                self._first.setdefault(code, text)
                order = moment.order_evidence(text)
                if order and not self._orders[order]:
                    self._orders[order] = lines[places.index(place)]

    def told(self, plan: Plan) -> Times | None:
        if not self._positions:
            return None
        return Times(
            plan.header[self._positions[0]],
            self._codes["needs_timezone"] + self._codes["needs_date_order"],
            self._first.get("needs_timezone") or self._first.get("needs_date_order", ""),
            self._codes["needs_date_order"],
            self._first.get("needs_date_order", ""),
            dict(self._orders),
        )


def delimiter_word(delimiter: str) -> str:
    """A delimiter as a person calls it; nothing for a sheet."""
    return DELIMITERS.get(delimiter, repr(delimiter) if delimiter else "")
