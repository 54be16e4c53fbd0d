"""What a delivery needs of a connection, whatever the protocol; and the file as it is sent."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

from callconv_kit.delivery.connection_faults import ConnectionFault, Step


class Sight(StrEnum):
    """What a look at a name on the server showed."""

    SIZED = "sized"
    NAMED = "named"  # it is there, but the server does not give its size
    ABSENT = "absent"
    HIDDEN = "hidden"  # the server does not allow listing
    UNREACHED = "unreached"  # there was no connection to look on


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a look; `size` in bytes where `sight` is SIZED."""

    sight: Sight
    size: int = -1

    def __str__(self) -> str:
        return f"{self.size} bytes" if self.sight is Sight.SIZED else str(self.sight)


ABSENT = Seen(Sight.ABSENT)
HIDDEN = Seen(Sight.HIDDEN)
NAMED = Seen(Sight.NAMED)
UNREACHED = Seen(Sight.UNREACHED)


class ConnectionFailed(Exception):
    """A connection failed: `fault` is its row in the border table.

    message: the server's words or the system's, without any password.
    reply: the server's own verdict, 4xx or 5xx; 0 where it gave none.
    """

    def __init__(self, fault: ConnectionFault, step: Step, message: str, reply: int = 0) -> None:
        super().__init__(fault, step, message, reply)
        self.fault = fault
        self.step = step
        self.message = message.rstrip(". ")
        self.reply = reply

    @property
    def refused(self) -> bool:
        """Whether the server itself reported the failure."""
        return self.reply >= 400

    def __str__(self) -> str:
        return f"{self.fault.code} at {self.step}: {self.message}"


class Source(Protocol):
    """The file on its way out."""

    def read_into(self, buffer: bytearray) -> int:
        """Fill `buffer` with the next bytes; how many there were, 0 at the end."""


class Session(Protocol):
    """One logged-in connection, in the right directory. All methods raise ConnectionFailed."""

    def look(self, name: str) -> Seen:
        """What the server shows of `name`."""

    def store(self, name: str, source: Source, patience: float) -> str:
        """Send all of `source` as `name`, and give the server's final word.

        patience: seconds that the final word may take.
        """

    def rename(self, old: str, new: str) -> None:
        """Give the file another name."""

    def delete(self, name: str) -> None:
        """Remove a file, if the server lets us; never raises."""

    def features(self) -> list[str]:
        """What the server announces that it can do, such as SIZE or MLST."""

    def close(self) -> None:
        """End the connection; never raises."""


Connect = Callable[[], Session]


class Reader:
    """The file as a `Source`: its time is bounded, and its first byte announced."""

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
