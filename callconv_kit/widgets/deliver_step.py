"""Deliver: to the mock in this process or to a real server; the receipt, then the results."""

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from callconv_kit.delivery import Receipt
from callconv_kit.delivery.connection_check import ConnectionCheck
from callconv_kit.delivery.results import Outcome
from callconv_kit.delivery.sent_rows import FileResult
from callconv_kit.job import Connection
from callconv_kit.widgets import parts, python_snippets
from callconv_kit.widgets.delivering import Deliveries, connection_from, in_the_form, is_local
from callconv_kit.widgets.parts import Child, Html, tag
from callconv_kit.widgets.session import Session
from callconv_kit.widgets.working import Worker
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import clock, many

LOOKS, BETWEEN = 60, 5.0
"""How often results are looked for by themselves, and seconds between two looks."""

REFUSALS = 20
PARTNERS = 30
"""Partners that are listed."""

CANARY = 5
"""Rows of a canary, as README proposes."""

UNCONFIRMED = (
    "Not yet confirmed: the server has not refused these calls. It names refused calls only, also "
    "when a file is processed; its actions show which calls were accepted."
)

HINT = "or from the job's password_from"


class DeliverStep(ipw.VBox):
    """The sixth step.

    Args:
        changed: called when something was delivered.
    """

    def __init__(
        self,
        session: Session,
        worker: Worker,
        deliveries: Deliveries,
        changed: Callable[[], None],
    ) -> None:
        self._session, self._worker, self._deliveries = session, worker, deliveries
        self._changed = changed
        self._password = ""
        self._asked: Callable[[], None] | None = None
        self._what = parts.named(ipw.HTML(), "to-send")
        self._mock = parts.button("Deliver to the mock server", "deliver-mock", primary=True)
        self._resend = parts.field(
            ipw.Checkbox,
            "Send rows again even though their outcome is unknown",
            "resend",
            indent=False,
        )
        self._stop = parts.button("Stop looking", "stop-looking")
        self._look = parts.button("Look for results", "look")
        self._bar = parts.named(ipw.FloatProgress(min=0.0, max=1.0), "sent-bar")
        self.notice = parts.Notice()
        self._receipt = parts.named(ipw.HTML(), "receipt")
        self._results = parts.named(ipw.HTML(), "results")
        self._twin = parts.Twin()
        self._mock.on_click(self.notice.guarded(self._to_mock))
        self._look.on_click(self.notice.guarded(self._begin_look))
        self._stop.on_click(lambda _: self._worker.cancel())
        local = tag("small", "It runs in this notebook; nothing leaves this machine.")
        super().__init__(
            [
                ipw.HTML(tag("h3", "What will be sent")),
                self._what,
                self._resend,
                ipw.HTML(tag("h3", "Try it on the mock server")),
                parts.row(self._mock, ipw.HTML(local)),
                ipw.HTML(tag("h3", "Deliver to a real server")),
                *self._form(),
                self.notice,
                self._bar,
                self._receipt,
                parts.row(self._look, self._stop),
                self._results,
                self._twin,
            ]
        )
        self._bar.layout.display = "none"
        self._twin.show(python_snippets.delivered(mock=True))

    def _form(self) -> list[ipw.Widget]:
        """The fields and buttons of a real server."""
        self._protocol = parts.field(
            ipw.Dropdown, "Protocol", "protocol", options=["ftps", "sftp", "ftp"], width="12em"
        )
        self._host = parts.field(ipw.Text, "Host", "host", width="22em")
        self._port = parts.field(ipw.BoundedIntText, "Port", "port", min=1, max=65535, value=21,
                                 width="10em")  # fmt: skip
        self._directory = parts.field(ipw.Text, "Directory", "directory", width="18em")
        self._user = parts.field(ipw.Text, "User", "user", width="18em")
        self._typed = parts.field(
            ipw.Password, "Password", "password", width="25em", placeholder=HINT
        )
        self._typed.observe(self._take_password, names="value")
        test = parts.button("1 Test the connection", "test-connection", hint="Writes nothing")
        self._canary = parts.button("2 Send a canary", "deliver-canary", primary=True)
        self._rows = parts.field(ipw.BoundedIntText, "of the first rows:", "canary-rows",
                                 min=1, max=1000, value=CANARY, width="13em")  # fmt: skip
        self._deliver = parts.button("3 Deliver all rows", "deliver")
        self._yes = parts.button("Yes, send", "confirm", primary=True)
        self._no = parts.button("No", "refuse")
        self._question = parts.named(ipw.HTML(), "question")
        self._confirm = parts.row(self._question, self._yes, self._no)
        self._confirm.layout.display = "none"
        self._steps = parts.named(ipw.HTML(), "connection-steps")
        test.on_click(self.notice.guarded(self._test))
        self._canary.on_click(self.notice.guarded(lambda: self._to_server(self._rows.value)))
        self._deliver.on_click(self.notice.guarded(lambda: self._to_server(0)))
        self._yes.on_click(self.notice.guarded(self._confirmed))
        self._no.on_click(self.notice.guarded(self._ask_nothing))
        why = (
            "A canary is a small file of real rows. Send it first, look at its results at "
            "impact.com, then deliver the rest: rows that were delivered are not sent again."
        )
        return [
            parts.row(self._protocol, self._host, self._port),
            parts.row(self._directory, self._user, self._typed),
            parts.row(test, self._canary, self._rows, self._deliver),
            ipw.HTML(tag("small", why)),
            self._confirm,
            self._steps,
        ]

    def show(self) -> None:
        """Show what will be sent, and fill the form with what the job says."""
        self._what.value = parts.put(self._file_facts())
        given = self._session.job.connection or Connection()
        self._protocol.value, self._host.value = given.protocol, given.host
        self._port.value, self._directory.value = given.port, given.directory
        self._user.value = given.user
        self._ask_nothing()

    def _file_facts(self) -> list[Child]:
        """The file, its rows and sums by partner, and the rows that are held back."""
        prepared = self._session.prepared
        if prepared is None:
            return [tag("p", "Nothing is prepared yet: run the step Prepare.")]
        summary = prepared.summary
        if prepared.problem is not None:
            return [tag("p", "There is no ready.csv: too many rows are rejected. See Review.")]
        path = prepared.ready_file
        partners = [one for one in summary["by_partner"] if one["ready"]]
        rows = [
            [one["MediaId"], one["ActionTrackerId"], f"{one['ready']:,}", f"{one['answered']:,}",
             clock(one["talk_seconds"]), one["sale_amount"]]
            for one in sorted(partners, key=lambda one: -one["ready"])[:PARTNERS]
        ]  # fmt: skip
        shown: list[Child] = [
            tag("p", tag("code", visible(str(path))), f": {many(summary['rows_ready'])}, "
                f"{path.stat().st_size if path.exists() else 0:,} bytes."),
            parts.table(
                "Rows to send by partner",
                ["MediaId (partner)", "ActionTrackerId (event type)", "rows", "answered",
                 "talk time", f"sales ({self._session.job.currency})"],
                rows,
            ),
        ]  # fmt: skip
        if len(partners) > PARTNERS:
            shown.append(tag("p", f"{len(partners) - PARTNERS:,} more partners."))
        held = [f"{many(summary['rows_rejected'])} rejected"] if summary["rows_rejected"] else []
        held += [
            f"{many(one['rows'])} left out ({one['code'].replace('_', ' ')})"
            for one in summary["findings"]
            if one["severity"] == "left_out"
        ]
        if held:
            shown.append(tag("p", "Not in the file: ", "; ".join(held), "."))
        if not self._session.is_current:
            shown.append(tag("p", tag("b", "The job or the fixes have changed since this file was "
                                     "written: run Prepare again.")))  # fmt: skip
        return shown

    def _take_password(self, change: dict[str, Any]) -> None:
        # What a widget holds is saved with the notebook: the field is emptied at once.
        if change["new"]:
            self._password = change["new"]
            self._typed.value = ""
            self._typed.placeholder = "typed; not shown"

    def _connection(self) -> Connection:
        return connection_from(
            self._session.job.connection,
            protocol=self._protocol.value,
            host=self._host.value.strip(),
            port=self._port.value,
            directory=self._directory.value.strip(),
            user=self._user.value.strip(),
        )

    def _test(self) -> None:
        """Try out the connection, and show its steps."""
        connection, password = self._connection(), self._password or None
        self.notice.say("Connecting …")

        def done(tested: ConnectionCheck) -> None:
            rows = [["ok" if one.ok else "failed", one.step, visible(one.detail, 300)]
                    for one in tested.steps]  # fmt: skip
            self._steps.value = parts.table("Test of the connection", ["", "step", ""], rows)
            if tested.error is not None:
                self.notice.fail(in_the_form(tested.error))
            else:
                self.notice.say("The connection works. Nothing was written.")

        def work() -> ConnectionCheck:
            return self._deliveries.test(connection, password)

        self._worker.start(work, done, self.notice, self._canary, self._deliver)

    # -- sending -----------------------------------------------------------------------------------

    def _to_mock(self) -> None:
        self._twin.show(python_snippets.delivered(mock=True))
        resend = self._resend.value
        self._send(lambda: self._deliveries.to_mock(self._sent, resend=resend))

    def _to_server(self, canary: int) -> None:
        """Send to the server of the form; to one that is not on this machine after a question."""
        connection = self._connection()
        rows = self._session.prepared.summary["rows_ready"] if self._session.prepared else 0
        self._session.ready_file  # noqa: B018 # says what is missing before anything begins
        password, resend = self._password or None, self._resend.value

        def send() -> None:
            self._twin.show(python_snippets.delivered(mock=False))
            self._send(lambda: self._deliveries.to(
                connection, password, self._sent, resend=resend, canary=canary
            ))  # fmt: skip

        if is_local(connection.host):
            send()
            return
        count = many(min(canary, rows) if canary else rows)
        user = f" as {visible(connection.user)}" if connection.user else ""
        self._asked = send
        self._question.value = tag(
            "p", tag("b", f"Send {count} to {visible(connection.host)}{user}?"),
            " impact.com processes what it receives; it can't be taken back from here.",
            role="alert",
        )  # fmt: skip
        self._confirm.layout.display = ""

    def _ask_nothing(self) -> None:
        self._asked = None
        self._question.value = ""
        self._confirm.layout.display = "none"

    def _confirmed(self) -> None:
        asked = self._asked
        self._ask_nothing()
        if asked is not None:
            asked()

    def _send(self, work: Any) -> None:
        self._session.ready_file  # noqa: B018 # says what is missing before anything begins
        self._receipt.value = self._results.value = ""
        self._bar.value, self._bar.layout.display = 0.0, ""
        self.notice.say("Delivering …")

        def deliver_and_look() -> None:
            try:
                self._show_receipt(work())
            finally:
                self._bar.layout.display = "none"
            self.notice.clear()
            if self._deliveries.sent is not None and self._deliveries.sent.results is not None:
                self._look_until_complete()

        self._worker.start(
            deliver_and_look, lambda _: self._changed(), self.notice,
            self._mock, self._canary, self._deliver, self._look,
        )  # fmt: skip

    def _sent(self, sent: int, size: int) -> None:
        self._bar.value = sent / size if size else 1.0

    def _show_receipt(self, receipt: Receipt) -> None:
        if self._deliveries.is_sent:
            self._password, self._typed.placeholder = "", HINT
        state = receipt.state.value.replace("_", " ")
        shown = [
            tag("h3", f"{state[0].upper()}{state[1:]}: {many(receipt.rows)}"),
            tag("p", tag("code", visible(receipt.name)),
                f", {receipt.bytes:,} bytes, sha256 ", tag("code", receipt.sha256[:12]), " …"),
        ]  # fmt: skip
        shown += [tag("p", f"{many(count)} not sent: {code.replace('_', ' ')}.")
                 for code, count in receipt.left_out.items()]  # fmt: skip
        shown += [tag("p", visible(text, 300)) for text in (receipt.message, *receipt.warnings)
                 if text]  # fmt: skip
        self._receipt.value = Html("".join(shown))

    # -- results -----------------------------------------------------------------------------------

    def _begin_look(self) -> None:
        self._worker.start(self._look_until_complete, lambda _: None, self.notice, self._look)

    def _look_until_complete(self) -> None:
        for _ in range(LOOKS):
            outcome = self._deliveries.results()
            complete = self._show_results(outcome)
            if complete:
                return
            self._worker.pause(BETWEEN)

    def _show_results(self, outcome: Outcome) -> bool:
        """Show what is known; whether the server has judged all files."""
        shown = [
            tag("h3", "Results"),
            tag("p", f"{outcome.refused:,} refused, {outcome.unconfirmed:,} not yet "
                f"confirmed, {outcome.confirmed:,} confirmed."),
            tag("p", tag("small", UNCONFIRMED)) if outcome.unconfirmed else "",
        ]  # fmt: skip
        mock = self._deliveries.mock
        if mock is not None:
            count = len(mock.pending_actions())
            shown.append(tag("p", f"{count:,} pending actions on the mock server, one for each "
                            "call that it accepted.",
                            class_="callconv-pending"))  # fmt: skip
        shown += [tag("p", f"{visible(file.submission.name)}: {_progress(file)}.")
                 for file in outcome.files]  # fmt: skip
        refusals = [refusal for file in outcome.files for refusal in file.refusals][:REFUSALS]
        if refusals:
            shown.append(
                parts.table(
                    "Refused by the server",
                    ["line", "reason", "state"],
                    [[str(one.line or one.server_line), visible(one.reason), visible(one.status)]
                     for one in refusals],
                )
            )  # fmt: skip
        self._results.value = Html("".join(shown))
        return all(file.is_complete for file in outcome.files)


def _progress(file: FileResult) -> str:
    """How far the server is with a file; its own word in brackets."""
    if not file.status:
        return "not listed by the server yet"
    done = "processed" if file.is_complete else "not fully processed yet"
    return f"{done} (status {visible(file.status)})"
