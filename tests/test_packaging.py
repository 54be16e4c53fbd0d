"""The wheel: everything that the kit needs lies in it, and it runs outside of the checkout."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel as `python -m build` makes it."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT]
    run = subprocess.run(build, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment in which the wheel's files are found before those of the checkout."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return {**os.environ, "PYTHONPATH": str(folder)}, folder


def test_every_data_file_of_the_checkout_lies_in_the_wheel(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(
        ["git", "ls-files", "callconv_kit", "mock_server"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    tracked = listed.stdout.split()
    assert len(tracked) > 100
    assert set(tracked) - packed == set()


def test_the_version_is_written_in_one_place(wheel):
    from callconv_kit import __version__

    assert wheel.name.startswith(f"callconv_kit-{__version__}-")
    assert __version__ not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_both_packages_are_typed_and_the_command_is_there(wheel):
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    assert {"callconv_kit/py.typed", "mock_server/py.typed"} <= set(names)
    (entries,) = (name for name in names if name.endswith("entry_points.txt"))
    commands = archive.read(entries).decode()
    assert "callconv = callconv_kit.__main__:entry" in commands
    assert "callconv-mock-server = mock_server.pytest_plugin" in commands


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--version"], "0.1.0"),
        (["columns", "CallStatus"], "CallStatus"),
        (["template", "--example"], "CampaignId,MediaId"),
        (["demo"], "pending actions on the mock server"),
    ],
)
def test_the_wheel_runs_outside_of_the_checkout(installed, tmp_path, arguments, said):
    environment, folder = installed
    code = (
        "import sys, callconv_kit, mock_server\n"
        "assert callconv_kit.__file__.startswith(sys.argv[1]), callconv_kit.__file__\n"
        "assert mock_server.__file__.startswith(sys.argv[1]), mock_server.__file__\n"
        "from callconv_kit.cli.main import main\n"
        "sys.exit(main(sys.argv[2:]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert said in run.stdout


def test_the_readme_installs_by_two_commands_and_ci_runs_the_second():
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^pip install .*&&.*$", readme, re.MULTILINE)
    assert len(commands) == 2
    assert "callconv demo" in commands[0]
    assert "pytest" in commands[1]
    assert "grep -F \"pip install -e '.[test]'\" README.md" in (ROOT / ".ci/run").read_text()
    assert commands[1].startswith("pip install -e '.[test]' && ")
