"""Accounts: from TOML, from a command line, with passwords given, generated and hashed."""

import datetime as dt
import io

import pytest

from mock_server.accounts import AccountError, Secret, load, make, parse
from mock_server.programs import Program, Refuse, Tracker

from .clients import ftplib_to, serving

TOML = """
[[account]]
name = "acme"
user = "ftp-acme"
password = "s3cret"
sid = "IRacme"
token = "t0ken"

[[account.program]]
campaign = 1001
trackers = [30021]
tracker = [{ id = 30022, active = false }, { id = 30023, counts = "conversions" }]
media = [20012]
inactive_media = [20013]
minimum_duration = 30
answered_only = true
daily_range = ["08:00", 20:00:00]
duplicate_days = 30

[[account.program]]
campaign = 1002
active = false

[[account.refuse]]
column = "SubId1"
equals = "late"
reason = "OUTSIDE_ASSOCIATION_WINDOW"

[[account]]
name = "other"
"""


def _load(tmp_path, text):
    path = tmp_path / "accounts.toml"
    path.write_text(text)
    return load(path)


def test_a_file_says_all_that_an_account_has(tmp_path):
    acme, other = _load(tmp_path, TOML)
    assert (acme.name, acme.user, acme.sid, acme.generated) == ("acme", "ftp-acme", "IRacme", {})
    assert acme.password.matches("s3cret")
    assert acme.token.matches("t0ken")
    assert acme.programs == (
        Program(
            "1001",
            (Tracker("30021"), Tracker("30022", active=False), Tracker("30023", counts="conversions")),
            frozenset({"20012"}),
            frozenset({"20013"}),
            minimum_duration=30,
            answered_only=True,
            daily_range=(dt.time(8), dt.time(20)),
            duplicate_days=30,
        ),
        Program("1002", active=False),
    )  # fmt: skip
    assert acme.refuse == (Refuse("SubId1", "late", "OUTSIDE_ASSOCIATION_WINDOW"),)
    assert (other.user, other.programs) == ("other", ())
    assert other.password.matches(other.generated["password"])


WRONG = {
    "no table": ("", "at least one"),
    "another table": ("[[acount]]\nname = 'a'", "unknown key 'acount'"),
    "no name": ("[[account]]\nuser = 'a'", "account 1: a name is missing"),
    "a name that is no folder": ("[[account]]\nname = '../a'", "'../a': expected letters"),
    "an unknown key": ("[[account]]\nname = 'a'\npasword = 'x'", "unknown key 'pasword'; known are"),
    "a number for a text": ("[[account]]\nname = 7", "name: expected str, found 7"),
    "two of a name": ("[[account]]\nname = 'a'\n[[account]]\nname = 'a'", "two accounts with the name a"),
    "two of a user": ("[[account]]\nname = 'a'\n[[account]]\nname = 'b'\nuser = 'a'", "two accounts with the user a"),
    "a program without campaign": ("[[account]]\nname = 'a'\n[[account.program]]\nmedia = [1]", "program 1: a program is missing"),
    "a text for a number": ("[[account]]\nname = 'a'\n[[account.program]]\ncampaign = '1'", "campaign: expected int"),
    "a flag for a number": ("[[account]]\nname = 'a'\n[[account.program]]\ncampaign = true", "campaign: expected int"),
    "a wrong range": ("[[account]]\nname = 'a'\n[[account.program]]\ncampaign = 1\ndaily_range = ['8', 'late']", "daily_range is like"),
    "a wrong kind of tracker": ("[[account]]\nname = 'a'\n[[account.program]]\ncampaign = 1\ntracker = [{id = 1, counts = 'sales'}]", "counts is"),
    "a wish for no column": ("[[account]]\nname = 'a'\n[[account.refuse]]\ncolumn = 'X'\nequals = 'y'\nreason = 'MALFORMED'", "'X' is not a published column"),
    "a wish for no reason": ("[[account]]\nname = 'a'\n[[account.refuse]]\ncolumn = 'City'\nequals = 'y'\nreason = 'BECAUSE'", "'BECAUSE' is none of"),
    "no TOML": ("name = ", "Invalid value"),
    "a plain text for a hash": ("[[account]]\nname = 'a'\npassword_hash = 's3cret'", "like scrypt"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_a_file_is_said_with_its_place(tmp_path, text, told):
    with pytest.raises(AccountError, match=told) as caught:
        _load(tmp_path, text)
    assert "accounts.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AccountError, match=r"none\.toml"):
        load(tmp_path / "none.toml")


def test_an_account_on_a_command_line():
    assert parse("demo").generated != parse("demo").generated
    assert parse("demo:secret").password.matches("secret")
    assert parse("demo:secret").token.matches("secret")
    both = parse("demo:secret:to:ken")
    assert both.password.matches("secret")
    assert both.token.matches("to:ken")
    with pytest.raises(AccountError, match="'de mo'"):
        parse("de mo:secret")


def test_a_password_is_hashed_with_a_salt_of_its_own_and_shown_nowhere():
    one, two = make("demo", "s3cret"), make("demo", "s3cret")
    assert one.password.stored != two.password.stored
    for shown in (repr(one), repr(one.password), one.password.stored):
        assert "s3cret" not in shown
    for wrong in ("", "S3cret", "s3cret ", "s3cret\0", "\udcff"):
        assert not one.password.matches(wrong)
    for _ in range(2):  # the second time it is known again
        assert one.password.matches("s3cret")
    assert not one.password.matches("s3cre")
    assert Secret(one.password.stored).matches("s3cret")


def test_a_stored_hash_logs_in():
    account = make("demo", password_hash=Secret.of("s3cret").stored)
    with serving(accounts=[account]) as server, ftplib_to(server, "demo", "s3cret") as ftp:
        assert ftp.pwd() == "/"


def test_a_generated_password_is_right_after_a_restart_and_stands_in_no_file(tmp_path):
    with serving(tmp_path, accounts=[make("demo")]) as server:
        password = server.password
        with ftplib_to(server, "demo", password) as ftp:
            ftp.quit()
    with serving(tmp_path, accounts=[make("demo")]) as server:
        with ftplib_to(server, "demo", password) as ftp:
            ftp.quit()
        with pytest.raises(AttributeError, match="generated in this run"):
            _ = server.password
        for path in tmp_path.rglob("*"):
            assert not path.is_file() or password.encode() not in path.read_bytes()


def test_each_user_is_in_the_directory_of_its_account():
    accounts = [make("acme", "one", user="ftp-acme"), make("other", "two")]
    with serving(accounts=accounts) as server:
        for user, password, name in (("ftp-acme", "one", "acme"), ("other", "two", "other")):
            with ftplib_to(server, user, password) as ftp:
                ftp.cwd(f"/{name}")
                ftp.storbinary("STOR calls.csv", io.BytesIO())
        assert [s.account for s in server.submissions()] == ["acme", "other"]
        assert {p.parent.name for p in server.root.glob("*/calls.csv")} == {"acme", "other"}
