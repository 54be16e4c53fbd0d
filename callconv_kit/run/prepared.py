"""Prepare and check, from Python: the functions, and what they give.

prepared = prepare("calls.csv", constants={"CampaignId": 1001})
prepared.ready, prepared.rejected, prepared.findings, prepared.changes, prepared.summary
prepared.write("out/")
"""

import shutil
import weakref
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from callconv_kit.job import Job
from callconv_kit.model import spec
from callconv_kit.model.errors import (
    CallConvError,
    InputError,
    UsageError,
    as_path,
    wrong_type,
)
from callconv_kit.reading import Input
from callconv_kit.reading.inputs import matching, several
from callconv_kit.run import parts
from callconv_kit.run.cluster import output_folder, processes
from callconv_kit.run.outcome import RunOutcome
from callconv_kit.run.parts import Executor
from callconv_kit.run.pipeline import Progress, Run
from callconv_kit.run.resolving import may_have_sent
from callconv_kit.run.settling import SentCalls
from callconv_kit.writing import aside, card, output, pieces, report
from callconv_kit.writing import summary as summaries
from callconv_kit.writing.audit import FindingsLog, findings_frame, with_file_warnings
from callconv_kit.writing.output import OutputFolder

if TYPE_CHECKING:
    import pandas as pd

    from callconv_kit.delivery import Receipt
    from callconv_kit.delivery.forecast import Forecast
    from callconv_kit.job import Connection
    from callconv_kit.writing.explorer import Explore
    from callconv_kit.writing.markup import Html
    from callconv_kit.writing.plots import Plots

Inputs: TypeAlias = "Input | Sequence[Input]"

REJECTED_AS = ("csv", "xlsx")

NOTHING_REJECTED, SOME_REJECTED, NOT_USABLE = 0, 1, 3


def prepare(
    inputs: "Inputs | None" = None,
    job: "str | Path | Job | None" = None,
    *,
    out: str | Path | None = None,
    now: datetime | str | None = None,
    ledger: SentCalls | str | Path | None = None,
    audit: bool = False,
    fixes: "Inputs | None" = None,
    rejected_as: str = "csv",
    progress: Progress | None = None,
    keep_findings: bool | FindingsLog = True,
    workers: int | None = 1,
    executor: Executor | None = None,
    client: Any = None,
    dry_run: bool = False,
    **settings: Any,
) -> "Prepared":
    """Clean an export to the format, check it, and set aside what can't go.

    Args:
        inputs: a path, `-` for standard input, a DataFrame, or several of these; the job's
            `input` where none is given.
        job: a job file or a Job; none: the defaults.
        out: the folder to write to, or an address that fsspec opens, such as `s3://bucket/out`;
            none: a temporary one, until `Prepared.write`.
        now: the clock of the age rules; none: the real one.
        ledger: what was delivered before; its rows are left out. A path is the job's key of that
            name: where its ledger lies.
        audit: also write changes.parquet and ready_lines.parquet (the source of each ready row).
        fixes: a corrected rejected.csv, or several: their rows take the place of the rows of the
            same file and line.
        rejected_as: `xlsx` to write rejected.xlsx too, in which every cell is text.
        progress: called with the number of rows done so far.
        keep_findings: keep each finding in memory for `Prepared.findings`; or a log of one's own
            that takes them.
        workers: processes that read the inputs, large files in stretches; none: one for each
            256 MiB of input, at most one for every two cores. The outputs are the same to the byte.
            One process reads what can't be read apart: see `callconv_kit.scale`. A script that asks
            for more than one needs `if __name__ == "__main__":`.
        executor: takes the place of the processes: one of `concurrent.futures`.
        client: a `dask.distributed.Client`: its workers take the place of the processes. They
            read the inputs, and leave their parts in `out`, under the same paths or addresses as
            this process. Findings are not kept in memory.
        dry_run: leave nothing behind: no file in `out`, and no key of derived session ids.
        **settings: every key of the job file under its name; they win over `job`.

    Returns:
        What came of it. Where too many rows were rejected, `problem` says so and `ready.csv` is
        not written.

    Raises:
        UsageError: the job is wrong, or an input is also an output.
        InputError: an input can't be used, the data needs a setting, or the output can't be
            written.
    """
    given = settings if now is None else {**settings, "now": now}
    if isinstance(ledger, str | Path):
        given, ledger = {**given, "ledger": ledger}, None
    full_job = Job.from_keywords(job, **given)
    sources = _inputs(inputs, full_job)
    corrected = [] if fixes is None else several(fixes)
    parts.refuse_wrong_types(ledger, progress, executor, workers, client)
    _refuse_rejected_as(rejected_as)
    folder, temporary = output_folder(out, dry_run, full_job.readable_by)
    files = [item for item in [*sources, *corrected] if isinstance(item, str | Path)]
    if full_job.lookup is not None:
        files.append(full_job.lookup.file)
    folder.refuse_inputs_within(files)
    log = keep_findings if isinstance(keep_findings, FindingsLog) else None
    if keep_findings is True and client is None:
        log = FindingsLog()
    clock = full_job.clock
    count = parts.workers_for(sources) if workers is None else workers
    try:
        with processes(count, executor, client, folder) as chosen:
            run = Run(
                full_job,
                clock,
                folder,
                sent=ledger,
                progress=progress,
                audit=audit,
                log=log,
                executor=chosen,
                dry_run=dry_run,
            )
            full_job = run.job  # with its preset laid under it
            folder.begin()
            ran = run.go(sources, corrected)
        summary = _summary(ran, full_job, clock)
        # An open ledger that was passed in is where `Prepared.upload` records what it sends.
        ledger_path = getattr(ledger, "path", None) or full_job.ledger_path
        foreseen = None if ran.problem else _forecast(full_job, folder.work / output.READY)
        known = {} if dry_run else _known(full_job, foreseen, ledger_path, ledger)
        with output.writing(folder.path):
            if rejected_as == "xlsx":
                aside.write_copy(folder.work / output.REJECTED, folder.work / output.REJECTED_XLSX)
            _write_text(folder.work / output.SUMMARY, summaries.as_json(summary))
            _write_text(folder.work / output.REPORT, report.page(summary, known=known))
        folder.finish(with_ready=ran.problem is None)
    except BaseException:
        if temporary:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise
    finally:
        folder.clean_up()
    prepared = Prepared(folder.path, full_job, ran, summary, log, ledger_path, files, foreseen)
    if temporary:
        weakref.finalize(prepared, shutil.rmtree, folder.path, ignore_errors=True)
    return prepared


def _refuse_rejected_as(kind: str) -> None:
    """Raise UsageError for an unknown kind of file, or where its package is missing."""
    if not isinstance(kind, str) or kind not in REJECTED_AS:
        raise UsageError(
            "rejected_as_unknown",
            f"Rejected rows are not written as {kind!r}",
            "",
            " or ".join(REJECTED_AS),
            'Use rejected_as="xlsx", or leave it out.',
        )
    if kind == "xlsx":
        aside.refuse_without_writer()


def _forecast(job: Job, ready: Path) -> "Forecast | None":
    """The forecast for the ready rows under the job's [contract]."""
    if job.contract is None:
        return None
    from callconv_kit.delivery.forecast import forecast

    return forecast(ready, job.contract, now=job.clock)


def _known(
    job: Job, forecast: "Forecast | None", path: Path, ledger: object = None
) -> "Mapping[str, Html]":
    """What is known of the delivery so far, for the report and the card.

    The keys and texts where there never was one are those of `delivery.status_page`, which takes
    a third of a short run to import.
    """
    if job.contract is None and ledger is None and not may_have_sent(job, path):
        hints = {"Forecast": pieces.NO_CONTRACT, "Last results": pieces.NOT_SENT}
        return {name: pieces.hint(text) for name, text in hints.items()}
    from callconv_kit.delivery.status_page import report_sections

    return report_sections(job, forecast, path, ledger)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _inputs(inputs: "Inputs | None", job: Job) -> "list[Input]":
    if inputs is None:
        found = sorted({path for pattern in job.input or () for path in matching(pattern)})
        if not found:
            raise UsageError(
                "no_input",
                "No file matches the job's input" if job.input else "No input was named",
                ", ".join(job.input or ()),
                "at least one file",
                'Name a file, or set input = "inbox/*.csv" in the job.',
            )
        return list(found)
    chosen = several(inputs)
    if not chosen:
        raise UsageError(
            "no_input", "No input was named", "an empty list", "at least one file", "Name a file."
        )
    return chosen


def _summary(ran: RunOutcome, job: Job, clock: datetime) -> dict[str, Any]:
    settings = job.settings()
    return {
        "rows_read": ran.rows_read,
        "rows_ready": ran.rows_ready,
        "rows_rejected": ran.rows_rejected,
        "rows_left_out": ran.rows_left_out,
        "rejected_share": round(ran.rejected_share, 6),
        "problem": None if ran.problem is None else ran.problem.as_dict(),
        "findings": summaries.findings(ran.tally),
        "changes": summaries.changes(ran.tally),
        "inputs": [summaries.of_input(table.account) for table in ran.tables],
        "by_partner": summaries.by_partner(ran.tally),
        "calls": summaries.calls(ran.tally),
        "ready_sha256": ran.ready_sha256 if ran.problem is None else "",
        "settings": settings,
        "settings_sha256": summaries.settings_sha256(settings),
        "versions": summaries.versions(),
        "now": clock.isoformat(timespec="seconds"),
        "started": ran.started.isoformat(timespec="seconds"),
        "seconds": ran.seconds,
    }


class Prepared:
    """The result of `prepare`. Its DataFrames are read from its files when you ask for them.

    Attributes:
        folder: where the files are. Without `out` it is a temporary folder, which is removed with
            the object.
        job: the effective job: the options, the job file and the preset together.
        summary: the same as summary.json.
        problem: the error that explains a missing ready.csv, or None.
        forecast: the rows that impact.com will probably refuse, by reason; None where the job has
            no [contract], or there is no ready.csv.
    """

    def __init__(
        self,
        folder: Path,
        job: Job,
        ran: RunOutcome,
        summary: dict[str, Any],
        log: FindingsLog | None = None,
        ledger_path: Path | None = None,
        files: Sequence[str | Path] = (),
        forecast: "Forecast | None" = None,
    ) -> None:
        self.folder = folder
        self.job = job
        self.summary = summary
        self.problem: InputError | None = ran.problem
        # Calls that changed since they went do not stop a run, but they are still rejected rows.
        self._rejected_of_all = ran.rows_rejected / ran.rows_meant if ran.rows_rejected else 0.0
        self._log = log
        self._ledger_path = ledger_path or job.ledger_path
        self._files = files
        self.forecast = forecast

    @property
    def exit_status(self) -> int:
        """The exit status of `callconv prepare`: 0, 1 or 3."""
        if self.problem is not None:
            return NOT_USABLE
        return SOME_REJECTED if self._rejected_of_all > self.job.warn_share else NOTHING_REJECTED

    @property
    def ready_file(self) -> Path:
        """The file that will be uploaded.

        Raises:
            InputError: there is none; the problem says why.
        """
        if self.problem is not None:
            raise self.problem
        return self.folder / output.READY

    @property
    def ready(self) -> "pd.DataFrame":
        """The text that will be uploaded, one row a call; no rows where nothing will be."""
        import pandas as pd

        if self.problem is not None:
            return pd.DataFrame(columns=list(spec.NAMES), dtype="str")
        return _read_text(self.folder / output.READY)

    @property
    def rejected(self) -> "pd.DataFrame":
        """The rejected rows: source_file, source_line, codes, reasons, and their original cells."""
        return _aside(self.folder / output.REJECTED)

    @property
    def left_out(self) -> "pd.DataFrame":
        """The rows that were not meant to go, in the same form."""
        return _aside(self.folder / output.LEFT_OUT)

    @property
    def findings(self) -> "pd.DataFrame":
        """Every finding: source_file, source_line, column, code, severity, value, text.

        A warning about the whole file, such as `times_all_midnight`, has a row for each of its
        examples. Phone numbers are masked unless the job says `mask = false`.
        """
        found = findings_frame(self._log, mask=self.job.mask)
        return found if self._log is None else with_file_warnings(found, self.summary)

    @property
    def changes(self) -> "pd.DataFrame":
        """What was changed: column, rule, rows, examples."""
        import pandas as pd

        return pd.DataFrame(self.summary["changes"], columns=["column", "rule", "rows", "examples"])

    @property
    def plot(self) -> "Plots":
        """Charts: `.calls_by_day()`, `.statuses()`, `.durations()`, `.fill()`."""
        from callconv_kit.writing.plots import Plots

        return Plots(self.summary)

    def explore(self) -> "Explore":
        """The ready calls in linked charts, in a notebook; see `df.callconv.explore`."""
        from callconv_kit.writing.plots import explore_calls

        return explore_calls(self.ready_file)

    def write(self, folder: str | Path) -> Path:
        """Write the files of the run to a `folder`, ready.csv last; returns the folder.

        Raises:
            UsageError: `input_is_output`: an input of the run lies under one of their names.
            InputError: `output_failed`.
        """
        target = OutputFolder(as_path("folder", folder), self.job.readable_by)
        if target.path.absolute() == self.folder.absolute():
            return target.path
        target.refuse_inputs_within(self._files)
        try:
            target.begin()
            with output.writing(target.path):
                for name in output.NAMES:
                    if (self.folder / name).exists():
                        shutil.copyfile(self.folder / name, target.work / name)
            target.finish(with_ready=self.problem is None)
        finally:
            target.clean_up()
        return target.path

    def upload(self, connection: "Connection | None" = None, **options: Any) -> "Receipt":
        """Upload ready.csv, and record its rows in the ledger; see `callconv_kit.delivery.upload`.

        Args:
            connection: where to upload to; none: the job's own.
            **options: of `callconv_kit.delivery.upload`. `ledger` is the job's unless it is given:
                the one that `callconv upload` uses too, `.callconv/ledger.sqlite` in the current
                folder where there is no job file. `ledger=None` sends without one.

        Raises:
            InputError: there is no ready.csv, or it has no rows.
            UsageError: `no_connection`, `wrong_type`, or as `callconv_kit.delivery.upload`.
            DeliveryError, OutcomeUnknown: as `callconv_kit.delivery.upload`.
        """
        from callconv_kit.delivery import upload
        from callconv_kit.job import Connection

        target = self.job.connection if connection is None else connection
        if target is None:
            raise UsageError(
                "no_connection",
                "The job has no [connection]",
                "",
                "where to upload to",
                "Add [connection] to the job, or pass a Connection.",
            )
        if not isinstance(target, Connection):
            raise wrong_type(
                "connection",
                target,
                "a callconv_kit.Connection",
                'Pass ck.Connection(protocol="ftps", host=…, user=…, directory=…).',
            )
        of_job: dict[str, Any] = {
            "ledger": self._ledger_path,
            "keep_days": self.job.archive.keep_days,
            "contract": self.job.contract,
            "now": self.job.clock if self.job.now else None,
        }
        return upload(self.ready_file, target, **{**of_job, **options})

    def __repr__(self) -> str:
        counts = self.summary
        text = (
            f"<Prepared: {counts['rows_read']:,} read, {counts['rows_ready']:,} ready, "
            f"{counts['rows_rejected']:,} rejected, {counts['rows_left_out']:,} left out"
        )
        return f"{text}; {self.problem.problem}>" if self.problem else f"{text}>"

    def _repr_html_(self, *, workbench: bool = False) -> str:
        known = _known(self.job, self.forecast, self._ledger_path)
        return card.fragment(self.summary, known, workbench=workbench)


def _read_text(path: Path) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False)


def _aside(path: Path) -> "pd.DataFrame":
    import pandas as pd

    header, *rows = aside.read_rows(path)
    frame = pd.DataFrame(
        [row + [""] * (len(header) - len(row)) for row in rows], columns=header, dtype=str
    )
    frame["source_line"] = frame["source_line"].astype("int64")
    return frame


def clock_of(now: datetime | str | None) -> datetime:
    """`now` as a time with its offset; none: the real clock."""
    if now is None:
        return datetime.now(UTC)
    return Job.from_keywords(now=now).clock


__all__ = ["CallConvError", "Prepared", "prepare"]
