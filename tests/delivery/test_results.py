"""Reading back: which calls were refused and why, which are unconfirmed, and what can be fixed.

Here a stand-in says what no right server says, or what the mock's API, which is asked in
test_results_over_http.py, says otherwise.
"""

import contextlib
import csv
import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callconv_kit.delivery import upload
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.reconcile import reconcile
from callconv_kit.delivery.refused_rows import write_fix_file
from callconv_kit.delivery.results import confirmer, results, results_from
from callconv_kit.delivery.results_api import Batch, ResultsApi
from callconv_kit.delivery.trace import trace
from callconv_kit.job import Job, Results
from callconv_kit.model.errors import DeliveryError, InputError, OutcomeUnknown, UsageError
from mock_server.server import MockImportServer

from .conftest import CALL, HASTY, PASSWORD, connection_to, ready_text

SETTINGS = Results(account_sid="IRdemo")
TOKEN = "s3cret-token-geheim"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """Calls A to E; B is of another campaign, and D of another media partner."""
    path = tmp_path / "out" / "ready.csv"
    path.parent.mkdir()
    calls = [{"CallSessionId": name} for name in "ABCDE"]
    calls[1]["CampaignId"], calls[3]["MediaId"] = "1002", "20099"
    path.write_text(ready_text(*calls))
    lines = pa.table({"source_file": ["inbox/x.csv"] * 5, "source_line": [2, 5, 7, 9, 11]})
    pq.write_table(lines, path.with_name("ready_lines.parquet"))
    changes = {
        "file": ["inbox/x.csv"],
        "line": [5],
        "column": ["CallerId"],
        "rule": ["phone_rewritten"],
        "before": ["(212) 555-0123"],
        "after": ["2125550123"],
    }
    pq.write_table(pa.table(changes), path.with_name("changes.parquet"))
    return path


@pytest.fixture
def name(server: MockImportServer, ready: Path, ledger: Ledger) -> str:
    """The file's name on the server, once it is delivered."""
    receipt = upload(ready, connection_to(server), password=PASSWORD, ledger=ledger, patience=HASTY)
    return receipt.name


def api(*pages: Any, seen: list[httpx.Request] | None = None) -> ResultsApi:
    """An API that answers with these pages, one a request; the last for ever."""
    answers = iter(pages)
    last: list[Any] = [None]

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        last[0] = next(answers, last[0])
        if isinstance(last[0], Exception):
            raise last[0]
        if isinstance(last[0], httpx.Response):
            return last[0]
        return httpx.Response(200, json=last[0])

    return ResultsApi(
        SETTINGS, token=TOKEN, transport=httpx.MockTransport(answer), sleep=lambda _: None
    )


def listed(name: str, key: str = "FTPFileSubmissions", **more: str) -> dict[str, Any]:
    item = {"BatchId": "F-1", "FileName": name, "Status": "Complete", "TotalRecords": "5"}
    return {key: [{**item, "TotalErrors": "2", **more}]}


def errors(*rows: tuple[int, str, dict[str, str]], key: str = "ErrorDetails") -> dict[str, Any]:
    return {key: [{"Line": str(line), "Reason": reason, **ids} for line, reason, ids in rows]}


B_REFUSED = (3, "CAMPAIGN_NOT_FOUND", {"CampaignId": "1002", "Status": "Validation"})
D_REFUSED = (5, "CONTRACT_NOT_FOUND", {"MediaPartnerId": "20099", "Status": "Contract Error"})

KEYS = {"as documented": "FTPFileSubmissions", "as in the example": "APISubmission"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_each_refusal_is_led_back_to_its_row_and_its_source_line(
    ledger: Ledger, name: str, key: str
) -> None:
    said = api(listed(name, key), errors(B_REFUSED, D_REFUSED))
    found = results(ledger, SETTINGS, api=said)
    assert (found.refused, found.unconfirmed, found.confirmed) == (2, 3, 0)
    assert found.reasons == {"CAMPAIGN_NOT_FOUND": 1, "CONTRACT_NOT_FOUND": 1}
    (file,) = found.files
    assert file.offset == 0
    rows = [refusal.row for refusal in file.refusals if refusal.row]
    assert [(row.cells["CallSessionId"], row.source_file, row.source_line) for row in rows] == [
        ("B", "inbox/x.csv", 5),
        ("D", "inbox/x.csv", 9),
    ]
    shown = found.as_dict()["files"][0]["refusals"][0]["call"]
    assert shown["CallerId"] == "******0123"


OFFSETS = {
    "the header is line 1": (0, [B_REFUSED, D_REFUSED]),
    "the first row is line 1": (
        -1,
        [(2, *B_REFUSED[1:]), (4, *D_REFUSED[1:])],
    ),
    "the first row is line 0": (-2, [(1, *B_REFUSED[1:]), (3, *D_REFUSED[1:])]),
    "the ids fit everywhere": (None, [(4, "CALL_DUPLICATE", {"ActionTrackerId": "30021"})]),
    "the ids fit nowhere": (None, [(4, "CAMPAIGN_NOT_FOUND", {"CampaignId": "7"})]),
    "they disagree": (None, [B_REFUSED, (4, *D_REFUSED[1:])]),
}


@pytest.mark.parametrize(("offset", "rows"), OFFSETS.values(), ids=OFFSETS)
def test_the_servers_line_numbers_are_believed_only_where_the_ids_agree(
    ledger: Ledger, name: str, tmp_path: Path, offset: int | None, rows: list[Any]
) -> None:
    found = results(ledger, SETTINGS, api=api(listed(name), errors(*rows)))
    assert found.files[0].offset == offset
    assert found.refused == len(rows)
    target = tmp_path / "fix.csv"
    if offset is None:
        with pytest.raises(DeliveryError) as caught:
            write_fix_file(found, target)
        assert caught.value.code == "line_offset_unknown"
        assert not target.exists()
    else:
        assert write_fix_file(found, target) == 2


def test_an_offset_that_a_canary_has_shown_holds_for_later_files(ledger: Ledger, name: str) -> None:
    results(ledger, SETTINGS, api=api(listed(name), errors(B_REFUSED)))
    vague = (4, "CALL_DUPLICATE", {"ActionTrackerId": "30021"})
    found = results(ledger, SETTINGS, api=api(listed(name), errors(vague)))
    (refusal,) = found.files[0].refusals
    assert refusal.row is not None
    assert refusal.row.cells["CallSessionId"] == "C"


def test_an_offset_may_be_given(ledger: Ledger, name: str) -> None:
    vague = (4, "CALL_DUPLICATE", {"ActionTrackerId": "30021"})
    said = api(listed(name), errors(vague))
    found = results(ledger, SETTINGS, api=said, line_offset=1)
    assert found.files[0].refusals[0].row.cells["CallSessionId"] == "B"


def test_the_fix_file_has_the_shape_of_rejected_csv(
    ledger: Ledger, name: str, tmp_path: Path
) -> None:
    found = results(ledger, SETTINGS, api=api(listed(name), errors(B_REFUSED)))
    write_fix_file(found, tmp_path / "fix.csv")
    (row,) = csv.DictReader((tmp_path / "fix.csv").read_text().splitlines())
    assert (row["source_file"], row["source_line"]) == ("inbox/x.csv", "5")
    assert row["codes"] == "CAMPAIGN_NOT_FOUND"
    assert row["CallSessionId"] == "B"
    assert row["CallerId"] == CALL["CallerId"]


def test_a_refused_row_may_be_sent_again_and_no_other(
    server: MockImportServer, ready: Path, ledger: Ledger, name: str
) -> None:
    results(ledger, SETTINGS, api=api(listed(name), errors(B_REFUSED)))
    receipt = upload(ready, connection_to(server), password=PASSWORD, ledger=ledger, patience=HASTY)
    assert (receipt.rows, receipt.left_out) == (1, {"already_sent": 4})


def test_both_sums_come_out(ledger: Ledger, name: str) -> None:
    results(ledger, SETTINGS, api=api(listed(name), errors(B_REFUSED)))
    summary = {"rows_read": 9, "rows_ready": 5, "rows_rejected": 3, "rows_left_out": 1}
    sums = reconcile(ledger, summary)
    assert sums.holds
    assert sums.lines == (
        "read 9 = ready 5 + rejected 3 + left out 1",
        "sent 5 = refused 1 + unconfirmed 4 + confirmed 0",
    )
    assert not reconcile(ledger, {**summary, "rows_read": 10}).holds


def test_pages_are_followed_on_the_same_host_only(ledger: Ledger, name: str) -> None:
    seen: list[httpx.Request] = []
    other = {"FTPFileSubmissions": [], "@nextpageuri": "/Advertisers/IRdemo/x?Page=2"}
    away = {**listed(name), "@nextpageuri": "https://elsewhere.example/steal"}
    results(ledger, SETTINGS, api=api(other, away, errors(B_REFUSED), seen=seen))
    assert [request.url.host for request in seen] == ["api.impact.com"] * 3
    assert "Page=2" in str(seen[1].url)


FAILING: dict[str, tuple[Callable[[], Any], str]] = {
    "404": (lambda: httpx.Response(404), "results_refused"),
    "a redirect": (lambda: httpx.Response(302, headers={"Location": "/x"}), "results_refused"),
    "no answer": (lambda: httpx.ConnectTimeout("slow"), "results_unavailable"),
    "no JSON": (lambda: httpx.Response(200, text="<html>"), "results_unreadable"),
    "a JSON list": (lambda: httpx.Response(200, json=[]), "results_unreadable"),
    "no list in it": (lambda: httpx.Response(200, json={"x": 1}), "results_unreadable"),
}


@pytest.mark.usefixtures("name")
@pytest.mark.parametrize(("answer", "code"), FAILING.values(), ids=FAILING)
def test_an_api_that_fails_says_so_and_changes_nothing(
    ledger: Ledger, answer: Callable[[], Any], code: str
) -> None:
    with pytest.raises(DeliveryError) as caught:
        results(ledger, SETTINGS, api=api(answer()))
    assert (caught.value.code, caught.value.exit_status) == (code, 4)
    assert TOKEN not in str(caught.value)


ENDLESS = {
    # next pages, pages read
    "the same page for ever": (["?Page=1"], 2),
    "two pages that name each other": (["?Page=2", "?Page=1"], 3),
}


@pytest.mark.parametrize(("following", "pages"), ENDLESS.values(), ids=ENDLESS)
def test_a_list_without_a_last_page_is_an_error_that_says_what_was_read(
    ledger: Ledger, name: str, following: list[str], pages: int
) -> None:
    path = "/Advertisers/IRdemo/FTPFileSubmissions"
    answers = [
        {**listed(name), "@nextpageuri": path + following[n % len(following)]} for n in range(9)
    ]
    seen: list[httpx.Request] = []
    with pytest.raises(DeliveryError) as caught:
        results(ledger, SETTINGS, api=api(*answers, seen=seen))
    assert (caught.value.code, caught.value.exit_status) == ("results_endless", 4)
    assert f"{pages} pages with {pages} entries were read" in caught.value.found
    assert len(seen) == pages


@pytest.mark.usefixtures("name")
def test_pages_that_are_always_new_end_at_a_bound(ledger: Ledger) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("Page", 1)) + 1
        return httpx.Response(200, json={"Submissions": [], "@nextpageuri": f"?Page={number}"})

    endless = ResultsApi(SETTINGS, token=TOKEN, transport=httpx.MockTransport(answer))
    with pytest.raises(DeliveryError) as caught:
        results(ledger, SETTINGS, api=endless)
    assert caught.value.code == "results_endless"


LIMITS = {
    # seconds that each 429 names, what is waited for, the code in the end
    "once": (["60"], [60.0], ""),
    "several times": (["60", "300", "300"], [60.0, 300.0, 300.0], ""),
    "longer than a command may take": (["3600"], [], "results_rate_limited"),
    "too long in all": (["600", "600"], [600.0], "results_rate_limited"),
}


@pytest.mark.parametrize(("resets", "waits", "code"), LIMITS.values(), ids=LIMITS)
def test_a_rate_limit_is_shown_and_waited_for_up_to_a_bound(
    ledger: Ledger, name: str, resets: list[str], waits: list[float], code: str
) -> None:
    limits = [httpx.Response(429, headers={"X-RateLimit-Reset": reset}) for reset in resets]
    shown: list[tuple[str, float]] = []
    waited: list[float] = []
    answers = iter([*limits, listed(name), errors(B_REFUSED)])

    def answer(_: httpx.Request) -> httpx.Response:
        page = next(answers)
        return page if isinstance(page, httpx.Response) else httpx.Response(200, json=page)

    asked = ResultsApi(
        SETTINGS,
        token=TOKEN,
        transport=httpx.MockTransport(answer),
        sleep=waited.append,
        on_wait=lambda why, seconds: shown.append((why, seconds)),
    )
    if code:
        with pytest.raises(DeliveryError) as caught:
            results(ledger, SETTINGS, api=asked)
        assert (caught.value.code, caught.value.exit_status) == (code, 4)
    else:
        assert results(ledger, SETTINGS, api=asked).refused == 1
    assert waited == waits
    assert shown == [("429, the rate limit", seconds) for seconds in waits]


@pytest.mark.usefixtures("name")
def test_absence_from_the_results_settles_nothing(ledger: Ledger) -> None:
    found = results(ledger, SETTINGS, api=api({"FTPFileSubmissions": []}))
    assert (found.refused, found.unconfirmed) == (0, 5)
    assert found.files[0].status == ""


# -- unknown outcomes ------------------------------------------------------------------------------


def send_with_late_error(
    server: MockImportServer, ready: Path, ledger: Ledger, said: ResultsApi | None
) -> Any:
    server.fault("late-451")
    return upload(
        ready,
        connection_to(server, file_name="calls.csv"),
        password=PASSWORD,
        ledger=ledger,
        patience=HASTY,
        confirm=confirmer(said) if said else None,
    )


def test_the_results_settle_an_unknown_outcome_at_once(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    said = api(listed("calls.csv"))
    receipt = send_with_late_error(server, ready, ledger, said)
    assert receipt.state is State.DELIVERED


DOUBTFUL = {
    "not there": {"FTPFileSubmissions": []},
    "with fewer rows": listed("calls.csv", TotalRecords="4"),
    "still in progress": listed("calls.csv", Status="In Progress"),
    "not readable": httpx.Response(500),
}


@pytest.mark.parametrize("page", DOUBTFUL.values(), ids=DOUBTFUL)
def test_results_that_do_not_show_the_whole_file_settle_nothing(
    server: MockImportServer, ready: Path, ledger: Ledger, page: Any
) -> None:
    with pytest.raises(OutcomeUnknown):
        send_with_late_error(server, ready, ledger, api(page))
    assert len(ledger.submissions(State.UNKNOWN)) == 1


def test_the_results_settle_it_later_as_well(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    with pytest.raises(OutcomeUnknown):
        send_with_late_error(server, ready, ledger, None)
    found = results(ledger, SETTINGS, api=api(listed("calls.csv"), errors()))
    assert [submission.name for submission in found.settled] == ["calls.csv"]
    assert ledger.submissions(State.UNKNOWN) == []


# -- exports of screens ----------------------------------------------------------------------------


def test_an_export_of_errors_does_what_the_api_does(
    ledger: Ledger, name: str, tmp_path: Path
) -> None:
    export = tmp_path / "errors.csv"
    export.write_text("File Name,Line,Reason,Campaign Id\n" + f"{name},3,CAMPAIGN_NOT_FOUND,1002\n")
    found = results_from(ledger, export)
    assert found.refused == 1
    assert found.files[0].refusals[0].row.cells["CallSessionId"] == "B"


@pytest.mark.usefixtures("name")
def test_an_export_of_actions_confirms_calls(ledger: Ledger, tmp_path: Path) -> None:
    export = tmp_path / "actions.csv"
    export.write_text("Action Id,Call Session Id\n1,A\n2,C\n3,elsewhere\n")
    found = results_from(ledger, export)
    assert (found.refused, found.unconfirmed, found.confirmed) == (0, 3, 2)


STRANGE = {
    "other columns": "a,b\n1,2\n",
    "nothing": "",
    "a line that is none": "FileName,Line,Reason\nx.csv,three,MALFORMED\n",
    "a file that was never sent": "FileName,Line,Reason\nx.csv,3,MALFORMED\n",
    "our own ready.csv": ready_text({"CallSessionId": "A"}),
    "the same, its columns in another order": ",".join(sorted(ready_text().strip().split(",")))
    + "\n",
    "our own rejected.csv": "source_file,source_line,codes,reasons,CallSessionId\nx.csv,2,,,A\n",
}


@pytest.mark.usefixtures("name")
@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_an_export_that_is_none_is_refused(ledger: Ledger, tmp_path: Path, text: str) -> None:
    export = tmp_path / "export.csv"
    export.write_text(text)
    with pytest.raises(InputError) as caught:
        results_from(ledger, export)
    assert caught.value.code == "results_unreadable"


# -- one thread per call ---------------------------------------------------------------------------


def test_a_call_can_be_followed_from_its_source_to_its_outcome(ledger: Ledger, name: str) -> None:
    results(ledger, SETTINGS, api=api(listed(name), errors(B_REFUSED)))
    thread = "\n".join(trace("B", ledger).lines)
    assert "inbox/x.csv line 5: became ready" in thread
    assert "CallerId: '(***) ***-0123' -> '******0123' (phone_rewritten)" in thread
    assert f"{name} line 3" in thread
    assert "outcome: refused: CAMPAIGN_NOT_FOUND" in thread
    assert trace("A", ledger).sendings[0].outcome == "unconfirmed"
    assert trace("nobody", ledger).lines == ["No call nobody was found in earlier runs or uploads."]


def test_a_call_that_never_went_is_found_where_it_was_set_aside(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "1"
    run.mkdir(parents=True)
    (run / "rejected.csv").write_text(
        "source_file,source_line,codes,reasons,Call ID,Caller\nx.csv,4,phone_invalid,bad,Z9,12\n"
    )
    (aside,) = trace("Z9", None, [run]).asides
    assert (aside.source_file, aside.source_line, aside.codes) == ("x.csv", 4, "phone_invalid")


# -- what is missing -------------------------------------------------------------------------------


@pytest.mark.usefixtures("name")
def test_an_account_and_a_token_are_asked_for(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLCONV_TOKEN", raising=False)
    with pytest.raises(UsageError) as caught:
        results(ledger, Results())
    assert caught.value.code == "account_missing"
    with pytest.raises(UsageError) as caught:
        results(ledger, SETTINGS)
    assert caught.value.code == "password_missing"


# -- answers that no server should give ------------------------------------------------------------


class Bytes(httpx.SyncByteStream):
    """A body as it comes from the wire."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


def wired(content: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, headers=headers, stream=Bytes(content))


def escaped(document: Any) -> httpx.Response:
    """JSON in ASCII, in which half a character can be written."""
    return wired(json.dumps(document).encode())


GZIP = {"Content-Encoding": "gzip"}
STRANGE: dict[str, Any] = {
    "falsely labeled gzip": wired(b'{"Submissions": []}', **GZIP),
    "cut gzip": wired(gzip.compress(b'{"Submissions": []}')[:9] + b"\xff", **GZIP),
    "falsely labeled deflate": wired(b"\x00\x01\x02", **{"Content-Encoding": "deflate"}),
    "no JSON": wired(b"<html>"),
    "JSON of half a character": wired(b'{"Submissions": [{"BatchId": "\\ud800"}]}'),
    "broken UTF-8": wired(b'{"Submissions": [{"BatchId": "\xff"}]}'),
    "JSON without end": wired(b"[" * 100_000),
    "a list": wired(b"[]"),
    "a control character in the next address": {"Submissions": [], "@nextpageuri": "/a\x01b"},
    "a NUL in the next address": {"Submissions": [], "@nextpageuri": "\0"},
    "half a character in the next address": escaped(
        {"Submissions": [], "@nextpageuri": "//\ud800/x"}
    ),
    "a next address that is a table": {"Submissions": [], "@nextpageuri": {"a": 1}},
    "a next address of a bad port": {"Submissions": [], "@nextpageuri": "http://h:x/"},
    "numbers beyond 64 bits": listed("a.csv", TotalRecords="9" * 30, TotalErrors="1e999"),
    "endless numbers": listed("a.csv", TotalRecords="9" * 5000),
    "an id with a control character": listed("a.csv", BatchId="F\x01/../../x"),
    "an id with half a character": escaped(listed("a.csv", BatchId="\ud800")),
}


@pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE)
def test_an_answer_of_any_kind_is_read_or_refused_in_words(answer: Any) -> None:
    batches: list[Batch] = []
    # Anything else that it raises fails the test.
    with api(answer) as found, contextlib.suppress(DeliveryError):
        batches += found.batches()
        for batch in batches:
            assert -1 <= batch.records < 1 << 63
            assert batch.id.encode()
    for batch in batches:
        with api(escaped(errors((10**30, "\ud800", {})))) as found:
            (row,) = found.errors(batch.id)
        assert (row.line, row.reason) == (0, "?")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "-5", "soon", ""])
def test_a_rate_limit_of_any_text_is_waited_for_a_finite_time(value: str) -> None:
    waited: list[float] = []
    limited = httpx.Response(429, headers={"X-RateLimit-Reset": value})
    answers = iter([limited, httpx.Response(200, json={"Submissions": []})])
    client = ResultsApi(
        SETTINGS,
        token=TOKEN,
        transport=httpx.MockTransport(lambda _: next(answers)),
        sleep=waited.append,
    )
    with client as found:
        assert list(found.batches()) == []
    (seconds,) = waited
    assert 0 <= seconds <= 900


WRONG_ADDRESSES = [
    "https://h:port",
    "https://\x01h",
    "http://exa mple",
    "https://h:99999",
    "ftp://h",
    "https://",
]


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_a_wrong_base_url_is_an_error_of_the_job(address: str) -> None:
    with pytest.raises(UsageError, match="base_url"):
        Job.from_keywords(results={"account_sid": "x", "base_url": address})
