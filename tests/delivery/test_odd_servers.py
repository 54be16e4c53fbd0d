"""Servers as they are met in the field: their encodings, listings, greetings and goodbyes."""

import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme

from callconv_kit.delivery import Patience, State, ftp, upload
from callconv_kit.job import Connection
from callconv_kit.model.errors import DeliveryError
from mock_server.accounts import make
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to, sessions_on
from .scripted import Script

ONCE = Patience(attempts=1, looks=1, sleep=lambda _: None)


def send(ready: Path, port: int, patience: Patience = ONCE, **more: Any) -> Any:
    given: dict[str, Any] = {"protocol": "ftp", "host": "127.0.0.1", "port": port, "user": "demo"}
    connection = Connection(**{**given, "directory": "demo", "timeout": 60, **more})
    return upload(ready, connection, password=PASSWORD, ledger=None, patience=patience)


# -- encodings -------------------------------------------------------------------------------------

SAID = {
    "a banner": ({"": "220 Serveur d'échange prêt"}, None, ""),
    "a banner of several lines": (
        {"": "220-Bienvenue à vous\r\n Écrivez-nous\r\n220 prêt"},
        None,
        "",
    ),
    "a log-in text": ({"PASS": "230 Anmeldung möglich für Müller"}, None, ""),
    "a refusal": ({"PASS": "530 Anmeldung für Müller verweigert"}, "login_refused", "Müller"),
    "a missing directory": ({"CWD": "550 Répertoire non trouvé"}, "directory_missing", "trouvé"),
    "a reply to STOR": ({"STOR": "553 Nom refusé"}, "store_refused", "refusé"),
    "the last word": ({"226": "226 Übertragung beendet"}, None, "Übertragung"),
}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
@pytest.mark.parametrize(("says", "code", "text"), SAID.values(), ids=SAID)
def test_replies_are_read_in_utf_8_or_latin_1(
    ready: Path, encoding: str, says: dict[str, str], code: str | None, text: str
) -> None:
    script = Script(says, encoding=encoding)
    with script.serving() as port:
        if code is None:
            receipt = send(ready, port)
            assert receipt.state is State.DELIVERED
            assert text in receipt.message
        else:
            with pytest.raises(DeliveryError) as caught:
                send(ready, port)
            assert caught.value.code == code
            assert text in caught.value.found


def test_commands_are_sent_in_utf_8(ready: Path) -> None:
    script = Script(encoding="latin-1")
    with script.serving() as port:
        send(ready, port, directory="Büro/München")
    assert "CWD Büro/München" in script.received


# -- greetings -------------------------------------------------------------------------------------


def test_a_server_that_is_ready_in_a_moment_is_waited_for(ready: Path) -> None:
    script = Script({"": "120 Service ready in 1 minute\r\n220 ready"})
    with script.serving() as port:
        assert send(ready, port).state is State.DELIVERED


def test_an_ssh_server_is_asked_once(ready: Path) -> None:
    script = Script({"": "SSH-2.0-OpenSSH_9.2p1"})
    waited: list[float] = []
    patience = Patience(attempts=5, first_wait=0.0, sleep=waited.append)
    with script.serving() as port, pytest.raises(DeliveryError) as caught:
        send(ready, port, patience)
    assert caught.value.code == "ssh_server"
    assert 'protocol = "sftp"' in caught.value.next_step
    assert waited == []


# -- looking ---------------------------------------------------------------------------------------

LOOKS = {
    "SIZE": ((), True),
    "MLSD where OPTS is refused": (("SIZE", "OPTS"), True),
    "LIST": (("SIZE", "MLSD"), True),
    "NLST shows the name alone": (("SIZE", "MLSD", "LIST"), False),
    "nothing": (("SIZE", "MLSD", "LIST", "NLST"), False),
}


@pytest.mark.parametrize(("refused", "verified"), LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("method", ["direct", "rename"])
def test_each_way_of_looking_stands_in_for_the_ones_before(
    server: MockImportServer, ready: Path, refused: tuple[str, ...], verified: bool, method: str
) -> None:
    for command in refused:
        server.fault("no-size", None, command=command)
    connection = connection_to(server, method=method)
    receipt = upload(ready, connection, password=PASSWORD, ledger=None, patience=HASTY)
    assert receipt.state is State.DELIVERED
    assert any("not verified" in warning for warning in receipt.warnings) != verified
    assert sessions_on(server) == ["A", "B", "C"]


LINES = {
    "-rw-r--r--   1 ftp      ftp           985 Nov 20 06:00 calls.csv": ("985", "calls.csv"),
    "-rw-r--r-- 1 owner 985 Nov 20 2025 my calls.csv": ("985", "my calls.csv"),
    "-rw-r--r--+ 1 1001 1002 12345678901 Nov 20 06:00 calls.csv": ("12345678901", "calls.csv"),
    "11-20-26  06:00AM                  985 calls.csv": ("985", "calls.csv"),
    "11-20-2026  18:00                  985 my calls.csv": ("985", "my calls.csv"),
    "drwxr-xr-x   2 ftp      ftp          4096 Nov 20 06:00 calls.csv": None,
    "11-20-26  06:00AM       <DIR>          calls.csv": None,
    "total 8": None,
    "": None,
}


@pytest.mark.parametrize(("line", "found"), LINES.items(), ids=LINES)
def test_the_lines_of_a_listing(line: str, found: tuple[str, str] | None) -> None:
    matched = [pattern.fullmatch(line) for pattern in ftp._LISTED]
    assert next((match.groups() for match in matched if match), None) == found


# -- goodbyes --------------------------------------------------------------------------------------


@pytest.fixture
def quick_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ftp, "GOODBYE_PATIENCE", 0.1)


@pytest.mark.usefixtures("quick_goodbye")
def test_a_server_that_answers_no_close_notify_gets_the_end_of_the_connection(
    tmp_path: Path, ready: Path
) -> None:
    with MockImportServer(tmp_path / "s", [make("demo", PASSWORD)], tls="required") as server:
        server.fault("no-close-notify", None)
        connection = connection_to(server, timeout=300)
        receipt = upload(ready, connection, password=PASSWORD, ledger=None, patience=ONCE)
        assert receipt.state is State.DELIVERED
        assert sessions_on(server) == ["A", "B", "C"]


@pytest.mark.usefixtures("quick_goodbye")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
def test_the_same_of_a_server_of_another_make(
    tmp_path: Path, ready: Path, version: ssl.TLSVersion
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    authority.issue_cert("127.0.0.1").configure_cert(context)
    script = Unanswering(context=context)
    with script.serving() as port:
        receipt = send(ready, port, protocol="ftps", ca_file=str(tmp_path / "ca.pem"), timeout=300)
    assert receipt.state is State.DELIVERED
    assert script.taken == ready.read_bytes()


class Unanswering(Script):
    """Reads to the client's close_notify, answers none, and waits for the end of TCP."""

    taken = b""

    def _take(self, passive: Any) -> None:
        raw, _ = passive.accept()
        assert self.context is not None
        data = self.context.wrap_socket(raw, server_side=True)
        while block := data.recv(1 << 16):
            self.taken += block
        import socket

        with socket.socket(fileno=data.detach()) as bare:
            bare.settimeout(60)
            while bare.recv(100):
                pass


def test_two_threads_upload_at_once(server: MockImportServer, tmp_path: Path, ready: Path) -> None:
    """Signals and locks are the main thread's; an upload in another works all the same."""
    receipts: list[Any] = []
    connection = connection_to(server, file_name="{hash}.csv")
    thread = threading.Thread(
        target=lambda: receipts.append(
            upload(
                ready, connection, password=PASSWORD, ledger=tmp_path / "l.sqlite", patience=HASTY
            )
        )
    )
    thread.start()
    thread.join()
    assert receipts[0].state is State.DELIVERED
