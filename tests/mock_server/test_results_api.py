"""The results API and the controls, asked by a plain client over a real socket."""

import datetime as dt
import threading

import httpx
import psutil
import pytest

from mock_server import MockImportServer
from mock_server.accounts import make
from mock_server.programs import Program, Tracker

from .uploading import NOW, call_file, put

START = dt.datetime.fromisoformat(NOW)
PROGRAM = Program("1001", (Tracker("30021"),), frozenset({"20012"}))


@pytest.fixture
def server():
    """Two accounts; a clock that only a test moves."""
    accounts = [
        make("demo", "pw", token="demo-token", programs=[PROGRAM]),
        make("other", "pw2"),
    ]
    with MockImportServer(accounts=accounts, now=START, http_port=0) as serving:
        yield serving


@pytest.fixture
def client(server):
    """A client with the credentials of `demo`."""
    auth = (server.account_sid, "demo-token")
    with httpx.Client(base_url=server.http_url, auth=auth, timeout=60) as client:
        yield client


def files_of(server):
    return f"/Advertisers/{server.account_sid}/FTPFileSubmissions"


def upload(server, *calls, name="calls.csv"):
    put(server, call_file(*calls), name, "demo", "pw")


def test_a_file_is_described_as_documented_and_at_once(server, client):
    upload(server, {}, {"CampaignId": "7"}, name="tuesday.csv")
    (found,) = client.get(files_of(server)).json()["FTPFileSubmissions"]
    batch = found["BatchId"]
    assert batch.startswith("F-")
    assert found.pop("AccountId").isdecimal()
    assert found == {
        "BatchId": batch,
        "SubmissionDate": NOW,
        "FileName": "tuesday.csv",
        "Type": "Conversion",
        "Status": "Complete",
        "TotalRecords": "2",
        "TotalErrors": "1",
        "CompletionDate": NOW,
        "ErrorsUri": f"{files_of(server)}/{batch}/ErrorDetails",
        "Uri": f"{files_of(server)}/{batch}",
    }
    assert client.get(found["Uri"]).json()["FileName"] == "tuesday.csv"


def test_each_error_names_its_line_its_ids_and_its_reason(server, client):
    upload(server, {"CampaignId": "7"}, {}, {"MediaId": "20099"}, {"CallDuration": "3:21"})
    (file,) = client.get(files_of(server)).json()["FTPFileSubmissions"]
    errors = client.get(file["ErrorsUri"]).json()["ErrorDetail"]
    keys = ("Line", "CampaignId", "ActionTrackerId", "MediaPartnerId", "Status", "Reason")
    assert [tuple(error[key] for key in keys) for error in errors] == [
        ("2", "7", "30021", "20012", "Validation", "CAMPAIGN_NOT_FOUND"),
        ("4", "1001", "30021", "20099", "Contract Error", "CONTRACT_NOT_FOUND"),
        ("5", "1001", "30021", "20012", "Validation", "MALFORMED"),
    ]
    assert {"EventCode", "OrderId", "Category", "Sku", "Uri"} < errors[0].keys()


def test_a_submission_goes_from_queued_over_in_progress_to_complete():
    hour = dt.timedelta(hours=1)
    accounts = [make("demo", "pw")]
    with MockImportServer(
        accounts=accounts, now=START, process_after=hour, process_for=hour, http_port=0
    ) as slow:
        upload(slow, {})
        seen = []
        for _ in range(3):
            answer = httpx.get(slow.http_url + files_of(slow), auth=(slow.account_sid, "pw"))
            (file,) = answer.json()["FTPFileSubmissions"]
            seen.append((file["Status"], file["TotalRecords"], file["CompletionDate"]))
            slow.advance(hours=1)
    assert seen == [
        ("Queued", "0", ""),
        ("In Progress", "0", ""),
        ("Complete", "1", "2026-11-24T14:00:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "abc"),
        ({"SubmissionDateStart": "2026-11-24T13:00:00+00:00"}, "bc"),
        ({"SubmissionDateStart": "2026-11-24T08:30:00-05:00"}, "c"),
        ({"SubmissionDateEnd": "2026-11-24T13:00:00Z"}, "ab"),
        ({"CompletedDateStart": "2026-11-24T13:30:00"}, "c"),
        ({"CompletedDateEnd": "2026-11-24"}, ""),
        (
            {
                "SubmissionDateStart": "2026-11-24T12:30:00Z",
                "CompletedDateEnd": "2026-11-24T13:30:00Z",
            },
            "b",
        ),
    ],
)
def test_files_are_found_by_when_they_were_submitted_and_completed(server, client, asked, found):
    for name in "abc":
        upload(server, {}, name=f"{name}.csv")
        server.advance(hours=1)
    listed = client.get(files_of(server), params=asked).json()["FTPFileSubmissions"]
    assert "".join(file["FileName"][0] for file in listed) == found


def test_a_file_that_is_not_done_was_not_completed_before_anything():
    accounts = [make("demo", "pw")]
    day = dt.timedelta(days=1)
    with MockImportServer(accounts=accounts, now=START, process_after=day, http_port=0) as slow:
        upload(slow, {})
        answer = httpx.get(
            slow.http_url + files_of(slow),
            params={"CompletedDateEnd": "2030-01-01"},
            auth=(slow.account_sid, "pw"),
        )
    assert answer.json()["FTPFileSubmissions"] == []


def test_pages_lead_through_the_whole_list(server, client):
    for number in range(5):
        upload(server, {}, name=f"{number}.csv")
    following, names, pages = f"{files_of(server)}?PageSize=2", [], []
    while following:
        page = client.get(following).json()
        names += [file["FileName"] for file in page["FTPFileSubmissions"]]
        pages.append(
            (page["@page"], page["@numpages"], page["@total"], page["@start"], page["@end"])
        )
        following = page["@nextpageuri"]
    assert names == [f"{number}.csv" for number in range(5)]
    assert pages == [
        ("1", "3", "5", "0", "1"),
        ("2", "3", "5", "2", "3"),
        ("3", "3", "5", "4", "4"),
    ]
    assert client.get(page["@previouspageuri"]).json()["@page"] == "2"
    assert client.get(page["@lastpageuri"]).json() == page
    assert client.get(page["@firstpageuri"]).json()["@page"] == "1"


def test_a_page_keeps_what_was_asked_for(server, client):
    for number in range(3):
        upload(server, {}, name=f"{number}.csv")
        server.advance(hours=1)
    asked = {"SubmissionDateStart": "2026-11-24T13:00:00+00:00", "PageSize": "1"}
    first = client.get(files_of(server), params=asked).json()
    second = client.get(first["@nextpageuri"]).json()
    assert [file["FileName"] for file in second["FTPFileSubmissions"]] == ["2.csv"]


def test_errors_are_paged_too(server, client):
    upload(server, *[{"CallerId": "1"}] * 5)
    (file,) = client.get(files_of(server)).json()["FTPFileSubmissions"]
    page = client.get(file["ErrorsUri"], params={"PageSize": 2, "Page": 3}).json()
    assert [error["Line"] for error in page["ErrorDetail"]] == ["6"]
    assert page["@nextpageuri"] == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Page", "0"),
        ("Page", "x"),
        ("Page", "²"),
        ("PageSize", "-1"),
        ("PageSize", "999999"),
        ("SubmissionDateStart", "yesterday"),
        ("SubmissionDateStart", "2026-11-24T12:00:00 00:00"),  # a + that was not written %2B
        ("CompletedDateEnd", ""),
    ],
)
def test_a_wrong_parameter_is_named(server, client, field, value):
    answer = client.get(files_of(server), params={field: value})
    assert answer.status_code == 400
    told = answer.json()
    assert (told["Status"], told["Errors"][0]["Field"]) == ("ERROR", field)
    assert repr(value) in told["Errors"][0]["Message"]


def test_files_are_shown_for_90_days(server, client):
    upload(server, {})
    server.advance(days=90)
    assert len(client.get(files_of(server)).json()["FTPFileSubmissions"]) == 1
    server.advance(hours=1)
    assert client.get(files_of(server)).json()["FTPFileSubmissions"] == []


CREDENTIALS = {
    "none": (None, 401),
    "a wrong token": (("SID", "wrong"), 401),
    "the FTP password in place of the token": (("SID", "pw"), 401),
    "another's": (("OTHER", "pw2"), 403),
    "nobody's": (("IRnobody", "demo-token"), 401),
    "empty ones": (("", ""), 401),
}


@pytest.mark.parametrize(("credentials", "status"), CREDENTIALS.values(), ids=CREDENTIALS)
@pytest.mark.parametrize("below", ["", "/{batch}", "/{batch}/ErrorDetails"])
def test_an_account_is_seen_with_its_own_credentials_only(
    server, client, credentials, status, below
):
    upload(server, {"CampaignId": "7"})
    (file,) = client.get(files_of(server)).json()["FTPFileSubmissions"]
    sids = {"SID": server.account_sid, "OTHER": server.accounts["other"].sid}
    auth = credentials and (sids.get(credentials[0], credentials[0]), credentials[1])
    place = files_of(server) + below.format(batch=file["BatchId"])
    answer = httpx.get(server.http_url + place, auth=auth)
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert file["BatchId"] not in answer.text


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer x", "x" * 5000])
def test_credentials_that_can_not_be_read_are_none(server, header):
    answer = httpx.get(server.http_url + files_of(server), headers={"Authorization": header})
    assert answer.status_code == 401


def test_another_accounts_file_is_not_there(server, client):
    upload(server, {})
    (file,) = client.get(files_of(server)).json()["FTPFileSubmissions"]
    other = server.accounts["other"].sid
    place = f"/Advertisers/{other}/FTPFileSubmissions"
    with httpx.Client(base_url=server.http_url, auth=(other, "pw2")) as others:
        assert others.get(place).json()["FTPFileSubmissions"] == []
        stolen = others.get(f"{place}/{file['BatchId']}")
        unknown = others.get(f"{place}/F-none")
    assert (stolen.status_code, stolen.json()) == (404, unknown.json())


def test_refused_credentials_are_logged_without_the_token(server, caplog):
    httpx.get(server.http_url + files_of(server), auth=("IRx", "a-secret-token"))
    assert "refused for 'IRx'" in caplog.text
    assert "a-secret-token" not in caplog.text


def test_only_reading_is_known(server, client):
    assert client.post(files_of(server)).status_code == 405


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"), [("results-429", 429), ("results-500", 500), ("results-503", 503)]
)
def test_a_fault_answers_once_in_place_of_the_api(server, client, name, status):
    server.fault(name)
    answer = client.get(files_of(server))
    assert (answer.status_code, answer.json()["Status"]) == (status, "ERROR")
    assert ("x-ratelimit-reset" in answer.headers) == (status == 429)
    assert "retry-after" not in answer.headers
    assert client.get(files_of(server)).status_code == 200


def test_a_fault_needs_right_credentials_to_strike(server, client):
    server.fault("results-500")
    assert httpx.get(server.http_url + files_of(server)).status_code == 401
    assert client.get(files_of(server)).status_code == 500


def test_a_fault_lets_a_client_wait_until_it_gives_up(server, client):
    server.fault("results-hang")
    with pytest.raises(httpx.ReadTimeout):
        client.get(files_of(server), timeout=httpx.Timeout(60, read=0.2))
    while server.faults():  # a slow server sees the request only later
        threading.Event().wait(0.01)
    assert client.get(files_of(server)).status_code == 200


def test_a_server_with_waiting_clients_ends_and_leaves_nothing_behind():
    process = psutil.Process()
    before = (threading.active_count(), process.num_fds())
    with MockImportServer(accounts=[make("demo", "pw")], http_port=0) as server:
        server.fault("results-hang", times=3)
        where, auth = server.http_url + files_of(server), (server.account_sid, "pw")
        answers = []

        def ask():
            answers.append(httpx.get(where, auth=auth, timeout=60).status_code)

        waiting = [threading.Thread(target=ask) for _ in range(3)]
        for thread in waiting:
            thread.start()
        while server.faults():  # it is disarmed when all three wait
            threading.Event().wait(0.01)
    for thread in waiting:
        thread.join()
    assert answers == [503] * 3
    assert (threading.active_count(), process.num_fds()) == before


# -- controls --------------------------------------------------------------------------------------


def test_faults_are_armed_listed_and_cleared_over_http(server, client):
    armed = client.post("/mock/faults", json={"name": "data-cut", "times": None, "after": 10})
    assert armed.json()["armed"] == [{"name": "data-cut", "times": None}]
    assert server.faults()[0].fault.after == 10
    client.post("/mock/faults", json={"name": "stor-550", "command": "appe"})
    assert server.faults()[1].fault.commands == ("APPE",)
    assert client.get("/mock/faults").json()["book"]["data-cut"].startswith("data reset")
    left = client.delete("/mock/faults", params={"name": "data-cut"})
    assert [fault["name"] for fault in left.json()["armed"]] == ["stor-550"]
    assert client.delete("/mock/faults").json()["armed"] == []


@pytest.mark.parametrize(
    ("place", "body", "told"),
    [
        ("faults", {"name": "no-such"}, "no fault 'no-such'"),
        ("faults", {}, "expected a fault's name"),
        ("faults", {"name": "data-cut", "times": 0}, "at least 1"),
        ("faults", {"name": "data-cut", "times": True}, "whole number"),
        ("faults", {"name": "data-cut", "after": "x"}, "whole number"),
        ("faults", {"name": "data-cut", "command": 7}, "an FTP verb"),
        ("faults", {"name": "data-cut", "tims": 2}, "unknown key 'tims'"),
        ("faults", ["data-cut"], "a JSON object"),
        ("clock", {"hours": -1}, "at least 0"),
        ("clock", {"days": "2"}, "a number"),
        ("clock", {"days": 1e300}, "so far"),
    ],
)
def test_a_wrong_order_is_refused_in_words(client, server, place, body, told):
    answer = client.post(f"/mock/{place}", json=body)
    assert answer.status_code == 400
    assert told in answer.json()["Message"]
    assert server.faults() == []


def test_the_clock_is_moved_over_http(server, client):
    assert client.get("/mock/clock").json() == {"now": NOW}
    moved = client.post("/mock/clock", json={"days": 1, "hours": 2})
    assert moved.json() == {"now": "2026-11-25T14:00:00+00:00"}
    assert server.clock.now() == START + dt.timedelta(days=1, hours=2)


def test_a_form_of_another_page_orders_nothing(server, client):
    answer = client.post("/mock/faults", content='{"name": "data-cut"}')
    assert answer.status_code == 415
    assert server.faults() == []


def test_an_order_is_no_place_for_much_data(server, client):
    answer = client.post("/mock/faults", json={"name": "x" * 20_000})
    assert answer.status_code == 413
    assert server.faults() == []


# -- who may see what ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["/", "/mock/faults", "/search", "/page.css"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_name_that_was_made_to_point_here_is_turned_away(server, place, host):
    answer = httpx.get(server.http_url + place, headers={"Host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8021", "LOCALHOST:1", "[::1]:5"])
def test_the_names_of_this_machine_are_right(server, host):
    assert httpx.get(server.http_url + "/", headers={"Host": host}).status_code == 200


def test_on_an_address_that_others_reach_the_page_shows_the_account_that_logs_in():
    accounts = [make("demo", "pw"), make("other", "pw2")]
    with MockImportServer(accounts=accounts, host="0.0.0.0", http_port=0) as server:  # noqa: S104 # the case
        put(server, call_file({}), "demo.csv", "demo", "pw")
        put(server, call_file({}), "other.csv", "other", "pw2")
        server.submissions()
        base = f"http://127.0.0.1:{server.http_url.rpartition(':')[2]}"
        (file,) = [f for f in server.submissions() if f.account == "demo"]
        for place in ("/", "/search", "/accounts/demo", f"/files/{file.batch_id}", "/mock/faults"):
            assert httpx.get(base + place).status_code == 401
        mine = httpx.get(base, auth=("demo", "pw"))
        theirs = httpx.get(f"{base}/files/{file.batch_id}", auth=("other", "pw2"))
        assert httpx.get(f"{base}/accounts/demo", auth=("other", "pw2")).status_code == 404
    assert "demo.csv" in mine.text
    assert "other.csv" not in mine.text
    assert (theirs.status_code, "demo.csv" in theirs.text) == (404, False)


@pytest.mark.parametrize("place", ["/", "/page.css", "/nope", "/mock/clock"])
def test_every_answer_carries_the_policy(client, place):
    headers = client.get(place).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_http_is_served_from_the_moment_that_it_is_asked_for():
    before = threading.active_count()
    with MockImportServer(accounts=[make("demo", "pw")]) as server:
        assert not server.serves_http
        assert httpx.get(server.http_url).status_code == 200
        assert server.serves_http
    assert threading.active_count() == before


def test_both_sides_serve_on_ipv6():
    with MockImportServer(accounts=[make("demo", "pw")], host="::1", http_port=0) as server:
        put(server, call_file({}), "six.csv", "demo", "pw")
        server.submissions()
        assert server.url.startswith("ftp://[::1]:")
        assert "six.csv" in httpx.get(server.http_url).text
