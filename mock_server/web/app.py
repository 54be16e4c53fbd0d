"""The ASGI application: its routes, and the headers of every answer."""

import logging
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.web import controls, pages, results_api
from mock_server.web.requests import Stopping, error

if TYPE_CHECKING:
    from mock_server.server import MockImportServer

log = logging.getLogger("mock_server.web")

HEADERS = {
    # Nothing from elsewhere, no inline script or style, no framing: a cell that got through the
    # escaping could still do nothing.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Puts the headers on every answer, and turns away calls by a name that is not ours."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        app = self._app
        if self._hosts and _name(Request(scope).headers.get("host", "")) not in self._hosts:
            app = JSONResponse(
                error("this server is called by its address only, such as 127.0.0.1"), 421
            )

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] += [
                    (name.encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.encode() not in present
                ]
            await send(message)

        await app(scope, receive, send_with_headers)


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def application(mock: "MockImportServer", hosts: frozenset[str], stopping: Stopping) -> Starlette:
    """The application of one mock server, called by one of `hosts` (none named: by any name)."""
    app = Starlette(
        routes=[*results_api.ROUTES, *controls.ROUTES, *pages.ROUTES],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={HTTPException: _http_error, 500: _broken},
    )
    app.state.mock, app.state.stopping = mock, stopping
    return app


def wants_html(request: Request) -> bool:
    """Whether a browser asks."""
    return "text/html" in request.headers.get("accept", "")


async def _http_error(request: Request, raised: Exception) -> Response:
    if not isinstance(raised, HTTPException):
        raise TypeError(raised)
    # Starlette's own, for an address that no route has, would shout in title case.
    message = "There is nothing at this address." if raised.detail == "Not Found" else raised.detail
    if wants_html(request) and raised.status_code != 401:
        return pages.failure(request, raised.status_code, message)
    return JSONResponse(error(message), raised.status_code, headers=raised.headers)


async def _broken(request: Request, raised: Exception) -> Response:
    log.error("%s failed", request.url.path, exc_info=raised)
    return JSONResponse(error("a bug of the mock server; its log says more"), 500)
