"""Which kernel reads which column, and in which order, where one looks at another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import (
    calling_codes,
    country,
    date_with_time,
    duration,
    flag,
    identifier,
    link,
    moment,
    money,
    phone,
    postal,
    status,
    sums,
    text,
    universal,
)
from callconv_kit.coercion.cells import Kernel
from callconv_kit.model import notes, spec, texts
from callconv_kit.model.notes import Coerced
from callconv_kit.model.spec import Column, Kind
from callconv_kit.model.texts import Bools

KEEPS_MARKS = {Kind.STATUS, Kind.COUNTRY}
"""Where empty has a meaning to the server, a word for empty is not taken for it."""

FREE_TEXT = {Kind.TEXT, Kind.REFERENCE, Kind.KEYPRESSES}
# A link is kept byte for byte: it loses what text loses at its edges, and is not composed.
TYPED = set(Kind) - FREE_TEXT - {Kind.LINK}
IDENTIFYING = {Kind.IDENTIFIER, Kind.PHONE, Kind.DURATION} | FREE_TEXT
"""What holds ids or text: there a number in scientific notation has lost its digits."""


@dataclass(frozen=True, slots=True)
class CoercionSettings:
    """The settings of a run that kernels look at; named as in the job file.

    now: the clock of the age rules, with its zone.
    """

    now: datetime
    timezone: str | None = None
    dst: str = "reject"
    date_order: str | None = None
    decimal: money.DecimalSign = "point"
    currency: str = "USD"
    default_country: str = "US"
    phone_format: str = "national"
    anonymous_callers: str = "reject"
    units: Mapping[str, duration.Unit] = field(default_factory=dict)


Habit: TypeAlias = Callable[[str], bool]
"""Tells of a column how most of its cells are written: `Kernels.habit` says what of which."""


def _no_habit(column: str) -> bool:  # noqa: ARG001 # answers as a `Habit` does
    return False


class Kernels:
    """The kernels of one run. They remember the texts that they have read."""

    def __init__(self, settings: CoercionSettings) -> None:
        self._settings = settings
        self._sums: dict[str, sums.Sums] = {}
        self._clean = {column.name: _cleaning(column) for column in spec.COLUMNS}
        self._read = {
            column.name: _reading(column, settings)
            for column in spec.COLUMNS
            if column.kind not in {Kind.PHONE, Kind.ZIP}
        }
        self._limit = {
            column.name: text.within(column.limit)
            for column in spec.COLUMNS
            if column.limit is not None and column.kind is not Kind.TEXT
        }
        self._zip = postal.kernel()
        self._phone = {column: self._phone_kernel(column) for column in spec.PHONE_COUNTRY}
        # For the cells that the habit of their column decides, which are few and seldom.
        self._serials_in_full = moment.kernel(_moment_settings(settings, serials_in_full=True))
        self._coded = {column: self._phone_kernel(column, True) for column in spec.PHONE_COUNTRY}

    def _phone_kernel(self, column: str, coded: bool = False) -> phone.PhoneKernel:
        settings = self._settings
        return phone.kernel(
            phone.PhoneSettings(
                settings.default_country,
                settings.phone_format,
                settings.anonymous_callers,
                is_caller=column == "CallerId",
                coded=coded,
            )
        )

    def clean(self, column: str, cells: pa.StringArray) -> Coerced:
        """What every cell of a column loses before any rule of its kind."""
        return self._clean[column](cells)

    def together(self, column: str, parts: list[pa.StringArray]) -> list[pa.StringArray]:
        """Cleaned cells that are about to be joined, each without what belongs to another."""
        return date_with_time.together(parts) if column == "EventDate" else parts

    def combined(self, column: str, parts: list[pa.StringArray], *, subtract: bool) -> Coerced:
        """The sum or difference of cleaned columns, as text that the column's kernel reads."""
        if column not in self._sums:
            unit = self._settings.units.get(column)
            moments = _moment_settings(self._settings)
            self._sums[column] = sums.Sums(unit, moments, of_moments=column == "EventDate")
        return self._sums[column].of(parts, subtract=subtract)

    def habit(self, column: str, cells: pa.StringArray) -> tuple[int, int]:
        """Of how many cleaned cells a habit can be seen, and how many have it.

        EventDate: serial days, and those precise to the second. Phones: numbers, and those with a
        country's code. What more than half of a column's cells do is its habit.
        """
        if column == "EventDate":
            return moment.serials(cells)
        return calling_codes.coded(cells, self._settings.default_country)

    def read(
        self, cells: Mapping[str, Coerced], length: int, habit: Habit = _no_habit
    ) -> dict[str, Coerced]:
        """Read cleaned columns, each by its kind; see `Coerced` for what comes out.

        Args:
            cells: spec column to its cleaned cells.
            length: the number of rows.
            habit: whether most cells of a column have its habit; asked where a cell needs it.

        Returns:
            The columns of `cells`, and the countries that phone numbers filled in.
        """
        read = {
            name: notes.then(column, self._read[name](column.values))
            for name, column in cells.items()
            if name in self._read
        }
        if "EventDate" in cells:
            read["EventDate"] = self._read_serials(cells["EventDate"], read["EventDate"], habit)
        for name, country_name in spec.PHONE_COUNTRY.items():
            if name in cells:
                read |= self._read_phone(name, cells[name], country_name, read, length, habit)
        if "Zip" in cells:
            in_us = _in_us(read, length)
            read["Zip"] = notes.then(cells["Zip"], self._zip(cells["Zip"].values, in_us))
        for name, limited in self._limit.items():
            if name in read:
                read[name] = notes.then(read[name], limited(read[name].values))
        return {name: read[name] for name in spec.NAMES if name in read}

    def _read_serials(self, cells: Coerced, read: Coerced, habit: Habit) -> Coerced:
        """EventDate, once more where the decimals of serial days may only lack zeros."""
        open_rows = _rejected(read, "digits_lost", cells.values, moment.SERIAL)
        if not len(open_rows) or not habit("EventDate"):
            return read
        again = self._serials_in_full(texts.take(cells.values, open_rows))
        return notes.then(cells, _put(read, open_rows, again))

    def _read_phone(
        self,
        name: str,
        numbers: Coerced,
        country_name: str,
        read: Mapping[str, Coerced],
        length: int,
        habit: Habit,
    ) -> dict[str, Coerced]:
        countries = read.get(country_name) or Coerced.silent(texts.nulls(length))
        phones = self._phone[name](numbers.values, countries.values)
        open_rows = _rejected(
            phones.numbers, "phone_invalid", numbers.values, calling_codes.MAY_LACK_PLUS
        )
        if len(open_rows) and habit(name):
            taken = (texts.take(each.values, open_rows) for each in (numbers, countries))
            again = self._coded[name](*taken)
            phones = phone.CoercedPhones(
                _put(phones.numbers, open_rows, again.numbers),
                _put(phones.countries, open_rows, again.countries),
            )
        columns = {name: notes.then(numbers, phones.numbers)}
        if country_name in read or phones.countries.values.null_count < length:
            # A wrong country stays wrong: the country of the number does not replace it.
            wrong = notes.coded(countries, length)
            values = phones.countries.values
            named = phones.countries
            if wrong.any():
                at = np.flatnonzero(wrong)
                values = texts.put(values, at, texts.nulls(len(at)))
                kept = ~wrong[named.positions]
                named = Coerced(values, named.positions[kept], named.notes[kept])
            columns[country_name] = notes.then(countries, Coerced(values, *_said(named)))
        return columns


def _rejected(read: Coerced, code: str, cells: pa.StringArray, pattern: str) -> texts.Ints:
    """The rows that were rejected with this code, and whose cells match the pattern."""
    rows = notes.with_code(read, code)
    if not len(rows):
        return rows
    matching = pc.match_substring_regex(texts.take(cells, rows), pattern)
    return rows[texts.true(matching)]


def _put(cells: Coerced, rows: texts.Ints, again: Coerced) -> Coerced:
    """`cells` with what was made of these ascending rows when they were read again."""
    kept = ~np.isin(cells.positions, rows)
    positions = np.concatenate([cells.positions[kept], rows[again.positions]])
    order = np.argsort(positions, kind="stable")
    noted = np.concatenate([cells.notes[kept], again.notes])
    return Coerced(texts.put(cells.values, rows, again.values), positions[order], noted[order])


def _said(cells: Coerced) -> tuple[texts.Ints, notes.NoteIds]:
    return cells.positions, cells.notes


def _in_us(read: Mapping[str, Coerced], length: int) -> Bools:
    """Rows of which Country, else the country of the calling number, says US."""
    in_us = np.zeros(length, np.bool_)
    says_other = np.zeros(length, np.bool_)
    if "Country" in read:
        encoded = read["Country"].values.dictionary_encode()
        codes = [country.read(cell).value for cell in encoded.dictionary.to_pylist()]
        at = texts.places(encoded)
        # The last entry answers for the nulls, which are numbered -1.
        in_us = np.asarray([code == "US" for code in codes] + [False])[at]
        says_other = np.asarray([code not in {"US", None} for code in codes] + [False])[at]
    caller = read.get("CallerPhoneNumberCountry")
    if caller is not None:
        in_us = in_us | (texts.equal(caller.values, "US") & ~says_other)
    return in_us


def _cleaning(column: Column) -> Kernel:
    return universal.kernel(
        column.kind in TYPED,
        column.kind in KEEPS_MARKS,
        column.kind in IDENTIFYING,
        composes=column.kind is not Kind.LINK,
    )


_SIMPLE: Mapping[Kind, Callable[[], Kernel]] = {
    Kind.IDENTIFIER: identifier.kernel,
    Kind.STATUS: status.kernel,
    Kind.COUNTRY: country.kernel,
    Kind.PHONE_TYPE: flag.phone_type_kernel,
    Kind.REPEAT_CALLER: flag.repeat_caller_kernel,
    Kind.FLAG: flag.flag_kernel,
    Kind.LINK: link.kernel,
    Kind.KEYPRESSES: text.keypresses_kernel,
    Kind.REFERENCE: text.reference_kernel,
}
"""Kinds whose kernels have no settings."""


def _moment_settings(
    settings: CoercionSettings, *, serials_in_full: bool = False
) -> moment.MomentSettings:
    return moment.MomentSettings(
        settings.now, settings.timezone, settings.dst, settings.date_order, serials_in_full
    )


def _reading(column: Column, settings: CoercionSettings) -> Kernel:
    if column.name == "ClickId":
        return text.click_kernel()
    simple = _SIMPLE.get(column.kind)
    if simple is not None:
        return simple()
    match column.kind:
        case Kind.MOMENT:
            return moment.kernel(_moment_settings(settings))
        case Kind.DURATION:
            return duration.kernel(settings.units.get(column.name))
        case Kind.MONEY:
            return money.kernel(settings.decimal, settings.currency)
        case _:
            return text.kernel(column.limit)
