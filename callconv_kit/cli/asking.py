"""The questions of `callconv init` in a terminal: one after the other, each with its evidence."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from callconv_kit.profiling import Inspection, Question

INDENT = 12
"""Characters before what is said of a question, under its first line."""

DECLINE = "-"
"""The answer that declines a proposal."""

Refine = Callable[["Inspection", Mapping[str, str]], "Inspection"]
"""The inspection once more, with what answers tell of the rest."""


class Dialogue:
    """The questions about one export.

    asked: how many were asked.
    """

    def __init__(
        self, seen: "Inspection", given: Mapping[str, str], refine: Refine, now: datetime
    ) -> None:
        self._seen, self._now = seen, now
        self._answers = dict(given)
        self._refine = refine
        self.asked = 0

    def answers(self) -> "tuple[Inspection, dict[str, str]]":
        """Ask what is open; gives what the export is after the answers, and all answers."""
        from callconv_kit.profiling.questions import MOST

        click.echo(
            "\nEnter takes the answer in brackets, or leaves a blank where there is none; "
            f"{DECLINE} declines it."
        )
        done: set[str] = set()
        with Completion([column.name for column in self._seen.columns]):
            while (question := self._next(done)) is not None and self.asked < MOST:
                done.add(question.id)
                self.asked += 1
                left = min(MOST, self.asked + len(self._open(done)))
                answer = self._ask(question, self.asked, left)
                self._answers[question.id] = answer
                if answer:
                    self._seen = self._refine(self._seen, {question.id: answer})
        return self._seen, {key: text for key, text in self._answers.items() if text}

    def _open(self, done: set[str]) -> "Sequence[Question]":
        from callconv_kit.profiling import questions

        return [
            question
            for question in questions(self._seen, now=self._now)
            if question.id not in done and not self._answers.get(question.id)
        ]

    def _next(self, done: set[str]) -> "Question | None":
        """The next question: what decides about others comes first, single words last."""
        waiting = self._open(done)
        words = [question for question in waiting if question.id.startswith("status.")]
        return next(iter([q for q in waiting if q not in words] or words), None)

    def _ask(self, question: "Question", number: int, of: int) -> str:
        """One question, again until its answer is one."""
        from callconv_kit.model.errors import CallConvError
        from callconv_kit.profiling import draft_of

        click.echo()
        click.secho(f"{number} of {of}  {question.text}", bold=True)
        for word, text in (
            ("such as", f"\n{'':{INDENT}}".join(question.samples)),
            ("effect", f"\n{'':{INDENT}}".join(question.effects)),
            ("meaning", question.where),
            ("answer", question.hint),
            ("one of", ", ".join(question.choices)),
            ("note", question.warning),
            ("evidence", question.because),
        ):
            if text:
                say(f"  {word:8}  {text}", indent=INDENT, kept=word in ("such as", "effect"))
        while True:
            answer = self._prompt(question)
            if answer in ("", DECLINE):
                return ""
            try:
                draft_of(self._seen, {question.id: answer}, accept="none")
            except CallConvError as error:
                click.echo(f"  {error}")
            else:
                return answer

    def _prompt(self, question: "Question") -> str:
        from callconv_kit.model.errors import UsageError
        from callconv_kit.writing.markup import visible

        try:
            proposed = f"[{visible(question.proposal)}] " if question.proposal else ""
            answer: Any = click.prompt(
                f"  {proposed}>", default=question.proposal, show_default=False, prompt_suffix=" "
            )
        except click.Abort:
            if sys.stdin.isatty():
                raise
            raise UsageError(
                "no_terminal",
                "The questions of init need a terminal, or as many lines of answers",
                f"no answer came for {question.id}",
                "a person who answers, or --yes",
                "Run `callconv init FILE --yes`, with --answer for what you know already.",
            ) from None
        return str(answer).strip()


class Completion:
    """While it is entered, Tab completes the names of columns, where a terminal can do that."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._before: Any = None

    def __enter__(self) -> None:
        if not sys.stdin.isatty():
            return
        try:
            import readline
        except ImportError:  # not on every system
            return
        self._before = (readline.get_completer(), readline.get_completer_delims())
        readline.set_completer(self._complete)
        readline.set_completer_delims("\n")
        readline.parse_and_bind("tab: complete")

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            import readline

            readline.set_completer(self._before[0])
            readline.set_completer_delims(self._before[1])

    def _complete(self, text: str, state: int) -> str | None:
        typed = text.casefold()
        fitting = [name for name in self._names if name.casefold().startswith(typed)]
        return fitting[state] if state < len(fitting) else None


def say(text: str, *, indent: int, kept: bool = False) -> None:
    """A line; in a terminal broken between words where it is too long, and `indent`ed on."""
    if sys.stdout.isatty() and not kept:
        text = textwrap.fill(
            text,
            shutil.get_terminal_size().columns,
            subsequent_indent=" " * indent,
            break_on_hyphens=False,
            drop_whitespace=True,
            replace_whitespace=False,
        )
    click.echo(text)
