"""A drafted job as the text of a callconv.toml, each line with why it says what it says."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.questions import IDS, Question

COMMENT_AT = 34
WIDTH = 100
"""Characters of a line."""
LONGEST_LIST = 12
"""Columns that are named in a comment."""

ASKED = ("timezone", "date_order", "called_number", "session_id_from", "talk_time")
LAYOUT = ("encoding", "delimiter", "sheet", "header_line")

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
    points: Sequence[Question],
    blanks: Sequence[Question],
    *,
    by_person: bool,
) -> str:
    """The file.

    Args:
        inspection: of the export.
        settings: the keys of the job that are settled.
        points: what was open, with the evidence for each.
        by_person: whether somebody was asked.
        blanks: what is open still; each gets a line marked TODO, in which only the value lacks.
    """
    why = {point.key: point for point in points}
    lacking = {blank.key: blank for blank in blanks}
    lines = [
        f"# How {_one_line(inspection.file)} becomes call conversions; written by `callconv init`.",
        "# Every setting, and what it may say: the README, and `callconv prepare --help`.",
    ]
    if blanks:
        lines += ["# Fill in the values that are blank: they are marked TODO."]
    lines += [""]
    if "preset" in settings:
        lines.append(_line("preset", settings["preset"], _fit(inspection)))
    lines += [_line(key, settings[key]) for key in LAYOUT if settings.get(key)]
    for key in ASKED:
        if key in lacking:
            empty: Any = [] if key == "session_id_from" else ""
            lines.append(_line(key, empty, _todo(lacking[key])))
        elif key in settings:
            lines.append(
                _line(key, settings[key], _because(settings[key], why.get(key), by_person))
            )
    share = "with a larger share of rejected rows there is no ready.csv"
    lines.append(_line("max_rejected_share", settings["max_rejected_share"], share))
    constants = [name for name in lacking if name in IDS or name == "CallProvider"]
    columns = [name for name in lacking if name not in (*constants, *ASKED)]
    for table, open_columns in (("constants", constants), ("columns", columns)):
        given = settings.get(table, {})
        if given or open_columns:
            lines += ["", f"[{table}]"]
            lines += [_line(name, value, _meaning(name)) for name, value in given.items()]
            lines += [_line(name, "", _todo(lacking[name])) for name in open_columns]
    if "lookup" in settings:
        lines += ["", "# Its columns: the key, and what it gives, such as MediaId.", "[lookup]"]
        lines += [_line(name, value) for name, value in settings["lookup"].items()]
    lines += _perhaps(inspection, settings)
    return "\n".join(lines) + "\n" + AFTERWARDS


def _fit(inspection: Inspection) -> str:
    fit = inspection.fits[0] if inspection.fits else None
    return f"{fit.known} of {fit.columns} columns are {fit.title}'s" if fit else ""


def _todo(blank: Question) -> str:
    perhaps = f'; perhaps "{blank.proposal}"' if blank.proposal else ""
    if blank.key in IDS:
        called, where, _ = IDS[blank.key]
        other = "; or delete this line and name a column under [columns], or a [lookup]"
        if blank.proposal:
            other = f'; or delete this line: [columns] {blank.key} = "{blank.proposal}"'
        return f"TODO the {called}: {where}{other}"
    return f"TODO {blank.text} {blank.hint}{perhaps}"


def _because(value: Any, point: Question | None, by_person: bool) -> str:
    """Why a setting says what it says: the evidence, where it is what the evidence proposed."""
    if point is None:
        return ""
    answer = value if isinstance(value, str) else ", ".join(value)
    if point.because and answer == point.proposal:
        return point.because if by_person else f"proposed, look at it: {point.because}"
    return f"for cells such as {', '.join(point.samples[:2])}" if point.samples else ""


def _meaning(column: str) -> str:
    return f"the {IDS[column][0]}" if column in IDS else ""


def _perhaps(inspection: Inspection, settings: Mapping[str, Any]) -> Iterator[str]:
    taken = settings.get("columns", {})
    likely = [each for each in inspection.likely if each.column not in taken]
    if likely:
        yield ""
        yield "# Perhaps, by their names and cells; take what is right over under [columns]:"
        for each in likely:
            yield f"# {each.column} = {_toml(each.source)}".ljust(COMMENT_AT) + f"# {each.because}"
    sources = {name for source in taken.values() for name in _names(source)}
    unused = [name for name in inspection.unused if name not in sources]
    if unused:
        more = f" and {len(unused) - LONGEST_LIST} more" if len(unused) > LONGEST_LIST else ""
        listed = ", ".join(_one_line(name) for name in unused[:LONGEST_LIST])
        yield ""
        yield f"# Not sent, as nothing uses them: {listed}{more}."


def _names(source: Any) -> Iterable[str]:
    if isinstance(source, Mapping):
        source = next(iter(source.values()))
    return (source,) if isinstance(source, str) else source


def _line(key: str, value: Any, comment: str = "") -> str:
    """A key with its value; a comment that is too long for the rest of the line stands above."""
    text = f"{key} = {_toml(value)}"
    comment = _one_line(comment)
    if not comment:
        return text
    whole = f"{text:{COMMENT_AT - 1}} # {comment}"
    if len(whole) <= WIDTH:
        return whole
    mark = "# TODO" if comment.startswith("TODO ") else ""
    above = textwrap.wrap(comment.removeprefix("TODO "), WIDTH - 2, break_on_hyphens=False)
    return "\n".join([*(f"# {part}" for part in above), f"{text:{COMMENT_AT - 1}} {mark}".rstrip()])


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {_toml(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's strings are TOML's, but for the one control character that JSON does not escape.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    """A text that can stand in a comment: nothing in it ends the line or is obeyed."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
