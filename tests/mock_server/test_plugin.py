"""The pytest plugin and the plain functions: what a user's own tests get, and what they cost."""

import ftplib
import re
import subprocess
import sys
import textwrap
import unittest
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from mock_server import MockImportServer, start_call_import_server, start_call_import_server_tls
from mock_server.__main__ import parser
from mock_server.accounts import load
from mock_server.faults import FAULTS
from mock_server.programs import Program

from .uploading import CALL, call_file, put

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "mock_server.md"


def run_pytest(folder, text, *options):
    """A user's own test run in a folder of its own."""
    (folder / "test_users.py").write_text(textwrap.dedent(text), encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *options, "test_users.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


# -- costs nothing ---------------------------------------------------------------------------------


def test_a_run_that_uses_no_fixture_loads_nothing_and_warns_of_nothing(tmp_path):
    status, said = run_pytest(
        tmp_path,
        """
        import sys

        def test_nothing_was_loaded(request):
            assert request.config.pluginmanager.hasplugin("callconv-mock-server")
            heavy = {"pyftpdlib", "callconv_kit", "starlette", "uvicorn", "jinja2", "trustme",
                     "OpenSSL", "pandas", "pyarrow", "mock_server.server"}
            assert heavy & set(sys.modules) == set()
            ours = {name for name in sys.modules if name.startswith("mock_server")}
            assert ours == {"mock_server", "mock_server.pytest_plugin"}
        """,
        "--strict-markers",
        "--strict-config",
    )
    assert status == 0, said
    assert "1 passed" in said
    assert "warning" not in said.lower()


def test_the_fixtures_are_listed_with_what_they_are_for(tmp_path):
    _, said = run_pytest(tmp_path, "", "--fixtures")
    assert "call_import_server -- " in said
    assert re.search(r"call_import_server_tls .*\n +The same, with explicit TLS", said)


# -- the fixtures ----------------------------------------------------------------------------------


def test_a_server_says_where_it_is_and_what_came_of_uploads(call_import_server, tmp_path):
    server = call_import_server
    assert (server.host, server.user, server.ca_file) == ("127.0.0.1", "demo", None)
    assert server.url == f"ftp://127.0.0.1:{server.port}/demo"
    assert server.root.is_relative_to(tmp_path)
    put(server, call_file({"EventDate": an_hour_ago(server)}, {"CallDuration": "x"}), "mine.csv")
    receipt = server.next_receipt(timeout=60)
    assert (receipt.file_name, receipt.account) == ("mine.csv", "demo")
    assert b"S0" in receipt.read_bytes()
    (submission,) = server.submissions()
    (action,) = server.pending_actions()
    (error,) = server.errors()
    assert (submission.status, submission.total_records) == ("Complete", 2)
    assert (action.line, action.cells["CallerId"]) == (2, CALL["CallerId"])
    assert (error.line, error.reason, error.column) == (3, "MALFORMED", "CallDuration")


def an_hour_ago(server) -> str:
    moment = server.clock.now() - timedelta(hours=1)
    return moment.isoformat(timespec="seconds")


def test_each_test_has_a_server_of_its_own_and_faults_end_with_it(call_import_server):
    assert call_import_server.submissions() == []
    assert call_import_server.faults() == []
    call_import_server.fault("stor-550", times=1)
    content = call_file({"EventDate": an_hour_ago(call_import_server)})
    with pytest.raises(ftplib.error_perm, match="550"):
        put(call_import_server, content)
    put(call_import_server, content)
    assert len(call_import_server.pending_actions()) == 1


@pytest.mark.call_import_server(process_after=timedelta(hours=24))
def test_processing_waits_where_that_is_asked_for(call_import_server):
    put(call_import_server, call_file({"EventDate": an_hour_ago(call_import_server)}))
    assert [s.status for s in call_import_server.submissions()] == ["Queued"]
    call_import_server.advance(hours=24)
    assert [s.status for s in call_import_server.submissions()] == ["Complete"]
    assert len(call_import_server.pending_actions()) == 1


def test_no_receipt_in_time_is_an_error_in_words(call_import_server):
    with pytest.raises(TimeoutError, match="no upload finished within 0"):
        call_import_server.next_receipt(timeout=0)


def test_tls_is_required_where_the_fixture_says_so(call_import_server_tls):
    server = call_import_server_tls
    with pytest.raises(ftplib.error_perm, match="550 SSL"):
        put(server, call_file({}))
    assert b"BEGIN CERTIFICATE" in server.ca_file.read_bytes()


def test_both_servers_serve_side_by_side(call_import_server, call_import_server_tls):
    assert call_import_server.port != call_import_server_tls.port
    assert call_import_server.root != call_import_server_tls.root


# -- plain functions -------------------------------------------------------------------------------


class WithUnittest(unittest.TestCase):
    def test_a_server_is_started_and_stopped(self):
        server = start_call_import_server()
        self.addCleanup(server.stop)
        put(server, call_file({"EventDate": an_hour_ago(server)}))
        assert len(server.pending_actions()) == 1

    def test_one_with_tls_is_a_context_too(self):
        with start_call_import_server_tls() as server:
            assert server.ca_file.exists()
        assert not server.root.exists()


def test_a_mistyped_name_of_the_package_is_said():
    import mock_server

    with pytest.raises(AttributeError, match="no attribute 'MockServer'"):
        _ = mock_server.MockServer
    assert mock_server.MockImportServer is MockImportServer


# -- the document ----------------------------------------------------------------------------------


def document():
    return DOCUMENT.read_text(encoding="utf-8")


def blocks(language):
    """The fenced blocks of a language in the document."""
    return re.findall(rf"^```{language}\n(.*?)^```", document(), re.DOTALL | re.MULTILINE)


def test_every_python_example_of_the_document_is_a_test_that_passes(tmp_path):
    examples = [block for block in blocks("python") if "def test" in block]
    assert len(examples) == 2
    for number, example in enumerate(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        status, said = run_pytest(folder, example)
        assert status == 0, said
        assert " passed" in said


def test_the_document_lists_the_fault_book_as_it_is():
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", document(), re.MULTILINE)
    book = [(fault.name, fault.shows) for fault in FAULTS]
    assert [row for row in rows if row[0] in dict(book)] == book


def test_the_documents_accounts_file_is_one_and_has_every_key(tmp_path):
    (example,) = [block for block in blocks("toml") if "[[account]]" in block]
    path = tmp_path / "accounts.toml"
    path.write_text(example, encoding="utf-8")
    (account,) = load(path)
    (program,) = account.programs
    assert [tracker.id for tracker in program.trackers] == ["30021", "30022"]
    assert account.refuse[0].reason == "CONTRACT_NOT_FOUND"
    keys = {field.name for field in fields(Program)} - {"trackers"}
    assert keys <= set(re.findall(r"^(\w+) =", example, re.MULTILINE))


def test_the_document_names_every_option_of_the_command():
    options = {
        option
        for action in parser()._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    assert [option for option in sorted(options) if f"`{option}" not in document()] == ["--help"]


def test_every_link_of_the_document_leads_somewhere():
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", document())
    assert targets
    for target in targets:
        assert (DOCUMENT.parent / target).exists(), target
