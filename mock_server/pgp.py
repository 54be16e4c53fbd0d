"""The server's PGP key: uploads that are encrypted for it are decrypted before they are judged."""

from pathlib import Path

ENDINGS = (".pgp", ".gpg", ".asc")
"""Of the names of encrypted uploads, behind their .csv."""

_ARMOR = b"-----BEGIN PGP MESSAGE-----"
_PACKETS = frozenset(b"\x84\x85\x86\xc1")
"""First bytes of a message for a public key (RFC 9580, tag 1); no call file begins so."""


class CannotDecrypt(Exception):
    """An upload that is encrypted, but not for this server."""


class PgpKey:
    """A 2048-bit RSA key, as impact.com says that it uses; `public_file` is for the clients.

    Args:
        folder: where its two halves are kept; a key that is there is used again.
        private_file: a private key to use instead.

    Raises:
        ValueError: `private_file` is not a private key.
    """

    def __init__(self, folder: Path, private_file: Path | None = None) -> None:
        from pysequoia import CipherSuite, Profile, Tsk

        self.public_file = folder / "pgp-public.asc"
        kept = folder / "pgp-private.asc"
        source = private_file or kept
        if source.exists() or private_file:
            try:
                self._key = Tsk.from_bytes(source.read_bytes())
            except RuntimeError as error:
                message = next(iter(str(error).splitlines()), "")
                raise ValueError(f"{source} is not a private PGP key: {message}") from None
        else:
            self._key = Tsk.generate(
                "Mock import server", cipher_suite=CipherSuite.RSA2k, profile=Profile.RFC4880
            )
            kept.touch(mode=0o600)
            kept.write_text(str(self._key), encoding="ascii")
        if "PRIVATE KEY" not in str(self._key).partition("\n")[0]:
            raise ValueError(f"{source} is not a private PGP key")
        self.public_file.write_text(str(self._key.extract_certificate()), encoding="ascii")

    def decrypt(self, source: Path, target: Path) -> None:
        """Write the plain text of `source` as `target`.

        Raises:
            CannotDecrypt: it is for another key, or damaged.
        """
        from pysequoia import decrypt_file

        target.touch(mode=0o600)
        try:
            decrypt_file(str(source), str(target), self._key.decryptor())
        except RuntimeError as error:
            message = next(iter(str(error).splitlines()), "")
            raise CannotDecrypt(f"a file encrypted for this server's key ({message})") from None


def is_encrypted(path: Path) -> bool:
    """Whether a file begins as a PGP message does."""
    with path.open("rb") as file:
        start = file.read(len(_ARMOR))
    return start.startswith(_ARMOR) or start[:1] in {bytes([b]) for b in _PACKETS}


def plain_name(name: str) -> str:
    """The name without the ending of an encrypted file."""
    ending = next((e for e in ENDINGS if name.lower().endswith(e)), "")
    return name[: len(name) - len(ending)]
