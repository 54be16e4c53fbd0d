"""Ctrl-C and SIGTERM: both end a command the same way.

Python raises KeyboardInterrupt for Ctrl-C alone. A service manager, a container and `timeout` send
SIGTERM, which would otherwise end the process where it is, in the middle of an upload.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


class Interrupted(Exception):
    """A command was interrupted; its text says what that means, where there is more to say."""


INTERRUPTED = 130
"""The exit status of a command that was interrupted while no upload was in progress."""

Handler = Callable[[int, FrameType | None], object]


def stop_message(stop: BaseException) -> str:
    """The line that an interrupted command prints."""
    what = str(stop) or "No upload was in progress, and no file is half-written."
    return f"callconv: interrupted. {what}"


def _raise(*_: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt while the block runs.

    A SIGTERM that is ignored stays ignored, and one that somebody handles already stays theirs.
    """
    with _handled(_raise, signal.SIGTERM, only_default=True):
        yield


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """Neither signal does anything while the block runs: it settles what an interrupt left."""
    with _handled(lambda *_: None, signal.SIGINT, signal.SIGTERM):
        yield


@contextlib.contextmanager
def held() -> Iterator[None]:
    """A signal that comes while the block runs takes effect at its end."""
    came: list[int] = []
    with _handled(lambda number, _: came.append(number), signal.SIGINT, signal.SIGTERM):
        yield
    for number in came[:1]:
        signal.raise_signal(number)


@contextlib.contextmanager
def _handled(
    handler: Handler, *numbers: signal.Signals, only_default: bool = False
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread, and only it may set their handlers
        return
    before = {}
    try:
        for number in numbers:
            current = signal.getsignal(number)
            if current is None or (only_default and current is not signal.SIG_DFL):
                continue
            before[number] = current
            signal.signal(number, handler)
        yield
    finally:
        for number, current in before.items():
            signal.signal(number, current)
