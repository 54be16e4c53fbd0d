"""Rules over the columns of an export, as plain data: statuses, values for blanks, doubts.

`when` names source columns and what must hold of their cells as they stand. A column that the
export lacks meets no condition: what it would have said is not known.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import notes, texts
from callconv_kit.conditions import SourceColumn, met
from callconv_kit.findings import Severity
from callconv_kit.job import Job, StatusRule
from callconv_kit.mapping.export import Export
from callconv_kit.mapping.filling import Filled, fill_empty
from callconv_kit.notes import Coerced, note_id
from callconv_kit.rows import Said
from callconv_kit.texts import Bools

KEYS = ("Key1", "Key2", "Key3", "Key4")


def set_statuses(
    filled: dict[str, Filled], job: Job, export: Export, source_column: SourceColumn, length: int
) -> None:
    """CallStatus by the job's and the preset's `[[status]]` rules; the first that holds wins.

    A rule comes before the status that the row's own text would have; the job's `[values]` come
    before the rules of a preset, and its constant before all.
    """
    if not job.status or "CallStatus" in job.constants:
        return
    held = filled.get("CallStatus") or Filled.nothing(length)
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
        return
    statuses = texts.take(texts.from_list(words), chosen[rows])
    values = texts.put(held.cells.values, rows, statuses)
    # A word that is the status already is no change.
    same = texts.bools(pc.fill_null(pc.equal(held.cells.values, values), False))[rows]
    ruled = Coerced(values, held.cells.positions, held.cells.notes)
    said = notes.added(ruled, rows[~same], note_id(rules=("value_mapped",)), values)
    filled["CallStatus"] = Filled(_shown(held, job.status, source_column), said)


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
    places: texts.Ints = encoded.indices.fill_null(-1).to_numpy()
    return flags[places]


def _shown(
    held: Filled, rules: Sequence[StatusRule], source_column: SourceColumn
) -> pa.StringArray:
    """What stood there: the status's own text, else the first column that the rules look at."""
    if held.before.null_count < len(held.before):
        return held.before
    asked = (source_column(name) for rule in rules for name in rule.when)
    return next((cells for cells in asked if cells is not None), held.before)


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
    counted = texts.bools(pc.fill_null(pc.not_equal(held.cells.values, "0"), True))
    rows = np.flatnonzero(silent & counted)
    if len(rows):
        values = texts.put(held.cells.values, rows, texts.from_list(["0"] * len(rows)))
        said = notes.added(held.cells, rows, note_id(rules=("talk_time_derived",)), values)
        filled["TalkDuration"] = Filled(held.before, said)


def doubted(
    columns: Mapping[str, Coerced],
    export: Export,
    feeds: Callable[[str, str], bool],
    source_column: SourceColumn,
) -> list[Said]:
    """Warnings of the preset for cells that hold a value.

    Args:
        columns: spec column to its coerced cells.
        export: its doubts.
        feeds: whether a source column of this name (second) feeds a column of the format (first).
        source_column: the cells of the input.
    """
    said = []
    for doubt in export.doubts:
        cells = columns.get(doubt.column)
        if cells is None or (doubt.fed_by and not feeds(doubt.column, doubt.fed_by)):
            continue
        held = texts.present(cells.values)
        if doubt.value:
            held &= texts.bools(pc.fill_null(pc.equal(cells.values, doubt.value), False))
        rows = np.flatnonzero(held & met(doubt.when, source_column, len(held)))
        if len(rows):
            details = (doubt.text,) * len(rows)
            said.append(Said(doubt.code, Severity.WARNING, doubt.column, rows, details))
    return said


def part_keys(columns: dict[str, Coerced], length: int) -> None:
    """Key1 to Key4 from the first of Keypresses, where nothing else has filled them."""
    pressed = columns.get("Keypresses")
    if pressed is None:
        return
    parts = pc.split_pattern(pc.fill_null(pressed.values, ""), ",")
    counts = np.asarray(pc.list_value_length(parts).to_numpy(zero_copy_only=False))
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
