"""Whether a national number is valid in a region, and which region it is of.

The answers are those of phonenumbers, from its own metadata, to which a test holds this module; but
the library tries eleven patterns for each question, where one that matches is enough.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints

NO_COUNTRY = "001"
"""The library's name for numbers of no country, such as +800."""

KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip"),
    *("personal_number", "pager", "uan", "voicemail"),
)
"""The kinds of numbers, the most frequent first."""


class _Pattern(NamedTuple):
    """Digits of some lengths (none: of any) that match."""

    lengths: frozenset[int]
    text: str
    fullmatch: Callable[[str], Any]

    def holds(self, national: str) -> bool:
        """Whether a national number is of these."""
        fits = not self.lengths or len(national) in self.lengths
        return fits and self.fullmatch(national) is not None

    def held_by(self, nationals: pa.StringArray) -> Bools:
        """`holds` for a column."""
        matching = texts.true(pc.match_substring_regex(nationals, rf"\A(?:{self.text})\z"))
        if not self.lengths:
            return matching
        return matching & np.isin(texts.view(nationals).lengths, [*self.lengths])


class _Rules(NamedTuple):
    """The numbers of a region.

    general: their common pattern.
    kinds: of which they must be one.
    leading: what the numbers begin with that are surely the region's, where that is said.
    """

    general: _Pattern | None
    kinds: tuple[_Pattern, ...]
    leading: re.Pattern[str] | None

    def held_by(self, nationals: pa.StringArray) -> Bools:
        """Which numbers of a column are valid in the region."""
        valid = np.zeros(len(nationals), np.bool_)
        if self.general is None:
            return valid
        rest = np.flatnonzero(self.general.held_by(nationals))
        for kind in self.kinds:
            if len(rest):
                held = kind.held_by(texts.take(nationals, rest))
                valid[rest[held]] = True
                rest = rest[~held]
        return valid


@cache
def _rules(code: int, region: str) -> _Rules | None:
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        return None
    general = _pattern(metadata.general_desc)
    kinds = tuple(filter(None, (_pattern(getattr(metadata, kind)) for kind in KINDS)))
    begins = metadata.leading_digits
    return _Rules(general, kinds, None if begins is None else re.compile(begins))


def _pattern(description: Any) -> _Pattern | None:
    if description is None or not description.national_number_pattern:
        return None
    lengths = frozenset(description.possible_length)
    text = description.national_number_pattern
    return _Pattern(lengths, text, re.compile(text).fullmatch)


@cache
def calling_code(region: str) -> int:
    """The calling code of a country; 0 if it has none."""
    from phonenumbers import country_code_for_region

    return 0 if region == NO_COUNTRY else int(country_code_for_region(region))


_INTERNATIONAL = re.compile(r"\+([2-9][0-9]{6,16})")
LONGEST_CODE, SHORTEST_NATIONAL = 3, 3
NOTHING = r"[^\s\S]"
"""A pattern that nothing matches."""


@cache
def _national_prefix(code: int) -> re.Pattern[str]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    main = COUNTRY_CODE_TO_REGION_CODE[code][0]
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, main)
    prefix = metadata.national_prefix_for_parsing if metadata else None
    return re.compile(prefix or NOTHING)


def split(digits: str) -> tuple[int, str] | None:
    """Calling code and national number of a number with its `+`, as `phonenumbers.parse` has them.

    None where the library has to look closer: for numbers of the North American plan, and where a
    national prefix may be among the digits.
    """
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    found = _INTERNATIONAL.fullmatch(digits)
    if found is None:
        return None
    for length in range(1, LONGEST_CODE + 1):
        code, national = int(found[1][:length]), found[1][length:]
        if code in COUNTRY_CODE_TO_REGION_CODE:
            plain = national[0] != "0" and len(national) >= SHORTEST_NATIONAL
            prefixed = _national_prefix(code).match(national)
            return (code, national) if plain and not prefixed else None
    return None


def is_valid_in(code: int, national: str, region: str) -> bool:
    """`phonenumbers.is_valid_number_for_region`."""
    rules = _rules(code, region)
    if rules is None or rules.general is None:
        return False
    if region != NO_COUNTRY and calling_code(region) != code:
        return False
    return rules.general.holds(national) and any(kind.holds(national) for kind in rules.kinds)


def region_of(code: int, national: str) -> str | None:
    """`phonenumbers.region_code_for_number`."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    regions = COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    if len(regions) == 1:
        return str(regions[0])
    for region in regions:
        rules = _rules(code, region)
        if rules is None:
            continue
        if rules.leading is not None:
            if rules.leading.match(national):
                return str(region)
        elif is_valid_in(code, national, region):
            return str(region)
    return None


def is_valid(code: int, national: str) -> bool:
    """`phonenumbers.is_valid_number`."""
    region = region_of(code, national)
    return region is not None and is_valid_in(code, national, region)


def names_of(code: int) -> tuple[str, ...]:
    """The regions that share a calling code, in the library's order."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return tuple(COUNTRY_CODE_TO_REGION_CODE.get(code, ()))


class _Dialing(NamedTuple):
    """How numbers are dialed in a region.

    prefix: what is dialed before a number of the same region, if it is nothing but digits.
    odd: how digits begin of which the library has to decide.
    """

    prefix: str
    odd: str


@cache
def _dialing(region: str) -> _Dialing | None:
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        return None
    prefix = metadata.national_prefix or ""
    prefixes = _alternatives(metadata.national_prefix_for_parsing or NOTHING)
    # A rule of transformation concerns the prefixes with a group, and this one has none.
    plain = prefix.isdigit() and prefix in prefixes
    others = [each for each in prefixes if not (plain and each == prefix)]
    ways = [metadata.international_prefix or NOTHING, str(metadata.country_code), "00", "011"]
    return _Dialing(prefix if plain else "", "|".join([*ways, *others]))


def _alternatives(pattern: str) -> list[str]:
    r"""What a pattern of the library has between its outermost bars.

    >>> _alternatives(r"(000[2569]\d{4,6})$|(?:003768|0)0?|0")
    ['(000[2569]\\d{4,6})$', '(?:003768|0)0?', '0']
    """
    found, depth = [""], 0
    for char in pattern:
        depth += (char == "(") - (char == ")")
        if char == "|" and not depth:
            found.append("")
        else:
            found[-1] += char
    return found


def dialed_in(region: str, digits: pa.StringArray) -> tuple[Ints, pa.StringArray]:
    """The national numbers of digits as they are dialed in a region, if they are valid.

    Returns:
        The ascending positions of those of which `phonenumbers.parse` would say the same.
    """
    dialing = _dialing(region)
    rules = _rules(calling_code(region), region)
    if dialing is None or rules is None or rules.general is None:
        return np.zeros(0, np.int64), digits[:0]
    try:
        odd = texts.true(pc.match_substring_regex(digits, rf"\A(?:{dialing.odd})"))
        if not dialing.prefix:
            at = np.flatnonzero(~odd)
            return at, texts.take(digits, at)
        prefixed = texts.true(pc.starts_with(digits, dialing.prefix))
        inner = pc.utf8_slice_codeunits(digits, len(dialing.prefix))
        # The library keeps a prefix without which the number would not be one of the region.
        odd |= prefixed & ~rules.general.held_by(inner)
    except pa.ArrowInvalid:  # a pattern that Arrow does not read
        return np.zeros(0, np.int64), digits[:0]
    at = np.flatnonzero(~odd)
    return at, texts.take(texts.where(prefixed, inner, digits), at)


def regions_of(code: int, nationals: pa.StringArray) -> Ints:
    """The region of each number of a calling code, as a place in `names_of`.

    It is -1 where a number is not valid, or where `split` leaves it to the library.
    """
    try:
        return _regions_of(code, names_of(code), nationals)
    except pa.ArrowInvalid:  # a pattern that Arrow does not read
        return np.full(len(nationals), -1)


def _regions_of(code: int, regions: tuple[str, ...], nationals: pa.StringArray) -> Ints:
    found = np.full(len(nationals), -1)
    prefix = _national_prefix(code).pattern
    odd = texts.true(pc.match_substring_regex(nationals, rf"\A(?:0|{prefix})"))
    odd |= texts.view(nationals).lengths < SHORTEST_NATIONAL
    rest = np.flatnonzero(~odd)
    for place, region in enumerate(regions):
        rules = _rules(code, region)
        if rules is None or region == NO_COUNTRY or not len(rest):
            continue
        asked = texts.take(nationals, rest)
        valid = rules.held_by(asked) & (calling_code(region) == code)
        if len(regions) == 1:
            own = np.ones(len(rest), np.bool_)
        elif rules.leading is not None:
            begun = rf"\A(?:{rules.leading.pattern})"
            own = texts.true(pc.match_substring_regex(asked, begun))
        else:
            own = valid
        found[rest[own & valid]] = place
        rest = rest[~own]
    return found
