"""`prepared.plot`: the charts of the report as matplotlib axes, to show, change and save.

matplotlib draws on this machine, in any notebook and without a network; it is imported when
something is drawn, and comes with the extra `plot`. As with `DataFrame.plot`, each chart takes an
`ax` to draw on and gives the axes back. Linked charts in a notebook are in `writing.explorer`.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.model import spec
from callconv_kit.model.errors import not_installed
from callconv_kit.writing import wording
from callconv_kit.writing.wording import Summary, many, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from callconv_kit.writing.explorer import Explore

READY, EMPTY, INK = "#0072b2", "#d8dee4", "#1b1f24"
"""Colors of Okabe and Ito's palette, distinct in every form of color blindness."""

ROW = 0.3
"""Inches that a bar of a list takes."""


class Plots:
    """Charts of a run, from the dict of summary.json; they count the rows that are ready."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary

    def calls_by_day(self, ax: "Axes | None" = None) -> "Axes":
        """Calls by day, in each call's own offset; days without calls are gaps."""
        days = wording.every_day(self._summary["calls"]["by_day"])
        ax = ax or _axes(height=3.2)
        counts = [count for _, count in days]
        ax.bar([date.fromisoformat(day) for day, _ in days], counts, width=0.8, color=READY)  # type: ignore[arg-type] # dates are taken
        _scales(ax)
        ax.grid(axis="y", color=EMPTY)
        ax.set_axisbelow(True)
        return _titled(ax, f"Calls by day ({many(sum(counts), 'call')})")

    def statuses(self, ax: "Axes | None" = None) -> "Axes":
        """Calls by status, the most frequent first."""
        entries = self._summary["calls"]["by_status"]
        return _bars(
            ax,
            "Calls by status",
            [wording.status_label(entry["status"]) for entry in entries],
            [entry["calls"] for entry in entries],
        )

    def durations(self, ax: "Axes | None" = None) -> "Axes":
        """Calls by duration, in ranges that grow."""
        entries = self._summary["calls"]["by_duration"]
        return _bars(
            ax,
            "Calls by duration",
            [wording.duration_label(entry["from"], entry["below"]) for entry in entries],
            [entry["calls"] for entry in entries],
        )

    def fill(self, ax: "Axes | None" = None) -> "Axes":
        """How many of the rows fill each column; columns that none fills are left out."""
        entries = [
            entry
            for entry in self._summary["calls"]["filled"]
            if entry["cells"] or spec.BY_NAME[entry["column"]].required
        ]
        return _bars(
            ax,
            "Filled cells by column",
            [entry["column"] for entry in entries],
            [entry["cells"] for entry in entries],
            whole=self._summary["rows_ready"],
        )

    def __repr__(self) -> str:
        return "<Plots: calls_by_day(), statuses(), durations(), fill()>"


def _bars(
    ax: "Axes | None", title: str, words: list[str], counts: list[int], whole: int | None = None
) -> "Axes":
    """Bars from top to bottom, each with its count and share; `whole` draws what is missing."""
    ax = ax or _axes(height=1 + ROW * len(words))
    total = sum(counts) if whole is None else whole
    at = range(len(words))
    if whole is not None:
        ax.barh(at, [whole] * len(words), color=EMPTY, height=0.7)
    drawn = ax.barh(at, counts, color=READY, height=0.7)
    labels = [f"{count:,}  ({percent(count, total)})" for count in counts]
    if whole is None:
        ax.bar_label(drawn, labels, padding=4, color=INK)
    else:
        for row, text in enumerate(labels):
            ax.annotate(
                text, (whole, row), (4, 0), textcoords="offset points", va="center", color=INK
            )
    ax.set_yticks(at, words)
    ax.invert_yaxis()
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.margins(x=0.25, y=0.02)
    return _titled(ax, title)


def _titled(ax: "Axes", title: str) -> "Axes":
    ax.set_title(title, loc="left", fontweight="bold", color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _scales(ax: "Axes") -> None:
    """Dates below, whole numbers at the side."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator

    locator = AutoDateLocator()  # type: ignore[no-untyped-call] # matplotlib has no types here
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # as above
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))


def _axes(height: float) -> "Axes":
    """New axes; pyplot shows them at the end of a notebook's cell.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as missing:
        raise not_installed("extra_missing", "A plot", missing, "plot") from missing
    return pyplot.subplots(figsize=(8, height), layout="constrained")[1]


def explore_calls(calls: "Path | pd.DataFrame") -> "Explore":
    """The calls of a ready.csv or a DataFrame in linked charts.

    Raises:
        UsageError: `nothing_to_explore`, or `not_installed`.
    """
    try:
        from callconv_kit.writing.explorer import Calls, Explore
    except ModuleNotFoundError as error:
        raise not_installed("not_installed", "explore()", error, "notebooks") from None
    return Explore(Calls.of_file(calls) if isinstance(calls, Path) else Calls.of_frame(calls))
