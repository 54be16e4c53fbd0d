"""A job: its defaults, every key's good values, how layers are laid, what it shows of itself."""

import json
import pickle
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from callconv_kit.job import PRESETS, Condition, Job, Source, merged, pairs
from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError

WHOLE = """\
input = "inbox/*.csv"
preset = "invoca"
timezone = "America/New_York"
dst = "reject"
date_order = "month-first"
decimal = "point"
currency = "USD"
default_country = "US"
phone_format = "national"
anonymous_callers = "reject"
called_number = "destination"
talk_time = "column"
empty_status = "if_talked"
send = "all"
conversion_rows = "leave_out"
session_id_from = []
optional_cells = "empty"
on_conflict = "reject"
write = "all"
warn_share = 0.0
max_rejected_share = 0.5
expect_rows = false
mask = true
encoding = ""
delimiter = ""
sheet = ""
header_line = 0
ledger = ".callconv/ledger.sqlite"
[columns]
CallerId = "Caller ID"
CallStatus = ["Result", "Status"]
EventDate = {join = ["Date", "Time"]}
[constants]
CampaignId = 1001
[defaults]
CallProvider = "CallRail"
[units]
CallDuration = "milliseconds"
[values.CallStatus]
"Left voicemail" = "INCOMPLETE"
[lookup]
file = "trackers.csv"
on = "CalledPhoneNumber"
overwrite = false
[[leave_out]]
column = "CallDuration"
below = 30
reason = "shorter than the contract's minimum"
[[leave_out]]
source_column = "Direction"
in = ["outbound", "internal"]
code = "outbound"
[[status]]
when = {voicemail = true, answered = ["yes", "y"], ivr_seconds = {above = 0}}
then = "IVR_DROPOFF"
[legs]
key = "sid"
parent = "parent_call_sid"
take = {TalkDuration = "duration"}
[connection]
protocol = "ftps"
host = "import.impact.com"
port = 21
directory = "name"
user = "brand"
password_from = "env:CALLCONV_PASSWORD"
file_name = "{date}_CallConversionData_{hash}.csv"
method = "direct"
verify = "if_possible"
max_rows_per_file = 0
ca_file = ""
known_hosts = ""
private_key = ""
timeout = 30
[results]
account_sid = "IRAbc"
token_from = "env:CALLCONV_TOKEN"
base_url = "https://api.impact.com"
[archive]
keep_days = 90
[contract]
minimum_duration = {30021 = 90}
trackers = {1001 = [30021, 30022]}
repeat_caller_days = 30
age_limit_days = 88
"""


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "callconv.toml"
    path.write_text(WHOLE)
    return path


# Reading a job


def test_a_job_without_settings_has_the_defaults_of_the_job_file():
    written = tomllib.loads(WHOLE[: WHOLE.index("[columns]")])
    for key in ("input", "preset", "timezone", "date_order"):
        del written[key]  # shown as an example, not set by default
    shown = Job().settings()
    assert {key: shown[key] for key in written} == written


def test_a_whole_job_file_is_read(whole, tmp_path):
    job = Job.load(whole)
    assert job.folder == tmp_path
    assert job.input == (str(tmp_path / "inbox/*.csv"),)
    assert job.ledger == job.ledger_path == tmp_path / ".callconv/ledger.sqlite"
    assert job.columns == {
        "CallerId": Source(("Caller ID",)),
        "CallStatus": Source(("Result", "Status")),
        "EventDate": Source(("Date", "Time"), join=True),
    }
    assert job.constants == {"CampaignId": "1001"}
    assert job.values == {"CallStatus": {"Left voicemail": "INCOMPLETE"}}
    assert (job.lookup.file, job.lookup.on) == (tmp_path / "trackers.csv", "CalledPhoneNumber")
    short, outbound = job.leave_out
    assert (short.column, short.conditions) == ("CallDuration", {"below": 30})
    assert short.text == "shorter than the contract's minimum"
    assert (outbound.source_column, outbound.in_) == ("Direction", ("outbound", "internal"))
    assert (outbound.code, outbound.text) == ("outbound", "Direction in outbound, internal")
    (rule,) = job.status
    assert (rule.when["voicemail"].equals, rule.when["answered"].in_) == ("true", ("yes", "y"))
    assert (rule.when["ivr_seconds"].above, rule.then) == (0, "IVR_DROPOFF")
    assert (job.legs.key, job.legs.take) == ("sid", {"TalkDuration": "duration"})
    assert (job.connection.ca_file, job.connection.timeout) == (None, 30)
    assert job.contract.trackers == {"1001": ("30021", "30022")}
    assert (job.contract.minimum_of("30021"), job.contract.minimum_of("30022")) == (90, None)
    assert job.contract.age_limit_of("30022") == 88


def test_no_job_file_means_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    job = Job.from_keywords(ledger="sent.sqlite")
    assert (job.folder, job.ledger) == (tmp_path, tmp_path / "sent.sqlite")


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated(tmp_path):
    path = tmp_path / "callconv.toml"
    path.write_bytes(b"\xef\xbb\xbfdecimal = 'comma'\r\nwrite = 'present'\r\n")
    job = Job.load(path)
    assert (job.decimal, job.write) == ("comma", "present")


GOOD = {
    "several inputs": ({"input": ["/in/a.csv", "/in/b.csv"]}, "input", ("/in/a.csv", "/in/b.csv")),
    "standard input": ({"input": "-"}, "input", ("-",)),
    "an address": ({"input": "s3://calls/a_?.csv"}, "input", ("s3://calls/a_?.csv",)),
    "an input as a path": ({"input": PurePosixPath("/in/a.csv")}, "input", ("/in/a.csv",)),
    "a preset by path": ({"preset": "/presets/own.toml"}, "preset", "/presets/own.toml"),
    "a preset in capitals": ({"preset": "CallRail"}, "preset", "callrail"),
    "an old zone name": ({"timezone": "EST5EDT"}, "timezone", "EST5EDT"),
    "a blank zone": ({"timezone": ""}, "timezone", None),
    "a zone not given": ({"timezone": None}, "timezone", None),
    "a blank date order": ({"date_order": ""}, "date_order", None),
    "a currency in lower case": ({"currency": "eur"}, "currency", "EUR"),
    "a country in lower case": ({"default_country": "gb"}, "default_country", "GB"),
    "a share of nothing": ({"warn_share": 0}, "warn_share", 0.0),
    "a share of all": ({"max_rejected_share": 1}, "max_rejected_share", 1.0),
    "an encoding by another name": ({"encoding": "latin1"}, "encoding", "latin1"),
    "a tab": ({"delimiter": "\t"}, "delimiter", "\t"),
    "a tab as people type it": ({"delimiter": "\\t"}, "delimiter", "\t"),
    "one session column": ({"session_id_from": "Call ID"}, "session_id_from", ("Call ID",)),
    "tolerant column names": ({"constants": {"campaign_ID": 1}}, "constants", {"CampaignId": "1"}),
    "an optional column emptied": ({"constants": {"SubId1": ""}}, "constants", {"SubId1": ""}),
    "a column from one of a list": (
        {"columns": {"City": ["Town"]}},
        "columns",
        {"City": Source(("Town",))},
    ),
    "a column from a Source": (
        {"columns": {"City": Source(("A", "B"), True)}},
        "columns",
        {"City": Source(("A", "B"), True)},
    ),
}


@pytest.mark.parametrize(("keywords", "key", "expected"), GOOD.values(), ids=GOOD)
def test_takes(keywords, key, expected):
    assert getattr(Job(**keywords), key) == expected


WORDS = {
    "dst": ("reject", "earlier", "later"),
    "date_order": ("month-first", "day-first"),
    "decimal": ("point", "comma"),
    "phone_format": ("national", "dashes", "parentheses", "e164"),
    "anonymous_callers": ("reject", "leave_out", "keep"),
    "called_number": ("destination", "tracking"),
    "talk_time": ("column", "call_if_answered", "column_if_answered"),
    "empty_status": ("if_talked", "keep", "reject"),
    "send": ("all", "answered"),
    "conversion_rows": ("leave_out", "own_row"),
    "optional_cells": ("empty", "reject"),
    "on_conflict": ("reject", "first", "last"),
    "write": ("all", "present"),
    "preset": PRESETS,
}


@pytest.mark.parametrize("key", WORDS)
def test_every_allowed_word_is_taken_and_its_misspelling_gets_the_nearest(key):
    for word in WORDS[key]:
        assert getattr(Job(**{key: word}), key) == word
        with pytest.raises(UsageError) as raised:
            Job(**{key: word[:-1] + "x" + word[-1]})
        error = raised.value
        assert (error.code, error.next_step) == ("job_bad_value", f'Did you mean "{word}"?')
        assert key in error.problem
        assert word in error.expected


TEXTS = {
    "a whole number": (1001, "1001"),
    "a whole float": (1001.0, "1001"),
    "a fraction": (12.5, "12.5"),
    "a small fraction": (1e-7, "0.0000001"),
    "nineteen digits": (9_223_372_036_854_775_807, "9223372036854775807"),
    "true": (True, "true"),
    "text": ("Invoca", "Invoca"),
    "text that looks like a number": ("007", "007"),
    "a decimal": (Decimal("12.50"), "12.50"),
    "a day": (date(2026, 11, 20), "2026-11-20"),
    "a time with an offset": (
        datetime(2026, 11, 20, 9, 30, tzinfo=timezone(timedelta(hours=-5))),
        "2026-11-20T09:30:00-05:00",
    ),
    "a numpy number": (np.int64(7), "7"),
    "a numpy boolean": (np.bool_(False), "false"),
}


@pytest.mark.parametrize(("value", "text"), TEXTS.values(), ids=TEXTS)
def test_values_become_the_text_that_a_person_would_write(value, text):
    job = Job(
        constants={"SubId1": value}, defaults={"SubId2": value}, values={"City": {"a": value}}
    )
    assert job.constants == {"SubId1": text}
    assert job.defaults == {"SubId2": text}
    assert job.values == {"City": {"a": text}}


NOW = {
    "an offset": ("2026-11-20T09:30:00-05:00", {}, "2026-11-20T14:30:00+00:00"),
    "Zulu": ("2026-11-20T09:30:00Z", {}, "2026-11-20T09:30:00+00:00"),
    "no offset is UTC": ("2026-11-20T09:30:00", {}, "2026-11-20T09:30:00+00:00"),
    "no offset takes the job's zone": (
        datetime(2026, 11, 20, 9, 30),  # noqa: DTZ001 - a time without an offset is the case
        {"timezone": "America/New_York"},
        "2026-11-20T14:30:00+00:00",
    ),
    "a day begins at midnight": (date(2026, 11, 20), {}, "2026-11-20T00:00:00+00:00"),
}


@pytest.mark.parametrize(("now", "others", "expected"), NOW.values(), ids=NOW)
def test_now_is_the_clock(now, others, expected):
    assert Job(now=now, **others).clock.astimezone(UTC).isoformat() == expected


def test_without_now_the_clock_is_the_real_one():
    before = datetime.now(UTC)
    assert before <= Job().clock <= datetime.now(UTC)


def test_sftp_has_its_own_port_unless_one_is_given():
    assert Job(connection={"protocol": "sftp"}).connection.port == 22
    assert Job(connection={"protocol": "sftp", "port": 21}).connection.port == 21


def test_the_status_of_a_rule_may_be_written_in_any_case():
    assert Job(status=[{"when": {"a": 1}, "then": "Ivr dropoff"}]).status[0].then == "IVR_DROPOFF"


# Layers


LAYERS = {
    "a setting of the job wins": ({"send": "answered"}, {"send": "all"}, {"send": "all"}),
    "what is not given does not win": (
        {"timezone": "UTC", "dst": "later"},
        {"timezone": "", "dst": None},
        {"timezone": "UTC", "dst": "later"},
    ),
    "columns merge by column, however spelled": (
        {"columns": {"CallerId": "a", "City": "b"}},
        {"columns": {"caller_id": "c"}},
        {"columns": {"CallerId": "c", "City": "b"}},
    ),
    "value maps merge by value": (
        {"values": {"CallStatus": {"a": "ANSWER", "b": "CANCEL"}}},
        {"values": {"Call Status": {"b": "FAILURE"}}},
        {"values": {"CallStatus": {"a": "ANSWER", "b": "FAILURE"}}},
    ),
    "a join is replaced whole": (
        {"columns": {"City": {"join": ["a", "b"]}}},
        {"columns": {"City": {"join": ["c", "d"]}}},
        {"columns": {"City": {"join": ["c", "d"]}}},
    ),
    "a column that the job feeds drops the preset's constant": (
        {"constants": {"CallProvider": "Invoca", "City": "x"}},
        {"columns": {"call provider": "Vendor"}},
        {"constants": {"City": "x"}, "columns": {"CallProvider": "Vendor"}},
    ),
    "the job's own constant stays beside its column": (
        {"constants": {"CallProvider": "Invoca"}},
        {"columns": {"CallProvider": "Vendor"}, "constants": {"CallProvider": "Own"}},
        {"constants": {"CallProvider": "Own"}, "columns": {"CallProvider": "Vendor"}},
    ),
    "rules are joined, the job's first": (
        {"leave_out": [{"column": "City", "empty": True}]},
        {"leave_out": [{"column": "Zip", "empty": True}]},
        {"leave_out": [{"column": "Zip", "empty": True}, {"column": "City", "empty": True}]},
    ),
    "a rule of both stands once": (
        {"leave_out": [{"column": "City", "empty": True}]},
        {"leave_out": [{"column": "City", "empty": True}]},
        {"leave_out": [{"column": "City", "empty": True}]},
    ),
    "a connection merges by key": (
        {"connection": {"host": "a", "port": 21}},
        {"connection": {"port": 2121}},
        {"connection": {"host": "a", "port": 2121}},
    ),
    "a look-up has one key": (
        {"lookup": {"file": "a", "on": "CallerId"}},
        {"lookup": {"on_source": "Line"}},
        {"lookup": {"file": "a", "on_source": "Line"}},
    ),
}


@pytest.mark.parametrize(("preset", "job", "expected"), LAYERS.values(), ids=LAYERS)
def test_merges(preset, job, expected):
    before = json.dumps([preset, job])
    assert merged(preset, job) == expected
    assert json.dumps([preset, job]) == before


def test_keywords_win_over_the_file_and_their_paths_belong_to_the_working_folder(
    whole, tmp_path, monkeypatch
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    job = Job.load("../callconv.toml", lookup={"file": "own.csv"}, constants={"MediaId": 7})
    assert job.constants == {"CampaignId": "1001", "MediaId": "7"}
    assert job.lookup.file == elsewhere / "own.csv"
    assert job.ledger.resolve() == whole.parent / ".callconv/ledger.sqlite"


def test_a_preset_lies_under_the_job():
    job = Job(timezone="UTC", columns={"City": "Town"})
    laid = job.under(
        {
            "timezone": "Asia/Tokyo",
            "called_number": "tracking",
            "columns": {"City": "c", "Zip": "z"},
        }
    )
    assert (laid.timezone, laid.called_number) == ("UTC", "tracking")
    assert laid.columns == {"City": Source(("Town",)), "Zip": Source(("z",))}
    assert job.columns == {"City": Source(("Town",))}


def test_a_job_can_be_laid_under_keywords(whole):
    job = Job.from_keywords(Job.load(whole), send="answered")
    assert (job.send, job.preset, job.folder) == ("answered", "invoca", whole.parent)


def test_options_that_are_repeated_become_a_table():
    assert pairs("--constant", ["campaign_id=1001", "SubId1=a=b"]) == {
        "CampaignId": "1001",
        "SubId1": "a=b",
    }


# What a job shows of itself


def test_a_job_never_changes():
    with pytest.raises(ValidationError, match="frozen"):
        Job().send = "answered"


def test_a_job_travels_to_a_worker_process(whole):
    job = Job.load(whole)
    again = pickle.loads(pickle.dumps(job))  # noqa: S301 - our own bytes
    assert again == job
    assert again.settings() == job.settings()


def test_settings_show_paths_as_seen_from_the_job_and_no_machine(whole, tmp_path):
    shown = Job.load(whole).settings()
    assert shown["input"] == ["inbox/*.csv"]
    assert shown["lookup"]["file"] == "trackers.csv"
    assert shown["ledger"] == ".callconv/ledger.sqlite"
    assert shown["columns"]["EventDate"] == {"join": ["Date", "Time"]}
    assert str(tmp_path) not in json.dumps(shown)


def test_settings_without_mask_make_the_same_job_again(whole, monkeypatch):
    monkeypatch.chdir(whole.parent)
    shown = Job.load(whole, mask=False).settings()
    again = Job(**json.loads(json.dumps(shown)))
    assert again.settings() == shown
    assert again.lookup == Job.load(whole).lookup


def test_phone_numbers_of_a_job_are_masked_in_settings_and_repr():
    job = Job(
        constants={"CalledPhoneNumber": "(212) 555-0123"},
        values={"CallerId": {"2125550124": "+1 212 555 0125"}},
        leave_out=[{"column": "CallerId", "in": ["2125550126"]}],
        status=[{"when": {"From": "212.555.0127"}, "then": "CANCEL"}],
    )
    shown = json.dumps(job.settings()) + repr(job) + str(job) + repr(job.leave_out)
    shown += repr(job.status) + job.leave_out[0].text
    for digits in ("0123", "0124", "0125", "0126", "0127"):
        assert digits in shown
    for number in ("555-01", "555 01", "555.01", "55501"):
        assert number not in shown
    assert "2125550126" in json.dumps(job.settings(masked=False))


def test_ids_are_not_taken_for_phone_numbers():
    job = Job(constants={"CampaignId": 1234567890}, now="2026-11-20T09:30:00Z")
    assert job.settings()["constants"] == {"CampaignId": "1234567890"}
    assert job.settings()["now"] == "2026-11-20T09:30:00+00:00"


def test_a_signed_address_is_shown_without_its_key():
    job = Job(input="https://calls.example.com/a.csv?signature=abc")
    assert job.settings()["input"] == ["https://calls.example.com/a.csv"]
    assert job.input == ("https://calls.example.com/a.csv?signature=abc",)


def test_a_condition_knows_its_words():
    condition = Condition.model_validate({"above": 1, "in": ["a"], "empty": False})
    assert condition.conditions == {"above": 1, "in": ("a",), "empty": False}


def test_reading_a_job_loads_neither_pandas_nor_pyarrow():
    heavy = "{'pandas', 'pyarrow', 'phonenumbers'}"
    code = f"import sys, callconv_kit.job; print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# Properties

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(str.strip)
columns = st.sampled_from(spec.NAMES)
written = st.one_of(
    names,
    st.lists(names, min_size=1, max_size=3, unique=True),
    st.builds(lambda n: {"join": n}, st.lists(names, min_size=2, max_size=3, unique=True)),
)
cells = st.one_of(names, st.integers(0, 10**18), st.booleans())
conditions = st.one_of(
    st.fixed_dictionaries({"equals": cells}),
    st.fixed_dictionaries({"in": st.lists(cells, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"below": st.integers(-5, 5) | st.floats(-5, 5)}),
    st.fixed_dictionaries({"empty": st.booleans(), "matches": st.just("[a-z]+")}),
)


def once(job):
    """A job that gives no column by [columns] and [constants] both."""
    constants = {
        name: value
        for name, value in job.get("constants", {}).items()
        if name not in job.get("columns", {})
    }
    return {**job, "constants": constants}


jobs = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.sampled_from(words) for key, words in WORDS.items()},
        "timezone": st.sampled_from(["UTC", "Europe/Rome"]),
        "input": st.lists(st.sampled_from(["a.csv", "in/*.csv", "../b.csv", "-"]), min_size=1),
        "ledger": st.just("sent.sqlite"),
        "warn_share": st.floats(0, 1),
        "mask": st.just(False),
        "header_line": st.integers(0, 9),
        "session_id_from": st.lists(names, max_size=3, unique=True),
        "columns": st.dictionaries(columns, written, max_size=3),
        "constants": st.dictionaries(columns, cells, max_size=3),
        "values": st.dictionaries(columns, st.dictionaries(names, cells, max_size=2), max_size=2),
        "leave_out": st.lists(
            st.builds(lambda c, n: {**c, "source_column": n}, conditions, names), max_size=2
        ),
        "status": st.lists(
            st.fixed_dictionaries(
                {
                    "when": st.dictionaries(names, cells | conditions, min_size=1, max_size=2),
                    "then": st.sampled_from(spec.STATUSES),
                }
            ),
            max_size=2,
        ),
        "contract": st.fixed_dictionaries({"minimum_duration": st.integers(0, 99)}),
    },
).map(once)


@settings(deadline=None, max_examples=60)
@given(jobs)
def test_settings_go_through_json_and_make_the_same_job(keywords):
    job = Job(**keywords)
    shown = job.settings(masked=False)
    again = Job(**json.loads(json.dumps(shown)))
    assert again.settings(masked=False) == shown


@settings(deadline=None, max_examples=60)
@given(jobs, jobs)
def test_what_the_job_says_wins_over_any_preset(preset, job):
    laid = Job(**job).under(preset)
    for key in set(job) & {*WORDS, "timezone", "warn_share", "header_line"}:
        assert getattr(laid, key) == getattr(Job(**job), key)
    for column, source in Job(**job).columns.items():
        assert laid.columns[column] == source
    for column, value in Job(**job).constants.items():
        assert laid.constants[column] == value


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
    ),
    st.sampled_from(sorted(Job.model_fields)),
)
def test_any_value_of_any_key_is_taken_or_told(value, key):
    said = told(**{key: value})
    assert said is None or said.code.startswith(("job_", "zone_"))
    assert str(said).isprintable()


def told(**keywords):
    """What is wrong with a job of these keywords; None where nothing is."""
    try:
        Job(**keywords)
    except UsageError as error:
        return error
    return None


def test_a_path_stays_below_home_when_written_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    key = Job(connection={"protocol": "sftp", "private_key": "~/.ssh/id"}).connection.private_key
    assert key == Path(tmp_path) / ".ssh/id"
