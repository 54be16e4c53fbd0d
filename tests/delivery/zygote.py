"""Runs `callconv` commands in forked children, with everything imported already.

Each line on standard input is a JSON list of arguments. Two lines come back: the child's process
id, and its exit status once it has ended (negative: killed by that signal). A run that is killed
is thus killed at its work, and not while Python imports.
"""

import json
import os
import sys


def main() -> None:
    """Serve until standard input ends."""
    from callconv_kit.cli.main import main as callconv
    from callconv_kit.delivery import nightly  # noqa: F401 - imported once, for all children
    from callconv_kit.run.prepared import prepare  # noqa: F401 - the same

    for line in sys.stdin:
        arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1):
                os.dup2(null, stream)
            status = 70
            try:
                status = callconv(arguments)
            except SystemExit as error:
                status = int(error.code or 0)
            finally:
                os._exit(status or 0)
        print(child, flush=True)  # noqa: T201 - the protocol
        _, waited = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(waited), flush=True)  # noqa: T201 - the protocol


if __name__ == "__main__":
    main()
