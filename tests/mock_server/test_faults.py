"""Each fault of the book, as a client sees it that isn't ours: ftplib over real sockets.

`SHOWN` says by hand what ftplib raises and what the server then has. A fault that has no row here
fails the first test.
"""

import datetime as dt
import ftplib
import io
import socket
import ssl
import threading
from dataclasses import dataclass

import pytest

from mock_server.faults import BY_NAME, FAULTS, At, UnknownFault, parse

from .clients import PASSWORD, USER, connected, ftplib_to, serving
from .uploading import NOW, call_file

NOW_AT = dt.datetime.fromisoformat(NOW)
CONTENT = call_file(*({} for _ in range(500)))
SHORT = 0.3
"""Seconds after which the client gives up where the server says nothing."""

GONE = (EOFError, ConnectionResetError, BrokenPipeError)
NOT_TLS = (ssl.SSLError, ConnectionResetError)
CUT_DATA = (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ftplib.error_temp)


@dataclass(frozen=True)
class Shown:
    """What an upload through a fault ends in.

    Args:
        raises: what ftplib raises; None: it believes that all is well.
        text: that stands in the error.
        submitted: submissions that the server then has.
        size: of the file then on the server; None: there is none.
        tls: the fault is one of TLS.
        waits: the server says nothing, and the client gives up.
    """

    raises: type[BaseException] | tuple[type[BaseException], ...] | None
    text: str | None = None
    submitted: int = 0
    size: int | None = None
    tls: bool = False
    waits: bool = False


def _refused(code: int) -> Shown:
    return Shown(ftplib.error_perm if code >= 500 else ftplib.error_temp, str(code))


def _late(code: int) -> Shown:
    kind = ftplib.error_perm if code >= 500 else ftplib.error_temp
    return Shown(kind, str(code), size=len(CONTENT))


WHOLE = len(CONTENT)
FINE = Shown(None, submitted=1, size=WHOLE)

SHOWN = {
    "refuse-connection": Shown(ConnectionRefusedError),
    "reset-connection": Shown(GONE),
    "close-connection": Shown(GONE),
    "no-greeting": Shown(TimeoutError, waits=True),
    "connect-421": _refused(421),
    "tls-handshake": Shown(NOT_TLS, tls=True),
    "tls-hang": Shown(TimeoutError, tls=True, waits=True),
    "tls-refused": Shown(ftplib.error_perm, "500 AUTH", tls=True),
    "tls-expired": Shown(ssl.SSLCertVerificationError, "expired", tls=True),
    "tls-wrong-name": Shown(ssl.SSLCertVerificationError, "not valid for", tls=True),
    "tls-untrusted": Shown(ssl.SSLCertVerificationError, "unable to get local issuer", tls=True),
    "session-reuse-required": Shown((ssl.SSLError, ftplib.error_perm, OSError), size=0, tls=True),
    "user-530": _refused(530),
    "pass-530": _refused(530),
    "pass-421": _refused(421),
    "wrong-passive-address": FINE,  # ftplib takes the control connection's; see below
    "dead-passive-port": Shown(ConnectionRefusedError),
    "stor-421": _refused(421),
    "stor-425": _refused(425),
    "stor-450": _refused(450),
    "stor-451": _refused(451),
    "stor-452": _refused(452),
    "stor-530": _refused(530),
    "stor-550": _refused(550),
    "stor-552": _refused(552),
    "stor-553": _refused(553),
    "duplicate-name": FINE,  # no such name yet; see below
    "data-cut": Shown(CUT_DATA, size=50_000),
    "control-cut": Shown((*GONE, ssl.SSLError), size=50_000),
    "stall": Shown(TimeoutError, size=None, waits=True),
    "no-close-notify": Shown(None, submitted=1, size=WHOLE, tls=True),
    "slow-drip": FINE,
    "disk-full": Shown(CUT_DATA, size=50_000),
    "late-426": _late(426),
    "late-450": _late(450),
    "late-451": _late(451),
    "late-452": _late(452),
    "late-550": _late(550),
    "late-552": _late(552),
    "late-553": _late(553),
    "no-226": Shown(TimeoutError, submitted=1, size=WHOLE, waits=True),
    "lost-226": Shown(GONE, submitted=1, size=WHOLE),
    "truncated": Shown(None, submitted=1, size=1000),
    "vanish": Shown(None, submitted=1, size=None),
    "no-rest": FINE,
    "no-rename": FINE,
    "no-size": FINE,
    "no-mlsd": FINE,
    "no-epsv": FINE,
}
"""An upload by STOR to a new name. What this does not show stands in tests of its own."""


def test_every_fault_has_its_row_and_no_other_has():
    assert set(SHOWN) == {fault.name for fault in FAULTS if fault.at is not At.RESULTS}
    assert all(fault.shows for fault in FAULTS)
    assert len(BY_NAME) == len(FAULTS)


def _upload(server, timeout=60.0, name="calls.csv", content=CONTENT):
    silent_from_the_start = any(a.fault.at in (At.CONNECT, At.TLS) for a in server.faults())
    with ftplib_to(server, timeout=timeout if silent_from_the_start else 60.0) as ftp:
        ftp.timeout = timeout
        ftp.sock.settimeout(timeout)
        return ftp.storbinary(f"STOR {name}", io.BytesIO(content))


def _upload_without_a_goodbye(server):
    """As a client that does not wait for the answer to its close_notify; ftplib waits for ever."""
    with ftplib_to(server) as ftp:
        data = ftp.transfercmd("STOR calls.csv")
        data.sendall(CONTENT)
        data.settimeout(0.2)
        with pytest.raises(TimeoutError):
            data.unwrap()
        data.close()
        return ftp.voidresp()


def _cases():
    for name, shown in SHOWN.items():
        for tls in ("required",) if shown.tls else ("off", "required"):
            yield pytest.param(name, shown, tls, id=f"{name}-{'plain' if tls == 'off' else 'TLS'}")


@pytest.mark.parametrize(("name", "shown", "tls"), list(_cases()))
def test_a_fault_shows_itself_once_and_then_the_server_is_well(name, shown, tls):
    with serving(tls=tls, now=NOW_AT) as server:
        server.fault(name, after=40_000 if name == "slow-drip" else None)
        content = CONTENT
        if name == "stall":  # more than the kernels keep for a server that reads nothing
            content = CONTENT * 150
        if name == "no-close-notify":
            assert _upload_without_a_goodbye(server).startswith("226")
        elif shown.raises is None:
            assert _upload(server).startswith("226")
        else:
            with pytest.raises(shown.raises, match=shown.text):
                _upload(server, SHORT if shown.waits else 60.0, content=content)
        if shown.submitted:
            server.next_receipt()
        on_disk = server.directory / "calls.csv"
        if name != "stall":
            assert (on_disk.stat().st_size if on_disk.exists() else None) == shown.size
        assert len(server.submissions()) == shown.submitted
        server.clear_faults()
        assert _upload(server, name="after.csv").startswith("226")
        assert server.submissions()[-1].total_records == 500


def _armed(server, name, **options):
    server.fault(name, times=None, **options)
    return server


def test_for_ever_is_until_it_is_cleared():
    with serving() as server:
        _armed(server, "stor-450")
        for _ in range(3):
            with pytest.raises(ftplib.error_temp):
                _upload(server)
        server.clear_faults("stor-450")
        assert _upload(server).startswith("226")


def test_a_number_of_times_is_that_number():
    with serving() as server:
        server.fault("stor-450", times=2)
        with ftplib_to(server) as ftp:
            for _ in range(2):
                with pytest.raises(ftplib.error_temp):
                    ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        assert server.faults() == []


def test_a_fault_can_be_moved_to_another_command_and_byte():
    with serving() as server:
        server.fault("stor-550", command="size")
        server.fault("truncated", after=77)
        with ftplib_to(server) as ftp:
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
            with pytest.raises(ftplib.error_perm, match="550"):
                ftp.size("calls.csv")
            assert ftp.size("calls.csv") == 77


HALVED = {
    # what the client gets, whether the file is taken in
    "data-cut": (CUT_DATA, 0),
    "control-cut": ((*GONE, ssl.SSLError), 0),
    "disk-full": (CUT_DATA, 0),
    "stall": (TimeoutError, 0),
    "truncated": ((), 1),
}


@pytest.mark.parametrize(("raises", "submitted"), HALVED.values(), ids=HALVED)
def test_a_file_smaller_than_n_suffers_the_fault_at_its_half(raises, submitted, request):
    name, content = request.node.callspec.id, call_file({})
    assert len(content) < BY_NAME[name].after
    with serving(now=NOW_AT) as server:
        server.fault(name)
        if raises:
            with pytest.raises(raises):
                _upload(server, 1.0 if name == "stall" else 10.0, content=content)
        else:
            assert _upload(server, content=content).startswith("226")
            server.next_receipt()
        assert (server.directory / "calls.csv").stat().st_size == len(content) // 2
        assert len(server.submissions()) == submitted


UNCONFIRMED = ("data-cut", "control-cut", "disk-full", "late-451", "late-552")


@pytest.mark.parametrize("takes", [False, True])
@pytest.mark.parametrize("name", UNCONFIRMED)
def test_what_had_no_226_is_visible_and_taken_in_only_where_the_server_does_so(name, takes):
    with serving(now=NOW_AT, takes_unconfirmed=takes) as server:
        server.fault(name)
        with pytest.raises((*ftplib.all_errors,)):
            _upload(server)
        with ftplib_to(server) as ftp:
            ftp.voidcmd("TYPE I")
            assert ftp.size("calls.csv") > 0
        assert len(server.submissions()) == (1 if takes else 0)


def test_a_listing_does_not_use_up_a_fault_of_uploads():
    with serving() as server:
        server.fault("data-cut")
        with ftplib_to(server) as ftp:
            assert list(ftp.mlsd()) == []
            assert ftp.nlst() == []
            assert len(server.faults()) == 1


def test_refused_connections_keep_the_port_and_come_back_to_it():
    with serving() as server:
        port = server.port
        for _ in range(2):
            server.fault("refuse-connection")
            with pytest.raises(ConnectionRefusedError):
                _upload(server)
            with pytest.raises(OSError, match="in use"), socket.socket() as other:
                other.bind((server.host, port))
            server.clear_faults()
            assert _upload(server).startswith("226")
        assert server.port == port


def test_a_wrong_passive_address_is_named_and_epsv_is_no_way_round():
    with serving() as server, ftplib_to(_armed(server, "wrong-passive-address")) as ftp:
        assert ftplib.parse227(ftp.sendcmd("PASV"))[0] == "10.255.255.1"
        with pytest.raises(ftplib.error_perm, match="500"):
            ftp.sendcmd("EPSV")


def test_a_dead_port_is_named_by_epsv_too():
    with serving(host="::1") as server:
        server.fault("dead-passive-port")
        with pytest.raises(ConnectionRefusedError):
            _upload(server)


def test_a_duplicate_name_is_refused_by_stor_and_by_rename():
    with serving(now=NOW_AT) as server, ftplib_to(_armed(server, "duplicate-name")) as ftp:
        ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        with pytest.raises(ftplib.error_perm, match="550 File exists"):
            ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        ftp.storbinary("STOR .new.tmp", io.BytesIO(CONTENT))
        with pytest.raises(ftplib.error_perm, match="550 File exists"):
            ftp.rename(".new.tmp", "calls.csv")
        assert len(server.submissions()) == 1


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("no-rest", ["REST 5"]),
        ("no-rename", ["RNFR calls.csv", "RNTO other.csv"]),
        ("no-size", ["SIZE calls.csv"]),
        ("no-mlsd", ["MLSD", "MLST calls.csv"]),
        ("no-epsv", ["EPSV"]),
    ],
)
def test_a_command_that_a_server_lacks_is_502(name, commands):
    with serving() as server, ftplib_to(_armed(server, name)) as ftp:
        ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))
        for command in commands:
            with pytest.raises(ftplib.error_perm, match="502"):
                ftp.sendcmd(command)


def test_the_reply_to_a_cut_upload_waits_on_the_control_connection():
    with serving() as server, ftplib_to(server) as ftp:
        server.fault("disk-full", after=1000)
        data = ftp.transfercmd("STOR calls.csv")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            data.sendall(CONTENT * 150)
        data.close()
        with pytest.raises(ftplib.error_temp, match="452"):
            ftp.voidresp()
        ftp.voidcmd("NOOP")


def test_a_slow_drip_is_slow_for_this_upload_only():
    with serving(now=NOW_AT) as server:
        server.fault("slow-drip", after=20_000)
        slow = threading.Thread(target=_upload, args=(server,), kwargs={"name": "slow.csv"})
        with ftplib_to(server) as ftp:
            slow.start()
            while server.faults():  # until the slow one has begun
                ftp.voidcmd("NOOP")
            ftp.storbinary("STOR fast.csv", io.BytesIO(CONTENT))
        slow.join()
        assert [s.file_name for s in server.submissions()] == ["fast.csv", "slow.csv"]


def test_faults_strike_in_the_order_in_which_they_were_armed():
    with serving() as server, ftplib_to(server) as ftp:
        server.fault("stor-553")
        server.fault("stor-450")
        for error, code in ((ftplib.error_perm, "553"), (ftplib.error_temp, "450")):
            with pytest.raises(error, match=code):
                ftp.storbinary("STOR calls.csv", io.BytesIO(CONTENT))


def test_an_unknown_fault_is_an_error_that_lists_the_known():
    with serving() as server:
        with pytest.raises(UnknownFault, match="no fault 'stor-999'; there are refuse-connection"):
            server.fault("stor-999")
        with pytest.raises(ValueError, match="at least 1"):
            server.fault("stor-550", times=0)


def test_a_fault_as_text():
    assert parse("vanish") == ("vanish", {})
    assert parse("data-cut,times=3,after=10,command=appe") == (
        "data-cut",
        {"times": 3, "after": 10, "command": "appe"},
    )
    assert parse("stall,times=forever") == ("stall", {"times": None})
    with pytest.raises(ValueError, match="'often': expected times=N"):
        parse("stall,often")


def test_a_password_is_asked_for_before_it_is_refused():
    with serving() as server, connected(server) as ftp:
        server.fault("pass-530")
        assert ftp.sendcmd(f"USER {USER}").startswith("331")
        with pytest.raises(ftplib.error_perm, match="530 Login incorrect"):
            ftp.sendcmd(f"PASS {PASSWORD}")
