"""An expectation as it is judged on a file of certain columns."""

from collections.abc import Container, Sequence

from callconv_kit.suite import rules
from callconv_kit.suite.rules import Expectation
from callconv_kit.suite.validation import columns_of

OF_SHAPE = {
    "expect_column_to_exist",
    "expect_table_column_count_to_be_between",
    "expect_table_column_count_to_equal",
    "expect_table_columns_to_match_ordered_list",
    "expect_table_columns_to_match_set",
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
}
"""They look at the header and count the rows, but read no cell."""

ON_TEXT = {
    "expect_column_values_to_match_regex",
    "expect_column_values_to_not_match_regex",
    "expect_column_values_to_not_be_null",
    "expect_column_value_lengths_to_be_between",
}
"""Of a duration that is no number these judge the text; other rules would see no value at all."""


def needed(expectation: Expectation) -> set[str]:
    """All columns that an expectation looks at."""
    if expectation["type"] in OF_SHAPE:
        return set()
    condition = expectation["kwargs"].get("row_condition")
    return {*columns_of(expectation), *rules.condition_columns(condition)}


def adapted(expectation: Expectation, columns: Sequence[str]) -> Expectation | None:
    """An expectation for a file of these columns; None where it can't be judged there.

    A row condition on a column that is missing takes it for empty.
    """
    if expectation["type"] in OF_SHAPE:
        return expectation
    kwargs = dict(expectation["kwargs"])
    if "row_condition" in kwargs:
        condition = kwargs["row_condition"]
        missing = rules.condition_columns(condition) - set(columns)
        held = rules.without(condition, missing)
        if held is False:
            return None
        kwargs.pop("row_condition")
        if held is not True:
            kwargs["row_condition"] = held
    if set(columns_of(expectation)) - set(columns):
        return None
    return {**expectation, "kwargs": kwargs}


def of_columns(expectation: Expectation, columns: Sequence[str]) -> Expectation:
    """The rule on the order of all columns, for a file that holds some of them."""
    if expectation["type"] != "expect_table_columns_to_match_ordered_list":
        return expectation
    listed = [name for name in expectation["kwargs"]["column_list"] if name in columns]
    return {**expectation, "kwargs": {**expectation["kwargs"], "column_list": listed}}


def is_on_text(expectation: Expectation, odd: Container[str]) -> bool:
    """Whether it judges the text of a column of which some durations are no numbers.

    Args:
        expectation: to be judged.
        odd: columns of durations that hold such text.
    """
    kwargs = expectation["kwargs"]
    plain = expectation["type"] in ON_TEXT and "row_condition" not in kwargs
    return plain and kwargs.get("column") in odd
