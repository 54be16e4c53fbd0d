"""Servers start and stop, many in one process, and leave nothing: threads, sockets, files counted."""

import datetime as dt
import io
import socket
import tempfile
import threading
from pathlib import Path

import psutil
import pytest

from mock_server import MockImportServer
from mock_server.server import CannotListen

from .clients import USER, connected, ftplib_to, serving
from .uploading import NOW, call_file

NOW_AT = dt.datetime.fromisoformat(NOW)


def _open():
    """What this process has open: file descriptors, and the threads of servers."""
    threads = [t.name for t in threading.enumerate() if t.name.startswith("mock-")]
    return psutil.Process().num_fds(), threads


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of this test's temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def _warm():
    """What the first server of a process opens for good is open before a test counts."""
    with serving(tls="required"):
        pass


def test_many_servers_in_one_process_serve_side_by_side_and_leave_nothing(temporary):
    before = _open()
    servers = [serving(tls="required" if n % 2 else "off", now=NOW_AT).start() for n in range(20)]
    for number, server in enumerate(servers):
        with ftplib_to(server) as ftp:
            ftp.storbinary(f"STOR {number}.csv", io.BytesIO(call_file({})))
    assert len({server.port for server in servers}) == 20
    assert [[s.file_name for s in server.submissions()] for server in servers] == [
        [f"{number}.csv"] for number in range(20)
    ]
    assert len(list(temporary.iterdir())) == 20
    stopping = [threading.Thread(target=server.stop) for server in servers]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join()
    assert _open() == before
    assert list(temporary.iterdir()) == []


def test_settings_and_faults_of_one_server_are_not_those_of_another():
    with serving(tls="required", max_file_size=10) as strict, serving() as lax:
        strict.fault("stor-550", times=None)
        with ftplib_to(lax) as ftp:
            assert ftp.storbinary("STOR calls.csv", io.BytesIO(bytes(100))).startswith("226")
        assert lax.faults() == []
        assert lax.ca_file is None


@pytest.mark.parametrize("fault", [None, "no-greeting", "tls-hang", "stall", "slow-drip", "no-226"])
def test_a_server_stops_whatever_its_clients_are_at(temporary, fault):
    before = _open()
    server = serving(tls="offered", now=NOW_AT).start()
    with connected(server) as idle, ftplib_to(server) as uploading:
        data = uploading.transfercmd("STOR calls.csv")
        if fault:
            server.fault(fault)
        if fault == "tls-hang":
            idle.putcmd("AUTH TLS")
            assert idle.getresp().startswith("234")
        data.sendall(call_file(*({} for _ in range(500))))
        server.stop()
        data.close()
    assert _open() == before
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("tls", ["off", "required"])
def test_a_server_stops_while_a_refused_log_in_waits(temporary, tls):
    before = _open()
    server = serving(tls=tls, login_delay=3600).start()
    with connected(server) as waiting, ftplib_to(server) as other:
        if tls == "required":
            waiting.auth()
        waiting.sendcmd(f"USER {USER}")
        waiting.putcmd("PASS wrong")
        other.voidcmd("NOOP")
        server.stop()
    assert _open() == before
    assert list(temporary.iterdir()) == []


def test_stopping_twice_from_two_threads_at_once_or_never_started_is_fine(temporary):
    before = _open()
    server = serving().start()
    threads = [threading.Thread(target=server.stop) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop()
    serving(tls="offered").stop()
    refusing = serving().start()
    refusing.fault("refuse-connection")
    refusing.stop()
    assert _open() == before
    assert list(temporary.iterdir()) == []


def test_a_port_in_use_is_said_and_leaves_nothing(temporary):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        before = _open()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"FTP can't listen on 127.0.0.1 port {port}"):
            serving(port=port)
        assert _open() == before
    assert list(temporary.iterdir()) == []


def test_a_stopped_servers_port_is_free_again():
    with serving() as server:
        port = server.port
        with ftplib_to(server) as ftp:
            ftp.voidcmd("NOOP")
    with serving(port=port) as server:
        assert server.port == port


def test_it_listens_on_loopback_unless_told_otherwise():
    with MockImportServer() as server:
        assert (server.host, server.user) == ("127.0.0.1", USER)
        listening = {
            c.laddr.port: c.laddr.ip
            for c in psutil.Process().net_connections()
            if c.status == "LISTEN"
        }
        assert listening[server.port] == "127.0.0.1"


def test_a_root_that_is_given_stays(tmp_path):
    with serving(Path(tmp_path), now=NOW_AT) as server, ftplib_to(server) as ftp:
        ftp.storbinary("STOR calls.csv", io.BytesIO(call_file({})))
    assert (tmp_path / USER / "calls.csv").read_bytes() == call_file({})
