"""The words with which the report, the notebook's card and the terminal describe a run.

All of them read the dict of summary.json, so that they can't differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeAlias

from callconv_kit.model.codes import CODES, RULES, SHOWN_FIRST, Code, Severity
from callconv_kit.writing.reasons import joined

Summary: TypeAlias = Mapping[str, Any]
Entry: TypeAlias = Mapping[str, Any]

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}

LONGEST_SPAN = 1000
"""Days; a longer span is drawn without the days that have no calls."""

FILES_NAMED = 3


def many(number: int, noun: str = "row") -> str:
    """A count with its noun: `1 row`, `4,035 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(part: int, whole: int) -> str:
    """A share with one decimal; what is neither none nor all never reads as 0 % or 100 %.

    >>> percent(1, 100_000), percent(99_999, 100_000), percent(1, 2)
    ('<0.1 %', '>99.9 %', '50 %')
    """
    if not whole:
        return "–"
    if 0 < part < whole / 1000:
        return "<0.1 %"
    if whole * 999 / 1000 < part < whole:
        return ">99.9 %"
    share = f"{part / whole:.1%}".replace(".0%", "%")
    return share.replace("%", " %")


def title(summary: Summary) -> str:
    """The names of the inputs, the first few of many."""
    names = [entry["file"] for entry in summary["inputs"]]
    if len(names) > FILES_NAMED:
        names = [*names[: FILES_NAMED - 1], f"{len(names) - FILES_NAMED + 1} more files"]
    return joined(names) if names else "No input"


def headline(summary: Summary) -> str:
    """What came of it, in one sentence."""
    read, ready = summary["rows_read"], summary["rows_ready"]
    rejected, left_out = summary["rows_rejected"], summary["rows_left_out"]
    if summary["problem"]:
        return f"Nothing will be sent: {summary['problem']['problem']}."
    if not read:
        return "The input holds a header but not one row: there is nothing to send."
    if ready == read:
        return "The one row is ready to go." if read == 1 else f"All {read:,} rows are ready to go."
    verb = "is" if ready == 1 else "are"
    others = [
        f"{count:,} {'was' if count == 1 else 'were'} {fate}"
        for count, fate in ((rejected, "rejected"), (left_out, "left out"))
        if count
    ]
    of = f"{ready:,} of {many(read)}" if ready else f"None of {many(read)}"
    return f"{of} {verb} ready to go{'; ' + joined(others) if others else ''}."


def notices(summary: Summary) -> list[str]:
    """Warnings that may concern every row, in full: they are said before anything else."""
    return [
        f"Warning: {many(entry['rows'])}: {code_of(entry).problem}. What helps: {remedy_of(entry)}."
        for entry in of_severity(summary, Severity.WARNING)
        if entry["code"] in SHOWN_FIRST
    ]


class Commands(NamedTuple):
    """Whole commands that may come after a run: the same with corrected rows, and the upload."""

    again: str
    upload: str


def advice(
    summary: Summary,
    *,
    dry_run: bool = False,
    commands: Commands | None = None,
    workbench: bool = False,
) -> list[str]:
    """What a person can do now, in one or two sentences, the most useful first.

    dry_run: no file was written.
    commands: where the run was a command.
    workbench: where it was a step of the workbench.
    """
    lines = [summary["problem"]["next_step"]] if summary["problem"] else []
    worst = of_severity(summary, Severity.ERROR)[:1]
    for entry in worst:
        remedy = remedy_of(entry)
        most = f"Most often ({many(entry['rows'])})" if entry["rows"] > 1 else "1 row"
        lines.append(
            f"{most}: {subject(entry)}{code_of(entry).problem}." + (f" {remedy}." if remedy else "")
        )
    if dry_run and not summary["problem"]:
        lines.append("This was a dry run. Run it without --dry-run to write the files.")
    elif workbench and (summary["rows_rejected"] or summary["rows_ready"]):
        lines.append(
            "Correct rejected rows in Review, and prepare again."
            if summary["rows_rejected"]
            else "Go on with Check and Deliver."
        )
    elif summary["rows_rejected"] and not summary["problem"]:
        lines.append(
            "Or correct the cells in a copy of rejected.csv, and prepare again with --fixes COPY."
            if commands is None
            else "Or copy rejected.csv to corrected.csv in the same folder, correct its cells, and "
            f"run: {commands.again}"
        )
    elif not lines and summary["rows_ready"]:
        lines.append(
            "Upload ready.csv with `callconv upload`."
            if commands is None
            else f"Upload it: {commands.upload}"
        )
    return lines


def of_severity(summary: Summary, severity: Severity) -> list[Entry]:
    """The findings of a severity, the most frequent first."""
    return [entry for entry in summary["findings"] if entry["severity"] == severity.value]


def code_of(entry: Entry) -> Code:
    """The texts of a finding; its bare name where the code is not in our table."""
    name = entry["code"]
    code = CODES.get(name) or Code(name, Severity(entry["severity"]), name.replace("_", " "))
    kinds = [f"{kind} {rows:,}" for kind, rows in entry.get("by_value", {}).items()]
    return replace(code, problem=f"{code.problem} ({', '.join(kinds)})") if kinds else code


def remedy_of(entry: Entry) -> str:
    """What to do about a finding; empty where there is nothing to do."""
    return code_of(entry).remedy_for(entry["column"])


def rule_of(entry: Entry) -> str:
    """What a rule of change did."""
    name = str(entry["rule"])
    return RULES.get(name) or name.replace("_", " ")


def subject(entry: Entry) -> str:
    """The column that a finding is about, as the beginning of a sentence."""
    return f"{entry['column']}: " if entry["column"] else ""


def alike(entry: Entry, *keys: str) -> list[tuple[tuple[str, ...], list[Entry]]]:
    """The examples of a finding or change, those with the same texts under these keys together."""
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for example in entry["examples"]:
        texts = tuple(example.get(key) or "" for key in keys)
        groups.setdefault(texts, []).append(example)
    return list(groups.items())


def where(examples: Sequence[Entry], *, several: bool) -> str:
    """The places of examples: `lines 3, 8`; with their files where there are several."""
    if not several:
        lines = ", ".join(str(example["source_line"]) for example in examples)
        return f"line {lines}" if len(examples) == 1 else f"lines {lines}"
    return ", ".join(
        f"{example['source_file']} line {example['source_line']}" for example in examples
    )


def several_files(summary: Summary) -> bool:
    """Whether a line number alone does not name a place."""
    files = {entry["file"] for entry in summary["inputs"]}
    for entry in (*summary["findings"], *summary["changes"]):
        files.update(example["source_file"] for example in entry["examples"])
    return len(files) > 1


def every_day(by_day: Sequence[Entry]) -> list[tuple[str, int]]:
    """Calls of each day from the first to the last, those without calls too."""
    counts = {entry["day"]: entry["calls"] for entry in by_day}
    if not counts:
        return []
    first, last = (date.fromisoformat(day) for day in (min(counts), max(counts)))
    span = (last - first).days + 1
    if span > LONGEST_SPAN:
        return sorted(counts.items())
    days = [(first + timedelta(days=at)).isoformat() for at in range(span)]
    return [(day, counts.get(day, 0)) for day in days]


def status_label(status: str) -> str:
    """A call status; the empty one with what the server makes of it."""
    return status or "(empty: taken for ANSWER)"


def duration_label(start: int, below: int | None) -> str:
    """A range of seconds, as text.

    >>> duration_label(0, 1), duration_label(3600, None)
    ('0 s', '1 h and more')
    """
    if below is None:
        return f"{start // 3600} h and more" if start >= 3600 else f"{start} s and more"
    if below - start == 1:
        return f"{start} s"
    if below > 60:
        return f"{start // 60}–{below // 60} min"
    return f"{start}–{below - 1} s"


def clock(seconds: int) -> str:
    """Seconds as hours, minutes and seconds: `1:02:03`."""
    return f"{seconds // 3600:,}:{seconds // 60 % 60:02}:{seconds % 60:02}"
