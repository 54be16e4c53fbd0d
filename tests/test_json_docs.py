"""docs/json.md against the JSON that the commands really print, key by key."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from callconv_kit.cli.main import COMMANDS, group
from mock_server import MockImportServer
from mock_server.accounts import make
from mock_server.programs import Program, Tracker

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "json.md"
DEMO = ROOT / "callconv_kit" / "demo" / "export.csv"
NOW = "2026-11-24T12:00:00+00:00"
PASSWORD, TOKEN = "pw-geheim", "token-geheim"
MAPS = frozenset(
    "settings by_value reasons left_out call versions aliases constants orders offsets "
    "mapping values answers declined when".split()
)
"""Keys whose values are maps with keys of the data, which are documented as a whole."""

EXPORT = """\
Calls of November
Campaign ID,Media ID,Event Date,Action Tracker ID,Call Provider,Call Session ID,Caller ID,Called Phone Number,Call Duration,Talk Duration,Call Status,City,Zip
1001,20012,2026-11-20T09:30:05-05:00,30021,Invoca,A,(617) 555-0123,8005550199,3:21,187,answered,Boston,2139

1001,20012,2026-11-20T09:31:05-05:00,30021,Invoca,B,12,8005550199,201,187,ANSWER,Boston,
1001,20012,2026-11-20T09:30:05-05:00,30021,Invoca,A,(617) 555-0123,8005550199,3:21,187,answered,Boston,2139
1001,20099,2026-11-20T09:32:05-05:00,30021,Invoca,C,6175550124,8005550199,201,187,ANSWER,Boston,x
1001,20012,2026-11-20T09:33:05-05:00,30021,Invoca,D,442079460123,8005550199,201,187,ANSWER,Boston,
"""
SWITCHBOARD = """\
id,start,from,to,duration,talk time,status,direction
A1,2026-11-20T09:30:05Z,6175550123,8005550199,201,187,answered,inbound
A2,2026-11-20T09:31:05Z,6175550124,voicemail of 100,48,31,answered,inbound
A3,2026-11-20T09:32:05Z,8005550199,6175550125,309,300,answered,outbound
"""
"""An export with calls of several directions, and one that a mailbox took."""


class Shell:
    """Runs `callconv` in a folder; keeps what it printed under the document's heading."""

    def __init__(self, folder):
        self.folder = folder
        self.printed = {}

    def __call__(self, heading, *words, only="", without=""):
        run = subprocess.run(
            [sys.executable, "-m", "callconv_kit", *words],
            cwd=self.folder,
            env={**os.environ, "TEST_PASSWORD": PASSWORD, "TEST_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.stdout.strip(), run.stderr
        lines = run.stdout.splitlines() if words[0] == "run" else [run.stdout]
        for told in map(json.loads, lines):
            if only:
                told = {only: told[only]}
            if without:
                del told[without]
            self.printed.setdefault(heading, []).append(told)


def job(server, connection="", **top):
    """A job file for the server."""
    settings = "".join(f"{key} = {json.dumps(value)}\n" for key, value in top.items())
    return f"""{settings}
[connection]
protocol = "ftp"
host = "{server.host}"
port = {server.port}
user = "demo"
directory = "demo"
password_from = "env:TEST_PASSWORD"
{connection}
[results]
account_sid = "{server.account_sid}"
token_from = "env:TEST_TOKEN"
base_url = "{server.http_url}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("json")


@pytest.fixture(scope="module")
def printed(folder):
    """Heading of the document → what the command printed, in as many states as have other keys."""
    shell = Shell(folder)
    terms = Program("1001", (Tracker("30021"),), frozenset({"20012"}))
    accounts = [make("demo", PASSWORD, token=TOKEN, programs=[terms])]
    # Commands let the time pass on their clock; the server's stands still, behind none of theirs.
    now = datetime.fromisoformat(NOW) + timedelta(hours=1)
    with MockImportServer(folder / "server", accounts, now=now, http_port=0) as server:
        files = {
            "calls.csv": EXPORT,
            "none.csv": "",
            "switchboard.csv": SWITCHBOARD,
            "wordless.csv": EXPORT.replace("Called Phone Number", "X").replace("8005550199", "x"),
            "callconv.toml": job(server, input="calls.csv"),
            "strict.toml": job(server, max_rejected_share=0.0),
            "broken.toml": "timezone = 7\n",
            "closed.toml": job(server).replace(f"port = {server.port}", "port = 1"),
            "page.txt": "CampaignId\nString\nRequired\nAn ID.\n",
            "split.toml": job(server, "max_rows_per_file = 1\n", ledger="split.sqlite"),
        }
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        everything(shell, ("--now", NOW, "--json"), server)
    return shell.printed


def everything(shell, clock, server):
    """Every command with --json."""
    run_prepare(shell, clock)
    shell("callconv check", "check", "calls.csv", *clock)
    shell("callconv check --suite", "check", "out/ready.csv", "--suite", "--json")
    shell("callconv check --suite", "check", "calls.csv", "--suite", "--json")
    for file in ("calls.csv", str(DEMO), "switchboard.csv"):
        shell("callconv inspect", "inspect", file, "--json")
    shell("callconv inspect --share", "inspect", "calls.csv", "--share", "--json")
    init = ("init", "--yes", *clock)
    shell("callconv init", *init, str(DEMO), "--out", "demo.toml")
    shell("callconv init", *init, "wordless.csv", "--out", "wordless.toml")
    answers = ("--answer", "date_order=day-first", "--answer", "partner=lookup:none.csv:id")
    shell("callconv init", *init, "switchboard.csv", "--out", "switchboard.toml", *answers)
    shell("callconv presets", "presets", "--json")
    shell("callconv columns", "columns", "CallStatus", "CallerId", "--json")
    shell("callconv columns --compare", "columns", "--compare", "page.txt", "--json")
    shell("callconv settings", "settings", "timezone", "--json")
    shell("callconv explain", "explain", "status_needed", "--json")
    shell("callconv connection --test", "connection", "--test", "--json")
    closed = ("connection", "--test", "--job", "closed.toml", "--json")
    shell("callconv connection --test", *closed)
    run_deliveries(shell, clock, server)
    shell("Errors", "upload", "nothing.csv", "--json")
    shell("Errors", "prepare", "--no-such-option", "--json")
    shell("Errors", "prepare", "none.csv", "--out", "none", *clock, only="error")


def run_prepare(shell, clock):
    shell("callconv prepare", "prepare", "calls.csv", "--out", "out", "--audit", *clock)
    few = ("prepare", "calls.csv", "--job", "strict.toml", "--out", "strict")
    shell("callconv prepare", *few, *clock, without="error")


def run_deliveries(shell, clock, server):
    shell("callconv run", "run", "callconv.toml", "broken.toml", *clock)
    server.submissions()
    shell("callconv results", "results", "--json")
    for session in "ABC":
        shell("callconv trace", "trace", session, "--json")
    shell("callconv upload", "upload", "out/ready.csv", *clock)
    shell("callconv upload", "upload", "out/ready.csv", "--job", "split.toml", *clock)
    shell("callconv trace", "trace", "A", "--job", "split.toml", "--json")
    shell("callconv upload --dry-run", "upload", "out/ready.csv", "--dry-run", *clock)
    fresh = ("--ledger", "fresh.sqlite", "--dry-run")
    shell("callconv upload --dry-run", "upload", "out/ready.csv", *fresh, *clock)
    by_hand = ("mark-sent", "out/ready.csv", "--ledger", "hand.sqlite", "--json")
    shell("callconv mark-sent", *by_hand)
    server.fault("late-451")
    other = ("--ledger", "other.sqlite")
    shell("Errors", "upload", "out/ready.csv", *other, *clock)
    shell("callconv approve", "approve", "out", *other, *clock)
    shell("callconv status", "status", *other, "--json")


def paths(value, place=""):
    """The keys of a JSON document as dotted paths: `findings[].examples[].value`."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, f"{place}[]")
    elif isinstance(value, dict):
        for key, item in value.items():
            here = f"{place}.{key}" if place else key
            yield here
            if key not in MAPS or isinstance(item, list):
                yield from paths(item, here)


def documented():
    """Heading → the keys of its tables."""
    found, heading = {}, ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| `"):
            first = line.split(" | ")[0]
            found.setdefault(heading, []).extend(re.findall(r"`([^`]+)`", first))
    return found


HEADINGS = [
    "Errors",
    "callconv prepare",
    "callconv check",
    "callconv check --suite",
    "callconv inspect",
    "callconv inspect --share",
    "callconv init",
    "callconv presets",
    "callconv columns",
    "callconv columns --compare",
    "callconv settings",
    "callconv explain",
    "callconv connection --test",
    "callconv approve",
    "callconv upload",
    "callconv upload --dry-run",
    "callconv mark-sent",
    "callconv run",
    "callconv status",
    "callconv results",
    "callconv trace",
]


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_documented_keys_are_those_that_are_printed(printed, heading):
    keys = documented()[heading]
    assert len(keys) == len(set(keys))
    seen = {path for document in printed[heading] for path in paths(document)}
    assert {"printed and not documented": sorted(seen - set(keys))} == {
        "printed and not documented": []
    }
    assert {"documented and never printed": sorted(set(keys) - seen)} == {
        "documented and never printed": []
    }


def test_every_command_with_json_is_documented():
    assert list(documented()) == HEADINGS
    commands = {heading.split()[1] for heading in HEADINGS if heading != "Errors"}
    for name in COMMANDS:
        command = group.get_command(None, name)
        has_json = any("--json" in option.opts for option in command.params)
        assert has_json == (name in commands), name


def test_one_preset_is_an_entry_of_the_list(printed):
    (listed,) = printed["callconv presets"]
    assert len(listed) > 1
    run = subprocess.run(
        [sys.executable, "-m", "callconv_kit", "presets", listed[0]["name"], "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == listed[0]


def test_a_delivered_call_is_led_back_to_its_source_line(printed):
    (nightly, *_) = printed["callconv trace"]
    (sending,) = nightly["sendings"]
    assert (sending["source_file"], sending["source_line"]) == ("calls.csv", 3)
    assert {change["column"] for change in sending["changes"]} >= {"CallerId", "CallDuration"}
    (file,) = printed["callconv results"][0]["files"]
    refused = [(one["source_file"], one["source_line"]) for one in file["refusals"]]
    assert refused == [("calls.csv", 7)]


def test_the_summary_that_is_written_is_the_one_that_is_printed(printed, folder):
    written = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert written == printed["callconv prepare"][0]
