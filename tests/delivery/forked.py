"""Commands in forked children of a process that has everything imported; see `zygote.py`."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from .conftest import PASSWORD


class Zygote:
    """Runs commands that can be killed, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # a buffer could hold the second line while `ends_within` waits for it
            env={**os.environ, "CALLCONV_PASSWORD": PASSWORD},
        )
        self._running: int | None = None

    def close(self) -> None:
        self._process.communicate()

    def start(self, *arguments: str) -> int:
        """The process id of the command."""
        if self._running is not None:  # a test that failed did not wait for it
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running, signal.SIGKILL)
            self.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(arguments).encode() + b"\n")
        self._running = int(self._process.stdout.readline())
        return self._running

    def ends_within(self, seconds: float) -> bool:
        """Whether the command ends within so many seconds."""
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def wait(self) -> int:
        """The exit status of the command; negative where a signal ended it."""
        assert self._process.stdout is not None
        status = int(self._process.stdout.readline())
        self._running = None
        return status

    def run(
        self,
        *arguments: str,
        kill_after: float | None = None,
        number: signal.Signals = signal.SIGKILL,
    ) -> int:
        """The exit status; a command that runs longer than `kill_after` gets the signal."""
        child = self.start(*arguments)
        if kill_after is not None and not self.ends_within(kill_after):
            # It may have ended just now.
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        return self.wait()
