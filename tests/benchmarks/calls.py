"""Messy call exports of any size, the same for the same seed: `python tests/benchmarks/calls.py FILE ROWS`.

All 51 columns; about one typed cell in eight needs work and about one row in fifty is wrong, in the
ways that exports are: times of other shapes, phone numbers with punctuation or a country, clock
durations, words for statuses, amounts with symbols, lost identifiers, masked callers, repeats.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from callconv_kit.model import spec, texts
from callconv_kit.writing.lines import line_of, lines

SEED = 20261124
NOW = "2026-11-24T12:00:00+00:00"
BLOCK = 50_000
AREA_CODES = ("212", "312", "415", "617", "702", "305", "206", "713", "416", "604")
USER_AGENTS = tuple(
    f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{n}.0"
    for n in range(90, 130)
)
CITIES = ("Boston", "New York", "São Paulo", "Springfield, IL", "Chicago", "Montréal", "Austin")

Words = Sequence[str]


class Maker:
    """Makes blocks of rows from one stream of random numbers."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = np.random.default_rng(seed)

    def pick(self, words: Words, weights: Sequence[float] | None = None) -> np.ndarray:
        share = None if weights is None else np.asarray(weights) / sum(weights)
        return np.asarray(words, object)[self._random.choice(len(words), BLOCK, p=share)]

    def numbers(self, low: int, high: int) -> np.ndarray:
        return self._random.integers(low, high, BLOCK)

    def sometimes(self, share: float, cells: np.ndarray, others: np.ndarray) -> np.ndarray:
        return np.where(self._random.random(BLOCK) < share, others, cells)

    def shaped(
        self, values: np.ndarray, shapes: Sequence[Callable[[int], str]], weights
    ) -> np.ndarray:
        which = self._random.choice(len(shapes), BLOCK, p=np.asarray(weights) / sum(weights))
        return np.asarray(
            [shapes[at](value) for at, value in zip(which, values, strict=True)], object
        )

    def moments(self) -> np.ndarray:
        days = np.datetime64("2026-10-05T00:00:00") + self.numbers(0, 49 * 86_400).astype("m8[s]")

        def us(value: np.datetime64) -> str:
            day, clock = str(value).split("T")
            year, month, date = day.split("-")
            hour = int(clock[:2])
            half = "AM" if hour < 12 else "PM"
            return f"{month}/{date}/{year} {(hour % 12) or 12:02}{clock[2:]} {half}"

        return self.shaped(
            days,
            [
                lambda value: f"{value}-05:00",
                lambda value: f"{value}Z",
                lambda value: str(value).replace("T", " "),
                us,
                lambda value: str(int(value.astype("int64"))),
                lambda value: str(value)[:10],
            ],
            [84, 4, 5, 5, 1.7, 0.3],
        )

    def phones(self) -> np.ndarray:
        area = self.pick(AREA_CODES)
        rest = self.numbers(2_000_000, 9_999_999)
        pairs = np.asarray([f"{a}{r}" for a, r in zip(area, rest, strict=True)], object)
        return self.shaped(
            pairs,
            [
                lambda n: n,
                lambda n: f"({n[:3]}) {n[3:6]}-{n[6:]}",
                lambda n: f"+1{n}",
                lambda n: f"{n[:3]}-{n[3:6]}-{n[6:]}",
                lambda n: f"1 {n[:3]} {n[3:6]} {n[6:]}",
                lambda _: "anonymous",
                lambda n: f"{n[:6]}XXXX",
            ],
            [84, 6, 5, 3, 1.4, 0.4, 0.2],
        )

    def durations(self, values: np.ndarray) -> np.ndarray:
        return self.shaped(
            values,
            [
                str,
                lambda n: f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}",
                lambda n: f"{n}.0",
                lambda n: f"{n} sec",
                lambda _: "n/a n/a",
            ],
            [93, 4, 2, 0.8, 0.2],
        )

    def block(self, first: int) -> dict[str, np.ndarray]:
        """One block of rows by column; `first` numbers its first row."""
        row = np.arange(first, first + BLOCK)
        talk = self.numbers(0, 1_500)
        columns = {
            "CampaignId": self.pick(["1001", "1002", "1,001", " 1001"], [70, 25, 3, 2]),
            "MediaId": np.asarray([str(20_000 + n) for n in self.numbers(0, 300)], object),
            "EventDate": self.moments(),
            "ActionTrackerId": self.pick(["30021", "30022", "30021.0", ""], [70, 27, 2.8, 0.2]),
            "CallProvider": self.pick(["Invoca"]),
            "CallSessionId": np.asarray([f"00F7-{n * 7_919 % 10**12:012d}" for n in row], object),
            "CallerId": self.phones(),
            "CalledPhoneNumber": self.pick([f"80055501{n:02}" for n in range(100)]),
            "CallDuration": self.durations(talk + self.numbers(0, 60)),
            "TalkDuration": np.asarray([str(n) for n in talk], object),
            "CallStatus": self.pick(
                ["ANSWER", "answered", "Connected", "CANCEL", "no-answer", "Foo"],
                [80, 10, 4, 3, 2.7, 0.3],
            ),
            "CallerPhoneNumberCountry": self.pick(["", "US", "USA"], [70, 28, 2]),
            "ClickId": np.asarray([f"wXyZ{n:x}aBcD" for n in self.numbers(0, 10**15)], object),
            "SubId1": self.pick([f"sub-{n}" for n in range(1000)]),
            "City": self.pick(CITIES),
            "Country": self.pick(["US", "United States", "CA", ""]),
            "Region": self.pick(["MA", "NY", "IL", "TX", "N/A", ""]),
            "Zip": self.pick(["02139", "2139", "10001", "10001-1234", "60601", ""]),
            "RepeatCaller": self.pick(["New", "Repeat", "yes", ""]),
            "PhoneType": self.pick(["Mobile", "Landline", "cell", ""]),
            "CallRecording": np.asarray(
                [f"https://rec.example.com/{n:x}" for n in row * 31], object
            ),
            "OptInSms": self.pick(["true", "false", "Y", ""]),
            "UserAgent": self.pick(USER_AGENTS),
            "SaleAmount": self.pick(
                ["", "12.50", "$1,234.50", "99.00", "1234.5"], [70, 10, 5, 10, 5]
            ),
            "VendorEventId": np.asarray([f"EV-{n:09}" for n in row], object),
        }
        for name in spec.NAMES:
            if name not in columns:
                columns[name] = self.pick([f"{name}-{n}" for n in range(200)] + [""] * 50)
        columns["Keypresses"] = self.pick(["1", "1,2", "", "2"])
        columns["IvrDuration"] = self.pick(["14", "", "7.0", "0"])
        columns["AdId"] = self.pick(["40031", "", "40032"])
        columns["ReferenceId"] = self.pick(["4711", "", "4712"])
        columns["CalledPhoneNumberCountry"] = self.pick(["", "US"])
        # One row in two hundred is sent twice, and one in ten thousand with another talk time.
        repeats = np.flatnonzero(self._random.random(BLOCK - 1) < 0.005)
        for cells in columns.values():
            cells[repeats + 1] = cells[repeats]
        columns["TalkDuration"][repeats[::50] + 1] = "0"
        return {name: columns[name] for name in spec.NAMES}


def write(path: Path, rows: int, seed: int = SEED) -> Path:
    """Write so many rows to `path`, unless it has been done."""
    if path.exists():
        return path
    maker = Maker(seed)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        file.write(line_of(spec.NAMES).encode())
        for first in range(0, rows, BLOCK):
            columns = maker.block(first)
            text: pa.StringArray = lines(
                [texts.from_list(list(cells)) for cells in columns.values()]
            )
            file.write(texts.used_bytes(text[: rows - first]))
    return unfinished.rename(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
