"""What a tester does to the server, for shells and other languages: faults and the clock.

The real server has none of this, so it has a separate path, `/mock`. Bodies are JSON,
which a page of another origin can't send unasked.
"""

import json
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mock_server.faults import FAULTS, UnknownFault
from mock_server.web.requests import mock_of, settled, visible_accounts

LONGEST_BODY = 10_000
"""Bytes."""


async def faults(request: Request) -> Response:
    """GET: all faults, and those that are armed. POST: arm one. DELETE: disarm one, or all."""
    await visible_accounts(request)
    mock = mock_of(request)
    if request.method == "POST":
        given = await _body(request, {"name", "times", "after", "command"})
        if not isinstance(given.get("name"), str):
            raise HTTPException(400, 'name: expected a fault\'s name, as {"name": "data-cut"}')
        _whole(given, "times", "after")
        if not isinstance(given.get("command", ""), str):
            raise HTTPException(400, f"command: expected an FTP verb, not {given['command']!r}")
        try:
            mock.fault(
                given["name"],
                given.get("times", 1),
                after=given.get("after"),
                command=given.get("command"),
            )
        except (UnknownFault, ValueError) as error:
            raise HTTPException(400, str(error)) from None
    elif request.method == "DELETE":
        mock.clear_faults(request.query_params.get("name"))
    return JSONResponse(
        {
            "armed": [{"name": a.fault.name, "times": a.times} for a in mock.faults()],
            "book": {fault.name: fault.shows for fault in FAULTS},
        }
    )


async def clock(request: Request) -> Response:
    """GET: the time on the server's clock. POST: move it on, by days, hours or seconds."""
    await visible_accounts(request)
    mock = mock_of(request)
    if request.method == "POST":
        given = await _body(request, {"days", "hours", "seconds"})
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise HTTPException(400, f"{name}: expected a number of at least 0, not {value!r}")
        await settled(mock)
        try:
            mock.clock.advance(timedelta(**given))
        except OverflowError:
            raise HTTPException(400, "the clock does not go so far") from None
        mock.intake.wake()
    return JSONResponse({"now": mock.clock.now().isoformat()})


ROUTES = [
    Route("/mock/faults", faults, methods=["GET", "POST", "DELETE"]),
    Route("/mock/clock", clock, methods=["GET", "POST"]),
]


async def _body(request: Request, known: set[str]) -> dict[str, Any]:
    """The request's JSON object, with known keys only."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "send JSON, with the header Content-Type: application/json")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            raise HTTPException(413, f"expected at most {LONGEST_BODY} bytes")
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise HTTPException(400, "expected a JSON object")
    for key in given:
        if key not in known:
            raise HTTPException(400, f"unknown key {key!r}; known are {', '.join(sorted(known))}")
    return given


def _whole(given: dict[str, Any], *names: str) -> None:
    for name in names:
        value = given.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise HTTPException(400, f"{name}: expected a whole number or null, not {value!r}")
