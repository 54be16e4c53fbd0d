"""Questions that are answered for a whole column at a glance, on the bytes of its cells.

A vector path asks these to find the cells that its rule must read. Of a cell that is null they
may say anything.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Bytes


def lengths(text: pa.StringArray) -> npt.NDArray[np.int32]:
    """Bytes in each cell."""
    return texts.view(text).lengths


def byte_at(text: pa.StringArray, place: int) -> Bytes:
    """The byte at `place` of each cell, from its end if negative; 0 where it is shorter."""
    data, starts, ends = texts.view(text)
    if not len(data):
        return np.zeros(len(text), np.uint8)
    if place >= 0:
        found = np.take(data, starts + np.int32(place), mode="clip")
    else:
        found = np.take(data, ends + np.int32(place), mode="clip")
    reach = place + 1 if place >= 0 else -place
    found[ends - starts < reach] = 0
    return found


def extremes(text: pa.StringArray) -> tuple[int, int]:
    """The smallest and the largest byte of the column; (0, 0) where there is none."""
    used = np.frombuffer(texts.used_bytes(text), np.uint8)
    return (int(used.min()), int(used.max())) if len(used) else (0, 0)


def digits_only(text: pa.StringArray) -> Bools:
    """Whether a cell is nothing but digits (0-9); an empty one may be said to be."""
    low, high = extremes(text)
    if low >= ord("0") and high <= ord("9"):
        return np.ones(len(text), np.bool_)
    return texts.true(pc.ascii_is_decimal(text), null=True)
