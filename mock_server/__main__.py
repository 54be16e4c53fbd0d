"""`python -m mock_server`: the mock from a shell; `callconv mock-server` is the same."""

import argparse
import re
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mock_server import accounts
from mock_server.accounts import Account, AccountError
from mock_server.server import MockImportServer

DEFAULT_PORT = 2121
WRONG_USAGE, CANNOT_SERVE = 2, 3
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, None: 1.0}


def _span(text: str) -> timedelta:
    """`now`, `5s`, `2m`, `24h`, `1d`; a bare number is seconds."""
    if text == "now":
        return timedelta(0)
    matched = _SPAN.fullmatch(text)
    if matched is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no span of time such as 5s, 2m or 24h")
    return timedelta(seconds=float(matched[1]) * _UNITS[matched[2]])


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time such as 2026-11-24T12:00:00+00:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ports(text: str) -> range:
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no range of ports such as 40000-40100")
    return range(int(first), int(last) + 1)


def _account(text: str) -> Account:
    try:
        return accounts.parse(text)
    except AccountError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="callconv mock-server",
        description="A mock of impact.com's call-conversion import server. Nothing leaves this "
        "machine; it listens on loopback unless told otherwise.",
        epilog="Example: callconv mock-server --port 2121 --account demo:secret\n"
        "         curl -T ready.csv ftp://demo:secret@127.0.0.1:2121/",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    options.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="FTP port; 0: a free one (%(default)s)"
    )
    options.add_argument("--passive-ports", type=_ports, metavar="FIRST-LAST")
    options.add_argument(
        "--account",
        type=_account,
        action="append",
        default=[],
        metavar="NAME[:PASSWORD[:TOKEN]]",
        help="an account; repeatable; a password that is not given is generated and shown once",
    )
    options.add_argument(
        "--accounts", type=Path, metavar="FILE.toml", help="accounts and their programmes"
    )
    options.add_argument("--root", type=Path, help="where uploads stay; none: a temporary folder")
    options.add_argument("--no-tls", action="store_true", help="plain FTP only")
    options.add_argument("--require-tls", action="store_true", help="refuse plain FTP")
    options.add_argument(
        "--ca-file", type=Path, metavar="PATH", help="write the certificate authority there"
    )
    options.add_argument("--now", type=_moment, help="where the server's clock stands")
    options.add_argument(
        "--process-after",
        type=_span,
        default=timedelta(0),
        metavar="SPAN",
        help="how long a file is Queued: now, 5s, 2m, 24h (default: now)",
    )
    options.add_argument("--max-file-size", type=int, default=0, metavar="BYTES")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status."""
    given = parser().parse_args(argv)
    if given.no_tls and given.require_tls:
        parser().error("--no-tls and --require-tls contradict each other")
    try:
        known = list(given.account)
        if given.accounts:
            known += accounts.load(given.accounts)
        server = MockImportServer(
            given.root,
            known,
            host=given.host,
            port=given.port,
            tls="off" if given.no_tls else "required" if given.require_tls else "offered",
            now=given.now,
            process_after=given.process_after,
            passive_ports=given.passive_ports,
            max_file_size=given.max_file_size,
            login_delay=1.0,
        )
    except AccountError as error:
        print(f"mock-server: {error}", file=sys.stderr)  # noqa: T201 # a command's own words
        return WRONG_USAGE
    except OSError as error:
        print(  # noqa: T201 # a command's own words
            f"mock-server: can't listen on {given.host} port {given.port}: "
            f"{error.strerror or error}. Choose another --port, or 0 for a free one.",
            file=sys.stderr,
        )
        return CANNOT_SERVE
    if given.ca_file and server.ca_file:
        given.ca_file.write_bytes(server.ca_file.read_bytes())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with server:
        _greet(server)
        stop.wait()
    return 0


def _greet(server: MockImportServer) -> None:
    """Say where it listens, and generated credentials: once."""
    lines = [f"FTP on {server.host} port {server.port}" + (", with TLS" if server.ca_file else "")]
    if server.ca_file:
        lines.append(f"certificate authority: {server.ca_file}")
    for account in server.accounts.values():
        lines.append(f"account {account.name}: user {account.user}")
        for what, secret in account.generated.items():
            lines.append(f"  {what} (shown once): {secret}")
    lines.append(f"uploads: {server.root}")
    print("\n".join(lines), flush=True)  # noqa: T201 # a command's own words


if __name__ == "__main__":
    sys.exit(main())
