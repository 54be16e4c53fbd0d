"""The end that is right for each fault of the mock's book, written by hand.

`python tests/delivery/fault_table.py` prints the table as docs/delivery_faults.md shows it;
test_fault_matrix.py delivers through every fault, and holds both against it.
"""

from typing import NamedTuple

WHOLE = "one whole file"
NONE = "none, safe to run again"
UNKNOWN = "unknown"


class Ends(NamedTuple):
    """What a delivery ends in: the fault strikes once, or every time; directly, or by rename."""

    once: str
    always: str
    rename_once: str
    rename_always: str


def _both(once: str, always: str) -> Ends:
    return Ends(once, always, once, always)


PASSING = _both(WHOLE, NONE)
FINAL = _both(NONE, NONE)
HARMLESS = _both(WHOLE, WHOLE)
BROKEN = Ends(UNKNOWN, UNKNOWN, WHOLE, NONE)

ENDS = {
    "refuse-connection": FINAL,  # strikes until it is cleared
    "reset-connection": PASSING,
    "close-connection": PASSING,
    "no-greeting": PASSING,
    "connect-421": PASSING,
    "tls-handshake": PASSING,
    "tls-hang": PASSING,
    "tls-refused": FINAL,
    "tls-expired": FINAL,
    "tls-wrong-name": FINAL,
    "tls-untrusted": FINAL,
    "session-reuse-required": HARMLESS,
    "user-530": FINAL,
    "pass-530": FINAL,
    "pass-421": PASSING,
    "wrong-passive-address": HARMLESS,  # it is ignored
    "dead-passive-port": PASSING,
    "stor-421": PASSING,
    "stor-425": PASSING,
    "stor-450": PASSING,
    "stor-451": PASSING,
    "stor-452": PASSING,
    "stor-530": FINAL,
    "stor-550": FINAL,
    "stor-552": FINAL,
    "stor-553": FINAL,
    "duplicate-name": HARMLESS,
    "data-cut": BROKEN,
    "control-cut": BROKEN,
    "stall": BROKEN,
    "slow-drip": HARMLESS,
    "disk-full": BROKEN,
    "late-426": BROKEN,
    "late-450": BROKEN,
    "late-451": BROKEN,
    "late-452": BROKEN,
    "late-550": Ends(UNKNOWN, UNKNOWN, NONE, NONE),
    "late-552": Ends(UNKNOWN, UNKNOWN, NONE, NONE),
    "late-553": Ends(UNKNOWN, UNKNOWN, NONE, NONE),
    "no-226": BROKEN,
    "lost-226": BROKEN,
    "truncated": BROKEN,
    "vanish": Ends(WHOLE, WHOLE, WHOLE, NONE),
    "no-rest": HARMLESS,
    "no-rename": Ends(WHOLE, WHOLE, NONE, NONE),
    "no-size": HARMLESS,
    "no-mlsd": HARMLESS,
    "no-epsv": HARMLESS,
}

SFTP = {
    # what happens: bytes from the client, how the line breaks, how often, direct, rename
    "cut before the log-in, once": (100, "cut", 1, WHOLE, WHOLE),
    "cut before the log-in, always": (100, "cut", 99, NONE, NONE),
    "cut in the file, once": (60_000, "cut", 1, UNKNOWN, WHOLE),
    "cut in the file, always": (60_000, "cut", 99, UNKNOWN, NONE),
    "stalled in the file, once": (60_000, "stall", 1, UNKNOWN, WHOLE),
    "stalled in the file, always": (60_000, "stall", 99, UNKNOWN, NONE),
}

TLS_ONLY = {name for name in ENDS if name.startswith("tls-") or name == "session-reuse-required"}

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

| Fault | What the client sees | direct, once | direct, always | rename, once | rename, always |
|---|---|---|---|---|---|
"""


_SFTP_HEAD = """
Over SFTP, against OpenSSH, through a line that breaks (wrong keys, names, directories and a full
disk have tests of their own):

| The line is | direct | rename |
|---|---|---|
"""


def render() -> str:
    """The table as Markdown."""
    from mock_server.faults import FAULTS

    rows = []
    for fault in FAULTS:
        if fault.name in ENDS:
            cells = (f"`{fault.name}`", fault.shows, *ENDS[fault.name])
            rows.append("| " + " | ".join(cells) + " |\n")
    broken = [f"| {name} | {case[3]} | {case[4]} |\n" for name, case in SFTP.items()]
    return _HEAD + "".join(rows) + _SFTP_HEAD + "".join(broken)


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 - what it is for
