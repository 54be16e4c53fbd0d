"""Every fault of the book, over FTP and FTPS, once and always: the end is the one in the table."""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from callconv_kit.delivery import Patience, upload
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.job import Connection
from callconv_kit.model.errors import DeliveryError, OutcomeUnknown
from mock_server.accounts import make
from mock_server.faults import FAULTS, At
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to, sessions_on, write_ready
from .fault_table import ENDS, NONE, TLS_ONLY, UNKNOWN, WHOLE, Ends, render

ROWS = [f"S{number:03}" for number in range(30)]
AFTER = {"slow-drip": 2000, "data-cut": 1500, "control-cut": 1500, "disk-full": 1500, "stall": 1500}
"""Bytes after which a fault strikes once; always: the book's own, beyond the end of the file."""

QUICK = {"no-greeting", "tls-hang", "stall", "no-226"}
"""Faults that are seen only by waiting."""

DOCUMENT = Path(__file__).parents[2] / "docs" / "delivery_faults.md"


def cases() -> Iterator[object]:
    for fault, ends in ENDS.items():
        for protocol in ("ftp", "ftps"):
            if protocol == "ftp" and fault in TLS_ONLY:
                continue
            for method in ("direct", "rename"):
                for often in ("once", "always"):
                    if method == "rename" and protocol == "ftps":
                        continue  # nothing of the rename is TLS's
                    name = f"rename_{often}" if method == "rename" else often
                    end = getattr(ends, name)
                    yield pytest.param(
                        fault,
                        protocol,
                        method,
                        often,
                        end,
                        id=f"{fault} {protocol} {method} {often}",
                    )


@pytest.fixture
def server(tmp_path: Path, protocol: str, fault: str) -> Iterator[MockImportServer]:
    """A server that speaks the protocol."""
    account = make("demo", PASSWORD)
    tls = "required" if protocol == "ftps" else "off"
    serving = MockImportServer(tmp_path / "server", [account], tls=tls).start()
    yield serving
    # A fault that hangs leaves the mock with sockets that its loop no longer knows. They are
    # collected here, so that their warnings do not turn up in the tests of others.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        serving.stop()
        del serving
        if fault in QUICK:
            gc.collect()


@pytest.mark.parametrize(("fault", "protocol", "method", "often", "end"), list(cases()))
def test_a_delivery_ends_as_the_table_says(
    server: MockImportServer,
    tmp_path: Path,
    fault: str,
    method: str,
    often: str,
    end: str,
) -> None:
    ready = write_ready(tmp_path / "ready.csv", *ROWS)
    connection = connection_to(
        server, method=method, timeout=0.4 if fault in QUICK else 5, file_name="{hash}.csv"
    )
    patience = Patience(attempts=3, first_wait=0.0, looks=3, sleep=lambda _: None)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        if often == "once":
            server.fault(fault, 1, after=AFTER.get(fault))
        else:
            server.fault(fault, None, after=2000 if fault == "slow-drip" else None)
        try:
            got, code = delivered(ready, connection, ledger, patience)
        finally:
            server.clear_faults()
        assert (got, code) == (end, code)

        if end == WHOLE:
            assert sessions_on(server) == ROWS
        if end == NONE:
            assert sessions_on(server) == []

        # And again, now that all is well: what arrived does not go again, what did not goes.
        again, _ = delivered(ready, connection, ledger, HASTY)
        assert again == (UNKNOWN if end == UNKNOWN else WHOLE)
        arrived = sessions_on(server)
        assert len(arrived) == len(set(arrived))
        if end != UNKNOWN:
            assert arrived == ROWS


def delivered(
    ready: Path, connection: Connection, ledger: Ledger, patience: Patience
) -> tuple[str, str]:
    """The end of a delivery in the table's words, and the error's code."""
    try:
        upload(ready, connection, password=PASSWORD, ledger=ledger, patience=patience)
    except OutcomeUnknown as error:
        return UNKNOWN, error.code
    except DeliveryError as error:
        return NONE, error.code
    return WHOLE, ""


def test_the_table_has_every_fault_of_the_book_that_touches_an_upload() -> None:
    assert set(ENDS) == {fault.name for fault in FAULTS if fault.at is not At.RESULTS}


def test_the_table_knows_three_ends() -> None:
    assert {end for ends in ENDS.values() for end in ends} <= {WHOLE, NONE, UNKNOWN}
    assert all(isinstance(ends, Ends) for ends in ENDS.values())


def test_the_document_shows_the_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render()
