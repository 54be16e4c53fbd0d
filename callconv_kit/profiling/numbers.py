"""CallerId and CalledPhoneNumber: whose number each column of phone numbers holds.

Names tell most; the cells tell the rest. In the calls that an advertiser receives, the number that
varies is the caller's, and the one that repeats is the advertiser's own.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from callconv_kit.coercion.phone import NANP
from callconv_kit.coercion.regions import NO_COUNTRY, calling_code, names_of
from callconv_kit.profiling import kinds
from callconv_kit.profiling.moments import FITS
from callconv_kit.profiling.naming import Named, phone_role
from callconv_kit.profiling.proposal import Alternative, Confidence, Proposal
from callconv_kit.profiling.sample import Column, Sample

READABLE = 0.5
"""Of the texts of a column are phone numbers, for it to hold such."""

READABLE_BY_NAME = 0.3
"""The same where its very name is known for it: callers withhold their numbers, and mistype."""

MOSTLY_FILLED = 0.5
"""Of the calls hold the number."""

VARIES = 3
"""Times as many different numbers as another column has, for a column to be the one that varies."""

ENOUGH = 5
"""Calls; fewer don't show which number varies."""

AT_HOME = 0.8
"""Of the national numbers of an export are valid in a country, for them to be of it."""

ENOUGH_NUMBERS = 3
"""Different numbers; fewer are valid in a country by chance."""

LISTED = 4
"""Countries that are listed in the evidence."""

COMPARED = 30
"""Numbers that are compared with the plans of all countries."""

_CALLED_ORDER = ("called", "forward", "tracking")
_OF_PHONES = {*_CALLED_ORDER, "caller", "phone"}
_NATIONAL = re.compile(r"\(?[0-9][0-9 ()./–-]{5,18}[0-9]")


class Numbers(NamedTuple):
    """What CallerId and CalledPhoneNumber may come from."""

    caller: Proposal
    called: Proposal


class _Found(NamedTuple):
    column: Column
    role: Named
    different: int


def numbers(sample: Sample, taken: Collection[str] = ()) -> Numbers:
    """The two numbers of a call.

    Args:
        sample: the rows that are calls to the advertiser.
        taken: columns that hold something else.
    """
    found = [
        _Found(column, role, _different(column))
        for column in sample.named
        if column.name not in taken
        and (role := phone_role(column.name)).role not in ("other", "forward_from", "both")
        and (column.moments < FITS or role.exact)
        and column.phones >= (READABLE_BY_NAME if role.exact else READABLE)
        and column.fill >= MOSTLY_FILLED
    ]
    callers = _of(found, "caller")
    called = _of(found, *_CALLED_ORDER)
    if callers and called and _contradict(callers[0], called[0]):
        return Numbers(_asked("CallerId", [callers[0], called[0]]), _asked("CalledPhoneNumber", []))
    rest = [each for each in found if each.role.role in ("", "phone")]
    if not callers:
        callers = _that_varies(rest, called)
    if not called:
        called = _that_repeats([each for each in rest if each not in callers], callers)
    return Numbers(
        _proposed("CallerId", callers, "the caller"),
        _proposed("CalledPhoneNumber", called, "the number that was called"),
    )


def home_country(sample: Sample, zone: str) -> tuple[str, str, Confidence]:
    """The country of national numbers that are not North American, the evidence, its strength.

    Args:
        sample: the rows; numbers that carry no country read as North American.
        zone: the time zone of the export; "" where it is not known.
    """
    columns = [column for column in sample.named if phone_role(column.name).role in _OF_PHONES]
    national = [text for column in columns for text in column.some if _is_national(text)]
    strange = list(dict.fromkeys(text for text in national if kinds.phone(text) is None))
    if len(strange) < max(ENOUGH_NUMBERS, len(national) * READABLE):
        return "", "", "none"
    strange = strange[:: max(1, len(strange) // COMPARED)][:COMPARED]
    here = _country_of_zone(zone)
    if here:
        valid = 0 if calling_code(here) == NANP else _valid_in(here, strange)
        because = f"{valid} of {len(strange)} numbers are valid in {here}, the country of {zone}"
        fits = valid >= len(strange) * AT_HOME
        return (here, f"{because}; in the US none is", "likely") if fits else ("", "", "none")
    if sum(map(_may_be_mistyped, strange)) > len(strange) / 2:
        return "", "", "none"
    valid_in = {country: _valid_in(country, strange) for country in _countries()}
    best = sorted(country for country, valid in valid_in.items() if valid == max(valid_in.values()))
    if valid_in[best[0]] < len(strange) * AT_HOME:
        return "", "", "none"
    listed = ", ".join(best[:LISTED]) + (f" and {len(best) - LISTED} more" * (len(best) > LISTED))
    return "", f"no number is valid in the US, but most are in {listed}", "none"


def _may_be_mistyped(text: str) -> bool:
    """Whether it has the length of a North American number."""
    digits = "".join(filter(str.isdigit, text))
    return len(digits.removeprefix("1")) == kinds.NATIONAL and not digits.startswith("0")


def _is_national(text: str) -> bool:
    """Whether it looks like a number without the code of a country."""
    return bool(_NATIONAL.fullmatch(text)) and not text.startswith(("00", "011"))


def _valid_in(country: str, numbers: Sequence[str]) -> int:
    """How many numbers are valid in a country, and of it."""
    code = f"+{calling_code(country)}"
    return sum((kinds.phone(text, country) or "").startswith(code) for text in numbers)


@cache
def _countries() -> tuple[str, ...]:
    """The main country of each calling code; others share its numbers."""
    main = [names[0] for code in range(NANP + 1, 1000) if (names := names_of(code))]
    return tuple(name for name in main if name != NO_COUNTRY)


@cache
def _country_of_zone(zone: str) -> str:
    """The country of a time zone, from the tz database; "" for UTC and offsets."""
    if "/" not in zone:
        return ""
    table = (resources.files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return next((fields[0] for fields in lines if fields[2] == zone), "")


def _different(column: Column) -> int:
    """How many different numbers it holds, whatever their spelling."""
    return len({column.phone(text) or text for text in column.some})


def _of(found: Sequence[_Found], *roles: str) -> list[_Found]:
    chosen = [each for each in found if each.role.role in roles]
    return sorted(
        chosen,
        key=lambda each: (
            each.column.fill < FITS,
            roles.index(each.role.role),
            not each.role.exact,
            each.column.phones < FITS,
            each.column.position,
        ),
    )


def _contradict(caller: _Found, called: _Found) -> bool:
    """Whether the cells say the opposite of the names: one caller, and many called numbers."""
    return caller.different == 1 and called.different >= ENOUGH


def _that_varies(rest: Sequence[_Found], called: Sequence[_Found]) -> list[_Found]:
    """Of columns whose names say nothing, the one that holds the callers."""
    if not rest:
        return []
    ranked = sorted(rest, key=lambda each: (not each.role, -each.different))
    best = ranked[0]
    others = [*called, *(each for each in ranked[1:])]
    enough = best.column.filled >= ENOUGH and best.different > 1
    if best.role and not others:
        return [best] if enough else []
    clear = all(best.different >= VARIES * other.different for other in others)
    return [best] if enough and others and clear else []


def _that_repeats(rest: Sequence[_Found], callers: Sequence[_Found]) -> list[_Found]:
    """Of columns whose names say nothing, the one that holds the advertiser's own number."""
    if not rest or not callers:
        return []
    ranked = sorted(rest, key=lambda each: (not each.role, each.different))
    best = ranked[0]
    enough = best.column.filled >= ENOUGH
    clear = callers[0].different >= VARIES * best.different
    alone = all(other.different > best.different for other in ranked[1:])
    return [best] if enough and clear and alone else []


def _proposed(name: str, ranked: Sequence[_Found], whose: str) -> Proposal:
    if not ranked:
        return Proposal(name)
    best, *others = ranked
    count = best.different
    varied = f"{count} different numbers" if count > 1 else "always the same number"
    if best.role.exact and best.role.role != "phone":
        why = f"a known name for {whose}"
    elif best.role and best.role.role != "phone":
        why = f"its name says {whose}"
    else:
        why = f"of the numbers, the one that {'varies' if name == 'CallerId' else 'repeats'}"
    rivals = [each for each in others if _is_rival(best, each)]
    sure = best.role.exact and best.role.role in ("caller", "called") and not rivals
    return Proposal(
        name,
        "column",
        (best.column.name,),
        confidence="sure" if sure else "likely",
        because=f"{why}; {varied} in {best.column.filled:,} calls",
        alternatives=tuple(
            Alternative((each.column.name,), f"also numbers, {each.different} different")
            for each in others
        ),
    )


def _is_rival(best: _Found, other: _Found) -> bool:
    """Whether another column is as well named and holds other numbers."""
    if not other.role.exact or other.role.role not in ("caller", "called", "tracking"):
        return False
    mine, theirs = (
        {each.column.phone(text) for text in each.column.some} for each in (best, other)
    )
    return mine != theirs


def _asked(name: str, candidates: Sequence[_Found]) -> Proposal:
    return Proposal(
        name,
        because="names and cells say opposite things" if candidates else "",
        alternatives=tuple(Alternative((each.column.name,)) for each in candidates),
    )


def own_numbers(called: Column, caller: Column) -> frozenset[str]:
    """The advertiser's own numbers: called more than once, and more often than they call."""
    received, placed = _counted(called), _counted(caller)
    return frozenset(
        number for number, rows in received.items() if rows > max(1, placed.get(number, 0))
    )


def _counted(column: Column) -> Counter[str]:
    """How often each number occurs, whatever its spelling; hidden ones do not count."""
    found: Counter[str] = Counter()
    for text, rows in column.counts.items():
        number = column.phone(text) if text else None
        if number is not None and number.startswith("+"):
            found[number] += rows
    return found
