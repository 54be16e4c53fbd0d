"""The border: every way in which a connection fails, and what that means for the file.

One table. A row names the exception that ftplib, ssl or socket raises, the step at which it does,
and where needed a pattern in its text; the first row that fits speaks. Each row is raised by a
real socket in tests/delivery/test_border.py. SFTP translates its library's exceptions to the same
words in `sftp.py`.

What the rows rest on was measured against pyftpdlib, vsftpd, proftpd and pure-ftpd:

- Before the first byte of the file a failure leaves nothing behind that an importer could take.
- After it, nothing that the client sees says for certain what the server kept: a server whose
  control channel was lost usually has the whole file, one that answered 4xx or 5xx may have kept
  it, one that answered 226 may have cut it. Those rows are all `unknown`; see `attempt.judge`.
"""

import ftplib
import re
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What the connection was doing."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    DIRECTORY = "directory"
    LOOK = "look"
    OPEN = "open"  # PASV/EPSV and STOR, up to the first byte of the file
    DATA = "data"  # bytes of the file are on their way
    REPLY = "reply"  # all bytes were handed over; the server's word is awaited
    RENAME = "rename"


NOTHING_SENT = frozenset({Step.CONNECT, Step.TLS, Step.LOGIN, Step.DIRECTORY, Step.LOOK})
UNSENT = NOTHING_SENT | {Step.OPEN}
SENT = frozenset({Step.DATA, Step.REPLY})
ANYWHERE = frozenset(Step)


@dataclass(frozen=True, slots=True)
class ConnectionFault:
    """One row. `retry`: the cause is passing, and trying again can do no harm.

    `problem` and `next_step` may name {host}, {port}, {user}, {directory} and {name}.
    """

    code: str
    errors: tuple[type[BaseException], ...]
    steps: frozenset[Step]
    problem: str
    next_step: str
    expected: str = ""
    pattern: str = ""
    retry: bool = False


_LOST = (ConnectionError, EOFError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_TEMPORARY = (ftplib.error_temp,)
_REFUSED = (ftplib.error_perm,)
_LATER = "Run the same command again later; nothing was sent."
_AGAIN = "Run the same command again: nothing was delivered under the final name."
"""For what may happen after the first byte, where it did no harm; `outcomes.CHECK` where it may."""

TABLE: tuple[ConnectionFault, ...] = (
    # -- reaching the server -------------------------------------------------------------------
    ConnectionFault(
        "host_unresolved",
        (socket.gaierror,),
        UNSENT,
        "The name server gave no answer about {host}",
        _LATER,
        pattern=rf"^\[Errno {socket.EAI_AGAIN}\]",
        retry=True,
    ),
    ConnectionFault(
        "host_unknown",
        (socket.gaierror,),
        UNSENT,
        "There is no host named {host}",
        "Correct `host` under [connection].",
        expected="a host name such as import.impact.com",
    ),
    ConnectionFault(
        "host_unknown",
        (UnicodeError,),
        frozenset({Step.CONNECT}),
        "{host} is not a host name",
        "Correct `host` under [connection].",
        expected="a host name such as import.impact.com",
        pattern="idna",
    ),
    ConnectionFault(
        "text_unreadable",
        (UnicodeError,),
        ANYWHERE,
        "A text to or from {host} has an encoding that can't be read or written",
        "Check `directory`, `user` and `file_name` under [connection] for unusual characters.",
    ),
    ConnectionFault(
        "connection_refused",
        (ConnectionRefusedError,),
        frozenset({Step.CONNECT}),
        "Nothing listens at {host} port {port}",
        "Check `host` and `port` under [connection], and whether a firewall blocks the connection.",
        retry=True,
    ),
    ConnectionFault(
        "no_answer",
        (TimeoutError,),
        frozenset({Step.CONNECT}),
        "{host} port {port} does not answer",
        "Check `host` and `port`, and whether this machine's address is on the allow-list.",
        retry=True,
    ),
    ConnectionFault(
        "ssh_server",
        (ftplib.error_proto,),
        frozenset({Step.CONNECT}),
        "The server at {host} port {port} is an SSH server, not an FTP server",
        'Set protocol = "sftp" under [connection], or the port of the FTP server (21).',
        expected="a greeting that begins with 220",
        pattern="^SSH-",
    ),
    ConnectionFault(
        "not_ftp",
        (ftplib.error_proto, ftplib.error_reply),
        frozenset({Step.CONNECT}),
        "What answers at {host} port {port} is not an FTP server",
        "Check `port` and `protocol` under [connection]: FTP and FTPS use 21, SFTP 22.",
        expected="a greeting that begins with 220",
    ),
    # -- TLS, before any password was sent -----------------------------------------------------
    ConnectionFault(
        "certificate_expired",
        (ssl.SSLCertVerificationError,),
        UNSENT,
        "The certificate of {host} has expired, or this machine's clock is ahead",
        "Check this machine's date. If it is right, contact the server's owner.",
        pattern="has expired",
    ),
    ConnectionFault(
        "certificate_not_yet_valid",
        (ssl.SSLCertVerificationError,),
        UNSENT,
        "The certificate of {host} is not valid yet, or this machine's clock is behind",
        "Check this machine's date. If it is right, contact the server's owner.",
        pattern="not yet valid",
    ),
    ConnectionFault(
        "certificate_wrong_name",
        (ssl.SSLCertVerificationError,),
        UNSENT,
        "The certificate that answers for {host} was issued for another name",
        "Use the host name that the certificate carries.",
        pattern="mismatch",
    ),
    ConnectionFault(
        "certificate_untrusted",
        (ssl.SSLCertVerificationError,),
        UNSENT,
        "The certificate of {host} comes from no authority that this machine trusts",
        "If the server is yours (or the mock), give its authority as `ca_file`.",
    ),
    ConnectionFault(
        "tls_not_offered",
        _REFUSED,
        frozenset({Step.TLS}),
        "{host} does not offer TLS",
        'Set protocol = "ftp" if an unencrypted upload is what you want; nothing was sent.',
        expected="a 234 to AUTH TLS",
    ),
    ConnectionFault(
        "tls_dropped",
        (*_LOST, TimeoutError),
        frozenset({Step.TLS}),
        "{host} broke off while TLS was being agreed",
        _LATER,
        retry=True,
    ),
    ConnectionFault(
        "connection_dropped",
        _LOST,  # before other errors of TLS: two of these are errors of TLS too
        UNSENT,
        "{host} closed the connection before the file was sent",
        _LATER,
        retry=True,
    ),
    ConnectionFault(
        "tls_failed",
        (ssl.SSLError,),
        UNSENT,
        "No TLS version or cipher suits both {host} and this machine",
        "The kit requires TLS 1.2 or later. Contact the server's owner.",
    ),
    # -- logging in ----------------------------------------------------------------------------
    ConnectionFault(
        "tls_data_refused",
        _REFUSED,
        frozenset({Step.OPEN}),
        "{host} refused TLS on the data connection",
        "Contact the server's owner. The kit offers the TLS session of the control connection, as "
        "the server requires.",
        pattern=r"(?i)^522|session reuse",
    ),
    ConnectionFault(
        "tls_required",
        _REFUSED,
        UNSENT,
        "{host} wants TLS before a password",
        'Set protocol = "ftps" under [connection].',
        pattern=r"(?i)^5(30|50|22|3[34]).*(SSL|TLS|encrypt)",
    ),
    ConnectionFault(
        "session_failed",
        _REFUSED,
        NOTHING_SENT,
        "{host} can't open a session for {user}",
        "Contact the server's owner and quote the reply. vsftpd sends it when one of its own "
        "settings is wrong.",
        pattern=r"^500 OOPS",
    ),
    ConnectionFault(
        "account_needed",
        _REFUSED,
        frozenset({Step.LOGIN}),
        "{host} asks {user} for an account in addition to the password",
        "Ask the server's owner; the kit knows user and password only.",
        pattern=r"(?i)ACCT|^5(00|01|02|03)",
    ),
    ConnectionFault(
        "login_refused",
        _REFUSED,
        frozenset({Step.LOGIN}),
        "{host} refused user {user} or the password",
        "Check both. The kit does not try again by itself, because that can lock the account.",
    ),
    # -- before the first byte -----------------------------------------------------------------
    ConnectionFault(
        "directory_missing",
        _REFUSED,
        frozenset({Step.DIRECTORY}),
        "There is no directory {directory} for user {user}",
        "Correct `directory` under [connection]; impact.com shows it with the credentials.",
    ),
    ConnectionFault(
        "name_exists",
        _REFUSED,
        frozenset({Step.OPEN}),
        "The server has a file named {name} already and does not replace it",
        "See whether it is this file; else choose another `file_name`, with {{hash}} in it.",
        pattern=r"(?i)exist|overwrit",
    ),
    ConnectionFault(
        "quota_exceeded",
        _REFUSED,
        frozenset({Step.OPEN}),
        "The account {user} has no room left",
        "Ask the server's owner for room.",
        pattern=r"^552",
    ),
    ConnectionFault(
        "store_refused",
        _REFUSED,
        frozenset({Step.LOOK, Step.OPEN}),
        "{host} does not take {name}",
        "Check `directory` and `file_name`, and whether {user} may write there.",
    ),
    ConnectionFault(
        "disk_full",
        _TEMPORARY,
        UNSENT,
        "{host} has no space left",
        _LATER,
        pattern=r"^452",
        retry=True,
    ),
    ConnectionFault("server_busy", _TEMPORARY, UNSENT, "{host} is not ready", _LATER, retry=True),
    ConnectionFault(
        "no_answer",
        (TimeoutError,),
        UNSENT,
        "{host} stopped answering before the file was sent",
        _LATER,
        retry=True,
    ),
    # -- after the first byte: the outcome is unknown ------------------------------------------
    ConnectionFault(
        "refused_after_sending",
        (ftplib.error_temp, ftplib.error_perm),
        SENT,
        "{host} reported a failure after bytes of {name} were sent; it may have kept them",
        _AGAIN,
    ),
    ConnectionFault(
        "transfer_cut",
        (*_LOST, ssl.SSLError),
        frozenset({Step.DATA}),
        "The connection broke while {name} was being sent",
        _AGAIN,
    ),
    ConnectionFault(
        "transfer_stalled",
        (TimeoutError,),
        frozenset({Step.DATA}),
        "{host} stopped taking bytes of {name}",
        _AGAIN,
    ),
    ConnectionFault(
        "reply_lost",
        (*_LOST, TimeoutError, ssl.SSLError),
        frozenset({Step.REPLY}),
        "All of {name} was sent, but {host} never said that it has it",
        _AGAIN,
    ),
    ConnectionFault(
        "size_differs",
        (),  # no exception: the look after the transfer shows it
        frozenset({Step.REPLY}),
        "{host} said that it has {name}, but shows it with another size",
        _AGAIN,
    ),
    ConnectionFault(
        "file_replaced",
        (),
        frozenset({Step.LOOK}),
        "The file changed on this machine before it was sent as {name}",
        "Run the same command again: it uploads what the file holds now. Nothing was sent.",
    ),
    ConnectionFault(
        "file_changed",
        (),
        frozenset({Step.REPLY}),
        "The file changed on this machine while it was being sent as {name}",
        _AGAIN,
    ),
    ConnectionFault(
        "unverified",
        (),
        frozenset({Step.REPLY}),
        '{host} said that it has {name}, but does not show it, and verify = "required"',
        _AGAIN,
    ),
    # -- renaming ------------------------------------------------------------------------------
    ConnectionFault(
        "rename_refused",
        (ftplib.error_perm, ftplib.error_temp),
        frozenset({Step.RENAME}),
        "{host} does not let {user} rename the uploaded file to {name}",
        'Set method = "direct" under [connection].',
    ),
    ConnectionFault(
        "rename_lost",
        (*_LOST, TimeoutError, ssl.SSLError),
        frozenset({Step.RENAME}),
        "The connection broke while the uploaded file was renamed to {name}",
        _AGAIN,
    ),
    # -- what no row above knows ---------------------------------------------------------------
    ConnectionFault(
        "network_down",
        (OSError,),
        UNSENT,
        "The network path to {host} failed",
        _LATER,
        retry=True,
    ),
    ConnectionFault(
        "unexpected_answer",
        (ftplib.Error, OSError, EOFError, ValueError),
        ANYWHERE,
        "{host} answered something that no FTP server should",
        "Check `host`, `port` and `protocol` under [connection].",
    ),
)

BY_CODE = {fault.code: fault for fault in reversed(TABLE)}
"""The first row of each code."""


def fault_of(error: BaseException, step: Step) -> ConnectionFault:
    """The first row that fits; LookupError for an exception that is not a connection failure."""
    text = str(error)
    for fault in TABLE:
        if (
            isinstance(error, fault.errors)
            and step in fault.steps
            and re.search(fault.pattern, text)
        ):
            return fault
    raise LookupError(f"no row for {error!r} at {step}")
