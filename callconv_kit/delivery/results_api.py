"""impact.com's Submissions API, as far as results need it: the outcome of each file, its errors.

`GET {base}/Advertisers/{sid}/FTPFileSubmissions`, and `/{BatchId}/ErrorDetails` below it, with
Basic authentication. The list's key is documented in two ways and numbers come as strings: both
are taken. Rate limit: 429 with X-RateLimit-Reset and without Retry-After.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import tenacity

from callconv_kit.delivery.credentials import secret_from
from callconv_kit.delivery.fault_texts import delivery_error
from callconv_kit.delivery.sent_rows import COMPLETE
from callconv_kit.model.errors import DeliveryError, UsageError, not_installed

if TYPE_CHECKING:
    import httpx

    from callconv_kit.job import Results

log = logging.getLogger(__name__)

PAGES = 1000
"""Pages; a list that is longer never ends."""

LONGEST_WAIT = 900.0
"""Seconds that a command waits for the rate limit at most, over all of its requests."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One file on the server's side. `records` is -1 where the server does not say."""

    id: str
    file_name: str
    status: str
    records: int
    errors: int

    @property
    def is_complete(self) -> bool:
        """Whether the server has judged all of its rows; errors may exist."""
        return self.status == COMPLETE


@dataclass(frozen=True, slots=True)
class RowError:
    """One refused row: `line` is the server's number, from which ours may differ by an offset."""

    line: int
    reason: str
    status: str
    campaign: str = ""
    tracker: str = ""
    media: str = ""


class _TryAgain(Exception):
    """A passing failure; `wait` in seconds where the server says how long."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class ResultsApi:
    """The API of one account. Use it in a `with` block."""

    def __init__(
        self,
        settings: "Results",
        *,
        token: str | None = None,
        transport: "httpx.BaseTransport | None" = None,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: Callable[[str, float], None] | None = None,
        attempts: int = 6,
    ) -> None:
        """Nothing is asked yet.

        Args:
            settings: the job's [results].
            token: wins over its `token_from`.
            transport: in place of the network, for tests.
            sleep: the same.
            on_wait: called with the reason and the seconds before each wait; none: it is logged.
            attempts: how often a request is tried.

        Raises:
            UsageError: `results_missing`, `account_missing` or `password_missing`.
        """
        try:
            import httpx
        except ModuleNotFoundError as error:
            raise not_installed(
                "results_missing",
                "Reading results",
                error,
                "results",
                "use `callconv results --from FILE`",
            ) from None
        if not settings.account_sid:
            raise UsageError(
                "account_missing",
                "The job does not say whose results to read",
                "no account_sid",
                "the account's SID, as impact.com's API settings show it",
                "Set `account_sid` under [results].",
            )
        secret = token
        if secret is None:
            host = httpx.URL(settings.base_url).host
            secret = secret_from(settings.token_from, host, settings.account_sid).password
        self._base = f"{settings.base_url.rstrip('/')}/Advertisers/{settings.account_sid}"
        self._host = httpx.URL(settings.base_url).host
        self._client = httpx.Client(
            auth=httpx.BasicAuth(settings.account_sid, secret),
            headers={"Accept": "application/json"},
            timeout=30.0,
            transport=transport,
            follow_redirects=False,  # the token goes to one host only
        )
        self._sleep = sleep
        self._on_wait = on_wait or _log_wait
        self._attempts = attempts
        self._patience = LONGEST_WAIT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def batches(self, since: datetime | None = None) -> Iterator[Batch]:
        """The account's files, those submitted since a time.

        Raises:
            DeliveryError: `results_refused`, `results_unavailable` or `results_unreadable`.
        """
        asked = {"SubmissionDateStart": since.isoformat(timespec="seconds")} if since else {}
        for item in self._listed(f"{self._base}/FTPFileSubmissions", asked, _SUBMISSIONS):
            yield Batch(
                _text(item.get("BatchId")),
                _text(item.get("FileName")),
                _text(item.get("Status")),
                _number(item.get("TotalRecords"), -1),
                _number(item.get("TotalErrors"), 0),
            )

    def errors(self, batch: str) -> list[RowError]:
        """The refused rows of a file; the same errors as `batches`."""
        found = []
        address = f"{self._base}/FTPFileSubmissions/{quote(batch, safe='')}/ErrorDetails"
        for item in self._listed(address, {}, _ERRORS):
            line = _number(item.get("Line"), 0)
            found.append(RowError(line, *(_text(item.get(key)) for key in _ERROR_WORDS)))
        return found

    def _listed(
        self, address: str, asked: Mapping[str, str], keys: tuple[str, ...]
    ) -> Iterator[Mapping[str, Any]]:
        following: str | None = address
        seen: set[str] = set()
        entries = 0
        while following is not None:
            if following in seen or len(seen) == PAGES:
                raise self._endless(len(seen), entries)
            seen.add(following)
            page = self._page(following, asked)
            items = next((page[key] for key in keys if isinstance(page.get(key), list)), None)
            if items is None:
                raise self._unreadable(f"none of {', '.join(keys)} in the answer")
            entries += len(items)
            yield from (item for item in items if isinstance(item, dict))
            following, asked = self._next(page), {}

    def _next(self, page: Mapping[str, Any]) -> str | None:
        following = page.get("@nextpageuri") or page.get("NextPageUri")
        if not following:
            return None
        import httpx

        # Only the path is taken: the token goes to no host that an answer names.
        try:
            address = self._client.build_request("GET", self._base).url.join(_text(following))
        except (httpx.InvalidURL, ValueError) as error:
            raise self._unreadable(f"the address of the next page: {error}") from None
        return str(address) if address.host == self._host else None

    def _page(self, address: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=_wait,
            retry=tenacity.retry_if_exception_type(_TryAgain),
            sleep=self._sleep,
            before_sleep=self._before_wait,
            reraise=True,
        )
        try:
            return retrying(self._once, address, asked)
        except _TryAgain as error:
            raise delivery_error(
                "results_unavailable",
                str(error),
                "a page of results",
                host=self._host,
            ) from None

    def _before_wait(self, state: tenacity.RetryCallState) -> None:
        """Say how long is waited, and stop where that is longer than a command may take."""
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        if seconds > self._patience:
            raise delivery_error(
                "results_rate_limited",
                f"{error}; {seconds:.0f} s until it allows the next one",
                f"at most {LONGEST_WAIT:.0f} s of waiting in all",
                host=self._host,
            )
        self._patience -= seconds
        self._on_wait(str(error), seconds)

    def _endless(self, pages: int, entries: int) -> DeliveryError:
        return delivery_error(
            "results_endless",
            f"{pages} pages with {entries} entries were read, and the next page is "
            + ("still another" if pages == PAGES else "one of them"),
            "a last page that names no next one",
            host=self._host,
        )

    def _once(self, address: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
        import httpx

        try:
            answer = self._client.get(address, params=asked or None)
        except httpx.TransportError as error:
            raise _TryAgain(type(error).__name__) from None
        except httpx.DecodingError as error:
            raise self._unreadable(f"its compression is damaged: {error}") from None
        status = answer.status_code
        if status == 429:
            raise _TryAgain("429, the rate limit", _reset(answer.headers))
        if status >= 500:
            raise _TryAgain(str(status))
        if status != 200:
            raise delivery_error(
                "results_refused",
                f"{status} {answer.reason_phrase}",
                "200",
                host=self._host,
            )
        try:
            page = answer.json()
        except (ValueError, RecursionError):
            page = None
        if not isinstance(page, dict):
            raise self._unreadable("no JSON object")
        return page

    def _unreadable(self, found: str) -> DeliveryError:
        return delivery_error(
            "results_unreadable",
            found,
            "JSON with a list of submissions",
            host=self._host,
        )


_SUBMISSIONS = ("FTPFileSubmissions", "APISubmission", "APISubmissions", "Submissions")
_ERRORS = ("ErrorDetail", "ErrorDetails", "FTPFileSubmissionErrors", "Errors", "APISubmissionError")
_ERROR_WORDS = ("Reason", "Status", "CampaignId", "ActionTrackerId", "MediaPartnerId")

_backoff = tenacity.wait_random_exponential(multiplier=1, max=60)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    requested = error.wait if isinstance(error, _TryAgain) else 0.0
    return requested or _backoff(state)


def _log_wait(reason: str, seconds: float) -> None:
    log.warning("step=results wait=%.0f reason=%s", seconds, reason)


def _reset(headers: Mapping[str, str]) -> float:
    """Seconds until the limit is lifted: the header gives seconds, or an epoch."""
    value = headers.get("X-RateLimit-Reset") or headers.get("Retry-After") or ""
    try:
        reset = float(value)
    except ValueError:
        return 0.0
    if not math.isfinite(reset):
        return 0.0
    return max(reset - time.time(), 1.0) if reset > 1e8 else max(reset, 0.0)


def _text(value: object) -> str:
    """A text of an answer; half a character, which no file or database takes, becomes `?`."""
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


def _number(value: object, missing: int) -> int:
    """A number of an answer, as the ledger can hold it."""
    try:
        number = int(str(value))
    except ValueError:
        return missing
    return number if abs(number) < 1 << 63 else missing
