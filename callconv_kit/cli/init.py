"""`callconv init`."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callconv_kit.cli import shared
from callconv_kit.model.names import is_address

if TYPE_CHECKING:
    from callconv_kit.cli.asking import Dialogue
    from callconv_kit.profiling import Draft, Inspection, Outlook
    from callconv_kit.profiling.drift import Drift

REASONS = 8
"""Reasons of each kind that are shown."""


@click.command("init", epilog="Example: callconv init calls.csv")
@click.argument("file")
@click.option(
    "--out",
    metavar="FILE",
    help=f"The job file to write; else {shared.JOB_FILE} beside the export.",
)
@click.option("--preset", metavar="NAME", help="Treat FILE as this vendor's export.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
@click.option(
    "--answer",
    "given",
    multiple=True,
    metavar="ID=VALUE",
    help="Answer a question beforehand; repeatable. IDs: timezone, date_order, default_country, "
    "preset, direction, status, status.WORD, campaign, partner, tracker, provider, call_id, "
    "talk_time, map.COLUMN.",
)
@click.option(
    "--accept",
    type=click.Choice(["sure", "likely"]),
    default="sure",
    show_default=True,
    help="Which proposals are taken without asking.",
)
@click.option("--yes", is_flag=True, help="Ask nothing; what is open is marked TODO in the file.")
@shared.now_option("Judge the age of calls as of this time; default: now.")
@click.option("--json", "as_json", is_flag=True, help="With --yes: print JSON, nothing else.")
def init_command(
    file: str,
    out: str | None,
    preset: str | None,
    sheet: str | None,
    given: tuple[str, ...],
    accept: str,
    yes: bool,
    now: str | None,
    as_json: bool,
) -> int:
    """Write a commented job file for an export.

    Asks for what FILE does not show. Each question comes with cells from the file and, where the
    data allow it, a suggested answer. A blank answer is marked TODO in the job, for later. Before
    it writes, init shows what `prepare` would report about the whole file. It never overwrites a
    file: where there is a job already, init reports what changed and writes the new job beside it.
    """
    from rich.console import Console

    shared.tune_process()
    from callconv_kit.cli.inspecting import show_head
    from callconv_kit.profiling import inspect, refined
    from callconv_kit.profiling.answering import pairs
    from callconv_kit.run.prepared import clock_of

    if as_json and not yes:
        raise click.UsageError("--json goes with --yes: nothing can be asked in JSON.")
    answers = pairs(given)
    path, old = _job_file(file, out)
    options = {"preset": preset, "sheet": sheet}
    seen = inspect(file, **{name: value for name, value in options.items() if value})
    drift = _drift(old, seen)
    if drift is not None:
        answers = {**drift.answers, **answers}
    if not as_json:
        show_head(seen, Console(highlight=False))
        _show_drift(drift)
    seen = refined(file, seen, answers)
    dialogue = None
    clock = clock_of(now)
    if not yes:
        dialogue = _dialogue(file, seen, answers, accept, clock)
    while True:
        if dialogue is not None:
            seen, answers = dialogue.result()
        writing = _Writing(file, seen, answers, accept, path, now, quiet=as_json)
        draft, ahead = writing.draft()
        if not as_json:
            _show_summary(draft)
            _show_outlook(ahead)
        decision = "yes" if dialogue is None else dialogue.confirm(path)
        if decision == "no":
            click.echo("Nothing was written.")
            return 0
        if decision == "yes":
            break
    written = writing.write(draft)
    if as_json:
        shared.print_json(_document(seen, draft, ahead, written, drift, clock))
        return 0
    _show_written(written, draft, 0 if dialogue is None else dialogue.asked)
    _show_next(file, written, draft, ahead)
    return 0


def _dialogue(
    file: str, seen: "Inspection", answers: Mapping[str, str], accept: str, now: datetime
) -> "Dialogue":
    """Ask; under `--accept likely` only what nothing is proposed for."""
    from callconv_kit.cli.asking import Dialogue
    from callconv_kit.profiling import questions, refined

    likely = {
        question.id: question.proposal
        for question in questions(seen, now=now)
        if accept == "likely" and question.confidence != "none" and question.proposal
    }
    dialogue = Dialogue(
        seen, answers, likely, lambda before, more: refined(file, before, more), now
    )
    dialogue.ask_all()
    return dialogue


def _job_file(file: str, out: str | None) -> tuple[Path, Path | None]:
    """Where the job goes, and the job that is there already, if any."""
    local = file != "-" and not is_address(file)
    path = (Path(file).parent if local else Path()) / shared.JOB_FILE
    if out is not None:
        path = Path(out)
    if not path.exists():
        return path, None
    number = 2
    while (free := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return free, path


def _drift(old: Path | None, seen: "Inspection") -> "Drift | None":
    if old is None:
        return None
    from callconv_kit.model.errors import UsageError
    from callconv_kit.profiling.drift import drift_of

    try:
        return drift_of(old, seen)
    except UsageError:
        if old.name != shared.JOB_FILE:
            shared.fail_if_exists(old)  # some other file of that name, and not a job
        raise


class _Writing:
    """From answers to the files."""

    def __init__(
        self,
        file: str,
        seen: "Inspection",
        answers: Mapping[str, str],
        accept: str,
        path: Path,
        now: str | None,
        *,
        quiet: bool,
    ) -> None:
        self._file, self._seen, self._answers, self._accept = file, seen, answers, accept
        self._path, self._now, self._quiet = path, now, quiet
        self._suite = ""

    def draft(self) -> "tuple[Draft, Outlook]":
        """The job, and what `prepare` would say about the whole file under it."""
        from callconv_kit.profiling import draft_of, outlook
        from callconv_kit.profiling.draft import with_export_suite
        from callconv_kit.profiling.outlook import shared_with

        draft = draft_of(self._seen, self._answers, accept=self._accept)  # type: ignore[arg-type] # a choice
        with shared.progress(self._quiet, [self._file]) as progress:
            ahead = outlook(
                self._file,
                draft,
                self._seen,
                folder=self._path.parent,
                now=self._now,
                progress=progress,
            )
        self._suite = self._recorded(draft)
        if self._suite:
            draft = with_export_suite(self._seen, draft, self._suite_path.name)
        return shared_with(self._seen, draft, ahead), ahead

    @property
    def _suite_path(self) -> Path:
        from callconv_kit.profiling.export_suite import path_beside

        return path_beside(self._path)

    def _recorded(self, draft: "Draft") -> str:
        """The layout of the export as a suite; empty where it cannot be read under the draft."""
        from callconv_kit.job.layers import anchored
        from callconv_kit.model.errors import CallConvError
        from callconv_kit.profiling import export_suite

        if self._suite_path.exists():
            return ""
        try:
            return export_suite.text_of(self._file, anchored(draft.settings, self._path.parent))
        except CallConvError:
            return ""  # the outlook says why

    def write(self, draft: "Draft") -> list[Path]:
        """Write the job, and the files that it names where there are none."""
        from callconv_kit.profiling import lookup_file

        written = [self._path]
        _write(self._path, draft.text)
        if "lookup" in draft.settings:
            lookup = self._path.parent / draft.settings["lookup"]["file"]
            if not lookup.exists():
                _write(lookup, lookup_file(self._file, draft, self._seen))
                written.append(lookup)
        if self._suite:
            _write(self._suite_path, self._suite)
            written.append(self._suite_path)
        return written


def _write(path: Path, text: str) -> None:
    """Write a new file; one that somebody else made meanwhile is not overwritten."""
    with shared.output_of(path):
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError:
            shared.fail_if_exists(path)
            raise


def _document(
    seen: "Inspection",
    draft: "Draft",
    ahead: "Outlook",
    written: list[Path],
    drift: "Drift | None",
    now: datetime,
) -> dict[str, Any]:
    from callconv_kit.profiling.questions import all_questions

    return {
        "written": [str(each) for each in written],
        "job": str(written[0]),
        "preset": seen.preset,
        "fit": round(seen.fit, 3),
        "questions": [question.as_dict() for question in all_questions(seen, now=now)],
        "answers": {key: {"value": text, "from": how} for key, (how, text) in draft.taken.items()},
        "blanks": list(draft.blanks),
        "passed_over": [{"id": each.id, "why": each.why} for each in draft.passed],
        "warnings": list(draft.warnings),
        "drift": None if drift is None else drift.as_dict(),
        "outlook": ahead.as_dict(),
    }


def _show_drift(drift: "Drift | None") -> None:
    if drift is None:
        return
    from callconv_kit.cli.asking import say

    click.echo()
    click.secho(f"Compared with {drift.job}", bold=True)
    for text in drift.lines:
        say(f"  {text}", indent=4)


def _show_summary(draft: "Draft") -> None:
    """What the job says, before it is written."""
    from callconv_kit.writing.markup import visible

    if not draft.taken and not draft.blanks:
        return
    click.echo()
    click.secho("The job", bold=True)
    words = {"answered": "", "sure": "  (sure)", "likely": "  (likely: check it)"}
    for key, (how, text) in draft.taken.items():
        click.echo(f"  {_titled(key):30}  {visible(text, 60)}{words[how]}")
    for key in draft.blanks:
        click.echo(f"  {_titled(key):30}  TODO")
    for passed in draft.passed:
        click.echo(f"  {visible(passed.id, 30):30}  not used: {visible(passed.why, 60)}")


def _titled(key: str) -> str:
    """The id of a question; that of an id of impact.com with what impact.com calls it."""
    from callconv_kit.profiling.ids import IDS
    from callconv_kit.writing.markup import visible

    return f"{key} ({IDS[key].called})" if key in IDS else visible(key, 30)


def _show_written(written: list[Path], draft: "Draft", asked: int) -> None:
    click.echo()
    for path in written:
        click.echo(f"Wrote {path}")
    if asked:
        click.echo(
            f"You were asked {asked} questions." if asked > 1 else "You were asked 1 question."
        )
    for warning in draft.warnings:
        click.echo(f"Note: {warning}.")
    suite = draft.settings.get("export_suite")
    if any(path.name == suite for path in written):
        click.echo(
            f"{suite} records what this export looks like. `callconv prepare` warns when the "
            "vendor changes it; it is also a Great Expectations suite."
        )


def _show_next(file: str, written: list[Path], draft: "Draft", ahead: "Outlook") -> None:
    """The command that comes next, and how to change an answer."""
    click.echo()
    job = written[0]
    if draft.blanks:
        click.echo(f"Fill in {job}, where it is marked TODO: {', '.join(draft.blanks)}.")
    lookup = draft.settings.get("lookup", {})
    if draft.looked_up and job.parent / lookup["file"] in written:
        key = lookup.get("on_source") or lookup.get("on")
        ids = ", ".join(draft.looked_up)
        click.echo(f"Fill in {job.parent / lookup['file']}: {ids} for each {key}.")
    if ahead.stopped is None:
        click.echo(f"Then run: {shlex.join(['callconv', 'prepare', file, '--job', str(job)])}")
    click.echo(f"To change an answer, edit {written[0]}, or run init again with --answer ID=VALUE.")


def _show_outlook(ahead: "Outlook") -> None:
    """What `prepare` would say."""
    from callconv_kit.cli.asking import say

    assumed = f" with {', '.join(ahead.assumed)}" if ahead.assumed else ""
    click.echo()
    if ahead.stopped is not None:
        say(f"`callconv prepare`{assumed} would stop: {ahead.stopped}", indent=2)
        return
    need = "needs" if ahead.need_you == 1 else "need"
    counts = [f"{ahead.ready:,} of {ahead.rows:,} ready"]
    counts += [f"{ahead.need_you:,} {need} your attention"] if ahead.need_you else []
    counts += [f"{ahead.left_out:,} left out"] if ahead.left_out else []
    click.secho(f"`callconv prepare`{assumed}: {', '.join(counts)}", bold=True)
    for word, reasons in (
        ("", [each for each in ahead.reasons if not each.left_out]),
        ("left out: ", [each for each in ahead.reasons if each.left_out]),
        ("ready, but note: ", list(ahead.warnings)),
    ):
        for reason in reasons[:REASONS]:
            about = f"{reason.column}: " if reason.column else ""
            say(f"{reason.rows:>8,}  {word}{about}{reason.problem}", indent=10)
            if reason.fix:
                say(f"{'':8}  → {reason.fix}", indent=12)
        if len(reasons) > REASONS:
            click.echo(f"{'':8}  and {len(reasons) - REASONS} more reasons")
