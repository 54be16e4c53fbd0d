"""The file on its way out: read in blocks, its first byte announced, its time bounded."""

import os
import time
from collections.abc import Callable
from typing import BinaryIO


class Reader:
    """The file as `transport.Source`; marks the moment before its first byte goes."""

    def __init__(
        self,
        file: BinaryIO,
        size: int,
        first_byte: Callable[[], None],
        deadline: float,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._file = file
        self._size = size
        self._first_byte = first_byte
        self._deadline = deadline
        self._progress = progress
        self.sent = 0

    @property
    def complete(self) -> bool:
        """Whether every byte was handed over."""
        return self.sent >= self._size

    def read_into(self, buffer: bytearray) -> int:
        """The next bytes; TimeoutError once the whole transfer takes too long."""
        if time.monotonic() > self._deadline:
            raise TimeoutError("the transfer took longer than it may")
        length: int = self._file.readinto(buffer)  # type: ignore[attr-defined]  # unbuffered, so it has one
        if length:
            if not self.sent:
                self._first_byte()
            self.sent += length
            if self._progress is not None:
                self._progress(self.sent, self._size)
        return length


def fingerprint(file: BinaryIO) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds: another one is another file."""
    stat = os.fstat(file.fileno())
    return stat.st_size, stat.st_mtime_ns
