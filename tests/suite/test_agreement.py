"""The judges agree under every setting: `prepare`, `callconv check`, the suite, the mock server.

The suite and `check` agree on every cell and row, but for the codes named in rules.
"""

import io
import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import callconv_kit as ck
from callconv_kit import suite
from callconv_kit.coercion import phone_text
from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.model import spec
from callconv_kit.model.codes import CODES, RULES
from callconv_kit.model.notes import note_of
from callconv_kit.reading import open_tables
from callconv_kit.run import check
from callconv_kit.run.judge import Judge
from callconv_kit.suite.rules import NOT_EXPRESSIBLE
from mock_server import judge as mock
from mock_server.reading import read_lines

from ..messy_files import ANY_TEXT, BAD, GOOD
from .rows import NOW, RIGHT, frame, right
from .test_every_column import CASES

pytestmark = pytest.mark.slow

Cells = set[tuple[int, str]]

SPOILED: dict[str, list[str | None]] = {name: [None] for name in spec.NAMES}
for _name, _, _cell in CASES:
    SPOILED[_name].append(_cell)
for _name in spec.NAMES:
    SPOILED[_name] += [cell or None for cell in [*GOOD.get(_name, []), *BAD.get(_name, [])]]


PHONES = [
    "2125550123", "212-555-0123", "(212) 555 0123", "+12125550123", "+442079460958", "2079460958",
    *sorted(phone_text.withheld()[0]), *sorted(phone_text.withheld()[1]), "Anonymous", "PRIVATE NUMBER",
    "No Caller-ID", "unknown_caller", "sip:anonymous@anonymous.invalid", "Anonymous <anonymous>",
    "+266 696 687", "private clinic", "anonymous 2125550123",
]  # fmt: skip
SETTINGS = st.fixed_dictionaries(
    {
        "anonymous_callers": st.sampled_from(["reject", "leave_out", "keep"]),
        "phone_format": st.sampled_from(["national", "dashes", "parentheses", "e164"]),
    }
)
"""The settings that decide what is right in a ready file."""


@st.composite
def cells(draw: st.DrawFn, name: str) -> str | None:
    """A cell: known to be spoiled, a right one with a change, or any text."""
    kind = draw(st.integers(0, 5))
    if name in spec.PERSONAL and kind < 2:
        return draw(st.sampled_from(PHONES))
    if kind < 3:
        return draw(st.sampled_from(SPOILED[name]))
    if kind == 3:
        return draw(ANY_TEXT)
    if kind == 4:
        return draw(st.text("0123456789+-:.,T ()", min_size=1, max_size=20))
    text = RIGHT[name]
    at = draw(st.integers(0, len(text)))
    put = draw(st.sampled_from(["", "0", "1", " ", "\t", "-", "é", "a", "A", "\u200b", "+"]))
    return (text[:at] + put + text[at + draw(st.integers(0, 2)) :]) or None


@st.composite
def spoiled_rows(draw: st.DrawFn) -> list[dict[str, str | None]]:
    """For each of many right rows, up to three cells that are something else."""
    return [
        {
            name: draw(cells(name))
            for name in draw(st.lists(st.sampled_from(spec.NAMES), max_size=3))
        }
        for _ in range(draw(st.integers(200, 300)))
    ]


def changed_under(rows_of: pd.DataFrame, given: Job | None) -> dict[tuple[int, str], set[str]]:
    """The rules under which `prepare` would change each cell."""
    job = check.ready_settings(given, now=NOW)
    (table,) = open_tables([rows_of], planning.KnownNames(job))
    plan = planning.make(table.name, table.header, job)
    rules: dict[tuple[int, str], set[str]] = {}
    done = 0
    for batch in table.batches():
        judged = Judge(job, job.clock, asks=False).judge(table, plan, batch)
        for name, column in judged.columns.items():
            for at, note in zip(column.positions.tolist(), column.notes.tolist(), strict=True):
                rules[done + at, name] = set(note_of(note).rules)
        done += len(batch.lines)
    return rules


def checks_cells(rows_of: pd.DataFrame, job: Job | None) -> tuple[Cells, Cells]:
    """Cells that `check` calls wrong; and of these, those for a reason that a suite can tell."""
    rules = changed_under(rows_of, job)
    findings = check.check(rows_of, job, now=NOW).findings
    errors = findings[(findings["severity"] == "error") & findings["column"].notna()]
    every: Cells = set()
    tellable: Cells = set()
    for line, column, code in errors[["source_line", "column", "code"]].itertuples(index=False):
        cell = (int(line) - 1, column)
        every.add(cell)
        because = rules[cell] if code == "not_ready_form" else {code}
        if because - set(NOT_EXPRESSIBLE):
            tellable.add(cell)
    return tellable, every


def suites_cells(validation: suite.Validation) -> Cells:
    return {
        (row, outcome.columns[0])
        for outcome in validation.failed
        if len(outcome.columns) == 1
        for row in outcome.rows.tolist()
    }


def rows_failing(validation: suite.Validation, kind: str) -> set[int]:
    return {
        row
        for outcome in validation.failed
        if outcome.kind == kind
        for row in outcome.rows.tolist()
    }


# The failing assertion names the cells, so nothing is gained by shrinking tables of this size.
@settings(
    max_examples=10,
    phases=[Phase.generate],
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
@given(spoiled_rows(), st.none() | SETTINGS)
def test_each_cell_is_judged_alike(spoiled, chosen):
    made = [right(number, **others) for number, others in enumerate(spoiled)]
    written = frame(*made)
    job = Job(**chosen) if chosen else None
    validation = suite.validate(written, job=job)
    tellable, every = checks_cells(written, job)
    found = suites_cells(validation)
    assert validation.errored == ()
    assert sorted((cell, made[cell[0]][cell[1]]) for cell in tellable - found) == []
    assert sorted((cell, made[cell[0]][cell[1]]) for cell in found - every) == []
    # The mock server knows no job: it takes each form, and every text for a withheld number.
    refused = refused_by_mock(written)
    if chosen and chosen["anonymous_callers"] == "keep":
        errors = {row for row, _ in every} | rows_in_conflict(written, job)
        assert sorted(row for row in refused if row not in errors) == []
    formats = {row for row, name in tellable if name in HELD_BY_MOCK and made[row][name] is None}
    assert formats <= refused


HELD_BY_MOCK = set(spec.REQUIRED)
"""Columns whose empty cells the mock server refuses."""


def rows_in_conflict(rows_of: pd.DataFrame, job: Job | None) -> set[int]:
    """Rows with an error that is not one cell's."""
    findings = check.check(rows_of, job, now=NOW).findings
    errors = findings[(findings["severity"] == "error") & findings["column"].isna()]
    return {int(line) - 1 for line in errors["source_line"]}


def refused_by_mock(rows_of: pd.DataFrame) -> set[int]:
    """Rows of a file of these cells that the mock server refuses."""
    text = rows_of.to_csv(index=False, lineterminator="\n")
    lines = read_lines(io.BytesIO(text.encode("utf-8", "surrogatepass")))
    header = next(lines).cells
    assert mock.judge_header(header) is None
    judged = mock.judge_rows(header, lines, Job(now=NOW).clock)
    return {at for at, (_, _, refusal) in enumerate(judged) if refusal is not None}


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(*[st.sampled_from(["0", "9", "10", "86400"])] * 2), min_size=20, max_size=80)
)
def test_talk_longer_than_the_call_is_judged_alike(durations):
    pairs = enumerate(durations)
    made = [right(number, CallDuration=call, TalkDuration=talk) for number, (call, talk) in pairs]
    written = frame(*made)
    kind = "expect_column_pair_values_a_to_be_greater_than_b"
    findings = check.check(written, now=NOW).findings
    said = findings[findings["code"] == "talk_exceeds_call"]["source_line"]
    assert rows_failing(suite.validate(written), kind) == {int(line) - 1 for line in said}


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "CallSessionId": st.sampled_from(["S", "s", "T"]),
                "VendorEventId": st.sampled_from([None, "E", "F"]),
                "ActionTrackerId": st.sampled_from(["30021", "30022"]),
                "City": st.sampled_from(["Boston", "Austin"]),
                "SaleAmount": st.sampled_from(["1.00", "2.00"]),
            }
        ),
        min_size=2,
        max_size=40,
    )
)
def test_each_repeated_call_is_judged_alike(calls):
    """`check` names a repeat and its first in the words; the suite names all of a call's rows."""
    written = frame(*(right(0, **call) for call in calls))
    findings = check.check(written, now=NOW).findings
    said = findings[findings["code"].isin(["duplicate_row", "conflicting_duplicate"])]
    named = {int(line) - 1 for line in said["source_line"]}
    named |= {int(line) - 1 for text in said["value"] for line in re.findall(r"\d+", text)}
    kind = "expect_compound_columns_to_be_unique"
    assert rows_failing(suite.validate(written), kind) == named


def test_what_a_suite_cannot_tell_is_named_as_the_kit_names_it_and_listed_for_people():
    assert set(NOT_EXPRESSIBLE) <= {*CODES, *RULES}
    page = suite.reference.files()["columns.md"]
    assert all(f"| {code} | {why} |" in page for code, why in NOT_EXPRESSIBLE.items())


# -- what prepare writes --------------------------------------------------------------------------

JOBS = st.fixed_dictionaries(
    {
        "anonymous_callers": st.sampled_from(["reject", "leave_out", "keep"]),
        "phone_format": st.sampled_from(["national", "dashes", "parentheses", "e164"]),
        "default_country": st.sampled_from(["US", "CA", "GB", "IT"]),
        "decimal": st.sampled_from(["point", "comma"]),
        "currency": st.sampled_from(["USD", "EUR", "INR"]),
        "empty_status": st.sampled_from(["if_talked", "keep", "reject"]),
        "optional_cells": st.sampled_from(["empty", "reject"]),
        "on_conflict": st.sampled_from(["reject", "first", "last"]),
        "talk_time": st.sampled_from(["column", "call_if_answered"]),
        "send": st.sampled_from(["all", "answered"]),
        "write": st.sampled_from(["all", "present"]),
        "date_order": st.sampled_from(["month-first", "day-first"]),
        "dst": st.sampled_from(["reject", "earlier", "later"]),
        "timezone": st.sampled_from(["America/New_York", "Europe/Berlin", "UTC"]),
    }
)


@settings(
    max_examples=12,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(spec.NAMES),
            st.sampled_from([cell for cells in (*GOOD.values(), *BAD.values()) for cell in cells]),
            max_size=2,
        ),
        max_size=40,
    ),
    st.lists(st.sampled_from(PHONES), min_size=40, max_size=40),
    JOBS,
)
def test_what_prepare_writes_is_right_for_every_judge(tmp_path_factory, changes, callers, chosen):
    rows = [
        {**right(number, CallerId=callers[number]), **others}
        for number, others in enumerate(changes)
    ]
    out = tmp_path_factory.mktemp("agreement")
    job = Job(**chosen, now=NOW, max_rejected_share=1.0)
    prepared = ck.prepare(frame(*rows), job, out=out)
    assert prepared.problem is None
    findings = check.check(out / "ready.csv", job).findings
    assert findings[findings["severity"] == "error"].to_dict("records") == []
    validation = suite.validate(out / "ready.csv", job=job)
    assert (validation.exit_status, validation.success) == (0, True), validation.as_text()
    assert prepared.ready.iloc[sorted(refused_by_mock(prepared.ready))].to_dict("records") == []


HEADERS = {
    "all columns": spec.NAMES,
    "required columns": spec.REQUIRED,
    "required and some": (*spec.REQUIRED[:8], *spec.REQUIRED[8:], "CallStatus"),
}


@pytest.mark.parametrize("ending", ["\n", ""])
@pytest.mark.parametrize("columns", HEADERS.values(), ids=HEADERS)
def test_a_header_without_rows_is_right_for_every_judge(
    tmp_path, columns: Any, ending: str, capsys
):
    from callconv_kit.cli.main import main

    path = tmp_path / "calls.csv"
    path.write_text(",".join(columns) + ending)
    out = tmp_path / "out"
    assert main(["prepare", str(path), "--out", str(out), "--quiet"]) == 0
    ready = str(out / "ready.csv")
    assert main(["check", ready]) == 0
    capsys.readouterr()
    assert main(["check", ready, "--suite"]) == 0
    assert "There must be at least one row." in capsys.readouterr().out
    (tmp_path / "callconv.toml").write_text("expect_rows = true\n")
    for more in ([], ["--suite"]):
        assert main(["check", ready, "--job", str(tmp_path / "callconv.toml"), *more]) == 3
