"""No module needs what only Unix has, and the source archive holds what its tests need."""

import ast
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [*ROOT.glob("callconv_kit/**/*.py"), *ROOT.glob("mock_server/**/*.py")]

UNIX_MODULES = set(
    "fcntl grp nis ossaudiodev posix pty pwd readline resource spwd syslog termios tty".split()
)
UNIX_NAMES = {
    "os": set(
        "chown chroot fchdir fchmod fchown fork forkpty getegid geteuid getgid getgroups "
        "getloadavg getpgid getpgrp getsid getuid initgroups killpg lchown lockf major minor mkfifo "
        "mknod nice openpty posix_fadvise posix_fallocate posix_spawn pread preadv pwrite pwritev "
        "register_at_fork sched_getaffinity sendfile setegid seteuid setgid setpgid setsid setuid "
        "statvfs sync ttyname uname wait wait3 wait4 O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK "
        "WEXITSTATUS WIFEXITED WIFSIGNALED WTERMSIG".split()
    ),
    "signal": set(
        "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 alarm pause pthread_kill "
        "pthread_sigmask setitimer sigwait".split()
    ),
    "socket": set("AF_UNIX SO_REUSEPORT".split()),
    "time": {"tzset"},
}

DOTTED = {f"{module}.{name}" for module, names in UNIX_NAMES.items() for name in names}


def unguarded(source: str) -> Iterator[str]:
    """What a module uses that Windows lacks, without first asking whether it is there.

    Asked is: in a `try` with an `except` for its absence, or below an `if`, in a conditional or
    behind an `and` that looks at `sys.platform`, `os.name` or `hasattr`.
    """
    tree = ast.parse(source)
    guarded = asked_for(tree)
    for node in ast.walk(tree):
        if node not in guarded:
            yield from used(node)


def asked_for(tree: ast.AST) -> set[ast.AST]:
    """All nodes behind such a question."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            caught = " ".join(ast.unparse(one.type) for one in node.handlers if one.type)
            if any(name in caught for name in ("ImportError", "ModuleNotFound", "AttributeError")):
                inside = [*node.body, *node.orelse]
                found.update(child for part in inside for child in ast.walk(part))
        elif isinstance(node, ast.If | ast.IfExp | ast.BoolOp):
            asked = ast.unparse(node.values[0] if isinstance(node, ast.BoolOp) else node.test)
            if any(word in asked for word in ("sys.platform", "os.name", "hasattr")):
                found.update(ast.walk(node))
    return found


def used(node: ast.AST) -> Iterator[str]:
    """What a node uses that only Unix has."""
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names if one.name in UNIX_MODULES)
    elif isinstance(node, ast.ImportFrom) and node.module:
        if node.module in UNIX_MODULES:
            yield node.module
        names = {one.name for one in node.names} & UNIX_NAMES.get(node.module, set())
        yield from (f"{node.module}.{name}" for name in names)
    elif isinstance(node, ast.Attribute) and ast.unparse(node) in DOTTED:
        yield ast.unparse(node)


def test_no_module_needs_what_only_unix_has() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in MODULES
        if (names := list(unguarded(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


SOURCES = {
    "an import": ("import fcntl", ["fcntl"]),
    "an import from": ("from os import fork", ["os.fork"]),
    "an attribute": ("import os\nos.geteuid()", ["os.geteuid"]),
    "a guarded import": ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", []),
    "another exception": ("try:\n    import fcntl\nexcept OSError:\n    pass", ["fcntl"]),
    "asked for": ("import os\nif hasattr(os, 'geteuid') and os.geteuid() == 0:\n    pass", []),
    "a platform": ("import os, sys\nif sys.platform != 'win32':\n    os.fork()", []),
    "a conditional": ("import os\nx = os.getuid() if hasattr(os, 'getuid') else 0", []),
    "in a function": ("def f():\n    import pwd", ["pwd"]),
}


@pytest.mark.parametrize(("source", "found"), SOURCES.values(), ids=SOURCES)
def test_what_is_unguarded(source: str, found: list[str]) -> None:
    assert list(unguarded(source)) == found


READS_TEXT = {"read_text", "write_text"}


def without_encoding(source: str) -> Iterator[int]:
    """Lines that read or write text in whatever encoding the machine prefers."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        named = {keyword.arg for keyword in node.keywords}
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in READS_TEXT and "encoding" not in named and not positional_encoding(node, name):
            yield node.lineno


def positional_encoding(call: ast.Call, name: str) -> bool:
    return len(call.args) > (0 if name == "read_text" else 1)


def test_text_is_read_and_written_as_utf8_on_every_system() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := list(without_encoding(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive as `python -m build` makes it, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    build = [sys.executable, "-m", "build", "--sdist", "--outdir", str(folder), str(ROOT)]
    run = subprocess.run(build, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (tree,) = (path for path in folder.iterdir() if path.is_dir())
    return tree


@pytest.mark.slow
def test_the_source_archive_holds_what_its_tests_need(unpacked: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no checkout")
    missing = {name for name in listed.stdout.splitlines() if not (unpacked / name).exists()}
    # What only the repository itself needs.
    assert {name for name in missing if not name.startswith((".github/", ".gitignore"))} == set()


@pytest.mark.slow
def test_the_tests_of_the_source_archive_are_collected(unpacked: Path) -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-qq",
            "-p",
            "no:cacheprovider",
            "tests/model",
        ],
        cwd=unpacked,
        env={"PYTHONPATH": str(unpacked), "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr
