"""Countries of phone numbers: written as ISO 3166 alpha-2.

    us, USA, U.S., United States  ──▶  US        NA ──▶ NA (Namibia)        N/A ──▶ country_unknown

An empty phone country means US to the server, so a word that means "empty" is wrong here
rather than empty: it would turn a caller from anywhere into an American.

The names are data: `data/countries.csv` (alpha-2, alpha-3, English name, aliases split by `|`).
Besides ISO 3166-1 it holds the three codes outside of it that phone numbers have: XK (Kosovo),
AC (Ascension) and TA (Tristan da Cunha). A name that several countries could mean ("Korea",
"Congo", "Virgin Islands") is not there.
"""

import csv
import difflib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

from callconv_kit.coercion.cells import Kernel, Reading, once_per_distinct

_UNKNOWN = Reading(None, "country_unknown")


def read(text: str) -> Reading:
    """The country that `text` names, as alpha-2.

    Args:
        text: not empty, trimmed.

    Returns:
        The code; under the rule `country_mapped` unless the cell was the code itself; or the code
        `country_unknown`.

    >>> read("Canada").value, read("u.k.").value, read("N/A").code
    ('CA', 'GB', 'country_unknown')
    """
    countries = _countries()
    if text in countries.names:
        return Reading(text)
    # Codes are compared unchanged: without its stroke, N/A would be Namibia.
    found = countries.by_code.get(text.upper()) or countries.by_name.get(_key(text))
    return Reading(found, rules=("country_mapped",)) if found else _UNKNOWN


def kernel() -> Kernel:
    """`read` over a text array; once per distinct text."""
    return once_per_distinct(read)


def is_known(alpha2: str) -> bool:
    """Whether `alpha2` is a country's code, in capitals."""
    return alpha2 in _countries().names


def codes() -> tuple[str, ...]:
    """All known alpha-2 codes, in their order."""
    return tuple(sorted(_countries().names))


def name(alpha2: str) -> str:
    """The English name of a known country. Raises KeyError for an unknown one."""
    return _countries().names[alpha2]


def nearest(text: str) -> str | None:
    """The alpha-2 code of the country whose code or name is most like `text`, for error messages.

    >>> nearest("Germny"), nearest("???")
    ('DE', None)
    """
    countries = _countries()
    key = _key(text)
    # Slips seldom hit the first letter, and a search among all names takes milliseconds.
    known = [name for name in countries.by_name if name[:1] == key[:1]]
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    return countries.by_name[found[0]] if found else None


@dataclass(frozen=True, slots=True)
class _Countries:
    """The table, as it is asked."""

    names: dict[str, str]
    by_code: dict[str, str]
    by_name: dict[str, str]


@cache
def _countries() -> _Countries:
    table = resources.files(__package__).joinpath("data/countries.csv").read_text("utf-8")
    names: dict[str, str] = {}
    by_code: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for row in csv.DictReader(table.splitlines()):
        alpha2 = row["alpha2"]
        names[alpha2] = row["name"]
        by_code |= {alpha2: alpha2, row["alpha3"]: alpha2}
        by_name |= {_key(spelling): alpha2 for spelling in (row["name"], *_split(row["aliases"]))}
    return _Countries(names, by_code, by_name)


def _split(aliases: str) -> list[str]:
    return aliases.split("|") if aliases else []


def _key(text: str) -> str:
    """`text` without case, accents, punctuation, spaces and a leading "the"."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("&", " and ")
    key = "".join(char for char in plain if char.isalnum())
    return key.removeprefix("the")
