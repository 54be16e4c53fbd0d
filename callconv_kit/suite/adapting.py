"""Expectations adapted to the columns of a file and to the settings of its job."""

import re
from collections.abc import Container, Sequence

from callconv_kit.coercion import nanp, phone_text
from callconv_kit.job import Job
from callconv_kit.model import spec
from callconv_kit.model.formats import PHONE_FORMS
from callconv_kit.model.spec import Column
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
"""These judge the text of a duration that is not a number; other rules would see no value."""


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
    """Whether it judges the text of a column with durations that are not numbers.

    Args:
        expectation: to be judged.
        odd: columns of durations that hold such text.
    """
    kwargs = expectation["kwargs"]
    plain = expectation["type"] in ON_TEXT and "row_condition" not in kwargs
    return plain and kwargs.get("column") in odd


DIGITS, DASHES, PARENTHESES, E164 = PHONE_FORMS
FORMS = {
    "national": ("", DIGITS, "national digits, such as 2125550123"),
    "dashes": (DASHES, DIGITS, "a number such as 212-555-0123, or national digits elsewhere"),
    "parentheses": (PARENTHESES, DIGITS, "a number such as (212) 555 0123, or national digits"),
    "e164": ("", E164, "a number such as +12125550123"),
}
"""phone_format: the form in North America where it differs, the form elsewhere, both in words."""

COUNTRIES = {
    "CallerId": "CallerPhoneNumberCountry",
    "CalledPhoneNumber": "CalledPhoneNumberCountry",
}


def expectations(job: Job) -> list[Expectation]:
    """The expectations of the suite, those on phone numbers as `job` has them written."""
    kept = [rule for rule in rules.expectations() if not _is_form(rule)]
    return kept + [rule for name in COUNTRIES for rule in _forms(spec.BY_NAME[name], job)]


def _is_form(rule: Expectation) -> bool:
    kind = "expect_column_values_to_match_regex"
    return rule["type"] == kind and rule["kwargs"]["column"] in COUNTRIES


def _forms(column: Column, job: Job) -> list[Expectation]:
    in_america, elsewhere, words = FORMS[job.phone_format]
    withheld = []
    if column.name == "CallerId" and job.anonymous_callers == "keep":
        withheld, words = [_withheld()], f"{words}; or a text for a withheld number"

    def rule(forms: list[str], **condition: object) -> Expectation:
        return rules.about(
            column,
            "expect_column_values_to_match_regex",
            f"must be {words} (phone_format, anonymous_callers).",
            rules.NUMBERS,
            regex=f"^(?:{'|'.join([*filter(None, forms), *withheld])})$",
            **condition,
        )

    found = [rule([in_america, elsewhere])]
    if in_america:
        country = COUNTRIES[column.name]
        shared = [region for region in nanp.table().regions if region]
        found += [
            rule([in_america], row_condition=rules.is_null(country)),
            rule([in_america], row_condition=rules.is_in(country, shared)),
        ]
    return found


def _withheld() -> str:
    """A text with a word or a keypad spelling for a withheld number.

    Wider than `phone_text.is_withheld`: `check` also judges the rest of the text.
    """
    words, keypad = phone_text.withheld()
    spelled = "|".join(r"[\W_]+".join(map(re.escape, word.split())) for word in sorted(words))
    digits = "|".join(
        r"[\s()\[\]./_\"'-]*".join(number.removeprefix("+")) for number in sorted(keypad)
    )
    return rf"(?:[^0-9]*[\W_])?(?i:{spelled})(?:[\W_][^0-9]*)?|[^0-9]*(?:{digits})[^0-9]*"
