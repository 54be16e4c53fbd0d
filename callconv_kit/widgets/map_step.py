"""Map: settings the export doesn't include, and the source of each column of the format."""

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets as ipw

from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError
from callconv_kit.profiling import Question
from callconv_kit.profiling.ids import IDS
from callconv_kit.profiling.job_answers import answer_in
from callconv_kit.widgets import mapped, parts, python_snippets
from callconv_kit.widgets.mapped import MappedColumn
from callconv_kit.widgets.parts import Child, tag
from callconv_kit.widgets.session import Session
from callconv_kit.widgets.values import DIRECTION, ValuesPart, calls_to_you
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import many

CHOOSE = ("choose …", "")
LABEL = "15em"
OTHER = (
    "Settings that have no field here, as the advice about a rejected row writes them and as "
    "callconv settings lists them: one on each line, or a table such as [defaults]. They replace "
    "those that the job has."
)
WAITING = "The export is being read. The fields are back when that is done."


def _as_found(one: MappedColumn, chosen: str) -> str:
    """The choice of what the preset and the names of the columns say."""
    if one.sources and not chosen:
        return f"auto-detected: {visible(' + '.join(one.sources), 60)}"
    return "auto-detected"


class MapStep(ipw.VBox):
    """The second step."""

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self._session, self._changed = session, changed
        self.notice = parts.Notice()
        self._questions = parts.named(ipw.VBox(), "questions")
        self._take = parts.button("Use suggested answers", "take-proposals")
        self._take.on_click(self.notice.guarded(self._take_proposals))
        self._rows = parts.named(ipw.VBox(), "mapping")
        self._shown: dict[str, tuple[parts.Checked, ipw.HTML]] = {}
        self._wrong: dict[str, str] = {}
        self._more = parts.field(ipw.Dropdown, "Map another column", "more", options=[CHOOSE])
        self._more.observe(self._add, names="value")
        self._unused = parts.named(ipw.HTML(), "unused")
        self._values = ValuesPart(session, self._refresh)
        self._lines = parts.field(
            ipw.Textarea, "Settings", "other-settings", width="34em", continuous_update=False,
            placeholder='decimal = "comma"',
        )  # fmt: skip
        add = parts.button("Add to the job", "add-settings")
        self._other = parts.Checked(parts.row(self._lines, add))
        add.on_click(lambda _: self._add_settings())
        self._save = parts.button("Save the job", "save", primary=True)
        self._save.on_click(self.notice.guarded(self._saved))
        self._twin = parts.Twin()
        self._waiting = parts.named(ipw.HTML(tag("p", WAITING, role="status")), "waiting")
        self._fields = ipw.VBox(
            [
                ipw.HTML(tag("h3", "Settings the export doesn't include")),
                self._questions,
                parts.row(self._take),
                ipw.HTML(tag("h3", "Column by column")),
                self._rows,
                parts.row(self._more),
                self._unused,
                self._values,
                ipw.HTML(parts.put([tag("h3", "Other settings"), tag("p", tag("small", OTHER))])),
                self._other,
                parts.row(self._save),
            ]
        )
        super().__init__([self._waiting, self._fields, self.notice, self._twin])
        self.disabled = False

    @property
    def disabled(self) -> bool:
        """Whether the fields are hidden, because they are about to be replaced."""
        return bool(self._fields.layout.display == "none")

    @disabled.setter
    def disabled(self, is_disabled: bool) -> None:
        self._fields.layout.display = "none" if is_disabled else ""
        self._waiting.layout.display = "" if is_disabled else "none"

    @property
    def wrong(self) -> int:
        """Fields that hold something wrong."""
        return len(self._wrong)

    def show(self) -> None:
        """Show the export that is open."""
        self._wrong = {}
        self._values.clear()
        asked = [one for one in self._session.questions if one.id != "preset"]
        self._questions.children = [self._question(one) for one in asked] or [
            ipw.HTML(tag("p", "None: the export and the job include everything."))
        ]
        self._take.layout.display = "" if any(one.proposal for one in asked) else "none"
        columns = self._session.mapping()
        self._shown = {}
        fed = [one for one in columns if one.required or one.is_fed]
        self._rows.children = [self._row(one) for one in fed]
        free = [one.column for one in columns if one not in fed]
        self._more.options = [CHOOSE, *zip(free, free, strict=True)]
        self._refresh()

    # -- questions ---------------------------------------------------------------------------------

    def _question(self, asked: Question) -> parts.Checked:
        prompt: list[Child] = [asked.text]
        if asked.samples:
            prompt.append(tag("small", " Such as ", ", ".join(asked.samples), "."))
        if asked.proposal:
            because = f" ({asked.because})" if asked.because else ""
            prompt.append(tag("small", f" Suggested: {asked.proposal}{because}."))
        if asked.warning:
            prompt.append(tag("b", f" Note: {asked.warning}."))
        hints = [text for text in (asked.hint, asked.where) if text]
        if hints:
            prompt.append(tag("br"))
            sentences = (f"{hint[0].upper()}{hint[1:].rstrip('.')}." for hint in hints)
            prompt.append(tag("small", " ".join(sentences)))
        held = self._held(asked.id)
        # An id has a row below as well; its question says where it is found.
        plain = asked.id.removeprefix("map.").removeprefix("status.")
        label = IDS[asked.id].column if asked.id in IDS else visible(plain.replace("_", " "), 60)
        if asked.choices:
            made = parts.field(
                ipw.Dropdown, label, f"ask-{asked.id}",
                options=[CHOOSE, *((choice, choice) for choice in asked.choices)],
                value=held if held in asked.choices else "", width="20em",
            )  # fmt: skip
        else:
            made = parts.field(ipw.Text, label, f"ask-{asked.id}", value=held, width="34em")
        box = parts.Checked(ipw.HTML(parts.put(prompt)), made)
        made.observe(partial(self._answered, asked.id, label, box), names="value")
        return box

    def _held(self, key: str) -> str:
        """What the job says already."""
        if key == DIRECTION:
            return ", ".join(calls_to_you(self._session))
        return answer_in(self._session.settings, key)

    def _answered(self, key: str, label: str, box: parts.Checked, change: dict[str, Any]) -> None:
        right = box.take(lambda: self._session.answer(key, change["new"]))
        begun = self._session.begun
        if right and begun is not None:
            box.notice.say(
                tag("code", visible(str(begun))), " is new, with every key of the export. Fill in "
                "the ids in a spreadsheet, then prepare.",
            )  # fmt: skip
        self._took(key, label, right, shown=box in self._questions.children)

    def _took(self, key: str, label: str, right: bool, *, shown: bool) -> None:
        """Remember whether a field is right, and show what follows from it.

        A field that is no longer shown was replaced while its text was on the way.
        """
        if not shown:
            self.notice.guarded(self.show)()
            return
        if right:
            self._wrong.pop(key, None)
        else:
            self._wrong[key] = label
        self.notice.guarded(self._refresh)()

    def _take_proposals(self) -> None:
        for asked in self._session.questions:
            if asked.proposal and asked.id != "preset" and not self._held(asked.id):
                self._session.answer(asked.id, asked.proposal)
        self.show()

    # -- columns -----------------------------------------------------------------------------------

    def _row(self, one: MappedColumn) -> parts.Checked:
        settings = self._session.settings
        seen = self._session.inspection
        names = dict.fromkeys(column.name for column in seen.columns) if seen else {}
        chosen = settings.get("columns", {}).get(one.column, "")
        source = ipw.Dropdown(
            description=f"{one.column} *" if one.required else one.column,
            description_allow_html=False,
            options=[(_as_found(one, chosen), ""), *((visible(name), name) for name in names)],
            value=chosen if chosen in names else "",
            style={"description_width": LABEL},
            layout=ipw.Layout(width="32em"),
            tooltip=spec.BY_NAME[one.column].description,
        )
        constant = parts.field(
            ipw.Text, "or fixed value", f"constant-{one.column}", width="19em",
            value=str(settings.get("constants", {}).get(one.column, "")),
        )  # fmt: skip
        shown = ipw.HTML()
        made = parts.Checked(
            parts.row(parts.named(source, f"source-{one.column}"), constant, shown)
        )
        fed = partial(self._fed, one.column, made, constant, source)
        source.observe(fed, names="value")
        constant.observe(fed, names="value")
        self._shown[one.column] = (made, shown)
        return made

    def _fed(
        self, column: str, box: parts.Checked, constant: ipw.Text, source: ipw.Dropdown, change: Any
    ) -> None:
        # The later choice counts: a fixed value replaces the column, and the other way round.
        other = source if change["owner"] is constant else constant
        if change["new"].strip() and other.value:
            other.unobserve_all()
            other.value = ""
            other.observe(partial(self._fed, column, box, constant, source), names="value")
        right = box.take(lambda: self._session.feed(column, source.value, constant.value))
        self._took(f"map.{column}", column, right, shown=box in self._rows.children)

    def _add(self, change: dict[str, Any]) -> None:
        name = change["new"]
        if not name or name in self._shown:
            return
        added = next(one for one in self._session.mapping() if one.column == name)
        self._rows.children = [*self._rows.children, self._row(added)]
        self._refresh()

    def _add_settings(self) -> None:
        if self._other.take(lambda: self._session.add(self._lines.value)):
            added = self._lines.value
            self._lines.value = ""
            self.show()
            self._other.notice.say(
                "Added: ", tag("code", visible(added, 200)), ". Prepare to apply."
            )

    def _refresh(self) -> None:
        """Show what is fed now, without new fields: what is being typed stays."""
        columns = self._session.mapping()
        used = {name for one in columns for name in one.sources}
        names = [name for first in [self._session.preview] if first for name in first.header]
        unused = [visible(name) for name in names if name not in used]
        sentence = f"Columns of the export that are not used: {', '.join(unused)}."
        rows = [(one, *self._shown[one.column]) for one in columns if one.column in self._shown]
        texts = [parts.put(self._what(one)) for one, _, _ in rows]
        # All texts at once: what moves the page is over before a person aims at a button.
        for (_, _, shown), text in zip(rows, texts, strict=True):
            shown.value = text
        self._unused.value = tag("p", tag("small", sentence)) if unused else ""
        self._twin.show(python_snippets.mapped(self._session))
        self._changed()
        # Last, so that a page without this mark has all of its texts.
        for one, made, _ in rows:
            (made.add_class if one.missing else made.remove_class)("callconv-missing")

    def _what(self, one: MappedColumn) -> list[Child]:
        if one.missing:
            return [tag("b", "Required, but no column is mapped to it.")]
        words: list[Child] = []
        if one.sources:
            filled = f", {one.fill:.0%} filled" if one.fill is not None else ""
            words.append(f"{' + '.join(map(visible, one.sources))}{filled}. ")
        elif one.constant:
            words.append(f"{visible(one.constant)} in every row. ")
        elif one.looked_up:
            words.append("Looked up in the job's file. ")
        elif one.derived:
            words.append(f"{visible(one.derived)}. ")
        if one.default:
            words.append(f"Where empty: {visible(one.default)}. ")
        for before, after in one.pairs if one.sources else ():
            words += [self._cell(one.column, before)]
            if after is not None:
                words += [" → ", self._cell(one.column, after)]
            words.append("  ")
        return [tag("small", words)]

    def _cell(self, column: str, text: str) -> Child:
        shown = mapped.masked(column, text, show=self._session.show_phones)
        return tag("code", tag("bdi", visible(shown, 40))) if text else tag("i", "empty")

    def check(self) -> None:
        """Refuse to go on while a field is wrong.

        Raises:
            UsageError: names the fields.
        """
        if self._wrong:
            raise UsageError(
                "fields_wrong",
                f"The job is not saved: {many(len(self._wrong), 'field')} "
                f"{'is' if len(self._wrong) == 1 else 'are'} wrong",
                ", ".join(dict.fromkeys(self._wrong.values())),
                "",
                "Correct each field that is marked, or empty it.",
            )

    def _saved(self) -> None:
        self.check()
        path = self._session.save()
        points = self._session.open_points()
        still_open = f" Still open: {', '.join(points)}." if points else ""
        self.notice.say("The job is saved as ", tag("code", visible(str(path))), ".", still_open)
        self._twin.show(python_snippets.mapped(self._session))
