"""A wrong job: each fault is told with its key, its value, what is allowed and the nearest word."""

import json
import re

import pytest

from callconv_kit.job import Job, pairs
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import nearest, spec_column


def fault(**keywords):
    with pytest.raises(UsageError) as raised:
        Job(**keywords)
    error = raised.value
    assert error.exit_status == 2
    assert error.__suppress_context__ or error.__context__ is None
    return error


# keywords, code, and what the message must say
BAD = {
    "unknown key": ({"timezon": "UTC"}, "job_unknown_key", ["timezon ", '"timezone"']),
    "key without its table": ({"host": "x"}, "job_unknown_key", ["belongs to [connection]"]),
    "column without its table": ({"CallerId": "x"}, "job_unknown_key", ["[columns]"]),
    "unknown key of a table": (
        {"connection": {"protocl": "ftp"}},
        "job_unknown_key",
        ["[connection] protocl", '"protocol"'],
    ),
    "setting below a table": (
        {"connection": {"timezone": "UTC"}},
        "job_unknown_key",
        ["to the top of the file"],
    ),
    "setting below [columns]": (
        {"columns": {"timezone": "UTC"}},
        "job_unknown_column",
        ["[columns] timezone", "to the top of the file"],
    ),
    "unknown column": (
        {"constants": {"CampainId": 1}},
        "job_unknown_column",
        ["[constants] CampainId", '"CampaignId"'],
    ),
    "strange column": ({"defaults": {"qqq": 1}}, "job_unknown_column", ["callconv columns"]),
    "unknown column of a value map": (
        {"values": {"CalStatus": {"a": "b"}}},
        "job_unknown_column",
        ["[values] CalStatus", '"CallStatus"'],
    ),
    "column twice": (
        {"columns": {"CallerId": "a", "caller_id": "b"}},
        "job_column_twice",
        ["[columns] CallerId", '"caller_id"'],
    ),
    "blank required constant": ({"constants": {"MediaId": " "}}, "job_bad_value", ["is blank"]),
    "blank required default": ({"defaults": {"MediaId": ""}}, "job_bad_value", ["is blank"]),
    "constant that is a list": ({"constants": {"City": [1]}}, "job_bad_value", ["City"]),
    "constant that is no number": ({"constants": {"City": float("nan")}}, "job_bad_value", []),
    "constant that lost digits": ({"constants": {"MediaId": 1e19}}, "job_bad_value", ["digits"]),
    "zone": ({"timezone": "America/NewYork"}, "zone_unknown", ['"America/New_York"']),
    "zone in lower case": ({"timezone": "europe/rome"}, "zone_unknown", ['"Europe/Rome"']),
    "zone by its city": ({"timezone": "Los Angeles"}, "zone_unknown", ["America/Los_Angeles"]),
    "folder of zones": ({"timezone": "America"}, "zone_unknown", ['"America"']),
    "zone outside the list": ({"timezone": "../UTC"}, "zone_unknown", []),
    "zone by letters of a fixed offset": (
        {"timezone": "EST"},
        "zone_unknown",
        ["fixed offset", "America/New_York", '"-05:00"'],
    ),
    "zone by mountain letters": (
        {"timezone": "MST"},
        "zone_unknown",
        ["America/Denver", "America/Phoenix", '"-07:00"'],
    ),
    "zone by Hawaiian letters": (
        {"timezone": "HST"},
        "zone_unknown",
        ["Pacific/Honolulu", '"-10:00"'],
    ),
    "zone by letters in lower case": (
        {"timezone": " pdt "},
        "zone_unknown",
        ["America/Los_Angeles", '"-07:00"'],
    ),
    "zone of the machine": ({"timezone": "localtime"}, "zone_unknown", ["America/New_York"]),
    "offset without its colon": ({"timezone": "-0500"}, "zone_unknown", ['"-05:00"']),
    "offset that no place keeps": ({"timezone": "+15:00"}, "zone_unknown", []),
    "column given by a source and a constant": (
        {"columns": {"MediaId": "Partner"}, "constants": {"media_id": 5}},
        "job_column_twice",
        ["[constants] MediaId", "[columns]"],
    ),
    "zone that is no text": ({"timezone": 5}, "job_bad_value", ["timezone"]),
    "preset": ({"preset": "call rail"}, "job_bad_value", ['"callrail"', "invoca"]),
    "preset that is no text": ({"preset": 1}, "job_bad_value", ["preset"]),
    "currency": ({"currency": "$"}, "job_bad_value", ['"$"', "USD"]),
    "country": ({"default_country": "UK"}, "job_bad_value", ['"GB"']),
    "country by name": ({"default_country": "Germany"}, "job_bad_value", ["two letters"]),
    "share in per cent": ({"warn_share": 10}, "job_bad_value", ["For 10 % write 0.1"]),
    "negative share": ({"max_rejected_share": -0.1}, "job_bad_value", ["-0.1"]),
    "share as text": ({"warn_share": "0.1"}, "job_bad_value", ['"0.1"']),
    "share as a boolean": ({"warn_share": True}, "job_bad_value", ["true"]),
    "boolean as a word": ({"mask": "yes"}, "job_bad_value", ['"yes"', "true or false"]),
    "boolean as a number": ({"expect_rows": 1}, "job_bad_value", ["true or false"]),
    "encoding": ({"encoding": "utf9"}, "job_bad_value", ['"utf-8"']),
    "encoding that is no text": ({"encoding": "base64"}, "job_bad_value", []),
    "long delimiter": ({"delimiter": "::"}, "job_bad_value", ["one character"]),
    "quote as delimiter": ({"delimiter": '"'}, "job_bad_value", []),
    "letter as delimiter": ({"delimiter": "a"}, "job_bad_value", []),
    "sheet by number": ({"sheet": 1}, "job_bad_value", ["text in quotes"]),
    "negative header line": ({"header_line": -1}, "job_bad_value", ["at least 0"]),
    "header line as text": ({"header_line": "1"}, "job_bad_value", ["whole number"]),
    "ledger that is no path": ({"ledger": 1}, "job_bad_value", ["ledger"]),
    "input that is no path": ({"input": 1}, "job_bad_value", ["input"]),
    "input that is blank": ({"input": ["a", ""]}, "job_bad_value", ["blank"]),
    "now": ({"now": "tomorrow"}, "job_bad_value", ["ISO 8601"]),
    "blank session column": ({"session_id_from": ["a", ""]}, "job_bad_value", ["blank"]),
    "table that is none": ({"columns": "CallerId"}, "job_bad_value", ["[columns]"]),
    "blank source": ({"columns": {"City": ""}}, "job_bad_value", ["[columns] City"]),
    "no source": ({"columns": {"City": []}}, "job_bad_value", ["[columns] City"]),
    "source twice": ({"columns": {"City": ["a", "a"]}}, "job_bad_value", ["twice"]),
    "join of one": (
        {"columns": {"City": {"join": ["a"]}}},
        "job_bad_value",
        ["one column for a join"],
    ),
    "join of a text": ({"columns": {"City": {"join": "ab"}}}, "job_bad_value", ["City"]),
    "source with another key": ({"columns": {"City": {"first": ["a"]}}}, "job_bad_value", ["join"]),
    "source that is a number": ({"columns": {"City": 3}}, "job_bad_value", ["Found: 3"]),
    "unit of no duration": ({"units": {"City": "minutes"}}, "job_bad_value", ["CallDuration"]),
    "unit": ({"units": {"CallDuration": "milisecond"}}, "job_bad_value", ['"milliseconds"']),
    "value map that is none": ({"values": {"City": "a"}}, "job_bad_value", ["[values] City"]),
    "look-up without a file": (
        {"lookup": {"on": "CallerId"}},
        "job_bad_value",
        ["file is missing"],
    ),
    "look-up without a key": ({"lookup": {"file": "a"}}, "job_bad_value", ["neither"]),
    "look-up with two keys": (
        {"lookup": {"file": "a", "on": "City", "on_source": "b"}},
        "job_bad_value",
        ["[lookup]", "both"],
    ),
    "look-up on an unknown column": (
        {"lookup": {"file": "a", "on": "CalerId"}},
        "job_unknown_column",
        ["[lookup] on", '"CallerId"'],
    ),
    "one bracket": ({"leave_out": {"column": "City"}}, "job_bad_value", ["[[leave_out]]"]),
    "rule without a column": ({"leave_out": [{"empty": True}]}, "job_bad_value", ["neither"]),
    "rule with both columns": (
        {"leave_out": [{"column": "City", "source_column": "a", "empty": True}]},
        "job_bad_value",
        ["both"],
    ),
    "rule without a condition": (
        {"leave_out": [{"column": "City", "empty": True}, {"column": "City"}]},
        "job_bad_value",
        ["(number 2)", "no condition"],
    ),
    "rule on an unknown column": (
        {"leave_out": [{"column": "CallDuratoin", "below": 30}]},
        "job_unknown_column",
        ["[[leave_out]] (number 1) column", '"CallDuration"'],
    ),
    "bad regular expression": (
        {"leave_out": [{"column": "City", "matches": "("}]},
        "job_bad_value",
        ["matches", "regular expression"],
    ),
    "numbers in a column of text": (
        {"leave_out": [{"column": "City", "above": 1}]},
        "job_bad_value",
        ["City", "no numbers"],
    ),
    "bound that is no number": (
        {"leave_out": [{"column": "CallDuration", "below": "30"}]},
        "job_bad_value",
        ["below", "without quotes"],
    ),
    "bound that is infinite": (
        {"leave_out": [{"column": "CallDuration", "below": float("inf")}]},
        "job_bad_value",
        ["below"],
    ),
    "empty list": ({"leave_out": [{"column": "City", "in": []}]}, "job_bad_value", [" in "]),
    "unknown word of a rule": (
        {"leave_out": [{"column": "City", "eqals": "a"}]},
        "job_unknown_key",
        ['"equals"'],
    ),
    "misspelled in": (
        {"leave_out": [{"column": "City", "in_": ["a"]}]},
        "job_unknown_key",
        ['"in"'],
    ),
    "status rule without when": ({"status": [{"then": "ANSWER"}]}, "job_bad_value", ["when"]),
    "status rule of nothing": (
        {"status": [{"when": {}, "then": "ANSWER"}]},
        "job_bad_value",
        ["when is blank"],
    ),
    "status": (
        {"status": [{"when": {"a": "b"}, "then": "ANSWERD"}]},
        "job_bad_value",
        ['"ANSWER"', "IVR_DROPOFF"],
    ),
    "legs without a parent": ({"legs": {"key": "a"}}, "job_bad_value", ["[legs] parent"]),
    "legs taking an unknown column": (
        {"legs": {"key": "a", "parent": "b", "take": {"TalkDurations": "c"}}},
        "job_unknown_column",
        ["[legs.take]", '"TalkDuration"'],
    ),
    "protocol": ({"connection": {"protocol": "ftp "}}, "job_bad_value", ['"ftps"', '"sftp"']),
    "method": ({"connection": {"method": "renam"}}, "job_bad_value", ['"rename"']),
    "verify": ({"connection": {"verify": True}}, "job_bad_value", ['"required"']),
    "port": ({"connection": {"port": 70000}}, "job_bad_value", ["70000", "at most 65535"]),
    "port as text": ({"connection": {"port": "21"}}, "job_bad_value", ["whole number"]),
    "timeout": ({"connection": {"timeout": 0}}, "job_bad_value", ["[connection] timeout"]),
    "rows per file": ({"connection": {"max_rows_per_file": -1}}, "job_bad_value", ["at least 0"]),
    "host with a scheme": ({"connection": {"host": "ftp://x"}}, "job_bad_value", ["host"]),
    "host with a port": ({"connection": {"host": "x:21"}}, "job_bad_value", ["host"]),
    "line break in a user": ({"connection": {"user": "a\r\nDELE x"}}, "job_bad_value", ["user"]),
    "placeholder": ({"connection": {"file_name": "{dat}.csv"}}, "job_bad_value", ['"{date}"']),
    "lone brace": ({"connection": {"file_name": "a{.csv"}}, "job_bad_value", ["placeholder"]),
    "format of a placeholder": (
        {"connection": {"file_name": "{date:%Y}.csv"}},
        "job_bad_value",
        [],
    ),
    "path in a name": ({"connection": {"file_name": "a/b.csv"}}, "job_bad_value", ["directory"]),
    "back in a name": ({"connection": {"file_name": "a\\b.csv"}}, "job_bad_value", []),
    "wildcard in a name": ({"connection": {"file_name": "a*.csv"}}, "job_bad_value", []),
    "line break in a name": ({"connection": {"file_name": "a\n.csv"}}, "job_bad_value", []),
    "receipt": ({"connection": {"file_name": "Receipt_{date}.csv"}}, "job_bad_value", ["ignores"]),
    "result": ({"connection": {"file_name": "result_a.csv"}}, "job_bad_value", ["ignores"]),
    "hidden name": ({"connection": {"file_name": ".a.csv"}}, "job_bad_value", []),
    "long name": ({"connection": {"file_name": "a" * 300}}, "job_bad_value", ["too long"]),
    "blank name": ({"connection": {"file_name": ""}}, "job_bad_value", []),
    "parts of one name": (
        {"connection": {"file_name": "{date}.csv", "max_rows_per_file": 9}},
        "job_bad_value",
        ["[connection]", "{part}"],
    ),
    "certificate without TLS": (
        {"connection": {"protocol": "ftp", "ca_file": "ca.pem"}},
        "job_bad_value",
        ["ca_file", "ftps"],
    ),
    "host key without SSH": (
        {"connection": {"known_hosts": "known_hosts"}},
        "job_bad_value",
        ["known_hosts", "sftp"],
    ),
    "web address": ({"results": {"base_url": "impact"}}, "job_bad_value", ["https://"]),
    "archive": ({"archive": {"keep_days": -1}}, "job_bad_value", ["[archive] keep_days"]),
    "contract": (
        {"contract": {"minimum_duration": {"30021": -1}}},
        "job_bad_value",
        ["[contract.minimum_duration] 30021"],
    ),
    "trackers that are no list": ({"contract": {"trackers": {1: 2}}}, "job_bad_value", ["list"]),
}


@pytest.mark.parametrize(("keywords", "code", "words"), BAD.values(), ids=BAD)
def test_tells_a_wrong(keywords, code, words):
    error = fault(**keywords)
    said = str(error)
    assert error.code == code, said
    for word in [next(iter(keywords)), *words]:
        assert word in said
    assert "Input should" not in said  # no words of pydantic's
    assert error.next_step


SECRETS = {
    "a password": {"connection": {"password": "hunter2"}},
    "a password in another spelling": {"connection": {"Pass_Word": "hunter2"}},
    "a password above the tables": {"password": "hunter2"},
    "a password for its place": {"connection": {"password_from": "hunter2"}},
    "a password for a variable": {"connection": {"password_from": "env:hunter2!"}},
    "a password in the host": {"connection": {"host": "brand:hunter2@example.com"}},
    "a password in an address": {"input": "ftp://brand:hunter2@example.com/a.csv"},
    "a token": {"results": {"auth_token": "hunter2"}},
    "a token for its place": {"results": {"token_from": "hunter2"}},
    "a token in an address": {"results": {"base_url": "https://brand:hunter2@example.com"}},
    "a password under a wrong name": {"connection": {"passwort": "hunter2"}},
    "a connection that is a text": {"connection": "ftp://brand:hunter2@example.com"},
}


@pytest.mark.parametrize("keywords", SECRETS.values(), ids=SECRETS)
def test_never_repeats(keywords):
    error = fault(**keywords)
    assert "hunter2" not in str(error) + repr(error) + str(error.as_dict())


def test_a_password_in_the_file_is_told_where_it_belongs():
    error = fault(connection={"password": "hunter2", "user": "brand"})
    assert error.code == "job_secret_in_file"
    assert "password_from" in error.next_step


@pytest.mark.parametrize("form", ["env:CALLCONV_PASSWORD", "env:_a1", "netrc", "keyring"])
def test_a_password_may_come_from(form):
    assert Job(connection={"password_from": form}).connection.password_from == form


def test_phone_numbers_are_masked_in_faults():
    error = fault(values={"CallerId": {"2125550123": [1]}}, constants={"CalledPhoneNumber": [1]})
    assert "******0123" in str(error)
    assert "2125550123" not in str(error)


def test_a_text_that_a_terminal_would_obey_is_escaped():
    error = fault(delimiter="\x1b[31m", columns={"\x1b[2J": "a"})
    assert str(error).isprintable()


def test_all_faults_are_told_at_once(tmp_path):
    path = tmp_path / "callconv.toml"
    path.write_text(
        """
        sned = "all"
        timezone = "America/NewYork"
        mask = "no"
        [constants]
        CampaignId = ""
        MediaID = 1
        media_id = 2
        [values.CallSatus]
        a = "ANSWER"
        [[leave_out]]
        column = "City"
        [connection]
        password = "hunter2"
        port = 0
        """
    )
    with pytest.raises(UsageError) as raised:
        Job.load(path, preset="invocca")
    said = str(raised.value)
    assert raised.value.code == "job_invalid"
    assert str(path) in said
    assert "10 faults" in said
    for word in (
        *('"send"', "America/New_York", "mask", "[constants] CampaignId", '"media_id"'),
        *('"CallStatus"', "no condition", "password_from", "[connection] port", '"invoca"'),
    ):
        assert word in said


def test_faults_of_one_kind_keep_its_code():
    assert fault(sned="a", maks="b").code == "job_unknown_key"


CONSTANTS = {
    "the same spelling": ({"CampaignId": "Program ID"}, {"CampaignId": 7}),
    "another spelling": ({"campaign id": "Program ID"}, {"CampaignId": 7}),
    "a list": ({"CampaignId": ["Program ID", "Program"]}, {"CampaignId": 7}),
    "beside other columns": ({"City": "Town", "CampaignId": "Program ID"}, {"CampaignId": 7}),
    "two of them": ({"CampaignId": "Program ID", "MediaId": "P"}, {"CampaignId": 7, "MediaId": 8}),
}


@pytest.mark.parametrize(("columns", "constants"), CONSTANTS.values(), ids=CONSTANTS)
def test_a_constant_of_the_caller_wins_over_a_source_column_of_the_job(
    columns, constants, tmp_path
):
    job = Job(columns=columns)
    (tmp_path / "job.toml").write_text(
        "[columns]\n"
        + "".join(f'"{name}" = {json.dumps(source)}\n' for name, source in columns.items())
    )
    for under in (job, tmp_path / "job.toml"):
        laid = Job.from_keywords(under, constants=constants)
        assert laid.constants == {name: str(value) for name, value in constants.items()}
        assert set(laid.settings()["columns"]) == {"City"} & set(columns)
        assert Job.from_keywords(laid, timezone="UTC").constants == laid.constants
        assert laid.under({"columns": {"City": "Ort"}}).constants == laid.constants


def test_a_column_given_twice_in_one_layer_is_told_under_any_other():
    job = Job(columns={"City": "a"})
    with pytest.raises(UsageError) as raised:
        Job.from_keywords(job, columns={"city": "b", "CITY": "c"})
    assert raised.value.code == "job_column_twice"


def test_a_wrong_preset_names_its_file():
    with pytest.raises(UsageError, match=r"The preset own\.toml: .*sned"):
        Job().under({"sned": "all"}, origin="The preset own.toml")


UNREADABLE = {
    "no TOML": ("timezone = UTC\n", ["line 1, column 12", "quotes"]),
    "a curly quote": ("a = 1\ntimezone = “UTC”\n", ["line 2", "straight quotes"]),
    "a backslash": ('input = "C:\\data"\n', ["line 1", "backslash"]),
    "a key twice": ("[columns]\nCity = 'a'\nCity = 'b'\n", ["line 3", "defined twice"]),
    "a table twice": ("[columns]\n[columns]\n", ["line 2", "defined twice"]),
    "an end too soon": ("timezone", ["at its end"]),
    "Windows line ends": ("a = 1\r\nb = \r\n", ["line 2"]),
}


@pytest.mark.parametrize(("text", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_says_where_a_file_is_no_toml(text, words, tmp_path):
    path = tmp_path / "callconv.toml"
    path.write_bytes(text.encode())
    with pytest.raises(UsageError) as raised:
        Job.load(path)
    assert raised.value.code == "job_unreadable"
    for word in [str(path), *words]:
        assert word in str(raised.value)


def test_a_password_on_a_broken_line_is_not_repeated(tmp_path):
    path = tmp_path / "callconv.toml"
    path.write_text("[connection]\npassword = hunter2\n")
    with pytest.raises(UsageError) as raised:
        Job.load(path)
    assert "hunter2" not in str(raised.value)


def test_a_missing_job_file_gets_the_nearest_one_beside_it(tmp_path):
    (tmp_path / "callconv.toml").write_text("")
    with pytest.raises(UsageError, match=r'Did you mean "callconv\.toml"'):
        Job.load(tmp_path / "calconv.toml")
    with pytest.raises(UsageError, match="callconv init"):
        Job.load(tmp_path / "nowhere" / "x.toml")


def test_what_is_no_job_file_is_refused(tmp_path):
    (tmp_path / "utf16.toml").write_text("a = 1", encoding="utf-16")
    (tmp_path / "export.csv").write_bytes(b"a,b\n" * 2_000_000)
    for path, (word, code) in {
        tmp_path: ("can't be read", "job_unreadable"),
        tmp_path / "utf16.toml": ("not UTF-8", "job_unreadable"),
        tmp_path / "export.csv": ("--job", "job_unreadable"),
        "a\0b": ("is not a path", "bad_path"),
    }.items():
        with pytest.raises(UsageError, match=word) as raised:
            Job.load(path)
        assert raised.value.code == code


PAIRS = {
    "a column twice": (["CampaignId=1", "campaign id=2"], "job_column_twice"),
    "no equals sign": (["CampaignId"], "job_bad_value"),
    "no column": (["=1"], "job_bad_value"),
    "both": (["=1", "City=a", "City=b"], "job_invalid"),
}


@pytest.mark.parametrize(("given", "code"), PAIRS.values(), ids=PAIRS)
def test_repeated_options_are_refused_for(given, code):
    with pytest.raises(UsageError, match="--constant") as raised:
        pairs("--constant", given)
    assert raised.value.code == code


def test_near_misses():
    assert nearest("Time Zone", ["timezone"]) == "timezone"
    assert nearest("qqq", ["timezone"]) is None
    assert spec_column(" caller_id ") == "CallerId"
    assert spec_column("Caller-Id") is None


FIXED = {
    "EST5": "America/New_York",
    "EST-5": "America/New_York",
    "CST6": "America/Chicago",
    "mst7": "America/Denver",
    "PST8": "America/Los_Angeles",
    "HST10": "Pacific/Honolulu",
}


@pytest.mark.parametrize(("name", "place"), FIXED.items())
def test_an_offset_with_the_letters_of_a_region_proposes_its_places(name, place):
    with pytest.raises(UsageError) as stopped:
        Job.from_keywords(timezone=name)
    assert place in stopped.value.expected
    assert "Did you mean" not in str(stopped.value)


@pytest.mark.parametrize("name", ["ESTT", "America/NewYork", "EST5ED", "New York", "MTS", "Factry"])
def test_a_zone_that_is_proposed_is_one_that_a_job_takes(name):
    with pytest.raises(UsageError) as stopped:
        Job.from_keywords(timezone=name)
    near = re.search(r'Did you mean "([^"]*)"', str(stopped.value))
    proposed = [near[1]] if near else []
    assert [Job.from_keywords(timezone=each).timezone for each in proposed] == proposed
