"""A frame may hold any object under any name: each row has an end, and nothing raises."""

import datetime as dt
import decimal
import fractions
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import callconv_kit as ck
from callconv_kit.model import texts
from callconv_kit.reading.frames import FrameTable

CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-20T09:30:05-05:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Northline",
    "CallSessionId": "S-1",
    "CallerId": "6175550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
    "City": "Boston",
    "SaleAmount": "12.00",
}
SETTINGS: dict[str, Any] = {
    "now": "2026-11-24T12:00:00Z",
    "timezone": "UTC",
    "max_rejected_share": 1.0,
}


class NoText:
    def __str__(self) -> str:
        raise RuntimeError("this object has no text")

    __repr__ = __str__


class NotEqual:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("this object is equal to nothing")

    __hash__ = object.__hash__


ITSELF: dict[str, Any] = {}
ITSELF["me"] = ITSELF
FAR_WEST, FAR_EAST = (dt.timezone(dt.timedelta(hours=hours)) for hours in (-14, 14))


def objects(*values: Any) -> pd.Series:
    series = pd.Series([None] * len(values), dtype=object)
    for at, value in enumerate(values):
        series.iat[at] = value
    return series


def arrow(values: list[Any], kind: Any) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(values, kind)])))


VALUES: dict[str, pd.Series] = {
    "a period": pd.Series(pd.period_range("2026-11", periods=1, freq="M")),
    "an interval": pd.Series(pd.arrays.IntervalArray.from_tuples([(0, 1)])),
    "sparse numbers": pd.Series(pd.arrays.SparseArray([1])),
    "a complex number": pd.Series([1 + 2j]),
    "a list": objects([1, 2]),
    "a table": objects({"a": "\ud800"}),
    "a table in itself": objects(ITSELF),
    "a set": objects({1}),
    "a decimal": objects(decimal.Decimal("12.50")),
    "no decimal": objects(decimal.Decimal("sNaN")),
    "an infinite decimal": objects(decimal.Decimal("-Infinity")),
    "a decimal of a billion digits": objects(decimal.Decimal("1E+999999999")),
    "a fraction": objects(fractions.Fraction(1, 3)),
    "a length of time": pd.Series([pd.Timedelta(1, "ns")]),
    "the longest time": objects(dt.timedelta.max),
    "bytes": objects(b"\xff\x00"),
    "a UUID": objects(uuid.UUID(int=1)),
    "an object without a text": objects(NoText()),
    "an object that is equal to nothing": objects(NotEqual()),
    "a frame": objects(pd.DataFrame({"a": [1]})),
    "an array": objects(np.array([1, 2])),
    "half a character": objects("\ud800"),
    "a NUL": objects("a\0b"),
    "a number beyond 64 bits": objects(10**400),
    "a number of 5,000 digits": objects(10**5000),
    "the first day": objects(dt.date.min),
    "the first moment, far east": objects(dt.datetime.min.replace(tzinfo=FAR_EAST)),
    "the last moment, far west": objects(dt.datetime.max.replace(tzinfo=FAR_WEST)),
    "an offset of seconds": objects(
        dt.datetime(2026, 11, 20, tzinfo=dt.timezone(dt.timedelta(seconds=1)))
    ),
    "a time of day": objects(dt.time(9, 30)),
    "no time": pd.Series([pd.NaT]),
    "nothing": pd.Series([pd.NA]),
    "infinity": pd.Series([float("inf")]),
    "half precision": pd.Series(np.array([1.5], "float16")),
    "long double": pd.Series(np.array([1.5], "longdouble")),
    "the largest unsigned": pd.Series([2**64 - 1], dtype="uint64"),
    "a year beyond 9999": pd.Series(np.array(["29999-01-01"], "datetime64[s]")),
    "categories of intervals": pd.Series(pd.cut([1], [0, 2])),
    "categories of times": pd.Series(pd.Categorical([pd.Timestamp("2026-11-20")])),
    "no category": pd.Series(pd.Categorical([None])),
    "numpy's own": objects(np.float32(1.1)),
    "numpy's time": objects(np.datetime64("2026-11-20T09:30")),
    "numpy's no time": objects(np.datetime64("NaT", "ns")),
    "Arrow: a list": arrow([[1]], pa.list_(pa.int64())),
    "Arrow: a struct": arrow([{"a": 1}], pa.struct([("a", pa.int64())])),
    "Arrow: bytes": arrow([b"\xff"], pa.binary()),
    "Arrow: a year beyond 9999": arrow([253402300800], pa.timestamp("s")),
    "Arrow: a year before 1": arrow([-99999999999], pa.timestamp("s")),
    "Arrow: a zone that is none": arrow([0], pa.timestamp("s", "Nowhere/Nope")),
    "Arrow: the longest time": arrow([2**62], pa.duration("s")),
    "Arrow: a long decimal": arrow([decimal.Decimal("1.10")], pa.decimal256(70, 2)),
    "Arrow: months": arrow([(1, 2, 3)], pa.month_day_nano_interval()),
    "Arrow: nothing": arrow([None], pa.null()),
}
COLUMNS = ("EventDate", "CallDuration", "CallerId", "CampaignId", "City", "SaleAmount", "Notes")


@pytest.mark.filterwarnings("ignore")  # pandas itself warns of some of these values
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_of_any_type_has_an_end(value: pd.Series) -> None:
    for column in COLUMNS:
        frame = pd.DataFrame({name: [cell] for name, cell in CALL.items()})
        frame[column] = value
        prepared = ck.prepare(frame, **SETTINGS)
        counts = prepared.summary
        assert counts["rows_read"] == 1
        assert counts["rows_ready"] + counts["rows_rejected"] + counts["rows_left_out"] == 1
        assert len(prepared.rejected) == counts["rows_rejected"]
        if column in {"EventDate", "City"}:
            assert ck.check(frame, now=SETTINGS["now"]).summary["rows_read"] == 1
            ck.inspect(frame)
        if column == "Notes":
            assert ck.typed(frame).shape == frame.shape


NAMES: dict[str, Any] = {
    "a number": 5,
    "nothing": None,
    "a pair": ("a", "b"),
    "bytes": b"x",
    "no number": float("nan"),
    "half a character": "\ud800",
    "a NUL": "a\0",
    "an empty text": "",
    "a date": dt.date(2026, 1, 1),
    "a long text": "x" * 5000,
    "an object without a text": NoText(),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_column_of_any_name_is_passed_over(name: Any) -> None:
    frame = pd.DataFrame({key: [cell] for key, cell in CALL.items()}).assign(extra="x")
    frame.columns = pd.Index([*CALL, name], dtype=object)
    prepared = ck.prepare(frame, **SETTINGS)
    assert prepared.summary["rows_ready"] == 1
    assert ck.check(frame, now=SETTINGS["now"]).summary["rows_read"] == 1
    assert ck.typed(frame).shape == frame.shape
    ck.inspect(frame)


def test_columns_of_two_levels_are_an_error_in_words() -> None:
    frame = pd.DataFrame([[*CALL.values()]], columns=pd.MultiIndex.from_product([CALL, ["x"]]))
    with pytest.raises(ck.InputError):
        ck.prepare(frame)


@given(st.lists(st.none() | st.text(max_size=5)), st.integers(0, 9), st.integers(0, 9))
def test_text_with_long_offsets_is_the_same_text(
    cells: list[str | None], start: int, count: int
) -> None:
    wide = pa.array(cells, pa.large_string()).slice(min(start, len(cells)), count)
    narrow = texts.narrowed(wide)
    narrow.validate(full=True)
    assert narrow.equals(wide.cast(pa.string()))


def test_text_of_a_frame_is_not_copied() -> None:
    cells = {"City": ["Boston", None, "São Paulo"], "Zip": ["02139", "10001", ""]}
    frame = pd.DataFrame(cells, dtype="string[pyarrow]")
    (batch,) = FrameTable(frame).batches()
    for name, column in zip(frame, batch.cells, strict=True):
        owned = pa.Array.from_pandas(frame[name]).buffers()[2]
        assert column.buffers()[2].address == owned.address
