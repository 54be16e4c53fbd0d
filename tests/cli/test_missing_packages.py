"""A command whose optional packages are not installed says so, and which command installs them."""

import functools
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from callconv_kit.demo import sample

pytestmark = pytest.mark.slow

RUN = """
import sys
for name in sys.argv.pop(1).split():
    sys.modules[name] = None  # an import of it fails, as where it is not installed
from callconv_kit.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = {
    name: frozenset(re.split("[<>=]", needed)[0] for needed in packages if "[" not in needed)
    for name, packages in PROJECT["project"]["optional-dependencies"].items()
    if name not in {"all", "docs", "test"}
}
"""Extra → the packages that it installs itself, as pyproject.toml names them."""


@functools.cache
def modules() -> dict[str, set[str]]:
    """Package → the names by which it is imported."""
    found: dict[str, set[str]] = {}
    for module, packages in metadata.packages_distributions().items():
        for package in packages:
            found.setdefault(normal(package), set()).add(module)
    return found


def normal(package: str) -> str:
    return re.sub("[-_.]+", "-", package).lower()


def needed_by(packages: Iterable[str]) -> Iterator[str]:
    """The packages and everything that they need themselves."""
    seen, waiting = set(), {normal(package) for package in packages}
    while waiting:
        package = waiting.pop()
        seen.add(package)
        yield package
        try:
            requirements = metadata.requires(package) or []
        except metadata.PackageNotFoundError:
            continue  # needed on another system only
        names = {
            normal(re.split(r"[^A-Za-z0-9._-]", each)[0])
            for each in requirements
            if "extra ==" not in each
        }
        waiting |= names - seen


def without(*extras: str, but: str | None = None) -> str:
    """The modules of these extras, and not one that the base or the extra `but` needs."""
    base = [re.split("[<>=]", each)[0] for each in PROJECT["project"]["dependencies"]]
    own = EXTRAS.get(but or "", frozenset()) | (
        EXTRAS["plot"] if but == "notebooks" else frozenset()
    )
    kept = set(needed_by([*base, *own]))
    missing = {normal(package) for extra in extras for package in EXTRAS[extra]} - kept
    return " ".join(sorted(module for package in missing for module in modules()[package]))


MOCK = tuple(without("mock").split())


def run(folder: Path, missing: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, missing, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@pytest.mark.parametrize("missing", [*MOCK, " ".join(MOCK)])
def test_the_demo_runs_or_says_what_to_install_and_writes_nothing(
    tmp_path: Path, missing: str
) -> None:
    done = run(tmp_path, missing, "demo", "show")
    if done.returncode == 0:
        assert "pending actions" in done.stdout
        return
    assert done.returncode == 2, done.stderr
    assert "pip install 'callconv-kit[mock]'" in done.stderr
    assert any(f"{name} is missing" in done.stderr for name in missing.split())
    assert list(tmp_path.iterdir()) == []


def test_some_package_of_the_mock_server_is_needed(tmp_path: Path) -> None:
    assert run(tmp_path, "pyftpdlib", "demo", "show").returncode == 2


def test_prepare_and_check_need_no_optional_package(tmp_path: Path) -> None:
    job = str(sample("callconv.toml"))
    missing = without(*EXTRAS)
    done = run(
        tmp_path, missing, "prepare", str(sample("export.csv")), "--job", job, "--out", "out"
    )
    assert done.returncode == 1, done.stderr
    done = run(tmp_path, missing, "check", "out/ready.csv", "--job", job)
    assert done.returncode == 0, done.stdout + done.stderr


JOB = """
[connection]
host = "127.0.0.1"
port = 1
user = "demo"
directory = ""
protocol = "{protocol}"
password_from = "{password_from}"
"""
JOBS = {
    "pgp.toml": JOB.format(protocol="ftp", password_from="env:SECRET") + 'encrypt_to = "calls.csv"',
    "sftp.toml": JOB.format(protocol="sftp", password_from="env:SECRET")
    + 'known_hosts = "nowhere"',
    "keyring.toml": JOB.format(protocol="ftp", password_from="keyring"),
    "results.toml": 'ledger = "ledger.sqlite"\n[results]\naccount_sid = ""',
}

# what needs an extra → the extra, and what is said once the extra is there
NEEDS = {
    ("check", "out/ready.csv", "--suite"): ("suite", ""),
    ("docs", "out/ready.csv", "--out", "pages"): ("suite", ""),
    ("prepare", "book.xlsx"): ("xlsx", "book.xlsx"),
    ("prepare", "calls.csv", "--rejected-as", "xlsx"): ("xlsx", "there is no source"),
    ("prepare", "memory://calls.csv"): ("remote", "There is no file"),
    ("workbench", "nowhere.csv"): ("notebooks", "nowhere.csv"),
    ("mock-server", "--http", "0", "--port", "0", "--root", "calls.csv"): (
        "mock",
        "Choose another --root",
    ),
    ("mock-server", "--port", "0", "--pgp-key-file", "no/key.asc"): (
        "pgp",
        "Choose another --pgp-key-file",
    ),
    ("upload", "out/ready.csv", "--job", "pgp.toml"): ("pgp", "PGP key"),
    ("upload", "out/ready.csv", "--job", "sftp.toml"): ("sftp", "known host keys"),
    ("upload", "out/ready.csv", "--job", "keyring.toml"): ("keyring", "has no password"),
    ("results", "--job", "results.toml"): ("results", "SID"),
}
CASES = [(arguments, *needs) for arguments, needs in NEEDS.items()]
IDS = [" ".join(arguments) for arguments in NEEDS]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export, a ready.csv, a ledger that knows it, a workbook, and a job for each extra."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "calls.csv").write_bytes(sample("export.csv").read_bytes())
    (folder / "callconv.toml").write_bytes(sample("callconv.toml").read_bytes())
    assert (
        run(folder, "", "prepare", "calls.csv", "--job", "callconv.toml", "--out", "out").returncode
        == 1
    )
    assert (
        run(folder, "", "mark-sent", "out/ready.csv", "--ledger", "ledger.sqlite").returncode == 0
    )
    with zipfile.ZipFile(folder / "book.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    for name, job in JOBS.items():
        (folder / name).write_text(job)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return Path(shutil.copytree(made, tmp_path / "folder"))


@pytest.mark.parametrize(("arguments", "extra"), [case[:2] for case in CASES], ids=IDS)
def test_the_extra_is_named(folder: Path, arguments: tuple[str, ...], extra: str) -> None:
    done = run(folder, without(*EXTRAS, but="mock" if extra == "pgp" else None), *arguments)
    assert done.returncode == 2, done.stderr
    assert f"callconv-kit[{extra}]" in done.stderr
    assert re.search(rf"\b({'|'.join(without(extra).split())})\b.* is missing", done.stderr), (
        done.stderr
    )


@pytest.mark.parametrize(("arguments", "extra", "then"), CASES, ids=IDS)
def test_an_extra_alone_is_enough(
    folder: Path, arguments: tuple[str, ...], extra: str, then: str
) -> None:
    others = set(EXTRAS) - {extra, *({"mock"} if arguments[0] == "mock-server" else ())}
    done = run(folder, without(*others, but=extra), *arguments)
    assert "is missing" not in done.stdout + done.stderr
    assert "callconv-kit[" not in done.stdout + done.stderr
    assert then in done.stdout + done.stderr
