"""HTML built from calls, all text in it escaped; and cell text with every character visible.

tag("td", cell, class_="number")  ->  <td class="number">&lt;script&gt;</td>
"""

import html
import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

VOID = frozenset({"br", "col", "input", "meta"})
"""Elements of HTML without content; those of SVG are closed all the same."""


class Html(str):
    """Text that is markup already; everything else is escaped where it is put in."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"


def put(child: Child) -> str:
    """Children for the page: markup unchanged, text escaped, nothing for None."""
    if child is None:
        return ""
    if isinstance(child, Html):
        return str(child)
    if isinstance(child, str | int):
        return html.escape(str(child))
    return "".join(map(put, child))


def tag(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element.

    Args:
        name: its name.
        *children: markup, text, or several of these.
        **attributes: `class_` is class and `aria_label` aria-label; False and None are left out.

    >>> tag("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    start = f"<{name}{written}>"
    return Html(start) if name in VOID else Html(f"{start}{put(children)}</{name}>")


def _attribute(key: str, value: str | float | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


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
