"""`callconv init`."""

import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.profiling import Draft, Inspection, Outlook, Question

REASONS = 8
"""Reasons of each kind that are shown."""


@click.command("init", epilog="Example: callconv init calls.csv")
@click.argument("file")
@click.option(
    "--out",
    metavar="FILE",
    help=f"The job file to write; else {shared.JOB_FILE} beside the export.",
)
@click.option("--preset", metavar="NAME", help="Take it for this vendor's export.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is open is marked in the file.")
@shared.now_option("The clock of the age rules.")
@click.option("--json", "as_json", is_flag=True, help="With --yes: print JSON, nothing else.")
def init_command(
    file: str,
    out: str | None,
    preset: str | None,
    sheet: str | None,
    yes: bool,
    now: str | None,
    as_json: bool,
) -> int:
    """Write a commented job file for an export.

    Asks at most seven questions about FILE, each with cells from it and, where the data tell, with
    a proposed answer; a blank answer is left for later, and marked in the file. Ends with what
    `prepare` would say. No file is ever overwritten.
    """
    from rich.console import Console

    from callconv_kit.cli.inspecting import show_head
    from callconv_kit.profiling import draft_of, inspect, lookup_file, outlook

    if as_json and not yes:
        raise click.UsageError("--json goes with --yes: nothing can be asked in JSON.")
    path = _job_file(file, out)
    shared.fail_if_exists(path)
    given = {"preset": preset, "sheet": sheet}
    seen = inspect(file, **{name: value for name, value in given.items() if value})
    if not as_json:
        show_head(seen, Console(highlight=False))
    answers = None
    if not yes:
        seen, answers = _Dialogue(file, seen).answers()
    draft = draft_of(seen, answers)
    with shared.progress(as_json, [file]) as progress:
        ahead = outlook(file, draft, seen, folder=path.parent, now=now, progress=progress)
    written = [path]
    _write(path, draft.text)
    if "lookup" in draft.settings:
        lookup = path.parent / draft.settings["lookup"]["file"]
        if not lookup.exists():
            _write(lookup, lookup_file(file, draft, seen))
            written.append(lookup)
    if as_json:
        shared.print_json(
            {
                "written": [str(each) for each in written],
                "preset": seen.preset,
                "fit": round(seen.fit, 3),
                "blanks": list(draft.blanks),
                "warnings": list(draft.warnings),
                "outlook": ahead.as_dict(),
            }
        )
        return 0
    _show_written(written, draft)
    _show_outlook(ahead)
    return 0


def _job_file(file: str, out: str | None) -> Path:
    if out is not None:
        return Path(out)
    local = file != "-" and "://" not in file
    return (Path(file).parent if local else Path()) / shared.JOB_FILE


def _write(path: Path, text: str) -> None:
    """Write a new file; one that somebody else made meanwhile is not overwritten."""
    with shared.output_of(path):
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError:
            shared.fail_if_exists(path)
            raise


class _Dialogue:
    """The questions, one after the other."""

    def __init__(self, file: str, seen: "Inspection") -> None:
        self._file = file
        self._seen = seen
        self._answers: dict[str, str] = {}

    def answers(self) -> "tuple[Inspection, dict[str, str]]":
        """Ask all questions; gives what the export is after the first answers, and all of them."""
        from callconv_kit.profiling import questions, refined
        from callconv_kit.profiling.questions import WHOSE

        click.echo("\nEnter takes the answer in brackets; where there is none, it leaves a blank.")
        whose = 0
        for question in questions(self._seen):
            if question.key not in WHOSE:
                break
            # Whose export it is, and what its columns mean, decides what else there is to ask.
            whose += 1
            answer = self._ask(question, whose, len(questions(self._seen)))
            self._seen = refined(self._file, self._seen, {question.key: answer or "no"})
        rest = [
            question
            for question in questions(self._seen, asked_before=whose)
            if question.key not in WHOSE
        ]
        for number, question in enumerate(rest, whose + 1):
            self._answers[question.key] = self._ask(question, number, whose + len(rest))
        return self._seen, self._answers

    def _ask(self, question: "Question", number: int, of: int) -> str:
        """One question, again until its answer is one."""
        from callconv_kit.model.errors import CallConvError
        from callconv_kit.profiling import draft_of

        click.echo()
        click.secho(f"{number} of {of}  {question.text}", bold=True)
        apart = f"\n{'':12}" if question.key == "columns" else "   "
        for word, text in (
            ("such as", apart.join(question.samples)),
            ("where", question.where),
            ("answer", question.hint),
            ("one of", ", ".join(question.choices)),
            ("mind", question.warning),
            ("evidence", question.because),
        ):
            if text:
                _say(f"  {word:8}  {text}", indent=12, kept=question.key == "columns")
        while True:
            answer = self._prompt(question)
            try:
                draft_of(self._seen, {**self._answers, question.key: answer})
            except CallConvError as error:
                click.echo(f"  {error}")
            else:
                return answer

    def _prompt(self, question: "Question") -> str:
        from callconv_kit.model.errors import UsageError
        from callconv_kit.writing.visible import visible

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
                f"no answer came for {question.key}",
                "a person who answers, or --yes",
                "Run `callconv init FILE --yes`, and fill in what it marks.",
            ) from None
        return str(answer).strip()


def _say(text: str, *, indent: int, kept: bool = False) -> None:
    """A line; in a terminal broken between words where it is too long, and `indent`ed on."""
    if sys.stdout.isatty() and not kept:
        width = shutil.get_terminal_size().columns
        text = textwrap.fill(
            text,
            width,
            subsequent_indent=" " * indent,
            break_on_hyphens=False,
            drop_whitespace=True,
            replace_whitespace=False,
        )
    click.echo(text)


def _show_written(written: list[Path], draft: "Draft") -> None:
    click.echo()
    for path in written:
        click.echo(f"Wrote {path}")
    for warning in draft.warnings:
        click.echo(f"Mind: {warning}.")
    if draft.blanks:
        click.echo(f"To be filled in there, marked TODO: {', '.join(draft.blanks)}.")
    if len(written) > 1:
        ids = ", ".join(draft.looked_up)
        click.echo(f"To be filled in in {written[1].name}, a row for each key: {ids}.")


def _show_outlook(ahead: "Outlook") -> None:
    """What `prepare` would say."""
    assumed = f" with {', '.join(ahead.assumed)}" if ahead.assumed else ""
    click.echo()
    if ahead.stopped is not None:
        _say(f"`callconv prepare`{assumed} would stop: {ahead.stopped}", indent=2)
        return
    need = "needs" if ahead.need_you == 1 else "need"
    told = [f"{ahead.ready:,} of {ahead.rows:,} ready"]
    told += [f"{ahead.need_you:,} {need} you"] if ahead.need_you else []
    told += [f"{ahead.left_out:,} left out"] if ahead.left_out else []
    click.secho(f"`callconv prepare`{assumed}: {', '.join(told)}", bold=True)
    for left_out in (False, True):
        reasons = [reason for reason in ahead.reasons if reason.left_out is left_out]
        for reason in reasons[:REASONS]:
            about = f"{reason.column}: " if reason.column else ""
            aside = "left out: " if left_out else ""
            _say(f"{reason.rows:>8,}  {aside}{about}{reason.problem}", indent=10)
            if reason.mend:
                _say(f"{'':8}  → {reason.mend}", indent=12)
        if len(reasons) > REASONS:
            click.echo(f"{'':8}  and {len(reasons) - REASONS} more reasons")
