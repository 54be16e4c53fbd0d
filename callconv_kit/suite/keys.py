"""Which rows may hold the same key: found over all batches, by hashes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from callconv_kit.model.texts import Ints
from callconv_kit.suite.rules import Expectation
from callconv_kit.suite.validation import columns_of

if TYPE_CHECKING:
    import pandas as pd


class Keys:
    """Hashes of the cells that must be unique together, eight bytes a row."""

    def __init__(self, expectation: Expectation) -> None:
        self._columns = list(columns_of(expectation))
        ignored = expectation["kwargs"].get("ignore_row_if", "any_value_is_missing")
        self._any_missing = ignored == "any_value_is_missing"
        self._hashes: list[np.ndarray[Any, Any]] = []
        self._rows: list[Ints] = []

    def add(self, frame: "pd.DataFrame", start: int) -> None:
        """Remember the rows of a chunk; those that the rule ignores are left out."""
        import pandas as pd

        cells = frame[self._columns]
        rows = np.arange(len(frame))
        if self._any_missing:
            rows = np.flatnonzero(cells.notna().all(axis=1))
        hashes = pd.util.hash_pandas_object(cells.iloc[rows], index=False)
        self._hashes.append(hashes.to_numpy())
        self._rows.append(rows + start)

    def repeated(self) -> Ints:
        """Rows of which another one has the same hash, ascending."""
        if not self._hashes:
            return np.zeros(0, np.int64)
        hashes, rows = np.concatenate(self._hashes), np.concatenate(self._rows)
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        same = np.zeros(len(order), np.bool_)
        same[1:] = ordered[1:] == ordered[:-1]
        same[:-1] |= same[1:]
        return np.sort(rows[order[same]])
