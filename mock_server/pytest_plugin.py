"""pytest fixtures: an import server to deliver to, of one's own for each test.

pytest loads this in every run of an environment that has the kit, so nothing of the server is
imported until a fixture is used.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_server.server import MockImportServer

MARKER = "call_import_server"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also to --strict-markers."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(**options): options of mock_server.MockImportServer for the fixtures "
        "call_import_server and call_import_server_tls",
    )


@pytest.fixture
def call_import_server(
    request: pytest.FixtureRequest, tmp_path: Path
) -> "Iterator[MockImportServer]":
    """A mock import server (plain FTP) on a free port, with one account and no faults armed."""
    from mock_server.starting import start_call_import_server

    server = start_call_import_server(**{"root": tmp_path / "import-server", **_options(request)})
    yield server
    server.stop()


@pytest.fixture
def call_import_server_tls(
    request: pytest.FixtureRequest, tmp_path: Path
) -> "Iterator[MockImportServer]":
    """The same, with explicit TLS required on control and data; trust its `ca_file`."""
    from mock_server.starting import start_call_import_server_tls

    root = tmp_path / "import-server-tls"
    server = start_call_import_server_tls(**{"root": root, **_options(request)})
    yield server
    server.stop()


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the markers ask for; the nearest to the test wins."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(MARKER))):
        options |= marker.kwargs
    return options
