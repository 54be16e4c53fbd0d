"""One file, delivered once: the decisions as functions, and the few steps that act on them.

The order of things, and why:

1. Look whether the name is taken: many servers replace a file without a word.
2. Write down in the journal that bytes are about to go, before the first one goes.
3. Send. Only while not one byte has gone, and the cause is passing, is it tried again.
4. Look again, on a new connection. The server's own word decides, and the look can take it back:
   a 226 after which the server shows another size is not believed. Without a word the outcome is
   unknown, whatever size the server shows: a server can keep a file that it never takes in.

`direct` stores under the final name. `rename` stores under a temporary name, a new one for each
attempt, which the importer must ignore; until the rename nothing has happened, so that a broken
transfer may be tried again as well.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

import tenacity

from callconv_kit.delivery import naming
from callconv_kit.delivery.connection_faults import BY_CODE, SENT, Step
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.transport import (
    UNREACHED,
    Connect,
    ConnectionFailed,
    Reader,
    Seen,
    Session,
    Sight,
    fingerprint,
)

log = logging.getLogger(__name__)

SLOWEST = 1_000_000
"""Bytes a second that a server is trusted to drain from its buffers before it says 226."""

LONGEST_DRAIN = 600.0
"""Seconds; after waiting this long, a 226 is not expected any more."""


class Reply(StrEnum):
    """What the server said at the end of the transfer."""

    OK = "ok"  # 2xx
    REFUSED = "refused"  # 4xx or 5xx
    NONE = "none"  # the connection was lost before it said anything


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often; `sleep` is handed in by tests.

    Attributes:
        attempts: connections at most, while nothing was sent.
        deadline: seconds over all of them.
        first_wait: seconds before the second connection; each wait is longer than the last.
        longest_wait: seconds that one wait takes at most.
        transfer: seconds that sending one file may take at most, however slowly it moves.
        looks: how often a file that is still growing on the server is looked at.
        sleep: waits a number of seconds.
    """

    attempts: int = 8
    deadline: float = 900.0
    first_wait: float = 1.0
    longest_wait: float = 60.0
    transfer: float = 6 * 3600.0
    looks: int = 5
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The file that is to go.

    stamp: the `fingerprint` that it had when it was measured; None where no file is sent.
    """

    path: Path
    size: int
    sha256: str
    rows: int
    stamp: tuple[int, int] | None = None


class Journal(Protocol):
    """Where each step is written down before it is taken."""

    def mark(self, state: State, name: str, temporary: str = "", note: str = "") -> None:
        """Durably on return. `temporary` is the name that the file has until its rename."""


class NoJournal:
    """For a delivery without a ledger."""

    def mark(self, state: State, name: str, temporary: str = "", note: str = "") -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class End:
    """How a delivery ended: `message` is the last word of the server or the system."""

    state: State
    name: str
    attempts: int
    message: str = ""
    failure: ConnectionFailed | None = None
    seen: Seen | None = None


def judge(
    reply: Reply, seen: Seen, size: int, *, must_verify: bool, settle_by_size: bool = False
) -> State:
    """The state of a file of which bytes were sent.

    Args:
        reply: what the server said about the transfer.
        seen: what a look on a new connection showed under its name.
        size: the bytes that the file has here.
        must_verify: the job says `verify = "required"`.
        settle_by_size: the job says that on this server an equal size is enough.
    """
    same_size = seen.sight is Sight.SIZED and seen.size == size
    if reply is Reply.REFUSED or (seen.sight is Sight.SIZED and not same_size):
        return State.UNKNOWN
    if reply is Reply.OK:
        # A file that is gone was picked up: import servers take files away.
        return State.DELIVERED if same_size or not must_verify else State.UNKNOWN
    return State.DELIVERED if same_size and settle_by_size else State.UNKNOWN


@dataclass(slots=True)
class Delivery:
    """One file on its way. `run` ends it; every end but an exception of ours is an `End`."""

    file: Outgoing
    name: str
    connect: Connect
    journal: Journal = field(default_factory=NoJournal)
    method: str = "direct"
    must_verify: bool = False
    settle_by_size: bool = False
    timeout: float = 30.0
    patience: Patience = field(default_factory=Patience)
    progress: Callable[[int, int], None] | None = None
    attempts: int = 0
    begun: bool = False
    """Whether bytes may have gone that an importer could take."""

    def run(self) -> End:
        """Deliver, trying again where that is safe."""
        attempt = self._renamed if self.method == "rename" else self._direct
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.patience.attempts)
            | tenacity.stop_after_delay(self.patience.deadline),
            wait=tenacity.wait_random_exponential(
                multiplier=self.patience.first_wait, max=self.patience.longest_wait
            ),
            retry=tenacity.retry_if_exception(self._may_retry),
            sleep=self.patience.sleep,
            before_sleep=_log_retry,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except ConnectionFailed as failure:
            return End(State.NOT_DELIVERED, self.name, self.attempts, failure.message, failure)

    def _may_retry(self, error: BaseException) -> bool:
        if not isinstance(error, ConnectionFailed):
            return False
        # A broken transfer to a temporary name has left nothing that an importer would take.
        harmless = self.method == "rename" and error.step in SENT
        return error.fault.retry or (harmless and error.reply < 500)

    # -- direct --------------------------------------------------------------------------------

    def _direct(self) -> End:
        """One attempt under the final name; ConnectionFailed only while no byte was sent."""
        reply, message, failure = self._store(self.name, State.SENDING)
        # The name may have changed on the way: see `_free_name`.
        if reply is Reply.OK:
            self.journal.mark(State.SENT, self.name, note=message)
        seen = self.see(self.name)
        state = self.judged(reply, seen)
        if state is State.UNKNOWN and failure is None:
            failure = self.unproven(seen)
        log.info("step=verify name=%s said=%s seen=%s state=%s", self.name, reply, seen, state)
        return End(state, self.name, self.attempts, message, failure, seen)

    def judged(self, reply: Reply, seen: Seen) -> State:
        """The state of this file, by its job's rules; see `judge`."""
        return judge(
            reply,
            seen,
            self.file.size,
            must_verify=self.must_verify,
            settle_by_size=self.settle_by_size,
        )

    def _store(self, name: str, mark: State | None) -> tuple[Reply, str, ConnectionFailed | None]:
        """Send the file; the server's word. It raises only while no byte was sent."""
        self.attempts += 1
        session = self.connect()
        try:
            name = self._free_name(session, name)
            with self.file.path.open("rb", buffering=0) as file:
                before = fingerprint(file)
                if self.file.stamp not in (None, before):
                    raise ConnectionFailed(BY_CODE["file_replaced"], Step.LOOK, str(self.file.path))
                reader = self._reader(file, name, mark)
                try:
                    message = session.store(name, reader, self._drain())
                except ConnectionFailed as failure:
                    if not reader.sent and self.file.size:
                        self._leave_name(failure)
                        raise
                    log.warning("step=store name=%s code=%s", name, failure.fault.code)
                    return (
                        (Reply.REFUSED if failure.refused else Reply.NONE),
                        failure.message,
                        failure,
                    )
                if not reader.complete or fingerprint(file) != before:
                    message = "its size or time of change"
                    return (
                        Reply.REFUSED,
                        message,
                        ConnectionFailed(BY_CODE["file_changed"], Step.REPLY, message),
                    )
                return Reply.OK, message, None
        finally:
            session.close()

    def _reader(self, file: BinaryIO, name: str, mark: State | None) -> Reader:
        def first_byte() -> None:
            if mark is not None:
                self.begun = True
                self.journal.mark(mark, name)
            log.info("step=store name=%s bytes=%d", name, self.file.size)

        deadline = time.monotonic() + self.patience.transfer
        return Reader(file, self.file.size, first_byte, deadline, self.progress)

    def _drain(self) -> float:
        """Seconds that the 226 may take: the server still has full buffers to write."""
        return self.timeout + min(self.file.size / SLOWEST, LONGEST_DRAIN)

    def _free_name(self, session: Session, name: str) -> str:
        """The name to store under: `name`, or another if an empty file has the final one.

        An empty file is what a STOR of ours leaves that was cut before its first byte.
        """
        if session.look(self.name) == Seen(Sight.SIZED, 0) and self.file.size:
            direct = name == self.name
            self.name = naming.with_suffix(self.name, "again")
            self.journal.mark(State.INTENT, self.name, note="an empty file has the other name")
            name = self.name if direct else name
        self._stop_if_taken(session, self.name)
        return name

    def _stop_if_taken(self, session: Session, name: str) -> None:
        seen = session.look(name)
        if seen.sight in (Sight.SIZED, Sight.NAMED):
            raise ConnectionFailed(BY_CODE["name_exists"], Step.LOOK, f"{name} ({seen})")

    def _leave_name(self, failure: ConnectionFailed) -> None:
        """After a STOR without an answer, never the same name again.

        The server may hold that STOR open, and hand whatever is then under its name to its
        importer once it notices that we are gone: a second time, if we had used the name again.
        """
        if failure.step is Step.OPEN and not failure.refused:
            self.name = naming.with_suffix(self.name, "again")
            self.journal.mark(State.INTENT, self.name, note="no answer to STOR; another name")

    def see(self, name: str) -> Seen:
        """Look on a new connection: again while there is none, and while the file still grows."""
        seen = UNREACHED
        for turn in range(self.patience.looks):
            if turn:
                self._pause(turn)
            before = seen
            try:
                seen = self._look_afresh(name)
            except ConnectionFailed as failure:
                log.warning("step=look name=%s code=%s", name, failure.fault.code)
                if not failure.fault.retry:
                    break
            else:
                short = seen.sight is Sight.SIZED and seen.size < self.file.size
                if not short or seen == before:
                    break
        return seen

    def _pause(self, turn: int) -> None:
        self.patience.sleep(min(self.patience.first_wait * 2**turn, self.patience.longest_wait))

    def _look_afresh(self, name: str) -> Seen:
        session = self.connect()
        try:
            return session.look(name)
        finally:
            session.close()

    def unproven(self, seen: Seen) -> ConnectionFailed:
        """The server said yes, and the look does not bear it out."""
        code = "size_differs" if seen.sight is Sight.SIZED else "unverified"
        return ConnectionFailed(BY_CODE[code], Step.REPLY, f"{seen}, not {self.file.size}")

    # -- rename --------------------------------------------------------------------------------

    def _renamed(self) -> End:
        """One attempt under a temporary name, renamed to the final one when complete."""
        temporary = naming.temporary(self.name)
        self.journal.mark(State.INTENT, self.name, temporary)
        reply, message, failure = self._store(temporary, None)
        seen = self.see(temporary)
        state = self.judged(reply, seen)
        # Importers leave a temporary name alone: one that is gone was never whole.
        if not state.is_sent or seen.sight is Sight.ABSENT:
            self.discard(temporary)
            raise failure or self.unproven(seen)
        self.begun = True
        self.journal.mark(State.RENAMING, self.name, temporary)
        return self.finish_rename(temporary, message)

    def finish_rename(self, temporary: str, message: str = "", *, asked: bool = False) -> End:
        """Give a whole file its name.

        After a lost reply the server is asked again only while it still shows the temporary name.

        Args:
            temporary: the name that it has now.
            message: the server's word about the transfer.
            asked: whether the server may have been asked for the rename before.
        """
        last: ConnectionFailed | None = None
        for turn in range(self.patience.looks):
            if turn:
                self._pause(turn)
            try:
                end = self._rename_once(temporary, message, asked=asked)
                return replace(end, attempts=self.attempts)
            except ConnectionFailed as failure:
                last = failure
                log.warning("step=rename name=%s code=%s", self.name, failure.fault.code)
                asked = asked or failure.step is Step.RENAME
                if failure.refused or failure.fault.code == "name_exists":
                    break
        return self._rename_failed(temporary, last, asked=asked)

    def _rename_once(self, temporary: str, message: str, *, asked: bool) -> End:
        session = self.connect()
        try:
            if asked:
                final = session.look(self.name)
                unfinished = session.look(temporary).sight in (Sight.SIZED, Sight.NAMED)
                if final.sight is not Sight.ABSENT or not unfinished:
                    # The rename may have been done, but was not confirmed.
                    state = self.judged(Reply.NONE, final)
                    failure = ConnectionFailed(BY_CODE["rename_lost"], Step.RENAME, message)
                    return End(state, self.name, 0, message, failure, final)
            else:
                self._stop_if_taken(session, self.name)
            session.rename(temporary, self.name)
        finally:
            session.close()
        seen = UNREACHED
        with contextlib.suppress(ConnectionFailed):
            seen = self._look_afresh(self.name)
        if seen.sight is Sight.SIZED and seen.size != self.file.size:
            return End(State.UNKNOWN, self.name, 0, message, self.unproven(seen), seen)
        return End(State.DELIVERED, self.name, 0, message, None, seen)

    def _rename_failed(
        self, temporary: str, failure: ConnectionFailed | None, *, asked: bool
    ) -> End:
        message = failure.message if failure else ""
        state = State.UNKNOWN
        with contextlib.suppress(ConnectionFailed):
            refused = failure is not None and failure.refused
            if not asked or (refused and self._look_afresh(self.name).sight is Sight.ABSENT):
                self.discard(temporary)
                state = State.NOT_DELIVERED
        return End(state, self.name, self.attempts, message, failure)

    def discard(self, temporary: str) -> None:
        """Remove what a broken attempt left; the importer ignores it in any case."""
        with contextlib.suppress(ConnectionFailed):
            session = self.connect()
            session.delete(temporary)
            session.close()


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    code = error.fault.code if isinstance(error, ConnectionFailed) else "none"
    wait = state.next_action.sleep if state.next_action else 0.0
    log.warning("step=retry attempt=%d code=%s wait=%.1f", state.attempt_number, code, wait)
