"""Optional columns: proposed only where the very name is known and the cells fit."""

from collections.abc import Callable, Collection, Mapping

from callconv_kit.coercion import flag
from callconv_kit.model import spec, texts
from callconv_kit.profiling.moments import FITS
from callconv_kit.profiling.naming import duration_role, known_roles
from callconv_kit.profiling.proposal import Proposal
from callconv_kit.profiling.sample import Column, Sample


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
