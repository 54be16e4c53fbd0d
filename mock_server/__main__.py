"""`python -m mock_server`: the mock from a shell; `callconv mock-server` is the same."""

import argparse
import logging
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mock_server import accounts, faults
from mock_server.accounts import Account, AccountError

if TYPE_CHECKING:
    from mock_server.server import MockImportServer

DEFAULT_PORT = 2121
WRONG_USAGE, CANNOT_SERVE = 2, 3
EXTRA = frozenset({"pyftpdlib", "OpenSSL", "trustme", "starlette", "uvicorn", "jinja2"})
"""What the extra `mock` installs."""

PGP = "pysequoia"
"""What the extra `pgp` installs."""

_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, None: 1.0}


def _span(text: str) -> timedelta:
    """`now`, `5s`, `2m`, `24h`, `1d`; a bare number is seconds."""
    if text == "now":
        return timedelta(0)
    matched = _SPAN.fullmatch(text)
    if matched is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time span; write now, 5s, 2m or 24h")
    return timedelta(seconds=float(matched[1]) * _UNITS[matched[2]])


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time; write it as 2026-11-24T12:00:00+00:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:9]) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; use 0 (a free one) to 65535")
    return int(text)


def _ports(text: str) -> range:
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port range; write it as 40000-40100")
    return range(int(first), int(last) + 1)


def _account(text: str) -> Account:
    try:
        return accounts.parse(text)
    except AccountError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _fault(text: str) -> tuple[str, dict[str, int | str | None]]:
    try:
        name, options = faults.parse(text)
        faults.FaultBook().arm(name, **options)  # type: ignore[arg-type]  # parse names arm's own
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name, options


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="callconv mock-server",
        description="A mock of impact.com's call-conversion import server.\n"
        "Nothing leaves this machine: it listens on loopback.",
        epilog="Example: callconv mock-server --port 2121 --http 8021 --account demo:secret\n"
        "         curl -T ready.csv ftp://demo:secret@127.0.0.1:2121/",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    options.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="FTP port; 0: a free one (%(default)s)"
    )
    options.add_argument(
        "--http", type=_port, metavar="PORT", help="serve the web page and the results API there"
    )
    options.add_argument(
        "--passive-ports", type=_ports, metavar="FIRST-LAST", help="ports of data connections"
    )
    options.add_argument(
        "--account",
        type=_account,
        action="append",
        default=[],
        metavar="NAME[:PASSWORD[:TOKEN]]",
        help="an account; repeatable; a password that is not given is generated and shown once",
    )
    options.add_argument(
        "--accounts", type=Path, metavar="FILE.toml", help="accounts and their programs"
    )
    options.add_argument("--root", type=Path, help="where uploads stay; none: a temporary folder")
    options.add_argument("--no-tls", action="store_true", help="plain FTP only")
    options.add_argument("--require-tls", action="store_true", help="refuse plain FTP")
    options.add_argument(
        "--ca-file", type=Path, metavar="PATH", help="write the certificate authority there"
    )
    options.add_argument(
        "--pgp-key-file",
        type=Path,
        metavar="PATH",
        help="decrypt uploads with a PGP key made for this server; write its public half there",
    )
    options.add_argument(
        "--now", type=_moment, metavar="TIME", help="where the server's clock starts"
    )
    options.add_argument(
        "--process-after",
        type=_span,
        default=timedelta(0),
        metavar="SPAN",
        help="how long a file is Queued: now, 5s, 2m, 24h (default: now)",
    )
    options.add_argument(
        "--max-file-size",
        type=int,
        default=0,
        metavar="BYTES",
        help="refuse larger uploads with 552",
    )
    options.add_argument(
        "--quiet", action="store_true", help="no line for each upload, refusal and log-in"
    )
    options.add_argument(
        "--take-unconfirmed",
        action="store_true",
        help="accept whatever an upload leaves, even without a 226",
    )
    options.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="NAME[,times=N|forever][,after=BYTES][,command=VERB]",
        help="inject a failure; repeatable; docs/mock_server.md lists them",
    )
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status: 0, 2 wrong usage, 3 can't serve."""
    options = parser()
    try:
        given = options.parse_args(argv)
        if given.no_tls and (given.require_tls or given.ca_file):
            options.error("--no-tls contradicts --require-tls and --ca-file")
        known = accounts.distinct(
            [*given.account, *(accounts.load(given.accounts) if given.accounts else ())]
        )
    except SystemExit as ended:  # of argparse, which has said why
        return int(ended.code or 0)
    except AccountError as error:
        return _fail(str(error), WRONG_USAGE)
    try:
        server = _server(given, known)
        if given.ca_file and server.ca_file:
            _write_for_clients(server, server.ca_file, given.ca_file, "--ca-file")
        if given.pgp_key_file and server.pgp_public_key:
            key = server.pgp_public_key
            _write_for_clients(server, key, given.pgp_key_file, "--pgp-key-file")
    except _CannotServe as error:
        return _fail(str(error), error.exit_status)
    if not given.quiet:
        _log_to_terminal()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with server:
        _greet(
            server,
            given.ca_file or server.ca_file,
            given.pgp_key_file,
            temporary=given.root is None,
        )
        while not stop.wait(1.0):  # not for ever: Windows would not see Ctrl-C
            pass
    _say(f"Stopped. {'The uploads are gone.' if given.root is None else 'The uploads stay.'}")
    return 0


class _CannotServe(Exception):
    """Why there is no server, and what to do."""

    exit_status = CANNOT_SERVE


class _NotInstalled(_CannotServe):
    """Which package is missing, and how to install it."""

    exit_status = WRONG_USAGE

    def __init__(self, feature: str, error: ModuleNotFoundError, extra: str) -> None:
        missing = (error.name or str(error)).partition(".")[0]
        super().__init__(
            f"{feature} needs packages that are not installed: {missing} is missing. "
            f"Run pip install 'callconv-kit[{extra}]'."
        )


def _server(given: argparse.Namespace, known: list[Account]) -> "MockImportServer":
    try:
        from mock_server.clock import Clock
        from mock_server.server import CannotListen, MockImportServer

        if given.http is not None:
            import mock_server.web.serving  # noqa: F401 # so that what it lacks is known now
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise _NotInstalled("the mock server", error, "mock") from None
    try:
        server = MockImportServer(
            given.root,
            known,
            host=given.host,
            port=given.port,
            http_port=given.http,
            tls="off" if given.no_tls else "required" if given.require_tls else "offered",
            now=Clock(given.now, ticking=True),
            process_after=given.process_after,
            passive_ports=given.passive_ports,
            max_file_size=given.max_file_size,
            takes_unconfirmed=given.take_unconfirmed,
            login_delay=1.0,
            pgp_key=given.pgp_key_file is not None,
        )
    except ModuleNotFoundError as error:
        if error.name != PGP:
            raise
        raise _NotInstalled("--pgp-key-file", error, "pgp") from None
    except CannotListen as error:
        option = "--port" if error.what == "FTP" else "--http"
        raise _CannotServe(
            f"{error}. Choose another {option}, or 0 for a free one; or check --host."
        ) from None
    except (OSError, sqlite3.Error) as error:
        raise _CannotServe(
            f"can't keep anything in {given.root}: {error}. Choose another --root."
        ) from None
    for name, options in given.fault:
        server.fault(name, **options)
    return server


def _write_for_clients(server: "MockImportServer", kept: Path, path: Path, option: str) -> None:
    what = "certificate authority" if option == "--ca-file" else "public PGP key"
    try:
        path.write_bytes(kept.read_bytes())
    except OSError as error:
        server.stop()
        raise _CannotServe(
            f"can't write the {what} to {path}: {error.strerror}. Choose another {option}."
        ) from None


def _greet(
    server: "MockImportServer", ca_file: Path | None, given_key: Path | None, *, temporary: bool
) -> None:
    """Where it listens, how to upload, where to look; generated credentials: once."""
    account = server.account
    how = {"off": "plain", "offered": "plain or with TLS", "required": "with TLS only"}[server.tls]
    lines = [
        "A mock of impact.com's import server. Nothing leaves this machine."
        if server.is_loopback
        else f"A mock of impact.com's import server. Other machines can reach {server.host}.",
        "",
        f"  FTP      {server.ftp_url}, {how}",
    ]
    if ca_file:
        lines.append(f"  CA       {ca_file}")
    if given_key:
        lines.append(f"  PGP key  {given_key}")
    if server.serves_http:
        lines.append(f"  page     {server.http_url}/")
        lines.append(f"  results  {server.http_url}/Advertisers/{account.sid}/FTPFileSubmissions")
    lines.append(f"  uploads  {server.root}" + (" (temporary)" if temporary else ""))
    lines.append("")
    for each in server.accounts.values():
        lines.append(f"Account {each.name}: user {each.user}, AccountSID {each.sid}")
        for what, secret in each.generated.items():
            lines.append(f"  {what} (shown once): {secret}")
    lines += ["", "Upload (curl asks for the password):"]
    if server.tls != "required":
        lines.append(f"  curl -T ready.csv --user {account.user} {server.ftp_url}/")
    if ca_file:
        lines.append(
            f"  curl -T ready.csv --user {account.user} --ssl-reqd --cacert {ca_file} "
            f"{server.ftp_url}/"
        )
    if server.serves_http:
        lines.append(
            "Anyone who can use this machine can see the page."
            if server.is_loopback
            else "The page asks for an account's FTP user and password, unencrypted."
        )
    for armed in server.faults():
        often = {None: "for ever", 1: "once"}.get(armed.times, f"{armed.times} times")
        lines.append(f"Fault {armed.fault.name}, {often}: {armed.fault.shows}")
    lines.append("Stop with Ctrl-C.")
    _say("\n".join(lines))


class _Line(logging.Formatter):
    """A line of the log without what a terminal would take for more than text."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def _log_to_terminal() -> None:
    """A line for each upload, each refusal and each log-in."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Line("%(asctime)s  %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("mock_server")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 # a command's own words


def _fail(text: str, status: int) -> int:
    print(f"callconv mock-server: {text}", file=sys.stderr)  # noqa: T201 # the same
    return status


if __name__ == "__main__":
    sys.exit(main())
