"""`callconv run jobs/*.toml`: prepare, ledger, upload, for many jobs, every night.

Each job has a lock and a folder of its own for each run, `runs/{job}/{time}/`, beside its job
file. Run it twice and it delivers once: the ledger leaves out what was sent. One job's failure
never stops the others.
"""

import json
import logging
import shlex
import subprocess
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from callconv_kit.delivery.approval import approval_of, requiring_approval
from callconv_kit.delivery.attempt import Patience
from callconv_kit.delivery.fault_texts import delivery_error
from callconv_kit.delivery.forecast import Forecast
from callconv_kit.delivery.job_run import (
    JobRun,
    new_folder,
    notes_of,
    record,
    rows_of,
    unusable,
    usual_shares,
)
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ledgered_upload import (
    LEFT_OPEN,
    receipt_of_origin,
    recover,
    still_unknown,
)
from callconv_kit.delivery.lock import locked
from callconv_kit.delivery.naming import clock_of
from callconv_kit.delivery.ready_file import outgoing
from callconv_kit.delivery.receipt import State, Submission
from callconv_kit.delivery.reconcile import reconcile
from callconv_kit.delivery.results import confirmer
from callconv_kit.delivery.results_api import ResultsApi
from callconv_kit.delivery.sending import sender
from callconv_kit.delivery.status_page import report_sections
from callconv_kit.delivery.upload import upload
from callconv_kit.job import Connection, Job
from callconv_kit.model import interrupts
from callconv_kit.model.errors import CallConvError, OutcomeUnknown, UsageError
from callconv_kit.writing import private, wording

if TYPE_CHECKING:
    from callconv_kit.delivery.ledgered_upload import Confirm

log = logging.getLogger(__name__)

BUG = "bug.txt"

TOLERANCE = 0.10
"""How far above their mean it may be."""

NOTIFY_SECONDS = 60


class Prepared(Protocol):
    """What `prepare` gives; see `callconv_kit.run.prepared`."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """As in summary.json."""

    @property
    def exit_status(self) -> int:
        """0, 1, or 3 where there is no ready.csv."""

    @property
    def forecast(self) -> Forecast | None:
        """The forecast for the ready rows under the job's [contract]."""


class Prepare(Protocol):
    """`callconv_kit.run.prepared.prepare`, handed in."""

    def __call__(
        self, inputs: None, job: Job, *, out: Path, now: datetime, ledger: Ledger, **options: Any
    ) -> Prepared:
        """Prepare the job's own input into `out`."""


@dataclass(frozen=True, slots=True)
class Night:
    """How jobs are run.

    prepare: `callconv_kit.run.prepared.prepare`.
    now: the clock; None: the real one.
    wait: seconds to wait for another run of the same job or with the same ledger.
    force: send although the rejected share is unusual.
    require_approval: send only what someone approved, also where a job does not ask for it.
    notify: a command that gets the JSON line of each job that did not end well on its standard
        input; split as a shell would, run without one.
    """

    prepare: Prepare
    now: datetime | None = None
    wait: float = 0.0
    force: bool = False
    require_approval: bool = False
    notify: str = ""
    patience: Patience = field(default_factory=Patience)
    on_done: Callable[[JobRun], None] = lambda _: None

    def run(self, jobs: Iterable[Path]) -> list[JobRun]:
        """Run all jobs, one after the other; raises nothing that is one job's fault.

        Ctrl-C or SIGTERM ends the job that it meets and leaves out those behind it.
        """
        done = []
        for path in jobs:
            run = self._one(Path(path))
            done.append(run)
            self._tell(run)
            self.on_done(run)
            if run.interrupted:
                break
        return done

    # -- one job -------------------------------------------------------------------------------

    def _one(self, path: Path) -> JobRun:
        run = JobRun(path.stem)
        begun = time.monotonic()
        clock = clock_of(self.now)
        run.started = clock()
        try:
            job = Job.load(path)
            runs = job.folder / "runs" / path.stem
            run.readers = job.readable_by
            with locked(runs / ".lock", wait=self.wait, readers=run.readers):
                run.folder = new_folder(runs, run.started, run.readers)
                self._prepare_and_send(job, run, clock)
        except CallConvError as error:
            run.interrupted = error.code == "interrupted"
            _failed(run, error)
        except KeyboardInterrupt as stop:
            _interrupted(run, stop)
        except Exception as error:  # noqa: BLE001 - one job's failure never stops the others
            _failed(run, _bug(run, error))
        with interrupts.ignored():
            run.seconds = round(time.monotonic() - begun, 3)
            record(run)
        return run

    def _prepare_and_send(self, job: Job, run: JobRun, clock: Callable[[], datetime]) -> None:
        connection = job.connection
        if connection is None:
            raise UsageError(
                "no_connection",
                "The job does not say where to deliver",
                "no [connection]",
                "host, user and password_from under [connection]",
                "Add the table; `callconv mock-server` shows one to try with.",
            )
        with (
            Ledger.of_job(job, now=self.now) as ledger,
            _confirming(job) as confirm,
        ):
            in_doubt = self._settle_left(run, ledger, connection, confirm)
            held_back = self._prepare(run, job, ledger, clock)
            if run.rows.get("rows_ready"):
                try:
                    self._send(run, job, ledger, confirm)
                finally:
                    run.submissions = notes_of(ledger, run.folder)
                    run.known = report_sections(job, run.forecast, ledger.path, ledger)
            else:
                run.state = "nothing_to_send"
                log.info("job=%s step=upload state=nothing_to_send", run.job)
            left = in_doubt or (ledger.submissions(*LEFT_OPEN) if held_back else [])
            if left:  # new calls went; these wait for a person
                raise still_unknown(left)

    def _prepare(self, run: JobRun, job: Job, ledger: Ledger, clock: Callable[[], datetime]) -> int:
        """Prepare the job's input; how many rows wait for an open outcome."""
        folder = run.folder
        assert folder is not None  # noqa: S101 - made before
        try:
            prepared = self.prepare(None, job, out=folder, now=job_now(job, clock), ledger=ledger)
        except UsageError as error:
            if error.code == "no_input" and job.input and not job.expect_rows:
                log.info("job=%s step=prepare state=no_input", run.job)
                return 0
            raise
        self._take_counts(run, prepared)
        held_back = rows_of(prepared.summary, "outcome_unknown")
        if held_back:
            run.exit_status = OutcomeUnknown.exit_status  # whatever else comes of this run
        if prepared.exit_status == 3 or not (folder / "ready.csv").is_file():
            raise unusable(prepared.summary, folder)
        run.exit_status = max(run.exit_status, prepared.exit_status)
        self._take_forecast(run, job, prepared, ledger)
        return held_back

    def _send(self, run: JobRun, job: Job, ledger: Ledger, confirm: "Confirm | None") -> None:
        """Upload the run's ready.csv, and reconcile."""
        folder, connection, clock = run.folder, job.connection, clock_of(self.now)
        assert folder is not None  # noqa: S101 - both were found before
        assert connection is not None  # noqa: S101
        ready = folder / "ready.csv"
        self._hold_back(run, folder.parent)
        if self.require_approval or connection.require_approval:
            connection = requiring_approval(connection)
            run.approval = approval_of(ledger, ready, outgoing(ready)).note
        try:
            with ledger.lock(self.wait):
                run.receipt = upload(
                    ready,
                    connection,
                    ledger=ledger,
                    now=clock(),
                    patience=self.patience,
                    confirm=confirm,
                    keep_days=job.archive.keep_days,
                    contract=job.contract,
                )
            self._reconcile(run, ledger)
        except KeyboardInterrupt:
            # After the server's word nothing is open: the job ends, and the signal ends the night.
            with interrupts.ignored():
                run.interrupted = True
                run.receipt = run.receipt or receipt_of_origin(ledger, ready)
                if run.receipt is None:
                    raise
                self._reconcile(run, ledger)

    def _reconcile(self, run: JobRun, ledger: Ledger) -> None:
        receipt = run.receipt
        assert receipt is not None  # noqa: S101 - the caller has one
        run.state = str(receipt.state) if receipt.rows else "nothing_to_send"
        sent = receipt.parts or (receipt,)
        run.sums = reconcile(ledger, run.rows, names={part.name for part in sent})
        log.info("job=%s step=upload state=%s name=%s", run.job, run.state, receipt.name)

    def _settle_left(
        self, run: JobRun, ledger: Ledger, connection: Connection, confirm: "Confirm | None"
    ) -> list[Submission]:
        """Settle what a killed run left, before its rows are looked up; the uploads in doubt."""
        if not ledger.submissions(*LEFT_OPEN):
            return []
        with ledger.lock(self.wait):
            settled = recover(ledger, sender(connection, patience=self.patience), confirm)
        for submission in settled:
            log.info(
                "job=%s step=recover name=%s state=%s", run.job, submission.name, submission.state
            )
        return [submission for submission in settled if submission.state is State.UNKNOWN]

    def _take_counts(self, run: JobRun, prepared: Prepared) -> None:
        summary = prepared.summary
        names = ("rows_read", "rows_ready", "rows_rejected", "rows_left_out")
        run.rows = {name: int(summary[name]) for name in names}
        run.rejected_share = round(float(summary["rejected_share"]), 4)
        run.warnings = tuple(wording.notices(summary))
        counts = " ".join(f"{name}={count}" for name, count in run.rows.items())
        log.info("job=%s step=prepare %s share=%.4f", run.job, counts, run.rejected_share)
        for warning in run.warnings:
            log.warning("job=%s step=prepare warning=%r", run.job, warning)

    def _take_forecast(self, run: JobRun, job: Job, prepared: Prepared, ledger: Ledger) -> None:
        """Say what the contract will refuse, before anything is sent."""
        run.forecast = prepared.forecast
        run.known = report_sections(job, run.forecast, ledger.path, ledger)
        if run.forecast is not None:
            log.info(
                "job=%s step=forecast at_risk=%d sale_amount=%s",
                run.job,
                run.forecast.at_risk,
                run.forecast.sale_amount,
            )

    def _hold_back(self, run: JobRun, runs: Path) -> None:
        """Stop where far more is rejected than usual: the export has probably changed."""
        shares = usual_shares(runs)
        share = run.rejected_share or 0.0
        if self.force or not shares or share < sum(shares) / len(shares) + TOLERANCE:
            return
        usual = sum(shares) / len(shares)
        raise delivery_error(
            "held_back",
            f"{share:.0%} of the rows, {usual:.0%} in the last {len(shares)} runs",
            f"less than {usual + TOLERANCE:.0%}",
            folder=run.folder,
        )

    # -- telling -------------------------------------------------------------------------------

    def _tell(self, run: JobRun) -> None:
        level = logging.INFO if run.exit_status < 2 else logging.ERROR
        log.log(level, "job=%s step=end state=%s exit=%d", run.job, run.state, run.exit_status)
        if not self.notify or run.exit_status == 0:
            return
        try:
            subprocess.run(  # noqa: S603 - the command is the user's own, and no shell is used
                shlex.split(self.notify),
                input=json.dumps(run.as_dict()) + "\n",
                text=True,
                timeout=NOTIFY_SECONDS,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            log.error("job=%s step=notify failed=%s", run.job, type(error).__name__)


def worst(runs: Iterable[JobRun]) -> int:
    """The exit status of them all; an interrupt hides no unknown outcome."""
    found = {run.exit_status for run in runs}
    if interrupts.INTERRUPTED in found and OutcomeUnknown.exit_status in found:
        return OutcomeUnknown.exit_status
    return max(found, default=0)


def job_now(job: Job, clock: Callable[[], datetime]) -> datetime:
    """The clock of the age rules: the job's own `now`, else the night's."""
    return clock() if job.now is None else job.clock


# -- what a summary says, and failing -------------------------------------------------------------


def _failed(run: JobRun, error: CallConvError) -> None:
    run.error, run.state = error, error.code
    run.exit_status = max(run.exit_status, error.exit_status)
    log.error("job=%s code=%s problem=%r", run.job, error.code, error.problem)


def _interrupted(run: JobRun, stop: KeyboardInterrupt) -> None:
    """An interrupt while no upload was under way."""
    run.interrupted = True
    if isinstance(stop.__context__, CallConvError):  # it came while another error was on its way
        _failed(run, stop.__context__)
        return
    error = CallConvError(
        "interrupted",
        "Interrupted by Ctrl-C or SIGTERM. " + (str(stop) or "Nothing was sent."),
        "",
        "",
        "Run the same command again.",
    )
    _failed(run, error)
    run.exit_status = interrupts.INTERRUPTED


def _bug(run: JobRun, error: Exception) -> CallConvError:
    where = "the log"
    if run.folder is not None and run.folder.is_dir():
        # Without the values of variables: those may hold a password or phone numbers.
        frames = traceback.format_tb(error.__traceback__)
        text = "".join(frames) + type(error).__name__ + "\n"
        private.write_text(run.folder / BUG, text, run.readers)
        where = str(run.folder / BUG)
    return CallConvError(
        "bug",
        "callconv-kit failed in a way that it should not",
        type(error).__name__,
        "",
        f"Details are in {where}; please report it.",
    )


@contextmanager
def _confirming(job: Job) -> Iterator["Confirm | None"]:
    """The results API as a witness of unknown outcomes, where the job names one that works."""
    settings = job.results
    if settings is None or not settings.account_sid:
        yield None
        return
    try:
        api = ResultsApi(settings)
    except UsageError as error:
        log.warning("step=confirm code=%s", error.code)
        yield None
        return
    with api:
        yield confirmer(api)
