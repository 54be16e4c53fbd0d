"""Each row of the border table, raised by a real socket, and what is then said and done."""

import contextlib
import ftplib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from callconv_kit.delivery import Patience, upload
from callconv_kit.delivery.connection_faults import TABLE, Step, fault_of
from callconv_kit.job import Connection
from callconv_kit.model.errors import DeliveryError, OutcomeUnknown

from ..ports import closed_port
from .conftest import PASSWORD, write_ready
from .scripted import CLOSE, RESET, SILENCE, Script

ONCE = Patience(attempts=1, looks=1, sleep=lambda _: None)

LARGE = 300
"""Rows that make a file larger than the buffers of a socket that nobody reads."""

UNSENT: dict[str, tuple[str, Script]] = {
    "nobody greets": ("no_answer", Script({"": SILENCE})),
    "a reset in place of a greeting": ("connection_dropped", Script({"": RESET})),
    "an end in place of a greeting": ("connection_dropped", Script({"": CLOSE})),
    "a web server": ("not_ftp", Script({"": "HTTP/1.1 400 Bad Request"})),
    "an SSH server": ("ssh_server", Script({"": "SSH-2.0-OpenSSH_9.2p1 Debian-2"})),
    "421 in place of a greeting": ("server_busy", Script({"": "421 too many users"})),
    "530 at USER": ("login_refused", Script({"USER": "530 no such user"})),
    "530 at PASS": ("login_refused", Script({"PASS": "530 Login incorrect."})),
    "530 that asks for TLS": (
        "tls_required",
        Script({"USER": "530 Non-anonymous sessions must use encryption."}),
    ),
    "550 that asks for TLS": (
        "tls_required",
        Script({"USER": "550 SSL/TLS required on the control channel."}),
    ),
    "a setting of its own is wrong": (
        "session_failed",
        Script({"PASS": "500 OOPS: cannot change directory:/x"}),
    ),
    "332 at PASS": ("account_needed", Script({"PASS": "332 Need account for login."})),
    "421 at PASS": ("server_busy", Script({"PASS": "421 Too many connections."})),
    "silence at PASS": ("no_answer", Script({"PASS": SILENCE})),
    "550 at CWD": ("directory_missing", Script({"CWD": "550 No such directory."})),
    "an end at CWD": ("connection_dropped", Script({"CWD": CLOSE})),
    "550 at PASV": ("store_refused", Script({"PASV": "550 not allowed"})),
    "425 at STOR": ("server_busy", Script({"STOR": "425 no data connection"})),
    "426 at STOR": ("server_busy", Script({"STOR": "426 aborted"})),
    "450 at STOR": ("server_busy", Script({"STOR": "450 busy"})),
    "451 at STOR": ("server_busy", Script({"STOR": "451 local error"})),
    "452 at STOR": ("disk_full", Script({"STOR": "452 no space"})),
    "501 at STOR": ("store_refused", Script({"STOR": "501 bad name"})),
    "532 at STOR": ("store_refused", Script({"STOR": "532 need account"})),
    "550 at STOR": ("store_refused", Script({"STOR": "550 permission denied"})),
    "550 at STOR, it exists": ("name_exists", Script({"STOR": "550 File exists."})),
    "550 at STOR, no overwriting": (
        "name_exists",
        Script({"STOR": "550 a.csv: Overwrite permission denied"}),
    ),
    "552 at STOR": ("quota_exceeded", Script({"STOR": "552 quota exceeded"})),
    "553 at STOR": ("store_refused", Script({"STOR": "553 name not allowed"})),
    "522 at STOR": ("tls_data_refused", Script({"STOR": "522 session reuse required"})),
    "an end at STOR": ("connection_dropped", Script({"STOR": CLOSE})),
    "a reset at STOR": ("connection_dropped", Script({"STOR": RESET})),
    "silence at STOR": ("no_answer", Script({"STOR": SILENCE})),
    "nonsense at TYPE": ("unexpected_answer", Script({"TYPE": "what?"})),
}


@pytest.mark.parametrize(("code", "script"), UNSENT.values(), ids=UNSENT)
def test_before_the_first_byte_nothing_was_delivered(
    ready: Path, code: str, script: Script
) -> None:
    with script.serving() as port, pytest.raises(DeliveryError) as caught:
        send(ready, port, timeout=patience_with(script))
    assert (caught.value.code, caught.value.exit_status) == (code, 4)
    assert caught.value.next_step


SENT: dict[str, tuple[str, Script]] = {
    "426 after the data": ("refused_after_sending", Script({"226": "426 aborted"})),
    "552 after the data": ("refused_after_sending", Script({"226": "552 quota exceeded"})),
    "an end in place of 226": ("reply_lost", Script({"226": CLOSE})),
    "a reset in place of 226": ("reply_lost", Script({"226": RESET})),
    "silence in place of 226": ("reply_lost", Script({"226": SILENCE})),
    "226 and another size": ("size_differs", Script({"SIZE": "213 5"})),
    "data cut, 552 queued": (
        "refused_after_sending",
        Script({"226": "552 quota exceeded"}, reads=1000, cuts=True),
    ),
    "data cut, and no word": ("transfer_cut", Script({"226": SILENCE}, reads=1000, cuts=True)),
}


@pytest.mark.parametrize(("code", "script"), SENT.values(), ids=SENT)
def test_after_the_first_byte_the_outcome_is_unknown(
    tmp_path: Path, code: str, script: Script
) -> None:
    rows = 40_000 if script.cuts else 3
    ready = write_ready(tmp_path / "ready.csv", *map(str, range(rows)))
    if code == "size_differs":
        script = AfterwardsSized(script.says)
    with script.serving() as port, pytest.raises(OutcomeUnknown) as caught:
        send(ready, port, timeout=patience_with(script))
    assert (caught.value.code, caught.value.exit_status) == (code, 5)
    assert "callconv status --settle" in caught.value.next_step


class AfterwardsSized(Script):
    """Shows no file before the upload, and a short one after it."""

    def _reply(self, verb: str) -> str:
        stored = any(line.startswith("STOR") for line in self.received)
        return "550 none" if verb == "SIZE" and not stored else super()._reply(verb)


def test_a_server_that_stops_reading_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    ready = write_ready(tmp_path / "ready.csv", *map(str, range(60_000)))
    script = Stalling()
    with script.serving() as port, script.until_given_up(), pytest.raises(OutcomeUnknown) as caught:
        send(ready, port, timeout=1)
    assert caught.value.code == "transfer_stalled"


class Stalling(Script):
    """Takes the data connection and reads nothing from it, until the client has given up."""

    def __init__(self) -> None:
        super().__init__()
        self._given_up = threading.Event()

    @contextlib.contextmanager
    def until_given_up(self) -> Iterator[None]:
        yield
        self._given_up.set()

    def _take(self, passive: socket.socket) -> None:
        data, _ = passive.accept()
        with data:
            data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self._given_up.wait(60)


def test_a_closed_port(ready: Path) -> None:
    with closed_port() as port, pytest.raises(DeliveryError) as caught:
        send(ready, port)
    assert caught.value.code == "connection_refused"


def test_a_host_that_does_not_exist(ready: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        send(ready, 21, host="no-such-host.invalid")
    assert caught.value.code in ("host_unknown", "host_unresolved")


def test_a_host_name_that_is_none(ready: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        send(ready, 21, host="a" * 70)
    assert caught.value.code == "host_unknown"


# -- TLS -------------------------------------------------------------------------------------------


def context(authority: trustme.CA, *names: str, **more: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **more).configure_cert(made)
    return made


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


NOW = datetime.now(UTC)
MONTH = timedelta(days=30)


def tls_cases(authority: trustme.CA) -> dict[str, tuple[str, Script]]:
    old = {"not_before": NOW - MONTH, "not_after": NOW - MONTH / 2}
    young = {"not_before": NOW + MONTH, "not_after": NOW + 2 * MONTH}
    elsewhere = context(authority, "a.example")
    odd = context(authority, "127.0.0.1")
    odd.maximum_version = ssl.TLSVersion.TLSv1_2
    odd.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # an EC certificate can't use it
    return {
        "AUTH is unknown": ("tls_not_offered", Script({"AUTH": "500 what"})),
        "an end after 234": ("tls_dropped", Script({"PBSZ": CLOSE, "AUTH": CLOSE})),
        "a stranger's certificate": (
            "certificate_untrusted",
            Script(context=context(trustme.CA(), "127.0.0.1")),
        ),
        "another name's": (
            "certificate_wrong_name",
            Script(context=elsewhere),
        ),
        "an old one": (
            "certificate_expired",
            Script(context=context(authority, "127.0.0.1", **old)),
        ),
        "one of the future": (
            "certificate_not_yet_valid",
            Script(context=context(authority, "127.0.0.1", **young)),
        ),
        "no common cipher": ("tls_failed", Script(context=odd)),
    }


TLS_CASES = list(tls_cases(trustme.CA()))


@pytest.mark.parametrize("case", TLS_CASES)
def test_a_tls_failure_comes_before_the_password(
    ready: Path, authority: trustme.CA, ca_file: Path, case: str
) -> None:
    code, script = tls_cases(authority)[case]
    with script.serving() as port, pytest.raises(DeliveryError) as caught:
        send(ready, port, protocol="ftps", ca_file=str(ca_file))
    assert caught.value.code == code
    assert not any(line.startswith(("USER", "PASS")) for line in script.received)


class NoHandshake(Script):
    """Closes each data connection instead of agreeing on TLS for it."""

    def _take(self, passive: socket.socket) -> None:
        data, _ = passive.accept()
        with data:
            data.recv(1 << 16)


BROKEN_TLS = {
    "an end at the password": Script({"PASS": CLOSE}),
    "a reset at the password": Script({"PASS": RESET}),
    "an end of the data connection": NoHandshake({"226": CLOSE}),
}


@pytest.mark.parametrize("script", BROKEN_TLS.values(), ids=BROKEN_TLS)
def test_a_tls_connection_that_is_closed_was_dropped(
    ready: Path, authority: trustme.CA, ca_file: Path, script: Script
) -> None:
    encrypted = type(script)(script.says, context=context(authority, "127.0.0.1"))
    with encrypted.serving() as port, pytest.raises(DeliveryError) as caught:
        send(ready, port, protocol="ftps", ca_file=str(ca_file))
    assert caught.value.code == "connection_dropped"
    assert "cipher" not in str(caught.value)


# -- renaming --------------------------------------------------------------------------------------

RENAMING = {
    "refused": ("rename_refused", 4, "553 not allowed"),
    "lost": ("rename_lost", 5, CLOSE),
}


@pytest.mark.parametrize(("code", "status", "reply"), RENAMING.values(), ids=RENAMING)
def test_a_rename_that_fails(ready: Path, code: str, status: int, reply: str) -> None:
    script = TemporarySized({"RNTO": reply}, size=ready.stat().st_size)
    with script.serving() as port, pytest.raises(DeliveryError) as caught:
        send(ready, port, method="rename")
    assert (caught.value.code, caught.value.exit_status) == (code, status)


class TemporarySized(Script):
    """Shows the temporary file at its full size, and never the final one."""

    def __init__(self, says: dict[str, str], size: int) -> None:
        super().__init__(says)
        self.size = size

    def _reply(self, verb: str) -> str:
        if verb == "SIZE" and self.received[-1].endswith(".tmp"):
            return f"213 {self.size}"
        return super()._reply(verb)


# -- the table -------------------------------------------------------------------------------------


def test_every_row_that_names_an_exception_is_raised_by_a_socket_here() -> None:
    shown = {code for code, _ in (*UNSENT.values(), *SENT.values(), *RENAMING_CODES)}
    shown |= {code for code, _ in tls_cases(trustme.CA()).values()}
    shown |= {"transfer_stalled", "connection_refused", "host_unknown"}
    # These take a broken name server or network.
    simulated = {"host_unresolved", "network_down", "text_unreadable"}
    assert {fault.code for fault in TABLE if fault.errors} <= shown | simulated


RENAMING_CODES = [(code, reply) for code, _, reply in RENAMING.values()]

SIMULATED = {
    "name server down": (socket.gaierror(socket.EAI_AGAIN, "try again"), "host_unresolved"),
    "a text that can't be sent": (
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
        "text_unreadable",
    ),
    "no route": (OSError(113, "No route to host"), "network_down"),
}


@pytest.mark.parametrize(("error", "code"), SIMULATED.values(), ids=SIMULATED)
def test_what_a_test_can_not_raise(error: OSError, code: str) -> None:
    assert fault_of(error, Step.CONNECT).code == code


BROKEN_RECORD = ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad record mac")
AFTER_THE_FIRST_BYTE = [
    (Step.DATA, BROKEN_RECORD, "transfer_cut"),
    (Step.DATA, EOFError(), "transfer_cut"),
    (Step.DATA, TimeoutError("timed out"), "transfer_stalled"),
    (Step.REPLY, BROKEN_RECORD, "reply_lost"),
    (Step.REPLY, EOFError(), "reply_lost"),
    (Step.REPLY, TimeoutError("timed out"), "reply_lost"),
]


@pytest.mark.parametrize(("step", "error", "code"), AFTER_THE_FIRST_BYTE)
def test_a_broken_line_after_the_first_byte_says_where_it_broke(
    step: Step, error: Exception, code: str
) -> None:
    assert fault_of(error, step).code == code


def test_an_error_of_ours_has_no_row() -> None:
    with pytest.raises(LookupError):
        fault_of(ZeroDivisionError(), Step.DATA)


EVERY_ERROR = [
    EOFError(),
    TimeoutError("timed out"),
    ConnectionResetError(104, "reset"),
    ssl.SSLEOFError(8, "EOF"),
    ssl.SSLError(1, "alert"),
    OSError(5, "input/output error"),
    ftplib.error_temp("426 aborted"),
    ftplib.error_perm("550 no"),
    ftplib.error_proto("nonsense"),
    ftplib.error_reply("199 odd"),
    ValueError("an illegal newline character should not be contained"),
]


@pytest.mark.parametrize("step", list(Step))
def test_a_connection_is_lost_whatever_its_layer_calls_it(step: Step) -> None:
    lost = [EOFError(), ConnectionResetError(104, "reset"), BrokenPipeError(32, "broken")]
    lost += [ssl.SSLEOFError(8, "EOF"), ssl.SSLZeroReturnError(6, "closed")]
    found = {fault_of(error, step) for error in lost}
    assert len(found) == 1
    assert found.pop().retry == (step not in (Step.DATA, Step.REPLY, Step.RENAME))


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("error", EVERY_ERROR, ids=repr)
def test_every_error_has_a_row_at_every_step(error: Exception, step: Step) -> None:
    fault = fault_of(error, step)
    assert fault.next_step
    assert not (fault.retry and step in (Step.DATA, Step.REPLY, Step.RENAME))


def patience_with(script: Script) -> float:
    """Seconds for each answer: few only where one never comes."""
    return 1 if SILENCE in script.says.values() else 60


def send(ready: Path, port: int, **more: Any) -> None:
    given: dict[str, Any] = {
        "protocol": "ftp",
        "host": "127.0.0.1",
        "port": port,
        "user": "demo",
        "directory": "demo",
        "timeout": 60,
    }
    upload(ready, Connection(**{**given, **more}), password=PASSWORD, patience=ONCE, ledger=None)
