"""PGP: the file is encrypted for the server's key before it is sent.

The ledger keeps the plain file: its hash, its size, its row keys, its bytes in the archive. Each
encryption of a file gives other bytes, so only the plain hash shows whether it was sent. The
size that the server must show is that of the encrypted file, which the ledger keeps beside it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.delivery import ready_file
from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.fault_texts import delivery_error
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import Submission
from callconv_kit.delivery.transport import fingerprint
from callconv_kit.model.errors import DeliveryError, UsageError, not_installed
from callconv_kit.writing import private

if TYPE_CHECKING:
    from pysequoia import Cert

    from callconv_kit.job import Connection

LARGEST_KEY = 1 << 20
"""Bytes; a public key has a few thousand."""

ARMORED = ".asc"
"""The ending of a file that is encrypted as text; the others are binary."""

_PRIVATE = b"-----BEGIN PGP PRIVATE KEY BLOCK-----"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose key a file is encrypted for."""

    cert: "Cert" = field(repr=False)
    suffix: str

    @property
    def fingerprint(self) -> str:
        """Of the key, in capital letters as gpg shows it."""
        return self.cert.fingerprint.upper()

    def encrypted(self, file: Outgoing, target: Path) -> Outgoing:
        """Write `file` encrypted as `target`, in bounded memory; it keeps the plain hash and rows.

        Raises:
            UsageError: `pgp_key_unusable`: the key can't encrypt.
            DeliveryError: `pgp_failed`, or `file_changed`.
        """
        from pysequoia import encrypt_file

        private.create(target)
        armored = self.suffix == ARMORED
        try:
            encrypt_file(str(file.path), str(target), [self.cert], armor=armored)
        except RuntimeError as error:
            message = _first_line(error)
            if "encryption" in message and "key" in message:
                raise _unusable(f"{self.fingerprint}: {message}") from None
            raise delivery_error("pgp_failed", message) from None
        with file.path.open("rb") as plain:
            if ready_file.measured(file.path, plain).sha256 != file.sha256:
                raise DeliveryError(
                    "file_changed",
                    "The file changed while it was being encrypted",
                    file.path.name,
                    "",
                    "Run the same command again once nothing writes the file. Nothing was sent.",
                )
        with target.open("rb") as written:
            stamp = fingerprint(written)
        return replace(file, path=target, size=stamp[0], stamp=stamp)


def recipient_of(connection: "Connection", now: datetime) -> Recipient | None:
    """The key that a connection encrypts for; None where it does not.

    Args:
        connection: the job's.
        now: the clock that says whether the key has expired.

    Raises:
        UsageError: `pgp_missing`, `pgp_key_missing`, `pgp_key_invalid`, `pgp_key_private`,
            `pgp_key_expired`, `pgp_key_revoked`.
    """
    path = connection.encrypt_to
    if path is None:
        return None
    cert = _cert(path, _bytes_of(path))
    expiration = cert.expiration
    if expiration is not None and expiration <= now:
        raise _error(
            "pgp_key_expired",
            "The PGP key has expired",
            f"{path.name}: {cert.fingerprint.upper()}, on {expiration.astimezone(UTC):%Y-%m-%d}",
            "a key that is still valid",
            "Get the current public key from impact.com, and save it there.",
        )
    if cert.is_revoked:
        raise _error(
            "pgp_key_revoked",
            "The owner of the PGP key has revoked it",
            f"{path.name}: {cert.fingerprint.upper()}",
            "a key that is still valid",
            "Get the current public key from impact.com, and save it there.",
        )
    return Recipient(cert, connection.encrypted_suffix)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_KEY)
    except OSError as error:
        raise _error(
            "pgp_key_missing",
            "The PGP key can't be read",
            f"{path}: {error.strerror or error}",
            "the public key of the server, as impact.com provides it",
            "Correct `encrypt_to` under [connection].",
        ) from error


def _cert(path: Path, data: bytes) -> "Cert":
    try:
        from pysequoia import Cert, Tsk
    except ModuleNotFoundError as error:
        raise not_installed("pgp_missing", "PGP", error, "pgp") from error
    if _PRIVATE in data:
        raise _is_private(path)
    try:
        certs = Cert.split_bytes(data)
    except RuntimeError as error:
        raise _invalid(path, _first_line(error)) from None
    if len(certs) != 1:
        raise _invalid(path, f"{len(certs)} keys")
    if _PRIVATE in str(Tsk.from_bytes(data)).encode():  # it was binary
        raise _is_private(path)
    return certs[0]


def _is_private(path: Path) -> UsageError:
    return _error(
        "pgp_key_private",
        "This is a private PGP key",
        path.name,
        "the public key of the server",
        "Set `encrypt_to` to the public key that impact.com provides. Move the private key to "
        "where nobody else can read it; if others could, make a new one.",
    )


def _invalid(path: Path, found: str) -> UsageError:
    return _error(
        "pgp_key_invalid",
        "This is not a file with one public PGP key",
        f"{path.name}: {found}",
        "a public key, armored (-----BEGIN PGP PUBLIC KEY BLOCK-----) or binary",
        "Save the public key that impact.com provides, and name it in `encrypt_to`.",
    )


def _unusable(found: str) -> UsageError:
    return _error(
        "pgp_key_unusable",
        "This PGP key can't encrypt",
        found,
        "a public key with a part for encryption",
        "Get the right public key from impact.com, and save it there.",
    )


def _error(code: str, problem: str, found: str, expected: str, next_step: str) -> UsageError:
    return UsageError(code, problem, found, expected, f"{next_step} Nothing was sent.")


def _first_line(error: Exception) -> str:
    """The library's message; a trace of its own calls follows it."""
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")


@contextmanager
def beside(ready: Path, file: Outgoing, recipient: Recipient | None) -> Iterator[Outgoing]:
    """What goes in place of `file`: itself, or encrypted in a folder that is removed afterwards."""
    if recipient is None:
        yield file
        return
    with private.work_folder(ready.parent) as folder:
        yield recipient.encrypted(file, folder / f"sent{recipient.suffix}")


# -- in the ledger ---------------------------------------------------------------------------------


def note(recipient: Recipient, sent: Outgoing) -> str:
    """The encryption, for the history of a submission."""
    return f"encrypted for {recipient.fingerprint}, {sent.size} bytes"


def keep_size(ledger: Ledger, submission: int, sent: Outgoing | None) -> None:
    """Remember the size of what is sent in place of the plain file; None: the file itself."""
    with ledger.writing() as db:
        db.execute("DELETE FROM encryption WHERE submission = ?", (submission,))
        if sent is not None:
            db.execute("INSERT INTO encryption VALUES (?, ?)", (submission, sent.size))


def sent_size(ledger: Ledger, submission: Submission) -> int:
    """The bytes that the server must show of a submission's file."""
    found = ledger.read("SELECT bytes FROM encryption WHERE submission = ?", submission.id)
    return int(found[0][0]) if found else submission.bytes
