"""The web page for people: accounts, files, the rows of a file, and a search.

Works without JavaScript; with it, what is shown is kept up to date. Templates escape all that is
put in; the policy in `app` lets nothing run that came as data.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from callconv_kit.model import spec
from mock_server.store import COMPLETE, PendingAction, RowError, Submission
from mock_server.web.requests import mock_of, visible_accounts

if TYPE_CHECKING:
    from mock_server.server import MockImportServer

PERSONAL = frozenset(column.name for column in spec.COLUMNS if column.personal)
LIKE_A_NUMBER = re.compile(r"\+?[(\d][\d\s().-]{5,}\d")
SHOWN = 4


def masked(text: str) -> str:
    """All digits but the last four as asterisks; a text without digits, such as a word, stays.

    >>> masked("(212) 555-0123")
    '(***) ***-0123'
    """
    hidden = sum(char.isdigit() for char in text) - SHOWN
    return re.sub(r"\d", "*", text, count=hidden) if hidden > 0 else text


def masked_cells(row: PendingAction | RowError) -> dict[str, str]:
    """A row's cells. Where the row as a whole is wrong a number may stand under any column."""
    anywhere = isinstance(row, RowError) and not row.column
    return {
        name: masked(text)
        if name in PERSONAL
        else LIKE_A_NUMBER.sub(lambda found: masked(found[0]), text)
        if anywhere
        else text
        for name, text in row.cells.items()
    }


def masked_detail(error: RowError) -> str:
    """What is wrong with a row, with the found value masked where it is a phone number."""
    found = error.cells.get(error.column, "")
    if error.column not in PERSONAL or not found:
        return error.detail
    return error.detail.replace(repr(found), repr(masked(found)))


FILES_A_PAGE, ROWS_A_PAGE = 50, 100
ACTION_COLUMNS = (
    "EventDate",
    "CallSessionId",
    "CampaignId",
    "MediaId",
    "ActionTrackerId",
    "CallerId",
    "CallDuration",
    "CallStatus",
    "SaleAmount",
)
"""The columns of the table; the rest of a row is shown when it is unfolded."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file as the page shows it; `reason` is empty for a pending action."""

    batch_id: str
    account: str
    file_name: str
    line: int
    cells: Mapping[str, str]
    reason: str = ""
    status: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """The rows of some files."""

    files: int
    waiting: int
    rows: int
    actions: int
    errors: int


@dataclass(frozen=True, slots=True)
class Pager:
    """Where one is in a long table."""

    page: int
    pages: int
    previous: str
    next: str


async def overview(request: Request) -> Response:
    """All accounts, and the files that came last."""
    accounts = await visible_accounts(request)
    mock = mock_of(request)
    files = [f for f in reversed(mock.store.submissions()) if f.account in accounts]
    shown, pager = _paged(request, files, FILES_A_PAGE)
    return _page(
        request,
        "overview.html",
        title="Import server mock",
        accounts=[(a, _totals(f for f in files if f.account == a.name)) for a in accounts.values()],
        totals=_totals(files),
        files=shown,
        pager=pager,
        live=True,
        waiting=any(f.status != COMPLETE for f in files),
    )


async def account(request: Request) -> Response:
    """One account: what it has agreed, and its files."""
    found = (await visible_accounts(request)).get(request.path_params["name"])
    if found is None:
        raise HTTPException(404, "There is no such account here.")
    files = list(reversed(mock_of(request).store.submissions(found.name)))
    shown, pager = _paged(request, files, FILES_A_PAGE)
    return _page(
        request,
        "account.html",
        title=f"{found.name} · Import server mock",
        account=found,
        totals=_totals(files),
        files=shown,
        pager=pager,
        live=True,
        waiting=any(f.status != COMPLETE for f in files),
    )


async def file(request: Request) -> Response:
    """One file: its errors, or its pending actions."""
    accounts = await visible_accounts(request)
    store = mock_of(request).store
    found = store.submission(request.path_params["batch_id"])
    if found is None or found.account not in accounts:
        raise HTTPException(404, "There is no such file here.")
    actions = _actions(found)
    show = request.query_params.get("show", "")
    if show not in ("errors", "actions"):
        show = "errors" if found.total_errors else "actions"
    number = _page_number(request)
    total = found.total_errors if show == "errors" else actions
    rows_of = store.errors if show == "errors" else store.pending_actions
    rows: Iterable[PendingAction | RowError] = rows_of(
        batch_id=found.batch_id, limit=ROWS_A_PAGE, offset=(number - 1) * ROWS_A_PAGE
    )
    return _page(
        request,
        "file.html",
        title=f"{found.file_name} · Import server mock",
        file=found,
        account=accounts[found.account],
        actions=actions,
        reasons=store.reasons(found.batch_id),
        show=show,
        rows=[_row(row, numbers_shown(request)) for row in rows],
        columns=ACTION_COLUMNS,
        pager=_pager(request, number, total, ROWS_A_PAGE),
        live=found.status != COMPLETE,
        waiting=found.status != COMPLETE,
    )


async def search(request: Request) -> Response:
    """All rows of one CallSessionId."""
    accounts = await visible_accounts(request)
    session = request.query_params.get("session", "").strip()
    store = mock_of(request).store
    found: list[PendingAction | RowError] = []
    if session:
        found += store.pending_actions(session=session, limit=ROWS_A_PAGE)
        found += store.errors(session=session, limit=ROWS_A_PAGE)
    rows = [_row(row, numbers_shown(request)) for row in found if row.account in accounts]
    return _page(
        request,
        "search.html",
        title=f"{session or 'Search'} · Import server mock",
        session=session,
        rows=rows,
        columns=ACTION_COLUMNS,
    )


def failure(request: Request, status: int, detail: str) -> Response:
    """A page for what can't be shown."""
    return _page(
        request, "failure.html", status, title=f"{status} · Import server mock", detail=detail
    )


async def asset(request: Request) -> Response:
    """The style sheet, the script and the icon."""
    kind = _ASSETS[request.url.path.lstrip("/")]
    return Response(_text(request.url.path.lstrip("/")), media_type=kind)


_ASSETS = {"page.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}

ROUTES = [
    Route("/", overview),
    Route("/accounts/{name}", account),
    Route("/files/{batch_id}", file),
    Route("/search", search),
    *(Route(f"/{name}", asset) for name in _ASSETS),
]


# -- what is shown ---------------------------------------------------------------------------------


def numbers_shown(request: Request) -> bool:
    """Whether phone numbers were asked for in full."""
    return request.query_params.get("numbers") == "shown"


def _row(row: PendingAction | RowError, in_full: bool) -> Row:
    cells = dict(row.cells) if in_full else masked_cells(row)
    place = (row.batch_id, row.account, row.file_name, row.line, cells)
    if isinstance(row, PendingAction):
        return Row(*place)
    return Row(*place, row.reason, row.status, row.detail if in_full else masked_detail(row))


def _actions(file: Submission) -> int:
    """Rows that became pending actions; a header that is refused is an error and no row."""
    return max(file.total_records - file.total_errors, 0)


def _totals(files: Iterable[Submission]) -> Totals:
    seen = list(files)
    return Totals(
        len(seen),
        sum(f.status != COMPLETE for f in seen),
        sum(f.total_records for f in seen),
        sum(map(_actions, seen)),
        sum(f.total_errors for f in seen),
    )


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 10 else 1


def _paged(
    request: Request, files: list[Submission], size: int
) -> tuple[list[Submission], Pager | None]:
    number = _page_number(request)
    shown = files[(number - 1) * size : number * size]
    return shown, _pager(request, number, len(files), size)


def _pager(request: Request, number: int, total: int, size: int) -> Pager | None:
    pages = ceil(total / size)
    if pages < 2 and number == 1:
        return None

    def link(to: int) -> str:
        return link_with(request, page=str(to)) if 1 <= to <= pages else ""

    return Pager(number, pages, link(min(number - 1, pages)), link(number + 1))


def link_with(request: Request, **more: str) -> str:
    """The address of this page with other parameters; an empty one is left out."""
    query = {k: v for k, v in {**request.query_params, **more}.items() if v}
    return f"?{urlencode(query)}" if query else request.url.path


# -- templates -------------------------------------------------------------------------------------

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""General categories of characters that can't be seen, or turn text around."""
_JOINERS = "\u200c\u200d"


def visible(value: object) -> str:
    r"""Text with a sign for each character that can't be seen.

    >>> visible("gnp\u202eexe")
    'gnp⟨U+202E⟩exe'
    """
    text = str(value)
    if text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(c):04X}⟩" if unicodedata.category(c) in HIDDEN and c not in _JOINERS else c
        for c in text
    )


def _text(name: str) -> str:
    return resources.files("mock_server.web").joinpath("templates", name).read_text("utf-8")


@cache
def _templates() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["visible"] = visible
    templates.filters["thousands"] = lambda number: f"{number:,}"
    templates.filters["actions"] = _actions
    templates.filters["moment"] = lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"
    return templates


def _page(request: Request, template: str, status: int = 200, /, **given: Any) -> Response:
    mock: MockImportServer = mock_of(request)
    filled = {
        "live": False,
        "waiting": False,
        "session": "",
        "files": [],
        "mock": mock,
        "now": mock.clock.now(),
        "armed": mock.faults(),
        "in_full": numbers_shown(request),
        "link_with": lambda **more: link_with(request, **more),
        **given,
    }
    return HTMLResponse(_templates().get_template(template).render(filled), status)
