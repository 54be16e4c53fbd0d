"""Values: each word of the status column, how many calls it has, and what it becomes."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import pandas as pd

from callconv_kit.coercion import duration
from callconv_kit.model import spec
from callconv_kit.model.errors import CallConvError
from callconv_kit.run.prepared import prepare
from callconv_kit.run.resolving import open_inputs, resolve
from callconv_kit.widgets import mapped, parts
from callconv_kit.widgets.pages import reasons_by_column
from callconv_kit.widgets.parts import tag
from callconv_kit.widgets.session import Session
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import clock, many

COLUMN = "CallStatus"
LEFT_OUT = "left out"
REJECTED = "rejected"
MOST = 60
"""Words that are shown, the most frequent; a column with more is hardly one of statuses."""

TRIED = 3
"""Rows of each word that are prepared to see what it becomes."""


@dataclass(slots=True)
class Word:
    """A word of the status column.

    rows: in the whole export; talk: seconds in all of them.
    becomes: a status, LEFT_OUT or REJECTED; empty where it can't be known from a few rows.
    """

    text: str
    rows: int = 0
    talk: int = 0
    becomes: str = ""
    tried: list[tuple[str, ...]] = field(default_factory=list)


def source_of(session: Session) -> str:
    """The export's column that gives the status; empty where it is not one alone."""
    seen = session.inspection
    if session.source is None or seen is None:
        return ""
    plan, _, _ = mapped.plan_of(session.job, seen)
    feed = plan.feeds.get(COLUMN)
    return plan.header[feed.positions[0]] if feed and len(feed.positions) == 1 else ""


def words(session: Session) -> list[Word]:
    """The words of the status column in the whole export, the most frequent first.

    Raises:
        CallConvError: the export can't be read.
    """
    name = source_of(session)
    if not name or session.source is None or session.inspection is None:
        return []
    job, found = session.job, dict[str, Word]()
    plan, _, _ = mapped.plan_of(job, session.inspection)
    talk = plan.feeds.get("TalkDuration")
    table = open_inputs(resolve(job), [session.source])[0]
    place = list(table.header).index(name)
    for batch in table.batches():
        of_talk = batch.cells[talk.positions[0]] if talk and len(talk.positions) == 1 else None
        counted = pd.DataFrame({"word": batch.cells[place].to_pandas()})
        counted["talk"] = "" if of_talk is None else of_talk.to_pandas()
        pairs = counted.value_counts(sort=False, dropna=False).reset_index(name="rows")
        for text, lasted, rows in pairs.itertuples(index=False):
            word = found.setdefault(str(text).strip(), Word(str(text).strip()))
            word.rows += int(rows)
            word.talk += int(duration.read(str(lasted).strip()).value or 0) * int(rows)
        firsts = counted.groupby("word", sort=False).head(TRIED).index.tolist()
        for at in firsts:
            word = found[str(counted["word"][at]).strip()]
            if len(word.tried) < TRIED:
                word.tried.append(tuple(cells[at].as_py() or "" for cells in batch.cells))
    shown = sorted(found.values(), key=lambda word: (-word.rows, word.text))[:MOST]
    _try(session, shown, list(table.header))
    return shown


def _try(session: Session, shown: list[Word], header: list[str]) -> None:
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
        statuses = iter(prepared.ready[COLUMN])
        for at, (word, _) in enumerate(rows):
            if at in aside:
                word.becomes = word.becomes or LEFT_OUT
            elif at not in rejected:
                word.becomes = str(next(statuses))
            elif COLUMN in reasons_by_column(str(rejected[at])):
                word.becomes = REJECTED


def choose(session: Session, text: str, choice: str) -> None:
    """Set in the job what a word becomes: a status, or LEFT_OUT; empty takes that back.

    Raises:
        UsageError: the job would be wrong.
    """
    name = source_of(session)
    settings: dict[str, Any] = dict(session.settings)
    values = dict(settings.pop("values", {}))
    kept = {word: means for word, means in values.pop(COLUMN, {}).items() if word != text}
    if choice and choice != LEFT_OUT:
        kept[text] = choice
    if kept:
        values[COLUMN] = kept
    rules = [rule for rule in settings.pop("leave_out", ()) if not _is_of(rule, name, text)]
    if choice == LEFT_OUT:
        reason = f"{name} is {text}" if text else f"{name} is empty"
        condition: dict[str, Any] = {"equals": text} if text else {"empty": True}
        rules.append({"source_column": name, **condition, "reason": reason})
    session.change(
        settings | ({"values": values} if values else {}) | ({"leave_out": rules} if rules else {})
    )


def _is_of(rule: Mapping[str, Any], name: str, text: str) -> bool:
    """Whether a rule leaves out the rows of this word alone."""
    if rule.get("source_column") != name:
        return False
    return rule.get("equals") == text if text else rule.get("empty") is True


class ValuesPart(ipw.VBox):
    """A part of Map: the words of the status column, each with what it becomes.

    Args:
        changed: called when the job has changed.
    """

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self._session, self._changed = session, changed
        self.notice = parts.Notice()
        show = parts.button("Show the words of the status column", "show-words")
        show.on_click(self.notice.guarded(self.show))
        self._rows = parts.named(ipw.VBox(), "words")
        super().__init__(
            [ipw.HTML(tag("h3", "Call statuses, word by word")), show, self.notice, self._rows]
        )

    def clear(self) -> None:
        """Show nothing: another export is open."""
        self._rows.children = []
        self.notice.clear()

    def show(self) -> None:
        """Read the words of the whole export."""
        found = words(self._session)
        if not found:
            self.notice.say("No single column of the export gives the status.")
            return
        self._rows.children = [self._row(word) for word in found]

    def _row(self, word: Word) -> parts.Checked:
        held = self._session.settings.get("values", {}).get(COLUMN, {}).get(word.text, "")
        now = word.becomes or "decided by the row"
        drop = parts.field(
            ipw.Dropdown, visible(word.text, 60) or "(empty)", "word", width="34em",
            options=[(f"automatic: {now}", ""), *((one, one) for one in spec.STATUSES),
                     (LEFT_OUT, LEFT_OUT)],
            value=LEFT_OUT if word.becomes == LEFT_OUT and self._is_left_out(word) else held,
        )  # fmt: skip
        drop.description_allow_html = False
        drop.style.description_width = "13em"
        wins = f"; mapping it wins {many(word.rows)}" if word.becomes == REJECTED else ""
        facts = f"{many(word.rows, 'call')}, {clock(word.talk)} of talk{wins}"
        box = parts.Checked(parts.row(drop, ipw.HTML(tag("small", facts))))
        drop.observe(partial(self._chosen, word, box), names="value")
        return box

    def _is_left_out(self, word: Word) -> bool:
        name = source_of(self._session)
        return any(
            _is_of(rule, name, word.text) for rule in self._session.settings.get("leave_out", ())
        )

    def _chosen(self, word: Word, box: parts.Checked, change: dict[str, Any]) -> None:
        choice = change["new"]
        if box.take(lambda: choose(self._session, word.text, choice)):
            what = {"": "decided automatically", LEFT_OUT: LEFT_OUT}.get(
                choice, f"sent as {choice}"
            )
            box.notice.say(f"{many(word.rows)} will be {what}, unless another reason stops them.")
            self._changed()
