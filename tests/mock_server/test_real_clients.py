"""The FTP clients that people already have, into the mock: rclone, ncftp, Perl, Node, ftputil.

curl, lftp and Python's ftplib have tests of their own in test_uploading.py.
"""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server import MockImportServer

from .clients import PASSWORD, USER, curl, lftp, needs, serving
from .uploading import call_file

pytestmark = pytest.mark.slow

CONTENT = call_file(*({} for _ in range(2000)))


def run(*command: str, **more: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr


def by_curl(server: MockImportServer, file: Path) -> None:
    done = curl(server, file)
    assert done.returncode == 0, done.stderr


def by_lftp(server: MockImportServer, file: Path) -> None:
    # Without TLS 1.3, under which it closes before it has read the session tickets; see PERL.
    done = lftp(server, "set ssl:priority NORMAL:-VERS-TLS1.3", f"put {file}")
    assert done.returncode == 0, done.stderr


def by_rclone(server: MockImportServer, file: Path) -> None:
    rclone = needs("rclone")
    hidden = subprocess.run(
        [rclone, "obscure", PASSWORD], capture_output=True, text=True, check=True
    )
    options = [
        f"host={server.host}", f"port={server.port}", f"user={USER}", f"pass={hidden.stdout.strip()}",
    ]  # fmt: skip
    if server.ca_file:
        # With TLS 1.3 it closes before it has read the session tickets, as Perl does below.
        options += ["explicit_tls=true", "disable_tls13=true"]
    # Go's own variable: this rclone's --ca-cert is for HTTP alone.
    trust = {"SSL_CERT_FILE": str(server.ca_file)} if server.ca_file else {}
    run(
        rclone, "copyto", "--config", os.devnull, "--no-check-dest", str(file),
        f":ftp,{','.join(options)}:calls.csv", env={**os.environ, **trust},
    )  # fmt: skip


def by_ncftp(server: MockImportServer, file: Path) -> None:
    run(
        needs("ncftpput"), "-u", USER, "-p", PASSWORD, "-P", str(server.port), server.host, "/", str(file),
        env={**os.environ, "HOME": str(file.parent)},
    )  # fmt: skip


PERL = """
use Net::FTP;
my ($host, $port, $user, $password, $file, $ca) = @ARGV;
# TLS 1.2: with 1.3 it closes before it has read the server's session tickets, which resets the
# connection and can lose the end of the file. A strict server says 426 to that, vsftpd too.
my $ftp = Net::FTP->new(
    $host, Port => $port, Timeout => 20, $ca ? (SSL_ca_file => $ca, SSL_version => "TLSv1_2") : ()
)
    or die "connect: $@";
$ca and ($ftp->starttls or die "TLS: " . $ftp->message);
$ftp->login($user, $password) or die "login: " . $ftp->message;
$ftp->binary;
$ftp->put($file) or die "put: " . $ftp->message;
$ftp->quit;
"""


def by_perl(server: MockImportServer, file: Path) -> None:
    given = [server.host, str(server.port), USER, PASSWORD, str(file)]
    given += [str(server.ca_file)] if server.ca_file else []
    run(needs("perl"), "-e", PERL, *given)


NODE = """
const ftp = require("basic-ftp"), fs = require("fs");
const [host, port, user, password, file, ca] = process.argv.slice(2);
(async () => {
    const client = new ftp.Client(20000);
    const secureOptions = ca ? { ca: fs.readFileSync(ca) } : undefined;
    await client.access({ host, port: Number(port), user, password, secure: !!ca, secureOptions });
    await client.uploadFrom(file, "calls.csv");
    client.close();
})().catch(error => { console.error(error); process.exit(1); });
"""


@pytest.fixture(scope="session")
def basic_ftp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Node's basic-ftp."""
    npm = needs("npm")
    needs("node")
    folder = tmp_path_factory.mktemp("node")
    (folder / "upload.js").write_text(NODE)
    (folder / "package.json").write_text(json.dumps({"name": "x", "private": True}))
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "basic-ftp@5"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip("basic-ftp can't be installed here")
    assert done.returncode == 0, done.stderr
    return folder


def by_ftputil(server: MockImportServer, file: Path) -> None:
    if server.ca_file:
        pytest.skip("ftputil leaves TLS to ftplib, which has a test of its own")
    if os.environ.get("CI") != "true":
        pytest.importorskip("ftputil", exc_type=ImportError)
    import ftplib

    with warnings.catch_warnings():
        # It announces another encoding of paths; those here are plain.
        warnings.simplefilter("ignore", DeprecationWarning)
        import ftputil
        import ftputil.session

    factory = ftputil.session.session_factory(
        base_class=ftplib.FTP, port=server.port, encoding="UTF-8"
    )
    with ftputil.FTPHost(server.host, USER, PASSWORD, session_factory=factory) as host:
        host.upload(str(file), "calls.csv")


CLIENTS: dict[str, Callable[[MockImportServer, Path], None]] = {
    "curl": by_curl,
    "lftp": by_lftp,
    "rclone": by_rclone,
    "ncftp": by_ncftp,
    "Perl's Net::FTP": by_perl,
    "ftputil": by_ftputil,
}

PLAIN_ONLY = {"ncftp"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix's clients")
@pytest.mark.parametrize("tls", ["off", "required"], ids=["plain", "TLS"])
@pytest.mark.parametrize("client", CLIENTS)
def test_an_upload_is_taken_in_byte_for_byte(tmp_path: Path, client: str, tls: str) -> None:
    if client in PLAIN_ONLY and tls == "required":
        pytest.skip(f"{client} has no TLS")
    file = tmp_path / "calls.csv"
    file.write_bytes(CONTENT)
    with serving(host="localhost" if tls == "required" else "127.0.0.1", tls=tls) as server:
        CLIENTS[client](server, file)
        assert [found.file_name for found in server.submissions()] == ["calls.csv"]
        assert server.next_receipt().read_bytes() == CONTENT
        assert server.submissions()[0].total_records == 2000


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix's clients")
@pytest.mark.parametrize("tls", ["off", "required"], ids=["plain", "TLS"])
def test_nodes_basic_ftp_too(tmp_path: Path, basic_ftp: Path, tls: str) -> None:
    file = tmp_path / "calls.csv"
    file.write_bytes(CONTENT)
    with serving(tls=tls) as server:
        given = [server.host, str(server.port), USER, PASSWORD, str(file)]
        given += [str(server.ca_file)] if server.ca_file else []
        run(needs("node"), str(basic_ftp / "upload.js"), *given, cwd=basic_ftp)
        assert server.next_receipt().read_bytes() == CONTENT
