"""The suite beside the fast checks and beside pandera, on the same files and the same rules.

    python tests/benchmarks/suite.py [ROWS …]        by default 1000 100000 1000000

Each run is a process of its own: seconds on the wall and of processors, and its peak memory. The
file is what `prepare` writes, repeated under call ids of their own. pandera (`pip install pandera`)
gets the suite's expectations translated one by one; it reads and judges the whole file at once.
"""

import importlib.util
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from processes import run

from callconv_kit.model import spec
from callconv_kit.suite import rules

HERE = Path(__file__)
ROWS = (1_000, 100_000, 1_000_000)
NOW = "2026-11-24T12:00:00+00:00"


def write(path: Path, rows: int) -> None:
    """A right file of so many rows: all columns hold data, each row is a call of its own."""
    examples = {column.name: column.example for column in spec.COLUMNS}
    examples |= {"EventDate": "2026-11-20T09:30:05-05:00", "CallerId": "6175550123"}
    names = list(spec.NAMES)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(names) + "\n")
        for number in range(rows):
            own = {
                "CallSessionId": f"S-{number}",
                "VendorEventId": f"EV-{number}" if number % 2 else "",
                "CallDuration": str(200 + number % 3_000),
                "TalkDuration": str(number % 200),
                "City": f"City {number % 5_000}",
                "Keypresses": str(number % 10),
            }
            file.write(",".join({**examples, **own}[name] for name in names) + "\n")


# -- what is measured -----------------------------------------------------------------------------


def by_suite(path: Path) -> bool:
    """The whole suite, by batches."""
    from callconv_kit import suite

    return suite.validate(path).success


def by_check(path: Path) -> bool:
    """`callconv check`."""
    from callconv_kit.run.check import check

    return not check(path, now=NOW).summary["errors"]


def by_pandera(path: Path) -> bool:
    """The same rules in pandera, on the whole file."""
    import pandas as pd
    import pandera.pandas as pa

    kinds = defaultdict(lambda: "str", dict.fromkeys(rules.DURATIONS, "Int64"))
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=kinds)
    _schema(pa).validate(frame, lazy=True)
    return True


def _schema(pa):
    checks = defaultdict(list)
    whole = []
    for expectation in rules.expectations():
        kwargs = expectation["kwargs"]
        check = _check(pa, expectation["type"], kwargs)
        if check is None:
            continue
        if "row_condition" in kwargs or "column" not in kwargs:
            whole.append(check)
        else:
            checks[kwargs["column"]].append(check)
    columns = {
        column.name: pa.Column(
            "Int64" if column.name in rules.DURATIONS else None,
            checks[column.name],
            nullable=not column.required,
        )
        for column in spec.COLUMNS
    }
    return pa.DataFrameSchema(columns, checks=whole, strict=True, ordered=True)


def _check(pa, kind, kwargs):
    """One expectation as a check of pandera; None where a schema says it by itself."""
    column = kwargs.get("column")
    if kind == "expect_column_values_to_match_regex":
        pattern = re.compile(kwargs["regex"])
        if "row_condition" in kwargs:
            return pa.Check(lambda frame: _of_us(frame, column, pattern, kwargs["row_condition"]))
        return pa.Check(lambda cells: cells.astype("str").str.contains(pattern))
    if kind == "expect_column_values_to_not_match_regex":
        pattern = re.compile(kwargs["regex"])
        return pa.Check(lambda cells: ~cells.astype("str").str.contains(pattern))
    made = {
        "expect_column_values_to_be_in_set": lambda: pa.Check.isin(kwargs["value_set"]),
        "expect_column_values_to_not_be_in_set": lambda: pa.Check.notin(kwargs["value_set"]),
        "expect_column_values_to_be_between": lambda: pa.Check.in_range(
            kwargs["min_value"], kwargs["max_value"]
        ),
        "expect_column_value_lengths_to_be_between": lambda: pa.Check.str_length(
            max_value=kwargs["max_value"]
        ),
        "expect_column_pair_values_a_to_be_greater_than_b": lambda: pa.Check(
            lambda frame: frame[kwargs["column_A"]] >= frame[kwargs["column_B"]]
        ),
        "expect_compound_columns_to_be_unique": lambda: pa.Check(
            lambda frame: _unique(frame, kwargs)
        ),
    }
    return made[kind]() if kind in made else None


def _of_us(frame, column, pattern, condition):
    if condition["type"] == "comparison":
        chosen = frame["Country"].isin(condition["parameter"])
    else:
        chosen = frame["Country"].isna() & (frame["CallerPhoneNumberCountry"] == "US")
    return ~chosen | frame[column].isna() | frame[column].str.contains(pattern)


def _unique(frame, kwargs):
    keys = kwargs["column_list"]
    judged = frame[keys].notna().all(axis=1)
    if "row_condition" in kwargs:
        judged &= frame["VendorEventId"].isna()
    return ~(
        judged & frame[judged].duplicated(keys, keep=False).reindex(frame.index, fill_value=False)
    )


WAYS = {"the suite": by_suite, "callconv check": by_check, "pandera": by_pandera}


def say(line: str) -> None:
    """A line, at once: the next takes a while."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(counts: list[int]) -> None:
    """Measure each way on each size, and print a table."""
    ways = [way for way in WAYS if way != "pandera" or importlib.util.find_spec("pandera")]
    say("| rows | by | wall s | processor s | peak MiB |\n|---:|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for rows in counts:
            path = Path(folder) / "ready.csv"
            write(path, rows)
            for way in ways:
                used = run([sys.executable, str(HERE), "--way", way, str(path)], Path(folder))
                figures = f"{used.wall:.1f} | {used.processor:.1f} | {used.peak:.0f}"
                say(f"| {rows:,} | {way} | {figures} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        judged = WAYS[sys.argv[2]](Path(sys.argv[3]))
        if not judged:
            raise SystemExit(f"{sys.argv[2]} finds fault with a right file")
    else:
        main([int(count) for count in sys.argv[1:]] or list(ROWS))
