"""PGP: what is sent is encrypted, what is remembered is plain, over real sockets and servers."""

import json
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.delivery import State, upload
from callconv_kit.delivery.encryption import recipient_of
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.manual_entries import settle
from callconv_kit.delivery.naming import with_suffix
from callconv_kit.delivery.ready_file import outgoing
from callconv_kit.job import Connection
from callconv_kit.model.errors import OutcomeUnknown, UsageError
from mock_server.accounts import make
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to, needs, sessions_on, write_ready

pytestmark = pytest.mark.slow

if os.environ.get("CI") != "true":
    pytest.importorskip("pysequoia")

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MockImportServer]:
    """A server with a PGP key of its own."""
    with MockImportServer(tmp_path / "server", [make("demo", PASSWORD)], pgp_key=True) as serving:
        yield serving


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite", now=NOW) as opened:
        yield opened


def key(profile: str = "RFC4880", **more: Any) -> Any:
    """A new private key."""
    from pysequoia import CipherSuite, Profile, Tsk

    return Tsk.generate(
        "Someone", cipher_suite=CipherSuite.RSA2k, profile=getattr(Profile, profile), **more
    )


def saved(path: Path, text: object) -> Path:
    path.write_text(str(text))
    return path


def send(ready: Path, server: MockImportServer, ledger: Ledger | None, **more: Any) -> Any:
    given = {"encrypt_to": str(server.pgp_public_key), **more.pop("connection", {})}
    return upload(
        ready, connection_to(server, **given),
        **{"password": PASSWORD, "patience": HASTY, "now": NOW, "ledger": ledger, **more},
    )  # fmt: skip


ENDINGS = [".pgp", ".gpg", ".asc", ""]


@pytest.mark.parametrize("method", ["direct", "rename"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_server_gets_ciphertext_and_takes_in_the_calls(
    server: MockImportServer, ready: Path, ledger: Ledger, ending: str, method: str
) -> None:
    connection = {"encrypted_suffix": ending, "method": method, "verify": "required"}
    receipt = send(ready, server, ledger, connection=connection)
    assert receipt.state is State.DELIVERED
    assert receipt.name.endswith(f".csv{ending}")
    (arrived,) = (path for path in server.directory.iterdir() if path.is_file())
    sent = arrived.read_bytes()
    assert arrived.name == receipt.name
    assert b"CallSessionId" not in sent
    assert sent.startswith(b"-----BEGIN PGP MESSAGE") == (ending == ".asc")
    assert sessions_on(server) == ["A", "B", "C"]
    plain = ready.read_bytes()
    (kept,) = ledger.submissions()
    assert (kept.bytes, kept.rows, kept.sha256) == (len(plain), 3, receipt.sha256)
    assert receipt.bytes == len(plain)
    notes = " ".join(event.note for event in ledger.history(kept.id))
    assert f"{len(sent)} bytes" in notes
    again = send(ready, server, ledger, connection=connection)
    assert (again.attempts, again.left_out) == (0, {"already_sent": 3})
    assert not list(ledger.path.parent.glob(".callconv-*"))


def test_a_file_in_parts_is_encrypted_part_by_part(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    receipt = send(ready, server, ledger, connection={"max_rows_per_file": 2})
    assert [part.name.endswith(".csv.pgp") for part in receipt.parts] == [True, True]
    assert sessions_on(server) == ["A", "B", "C"]


def test_without_a_ledger_it_is_encrypted_too(server: MockImportServer, ready: Path) -> None:
    send(ready, server, None)
    assert sessions_on(server) == ["A", "B", "C"]
    assert sorted(path.name for path in ready.parent.iterdir()) == ["ready.csv"]


@pytest.fixture
def gpg() -> Iterator[list[str]]:
    """The gpg program with a home of its own, whose path is short enough for a socket."""
    needs("gpg", "gpgconf")
    with tempfile.TemporaryDirectory(prefix="gpg") as home:
        yield ["gpg", "--homedir", home, "--batch", "--quiet"]
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


def made_by_gpg(gpg: list[str], use: str) -> bytes:
    """The public half of a new 2048-bit RSA key, which gpg keeps."""
    command = [*gpg, "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key"]
    subprocess.run([*command, "it@example.com", "rsa2048", use], check=True, capture_output=True)
    if use == "default":  # the key above only signs and certifies
        listed = subprocess.run(
            [*gpg, "--list-keys", "--with-colons"], check=True, capture_output=True, text=True
        ).stdout
        print_of = next(
            line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")
        )
        added = [*gpg, "--pinentry-mode", "loopback", "--passphrase", "", "--quick-add-key"]
        subprocess.run([*added, print_of, "rsa2048", "encr"], check=True, capture_output=True)
    return subprocess.run([*gpg, "--export"], check=True, capture_output=True).stdout


def test_gpg_reads_what_is_encrypted_for_its_key(
    tmp_path: Path, ready: Path, gpg: list[str]
) -> None:
    public = tmp_path / "public.pgp"
    public.write_bytes(made_by_gpg(gpg, "default"))
    to = recipient_of(Connection(encrypt_to=public), NOW)
    assert to is not None
    sent = to.encrypted(outgoing(ready), tmp_path / "sent.pgp")
    assert stat.S_IMODE(sent.path.stat().st_mode) == 0o600
    read = subprocess.run([*gpg, "--decrypt", str(sent.path)], capture_output=True, check=True)
    assert read.stdout == ready.read_bytes()


def test_the_server_reads_with_a_private_key_of_gpg(
    tmp_path: Path, ready: Path, ledger: Ledger, gpg: list[str]
) -> None:
    made_by_gpg(gpg, "default")
    private = tmp_path / "private.asc"
    exported = [*gpg, "--export-secret-keys", "--armor"]
    private.write_bytes(subprocess.run(exported, check=True, capture_output=True).stdout)
    with MockImportServer(tmp_path / "s", [make("demo", PASSWORD)], pgp_key=private) as reading:
        assert send(ready, reading, ledger).state is State.DELIVERED
        assert sessions_on(reading) == ["A", "B", "C"]


# -- outcomes that are unknown ---------------------------------------------------------------------


def test_an_unknown_file_is_known_again_though_its_ciphertext_is_another(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    server.fault("late-451")
    with pytest.raises(OutcomeUnknown):
        send(ready, server, ledger)
    with pytest.raises(OutcomeUnknown) as caught:
        send(ready, server, ledger)
    assert caught.value.code == "outcome_unknown"
    settle(ledger, False)
    assert send(ready, server, ledger).state is State.DELIVERED
    assert sessions_on(server) == ["A", "B", "C"]
    (kept,) = ledger.submissions()
    assert kept.state is State.DELIVERED


@pytest.mark.parametrize(("by_size", "state"), [(True, State.DELIVERED), (False, State.UNKNOWN)])
def test_the_size_that_settles_is_that_of_the_ciphertext(
    tmp_path: Path, ready: Path, ledger: Ledger, by_size: bool, state: State
) -> None:
    account = make("demo", PASSWORD)
    with MockImportServer(
        tmp_path / "taking", [account], pgp_key=True, takes_unconfirmed=True
    ) as taking:
        taking.fault("lost-226")
        settings = {"settle_by_size": by_size}
        if by_size:
            assert send(ready, taking, ledger, connection=settings).state is State.DELIVERED
        else:
            with pytest.raises(OutcomeUnknown) as caught:
                send(ready, taking, ledger, connection=settings)
            (arrived,) = (path for path in taking.directory.iterdir() if path.is_file())
            assert f"of {arrived.stat().st_size} bytes" in caught.value.found
        (kept,) = ledger.submissions()
        assert kept.state is state
        if not by_size:  # another look, with another opinion of what a size proves
            settled = send(ready, taking, ledger, connection={"settle_by_size": True})
            assert settled.left_out == {"already_sent": 3}
            (kept,) = ledger.submissions()
            assert kept.state is State.DELIVERED
        assert sessions_on(taking) == ["A", "B", "C"]


# -- keys ------------------------------------------------------------------------------------------


def _keys(folder: Path) -> dict[str, tuple[Path, str]]:
    expired = key(validity_seconds=1).extract_certificate()
    revoked = key()
    revocation = revoked.extract_certificate().revoke(revoked.certifier())
    (folder / "revoked.pgp").write_bytes(bytes(revoked.extract_certificate()) + bytes(revocation))
    (folder / "private.pgp").write_bytes(bytes(key()))
    both = f"{key().extract_certificate()}\n{key().extract_certificate()}"
    return {
        "there is none": (folder / "none.asc", "pgp_key_missing"),
        "a folder": (folder, "pgp_key_missing"),
        "empty": (saved(folder / "empty.asc", ""), "pgp_key_invalid"),
        "text": (saved(folder / "text.asc", "hello"), "pgp_key_invalid"),
        "cut": (saved(folder / "cut.asc", str(expired)[:400]), "pgp_key_invalid"),
        "several": (saved(folder / "both.asc", both), "pgp_key_invalid"),
        "private": (saved(folder / "private.asc", key()), "pgp_key_private"),
        "private, binary": (folder / "private.pgp", "pgp_key_private"),
        "expired": (saved(folder / "expired.asc", expired), "pgp_key_expired"),
        "revoked": (folder / "revoked.pgp", "pgp_key_revoked"),
    }


def test_a_key_that_is_not_right_is_said_before_anything_is_sent(
    server: MockImportServer, ready: Path, ledger: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    later = datetime.now(UTC) + timedelta(days=1)
    for kind, (path, code) in _keys(folder).items():
        with pytest.raises(UsageError) as caught:
            send(ready, server, ledger, connection={"encrypt_to": str(path)}, now=later)
        assert caught.value.code == code, kind
        assert "\n" not in str(caught.value)
        assert "Nothing was sent" in caught.value.next_step
    assert ledger.submissions() == []
    assert sessions_on(server) == []


def test_a_key_that_only_signs_can_not_encrypt(
    server: MockImportServer, ready: Path, ledger: Ledger, tmp_path: Path, gpg: list[str]
) -> None:
    public = tmp_path / "sign.pgp"
    public.write_bytes(made_by_gpg(gpg, "sign"))
    with pytest.raises(UsageError) as caught:
        send(ready, server, ledger, connection={"encrypt_to": str(public)})
    assert caught.value.code == "pgp_key_unusable"
    assert ledger.submissions() == []


def test_a_file_for_another_key_is_refused_by_the_server(
    server: MockImportServer, ready: Path, ledger: Ledger, tmp_path: Path
) -> None:
    other = saved(tmp_path / "other.asc", key().extract_certificate())
    receipt = send(ready, server, ledger, connection={"encrypt_to": str(other)})
    assert receipt.state is State.DELIVERED  # the server has it; results say what became of it
    assert sessions_on(server) == []
    (error,) = server.errors()
    assert error.reason == "MALFORMED"
    assert "this server's key" in error.wants


def test_a_server_without_a_key_says_so(tmp_path: Path, ready: Path, ledger: Ledger) -> None:
    public = saved(tmp_path / "public.asc", key().extract_certificate())
    with MockImportServer(tmp_path / "keyless", [make("demo", PASSWORD)]) as keyless:
        assert keyless.pgp_public_key is None
        send(ready, keyless, ledger, connection={"encrypt_to": str(public)})
        assert sessions_on(keyless) == []
        (error,) = keyless.errors()
        assert "has no PGP key" in error.wants


def test_a_server_does_not_start_with_a_public_key(tmp_path: Path) -> None:
    public = saved(tmp_path / "public.asc", key().extract_certificate())
    with pytest.raises(ValueError, match="not a private PGP key"):
        MockImportServer(tmp_path / "server", [make("demo", PASSWORD)], pgp_key=public)


def test_a_server_keeps_its_key_with_what_it_remembers(tmp_path: Path) -> None:
    shown = []
    for _ in range(2):
        with MockImportServer(tmp_path / "s", [make("demo", PASSWORD)], pgp_key=True) as serving:
            assert serving.pgp_public_key is not None
            shown.append(serving.pgp_public_key.read_text())
    assert "PUBLIC" in shown[0]
    from pysequoia import Cert

    first, second = (Cert.from_bytes(text.encode()).fingerprint for text in shown)
    assert first == second


NAMES = {
    "calls.csv": "calls_2.csv",
    "calls.csv.pgp": "calls_2.csv.pgp",
    "calls.csv.gpg": "calls_2.csv.gpg",
    "calls.csv.asc": "calls_2.csv.asc",
    "calls": "calls_2",
    "calls.pgp": "calls_2.pgp",
}


@pytest.mark.parametrize(("name", "second"), NAMES.items(), ids=NAMES)
def test_a_second_name_keeps_both_endings(name: str, second: str) -> None:
    assert with_suffix(name, "2") == second


def test_a_dry_run_names_the_encrypted_file(
    server: MockImportServer,
    ready: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from callconv_kit.cli.main import main

    from .test_commands import write_job

    assert ready.is_file()
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, server, encrypt_to=json.dumps(str(server.pgp_public_key)))
    arguments = ["upload", "out/ready.csv", "--json", "--now", NOW.isoformat()]
    assert main([*arguments, "--dry-run"]) == 0
    (planned,) = json.loads(capsys.readouterr().out)["files"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["name"] == planned["name"]
    assert planned["name"].endswith(".csv.pgp")
    write_ready(ready, "D")
    write_job(tmp_path, server, encrypt_to='"none.asc"')
    assert main([*arguments, "--dry-run"]) == 2
    assert "The PGP key can't be read" in capsys.readouterr().out
