"""Runs the pages of the documentation as a reader would: files as shown, commands as typed.

A page is a sequence of fenced blocks. Those that a reader acts on are run in order, in one scratch
folder for the page:

- a block with `title="NAME"` is a file: it is written under that name;
- a `console` block holds commands (`$ ` and a command, `> ` continues it) and what they print.
  A line `...` in the output stands for any lines, `…` within a line for any text. A command that
  ends in `&` runs until the page ends; the next command waits for its first line of output;
- a `python` block runs in one interpreter for the page. A line `>>> ` makes it a doctest.

Other blocks are only read. `<!-- not run: WHY -->` above a block skips it, with its reason.
"""

import doctest
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FENCE = re.compile(
    r"(?P<skip><!-- not run: [^\n]+ -->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>\w+)(?P<attributes>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="([^"]+)"')
STATUS = re.compile(r"# exit status (\d+)$")
LONGEST = 120
"""Seconds that a command of a page may take; a guard against one that never ends."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    line: where it begins, counted from 1.
    """

    language: str
    attributes: str
    text: str
    line: int
    skipped: bool

    @property
    def file(self) -> str | None:
        """The name under which a reader saves the block; None: it is not a file."""
        found = TITLE.search(self.attributes)
        return found[1] if found else None


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, without the indent that lists and tabs give them."""
    for found in FENCE.finditer(page):
        indent = len(found["indent"])
        text = "".join(line[indent:] or "\n" for line in found["text"].splitlines(keepends=True))
        line = page.count("\n", 0, found.start("language")) + 1
        yield Block(
            found["language"], found["attributes"], text, line, skipped=found["skip"] is not None
        )


@dataclass
class Reader:
    """Follows a page in a folder of its own."""

    folder: Path
    environment: Mapping[str, str]
    names: dict[str, Any] = field(default_factory=dict)
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    def follow(self, page: str) -> int:
        """Do what the page says; returns the number of blocks that were acted on."""
        done = 0
        for block in blocks(page):
            if block.skipped:
                continue
            if block.file is not None:
                path = self.folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8", newline="")
            elif block.language == "console":
                self._type(block)
            elif block.language == "python":
                self._execute(block)
            else:
                continue
            done += 1
        return done

    def stop(self) -> None:
        """End the commands that still run."""
        for process in self.started:
            process.send_signal(signal.SIGINT)
        for process in self.started:
            process.communicate(timeout=LONGEST)

    def _type(self, block: Block) -> None:
        for command, expected in _commands(block.text):
            status = STATUS.search(command)
            typed = STATUS.sub("", command).strip()
            if typed.endswith("&"):
                self._start(typed[:-1].strip(), expected, block)
                continue
            done = subprocess.run(
                ["bash", "-c", typed],
                cwd=self.folder,
                env=dict(self.environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                timeout=LONGEST,
                check=False,
            )
            where = f"line {block.line}: $ {typed}\n{done.stdout}"
            assert done.returncode == int(status[1] if status else 0), where
            if expected:
                assert matches(expected, done.stdout), f"{where}\nexpected:\n{expected}"

    def _start(self, command: str, expected: str, block: Block) -> None:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.started.append(process)
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, f"line {block.line}: $ {command} printed nothing and ended"
        if expected:
            assert matches(expected.splitlines()[0], first), f"line {block.line}: {first}"

    def _execute(self, block: Block) -> None:
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            if block.text.lstrip().startswith(">>> "):
                self._doctest(block)
            else:
                code = compile(block.text, f"line {block.line}", "exec")
                exec(code, self.names)  # noqa: S102 # running the page's own code is the point
        finally:
            os.chdir(before)

    def _doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.text, self.names, f"line {block.line}", None, block.line
        )
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        said: list[str] = []
        runner = doctest.DocTestRunner(optionflags=flags)
        result = runner.run(test, out=said.append, clear_globs=False)
        self.names.update(test.globs)
        assert not result.failed, "".join(said)


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output that the page shows."""
    command: str | None = None
    output: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command, "\n".join(output).strip("\n")
            command, output = line[2:], []
        elif line[:2] in ("> ", ">") and command is not None and not output:
            continued = command.endswith("\\")
            command = command[:-1] + line[2:] if continued else f"{command}\n{line[2:]}"
        else:
            output.append(line)
    if command is not None:
        yield command, "\n".join(output).strip("\n")


def matches(expected: str, printed: str) -> bool:
    r"""Whether the printed text is what the page shows.

    >>> matches("one\n...\nfour", "one\ntwo\nthree\nfour\n")
    True
    >>> matches("took … s", "took 3 s"), matches("one", "one\ntwo")
    (True, False)
    """
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ ]*\n"
    text = "".join(line.rstrip() + "\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(pattern, text) is not None
