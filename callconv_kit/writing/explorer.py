"""`prepared.explore()` and `df.callconv.explore()`: calls counted under linked filters, as charts.

Each column is kept as one small number a call, so that a filter over a million calls is a few
passes of numpy. Only counts, sums and masked numbers leave this module.

Bars are buttons of the page itself, drawn by a small module on anywidget: it needs no network, a
screen reader reads them, and a click or a key sets a filter that all charts follow. altair and
plotly load their renderer from a network or carry megabytes into each notebook, and their marks
can't be reached by the keyboard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import traitlets
from pyarrow import csv

from callconv_kit.model.codes import mask_phone
from callconv_kit.model.errors import UsageError
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import clock, duration_label, many, percent

FACETS = {
    "day": "Day",
    "hour": "Hour, in each call's own offset",
    "MediaId": "Media partner (MediaId)",
    "CampaignId": "Program (CampaignId)",
    "ActionTrackerId": "Event type (ActionTrackerId)",
    "CallStatus": "Status",
    "duration": "Duration",
    "CallerPhoneNumberCountry": "Caller's country",
}
"""What calls are counted by, with their titles."""

USED = (
    "EventDate", "MediaId", "CampaignId", "ActionTrackerId", "CallStatus", "CallDuration",
    "TalkDuration", "CallerPhoneNumberCountry", "SaleAmount", "CallerId",
)  # fmt: skip

BOUNDS = (0, 1, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds at which a range of durations begins."""

SHOWN = 15
"""Values of a facet that are shown, the most frequent; all days and hours are."""

OFTEN, NIGHT, SAME = 5, 6, 0.02
"""A caller with so many calls, hours before this one, and a share of calls of one exact duration
are worth a look."""

EMPTY = "(empty)"


@dataclass(frozen=True, slots=True)
class Facet:
    """One column: its values, and for each call the place of its own."""

    values: list[str]
    codes: Ints


class Calls:
    """Calls in columns of numbers.

    Args:
        table: text columns under the format's names; those that are missing are left out.

    Raises:
        UsageError: `nothing_to_explore`, no column is the format's.
    """

    def __init__(self, table: pa.Table) -> None:
        held = {name: table.column(name) for name in USED if name in table.column_names}
        if not held:
            raise UsageError(
                "nothing_to_explore",
                "None of the columns is one of the format's",
                ", ".join(map(str, table.column_names[:5])),
                ", ".join(USED[:5]),
                "Prepare the export first: `df.callconv.prepare(…).explore()`.",
            )
        self.rows = table.num_rows
        self._facets = {
            name: _facet(held[name]) for name in FACETS if name in held
        } | _moments(held) | _durations(held)  # fmt: skip
        self._callers = _facet(held["CallerId"]) if "CallerId" in held else None
        self._talk = _numbers(held.get("TalkDuration"), self.rows)
        self._sales = np.rint(100 * _numbers(held.get("SaleAmount"), self.rows))
        self._seconds = _numbers(held.get("CallDuration"), self.rows).astype(np.int64)

    @classmethod
    def of_file(cls, ready: Path) -> "Calls":
        """The calls of a ready.csv."""
        names = csv.open_csv(ready).schema.names
        wanted = [name for name in USED if name in names]
        options = csv.ConvertOptions(
            include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string())
        )
        return cls(csv.read_csv(ready, convert_options=options))

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> "Calls":
        """The calls of a DataFrame with columns of the format, as text or typed."""
        columns = {}
        for name in USED:
            if name in frame.columns:
                held = frame[name]
                known = held.notna().to_numpy()
                if isinstance(held.dtype, np.dtype | pd.DatetimeTZDtype) and held.dtype.kind == "M":
                    held = held.dt.strftime("%Y-%m-%dT%H:%M:%S")
                columns[name] = pa.array(
                    held.astype(str).to_numpy(object), pa.string(), mask=~known
                )
        return cls(pa.table(columns))

    def view(self, chosen: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Counts and sums of the calls that filters let through.

        Args:
            chosen: the values that are chosen of each facet; none of a facet: all.

        Returns:
            totals, facets and outliers, ready to be shown. A facet counts what the other filters
            let through, so that another of its values can be chosen.
        """
        masks = self._masks(chosen)
        everything = np.ones(self.rows, bool)
        through = np.logical_and.reduce([everything, *masks.values()])
        facets = []
        for name, title in FACETS.items():
            if name in self._facets:
                others = [mask for key, mask in masks.items() if key != name]
                mask = np.logical_and.reduce([everything, *others])
                facets.append(
                    {"name": name, "title": title, "columns": name in ("day", "hour"),
                     "values": self._counted(name, mask, chosen.get(name, ()))}
                )  # fmt: skip
        return {
            "totals": self._totals(through),
            "facets": facets,
            "outliers": self._outliers(through),
            "filters": [f"{FACETS[name]}: {', '.join(chosen[name])}" for name in masks],
        }

    def mask(self, chosen: Mapping[str, Sequence[str]]) -> Bools:
        """Whether filters let each call through, in the order of the calls."""
        masks = [np.ones(self.rows, bool), *self._masks(chosen).values()]
        through: Bools = np.logical_and.reduce(masks)
        return through

    def _masks(self, chosen: Mapping[str, Sequence[str]]) -> dict[str, Bools]:
        return {
            name: np.isin(
                self._facets[name].codes,
                [at for at, value in enumerate(self._facets[name].values) if value in values],
            )
            for name, values in chosen.items()
            if values and name in self._facets
        }

    def _totals(self, through: Bools) -> list[list[str]]:
        calls = int(through.sum())
        totals = [["calls", f"{calls:,}" + (f" of {self.rows:,}" if calls < self.rows else "")]]
        status = self._facets.get("CallStatus")
        if status is not None and "ANSWER" in status.values:
            answered = int((status.codes[through] == status.values.index("ANSWER")).sum())
            totals.append(["answered", f"{answered:,} ({percent(answered, calls)})"])
        totals.append(["talk time", clock(int(self._talk[through].sum()))])
        totals.append(["sales", f"{self._sales[through].sum() / 100:,.2f}"])
        return totals

    def _counted(self, name: str, mask: Bools, chosen: Sequence[str]) -> list[dict[str, Any]]:
        facet = self._facets[name]
        codes, size = facet.codes[mask], len(facet.values)
        calls = np.bincount(codes, minlength=size)
        talk = np.bincount(codes, weights=self._talk[mask], minlength=size)
        sales = np.bincount(codes, weights=self._sales[mask], minlength=size)
        ordered = list(range(size))
        if name not in ("day", "hour", "duration"):
            ordered.sort(key=lambda at: (-calls[at], facet.values[at]))
            ordered = [at for at in ordered if facet.values[at] in chosen or calls[at]]
        shown = ordered if name in ("day", "hour", "duration") else ordered[:SHOWN]
        bars = [
            {"value": facet.values[at], "label": visible(facet.values[at], 60),
             "calls": int(calls[at]), "chosen": facet.values[at] in chosen,
             "text": f"{many(int(calls[at]), 'call')}, {clock(int(talk[at]))} of talk, "
                     f"{sales[at] / 100:,.2f} of sales"}
            for at in shown
        ]  # fmt: skip
        if len(ordered) > len(shown):
            rest = int(calls[ordered[len(shown) :]].sum())
            label = f"{len(ordered) - len(shown):,} others"
            bars.append({"value": None, "label": label, "calls": rest, "text": many(rest, "call")})
        return bars

    def _outliers(self, through: Bools) -> list[str]:
        """What is worth a look, in words."""
        calls = int(through.sum())
        notes: list[str] = []
        if self._callers is not None and calls:
            counts = np.bincount(self._callers.codes[through], minlength=len(self._callers.values))
            for at in np.argsort(-counts, kind="stable")[:5].tolist():
                caller = self._callers.values[at]
                if counts[at] >= OFTEN and caller != EMPTY:
                    notes.append(f"{mask_phone(caller)} called {counts[at]:,} times.")
        hours = self._facets.get("hour")
        if hours is not None:
            early = [at for at, hour in enumerate(hours.values) if hour[:2] < f"{NIGHT:02}"]
            night = int(np.isin(hours.codes[through], early).sum())
            if night:
                notes.append(
                    f"{many(night, 'call')} before {NIGHT} a.m. ({percent(night, calls)})."
                )
        values, counts = np.unique(self._seconds[through], return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            if value >= 60 and count >= max(OFTEN, SAME * calls):
                notes.append(f"{many(count, 'call')} lasted exactly {clock(value)}: a limit?")
        days = self._facets.get("day")
        if days is not None and calls:
            counts = np.bincount(days.codes[through], minlength=len(days.values))
            held = np.flatnonzero(counts)
            gaps = [days.values[at] for at in range(held[0], held[-1]) if not counts[at]]
            if gaps:
                named = ", ".join(gaps[:7]) + (" …" if len(gaps) > 7 else "")
                notes.append(f"{many(len(gaps), 'day')} without a call: {named}.")
        return notes[:12]


def _facet(column: pa.ChunkedArray) -> Facet:
    texts = pc.fill_null(column.cast(pa.string()), "").combine_chunks().dictionary_encode()
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    values = [value or EMPTY for value in texts.dictionary.to_pylist()]
    return Facet(values, texts.indices.to_numpy(zero_copy_only=False).astype(np.int64))


def _in_order(facet: Facet, values: list[str]) -> Facet:
    """The same calls, their values in this order."""
    places = {value: at for at, value in enumerate(values)}
    moved = np.asarray([places[value] for value in facet.values], np.int64)
    return Facet(values, moved[facet.codes])


def _moments(held: Mapping[str, pa.ChunkedArray]) -> dict[str, Facet]:
    """Days, without gaps, and hours."""
    if "EventDate" not in held:
        return {}
    texts = held["EventDate"]
    day, hour = (
        _facet(pc.utf8_slice_codeunits(texts, 0, 10)),
        pc.utf8_slice_codeunits(texts, 11, 13),
    )
    known = sorted(value for value in day.values if _is_day(value))
    days = [value for value in day.values if not _is_day(value)]
    if known:
        first, last = date.fromisoformat(known[0]), date.fromisoformat(known[-1])
        span = range(min((last - first).days, 1000) + 1)
        every = {(first + timedelta(at)).isoformat() for at in span} | set(known)
        days = [*sorted(every), *days]
    hours = _facet(hour)
    named = Facet(
        [f"{value}:00" if value.isdecimal() else EMPTY for value in hours.values], hours.codes
    )
    every_hour = [f"{at:02}:00" for at in range(24)]
    rest = sorted(set(named.values) - set(every_hour))
    return {"day": _in_order(day, days), "hour": _in_order(named, [*every_hour, *rest])}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-11-24")


def _durations(held: Mapping[str, pa.ChunkedArray]) -> dict[str, Facet]:
    if "CallDuration" not in held:
        return {}
    seconds = _numbers(held["CallDuration"], len(held["CallDuration"]))
    codes = np.searchsorted(BOUNDS, seconds, side="right") - 1
    names = [
        duration_label(start, below)
        for start, below in zip(BOUNDS, (*BOUNDS[1:], None), strict=True)
    ]
    return {"duration": Facet(names, codes.astype(np.int64))}


def _numbers(column: pa.ChunkedArray | None, rows: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A column as numbers, 0 where there is none."""
    if column is None:
        return np.zeros(rows)
    texts = pc.fill_null(column.cast(pa.string()), "")
    plain = pc.match_substring_regex(texts, r"^\d{1,12}(\.\d*)?$")
    return np.asarray(pc.cast(pc.if_else(plain, texts, "0"), pa.float64()).to_numpy())


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
        self.on_msg(self._receive)

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

    @property
    def mask(self) -> Bools:
        """Whether the filters let each call through: `prepared.ready[explorer.mask]`."""
        return np.zeros(0, bool) if self._calls is None else self._calls.mask(self.filters)

    def clear(self) -> None:
        """Take all filters back."""
        self.filters = {}
        self._refresh()

    def __repr__(self) -> str:
        totals = self.view.get("totals", [])
        return f"Explore({', '.join(f'{name}: {number}' for name, number in totals)})"

    def _refresh(self) -> None:
        self.view = {} if self._calls is None else self._calls.view(self.filters)

    def _receive(self, _: object, content: Mapping[str, Any], __: object) -> None:
        if content.get("kind") == "clear":
            self.clear()
        else:
            self.choose(str(content["facet"]), str(content["value"]))
