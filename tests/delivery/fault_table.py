"""The end that is right for each fault of the mock's book, written by hand.

`python tests/delivery/fault_table.py` prints the table as docs/delivery_faults.md shows it;
test_fault_matrix.py delivers through every fault, and holds both against it.
"""

from typing import NamedTuple

WHOLE = "one whole file"
NONE = "none, safe to run again"
UNKNOWN = "unknown"


class Ends(NamedTuple):
    """What a delivery ends in: the fault strikes once, or every time; directly, or by rename.

    code: of the error, wherever the end is not a whole file.
    """

    once: str
    always: str
    rename_once: str
    rename_always: str
    code: str = ""


def _both(once: str, always: str, code: str = "") -> Ends:
    return Ends(once, always, once, always, code)


def passing(code: str) -> Ends:
    """Tried again, since nothing was sent."""
    return _both(WHOLE, NONE, code)


def final(code: str) -> Ends:
    """Not tried again: it would fail again, or lock an account."""
    return _both(NONE, NONE, code)


def broken(code: str) -> Ends:
    """Bytes went; under a temporary name that does no harm."""
    return Ends(UNKNOWN, UNKNOWN, WHOLE, NONE, code)


def refused(code: str) -> Ends:
    """Bytes went, and the server said for good that it does not take them."""
    return Ends(UNKNOWN, UNKNOWN, NONE, NONE, code)


HARMLESS = _both(WHOLE, WHOLE)

ENDS = {
    "refuse-connection": final("connection_refused"),  # strikes until it is cleared
    "reset-connection": passing("connection_dropped"),
    "close-connection": passing("connection_dropped"),
    "no-greeting": passing("no_answer"),
    "connect-421": passing("server_busy"),
    "tls-handshake": passing("tls_dropped"),
    "tls-hang": passing("tls_dropped"),
    "tls-refused": final("tls_not_offered"),
    "tls-expired": final("certificate_expired"),
    "tls-wrong-name": final("certificate_wrong_name"),
    "tls-untrusted": final("certificate_untrusted"),
    "session-reuse-required": HARMLESS,
    "user-530": final("login_refused"),
    "pass-530": final("login_refused"),
    "pass-421": passing("server_busy"),
    "wrong-passive-address": HARMLESS,  # it is ignored
    "dead-passive-port": passing("connection_dropped"),
    "stor-421": passing("server_busy"),
    "stor-425": passing("server_busy"),
    "stor-450": passing("server_busy"),
    "stor-451": passing("server_busy"),
    "stor-452": passing("disk_full"),
    "stor-530": final("store_refused"),
    "stor-550": final("store_refused"),
    "stor-552": final("quota_exceeded"),
    "stor-553": final("store_refused"),
    "duplicate-name": HARMLESS,
    "data-cut": broken("refused_after_sending"),
    "control-cut": broken("reply_lost"),
    "stall": broken("reply_lost"),
    "no-close-notify": HARMLESS,
    "slow-drip": HARMLESS,
    "disk-full": broken("refused_after_sending"),
    "late-426": broken("refused_after_sending"),
    "late-450": broken("refused_after_sending"),
    "late-451": broken("refused_after_sending"),
    "late-452": broken("refused_after_sending"),
    "late-550": refused("refused_after_sending"),
    "late-552": refused("refused_after_sending"),
    "late-553": refused("refused_after_sending"),
    "no-226": broken("reply_lost"),
    "lost-226": broken("reply_lost"),
    "truncated": broken("size_differs"),
    "vanish": Ends(WHOLE, WHOLE, WHOLE, NONE, "unverified"),
    "no-rest": HARMLESS,
    "no-rename": Ends(WHOLE, WHOLE, NONE, NONE, "rename_refused"),
    "no-size": HARMLESS,
    "no-mlsd": HARMLESS,
    "no-epsv": HARMLESS,
}
"""Over FTP and FTPS."""

_STORE_REFUSED = final("store_refused")  # SFTP has one word for every refusal
_REFUSED_LATE = refused("refused_after_sending")

OVER_SFTP = {
    "refuse-connection": final("connection_refused"),
    "reset-connection": passing("connection_dropped"),
    "close-connection": passing("connection_dropped"),
    "no-greeting": passing("not_ssh"),
    "user-530": final("login_refused"),
    "pass-530": final("login_refused"),
    "stor-450": _STORE_REFUSED,
    "stor-451": _STORE_REFUSED,
    "stor-452": _STORE_REFUSED,
    "stor-530": _STORE_REFUSED,
    "stor-550": _STORE_REFUSED,
    "stor-552": _STORE_REFUSED,
    "stor-553": _STORE_REFUSED,
    "duplicate-name": HARMLESS,
    "data-cut": broken("transfer_cut"),
    "control-cut": broken("transfer_cut"),
    "stall": broken("transfer_stalled"),
    "slow-drip": HARMLESS,
    "disk-full": _REFUSED_LATE,
    "late-426": _REFUSED_LATE,
    "late-450": _REFUSED_LATE,
    "late-451": _REFUSED_LATE,
    "late-452": _REFUSED_LATE,
    "late-550": _REFUSED_LATE,
    "late-552": _REFUSED_LATE,
    "late-553": _REFUSED_LATE,
    "no-226": broken("reply_lost"),
    "lost-226": broken("reply_lost"),
    "truncated": broken("size_differs"),
    "vanish": Ends(WHOLE, WHOLE, WHOLE, NONE, "unverified"),
    "no-rename": Ends(WHOLE, WHOLE, NONE, NONE, "rename_refused"),
    "no-size": HARMLESS,
}
"""Over SFTP, where it has the like: a refused request, a lost session, an answer that stays out."""

SFTP = {
    # what happens: bytes from the client, how the line breaks, how often, direct, rename
    "cut before the log-in, once": (100, "cut", 1, WHOLE, WHOLE),
    "cut before the log-in, always": (100, "cut", 99, NONE, NONE),
    "cut in the file, once": (60_000, "cut", 1, UNKNOWN, WHOLE),
    "cut in the file, always": (60_000, "cut", 99, UNKNOWN, NONE),
    "stalled in the file, once": (60_000, "stall", 1, UNKNOWN, WHOLE),
    "stalled in the file, always": (60_000, "stall", 99, UNKNOWN, NONE),
}

TLS_ONLY = {name for name in ENDS if name.startswith("tls-")} | {
    "session-reuse-required",
    "no-close-notify",
}

_HEAD = """\
<!-- Written by `python tests/delivery/fault_table.py`; a test compares it with real deliveries. -->
# How a delivery ends, fault by fault

The mock server can simulate every failure below. Each was delivered through over FTP and over FTPS,
happening once and every time.

- **one whole file**: the server said that it has the file, once. Exit 0.
- **none, safe to run again**: nothing arrived that could be imported. Exit 4.
- **unknown**: bytes were sent, and the server did not say that it has the file. Exit 5. The ledger
  holds the file's calls back until the results or you settle it. On a server where an equal size is
  known to be enough, `settle_by_size = true` turns `no-226` and `lost-226` into one whole file.

A call is never sent twice, and a part of a file never counts as the whole.

## FTP and FTPS

| Fault | What the client sees | direct, once | direct, always | rename, once | rename, always | error code |
|---|---|---|---|---|---|---|
"""

_SFTP = """
## SFTP

The same faults as far as SFTP has them. SFTP has no replies of its own: a 4xx or 5xx is a failed
request there, and a 226 is the answer to the close.

| Fault | direct, once | direct, always | rename, once | rename, always | error code |
|---|---|---|---|---|---|
"""

_LINE = """
Against OpenSSH, through a connection that breaks (wrong keys, names, directories and a full disk
have tests of their own):

| The connection is | direct | rename |
|---|---|---|
"""


def render() -> str:
    """The table as Markdown."""
    from mock_server.faults import FAULTS

    rows, sftp = [], []
    for fault in FAULTS:
        if fault.name in ENDS:
            *ends, code = ENDS[fault.name]
            rows.append(_row(f"`{fault.name}`", fault.shows, *ends, _code(code)))
        if fault.name in OVER_SFTP:
            *ends, code = OVER_SFTP[fault.name]
            sftp.append(_row(f"`{fault.name}`", *ends, _code(code)))
    lines = [_row(name, case[3], case[4]) for name, case in SFTP.items()]
    return "".join((_HEAD, *rows, _SFTP, *sftp, _LINE, *lines))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _code(code: str) -> str:
    return f"`{code}`" if code else ""


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 - what it is for
