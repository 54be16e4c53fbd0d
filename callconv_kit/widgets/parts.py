"""Pieces of all steps: labeled fields, notices, tables of cells, and the twin in Python."""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anywidget
import ipywidgets as ipw
import traitlets

from callconv_kit.model.errors import CallConvError
from callconv_kit.writing.markup import Child, Html, put, tag, visible

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent

W = TypeVar("W", bound=ipw.DOMWidget)

_PLACES = (
    ("At the top of callconv.toml, set", "In Map, under Other settings, write"),
    ("at the top of callconv.toml, set", "in Map, under Other settings, write"),
    ("callconv.toml under [values.CallStatus]", "Map (Values, word by word)"),
    ("callconv.toml", "Map (Other settings)"),
)
"""Where a piece of advice is followed: in the job file, and in the workbench."""

SHOWN = 600
"""Characters of each sentence of an error that are shown."""


class Frame(anywidget.AnyWidget):
    """The style sheet of the workbench, and what keeps the notebook's own shortcuts out of it.

    JupyterLab obeys its shortcuts wherever no text is typed: with the focus on a drop-down, Down
    would choose the next cell, and D twice would delete the workbench's.

    step: the one that is shown; where it changes, the steps are scrolled into view.
    """

    _esm = _HERE / "workbench.js"
    _css = _HERE / "workbench.css"
    step = traitlets.Unicode().tag(sync=True)


def named(widget: W, name: str) -> W:
    """The widget with a class by which a test or a style finds it."""
    widget.add_class(f"callconv-{name}")
    return widget


def button(label: str, name: str, *, primary: bool = False, hint: str = "") -> ipw.Button:
    """A button as wide as its words."""
    made = ipw.Button(
        description=label,
        tooltip=hint or label,
        button_style="primary" if primary else "",
        layout=ipw.Layout(width="auto"),
    )
    return named(made, name)


def field(kind: Callable[..., W], label: str, name: str, *, width: str = "", **more: Any) -> W:
    """A field whose label is as long as it needs to be; the label names it to screen readers."""
    if kind in (ipw.Text, ipw.Password):
        # Text that is sent letter by letter may be overtaken by the click that is to use it.
        more.setdefault("continuous_update", False)
    made = kind(
        description=label,
        style={"description_width": "initial"},
        layout=ipw.Layout(width=width or "auto"),
        **more,
    )
    return named(made, name)


def row(*widgets: ipw.Widget) -> ipw.HBox:
    """Widgets side by side, on several lines where there is no room."""
    return named(ipw.HBox(list(widgets)), "row")


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Child]],
    *,
    long: Sequence[str] = (),
) -> Html:
    """A table that scrolls by itself, with the keyboard too.

    Args:
        caption: names it to screen readers.
        header: its words.
        rows: text, which is escaped, or markup.
        long: columns whose cells may take several lines.
    """
    wide = [name in long for name in header]
    head = tag("tr", [tag("th", visible(name), scope="col") for name in header])
    body = [
        tag("tr", [tag("td", cell, class_="callconv-long" if wide[at] else None)
                   for at, cell in enumerate(cells)])
        for cells in rows
    ]  # fmt: skip
    inner = tag("table", tag("thead", head), tag("tbody", body), class_="callconv-table")
    return tag(
        "div", inner, class_="callconv-scroll", tabindex="0", role="region", aria_label=caption
    )


def in_map(advice: str) -> str:
    """Advice that names callconv.toml, in the words of the workbench; text or markup."""
    for in_file, here in _PLACES:
        advice = advice.replace(in_file, here)
    return advice


def cell(text: str) -> Child:
    """A cell's text, isolated so that right-to-left text turns nothing around."""
    return tag("bdi", text) if text else None


class Twin(ipw.HTML):
    """What the step is in Python."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "twin")

    def show(self, code: str) -> None:
        """Show other code."""
        self.value = tag("details", tag("summary", "The same in Python"), tag("pre", code))


class Checked(ipw.VBox):
    """Widgets with a place below them for what is wrong with their text."""

    def __init__(self, *widgets: ipw.Widget) -> None:
        self.notice = Notice()
        super().__init__([*widgets, self.notice])

    def take(self, act: Callable[[], None]) -> bool:
        """Do what a text asks for. What is wrong with it is shown here and marked.

        Returns:
            Whether it was done.
        """
        self.notice.guarded(act)()
        wrong = self.notice.is_error
        (self.add_class if wrong else self.remove_class)("callconv-invalid")
        return not wrong


class Notice(ipw.HTML):
    """One place for what a step says, errors too; screen readers read it out."""

    @property
    def is_error(self) -> bool:
        """Whether it shows an error."""
        return "callconv-wrong" in self.value

    def say(self, *words: Child) -> None:
        """Say how it went."""
        self.value = tag("div", words, class_="callconv-said", role="status")

    def fail(self, error: BaseException) -> None:
        """Say what is wrong, what would be right, and what to do now."""
        if isinstance(error, CallConvError):
            lines = [f"{error.problem}."]
            lines += [f"Found: {error.found.removesuffix('.')}."] if error.found else []
            lines += [f"Expected: {error.expected.removesuffix('.')}."] if error.expected else []
            lines += [error.next_step]
        else:
            log.error("internal error", exc_info=error)
            lines = [f"Internal error ({type(error).__name__}): {error}.", "Your files are kept."]
        paragraphs = [tag("p", visible(text, SHOWN)) for text in lines if text]
        self.value = tag("div", paragraphs, class_="callconv-wrong", role="alert")

    def clear(self) -> None:
        """Say nothing."""
        self.value = Html()

    def guarded(self, act: Callable[[], None]) -> Callable[..., None]:
        """`act` as the handler of a widget: what goes wrong is said here."""

        def handler(_: Any = None) -> None:
            self.clear()
            try:
                act()
            except Exception as error:  # noqa: BLE001 # a notebook would show a traceback
                self.fail(error)

        return handler


__all__ = [
    "Checked", "Child", "Frame", "Html", "Notice", "Twin", "button", "cell", "field", "named",
    "put", "row", "table", "tag", "visible",
]  # fmt: skip
