"""JSON Lines: one object a line, as batches of text columns.

Numbers keep the digits with which they are written: they never pass through a float here. They may
have passed through one before, so those of more than 15 digits are marked; see `values`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, TypeVar

import numpy as np

from callconv_kit.model.errors import InputError
from callconv_kit.model.texts import Ints
from callconv_kit.reading.sources import Source
from callconv_kit.reading.values import ROWS, Piece, RecordTable, as_text, number_as_text
from callconv_kit.reading.whole_rows import columns_of

T = TypeVar("T")

LARGEST_LINE = 1 << 24
"""Bytes; a longer line is not a record of a call."""


class JsonLinesTable(RecordTable):
    """A file of JSON objects; a row's line is the record's number. See `batches.Table`."""

    def __init__(self, source: Source) -> None:
        """Read it once for its keys, in order of appearance.

        Raises:
            InputError: `unreadable`, `not_a_table` or `ambiguous_header`, naming the line.
        """
        self._source = source
        keys: dict[str, None] = {}
        with source.open() as stream:
            for record in _records(stream, source.name):
                keys.update(dict.fromkeys(record))
        self._keys = list(keys)
        super().__init__(source.name, self._keys)

    def _pieces(self, wanted: Ints | None) -> Iterator[Piece]:
        done = 0
        with self._source.open() as stream:
            records = _records(stream, self.name)
            while piece := list(islice(records, ROWS)):
                numbers = np.arange(done + 1, done + len(piece) + 1)
                done += len(piece)
                if wanted is None or np.isin(numbers, wanted).any():
                    rows = [[record.get(key, "") for key in self._keys] for record in piece]
                    yield Piece(numbers, columns_of(rows, len(self._keys)))
        self.account.sha256 = self._source.sha256


def _records(stream: BinaryIO, name: str) -> Iterator[dict[str, str]]:
    """The records as texts; objects within are flattened to `outer.inner`."""
    number = 0
    while line := stream.readline(LARGEST_LINE):
        number += 1
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
        if not text:
            continue
        try:
            record = _record(text)
        except _GivenTwice as twice:
            raise InputError(
                "ambiguous_header",
                f"Line {number} of {name} gives one name twice",
                str(twice),
                "each name once in an object",
                f"Correct line {number}, or export the file again.",
            ) from None
        except (ValueError, RecursionError):
            record = None
        if record is None:
            raise InputError(
                "not_a_table",
                f"Line {number} of {name} is not a JSON object",
                f"{len(text)} characters",
                'one object on each line, such as {"CallerId": "2125550123"}',
                f"Correct line {number}, or export the file again.",
            )
        yield record


def _record(text: str) -> dict[str, str] | None:
    """A line's object, flattened; None if it is not an object. Raises _GivenTwice, ValueError."""
    # Numbers as texts, never through a float: 1.50 keeps its zero.
    record = json.loads(
        text, parse_int=number_as_text, parse_float=number_as_text, object_pairs_hook=_each_once
    )
    return _each_once(list(_flat(record, ""))) if isinstance(record, dict) else None


class _GivenTwice(Exception):
    """A name that an object gives twice: which of its values counts is not for us to choose."""


def _each_once(pairs: Sequence[tuple[str, T]]) -> dict[str, T]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _GivenTwice(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return record


def _flat(record: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + as_text(key), as_text(value)
