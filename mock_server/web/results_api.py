"""impact.com's Submissions API for files, as documented: the outcome of each file, its errors.

`GET /Advertisers/{AccountSID}/FTPFileSubmissions`, `…/{BatchId}` and `…/{BatchId}/ErrorDetails`,
with Basic authentication by AccountSID and AuthToken. Sources: impact.com's Brand API reference
(Submissions v14; pagination; status codes and errors). As in its examples all values are strings.

Where the reference is silent: times that a filter names are part of what it asks for, a list is
in the order of submission, and a request waits a moment for work that is due, so that an upload's
result can be asked for at once.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mock_server.accounts import Account
from mock_server.faults import At, Effect
from mock_server.store import RowError, Submission
from mock_server.web.requests import credentials, error, mock_of, refusal, settled

KEPT = timedelta(days=90)
"""Submissions are shown for so long."""

PAGE_SIZE, LARGEST_PAGE = 1000, 20_000
RATE_LIMIT, RESET_AFTER = 1000, 60

FILTERS = ("SubmissionDateStart", "SubmissionDateEnd", "CompletedDateStart", "CompletedDateEnd")


class WrongQuery(Exception):
    """A parameter that can't be read."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field, self.message = field, message


async def submissions(request: Request) -> Response:
    """The account's files."""
    account = await _account(request)
    if fault := await _fault(request):
        return fault
    await settled(mock_of(request))
    try:
        bounds = {name: _moment(request, name) for name in FILTERS}
        page, size = _count(request, "Page", 1), _count(request, "PageSize", PAGE_SIZE)
    except WrongQuery as wrong:
        return _wrong(wrong)
    found = [each for each in _kept(request, account) if _within(each, bounds)]
    items = [_submission(each, account) for each in found[(page - 1) * size : page * size]]
    return _listed(request, "FTPFileSubmissions", items, len(found), page, size)


async def submission(request: Request) -> Response:
    """One of the account's files."""
    account = await _account(request)
    if fault := await _fault(request):
        return fault
    await settled(mock_of(request))
    return _json(_submission(_found(request, account), account))


async def errors(request: Request) -> Response:
    """The errors of one of the account's files."""
    account = await _account(request)
    if fault := await _fault(request):
        return fault
    await settled(mock_of(request))
    file = _found(request, account)
    try:
        page, size = _count(request, "Page", 1), _count(request, "PageSize", PAGE_SIZE)
    except WrongQuery as wrong:
        return _wrong(wrong)
    found = mock_of(request).store.errors(
        batch_id=file.batch_id, limit=size, offset=(page - 1) * size
    )
    items = [_error(each, account) for each in found]
    return _listed(request, "ErrorDetail", items, file.total_errors, page, size)


_ROOT = "/Advertisers/{sid}/FTPFileSubmissions"
ROUTES = [
    Route(_ROOT, submissions),
    Route(_ROOT + "/{batch_id}", submission),
    Route(_ROOT + "/{batch_id}/ErrorDetails", errors),
]


# -- asking ----------------------------------------------------------------------------------------


async def _account(request: Request) -> Account:
    """The account that the credentials and the address both name."""
    sid, token = credentials(request)
    for account in mock_of(request).accounts.values():
        if account.sid == sid and account.token.matches(token):
            if request.path_params["sid"] != sid:
                raise HTTPException(403, "these credentials are another account's")
            return account
    raise await refusal(request, sid, "AccountSID and AuthToken")


async def _fault(request: Request) -> Response | None:
    """What a fault of the book answers in place of the API."""
    fault = mock_of(request).book.strike(At.RESULTS)
    if fault is None:
        return None
    if fault.effect is Effect.HANG:
        await _hang(request)
        return Response(status_code=503)
    status = int(fault.reply)
    headers = {
        "X-RateLimit-Limit": str(RATE_LIMIT),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(RESET_AFTER),
    }
    body = error(f"{status} by a fault of the mock server ({fault.name})")
    return JSONResponse(body, status, headers=headers if status == 429 else None)


async def _hang(request: Request) -> None:
    """Say nothing until the client goes away, or the server ends."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    waiting = [asyncio.create_task(wait) for wait in (gone(), request.app.state.stopping.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _kept(request: Request, account: Account) -> list[Submission]:
    mock = mock_of(request)
    oldest = mock.clock.now() - KEPT
    return [each for each in mock.store.submissions(account.name) if each.received >= oldest]


def _found(request: Request, account: Account) -> Submission:
    wanted = request.path_params["batch_id"]
    found = mock_of(request).store.submission(wanted)
    if found is None or found.account != account.name:
        raise HTTPException(404, "no such submission in this account")
    return found


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongQuery(
            name,
            f"{text[:64]!r} is no ISO 8601 time such as 2026-11-24T12:00:00Z "
            "(a + is written %2B in an address)",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _count(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        raise WrongQuery(
            name, f"{text[:64]!r} is not a whole number from 1 to {LARGEST_PAGE}"
        ) from None
    return int(text)


def _within(file: Submission, bounds: dict[str, datetime | None]) -> bool:
    """Whether the file was submitted, and completed where that is asked, between the bounds."""
    start, end, completed_start, completed_end = (bounds[name] for name in FILTERS)
    if (completed_start or completed_end) and file.completed is None:
        return False
    done = file.completed or file.received
    return (
        (start is None or file.received >= start)
        and (end is None or file.received <= end)
        and (completed_start is None or done >= completed_start)
        and (completed_end is None or done <= completed_end)
    )


# -- answering -------------------------------------------------------------------------------------


def _submission(file: Submission, account: Account) -> dict[str, str]:
    uri = f"/Advertisers/{account.sid}/FTPFileSubmissions/{file.batch_id}"
    return {
        "BatchId": file.batch_id,
        "AccountId": _account_id(account),
        "SubmissionDate": _stamp(file.received),
        "FileName": file.file_name,
        "Type": "Conversion",
        "Status": file.status,
        "TotalRecords": str(file.total_records),
        "TotalErrors": str(file.total_errors),
        "CompletionDate": _stamp(file.completed) if file.completed else "",
        "ErrorsUri": f"{uri}/ErrorDetails",
        "Uri": uri,
    }


def _error(found: RowError, account: Account) -> dict[str, str]:
    uri = f"/Advertisers/{account.sid}/FTPFileSubmissions/{found.batch_id}/ErrorDetails"
    return {
        "Line": str(found.line),
        "CampaignId": found.cells.get("CampaignId", ""),
        "ActionTrackerId": found.cells.get("ActionTrackerId", ""),
        "MediaPartnerId": found.cells.get("MediaId", ""),
        "EventCode": "",
        "OrderId": "",
        "Category": "",
        "Sku": "",
        "Status": found.status,
        "Reason": found.reason,
        "Uri": uri,
    }


def _account_id(account: Account) -> str:
    """A number for the account, the same in every run; the real one's is not its SID either."""
    return str(int.from_bytes(hashlib.sha256(account.name.encode()).digest()[:3], "big") + 1)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _listed(
    request: Request, key: str, items: Sequence[dict[str, str]], total: int, page: int, size: int
) -> Response:
    """A page of a list with the places of the others."""
    pages = max(ceil(total / size), 1)

    def uri(number: int) -> str:
        if not 1 <= number <= pages:
            return ""
        query = {**request.query_params, "Page": str(number), "PageSize": str(size)}
        return f"{request.url.path}?{urlencode(query)}"

    start = (page - 1) * size
    return _json(
        {
            "@page": str(page),
            "@numpages": str(pages),
            "@pagesize": str(size),
            "@total": str(total),
            "@start": str(start),
            "@end": str(max(start + len(items) - 1, 0)),
            "@uri": uri(page),
            "@firstpageuri": uri(1),
            "@previouspageuri": uri(page - 1),
            "@nextpageuri": uri(page + 1),
            "@lastpageuri": uri(pages),
            key: items,
        }
    )


def _wrong(query: WrongQuery) -> Response:
    return JSONResponse(error("a parameter is wrong", [(query.field, query.message)]), 400)


def _json(document: Any) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), media_type="application/json")
