"""The verdict on one batch: fill, coerce, check. A pure step, the same for files and processes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import moment
from callconv_kit.coercion.columns import CoercionSettings, Kernels
from callconv_kit.job import Job
from callconv_kit.mapping import direction, drift, filling, lookup, rules, session
from callconv_kit.mapping.filling import Filled
from callconv_kit.mapping.plan import NO_PRESET, Plan
from callconv_kit.mapping.relations import ChildLegs
from callconv_kit.mapping.rules import SourceColumn, StatusColumn
from callconv_kit.model import spec, texts
from callconv_kit.model.codes import CODES, Severity
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.model.notes import Coerced, distinct, note_of
from callconv_kit.model.rows import Batch, Fate, Finding, Judged
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.reading import Table
from callconv_kit.run import call_checks, suggestions
from callconv_kit.run import call_checks as cell_rules
from callconv_kit.run.habits import Habits
from callconv_kit.run.resolving import Resolved
from callconv_kit.writing.reasons import shown

TOTAL = re.compile(
    r"(?:grand\s+|sub[\s-]?|sum\s+)?totals?(?:\s*:.*|\s+(?:calls?|rows?|records?|duration)\b.*)?"
    r"|sum(?:\s*:.*)?",
    re.IGNORECASE,
)
"""A word for a total, where it is all that a cell holds."""

SETTING_NEEDED = ("needs_date_order", "needs_timezone")


class SettingNeeded(Exception):
    """The data needs a setting: the whole file stops, and it is asked for once."""

    def __init__(self, code: str, line: int, value: str) -> None:
        super().__init__(code, line, value)
        self.code, self.line, self.value = code, line, value


class Judge:
    """Judges batches under the settings of one run."""

    def __init__(
        self, job: Job, now: datetime, *, asks: bool = True, resolved: Resolved | None = None
    ) -> None:
        """Prepare the kernels.

        Args:
            job: the settings.
            now: the clock of the age rules.
            asks: whether a setting that the data needs stops the file; else it is an error of
                the cell.
            resolved: what the job names; none: the job has neither preset nor look-up.
        """
        self._job = job
        self._asks = asks
        self.resolved = resolved or Resolved(job, NO_PRESET)
        self.legs: ChildLegs | None = None
        self.session_key: bytes | None = None
        self._kernels = Kernels(
            CoercionSettings(
                now,
                job.timezone,
                job.dst,
                job.date_order,
                job.decimal,
                job.currency,
                job.default_country,
                job.phone_format,
                job.anonymous_callers,
                job.units,
            )
        )

        self._habits = Habits(job, self._kernels)

    def check_job(self) -> None:
        """Hold the job's constants, defaults and targets of values to the rules of their columns.

        Raises:
            UsageError: naming all that are wrong.
        """
        faults = []
        for word, given in (("constants", self._job.constants), ("defaults", self._job.defaults)):
            faults += [f"[{word}] {name} = {why}" for name, why in self._wrong(given)]
        for column, words in self._job.values.items():
            for word, target in words.items():
                where = f'[values.{column}] "{shown(column, word, mask=True)}"'
                if not word.strip():
                    faults.append(f"{where}: write a value for blank cells under [defaults]")
                faults += [f"{where} = {why}" for _, why in self._wrong({column: target})]
                if column == "CallStatus" and not target.strip():
                    known = ", ".join(spec.STATUSES)
                    faults.append(f"{where} is blank, which impact.com pays: write one of {known}")
        if faults:
            raise UsageError(
                "job_bad_value",
                "A value of the job does not fit its column",
                "; ".join(faults),
                "values that the column takes",
                "Correct the value, in the job or in the option that gives it.",
            )

    def _wrong(self, given: Mapping[str, str]) -> list[tuple[str, str]]:
        """The columns whose value in the job is wrong, each with the value and why."""
        cells = {name: self._kernels.clean(name, texts.from_list([given[name]])) for name in given}
        wrong = []
        for name, read in self._kernels.read(cells, 1).items():
            codes = [note_of(int(note)).code for note in read.notes]
            code = next((code for code in codes if code), None)
            if code is not None and name in given and not self._is_kept(code):
                entry, value = CODES[code], shown(name, given[name], mask=True)
                like = suggestions.nearest(code, given[name])
                remedy = entry.remedy_for(name)
                if name == "CallStatus":
                    remedy = f"Write one of {', '.join(spec.STATUSES)}"
                hint = f'Did you mean "{like}"?' if like else remedy
                wrong.append((name, f'"{value}": {entry.problem}. {hint}'))
        return wrong

    def _is_kept(self, code: str) -> bool:
        """Whether a code is about the row's own time or caller rather than about a wrong value."""
        return code in SETTING_NEEDED or code == "caller_unknown"

    def judge(self, table: Table, plan: Plan, batch: Batch) -> Judged:
        """The verdict on a batch.

        Raises:
            SettingNeeded: a row that would go needs a setting.
        """
        job, length = self._job, len(batch.lines)
        legs = self.legs.columns(plan, batch) if self.legs else ()

        def source_column(name: str) -> pa.StringArray | None:
            at = plan.position(name)
            return None if at is None else (batch.cells + legs)[at]

        filled = filling.fill(batch.cells + legs, length, plan, job, self._kernels)
        derived = rules.status_column(job, plan, self.resolved.export)
        lacking = self._fill_more(filled, derived, source_column, length)
        cells = {name: fed.cells for name, fed in filled.items()}
        columns = self._kernels.read(cells, length, self._habits.of(table, plan))
        totals = _totals(columns, plan, batch)
        if totals.any():
            for line in batch.lines[totals].tolist():
                table.account.skip(line, "total")
            table.account.rows -= int(totals.sum())
            return self.judge(table, plan, batch.keep(~totals))
        call_checks.lose_short_zips(columns, plan, batch, job)
        call_checks.warn_of_round_floats(columns, plan, batch)
        call_checks.keep_points(columns, plan, batch, job)
        self._derive(columns, source_column, length)
        columns, findings = cell_rules.settle(
            columns, reject_optional=job.optional_cells == "reject"
        )
        findings = [_with_country(item, columns) for item in findings]
        findings += lacking + _not_looked_up(
            cell_rules.missing(columns, length), lacking, self._fills
        )
        undecided = rules.undecided(columns, derived, source_column)
        findings += call_checks.status_rules(columns, length, job.empty_status, undecided)
        findings = rules.naming_column(findings, derived, plan)
        findings += call_checks.rows_in_a_cell(batch, table.account.delimiter)
        findings += call_checks.talk_exceeds_call(columns, length)
        findings += call_checks.ivr_exceeds_call(columns, length)
        findings += call_checks.caller_is_called(columns, length)
        if job.send == "answered":
            findings += call_checks.not_answered(columns, length)
        if self.legs:
            children = np.flatnonzero(self.legs.are_children(plan, batch))
            findings += (
                [Finding("child_leg", Severity.LEFT_OUT, None, children)] if len(children) else []
            )
        findings += rules.doubted(columns, self.resolved.export, plan.is_fed_by, source_column)
        if self.resolved.layout is not None:
            findings += drift.new_words(self.resolved.layout, plan, batch)
        findings += call_checks.left_out(job.leave_out, columns, source_column, length)
        if job.anonymous_callers == "leave_out":
            findings = [_left_out_caller(item) for item in findings]
        before = {name: fed.before for name, fed in filled.items()}
        unjudged = np.zeros(length, np.uint8)
        judged = Judged(table.name, batch, columns, before, (), unjudged).with_more(
            tuple(suggestions.with_suggestions(findings, before))
        )
        if self._asks:
            _ask(judged)
        return judged if job.outbound == "send" else judged.with_more(_outbound(judged, plan))

    @property
    def _fills(self) -> frozenset[str]:
        return self.resolved.looked_up

    def _fill_more(
        self,
        filled: dict[str, Filled],
        derived: StatusColumn | None,
        source_column: SourceColumn,
        length: int,
    ) -> list[Finding]:
        """Statuses by rules, then what the look-up and the defaults fill."""
        job, resolved = self._job, self.resolved
        clean = self._kernels.clean
        rules.set_statuses(filled, job, resolved.export, derived, source_column, clean, length)
        lacking: list[Finding] = []
        if resolved.lookup is not None and resolved.keys is not None and job.lookup is not None:
            if job.lookup.on is not None:
                held = filled.get(job.lookup.on) or Filled.nothing(length)
                cells = held.cells.values
            else:
                found = source_column(job.lookup.on_source or "")
                cells = texts.nulls(length) if found is None else found
            keys = resolved.keys(cells)
            lacking = lookup.fill(filled, resolved.lookup, keys, job.constants, job.defaults)
        rules.fill_otherwise(filled, resolved.export, source_column, length)
        rules.silence(filled, resolved.export, source_column, length)
        filling.fill_defaults(filled, length, job.defaults)
        return lacking

    def _derive(
        self, columns: dict[str, Coerced], source_column: SourceColumn, length: int
    ) -> None:
        """Values that the export lacks and that follow from other columns."""
        job, resolved = self._job, self.resolved
        if self.session_key is not None:
            found = (source_column(name) for name in job.session_id_from)
            sources = [cells for cells in found if cells is not None]
            if sources:
                columns["CallSessionId"] = session.derive(
                    columns.get("CallSessionId"), sources, length, self.session_key
                )
        if resolved.export.first_keys:
            rules.part_keys(columns, length)
        if job.talk_time == "call_if_answered":
            call_checks.derive_talk_time(columns, length)
        elif job.talk_time == "column_if_answered":
            call_checks.clear_unanswered_talk(columns, length)


def _outbound(judged: Judged, plan: Plan) -> tuple[Finding, ...]:
    """A warning for ready rows that a column calls outbound: their caller is one's own side."""
    findings = []
    rows = judged.rows(Fate.READY)
    for at in plan.directions:
        if at < len(judged.batch.cells):
            found, words = direction.outbound(judged.batch.cells[at], rows)
            if len(found):
                details = tuple(f'{plan.header[at]} "{word}"' for word in words)
                findings.append(Finding("direction_unused", Severity.WARNING, None, found, details))
                rows = np.setdiff1d(rows, found, assume_unique=True)
    return tuple(findings)


def _not_looked_up(
    missing: list[Finding], lacking: list[Finding], looked_up: frozenset[str]
) -> list[Finding]:
    """`missing` without what a missing look-up key has said already."""
    if not lacking:
        return missing
    findings = []
    for item in missing:
        rows = item.rows
        if item.column in looked_up:
            rows = np.setdiff1d(rows, lacking[0].rows)
        if len(rows):
            findings.append(replace(item, rows=rows))
    return findings


def _with_country(findings: Finding, columns: Mapping[str, Coerced]) -> Finding:
    """A number that was read without its `+` is reported with its country."""
    if findings.code != "country_from_digits" or findings.column is None:
        return findings
    # An empty country means US, in this column and to the server.
    countries = columns[spec.PHONE_COUNTRY[findings.column]].values
    named = texts.take(countries, findings.rows).to_pylist()
    return replace(findings, details=tuple(country or "US" for country in named))


def _left_out_caller(findings: Finding) -> Finding:
    if findings.code == "caller_unknown":
        return replace(findings, severity=Severity.LEFT_OUT)
    return findings


def _ask(judged: Judged) -> None:
    for code in SETTING_NEEDED:
        for findings in judged.findings:
            if findings.code == code:
                rows = findings.rows[judged.fates[findings.rows] != Fate.LEFT_OUT]
                if len(rows):
                    row = int(rows[0])
                    value = judged.before[findings.column or ""][row].as_py() or ""
                    raise SettingNeeded(code, judged.source_line(row), value)


def _totals(columns: Mapping[str, Coerced], plan: Plan, batch: Batch) -> Bools:
    """Lines with a total word, and without an EventDate, session or phone number of their own.

    What a constant or a default fills in is not the line's own.
    """
    rows = np.arange(len(batch.lines))
    for name in ("EventDate", "CallerId", "CalledPhoneNumber"):
        if name in columns:
            rows = rows[~_of_their_own(columns[name], name, plan, batch, rows)]
    if len(rows) and "EventDate" in columns:
        rows = rows[~_lacks_setting(columns["EventDate"], len(batch.lines))[rows]]
    if len(rows) and "CallSessionId" in columns:
        sessions = columns["CallSessionId"]
        own = _of_their_own(sessions, "CallSessionId", plan, batch, rows)
        rows = rows[~own | _hold_total(sessions.values, rows)]
    totals = np.zeros(len(batch.lines), np.bool_)
    for column in batch.cells if len(rows) else ():
        totals[rows] |= _hold_total(column, rows)
    return totals


def _of_their_own(cells: Coerced, name: str, plan: Plan, batch: Batch, rows: Ints) -> Bools:
    """Which of these rows hold a valid value that comes from a cell of the line."""
    own = np.zeros(len(rows), np.bool_)
    feed = plan.feeds.get(name)
    for at in feed.positions if feed else ():
        if at < len(batch.cells):
            own |= texts.present(batch.cells[at])[rows]
    return own & texts.present(cells.values)[rows]


def _hold_total(cells: pa.StringArray, rows: Ints) -> Bools:
    trimmed = pc.utf8_trim_whitespace(texts.take(cells, rows))
    found = pc.match_substring_regex(trimmed, rf"(?i)\A(?:{TOTAL.pattern})\z")
    return texts.true(found)


def _lacks_setting(dates: Coerced, length: int) -> Bools:
    """Where a date only lacks a setting: then the line is a call."""
    lacking = [number for number in distinct(dates.notes) if _asks(number)]
    flags = np.zeros(length, np.bool_)
    flags[dates.positions[np.isin(dates.notes, lacking)]] = True
    return flags


def _asks(number: int) -> bool:
    return note_of(number).code in SETTING_NEEDED


def is_total(cells: list[str], header_width: int) -> bool:
    """Whether a row of another length than the header is a total line."""
    held = [cell.strip() for cell in cells if cell.strip()]
    few = len(held) <= max(2, header_width // 3)
    return few and bool(held) and TOTAL.fullmatch(held[0]) is not None


def ask_for_setting(needed: SettingNeeded, table: Table, plan: Plan) -> NoReturn:
    """Stop the file: name the setting, the first such line, and the evidence in the file."""
    where = f"line {needed.line} of {table.name}"
    if needed.code == "needs_timezone":
        raise InputError(
            "needs_timezone",
            "Times carry no offset from UTC, and the job names no time zone",
            f"{needed.value!r} on {where}",
            "the zone in which the export was made",
            'Set timezone = "America/New_York" (or your zone)'
            + ("." if table.is_frame else " in the job, or pass --timezone."),
        )
    evidence = _evidence(table, plan)
    evidence_texts = [
        f"line {line} can only be {order} ({text})" if line else f"nothing can only be {order}"
        for order, (line, text) in evidence.items()
    ]
    proven = [order for order, (line, _) in evidence.items() if line]
    advice = f'Set date_order = "{proven[0]}"' if len(proven) == 1 else "Set date_order"
    raise InputError(
        "needs_date_order",
        "Dates can be read month first or day first, and the job does not say which",
        f"{needed.value!r} on {where}; {'; '.join(evidence_texts)}",
        'date_order = "month-first" or "day-first"',
        f"{advice}"
        + ("." if table.is_frame else " in the job, or pass --month-first or --day-first."),
    )


def _evidence(table: Table, plan: Plan) -> dict[str, tuple[int, str]]:
    """The first line that can only be read in each order; 0 where there is none."""
    found = {"month-first": (0, ""), "day-first": (0, "")}
    feed = plan.feeds.get("EventDate")
    for batch in table.batches() if feed else ():
        dates = batch.cells[feed.positions[0]] if feed else texts.from_list([])
        encoded = dates.dictionary_encode()
        orders = [moment.order_evidence(text.strip()) for text in encoded.dictionary.to_pylist()]
        at = texts.numbers(encoded.indices)
        for order, (line, _) in list(found.items()):
            matching = np.asarray([this == order for this in orders])
            rows = np.flatnonzero(matching[at]) if len(orders) else at
            if not line and len(rows):
                row = int(rows[0])
                found[order] = (int(batch.lines[row]), dates[row].as_py().strip())
        if all(line for line, _ in found.values()):
            break
    return found
