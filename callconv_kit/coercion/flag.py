"""Columns of two words: PhoneType, RepeatCaller, OptInSms.

Source: the published descriptions and, for the spelling of PhoneType, impact.com's API; the
synonyms are in `data/phone_types.csv`, `data/repeat_callers.csv` and `data/flags.csv`.
"""

from collections.abc import Mapping

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import Kernel, Reading, once_per_distinct

FLAGS = cells.words("flags", "value")
PHONE_TYPES = cells.words("phone_types", "value")
REPEAT_CALLERS = {
    # A bare yes or no answers the question that the column asks: has this caller called before?
    **{word: {"true": "Repeat", "false": "New"}[flag] for word, flag in FLAGS.items()},
    **cells.words("repeat_callers", "value"),
}


def read(text: str, meaning: Mapping[str, str], unknown: str) -> Reading:
    """The value that `text` has by `meaning`; rejected with the code `unknown` if it has none.

    >>> read("Yes", FLAGS, "flag_unknown").value, read("Yes", REPEAT_CALLERS, "flag_unknown").value
    ('true', 'Repeat')
    """
    value = meaning.get(cells.word(text))
    if value is None:
        return Reading(None, unknown)
    return Reading(value, None, () if value == text else ("flag_mapped",))


def phone_type_kernel() -> Kernel:
    """`Landline` or `Mobile`; else `phone_type_unknown`."""
    return once_per_distinct(lambda text: read(text, PHONE_TYPES, "phone_type_unknown"))


def repeat_caller_kernel() -> Kernel:
    """`Repeat` or `New`; else `flag_unknown`."""
    return once_per_distinct(lambda text: read(text, REPEAT_CALLERS, "flag_unknown"))


def flag_kernel() -> Kernel:
    """`true` or `false`; else `flag_unknown`."""
    return once_per_distinct(lambda text: read(text, FLAGS, "flag_unknown"))
