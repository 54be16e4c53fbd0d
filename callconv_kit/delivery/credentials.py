"""Where the password comes from: the environment, netrc or a keyring; never the job file."""

import netrc
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callconv_kit.model.errors import UsageError, not_installed

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
    try:
        return secret_from(connection.password_from, connection.host, connection.user)
    except UsageError:
        if connection.private_key is not None:
            return Credentials(connection.user, "")  # a key without a passphrase is enough
        raise


def secret_from(source: str, host: str, user: str) -> Credentials:
    """The password, or token, at `source`: "env:NAME", "netrc" or "keyring".

    Raises:
        UsageError: `password_missing`.
    """
    if source == "netrc":
        return _from_netrc(host, user)
    if source == "keyring":
        return _from_keyring(host, user)
    variable = source.removeprefix("env:")
    found = os.environ.get(variable)
    if not found:
        raise _missing(
            f"the environment has no {variable}",
            f"export {variable}=… in the shell, or set it in the service's unit file",
        )
    return Credentials(user, found)


def _from_netrc(host: str, user: str) -> Credentials:
    try:
        entry = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except FileNotFoundError:
        raise _missing("there is no netrc file", "write ~/.netrc, readable by you only") from None
    except (netrc.NetrcParseError, UnicodeDecodeError) as error:
        # File and line only: the parser's own message may show the password.
        line = getattr(error, "lineno", None)
        raise _missing(
            f"the netrc file can't be used{f' (line {line})' if line else ''}",
            "each entry reads `machine HOST login USER password …`; the file must be your own "
            "and readable by you only",
        ) from None
    if entry is None:
        raise _missing(f"netrc has no machine {host}", "add an entry for it")
    login, _account, password = entry
    if user and login and login != user:
        raise _missing(f"netrc has another login than {user} for {host}", "make the two agree")
    return Credentials(user or login, password or "")


def _from_keyring(host: str, user: str) -> Credentials:
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError as error:
        raise not_installed(
            "password_missing", "The keyring", error, "keyring", "use env: or netrc"
        ) from None
    account = f"{user}@{host}"
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
    return Credentials(user, found)


def _missing(found: str, next_step: str) -> UsageError:
    return UsageError(
        "password_missing",
        "There is no password for the upload",
        found,
        "a password from the environment, netrc or a keyring",
        next_step[0].upper() + next_step[1:] + ".",
    )
