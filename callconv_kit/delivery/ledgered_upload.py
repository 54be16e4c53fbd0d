"""Delivery with a ledger: the rows that were never sent before, and the outcome of sending them.

Under the ledger's lock: settle what an interrupted run left open, look up every row, send those
that were never sent, and write down each step before it is taken.
"""

import logging
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from callconv_kit.delivery import encryption, forecast_score, naming
from callconv_kit.delivery.approval import approval_of
from callconv_kit.delivery.attempt import Delivery, End, Outgoing, Reply
from callconv_kit.delivery.connection_faults import BY_CODE, Step
from callconv_kit.delivery.encryption import Recipient
from callconv_kit.delivery.forecast_score import Foresee
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.naming import Clock
from callconv_kit.delivery.outcomes import CHECK, interrupted, not_delivered, receipt_of
from callconv_kit.delivery.ready_file import keys_to_send, parts, write_rows
from callconv_kit.delivery.receipt import Receipt, State, Submission
from callconv_kit.delivery.sending import Sender
from callconv_kit.delivery.sent_rows import keep_lines
from callconv_kit.delivery.sent_status import Found, SentStatus
from callconv_kit.delivery.transport import ConnectionFailed, Sight
from callconv_kit.model import interrupts
from callconv_kit.model.errors import OutcomeUnknown
from callconv_kit.model.texts import Bools
from callconv_kit.run.keys import Keys
from callconv_kit.writing import private

log = logging.getLogger(__name__)

Confirm = Callable[[Submission], bool]
"""Whether the results API shows this file, whole."""

LEFT_OUT = {
    SentStatus.SENT: "already_sent",
    SentStatus.CHANGED: "changed_since_sent",
    SentStatus.UNKNOWN: "outcome_unknown",
}
"""The codes under which rows of a file are not sent."""

LEFT_OPEN = (State.INTENT, State.SENDING, State.SENT, State.RENAMING, State.UNKNOWN)
"""States that another look at the server may settle."""


@dataclass(frozen=True, slots=True)
class LedgeredUpload:
    """Sends what of a file was never sent."""

    ledger: Ledger
    sending: Sender
    clock: Clock
    confirm: Confirm | None = None
    keep_days: int = 0
    foresee: Foresee | None = None
    recipient: Recipient | None = None

    def upload(self, ready: Path, file: Outgoing, *, resend: bool, canary: int) -> Receipt:
        """Deliver the rows of `file` that were never sent.

        Args:
            ready: where it came from, for the ledger.
            file: what it is.
            resend: a person asks that rows go whose earlier outcome is unknown, or that have
                changed since they were delivered.
            canary: send only the first N rows; 0 sends all.
        """
        started = self.clock()
        with self.ledger.lock():
            recover(self.ledger, self.sending, self.confirm)
            note = ""
            if self.sending.connection.require_approval:
                note = approval_of(self.ledger, ready, file).note
            keys = keys_to_send(file.path, file.rows)
            found = self.ledger.look_up(keys)
            chosen, left_out = choose(found, resend=resend)
            if not chosen.any():
                return self._nothing(file, found.submission, left_out)
            if canary:
                chosen[np.flatnonzero(chosen)[canary:]] = False
            superseded = self._superseded(found.submission, chosen)
            receipts = self._send_parts(
                ready, file, keys, chosen, label="canary" if canary else "", note=note
            )
            for number in superseded:
                self.ledger.enter(number, State.RESENT, note="sent again, as a person asked")
            self.ledger.prune(self.keep_days)
        return _whole(receipts, file, started, left_out)

    def _superseded(self, submission: np.ndarray, chosen: Bools) -> list[int]:
        """Unknown submissions all of whose rows are now sent again."""
        numbers, rows = np.unique(submission[chosen], return_counts=True)
        again = dict(zip(numbers.tolist(), rows.tolist(), strict=True))
        return [
            unknown.id
            for unknown in self.ledger.submissions(State.UNKNOWN)
            if again.get(unknown.id) == unknown.rows
        ]

    def _nothing(self, file: Outgoing, submission: np.ndarray, left_out: dict[str, int]) -> Receipt:
        """Every row is in the ledger: the earlier receipt, or its open question."""
        numbers = [int(number) for number in np.unique(submission) if number]
        earlier = [self.ledger.submission(number) for number in numbers]
        unknown = [e for e in earlier if not e.state.is_sent]
        if unknown:
            raise still_unknown(unknown)
        last = earlier[-1]
        whole = set(left_out) == {LEFT_OUT[SentStatus.SENT]}
        elsewhere = sorted({e.account for e in earlier} - {self.sending.account})
        return Receipt(
            last.state,
            last.name,
            0,
            file.sha256,
            0,
            0,
            last.started,
            last.changed,
            message="Nothing to send: every row was delivered before."
            if whole
            else "Nothing was sent: every row was delivered before, some with other values.",
            left_out=left_out,
            warnings=(
                *_not_sent(left_out),
                *(
                    f"Rows went to {account} before, and none to {self.sending.account}. After a "
                    "rehearsal, begin a new ledger with `callconv status --new-ledger`."
                    for account in elsewhere
                ),
            ),
        )

    def _send_parts(
        self, ready: Path, file: Outgoing, keys: Keys, chosen: Bools, *, label: str, note: str
    ) -> list[Receipt]:
        pieces = parts(file.rows, chosen, self.sending.connection.max_rows_per_file)
        receipts = []
        with private.work_folder(self.ledger.path.parent) as folder:
            for at, piece in enumerate(pieces, 1):
                part, its_keys = file, keys
                if not piece.all():
                    part = write_rows(file.path, folder / f"{at}.csv", piece)
                    its_keys = Keys(*(column[piece] for column in keys))
                which = label if len(pieces) == 1 else f"{label}{at}of{len(pieces)}"
                sent, notes = part, [note] if note else []
                if self.recipient is not None:
                    sent = self.recipient.encrypted(part, folder / f"{at}{self.recipient.suffix}")
                    notes.append(encryption.note(self.recipient, sent))
                receipts.append(
                    self._send(ready, part, sent, its_keys, which, piece, "; ".join(notes))
                )
        return receipts

    def _send(
        self,
        ready: Path,
        file: Outgoing,
        sent: Outgoing,
        keys: Keys,
        label: str,
        chosen: Bools,
        note: str,
    ) -> Receipt:
        """Send one file: `sent` is what goes, `file` what the ledger keeps."""
        started = self.clock()
        connection = self.sending.connection
        name = naming.sent_name(connection, now=started, sha256=file.sha256, part=label)
        name = unused_name(name, self.ledger.names_used())
        number = 0
        try:
            number = self.ledger.begin(
                file, keys, account=self.sending.account, name=name, origin=str(ready), note=note
            )
            encryption.keep_size(self.ledger, number, None if sent is file else sent)
            keep_lines(ready, self.ledger, self.ledger.submission(number), chosen)
            self._keep_forecast(number, file.path)
            log.info("step=begin submission=%d name=%s rows=%d", number, name, file.rows)
            end = self.sending.send(sent, name, LedgerJournal(self.ledger, number))
            if end.state is State.UNKNOWN and self._is_confirmed(number, end):
                end = replace(end, state=State.DELIVERED, failure=None)
            close(self.ledger, number, end)
        except KeyboardInterrupt:
            if not number:
                raise
            with interrupts.ignored():
                raise self._interrupted(number) from None
        receipt = receipt_of(end, sent, started, self.clock(), connection)
        return replace(receipt, bytes=file.size)

    def _keep_forecast(self, number: int, file: Path) -> None:
        try:
            expected = self.foresee(file) if self.foresee is not None else {}
        except pa.ArrowInvalid as error:  # a person has edited a cell; the server judges it
            log.warning("step=forecast submission=%d failed=%s", number, error)
            expected = {}
        forecast_score.keep(self.ledger, number, expected)

    def _interrupted(self, number: int) -> BaseException:
        """What an interrupt during a delivery means; the current upload is settled or named."""
        left = self.ledger.submission(number)
        log.info("step=interrupted submission=%d was=%s", number, left.state)
        if left.state.is_sent:
            return KeyboardInterrupt(f"{left.name} was delivered.")
        if left.state is State.INTENT:
            if not left.temporary:  # the next run removes what has a temporary name
                self.ledger.enter(
                    number, State.NOT_DELIVERED, note="interrupted before it was sent"
                )
            return KeyboardInterrupt(f"{left.name} was not sent.")
        if left.state in (State.SENDING, State.RENAMING):
            self.ledger.enter(
                number, State.UNKNOWN, note="interrupted", code="interrupted", said="interrupted"
            )
        return interrupted(left.name)

    def _is_confirmed(self, number: int, end: End) -> bool:
        if self.confirm is None:
            return False
        # Written down first: asking may take minutes.
        self.ledger.enter(number, State.UNKNOWN, name=end.name, note=end.message)
        return self.confirm(self.ledger.submission(number))


def choose(found: Found, *, resend: bool) -> tuple[Bools, dict[str, int]]:
    """The rows that may go, a flag each; and how many may not, by code.

    Args:
        found: what the ledger has of the rows.
        resend: a person asks for rows whose outcome is unknown, or that have changed.
    """
    chosen = found.sent_status == SentStatus.NEW
    if resend:
        chosen = found.sent_status != SentStatus.SENT
    left_out = {
        code: count
        for sent_status, code in LEFT_OUT.items()
        if (count := int(((found.sent_status == sent_status) & ~chosen).sum()))
    }
    return chosen, left_out


def unused_name(name: str, taken: Container[str]) -> str:
    """`name`, or the first with a number behind it that is not among those `taken`."""
    candidate, turn = name, 2
    while candidate in taken:
        candidate, turn = naming.with_suffix(name, str(turn)), turn + 1
    return candidate


class LedgerJournal:
    """A submission's journal in the ledger; see `attempt.Journal`."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._number = number

    def mark(self, state: State, name: str, temporary: str = "", note: str = "") -> None:
        """Write the step down before it is taken."""
        more = {"temporary": temporary} if temporary else {}
        self._ledger.enter(self._number, state, name=name, note=note, **more)


def close(ledger: Ledger, number: int, end: End) -> None:
    """Write down how a delivery ended."""
    failure = end.failure
    ledger.enter(
        number,
        end.state,
        name=end.name,
        note=end.message,
        code=failure.fault.code if failure else "",
        said=end.message,
        refused=int(failure is not None and failure.refused),
    )


def recover(ledger: Ledger, sending: Sender, confirm: Confirm | None = None) -> list[Submission]:
    """Settle what earlier runs left open, as far as the server shows it; what was settled.

    Only for the sender's own account: another account's files can't be seen from here.

    Raises:
        DeliveryError: the server can't be reached to look; nothing is settled then.
    """
    settled = []
    for left in ledger.submissions(*LEFT_OPEN):
        if left.state is not State.INTENT and left.account != sending.account:
            continue
        end = _recovered(left, ledger, sending, confirm)
        if end is not None and end.state is not left.state:
            close(ledger, left.id, end)
            settled.append(ledger.submission(left.id))
            log.info("step=recover submission=%d was=%s is=%s", left.id, left.state, end.state)
    return settled


def _recovered(
    left: Submission, ledger: Ledger, sending: Sender, confirm: Confirm | None
) -> End | None:
    """The outcome of a delivery that ended unseen; None where nothing new is known."""
    size = encryption.sent_size(ledger, left)
    file = Outgoing(Path(left.origin), size, left.sha256, left.rows)
    delivery = sending.delivery(file, left.name, LedgerJournal(ledger, left.id))
    try:
        if left.state is State.INTENT:
            if left.temporary and left.account == sending.account:
                delivery.discard(left.temporary)
            return End(State.NOT_DELIVERED, left.name, 0, "the run ended before the first byte")
        if confirm is not None and confirm(left):
            return End(State.DELIVERED, left.name, 0, "the results show it, whole")
        if left.state is State.UNKNOWN and (left.refused or not delivery.settle_by_size):
            return None  # no look can settle it
        if left.temporary:
            return delivery.finish_rename(left.temporary, asked=True)
        return _seen(left, delivery)
    except ConnectionFailed as failure:
        raise not_delivered(failure, sending.connection, left.name, 1) from None


def _seen(left: Submission, delivery: Delivery) -> End:
    """What the server shows of a file that was sent directly, wholly or in part."""
    seen = delivery.see(left.name)
    reply = Reply.OK if left.state is State.SENT else Reply.NONE
    if seen.sight is Sight.UNREACHED and reply is Reply.OK:
        delivery.connect().close()  # says why the server can't be reached
    state = delivery.judged(reply, seen)
    message, failure = "the run ended before it could verify", None
    if state is State.UNKNOWN:
        code = "size_differs" if reply is Reply.OK else "transfer_cut"
        message = message if reply is Reply.OK else "the run ended during the upload"
        failure = ConnectionFailed(BY_CODE[code], Step.REPLY, message)
    return End(state, left.name, 0, message, failure, seen)


def still_unknown(unknown: list[Submission]) -> OutcomeUnknown:
    """For files whose rows are held back until a person decides."""
    names = ", ".join(found.name for found in unknown)
    return OutcomeUnknown(
        "outcome_unknown",
        "It is still unknown whether this file was delivered, so its calls are held back",
        "; ".join(
            f"{found.name} ({found.changed:%Y-%m-%d %H:%M}: {found.said})" for found in unknown
        ),
        "",
        CHECK.format(name=names),
    )


def receipt_of_origin(ledger: Ledger, ready: Path) -> Receipt | None:
    """The receipt of a ready.csv that was delivered in full; None where some of it was not."""
    sent = [found for found in ledger.submissions() if found.origin == str(ready)]
    if not sent or not all(found.state.is_sent for found in sent):
        return None
    receipts = [
        Receipt(
            found.state, found.name, found.bytes, found.sha256, found.rows, 1, found.started,
            found.changed,
        )
        for found in sent
    ]  # fmt: skip
    file = Outgoing(ready, sum(r.bytes for r in receipts), receipts[0].sha256, 0)
    return _whole(receipts, file, receipts[0].started, {})


def _not_sent(left: dict[str, int]) -> list[str]:
    """Warnings about rows that were held back for another reason than that they were sent."""
    return [
        f"{count} rows of the file were not sent: {code}"
        for code, count in left.items()
        if code != LEFT_OUT[SentStatus.SENT]
    ]


def _whole(
    receipts: list[Receipt], file: Outgoing, started: datetime, left: dict[str, int]
) -> Receipt:
    """One receipt for all parts."""
    first = receipts[0]
    warnings = [warning for receipt in receipts for warning in receipt.warnings]
    warnings += _not_sent(left)
    if len(receipts) == 1:
        return replace(first, warnings=tuple(warnings), left_out=left)
    return Receipt(
        State.DELIVERED,
        first.name,
        sum(receipt.bytes for receipt in receipts),
        file.sha256,
        sum(receipt.rows for receipt in receipts),
        sum(receipt.attempts for receipt in receipts),
        started,
        receipts[-1].finished,
        f"{len(receipts)} parts",
        tuple(warnings),
        left,
        tuple(receipts),
    )
