"""Starts servers that can be killed, in forked children with everything imported already.

Each line on standard input is a JSON object: options of a server with the account of `clients`.
One line comes back once the child serves: its process id and its FTP port. A line `wait PID` waits
until a child has ended, and is answered by its status.
"""

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path


def main() -> None:
    """Serve until standard input ends."""
    from mock_server.accounts import make
    from mock_server.server import MockImportServer

    for line in sys.stdin:
        if line.startswith("wait "):
            _, status = os.waitpid(int(line.split()[1]), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the protocol
            continue
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            server = MockImportServer(
                Path(asked["root"]),
                [make(asked["user"], asked["password"])],
                now=datetime.fromisoformat(asked["now"]),
            )
            server.start()
            print(os.getpid(), server.port, flush=True)  # noqa: T201 - the protocol
            signal.pause()


if __name__ == "__main__":
    main()
