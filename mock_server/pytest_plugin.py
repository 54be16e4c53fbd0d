"""pytest fixtures: an import server to deliver to, of one's own for each test.

Nothing of the server is imported until a fixture is used.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mock_server.server import MockImportServer


@pytest.fixture
def call_import_server(tmp_path: Path) -> "Iterator[MockImportServer]":
    """A mock import server (plain FTP) on a free port, with one account and no faults armed."""
    from mock_server.server import MockImportServer

    with MockImportServer(tmp_path / "import-server") as server:
        yield server


@pytest.fixture
def call_import_server_tls(tmp_path: Path) -> "Iterator[MockImportServer]":
    """The same, with explicit TLS required on control and data; trust its `ca_file`."""
    from mock_server.server import MockImportServer

    with MockImportServer(tmp_path / "import-server-tls", tls="required") as server:
        yield server
