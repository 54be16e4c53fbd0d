"""The questions of `callconv init` in a terminal: one after the other, each with its evidence."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from callconv_kit.model.names import nearest

if TYPE_CHECKING:
    from callconv_kit.profiling import Inspection, Question

INDENT = 12
"""Indent of the lines below a question's first line, in characters."""

DECLINE = "-"
"""The answer that declines a proposal."""

BACK = "<"
"""The answer that goes back to the question before."""

Refine = Callable[["Inspection", Mapping[str, str]], "Inspection"]
"""The inspection again, with what the answers say about the rest."""


class Dialogue:
    """The questions about one export.

    asked: how many were asked.
    """

    def __init__(
        self,
        seen: "Inspection",
        given: Mapping[str, str],
        likely: Mapping[str, str],
        refine: Refine,
        now: datetime,
    ) -> None:
        """The export, what is answered already, and proposals that are taken without asking."""
        self._first, self._now, self._refine = seen, now, refine
        self._given, self._likely = dict(given), likely
        self._answers = {**likely, **given}
        self._seen = seen
        self._bases = {"": seen}
        self._done: list[str] = []
        self.asked = 0

    def result(self) -> "tuple[Inspection, dict[str, str]]":
        """What the export is after the answers, and all answers."""
        kept = {
            key: text
            for key, text in self._answers.items()
            if text and (self._likely.get(key) != text or key in self._given)
        }
        return self._seen, kept

    def ask_all(self) -> None:
        """Ask the open questions, one after the other."""
        from callconv_kit.profiling.questions import MOST

        click.echo(
            "\nEnter takes the answer in brackets, or leaves a blank where there is none; "
            f"{DECLINE} leaves the proposal out; {BACK} goes back to the question before."
        )
        with Completion([column.name for column in self._seen.columns]):
            while (question := self._next()) is not None and len(self._done) < MOST:
                number = len(self._done) + 1
                left = min(MOST, number + len(self._open({*self._done, question.id})))
                answer = self._ask(question, f"{number} of {left}")
                if answer is None:
                    self._go_back()
                    continue
                self._done.append(question.id)
                self._take(question.id, answer)
        self.asked = len(self._done)

    def confirm(self, path: Path) -> Literal["yes", "no", "changed"]:
        """Whether the job is to be written; `changed` after a question was answered once more.

        Without a terminal there is no one to ask: the job is written.
        """
        from callconv_kit.profiling.questions import by_id

        if not sys.stdin.isatty():
            return "yes"
        click.echo()
        click.secho(f"Write {path}?", bold=True)
        say(
            "  answer    yes; no to stop; or an ID from the list above to answer it again",
            indent=INDENT,
        )
        while True:
            answer = str(click.prompt("  [yes] >", "yes", show_default=False, prompt_suffix=" "))
            answer = answer.strip()
            if answer.casefold() in ("yes", "y"):
                return "yes"
            if answer.casefold() in ("no", "n", "q"):
                return "no"
            question = by_id(self._seen).get(answer)
            if question is not None:
                with Completion([column.name for column in self._seen.columns]):
                    again = self._ask(question, "again")
                if again is not None:
                    self._take(answer, again)
                return "changed"
            near = nearest(answer, by_id(self._seen), cutoff=0.5)
            click.echo(f"  There is no ID {answer!r}." + (f" Did you mean {near}?" if near else ""))

    def _take(self, key: str, answer: str) -> None:
        self._answers[key] = answer
        self._refine_again()

    def _refine_again(self) -> None:
        answers = {key: text for key, text in self._answers.items() if text}
        preset = answers.get("preset", "")
        if preset not in self._bases:  # a preset takes another look at the file
            self._bases[preset] = self._refine(self._first, {"preset": preset})
        self._seen = self._refine(self._bases[preset], answers)

    def _go_back(self) -> None:
        if not self._done:
            click.echo("  This is the first question.")
            return
        del self._answers[self._done.pop()]
        self._refine_again()

    def _open(self, done: Collection[str]) -> "Sequence[Question]":
        from callconv_kit.profiling import questions

        return [
            question
            for question in questions(self._seen, now=self._now)
            if question.id not in done and not self._answers.get(question.id)
        ]

    def _next(self) -> "Question | None":
        """The next question: what decides about others comes first, single words last."""
        waiting = self._open(self._done)
        words = [question for question in waiting if question.id.startswith("status.")]
        return next(iter([q for q in waiting if q not in words] or words), None)

    def _ask(self, question: "Question", number: str) -> str | None:
        """One question, again until its answer is one; None to go back."""
        from callconv_kit.model.errors import CallConvError
        from callconv_kit.profiling import draft_of, settled

        click.echo()
        click.secho(f"{number}  {question.text}", bold=True)
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
            if answer == BACK:
                return None
            if answer in ("", DECLINE):
                return ""
            try:
                settled(question.id, answer, self._seen)
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
        self._before = (readline, readline.get_completer(), readline.get_completer_delims())
        readline.set_completer(self._complete)
        readline.set_completer_delims("\n")
        readline.parse_and_bind("tab: complete")

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            readline, completer, delimiters = self._before
            readline.set_completer(completer)
            readline.set_completer_delims(delimiters)

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
