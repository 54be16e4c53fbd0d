"""Where the password comes from: the environment, netrc or a keyring; never the job file."""

import netrc
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callconv_kit.errors import UsageError

if TYPE_CHECKING:
    from callconv_kit.job import Connection

KEYRING_SERVICE = "callconv_kit"
"""`keyring set callconv_kit USER@HOST` is how a password gets into the keyring."""

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password that no repr, log or traceback with locals shows."""

    user: str
    password: str = field(repr=False)

    def scrub(self, text: str) -> str:
        """`text` without the password, which some servers repeat in their replies."""
        return text.replace(self.password, HIDDEN) if self.password else text


def credentials_of(connection: "Connection", password: str | None = None) -> Credentials:
    """The user and password for a connection.

    Args:
        connection: the job's.
        password: given by hand, for example typed into a form; wins over `password_from`.

    Raises:
        UsageError: `password_missing`, naming the place that was looked at.
    """
    if password is not None:
        return Credentials(connection.user, password)
    source = connection.password_from
    if source.startswith("env:"):
        found = os.environ.get(source.removeprefix("env:"))
        if found is None:
            raise _missing(
                f"the environment has no {source.removeprefix('env:')}",
                f"export {source.removeprefix('env:')}=… in the shell or the service's unit file",
            )
        return Credentials(connection.user, found)
    if source == "netrc":
        return _from_netrc(connection)
    if source == "keyring":
        return _from_keyring(connection)
    if not source and connection.private_key:
        return Credentials(connection.user, "")
    raise _missing(
        "nothing says where the password is",
        'set password_from = "env:NAME", "netrc" or "keyring" under [connection]',
    )


def _from_netrc(connection: "Connection") -> Credentials:
    path = os.environ.get("NETRC")
    try:
        entry = netrc.netrc(path).authenticators(connection.host)
    except FileNotFoundError:
        raise _missing("there is no netrc file", "write ~/.netrc, readable by you only") from None
    except netrc.NetrcParseError as error:
        # The message names file and line, and never the text that stands there.
        where = f"{error.filename or '.netrc'} line {error.lineno or '?'}"
        raise _missing(
            f"the netrc file can't be used: {where}",
            "each entry reads `machine HOST login USER password …`; the file must be your own "
            "and readable by you only",
        ) from None
    if entry is None:
        raise _missing(f"netrc has no machine {connection.host}", "add an entry for it")
    login, _account, password = entry
    if connection.user and login and login != connection.user:
        raise _missing(
            f"netrc has another login than {connection.user} for {connection.host}",
            "make the two agree",
        )
    return Credentials(connection.user or login, password or "")


def _from_keyring(connection: "Connection") -> Credentials:
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError:
        raise _missing("the keyring package is missing", "pip install keyring") from None
    account = f"{connection.user}@{connection.host}"
    try:
        found = keyring.get_password(KEYRING_SERVICE, account)
    except keyring.errors.KeyringError as error:
        raise _missing(
            f"the keyring can't be read ({type(error).__name__})",
            "unlock it, or use env: or netrc for unattended jobs",
        ) from None
    if found is None:
        raise _missing(
            f"the keyring has no password for {account}",
            f"run: keyring set {KEYRING_SERVICE} {account}",
        )
    return Credentials(connection.user, found)


def _missing(found: str, next_step: str) -> UsageError:
    return UsageError(
        "password_missing",
        "There is no password for the upload",
        found,
        "a password from the environment, netrc or a keyring",
        next_step[0].upper() + next_step[1:] + ".",
    )
