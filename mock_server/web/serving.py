"""The HTTP server: uvicorn in a separate thread, on a socket that was bound before."""

import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from mock_server.web.app import application
from mock_server.web.requests import Stopping

if TYPE_CHECKING:
    from mock_server.server import MockImportServer

GOODBYE = 2
"""Seconds in which answers under way are finished when the server stops."""

CONNECTIONS = 512
"""At once; more get 503."""


class Web:
    """Serves the HTTP side of one mock server from `start` to `stop`.

    The address is taken when the object is made, so a port in use is an OSError of the maker.
    """

    def __init__(self, mock: "MockImportServer", host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=128)
        self.host, self.port = self._socket.getsockname()[:2]
        self._stopping = Stopping()
        config = uvicorn.Config(
            application(
                mock, _names(self.host) if mock.is_loopback else frozenset(), self._stopping
            ),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GOODBYE,
            limit_concurrency=CONNECTIONS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="mock-http", daemon=True
        )

    @property
    def url(self) -> str:
        """Where the page is; the results API is below it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Serve; clients could queue since the object was made."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the answers under way, end the thread, free the port; again does nothing."""
        self._server.should_exit = True
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()


def _names(host: str) -> frozenset[str]:
    """The names by which a browser may call a server on loopback.

    A name of somebody else's that was made to point here is turned away.
    """
    return frozenset({"localhost", "127.0.0.1", "::1", host})
