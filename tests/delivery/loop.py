"""Nights under kill -9, SIGTERM, SIGINT and faults, and whether every call came out right.

Each world is a job with a server of its own. A night is `callconv run`; it may get a signal at a
random moment, meet random faults, overlap with another night of the same job, and bring new calls
with it. In the end each ready call was taken in once, or belongs to a submission that the ledger
calls unknown; none was taken in twice, and none counts as delivered that was not taken in.
"""

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.sent_rows import rows_at
from mock_server.accounts import make
from mock_server.server import MockImportServer

from .conftest import PASSWORD, sessions_on, write_ready
from .forked import Zygote
from .sftp_server import USER, SftpServer

NOW = "2026-11-20T06:00:00+00:00"

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

FAULTS = (
    "reset-connection no-greeting connect-421 pass-421 stor-450 stor-452 stor-550 data-cut"
    " control-cut stall disk-full late-426 late-451 late-552 no-226 lost-226 truncated vanish"
    " no-size no-mlsd slow-drip"
).split()

NOT_OVER_SFTP = {"connect-421", "pass-421", "no-mlsd"}

KINDS = [("ftp", "direct"), ("ftp", "rename"), ("sftp", "direct"), ("sftp", "rename")]

SLOWLY = 4_000
"""Bytes a tenth of a second: an upload of 5 to 400 calls then takes up to two seconds."""

AIMED = 0.75
"""The share of the signals that are meant to come within the upload."""

ALLOWED = {
    signal.SIGTERM: {0, 1, 4, 5, 130},
    signal.SIGINT: {0, 1, 4, 5, 130},
    signal.SIGKILL: {0, 1, 4, 5, -signal.SIGKILL},
    None: {0, 1, 4, 5},
}
"""Exit statuses that a night may end with, by the signal that it got."""


@dataclass
class Counts:
    """What came of a loop."""

    runs: int = 0
    signals: Counter[str] = field(default_factory=Counter)
    in_upload: int = 0
    exits: Counter[int] = field(default_factory=Counter)
    calls: int = 0
    once: int = 0
    unknown: int = 0
    twice: int = 0
    lost: int = 0
    false_deliveries: int = 0

    def __str__(self) -> str:
        signals = ", ".join(f"{count} {name}" for name, count in self.signals.most_common())
        exits = ", ".join(
            f"{count} ended with {status}" for status, count in self.exits.most_common()
        )
        return (
            f"{self.runs} runs ({signals}; {self.in_upload} within the upload); {exits}. "
            f"{self.calls} ready calls: {self.once} taken in once, {self.unknown} in a submission "
            f"that says unknown, {self.twice} taken in twice, {self.lost} lost, "
            f"{self.false_deliveries} called delivered that were not taken in."
        )


class World:
    """One job, its server, and its calls."""

    def __init__(self, folder: Path, kind: tuple[str, str], chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.protocol, method = kind
        self._stack = ExitStack()
        self.calls: list[str] = []
        self.job = folder / "job.toml"
        folder.mkdir(parents=True)
        more = f'user = "{USER}"\nmethod = "{method}"\ntimeout = 1\nfile_name = "{{date}}_{{hash}}.csv"\n'
        if self.protocol == "sftp":
            self.server: Any = self._stack.enter_context(SftpServer(folder / "server"))
            self.server.connection(folder / "known_hosts")
            more += f'known_hosts = "{folder / "known_hosts"}"\n'
        else:
            self.server = self._stack.enter_context(
                MockImportServer(folder / "server", [make(USER, PASSWORD)])
            )
        self.job.write_text(
            f'input = "inbox/*.csv"\n[connection]\nprotocol = "{self.protocol}"\n'
            f'host = "127.0.0.1"\nport = {self.server.port}\n{more}'
        )

    def close(self) -> None:
        self._stack.close()

    def new_calls(self) -> None:
        """A new export, larger than what the server reads at once."""
        number = len(list(self.folder.glob("inbox/*.csv")))
        names = [f"{self.folder.name}-{number}-{n:03}" for n in range(self.chance.randint(5, 400))]
        write_ready(self.folder / "inbox" / f"{number}.csv", *names)
        self.calls += names

    def arm(self, *, slowly: bool) -> None:
        """A fault or none, for this night.

        Args:
            slowly: a night whose signal is to come within the upload, which then takes its time.
        """
        self.server.clear_faults()
        if slowly and self.chance.random() < 0.8:
            self.server.fault("slow-drip", 1, after=SLOWLY)
            return
        known = [name for name in FAULTS if self.protocol == "ftp" or name not in NOT_OVER_SFTP]
        if self.chance.random() < 0.5:
            self.server.fault(self.chance.choice(known), self.chance.choice([1, 1, 2]), after=700)

    @property
    def command(self) -> tuple[str, ...]:
        return ("run", str(self.job), "--now", NOW, "--quiet")

    def last_error(self) -> str:
        """What the last night said of itself."""
        records = sorted(
            self.folder.glob("runs/*/*/run.json"), key=lambda path: path.stat().st_mtime
        )
        return json.loads(records[-1].read_text())["error"] if records else "no night"

    def nights(self) -> int:
        """How many have begun."""
        return len(list(self.folder.glob("runs/*/2*")))

    def has(self, name: str) -> bool:
        """Whether bytes of a file have arrived."""
        return any(path.stat().st_size for path in self.folder.glob(f"server/**/{name}"))

    def taken(self) -> list[str]:
        found: list[str] = (
            self.server.sessions() if self.protocol == "sftp" else sessions_on(self.server)
        )
        return found

    def states(self) -> dict[str, State]:
        """What the ledger says of each call that it knows; the latest word counts."""
        path = self.folder / ".callconv" / "ledger.sqlite"
        if not path.exists():
            return {}
        found: dict[str, State] = {}
        with Ledger.open(path) as ledger:
            for submission in ledger.submissions():
                rows = rows_at(ledger, submission, range(2, submission.rows + 2))
                for row in rows.values():
                    session = row.cells["CallSessionId"]
                    if found.get(session) is not State.DELIVERED:
                        found[session] = submission.state
        return found


class Loop:
    """Runs nights in worlds."""

    def __init__(self, folder: Path, zygotes: tuple[Zygote, Zygote], seed: int) -> None:
        self._folder, self._zygotes = folder, zygotes
        self._chance = random.Random(seed)
        self.counts = Counts()

    def run(
        self, nights: int, *, a_world: int = 12, say: Callable[[str], None] = lambda _: None
    ) -> Counts:
        """So many nights, in worlds of `a_world` nights each."""
        number = 0
        while self.counts.runs < nights:
            kind = KINDS[number % len(KINDS)]
            world = World(self._folder / f"w{number:03}", kind, self._chance)
            try:
                for _ in range(a_world):
                    self._night(world)
                self._settle(world)
            finally:
                world.close()
            number += 1
            say(f"{self.counts.runs} runs: {self.counts}")
        return self.counts

    def _night(self, world: World) -> None:
        chance = self._chance
        number = chance.choice((*SIGNALS, *SIGNALS, None))
        aimed = number is not None and chance.random() < AIMED
        if aimed or not world.calls or chance.random() < 0.6:
            world.new_calls()
        world.arm(slowly=aimed)
        before = world.nights()
        zygote, other = self._zygotes
        child = zygote.start(*world.command)
        pair = chance.random() < 0.25
        if pair:
            other.start(*world.command)
        within = False
        if number is not None:
            # Until then a signal ends a Python that has not set its handlers yet.
            while world.nights() == before and not zygote.ends_within(0.005):
                pass
            within = self._wait_for_the_moment(world, zygote, aimed=aimed)
            if zygote.ends_within(0):
                number, within = None, False
            else:
                os.kill(child, number)
        status = zygote.wait()
        self._note(status, number, within)
        if pair:
            self._note(other.wait(), None, False)
        assert status in ALLOWED[number], f"exit {status} after {number}: {world.last_error()}"

    def _wait_for_the_moment(self, world: World, zygote: Zygote, *, aimed: bool) -> bool:
        """Any moment of the run, or one within its upload; whether it is one."""
        if not aimed:
            zygote.ends_within(self._chance.uniform(0.0, 0.8))
            return self._is_sending(world)
        while not zygote.ends_within(0.005):
            if self._is_sending(world):
                zygote.ends_within(self._chance.choice((0.0, 0.0, 0.002, 0.02, 0.2)))
                return self._is_sending(world)
        return False

    @staticmethod
    def _is_sending(world: World) -> bool:
        """Whether bytes go; the ledger is read without the kit's checks, which take too long."""
        import sqlite3

        path = world.folder / ".callconv" / "ledger.sqlite"
        if not path.exists():
            return False
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
                query = "SELECT state, temporary FROM submission ORDER BY id DESC LIMIT 1"
                row = db.execute(query).fetchone()
            db.close()
        except sqlite3.Error:
            return False
        if row is None or row[0] not in ("intent", "sending", "sent", "renaming"):
            return False
        # Under a temporary name only the server knows that the first byte is there.
        return row[0] != "intent" or (bool(row[1]) and world.has(row[1]))

    def _note(self, status: int, number: signal.Signals | None, within: bool) -> None:
        self.counts.runs += 1
        self.counts.exits[status] += 1
        self.counts.signals[number.name if number else "no signal"] += 1
        self.counts.in_upload += within

    def _settle(self, world: World) -> None:
        """Two quiet nights: what can go goes; then every call is accounted for."""
        world.server.clear_faults()
        # Without faults nothing waits: a slow machine alone must not end these nights.
        world.job.write_text(world.job.read_text().replace("timeout = 1\n", "timeout = 60\n"))
        for _ in range(2):
            status = self._zygotes[0].run(*world.command)
            self._note(status, None, False)
            assert status in (0, 5), f"exit {status} on a quiet night: {world.last_error()}"
        taken, states = Counter(world.taken()), world.states()
        counts = self.counts
        counts.calls += len(world.calls)
        for call in world.calls:
            state, times = states.get(call), taken[call]
            counts.twice += times > 1
            counts.once += times == 1
            counts.unknown += times == 0 and state is State.UNKNOWN
            counts.lost += times == 0 and state is not State.UNKNOWN
            counts.false_deliveries += times == 0 and state is State.DELIVERED
        unknown = [call for call, state in states.items() if state is State.UNKNOWN]
        assert (status == 5) == bool(unknown), "5 for as long as an outcome is open"
