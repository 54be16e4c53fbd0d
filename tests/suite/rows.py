"""Right rows, in the very text that is uploaded, for the tests of the suite."""

from typing import Any

import pandas as pd

from callconv_kit.model import spec

NOW = "2026-11-24T12:00:00+00:00"

RIGHT = {column.name: column.example for column in spec.COLUMNS} | {
    "EventDate": "2026-11-20T09:30:05-05:00",
    "CallerId": "6175550123",
    "CalledPhoneNumber": "8005550199",
}
"""The examples of the column reference, at a date that is not too old for the tests' clock."""


def right(number: int = 0, **cells: str | None) -> dict[str, str | None]:
    """A right row, one call of its own, but for the given cells."""
    own = {"CallSessionId": f"S-{number}", "VendorEventId": f"EV-{number}"}
    return {**RIGHT, **own, **cells}


def frame(*rows: dict[str, str | None], count: int = 0, columns: Any = spec.NAMES) -> pd.DataFrame:
    """These rows, or so many right ones, as text."""
    chosen = rows or tuple(map(right, range(count)))
    return pd.DataFrame(chosen, columns=list(columns), dtype="str")
