"""Columns that a preset cannot do without: an export that lacks one stops the run.

Without its call, a child leg takes the talk away: an answered call would go as one that was never
connected. Without its own id, a row that corrects another would be paid as a new call. Without a
direction, calls that somebody placed would go as calls of customers.
"""

from collections.abc import Callable, Sequence

from callconv_kit.mapping.export import Export
from callconv_kit.model.errors import InputError
from callconv_kit.model.names import nearest


def require(
    name: str, header: Sequence[str], export: Export, places: Callable[[str], Sequence[int]]
) -> None:
    """Refuse an export that lacks a key column of its preset, or has only one of two.

    Args:
        name: of the input, for the error.
        header: of the input.
        export: what the preset says.
        places: where the header has a column, under any of its names.

    Raises:
        InputError: `column_missing`, naming the column and the one that it may be.
    """
    title = export.preset.about.title if export.preset else ""
    for wanted in export.needed:
        if not places(wanted):
            raise _missing(
                f"{name} lacks a column that the preset for {title} needs",
                "",
                f"{_spelled(wanted, export)}, which says which rows are calls to you",
                wanted,
                header,
                export,
                'If every row is a call to you, set outbound = "send".',
            )
    for one, other in export.needed_together:
        if places(one) and not places(other):
            there = repr(header[places(one)[0]])
            raise _missing(
                f"{name} has only one of the two columns that relate the rows of a {title} call",
                f"{there} without {_spelled(other, export)}",
                f"both columns: {there} identifies the rows of a call only together with the other",
                other,
                header,
                export,
            )


def _missing(
    problem: str,
    found: str,
    expected: str,
    wanted: str,
    header: Sequence[str],
    export: Export,
    otherwise: str = "",
) -> InputError:
    strange = [cell for cell in header if not export.is_vendors(cell)]
    likes = (nearest(spelling, strange) for spelling in export.spellings(wanted))
    like = next((near for near in likes if near), None)
    return InputError(
        "column_missing",
        problem,
        found or ", ".join(header[:30]),
        expected,
        f"Export {_spelled(wanted, export)} as well"
        + (f", or rename {like!r} if that is the column." if like else ".")
        + (f" {otherwise}" if otherwise else ""),
    )


def _spelled(name: str, export: Export) -> str:
    return " or ".join(map(repr, export.spellings(name)))
