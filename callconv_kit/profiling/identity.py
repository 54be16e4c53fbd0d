"""CallSessionId: the column that identifies each call, or a hash; and other optional columns."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import pyarrow.compute as pc

from callconv_kit.coercion import flag
from callconv_kit.model import spec, texts
from callconv_kit.profiling.moments import FITS
from callconv_kit.profiling.naming import Named, duration_role, id_role, known_roles
from callconv_kit.profiling.proposal import Alternative, Proposal
from callconv_kit.profiling.sample import Column, Sample

FILLED = 0.95
"""Of the calls hold the id."""

DIFFERENT = 0.95
"""Of the ids are different ones; a call may be repeated in an export."""

LEAST = 3
"""Columns whose hash stands in for an id, where there are so many."""

_RANK = {("call_id", True): 0, ("call_id", False): 1, ("weak_id", True): 2, ("weak_id", False): 3}


_CLOCK = re.compile(r"(?<![0-9:])[0-9]{1,2}:[0-9]{2}(?::([0-9]{2}))?(?![0-9])")
"""A time of day; the group is its seconds."""


class Identity(NamedTuple):
    """What CallSessionId may come from.

    derived: the columns whose hash can serve, where no column names the call.
    """

    call_id: Proposal
    derived: tuple[str, ...]


def identity(
    sample: Sample, taken: Collection[str], telling: Sequence[str], times: Sequence[str] = ()
) -> Identity:
    """The id of each call.

    Args:
        sample: the rows that are calls to the advertiser.
        taken: columns that hold something else.
        telling: columns that together identify a call, the most distinctive first.
        times: columns that hold when a call began.
    """
    found = [
        (column, role)
        for column in sample.named
        if column.name not in taken
        and _is_id(role := id_role(column.name))
        and _names_calls(column, role, {*times, *telling[:1]}, sample)
    ]
    if not found:
        return Identity(Proposal("CallSessionId"), _derived(sample, telling, times))
    found.sort(
        key=lambda each: (
            not _is_different(each[0]),
            _RANK[each[1].role, each[1].exact],
            each[0].position,
        )
    )
    (best, role), *others = found
    different = _is_different(best)
    return Identity(
        Proposal(
            "CallSessionId",
            "column",
            (best.name,),
            confidence="sure" if role == ("call_id", True) and different else "likely",
            because=f"{'a known name' if role.exact else 'its name is one'} for the id of a call; "
            + ("each call has another one" if different else "rows that share one are one call"),
            alternatives=tuple(
                Alternative((other.name,), "also different in each call") for other, _ in others
            ),
        ),
        (),
    )


def _is_id(role: Named) -> bool:
    return (role.role, role.exact) in _RANK


def _names_calls(column: Column, role: Named, of_a_call: Collection[str], sample: Sample) -> bool:
    if column.fill < FILLED:
        return False
    if not _is_different(column) and not (
        role == ("call_id", True) and _repeats_calls(column, of_a_call, sample)
    ):
        return False
    # Asterisk's uniqueid is the second in which the call began, and a number.
    is_moment = column.moments >= FITS and not role.exact
    return not is_moment and column.links < FITS and column.zones < FITS


def _is_different(column: Column) -> bool:
    return len(column.texts) >= column.filled * DIFFERENT


def _repeats_calls(column: Column, of_a_call: Collection[str], sample: Sample) -> bool:
    """Whether the rows that share an id share what is the same in all rows of one call."""
    held = [other.cells for name in of_a_call if (other := sample.column(name)) is not None]
    if len(held) < LEAST - 1 or len(column.texts) < 2:
        return False
    rows = pc.binary_join_element_wise(column.cells, *held, "\0")
    return len(pc.unique(rows)) == len(pc.unique(column.cells))


def _derived(sample: Sample, telling: Sequence[str], times: Sequence[str]) -> tuple[str, ...]:
    """The first columns of `telling` that together are different in each row, at least three.

    All of them where the times have no seconds: two calls of one caller may begin in one minute.
    """
    if _are_to_the_minute(sample, times):
        return tuple(telling)
    chosen: list[str] = []
    for name in telling:
        chosen.append(name)
        rows = list(zip(*(sample.aligned(each) for each in chosen), strict=True))
        if len(chosen) >= LEAST and len(set(rows)) == len(rows):
            break
    return tuple(chosen)


def _are_to_the_minute(sample: Sample, times: Sequence[str]) -> bool:
    """Whether there are times of day among the cells of these columns, all without seconds."""
    columns = [column for name in times if (column := sample.column(name)) is not None]
    seconds = [found[1] for each in columns for text in each.some if (found := _CLOCK.search(text))]
    return bool(seconds) and all(each in (None, "00") for each in seconds)


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


def _is_text(column: Column) -> bool:
    """Whether it holds words: not numbers, phones, links or times."""
    return column.share(str.isprintable) == 1 and not (
        column.integers or column.phones or column.links or column.moments or column.seconds
    )


def _is_repeat(column: Column) -> bool:
    read = flag.repeat_caller_kernel()(texts.from_list(list(column.some)))
    return len(column.some) > 0 and read.values.null_count <= len(column.some) * (1 - FITS)


FITTING: Mapping[str, Callable[[Column], bool]] = {
    "CallRecording": lambda column: column.links >= FITS,
    "City": _is_text,
    "Region": _is_text,
    "Country": _is_text,
    "Zip": lambda column: column.share(lambda text: text[:5].isdigit() and len(text) >= 4) >= FITS,
    "TrafficSource": _is_text,
    "RepeatCaller": _is_repeat,
    "ClickId": lambda column: not column.is_vocabulary,
    "IvrDuration": lambda column: (
        column.seconds >= FITS and duration_role(column.name).role == "ivr"
    ),
    "CampaignId": lambda column: column.integers >= FITS,
    "MediaId": lambda column: column.integers >= FITS,
    "ActionTrackerId": lambda column: column.integers >= FITS,
    "CallProvider": _is_text,
}
"""What the cells must be, for a known name to be believed."""


def extras(sample: Sample, taken: Collection[str]) -> dict[str, Proposal]:
    """What optional columns, and the ids of impact.com, may come from.

    Args:
        sample: the rows that are calls to the advertiser.
        taken: columns that hold something else.
    """
    found: dict[str, Proposal] = {}
    for column in sample.named:
        if column.name in taken:
            continue
        for role in known_roles(column.name):
            if role in FITTING and role not in found and FITTING[role](column):
                found[role] = Proposal(
                    role,
                    "column",
                    (column.name,),
                    confidence="sure" if role not in spec.REQUIRED else "likely",
                    because=f"a known name for {role}, and its cells fit",
                )
    return found
