"""What mypy and pyright make of a program that uses the kit."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import blocks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "type_checkers.md"

TYPES = {
    "df.callconv": "pandas.core.series.Series[Any]",
    "df.callconv.prepare": "Any",
    "ck.CallConvAccessor(df).prepare(timezone='UTC')": "callconv_kit.run.prepared.Prepared",
    "ck.CallConvAccessor(df).check()": "pandas.core.frame.DataFrame",
    "ck.CallConvAccessor(df).checked()": "callconv_kit.run.check.Checked",
    "ck.CallConvAccessor(df).typed()": "pandas.core.frame.DataFrame",
    "ck.CallConvAccessor(df).validate()": "callconv_kit.suite.validation.Validation",
    "ck.prepare(df)": "callconv_kit.run.prepared.Prepared",
    "ck.prepare(df).ready": "pandas.core.frame.DataFrame",
    "ck.prepare(df).upload()": "callconv_kit.delivery.receipt.Receipt",
    "ck.check('ready.csv').exit_status": "int",
    "ck.inspect('calls.csv').preset": "str | None",
}
WRONG = {
    "a keyword of no function": "ck.CallConvAccessor(df).check(tomorrow=1)",
    "a job that is a number": "ck.CallConvAccessor(df).prepare(7)",
    "an attribute that is missing": "ck.prepare(df).redy",
}
HEAD = "import pandas as pd\nimport callconv_kit as ck\n\ndf = pd.DataFrame()\n"


def checked(folder: Path, program: str, *command: str) -> str:
    """What a checker prints of a program outside of the checkout."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    run = subprocess.run(
        [*command, "program.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    return run.stdout


def mypy(folder: Path, program: str) -> str:
    cache = f"--cache-dir={ROOT / '.mypy_cache'}"
    return checked(folder, program, sys.executable, "-m", "mypy", "--strict", cache)


def test_mypy_knows_the_types_of_a_users_program(tmp_path: Path) -> None:
    reveal = "".join(f"reveal_type({expression})\n" for expression in TYPES)
    said = mypy(tmp_path, HEAD + reveal)
    assert re.findall('Revealed type is "([^"]+)"', said) == list(TYPES.values())
    assert "Success" in said


def test_mypy_finds_what_is_wrong_in_a_users_program(tmp_path: Path) -> None:
    said = mypy(tmp_path, HEAD + "\n".join(WRONG.values()) + "\n")
    first = HEAD.count("\n") + 1
    assert [int(line) for line in re.findall(r":(\d+): error:", said)] == [
        first + at for at in range(len(WRONG))
    ]


def program_of_the_page() -> str:
    (program,) = (
        block.text
        for block in blocks(PAGE.read_text(encoding="utf-8"))
        if block.file == "nightly.py"
    )
    return program


def test_mypy_takes_the_program_of_the_page(tmp_path: Path) -> None:
    assert "Success" in mypy(tmp_path, program_of_the_page())


def test_pyright_agrees(tmp_path: Path) -> None:
    pyright = shutil.which("basedpyright", path=str(Path(sys.executable).parent))
    if pyright is None:
        pytest.skip("basedpyright is not installed")
    settings = '{"typeCheckingMode": "standard"}'
    (tmp_path / "pyrightconfig.json").write_text(settings, encoding="utf-8")
    command = (pyright, "--pythonpath", sys.executable)
    assert checked(tmp_path, program_of_the_page(), *command).startswith("0 errors")
    said = checked(tmp_path, HEAD + "\n".join(WRONG.values()) + "\n", *command)
    assert said.count(" - error: ") == len(WRONG)
