r"""Right text, as it will be uploaded: a regular expression for each kind of column that has one.

Where `callconv_kit.coercion` knows the many ways in which vendors write a value, this knows the one
in which the file holds it. The patterns have no capturing groups, no look-around and no class that
depends on the engine (`\d`, `\w`, `\s`), so that Python, RE2 and SQL engines read them alike. They
are to be searched with their own anchors. That a text of more lines than one is wrong is said
elsewhere: in Python, `$` also matches before a final line break.
"""

from dataclasses import dataclass

from callconv_kit.model import spec
from callconv_kit.model.spec import Kind


@dataclass(frozen=True, slots=True)
class Format:
    """pattern: of right text; words: the same for a person, after "must be"."""

    pattern: str
    words: str


NANP_NUMBER = "[2-9][0-9]{2}"

PHONE_FORMS = (
    "[0-9]{4,17}",
    f"{NANP_NUMBER}-{NANP_NUMBER}-[0-9]{{4}}",
    rf"\({NANP_NUMBER}\) {NANP_NUMBER} [0-9]{{4}}",
    r"\+[1-9][0-9]{4,19}",
)
"""What each `phone_format` writes: national, dashes, parentheses, e164.

The lengths are those of libphonenumber's metadata: 4 to 17 national digits.
"""

# Every fourth year, but of the full hundreds only every fourth.
_LEAP_YEARS = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEARS}-02-29)"
)
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_MINUTES = "[0-5][0-9]"
_OFFSET = (
    rf"(?:\+(?:0[0-9]|1[0-3]):{_MINUTES}|\+14:00"
    f"|-(?:0[1-9]|1[01]):{_MINUTES}|-00:(?:0[1-9]|[1-5][0-9])|-12:00)"
)
"""From 12 hours west to 14 hours east; UTC itself is +00:00."""

SPACE = r"\x09-\x0d\x1c-\x20\x85\xa0" + "\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space, as the inside of a character class; beyond one byte the engines' escapes differ."""

_KEY = f"[^,;|→>{SPACE}](?:[^,;|→>]*[^,;|→>{SPACE}])?"

_largest_units = len(spec.LARGEST_SALE.split(".")[0])

FORMATS: dict[Kind, Format] = {
    Kind.IDENTIFIER: Format(
        f"^[1-9][0-9]{{0,{spec.LONGEST_IDENTIFIER - 1}}}$",
        f"a whole number above zero, of at most {spec.LONGEST_IDENTIFIER} digits",
    ),
    Kind.MOMENT: Format(
        f"^{_DATE}T{_TIME}{_OFFSET}$",
        "a date and time that exist, in ISO 8601 with seconds and the offset from UTC",
    ),
    Kind.PHONE: Format(
        f"^(?:{'|'.join(PHONE_FORMS)})$",
        "a phone number in one of the forms of the setting phone_format",
    ),
    # More digits would not fit the whole number that the suite reads.
    Kind.DURATION: Format("^(?:0|[1-9][0-9]{0,17})$", "whole seconds, in digits"),
    Kind.MONEY: Format(
        rf"^(?:0|[1-9][0-9]{{0,{_largest_units - 1}}})\.[0-9]{{2}}$",
        f"an amount from 0.00 to {spec.LARGEST_SALE}, in digits with two decimals and no symbol",
    ),
    Kind.ZIP: Format("^[0-9]{1,10}$", "a postal code of digits"),
    Kind.LINK: Format(
        f"^[hH][tT][tT][pP][sS]?://[^/?#:@.{SPACE}][^{SPACE}]*$",
        "an http(s) address without spaces",
    ),
    Kind.KEYPRESSES: Format(f"^{_KEY}(?:,{_KEY})*$", "keys joined by commas, without spaces"),
}
