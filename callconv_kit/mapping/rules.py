"""Rules over the columns of an export, as data: conditions, statuses, values for blanks, doubts.

`when` names source columns and conditions on their unchanged cells. A column that the
export lacks meets no condition: its cells are unknown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.job import Condition, Job, StatusRule
from callconv_kit.mapping import filling
from callconv_kit.mapping.export import Export
from callconv_kit.mapping.filling import Clean, Filled, fill_empty
from callconv_kit.mapping.plan import Plan
from callconv_kit.model import notes, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import Coerced, note_id
from callconv_kit.model.rows import Finding
from callconv_kit.model.texts import Bools

SourceColumn: TypeAlias = Callable[[str], pa.StringArray | None]
"""The unchanged cells of a column of the input; None where it has no such column."""

NUMBER = r"^\s*[+-]?[0-9]{1,15}(?:\.[0-9]{1,6})?\s*$"


def holds(condition: Condition, text: pa.StringArray) -> Bools:
    """Where all words of a condition hold; each is asked once for each distinct text."""
    encoded = text.dictionary_encode()
    hits = _holds(condition, pc.utf8_trim(encoded.dictionary, characters=texts.EDGES))
    # The last entry answers for the nulls, which are numbered -1.
    found: Bools = np.append(hits, condition.empty is True)[texts.places(encoded)]
    return found


def met(when: Mapping[str, Condition], source_column: SourceColumn, length: int) -> Bools:
    """The rows for which all conditions hold; a column that is not there meets none."""
    rows = np.ones(length, np.bool_)
    for name, condition in when.items():
        cells = source_column(name)
        if cells is None:
            return np.zeros(length, np.bool_)
        rows &= holds(condition, cells)
        if not rows.any():
            break
    return rows


def _holds(condition: Condition, trimmed: pa.StringArray) -> Bools:
    present = texts.present(trimmed)
    meets = ~present if condition.empty else present
    if condition.equals is not None:
        meets &= texts.equal(trimmed, condition.equals.strip(texts.EDGES))
    if condition.in_ is not None:
        meets &= _is_among(trimmed, condition.in_)
    if condition.not_in is not None:
        meets &= ~_is_among(trimmed, condition.not_in)
    if condition.matches is not None:
        whole = rf"\A(?:{condition.matches})\z"
        meets &= texts.bools(pc.match_substring_regex(trimmed, whole))
    if condition.below is not None or condition.above is not None:
        meets &= _compares(trimmed, condition)
    return meets


def _is_among(text: pa.StringArray, words: Sequence[str]) -> Bools:
    trimmed = texts.from_list([word.strip(texts.EDGES) for word in words])
    return texts.bools(pc.is_in(text, trimmed))


def _compares(text: pa.StringArray, condition: Condition) -> Bools:
    number = texts.bools(pc.match_substring_regex(text, NUMBER))
    values = np.full(len(text), np.nan)
    values[number] = texts.numbers(pc.cast(text.filter(texts.mask(number)), pa.float64()))
    meets = number
    if condition.below is not None:
        meets = meets & (values < condition.below)
    if condition.above is not None:
        meets = meets & (values > condition.above)
    return meets


KEYS = ("Key1", "Key2", "Key3", "Key4")


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """The source column from whose words the rules derive a status that no column holds.

    name: as the rules write it.
    complete: the rules are a preset's, which knows all words of this column.
    """

    name: str
    complete: bool


def status_column(job: Job, plan: Plan, export: Export) -> StatusColumn | None:
    """The column from which the `[[status]]` rules derive CallStatus; None where one is mapped.

    It is the first column of a rule, of one that says ANSWER where there is one: the columns behind
    it only refine what it says.
    """
    if "CallStatus" in plan.feeds or "CallStatus" in job.constants:
        return None
    presets = job.status[export.own_rules :]
    for rules in (presets, job.status):
        for rule in sorted(rules, key=lambda rule: rule.then != "ANSWER"):
            name = next(iter(rule.when))
            if plan.position(name) is not None:
                return StatusColumn(name, rules is presets and rule.then == "ANSWER")
    return None


def set_statuses(
    filled: dict[str, Filled],
    job: Job,
    export: Export,
    derived: StatusColumn | None,
    source_column: SourceColumn,
    clean: Clean,
    length: int,
) -> None:
    """CallStatus by the job's and the preset's `[[status]]` rules; the first that holds wins.

    A rule comes before the status that the row's own text would have; the job's `[values]` come
    before the rules of a preset, and its constant before all. Where no column holds a status,
    `[values]` maps the words of the column from which the rules derive it.
    """
    if not job.status or "CallStatus" in job.constants:
        return
    held = filled.get("CallStatus") or Filled.nothing(length)
    cells = source_column(derived.name) if derived else None
    if cells is not None:
        held = Filled(cells, _mapped_words(clean("CallStatus", cells), job.values))
    own, presets = job.status[: export.own_rules], job.status[export.own_rules :]
    chosen = np.full(length, -1)
    words: list[str] = []
    _choose(own, source_column, chosen, words)
    if presets:
        settled = chosen >= 0
        kept = _among(held.before, export.own_statuses)
        _choose(presets, source_column, chosen, words)
        chosen[kept & ~settled] = -1
    rows = np.flatnonzero(chosen >= 0)
    if not len(rows):
        if cells is not None:
            filled["CallStatus"] = held
        return
    statuses = texts.take(texts.from_list(words), chosen[rows])
    values = texts.put(held.cells.values, rows, statuses)
    # A word that is the status already does not count as a change.
    same = texts.equal(held.cells.values, values)[rows]
    ruled = Coerced(values, held.cells.positions, held.cells.notes)
    findings = notes.added(ruled, rows[~same], note_id(rules=("value_mapped",)), values)
    filled["CallStatus"] = Filled(held.before, findings)


def _mapped_words(cells: Coerced, values: Mapping[str, Mapping[str, str]]) -> Coerced:
    """The words that `[values.CallStatus]` maps; nothing where it maps none."""
    mapped = filling.with_values(cells, values.get("CallStatus", {}))
    rows = notes.marked(mapped, "value_mapped")
    only = texts.put(texts.nulls(len(cells.values)), rows, texts.take(mapped.values, rows))
    at = np.isin(mapped.positions, rows)
    return Coerced(only, mapped.positions[at], mapped.notes[at])


def undecided(
    columns: Mapping[str, Coerced], derived: StatusColumn | None, source_column: SourceColumn
) -> Bools | None:
    """Rows whose status a preset derives from a word that neither it nor the job knows."""
    if derived is None or not derived.complete:
        return None
    cells, status = source_column(derived.name), columns.get("CallStatus")
    if cells is None or status is None:
        return None
    held = texts.present(
        pc.utf8_trim(pc.fill_null(cells, texts.scalar("")), characters=texts.EDGES)
    )
    return held & ~texts.present(status.values)


def naming_column(
    findings: Iterable[Finding], derived: StatusColumn | None, plan: Plan
) -> list[Finding]:
    """Findings about a derived status, with the source column whose word it comes from."""
    if derived is None:
        return list(findings)
    at = plan.position(derived.name)
    name = derived.name if at is None else plan.header[at]
    detail = f'this word is from the column "{name}"; [values.CallStatus] maps its words'
    return [
        replace(item, details=(detail,) * len(item.rows))
        if item.column == "CallStatus" and item.code in _ABOUT_A_WORD
        else item
        for item in findings
    ]


_ABOUT_A_WORD = ("status_needed", "status_empty", "status_unknown")


def _choose(
    rules: Sequence[StatusRule],
    source_column: SourceColumn,
    chosen: texts.Ints,
    words: list[str],
) -> None:
    """Write into `chosen`, where it is still -1, where in `words` the first rule's status is."""
    for rule in rules:
        rows = met(rule.when, source_column, len(chosen)) & (chosen < 0)
        chosen[rows] = len(words)
        words.append(rule.then)


def _among(text: pa.StringArray, words: frozenset[str]) -> Bools:
    """Which cells say one of these words, in any case."""
    if not words:
        return np.zeros(len(text), np.bool_)
    encoded = text.dictionary_encode()
    hits = [cell.strip().casefold() in words for cell in encoded.dictionary.to_pylist()]
    # The last entry answers for the nulls, which are numbered -1.
    flags = np.asarray([*hits, False], np.bool_)
    places = texts.places(encoded)
    return flags[places]


def fill_otherwise(
    filled: dict[str, Filled], export: Export, source_column: SourceColumn, length: int
) -> None:
    """Values that the preset knows for blanks, such as 0 seconds of a call that was refused."""
    for rule in export.otherwise:
        fill_empty(filled, rule.column, rule.value, met(rule.when, source_column, length))


def silence(
    filled: dict[str, Filled], export: Export, source_column: SourceColumn, length: int
) -> None:
    """Take away the seconds that were no talk: those of a menu or a mailbox."""
    held = filled.get("TalkDuration")
    if held is None or not export.no_talk:
        return
    silent = np.zeros(length, np.bool_)
    for rule in export.no_talk:
        silent |= met(rule.when, source_column, length)
    rows = np.flatnonzero(silent & ~texts.equal(held.cells.values, "0"))
    if len(rows):
        values = texts.put(held.cells.values, rows, texts.from_list(["0"] * len(rows)))
        findings = notes.added(held.cells, rows, note_id(rules=("talk_time_derived",)), values)
        filled["TalkDuration"] = Filled(held.before, findings)


def doubted(
    columns: Mapping[str, Coerced],
    export: Export,
    feeds: Callable[[str, str], bool],
    source_column: SourceColumn,
) -> list[Finding]:
    """Warnings of the preset for cells that hold a value.

    Args:
        columns: spec column to its coerced cells.
        export: its doubts.
        feeds: whether a source column (second) is mapped to a column of the format (first).
        source_column: the cells of the input.
    """
    findings = []
    for doubt in export.doubts:
        cells = columns.get(doubt.column)
        if cells is None or (doubt.fed_by and not feeds(doubt.column, doubt.fed_by)):
            continue
        held = texts.present(cells.values)
        if doubt.value:
            held &= texts.equal(cells.values, doubt.value)
        rows = np.flatnonzero(held & met(doubt.when, source_column, len(held)))
        if len(rows):
            details = (doubt.text,) * len(rows)
            findings.append(Finding(doubt.code, Severity.WARNING, doubt.column, rows, details))
    return findings


def part_keys(columns: dict[str, Coerced], length: int) -> None:
    """Key1 to Key4 from the first of Keypresses, where nothing else has filled them."""
    pressed = columns.get("Keypresses")
    if pressed is None:
        return
    parts = pc.split_pattern(pc.fill_null(pressed.values, texts.scalar("")), ",")
    counts = texts.numbers(pc.list_value_length(parts))
    for at, name in enumerate(KEYS):
        cells = columns.get(name) or Coerced.silent(texts.nulls(length))
        rows = np.flatnonzero((counts > at) & ~texts.present(cells.values))
        some = parts.take(texts.indices(rows))
        keys = pc.list_element(some, at) if len(rows) else texts.nulls(0)
        held = texts.present(keys)
        rows, keys = rows[held], keys.filter(texts.mask(held))
        if len(rows):
            values = texts.put(cells.values, rows, keys)
            columns[name] = notes.added(cells, rows, note_id(rules=("keys_parted",)), values)
