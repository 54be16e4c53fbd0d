"""A command whose optional packages are not installed says so, and which command installs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from callconv_kit.demo import sample

RUN = """
import sys
for name in sys.argv.pop(1).split():
    sys.modules[name] = None  # an import of it fails, as where it is not installed
from callconv_kit.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
MOCK = ("pyftpdlib", "OpenSSL", "trustme", "starlette", "uvicorn", "jinja2")
EXTRAS = (
    *MOCK, "great_expectations", "matplotlib", "ipywidgets", "jupyterlab", "paramiko", "keyring",
    "httpx", "openpyxl", "fsspec", "distributed",
)  # fmt: skip


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
    missing = " ".join(EXTRAS)
    done = run(
        tmp_path, missing, "prepare", str(sample("export.csv")), "--job", job, "--out", "out"
    )
    assert done.returncode == 1, done.stderr
    done = run(tmp_path, missing, "check", "out/ready.csv", "--job", job)
    assert done.returncode == 0, done.stdout + done.stderr


# what is asked for → the extra that it needs
NEEDS = {
    ("check", "out/ready.csv", "--suite"): "suite",
    ("docs", "out/ready.csv", "--out", "docs"): "suite",
    ("prepare", "book.xlsx"): "xlsx",
    ("prepare", "calls.csv", "--rejected-as", "xlsx"): "xlsx",
    ("prepare", "s3://bucket/calls.csv"): "remote",
    ("workbench",): "notebooks",
    ("mock-server",): "mock",
}


@pytest.mark.parametrize(("arguments", "extra"), NEEDS.items(), ids=[" ".join(a) for a in NEEDS])
def test_the_extra_is_named(tmp_path: Path, arguments: tuple[str, ...], extra: str) -> None:
    import zipfile

    (tmp_path / "out").mkdir()
    text = "CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,CalledPhoneNumber,CallDuration,TalkDuration\n"
    for name in ("out/ready.csv", "calls.csv"):
        (tmp_path / name).write_text(text)
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    done = run(tmp_path, " ".join(EXTRAS), *arguments)
    assert done.returncode in {2, 3}, done.stderr
    assert f"callconv-kit[{extra}]" in done.stderr
