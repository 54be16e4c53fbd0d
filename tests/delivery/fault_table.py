"""The end that is right for each fault of the mock's book, written by hand.

`python tests/delivery/fault_table.py` prints the table as docs/delivery_faults.md shows it;
test_fault_matrix.py delivers through every fault, and holds both against it.
"""

from typing import NamedTuple

WHOLE = "one whole file"
UNVERIFIED = "one whole file, unverified"
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
    "no-226": HARMLESS,
    "lost-226": HARMLESS,
    "truncated": BROKEN,
    "vanish": Ends(UNVERIFIED, UNVERIFIED, WHOLE, NONE),
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
<!-- Written by `python tests/delivery/fault_table.py`; a test holds it against real deliveries. -->
# What a delivery ends in, fault by fault

Every fault of the mock server's book, over FTP and over FTPS, striking once or every time.

- **one whole file**: the server has it, once. Exit 0.
- **one whole file, unverified**: the server said so, and it was gone before it could be looked at
  (picked up). Exit 0, with a warning; exit 5 where the job says `verify = "required"`.
- **none, safe to run again**: nothing arrived that could be imported. Exit 4.
- **unknown**: nobody can tell from here. Exit 5; the ledger holds the file's rows back until a
  person decides.

Never two files, and never a part of one taken for the whole.

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
