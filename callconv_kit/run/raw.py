"""A whole input as a DataFrame of text, as it stands."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.job import Job
from callconv_kit.reading import the_only
from callconv_kit.run.resolving import open_inputs, resolve

if TYPE_CHECKING:
    import pandas as pd


def read(
    source: str | Path, job: "str | Path | Job | None" = None, **settings: Any
) -> "pd.DataFrame":
    """Read an export as text, nothing changed: blank lines, titles and repeated headers left out.

    Args:
        source: a path, or `-` for standard input.
        job: a job file or a Job, by whose columns the header is known; none: the published names.
        **settings: every key of the job file under its name; they win over `job`.

    Returns:
        One text column for each of the input's; the index holds the source line of each row. Rows
        of another length than the header are cut or filled up.

    Raises:
        InputError: it can't be read as a table.
        UsageError: the job is wrong.
    """
    import pandas as pd

    resolved = resolve(Job.from_keywords(job, **settings))
    table = the_only(open_inputs(resolved, [source]))
    width = len(table.header)
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in range(width)]
    for batch in table.batches():
        lines += batch.lines.tolist()
        for column, cells in zip(columns, batch.cells, strict=True):
            column += cells.to_pylist()
        for row in batch.ragged:
            lines.append(row.line)
            padded = row.cells[:width] + [""] * (width - len(row.cells))
            for column, cell in zip(columns, padded, strict=True):
                column.append(cell)
    frame = pd.DataFrame(dict(enumerate(columns)), dtype=str)
    frame.columns = pd.Index(table.header)
    frame.index = pd.Index(lines, name="source_line")
    return frame.sort_index(kind="stable")
