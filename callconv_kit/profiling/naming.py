"""What the name of a column may mean, once its cells have shown its kind.

The cells decide the kind (a moment, a duration, a phone number, an id, a word), the name decides
the role within that kind, and relations to other columns decide among rivals. A role is *exact*
where `data/known_names.csv` lists the very name; else it comes from the words of the name.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from callconv_kit.profiling import words


class Named(NamedTuple):
    """The role that a name gives a column.

    role: "" for none.
    exact: whether the very name is listed for that role.
    """

    role: str
    exact: bool = False

    def __bool__(self) -> bool:
        return bool(self.role)


NOTHING = Named("")

MOMENTS = ("end", "answer_time", "start")
DURATIONS = ("talk", "ring", "wait", "hold", "ivr", "call_duration")
PHONES = ("forward_from", "caller", "called", "tracking", "phone")
STATUSES = ("status", "answered", "abandoned", "cause", "direction")

WEAK_IDS = {"uuid", "id", "guid", "sid", "recordid", "reference", "linkedid", "pkid"}
"""Names of ids that are often something else than the id of the call."""

_NO_PHONE = {"person", "name", "zone", "place", "url", "money", "count", "status", "type", "flag"}
_NO_CALL_ID = {
    "person",
    "place",
    "money",
    "parent",
    "caller",
    "called",
    "tracking",
    "count",
    "name",
}


@cache
def _known() -> Mapping[str, tuple[str, ...]]:
    """Letters of a name → the roles for which it is listed, in the order of the list."""
    known: dict[str, dict[str, None]] = {}
    for row in words.table("known_names"):
        for name in row["names"].split("|"):
            known.setdefault(words.letters(name), {})[row["role"]] = None
    return {name: tuple(roles) for name, roles in known.items()}


def known_roles(name: str) -> tuple[str, ...]:
    """The roles for which a name is listed; what it says about its zone or unit does not count."""
    found = _known().get(words.letters(name))
    if found is None:
        found = _known().get(words.letters(_without_remark(name)))
    return found or ()


def _without_remark(name: str) -> str:
    """`Start (UTC)` and `Start UTC` as `Start`; of `duration (in call)` all stays."""
    *before, last = name.split(" ")
    if before and last.upper() in words.ZONES:
        return " ".join(before)
    head, bracket, rest = name.replace("[", "(").partition("(")
    remark = words.concepts_of(rest) - {"minutes", "milliseconds", "nothing", "zone", "duration"}
    return head if bracket and head.strip() and not remark else name


def _exact(name: str, roles: Collection[str]) -> str:
    return next((role for role in known_roles(name) if role in roles), "")


def moment_role(name: str) -> Named:
    """The role of a column of moments: start, end, answer_time, other, or moment for any."""
    exact = _exact(name, MOMENTS)
    if exact:
        return Named(exact, True)
    about = words.concepts_of(name)
    if "end" in about:
        return Named("end")
    if "talk" in about and "conversation" not in words.words_of(name):
        return Named("answer_time" if "start" in about else "other")
    if about & {"ring", "wait", "acw", "other", "ivr", "id", "number", "tracking"}:
        return Named("other")
    if "answer" in about:
        return Named("answer_time")
    return Named("start" if "start" in about else "moment")


def date_role(name: str) -> Named:
    """The role of a column of dates without times, or of times without dates."""
    exact = _exact(name, ("date", "time_of_day"))
    about = words.concepts_of(name)
    if about & {"end", "answer", "ring", "wait", "acw", "other", "talk", "duration", "ivr"}:
        return NOTHING
    return Named(exact or "date_part", bool(exact))


def duration_role(name: str) -> Named:
    """The role of a column of durations; none where no word of its name is about time."""
    exact = _exact(name, DURATIONS)
    if exact:
        return Named(exact, True)
    about = words.concepts_of(name)
    if about & {"money", "count", "id", "number", "caller", "called", "zone", "status", "cause"}:
        return NOTHING
    if "acw" in about or "other" in about or "person" in about:
        return Named("other") if about & {"time", "duration", "minutes"} else NOTHING
    for role in ("ivr", "talk", "ring", "wait"):
        if role in about:
            return Named(role)
    if "answer" in about:
        return Named("talk") if "duration" in about else Named("other")
    if about & {"start", "end", "date", "stamp"}:
        return NOTHING
    if "duration" in about or about >= {"call", "time"} or about >= {"total", "time"}:
        return Named("call_duration")
    if about & {"minutes", "milliseconds"} and about <= {
        "minutes",
        "milliseconds",
        "call",
        "total",
    }:
        return Named("call_duration")
    return NOTHING


def phone_role(name: str) -> Named:
    """Whose number a column of phone numbers holds: caller, called, tracking, forward, phone."""
    exact = _exact(name, PHONES)
    if exact:
        return Named(exact, True)
    about = words.concepts_of(name)
    if "forward_from" in about:
        return Named("forward_from")
    if about & (_NO_PHONE - ({"flag"} if "number" in about else set())):
        return Named("other")
    if "id" in about and "number" not in about:
        return Named("other")
    if "tracking" in about:
        return Named("tracking")
    if "forward" in about:
        return Named("forward")
    if about >= {"caller", "called"}:
        return Named("both")
    if "called" in about or "line" in about:
        return Named("called")
    if "caller" in about:
        return Named("caller")
    return Named("phone") if "number" in about else NOTHING


def id_role(name: str) -> Named:
    """Whether a column of ids names the call: call_id, weak_id, parent_id, or none."""
    roles = known_roles(name)
    if "parent_id" in roles:
        return Named("parent_id", True)
    if "call_id" in roles:
        weak = words.letters(name) in WEAK_IDS
        return Named("weak_id" if weak else "call_id", True)
    about = words.concepts_of(name)
    if "id" not in about or about & _NO_CALL_ID:
        return Named("parent_id") if about >= {"id", "parent"} else NOTHING
    return Named("call_id" if "call" in about else "weak_id")


def word_role(name: str) -> Named:
    """What a column of few words is about: status, answered, cause, direction, leg, context."""
    exact = _exact(name, (*STATUSES, "leg", "context", "kind"))
    if exact:
        return Named(exact, True)
    about = words.concepts_of(name)
    if about & {"person", "name", "url", "money", "count", "place", "number", "zone"}:
        return NOTHING
    if "direction" in about:
        return Named("direction")
    if "cause" in about:
        return Named("cause")
    if "status" in about:
        return Named("status")
    if "answer" in about and not about & {"time", "date", "stamp", "duration"}:
        return Named("answered")
    return Named("kind") if "type" in about else NOTHING
