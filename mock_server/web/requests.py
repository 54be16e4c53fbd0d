"""What the routes share: who may see what, errors, and waiting for processing that is due."""

import asyncio
import base64
import binascii
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request

if TYPE_CHECKING:
    from mock_server.accounts import Account
    from mock_server.server import MockImportServer

log = logging.getLogger("mock_server.web")

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
