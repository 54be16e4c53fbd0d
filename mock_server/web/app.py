"""The ASGI application: its routes, who may see what, and the headers of every answer."""

import asyncio
import base64
import binascii
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from mock_server.accounts import Account
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

PATIENCE = 2.0
"""Seconds that a request waits for processing that is due; longer work is shown as In Progress."""


class Stopping:
    """Tells requests that wait that the server is about to end. Set from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None
        self._is_set = False

    def set(self) -> None:
        """Wake whoever waits, now and later."""
        self._is_set = True
        if self._loop is not None and self._event is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Until it is set."""
        if self._event is None:
            self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if not self._is_set:
            await self._event.wait()


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
    from mock_server.web import controls, pages, results_api

    app = Starlette(
        routes=[*results_api.ROUTES, *controls.ROUTES, *pages.ROUTES],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={HTTPException: _http_error, 500: _broken},
    )
    app.state.mock, app.state.stopping = mock, stopping
    return app


def mock_of(request: Request) -> "MockImportServer":
    """The mock server that the request is about."""
    mock: MockImportServer = request.app.state.mock
    return mock


async def settled(mock: "MockImportServer") -> None:
    """Wait for what the clock says is due, a moment at most."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while mock.intake.is_behind() and loop.time() < until:
        await asyncio.sleep(0.01)


async def visible_accounts(request: Request) -> "dict[str, Account]":
    """The accounts that whoever asks may see on the page.

    On loopback all of them, without a log-in. On an address that others can reach, the one whose
    FTP user and password the request carries.

    Raises:
        HTTPException: 401.
    """
    mock = mock_of(request)
    if mock.is_loopback:
        return dict(mock.accounts)
    user, password = credentials(request)
    for account in mock.accounts.values():
        if account.user == user and account.password.matches(password):
            return {account.name: account}
    raise await refusal(request, user, "an account's FTP user and password")


def credentials(request: Request) -> tuple[str, str]:
    """User and password of the request's Basic authentication; empty where it has none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


async def refusal(request: Request, user: str, wanted: str) -> HTTPException:
    """What to raise for wrong credentials, once the delay that slows guessing has passed."""
    mock = mock_of(request)
    if user:
        log.warning("%s: refused for %r", request.url.path, user[:64])
        await asyncio.sleep(mock.login_delay)
    return HTTPException(
        401,
        f"Basic authentication with {wanted} is needed",
        {"WWW-Authenticate": 'Basic realm="import server mock", charset="UTF-8"'},
    )


def error(message: str, fields: Iterable[tuple[str, str]] = ()) -> dict[str, object]:
    """An error as impact.com's API writes it."""
    body: dict[str, object] = {"Status": "ERROR", "Message": message}
    errors = [{"Field": field, "Message": what} for field, what in fields]
    return body | ({"Errors": errors} if errors else {})


def wants_html(request: Request) -> bool:
    """Whether a browser asks."""
    return "text/html" in request.headers.get("accept", "")


async def _http_error(request: Request, raised: Exception) -> Response:
    from mock_server.web import pages

    if not isinstance(raised, HTTPException):
        raise TypeError(raised)
    # Starlette's own, for an address that no route has, would shout in title case.
    said = "There is nothing at this address." if raised.detail == "Not Found" else raised.detail
    if wants_html(request) and raised.status_code != 401:
        return pages.failure(request, raised.status_code, said)
    return JSONResponse(error(said), raised.status_code, headers=raised.headers)


async def _broken(request: Request, raised: Exception) -> Response:
    log.error("%s failed", request.url.path, exc_info=raised)
    return JSONResponse(error("a bug of the mock server; its log says more"), 500)
