"""The watch over log lines can fail: it sees each form of a number, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .leaks import PHONE

pytestmark = pytest.mark.slow

SHOWN = ["2125550123", "+12125550123", "(212) 555-0123", "212-555-0123", "1 212 555 0123"]
NOT_SHOWN = [
    "******0123",
    "(***) ***-0123",
    "2026-11-20 06:00:00,123",
    "bytes=1073741824",
    "name=2026-11-20_CallConversionData_2125550123ab.csv",
    "127.0.0.1:22121",
]


@pytest.mark.parametrize("text", SHOWN)
def test_a_whole_number_is_seen(text: str) -> None:
    assert PHONE.search(f"caller={text} state=ready")


@pytest.mark.parametrize("text", NOT_SHOWN)
def test_what_is_masked_or_no_number_is_passed_over(text: str) -> None:
    assert not PHONE.search(text)


LOGS = {
    "a number": ('"caller=%s", "2125550123"', 1),
    "a masked number": ('"caller=%s", "******0123"', 0),
    "a number in a traceback": ('"failed", exc_info=ValueError("2125550123")', 1),
}


@pytest.mark.parametrize(("logged", "status"), LOGS.values(), ids=LOGS)
def test_a_test_that_logs_a_number_fails(tmp_path: Path, logged: str, status: int) -> None:
    shutil.copy(Path(__file__).with_name("leaks.py"), tmp_path / "conftest.py")
    (tmp_path / "test_it.py").write_text(
        "import logging\n\n"
        "def test_it():\n"
        f"    logging.getLogger('callconv_kit.anything').warning({logged})\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(tmp_path), str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == status, run.stdout
    assert ("logged a phone number" in run.stdout) == bool(status)
