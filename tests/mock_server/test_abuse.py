"""What no client of an import server has any business to do: refused, logged, still serving."""

import contextlib
import datetime as dt
import ftplib
import io
import resource
import socket
import ssl

import pytest

from mock_server.accounts import make

from .clients import PASSWORD, USER, connected, curl, ftplib_to, serving
from .uploading import NOW, call_file

NOW_AT = dt.datetime.fromisoformat(NOW)
CONTENT = call_file({})


@pytest.fixture
def server(tmp_path, caplog):
    """Two accounts, and a secret beside their folders."""
    caplog.set_level("INFO", "mock_server")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text("secret")
    accounts = [make(USER, PASSWORD), make("other", "other-pw")]
    with serving(tmp_path / "root", accounts=accounts, now=NOW_AT) as server:
        with ftplib_to(server, "other", "other-pw") as ftp:
            ftp.storbinary("STOR theirs.csv", io.BytesIO(CONTENT))
        yield server
        with ftplib_to(server) as ftp:  # whatever a test did, the server still serves
            ftp.storbinary("STOR last.csv", io.BytesIO(CONTENT))
        assert server.submissions(USER)[-1].file_name == "last.csv"


def _files(server):
    """Every file on the machine's side of the door."""
    top = server.root.parent
    return {
        str(path.relative_to(top))
        for path in top.rglob("*")
        if not path.is_dir() and ".mock" not in path.parts
    }


def _tried(server, *commands):
    """The replies to commands of a session that has logged in, as far as there are any."""
    replies = []
    with ftplib_to(server) as ftp:
        for command in commands:
            try:
                if command.startswith(("STOR", "LIST", "MLSD")):
                    with ftp.transfercmd(command) as data:
                        if command.startswith("STOR"):
                            data.sendall(CONTENT)
                    replies.append(ftp.voidresp())
                else:
                    replies.append(ftp.sendcmd(command))
            except ftplib.Error as error:
                replies.append(str(error))
    return [reply[:3] for reply in replies]


ESCAPES = [
    "../x.csv",
    "../outside/x.csv",
    "../../outside/x.csv",
    "/../outside/x.csv",
    "x/../../outside/x.csv",
    "../other/x.csv",
    "/other/x.csv",
    "other/x.csv",
    f"/{USER}/../other/x.csv",
    "..%2foutside%2fx.csv/x.csv",
    "%2e%2e/outside/x.csv",
    "..\\outside\\x.csv/x.csv",
    "/etc/x.csv",
    "//etc/x.csv",
    "~/x.csv",
    "~root/x.csv",
    "..",
    "/",
    ".",
    "",
]


@pytest.mark.parametrize("name", ESCAPES)
def test_nothing_is_stored_outside_of_ones_directory(server, caplog, name):
    before = _files(server)
    (reply,) = _tried(server, f"STOR {name}".rstrip())
    assert reply[0] == "5"
    assert _files(server) == before
    assert repr(f"STOR {name}".rstrip()) in caplog.text


def test_an_absolute_path_of_this_machine_is_one_of_the_own_directory(server):
    target = server.root.parent / "outside" / "x.csv"
    assert _tried(server, f"STOR {target}") == ["550"]
    assert not target.exists()


@pytest.mark.parametrize("command", ["CWD", "SIZE", "MDTM", "MLST", "RNFR", "LIST", "MLSD"])
@pytest.mark.parametrize(
    "path", ["/other", "../other", "/other/theirs.csv", "../outside", "/.mock"]
)
def test_nothing_outside_is_seen_or_taken(server, command, path):
    (reply,) = _tried(server, f"{command} {path}")
    assert reply[0] == "5"


def test_a_rename_leads_nowhere_else(server):
    with ftplib_to(server) as ftp:
        ftp.storbinary("STOR mine.csv", io.BytesIO(CONTENT))
        for target in ("../other/mine.csv", "/other/mine.csv", "/../outside/mine.csv"):
            with pytest.raises(ftplib.error_perm):
                ftp.rename("mine.csv", target)
        assert ftp.nlst() == ["mine.csv"]
    assert len(server.submissions(USER)) == 1


def test_links_lead_nowhere(server):
    outside = server.root.parent / "outside"
    (server.directory / "folder").symlink_to(outside)
    (server.directory / "file.csv").symlink_to(outside / "secret.csv")
    (server.directory / "dangling.csv").symlink_to(outside / "new.csv")
    (server.directory / "neighbor").symlink_to(server.root / "other")
    before = _files(server)
    commands = [
        "STOR folder/x.csv", "STOR file.csv", "STOR dangling.csv", "STOR neighbor/x.csv", "CWD folder",
        "SIZE file.csv", "LIST neighbor", "RNFR folder", "RNFR file.csv", "RNFR neighbor/theirs.csv",
    ]  # fmt: skip
    assert {reply[0] for reply in _tried(server, *commands)} == {"5"}
    assert _files(server) == before
    assert (outside / "secret.csv").read_text() == "secret"


def test_curl_gets_no_further_with_encoded_dots(server, tmp_path):
    file = tmp_path / "calls.csv"
    file.write_bytes(CONTENT)
    for to in ("%2e%2e/other/x.csv", "..%2fother%2fx.csv", "%2fetc%2fx.csv", "%00.csv"):
        assert curl(server, file, "--path-as-is", to=to).returncode != 0
    assert list((server.root / "other").iterdir()) == [server.root / "other" / "theirs.csv"]


def test_the_results_of_others_are_not_ones_own(server):
    assert [s.account for s in server.submissions()] == ["other"]
    assert server.submissions(USER) == server.pending_actions(USER) == []


@pytest.mark.parametrize("command", ["PORT 192,0,2,1,31,144", "EPRT |1|192.0.2.1|8080|", "EPRT |2|2001:db8::1|8080|", "PORT 127,0,0,1,0,22", "PORT 1,2,3", "EPRT x"])  # fmt: skip
def test_the_server_is_no_springboard(server, caplog, command):
    (reply,) = _tried(server, command)
    assert reply[0] == "5"
    assert command.split()[0] in caplog.text


@pytest.mark.parametrize("command", ["SITE CHMOD 777 x.csv", "SITE EXEC ls", "SITE", "MAIL x", "XYZZY", "STOR\x01", "HASH x", "MKD x", "APPE x.csv", "DELE last.csv", "SMNT /", "MFMT 20260101000000 x.csv"])  # fmt: skip
def test_other_commands_are_refused(server, caplog, command):
    (reply,) = _tried(server, command)
    assert reply[0] == "5"
    assert command.split()[0].strip("\x01") in caplog.text


@pytest.mark.parametrize(
    "name", [b"\xff.csv", b"\xc3\x28.csv", b"\xed\xa0\x80.csv", b"a\xe2\x82.csv"]
)
def test_a_name_that_is_not_utf_8_is_refused(server, caplog, name):
    with ftplib_to(server) as ftp:
        ftp.sock.sendall(b"STOR " + name + b"\r\n")
        with pytest.raises(ftplib.error_perm, match=r"^501"):
            ftp.getresp()
        ftp.voidcmd("NOOP")  # and the session goes on
    assert list(server.directory.iterdir()) == []
    assert "decode" in caplog.text


@pytest.mark.parametrize("name", [b"a\x00b.csv", b"a\x07b.csv", b"a\x1b[31mb.csv", b"a\x7f.csv"])
def test_a_name_with_control_characters_is_refused_and_logged_harmlessly(server, caplog, name):
    with ftplib_to(server) as ftp:
        ftp.sock.sendall(b"STOR " + name + b"\r\n")
        with pytest.raises(ftplib.error_perm, match=r"^553"):
            ftp.getresp()
    assert list(server.directory.iterdir()) == []
    assert not any(ord(letter) < 32 and letter != "\n" for letter in caplog.text)


def test_an_endless_command_line_is_cut_off(server):
    with ftplib_to(server) as ftp, pytest.raises((ConnectionError, EOFError, ftplib.Error)):
        _endless(ftp)


def _endless(ftp):
    for _ in range(2000):
        ftp.sock.sendall(b"x" * 65536)
    ftp.getresp()


def test_nothing_goes_before_the_log_in(server):
    with connected(server) as ftp:
        for command in (
            "STOR x.csv",
            "PASV",
            "LIST",
            "CWD /",
            "RNFR x",
            "SIZE x",
            "SITE CHMOD 777 x",
        ):
            with pytest.raises(ftplib.error_perm, match=r"^530"):
                ftp.sendcmd(command)


# --- logging in


@pytest.mark.parametrize(
    ("user", "password"),
    [(USER, ""), (USER, "other-pw"), ("other", PASSWORD), ("anonymous", "x@example.com"), ("", ""), ("nobody", "x"), (f"{USER}/../other", PASSWORD)],
)  # fmt: skip
def test_a_wrong_log_in_is_refused_and_its_password_not_logged(server, caplog, user, password):
    with connected(server) as ftp, pytest.raises(ftplib.error_perm):
        ftp.login(user, password or "wrong")
    assert (password or "wrong") not in caplog.text


def test_a_session_has_three_tries():
    with serving() as server, connected(server) as ftp:
        for _ in range(2):
            with pytest.raises(ftplib.error_perm, match=r"^530 Login incorrect\.$"):
                ftp.login(USER, "wrong")
        with pytest.raises(ftplib.error_perm, match="Disconnecting"):
            ftp.login(USER, "wrong")
        with pytest.raises((EOFError, ConnectionError)):
            ftp.login(USER, PASSWORD)


def test_a_refused_log_in_waits_and_nobody_else_does():
    with serving(login_delay=3600) as server, connected(server) as wrong:
        wrong.sendcmd(f"USER {USER}")
        wrong.putcmd("PASS wrong")
        with ftplib_to(server) as right:  # served while the other waits
            right.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        wrong.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            wrong.sock.recv(1)


def test_a_refused_log_in_is_answered_when_it_has_waited():
    with serving(login_delay=0.05) as server, connected(server) as ftp:
        with pytest.raises(ftplib.error_perm, match=r"^530"):
            ftp.login(USER, "wrong")
        assert ftp.login(USER, PASSWORD).startswith("230")


# --- too many, too much


def test_a_flood_of_1000_connections_is_told_to_wait(tmp_path, caplog):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096 <= hard or hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    try:
        with serving(tmp_path, max_connections=50) as server:
            flood = [socket.create_connection((server.host, server.port), 60) for _ in range(1000)]
            greetings = [_first_line(each) for each in flood]
            assert sorted(set(greetings)) == ["220", "421"]
            assert 50 <= greetings.count("220") <= 51
            for each in flood:
                each.close()
            with ftplib_to(server) as ftp:
                ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
            assert "Too many connections" in caplog.text
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _first_line(connection):
    try:
        return connection.recv(100)[:3].decode()
    except ConnectionResetError:
        return "421"


@pytest.mark.parametrize("tls", ["off", "required"], ids=["plain", "TLS"])
def test_a_file_over_the_limit_is_cut_off_while_it_comes(tls):
    limit = 1 << 20
    with serving(tls=tls, max_file_size=limit) as server, ftplib_to(server) as ftp:
        data = ftp.transfercmd("STOR huge.csv")
        sent = _send_until_cut(data, 100 * limit)
        assert limit < sent < 30 * limit  # what the kernels keep; the rest was never taken
        with pytest.raises(ftplib.error_perm, match=f"552 Larger than the limit of {limit} bytes"):
            ftp.voidresp()
        assert list(server.directory.iterdir()) == []
        ftp.storbinary("STOR fits.csv", io.BytesIO(bytes(limit)))
        assert server.submissions()[0].bytes == limit


def _send_until_cut(data, most):
    sent = 0
    with data, contextlib.suppress(ConnectionError, ssl.SSLError):
        while sent < most:
            sent += data.send(bytes(1 << 16))
    return sent


def test_the_limit_is_that_of_the_file_however_many_uploads_it_took():
    with serving(max_file_size=1000) as server, ftplib_to(server) as ftp:
        ftp.storbinary("STOR .part", io.BytesIO(bytes(1000)))
        with pytest.raises(ftplib.error_perm, match="552"):
            ftp.storbinary("STOR .part", io.BytesIO(bytes(10)), rest=995)


def test_an_idle_connection_is_closed():
    with (
        serving(timeout=0.2) as server,
        connected(server) as ftp,
        pytest.raises(ftplib.error_temp, match="421"),
    ):
        ftp.getresp()


# --- connections that say nothing


def test_300_silent_connections_lock_nobody_out(tmp_path):
    with serving(tmp_path) as server:
        silent = [socket.create_connection((server.host, server.port), 60) for _ in range(300)]
        try:
            for _ in range(3):
                with ftplib_to(server) as ftp:
                    ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
            told = [each.recv(4096).decode() for each in silent[:10]]
            assert all("421 Too many connections without a log-in" in text for text in told)
        finally:
            for each in silent:
                each.close()
        assert len(server.submissions()) == 3


def test_sessions_that_have_logged_in_are_not_silent(tmp_path):
    with serving(tmp_path) as server, contextlib.ExitStack() as stack:
        first = stack.enter_context(ftplib_to(server))
        for _ in range(100):
            silent = socket.create_connection((server.host, server.port), 60)
            stack.callback(silent.close)
        first.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        assert len(server.submissions()) == 1
