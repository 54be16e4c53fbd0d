"""An argument of a wrong type is an error in words, wherever it is given."""

import datetime
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit import scale, suite
from callconv_kit.model.errors import CallConvError, UsageError

CALLS = pd.DataFrame({"CampaignId": ["1001"]})

VALUES: dict[str, Any] = {
    "a number": 5,
    "a float": 3.5,
    "a truth": True,
    "bytes": b"calls.csv",
    "a mapping": {"CampaignId": ["1001"]},
    "a series": pd.Series(["calls.csv"]),
    "a date": datetime.date(2026, 11, 26),
    "an object": object(),
    "a function": lambda: 0,
    "a list of numbers": [5],
    "a list of mappings": [{"CampaignId": "1001"}],
    "a list of lists": [[CALLS]],
    "no file": [],
}

# what is called → with a value that is no input, path or job
INPUTS: dict[str, Callable[[Any], Any]] = {
    "prepare": ck.prepare,
    "prepare several": lambda value: ck.prepare([CALLS, value]),
    "fixes": lambda value: ck.prepare(CALLS, fixes=[value]),
    "check": ck.check,
    "inspect": ck.inspect,
    "read": ck.read,
    "typed": ck.typed,
    "validate": suite.validate,
    "scale": scale.prepare,
}
OTHERS: dict[str, Callable[[Any], Any]] = {
    "job": lambda value: ck.prepare(CALLS, value),
    "job of check": lambda value: ck.check(CALLS, value),
    "job of inspect": lambda value: ck.inspect(CALLS, value),
    "Job.load": ck.Job.load,
    "out": lambda value: ck.prepare(CALLS, out=value),
    "now": lambda value: ck.prepare(CALLS, now=value),
    "ledger": lambda value: ck.prepare(CALLS, ledger=value),
    "progress": lambda value: ck.prepare(CALLS, progress=value),
    "executor": lambda value: ck.prepare(CALLS, executor=value),
    "rejected_as": lambda value: ck.prepare(CALLS, rejected_as=value),
    "constants": lambda value: ck.prepare(CALLS, constants=value),
    "columns": lambda value: ck.prepare(CALLS, columns=value),
    "lookup": lambda value: ck.prepare(CALLS, lookup=value),
    "connection": lambda value: ck.prepare(CALLS, connection=value),
    "a suite": suite.load,
}


@pytest.mark.parametrize("call", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_is_no_input_is_an_error_in_words(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(UsageError) as told:
        call(value)
    assert told.value.code in {"wrong_type", "no_input"}
    assert told.value.next_step


@pytest.mark.parametrize("call", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_every_other_argument_of_a_wrong_type_is_an_error_in_words(
    call: Callable[[Any], Any], value: Any
) -> None:
    # What a setting does take (an empty list, a date) leaves the frame's missing columns.
    with pytest.raises(CallConvError) as told:
        call(value)
    assert told.value.exit_status in {2, 3}
    assert told.value.next_step


@pytest.mark.parametrize("text", ["", "calls\0.csv"])
def test_a_text_that_is_no_path_is_an_error_in_words(text: str) -> None:
    for call in (ck.check, ck.prepare, ck.read, ck.inspect, ck.Job.load, suite.load):
        with pytest.raises(CallConvError):
            call(text)
    with pytest.raises(CallConvError):
        ck.prepare(CALLS, out=text)


def test_the_value_of_a_wrong_type_is_not_shown() -> None:
    with pytest.raises(UsageError) as told:
        ck.prepare([{"CallerId": "6175550123"}])
    assert "617" not in str(told.value)
    assert "dict" in str(told.value)


def test_paths_of_any_kind_are_taken(tmp_path: Any) -> None:
    class Place:
        def __fspath__(self) -> str:
            return str(tmp_path / "none.csv")

    for given in (Place(), [Place()], iter([tmp_path / "none.csv"]), (tmp_path / "none.csv",)):
        with pytest.raises(CallConvError, match=r"There is no file none\.csv"):
            ck.prepare(given)
