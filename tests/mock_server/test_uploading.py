"""Uploads as users type them: curl, lftp and ftplib, plain and over explicit TLS."""

import datetime as dt
import ftplib
import hashlib
import io
import socket
import ssl
import threading

import pytest

from .clients import PASSWORD, USER, connected, curl, ftplib_to, lftp, plainly, serving
from .uploading import NOW, call_file

NOW_AT = dt.datetime.fromisoformat(NOW)
CONTENT = call_file({}, {}, {"CallDuration": "3:21"})


@pytest.fixture(params=["off", "required"], ids=["plain", "TLS"])
def server(request):
    with serving(tls=request.param, now=NOW_AT) as server:
        yield server


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(CONTENT)
    return path


def _taken(server, name="calls.csv", content=CONTENT):
    """The one submission is whole and judged, and the file is as it was sent."""
    (submission,) = server.submissions()
    receipt = server.next_receipt()
    assert (submission.file_name, submission.status) == (name, "Complete")
    assert (submission.total_records, submission.total_errors) == (3, 1)
    assert [action.cells["CallSessionId"] for action in server.pending_actions()] == ["S0", "S1"]
    assert [(error.line, error.column) for error in server.errors()] == [(4, "CallDuration")]
    assert receipt.read_bytes() == content
    assert receipt.sha256 == hashlib.sha256(content).hexdigest()
    return True


def test_curl_uploads(server, file):
    ran = curl(server, file)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert _taken(server)


def test_curl_uploads_to_the_published_address(server, file):
    ran = curl(server, file, to=f"{USER}/")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert _taken(server)


def test_curl_uploads_under_another_name_and_renames(server, file):
    ran = curl(server, file, "-Q", "-RNFR .calls.tmp", "-Q", "-RNTO calls.csv", to=".calls.tmp")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert server.next_receipt().batch_id is None
    assert _taken(server)


def test_active_mode(server):
    with ftplib_to(server) as ftp:
        ftp.set_pasv(False)
        ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
    assert _taken(server)


def test_curl_uploads_in_active_mode(file):  # over TLS, curl 7.88 forgets the handshake there
    with serving(now=NOW_AT) as server:
        ran = curl(server, file, "-P", "-")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert _taken(server)


def test_lftp_uploads(server, file):
    ran = lftp(server, f"put {file}")
    assert ran.returncode == 0, ran.stderr
    assert _taken(server)


def test_lftp_uploads_by_a_temporary_name(server, file):
    ran = lftp(
        server, "set xfer:use-temp-file yes", "set xfer:temp-file-name .*.tmp", f"put {file}"
    )
    assert ran.returncode == 0, ran.stderr
    assert server.next_receipt().batch_id is None
    assert _taken(server)


def test_ftplib_uploads(server):
    with ftplib_to(server) as ftp:
        assert ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT)).startswith("226")
        assert ftp.size("calls.csv") == len(CONTENT)
        assert [(name, facts["size"]) for name, facts in ftp.mlsd()] == [
            ("calls.csv", str(len(CONTENT)))
        ]
        assert ftp.nlst() == ["calls.csv"]
        ftp.quit()
    assert _taken(server)


def test_a_second_upload_of_a_name_is_a_submission_of_its_own(server):
    with ftplib_to(server) as ftp:
        for _ in range(2):
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
    assert [s.total_records for s in server.submissions()] == [3, 3]
    assert len(server.pending_actions()) == 4
    assert len({action.action_id for action in server.pending_actions()}) == 4


def test_an_upload_that_is_resumed_leaves_what_was_taken_in(server):
    with ftplib_to(server) as ftp:
        ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        row = CONTENT.splitlines()[1].replace(b"S0", b"S9") + b"\n"
        ftp.storbinary("STOR calls.csv", io.BytesIO(row), rest=len(CONTENT))
    first, second = (server.next_receipt().read_bytes() for _ in range(2))
    assert (first, second) == (CONTENT, CONTENT + row)


def test_text_mode_is_refused_nothing_but_the_line_ends(server):
    with ftplib_to(server) as ftp:
        ftp.storlines("STOR calls.csv", io.BytesIO(CONTENT.replace(b"\n", b"\r\n")))
    assert _taken(server)


def test_names_are_kept_to_the_letter(server):
    names = ["with space.csv", "ünïcode-☎.csv", "-dash.csv", "CAPITALS.CSV", "back\\slash.csv"]
    with ftplib_to(server) as ftp:
        for name in names:
            ftp.storbinary(f"STOR {name}", io.BytesIO(CONTENT))
    assert [submission.file_name for submission in server.submissions()] == names


def test_reserved_and_hidden_names_and_other_files_are_no_submissions(server):
    ignored = ["receipt_1.csv", "RESULT_1.csv", ".calls.csv", "calls.csv.tmp", "calls.txt"]
    with ftplib_to(server) as ftp:
        for name in ignored:
            assert ftp.storbinary(f"STOR {name}", io.BytesIO(CONTENT)).startswith("226")
    assert server.submissions() == []
    assert [(r.file_name, r.batch_id) for r in (server.next_receipt() for _ in ignored)] == [
        (name, None) for name in ignored
    ]
    with pytest.raises(TimeoutError):
        server.next_receipt(timeout=0)


def test_a_drop_box_gives_nothing_back_and_deletes_nothing(server):
    with ftplib_to(server) as ftp:
        ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        ftp.voidcmd("TYPE I")
        for command in (
            "DELE calls.csv",
            "MKD folder",
            "RMD folder",
            "APPE calls.csv",
            "RETR calls.csv",
        ):
            with pytest.raises(ftplib.error_perm, match=r"^550"):
                ftp.sendcmd(command)
    assert _taken(server)


# --- cut uploads, which stock pyftpdlib reports as complete


def _cut(server, how):
    """An upload of half the file that ends as `how(data socket, session)` says."""
    with ftplib_to(server) as ftp:
        data = ftp.transfercmd("STOR calls.csv")
        data.sendall(CONTENT[: len(CONTENT) // 2])
        how(data, ftp)
        data.close()
        try:
            return ftp.voidresp()
        except ftplib.Error as error:
            return str(error)
        except (EOFError, ConnectionResetError):
            return ""


def _reset(data, _ftp):
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _abort(_data, ftp):
    ftp.sock.sendall(b"ABOR\r\n")


def _leave(_data, ftp):
    ftp.sock.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("how", [_reset, _abort, _leave], ids=["reset", "ABOR", "client gone"])
def test_a_cut_upload_is_no_submission(server, how):
    assert _cut(server, how)[:3] in ("426", "225", "")
    with ftplib_to(server) as ftp:  # a round trip later, the server has seen all of it
        ftp.voidcmd("NOOP")
    assert server.submissions() == []


def test_a_tls_stream_without_its_goodbye_is_a_cut_upload():
    with serving(tls="required", now=NOW_AT) as server:
        assert _cut(server, lambda *_: None).startswith("426")
        assert server.submissions() == []


def test_an_upload_that_another_one_overtook_is_no_submission(server):
    with ftplib_to(server) as slow, ftplib_to(server) as fast:
        data = slow.transfercmd("STOR calls.csv")
        data.sendall(CONTENT[:100])
        fast.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        if isinstance(data, ssl.SSLSocket):
            data.unwrap()
        data.close()
        with pytest.raises(ftplib.error_temp, match=r"^426"):
            slow.voidresp()
    assert _taken(server)


def test_a_file_is_not_renamed_while_it_is_uploaded(server):
    with ftplib_to(server) as writing, ftplib_to(server) as renaming:
        data = writing.transfercmd("STOR .calls.tmp")
        data.sendall(CONTENT[:100])
        renaming.sendcmd("RNFR .calls.tmp")
        with pytest.raises(ftplib.error_perm, match="under way"):
            renaming.sendcmd("RNTO calls.csv")
        data.sendall(CONTENT[100:])
        if isinstance(data, ssl.SSLSocket):
            data.unwrap()
        data.close()
        writing.voidresp()
        renaming.rename(".calls.tmp", "calls.csv")
    assert server.next_receipt().batch_id is None
    assert _taken(server)


# --- TLS


def test_required_tls_refuses_a_plain_log_in_and_plain_data():
    with serving(tls="required") as server:
        with plainly(server) as plain, pytest.raises(ftplib.error_perm, match=r"^550"):
            plain.login(USER, PASSWORD)
        with connected(server) as ftp:
            ftp.login(USER, PASSWORD)
            with pytest.raises(ftplib.error_perm, match=r"^550"):
                ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))


def test_offered_tls_serves_both_kinds_on_one_port(file):
    with serving(tls="offered", now=NOW_AT) as server:
        with plainly(server) as plain:
            plain.login(USER, PASSWORD)
            plain.storbinary("STOR plain.csv", io.BytesIO(CONTENT))
        assert curl(server, file, to="tls.csv").returncode == 0
        assert [s.file_name for s in server.submissions()] == ["plain.csv", "tls.csv"]


def test_a_client_that_resumes_the_session_may():
    class Resuming(ftplib.FTP_TLS):
        resumed = False

        def ntransfercmd(self, cmd, rest=None):
            raw, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            wrapped = self.context.wrap_socket(
                raw, server_hostname=self.host, session=self.sock.session
            )
            self.resumed = wrapped.session_reused
            return wrapped, size

    with serving(tls="required", now=NOW_AT) as server:
        server.fault("session-reuse-required", times=None)
        context = ssl.create_default_context(cafile=server.ca_file)
        with Resuming(context=context, timeout=60) as ftp:
            ftp.connect(server.host, server.port)
            ftp.login(USER, PASSWORD)
            ftp.prot_p()
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
            assert ftp.resumed
        assert _taken(server)


# --- addresses


def test_ipv6(file):
    with serving(host="::1", now=NOW_AT) as server:
        assert server.url.startswith("ftp://[::1]:")
        assert curl(server, file).returncode == 0
        assert _taken(server)
        with ftplib_to(server) as ftp, pytest.raises(ftplib.error_temp, match="EPSV"):
            ftp.sendcmd("PASV")


def test_ipv6_over_tls():
    with serving(host="::1", tls="required", now=NOW_AT) as server:
        with ftplib_to(server) as ftp:
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        assert _taken(server)


def test_passive_ports_are_of_the_range_or_none():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        first = probe.getsockname()[1]
    with serving(passive_ports=range(first, first + 1), now=NOW_AT) as server:
        with ftplib_to(server) as ftp:
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
            _, port = ftplib.parse227(ftp.sendcmd("PASV"))
            assert port == first
            with ftplib_to(server) as other:
                for command in ("PASV", "EPSV"):
                    with pytest.raises(ftplib.error_temp, match=r"^425.*passive ports"):
                        other.sendcmd(command)
                other.voidcmd("NOOP")
        with ftplib_to(server) as ftp:
            ftp.storbinary("STOR again.csv", io.BytesIO(CONTENT))
        assert len(server.submissions()) == 2


# --- many at once


def test_200_clients_at_once_each_with_its_own_file(server):
    contents = {f"{n}.csv": call_file(*[{"CallSessionId": f"{n}-{row}"} for row in range(1 + n % 7)]) for n in range(200)}  # fmt: skip
    together, failed = threading.Barrier(len(contents)), []

    def upload(name, content):
        try:
            together.wait(60)
            with ftplib_to(server, timeout=60) as ftp:
                ftp.storbinary(f"STOR {name}", io.BytesIO(content))
        except (ftplib.Error, OSError, EOFError) as error:
            failed.append((name, error))

    threads = [threading.Thread(target=upload, args=item) for item in contents.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    receipts = [server.next_receipt() for _ in contents]
    assert {receipt.file_name: receipt.read_bytes() for receipt in receipts} == contents
    submissions = {s.batch_id: s for s in server.submissions()}
    assert {s.file_name: s.total_records for s in submissions.values()} == {
        name: content.count(b"\n") - 1 for name, content in contents.items()
    }
    assert all(a.cells["CallSessionId"] == f"{a.file_name[:-4]}-{a.line - 2}" for a in server.pending_actions())  # fmt: skip
