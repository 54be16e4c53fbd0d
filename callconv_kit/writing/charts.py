"""Charts as inline SVG: bars without text in them.

The words stand beside them in HTML, so they wrap, scale and are read aloud; a bar may then be
stretched to any width. Colours come from the page's style, by class.
"""

from collections.abc import Sequence

from callconv_kit.writing.markup import Html, tag
from callconv_kit.writing.wording import many

GAPLESS_FROM = 150
"""Columns from which on gaps between them would be thinner than a pixel."""


def stacked(parts: Sequence[tuple[str, int]], label: str) -> Html:
    """One bar of several parts, given as (class, count)."""
    whole = sum(count for _, count in parts)
    rects, at = [], 0.0
    for name, count in parts:
        width = 100 * count / whole if whole else 0
        if count:
            # A part that is there is seen, however small.
            rects.append(_rect(min(at, 99.6), 0, max(width, 0.4), 10, class_=name))
        at += width
    return _svg(100, 10, label, rects, "stacked")


def bar(count: int, most: int, name: str = "ready") -> Html:
    """One bar of a list; its number stands beside it, so it is hidden from screen readers."""
    width = 100 * count / most if most else 0
    rects = [_rect(0, 0, max(width, 0.6), 10, class_=name)] if count else []
    return _svg(100, 10, "", rects, "bar")


def columns(points: Sequence[tuple[str, int]], label: str, name: str = "columns") -> Html:
    """Columns side by side, given as (label, count); each says its own when pointed at."""
    most = max((count for _, count in points), default=0)
    gap = 0.2 if len(points) < GAPLESS_FROM else 0
    rects = []
    for at, (word, count) in enumerate(points):
        if count:
            height = max(100 * count / most, 1)
            tip = tag("title", f"{word}: {many(count, 'call')}")
            rects.append(
                _rect(at + gap / 2, 100 - height, 1 - gap, height, tip, class_="ready"),
            )
    return _svg(max(len(points), 1), 100, label, rects, name)


def _rect(x: float, y: float, width: float, height: float, *inside: Html, class_: str) -> Html:
    return tag("rect", *inside, x=_short(x), y=_short(y), width=_short(width),
               height=_short(height), class_=class_)  # fmt: skip


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _svg(width: int, height: int, label: str, rects: Sequence[Html], name: str) -> Html:
    return tag(
        "svg",
        rects,
        viewBox=f"0 0 {width} {height}",
        preserveAspectRatio="none",
        class_=name,
        role="img" if label else None,
        aria_label=label or None,
        aria_hidden=None if label else "true",
    )
