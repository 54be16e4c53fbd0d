"""A mock of impact.com's call-conversion import server, for trying deliveries by oneself.

`MockImportServer` is the whole of it; `python -m mock_server` runs it from a shell, and the
pytest fixtures `call_import_server` and `call_import_server_tls`, or the functions
`start_call_import_server` and `start_call_import_server_tls`, hand it to tests. Importing this
package loads nothing until a name is used, so that the pytest plugin costs nothing.
"""

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_server.clock import Clock as Clock
    from mock_server.server import MockImportServer as MockImportServer
    from mock_server.starting import start_call_import_server as start_call_import_server
    from mock_server.starting import start_call_import_server_tls as start_call_import_server_tls

# A library's log goes where its user sends it, and nowhere else.
logging.getLogger("mock_server").addHandler(logging.NullHandler())

__all__ = [
    "Clock",
    "MockImportServer",
    "start_call_import_server",
    "start_call_import_server_tls",
]

_HOMES = {"Clock": "clock", "MockImportServer": "server"}


def __getattr__(name: str) -> Any:
    """Load on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'starting')}"), name)
