"""`python -m callconv_kit` is `callconv`.

Nothing slow is imported here: an interrupt while Python still imports ends in one line too.
"""

import sys

from callconv_kit.model.interrupts import INTERRUPTED, sigterm_as_ctrl_c, stop_message


def entry() -> None:
    """The console script."""
    try:
        with sigterm_as_ctrl_c():
            from callconv_kit.cli.main import main

            status = main()
    except KeyboardInterrupt as stop:
        print(stop_message(stop), file=sys.stderr)  # noqa: T201 # click may not be there yet
        status = INTERRUPTED
    sys.exit(status)


if __name__ == "__main__":
    entry()
