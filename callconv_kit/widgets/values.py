"""Values: each word of a closed list, how many calls it has, and what it becomes.

The lists: call statuses, phone countries, the other columns that take a few words only, and the
export's column that tells calls to the advertiser from others.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import pandas as pd

from callconv_kit.coercion import duration
from callconv_kit.coercion.country import codes as countries
from callconv_kit.model import spec
from callconv_kit.model.errors import CallConvError
from callconv_kit.profiling.proposal import FILLED
from callconv_kit.run.prepared import prepare
from callconv_kit.run.resolving import open_inputs, resolve
from callconv_kit.widgets import mapped, parts
from callconv_kit.widgets.fixing import choices_of
from callconv_kit.widgets.pages import reasons_by_column
from callconv_kit.widgets.parts import tag
from callconv_kit.widgets.session import Session
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import clock, many

STATUS = "CallStatus"
COUNTRIES = ("CallerPhoneNumberCountry", "CalledPhoneNumberCountry")
COLUMNS = (STATUS, *COUNTRIES, *(one.name for one in spec.COLUMNS
                                 if one.allowed and one.name != STATUS))  # fmt: skip
DIRECTION = "direction"
"""The list that is not a column of the format: which rows are calls to the advertiser."""

LEFT_OUT, REJECTED, BLANK, SENT = "left out", "rejected", "left blank", "sent"
MOST = 60
"""Words that are shown, rejected ones first, then the most frequent."""

TRIED = 3
"""Rows of each word that are prepared to see what it becomes."""

_ALONE = {"source_column", "equals", "in", "empty", "code", "reason", "optional"}
"""Keys of a leave_out rule that is about words of one column alone."""


@dataclass(slots=True)
class Word:
    """A word of a list.

    rows: in the whole export; talk: seconds in all of them.
    becomes: a value, LEFT_OUT, REJECTED, BLANK or SENT; empty where a few rows don't tell.
    """

    text: str
    rows: int = 0
    talk: int = 0
    becomes: str = ""
    tried: list[tuple[str, ...]] = field(default_factory=list)


def lists(session: Session) -> dict[str, str]:
    """The lists whose words come from one column of the export, with that column."""
    seen = session.inspection
    if session.source is None or seen is None:
        return {}
    plan, _, _ = mapped.plan_of(session.job, seen)
    feeds = ((column, plan.feeds.get(column)) for column in COLUMNS)
    found = {
        column: plan.header[feed.positions[0]]
        for column, feed in feeds if feed and len(feed.positions) == 1
    }  # fmt: skip
    asked = [one for one in seen.proposals.direction if one.asked]
    return found | ({DIRECTION: asked[0].column} if asked else {})


def words(session: Session, of: str = STATUS) -> list[Word]:
    """The words of a list in the whole export: rejected ones first, then the most frequent.

    Raises:
        CallConvError: the export can't be read.
    """
    name = lists(session).get(of)
    if name is None or session.source is None or session.inspection is None:
        return []
    plan, _, _ = mapped.plan_of(session.job, session.inspection)
    talk = plan.feeds.get("TalkDuration")
    table = open_inputs(resolve(session.job), [session.source])[0]
    place = list(table.header).index(name)
    found: dict[str, Word] = {}
    for batch in table.batches():
        of_talk = batch.cells[talk.positions[0]] if talk and len(talk.positions) == 1 else None
        counted = pd.DataFrame({"word": batch.cells[place].to_pandas()})
        counted["talk"] = "" if of_talk is None else of_talk.to_pandas()
        pairs = counted.value_counts(sort=False, dropna=False).reset_index(name="rows")
        for text, lasted, rows in pairs.itertuples(index=False):
            word = found.setdefault(str(text).strip(), Word(str(text).strip()))
            word.rows += int(rows)
            word.talk += int(duration.read(str(lasted).strip()).value or 0) * int(rows)
        for at in counted.groupby("word", sort=False).head(TRIED).index.tolist():
            word = found[str(counted["word"][at]).strip()]
            if len(word.tried) < TRIED:
                word.tried.append(tuple(cells[at].as_py() or "" for cells in batch.cells))
    tried = sorted(found.values(), key=lambda word: (-word.rows, word.text))[: 10 * MOST]
    _try(session, of, tried, list(table.header))
    return sorted(tried, key=lambda word: word.becomes != REJECTED)[:MOST]


def _try(session: Session, of: str, shown: list[Word], header: list[str]) -> None:
    """See what the words become, by preparing a few rows of each."""
    rows = [(word, cells) for word in shown for cells in word.tried]
    frame = pd.DataFrame([cells for _, cells in rows], columns=pd.Index(header), dtype=str)
    with tempfile.TemporaryDirectory(prefix="callconv-values-") as folder:
        try:
            prepared = prepare(
                frame, session.job, out=Path(folder, "out"), now=session.now,
                keep_findings=False, max_rejected_share=1.0, write="all", on_conflict="first",
            )  # fmt: skip
        except CallConvError:
            return  # a setting is still asked for
        rejected = dict(zip(prepared.rejected["source_line"].astype(int) - 1,
                            prepared.rejected["reasons"], strict=True))  # fmt: skip
        aside = set(prepared.left_out["source_line"].astype(int) - 1)
        ready = prepared.ready
        values = iter([SENT] * len(ready) if of == DIRECTION else ready[of])
        for at, (word, _) in enumerate(rows):
            if at in aside:
                word.becomes = word.becomes or LEFT_OUT
            elif at not in rejected:
                word.becomes = str(next(values)) or (BLANK if word.text else "")
            elif of in reasons_by_column(str(rejected[at])):
                word.becomes = REJECTED


def won(session: Session, of: str, text: str) -> int | None:
    """How many rows of the last run are rejected for this word alone; None without a run."""
    name = lists(session).get(of)
    if name is None or session.review is None or not session.is_current:
        return None
    return session.review.rejected.rejected_for(of, session.place(name), text)


def choose(session: Session, text: str, choice: str, of: str = STATUS) -> None:
    """Set in the job what a word becomes: a value, or LEFT_OUT; empty takes that back.

    Raises:
        UsageError: the job would be wrong.
    """
    name = lists(session).get(of, "")
    with session.changing:
        settings: dict[str, Any] = dict(session.settings)
        values = dict(settings.pop("values", {}))
        kept = {word: means for word, means in values.pop(of, {}).items() if word != text}
        if choice and choice != LEFT_OUT:
            kept[text] = choice
        if kept:
            values[of] = kept
        rules = [_without(rule, name, text) for rule in settings.pop("leave_out", ())]
        if choice == LEFT_OUT:
            reason = f"{name} is {text}" if text else f"{name} is empty"
            condition: dict[str, Any] = {"equals": text} if text else {"empty": True}
            rules.append({"source_column": name, **condition, "reason": reason})
        left = [rule for rule in rules if rule is not None]
        session.change(
            settings
            | ({"values": values} if values else {})
            | ({"leave_out": left} if left else {})
        )


def calls_to_you(session: Session) -> list[str]:
    """The words of a direction that the job does not leave out; none without a rule about it."""
    seen = session.inspection
    asked = [one for one in seen.proposals.direction if one.asked] if seen else []
    rules = session.settings.get("leave_out", ())
    named = [one for one in asked for rule in rules if rule.get("source_column") == one.column]
    if not named:
        return []
    name, words = named[0].column, [each.value for each in named[0].values]
    return [
        word
        for word in words
        if word not in ("", FILLED) and not any(_names(rule, name, word) for rule in rules)
    ]


def _names(rule: Mapping[str, Any], name: str, text: str) -> bool:
    """Whether a rule leaves out the rows of this word of a column, whatever else they hold."""
    if rule.get("source_column") != name or not set(rule) <= _ALONE:
        return False
    if not text:
        return rule.get("empty") is True
    return text == rule.get("equals") or text in rule.get("in", ())


def _without(rule: Mapping[str, Any], name: str, text: str) -> Mapping[str, Any] | None:
    """The rule for other words; None where there is no other."""
    if not _names(rule, name, text):
        return rule
    others = [word for word in rule.get("in", ()) if word != text]
    return {**rule, "in": others} if others else None


class ValuesPart(ipw.VBox):
    """A part of Map: the words of a list, each with what it becomes.

    Args:
        changed: called when the job has changed.
    """

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self._session, self._changed = session, changed
        self.notice = parts.Notice()
        self._list = parts.field(
            ipw.Dropdown, "Words of", "words-of", options=[("call statuses", STATUS)]
        )
        show = parts.button("Show", "show-words")
        show.on_click(self.notice.guarded(self.show))
        self._list.observe(lambda _: self._empty(), names="value")
        self._rows = parts.named(ipw.VBox(), "words")
        super().__init__(
            [
                ipw.HTML(tag("h3", "Values, word by word")),
                parts.row(self._list, show),
                self.notice,
                self._rows,
            ]
        )

    def clear(self) -> None:
        """Show nothing: another export is open."""
        names = {STATUS: "call statuses", DIRECTION: "which rows are calls to you"}
        found = lists(self._session) if self._session.inspection else {}
        self._list.options = [
            (f"{names.get(of, of)}: {visible(name, 60)}", of) for of, name in found.items()
        ] or [("call statuses", STATUS)]
        self._empty()

    def _empty(self) -> None:
        self._rows.children = []
        self.notice.clear()

    def show(self) -> None:
        """Read the words of the whole export."""
        chosen = self._list.value
        found = words(self._session, chosen)
        if not found:
            self._rows.children = []
            self.notice.say("No single column of the export gives these values.")
            return
        self._rows.children = [self._row(chosen, word) for word in found]
        if len(found) == MOST:
            self.notice.say(f"The first {MOST} words; rejected ones come first.")

    def _row(self, of: str, word: Word) -> parts.Checked:
        session = self._session
        held = session.settings.get("values", {}).get(of, {}).get(word.text, "")
        name = lists(session).get(of, "")
        rules = session.settings.get("leave_out", ())
        left = any(_names(rule, name, word.text) for rule in rules)
        choices = dict.fromkeys(
            (*_choices(of), *([str(held)] if held else ()), *([LEFT_OUT] if name else ()))
        )
        drop = parts.field(
            ipw.Dropdown, visible(word.text, 60) or "(empty)", "word", width="34em",
            options=[(f"automatic: {word.becomes or 'decided by the row'}", ""),
                     *((one, one) for one in choices)],
            value=LEFT_OUT if left else str(held),
        )  # fmt: skip
        drop.description_allow_html = False
        drop.style.description_width = "13em"
        facts = f"{many(word.rows, 'call')}, {clock(word.talk)} of talk{self._wins(of, word)}"
        box = parts.Checked(parts.row(drop, ipw.HTML(tag("small", facts))))
        drop.observe(partial(self._chosen, of, word, box), names="value")
        return box

    def _wins(self, of: str, word: Word) -> str:
        """How many rows are won where the word is mapped, before it is."""
        if word.becomes != REJECTED:
            return ""
        rows = won(self._session, of, word.text)
        if rows is None:
            return f"; mapping it wins up to {many(word.rows)}"
        others = word.rows - rows
        are = "is" if others == 1 else "are"
        more = f"; {others:,} more {are} rejected for another reason too" if others else ""
        return f"; mapping it wins {many(rows)}{more}"

    def _chosen(self, of: str, word: Word, box: parts.Checked, change: dict[str, Any]) -> None:
        choice = change["new"]
        if box.take(lambda: choose(self._session, word.text, choice, of)):
            what = {"": "decided automatically", LEFT_OUT: LEFT_OUT}.get(
                choice, f"sent as {choice}"
            )
            box.notice.say(
                f"{many(word.rows)} will be {what}, unless another reason stops them. "
                "Prepare to apply."
            )
            self._changed()


def _choices(of: str) -> tuple[str, ...]:
    if of == DIRECTION:
        return ()
    return countries() if of in COUNTRIES else choices_of(of)
