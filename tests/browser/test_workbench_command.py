"""`callconv workbench`: a real JupyterLab of its own, opened in a real browser."""

import os
import shutil
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from callconv_kit.demo import sample

from ..ports import free_port
from .lab import LONG, Person, chromium, environment, status_of, wait_for_server
from .pages import CHROMIUM

pytestmark = CHROMIUM

WORKBENCH = [sys.executable, "-m", "callconv_kit", "workbench"]


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copyfile(sample("export.csv"), folder / "export.csv")
    return folder


def test_a_file_is_opened_in_the_workbench_behind_a_token_on_this_machine_alone(
    tmp_path, folder, port
):
    scratch = tmp_path / "lab"
    log = tmp_path / "lab.log"
    with log.open("w") as told:
        server = subprocess.Popen(
            [*WORKBENCH, "export.csv", "--no-browser", "--port", str(port)],
            cwd=folder,
            env={**environment(scratch), "PYTHONUNBUFFERED": "1"},
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        driver = chromium(scratch / "chromium")
        try:
            wait_for_server(f"http://127.0.0.1:{port}", server, log)
            said = log.read_text()
            (address,) = [word for word in said.split() if word.startswith("http://127.0.0.1:")]
            token = address.partition("?token=")[2]
            assert len(token) >= 32
            assert status_of(port, "/api/contents") == 403
            person = Person(driver, tmp_path / "pictures")
            person.land(address)
            person.reads("seen", "export.csv", "Invoca")
            # The workbench is what is on screen: no code, no news, and nothing in the terminal.
            assert not [one for one in person.all(".jp-CodeCell .jp-Editor") if one.is_displayed()]
            assert person.all(".Toastify__toast, .jp-Notification-Toast") == []
            assert log.read_text() == said
            driver.save_screenshot(os.environ.get("CALLCONV_PICTURES", str(tmp_path)) + "/land.png")
            # Arguments are seen by everybody on the machine: the token is not among them.
            for process in psutil.process_iter(["cmdline"]):
                assert token not in " ".join(process.info["cmdline"] or ())
        finally:
            driver.quit()
            server.send_signal(signal.SIGINT)
            status = server.wait(LONG)
    assert status == 0
    assert (folder / "callconv-workbench.ipynb").exists()


def test_a_port_that_is_taken_is_said_in_words(folder, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        run = subprocess.run(
            [*WORKBENCH, "--no-browser", "--port", str(port)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 2
    assert f"JupyterLab did not start on port {port}" in run.stderr
    assert "--port 8889" in run.stderr


def test_a_file_that_is_not_there_starts_nothing(folder):
    run = subprocess.run(
        [*WORKBENCH, "nowhere.csv", "--no-browser"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (3, "")
    assert "There is no file nowhere.csv" in run.stderr
    assert not list(folder.glob("*.ipynb"))
