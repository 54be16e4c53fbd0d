"""A run with a preset, value maps and a look-up, beside the same rows without.

    python tests/benchmarks/preset_and_lookup.py [ROWS] [PAIRS]

The rows are those of `calls.py`; for the preset their columns bear a vendor's names.
"""

import sys
import tempfile
from pathlib import Path

from prepare_against_floor import HERE, SETTINGS, pairs
from processes import run

from callconv_kit.model import spec

PRESET = """
[preset]
name = "bench"
title = "Bench"

[[preset.form]]
name = "all"
needs = ["v_CallerId"]
columns = [{columns}]

[columns]
{feeds}
"""
JOB = """
preset = "./preset.toml"

[values.CallStatus]
"Connected" = "ANSWER"
"no-answer" = "INCOMPLETE"
"answered" = "ANSWER"

[values.PhoneType]
"cell" = "Mobile"

[lookup]
file = "numbers.csv"
on = "CalledPhoneNumber"
overwrite = true
"""


def lay_out(folder: Path, plain: Path) -> Path:
    """The same rows under a vendor's names, with a preset, a job and a look-up file."""
    names = [f"v_{name}" for name in spec.NAMES]
    vendors = folder / "vendor.csv"
    with plain.open("rb") as source, vendors.open("wb") as target:
        source.readline()
        target.write((",".join(names) + "\n").encode())
        while block := source.read(1 << 24):
            target.write(block)
    columns = ", ".join(f'"{name}"' for name in names)
    feeds = "\n".join(f'{name} = "v_{name}"' for name in spec.NAMES)
    (folder / "preset.toml").write_text(PRESET.format(columns=columns, feeds=feeds))
    (folder / "callconv.toml").write_text(JOB)
    numbers = "".join(f"80055501{n:02},{20_000 + n}\n" for n in range(100))
    (folder / "numbers.csv").write_text("CalledPhoneNumber,MediaId\n" + numbers)
    return vendors


def main(rows: int, count: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = folder / "calls.csv"
        run([sys.executable, str(HERE / "calls.py"), str(plain), str(rows)], folder)
        vendors = lay_out(folder, plain)
        prepare = [sys.executable, "-m", "callconv_kit", "prepare"]
        with_all = [*prepare, str(vendors), "--job", "callconv.toml", "--out", "a", *SETTINGS]
        without = [*prepare, str(plain), "--out", "b", *SETTINGS]
        figures = pairs(with_all, without, folder, count)
        print(f"{rows:,} rows, {count} pairs: {figures}")  # noqa: T201 # the figures


if __name__ == "__main__":
    given = [int(word.replace(",", "").replace("_", "")) for word in sys.argv[1:]]
    main(*(given + [1_000_000, 5][len(given) :]))
