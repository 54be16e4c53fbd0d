"""Why a row is rejected or left out, as sentences for a person."""

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import spec, texts
from callconv_kit.model.codes import CODES, PHONE_MASK_KEEPS, SCIENTIFIC, mask_phone
from callconv_kit.model.texts import Bools

SHOWN = 60
"""Characters of a value that a message shows."""

# Escape sequences, direction marks and the like must not reach a terminal.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")

_DELETE = 0x7F
_EXPONENT = np.frombuffer(b"eE", np.uint8)
_LETTERS_AND_DIGITS = np.asarray([chr(byte).isalnum() for byte in range(128)] + [False] * 128)


def shown(column: str | None, value: str | None, *, mask: bool) -> str:
    """A value as messages show it: one printable line, cut, phone numbers masked."""
    if value is None:
        return ""
    text = _UNPRINTABLE.sub(" ", value).strip()
    if mask and column in spec.PERSONAL:
        text = mask_phone(text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def reason(
    code: str, column: str | None, value: str | None, detail: str = "", remedy: str = ""
) -> str:
    """One finding of a row: its column, the problem, what to do (`remedy`, else the code's).

    >>> reason("duration_invalid", "TalkDuration", "soon")
    'TalkDuration "soon": not a duration. Write whole seconds, such as 201'
    """
    entry = CODES[code]
    about = column or ""
    if column and value:
        about += f' "{shown(column, value, mask=True)}"'
    text = f"{about}: {entry.problem}" if about else entry.problem
    if detail:
        text += f" ({detail})"
    remedy = remedy or entry.remedy_for(column)
    # The reasons of a row are joined by semicolons, so a reason itself has none.
    return (f"{text}. {remedy}" if remedy else text).replace("; ", ", ")


def reasons(
    code: str,
    column: str | None,
    length: int,
    values: pa.StringArray | None = None,
    details: pa.StringArray | None = None,
) -> pa.StringArray:
    """`reason` for n rows at once.

    Args:
        code: of the finding.
        column: the spec column that it is about.
        length: n.
        values: the n original texts, or none.
        details: n texts; empty or none where there is nothing more to say.
    """
    entry = CODES[code]
    remedy = entry.remedy_for(column)
    text: pa.StringArray | str = f"{column}: {entry.problem}" if column else entry.problem
    if column and values is not None and values.null_count < length:
        with_value = texts.joined(
            f'{column} "', shown_masked(column, values), f'": {entry.problem}'
        )
        text = texts.where(texts.present(values), with_value, text)
    closing = f". {remedy}" if remedy else ""
    more: pa.StringArray | str = closing
    if details is not None:
        detailed = texts.joined(" (", details, f"){closing}")
        more = texts.where(texts.present(details), detailed, closing)
    if isinstance(text, str) and isinstance(more, str):
        return texts.repeat((text + more).replace("; ", ", "), length)
    return pc.replace_substring(texts.joined(text, more), "; ", ", ")


def shown_masked(column: str, values: pa.StringArray) -> pa.StringArray:
    """`shown` for a whole column, phone numbers masked; null stays null."""
    odd = _odd(values)
    plain = _masked(values, odd) if column in spec.PERSONAL else values
    if (texts.view(values).lengths > SHOWN).any():
        cut = texts.joined(pc.utf8_slice_codeunits(plain, 0, SHOWN - 1), "…")
        plain = pc.if_else(pc.greater(pc.utf8_length(plain), texts.scalar(SHOWN)), cut, plain)
    rows = np.flatnonzero(odd)
    if not len(rows):
        return plain
    encoded = texts.take(values, rows).dictionary_encode()
    distinct = [shown(column, value, mask=True) for value in encoded.dictionary.to_pylist()]
    return texts.put(plain, rows, texts.from_list(distinct).take(encoded.indices))


def masked(values: pa.StringArray) -> pa.StringArray:
    """`codes.mask_phone` for a whole column."""
    odd = _odd(values)
    rows = np.flatnonzero(odd)
    encoded = texts.take(values, rows).dictionary_encode()
    distinct = texts.from_list([mask_phone(value) for value in encoded.dictionary.to_pylist()])
    return texts.put(_masked(values, odd), rows, distinct.take(encoded.indices))


def _odd(values: pa.StringArray) -> Bools:
    """Cells that are not printable ASCII, have an exponent, or a space at an edge."""
    data, starts, ends = texts.view(values)
    odd = np.zeros(len(values), np.bool_)
    held = np.flatnonzero(ends > starts)
    if not len(held):
        return odd
    odd[held] = (data[starts[held]] == ord(" ")) | (data[ends[held] - 1] == ord(" "))
    used = data[starts[0] : ends[-1]]
    found = np.flatnonzero((used < ord(" ")) | (used >= _DELETE)) + int(starts[0])
    odd[np.searchsorted(ends, found, side="right")] = True
    if np.isin(used, _EXPONENT).any():
        odd |= texts.true(pc.match_substring_regex(values, SCIENTIFIC))
    return odd


def _masked(values: pa.StringArray, odd: Bools) -> pa.StringArray:
    """`codes.mask_phone` for a whole column; of the odd cells anything."""
    data, starts, ends = texts.view(values)
    if not len(values) or starts[0] == ends[-1]:
        return values
    used = data[starts[0] : ends[-1]]
    counted = _LETTERS_AND_DIGITS[used]
    so_far = np.concatenate([[0], np.cumsum(counted)])
    before, after = so_far[starts - starts[0]], so_far[ends - starts[0]]
    digits = np.concatenate([[0], np.cumsum((used >= ord("0")) & (used <= ord("9")))])
    hidden = np.maximum(after - before - PHONE_MASK_KEEPS, 0)
    hidden[odd | (digits[ends - starts[0]] == digits[starts - starts[0]])] = 0
    last = np.repeat(before + hidden, ends - starts)
    masked = np.where(counted & (so_far[1:] <= last), np.uint8(ord("*")), used)
    offsets = np.append(starts, ends[-1:]) - starts[0]
    text = texts.from_bytes(masked, offsets.astype(np.int32))
    return pc.if_else(values.is_valid(), text, values) if values.null_count else text


def joined(words: Iterable[str]) -> str:
    """Words for a list in a sentence."""
    *others, last = list(words)
    return f"{', '.join(others)} and {last}" if others else last
