"""The rows of `calls.py` under a vendor's names, with a preset, value maps and a look-up."""

from pathlib import Path

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
