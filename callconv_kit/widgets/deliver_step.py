"""Deliver: to the mock in this process or to a real server; the receipt, then the results."""

from typing import Any

import ipywidgets as ipw

from callconv_kit.delivery import Receipt
from callconv_kit.delivery.results import Outcome
from callconv_kit.job import Connection
from callconv_kit.widgets import parts, python_snippets
from callconv_kit.widgets.delivering import Deliveries, connection_from
from callconv_kit.widgets.parts import Html, tag
from callconv_kit.widgets.session import Session
from callconv_kit.widgets.working import Worker
from callconv_kit.writing.visible import visible
from callconv_kit.writing.wording import many

LOOKS, BETWEEN = 60, 5.0
"""How often results are looked for by themselves, and seconds between two looks."""

REFUSALS = 20


class DeliverStep(ipw.VBox):
    """The sixth step."""

    def __init__(self, session: Session, worker: Worker, deliveries: Deliveries) -> None:
        self._session, self._worker, self._deliveries = session, worker, deliveries
        self._password = ""
        self._mock = parts.button("Deliver to the mock server", "deliver-mock", primary=True)
        self._protocol = parts.field(
            ipw.Dropdown, "Protocol", "protocol", options=["ftps", "sftp", "ftp"], width="12em"
        )
        self._host = parts.field(ipw.Text, "Host", "host", width="22em")
        self._port = parts.field(ipw.BoundedIntText, "Port", "port", min=1, max=65535, value=21,
                                 width="10em")  # fmt: skip
        self._directory = parts.field(ipw.Text, "Directory", "directory", width="18em")
        self._user = parts.field(ipw.Text, "User", "user", width="18em")
        self._typed = parts.field(
            ipw.Password, "Password", "password", width="20em",
            placeholder="or from the job's password_from",
        )  # fmt: skip
        self._resend = parts.field(
            ipw.Checkbox,
            "Send rows again even though their outcome is unknown",
            "resend",
            indent=False,
        )
        self._deliver = parts.button("Deliver to this server", "deliver")
        self._stop = parts.button("Stop looking", "stop-looking")
        self._look = parts.button("Look for results", "look")
        self._bar = parts.named(ipw.FloatProgress(min=0.0, max=1.0), "sent-bar")
        self.notice = parts.Notice()
        self._receipt = parts.named(ipw.HTML(), "receipt")
        self._results = parts.named(ipw.HTML(), "results")
        self._twin = parts.Twin()
        self._typed.observe(self._take_password, names="value")
        self._mock.on_click(self.notice.guarded(self._to_mock))
        self._deliver.on_click(self.notice.guarded(self._to_server))
        self._look.on_click(self.notice.guarded(self._begin_look))
        self._stop.on_click(lambda _: self._worker.cancel())
        super().__init__(
            [
                parts.row(
                    self._mock,
                    ipw.HTML(
                        tag("small", "It runs in this notebook; nothing leaves this machine.")
                    ),
                ),
                ipw.HTML(tag("h3", "Or to a real server")),
                parts.row(self._protocol, self._host, self._port),
                parts.row(self._directory, self._user, self._typed),
                parts.row(self._resend, self._deliver),
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

    def show(self) -> None:
        """Fill the form with what the job says."""
        given = self._session.job.connection or Connection()
        self._protocol.value, self._host.value = given.protocol, given.host
        self._port.value, self._directory.value = given.port, given.directory
        self._user.value = given.user

    def _take_password(self, change: dict[str, Any]) -> None:
        # What a widget holds is saved with the notebook: the field is emptied at once.
        if change["new"]:
            self._password = change["new"]
            self._typed.value = ""
            self._typed.placeholder = "typed; not shown"

    # -- sending -----------------------------------------------------------------------------------

    def _to_mock(self) -> None:
        self._twin.show(python_snippets.delivered(mock=True))
        resend = self._resend.value
        self._send(lambda: self._deliveries.to_mock(self._sent, resend=resend))

    def _to_server(self) -> None:
        connection = connection_from(
            self._session.job.connection,
            protocol=self._protocol.value,
            host=self._host.value.strip(),
            port=self._port.value,
            directory=self._directory.value.strip(),
            user=self._user.value.strip(),
        )
        password = self._password or None
        resend = self._resend.value
        self._twin.show(python_snippets.delivered(mock=False))
        self._send(lambda: self._deliveries.to(connection, password, self._sent, resend=resend))

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
            deliver_and_look, lambda _: None, self.notice, self._mock, self._deliver, self._look
        )

    def _sent(self, sent: int, size: int) -> None:
        self._bar.value = sent / size if size else 1.0

    def _show_receipt(self, receipt: Receipt) -> None:
        self._password = ""
        self._typed.placeholder = "or from the job's password_from"
        state = receipt.state.value.replace("_", " ")
        told = [
            tag("h3", f"{state[0].upper()}{state[1:]}: {many(receipt.rows)}"),
            tag("p", tag("code", visible(receipt.name)),
                f", {receipt.bytes:,} bytes, sha256 ", tag("code", receipt.sha256[:12]), " …"),
        ]  # fmt: skip
        told += [tag("p", f"{many(count)} not sent: {code.replace('_', ' ')}.")
                 for code, count in receipt.left_out.items()]  # fmt: skip
        told += [tag("p", visible(text, 300)) for text in (receipt.message, *receipt.warnings)
                 if text]  # fmt: skip
        self._receipt.value = Html("".join(told))

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
        told = [
            tag("h3", "What became of it"),
            tag("p", f"{outcome.refused:,} refused, {outcome.unconfirmed:,} not named by the "
                f"server, {outcome.confirmed:,} confirmed."),
        ]  # fmt: skip
        mock = self._deliveries.mock
        if mock is not None:
            count = len(mock.pending_actions())
            told.append(tag("p", f"{count:,} pending actions on the mock server.",
                            class_="callconv-pending"))  # fmt: skip
        told += [tag("p", f"{visible(file.submission.name)}: {file.status or 'not yet listed'}.")
                 for file in outcome.files]  # fmt: skip
        refusals = [refusal for file in outcome.files for refusal in file.refusals][:REFUSALS]
        if refusals:
            told.append(
                parts.table(
                    "Refused by the server",
                    ["line", "reason", "state"],
                    [[str(one.line or one.server_line), visible(one.reason), visible(one.status)]
                     for one in refusals],
                )
            )  # fmt: skip
        self._results.value = Html("".join(told))
        return all(file.status == "Complete" for file in outcome.files)
