"""The suite's rules on phone numbers under a job: its `phone_format`, its `anonymous_callers`.

The stored suite knows no job, and takes each form that `phone_format` can write.
"""

import re

from callconv_kit.coercion import nanp, phone_text
from callconv_kit.job import Job
from callconv_kit.model import spec
from callconv_kit.model.formats import PHONE_FORMS
from callconv_kit.model.spec import Column
from callconv_kit.suite import rules
from callconv_kit.suite.rules import Expectation

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
    """A text with a word, or with the keypad spelling of one, that stands for a withheld number.

    Wider than `phone_text.is_withheld`: what else may be in the text, only `check` can tell.
    """
    words, keypad = phone_text.withheld()
    spelled = "|".join(r"[\W_]+".join(map(re.escape, word.split())) for word in sorted(words))
    digits = "|".join(
        r"[\s()\[\]./_\"'-]*".join(number.removeprefix("+")) for number in sorted(keypad)
    )
    return rf"(?:[^0-9]*[\W_])?(?i:{spelled})(?:[\W_][^0-9]*)?|[^0-9]*(?:{digits})[^0-9]*"
