"""Arrow arrays of text, seen as bytes: what the hot paths share.

`pa.array(list)`, `pa.scalar` (so also a literal that a compute function gets as a column) and
`Array.to_numpy` import pandas, which costs a short run more than its whole work; so arrays and
scalars are built from buffers here, and arrays are read through them.

All arrays are `pa.string()` (int32 offsets) unless said otherwise.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]

SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
INVISIBLE = (
    "\ufeff"  # byte-order mark
    "\u200b\u200c\u200d\u2060"  # zero-width space, non-joiner, joiner, word joiner
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # direction
    "\u00ad"  # soft hyphen
)
EDGES = SPACES + INVISIBLE
"""What a cell loses at its edges before anything looks at it."""


class View(NamedTuple):
    """The bytes behind a text array: cell i is `data[starts[i]:ends[i]]`; a null is empty."""

    data: Bytes
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Bytes in each cell."""
        return self.ends - self.starts


def view(text: pa.StringArray) -> View:
    """The bytes of `text`, without a copy. Sliced arrays are understood."""
    _, offsets_buffer, data_buffer = text.buffers()
    if offsets_buffer is None:
        nothing = np.zeros(len(text), np.int32)
        return View(np.zeros(0, np.uint8), nothing, nothing)
    offsets = np.frombuffer(offsets_buffer, np.int32, len(text) + 1, text.offset * 4)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer else np.zeros(0, np.uint8)
    return View(data, offsets[:-1], offsets[1:])


def is_utf8(data: bytes) -> bool:
    """Whether bytes are valid UTF-8: without decoding them, which copies to wide characters."""
    offsets = np.asarray([0, len(data)], np.int32)
    whole = pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(data))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def used_bytes(text: pa.StringArray) -> memoryview:
    """The stretch of bytes that the cells of `text` cover, for searching it as a whole."""
    data, starts, ends = view(text)
    return data[starts[0] : ends[-1]].data if len(text) else memoryview(b"")


def from_list(cells: Sequence[str | None]) -> pa.StringArray:
    """A text array of these cells; None becomes null."""
    encoded = [b"" if cell is None else cell.encode() for cell in cells]
    offsets = np.zeros(len(cells) + 1, np.int32)
    np.cumsum([len(cell) for cell in encoded], out=offsets[1:])
    validity = None
    if None in cells:
        present = np.fromiter((cell is not None for cell in cells), np.bool_, len(cells))
        validity = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(
        len(cells), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)), validity
    )


def from_bytes(data: Bytes, offsets: npt.NDArray[np.int32]) -> pa.StringArray:
    """A text array without nulls: n cells in `data` at n + 1 `offsets`; must be valid UTF-8."""
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def narrowed(text: pa.LargeStringArray) -> pa.StringArray:
    """A text array with 64-bit offsets, as pandas keeps text, on the same bytes.

    Raises:
        pyarrow.ArrowInvalid: it holds more than 2 GiB.
    """
    _, offsets, data = text.buffers()
    wide = np.frombuffer(offsets, np.int64, len(text) + 1, text.offset * 8)
    first, size = int(wide[0]), int(wide[-1] - wide[0])
    if size > np.iinfo(np.int32).max or data is None:
        return pc.cast(text, pa.string())
    valid = None
    if text.null_count:
        valid = pa.py_buffer(np.packbits(bools(text.is_valid()), bitorder="little"))
    narrow = pa.py_buffer((wide - first).astype(np.int32))
    used = data.slice(first, size)
    return pa.StringArray.from_buffers(len(text), narrow, used, valid, text.null_count)


def repeat(cell: str, length: int) -> pa.StringArray:
    """`length` times the same cell."""
    encoded = cell.encode()
    offsets = (np.arange(length + 1) * len(encoded)).astype(np.int32)
    return from_bytes(np.frombuffer(encoded * length, np.uint8), offsets)


@lru_cache(maxsize=512)
def scalar(value: "str | bool | int | None") -> pa.Scalar:
    """A value as Arrow knows it, for its functions; None is a text that is missing."""
    if isinstance(value, bool):
        return mask(np.asarray([value]))[0]
    if isinstance(value, int):
        return indices(np.asarray([value]))[0]
    return from_list([value])[0]


def joined(
    *parts: "pa.StringArray | pa.StringScalar | str", between: str = "", nulls: str = "replace"
) -> pa.StringArray:
    """Texts side by side as one.

    Args:
        parts: columns of one length, and texts that are the same in each row.
        between: the separator.
        nulls: what a null does: `replace` takes it for empty, `skip` passes it over, `emit_null`
            makes the row null.
    """
    columns = [scalar(part) if isinstance(part, str) else part for part in parts]
    if nulls == "replace":
        # Without nulls, joining takes three quarters of the time.
        columns = [without_nulls(part) for part in columns]
        nulls = "emit_null"
    return pc.binary_join_element_wise(*columns, scalar(between), null_handling=nulls)


def without_nulls(text: "pa.StringArray | pa.StringScalar") -> "pa.StringArray | pa.StringScalar":
    """`text` with empty cells for nulls; on the same bytes, if its nulls hold none."""
    if isinstance(text, pa.Scalar) or not text.null_count:
        return text
    hidden = view(text).lengths[~bools(text.is_valid())]
    if hidden.any():
        return text.fill_null(scalar(""))
    _, offsets, data = text.buffers()
    return pa.StringArray.from_buffers(len(text), offsets, data, None, 0, text.offset)


def true(flags: pa.BooleanArray, *, null: bool = False) -> Bools:
    """A boolean Arrow array as numpy, with what a null is taken for."""
    known = bools(flags)
    return np.where(bools(flags.is_valid()), known, null) if flags.null_count else known


def where(
    flags: Bools, one: "pa.StringArray | str | None", other: "pa.StringArray | str | None"
) -> pa.StringArray:
    """The cells of `one` where a flag is set, else those of `other`; a text can be a column."""
    chosen = [
        scalar(cells) if cells is None or isinstance(cells, str) else cells
        for cells in (one, other)
    ]
    return pc.if_else(mask(flags), *chosen)


def equal(text: pa.StringArray, other: "pa.StringArray | str") -> Bools:
    """Which cells are this word, or those of another column; a null is none."""
    return true(pc.equal(text, scalar(other) if isinstance(other, str) else other))


def nulls(length: int) -> pa.StringArray:
    """`length` nulls."""
    return pa.nulls(length, pa.string())


def blanks(length: int) -> pa.StringArray:
    """`length` empty texts."""
    return from_bytes(np.zeros(0, np.uint8), np.zeros(length + 1, np.int32))


def distinct(*lots: npt.NDArray[np.integer]) -> Ints:
    """The numbers of these arrays, ascending, each once."""
    # Asked for nothing but the numbers, numpy imports its masked arrays.
    return np.unique(np.concatenate(lots), return_counts=True)[0]


def bools(array: pa.Array) -> Bools:
    """A boolean Arrow array without nulls as numpy."""
    bits = np.frombuffer(array.buffers()[1], np.uint8) if len(array) else np.zeros(0, np.uint8)
    flags = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")
    return flags[array.offset :].view(np.bool_)


def places(encoded: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    """Where each cell is in the dictionary; -1 where it is null."""
    at = numbers(encoded.indices)
    return np.where(bools(encoded.indices.is_valid()), at, -1) if encoded.null_count else at


def numbers(array: pa.Array) -> npt.NDArray[Any]:
    """An Arrow array of numbers as numpy, on the same bytes; of a null anything."""
    kind = np.dtype(str(array.type))
    if not len(array):
        return np.zeros(0, kind)
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def mask(flags: Bools) -> pa.BooleanArray:
    """A numpy mask as a boolean Arrow array."""
    packed = pa.py_buffer(np.packbits(flags, bitorder="little"))
    return pa.BooleanArray.from_buffers(pa.bool_(), len(flags), [None, packed])


def indices(positions: npt.NDArray[np.integer]) -> pa.Int64Array:
    """Numpy positions as an Arrow array."""
    packed = pa.py_buffer(np.ascontiguousarray(positions, np.int64))
    return pa.Int64Array.from_buffers(pa.int64(), len(positions), [None, packed])


def present(text: pa.StringArray) -> Bools:
    """Which cells hold text: neither null nor empty."""
    lengths = view(text).lengths
    if text.null_count:
        return bools(pc.is_valid(text)) & (lengths > 0)
    return lengths > 0


def take(text: pa.StringArray, positions: npt.NDArray[np.integer]) -> pa.StringArray:
    """The cells at these positions."""
    return text.take(indices(positions))


def put(text: pa.StringArray, positions: Ints, cells: pa.StringArray) -> pa.StringArray:
    """`text` with `cells` at these ascending `positions`."""
    if not len(positions):
        return text
    if len(positions) == len(text):
        return cells
    at = np.zeros(len(text), np.bool_)
    at[positions] = True
    return pc.replace_with_mask(text, mask(at), cells)
