"""What each media partner's calls came to under each action tracker, counted in vectors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.rows import Fate, Judged
from callconv_kit.model.texts import Bools, Ints

PartnerKey: TypeAlias = tuple[str, str]
"""MediaId and ActionTrackerId; empty where there is none."""

PARTNERS = 10_000
"""Pairs of partner and tracker that are counted apart. A run has dozens; where a column of ids was
mistaken for MediaId it has millions, and those past the bound are counted together."""

OTHERS: PartnerKey = ("others", "")
"""The partners past the bound."""

FEW_PAIRS = 1 << 20
"""Combinations of ids up to which each gets its own counter."""


@dataclass(frozen=True, slots=True)
class Partner:
    """What one media partner's calls under one action tracker came to."""

    read: int
    ready: int
    rejected: int
    left_out: int
    answered: int
    talk_seconds: int
    sale_amount: Decimal


class Partners(Mapping[PartnerKey, Partner]):
    """The counts by partner."""

    def __init__(self) -> None:
        self._places: dict[PartnerKey, int] = {}
        self._counts = np.zeros((64, 7), np.int64)

    def __getitem__(self, key: PartnerKey) -> Partner:
        read, ready, rejected, left_out, answered, seconds, cents = self._counts[
            self._places[key]
        ].tolist()
        sale = (Decimal(cents) / 100).quantize(Decimal("0.01"))
        return Partner(read, ready, rejected, left_out, answered, seconds, sale)

    def __iter__(self) -> Iterator[PartnerKey]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Partners) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment] # it changes

    def add(self, judged: Judged, sign: int) -> None:
        """Count a batch in, or out again where `sign` is -1."""
        if not len(judged):
            return
        keys, pair = _pairs(judged)
        ready = judged.fates == Fate.READY
        # An empty status is taken for ANSWER.
        status = judged.values("CallStatus")
        answered = ready & (texts.equal(status, "ANSWER") | ~texts.bools(status.is_valid()))
        count = len(keys)
        columns = [
            np.bincount(pair, minlength=count),
            *(
                np.bincount(pair[rows], minlength=count)
                for rows in (
                    ready,
                    judged.fates == Fate.REJECTED,
                    judged.fates == Fate.LEFT_OUT,
                    answered,
                )
            ),
            _sums(pair, judged.values("TalkDuration"), ready, count),
            _sums(pair, _cents(judged.values("SaleAmount")), ready, count),
        ]
        self._add(keys, sign * np.stack(columns, axis=1))

    def add_rejected(self, rows: int) -> None:
        """Count rejected rows whose partner is not known."""
        self._add([("", "")], np.asarray([[rows, 0, rows, 0, 0, 0, 0]]))

    def merge(self, other: "Partners") -> None:
        """Add the counts of other rows."""
        self._add(list(other), other._counts[: len(other)])

    def _add(self, keys: Sequence[PartnerKey], counts: Ints) -> None:
        places = [self._place(key) for key in keys]
        np.add.at(self._counts, places, counts)

    def _place(self, key: PartnerKey) -> int:
        place = self._places.get(key)
        if place is not None:
            return place
        if len(self._places) >= PARTNERS and key != OTHERS:
            return self._place(OTHERS)
        place = self._places[key] = len(self._places)
        if place == len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        return place


def _pairs(judged: Judged) -> tuple[list[PartnerKey], Ints]:
    """The distinct pairs, and the number of each row's own."""
    media, media_names = _codes(judged.values("MediaId"))
    tracker, tracker_names = _codes(judged.values("ActionTrackerId"))
    codes = media * len(tracker_names) + tracker
    if len(media_names) * len(tracker_names) <= FEW_PAIRS:
        here = np.bincount(codes) > 0
        distinct, pair = np.flatnonzero(here), (np.cumsum(here) - 1)[codes]
    else:
        distinct, pair = np.unique(codes, return_inverse=True)
    keys = [
        (media_names[at // len(tracker_names)], tracker_names[at % len(tracker_names)])
        for at in distinct.tolist()
    ]
    return keys, pair


def _codes(cells: pa.StringArray) -> tuple[Ints, list[str]]:
    encoded = cells.dictionary_encode(null_encoding="encode")
    names = [name or "" for name in encoded.dictionary.to_pylist()]
    return texts.numbers(encoded.indices).astype(np.int64), names


def _sums(pair: Ints, numbers: pa.StringArray, ready: Bools, pairs: int) -> Ints:
    """The sum of these whole numbers over the ready rows of each pair."""
    rows = np.flatnonzero(ready & texts.bools(numbers.is_valid()))
    if not len(rows):
        return np.zeros(pairs, np.int64)
    counted = texts.numbers(pc.cast(texts.take(numbers, rows), pa.int64()))
    # The sums of one batch are far below what a float holds exactly.
    return np.bincount(pair[rows], counted, pairs).astype(np.int64)


def _cents(amounts: pa.StringArray) -> pa.StringArray:
    """Amounts with two decimals as whole cents."""
    return pc.replace_substring(amounts, ".", "")
