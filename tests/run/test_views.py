"""A run in a terminal, in a notebook and in plots: the same story, and hostile cells as text."""

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from callconv_kit.cli import terminal
from callconv_kit.model.errors import UsageError
from callconv_kit.run.streaming import expected_rows
from callconv_kit.writing.markup import visible

from ..hostile import HOSTILE, prepared

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

SENT = re.compile(r"\x1b\[[0-9;]*m")
"""What rich itself sends for colors."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("views"))


def printed(summary, *, watched=False, folder="out", width=80):
    """What `show` writes to a terminal of this width, or to a pipe."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    colors = "256" if watched else None
    console = Console(file=file, force_terminal=watched, width=width, color_system=colors)
    terminal.show(summary, console, folder=folder)
    file.flush()
    return file.buffer.getvalue().decode()


def only(summary, text):
    """The summary with this text as the one example of each kind."""
    example = {"source_file": text, "source_line": 2, "value": text, "detail": text}
    finding = {"code": "status_unknown", "column": "CallStatus", "rows": 1, "examples": [example]}
    change = {"column": "City", "rule": "trimmed", "rows": 1}
    return {
        **summary,
        "findings": [{**finding, "severity": of} for of in ("error", "left_out", "warning")],
        "changes": [{**change, "examples": [{**example, "before": text, "after": text}]}],
    }


def test_a_terminal_shows_counts_reasons_with_what_helps_changes_and_files(run):
    shown = printed(run.summary)
    for findings in (
        "16 of 30 rows are ready to go; 13 were rejected and 1 was left out.",
        "not a known call status",
        "→ Say in callconv.toml under [values.CallStatus]",
        "duplicate: this call is already in the file: the same as calls.csv line 2, which is kept  (line 31)",
        "(***) ***-0123 → ******0123",
        "out/rejected.csv  13 rows",
        "--fixes COPY",
    ):
        assert findings in shown


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_cell_is_text_in_a_terminal_and_in_a_pipe(run, text, watched):
    shown = SENT.sub("", printed(only(run.summary, text), watched=watched, width=400))
    assert visible(text, terminal.VALUE) in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


def test_a_pipe_gets_no_color_and_no_line_is_cut(run):
    long = "x" * 60
    shown = printed(only(run.summary, long))
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) > 80


def test_a_terminal_gets_lines_of_its_width(run):
    shown = SENT.sub("", printed(run.summary, watched=True, width=60))
    assert max(map(len, shown.splitlines())) <= 60


def test_phone_numbers_are_masked_in_a_terminal_and_a_notebook(run):
    for shown in (printed(run.summary), run._repr_html_()):
        assert "6175550123" not in re.sub(r"\D", "", shown)


def test_a_dry_run_says_that_it_wrote_nothing(run):
    assert "No file was written." in printed(run.summary, folder=None)


def test_a_problem_is_the_headline_and_no_ready_file_is_promised(tmp_path):
    run = prepared(tmp_path, max_rejected_share=0.1)
    shown = printed(run.summary)
    assert shown.startswith(
        "Nothing will be sent: 13 of 29 rows that were not left out were rejected"
    )
    assert "ready.csv " not in shown


def test_a_long_run_fills_about_forty_lines(run):
    entries = [entry for entry in run.summary["findings"] if entry["severity"] == "error"] * 50
    many = {**run.summary, "findings": entries, "changes": run.summary["changes"] * 50}
    for severity in ("left_out", "warning"):
        many["findings"] = [*many["findings"], *({**one, "severity": severity} for one in entries)]
    assert len(printed(many, watched=True, width=150).splitlines()) <= 45


@given(st.text(max_size=50))
def test_whatever_a_cell_holds_a_terminal_obeys_nothing_of_it(run, text):
    shown = SENT.sub("", printed(only(run.summary, text), watched=True))
    assert all(char == "\n" or char.isprintable() or char in "\u200c\u200d" for char in shown)


VISIBLE = {
    "plain text": ("New York", "New York"),
    "spaces at the edges": (" a b ", "␣a b␣"),
    "nothing but spaces": ("   ", "␣␣␣"),
    "a line break and a tab": ("a\n\tb", "a↵⇥b"),
    "an escape": ("\x1b[1m", "⟨U+001B⟩[1m"),
    "a direction mark": ("a\u202eb", "a⟨U+202E⟩b"),
    "a no-break space": ("a\u00a0b", "a⟨U+00A0⟩b"),
    "a zero-width space": ("a\u200bb", "a⟨U+200B⟩b"),
    "an emoji keeps its joiners": ("👩\u200d💻", "👩\u200d💻"),
    "other scripts": ("שלום 東京", "שלום 東京"),
    "a long text": ("x" * 100, "x" * 79 + "…"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("text", "expected"), VISIBLE.values(), ids=VISIBLE)
def test_what_cannot_be_seen_has_a_sign(text, expected):
    assert visible(text) == expected


def test_a_bar_is_shown_where_a_terminal_watches():
    file = io.StringIO()
    console = Console(file=file, force_terminal=True)
    with terminal.progress(console, expected=10) as advance:
        advance(4)
        advance(12)
    assert "Preparing" in file.getvalue()


def test_no_bar_is_shown_in_a_pipe():
    file = io.StringIO()
    with terminal.progress(Console(file=file)) as advance:
        assert advance is None
    assert file.getvalue() == ""


def test_the_rows_to_expect_are_read_off_the_beginning_of_a_file(tmp_path):
    file = tmp_path / "calls.csv"
    file.write_bytes(b"0123456789\n" * 200_000)
    assert expected_rows([str(file), file]) == pytest.approx(400_000, rel=0.01)


UNKNOWN = {
    "an archive": "calls.csv.gz",
    "a sheet": "calls.xlsx",
    "standard input": "-",
    "a file that is not there": "none.csv",
    "a frame": object(),
}


@pytest.mark.parametrize("item", UNKNOWN.values(), ids=UNKNOWN)
def test_what_the_beginning_cannot_tell_is_not_guessed(item):
    assert expected_rows([item]) is None


def test_a_notebook_shows_counts_reasons_changes_and_a_chart(run):
    shown = run._repr_html_()
    for findings in (
        "16 of 30 rows are ready to go",
        "not a known call status",
        "duplicate: this call is already in the file",
        "phone number reformatted",
        'aria-label="Calls by day, 2026-11-14 to 2026-11-20, at most',
    ):
        assert findings in shown


def test_a_notebook_gets_no_element_that_runs_or_loads(run):
    shown = run._repr_html_()
    assert not re.search(r"<(script|img|iframe|link|object|a|form)\b", shown)
    assert not re.search(r"<[^>]*\son\w+=", shown)


def test_the_style_of_the_card_names_nothing_outside_itself(run):
    style = re.search(r"<style>(.*?)</style>", run._repr_html_(), re.DOTALL)[1]
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", style))
    assert all(
        part.strip().startswith(".callconv-card") for rule in selectors for part in rule.split(",")
    )


@pytest.fixture
def plot(run):
    yield run.plot
    from matplotlib import pyplot

    pyplot.close("all")


def test_calls_by_day_has_a_gap_for_a_day_without_calls(plot):
    axes = plot.calls_by_day()
    assert [bar.get_height() for bar in axes.patches] == [1, 0, 0, 1, 0, 0, 14]
    assert axes.get_title(loc="left") == "Calls by day (16 calls)"


def test_statuses_are_counted_with_their_share(plot):
    axes = plot.statuses()
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["ANSWER"]
    assert [text.get_text() for text in axes.texts] == ["16  (100 %)"]


def test_durations_stand_in_ranges(plot):
    axes = plot.durations()
    counted = dict(zip((tick.get_text() for tick in axes.get_yticklabels()),
                       (bar.get_width() for bar in axes.patches), strict=True))  # fmt: skip
    assert {label: count for label, count in counted.items() if count} == {"2–5 min": 16}


def test_fill_shows_required_columns_and_those_that_hold_something(plot):
    axes = plot.fill()
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names[0] == "CampaignId"
    assert "City" in names
    assert "SubId1" not in names


@pytest.mark.parametrize("name", ["calls_by_day", "statuses", "durations", "fill"])
def test_a_chart_is_drawn_on_axes_that_are_given_and_without_any_row(plot, run, name):
    from matplotlib.figure import Figure

    from callconv_kit.writing.plots import Plots

    axes = Figure().subplots()
    assert getattr(plot, name)(axes) is axes
    nothing = {"by_day": [], "by_status": [], "by_duration": [], "filled": []}
    empty = Plots({**run.summary, "rows_ready": 0, "calls": nothing})
    drawn = getattr(empty, name)()
    drawn.figure.canvas.draw()


def test_without_matplotlib_a_plot_says_what_to_install(plot, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"callconv-kit\[plot\]"):
        plot.statuses()


def test_the_summary_holds_what_the_plots_draw_and_is_plain_json(run):
    calls = run.summary["calls"]
    assert json.loads(json.dumps(calls)) == calls
    assert calls["by_status"] == [{"status": "ANSWER", "calls": 16}]
    assert sum(entry["calls"] for entry in calls["by_day"]) == run.summary["rows_ready"]
    assert sum(entry["calls"] for entry in calls["by_duration"]) == run.summary["rows_ready"]
    assert {"column": "CallSessionId", "cells": 16} in calls["filled"]
