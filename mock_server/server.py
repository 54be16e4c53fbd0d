"""`MockImportServer`: the whole mock as one object with a `with` block."""

import contextlib
import logging
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from mock_server import accounts as accounts_
from mock_server.accounts import Account, Secret
from mock_server.certificates import Certificates
from mock_server.clock import Clock
from mock_server.faults import Armed, At, FaultBook
from mock_server.ftp import Authorizer, PlainSession, TLSSession
from mock_server.intake import Intake, Receipt
from mock_server.loop import Loop
from mock_server.pgp import PgpKey
from mock_server.store import PendingAction, RowError, Store, Submission

if TYPE_CHECKING:
    from mock_server.web.serving import Web

log = logging.getLogger("mock_server")

TLS = Literal["off", "offered", "required"]


class CannotListen(OSError):
    """An address that can't be listened on; `what` is FTP or HTTP."""

    def __init__(self, what: str, host: str, port: int, error: OSError) -> None:
        if error.args and isinstance(error.args[0], OSError):  # pyftpdlib wraps the real one
            error = error.args[0]
        super().__init__(error.errno, error.strerror or str(error))
        self.what, self.host, self.port = what, host, port

    def __str__(self) -> str:
        return f"{self.what} can't listen on {self.host} port {self.port}: {self.strerror}"


class MockImportServer:
    """A mock of impact.com's import server; serves while its `with` block runs.

    >>> with MockImportServer() as server:  # doctest: +SKIP
    ...     upload(calls_csv, server.host, server.port, server.user, server.password)
    ...     server.pending_actions()

    Args:
        root: where uploads go, one folder an account, and the mock's memory (`.mock`); a second
            server on the same root remembers. None: a temporary folder, removed at the end.
        accounts: none given: one account `demo` with a generated password.
        host: the address to listen on; the default is loopback.
        port: of FTP; 0 is a free one.
        http_port: of the results API and the page; 0 is a free one. None: HTTP is served on a
            free port from the moment that `http_url` is asked for.
        tls: "off" (AUTH is not known), "offered", or "required" on control and data.
        now: the time of the clock; it moves by `advance` only. A `Clock` may be given. None: the
            real time.
        process_after: how long a submission is Queued.
        process_for: how long a submission is In Progress.
        passive_ports: the ports that PASV and EPSV name; None: any.
        max_connections: how many connections may be open at once.
        max_file_size: in bytes; 0 is no limit.
        takes_unconfirmed: take in whatever an upload leaves, also where no 226 could be said.
            Without it such a file stays visible (SIZE shows it) and is never taken in.
        login_delay: seconds that a refused log-in waits for its answer.
        timeout: seconds after which an idle connection is closed.
        pgp_key: True: decrypt uploads with a PGP key of the server's own, whose public half is
            `pgp_public_key`; a path: with this private key.

    Attributes:
        clock: the server's `Clock`.
        store: what it remembers: submissions, pending actions, errors.
        intake: what judges the uploads.
        book: the faults that are armed.
        certificates: its TLS certificates; None without TLS.

    Raises:
        CannotListen: a port is in use, or the address is none of this machine's.
    """

    def __init__(
        self,
        root: Path | None = None,
        accounts: Iterable[Account] = (),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        http_port: int | None = None,
        tls: TLS = "off",
        now: datetime | Clock | None = None,
        process_after: timedelta = timedelta(0),
        process_for: timedelta = timedelta(0),
        passive_ports: range | None = None,
        max_connections: int = 256,
        max_file_size: int = 0,
        takes_unconfirmed: bool = False,
        login_delay: float = 0.0,
        timeout: float = 300.0,
        pgp_key: bool | Path = False,
    ) -> None:
        self._exits = contextlib.ExitStack()
        if root is None:
            temporary = tempfile.TemporaryDirectory(prefix="mock-import-server-")
            self._exits.callback(temporary.cleanup)
            root = Path(temporary.name)
        self.root = root
        self.tls = tls
        self.login_delay = login_delay
        self._web: Web | None = None
        self._serving = False
        memory = root / ".mock"
        spool = memory / "spool"
        try:
            spool.mkdir(parents=True, exist_ok=True)
            self.clock = now if isinstance(now, Clock) else Clock(now)
            self.store = Store(memory / "store.sqlite")
            self._exits.callback(self.store.close)
            self.accounts = self._with_kept_credentials(
                accounts_.distinct(accounts) or [accounts_.make("demo")]
            )
            self.certificates = Certificates(memory, host) if tls != "off" else None
            given = pgp_key if isinstance(pgp_key, Path) else None
            self._pgp_key = PgpKey(memory, given) if pgp_key else None
            self.book = FaultBook(self._faults_changed)
            self.intake = Intake(
                self.store,
                self.clock,
                self.accounts,
                spool,
                process_after=process_after,
                process_for=process_for,
                pgp_key=self._pgp_key,
            )
            settings: dict[str, object] = {
                "authorizer": Authorizer(self.accounts, root),
                "book": self.book,
                "intake": self.intake,
                "max_file_size": max_file_size,
                "takes_unconfirmed": takes_unconfirmed,
                "passive_ports": passive_ports,
                "auth_failed_timeout": login_delay,
                "timeout": timeout,
            }
            if self.certificates:
                settings |= {
                    "certificates": self.certificates,
                    "ssl_context": self.certificates.context(),
                    "tls_control_required": tls == "required",
                    "tls_data_required": tls == "required",
                }
            session = TLSSession if self.certificates else PlainSession
            try:
                self._loop = Loop(session, settings, (host, port), max_connections=max_connections)
            except OSError as error:
                raise CannotListen("FTP", host, port, error) from error
            self._exits.callback(self._loop.stop)
            if http_port is not None:
                self._open_web(http_port)
        except BaseException:
            self._exits.close()
            raise
        self._stopping = threading.Lock()
        self._worker = threading.Thread(target=self.intake.run, name="mock-intake", daemon=True)

    # --- where it is

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._loop.address[0]

    @property
    def port(self) -> int:
        """The FTP port."""
        return self._loop.address[1]

    @property
    def account(self) -> Account:
        """The first account."""
        return next(iter(self.accounts.values()))

    @property
    def user(self) -> str:
        """The first account's FTP user."""
        return self.account.user

    @property
    def password(self) -> str:
        """The first account's password, where it was generated in this run."""
        try:
            return self.account.generated["password"]
        except KeyError:
            raise AttributeError("only a password generated in this run is known") from None

    @property
    def account_sid(self) -> str:
        """The first account's AccountSID, for the results API."""
        return self.account.sid

    @property
    def token(self) -> str:
        """The first account's AuthToken, where it was generated in this run."""
        if self.account.token is not self.account.password:
            raise AttributeError("only a token generated in this run is known")
        return self.password

    @property
    def url(self) -> str:
        """The first account's directory, as impact.com writes it: ftp://host:port/name."""
        return f"{self.ftp_url}/{self.account.name}"

    @property
    def ftp_url(self) -> str:
        """Where uploads go, whoever sends them: ftp://host:port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ftp://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "::1" or self.host.startswith("127.")

    @property
    def serves_http(self) -> bool:
        """Whether the page and the results API are served."""
        return self._web is not None

    @property
    def http_url(self) -> str:
        """The page; the results API is below it. HTTP is served once this was asked for."""
        return (self._web or self._open_web(0)).url

    def _open_web(self, port: int) -> "Web":
        from mock_server.web.serving import Web

        try:
            self._web = Web(self, self.host, port)
        except OSError as error:
            raise CannotListen("HTTP", self.host, port, error) from error
        self._exits.callback(self._web.stop)
        if self._serving:
            self._web.start()
        return self._web

    @property
    def ca_file(self) -> Path | None:
        """The certificate authority that clients must trust; None without TLS."""
        return self.certificates.ca_file if self.certificates else None

    @property
    def pgp_public_key(self) -> Path | None:
        """The public key that clients may encrypt for; None where the server has none."""
        return self._pgp_key.public_file if self._pgp_key else None

    @property
    def directory(self) -> Path:
        """Where the first account's uploads are."""
        return self.root / self.account.name

    # --- what came of the uploads

    def submissions(self, account: str | None = None) -> list[Submission]:
        """All submissions, or those of one `account`, when all that is due has been done."""
        self.intake.settle()
        return self.store.submissions(account)

    def pending_actions(self, account: str | None = None) -> list[PendingAction]:
        """Rows that were taken, of all accounts or one `account`, when what is due is done."""
        self.intake.settle()
        return self.store.pending_actions(account)

    def errors(self, account: str | None = None) -> list[RowError]:
        """Rows that were refused, of all accounts or one `account`, when what is due is done."""
        self.intake.settle()
        return self.store.errors(account)

    def next_receipt(self, timeout: float = 10.0) -> Receipt:
        """The next finished upload not yet asked for; TimeoutError after `timeout` seconds."""
        return self.intake.next_receipt(timeout)

    # --- what a test does to it

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Do what is due, move the clock on by `days`, `hours` and `seconds`, and do it again."""
        self.intake.settle()
        self.clock.advance(timedelta(days=days, hours=hours, seconds=seconds))
        self.intake.wake()
        self.intake.settle()

    def fault(
        self,
        name: str,
        times: int | None = 1,
        *,
        after: int | None = None,
        command: str | None = None,
    ) -> None:
        """Arm a fault.

        Args:
            name: a name of the fault book, such as `data-cut`.
            times: how often it strikes; None: until it is cleared.
            after: bytes of the upload before it strikes; None: as the book says.
            command: the FTP verb at which it strikes; None: as the book says.

        Raises:
            ValueError: an unknown name, with the nearest one; or an option that it does not have.
        """
        self.book.arm(name, times, after=after, command=command)

    def clear_faults(self, name: str | None = None) -> None:
        """Disarm the fault `name`, or all."""
        self.book.clear(name)

    def faults(self) -> list[Armed]:
        """The faults that are armed."""
        return self.book.armed()

    def _faults_changed(self) -> None:
        refusing = self.book.waits(At.LISTEN) is not None
        self._loop.call(lambda: self._loop.refuse(refusing))

    # --- serving

    def start(self) -> Self:
        """Serve until `stop`; as `with` does. Again does nothing."""
        if self._serving:
            return self
        self._loop.start()
        self._worker.start()
        self._serving = True
        if self._web is not None:
            self._web.start()
        log.info("serving %s", self.url)
        return self

    def stop(self) -> None:
        """End all connections and threads, close the store. From any thread; again does nothing."""
        with self._stopping:
            self.intake.stop()
            if self._worker.ident is not None:
                self._worker.join()
            self._exits.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _with_kept_credentials(self, accounts: list[Account]) -> dict[str, Account]:
        """Accounts by name; a password generated in an earlier run on this root is still right."""
        by_name = {}
        for account in accounts:
            kept = self.store.credential(account.name)
            if "password" in account.generated and kept:
                secret = Secret(kept)
                token = secret if account.token is account.password else account.token
                account = replace(account, password=secret, token=token, generated={})
            elif "password" in account.generated:
                self.store.keep_credential(account.name, account.password.stored)
            by_name[account.name] = account
        return by_name
