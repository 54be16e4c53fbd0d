"""`callconv connection --test`: each step, and the one that fails."""

import json
import socket

import pytest

from callconv_kit.cli.main import main
from callconv_kit.delivery.connection_check import check_connection as tried
from mock_server.accounts import make
from mock_server.server import MockImportServer

from .conftest import PASSWORD, connection_to


def steps(tested):
    return [(step.step, step.ok) for step in tested.steps]


@pytest.mark.parametrize("tls", ["off", "required"], ids=["ftp", "ftps"])
def test_every_step_works_and_nothing_is_written(tmp_path, tls):
    root = tmp_path / "server"
    with MockImportServer(root, [make("demo", PASSWORD)], tls=tls) as server:
        tested = tried(connection_to(server), PASSWORD)
        assert server.submissions() == []
    secured = [("tls", True)] if tls == "required" else []
    assert steps(tested) == [
        ("resolve", True),
        ("connect", True),
        *secured,
        ("login", True),
        ("directory", True),
        ("list", True),
        ("features", True),
    ]
    assert tested.error is None
    assert "SIZE" in tested.steps[-1].detail
    assert "verified" in tested.steps[-2].detail


def closed_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


# what is changed in the connection, the password, and: the step that fails, the code
FAILING = {
    "a closed port": ({"port": closed_port()}, PASSWORD, "connect", "connection_refused"),
    "a wrong password": ({}, "wrong-one", "login", "login_refused"),
    "no such directory": ({"directory": "elsewhere"}, PASSWORD, "directory", "directory_missing"),
}


@pytest.mark.parametrize(("change", "password", "step", "code"), FAILING.values(), ids=FAILING)
def test_the_step_that_fails_is_named_and_is_the_last(server, change, password, step, code):
    tested = tried(connection_to(server, **change), password)
    assert steps(tested)[-1] == (step, False)
    assert all(ok for _, ok in steps(tested)[:-1])
    assert tested.error.code == code


def test_a_host_that_is_unknown_fails_to_connect(server):
    tested = tried(connection_to(server, host="no-such-host.invalid"), PASSWORD)
    assert steps(tested) == [("connect", False)]


def test_the_command_shows_the_steps(server, tmp_path, monkeypatch, capsys):
    job = tmp_path / "callconv.toml"
    job.write_text(
        f'[connection]\nprotocol = "ftp"\nhost = "{server.host}"\nport = {server.port}\n'
        f'user = "{server.account.user}"\n'
    )
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    assert main(["connection", "--test", "--job", str(job)]) == 0
    printed = capsys.readouterr().out
    assert "ok      login" in printed
    assert printed.endswith("The connection works. Nothing was written.\n")
    monkeypatch.setenv("CALLCONV_PASSWORD", "wrong")
    assert main(["connection", "--test", "--job", str(job), "--json"]) == 4
    tested = json.loads(capsys.readouterr().out)
    assert tested["steps"][-1] == {
        "step": "login",
        "ok": False,
        "detail": tested["error"]["problem"],
    }
    assert main(["connection", "--job", str(job)]) == 0
    assert server.host in capsys.readouterr().out
