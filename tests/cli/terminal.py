"""A terminal of one's own: what a command shows there, and a person's keys."""

import contextlib
import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios

PATIENCE = 30
"""Seconds after which a terminal that shows nothing more is taken for stuck."""

AGAIN = 6
CTRL_C = b"\x03"

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _take_the_terminal():
    """Make standard input the terminal of this process, so that Ctrl-C reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A command in a terminal of 100 columns; to be used in a `with` block."""

    def __init__(self, *arguments, folder):
        self._own, its = pty.openpty()
        self.shown = ""
        self._read_to = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "callconv_kit", *arguments],
            cwd=folder,
            stdin=its,
            stdout=its,
            stderr=its,
            env={**os.environ, "COLUMNS": "100", "TERM": "xterm"},
            start_new_session=True,
            preexec_fn=_take_the_terminal,
        )
        os.close(its)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._own)

    def wait_for(self, text):
        """What is shown from the last such place up to this text, or the first of several."""
        texts = (text,) if isinstance(text, str) else text
        while not any(each in self.shown[self._read_to :] for each in texts):
            assert self._more(), f"{text!r} never came:\n{self.shown}"
        found = [self.shown.find(each, self._read_to) + len(each) for each in texts]
        end = min(
            at for each, at in zip(texts, found, strict=True) if at >= self._read_to + len(each)
        )
        seen, self._read_to = self.shown[self._read_to : end], end
        return seen

    def type(self, line):
        """Type a line, and Enter."""
        os.write(self._own, f"{line}\n".encode())

    def interrupt(self):
        """Press Ctrl-C until it is heard.

        Python misses one that falls between a prompt and its waiting for a key; a person presses
        it again.
        """
        for _ in range(AGAIN):
            os.write(self._own, CTRL_C)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE / AGAIN)
                return

    def end(self):
        """Everything that was shown, and the exit status."""
        while self._more():
            pass
        return self.shown, self._process.wait(PATIENCE)

    def _more(self):
        ready, _, _ = select.select([self._own], [], [], PATIENCE)
        if not ready:
            return False
        try:
            data = os.read(self._own, 1 << 16)
        except OSError:  # the other side is closed
            return False
        self.shown += _CONTROL.sub("", data.decode("utf-8", "replace")).replace("\r", "")
        return bool(data)
