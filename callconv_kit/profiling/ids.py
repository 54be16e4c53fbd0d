"""What no export holds: the ids of impact.com, the provider, and the key of their look-up."""

from dataclasses import dataclass

from callconv_kit.mapping import preset as presets
from callconv_kit.model.names import plain
from callconv_kit.profiling.columns import Profile, shown_name
from callconv_kit.profiling.inspection import Inspection

LOOKUP_FILE = "trackers.csv"

ONE_KEY = 0.5
"""Share of the rows above which one value makes a column useless as a look-up key."""


@dataclass(frozen=True, slots=True)
class Id:
    """One of the ids that impact.com gave you.

    column: of the format; called: what impact.com's screens call it; where: to find it.
    """

    column: str
    called: str
    where: str


IDS = {
    "campaign": Id(
        "CampaignId", "program", "the id of your program; impact.com lists it with your programs"
    ),
    "partner": Id(
        "MediaId",
        "media partner",
        "the id of the partner who is paid; impact.com shows it in the partner's profile",
    ),
    "tracker": Id(
        "ActionTrackerId",
        "event type",
        "the id of the call's event type; in impact.com: your profile → Settings → Tracking → "
        "Event Types",
    ),
    "provider": Id(
        "CallProvider",
        "call provider",
        "the name of the company or system that tracks the calls, such as CallRail",
    ),
}
"""The questions about what no export holds: the ids of impact.com, and who tracks the calls."""


def one_key(key: Profile) -> str:
    """What to note of a look-up key that covers most rows."""
    return (
        f"{key.top_share:.0%} of the rows have the same {shown_name(key.name, 40)!r}, so a look-up "
        "by it gives them all the same value"
    )


def lookup_key(inspection: Inspection) -> Profile | None:
    """The column by which ids are looked up best: the tracking number, else the number called."""
    if inspection.preset:
        numbers = presets.load(inspection.preset).about.called_number
        found = _filled(inspection, (*numbers.tracking, *numbers.destination))
        if found is not None:
            return found
    called = inspection.proposals.mapping["CalledPhoneNumber"]
    for other in called.alternatives:
        if any("tracking" in name.casefold() for name in other.sources):
            return inspection.column(other.sources[0])
    return inspection.column(called.sources[0]) if called.sources else None


def _filled(inspection: Inspection, names: tuple[str, ...]) -> Profile | None:
    preset = presets.load(inspection.preset) if inspection.preset else None
    for name in names:
        for spelling in preset.spellings(name) if preset else (name,):
            for column in inspection.columns:
                if plain(column.name) == plain(spelling) and column.filled:
                    return column
    return None
