"""What each step is in one line of Python, so that a click can become a script."""

from callconv_kit.widgets.session import Session

IMPORTS = "import callconv_kit as ck\n"


def opened(session: Session) -> str:
    """Of Open."""
    job = f", {_path(session.job_file)}" if session.job_file.exists() else ""
    return f"{IMPORTS}ck.inspect({_path(session.source or 'calls.csv')}{job})"


def mapped(session: Session) -> str:
    """Of Map."""
    return f"{IMPORTS}job = ck.Job.load({_path(session.job_file)})"


def prepared(session: Session) -> str:
    """Of Prepare."""
    arguments = [_path(session.source or "calls.csv"), _path(session.job_file)]
    arguments.append(f"out={_path(session.out)}")
    if session.source is not None and session.corrected.path.exists():
        arguments.append(f"fixes={_path(session.corrected.path)}")
    if session.now is not None:
        arguments.append(f"now={str(session.now)!r}")
    return f"{IMPORTS}prepared = ck.prepare({', '.join(arguments)})"


def reviewed() -> str:
    """Of Review."""
    return "prepared.rejected, prepared.findings, prepared.changes, prepared.ready"


def checked() -> str:
    """Of Check."""
    return "from callconv_kit import suite\nresult = suite.validate(prepared.ready_file)"


def delivered(*, mock: bool) -> str:
    """Of Deliver."""
    if mock:
        return (
            "from mock_server import MockImportServer\n"
            "server = MockImportServer().start()\n"
            'mock = ck.Connection(protocol="ftp", host=server.host, port=server.port, '
            "user=server.user)\n"
            "# ledger=None: what the mock server takes must not count as sent\n"
            "prepared.upload(mock, password=server.password, ledger=None)"
        )
    return "prepared.upload()   # password_from under [connection] names the source of the password"


def _path(path: object) -> str:
    text = str(path)
    return f'"{text}"' if text.isprintable() and not set('"\\') & set(text) else repr(text)
