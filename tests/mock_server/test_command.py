"""`callconv mock-server` in a shell: what it says, what curl does with that, how it ends."""

import ftplib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from datetime import datetime, timedelta

import httpx
import pytest

from .uploading import NOW, call_file

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "callconv_kit", "mock-server"]


class Running:
    """The command while it serves."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Stop with"):
                return
        raise AssertionError(self.said + self.process.stderr.read())

    def word(self, before):
        """The word after one that was said."""
        return re.search(rf"\b{before}:? +(\S+?),?\s", self.said)[1]

    def stop(self, number=signal.SIGINT):
        """Exit status, and what it said at the end."""
        self.process.send_signal(number)
        out, error = self.process.communicate(timeout=30)
        return self.process.returncode, out, error


@pytest.fixture
def run():
    """Starts the command; it is ended with the test."""
    running = []

    def start(*options):
        running.append(Running("--port", "0", *options))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.communicate()


@pytest.fixture
def curl():
    """Runs curl."""
    if shutil.which("curl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("curl is missing")
        pytest.skip("curl is missing")

    def call(*options):
        command = ["curl", "-sS", "--max-time", "20", *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return call


@pytest.fixture
def ready(tmp_path):
    """A file of two right calls and a wrong one."""
    path = tmp_path / "ready.csv"
    path.write_bytes(call_file({}, {"CallDuration": "3:21"}, {}))
    return path


def test_curl_uploads_as_the_command_says_and_the_page_shows_it(run, curl, ready, tmp_path):
    ca_file = tmp_path / "ca.pem"
    options = ("--http", "0", "--account", "demo:secret", "--now", NOW, "--ca-file", str(ca_file))
    running = run(*options)
    plain, tls = re.findall(r"^  curl (.*)$", running.said, re.MULTILINE)
    assert ("--ssl-reqd" in plain, "--ssl-reqd" in tls) == (False, True)
    for line in (plain, tls):
        words = line.replace("--user demo", "--user demo:secret").replace("ready.csv", str(ready))
        done = curl(*words.split())
        assert (done.returncode, done.stderr) == (0, "")
    listed = httpx.get(running.word("results"), auth=(running.word("AccountSID"), "secret")).json()
    assert [file["TotalErrors"] for file in listed["FTPFileSubmissions"]] == ["1", "1"]
    page = httpx.get(running.word("page")).text
    assert page.count(">ready.csv<") == 2
    assert "4</b> pending actions" in page
    status, out, error = running.stop()
    assert (status, error) == (0, "")
    assert out.endswith("Stopped. The uploads are gone.\n")


def test_a_given_password_is_not_repeated_and_a_generated_one_is_shown_once(run, tmp_path):
    root = tmp_path / "server"
    first = run("--account", "demo", "--account", "agency:s3cret", "--root", str(root))
    assert "s3cret" not in first.said
    password = re.search(r"password \(shown once\): (\S+)", first.said)[1]
    assert first.stop()[1] == "Stopped. The uploads stay.\n"
    second = run("--account", "demo", "--root", str(root))
    assert "shown once" not in second.said
    assert password not in second.said
    kept = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert password.encode() not in kept


def test_tls_can_be_required(run, curl, ready):
    running = run("--account", "demo:secret", "--require-tls")
    assert "with TLS only" in running.said
    (line,) = re.findall(r"^  curl (.*)$", running.said, re.MULTILINE)
    words = line.replace("--user demo", "--user demo:secret").replace("ready.csv", str(ready))
    assert curl(*words.split()).returncode == 0
    refused = curl("-T", str(ready), "-u", "demo:secret", line.split()[-1])
    assert refused.returncode == 67  # the log-in was denied


def test_the_clock_starts_where_it_is_told_and_goes_on(run, curl, ready):
    running = run(
        "--http", "0", "--account", "demo:secret", "--now", NOW, "--process-after", "50ms"
    )
    page = running.word("page")
    begun = datetime.fromisoformat(NOW)
    shown = datetime.fromisoformat(httpx.get(f"{page}mock/clock").json()["now"])
    assert begun <= shown < begun + timedelta(minutes=10)
    curl("-T", str(ready), "-u", "demo:secret", f"{running.word('FTP')}/")
    auth = (running.word("AccountSID"), "secret")
    statuses = set()
    while "Complete" not in statuses:
        listed = httpx.get(running.word("results"), auth=auth).json()["FTPFileSubmissions"]
        statuses = {file["Status"] for file in listed}
    assert [file["TotalRecords"] for file in listed] == ["3"]


def test_faults_are_armed_from_the_command_line(run, curl, ready):
    running = run("--account", "demo:secret", "--fault", "stor-552", "--fault", "no-size,times=2")
    assert "Fault stor-552, once: 552: quota" in running.said
    assert "Fault no-size, 2 times" in running.said
    upload = ("-T", str(ready), "-u", "demo:secret", f"{running.word('FTP')}/")
    assert "552" in curl(*upload).stderr
    assert curl(*upload).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes otherwise")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_takes_its_temporary_folder_with_it(run, number):
    running = run("--account", "demo:secret", "--http", "0")
    root = running.word("uploads")
    assert os.path.isdir(root)  # noqa: PTH112 # a word of the output
    assert running.stop(number) == (0, "Stopped. The uploads are gone.\n", "")
    assert not os.path.exists(root)  # noqa: PTH110 # the same


def test_only_its_owner_can_read_the_keys_of_the_certificates(run, tmp_path):
    root = tmp_path / "server"
    run("--root", str(root), "--account", "demo:secret")
    keys = [path for path in root.rglob("*.pem") if b"PRIVATE KEY" in path.read_bytes()]
    assert keys
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)


# -- errors in words -------------------------------------------------------------------------------


def call(*options):
    run = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    return run.returncode, run.stderr


WRONG = {
    "an account with a slash": (["--account", "a/b:x"], "account name 'a/b': expected letters"),
    "an empty account": (["--account", ":x"], "account name '': expected letters"),
    "an account twice": (["--account", "a:x", "--account", "a:y"], "two accounts with the name a"),
    "a time that is none": (["--now", "noon"], "'noon' is not a time; write it as 2026-11-24T12"),
    "a span that is none": (["--process-after", "soon"], "'soon' is not a time span; write now"),
    "a port that is none": (["--port", "ftp"], "'ftp' is not a port; use 0"),
    "a port too high": (["--http", "65536"], "'65536' is not a port"),
    "passive ports backwards": (["--passive-ports", "9-1"], "'9-1' is not a port range"),
    "TLS and no TLS": (["--no-tls", "--require-tls"], "--no-tls contradicts --require-tls"),
    "an unknown fault": (["--fault", "dat-cut"], "no fault 'dat-cut'"),
    "a fault never": (["--fault", "data-cut,times=0"], "at least 1"),
    "a fault's option": (["--fault", "data-cut,time=1"], "expected times=N"),
    "an unknown option": (["--prot", "1"], "unrecognized arguments: --prot"),
    "no accounts file": (["--accounts", "none.toml"], "none.toml"),
}


@pytest.mark.parametrize(("options", "told"), WRONG.values(), ids=WRONG)
def test_wrong_usage_is_said_in_words(options, told):
    status, said = call("--port", "0", *options)
    assert status == 2
    assert told in said


def test_an_accounts_file_that_is_wrong_says_where(tmp_path):
    path = tmp_path / "accounts.toml"
    path.write_text('[[account]]\nname = "a"\nprograms = 1\n')
    status, said = call("--accounts", str(path))
    assert status == 2
    assert f"{path}: account 1: unknown key 'programs'" in said


@pytest.mark.parametrize("option", ["--port", "--http"])
def test_a_port_in_use_is_named_with_its_option(option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = ["--port", "0", option, port]
        status, said = call(*options)
    what = "FTP" if option == "--port" else "HTTP"
    assert status == 3
    assert f"{what} can't listen on 127.0.0.1 port {port}: Address already in use" in said
    assert f"Choose another {option}, or 0 for a free one" in said


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_said(host):
    status, said = call("--port", "0", "--host", host)
    assert status == 3
    assert f"can't listen on {host} port 0" in said
    assert "check --host" in said


@pytest.mark.parametrize("option", ["--root", "--ca-file"])
def test_a_place_that_can_not_be_written_is_said(option, tmp_path):
    (tmp_path / "file").write_text("")
    status, said = call("--port", "0", option, str(tmp_path / "file" / "below"))
    assert status == 3
    assert f"Choose another {option}." in said


def test_a_missing_extra_is_said(tmp_path):
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError(name='starlette')")
    run = subprocess.run(
        [*COMMAND, "--port", "0", "--http", "0"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert run.returncode == 2
    assert "starlette is missing. Run pip install 'callconv-kit[mock]'." in run.stderr


def test_help_shows_an_example():
    run = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert (
        "Example: callconv mock-server --port 2121 --http 8021 --account demo:secret" in run.stdout
    )


# -- lines on the terminal -------------------------------------------------------------------------

UPLOADED = ("logged in", "calls.csv", "rows, 1 of them errors", "530 Login incorrect")


@pytest.mark.parametrize("quiet", [False, True])
def test_the_terminal_shows_each_upload_refusal_and_log_in(run, ready, quiet):
    running = run("--account", "demo:secret", "--now", NOW, *(["--quiet"] if quiet else []))
    host, port = re.search(r"ftp://([\d.]+):(\d+)", running.said).groups()
    with ftplib.FTP() as ftp:
        ftp.connect(host, int(port))
        with pytest.raises(ftplib.error_perm):
            ftp.login("demo", "wrong")
        ftp.login("demo", "secret")
        with ready.open("rb") as file:
            ftp.storbinary("STOR calls.csv", file)
        with pytest.raises(ftplib.error_perm):
            ftp.login("\x1b[31mred", "wrong")
    status, out, _ = running.stop()
    assert status == 0
    for text in UPLOADED:
        assert (text in out) != quiet
    assert "\x1b" not in out
    assert "secret" not in out
