"""A cell's text so that a person can see all of it, and nothing obeys it.

Control characters, direction marks and the like would move a terminal's cursor, turn a line of
text around or simply not be seen; spaces at the edges can't be seen either. Each is shown by a
sign of its own. What is HTML or markup in a text is not this module's matter: `markup` escapes it.
"""

import unicodedata

SHOWN = 80
"""Characters of a value that the report, the terminal and the notebook show."""

_SIGNS = {"\n": "↵", "\t": "⇥"}

_JOINERS = "\u200c\u200d"  # part of emoji and of some scripts; they move nothing
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""General categories of characters that can't be seen."""


def visible(text: str, limit: int = SHOWN) -> str:
    r"""`text` on one line with a sign for each character that can't be seen, cut at `limit`.

    >>> visible(" New York\n")
    '␣New York↵'
    >>> visible("\x1b[31mred")
    '⟨U+001B⟩[31mred'
    >>> visible("gnp\u202eexe")
    'gnp⟨U+202E⟩exe'
    """
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    middle = shown.strip(" ")
    if not middle:
        return "␣" * len(shown)
    start = shown.index(middle)
    signs = "".join(map(_sign, middle))
    return "␣" * start + signs + "␣" * (len(shown) - start - len(middle))


def _sign(char: str) -> str:
    if char == " " or (char.isprintable() and char != "\u00ad"):
        return char
    if char in _SIGNS:
        return _SIGNS[char]
    hidden = unicodedata.category(char) in _HIDDEN or char.isspace()
    return f"⟨U+{ord(char):04X}⟩" if hidden and char not in _JOINERS else char
