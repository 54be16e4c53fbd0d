"""The fault book: everything that can go wrong on the way to an import server, by name.

Each row was seen with real servers and clients. A fault is armed on a server, from a test, the
command line or the control API; it strikes the next time its moment comes, once, a number of
times, or until it is cleared.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum


class At(Enum):
    """The moment at which a fault strikes."""

    LISTEN = "as long as it is armed"
    CONNECT = "when a client connects"
    COMMAND = "in place of a command's work"
    TLS = "when the client asks for TLS"
    DATA_TLS = "after TLS is set up on the data connection"
    PASSIVE = "in the answer to PASV"
    DATA = "during or after an upload"
    RESULTS = "in place of an answer of the results API"


class Effect(Enum):
    """What is done at that moment."""

    REPLY = "send the reply"
    REPLY_AND_CLOSE = "send the reply, close the control connection"
    REPLY_IF_EXISTS = "send the reply if a file of that name is there"
    RESET = "reset the connection"
    CLOSE = "close the connection"
    HANG = "say nothing, keep the connection"
    CERTIFICATE = "show another certificate, named in `reply`"
    NO_REUSE = "refuse a data connection that did not resume the control session"
    ADDRESS = "name the address in `reply`"
    DEAD_PORT = "name a port where nothing listens"
    CUT = "reset the data connection"
    CUT_ALL = "reset the data and the control connection"
    STALL = "read no more"
    DRIP = "read a little, pause, read a little"
    FULL = "the disk is full"
    TRUNCATE = "keep the first bytes only, and say 226"
    NO_GOODBYE = "do not answer TLS's close_notify, wait for the end of the connection"
    VANISH = "take the file away after 226"
    LATE_REPLY = "send the reply in place of 226; nothing is processed"
    NO_226 = "store and process, send no 226"
    LOST_226 = "store and process, close the control connection in place of 226"


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the book.

    `after` (n in the texts) counts bytes of the upload. A fault that needs more bytes than the file
    has strikes at half of the file instead, so that every upload can suffer it.
    """

    name: str
    at: At
    effect: Effect
    shows: str
    """What the client sees."""
    reply: str = ""
    commands: tuple[str, ...] = ()
    after: int = 0


_STORES = ("STOR", "APPE", "STOU")


def _refused(command: str, reply: str, shows: str) -> Fault:
    return Fault(
        f"{command.lower()}-{reply[:3]}",
        At.COMMAND,
        Effect.REPLY_AND_CLOSE if reply.startswith("421") else Effect.REPLY,
        shows,
        reply,
        _STORES if command == "STOR" else (command,),
    )


def _late(reply: str, shows: str) -> Fault:
    return Fault(f"late-{reply[:3]}", At.DATA, Effect.LATE_REPLY, shows, reply, _STORES)


def _missing(name: str, *commands: str) -> Fault:
    return Fault(
        name,
        At.COMMAND,
        Effect.REPLY,
        f"{' and '.join(commands)} are not implemented",
        "502 Command not implemented.",
        commands,
    )


FAULTS = (
    # --- connecting
    Fault("refuse-connection", At.LISTEN, Effect.CLOSE, "connection refused, until it is cleared"),
    Fault("reset-connection", At.CONNECT, Effect.RESET, "connection reset before the greeting"),
    Fault("close-connection", At.CONNECT, Effect.CLOSE, "end of file before the greeting"),
    Fault("no-greeting", At.CONNECT, Effect.HANG, "silence after connecting"),
    Fault(
        "connect-421",
        At.CONNECT,
        Effect.REPLY_AND_CLOSE,
        "421 in place of the greeting",
        "421 Service not available, try again later.",
    ),
    # --- TLS
    Fault("tls-handshake", At.TLS, Effect.CLOSE, "234, then the connection closes"),
    Fault("tls-hang", At.TLS, Effect.HANG, "234, then no handshake"),
    Fault("tls-refused", At.TLS, Effect.REPLY, "AUTH is not known", "500 AUTH not understood."),
    Fault("tls-expired", At.TLS, Effect.CERTIFICATE, "a certificate of the past", "expired"),
    Fault("tls-wrong-name", At.TLS, Effect.CERTIFICATE, "a certificate of another host", "name"),
    Fault("tls-untrusted", At.TLS, Effect.CERTIFICATE, "a certificate of another CA", "stranger"),
    Fault(
        "session-reuse-required",
        At.DATA_TLS,
        Effect.NO_REUSE,
        "522 unless the data connection resumes the TLS session of the control connection",
        "522 SSL connection failed: session reuse required",
    ),
    # --- logging in
    _refused("USER", "530 User cannot log in.", "the user is refused"),
    _refused("PASS", "530 Login incorrect.", "the password is refused"),
    _refused("PASS", "421 Too many users, try again later.", "421 at the password, and closed"),
    # --- before the data
    Fault(
        "wrong-passive-address",
        At.PASSIVE,
        Effect.ADDRESS,
        "PASV names another address, with the right port; EPSV is not understood",
        "10.255.255.1",
    ),
    Fault(
        "dead-passive-port", At.PASSIVE, Effect.DEAD_PORT, "PASV and EPSV name a port that is shut"
    ),
    _refused("STOR", "421 Closing down for maintenance.", "421 at STOR, and closed"),
    _refused("STOR", "425 Can't open data connection.", "425: no data connection"),
    _refused("STOR", "450 File busy, try again later.", "450: busy"),
    _refused("STOR", "451 Local error in processing.", "451: a local error"),
    _refused("STOR", "452 Insufficient storage space.", "452: no space"),
    _refused("STOR", "530 Not logged in.", "530: the session has ended"),
    _refused("STOR", "550 Permission denied.", "550: no permission"),
    _refused("STOR", "552 Storage allocation exceeded.", "552: quota"),
    _refused("STOR", "553 File name not allowed.", "553: the name is refused"),
    Fault(
        "duplicate-name",
        At.COMMAND,
        Effect.REPLY_IF_EXISTS,
        "550 where a file of that name is there already (STOR and RNTO)",
        "550 File exists.",
        (*_STORES, "RNTO"),
    ),
    # --- during the data
    Fault(
        "data-cut", At.DATA, Effect.CUT, "data reset after n bytes (50,000), then 426", after=50_000
    ),
    Fault(
        "control-cut", At.DATA, Effect.CUT_ALL, "both reset after n bytes (50,000)", after=50_000
    ),
    Fault(
        "stall",
        At.DATA,
        Effect.STALL,
        "the server reads no more after n bytes (50,000)",
        after=50_000,
    ),
    Fault(
        "no-close-notify",
        At.DATA,
        Effect.NO_GOODBYE,
        "TLS: close_notify is not answered; 226 comes once the client has closed the connection",
    ),
    Fault("slow-drip", At.DATA, Effect.DRIP, "n bytes (1,000) a tenth of a second", after=1_000),
    Fault(
        "disk-full",
        At.DATA,
        Effect.FULL,
        "452 after n bytes (50,000); they stay",
        "452 Insufficient storage space.",
        after=50_000,
    ),
    # --- after the data
    _late("426 Connection closed; transfer aborted.", "426 after all data; the file stays"),
    _late("450 File busy.", "450 after all data; the file stays"),
    _late("451 Local error in processing.", "451 after all data; the file stays"),
    _late("452 Insufficient storage space.", "452 after all data; the file stays"),
    _late("550 Requested action not taken.", "550 after all data; the file stays"),
    _late("552 Storage allocation exceeded.", "552 after all data; the file stays"),
    _late("553 File name not allowed.", "553 after all data; the file stays"),
    Fault("no-226", At.DATA, Effect.NO_226, "all is stored and processed; 226 never comes"),
    Fault("lost-226", At.DATA, Effect.LOST_226, "all is stored and processed; then end of file"),
    Fault(
        "truncated", At.DATA, Effect.TRUNCATE, "226, but only n bytes (1,000) are kept", after=1_000
    ),
    Fault("vanish", At.DATA, Effect.VANISH, "226, and the file is gone (picked up)"),
    # --- commands a server may lack
    _missing("no-rest", "REST"),
    _missing("no-rename", "RNFR", "RNTO"),
    _missing("no-size", "SIZE"),
    _missing("no-mlsd", "MLSD", "MLST"),
    _missing("no-epsv", "EPSV"),
    # --- reading results
    Fault("results-429", At.RESULTS, Effect.REPLY, "429 with X-RateLimit-Reset", "429"),
    Fault("results-500", At.RESULTS, Effect.REPLY, "500: a failure of the server", "500"),
    Fault("results-503", At.RESULTS, Effect.REPLY, "503: the API is down for a while", "503"),
    Fault("results-hang", At.RESULTS, Effect.HANG, "no answer"),
)
BY_NAME = {fault.name: fault for fault in FAULTS}


class UnknownFault(ValueError):
    """No fault of this name; the text lists them."""


@dataclass(slots=True)
class Armed:
    """A fault that waits for its moment; `times` is None for ever."""

    fault: Fault
    times: int | None


class FaultBook:
    """The faults that are armed on one server. Any thread may arm, strike or clear."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._armed: list[Armed] = []
        self._lock = threading.Lock()
        self._on_change = on_change

    def arm(
        self,
        name: str,
        times: int | None = 1,
        *,
        after: int | None = None,
        command: str | None = None,
    ) -> None:
        """Let the named fault strike; `after` and `command` replace the row's own."""
        if name not in BY_NAME:
            raise UnknownFault(f"no fault {name!r}; there are {', '.join(BY_NAME)}")
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for no limit; not {times}")
        fault = BY_NAME[name]
        if after is not None:
            fault = replace(fault, after=after)
        if command is not None:
            fault = replace(fault, commands=(command.upper(),))
        with self._lock:
            self._armed.append(Armed(fault, times))
        self._on_change()

    def clear(self, name: str | None = None) -> None:
        """Disarm one fault, or all."""
        with self._lock:
            self._armed = [a for a in self._armed if name is not None and a.fault.name != name]
        self._on_change()

    def armed(self) -> list[Armed]:
        """What waits, in the order in which it was armed."""
        with self._lock:
            return [replace(armed) for armed in self._armed]

    def waits(self, at: At, command: str = "") -> Fault | None:
        """The fault that would strike now; it stays armed."""
        with self._lock:
            found = self._find(at, command)
            return found.fault if found else None

    def strike(self, at: At, command: str = "") -> Fault | None:
        """The fault that strikes now, if any, and has struck."""
        with self._lock:
            found = self._find(at, command)
            if found is None:
                return None
            if found.times is not None:
                found.times -= 1
                if not found.times:
                    self._armed.remove(found)
            return found.fault

    def _find(self, at: At, command: str) -> Armed | None:
        for armed in self._armed:
            fault = armed.fault
            if fault.at is at and (not fault.commands or command in fault.commands):
                return armed
        return None


def parse(text: str) -> tuple[str, dict[str, int | str | None]]:
    """`NAME[,times=N|forever][,after=BYTES][,command=VERB]` as the arguments of `arm`."""
    name, *options = text.split(",")
    given: dict[str, int | str | None] = {}
    for option in options:
        key, _, value = option.partition("=")
        if key == "times":
            given[key] = None if value == "forever" else int(value)
        elif key == "after":
            given[key] = int(value)
        elif key == "command":
            given[key] = value
        else:
            raise ValueError(
                f"{option!r}: expected times=N, times=forever, after=N or command=VERB"
            )
    return name, given
