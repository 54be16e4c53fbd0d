"""`df.callconv`: a frame of any dtypes comes in by the same door as a file, and stays as it was."""

import datetime as dt
import subprocess
import sys
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.model import spec

NOW = "2026-11-24T12:00:00+00:00"
SETTINGS = {"now": NOW, "timezone": "America/New_York", "max_rejected_share": 1.0}
CALL = {
    "CampaignId": 1001,
    "MediaId": 20012,
    "EventDate": "2026-11-20T09:30:05-05:00",
    "ActionTrackerId": 30021,
    "CallProvider": "Invoca",
    "CallSessionId": "S-1",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": 201,
    "TalkDuration": 187,
    "CallStatus": "ANSWER",
}


def frame_of(**cells):
    return pd.DataFrame({name: [value] for name, value in {**CALL, **cells}.items()})


def of_objects(column, *values):
    """Rows whose values of one column keep their own Python types."""
    rows = [{**CALL, "CallSessionId": f"S-{number}"} for number in range(len(values))]
    frame = pd.DataFrame(rows)
    frame[column] = pd.Series(values, dtype=object)
    return frame


# -- registration ----------------------------------------------------------------------------------

ORDERS = {
    "the kit first": "import callconv_kit, pandas",
    "pandas first": "import pandas, callconv_kit",
    "a package that asks whether pandas is there": (
        "import callconv_kit, importlib.util; importlib.util.find_spec('pandas'); import pandas"
    ),
    "a part of the kit alone": "import callconv_kit.model.spec, pandas",
    "a part of pandas first": "import pandas.api.types, callconv_kit, pandas",
    "the kit, then a part of pandas": "import callconv_kit, pandas.api.types, pandas",
    "the kit again": "import callconv_kit, pandas, importlib; importlib.reload(callconv_kit)",
}


@pytest.mark.parametrize("imports", ORDERS.values(), ids=ORDERS)
def test_every_frame_has_the_accessor_whatever_is_imported_first(imports):
    code = f"{imports}\nassert type(pandas.DataFrame().callconv).__name__ == 'CallConvAccessor'"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


# -- dtypes ----------------------------------------------------------------------------------------

LOCAL = dt.datetime(2026, 11, 20, 9, 30, 5)  # noqa: DTZ001 # a frame's own times carry no zone
EASTERN = "2026-11-20T09:30:05-05:00"

TAKEN = {
    "whole floats": (frame_of(CampaignId=1001.0), "CampaignId", "1001"),
    "a phone number as a float": (frame_of(CallerId=2125550123.0), "CallerId", "2125550123"),
    "a fraction of a second": (frame_of(TalkDuration=186.5), "TalkDuration", "187"),
    "half precision": (frame_of().astype({"TalkDuration": "float16"}), "TalkDuration", "187"),
    "single precision": (frame_of().astype({"MediaId": "float32"}), "MediaId", "20012"),
    "an id of 64 bits": (
        frame_of(MediaId=np.uint64(2**63 + 5)),
        "MediaId",
        "9223372036854775813",
    ),
    "a time with its zone": (frame_of(EventDate=pd.Timestamp(EASTERN)), "EventDate", EASTERN),
    "a time of UTC": (
        frame_of(EventDate=pd.Timestamp("2026-11-20T14:30:05Z")),
        "EventDate",
        "2026-11-20T14:30:05+00:00",
    ),
    "a time without a zone": (frame_of(EventDate=pd.Timestamp(LOCAL)), "EventDate", EASTERN),
    "a time to the nanosecond": (
        frame_of(EventDate=pd.Timestamp("2026-11-20T09:30:05.123456789")),
        "EventDate",
        EASTERN,
    ),
    "Python's own time": (of_objects("EventDate", LOCAL), "EventDate", EASTERN),
    "an epoch": (frame_of(EventDate=1795183200), "EventDate", "2026-11-20T14:00:00+00:00"),
    "an epoch as a float": (
        frame_of(EventDate=1795183200.0),
        "EventDate",
        "2026-11-20T14:00:00+00:00",
    ),
    "a spreadsheet's day": (
        frame_of(EventDate=46346.5),
        "EventDate",
        "2026-11-20T12:00:00-05:00",
    ),
    "a length of time": (frame_of(CallDuration=pd.Timedelta(minutes=5)), "CallDuration", "300"),
    "a time of day": (of_objects("CallDuration", dt.time(0, 3, 21)), "CallDuration", "201"),
    "a category": (frame_of().astype({"CallStatus": "category"}), "CallStatus", "ANSWER"),
    "a category of numbers": (
        frame_of().astype({"CallDuration": "category"}),
        "CallDuration",
        "201",
    ),
    "a sparse column": (
        frame_of().astype({"CallDuration": pd.SparseDtype(int)}),
        "CallDuration",
        "201",
    ),
    "an Arrow column": (
        frame_of().convert_dtypes(dtype_backend="pyarrow"),
        "EventDate",
        EASTERN,
    ),
    "a string column": (frame_of().astype({"CallerId": "string"}), "CallerId", "2125550123"),
    "a decimal": (frame_of(SaleAmount=Decimal("12.5")), "SaleAmount", "12.50"),
    "a decimal of thousands": (frame_of(SaleAmount=Decimal("1E+3")), "SaleAmount", "1000.00"),
    "an amount that a float can't hold": (frame_of(SaleAmount=0.1 + 0.2), "SaleAmount", "0.30"),
    "an amount of single precision": (
        frame_of(SaleAmount=1234.56).astype({"SaleAmount": "float32"}),
        "SaleAmount",
        "1234.56",
    ),
    "an amount as a float": (frame_of(SaleAmount=12.5), "SaleAmount", "12.50"),
    "a boolean": (frame_of(OptInSms=True), "OptInSms", "true"),
    "a boolean of numpy": (of_objects("OptInSms", np.False_), "OptInSms", "false"),
    "a postal code that lost its zero": (frame_of(Zip=2139, Country="US"), "Zip", "02139"),
    "a short postal code of another country": (frame_of(Zip=1010, Country="AT"), "Zip", "1010"),
    "nothing, as a float": (frame_of(SaleAmount=np.nan), "SaleAmount", ""),
    "nothing, as None": (frame_of(City=None), "City", ""),
    "nothing, as NA": (frame_of(AdId=pd.NA), "AdId", ""),
    "nothing, as a decimal": (frame_of(SaleAmount=Decimal("NaN")), "SaleAmount", ""),
    "a uuid": (
        frame_of(CallSessionId=uuid.UUID(int=5)),
        "CallSessionId",
        "00000000-0000-0000-0000-000000000005",
    ),
    "a period": (frame_of(CallProvider=pd.Period("2026-11")), "CallProvider", "2026-11"),
    "an interval": (frame_of(CallProvider=pd.Interval(0, 1)), "CallProvider", "(0, 1]"),
    "bytes": (frame_of(CallProvider=b"Invoca"), "CallProvider", "Invoca"),
    "a list": (of_objects("Keypresses", ["1", "2"]), "Keypresses", "1,2"),
    "a mapping": (frame_of(City={"name": "Boston"}), "City", '{"name": "Boston"}'),
    "text of several lines": (frame_of(City="Boston\nMA"), "City", "Boston MA"),
}


@pytest.mark.parametrize(("frame", "column", "expected"), TAKEN.values(), ids=TAKEN)
def test_a_cell_of_any_dtype_becomes_the_text_of_its_column(frame, column, expected):
    before = frame.copy(deep=True)
    prepared = frame.callconv.prepare(**SETTINGS)
    assert prepared.rejected["reasons"].tolist() == []
    assert prepared.ready[column].tolist() == [expected]
    pd.testing.assert_frame_equal(frame, before)


REFUSED = {
    "a float beyond its exact numbers": (frame_of(MediaId=1.2345678901234567e18), "digits_lost"),
    "a float of single precision beyond them": (
        frame_of(MediaId=123456789).astype({"MediaId": "float32"}),
        "digits_lost",
    ),
    "single precision among other objects": (
        of_objects("MediaId", np.float32(123456789)),
        "digits_lost",
    ),
    "a whole number of 31 digits": (frame_of(MediaId=10**30), "identifier_invalid"),
    "a fraction of an id": (frame_of(MediaId=20012.5), "identifier_invalid"),
    "fractions of a cent": (frame_of(SaleAmount=12.3456), "money_invalid"),
    "infinity": (frame_of(CallDuration=np.inf), "duration_invalid"),
    "two days": (frame_of(CallDuration=pd.Timedelta(days=2)), "duration_out_of_range"),
    "no time": (frame_of(EventDate=pd.NaT), "required_missing"),
    "a day without a time": (frame_of(EventDate=LOCAL.date()), "moment_without_time"),
    "half a character": (of_objects("CallProvider", "a\ud800b"), "broken_text"),
    "nothing at all": (frame_of(CallProvider=None), "required_missing"),
}


@pytest.mark.parametrize(("frame", "code"), REFUSED.values(), ids=REFUSED)
def test_what_a_dtype_lost_is_never_guessed(frame, code):
    rejected = frame.callconv.prepare(**SETTINGS).rejected
    assert rejected["codes"].tolist() == [code]


def test_each_time_keeps_the_offset_it_came_with():
    times = [pd.Timestamp("2026-11-20T14:30:05+05:30"), pd.Timestamp("2026-11-20T14:30:05Z")]
    ready = of_objects("EventDate", *times).callconv.prepare(**SETTINGS).ready
    assert ready["EventDate"].tolist() == [
        "2026-11-20T14:30:05+05:30",
        "2026-11-20T14:30:05+00:00",
    ]


def test_a_column_may_mix_types():
    ready = of_objects("CallDuration", "3:21", 300, 201.0, "5m").callconv.prepare(**SETTINGS).ready
    assert ready["CallDuration"].tolist() == ["201", "300", "201", "300"]


def test_the_index_plays_no_part_and_lines_are_positions():
    frame = pd.concat([frame_of(), frame_of(CallSessionId="S-2", CallDuration="long")])
    frame.index = pd.Index(["x", "x"])
    prepared = frame.callconv.prepare(**SETTINGS)
    assert prepared.rejected[["source_file", "source_line"]].to_numpy().tolist() == [["frame", 2]]
    assert prepared.summary["inputs"][0]["file"] == "frame"


def test_a_postal_code_that_may_have_lost_its_zero_is_emptied_and_said_so():
    prepared = frame_of(Zip=2139).callconv.prepare(now=NOW)
    assert prepared.ready["Zip"].tolist() == [""]
    findings = prepared.findings[["column", "code", "severity"]].to_numpy().tolist()
    assert ["Zip", "digits_lost", "warning"] in findings


def test_rejected_rows_corrected_in_a_frame_feed_back():
    frame = of_objects("CallDuration", "201", "long")
    rejected = frame.callconv.prepare(**SETTINGS).rejected
    rejected["CallDuration"] = "300"
    again = rejected.callconv.prepare(**SETTINGS)
    assert again.ready["CallDuration"].tolist() == ["300"]
    assert again.exit_status == 0


def test_several_inputs_may_be_frames_and_files(tmp_path):
    frame_of(CallSessionId="S-2").to_csv(tmp_path / "b.csv", index=False)
    prepared = ck.prepare([frame_of(), tmp_path / "b.csv"], **SETTINGS)
    assert prepared.ready["CallSessionId"].tolist() == ["S-1", "S-2"]
    assert [one["file"] for one in prepared.summary["inputs"]] == ["frame", "b.csv"]


def test_a_frame_without_rows_is_fine_and_one_without_columns_is_not():
    assert frame_of().iloc[:0].callconv.prepare(**SETTINGS).exit_status == 0
    with pytest.raises(ck.InputError) as caught:
        pd.DataFrame().callconv.prepare(**SETTINGS)
    assert caught.value.code in {"no_header", "column_missing", "empty_file"}


def test_check_gives_findings_and_changes_nothing():
    frame = frame_of(CallDuration="3:21")
    findings = frame.callconv.check(now=NOW)
    assert findings[["source_line", "column", "code", "severity", "value"]].to_numpy().tolist() == [
        [1, "CallDuration", "not_ready_form", "error", "3:21"]
    ]
    assert frame.callconv.checked(now=NOW).exit_status == 1
    assert frame_of().callconv.check(now=NOW).empty


def test_the_accessor_keeps_no_state():
    frame = frame_of()
    accessor = frame.callconv
    attributes = vars(accessor).copy()
    accessor.prepare(**SETTINGS)
    accessor.check(now=NOW)
    assert vars(accessor) == attributes


# -- typed -----------------------------------------------------------------------------------------

DTYPES = {
    spec.Kind.IDENTIFIER: "Int64",
    spec.Kind.DURATION: "Int64",
    spec.Kind.MONEY: "decimal128(12, 2)[pyarrow]",
    spec.Kind.STATUS: "category",
    spec.Kind.COUNTRY: "category",
    spec.Kind.PHONE_TYPE: "category",
    spec.Kind.REPEAT_CALLER: "category",
    spec.Kind.FLAG: "boolean",
}


@pytest.fixture
def ready():
    full = {column.name: column.example for column in spec.COLUMNS}
    return pd.DataFrame([{**full, **CALL}, {**CALL, "CallSessionId": "S-2"}]).fillna("").astype(str)


def test_each_column_gets_the_dtype_of_its_kind(ready):
    typed = ready.callconv.typed()
    for column in spec.COLUMNS:
        if column.kind is spec.Kind.MOMENT:
            assert str(typed[column.name].dtype.tz) == "UTC"
        else:
            assert str(typed[column.name].dtype) == DTYPES.get(column.kind, "string"), column.name
    assert typed.loc[1, "SaleAmount"] is pd.NA
    assert typed.loc[0, "EventDate"] == pd.Timestamp(EASTERN)
    assert typed["CallDuration"].sum() == 402


def test_typed_leaves_the_frame_and_columns_of_ones_own_as_they_are(ready):
    ready["Notes"] = ["x", "y"]
    before = ready.copy(deep=True)
    assert ready.callconv.typed()["Notes"].dtype == ready["Notes"].dtype
    pd.testing.assert_frame_equal(ready, before)


def test_typed_twice_is_typed_once(ready):
    once = ready.callconv.typed()
    pd.testing.assert_frame_equal(once.callconv.typed(), once)


@pytest.mark.parametrize(("frame", "column", "expected"), TAKEN.values(), ids=TAKEN)
def test_what_was_prepared_can_be_typed(frame, column, expected):
    typed = frame.callconv.prepare(**SETTINGS).ready.callconv.typed()
    value = typed.loc[0, column]
    if not expected:
        assert value is pd.NA or pd.isna(value)
    elif column == "EventDate":
        assert value == pd.Timestamp(expected)
    elif column == "SaleAmount":
        assert value == Decimal(expected)
    elif column == "OptInSms":
        assert value == (expected == "true")
    else:
        assert str(value) == expected


TYPED_AT_ONCE = {
    "whole floats": (frame_of(CallDuration=201.0), "CallDuration", 201),
    "a time with its zone": (
        frame_of(EventDate=pd.Timestamp(EASTERN)),
        "EventDate",
        pd.Timestamp(EASTERN),
    ),
    "a decimal": (frame_of(SaleAmount=Decimal("12.50")), "SaleAmount", Decimal("12.50")),
    "an amount of single precision": (
        frame_of(SaleAmount=1234.56).astype({"SaleAmount": "float32"}),
        "SaleAmount",
        Decimal("1234.56"),
    ),
    "an amount as a float": (frame_of(SaleAmount=12.5), "SaleAmount", Decimal("12.50")),
    "a boolean": (frame_of(OptInSms=True), "OptInSms", True),
    "a category": (frame_of().astype({"CallStatus": "category"}), "CallStatus", "ANSWER"),
    "a missing float": (frame_of(AdId=np.nan), "AdId", pd.NA),
}


@pytest.mark.parametrize(("frame", "column", "expected"), TYPED_AT_ONCE.values(), ids=TYPED_AT_ONCE)
def test_a_frame_that_says_one_thing_only_is_typed_without_being_prepared(frame, column, expected):
    value = frame.callconv.typed().loc[0, column]
    assert value is expected if expected is pd.NA else value == expected


UNTYPED = {
    "a time without an offset": (frame_of(EventDate="2026-11-20T09:30:05"), "EventDate"),
    "a naive time": (frame_of(EventDate=pd.Timestamp(LOCAL)), "EventDate"),
    "a US date": (frame_of(EventDate="11/20/2026 9:30"), "EventDate"),
    "a duration with a colon": (frame_of(CallDuration="3:21"), "CallDuration"),
    "an id with a fraction": (frame_of(CampaignId="1001.5"), "CampaignId"),
    "an amount with a sign of currency": (frame_of(SaleAmount="$12.50"), "SaleAmount"),
    "an amount of three decimals": (frame_of(SaleAmount="12.345"), "SaleAmount"),
    "a yes": (frame_of(OptInSms="yes"), "OptInSms"),
}


@pytest.mark.parametrize(("frame", "column"), UNTYPED.values(), ids=UNTYPED)
def test_text_that_is_not_ready_is_no_value_and_the_error_says_what_to_do(frame, column):
    with pytest.raises(
        ck.UsageError, match=f"{column} is not in its ready form.*Prepare the frame first"
    ) as got:
        frame.callconv.typed()
    assert got.value.code == "not_ready_form"


# frame → what the error says of the first wrong cell
CELLS = {
    "the second row": (pd.concat([frame_of(), frame_of(CallDuration="3:21")], ignore_index=True), 'CallDuration.*"3:21" in row 2'),
    "a label": (frame_of(CallDuration="3:21").set_axis(["x"]), '"3:21" in the row labeled x'),
    "a date as label": (frame_of(CallDuration="3:21").set_axis(pd.to_datetime(["2026-11-20"])), '"3:21" in the row labeled 2026-11-20'),
    "labels of two levels": (frame_of(CallDuration="3:21").set_axis(pd.MultiIndex.from_tuples([("a", 1)])), "in the row labeled a, 1"),
    "no date": (frame_of(EventDate="2026-02-30T09:30:05-05:00"), '"2026-02-30T09:30:05-05:00" in row 1'),
    "more than one": (pd.concat([frame_of(CallDuration="x"), frame_of(CallDuration="y")]), '"x" in the row labeled 0, and 1 more'),
    "digits beyond 64 bits": (frame_of(CampaignId="99999999999999999999"), '"99999999999999999999" in row 1'),
    "infinity": (frame_of(SaleAmount="Infinity"), '"Infinity" in row 1'),
    "a very long cell": (frame_of(CallDuration="9" * 5000), '"9+…" in row 1'),
}  # fmt: skip


@pytest.mark.parametrize(("frame", "said"), CELLS.values(), ids=CELLS)
def test_the_error_of_typed_names_the_cell(frame, said):
    with pytest.raises(ck.UsageError, match=said):
        frame.callconv.typed()


def test_two_columns_of_one_name_are_both_typed():
    frame = pd.concat([frame_of(), frame_of()[["CallerId", "CallDuration"]]], axis=1)
    typed = frame.callconv.typed()
    assert list(typed.columns) == list(frame.columns)
    assert [str(dtype) for dtype in typed["CallDuration"].dtypes] == ["Int64", "Int64"]


INDEXES = {
    "repeated labels": [5, 5],
    "text": ["a", "b"],
    "several levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 1)]),
    "dates": pd.to_datetime(["2026-11-20", "2026-11-20"]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_typed_keeps_any_index(index):
    frame = pd.concat([frame_of(), frame_of(CallDuration="7")]).set_axis(index)
    typed = frame.callconv.typed()
    assert typed.index.equals(frame.index)
    assert typed["CallDuration"].tolist()[1] == 7


def test_a_frame_without_columns_or_rows_is_typed():
    assert pd.DataFrame().callconv.typed().empty
    assert str(frame_of().iloc[:0].callconv.typed()["CallDuration"].dtype) == "Int64"
