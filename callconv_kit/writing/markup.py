"""HTML that can't be broken into: a tag is a call, and all text in it is escaped.

tag("td", cell, class_="number")  ->  <td class="number">&lt;script&gt;</td>
"""

import html
from collections.abc import Iterable
from typing import TypeAlias

VOID = frozenset({"br", "col", "input", "meta"})
"""Elements of HTML without content; those of SVG are closed all the same."""


class Html(str):
    """Text that is markup already; everything else is escaped where it is put in."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"


def put(child: Child) -> str:
    """Children as they stand in the page: markup as it is, text escaped, nothing for None."""
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
