"""What a phone cell says, before any numbering plan is asked: text to digits.

    sip:+12125550123@pbx.example     ──▶  +12125550123
    "Jane" <212-555-0123> x12        ──▶  2125550123, extension dropped
    1-800-FLOWERS                    ──▶  18003569377, keypad letters read
    212-555-XXXX                     ──▶  masked
    Anonymous                        ──▶  withheld

The caller may have withheld the number: the words and keypad spellings that vendors write then are
data, `data/anonymous_callers.csv`.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from importlib import resources
from urllib.parse import unquote


class PhoneFault(Enum):
    """Why a text holds no number that can be read."""

    NOT_A_NUMBER = auto()
    SEVERAL = auto()
    MASKED = auto()
    DIGITS_LOST = auto()
    WITHHELD = auto()


@dataclass(frozen=True, slots=True)
class Dialled:
    """A number as the cell had it.

    digits: the digits, after a `+` where there was one.
    plain: nothing but these digits was left in the text once extension and letters were read.
    extension: there was one.
    letters: some digits were letters of a keypad.
    """

    digits: str
    plain: bool = True
    extension: bool = False
    letters: bool = False


LONGEST = 250
"""Characters; a longer text is not a phone number (libphonenumber has the same limit)."""

FEWEST_DIGITS = 7
"""Digits that make a separate number, where a cell may hold several."""

FULL_DIGITS = 10
"""Digits of a whole number where only a space divides two of them."""

RESTRICTED = "7378742883"
"""RESTRICTED on a keypad; without the + that vendors send before it a valid Texan number, too."""

_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

_ADDRESS = re.compile(r"(?i)(sips?|tel|callto):/{0,2}(.*)", re.DOTALL)
_ANGLES = re.compile(r"([^<>]*)<([^<>]*)>(?:;.*)?", re.DOTALL)
_PARAMETER = re.compile(r"(?i);(?!ext=)[^;]*")
_CONTEXT = re.compile(r"(?i);phone-context=(\+\d+)")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d{1,2}")
_DECIMALS = re.compile(r"(\+?\d{7,})\.(\d*)")
_PUNCTUATION = re.compile(r"[\s()\[\]./_\"'-]+")
_DIVIDERS = re.compile(r"(?i)[/;,|&\n\\]|\bor\b|\band\b|(?<=\d)\s*(?=\+)")
_MASK = re.compile(r"[*•●#?]\s*[*•●#?]|\d[\s().-]*[*•●?]")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3}){3}")
_EXTENSION = re.compile(
    r"""(?ix)
    (?<= [\d)\]a-z] ) (?P<apart> \s* [,;]* \s* )
    (?: (?P<word> ext(?:ensi[oó]n|n)? | x ) [.:=]? | [#] [.:=]? | (?<= [,;] ) )
    \s* (?P<digits> \d{0,6} ) [#]? \Z
    """
)
_EXTENSION_WORDS = frozenset({"X", "EXT", "EXTN", "EXTENSION"})
_LOOKALIKES = re.compile(r"[^OIL]|[OIL]{2}")


def read(text: str) -> Dialled | PhoneFault:
    """The one number in `text`, or the code why there is none.

    Args:
        text: not empty, trimmed, without invisible characters.
    """
    if len(text) > LONGEST:
        return PhoneFault.NOT_A_NUMBER
    if text.isascii() and text.isdigit():
        return PhoneFault.WITHHELD if is_withheld(text) else Dialled(text)
    plain = _plain(text)
    if is_withheld(plain):
        return PhoneFault.WITHHELD
    content = _content(plain)
    if content is None:
        return PhoneFault.SEVERAL
    if is_withheld(content):
        return PhoneFault.WITHHELD
    found = _number(content)
    if isinstance(found, Dialled) and (content != text or not found.plain):
        return Dialled(found.digits, False, found.extension, found.letters)
    return found


def is_withheld(text: str) -> bool:
    """Whether `text` is a word or keypad spelling for a withheld number.

    Keypad spellings are known without their `+` too, but for the one that is a number of Texas.

    >>> is_withheld("No Caller-ID"), is_withheld("+266 696 687"), is_withheld("266696687")
    (True, True, True)
    >>> is_withheld("+7378742883"), is_withheld("7378742883")
    (True, False)
    """
    words, keypad = withheld()
    if text[:1] in "+0123456789":
        return _PUNCTUATION.sub("", text) in keypad
    return " ".join(re.findall(r"[^\W_]+", text.casefold())) in words


def keypad_word(text: str) -> str | None:
    """The word that a keypad spelling of a withheld number spells.

    >>> keypad_word("+266696687"), keypad_word("2125550123")
    ('ANONYMOUS', None)
    """
    spelled = "+" + _PUNCTUATION.sub("", text).removeprefix("+")
    return next((row["stands_for"] for row in _anonymous() if row["spelling"] == spelled), None)


@cache
def withheld() -> tuple[frozenset[str], frozenset[str]]:
    """The words, and the keypad spellings."""
    words = frozenset(row["spelling"] for row in _anonymous() if row["form"] == "words")
    keypad = {row["spelling"] for row in _anonymous() if row["form"] == "keypad"}
    bare = {spelling.removeprefix("+") for spelling in keypad} - {RESTRICTED}
    return words, frozenset(keypad | bare)


@cache
def _anonymous() -> tuple[dict[str, str], ...]:
    table = resources.files(__package__).joinpath("data/anonymous_callers.csv").read_text("utf-8")
    return tuple(csv.DictReader(table.splitlines()))


def _plain(text: str) -> str:
    """`text` with its digits, dashes and spaces of any script and width as ASCII ones."""
    if text.isascii():
        return text
    return "".join(map(_plain_char, unicodedata.normalize("NFKC", text)))


def _plain_char(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(char) == "Pd" or char in "−ー":
        return "-"
    return char


def _content(text: str) -> str | None:
    """The part for the number in a name with angle brackets or in an address.

    None where the brackets hold one number and the name before them is another.
    """
    angles = _ANGLES.fullmatch(text)
    if angles:
        name, text = angles[1], angles[2].strip()
    address = _ADDRESS.fullmatch(text)
    if address:
        # The host says nothing of the caller; a local number may carry its prefix beside it.
        user = unquote(address[2]).partition("@")[0].strip()
        context = _CONTEXT.search(user)
        text = _PARAMETER.sub("", user)
        if context and not text.startswith("+"):
            text = context[1] + text
    elif "@" in text:
        text = text.partition("@")[0]
    if angles and min(_count(name), _count(text)) >= FULL_DIGITS and _tail(name) != _tail(text):
        return None
    return text


def _number(text: str) -> Dialled | PhoneFault:
    """The number in a text that has no name or address around it."""
    if _SCIENTIFIC.fullmatch(text):
        return PhoneFault.DIGITS_LOST
    if _is_several(text):
        return PhoneFault.SEVERAL
    if _is_masked(text):
        return PhoneFault.MASKED
    decimals = _DECIMALS.fullmatch(text)
    if decimals:
        # A spreadsheet made a number of it; a fraction that is not zero was no phone number.
        return PhoneFault.NOT_A_NUMBER if decimals[2].strip("0") else Dialled(decimals[1], False)
    if _GROUPED.fullmatch(text):
        return Dialled(text.replace(",", ""), False)
    main, extension = _split(text)
    bare = _PUNCTUATION.sub("", main)
    digits = _keyed(bare)
    if digits is None:
        return PhoneFault.NOT_A_NUMBER
    letters = digits != bare
    plain = bare == main and (main == text or extension)
    return Dialled(digits, plain, extension, letters)


def _is_several(text: str) -> bool:
    """Whether two or more parts of `text` are separate numbers."""
    for parts, fewest in (
        (_DIVIDERS.split(text), FEWEST_DIGITS),
        (text.split(), FULL_DIGITS),
    ):
        if sum(_count(part) >= fewest for part in parts) > 1:
            return True
    return False


def _is_masked(text: str) -> bool:
    """Whether characters hide digits: runs of `X` (beside no other letter), `*`, `#`, `?`."""
    if _MASK.search(text):
        return True
    letters = {char for char in text.upper() if char.isalpha()}
    if letters != {"X"}:
        return False
    hidden = text.upper().count("X")
    run = re.search(r"(?i)x[\s().-]*x", text)
    # One X may begin an extension; where it replaces a missing digit, it is a mask.
    return bool(run) or _count(text) + hidden == FULL_DIGITS


def _split(text: str) -> tuple[str, bool]:
    """`text` up to its extension, and whether there was one.

    The X of 1-800-GO-FEDEX begins no extension: a number that is whole with its letters stays. Nor
    does the last letter of 1-800-FLOWERSX: a word without digits after it must be written apart.
    """
    words = set(re.findall(r"[A-Z]+", text.upper()))
    if words and not words & _EXTENSION_WORDS and _keyed(_PUNCTUATION.sub("", text)):
        return text, False
    match = _EXTENSION.search(text)
    if (
        match is None
        or _count(text[: match.start()]) + _letters(text[: match.start()]) < FEWEST_DIGITS
    ):
        return text, False
    if match["word"] and not match["digits"] and not match["apart"]:
        return text, False
    return text[: match.start()], bool(match["digits"] or match["word"])


def _keyed(bare: str) -> str | None:
    """The digits of a text without punctuation; letters are read only in a whole NANP number.

    Letters must follow an area code in digits, and may not be lone ones that look like digits
    (the O of 212-555-O123 is a zero mistyped).
    """
    if re.fullmatch(r"\+?[0-9]+", bare):
        return bare
    if not bare.isascii():
        return None
    vanity = re.fullmatch(r"(\+?1)?([0-9]{3}[0-9A-Z]{7})", bare.upper())
    if vanity is None or not any(
        _LOOKALIKES.search(run) for run in re.findall(r"[A-Z]+", vanity[2])
    ):
        return None
    return (vanity[1] or "") + vanity[2].translate(_KEYPAD)


def _count(text: str) -> int:
    return sum(char.isdigit() for char in text)


def _letters(text: str) -> int:
    return sum(char.isalpha() for char in text)


def _tail(text: str) -> str:
    return "".join(char for char in text if char.isdigit())[-FULL_DIGITS:]
