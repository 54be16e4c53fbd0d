"""Delivery from a workbench: to a mock of the import server in this process, or to a real one."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.delivery import Patience, Receipt, upload
from callconv_kit.delivery import results as reading_back
from callconv_kit.delivery.connection_check import ConnectionCheck, check_connection
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.results import Outcome
from callconv_kit.job import Connection, Job, Results
from callconv_kit.model.errors import CallConvError, UsageError, not_installed
from callconv_kit.run.prepared import Prepared, clock_of
from callconv_kit.widgets.session import Session

if TYPE_CHECKING:
    from mock_server import MockImportServer

Progress = Callable[[int, int], None]

PATIENCE = Patience(attempts=4, deadline=60.0, longest_wait=5.0)
"""Somebody sits there and waits; a click tries again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, which ledger records it, and where its results are read.

    of: the run whose whole ready.csv was sent; None for a canary.
    """

    of: Prepared | None
    receipt: Receipt
    ledger: Path
    results: Results | None
    token: str | None = field(default=None, repr=False)


class Deliveries:
    """The deliveries of a session. Each place has a ledger, so that no row goes there twice."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.mock: MockImportServer | None = None
        self.sent: Sent | None = None

    @property
    def is_sent(self) -> bool:
        """Whether the ready.csv of the last run was delivered."""
        prepared = self._session.prepared
        return self.sent is not None and prepared is not None and self.sent.of is prepared

    # -- the mock ----------------------------------------------------------------------------------

    def start_mock(self) -> "MockImportServer":
        """Start the mock on loopback, once.

        Raises:
            UsageError: `mock_missing`, its packages are not installed.
        """
        if self.mock is None:
            try:
                from mock_server import MockImportServer

                self.mock = MockImportServer(now=self._clock).start()
            except ModuleNotFoundError as error:
                raise not_installed("mock_missing", "The mock server", error, "mock") from None
        return self.mock

    def stop_mock(self) -> None:
        """Stop the mock; what it took is forgotten, and its ledger with it."""
        if self.mock is not None:
            self.mock.stop()
            self.mock = None

    def to_mock(self, progress: Progress | None = None, *, resend: bool = False) -> Receipt:
        """Deliver ready.csv to the mock.

        Args:
            progress: called with the bytes sent, and all.
            resend: a person asks that rows go again whose outcome is unknown.

        Raises:
            DeliveryError, UsageError, InputError: as `upload`.
        """
        ready = self._session.ready_file
        server = self.start_mock()
        connection = Connection(
            protocol="ftp",
            host=server.host,
            port=server.port,
            directory=server.account.name,
            user=server.user,
        )
        results = Results(account_sid=server.account_sid, base_url=server.http_url)
        # Its ledger lies among the mock's own files, which go with it: a new mock has seen no row.
        ledger = server.root / ".mock" / "workbench" / "ledger.sqlite"
        receipt = self._send(ready, connection, server.password, ledger, progress, resend=resend)
        self.sent = Sent(self._session.prepared, receipt, ledger, results, server.token)
        return receipt

    # -- a real server -----------------------------------------------------------------------------

    def to(
        self,
        connection: Connection,
        password: str | None,
        progress: Progress | None = None,
        *,
        resend: bool = False,
        canary: int = 0,
    ) -> Receipt:
        """Deliver ready.csv over a connection, with the job's own ledger.

        Args:
            connection: where to.
            password: as it was typed; None: from where `password_from` says. It is kept nowhere.
            progress: called with the bytes sent, and all.
            resend: a person asks that rows go again whose outcome is unknown.
            canary: send only the first so many rows; 0 sends all.

        Raises:
            DeliveryError, UsageError, InputError: as `upload`.
        """
        job = self._session.job
        ready = self._session.ready_file
        receipt = self._send(
            ready, connection, password, job.ledger_path, progress,
            resend=resend, keep_days=job.archive.keep_days, canary=canary,
            contract=job.contract,
        )  # fmt: skip
        prepared = None if canary else self._session.prepared
        self.sent = Sent(prepared, receipt, job.ledger_path, job.results)
        return receipt

    def _send(
        self,
        ready: Path,
        connection: Connection,
        password: str | None,
        ledger: Path,
        progress: Progress | None,
        **more: Any,
    ) -> Receipt:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        with self._ledger(ledger, create=True) as opened, _of_the_form():
            return upload(
                ready,
                connection,
                password=password,
                ledger=opened,
                now=self._clock,
                patience=PATIENCE,
                progress=progress,
                **more,
            )

    def test(self, connection: Connection, password: str | None) -> ConnectionCheck:
        """Try out a connection; nothing is written on the server.

        Raises:
            UsageError: the host, the user or the password can't be used.
        """
        with _of_the_form():
            return check_connection(connection, password)

    @contextlib.contextmanager
    def _ledger(self, path: Path, *, create: bool) -> Iterator[Ledger]:
        readers = self._session.job.readable_by
        with Ledger.open(path, create=create, now=self._clock, readers=readers) as ledger:
            yield ledger

    @property
    def _clock(self) -> datetime | None:
        """The clock of the session or its job, where it stands still."""
        session = self._session
        if session.now is not None:
            return clock_of(session.now)
        job = session.job
        return job.clock if job.now else None

    # -- results -----------------------------------------------------------------------------------

    def results(self) -> Outcome:
        """What has become of the rows that were sent.

        Raises:
            UsageError: nothing was sent, or nothing says where results are read.
            DeliveryError: they can't be read now.
        """
        if self.sent is None:
            raise UsageError("not_sent", "Nothing was delivered yet", "", "", "Deliver first.")
        if self.sent.results is None:
            raise UsageError(
                "no_results",
                "The job has no [results]",
                "",
                "account_sid and token_from under [results]",
                "Add the table, or read an export of the screens: `callconv results --from FILE`.",
            )
        with self._ledger(self.sent.ledger, create=False) as ledger:
            return reading_back.results(ledger, self.sent.results, token=self.sent.token)


@contextlib.contextmanager
def _of_the_form() -> Iterator[None]:
    """Errors about a password say what to do in the form, not in a shell."""
    try:
        yield
    except CallConvError as error:
        raise in_the_form(error) from None


def in_the_form(error: CallConvError) -> CallConvError:
    """An error about a password says what to do in the form; any other is as it was."""
    if error.code not in ("password_missing", "login_refused"):
        return error
    next_step = "Type the user and the password in the fields above, and try again."
    return type(error)(error.code, error.problem, error.found, "", next_step)


def is_local(host: str) -> bool:
    """Whether a server is on this machine: what it takes goes nowhere."""
    return host.strip().casefold() in ("localhost", "::1") or host.strip().startswith("127.")


def connection_from(
    given: Connection | None, *, protocol: str, host: str, port: int, directory: str, user: str
) -> Connection:
    """The connection of a form; what the form does not show stays as the job says it.

    Raises:
        UsageError: a field is wrong.
    """
    table = given.model_dump(exclude_unset=True) if given is not None else {}
    table |= {"protocol": protocol, "host": host, "port": port,
              "directory": directory, "user": user}  # fmt: skip
    for key, only in (("ca_file", "ftps"), ("known_hosts", "sftp"), ("private_key", "sftp")):
        if protocol != only:
            table.pop(key, None)
    made = Job.from_keywords(connection=table).connection
    assert made is not None  # noqa: S101 # it was given
    return made
