"""What real clients send that is seldom tried: Telnet's marks, times, IPv4 over an IPv6 socket."""

import ftplib
import io
import re
import socket

import pytest

from .clients import PASSWORD, USER, ftplib_to, serving
from .uploading import call_file

CONTENT = call_file({})

ABORTS = {
    "bare": b"ABOR\r\n",
    "as RFC 959 asks": b"\xff\xf4\xff\xf2ABOR\r\n",
    "interrupt alone": b"\xff\xf4ABOR\r\n",
    "mark alone": b"\xff\xf2ABOR\r\n",
    "in lower case": b"\xff\xf4\xff\xf2abor\r\n",
}


@pytest.mark.parametrize("sent", ABORTS.values(), ids=ABORTS)
def test_an_abort_with_telnets_marks_is_understood(sent):
    with serving() as server, ftplib_to(server) as ftp:
        ftp.sock.sendall(sent)
        assert ftp.getresp().startswith("225")
        ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))


def test_an_abort_of_an_upload_out_of_band():
    with serving() as server, ftplib_to(server) as ftp:
        with ftp.transfercmd("STOR calls.csv") as data:
            data.sendall(CONTENT[:100])
            ftp.sock.sendall(b"\xff\xf4\xff")
            ftp.sock.send(b"\xf2", socket.MSG_OOB)
            ftp.sock.sendall(b"ABOR\r\n")
            replies = ftp.getmultiline() + ftp.getmultiline()
        assert "426" in replies
        assert "226" in replies
        assert server.submissions() == []


def test_a_time_can_be_set_as_it_says():
    with serving() as server, ftplib_to(server) as ftp:
        assert "MFMT" in ftp.sendcmd("FEAT")
        ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        assert ftp.sendcmd("MFMT 20261120060000 calls.csv").startswith("213")
        assert ftp.sendcmd("MDTM calls.csv") == "213 20261120060000"


@pytest.fixture
def dual():
    """A server for both families, where the machine has IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    with serving(host="::") as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("extended", [True, False], ids=["EPSV", "PASV"])
def test_a_server_on_both_families_takes_passive_uploads(dual, host, extended):
    ftp = ftplib.FTP(timeout=60)
    try:
        ftp.connect(host, dual.port)
        ftp.login(USER, PASSWORD)
        if not extended and host == "::1":
            with pytest.raises(ftplib.error_temp, match="use EPSV"):
                ftp.sendcmd("PASV")
            return
        if extended:
            ftp.af = socket.AF_INET6
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        else:
            reply = ftp.sendcmd("PASV")
            assert re.search(r"\(127,0,0,1,", reply)
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        assert len(dual.submissions()) == 1
    finally:
        ftp.close()
