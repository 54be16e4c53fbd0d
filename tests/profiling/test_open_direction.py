"""A question about direction that is left open: what its rule asks for is what the rule takes."""

import json

import pytest

import callconv_kit as ck
from callconv_kit.model.errors import UsageError
from callconv_kit.profiling import draft_of, refined
from callconv_kit.profiling.questions import by_id
from callconv_kit.profiling.written import text_of

NOW = "2026-11-24T12:00:00+00:00"
ANSWERS = {
    "campaign": "1", "partner": "2", "tracker": "3", "provider": "P", "timezone": "UTC",
    "status.answered": "ANSWER",
}  # fmt: skip


def export(column, *values, callers=(), called="8005550142"):
    """Calls A0, A1 …, each with its value of one further column or several."""
    header = f"id,start,from,to,duration,billsec,disposition,{column}"
    rows = (
        f"A{n},2026-11-12 1{n}:30:05,{callers[n] if callers else f'617555012{n}'},"
        f"{called if not callers or callers[n] != called else '3055550108'},201,187,answered,{value}"
        for n, value in enumerate(values)
    )
    return "\n".join([header, *rows]) + "\n"


OWN = "8005550142"
CASES = {
    "codes that nothing explains": (
        export("direction", "1", "1", "2", "1", "2", "1"),
        {"direction": (["1"], ["2"])},
        "A0 A1 A3 A5",
    ),
    "arrows": (
        export("direction", "→", "→", "←", "→", "←", "→"),
        {"direction": (["→"], ["←"])},
        "A0 A1 A3 A5",
    ),
    "words of a language that the kit does not know": (
        export("Call Direction", "sisään", "sisään", "ulos", "sisään", "ulos", "sisään"),
        {"Call Direction": (["sisään"], ["ulos"])},
        "A0 A1 A3 A5",
    ),
    "words": (
        export("kind of call", "inbound", "inbound", "outbound", "inbound", "internal", "inbound"),
        {"kind of call": (["inbound"], ["outbound", "internal"])},
        "A0 A1 A3 A5",
    ),
    "words and empty cells": (
        export("kind of call", "inbound", "", "outbound", "inbound", "outbound", "inbound"),
        {"kind of call": (["inbound"], ["outbound"])},
        "A0 A1 A3 A5",
    ),
    "messages beside calls": (
        export("type", "call", "sms", "call", "sms", "call", "call"),
        {"type": (["call"], ["sms"])},
        "A0 A2 A4 A5",
    ),
    "a direction, and messages in another column": (
        export("direction,type", *("in,call", "out,call", "in,sms", "in,call", "in,call")),
        {"direction": (["in"], ["out"]), "type": (["call"], ["sms"])},
        "A0 A3 A4",
    ),
    "faxes and messages beside empty cells": (
        export("type", "fax", "", "sms", "", "", ""),
        {"type": ([], ["fax", "sms"])},
        "A1 A3 A4 A5",
    ),
    "one's own number as the caller": (
        export("queue", *"aabab", callers=["6175550121", OWN, "6175550122", OWN, "6175550123"]),
        {"from": (None, [OWN])},
        "A0 A2 A4",
    ),
}


@pytest.mark.parametrize(("table", "meant", "sent"), CASES.values(), ids=CASES)
def test_a_rule_left_open_stops_and_takes_what_it_asks_for(tmp_path, table, meant, sent):
    path, job = tmp_path / "calls.csv", tmp_path / "callconv.toml"
    path.write_text(table)
    seen = refined(path, ck.inspect(path), ANSWERS)
    settings = {**draft_of(seen, ANSWERS, accept="likely").settings}
    settings.pop("leave_out", None)
    text = text_of(seen, settings, ["direction"], by_id(seen))
    assert text.count("[[leave_out]]") == len(meant)
    job.write_text(text)
    with pytest.raises(UsageError, match="leave_out"):
        ck.prepare(path, job, now=NOW)
    start, *rules = text.split("# Which values of ")
    for at, (column, (calls, others)) in enumerate(meant.items()):
        asked = " ".join(rules[at].partition("[[")[0].replace("#", " ").split())
        assert asked.startswith(f"'{column}' are ")
        values = others if "are not calls to you" in asked else calls
        rules[at] = rules[at].replace("= []", f"= {json.dumps(values)}")
    job.write_text("# Which values of ".join([start, *rules]))
    done = ck.prepare(path, job, now=NOW)
    assert list(done.ready["CallSessionId"]) == sent.split()
    assert done.summary["rows_rejected"] == 0


def test_empty_and_filled_are_told_apart_by_true_and_false(tmp_path):
    path, job = tmp_path / "calls.csv", tmp_path / "callconv.toml"
    rows = (
        f"A{n},2026-11-12 1{n}:30:05,617555012{n},8005550142,201,187,answered,{parent}"
        for n, parent in enumerate(["", "A0", "", "A2", ""])
    )
    header = "call id,start,from,to,duration,billsec,disposition,parent id"
    path.write_text("\n".join([header, *rows]) + "\n")
    answers = {**ANSWERS, "call_id": "call id"}
    seen = refined(path, ck.inspect(path), answers)
    settings = {**draft_of(seen, answers, accept="likely").settings}
    settings.pop("leave_out")
    text = text_of(seen, settings, ["direction"], by_id(seen))
    job.write_text(text)
    with pytest.raises(UsageError, match="leave_out"):
        ck.prepare(path, job, now=NOW)
    assert "false to leave out the others" in " ".join(text.replace("#", " ").split())
    job.write_text(text.replace('empty = ""', "empty = false"))
    done = ck.prepare(path, job, now=NOW)
    assert list(done.ready["CallSessionId"]) == ["A0", "A2", "A4"]


ANSWERED = {
    "one value": ("inbound", "A0 A3"),
    "with the empty cells": ("inbound,(empty)", "A0 A1 A3"),
    "all but one": ("inbound,(empty),incoming,internal", "A0 A1 A3 A4 A5"),
    "the empty cells alone": ("(empty)", "A1"),
    "every row": ("all", "A0 A1 A2 A3 A4 A5"),
}


@pytest.mark.parametrize(("answer", "sent"), ANSWERED.values(), ids=ANSWERED)
def test_an_answer_leaves_out_every_row_that_it_does_not_name(tmp_path, answer, sent):
    path = tmp_path / "calls.csv"
    values = ("inbound", "", "outbound", "inbound", "incoming", "internal")
    path.write_text(export("call direction", *values))
    answers = {**ANSWERS, "direction": answer}
    seen = refined(path, ck.inspect(path), answers)
    settings = draft_of(seen, answers, accept="likely").settings
    done = ck.prepare(path, now=NOW, **settings)
    assert list(done.ready["CallSessionId"]) == sent.split()
