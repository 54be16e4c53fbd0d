"""A server that says what a script tells it, to show a client what real servers did."""

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

RESET = "reset"
CLOSE = "close"
SILENCE = "silence"

USUAL = {
    "": "220 ready",
    "AUTH": "234 go on",
    "USER": "331 password",
    "PASS": "230 in",
    "PBSZ": "200 ok",
    "PROT": "200 ok",
    "CWD": "250 there",
    "TYPE": "200 binary",
    "SIZE": "550 none",
    "MLSD": "550 none",
    "NLST": "550 no files",
    "STOR": "150 go on",
    "226": "226 done",
    "RNFR": "350 go on",
    "RNTO": "250 renamed",
    "QUIT": "221 bye",
}
"""What a good server says: by command, "" on connecting, "226" after the data."""


@dataclass
class Script:
    """One server: `says` replaces what a good one would say.

    reads: bytes of the data that it takes before it does what `says["226"]` says; None: all.
    cuts: whether it resets the data connection then.
    context: for TLS after AUTH.
    encoding: of what it says.
    """

    says: Mapping[str, str] = field(default_factory=dict)
    reads: int | None = None
    cuts: bool = False
    context: ssl.SSLContext | None = None
    received: list[str] = field(default_factory=list)
    encoding: str = "utf-8"

    @contextlib.contextmanager
    def serving(self) -> Iterator[int]:
        """Serve on a port while the block runs."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            stop = threading.Event()
            thread = threading.Thread(target=self._serve, args=(listener, stop), daemon=True)
            thread.start()
            try:
                yield listener.getsockname()[1]
            finally:
                stop.set()
                thread.join()

    def _serve(self, listener: socket.socket, stop: threading.Event) -> None:
        listener.settimeout(0.02)
        with contextlib.ExitStack() as kept:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    client, _ = listener.accept()
                    kept.callback(client.close)
                    client.settimeout(60)
                    with contextlib.suppress(OSError):
                        self._talk(client, stop, kept)

    def _talk(self, client: Any, stop: threading.Event, kept: contextlib.ExitStack) -> None:
        if not self._say(client, "", stop):
            return
        passive: socket.socket | None = None
        while line := _line(client, stop):
            verb, _, _ = line.partition(" ")
            self.received.append(line)
            if verb == "PASV" and verb not in self.says:
                passive = socket.create_server(("127.0.0.1", 0))
                kept.callback(passive.close)
                high, low = divmod(passive.getsockname()[1], 256)
                client.sendall(f"227 ok (127,0,0,1,{high},{low})\r\n".encode())
                continue
            if not self._say(client, verb, stop):
                return
            if verb == "AUTH" and self.context is not None:
                client = self.context.wrap_socket(client, server_side=True)
                kept.callback(client.close)
            if verb == "STOR" and self._reply("STOR").startswith("1") and passive is not None:
                self._take(passive)
                if not self._say(client, "226", stop):
                    return

    def _take(self, passive: socket.socket) -> None:
        data, _ = passive.accept()
        left = self.reads if self.reads is not None else 1 << 40
        with data:
            while left and (block := data.recv(min(left, 1 << 16))):
                left -= len(block)
            if self.cuts:
                _reset(data)

    def _reply(self, verb: str) -> str:
        return self.says.get(verb, USUAL.get(verb, "500 what"))

    def _say(self, client: Any, verb: str, stop: threading.Event) -> bool:
        reply = self._reply(verb)
        if reply == SILENCE:
            stop.wait(60)
            return False
        if reply == RESET:
            _reset(client)
        if reply in (RESET, CLOSE):
            client.close()
            return False
        client.sendall(f"{reply}\r\n".encode(self.encoding))
        return True


def _line(client: Any, stop: threading.Event) -> str:
    line = b""
    while not line.endswith(b"\n"):
        while not (getattr(client, "pending", int)() or select.select([client], [], [], 0.02)[0]):
            if stop.is_set():
                return ""
        byte = client.recv(1)
        if not byte:
            return ""
        line += byte
    return line.decode("utf-8", "replace").strip()


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
