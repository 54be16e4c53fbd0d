"""Checks after coercion: of cells, of several columns of a call, and `[[leave_out]]` rules.

The last ones find digits that a typed input lost: leading zeros, rounded ends, the decimal point.
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import postal
from callconv_kit.coercion.cells import lengths
from callconv_kit.job import Job, LeaveOut
from callconv_kit.mapping.plan import Plan
from callconv_kit.mapping.rules import SourceColumn, holds, met
from callconv_kit.model import notes, spec, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import Coerced, added, note_id, note_of
from callconv_kit.model.rows import Batch, Finding
from callconv_kit.model.spec import Kind
from callconv_kit.model.texts import Bools, Ints

CLEAR = 3
"""Delimiters that a line within a cell must have before it is taken for a row: text has few."""

UNKNOWN = -1
"""Seconds of a duration that is empty or wrong."""


def seconds(columns: Mapping[str, Coerced], name: str, length: int) -> Ints:
    """A duration column as whole seconds; `UNKNOWN` where there is none."""
    cells = columns.get(name)
    if cells is None:
        return np.full(length, UNKNOWN)
    numbers = pc.fill_null(pc.cast(cells.values, pa.int64()), texts.scalar(UNKNOWN))
    return np.asarray(texts.numbers(numbers), np.int64)


def derive_talk_time(columns: dict[str, Coerced], length: int) -> None:
    """`talk_time = "call_if_answered"`: CallDuration where the status is ANSWER, else 0.

    Only where there is no talk time; nothing is derived from a status that is empty. One that is
    wrong rejects the row for itself, and not for an unknown talk time.
    """
    talk = columns.get("TalkDuration") or Coerced.silent(texts.nulls(length))
    status, duration = columns.get("CallStatus"), columns.get("CallDuration")
    if status is None or duration is None:
        return
    has_status = texts.present(status.values) | notes.coded(status, length)
    known = has_status & texts.present(duration.values)
    rows = np.flatnonzero(~texts.present(talk.values) & ~notes.coded(talk, length) & known)
    if not len(rows):
        return
    derived = texts.where(is_answer(status), duration.values, "0")
    values = texts.put(talk.values, rows, texts.take(derived, rows))
    columns["TalkDuration"] = notes.added(talk, rows, note_id(rules=("talk_time_derived",)), values)


def clear_unanswered_talk(columns: dict[str, Coerced], length: int) -> None:
    """`talk_time = "column_if_answered"`: 0 where the status is known and is not ANSWER.

    Some exports count the seconds that a caller spends with a mailbox or a menu as talk time. A
    talk time that is wrong stays wrong, and so does one that is missing from an answered call.
    """
    talk = columns.get("TalkDuration") or Coerced.silent(texts.nulls(length))
    status = columns.get("CallStatus")
    if status is None:
        return
    unanswered = texts.present(status.values) & ~is_answer(status)
    nothing = texts.equal(talk.values, "0")
    rows = np.flatnonzero(unanswered & ~nothing & ~notes.coded(talk, length))
    if not len(rows):
        return
    values = texts.put(talk.values, rows, texts.from_list(["0"] * len(rows)))
    columns["TalkDuration"] = notes.added(talk, rows, note_id(rules=("talk_time_derived",)), values)


def talk_exceeds_call(columns: Mapping[str, Coerced], length: int) -> list[Finding]:
    """A talk time that is longer than its call: either of the two may be wrong."""
    talk = seconds(columns, "TalkDuration", length)
    call = seconds(columns, "CallDuration", length)
    rows = np.flatnonzero((call != UNKNOWN) & (talk > call))
    talked, called = (texts.indices(each[rows]).cast(pa.string()) for each in (talk, call))
    details = texts.joined(talked, " s of talk in a call of ", called, " s").to_pylist()
    return _said("talk_exceeds_call", Severity.ERROR, None, rows, tuple(details))


def ivr_exceeds_call(columns: Mapping[str, Coerced], length: int) -> list[Finding]:
    """More time in the menu than the call took: nothing is paid by it, so it is only said."""
    ivr = seconds(columns, "IvrDuration", length)
    call = seconds(columns, "CallDuration", length)
    rows = np.flatnonzero((call != UNKNOWN) & (ivr > call))
    return _said("ivr_exceeds_call", Severity.WARNING, "IvrDuration", rows)


def caller_is_called(columns: Mapping[str, Coerced], length: int) -> list[Finding]:
    """A caller that called itself: probably both columns take the same one of the export."""
    same = np.ones(length, np.bool_)
    for ours, theirs in (("CallerId", "CalledPhoneNumber"), tuple(spec.PHONE_COUNTRY.values())):
        pair = [columns.get(name) for name in (ours, theirs)]
        if ours == "CallerId" and None in pair:
            return []
        one, other = (
            texts.repeat("US", length)
            if each is None
            else pc.fill_null(each.values, texts.scalar("US"))
            for each in pair
        )
        same &= texts.equal(one, other)
        if not same.any():
            return []
    rows = np.flatnonzero(same & texts.present(columns["CallerId"].values))
    return _said("caller_is_called", Severity.WARNING, "CallerId", rows)


def status_rules(
    columns: Mapping[str, Coerced], length: int, empty_status: str, undecided: Bools | None = None
) -> list[Finding]:
    """An empty status would be paid as ANSWER: kept where there was talk, or as the job says.

    Args:
        columns: spec column to its coerced cells.
        length: the number of rows.
        empty_status: the job's: `if_talked`, `keep` or `reject`.
        undecided: rows whose status is empty because its word is unknown; these are never kept.
    """
    talk = seconds(columns, "TalkDuration", length)
    status = columns.get("CallStatus")
    empty = np.ones(length, np.bool_)
    answered = np.zeros(length, np.bool_)
    if status is not None:
        empty = ~texts.present(status.values) & ~notes.coded(status, length)
        answered = is_answer(status)
    needed = empty & _needs_status(talk, empty_status)
    unknown = np.zeros(length, np.bool_)
    if undecided is not None:
        needed |= empty & undecided
        unknown = needed & undecided & (talk != 0)
        needed &= ~unknown
    # Where the talk time itself is wrong, that is what is said about the row.
    kept = empty & ~needed & ~unknown & (talk != UNKNOWN)
    return [
        *_said("status_unknown", Severity.ERROR, "CallStatus", np.flatnonzero(unknown)),
        *_said("status_needed", Severity.ERROR, "CallStatus", np.flatnonzero(needed)),
        *_said("status_empty", Severity.WARNING, "CallStatus", np.flatnonzero(kept)),
        *_said(
            "answer_without_talk",
            Severity.WARNING,
            "CallStatus",
            np.flatnonzero(answered & (talk == 0)),
        ),
    ]


def _needs_status(talk: Ints, empty_status: str) -> Bools:
    if empty_status == "keep":
        return np.zeros(len(talk), np.bool_)
    if empty_status == "reject":
        return np.ones(len(talk), np.bool_)
    return np.asarray(talk == 0)


def is_answer(status: Coerced) -> Bools:
    """Which cells say ANSWER."""
    return texts.equal(status.values, "ANSWER")


def not_answered(columns: Mapping[str, Coerced], length: int) -> list[Finding]:
    """`send = "answered"`: rows with another status are left out; an empty one is ANSWER."""
    status = columns.get("CallStatus")
    if status is None:
        return []
    other = texts.present(status.values) & ~is_answer(status)
    return _said("not_answered", Severity.LEFT_OUT, "CallStatus", np.flatnonzero(other[:length]))


def _said(
    code: str, severity: Severity, column: str | None, rows: Ints, details: tuple[str, ...] = ()
) -> list[Finding]:
    return [Finding(code, severity, column, rows, details)] if len(rows) else []


def settle(
    columns: Mapping[str, Coerced], *, reject_optional: bool
) -> tuple[dict[str, Coerced], list[Finding]]:
    """Decide for each cell with a code whether it rejects its row or is emptied.

    Args:
        columns: spec column to its coerced cells.
        reject_optional: the job's `optional_cells = "reject"`.

    Returns:
        The columns, where emptied cells carry the rule `emptied`, and what is to be said.
    """
    settled: dict[str, Coerced] = {}
    findings: list[Finding] = []
    for name, cells in columns.items():
        rejects = spec.BY_NAME[name].rejects_row or reject_optional
        emptied: list[Ints] = []
        for number in notes.distinct(cells.notes):
            note = note_of(number)
            rows = cells.positions[cells.notes == number]
            findings += [Finding(word, Severity.WARNING, name, rows) for word in note.warnings]
            if note.code is None:
                continue
            severity = Severity.ERROR if rejects else Severity.WARNING
            findings.append(Finding(note.code, severity, name, rows))
            if not rejects:
                emptied.append(rows)
        settled[name] = _emptied(cells, emptied) if emptied else cells
    return settled, findings


def _emptied(cells: Coerced, emptied: list[Ints]) -> Coerced:
    rows = texts.distinct(*emptied)
    return notes.added(cells, rows, note_id(rules=("emptied",)), cells.values)


def missing(columns: Mapping[str, Coerced], length: int) -> list[Finding]:
    """Required cells that are empty; a cell that is wrong is not empty."""
    findings = []
    for name in spec.REQUIRED:
        cells = columns.get(name)
        if cells is None:
            rows = np.arange(length)
        else:
            empty = ~texts.present(cells.values)
            rows = np.flatnonzero(empty & ~notes.coded(cells, length))
        if len(rows):
            findings.append(Finding("required_missing", Severity.ERROR, name, rows))
    return findings


def left_out(
    rules: tuple[LeaveOut, ...],
    columns: Mapping[str, Coerced],
    source_column: SourceColumn,
    length: int,
) -> list[Finding]:
    """Apply the rules; a row may fall under several, but under one code and reason only once.

    Args:
        rules: `column` looks at the coerced cell, `source_column` at the cell as it was read. A
            source column that the input lacks meets no condition.
        columns: spec column to its coerced cells.
        source_column: gives the raw cells of a column of the input, or None.
        length: the number of rows.
    """
    findings = []
    before: dict[tuple[str, str], Bools] = {}
    for rule in rules:
        if rule.column is not None:
            cells = columns.get(rule.column) or Coerced.silent(texts.nulls(length))
            text, wrong = cells.values, notes.coded(cells, length)
        else:
            raw = source_column(rule.source_column or "")
            if raw is None:
                continue
            text, wrong = raw, np.zeros(length, np.bool_)
        held = holds(rule, text) & ~wrong & met(rule.when, source_column, length)
        same = before.get((rule.code, rule.text))
        before[rule.code, rule.text] = held if same is None else same | held
        rows = np.flatnonzero(held if same is None else held & ~same)
        if len(rows):
            details = (rule.text,) * len(rows)
            findings.append(Finding(rule.code, Severity.LEFT_OUT, rule.column, rows, details))
    return findings


def rows_in_a_cell(batch: Batch, delimiter: str) -> list[Finding]:
    """Rows with a cell that holds whole rows: a stray quotation mark opens it, a later one ends it.

    The lines within the cell have as many cells as a row, and the last one ends in the cell's own
    column. Only rows that take several lines are looked at.

    Args:
        batch: the rows as they were read.
        delimiter: of the file; empty where the input is not delimited text.
    """
    if not delimiter or not len(batch.lines):
        return []
    next_line = np.append(batch.lines[1:], np.iinfo(np.int64).max)
    rows = np.flatnonzero(next_line - batch.lines > 1)
    mark, width = re.escape(delimiter), len(batch.cells)
    found = np.zeros(len(rows), np.bool_)
    for at, column in enumerate(batch.cells):
        cells = texts.take(column, rows)
        if max(at, width - 1) < CLEAR or not pc.any(pc.match_substring(cells, "\n")).as_py():
            continue
        between = rf"(?:\n(?:[^{mark}\n]*{mark}){{{width - 1}}}[^{mark}\n]*)"
        last = rf"\n(?:[^{mark}\n]*{mark}){{{at}}}[^{mark}\n]*"
        lines = f"{between}*" if at >= CLEAR else f"{between}+"
        found |= texts.true(pc.match_substring_regex(cells, rf"\A[^\n]*{lines}{last}\z"))
    return [Finding("rows_in_cell", Severity.ERROR, None, rows[found])] if found.any() else []


ROUND = r"^[1-9][0-9]{0,5}0{4,}$"
"""A number of at most six digits and zeros, as a spreadsheet shows 1.21256E+10."""
LONG = 10
"""Digits of a number that a narrow cell shows so."""

IDS = frozenset(
    column.name for column in spec.COLUMNS if column.kind in {Kind.IDENTIFIER, Kind.PHONE}
) | {"CallSessionId", "VendorEventId", "ClickId", "SubId1", "SubId2", "SubId3"}


def warn_of_round_floats(columns: dict[str, Coerced], plan: Plan, batch: Batch) -> None:
    """Ids and phones that a float holds, and that may have been 1.2E+10 in the file it is from.

    As text such a cell is `digits_lost`; a float no longer shows how it was written.
    """
    if not batch.numbers.floats:
        return
    for name in IDS & columns.keys():
        feed = plan.feeds.get(name)
        for at in batch.numbers.floats.intersection(feed.positions if feed else ()):
            cells = batch.cells[at]
            is_round = pc.and_(
                pc.match_substring_regex(cells, ROUND),
                pc.greater_equal(pc.binary_length(cells), LONG),
            )
            rows = np.flatnonzero(texts.bools(is_round) & texts.present(columns[name].values))
            if len(rows):
                note = note_id(warnings=("identifier_maybe_rounded",))
                columns[name] = added(columns[name], rows, note, columns[name].values)


def keep_points(columns: dict[str, Coerced], plan: Plan, batch: Batch, job: Job) -> None:
    """Amounts that a float holds: its point never parts thousands, whatever `decimal` says."""
    feed, amounts = plan.feeds.get("SaleAmount"), columns.get("SaleAmount")
    if job.decimal != "comma" or feed is None or amounts is None:
        return
    for at in batch.numbers.floats.intersection(feed.positions):
        thousandths = pc.match_substring_regex(batch.cells[at], r"^[0-9]{1,3}\.[0-9]{3}$")
        rows = np.flatnonzero(texts.bools(thousandths) & texts.present(amounts.values))
        if len(rows):
            values = texts.put(amounts.values, rows, texts.nulls(len(rows)))
            columns["SaleAmount"] = amounts = added(amounts, rows, note_id("money_invalid"), values)


def lose_short_zips(columns: dict[str, Coerced], plan: Plan, batch: Batch, job: Job) -> None:
    """Postal codes that were numbers, and that may have begun with a zero.

    Where the row names the US the zero was restored, and another country's codes may be short.
    """
    feed, zips = plan.feeds.get("Zip"), columns.get("Zip")
    if zips is None or feed is None or batch.numbers.all.isdisjoint(feed.positions):
        return
    if job.default_country != "US":
        return
    short = texts.present(zips.values) & (lengths(zips.values) < postal.ZIP)
    for name in ("Country", "CallerPhoneNumberCountry"):
        if name in columns:
            short &= ~texts.present(columns[name].values)
    rows = np.flatnonzero(short)
    if len(rows):
        values = texts.put(zips.values, rows, texts.nulls(len(rows)))
        columns["Zip"] = added(zips, rows, note_id("digits_lost"), values)
