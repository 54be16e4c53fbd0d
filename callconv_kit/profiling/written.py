"""A drafted job as the text of a callconv.toml, each line with its reason."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from callconv_kit.job import reference
from callconv_kit.model import spec
from callconv_kit.profiling.columns import shown_name
from callconv_kit.profiling.ids import IDS
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.proposal import CODES, FILLED, REASONS, Direction, Proposal
from callconv_kit.profiling.questions import Question

COMMENT_AT = 34
WIDTH = 100
"""Characters of a line."""
LONGEST_LIST = 12
"""Columns that are named in a comment."""

SETTINGS = ("timezone", "date_order", "default_country", "session_id_from", "talk_time", "outbound")
LAYOUT = ("encoding", "delimiter", "sheet", "header_line", "skip_lines")
BLANK = {"call_id": "session_id_from"}
"""Questions whose setting has another name."""

NAMED_OR_FIXED = (
    "Write the name of the column; or delete this line and, for one value in all rows, write "
    '{column} = "…" under [constants]'
)
IN_THE_FILE = {
    "talk_time": "Write call_if_answered; or delete this line and name the column under [columns]: "
    'TalkDuration = "…"',
    "talk_column": "Write the name of the column; or delete this line and write "
    'talk_time = "call_if_answered" below max_rejected_share',
    "status": "Write ANSWER only if every row is an answered call; or delete this line and name "
    'the column under [columns]: CallStatus = "…"',
    "call_id": 'Write the names of the columns, such as ["Date", "Time"]; or delete this line and '
    'name the column that holds an ID under [columns]: CallSessionId = "…"',
}
"""How a question is answered on its line of the file, where other words than at a prompt are."""

SHARE_WHY = "if a larger share of the rows is rejected, there is no ready.csv"

AFTERWARDS = """
# For `callconv run`, every night; see the README, "Deliver":
# input = "inbox/*.csv"           # above the first [table]
# [connection]
# protocol = "ftps"
# host = "import.impact.com"
# directory = "name"
# user = "…"
# password_from = "env:CALLCONV_PASSWORD"
"""


def text_of(
    inspection: Inspection,
    settings: Mapping[str, Any],
    blanks: Sequence[str],
    raised: Mapping[str, Question],
    *,
    share_why: str = SHARE_WHY,
) -> str:
    """The file.

    Args:
        inspection: of the export.
        settings: the keys of the job that are settled.
        blanks: ids of the questions that are open; each gets a line marked TODO.
        raised: the questions that the export raises, with the evidence for each.
        share_why: the comment beside `max_rejected_share`.
    """
    writing = _Writing(inspection, settings, blanks, raised, share_why)
    return "\n".join(writing.lines()) + "\n" + AFTERWARDS


class _Writing:
    def __init__(
        self,
        inspection: Inspection,
        settings: Mapping[str, Any],
        blanks: Sequence[str],
        raised: Mapping[str, Question],
        share_why: str,
    ) -> None:
        self._seen, self._settings, self._blanks = inspection, settings, blanks
        self._raised, self._share_why = raised, share_why

    def lines(self) -> Iterator[str]:
        """All lines, but those at the end that are the same in every job."""
        file = one_line(self._seen.file)
        yield reference.schema_line()
        yield f"# How {file} becomes call conversions; written by `callconv init`."
        yield "# `callconv settings` lists every setting and what it may say."
        if self._blanks:
            yield "# Fill in the values that are blank: they are marked TODO."
        yield ""
        yield from self._top()
        yield from self._constants()
        yield from self._columns()
        for table in ("units",):
            if self._settings.get(table):
                yield from ("", f"[{table}]")
                yield from (line(name, unit) for name, unit in self._settings[table].items())
        yield from self._values()
        yield from self._rules("status", "Where these hold of a row, its status is `then`.")
        yield from self._leave_out()
        if "lookup" in self._settings:
            yield from (
                "",
                "# Its columns: the key, and what it gives, such as MediaId.",
                "[lookup]",
            )
            yield from (line(name, value) for name, value in self._settings["lookup"].items())
        yield from self._perhaps()

    def _top(self) -> Iterator[str]:
        settings = self._settings
        if "preset" in settings:
            yield line("preset", settings["preset"], self._fit())
        for key in LAYOUT:
            if settings.get(key):
                why = "the line under the header holds types" if key == "skip_lines" else ""
                yield line(key, settings[key], why)
        open_keys = {BLANK.get(key, key) for key in self._blanks}
        for key in SETTINGS:
            if key in settings:
                yield line(key, settings[key], self._because(key))
            elif key in open_keys and not (key == "talk_time" and self._asks_for_talk_column()):
                asked = next(k for k in self._blanks if BLANK.get(k, k) == key)
                empty: Any = [] if key == "session_id_from" else ""
                yield line(key, empty, self._todo(asked))
        if "export_suite" in settings:
            why = "what the export looks like: prepare warns when it changes"
            yield line("export_suite", settings["export_suite"], why)
        yield line("max_rejected_share", settings["max_rejected_share"], self._share_why)

    def _fit(self) -> str:
        fit = self._seen.fits[0] if self._seen.fits else None
        return f"{fit.known} of {fit.columns} columns are {fit.title}'s" if fit else ""

    def _because(self, key: str) -> str:
        """The reason for a setting: the evidence, where the proposal was taken."""
        if key == "talk_time" and self._settings[key] == "column_if_answered":
            return "the talk time of the export counts only where the status is ANSWER"
        asked = self._raised.get({"session_id_from": "call_id"}.get(key, key))
        if asked is None:
            return ""
        value = self._settings[key]
        answer = value if isinstance(value, str) else ", ".join(value)
        if asked.because and answer == asked.proposal:
            return asked.because
        return f"for cells such as {', '.join(asked.samples[:2])}" if asked.samples else ""

    def _todo(self, key: str) -> str:
        asked = self._raised.get("talk_time" if key == "talk_column" else key)
        if asked is None:
            return "TODO"
        hint = f" Write {asked.hint}." if asked.hint else ""
        if key in IN_THE_FILE:
            hint = f" {IN_THE_FILE[key]}."
        elif key.startswith("map."):
            hint = f" {NAMED_OR_FIXED.format(column=key.removeprefix('map.'))}."
        proposal: Any = asked.proposal
        if key == "call_id" and proposal:
            proposal = [name.strip() for name in proposal.split(",")]
        perhaps = f" Perhaps {toml(proposal)}: {asked.because}." if proposal else ""
        if key in IDS:
            return (
                f"TODO the {IDS[key].called}: {asked.where}; or delete this line and name a column "
                f"under [columns], or a [lookup].{perhaps}"
            )
        return f"TODO {asked.text}{hint}{perhaps}"

    def _constants(self) -> Iterator[str]:
        given = self._settings.get("constants", {})
        lacking = {known_id.column: key for key, known_id in IDS.items() if key in self._blanks}
        if "status" in self._blanks:
            lacking["CallStatus"] = "status"
        if not given and not lacking:
            return
        yield from ("", "[constants]")
        yield from (line(name, value, _meaning(name)) for name, value in given.items())
        yield from (line(name, "", self._todo(key)) for name, key in lacking.items())

    def _columns(self) -> Iterator[str]:
        given = self._settings.get("columns", {})
        lacking = [key.removeprefix("map.") for key in self._blanks if key.startswith("map.")]
        if self._asks_for_talk_column():
            lacking.append("TalkDuration")
        if not given and not lacking:
            return
        yield from ("", "[columns]")
        for name in (*spec.NAMES,):
            if name in given:
                yield line(name, given[name], self._evidence(name, given[name]))
            elif name in lacking:
                key = f"map.{name}" if f"map.{name}" in self._blanks else "talk_column"
                yield line(name, "", self._todo(key))

    def _asks_for_talk_column(self) -> bool:
        """Whether the open question is which column is the talk time, and not whether one is."""
        talk = self._seen.proposals.mapping["TalkDuration"]
        return "talk_time" in self._blanks and bool(talk.sources)

    def _evidence(self, name: str, source: Any) -> str:
        asked = self._raised.get("talk_time")
        if name == "TalkDuration" and asked is not None and asked.proposal == source:
            return f"{asked.confidence}: {asked.because}"
        each: Proposal | None = self._seen.proposals.mapping.get(name)
        if each is None or each.source != source:
            return ""
        return f"{each.confidence}: {each.because}"

    def _values(self) -> Iterator[str]:
        given = self._settings.get("values", {}).get("CallStatus", {})
        words = {word.word: word for word in self._seen.proposals.statuses.words}
        lacking = [key.removeprefix("status.") for key in self._blanks if key.startswith("status.")]
        if not given and not lacking:
            return
        yield from ("", "[values.CallStatus]")
        for name, value in given.items():
            found = words.get(name)
            why = f"{found.rows:,} calls; {found.because}" if found else ""
            yield line(toml_key(name), value, why)
        for name in lacking:
            found = words.get(name)
            count = f"{found.rows:,} calls, rejected until their status is known" if found else ""
            yield line(f"# {toml_key(name)}", "", f"TODO {count}")

    def _rules(self, table: str, comment: str) -> Iterator[str]:
        rules = self._settings.get(table, ())
        reasons = {
            json.dumps(dict(rule.when), default=str): rule.because
            for rule in self._seen.proposals.statuses.rules
        }
        for at, rule in enumerate(rules):
            yield from ("", f"# {comment}") if not at else ("",)
            yield f"[[{table}]]"
            why = reasons.get(json.dumps(dict(rule.get("when", {})), default=str), "")
            for number, (name, value) in enumerate(rule.items()):
                yield line(name, value, why if not number else "")

    def _leave_out(self) -> Iterator[str]:
        rules = self._settings.get("leave_out", ())
        if rules:
            yield from ("", "# Rows that are not calls to you.")
        for rule in rules:
            yield "[[leave_out]]"
            yield from (line(name, value) for name, value in rule.items())
        if "direction" in self._blanks:
            for found in self._seen.proposals.direction:
                if found.asked:
                    yield ""
                    yield from _open_rule(found)

    def _perhaps(self) -> Iterator[str]:
        taken = self._settings.get("columns", {})
        sources = {name for source in taken.values() for name in _names(source)}
        ruled = {rule.get("source_column") for rule in self._settings.get("leave_out", ())}
        ruled |= {name for rule in self._settings.get("status", ()) for name in rule["when"]}
        likely = [
            each for each in self._seen.proposed
            if each.column not in taken and each.column not in self._settings.get("constants", {})
        ]  # fmt: skip
        if likely:
            yield from ("", "# Perhaps; move what is right under [columns]:")
            for each in likely:
                yield line(f"# {each.column}", each.source, each.because)
        unused = [name for name in self._seen.unused if name not in sources and name not in ruled]
        if unused:
            more = f" and {len(unused) - LONGEST_LIST} more" if len(unused) > LONGEST_LIST else ""
            listed = ", ".join(one_line(name) for name in unused[:LONGEST_LIST])
            text = f"Not sent, because nothing uses them: {listed}{more}."
            yield ""
            yield from (f"# {part}" for part in textwrap.wrap(text, WIDTH - 2))


def _open_rule(found: Direction) -> Iterator[str]:
    """A `[[leave_out]]` rule to fill in: its blank is an error, so that no run goes past it.

    What is asked for is what the rule takes: the values of calls, by which every other row is left
    out, or where calls have too many different ones, the values of the rows that are left out.
    """
    name = shown_name(found.column, 40)
    values = {each.value for each in found.values}
    calls = [value for value in found.calls if value]
    others = [each.value for each in found.left_out]
    key: str = "not_in"
    blank: Any = []
    likely: Any = calls
    ask = (
        f"Which values of {name!r} are calls to you? List all of them: rows with another value "
        "are left out. Rows without a value are sent."
    )
    if values <= {"", FILLED}:
        key, blank, likely = "empty", "", "" in others
        ask = (
            f"Are the rows where {name!r} is empty calls to you, or the others? Write true to "
            "leave out the rows where it is empty, false to leave out the others."
        )
    elif FILLED in values or not calls:
        key, likely = "in", others
        ask = (
            f"Which values of {name!r} are not calls to you? List them: rows with a value of this "
            "list are left out."
        )
    ask += " To send every row, delete this table."
    if others:
        ask += f" Perhaps {key} = {toml(likely)}: {found.because}."
    codes = {(CODES[each.means], REASONS[each.means]) for each in found.left_out}
    code, reason = codes.pop() if len(codes) == 1 else ("not_a_call", "not a call to us")
    yield from (f"# {part}" for part in textwrap.wrap(one_line(ask), WIDTH - 2))
    yield "[[leave_out]]"
    yield line("source_column", found.column)
    yield line(key, blank, "TODO")
    yield line("code", code)
    yield line("reason", reason)


def _meaning(column: str) -> str:
    return next(
        (f"the {known_id.called}" for known_id in IDS.values() if known_id.column == column), ""
    )


def _names(source: Any) -> Iterable[str]:
    if isinstance(source, Mapping):
        source = next(iter(source.values()))
    return (source,) if isinstance(source, str) else source


def line(key: str, value: Any, comment: str = "") -> str:
    """A key with its value; a comment that is too long for the rest of the line goes above."""
    text = f"{key} = {toml(value)}"
    comment = one_line(comment)
    if not comment:
        return text
    whole = f"{text:{COMMENT_AT - 1}} # {comment}"
    if len(whole) <= WIDTH:
        return whole
    mark = "# TODO" if comment.startswith("TODO") else ""
    above = textwrap.wrap(comment.removeprefix("TODO "), WIDTH - 2, break_on_hyphens=False)
    return "\n".join([*(f"# {part}" for part in above), f"{text:{COMMENT_AT - 1}} {mark}".rstrip()])


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(key)} = {toml(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    # JSON's strings are TOML's, but for the one control character that JSON does not escape.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(key: str) -> str:
    """A key as TOML writes it: in quotes unless it is a plain word."""
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else toml(key)


def one_line(text: str) -> str:
    """A text that can be in a comment: nothing in it ends the line or is obeyed."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
