"""The thread that serves one listener: pyftpdlib's loop, stopped and spoken to from outside."""

import contextlib
import logging
import socket
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

log = logging.getLogger("mock_server.ftp")

SILENT_PER_ADDRESS = 64
"""Connections that one address may have before they log in."""


class Listener(FTPServer):  # type: ignore[misc]  # pyftpdlib has no types
    """pyftpdlib's server, which survives running out of file descriptors and counts sessions."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.silent: dict[str, deque[weakref.ref[Any]]] = {}

    def _accept_new_cons(self) -> bool:
        """Sessions, not sockets: stock counts data connections and listeners as well."""
        return not self.max_cons or len(self.ip_map) <= self.max_cons

    def handle_accepted(self, sock: socket.socket, addr: Any) -> Any:
        """Serve a client; of those that only connect, an address has a few at a time.

        The oldest makes room, so that who logs in always gets in.
        """
        session = super().handle_accepted(sock, addr)
        if session is None:
            return None
        waiting = self.silent.setdefault(addr[0], deque())
        waiting.append(weakref.ref(session))
        for silent in [ref for ref in waiting if not _is_silent(ref())]:
            waiting.remove(silent)
        while len(waiting) > SILENT_PER_ADDRESS:
            oldest = waiting.popleft()()
            if oldest is not None:
                oldest.respond("421 Too many connections without a log-in from this address.")
                oldest.close_when_done()
        return session

    def handle_accept(self) -> None:
        """A client that can't be taken is no reason to stop serving."""
        try:
            super().handle_accept()
        except OSError as error:
            log.warning("a connection could not be accepted: %s", error)


def _is_silent(session: Any) -> bool:
    """Whether a session is there and has not logged in."""
    return session is not None and not session._closed and not session.authenticated


class _Waker:
    """Lets other threads interrupt the loop's waiting."""

    def __init__(self, ioloop: Any) -> None:
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._fileno = self._near.fileno()
        ioloop.register(self._fileno, self, ioloop.READ)

    def wake(self) -> None:
        # Full: the loop is being woken. Closed: there is no loop.
        with contextlib.suppress(OSError):
            self._far.send(b".")

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        self._near.recv(4096)

    def handle_close(self) -> None:
        """Only the owner closes it."""

    handle_error = handle_close

    def close(self) -> None:
        self._near.close()
        self._far.close()


class Loop:
    """Serves one listener; everything that touches it from outside goes through `call`."""

    def __init__(
        self,
        session: type,
        settings: Mapping[str, object],
        address: tuple[str, int],
        *,
        max_connections: int,
    ) -> None:
        self._ioloop = IOLoop()
        # Settings and the TLS context are kept on the class: each server needs a class of its own.
        self._sessions: weakref.WeakSet[Any] = weakref.WeakSet()
        handler = type("Session", (session,), {**settings, "all_sessions": self._sessions})
        try:
            self._listener = Listener(address, handler, ioloop=self._ioloop, backlog=512)
        except BaseException:
            self._ioloop.close()
            raise
        self._listener.max_cons = max_connections
        self.address: tuple[str, int] = self._listener.address
        self._placeholder: socket.socket | None = None
        self._waker = _Waker(self._ioloop)
        self._calls: deque[tuple[Callable[[], None], threading.Event]] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="mock-ftp", daemon=True)

    def start(self) -> None:
        """Serve from now on; clients could queue since the object was made."""
        self._thread.start()

    def call(self, function: Callable[[], None]) -> None:
        """Run `function` in the loop's thread and wait for it."""
        done = threading.Event()
        self._calls.append((function, done))
        self._waker.wake()
        while self._thread.is_alive() and not done.wait(0.05):
            pass

    def stop(self) -> None:
        """Close every connection and end the thread; from any thread but the loop's, repeatedly."""
        self._stopping = True
        self._waker.wake()
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._close()

    def refuse(self, refusing: bool) -> None:
        """Refuse connections, or take them again. In the loop's thread.

        While refusing, a socket that does not listen keeps the port.
        """
        if refusing and self._placeholder is None:
            self._listener.del_channel()
            self._listener.socket.close()
            self._placeholder = self._bound()
        elif not refusing and self._placeholder is not None:
            self._placeholder.close()
            self._placeholder = None
            fresh = self._bound()
            fresh.setblocking(False)
            self._listener.set_socket(fresh)
            self._listener._fileno = fresh.fileno()
            self._listener.add_channel()
            self._listener.listen(512)

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(self.address)
        return bound

    def _run(self) -> None:
        # Not `loop()`: it would configure logging for the whole process.
        wait: float | None = None
        try:
            while not self._stopping:
                self._ioloop.poll(wait)
                while self._calls:
                    function, done = self._calls.popleft()
                    function()
                    done.set()
                wait = self._ioloop.sched.poll()
        finally:
            self._close()

    def _close(self) -> None:
        for session in list(self._sessions):
            # The loop forgets a session whose refused log-in waits for its answer.
            if session._fileno not in self._ioloop.socket_map:
                session.cut()
        self._listener.close_all()
        self._waker.close()
        if self._placeholder is not None:
            self._placeholder.close()
