"""Every fault of the book, over FTP, FTPS and SFTP, once and always: the end is the table's."""

import gc
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.delivery import Patience, ftp, upload
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from callconv_kit.job import Connection
from callconv_kit.model.errors import DeliveryError, OutcomeUnknown
from mock_server.accounts import make
from mock_server.faults import FAULTS, At
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to, sessions_on, write_ready
from .fault_table import ENDS, NONE, OVER_SFTP, TLS_ONLY, UNKNOWN, WHOLE, Ends, render
from .sftp_server import SftpServer, applies

pytestmark = pytest.mark.slow

ROWS = [f"S{number:03}" for number in range(30)]
ONCE_AFTER = {"data-cut": 1500, "control-cut": 1500, "disk-full": 1500, "stall": 1500}
"""Bytes after which a fault strikes once; always: the book's own, beyond the end of the file."""

QUICK = {"no-greeting", "tls-hang", "stall", "no-226"}
"""Faults that are seen only by waiting."""

STATES = {WHOLE: State.DELIVERED, NONE: State.NOT_DELIVERED, UNKNOWN: State.UNKNOWN}
EXITS = {WHOLE: 0, NONE: 4, UNKNOWN: 5}

DOCUMENT = Path(__file__).parents[2] / "docs" / "delivery_faults.md"


def cases() -> Iterator[object]:
    for protocol in ("ftp", "ftps", "sftp"):
        for fault, ends in (OVER_SFTP if protocol == "sftp" else ENDS).items():
            if protocol == "ftp" and fault in TLS_ONLY:
                continue
            for method in ("direct", "rename"):
                if method == "rename" and protocol == "ftps" and fault not in TLS_ONLY:
                    continue  # nothing of the rename is TLS's
                for often in ("once", "always"):
                    name = f"{fault} {protocol} {method} {often}"
                    yield pytest.param(fault, protocol, method, often, ends, id=name)


@pytest.fixture
def serving(tmp_path: Path, protocol: str, fault: str) -> Iterator[tuple[Any, Callable[..., Any]]]:
    """A server that speaks the protocol, and how to connect to it."""
    if protocol == "sftp":
        with SftpServer(tmp_path / "server") as server:
            yield server, lambda **more: server.connection(tmp_path / "known_hosts", **more)
        return
    account = make("demo", PASSWORD)
    tls = "required" if protocol == "ftps" else "off"
    mock = MockImportServer(tmp_path / "server", [account], tls=tls).start()
    yield mock, partial(connection_to, mock)
    # A fault that hangs leaves the mock with sockets that its loop no longer knows. They are
    # collected here, so that their warnings do not turn up in the tests of others.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        mock.stop()
        del mock
        if fault in QUICK:
            gc.collect()


@pytest.mark.parametrize(("fault", "protocol", "method", "often", "ends"), list(cases()))
def test_a_delivery_ends_as_the_table_says(
    serving: tuple[Any, Callable[..., Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    method: str,
    often: str,
    ends: Ends,
) -> None:
    monkeypatch.setattr(ftp, "GOODBYE_PATIENCE", 0.1)
    server, connection_of = serving
    end = getattr(ends, f"rename_{often}" if method == "rename" else often)
    ready = write_ready(tmp_path / "ready.csv", *ROWS)
    connection = connection_of(
        method=method, timeout=0.4 if fault in QUICK else 5, file_name="{hash}.csv"
    )
    patience = Patience(attempts=3, first_wait=0.0, looks=3, sleep=lambda _: None)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        if fault == "slow-drip":
            server.fault(fault, None, after=2000)
        elif often == "once":
            server.fault(fault, 1, after=ONCE_AFTER.get(fault))
        else:
            server.fault(fault, None)
        try:
            got = delivered(ready, connection, ledger, patience)
        finally:
            server.clear_faults()
        assert got == (EXITS[end], "" if end == WHOLE else ends.code)
        assert ledger.submissions()[-1].state is STATES[end]

        if end == WHOLE:
            assert taken(server) == ROWS
        if end == NONE:
            assert taken(server) == []

        # And again, now that all is well: what arrived does not go again, what did not goes.
        status, _ = delivered(ready, connection, ledger, HASTY)
        assert status == (5 if end == UNKNOWN else 0)
        arrived = taken(server)
        assert len(arrived) == len(set(arrived))
        if end != UNKNOWN:
            assert arrived == ROWS


def delivered(
    ready: Path, connection: Connection, ledger: Ledger, patience: Patience
) -> tuple[int, str]:
    """The exit status of a delivery, and the error's code."""
    try:
        upload(ready, connection, password=PASSWORD, ledger=ledger, patience=patience)
    except (OutcomeUnknown, DeliveryError) as error:
        return error.exit_status, error.code
    return 0, ""


def taken(server: Any) -> list[str]:
    """The sessions that the server took in."""
    return server.sessions() if isinstance(server, SftpServer) else sessions_on(server)


SETTLED_BY_SIZE = ("no-226", "lost-226")


@pytest.mark.parametrize("fault", SETTLED_BY_SIZE)
@pytest.mark.parametrize("protocol", ["ftp", "ftps", "sftp"])
def test_where_a_size_is_known_to_suffice_it_settles_a_lost_reply(
    serving: tuple[Any, Callable[..., Any]], tmp_path: Path, fault: str
) -> None:
    server, connection_of = serving
    ready = write_ready(tmp_path / "ready.csv", *ROWS)
    connection = connection_of(settle_by_size=True, timeout=0.4)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        server.fault(fault)
        assert delivered(ready, connection, ledger, HASTY) == (0, "")
    assert taken(server) == ROWS


@pytest.mark.parametrize("fault", ["data-cut", "late-451", "disk-full", "truncated"])
@pytest.mark.parametrize("protocol", ["ftp"])
def test_no_size_settles_what_was_cut_or_refused(
    serving: tuple[Any, Callable[..., Any]], tmp_path: Path, fault: str
) -> None:
    server, connection_of = serving
    ready = write_ready(tmp_path / "ready.csv", *ROWS)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        server.fault(fault)
        status, _ = delivered(ready, connection_of(settle_by_size=True), ledger, HASTY)
        assert status == 5


def test_the_table_has_every_fault_of_the_book_that_touches_an_upload() -> None:
    assert set(ENDS) == {fault.name for fault in FAULTS if fault.at is not At.RESULTS}
    assert set(OVER_SFTP) == {name for name in ENDS if applies(name)}


def test_the_table_knows_three_ends() -> None:
    for ends in (*ENDS.values(), *OVER_SFTP.values()):
        assert set(ends[:4]) <= {WHOLE, NONE, UNKNOWN}
        assert bool(ends.code) == (set(ends[:4]) != {WHOLE})


def test_the_document_shows_the_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render()
