"""The layout of an export when its job was made, and how it differs today.

`callconv init` records the layout beside the job, as a Great Expectations suite
(`profiling.export_suite`). Here the same file is read without Great Expectations: `prepare` warns
of columns that were renamed, added or lost, and of words that a column did not hold before.

An input that lacks a column which a rule of the job names stops the run: a rule over a missing
column would match no row, or with `empty = true` every row, and nobody would notice. The rules of
a preset are not judged here: not every form of an export has every column.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from callconv_kit.job import Job
from callconv_kit.job.faults import masked, printable
from callconv_kit.mapping.plan import CHILD, Plan
from callconv_kit.model import texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.model.names import nearest_column, plain
from callconv_kit.model.rows import Batch, Finding

COLUMNS = "expect_table_columns_to_match_set"
WORDS = "expect_column_values_to_be_in_set"
VERSION = 1
"""Of the suite's form; under `meta` as `callconv_export`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """An export as it was.

    columns: its header.
    words: column to the words that it holds, without case; of columns whose words decide
        something, such as a status or a direction.
    """

    columns: tuple[str, ...] = ()
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read(path: Path) -> Layout:
    """The layout of a recorded suite.

    Raises:
        UsageError: `export_suite_unreadable`: it is missing, or not such a suite.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        if whole["meta"]["callconv_export"] != VERSION:
            raise ValueError(f"callconv_export is not {VERSION}")
        of_kind = _by_kind(whole["expectations"])
        columns = [name for one in of_kind.get(COLUMNS, []) for name in one["column_set"]]
        words = {
            one["column"]: frozenset(str(word).casefold() for word in one["value_set"])
            for one in of_kind.get(WORDS, [])
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            "export_suite_unreadable",
            f"The recorded layout of the export, {path.name}, cannot be read",
            " ".join(str(error).split()) or type(error).__name__,
            "the file that `callconv init` wrote beside the job",
            "Run `callconv init` on an export to record it again, or delete export_suite from "
            "the job.",
        ) from error
    return Layout(tuple(map(str, columns)), words)


def _by_kind(expectations: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in expectations:
        found.setdefault(one["type"], []).append(one["kwargs"])
    return found


def changed_columns(layout: Layout, header: Sequence[str]) -> list[tuple[str, str]]:
    """What is different in the header: each column that was renamed, lost or added, and how.

    Spelling in another case, or with other spaces and underscores, is not a change: the column is
    found all the same.

    >>> changed_columns(Layout(("Id", "Status", "Agent")), ("Id", "Outcome", "Agent", "Team"))
    [('Status', 'now "Outcome"'), ('Team', 'new')]
    """
    then, now = [plain(name) for name in layout.columns], [plain(name) for name in header]
    lost = [name for name in layout.columns if plain(name) not in now]
    new = [name for name in header if plain(name) not in then]
    renamed: dict[str, str] = {}
    for name in lost:
        successor = _in_its_place(layout.columns, header, name) or nearest_column(name, new)
        if successor in new and successor not in renamed.values():
            renamed[name] = successor
    changes = [(_shown(name), f'now "{_shown(to)}"') for name, to in renamed.items()]
    changes += [(_shown(name), "missing") for name in lost if name not in renamed]
    return changes + [(_shown(name), "new") for name in new if name not in renamed.values()]


def _in_its_place(then: Sequence[str], now: Sequence[str], name: str) -> str | None:
    """The column at the former place of `name`, between the same neighbors."""
    at = then.index(name)
    matcher = SequenceMatcher(None, list(map(plain, then)), list(map(plain, now)), autojunk=False)
    for kind, first, last, there, end in matcher.get_opcodes():
        if kind == "replace" and first <= at < last and last - first == end - there:
            return now[there + at - first]
    return None


def new_words(layout: Layout, plan: Plan, batch: Batch) -> list[Finding]:
    """The warning for cells that hold a word which their column did not hold before."""
    details = np.full(len(batch.lines), "", object)
    for name, words in layout.words.items():
        at = plan.position(name)
        if at is None or at >= len(batch.cells):
            continue
        encoded = batch.cells[at].dictionary_encode()
        distinct = [(cell or "").strip(texts.EDGES) for cell in encoded.dictionary.to_pylist()]
        # The last entry answers for the nulls, which are numbered -1.
        new = np.array([bool(cell) and cell.casefold() not in words for cell in distinct] + [False])
        if not new.any():
            continue
        numbers = texts.places(encoded)
        found = new[numbers]
        quoted = np.array([f'"{_shown(name)}": "{_shown(cell)}"' for cell in distinct], object)
        between = np.where(details[found] == "", "", ", ").astype(object)
        details[found] = details[found] + between + quoted[numbers[found]]
    rows = np.flatnonzero(details != "")
    if not len(rows):
        return []
    return [Finding("export_word_new", Severity.WARNING, None, rows, tuple(details[rows].tolist()))]


def _shown(name: str) -> str:
    return printable(str(masked(name)))


SHOWN = 30
"""Columns of the header that an error shows."""


class NeededColumn(NamedTuple):
    """A column that a rule needs.

    where: the rule, as the job file writes it.
    source: the column of the input; empty where `column`, one of the format, has no source.
    optional: whether the rule may say `optional = true`.
    """

    where: str
    source: str
    column: str = ""
    optional: bool = False


def require(name: str, plan: Plan, job: Job, looked_up: Collection[str]) -> None:
    """Refuse an input that lacks a column which a rule of the job names.

    Args:
        name: of the input, for the error.
        plan: the source of each column in it.
        job: with its preset laid under it; only the rules of `job.own` are judged.
        looked_up: the columns that the look-up fills.

    Raises:
        InputError: `column_missing`, naming each rule, its column and the nearest one.
    """
    own = job.own
    lacking = [asked for asked in _asked(own) if plan.position(asked.source) is None]
    lacking += [
        NeededColumn(f"[values.{column}]", "", column)
        for column in own.values
        if not _has_words(column, plan, job, looked_up)
    ]
    if lacking:
        raise _missing(name, plan, lacking)


def _asked(job: Job) -> Iterator[NeededColumn]:
    for number, rule in enumerate(job.leave_out, 1):
        named = (*([rule.source_column] if rule.source_column else []), *rule.when)
        for column in () if rule.optional else named:
            yield NeededColumn(f"[[leave_out]] (number {number})", column, optional=True)
    for number, status in enumerate(job.status, 1):
        for column in () if status.optional else status.when:
            yield NeededColumn(f"[[status]] (number {number})", column, optional=True)
    if job.legs is not None:
        for column in dict.fromkeys((job.legs.key, job.legs.parent, *job.legs.take.values())):
            yield NeededColumn("[legs]", column)


def _has_words(column: str, plan: Plan, job: Job, looked_up: Collection[str]) -> bool:
    """Whether something gives a column of the format words that `[values]` can map."""
    by_rules = column == "CallStatus" and bool(job.status)
    return column in plan.feeds or column in job.constants or column in looked_up or by_rules


def _missing(name: str, plan: Plan, lacking: list[NeededColumn]) -> InputError:
    header = [cell for cell in plan.header if not cell.startswith(CHILD)]
    steps = [_step(asked, header) for asked in lacking]
    if any(asked.optional for asked in lacking):
        steps.append("If some of your files lack the column, set optional = true in the rule.")
    several = len(lacking) > 1
    return InputError(
        "column_missing",
        f"In {name}, {'rules' if several else 'a rule'} of the job "
        f"need{'' if several else 's'} a column that is missing",
        "; ".join(f'{one.where}: "{one.source or one.column}"' for one in lacking),
        f"columns of the file: {', '.join(header[:SHOWN])}{', …' if len(header) > SHOWN else ''}",
        " ".join(steps),
    )


def _step(asked: NeededColumn, header: list[str]) -> str:
    near = nearest_column(asked.source.removeprefix(CHILD) or asked.column, header)
    if asked.column:
        source = near or "…"
        return (
            f"No column is mapped to {asked.column}: add [columns] {asked.column} = "
            f'"{source}" if that column holds these words, or delete the table.'
        )
    if asked.source.startswith(CHILD):
        return f'"{asked.source}" needs [legs] and a column of that name in the file.'
    if near:
        return f'Did you mean "{near}" rather than "{asked.source}"?'
    return f'Correct the name "{asked.source}" in the job.'
