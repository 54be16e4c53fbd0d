"""Whose export it is: the preset that knows most of its header."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callconv_kit.mapping import preset as presets
from callconv_kit.mapping.preset import Form, Preset
from callconv_kit.model import spec
from callconv_kit.model.names import plain
from callconv_kit.reading import Table

NO_CELLS: Mapping[str, Sequence[str]] = {}
FITS, SURE = 0.5, 0.8
"""The share of a header's columns that a preset knows: of one that may fit, and of the vendor's
own layout, to which people add few columns."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a preset fits a header.

    preset, title, form: its name, the vendor, and the form of the export.
    known: how many of the header's columns it knows.
    columns: how many the header has.
    by: the columns by which the form is recognized.
    """

    preset: str
    title: str
    form: str
    known: int
    columns: int
    by: tuple[str, ...]

    @property
    def share(self) -> float:
        """The known columns' share of the header."""
        return self.known / self.columns if self.columns else 0.0

    @property
    def sure(self) -> bool:
        """Whether this is the vendor's own layout, and not one that only has names in common."""
        return bool(self.form) and self.share >= SURE

    def as_dict(self) -> dict[str, Any]:
        """The fit as `callconv inspect --json` prints it."""
        return {
            "preset": self.preset,
            "title": self.title,
            "form": self.form,
            "share": round(self.share, 3),
            "known": self.known,
            "columns": self.columns,
            "by": list(self.by),
        }


def recognize(
    header: Sequence[str],
    *,
    has_header: bool = True,
    sample: Mapping[str, Sequence[str]] = NO_CELLS,
) -> tuple[Fit, ...]:
    """The presets that may fit a header, the best first; none for a stranger's.

    A form may fit where all columns by which it is recognized are there, and most columns are
    known. The format's own columns are no vendor's.

    Args:
        header: the columns of an export; of one without a header, those that a preset gave it.
        has_header: whether the file has a header of its own.
        sample: column, as `plain` writes it, to some of its cells; they tell vendors that use the
            same names apart.
    """
    fits = [
        fit
        for preset in presets.bundled()
        for form in preset.about.form
        if form.says(sample) and (fit := _fit(header, preset, form, has_header)) is not None
    ]
    best: dict[str, Fit] = {}
    for fit in sorted(fits, key=lambda fit: -fit.share):
        best.setdefault(fit.preset, fit)
    return tuple(best.values())


def measured(header: Sequence[str], preset: Preset, *, has_header: bool = True) -> Fit:
    """How well a preset that was chosen fits, however little that be."""
    fits = [fit for form in preset.about.form if (fit := _fit(header, preset, form, has_header))]
    if fits:
        return max(fits, key=lambda fit: (fit.share, len(fit.by)))
    known = sum(plain(cell) in _own(preset) for cell in header)
    return Fit(preset.origin, preset.about.title, "", known, len(header), ())


def _fit(header: Sequence[str], preset: Preset, form: Form, has_header: bool) -> Fit | None:
    if form.headerless:
        if has_header or tuple(header) != form.columns:
            return None
        return Fit(
            preset.origin, preset.about.title, form.name, len(header), len(header), form.columns[:0]
        )
    if not has_header:
        return None
    there = {plain(cell) for cell in header}
    if not all(plain(name) in there for name in form.needs):
        return None
    # A file prepared by hand may hold columns of the format beside the vendor's.
    foreign = [cell for cell in header if cell not in spec.BY_NAME or plain(cell) in _own(preset)]
    known = sum(plain(cell) in _own(preset) for cell in foreign)
    fit = Fit(preset.origin, preset.about.title, form.name, known, len(foreign), form.needs)
    return fit if fit.share >= FITS else None


def sample_of(table: Table, rows: int = 200) -> dict[str, list[str]]:
    """Column, as `plain` writes it, to its first cells."""
    batch = next(table.batches(), None)
    if batch is None:
        return {}
    return {
        plain(name): [cell for cell in cells.slice(0, rows).to_pylist() if cell]
        for name, cells in zip(table.header, batch.cells, strict=True)
    }


def headerless_forms() -> Iterator[tuple[Preset, Form]]:
    """The forms of the bundled presets that have no header."""
    for preset in presets.bundled():
        for form in preset.about.form:
            if form.headerless:
                yield preset, form


def _own(preset: Preset) -> frozenset[str]:
    return frozenset(map(plain, preset.names))
