"""report.html: one page, no network, no script; every cell is text; small for any run."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.model import spec
from callconv_kit.model.codes import CODES, RULES, Severity
from callconv_kit.writing import report
from callconv_kit.writing.markup import VOID, Html, visible

from ..hostile import HOSTILE, prepared

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "footer",
    "h1", "h2", "p", "a", "ul", "li", "b", "i", "small", "span", "div", "code", "bdi", "abbr",
    "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption",
    "svg", "rect", "dl", "dt", "dd", "label", "input",
}  # fmt: skip


class Page(HTMLParser):
    """What a page consists of: its elements, attributes and text; and whether all is closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.text, self.open = set(), [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def a_summary(**changed):
    """The summary of a run over no rows, with these keys changed."""
    return {
        "rows_read": 0,
        "rows_ready": 0,
        "rows_rejected": 0,
        "rows_left_out": 0,
        "problem": None,
        "findings": [],
        "changes": [],
        "inputs": [],
        "by_partner": [],
        "calls": {"by_day": [], "by_status": [], "by_duration": [], "filled": []},
        "ready_sha256": "",
        "settings": {"currency": "USD"},
        "settings_sha256": "",
        "versions": {},
        "now": "2026-11-24T12:00:00+00:00",
        "started": "2026-11-24T12:00:00+00:00",
        "seconds": 0.0,
        **changed,
    }


def a_finding(code, severity, column, *values):
    examples = [
        {"source_file": "calls.csv", "source_line": at, "value": value}
        for at, value in enumerate(values, 2)
    ]
    return {"code": code, "severity": severity, "column": column, "rows": 3, "examples": examples}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(run):
    return (run.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_cell_is_text(page, text):
    parsed = Page(page)
    assert parsed.open == []
    assert parsed.elements <= ELEMENTS
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert visible(text) in "".join(parsed.text)


def test_no_character_of_the_page_is_obeyed_by_a_terminal_or_turns_text_around(page):
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", page
    )


def test_the_page_asks_for_nothing_and_its_policy_forbids_it(page):
    parsed = Page(page)
    assert ("content", report.POLICY) in parsed.attributes
    assert "default-src 'none'" in report.POLICY
    links = [value for name, value in parsed.attributes if name in ("href", "src", "action")]
    assert all(link.startswith("#") for link in links)
    assert "url(" not in page
    assert "@import" not in page


def test_phone_numbers_are_masked(page):
    assert "6175550123" not in re.sub(r"\D", "", re.sub(r"[0-9a-f]{64}", "", page))
    assert "******0123" in page


def test_phone_numbers_are_shown_where_the_job_says_so(tmp_path):
    run = prepared(tmp_path, mask=False)
    assert "(617) 555-0123" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_the_sections_stand_in_the_order_in_which_a_person_asks(page):
    heads = re.findall(r"<h2>([^<]+)</h2>", page)
    assert heads == [
        "Partners", "Rejected", "Left out", "Warnings", "Forecast", "Last results", "Changed",
        "Calls", "Columns", "Inputs", "Settings",
    ]  # fmt: skip


def test_the_examples_of_the_summary_hold_cells_as_they_stood(run):
    trimmed = [entry for entry in run.summary["changes"] if entry["rule"] == "trimmed"]
    befores = {example["before"] for entry in trimmed for example in entry["examples"]}
    assert HOSTILE["spaces at the edges"] in befores


def test_summary_json_holds_nothing_that_a_terminal_obeys_and_reads_back_the_same(run):
    text = (run.folder / "summary.json").read_text(encoding="utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert json.loads(text) == run.summary


HEADLINES = {
    "all are ready": ((3, 3, 0, 0), "All 3 rows are ready to go."),
    "one row": ((1, 1, 0, 0), "The one row is ready to go."),
    "some are rejected": ((1000, 998, 2, 0), "998 of 1,000 rows are ready to go; 2 were rejected."),
    "one is left out": ((3, 2, 0, 1), "2 of 3 rows are ready to go; 1 was left out."),
    "both": (
        (9, 1, 5, 3),
        "1 of 9 rows is ready to go; 5 were rejected and 3 were left out.",
    ),
    "none is ready": ((2, 0, 2, 0), "None of 2 rows are ready to go; 2 were rejected."),
    "no row": ((0, 0, 0, 0), "there is nothing to send"),
}


@pytest.mark.parametrize(("counts", "said"), HEADLINES.values(), ids=HEADLINES)
def test_the_headline_says_what_came_of_it(counts, said):
    keys = ("rows_read", "rows_ready", "rows_rejected", "rows_left_out")
    assert said in report.page(a_summary(**dict(zip(keys, counts, strict=True))))


def test_a_problem_comes_first_with_what_helps():
    problem = {
        "code": "too_many_rejected",
        "problem": "3 of 4 rows were rejected",
        "found": "75 %",
        "expected": "at most 50 %",
        "next_step": "Look at rejected.csv.",
    }
    page = report.page(a_summary(rows_read=4, rows_rejected=3, problem=problem))
    assert "Nothing will be sent: 3 of 4 rows were rejected." in page
    assert page.index("Look at rejected.csv.") < page.index('class="tiles"')
    assert "at most 50 %" in page


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_told_in_words_with_what_helps(code):
    severity = CODES[code].severity
    shown = Severity.ERROR if severity is Severity.STOP else severity
    page = report.page(a_summary(rows_read=3, findings=[a_finding(code, shown, None, "x")]))
    told = "".join(Page(page).text)
    assert CODES[code].problem in told
    assert CODES[code].remedy in told


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_is_told_in_words(rule):
    example = {"source_file": "a.csv", "source_line": 2, "before": "x", "after": ""}
    change = {"column": "City", "rule": rule, "rows": 1, "examples": [example]}
    told = "".join(Page(report.page(a_summary(rows_read=1, changes=[change]))).text)
    assert RULES[rule] in told


def test_a_code_that_the_table_does_not_know_is_told_by_its_name():
    page = report.page(a_summary(findings=[a_finding("brand_new_code", "error", "City", "x")]))
    assert "brand new code" in page


def test_the_same_example_on_several_lines_is_shown_once():
    page = report.page(
        a_summary(
            findings=[a_finding("status_unknown", "error", "CallStatus", "Foo", "Foo", "Bar")]
        )
    )
    assert page.count("<bdi>Foo</bdi>") == 1
    assert "lines 2, 3" in page


def test_delivery_has_its_place():
    page = report.page(a_summary(), {"state": "delivered", "name": "<b>.csv"})
    assert "<h2>Delivery</h2>" in page
    assert "&lt;b&gt;.csv" in page


def test_what_is_known_of_the_delivery_has_its_place_and_what_is_open_comes_first():
    known = {name: Html(f"<p>{name}: known</p>") for name in ("Forecast", "Open", "Last results")}
    page = report.page(a_summary(rows_read=1, rows_ready=1, by_partner=[a_partner("20012")]),
                       known=known)  # fmt: skip
    assert re.findall(r"<h2>([^<]+)</h2>", page)[:4] == [
        "Open", "Partners", "Forecast", "Last results",
    ]  # fmt: skip
    assert page.count(": known</p>") == len(known)


def a_partner(media_id, **counts):
    numbers = dict.fromkeys(("ready", "rejected", "left_out", "answered", "talk_seconds"), 0)
    return {
        "MediaId": media_id,
        "ActionTrackerId": "30021",
        "read": 1,
        **numbers,
        "sale_amount": "0.00",
        **counts,
    }


def test_each_partner_has_a_place_in_every_order_and_the_total_has_none():
    partners = [
        a_partner("9", read=3, sale_amount="2.00"),
        a_partner("20012", read=2, sale_amount="10.00"),
        a_partner("100", read=1, sale_amount="3.00"),
    ]
    page = report.page(a_summary(rows_read=6, by_partner=partners))
    orders = [
        dict(part.split(":") for part in style.split(";"))
        for style in re.findall(r'<tr style="([^"]+)"', page)
    ]
    by_sales = sorted(zip(orders, partners, strict=True), key=lambda pair: int(pair[0]["--by-10"]))
    assert [partner["MediaId"] for _, partner in by_sales] == ["20012", "100", "9"]
    by_id = sorted(zip(orders, partners, strict=True), key=lambda pair: int(pair[0]["--by-1"]))
    assert [partner["MediaId"] for _, partner in by_id] == ["9", "100", "20012"]
    assert page.count("<tr style") == len(partners)


def test_one_partner_is_not_sorted():
    page = report.page(a_summary(rows_read=1, by_partner=[a_partner("20012")]))
    assert "<input" not in page


def test_a_page_of_the_largest_run_is_small():
    long = "x" * 199
    values = [f"{at}{long}" for at in range(5)]
    examples = [
        {"source_file": long, "source_line": 10**6 + at, "before": value, "after": value}
        for at, value in enumerate(values)
    ]
    page = report.page(
        a_summary(
            rows_read=10**6,
            rows_ready=10**6,
            findings=[
                a_finding(code, "error", name, *values) for code in CODES for name in spec.NAMES
            ],
            changes=[
                {"column": name, "rule": rule, "rows": 9, "examples": examples}
                for rule in RULES
                for name in spec.NAMES
            ],
            inputs=[
                {
                    "file": f"{at}{long}",
                    "sha256": "0" * 64,
                    "encoding": "utf-8",
                    "delimiter": ",",
                    "header_line": 1,
                    "rows": 1,
                    "blank_lines": 3,
                    "skipped_lines": [{"line": line, "why": "preamble"} for line in range(20)],
                }
                for at in range(5000)
            ],
            by_partner=[
                {
                    "MediaId": str(at),
                    "ActionTrackerId": "1",
                    "read": 1,
                    "ready": 1,
                    "rejected": 0,
                    "left_out": 0,
                    "answered": 1,
                    "talk_seconds": 9,
                    "sale_amount": "1.00",
                }
                for at in range(10_000)
            ],
            calls={
                "by_day": [{"day": f"{2025 + at // 365}-01-01", "calls": 9} for at in (0, 365)],
                "by_status": [{"status": status, "calls": 1} for status in spec.STATUSES],
                "by_duration": [{"from": 0, "below": None, "calls": 1}],
                "filled": [{"column": name, "cells": 1} for name in spec.NAMES],
            },
        )
    )
    assert len(page.encode()) < 2_000_000
    assert "9,900 more partners in summary.json" in page


@given(st.text(), st.text(), st.text())
def test_whatever_the_cells_hold_the_page_is_whole(value, detail, file):
    finding = a_finding("status_unknown", "error", "CallStatus", value)
    finding["examples"][0] |= {"detail": detail, "source_file": file}
    example = {"source_file": file, "source_line": 2, "before": value, "after": detail}
    change = {"column": "City", "rule": "trimmed", "rows": 1, "examples": [example]}
    parsed = Page(report.page(a_summary(findings=[finding], changes=[change])))
    assert parsed.open == []
    assert parsed.elements <= ELEMENTS
