"""One file, delivered once: the decisions as functions, and the few steps that act on them.

The order of things, and why:

1. Look whether the name is taken: many servers replace a file without a word.
2. Write down in the journal that bytes are about to go, before the first one goes.
3. Send. Only while not one byte has gone, and the cause is passing, is it tried again.
4. Look again, on a new connection. "226" alone is no proof that the file is whole; a lost reply
   is no proof that it is not.

`direct` stores under the final name. `rename` stores under a temporary name of its own for each
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
from callconv_kit.delivery.reader import Reader, fingerprint
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.transport import UNREACHED, Connect, Seen, Session, Sight, Trouble

log = logging.getLogger(__name__)

SLOWEST = 1_000_000
"""Bytes a second that a server is trusted to drain from its buffers before it says 226."""

LONGEST_DRAIN = 600.0
"""Seconds; beyond this much waiting for a 226 nobody believes that it still comes."""


class Word(StrEnum):
    """What the server said at the end of the transfer."""

    YES = "yes"  # 2xx
    NO = "no"  # 4xx or 5xx
    NOTHING = "nothing"  # the connection was lost before it said anything


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often; `sleep` is handed in by tests.

    attempts, deadline: of connections, and seconds over all of them, while nothing was sent.
    transfer: seconds that sending one file may take at most, however slowly it moves.
    looks: how often a file that is still growing on the server is looked at.
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
    """The file that is to go."""

    path: Path
    size: int
    sha256: str
    rows: int


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
    """How a delivery ended: `said` is the last word of the server or the system."""

    state: State
    name: str
    attempts: int
    said: str = ""
    trouble: Trouble | None = None
    seen: Seen | None = None


def judge(word: Word, seen: Seen, size: int, *, must_verify: bool) -> State:
    """The state of a file of which bytes were sent.

    Args:
        word: what the server said about the transfer.
        seen: what a look on a new connection showed under its name.
        size: the bytes that the file has here.
        must_verify: the job says `verify = "required"`.
    """
    if word is Word.NO:
        return State.UNKNOWN  # a matching size proves nothing about a file that was refused
    if seen.sight is Sight.SIZED:
        return State.DELIVERED if seen.size == size else State.UNKNOWN
    if word is Word.YES and not must_verify and seen.sight is not Sight.UNREACHED:
        return State.ACCEPTED_UNVERIFIED  # picked up at once, or nobody may look
    return State.UNKNOWN


@dataclass(slots=True)
class Delivery:
    """One file on its way. `run` ends it; every end but an exception of ours is an `End`."""

    file: Outgoing
    name: str
    connect: Connect
    journal: Journal = field(default_factory=NoJournal)
    method: str = "direct"
    must_verify: bool = False
    timeout: float = 30.0
    patience: Patience = field(default_factory=Patience)
    progress: Callable[[int, int], None] | None = None
    attempts: int = 0

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
        except Trouble as trouble:
            return End(State.NOT_DELIVERED, self.name, self.attempts, trouble.said, trouble)

    def _may_retry(self, error: BaseException) -> bool:
        if not isinstance(error, Trouble):
            return False
        # A broken transfer to a temporary name has left nothing that an importer would take.
        harmless = self.method == "rename" and error.step in SENT
        return error.fault.retry or (harmless and error.reply < 500)

    # -- direct --------------------------------------------------------------------------------

    def _direct(self) -> End:
        """One attempt under the final name; Trouble only while no byte was sent."""
        word, said, trouble = self._store(self.name, State.SENDING)
        # The name may have changed on the way: see `_free_name`.
        if word is Word.YES:
            self.journal.mark(State.SENT, self.name, note=said)
        seen = self.see(self.name)
        state = judge(word, seen, self.file.size, must_verify=self.must_verify)
        if state is State.UNKNOWN and trouble is None:
            trouble = self.unproven(seen)
        log.info("step=verify name=%s said=%s seen=%s state=%s", self.name, word, seen, state)
        return End(state, self.name, self.attempts, said, trouble, seen)

    def _store(self, name: str, mark: State | None) -> tuple[Word, str, Trouble | None]:
        """Send the file; the server's word. Trouble is raised only while no byte was sent."""
        self.attempts += 1
        session = self.connect()
        try:
            name = self._free_name(session, name)
            with self.file.path.open("rb", buffering=0) as file:
                before = fingerprint(file)
                reader = self._reader(file, name, mark)
                try:
                    said = session.store(name, reader, self._drain())
                except Trouble as trouble:
                    if not reader.sent and self.file.size:
                        self._leave_name(trouble)
                        raise
                    log.warning("step=store name=%s code=%s", name, trouble.fault.code)
                    return (Word.NO if trouble.refused else Word.NOTHING), trouble.said, trouble
                if not reader.complete or fingerprint(file) != before:
                    said = "its size or time of change"
                    return Word.NO, said, Trouble(BY_CODE["file_changed"], Step.REPLY, said)
                return Word.YES, said, None
        finally:
            session.close()

    def _reader(self, file: BinaryIO, name: str, mark: State | None) -> Reader:
        def first_byte() -> None:
            if mark is not None:
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
            raise Trouble(BY_CODE["name_exists"], Step.LOOK, f"{name} ({seen})")

    def _leave_name(self, trouble: Trouble) -> None:
        """After a STOR without an answer, never the same name again.

        The server may hold that STOR open, and hand whatever then stands under its name to its
        importer once it notices that we are gone: a second time, if we had used the name again.
        """
        if trouble.step is Step.OPEN and not trouble.refused:
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
            except Trouble as trouble:
                log.warning("step=look name=%s code=%s", name, trouble.fault.code)
                if not trouble.fault.retry:
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

    def unproven(self, seen: Seen) -> Trouble:
        """The server said yes, and the look does not bear it out."""
        code = "size_differs" if seen.sight is Sight.SIZED else "unverified"
        return Trouble(BY_CODE[code], Step.REPLY, f"{seen}, not {self.file.size}")

    # -- rename --------------------------------------------------------------------------------

    def _renamed(self) -> End:
        """One attempt under a name of its own, which becomes the final one when it is whole."""
        temporary = naming.temporary(self.name)
        self.journal.mark(State.INTENT, self.name, temporary)
        word, said, trouble = self._store(temporary, None)
        seen = self.see(temporary)
        state = judge(word, seen, self.file.size, must_verify=self.must_verify)
        # Importers leave a temporary name alone: one that is gone was never whole.
        if not state.is_sent or seen.sight is Sight.ABSENT:
            self.discard(temporary)
            raise trouble or self.unproven(seen)
        self.journal.mark(State.RENAMING, self.name, temporary)
        return self.finish_rename(temporary, state, said)

    def finish_rename(
        self, temporary: str, state: State, said: str = "", *, asked: bool = False
    ) -> End:
        """Give a whole file its name; a lost reply is settled by looking.

        Args:
            temporary: the name that it has now.
            state: what it is under that name.
            said: the server's word about the transfer.
            asked: whether the server may have been asked for the rename before.
        """
        last: Trouble | None = None
        for turn in range(self.patience.looks):
            if turn:
                self._pause(turn)
            try:
                end = self._rename_once(temporary, state, said, asked=asked)
                return replace(end, attempts=self.attempts)
            except Trouble as trouble:
                last = trouble
                log.warning("step=rename name=%s code=%s", self.name, trouble.fault.code)
                asked = asked or trouble.step is Step.RENAME
                if trouble.refused or trouble.fault.code == "name_exists":
                    break
        return self._rename_failed(temporary, last, asked=asked)

    def _rename_once(self, temporary: str, state: State, said: str, *, asked: bool) -> End:
        session = self.connect()
        try:
            if asked:
                final = session.look(self.name)
                if final.sight is Sight.SIZED:
                    whole = final.size == self.file.size
                    found = State.DELIVERED if whole else State.UNKNOWN
                    return End(found, self.name, 0, said, None, final)
                if session.look(temporary).sight is Sight.ABSENT:
                    # It was whole, and it is gone under both names: renamed and picked up.
                    return End(State.ACCEPTED_UNVERIFIED, self.name, 0, said, None, final)
            else:
                self._stop_if_taken(session, self.name)
            session.rename(temporary, self.name)
        finally:
            session.close()
        with contextlib.suppress(Trouble):
            seen = self._look_afresh(self.name)
            if seen.sight is Sight.SIZED and seen.size != self.file.size:
                return End(State.UNKNOWN, self.name, 0, said, self.unproven(seen), seen)
            return End(state, self.name, 0, said, None, seen)
        return End(state, self.name, 0, said)  # whole before the rename, which the server granted

    def _rename_failed(self, temporary: str, trouble: Trouble | None, *, asked: bool) -> End:
        said = trouble.said if trouble else ""
        state = State.UNKNOWN
        with contextlib.suppress(Trouble):
            refused = trouble is not None and trouble.refused
            if not asked or (refused and self._look_afresh(self.name).sight is Sight.ABSENT):
                self.discard(temporary)
                state = State.NOT_DELIVERED
        return End(state, self.name, self.attempts, said, trouble)

    def discard(self, temporary: str) -> None:
        """Remove what a broken attempt left; the importer ignores it in any case."""
        with contextlib.suppress(Trouble):
            session = self.connect()
            session.delete(temporary)
            session.close()


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    code = error.fault.code if isinstance(error, Trouble) else "none"
    wait = state.next_action.sleep if state.next_action else 0.0
    log.warning("step=retry attempt=%d code=%s wait=%.1f", state.attempt_number, code, wait)
