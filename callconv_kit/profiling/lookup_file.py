"""The look-up file that a draft asks for: its keys as the export holds them, to fill in."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc

from callconv_kit.job import Job, Lookup
from callconv_kit.model import texts
from callconv_kit.profiling.draft import Draft
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.opening import open_export
from callconv_kit.reading import Input
from callconv_kit.run.resolving import KeyForm
from callconv_kit.writing.lines import line_of

COUNT = "Calls"
"""The last column of a new look-up file; no run uses it."""


def lookup_file(source: Input, draft: Draft, inspection: Inspection) -> str:
    """The text of a look-up file for a draft: each key once with its rows, the most frequent first.

    Args:
        source: the export.
        draft: one that has a look-up.
        inspection: of the export.
    """
    lookup = draft.settings["lookup"]
    name = lookup["on_source"]
    lines = [line_of((name, *draft.looked_up, COUNT))]
    lines += [
        line_of([key, *[""] * len(draft.looked_up), str(rows)])
        for key, rows in _keys(source, inspection, name)
    ]
    return "".join(lines)


def _keys(source: Input, inspection: Inspection, name: str) -> Sequence[tuple[str, int]]:
    """Different keys with their rows, as they are compared: two spellings of one number are one."""
    job = Job.from_keywords(**inspection.settings)
    form = KeyForm(job, Lookup(file=Path(), on_source=name))
    counts: dict[str, int] = {}
    spelled: dict[str, str] = {}
    table = open_export(source, job)[0]
    at = table.header.index(name)
    for batch in table.batches():
        counted = pc.value_counts(pc.utf8_trim_whitespace(batch.cells[at]))
        written = texts.from_list(counted.field("values").to_pylist())
        for key, text, count in zip(
            form(written).to_pylist(),
            written.to_pylist(),
            counted.field("counts").to_pylist(),
            strict=True,
        ):
            if text and key is not None:
                counts[key] = counts.get(key, 0) + count
                spelled.setdefault(key, text)
    return [(spelled[key], counts[key]) for key in sorted(counts, key=lambda key: -counts[key])]
