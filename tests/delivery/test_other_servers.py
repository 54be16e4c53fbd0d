"""Servers of other makers: what the mock can't vouch for."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.delivery import Patience, State, upload
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.model.errors import CallConvError, DeliveryError, OutcomeUnknown

from ..ports import closed_port
from .conftest import HASTY, PASSWORD, tool, write_ready
from .fault_table import NONE, SFTP, UNKNOWN, WHOLE
from .servers import (
    Proxy,
    Server,
    a_user,
    aioftp_server,
    proftpd,
    pure_ftpd,
    sshd,
    vsftpd,
)

pytestmark = pytest.mark.slow

METHODS = ["direct", "rename"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with a_user() as user, vsftpd(tmp_path_factory.mktemp("v"), tls=False, user=user) as server:
        yield server


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with a_user() as user, vsftpd(tmp_path_factory.mktemp("t"), tls=True, user=user) as server:
        yield server


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sshd(tmp_path_factory.mktemp("s")) as server:
        yield server


@pytest.fixture(params=["plain", "tls", "ssh"])
def other(request: pytest.FixtureRequest) -> Server:
    """vsftpd, vsftpd that demands session reuse, and OpenSSH, one after the other."""
    server: Server = request.getfixturevalue(request.param)
    return server


MAKES = {
    "vsftpd": lambda folder, user: vsftpd(folder, tls=False, user=user),
    "vsftpd with TLS": lambda folder, user: vsftpd(folder, tls=True, user=user),
    "proftpd": lambda folder, _: proftpd(folder, tls=False),
    "proftpd with TLS": lambda folder, _: proftpd(folder, tls=True),
    "pure-ftpd": lambda folder, _: pure_ftpd(folder, tls=False),
    "pure-ftpd with TLS": lambda folder, _: pure_ftpd(folder, tls=True),
    "aioftp": lambda folder, _: aioftp_server(folder),
    "OpenSSH": lambda folder, _: sshd(folder),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_a_file_arrives_byte_for_byte_and_does_not_go_again(
    tmp_path: Path, make: Any, method: str
) -> None:
    ready = write_ready(tmp_path / "ready.csv", *map(str, range(3000)))
    with (
        a_user() as user,
        make(tmp_path / "server", user) as server,
        Ledger.open(tmp_path / "ledger.sqlite") as ledger,
    ):
        connection = server.to(method=method, file_name="{hash}.csv", verify="required")
        receipts = [
            upload(ready, connection, password=secret(server), ledger=ledger, patience=HASTY)
            for _ in range(2)
        ]
    assert [(receipt.state, receipt.rows) for receipt in receipts] == [
        (State.DELIVERED, 3000),
        (State.DELIVERED, 0),
    ]
    (stored,) = server.root.rglob("*.csv")
    assert stored.read_bytes() == ready.read_bytes()
    assert not list(server.root.rglob(".*.tmp"))


@pytest.mark.parametrize("method", METHODS)
def test_a_file_arrives_whole_and_is_verified(other: Server, ready: Path, method: str) -> None:
    connection = other.to(method=method, file_name=f"{method}.csv", verify="required")
    receipt = upload(ready, connection, password=secret(other), patience=HASTY, ledger=None)
    assert receipt.state is State.DELIVERED
    assert (other.root / f"{method}.csv").read_bytes() == ready.read_bytes()
    assert not list(other.root.glob(".*"))


def test_a_name_that_is_taken_is_never_written_over(other: Server, ready: Path) -> None:
    (other.root / "taken.csv").write_bytes(b"another file")
    with pytest.raises(DeliveryError) as caught:
        send(ready, other, file_name="taken.csv")
    assert caught.value.code == "name_exists"
    assert (other.root / "taken.csv").read_bytes() == b"another file"


def test_a_directory_that_is_missing(other: Server, ready: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        send(ready, other, directory="nowhere/at/all")
    assert caught.value.code == "directory_missing"
    assert "nowhere/at/all" in caught.value.problem


def test_a_wrong_password(other: Server, ready: Path) -> None:
    more: dict[str, Any] = {}
    if other.connection["protocol"] == "sftp":
        more = {"private_key": None}
    with pytest.raises(DeliveryError) as caught:
        upload(ready, other.to(**more), password="wrong-geheim", patience=HASTY, ledger=None)
    assert caught.value.code == "login_refused"
    assert "wrong-geheim" not in str(caught.value)


def test_session_reuse_lets_many_files_go_over_one_server(tls: Server, tmp_path: Path) -> None:
    for number in range(5):
        ready = write_ready(tmp_path / f"{number}.csv", f"S{number}")
        send(ready, tls, file_name=f"many-{number}.csv")
        assert (tls.root / f"many-{number}.csv").read_bytes() == ready.read_bytes()


def test_plain_ftp_to_a_server_that_demands_tls(tls: Server, ready: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        send(ready, tls, protocol="ftp", ca_file=None)
    assert caught.value.code == "tls_required"
    assert 'protocol = "ftps"' in caught.value.next_step


def test_tls_to_a_server_that_has_none(plain: Server, ready: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        send(ready, plain, protocol="ftps")
    assert caught.value.code == "tls_not_offered"


def test_a_full_disk_leaves_the_outcome_unknown(ssh: Server, tmp_path: Path) -> None:
    import subprocess

    small = ssh.root / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=True)
    try:
        ready = write_ready(tmp_path / "ready.csv", *map(str, range(3000)))
        with pytest.raises(OutcomeUnknown) as caught:
            send(ready, ssh, directory=str(small))
        assert caught.value.code == "refused_after_sending"
    finally:
        subprocess.run(["umount", str(small)], check=True)


# -- SFTP ------------------------------------------------------------------------------------------


def test_an_unknown_host_key_is_refused_before_the_login(
    ssh: Server, ready: Path, tmp_path: Path
) -> None:
    (tmp_path / "known").write_text("")
    with pytest.raises(DeliveryError) as caught:
        send(ready, ssh, known_hosts=str(tmp_path / "known"))
    assert caught.value.code == "host_key_unknown"


def test_a_changed_host_key_is_refused(ssh: Server, ready: Path, tmp_path: Path) -> None:
    import base64

    import paramiko

    other = paramiko.RSAKey.generate(2048)
    line = f"[127.0.0.1]:{ssh.connection['port']} ssh-rsa {other.get_base64()}\n"
    known = Path(ssh.connection["known_hosts"]).read_text().split()
    forged = base64.b64decode(known[2])
    forged = forged[:-1] + bytes([forged[-1] ^ 1])
    line += f"{known[0]} {known[1]} {base64.b64encode(forged).decode()}\n"
    (tmp_path / "known").write_text(line)
    with pytest.raises(DeliveryError) as caught:
        send(ready, ssh, known_hosts=str(tmp_path / "known"))
    assert caught.value.code == "host_key_changed"


def test_a_key_without_a_passphrase_beside_a_password(ssh: Server, ready: Path) -> None:
    """The key opens without the password, which the variable of another job may have set."""
    receipt = upload(
        ready, ssh.to(file_name="key.csv"), password="unused-geheim", ledger=None, patience=HASTY
    )
    assert receipt.state is State.DELIVERED


@pytest.mark.parametrize(
    ("password", "code"),
    [("right-geheim", ""), ("wrong", "private_key_unusable"), ("", "private_key_unusable")],
)
def test_a_key_with_a_passphrase(
    ssh: Server, ready: Path, tmp_path: Path, password: str, code: str
) -> None:
    key = tmp_path / "encrypted"
    key.write_bytes(Path(ssh.connection["private_key"]).read_bytes())
    key.chmod(0o600)
    change = [tool("ssh-keygen"), "-q", "-p", "-P", "", "-N", "right-geheim", "-f", str(key)]
    subprocess.run(change, check=True, stdout=subprocess.DEVNULL)
    connection = ssh.to(private_key=str(key), file_name="encrypted.csv")
    if code:
        with pytest.raises(CallConvError) as caught:
            upload(ready, connection, password=password, ledger=None, patience=HASTY)
        assert caught.value.code == code
    else:
        sent = upload(ready, connection, password=password, ledger=None, patience=HASTY)
        assert sent.state is State.DELIVERED


MISSING = {
    "no file of known hosts": ({"known_hosts": "/nowhere/known_hosts"}, "known_hosts_missing"),
    "no key": ({"private_key": "/nowhere/key"}, "private_key_unusable"),
}


@pytest.mark.parametrize(("more", "code"), MISSING.values(), ids=MISSING)
def test_what_sftp_lacks_is_said_before_connecting(
    ssh: Server, ready: Path, more: dict[str, str], code: str
) -> None:
    with pytest.raises(CallConvError) as caught:
        send(ready, ssh, **more)
    assert (caught.value.code, caught.value.exit_status) == (code, 2)


def test_a_server_that_is_none(ssh: Server, plain: Server, ready: Path) -> None:
    with closed_port() as closed:
        for port, code in ((closed, "connection_refused"), (plain.connection["port"], "not_ssh")):
            with pytest.raises(DeliveryError) as caught:
                send(ready, ssh, port=port)
            assert caught.value.code == code


@pytest.mark.parametrize(("after", "how", "times", "direct", "rename"), SFTP.values(), ids=SFTP)
@pytest.mark.parametrize("method", METHODS)
def test_sftp_through_a_line_that_breaks(
    ssh: Server,
    tmp_path: Path,
    after: int,
    how: str,
    times: int,
    direct: str,
    rename: str,
    method: str,
) -> None:
    ready = write_ready(tmp_path / "ready.csv", *map(str, range(1500)))
    name = f"{tmp_path.name}.csv"
    port = ssh.connection["port"]
    known = tmp_path / "known"
    with (
        Proxy(port, after=after, how=how, times=times) as proxy,
        Ledger.open(tmp_path / "ledger.sqlite") as ledger,
    ):
        text = Path(ssh.connection["known_hosts"]).read_text()
        known.write_text(text + text.replace(str(port), str(proxy.port)))
        broken = ssh.to(
            port=proxy.port, known_hosts=str(known), file_name=name, method=method, timeout=1
        )
        end = WHOLE
        try:
            upload(
                ready,
                broken,
                ledger=ledger,
                password="",
                patience=Patience(3, looks=2, sleep=pause),
            )
        except OutcomeUnknown:
            end = UNKNOWN
        except DeliveryError:
            end = NONE
    assert end == (rename if method == "rename" else direct)
    there = [path for path in ssh.root.glob(f"{tmp_path.name}*") if path.is_file()]
    if end == WHOLE:
        assert [path.read_bytes() for path in there] == [ready.read_bytes()]
    elif end == NONE:
        assert there == []


def pause(_: float) -> None:
    """No waiting."""


def secret(server: Server) -> str:
    return "" if server.connection["protocol"] == "sftp" else PASSWORD


def send(ready: Path, server: Server, **more: Any) -> None:
    upload(ready, server.to(**more), password=secret(server), patience=HASTY, ledger=None)
