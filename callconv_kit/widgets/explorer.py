"""`prepared.explore()` and `df.callconv.explore()`: the calls in linked charts, in a notebook.

Bars are buttons of the page itself, drawn by a small module on anywidget: it needs no network,
a screen reader reads them, and a click or a key sets a filter that all charts follow. altair and
plotly load their renderer from a network or carry megabytes into each notebook, and their marks
can't be reached by the keyboard.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from callconv_kit.widgets.calls import Calls

_HERE = Path(__file__).parent


class Explore(anywidget.AnyWidget):
    """Calls by day, hour, partner, program, event type, status, duration and country.

    Args:
        calls: what is explored.
    """

    _esm = _HERE / "explore.js"
    _css = _HERE / "explore.css"
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, calls: Calls | None = None) -> None:
        super().__init__()
        self.add_class("callconv-explorer")
        self.show(calls)
        self.on_msg(self._told)

    def show(self, calls: Calls | None) -> None:
        """Explore other calls, without a filter."""
        self._calls = calls
        self.filters: dict[str, list[str]] = {}
        self._refresh()

    def choose(self, facet: str, value: str) -> None:
        """Set a filter, or take it back where it is set."""
        values = self.filters.get(facet, [])
        kept = [one for one in values if one != value]
        self.filters = {**self.filters, facet: kept if value in values else [*values, value]}
        self._refresh()

    def clear(self) -> None:
        """Take all filters back."""
        self.filters = {}
        self._refresh()

    def _refresh(self) -> None:
        self.view = {} if self._calls is None else self._calls.view(self.filters)

    def _told(self, _: object, content: Mapping[str, Any], __: object) -> None:
        if content.get("kind") == "clear":
            self.clear()
        else:
            self.choose(str(content["facet"]), str(content["value"]))
