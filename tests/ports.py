"""Ports of this machine: free for a server that a test starts, or closed to every connection."""

import contextlib
import random
import socket
from collections.abc import Iterator


def free_port() -> int:
    """A free port for a server that cannot choose one itself.

    It is below those that systems give to connections and to servers that ask for any port, so
    no other process gets it before the server does.
    """
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses connections while the block runs: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
