"""Parts shared by the report and the notebook's card, among them the charts as inline SVG."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from callconv_kit.writing import wording
from callconv_kit.writing.markup import Child, Html, tag, visible
from callconv_kit.writing.wording import Entry, Summary, many, percent

OPEN = 12
"""Entries of a long list that are open; the rest unfolds."""

LONG_TEXT = 300
"""Characters of a text of the kit's or the person's own that the page shows."""


@cache
def style(name: str) -> str:
    """A style sheet that lies beside this module."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


FATES = (
    ("ready", "rows_ready", "ready"),
    ("rejected", "rows_rejected", "rejected"),
    ("left-out", "rows_left_out", "left out"),
)
"""What becomes of a row: its class, its key in the summary, its word."""


def funnel(summary: Summary) -> Html:
    """Read, and what became of it, as numbers and one bar."""
    read = summary["rows_read"]
    tiles = [tag("li", tag("b", f"{read:,}"), " read")]
    tiles += [
        tag("li", tag("b", f"{summary[key]:,}"), f" {word} ",
            tag("small", percent(summary[key], read)), class_=name)
        for name, key, word in FATES
    ]  # fmt: skip
    counts = ", ".join(f"{summary[key]:,} {word}" for _, key, word in FATES)
    bar = stacked([(name, summary[key]) for name, key, _ in FATES], f"Of {many(read)}: {counts}")
    return tag("div", tag("ul", tiles, class_="tiles"), bar, class_="funnel")


def text(content: str | None) -> str:
    """A text of ours or of the person's that may hold something of a cell."""
    return visible(str(content or ""), LONG_TEXT)


def hint(content: str) -> Html:
    """A word to whoever reads the page."""
    return tag("p", text(content), class_="hint")


NOT_SENT = "Not known yet: no file was sent with this ledger."
NO_CONTRACT = (
    "Not known: the job has no [contract] table. With minimum_duration, trackers, "
    "repeat_caller_days or age_limit_days in it, this page shows which rows impact.com "
    "will probably refuse."
)
"""What a report says about the delivery before there is one."""


def found(entry: Entry, *, several: bool) -> list[Html]:
    """The examples of a finding; the same text on several lines is one."""
    examples = []
    for (value, detail), places in wording.alike(entry, "value", "detail"):
        place, cell = _where(places, several=several), _cell(value) if value else None
        line = [place, " ", cell, " ", text(detail)] if detail else [cell, " ", place]
        examples.append(tag("li", line))
    return examples


def changed(entry: Entry, *, several: bool) -> list[Html]:
    """The examples of a change, before and after."""
    return [
        tag("li", _cell(before), " → ", _cell(after), " ", _where(places, several=several))
        for (before, after), places in wording.alike(entry, "before", "after")
    ]


def _where(examples: Sequence[Entry], *, several: bool) -> Html:
    return tag("span", text(wording.where(examples, several=several)), class_="where")


def _cell(value: str) -> Html:
    """A cell's text: isolated, so that right-to-left text turns nothing around."""
    return tag("code", tag("bdi", visible(value))) if value else tag("i", "empty")


def partner(entry: Entry) -> Html:
    """The media partner of an entry of `by_partner`."""
    return tag("b", text(entry["MediaId"])) if entry["MediaId"] else tag("i", "not known")


def facts(lines: Mapping[str, Any]) -> Html:
    """Names and what they stand for, a line each; tables and lists are unfolded."""
    return tag("dl", [(tag("dt", text(name)), tag("dd", _said(fact)))
                      for name, fact in lines.items()], class_="facts")  # fmt: skip


def _said(fact: Any) -> Child:
    if isinstance(fact, Mapping):
        return facts(fact)
    if isinstance(fact, list | tuple):
        return tag("ul", [tag("li", _said(item)) for item in fact])
    return text(str(fact).lower() if isinstance(fact, bool) else str(fact))


def table(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[Child]], right_from: int | None = None
) -> Html:
    """A table; cells from `right_from` on are numbers. On a phone each cell says its head."""
    kinds = _kinds(heads, right_from)
    head = [tag("th", word, scope="col", class_=kind)
            for word, kind in zip(heads, kinds, strict=True)]  # fmt: skip
    return _table(name, head, [_row(heads, kinds, row) for row in rows])


def sortable(
    name: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Child]],
    keys: Mapping[int, Sequence[Any]],
    *,
    right_from: int,
    group: str,
    last: Sequence[Child] | None = None,
) -> Html:
    """A table that a click on a head sorts, without a script: the style sheet orders its rows.

    Args:
        name: the class of the table. Its style sheet gives `.sortable` rows `--by-N` as their
            order while the button in head N is chosen, the first head being 1.
        heads: the names of the columns.
        rows: in the order of the first of `keys`.
        keys: what to sort by, for columns by their number from 0; one for each row.
        right_from: cells from here on are numbers.
        group: the name of the buttons, for each table of a page another.
        last: a row of totals, which stays last.
    """
    kinds = _kinds(heads, right_from)
    chosen = next(iter(keys))
    head = [
        tag("th", _sorter(word, group, chosen=at == chosen) if at in keys else word,
            scope="col", class_=kind, role="columnheader")
        for at, (word, kind) in enumerate(zip(heads, kinds, strict=True))
    ]  # fmt: skip
    orders: list[list[str]] = [[] for _ in rows]
    for at, values in keys.items():
        for place, number in enumerate(sorted(range(len(rows)), key=values.__getitem__)):
            orders[number].append(f"--by-{at + 1}:{place}")
    body = [
        _row(heads, kinds, row, ";".join(order)) for row, order in zip(rows, orders, strict=True)
    ]
    if last is not None:
        body.append(_row(heads, kinds, last))
    return _table(f"{name} sortable", head, body)


def _sorter(word: str, group: str, *, chosen: bool) -> Html:
    button = tag("input", type="radio", name=group, checked=chosen, aria_label=f"Sort by {word}")
    return tag("label", word, button)


def _kinds(heads: Sequence[str], right_from: int | None) -> list[str | None]:
    left = len(heads) if right_from is None else right_from
    return [None if at < left else "number" for at in range(len(heads))]


def _row(
    heads: Sequence[str],
    kinds: Sequence[str | None],
    row: Sequence[Child],
    style: str | None = None,
) -> Html:
    cells = [tag("td", cell, class_=kind, data_head=word or None)
             for cell, word, kind in zip(row, heads, kinds, strict=True)]  # fmt: skip
    return tag("tr", cells, style=style)


def _table(name: str, head: Sequence[Html], body: Sequence[Html]) -> Html:
    # It scrolls where the window is narrow, and then the keyboard must reach it.
    table = tag("table", tag("thead", tag("tr", head)), tag("tbody", body), class_=name)
    label = f"Table: {name.replace('-', ' ')}"
    return tag("div", table, class_="wide", tabindex="0", role="region", aria_label=label)


def folded(
    name: str, heads: Sequence[str], rows: Sequence[Sequence[Child]], right_from: int | None = None
) -> Html:
    """A table, of which what goes beyond the first entries unfolds."""
    first = table(name, heads, rows[:OPEN], right_from)
    if len(rows) <= OPEN:
        return first
    rest = table(name, heads, rows[OPEN:], right_from)
    return Html(first + tag("details", tag("summary", f"{len(rows) - OPEN} more"), rest))


def more(number: int, noun: str, where: str = "summary.json") -> Html:
    """A word on what the page leaves to summary.json, or to another place."""
    if number <= 0:
        return Html()
    return tag("p", f"{many(number, f'more {noun}')} in {where}.", class_="hint")


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
    """One bar of a list; its number is beside it, so it is hidden from screen readers."""
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
