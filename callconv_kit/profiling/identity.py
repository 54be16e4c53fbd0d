"""CallSessionId: the column that names each call, or columns whose hash can."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from callconv_kit.profiling.moments import FITS
from callconv_kit.profiling.naming import Named, id_role
from callconv_kit.profiling.proposal import Alternative, Proposal
from callconv_kit.profiling.sample import Column, Sample

FILLED = 0.95
"""Of the calls hold the id."""

DIFFERENT = 0.95
"""Of the ids are different ones; a call may be repeated in an export."""

LEAST = 3
"""Columns whose hash stands in for an id, where there are so many."""

_RANK = {("call_id", True): 0, ("call_id", False): 1, ("weak_id", True): 2, ("weak_id", False): 3}


class Identity(NamedTuple):
    """What CallSessionId may come from.

    derived: the columns whose hash can stand in, where no column names the call.
    """

    call_id: Proposal
    derived: tuple[str, ...]


def identity(sample: Sample, taken: Collection[str], telling: Sequence[str]) -> Identity:
    """The id of each call.

    Args:
        sample: the rows that are calls to the advertiser.
        taken: columns that hold something else.
        telling: columns that together tell calls apart, the most telling first.
    """
    found = [
        (column, role)
        for column in sample.named
        if column.name not in taken
        and _is_id(role := id_role(column.name))
        and _names_calls(column, role)
    ]
    if not found:
        return Identity(Proposal("CallSessionId"), _derived(sample, telling))
    found.sort(key=lambda each: (_RANK[each[1].role, each[1].exact], each[0].position))
    (best, role), *others = found
    return Identity(
        Proposal(
            "CallSessionId",
            "column",
            (best.name,),
            confidence="sure" if role == ("call_id", True) else "likely",
            because=f"{'a known name' if role.exact else 'its name is one'} for the id of a call; "
            "each call has another one",
            alternatives=tuple(
                Alternative((other.name,), "also different in each call") for other, _ in others
            ),
        ),
        (),
    )


def _is_id(role: Named) -> bool:
    return (role.role, role.exact) in _RANK


def _names_calls(column: Column, role: Named) -> bool:
    if column.fill < FILLED or len(column.texts) < column.filled * DIFFERENT:
        return False
    # Asterisk's uniqueid is the second in which the call began, and a number.
    is_moment = column.moments >= FITS and not role.exact
    return not is_moment and column.links < FITS and column.zones < FITS


def _derived(sample: Sample, telling: Sequence[str]) -> tuple[str, ...]:
    """The first columns of `telling` that together are different in each row, at least three."""
    chosen: list[str] = []
    for name in telling:
        chosen.append(name)
        rows = list(zip(*(sample.aligned(each) for each in chosen), strict=True))
        if len(chosen) >= LEAST and len(set(rows)) == len(rows):
            break
    return tuple(chosen)


def parent_of(sample: Sample) -> tuple[str, str] | None:
    """A column that holds the id of another row, and the column of that id; None where none does.

    Such rows are parts of a call: a transfer, or the leg to the destination.
    """
    for column in sample.named:
        if id_role(column.name).role != "parent_id" or column.fill >= 1:
            continue
        for key in sample.named:
            if key is column or not key.is_unique:
                continue
            ids = set(key.texts)
            if all(text in ids for text in column.some):
                return column.name, key.name
    return None
