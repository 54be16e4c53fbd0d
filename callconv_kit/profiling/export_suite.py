"""The export's own Great Expectations suite: what a vendor's file looks like when its job is made.

`init` writes it beside the job as callconv.export.json. In plain Great Expectations, without this
package, it fails with the column's name on the night on which the vendor changes the file; and
`prepare` warns of the same differences (`mapping.drift`).

Every expectation comes from the cells of the export at hand: its columns, how full they are, the
words of a status or a direction, the forms of times, phones and durations, the lengths of ids.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.job import Job
from callconv_kit.job.tables import Condition
from callconv_kit.mapping import drift
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping.export import Export
from callconv_kit.mapping.plan import CHILD, Plan
from callconv_kit.mapping.rules import status_column
from callconv_kit.model import spec, texts
from callconv_kit.reading import Input, Table
from callconv_kit.run.resolving import open_inputs, resolve

Expectation: TypeAlias = dict[str, Any]

SUFFIX = ".export.json"
_NOT_READ = ("export_suite", "lookup", "session_id_from")
"""Settings that name other files than the export."""
ROWS = 100_000
"""Rows whose forms are looked at; words and fill are counted in all."""
DISTINCT = 10_000
WORDS = 40
"""A column with more different texts holds no vocabulary."""
FORMS = 8
"""A column with more forms of text has none that is worth an expectation."""

_PLAIN_WORDS = re.compile(r"(?:\(\?i\))?[\w .'/-]+(?:\|[\w .'/-]+)*")
_TOKEN = re.compile(r"\d+|[^\W\d_]+|\s+|.", re.DOTALL)
_FORMED = (spec.Kind.MOMENT, spec.Kind.DURATION, spec.Kind.PHONE)


def path_beside(job: Path) -> Path:
    """Where the suite of a job's export lies: callconv.toml has callconv.export.json."""
    return job.with_name(job.stem + SUFFIX)


def text_of(source: Input, settings: Mapping[str, Any]) -> str:
    """The text of the file; the same for the same export.

    Args:
        source: the export; of an archive its first file.
        settings: of its job, as keywords of a Job, as far as it goes: what is still open is not
            expected of the export. Paths are relative to the working folder.

    Raises:
        InputError: the export cannot be read.
        UsageError: a setting is wrong.
    """
    return json.dumps(suite_of(source, settings), indent=2, sort_keys=True) + "\n"


def suite_of(source: Input, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The suite as data, as `great_expectations.ExpectationSuite(**data)` takes it.

    Args and raises: see `text_of`.
    """
    # No key of session ids is made for a look, and what the look-up file lacks is no matter of it.
    job = Job.from_keywords(**{key: each for key, each in settings.items() if key not in _NOT_READ})
    resolved = resolve(job)
    full, export = resolved.job, resolved.export
    table = open_inputs(resolved, [source])[0]
    plan = _plan(table, full, export)
    goes_to = {
        plan.header[at]: column for column, feed in plan.feeds.items() for at in feed.positions
    }
    asked = {
        plan.header[at]
        for name in (*_asked(full, export), *_keys(settings))
        if (at := plan.position(name)) is not None and at < len(table.header)
    }
    used = [name for name in table.header if name in goes_to or name in asked]
    seen = _gathered(table, used, goes_to, _vocabularies(full, export, plan))
    rules = list(_of_table(table))
    for column in seen:
        rules += _of_column(column, goes_to.get(column.name))
    return {
        "name": "callconv_export",
        "meta": {
            "callconv_export": drift.VERSION,
            "read_with": _reading(table),
            "rows": max((column.rows for column in seen), default=0),
        },
        "notes": f"What {table.name} looks like: columns, fill, words and forms of its cells. "
        "Written by `callconv init`; run it again after a change of the export that is meant.",
        "expectations": rules,
    }


def _plan(table: Table, job: Job, export: Export) -> Plan:
    """The plan of an input; a required column without a source is not an error here."""
    anything = {column: spec.BY_NAME[column].example for column in spec.REQUIRED}
    lenient = job.model_copy(update={"defaults": {**anything, **job.defaults}})
    return planning.make(table.name, table.header, lenient, export=export)


def _asked(job: Job, export: Export) -> Iterator[str]:
    """Source columns that decide something, though they may be mapped to no column."""
    for rule in job.leave_out:
        yield from ([rule.source_column] if rule.source_column else [])
        yield from rule.when
    for status in job.status:
        yield from (name for name in status.when if not name.startswith(CHILD))
    conditions = [rule.when for rule in export.otherwise] + [rule.when for rule in export.no_talk]
    for when in conditions:
        yield from (name for name in when if not name.startswith(CHILD))
    if job.legs is not None:
        yield from (job.legs.key, job.legs.parent)


def _keys(settings: Mapping[str, Any]) -> Iterator[str]:
    """Source columns that make a call's id, or find it in the look-up file."""
    ids = settings.get("session_id_from") or ()
    yield from (ids,) if isinstance(ids, str) else ids
    yield from filter(None, [(settings.get("lookup") or {}).get("on_source")])


def _vocabularies(job: Job, export: Export, plan: Plan) -> dict[str, set[str]]:
    """Columns whose words decide something, by their names in the header, with the known words."""
    known: dict[str, set[str]] = {}

    def add(name: str, words: Iterable[str]) -> None:
        at = plan.position(name)
        if at is not None and not plan.header[at].startswith(CHILD):
            known.setdefault(plan.header[at], set()).update(words)

    for when in _conditions(job):
        for name, condition in when.items():
            words = _words_of(condition)
            if words:
                add(name, words)
    derived = status_column(job, plan, export)
    for column, values in job.values.items():
        feed = plan.feeds.get(column)
        named = [plan.header[at] for at in feed.positions] if feed else []
        if column == "CallStatus" and derived is not None:
            named = [derived.name]
        for name in named:
            add(name, values)
    feed = plan.feeds.get("CallStatus")
    for at in feed.positions if feed else ():
        add(plan.header[at], ())
    others = {
        plan.header[at]
        for column, feed in plan.feeds.items()
        if column != "CallStatus" and column not in job.values
        for at in feed.positions
    }
    return {name: words for name, words in known.items() if name not in others}


def _conditions(job: Job) -> Iterator[Mapping[str, Condition]]:
    """The conditions on source columns, of each rule."""
    for rule in job.leave_out:
        yield {rule.source_column: rule, **rule.when} if rule.source_column else rule.when
    for status in job.status:
        yield status.when


def _words_of(condition: Condition) -> set[str]:
    """The words that a condition distinguishes; none for one that looks for a pattern."""
    words = {*(condition.in_ or ()), *(condition.not_in or ())}
    if condition.equals is not None:
        words.add(condition.equals)
    if condition.matches is not None:
        if not _PLAIN_WORDS.fullmatch(condition.matches):
            return set()
        words |= set(condition.matches.removeprefix("(?i)").split("|"))
    return words


@dataclass(slots=True)
class _Column:
    """What a column holds: counts over all rows, and different texts of the first ones.

    words: all different texts, as long as they are few; None of a column without a vocabulary.
    """

    name: str
    rows: int = 0
    filled: int = 0
    texts: Counter[str] = field(default_factory=Counter)
    words: set[str] | None = None

    @property
    def fill(self) -> float:
        """The share of filled cells."""
        return self.filled / self.rows if self.rows else 0.0

    def mostly(self, share: float) -> float:
        """A share that an expectation can ask for: lower, the fewer rows have shown it."""
        doubt = max(0.05, 1.5 / math.sqrt(max(self.rows, 1)))
        return max(0.0, round((share - doubt) * 20) / 20)


def _gathered(
    table: Table,
    used: Sequence[str],
    goes_to: Mapping[str, str],
    vocabularies: Mapping[str, set[str]],
) -> list[_Column]:
    """What the used columns hold, in all rows."""
    places = {name: table.header.index(name) for name in used}
    seen = [
        _Column(name, words=set(vocabularies[name]) if name in vocabularies else None)
        for name in used
    ]
    for batch in table.batches():
        for column in seen:
            cells = pc.utf8_trim(batch.cells[places[column.name]], characters=texts.EDGES)
            filled = cells.filter(texts.mask(texts.present(cells)))
            begun = column.rows
            column.rows += len(cells)
            column.filled += len(filled)
            if column.words is not None and len(column.words) <= WORDS:
                column.words |= set(pc.unique(filled).to_pylist())
            if column.name in goes_to and begun < ROWS:
                _count(filled, column.texts)
    for column in seen:
        if column.words and not table.account.delimiter and {"true", "false"} & column.words:
            column.words |= {"True", "False"}  # as pandas writes the booleans of JSON and Parquet
    return seen


def _count(cells: pa.StringArray, into: Counter[str]) -> None:
    for item in pc.value_counts(cells.slice(0, ROWS)).to_pylist():
        if len(into) >= DISTINCT:
            break
        into[item["values"]] += item["counts"]


def _of_table(table: Table) -> Iterator[Expectation]:
    yield _expect(
        drift.COLUMNS,
        "The columns are those that the export had; a new or lost one changes what it says.",
        "warning",
        column_set=list(table.header),
        exact_match=True,
    )
    yield _expect(
        "expect_table_row_count_to_be_between", "There is at least one row.", "warning", min_value=1
    )


def _of_column(column: _Column, goes_to: str | None) -> Iterator[Expectation]:
    """The expectations of a column that the job uses; `goes_to` is its spec column."""
    of = {"column": column.name}
    use = f"it is mapped to {goes_to}" if goes_to else "a rule of the job asks it"
    yield _expect("expect_column_to_exist", f"{column.name} is there: {use}.", "critical", **of)
    mostly = column.mostly(column.fill)
    if mostly >= 0.5:
        kind = "expect_column_values_to_not_be_null"
        note = f"{column.name} was filled in {column.fill:.0%} of the rows."
        yield _expect(kind, note, "critical", **of, mostly=mostly)
    if column.words and len(column.words) <= WORDS:
        note = f"{column.name} holds no other word: a new one has to be mapped first."
        words = sorted(column.words)
        yield _expect(drift.WORDS, note, "critical", **of, value_set=words)
        return
    if goes_to is None or not column.texts:
        return
    kind_of = spec.BY_NAME[goes_to].kind
    if kind_of in _FORMED and (pattern := _pattern(column.texts, kind_of)):
        note = f"The cells of {column.name} have the form that they had."
        mostly = column.mostly(1.0)
        kind = "expect_column_values_to_match_regex"
        yield _expect(kind, note, "critical", **of, regex=pattern, mostly=mostly)
    if goes_to == "CallSessionId":
        yield from _of_ids(column)


def _of_ids(column: _Column) -> Iterator[Expectation]:
    of = {"column": column.name}
    lengths = [len(text) for text in column.texts]
    different = len(column.texts) / max(sum(column.texts.values()), 1)
    if different > 0.9 and len(column.texts) < DISTINCT:
        kind = "expect_column_proportion_of_unique_values_to_be_between"
        note = f"{column.name} identifies a call: nearly all of its cells are different."
        yield _expect(kind, note, "critical", **of, min_value=column.mostly(different))
    kind = "expect_column_value_lengths_to_be_between"
    low, high = min(lengths), max(lengths)
    slack = 0 if low == high else 2
    note = f"The ids in {column.name} were {low} to {high} characters long."
    limits = {"min_value": max(1, low - slack), "max_value": high + slack}
    yield _expect(kind, note, "warning", **of, **limits, mostly=column.mostly(1.0))


def _pattern(counted: Mapping[str, int], kind: spec.Kind) -> str | None:
    """A regular expression for the forms of these texts; None where they have too many.

    Runs of digits keep their length where all had the same (a year, a clock's minutes), but for
    one digit, which a tenth day makes two. A number alone may have one digit more than any had:
    187 seconds are in range, 187000 milliseconds are not. An epoch keeps its length.
    """
    forms: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for text in counted:
        tokens = _TOKEN.findall(text)
        form = tuple(map(_class_of, tokens))
        held = forms.setdefault(form, [(99, 0)] * len(tokens))
        for at, token in enumerate(tokens):
            held[at] = (min(held[at][0], len(token)), max(held[at][1], len(token)))
        if len(forms) > FORMS:
            return None
    if not any("digits" in form for form in forms):
        return None  # a zone, or the name of a month
    epoch = kind is spec.Kind.MOMENT
    written = (_written(form, lengths, epoch=epoch) for form, lengths in forms.items())
    return "^(?:" + "|".join(sorted(written)) + ")$"


def _class_of(token: str) -> str:
    if token.isdigit():
        return "digits"
    if token.isspace():
        return "spaces"
    return "letters" if token[0].isalpha() else token


_DECIMAL_ZERO = r"(?:\.0+)?"
"""Where a cell is empty, pandas makes 201.0 of a 201 in JSON."""


def _written(form: tuple[str, ...], lengths: list[tuple[int, int]], *, epoch: bool) -> str:
    if form == ("digits",):
        low, high = lengths[0]
        return f"[0-9]{{{low if epoch else 1},{high if epoch else high + 1}}}{_DECIMAL_ZERO}"
    parts = []
    for word, (low, high) in zip(form, lengths, strict=True):
        if word == "digits":
            fixed = low == high and high > 1
            parts.append(f"[0-9]{{{high}}}" if fixed else f"[0-9]{{1,{max(high, 2)}}}")
        else:
            parts.append({"letters": r"[^\W\d_]+", "spaces": r"\s+"}.get(word, re.escape(word)))
    return "".join(parts)


def _expect(kind: str, note: str, severity: str, **kwargs: Any) -> Expectation:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "notes": [note]}


def _reading(table: Table) -> str:
    """How anyone reads the export for the suite: all cells as text, only empty ones as nulls."""
    account = table.account
    name = Path(account.file).name
    text = 'dtype="str", keep_default_na=False, na_values=[""]'
    if name.endswith((".jsonl", ".ndjson")):
        lines = f'pathlib.Path("{name}").read_text("utf-8").split("\\n")'
        return (
            f'pandas.json_normalize([json.loads(one) for one in {lines} if one]).astype("string")'
        )
    if name.endswith(".parquet"):
        return f'pandas.read_parquet("{name}").astype("string")'
    if name.endswith((".xlsx", ".xlsm")):
        skipped = max(account.header_line - 1, 0)
        return f'pandas.read_excel("{name}", skiprows={skipped}, {text})'
    more = f", encoding={account.encoding!r}" if account.encoding else ""
    if account.header_line:
        more += f", skiprows={account.header_line - 1}" if account.header_line > 1 else ""
    else:
        more += f", header=None, names={list(table.header)!r}"
    return f'pandas.read_csv("{name}", sep={account.delimiter!r}, {text}{more})'
