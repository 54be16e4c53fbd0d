"""A mock of impact.com's call-conversion import server, for trying deliveries by oneself.

`MockImportServer` is the whole of it; `python -m mock_server` runs it from a shell, and the
pytest fixtures `call_import_server` and `call_import_server_tls` hand it to tests. Importing this
package loads nothing until a name is used, so that the pytest plugin costs nothing.
"""

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_server.clock import Clock as Clock
    from mock_server.server import MockImportServer as MockImportServer

# A library's log goes where its user sends it, and nowhere else.
logging.getLogger("mock_server").addHandler(logging.NullHandler())

__all__ = ["Clock", "MockImportServer"]


def __getattr__(name: str) -> Any:
    """Load on first use."""
    if name == "MockImportServer":
        from mock_server.server import MockImportServer

        return MockImportServer
    if name == "Clock":
        from mock_server.clock import Clock

        return Clock
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
