"""The data connection: an upload's bytes, honest replies about them, and its faults.

Stock pyftpdlib says 226 to uploads that were cut, and before its callback runs. Here a reset, a
TLS stream without its goodbye, or a client that is gone is 426, and 226 is said only after the
submission is recorded. No server can distinguish a plain connection
that ends early but cleanly from the end of the file, so it is accepted.

The class with the hooks must come after pyftpdlib's SSL mixin (`TLSDataChannel`), or TLS reads
never reach it.
"""

import contextlib
import errno
import logging
import os
import socket
import sqlite3
import struct
import sys
from pathlib import Path
from typing import Any

# Imported before pyftpdlib.handlers: this module silences a DeprecationWarning that it would raise.
import pyftpdlib.servers  # noqa: F401
from OpenSSL import SSL
from pyftpdlib.exceptions import _FileReadWriteError
from pyftpdlib.handlers import DTPHandler, TLS_DTPHandler

from mock_server.faults import At, Effect

log = logging.getLogger("mock_server.ftp")

DRIP_SECONDS = 0.1

GOODBYE_SECONDS, GOODBYE_LOOKS = 0.05, 1200
"""How often, and how many times, a server that answers no close_notify looks whether the
connection has ended."""
MIDWAY = (Effect.CUT, Effect.CUT_ALL, Effect.FULL, Effect.STALL)
"""Effects that strike after so many bytes, or at half of a smaller file."""

CUT = "426 Connection closed; transfer aborted."


def reset(fileno: int) -> None:
    """Make the next close of this socket a reset."""
    with contextlib.suppress(OSError):
        twin = socket.socket(fileno=os.dup(fileno))
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        twin.close()


def is_gone(fileno: int) -> bool:
    """Whether the other side of this socket has closed it, or this side has."""
    try:
        twin = socket.socket(fileno=os.dup(fileno))
    except OSError:
        return True
    try:
        twin.setblocking(False)
        return twin.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        twin.close()


class DataChannel(DTPHandler):  # type: ignore[misc]  # pyftpdlib has no types
    """One data connection of an `ftp.ImportSession`, its `cmd_channel`."""

    ac_in_buffer_size = 1 << 18
    fault = None
    _cut = False
    _cut_after_write = False
    _paused = False
    _stored = False

    def __init__(self, sock: socket.socket, cmd_channel: Any) -> None:
        super().__init__(sock, cmd_channel)
        if not self.connected:
            cmd_channel.data_connection_lost()

    def enable_receiving(self, type: str, cmd: str) -> None:  # noqa: A002 - pyftpdlib's name
        """An upload begins: only now is it known that this is no listing."""
        super().enable_receiving(type, cmd)
        self.fault = self.cmd_channel.book.strike(At.DATA, cmd)

    def recv(self, size: int) -> bytes:
        """Bytes of the upload, as far as a fault lets them through."""
        effect = self.fault.effect if self.fault else None
        left = self.fault.after - self.tot_bytes_received if self.fault else 0
        if effect in MIDWAY:
            size = max(1, min(size, left))
        elif effect is Effect.DRIP and self.fault:
            size = max(1, min(size, self.fault.after))
        try:
            data: bytes = super().recv(size)
        except (SSL.WantReadError, SSL.WantWriteError, SSL.ZeroReturnError):
            raise
        except (SSL.Error, ConnectionResetError):  # TLS that ends without its goodbye, or a reset
            self._cut = True
            raise
        if effect in (Effect.CUT, Effect.CUT_ALL, Effect.FULL):
            self._cut_after_write = bool(data) and len(data) >= left
        elif effect is Effect.STALL and data and len(data) >= left:
            self._pause()
        elif effect is Effect.DRIP and data:
            self._pause()
            self.call_later(DRIP_SECONDS, self._go_on)
        return data

    def _pause(self) -> None:
        self._paused = True
        self.del_channel()

    def _go_on(self) -> None:
        self._paused = False
        self.add_channel(events=self.ioloop.READ)

    def modify_ioloop_events(self, events: int, logdebug: bool = False) -> None:
        """Not while paused: the SSL mixin would put a paused channel back."""
        if not self._paused:
            super().modify_ioloop_events(events, logdebug)

    def handle_read(self) -> None:
        """Write what came; a full disk, a size limit and a cut end the upload here."""
        try:
            super().handle_read()
        except _FileReadWriteError as error:
            self._fail(_storage_reply(error.errno))
            return
        limit = self.cmd_channel.max_file_size
        if self._closed:
            return
        # The position, not what came: an upload may go on where an earlier one ended.
        if limit and self.file_obj.tell() > limit:
            Path(self.file_obj.name).unlink(missing_ok=True)
            self._fail(f"552 Larger than the limit of {limit} bytes.")
        elif self._cut_after_write and self.fault:
            session = self.cmd_channel
            if self.fault.effect is Effect.FULL:
                self._fail(self.fault.reply)
                return
            reset(self.socket.fileno())
            if self.fault.effect is Effect.CUT_ALL:
                reset(session.socket.fileno())
                self._end(())
                session.cut()
            else:
                self._end((CUT, log.info))

    handle_read_event = handle_read  # pyftpdlib binds this at class level, so it is bound again

    def _fail(self, reply: str) -> None:
        """The server's own end of an upload; bytes under way get a reset."""
        reset(self.socket.fileno())
        self._end((reply, log.info))

    def _end(self, reply: tuple[Any, ...]) -> None:
        self.transfer_finished = False
        self._cut, self._resp = True, reply
        self._error = True  # the SSL mixin then skips its goodbye
        self._stored = True
        with contextlib.suppress(OSError):
            self.file_obj.flush()  # what came is on disk before the client hears of the end
        self._take_in_unconfirmed()
        self.close()

    def handle_close(self) -> None:
        """The client's end; a reset arrives here too, as an exception or as the socket's error."""
        ending = sys.exc_info()[1]
        if isinstance(ending, ConnectionResetError | SSL.SysCallError):
            self._cut = True
        if (
            isinstance(ending, SSL.ZeroReturnError)
            and self.fault is not None
            and self.fault.effect is Effect.NO_GOODBYE
        ):
            self._pause()
            self._await_end(GOODBYE_LOOKS)
            return
        # After TLS has said goodbye all is here, and a reset means nothing: a client that never
        # read the server's session tickets (lftp) ends with one.
        if not isinstance(ending, SSL.ZeroReturnError):
            with contextlib.suppress(OSError):
                if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    self._cut = True
        super().handle_close()

    def _await_end(self, looks: int) -> None:
        """As some Windows servers: the upload is over when the client closes the connection."""
        if self._closed:
            return
        if is_gone(self.socket.fileno()):
            self._error = True  # the SSL mixin then skips its goodbye
            super().handle_close()
        elif looks:
            self.call_later(GOODBYE_SECONDS, self._await_end, looks - 1)
        else:
            self._fail("426 Connection closed; transfer aborted: the connection did not end.")

    def close(self) -> None:
        """Decide what the upload came to, then let pyftpdlib close and send the reply."""
        if self._closed or not self.receive or self.file_obj is None or self._stored:
            super().close()
            return
        self._stored = True
        session = self.cmd_channel
        if self.transfer_finished and (self._cut or is_gone(session.socket.fileno())):
            self.transfer_finished = False
            self._resp = (CUT, log.info)
        effect = None
        if self.transfer_finished:
            effect = self.fault.effect if self.fault else None
            if effect in MIDWAY:
                self._strike_at_half()
            else:
                self._finish(effect)
        if not self.transfer_finished:
            self._take_in_unconfirmed()
        super().close()
        if effect is Effect.LOST_226:
            session.close()
        elif effect is Effect.CUT_ALL:
            session.cut()

    def _strike_at_half(self) -> None:
        """A fault that waits for more bytes than the file has: it keeps half of them."""
        assert self.fault is not None  # noqa: S101 - the caller has looked
        self.transfer_finished = False
        self._halve()
        self._resp = {
            Effect.CUT: (CUT, log.info),
            Effect.FULL: (self.fault.reply, log.info),
        }.get(self.fault.effect, ())

    def _halve(self) -> None:
        self.file_obj.flush()
        self.file_obj.truncate(self.file_obj.tell() // 2)

    def _take_in_unconfirmed(self) -> None:
        """Some servers take in whatever an upload leaves, though nobody got a 226 for it."""
        path = Path(self.file_obj.name)
        if self.cmd_channel.takes_unconfirmed and not self._is_superseded(path):
            with contextlib.suppress(OSError, ValueError):
                self.file_obj.flush()
            self.cmd_channel.finished(path)

    def _finish(self, effect: Effect | None) -> None:
        """All data is here: store it, record it, and choose the reply."""
        path = Path(self.file_obj.name)
        if effect is Effect.LATE_REPLY and self.fault:
            self.transfer_finished = False
            self._resp = (self.fault.reply, log.info)
            return
        try:
            if effect is Effect.TRUNCATE and self.fault:
                if self.file_obj.tell() <= self.fault.after:
                    self._halve()
                else:
                    self.file_obj.flush()
                    self.file_obj.truncate(self.fault.after)
            superseded = self._is_superseded(path)
            self.file_obj.close()
            if not superseded:
                self.cmd_channel.finished(path)
        except (OSError, sqlite3.Error) as error:
            self.transfer_finished = False
            self._resp = (_storage_reply(getattr(error, "errno", None)), log.warning)
            return
        if superseded:
            self.transfer_finished = False
            self._resp = ("426 Another upload took this name meanwhile.", log.info)
        elif effect in (Effect.NO_226, Effect.LOST_226):
            self._resp = ()
        elif effect is Effect.VANISH:
            path.unlink(missing_ok=True)

    def is_writing(self, path: Path) -> bool:
        """Whether this is an upload under way into the file of this name."""
        if not self.receive or self.file_obj is None or self.file_obj.closed:
            return False
        return not self._is_superseded(path)

    def _is_superseded(self, path: Path) -> bool:
        """Whether the name now belongs to a later upload than this one."""
        try:
            return not os.path.samestat(path.stat(), os.fstat(self.file_obj.fileno()))
        except FileNotFoundError:
            return True


class TLSDataChannel(TLS_DTPHandler, DataChannel):  # type: ignore[misc]  # pyftpdlib has no types
    """The same over TLS."""

    def handle_ssl_established(self) -> None:
        """The handshake is done; a server may ask that it resumed the control session."""
        book = self.cmd_channel.book
        if book.waits(At.DATA_TLS) and not _resumed(self.socket):
            fault = book.strike(At.DATA_TLS)
            self._resp = (fault.reply, log.info)
            self._error = self._stored = True
            self.close()


def _resumed(connection: SSL.Connection) -> bool:
    """Whether this TLS session resumed an earlier one; pyOpenSSL does not offer the question."""
    return bool(SSL._lib.SSL_session_reused(connection._ssl))  # type: ignore[attr-defined]  # private


def _storage_reply(number: int | None) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "452 Insufficient storage space."
    return "451 Local error in processing."
