"""Fixed-width ways of writing a moment, as templates, and their numbers read on arrays of bytes.

A template is as long as the text. `y o d` mean the digits of year, month and day, `p q` for
the first and the second number of a date in either order, `h i s f` for hour, minute, second and
fraction, `a m` for AM or PM in either case, `±` for a sign, `x n` for the hours and minutes of an
offset, `#` for the digits of an epoch. Any other character means itself.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from callconv_kit.model.texts import Bools, Bytes, Ints, View

FIELDS = "yodpqhisfam±xn#"
CASE = 0x20
"""The bit that makes an ASCII letter a small one."""

NO_NUMBER = 10_000
"""The number of a field that is not all digits: larger than any bound, so it is excluded."""

Numbers: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Shape:
    """One template."""

    template: str

    def has(self, field: str) -> bool:
        """Whether it states this field."""
        return field in self.template

    def span(self, field: str) -> tuple[int, int]:
        """Where the field begins, and how long it is."""
        return self.template.index(field), self.template.count(field)

    @property
    def naive(self) -> bool:
        """States no zone, and is not an epoch, which needs none."""
        return not self.has("±") and not self.template.endswith(("Z", "UTC", "#"))

    @property
    def rewritten(self) -> bool:
        """Differs from the written form by more than a fraction or a missing offset."""
        whole = self.template.replace("f", "").replace(".", "") if self.has("f") else self.template
        return whole not in (WRITTEN, WRITTEN[: -len("±xx:nn")])


WRITTEN = "yyyy-oo-ddThh:ii:ss±xx:nn"

_CLOCKS = ("hh:ii:ss", "hh:ii:ss.fff", "hh:ii:ss.ffffff")
SHAPES = tuple(
    Shape(template)
    for template in (
        *(
            f"yyyy-oo-dd{between}{clock}{zone}"
            for between, clock, zone in product(
                "T ", _CLOCKS, ("±xx:nn", "Z", "", " ±xx:nn", "±xxnn", " ±xxnn", " UTC")
            )
        ),
        "yyyy-oo-dd hh:ii",
        "yyyy-oo-ddThh:ii",
        "yyyy/oo/dd hh:ii:ss",
        "yyyy/oo/dd hh:ii",
        *(
            f"{first}/{second}/yyyy {hour}:ii{seconds}{meridiem}"
            for first, second, hour, seconds, meridiem in product(
                ("pp", "p"), ("qq", "q"), ("hh", "h"), ("", ":ss"), ("", " am")
            )
        ),
        *(f"pp{mark}qq{mark}yyyy hh:ii{seconds}" for mark, seconds in product("-.", ("", ":ss"))),
        "#" * 10,
        "#" * 13,
    )
)


def _by_length() -> dict[int, tuple[Shape, ...]]:
    grouped = defaultdict(list)
    for shape in SHAPES:
        grouped[len(shape.template)].append(shape)
    return {length: tuple(shapes) for length, shapes in grouped.items()}


BY_LENGTH = _by_length()


def _pairs() -> Numbers:
    """The number that two bytes write, by the two as a little-endian 16-bit integer."""
    numbers = np.full(1 << 16, NO_NUMBER, np.int32)
    for number in range(100):
        tens, ones = f"{number:02}".encode()
        numbers[tens | ones << 8] = number
    return numbers


PAIRS = _pairs()


class Cells:
    """n cells of one length, as the rows of a matrix of bytes."""

    def __init__(self, rows: Bytes) -> None:
        self.rows = rows

    @classmethod
    def gather(cls, view: View, positions: npt.NDArray[np.int64], length: int) -> "Cells":
        """The cells at these ascending positions, each of this length."""
        starts = view.starts[positions]
        if len(starts) and starts[-1] - starts[0] == (len(starts) - 1) * length:
            # They lie one after the other: no copy.
            stretch = view.data[starts[0] : starts[0] + len(starts) * length]
            return cls(stretch.reshape(-1, length))
        # Each stretch of `length` bytes as one item, so that a row is copied at once.
        stretches = np.ndarray(
            (len(view.data) - length + 1,), f"V{length}", view.data, strides=(1,)
        )
        return cls(stretches[starts].view(np.uint8).reshape(-1, length))

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, chosen: Bools) -> "Cells":
        """Some of the cells."""
        return Cells(self.rows[chosen])

    def literals_of(self, shape: Shape) -> Bools:
        """Which cells hold the shape's marks."""
        fits = np.ones(len(self), np.bool_)
        for place, mark in enumerate(shape.template):
            column = self.rows[:, place]
            if mark == "±":
                fits &= (column == ord("+")) | (column == ord("-"))
            elif mark == "a":
                small = column | CASE
                fits &= (small == ord("a")) | (small == ord("p"))
            elif mark == "m":
                fits &= column | CASE == ord("m")
            elif mark not in FIELDS:
                fits &= column == ord(mark)
            else:
                continue
            if not fits.any():
                break
        return fits

    def number(self, shape: Shape, field: str) -> Numbers:
        """The field, of one, two or four digits; NO_NUMBER or more where a byte is not a digit."""
        place, count = shape.span(field)
        if count == 1:
            ones = self.rows[:, place] - np.uint8(ord("0"))
            # numpy would wrap NO_NUMBER to a byte, did the two not have a type to meet in.
            return np.where(ones <= 9, ones, np.int32(NO_NUMBER))
        value = self._pair(place)
        if count > 2:
            value *= 100
            value += self._pair(place + 2)
        return value

    def digits(self) -> tuple[Ints, Bools]:
        """Cells of nothing but digits as numbers, and which are such."""
        length = self.rows.shape[1]
        value = np.zeros(len(self), np.int64)
        right = np.ones(len(self), np.bool_)
        if length % 2:
            ones = self.rows[:, 0] - np.uint8(ord("0"))
            right = ones <= 9
            value += ones
        for place in range(length % 2, length, 2):
            pair = self._pair(place)
            right &= pair < NO_NUMBER
            value *= 100
            value += pair
        return value, right

    def are_digits(self, shape: Shape, field: str) -> Bools:
        """Where every byte of the field is a digit."""
        place, count = shape.span(field)
        digits = self.rows[:, place : place + count] - np.uint8(ord("0")) <= 9
        return np.asarray(digits.all(axis=1))

    def _pair(self, place: int) -> Numbers:
        return PAIRS.take(self.rows[:, place : place + 2].view("<u2")[:, 0])

    def holds(self, shape: Shape, field: str, mark: str) -> Bools:
        """Which cells have this mark, in either case, in the place of a field of one byte."""
        column = self.rows[:, shape.template.index(field)]
        return np.asarray((column | CASE if mark.isalpha() else column) == ord(mark))
