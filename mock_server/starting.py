"""Plain functions that do what the pytest fixtures do, for unittest and for anything else.

>>> server = start_call_import_server()  # doctest: +SKIP
>>> server.stop()  # doctest: +SKIP
"""

from typing import Any

from mock_server.server import MockImportServer


def start_call_import_server(**options: Any) -> MockImportServer:
    """An import server (plain FTP) on a free port, serving; its `stop` ends it.

    It has one account with a generated password, a folder of its own that is removed at the end,
    and no fault armed.

    Args:
        **options: those of `MockImportServer`.
    """
    return MockImportServer(**options).start()


def start_call_import_server_tls(**options: Any) -> MockImportServer:
    """The same, with explicit TLS required on control and data; trust its `ca_file`.

    Args:
        **options: those of `MockImportServer`.
    """
    return start_call_import_server(**{"tls": "required", **options})
