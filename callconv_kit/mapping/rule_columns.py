"""Columns that the job's own rules name: an input that lacks one stops the run.

A rule over a missing column would hold for no row, or with `empty = true` for every row, and
nobody would notice. The rules of a preset are not judged here: not every form of an export has
every column.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from callconv_kit.job import Job
from callconv_kit.mapping.plan import CHILD, Plan
from callconv_kit.model.errors import InputError
from callconv_kit.model.names import nearest_column

SHOWN = 30
"""Columns of the header that an error shows."""


class Asked(NamedTuple):
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
        Asked(f"[values.{column}]", "", column)
        for column in own.values
        if not _has_words(column, plan, job, looked_up)
    ]
    if lacking:
        raise _missing(name, plan, lacking)


def _asked(job: Job) -> Iterator[Asked]:
    for number, rule in enumerate(job.leave_out, 1):
        named = (*([rule.source_column] if rule.source_column else []), *rule.when)
        for column in () if rule.optional else named:
            yield Asked(f"[[leave_out]] (number {number})", column, optional=True)
    for number, status in enumerate(job.status, 1):
        for column in () if status.optional else status.when:
            yield Asked(f"[[status]] (number {number})", column, optional=True)
    if job.legs is not None:
        for column in dict.fromkeys((job.legs.key, job.legs.parent, *job.legs.take.values())):
            yield Asked("[legs]", column)


def _has_words(column: str, plan: Plan, job: Job, looked_up: Collection[str]) -> bool:
    """Whether something gives a column of the format words that `[values]` can map."""
    by_rules = column == "CallStatus" and bool(job.status)
    return column in plan.feeds or column in job.constants or column in looked_up or by_rules


def _missing(name: str, plan: Plan, lacking: list[Asked]) -> InputError:
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


def _step(asked: Asked, header: list[str]) -> str:
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
