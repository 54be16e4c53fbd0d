"""Help, errors and results in terminals of any width, without color, and in a pipe."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import click
import pytest

from callconv_kit.cli.main import COMMANDS, group
from callconv_kit.demo import sample
from mock_server.__main__ import parser

pytestmark = pytest.mark.slow

NOW = "2026-11-24T12:00:00Z"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m|\x1b\[[0-9;]*9[0-7]m")


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")
    }
    return {**kept, "TERM": "xterm-256color", **more}


def on_terminal(folder: Path, columns: int, *arguments: str, **more: str) -> str:
    """All that a command shows in a terminal of so many columns."""
    own, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "callconv_kit", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=its,
        env=environment(**more),
    )
    os.close(its)
    shown = b""
    try:
        while part := os.read(own, 65_536):
            shown += part
    except OSError:  # Linux says so where nothing more comes
        pass
    process.wait()
    os.close(own)
    # Behind the bar, which is wiped out at the end.
    return shown.decode("utf-8").replace("\r\n", "\n").rpartition("\x1b[2K")[2]


def in_pipe(folder: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "callconv_kit", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(**more),
        check=False,
    )


ERRORS = {
    "an unknown setting": ("prepare", str(sample("export.csv")), "--job", "wrong.toml"),
    "a file that is missing": ("prepare", "nothing-of-this-name.csv", "--out", "out"),
    "an unknown command": ("prepair", "calls.csv"),
    "an unknown option": ("prepare", "calls.csv", "--time-zone", "UTC"),
    "a constant that is wrong": ("prepare", "x.csv", "--constant", "CampaignId=twelve hundred"),
}


@pytest.mark.parametrize("columns", [60])
@pytest.mark.parametrize("arguments", ERRORS.values(), ids=ERRORS)
def test_an_error_wraps_between_words(
    tmp_path: Path, arguments: tuple[str, ...], columns: int
) -> None:
    (tmp_path / "wrong.toml").write_text('timezome = "UTC"\n')
    whole = in_pipe(tmp_path, *arguments).stderr
    assert len(whole.splitlines()) == 1
    shown = on_terminal(tmp_path, columns, *arguments)
    assert shown.split() == whole.split()
    longest_word = max(map(len, whole.split()))
    assert all(len(line) <= max(columns, longest_word) for line in shown.splitlines())


@pytest.mark.parametrize("name", ["5", "conflicting_duplicate", "status_needed", "zone_applied"])
def test_an_explanation_wraps_between_words(tmp_path: Path, name: str) -> None:
    whole = in_pipe(tmp_path, "explain", name).stdout
    shown = on_terminal(tmp_path, 60, "explain", name)
    assert shown.split() == whole.split()
    assert all(len(line) <= 60 for line in shown.splitlines())


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_60_columns_and_shows_an_example(tmp_path: Path, command: str) -> None:
    words = (command, "--help") if command else ("--help",)
    shown = in_pipe(tmp_path, *words, COLUMNS="60").stdout
    long = [line for line in shown.splitlines() if len(line) > 60]
    # One word, such as the form of an option, or a command to copy, which a line break would spoil.
    assert [
        line
        for line in long
        if len(line.split()) > 2 and not re.match(r" *(Example: )?(callconv|curl) ", line)
    ] == []
    assert f"Example: callconv {command}" in " ".join(shown.split())


PREPARE = (
    *("prepare", str(sample("export.csv")), "--job", str(sample("callconv.toml"))),
    *("--out", "out", "--now", NOW),
)


@pytest.mark.parametrize("columns", [40, 80])
def test_a_run_shows_every_word_in_a_narrow_terminal(tmp_path: Path, columns: int) -> None:
    shown = ESCAPE.sub("", on_terminal(tmp_path, columns, *PREPARE))
    whole = in_pipe(tmp_path, *PREPARE).stdout
    assert [line for line in shown.splitlines() if len(line) > columns] == []
    words = set(re.findall(r"[A-Za-z_]{4,}", whole))
    assert words - set(re.findall(r"[A-Za-z_]{4,}", shown)) == set()


def test_colors_are_for_terminals_that_want_them(tmp_path: Path) -> None:
    assert COLOR.search(on_terminal(tmp_path, 100, *PREPARE))
    assert not COLOR.search(on_terminal(tmp_path, 100, *PREPARE, NO_COLOR="1"))
    assert not ESCAPE.search(on_terminal(tmp_path, 100, *PREPARE, TERM="dumb"))
    piped = in_pipe(tmp_path, *PREPARE)
    assert not ESCAPE.search(piped.stdout + piped.stderr)


def options() -> list[tuple[str, str, str]]:
    """Command, option and help text of each option there is."""
    found = [
        (command, action.option_strings[-1], action.help or "")
        for command in ("mock-server",)
        for action in parser()._actions
    ]
    for command in COMMANDS:
        loaded = group.get_command(click.Context(group), command)
        assert loaded is not None
        found += [
            (command, parameter.opts[-1], parameter.help or "")
            for parameter in loaded.params
            if isinstance(parameter, click.Option) and not parameter.hidden
        ]
    return found


def test_every_option_has_a_help_text() -> None:
    texts = options()
    assert len(texts) > 80
    assert [entry for entry in texts if len(entry[2].split()) < 2] == []
    of_click = [entry for entry in texts if entry[0] != "mock-server"]
    assert [entry for entry in of_click if not entry[2].endswith(".")] == []


COMPLETED = {
    "a command": ("callconv pre", {"prepare", "presets"}),
    "an option": ("callconv prepare --rej", {"--rejected-as"}),
    "a value": ("callconv prepare --rejected-as x", {"xlsx"}),
    "nothing": ("callconv xyz", set()),
}


@pytest.mark.parametrize(("typed", "offered"), COMPLETED.values(), ids=COMPLETED)
def test_bash_completes(tmp_path: Path, typed: str, offered: set[str]) -> None:
    """The script that the docs install, asked as bash asks it."""
    script = (
        'eval "$(_CALLCONV_COMPLETE=bash_source callconv)"\n'
        f"COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        "$(complete -p callconv | sed 's/.*-F \\([^ ]*\\).*/\\1/') callconv\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment(PATH=path),
        check=True,
    )
    assert set(run.stdout.split()) == offered, run.stderr
