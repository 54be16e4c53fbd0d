"""What a user's mistake looks like in a shell: one paragraph in words, its exit status, no debris."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

NOW = "2026-11-24T12:00:00Z"
ROW_HEADER = (
    "CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,"
    "CallerId,CalledPhoneNumber,CallDuration,TalkDuration\n"
)
ROW = "1001,20012,2026-11-20T09:30:05-05:00,30021,Invoca,S-1,2125550123,8005550199,201,187\n"
COMMAND = [sys.executable, "-m", "callconv_kit"]


def callconv(folder, *arguments, **options):
    """The command as a shell runs it."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False, **options
    )


@pytest.fixture(scope="module")
def good_file(tmp_path_factory):
    """What `callconv template --example` writes."""
    folder = tmp_path_factory.mktemp("template")
    made = callconv(folder, "template", "calls.csv", "--example", "--now", NOW)
    assert made.returncode == 0
    return (folder / "calls.csv").read_bytes()


@pytest.fixture
def folder(tmp_path, good_file):
    """A folder with a good file, some bad ones, and the output of yesterday."""
    lines = good_file.decode().splitlines(keepends=True)
    files = {
        "calls.csv": good_file,
        "empty.csv": b"",
        "blank.csv": b"\n \n\n",
        "stranger.csv": b"one,two\n1,2\n",
        "noise.csv": bytes(range(256)) * 20,
        "lacking.csv": b"CampaignId,EventDate\n1001,2026-11-20T09:30:05-05:00\n",
        "header.csv": lines[0].encode(),
        "quote.csv": (ROW_HEADER + ROW.replace("Invoca", '"Invoca')).encode(),
        "naive.csv": (ROW_HEADER + ROW.replace("-05:00", "")).encode(),
        "unknown_key.toml": b'timezon = "America/New_York"\n',
        "broken.toml": b"input = [\n",
        "expecting.toml": b"expect_rows = true\n",
        "wrong_target.toml": b'[values.CallStatus]\nMissed = "INCOMPLET"\n',
        "blank_target.toml": b'[values.CallStatus]\nMissed = ""\n',
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ready.csv").write_text("of yesterday")
    return tmp_path


STOPPED = {
    "a missing file": (["nowhere.csv"], "There is no file nowhere.csv"),
    "a folder": (["out"], "out is a folder"),
    "an empty file": (["empty.csv"], "empty.csv has no content"),
    "blank lines": (["blank.csv"], "blank.csv holds only blank lines"),
    "no known header": (["stranger.csv"], "No line of stranger.csv has column names"),
    "binary noise": (["noise.csv"], "noise.csv is not a table of text"),
    "columns lacking": (["lacking.csv"], "MediaId"),
    "an unclosed quote": (["quote.csv"], "never closes"),
    "times without a zone": (["naive.csv"], "timezone"),
    "no rows where some are expected": (
        ["header.csv", "--job", "expecting.toml", "--quiet"],
        "has a header but no rows",
    ),
}
REFUSED = {
    "an unknown key": (["calls.csv", "--job", "unknown_key.toml"], 'Did you mean "timezone"?'),
    "a job that is no TOML": (["calls.csv", "--job", "broken.toml"], "broken.toml is not TOML"),
    "a missing job": (["calls.csv", "--job", "nowhere.toml"], "no job file nowhere.toml"),
    "an unknown column": (["calls.csv", "--constant", "Campaign=1"], 'Did you mean "CampaignId"?'),
    "an unknown zone": (["calls.csv", "--timezone", "America/NewYork"], "America/New_York"),
    "no value": (["calls.csv", "--constant", "CampaignId"], "Column=value"),
    "a wrong constant": (["calls.csv", "--constant", "CampaignId=-3"], "CampaignId"),
    "an unknown preset": (["calls.csv", "--preset", "invoka"], 'Did you mean "invoca"?'),
    "no time": (["calls.csv", "--now", "yesterday"], "'--now': 'yesterday' is not a time"),
    "no time beside a job": (
        ["calls.csv", "--job", "expecting.toml", "--now", "yesterday"],
        "'--now': 'yesterday' is not a time",
    ),
    "two date orders": (
        ["calls.csv", "--day-first", "--month-first"],
        "--day-first and --month-first exclude each other",
    ),
    "a wrong zone beside a job": (
        ["calls.csv", "--job", "expecting.toml", "--timezone", "EST"],
        "callconv: --timezone is a fixed offset",
    ),
    "a column nearly spelled": (
        ["calls.csv", "--column", "CalerId=From"],
        'callconv: --column CalerId is not a column of the format. Did you mean "CallerId"?',
    ),
    "a column without a source": (
        ["calls.csv", "--column", "CallerId"],
        'callconv: --column: "CallerId" is not Column=value',
    ),
    "a column and a constant": (
        ["calls.csv", "--column", "MediaId=Partner", "--constant", "MediaId=5"],
        "--constant MediaId is given by [columns] as well",
    ),
    "a wrong target of a value map": (
        ["calls.csv", "--job", "wrong_target.toml"],
        '[values.CallStatus] "Missed" = "INCOMPLET": not a known call status. Did you mean',
    ),
    "a wrong job beside a good option": (
        ["calls.csv", "--job", "unknown_key.toml", "--day-first"],
        "callconv: The job unknown_key.toml: timezon is",
    ),
    "a blank target of a value map": (
        ["calls.csv", "--job", "blank_target.toml"],
        '[values.CallStatus] "Missed" is blank, which impact.com pays',
    ),
    "no input": ([], "No input was named"),
    "an unknown option": (["calls.csv", "--outt", "x"], "--outt"),
    "an input among the outputs": (["out/ready.csv"], "is the file that this run would write"),
}


def in_words(run, said):
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(("arguments", "said"), STOPPED.values(), ids=STOPPED)
def test_an_input_that_cannot_be_used_is_3_and_leaves_no_file_of_yesterday(folder, arguments, said):
    before = {path: path.read_bytes() for path in folder.glob("*.csv")}
    run = callconv(folder, "prepare", *arguments, "--out", "out", "--now", NOW)
    in_words(run, said)
    assert run.returncode == 3
    assert not (folder / "out" / "ready.csv").exists()
    assert not list((folder / "out").glob(".*"))
    assert {path: path.read_bytes() for path in folder.glob("*.csv")} == before


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_wrong_usage_is_2_and_touches_nothing(folder, arguments, said):
    run = callconv(
        folder,
        "prepare",
        *arguments,
        "--out",
        "out",
        *([] if "--now" in arguments else ["--now", NOW]),
    )
    in_words(run, said)
    assert run.returncode == 2
    assert [path.name for path in (folder / "out").iterdir()] == ["ready.csv"]
    assert (folder / "out" / "ready.csv").read_text() == "of yesterday"


def test_nothing_rejected_is_0_and_something_rejected_is_1(folder):
    assert callconv(folder, "prepare", "calls.csv", "--now", NOW).returncode == 0
    text = (folder / "calls.csv").read_text().splitlines(keepends=True)
    cells = text[1].split(",")
    (folder / "one_bad.csv").write_text(text[0] + ",".join(["x", *cells[1:]]) + text[2])
    run = callconv(folder, "prepare", "one_bad.csv", "--out", "o", "--now", NOW)
    assert run.returncode == 1
    assert (folder / "o" / "rejected.csv").read_text().count("identifier_invalid") == 1


def test_a_header_without_rows_is_0_with_a_warning(folder):
    run = callconv(folder, "prepare", "header.csv", "--quiet", "--now", NOW)
    assert run.returncode == 0
    assert "warning: the input holds a header but not one row" in run.stderr


def test_a_job_in_the_folder_that_is_not_named_is_mentioned(folder):
    (folder / "callconv.toml").write_text('timezone = "UTC"\n')
    unnamed = callconv(folder, "prepare", "calls.csv", "--now", NOW)
    assert "callconv.toml in this folder is not used" in unnamed.stderr
    named = callconv(folder, "prepare", "calls.csv", "--now", NOW, "--job", "callconv.toml")
    assert "is not used" not in named.stderr
    assert (unnamed.returncode, named.returncode) == (0, 0)


def test_too_many_rejected_is_3_with_everything_but_ready(folder):
    text = (folder / "calls.csv").read_text().splitlines(keepends=True)
    rows = [",".join(["x", *line.split(",")[1:]]) for line in text[1:]]
    (folder / "bad.csv").write_text(text[0] + "".join(rows))
    run = callconv(folder, "prepare", "bad.csv", "--out", "out", "--quiet", "--now", NOW)
    assert run.returncode == 3
    assert "2 of 2 rows were rejected" in run.stderr
    names = sorted(path.name for path in (folder / "out").iterdir())
    assert names == ["left_out.csv", "rejected.csv", "report.html", "summary.json"]


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["prepare", "nowhere.csv"], 3, "unreadable"),
        (["prepare", "calls.csv", "--timezone", "Mars"], 2, "zone_unknown"),
        (["check", "nowhere.csv"], 3, "unreadable"),
        (["prepare", "--wrong"], 2, "usage"),
    ],
)
def test_with_json_an_error_is_json_and_nothing_else(folder, arguments, status, code):
    run = callconv(folder, *arguments, "--json")
    assert run.returncode == status
    error = json.loads(run.stdout)["error"]
    assert list(error) == ["code", "problem", "found", "expected", "next_step"]
    assert error["code"] == code
    assert run.stderr == ""


@pytest.mark.parametrize("out", ["calls.csv", "calls.csv/out"])
def test_an_output_folder_that_is_a_file_is_3_and_says_so(folder, out):
    before = (folder / "calls.csv").read_bytes()
    run = callconv(folder, "prepare", "header.csv", "--out", out, "--now", NOW)
    in_words(run, "calls.csv is a file")
    assert run.returncode == 3
    assert (folder / "calls.csv").read_bytes() == before


def test_an_output_folder_without_a_name_is_2_and_nothing_is_written(folder):
    before = sorted(folder.iterdir())
    run = callconv(folder, "prepare", "calls.csv", "--out", "", "--now", NOW)
    in_words(run, "output folder has no name")
    assert run.returncode == 2
    assert sorted(folder.iterdir()) == before


# a command with --now, beside what else it needs
WITH_CLOCK = {
    "check": ["check", "calls.csv"],
    "run": ["run", "expecting.toml"],
    "template": ["template"],
    "upload": ["upload", "calls.csv"],
    "init": ["init", "calls.csv", "--yes"],
    "docs": ["docs", "calls.csv", "--out", "docs"],
}


@pytest.mark.parametrize("arguments", WITH_CLOCK.values(), ids=WITH_CLOCK)
def test_a_clock_that_is_not_a_time_is_2_and_the_option_is_named(folder, arguments):
    before = sorted(folder.iterdir())
    run = callconv(folder, *arguments, "--now", "yesterday")
    in_words(run, "'--now': 'yesterday' is not a time. Write ISO 8601")
    assert run.returncode == 2
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("file", ["lacking.csv", "stranger.csv"])
def test_check_proposes_no_option_that_it_lacks(folder, file):
    run = callconv(folder, "check", file, "--now", NOW)
    in_words(run, "`callconv prepare` makes a ready.csv from an export")
    assert run.returncode == 3
    assert not re.search(r"--[a-z]|session_id_from|talk_time", run.stderr)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (["columns", "CallStat"], 'Did you mean "CallStatus"?'),
        (["columns", "Kall"], "`callconv columns` lists them all."),
        (["settings", "timezon"], 'Did you mean "timezone"?'),
        (["explain", "phone_invald"], 'Did you mean "phone_invalid"?'),
        (["presets", "ringa"], 'Did you mean "ringba"?'),
        (["prepair"], "Did you mean 'prepare'?"),
    ],
)
def test_a_name_that_is_not_known_is_2_and_the_nearest_is_named(folder, name, said):
    run = callconv(folder, *name)
    in_words(run, said)
    assert run.returncode == 2


def test_a_call_that_nobody_knows_is_1(folder):
    for more in ([], ["--json"]):
        run = callconv(folder, "trace", "NOPE", "--job", "expecting.toml", *more)
        assert run.returncode == 1
        assert "NOPE" in run.stdout


def test_a_nightly_job_of_the_usual_name_is_not_named_twice(folder):
    (folder / "callconv.toml").write_bytes(b"")
    run = callconv(folder, "run")
    assert run.returncode == 2
    assert "callconv: the job callconv: " in run.stderr
    assert "callconv: callconv:" not in run.stderr


def test_a_port_on_which_nothing_listens_is_named_while_it_is_tried_again(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        connection = f'[connection]\nprotocol = "ftp"\nhost = "127.0.0.1"\nport = {port}\n'
        (folder / "callconv.toml").write_text(f'{connection}user = "someone"\n')
        run = subprocess.Popen(
            [*COMMAND, "upload", "calls.csv"],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "CALLCONV_PASSWORD": "secret"},
        )
        lines = iter(run.stderr.readline, "")
        said = next((line for line in lines if "next try" in line), "")
        run.kill()
        run.communicate()
    assert f"127.0.0.1 port {port}" in said


def test_json_is_the_summary_and_nothing_else(folder):
    run = callconv(folder, "prepare", "calls.csv", "--json", "--out", "o", "--now", NOW)
    assert run.returncode == 0
    assert run.stderr == ""
    assert run.stdout == (folder / "o" / "summary.json").read_text()


def test_a_dry_run_writes_nothing_and_tells_the_same(folder):
    before = sorted(path.name for path in folder.iterdir())
    run = callconv(folder, "prepare", "calls.csv", "--dry-run", "--now", NOW)
    assert run.returncode == 0
    assert "All 2 rows are ready to go." in run.stdout
    assert "Run it without --dry-run to write the files" in run.stdout
    assert "ready.csv" not in run.stdout
    assert sorted(path.name for path in folder.iterdir()) == before


def test_standard_input_is_an_input(folder):
    with (folder / "calls.csv").open("rb") as calls:
        run = callconv(folder, "prepare", "-", "--out", "o", "--now", NOW, stdin=calls)
    assert run.returncode == 0
    assert "2 rows" in run.stdout


def test_ctrl_c_is_130_and_leaves_nothing_half_written(folder):
    os.mkfifo(folder / "slow.csv")
    run = subprocess.Popen(
        [*COMMAND, "prepare", "slow.csv", "--out", "out"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # It has begun when it opens the file, and waits for a row that never comes.
    with (folder / "slow.csv").open("w"):
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert said.strip() == (
        "callconv: interrupted. No upload was in progress, and no file is half-written."
    )
    assert list((folder / "out").iterdir()) == []


needs_root = pytest.mark.skipif(
    os.name != "posix" or (os.geteuid() != 0 and os.environ.get("CI") != "true"),
    reason="mounts a small disk, and becomes a user who may write nothing",
)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


@needs_root
def test_a_full_disk_is_3_and_leaves_nothing_half_written(folder, small_disk):
    lines = (folder / "calls.csv").read_text().splitlines(keepends=True)
    (folder / "many.csv").write_text(lines[0] + lines[1] * 2_000)
    run = callconv(folder, "prepare", "many.csv", "--out", str(small_disk), "--now", NOW)
    in_words(run, "No space left on device")
    assert run.returncode == 3
    assert list(small_disk.iterdir()) == []


AS_NOBODY = """
import os, sys
from callconv_kit.cli.main import main
# All that a run imports is imported while it still may be: the environment may be root's own.
main(["prepare", "other.csv", "--dry-run", "--quiet", *sys.argv[3:]])
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(main(["prepare", sys.argv[1], "--out", sys.argv[2], *sys.argv[3:]]))
"""


def as_nobody(folder, file, out):
    """`callconv prepare` by a user who may read the folder, and write nothing in it."""
    shutil.copyfile(folder / "calls.csv", folder / "other.csv")
    for path in (folder, *folder.parents[:3]):
        path.chmod(path.stat().st_mode | 0o055)
    command = [sys.executable, "-c", AS_NOBODY, file, out, "--now", NOW]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@needs_root
@pytest.mark.parametrize("out", ["locked", "locked/out"])
def test_a_folder_that_may_not_be_written_is_3(folder, out):
    (folder / "locked").mkdir(mode=0o555)
    run = as_nobody(folder, "calls.csv", out)
    in_words(run, "Permission denied")
    assert run.returncode == 3
    assert list((folder / "locked").iterdir()) == []


@needs_root
def test_an_input_that_may_not_be_read_is_3(folder):
    (folder / "secret.csv").write_text("CampaignId\n")
    (folder / "secret.csv").chmod(0o000)
    (folder / "free").mkdir()
    (folder / "free").chmod(0o777)
    run = as_nobody(folder, "secret.csv", "free")
    in_words(run, "secret.csv may not be read by you")
    assert run.returncode == 3


@pytest.mark.parametrize("bug", ["ZeroDivisionError", "EOFError", "KeyError", "RecursionError"])
def test_a_bug_of_ours_is_70_one_line_and_a_file_with_the_details(folder, bug):
    """An EOFError too: click takes one for Ctrl-D at a prompt, and says "Aborted"."""
    code = (
        "import callconv_kit.run.prepared\nfrom callconv_kit.cli.main import main\n"
        f"def broken(*a, **k): raise {bug}('secret 2125550123')\n"
        "callconv_kit.run.prepared.prepare = broken\n"
        "raise SystemExit(main(['prepare', 'calls.csv']))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert run.returncode == 70
    assert "Traceback" not in run.stderr
    assert "2125550123" not in run.stderr
    (details,) = folder.glob("callconv-bug-*.txt")
    assert str(details) in run.stderr
    assert bug in details.read_text()
    assert "interrupted" not in run.stderr


def test_a_reader_that_has_enough_is_no_error(folder):
    script = f"{sys.executable} -m callconv_kit columns | head -n 1; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    assert run.stdout.splitlines()[-1] == "0"
