"""The job's own rules: they stop a run over a file that lacks their columns, and say so."""

import re
from pathlib import Path

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.job import Job
from callconv_kit.model.errors import InputError, UsageError

CASES = Path(__file__).parents[1] / "data" / "cases"
NOW = "2026-11-26T06:00:00Z"
CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-20T09:30:05-05:00",
    "ActionTrackerId": "7001",
    "CallProvider": "Northline",
    "CallSessionId": "S-1",
    "CallerId": "6465550111",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "180",
}


def frame(*rows, **columns):
    """Calls; `columns` in every row, `rows` one mapping of differing cells each."""
    calls = [CALL | columns | row | {"CallSessionId": f"S-{at}"} for at, row in enumerate(rows)]
    return pd.DataFrame(calls or [CALL | columns])


def prepare(calls, **settings):
    return ck.prepare(calls, now=NOW, **settings)


def codes(prepared):
    """The codes of all rows that are not ready."""
    return [*prepared.rejected["codes"], *prepared.left_out["codes"]]


# the job, and what the error must name
LACKING = {
    "a leave_out rule": (
        {"leave_out": [{"source_column": "Direction", "equals": "outbound"}]},
        ["[[leave_out]] (number 1)", '"Direction"', '"Dir"', "optional = true"],
    ),
    "a leave_out rule for empty cells": (
        {"leave_out": [{"source_column": "Direction", "empty": True}]},
        ['"Direction"', '"Dir"'],
    ),
    "the second of two rules": (
        {
            "leave_out": [
                {"source_column": "Dir", "equals": "x"},
                {"source_column": "Queue Nmae", "in": ["sales"]},
            ]
        },
        ["[[leave_out]] (number 2)", '"Queue Name"'],
    ),
    "one more column of a leave_out rule": (
        {"leave_out": [{"source_column": "Dir", "equals": "out", "when": {"Queue": "sales"}}]},
        ["[[leave_out]] (number 1)", '"Queue"', '"Queue Name"'],
    ),
    "a status rule": (
        {"status": [{"when": {"Direction": "outbound"}, "then": "CANCEL"}]},
        ["[[status]] (number 1)", '"Direction"', '"Dir"'],
    ),
    "one of two columns of a status rule": (
        {"status": [{"when": {"Dir": "in", "Answerd By": "menu"}, "then": "IVR_DROPOFF"}]},
        ["[[status]] (number 1)", '"Answerd By"', '"Answered By"'],
    ),
    "the parent of [legs]": (
        {"legs": {"key": "CallSessionId", "parent": "Parent Call"}},
        ["[legs]", '"Parent Call"'],
    ),
    "a column that [legs] takes": (
        {"legs": {"key": "CallSessionId", "parent": "Dir", "take": {"TalkDuration": "billsec"}}},
        ["[legs]", '"billsec"'],
    ),
    "a value map of a column that nothing maps": (
        {"values": {"CallStatus": {"Missed": "INCOMPLETE"}}},
        ["[values.CallStatus]", "No column is mapped to CallStatus"],
    ),
    "a value map beside a default": (
        {"values": {"CallStatus": {"No": "INCOMPLETE"}}, "defaults": {"CallStatus": "ANSWER"}},
        ["[values.CallStatus]"],
    ),
    "a value map of a talk time that is derived": (
        {"values": {"SaleAmount": {"none": "0"}}},
        ["[values.SaleAmount]"],
    ),
    "several at once": (
        {
            "leave_out": [{"source_column": "Direction", "equals": "outbound"}],
            "values": {"PhoneType": {"cell": "Mobile"}},
        },
        ["rules of the job", '"Direction"', "[values.PhoneType]"],
    ),
}


@pytest.mark.parametrize(("settings", "findings"), LACKING.values(), ids=LACKING)
def test_a_rule_over_a_missing_column_stops_the_run_and_names_the_nearest(settings, findings):
    calls = frame(**{"Dir": "outbound", "Queue Name": "sales", "Answered By": "menu"})
    with pytest.raises(InputError) as stopped:
        prepare(calls, **settings)
    assert stopped.value.code == "column_missing"
    assert stopped.value.exit_status == 3
    for words in findings:
        assert words in str(stopped.value)


@pytest.mark.parametrize("column", CALL)
def test_a_required_column_without_a_source_stops_the_run_and_is_named(column):
    with pytest.raises(InputError) as stopped:
        prepare(frame().drop(columns=column))
    assert stopped.value.code == "column_missing"
    assert f"there is no source for 1 column: {column}" in stopped.value.problem


FILLED_IN = {
    "constants": {"constants": {"CallProvider": "Northline"}},
    "defaults": {"defaults": {"CallProvider": "Northline"}},
    "columns": {"columns": {"CallProvider": "Carrier"}},
}


@pytest.mark.parametrize("settings", FILLED_IN.values(), ids=FILLED_IN)
def test_a_required_column_may_come_from_the_job(settings):
    calls = frame(Carrier="Northline").drop(columns="CallProvider")
    assert prepare(calls, **settings).ready["CallProvider"].tolist() == ["Northline"]


def test_a_session_may_be_made_of_other_columns():
    calls = frame().drop(columns="CallSessionId")
    ready = prepare(calls, session_id_from=["CallerId", "EventDate"]).ready
    assert (ready["CallSessionId"] != "").tolist() == [True]


@pytest.mark.parametrize(
    "case", ["missing_rule_column", "missing_rule_column_empty", "status_rule_missing"]
)
def test_a_given_file_that_lacks_a_rules_column_stops_and_leaves_no_ready_csv(case, tmp_path):
    (tmp_path / "ready.csv").write_text("of yesterday")
    with pytest.raises(InputError, match='Did you mean "Dir"') as stopped:
        ck.prepare(
            CASES / case / "calls.csv", CASES / case / "callconv.toml", out=tmp_path, now=NOW
        )
    assert stopped.value.code == "column_missing"
    assert list(tmp_path.iterdir()) == []


# the job; each of its rules has a column that is there, or may lack it
HOLDING = {
    "an optional leave_out rule": {
        "leave_out": [{"source_column": "Direction", "equals": "outbound", "optional": True}]
    },
    "an optional rule for empty cells": {
        "leave_out": [{"source_column": "Direction", "empty": True, "optional": True}]
    },
    "an optional status rule": {
        "status": [{"when": {"Direction": "outbound"}, "then": "CANCEL", "optional": True}]
    },
    "a word that does not occur": {
        "leave_out": [{"source_column": "Dir", "equals": "outbound"}],
        "values": {"CallProvider": {"Southline": "Northline"}},
    },
    "a column however spelled": {"leave_out": [{"source_column": "DIR", "equals": "outbound"}]},
    "a spec column that nothing feeds": {"leave_out": [{"column": "IvrDuration", "above": 30}]},
    "a value map of a constant": {
        "values": {"CallStatus": {"x": "CANCEL"}},
        "constants": {"CallStatus": "ANSWER"},
    },
}


@pytest.mark.parametrize("settings", HOLDING.values(), ids=HOLDING)
def test_a_rule_whose_column_is_there_or_may_be_missing_stops_nothing(settings):
    assert prepare(frame(Dir="inbound"), **settings).summary["rows_ready"] == 1


def test_each_of_several_files_is_judged(tmp_path):
    frame(Dir="inbound").to_csv(tmp_path / "one.csv", index=False)
    frame(Way="inbound").assign(CallSessionId="T-1").to_csv(tmp_path / "two.csv", index=False)
    inputs = [tmp_path / "one.csv", tmp_path / "two.csv"]
    rule = {"source_column": "Dir", "equals": "outbound"}
    with pytest.raises(InputError, match=r"In two\.csv"):
        prepare(inputs, leave_out=[rule])
    assert prepare(inputs, leave_out=[{**rule, "optional": True}]).summary["rows_ready"] == 2


def test_the_rules_of_a_preset_may_name_columns_that_an_export_lacks():
    calls = pd.DataFrame(
        {
            "uuid": ["a"],
            "caller_number": ["+16465550111"],
            "connected_to": ["+18005550199"],
            "created_at": ["2026-11-20T09:30:05-05:00"],
            "total_duration": ["201"],
            "answered_duration": ["180"],
        }
    )
    ids = {"CampaignId": 1, "MediaId": 2, "ActionTrackerId": 3}
    prepared = prepare(calls, preset="trackdrive", constants=ids)
    assert prepared.summary["rows_ready"] == 1
    again = ck.prepare(calls, prepared.job)
    assert again.summary["rows_ready"] == 1, "a preset that was laid under the job is not its own"


def test_rows_that_were_ready_come_back_without_the_columns_of_their_export(tmp_path):
    """`callconv results --fix-file` writes refused rows in the published columns."""
    calls = frame(Dir="inbound")
    rule = {"leave_out": [{"source_column": "Dir", "equals": "outbound"}]}
    origin = pd.DataFrame({"source_file": ["calls.csv"], "source_line": ["2"], "codes": [""],
                           "reasons": [""]})  # fmt: skip
    back = pd.concat([origin, prepare(calls, **rule).ready], axis=1)
    back.to_csv(tmp_path / "refused.csv", index=False)
    assert prepare(tmp_path / "refused.csv", **rule).summary["rows_ready"] == 1


# cell, rule, whether the row is left out
MEETS = {
    "both are trimmed": (" in ", {"equals": " in "}, True),
    "the cell has edge spaces": ("outbound\t", {"equals": "outbound"}, True),
    "the cell has an invisible mark": ("\u200eoutbound", {"equals": "outbound"}, True),
    "the rule has a hard space": ("outbound", {"equals": "\xa0outbound"}, True),
    "one of several words is trimmed": ("out", {"in": ["outbound", " out "]}, True),
    "another case": ("Outbound", {"equals": "outbound"}, False),
    "another case in a list": ("Outbound", {"in": ["outbound"]}, False),
    "none of the words": ("internal", {"not_in": ["inbound", "missed"]}, True),
    "one of the words": (" inbound ", {"not_in": ["inbound ", "missed"]}, False),
    "an empty cell is not another word": ("", {"not_in": ["inbound"]}, False),
    "a full match": ("outbound-api", {"matches": "outbound.*"}, True),
    "a part is not a match": ("my outbound-api", {"matches": "outbound"}, False),
    "the first alternative is not enough": ("outbound", {"matches": "out|outbound"}, True),
    "a pattern in any case": ("OUTBOUND", {"matches": "(?i)outbound|dialed"}, True),
    "a pattern of its own case": ("OUTBOUND", {"matches": "outbound"}, False),
    "a pattern that begins and ends the text": ("out", {"matches": "^out$"}, True),
    "a pattern and a line break": ("out\nbound", {"matches": "out.*"}, False),
    "below": ("29.9", {"below": 30}, True),
    "below is strict": ("30", {"below": 30}, False),
    "above is strict": ("30", {"above": 30}, False),
    "all conditions hold": ("31", {"above": 30, "below": 32}, True),
    "one of two conditions holds": ("31", {"above": 30, "below": 31}, False),
    "an empty cell": ("  ", {"empty": True}, True),
    "an empty mark is read as it is": ("N/A", {"empty": True}, False),
}


@pytest.mark.parametrize(("cell", "rule", "left_out"), MEETS.values(), ids=MEETS)
def test_a_rule_looks_at_the_trimmed_cell_as_it_was_read(cell, rule, left_out):
    rules = [{"source_column": "Dir", "reason": "x", **rule}]
    prepared = prepare(frame(Dir=cell), leave_out=rules)
    assert codes(prepared) == (["left_out_by_rule"] if left_out else [])


def test_the_given_rule_with_spaces_leaves_its_row_out():
    case = CASES / "leave_out_raw"
    prepared = prepare(case / "calls.csv", job=case / "callconv.toml")
    assert codes(prepared) == ["left_out_by_rule"]


NOT_RE2 = {
    "lookahead": "(?!inbound$).+",
    "a backreference": r"(a)\1",
    "a bracket that is not closed": "(",
    "a bracket too many": "a)|(b",
    "too many repetitions": "a{2000}",
}


@pytest.mark.parametrize("pattern", NOT_RE2.values(), ids=NOT_RE2)
def test_a_pattern_that_a_linear_engine_cannot_run_is_a_job_error(pattern):
    with pytest.raises(UsageError, match="not a regular expression") as wrong:
        Job(leave_out=[{"source_column": "Dir", "matches": pattern}])
    assert "RE2" in wrong.value.expected


def test_a_pattern_that_backtracks_takes_no_longer_than_any_other():
    """Python's engine needs 2 to the power of the cell's length for it."""
    rules = [{"source_column": "Dir", "matches": "(a+)+b"}]
    prepared = prepare(frame(Dir="a" * 5_000), leave_out=rules)
    assert prepared.summary["rows_ready"] == 1


BLANK = {
    "equals": {"equals": " "},
    "one of in": {"in": ["outbound", ""]},
    "one of not_in": {"not_in": [" "]},
}


@pytest.mark.parametrize("rule", BLANK.values(), ids=BLANK)
def test_a_blank_word_is_refused_since_it_would_hold_for_no_row(rule):
    with pytest.raises(UsageError, match="empty = true"):
        Job(leave_out=[{"source_column": "Dir", **rule}])


# What a preset derives the status from, and what becomes of a row without talk.
RINGBA = {
    "inboundCallId": "a",
    "inboundPhoneNumber": "+16465550111",
    "targetNumber": "+18005550199",
    "callDt": "2026-11-20T09:30:05-05:00",
    "callLengthInSeconds": "42",
    "connectedCallLengthInSeconds": "0",
    "Connected": "No",
}
IDS = {"CampaignId": 1, "MediaId": 2, "ActionTrackerId": 3}


def ringba(*words, talk="0", **settings):
    calls = pd.DataFrame(
        [
            RINGBA
            | {"inboundCallId": f"a{at}", "Connected": word, "connectedCallLengthInSeconds": talk}
            for at, word in enumerate(words)
        ]
    )
    return prepare(calls, preset="ringba", constants=IDS, max_rejected_share=1.0, **settings)


def test_the_words_of_the_column_that_a_preset_derives_from_can_be_mapped():
    values = {"CallStatus": {"No": "INCOMPLETE", "declined": "CANCEL"}}
    prepared = ringba("No", "no", "Declined", "Yes", values=values)
    statuses = prepared.ready["CallStatus"].tolist()
    assert statuses == ["INCOMPLETE", "INCOMPLETE", "CANCEL", "ANSWER"]


def test_the_jobs_words_come_before_the_rules_of_the_preset():
    prepared = ringba("Yes", values={"CallStatus": {"Yes": "IVR_DROPOFF"}})
    assert prepared.ready["CallStatus"].tolist() == ["IVR_DROPOFF"]


@pytest.mark.parametrize("word", ["No", "perhaps", "no answer yet"])
@pytest.mark.parametrize("talk", ["0", "30"])
@pytest.mark.parametrize("empty_status", ["if_talked", "keep", "reject"])
def test_a_word_that_no_rule_knows_is_never_sent_as_an_answer(word, talk, empty_status):
    prepared = ringba(word, talk=talk, empty_status=empty_status)
    assert prepared.summary["rows_ready"] == 0
    (reason,) = prepared.rejected["reasons"]
    assert f'CallStatus "{word}"' in reason
    assert 'from the column "Connected"' in reason
    assert "[values.CallStatus]" in reason
    assert "empty_status" not in reason


def test_a_status_that_is_truly_empty_is_still_the_jobs_to_keep():
    assert ringba("", talk="30").summary["rows_ready"] == 1
    assert ringba("", talk="0", empty_status="keep").summary["rows_ready"] == 1
    assert ringba("", talk="0").summary["rows_ready"] == 0


def test_the_words_of_the_column_that_the_jobs_own_rule_derives_from_can_be_mapped():
    prepared = prepare(
        frame({"Connected": "yes"}, {"Connected": "no"}, {"Connected": ""}),
        status=[{"when": {"Connected": "yes"}, "then": "ANSWER"}],
        values={"CallStatus": {"no": "INCOMPLETE"}},
    )
    assert prepared.ready["CallStatus"].tolist() == ["ANSWER", "INCOMPLETE", ""]


NOT_ALIKE = {
    "Event Type ID": "EventDate",
    "Total Duration": "TalkDuration",
    "Call Duration (min)": "TalkDuration",
    "Call Price": "CallProvider",
    "Called Number": "CallerId",
}


@pytest.mark.parametrize(("source", "column"), NOT_ALIKE.items(), ids=NOT_ALIKE)
def test_a_likeness_of_spelling_alone_proposes_no_column(source, column):
    """A talk time that is a call's duration would be paid."""
    with pytest.raises(InputError) as stopped:
        prepare(pd.DataFrame({source: ["1"], "SaleAmount": ["1"]}))
    assert f"{column}" in stopped.value.problem
    assert source not in stopped.value.next_step


@pytest.mark.parametrize("slip", ["EventDat", "Event-Date", "TalkDurations", "Caler ID"])
def test_a_slip_in_a_name_is_proposed(slip):
    with pytest.raises(InputError) as stopped:
        prepare(pd.DataFrame({slip: ["1"], "SaleAmount": ["1"]}))
    assert f'": "{slip}"}}, if that is it' in stopped.value.next_step


def test_columns_with_the_same_advice_share_a_line_and_a_wrong_preset_is_named(tmp_path):
    (tmp_path / "calls.csv").write_text("CallerId,SaleAmount,Shoe size\n2125550123,1,42\n")
    with pytest.raises(InputError) as stopped:
        prepare(tmp_path / "calls.csv", preset="callrail")
    said = stopped.value
    assert "Most of these columns are unknown to the preset callrail" in said.problem
    assert "CampaignId, MediaId, ActionTrackerId: --constant NAME=… for one value" in said.next_step
    assert said.next_step.count("--constant NAME") == 1
    assert len(str(said).split()) < 130
    with pytest.raises(InputError) as stopped:
        prepare(tmp_path / "calls.csv")
    assert "preset" not in stopped.value.problem


def test_a_talk_time_is_not_derived_from_a_status_that_nothing_tells():
    case = CASES / "talk_time_advice_loop"
    with pytest.raises(
        InputError, match="there is no source for 1 column: TalkDuration"
    ) as stopped:
        prepare(case / "export.csv", job=case / "callconv.toml")
    advice = stopped.value.next_step
    assert "no column is mapped to CallStatus" in advice
    assert 'only if every row is an answered call, set [constants] CallStatus = "ANSWER"' in advice


TOLD = {
    "by a column": {"columns": {"CallStatus": "Connected"}},
    "by a rule": {"status": [{"when": {"Connected": "answered"}, "then": "ANSWER"}]},
    "by a constant": {"constants": {"CallStatus": "ANSWER"}},
}


@pytest.mark.parametrize("settings", TOLD.values(), ids=TOLD)
def test_a_talk_time_is_derived_where_something_tells_the_status(settings):
    calls = frame(Connected="answered").drop(columns="TalkDuration")
    prepared = prepare(calls, talk_time="call_if_answered", **settings)
    assert prepared.ready["TalkDuration"].tolist() == ["201"]


PAYING = re.compile(
    r'empty_status|= "?ANSWER|anonymous_callers = "keep"'
    # An empty status as INCOMPLETE pays nothing.
    r'|default(?!s\], set CallStatus = "INCOMPLETE")',
    re.IGNORECASE,
)


def test_no_text_of_a_finding_proposes_a_setting_that_would_pay_a_call_without_talk():
    from callconv_kit.model import spec
    from callconv_kit.model.codes import CODES

    identifying = {"CampaignId", "MediaId", "ActionTrackerId", "CallProvider"}
    columns = [name for name in (None, *spec.NAMES) if name not in identifying]
    texts = {code.remedy_for(column) for code in CODES.values() for column in columns}
    allowed = {text for text in texts if "default_country" in text}
    assert [text for text in texts - allowed if PAYING.search(text)] == []


def test_no_text_of_the_package_proposes_to_keep_empty_statuses():
    sources = Path(ck.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if 'empty_status = "keep"' in path.read_text()] == []


# a frame that stops, by what it lacks
STOPPING = {
    "required columns": (frame().drop(columns=["CallerId", "CampaignId", "TalkDuration"]), {}),
    "a column nearly named": (
        frame().rename(columns={"CallerId": "Caller Number", "CallProvider": "Provider"}),
        {},
    ),
    "two columns for one": (frame(caller_id="6465550112"), {}),
    "a zone": (frame(EventDate="2026-11-20T09:30:05"), {}),
    "a date order": (frame(EventDate="03/04/2026 09:30:05 -05:00"), {}),
    "a rule's column": (frame(), {"leave_out": [{"source_column": "Dir", "empty": True}]}),
}


@pytest.mark.parametrize(("calls", "settings"), STOPPING.values(), ids=STOPPING)
def test_the_error_for_a_frame_proposes_no_option_of_a_command(calls, settings):
    with pytest.raises(InputError) as stopped:
        prepare(calls, **settings)
    assert stopped.value.next_step
    assert not re.search(r"--[a-z]", str(stopped.value))


def test_a_column_given_by_a_source_and_by_a_constant_is_refused():
    case = CASES / "given_twice"
    with pytest.raises(UsageError, match=r"\[constants\] MediaId is given by \[columns\]"):
        prepare(case / "calls.csv", job=case / "callconv.toml")


def test_keywords_over_a_job_choose_between_its_source_and_a_constant(tmp_path):
    (tmp_path / "job.toml").write_text('[columns]\nMediaId = "Partner"\n')
    calls = frame(Partner="881")
    job = tmp_path / "job.toml"
    assert prepare(calls, job=job, constants={"MediaId": 5}).ready["MediaId"].tolist() == ["5"]
    (tmp_path / "job.toml").write_text("[constants]\nMediaId = 5\n")
    fed = prepare(calls, job=job, columns={"MediaId": "Partner"})
    assert fed.ready["MediaId"].tolist() == ["881"]


@pytest.mark.parametrize("offset", ["-05:00", "+05:30", "+00:00"])
def test_a_fixed_offset_is_a_time_zone_all_year(offset):
    calls = frame({"EventDate": "2026-07-20T09:30:05"}, {"EventDate": "2026-11-20T09:30:05"})
    ready = prepare(calls, timezone=offset).ready
    assert ready["EventDate"].str[19:].tolist() == [offset, offset]


# a value map with a wrong target, and what the error says
TARGETS = {
    "a status that is nearly one": ("CallStatus", {"No": "INCOMPLET"}, 'Did you mean "INCOMPLETE"'),
    "a status that is none": ("CallStatus", {"No": "nope"}, "not a known call status"),
    "a blank status": ("CallStatus", {"No": " "}, "is blank, which impact.com pays"),
    "an id of letters": ("MediaId", {"acme": "acme"}, "not a whole number above zero"),
    "a duration of words": ("TalkDuration", {"none": "nothing"}, "not a duration"),
    "a phone that is none": ("CallerId", {"x": "123"}, "not a valid phone number"),
    "no source word": ("CallStatus", {"": "CANCEL"}, "a value for blank cells under [defaults]"),
    "a source word of spaces": ("MediaId", {" ": "5"}, "for blank cells under [defaults]"),
}


@pytest.mark.parametrize(("column", "words", "findings"), TARGETS.values(), ids=TARGETS)
def test_a_target_that_its_column_does_not_take_is_a_job_error(column, words, findings):
    with pytest.raises(UsageError) as wrong:
        prepare(frame(CallStatus="No"), values={column: words})
    assert f"[values.{column}]" in wrong.value.found
    assert findings in wrong.value.found


@pytest.mark.parametrize("column", ["SaleAmount", "Zip", "City", "ClickId", "OptInSms"])
def test_a_word_that_the_job_maps_to_nothing_leaves_the_cell_blank(column):
    prepared = prepare(frame({column: "not set"}, {}), values={column: {"not set": ""}})
    assert prepared.ready[column].tolist() == ["", ""]
    assert prepared.changes.loc[lambda t: t["column"] == column, "rule"].tolist() == [
        "value_mapped"
    ]


OUT = {"source_column": "Way", "equals": "out", "code": "outbound", "reason": "placed"}
OVERLAPPING = {
    "the same reason twice": (
        [OUT, {**OUT, "source_column": "How", "equals": "voip"}],
        {"outbound": 2},
        ["outbound", "outbound"],
    ),
    "one code, two reasons": (
        [OUT, {**OUT, "source_column": "How", "equals": "voip", "reason": "by VoIP"}],
        {"outbound": 2},
        ["outbound", "outbound"],
    ),
    "two codes": (
        [OUT, {**OUT, "source_column": "How", "equals": "voip", "code": "not_a_call"}],
        {"outbound": 1, "not_a_call": 2},
        ["outbound; not_a_call", "not_a_call"],
    ),
    "a column of the format and one of the export": (
        [OUT, {"column": "CallDuration", "above": 1, "code": "outbound", "reason": "placed"}],
        {"outbound": 3},
        ["outbound", "outbound", "outbound"],
    ),
    "three rules": (
        [OUT, OUT, {**OUT, "source_column": "How", "in": ["voip", "fax"], "equals": None}],
        {"outbound": 2},
        ["outbound", "outbound"],
    ),
}


@pytest.mark.parametrize(("given", "counted", "left_out"), OVERLAPPING.values(), ids=OVERLAPPING)
def test_reasons_count_rows_and_not_rules(given, counted, left_out):
    rows = [{"Way": "out", "How": "voip"}, {"Way": "in", "How": "voip"}, {"Way": "in", "How": "x"}]
    given = [{word: value for word, value in rule.items() if value} for rule in given]
    prepared = prepare(frame(*rows), leave_out=given)
    counts: dict[str, int] = {}
    for entry in prepared.summary["findings"]:
        if entry["severity"] == "left_out":
            counts[entry["code"]] = counts.get(entry["code"], 0) + entry["rows"]
            lines = [example["source_line"] for example in entry["examples"]]
            assert len(lines) == len(set(lines)) == entry["rows"]
    assert counts == counted
    assert prepared.left_out["codes"].tolist() == left_out
    reasons = prepared.left_out["reasons"].str.split("; ")
    assert all(len(each) == len(set(each)) for each in reasons)


@pytest.mark.parametrize("talk", ["Connected Duration", "Talk", "Seconds connected", "billsec"])
def test_a_column_comes_before_the_whole_call_for_a_missing_talk_time(talk):
    """Where the export has a talk time, the whole call would be paid in its place."""
    calls = frame(**{talk: "180"}).drop(columns="TalkDuration")
    with pytest.raises(InputError) as stopped:
        prepare(calls)
    said = stopped.value.next_step
    column, otherwise = said.index('"TalkDuration": "the column'), said.index("call_if_answered")
    assert column < otherwise
    assert "only if the export has no talk time" in said


LACKED = {
    "a required column": ({"CallerId": "Customer Phone"}, ["CallerId", "'Customer Phone'"]),
    "an optional column": ({"RepeatCaller": "ring_again"}, ["RepeatCaller", "'ring_again'"]),
    "a near miss": ({"CallerId": "Caler Number"}, ["'Caler Number'", "did you mean 'Caller Number'"]),
    "a part of a date": (
        {"EventDate": {"join": ["Day", "Hour"]}},
        ["EventDate from the column 'Day'"],
    ),
    "two columns": (
        {"CallerId": "Phone of caller", "CallDuration": "Whole call"},
        ["CallerId from the column 'Phone of caller'", "CallDuration from the column 'Whole call'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "said"), LACKED.values(), ids=LACKED)
def test_a_column_that_the_job_names_and_the_file_lacks_is_the_cause(columns, said):
    calls = frame(**{"Caller Number": "2125550123"})
    with pytest.raises(InputError) as stopped:
        prepare(calls, columns=columns)
    error = stopped.value
    assert error.problem.startswith("In frame, there is no source for")
    assert all(part in error.problem for part in said)
    assert "The job takes" in error.problem
    assert error.expected == "the columns that the job names"
    assert error.next_step == "Correct the name in columns."
    assert "required" not in str(error)


SAME = {
    "the same digits": ({"CallerId": "8005550199"}, 1),
    "in another spelling": ({"CallerId": "+1 (800) 555-0199"}, 1),
    "with its country": ({"CallerId": "8005550199", "CallerPhoneNumberCountry": "US"}, 1),
    "another number": ({"CallerId": "8005550198"}, 0),
    "the same digits in another country": (
        {
            "CallerId": "2079460958",
            "CallerPhoneNumberCountry": "GB",
            "CalledPhoneNumber": "2079460958",
            "CalledPhoneNumberCountry": "US",
        },
        0,
    ),
}


@pytest.mark.parametrize(("cells", "warned"), SAME.values(), ids=SAME)
def test_a_caller_that_called_itself_is_warned_of(cells, warned):
    prepared = prepare(frame(cells, {}))
    entries = [e for e in prepared.summary["findings"] if e["code"] == "caller_is_called"]
    assert sum(entry["rows"] for entry in entries) == warned
    assert prepared.summary["rows_read"] == 2


HINT = "if they are two calls, add a column that differs to session_id_from"
BY_BEGIN = {"session_id_from": ["Began", "CallerId"]}
MAYBE_TWO = {
    "the talk time differs": ({"TalkDuration": "10"}, BY_BEGIN, True),
    "the duration differs": ({"CallDuration": "230"}, BY_BEGIN, True),
    "the number dialed differs": ({"CalledPhoneNumber": "8005550198"}, BY_BEGIN, True),
    "nothing differs that is paid": ({"City": "Boston"}, BY_BEGIN, None),
    "an id of the export": ({"TalkDuration": "10"}, {"columns": {"CallSessionId": "Began"}}, False),
}


@pytest.mark.parametrize(("other", "settings", "hinted"), MAYBE_TWO.values(), ids=MAYBE_TWO)
def test_a_conflict_of_derived_ids_says_that_it_may_be_two_calls(other, settings, hinted):
    calls = frame({}, other, Began="9:30", City="Springfield").drop(columns="CallSessionId")
    prepared = prepare(calls, max_rejected_share=1.0, **settings)
    reasons = prepared.rejected["reasons"].tolist()
    if hinted is not None:
        assert prepared.rejected["codes"].tolist() == ["conflicting_duplicate"] * 2
        assert [HINT in reason for reason in reasons] == [hinted] * 2
    else:
        assert all(HINT in reason for reason in reasons)
