"""Why a file is taken to be laid out as it is, in words."""

from collections.abc import Callable, Mapping

from callconv_kit.job import Job
from callconv_kit.reading import Table

ENCODINGS = {
    "utf-8-sig": "the file begins with a byte-order mark",
    "utf-16": "the file begins with a byte-order mark",
    "utf-32": "the file begins with a byte-order mark",
    **{
        f"utf-{width}-{order}e": "every other byte is zero"
        if width == 16
        else "most bytes are zero"
        for width in (16, 32)
        for order in "lb"
    },
    "utf-8": "no byte-order mark, and its bytes are UTF-8",
    "cp1252": "line {line} is not UTF-8, and the file has no valid multi-byte character",
}
THE_JOB = "the job says so"


def of(
    table: Table, job: Job, *, known: Callable[[str], bool], rows: int, ragged: int
) -> Mapping[str, str]:
    """The evidence for the encoding, the delimiter and the header's line, where there are such.

    Args:
        table: the export, of which rows were read.
        job: whose settings win over what is seen.
        known: whether a header's cell is the name of a column that somebody knows.
        rows: how many rows were read that have as many cells as the header.
        ragged: how many more have another number of cells.
    """
    account, told = table.account, {}
    if account.encoding:
        reason = ENCODINGS.get(account.encoding, "").format(line=account.guessed_from_line)
        told["encoding"] = THE_JOB if job.encoding else reason
    if account.delimiter:
        seen = f"{rows:,} of {rows + ragged:,} rows have {len(table.header)} cells, as the header"
        told["delimiter"] = THE_JOB if job.delimiter else seen
    if account.header_line:
        told["header_line"] = THE_JOB if job.header_line else _header(table, known)
    elif account.delimiter:
        told["header_line"] = (
            "the first line is already a row; the columns follow from their number"
        )
    return told


def _header(table: Table, known: Callable[[str], bool]) -> str:
    names = sum(map(known, table.header))
    if not names:
        return "no line holds known names; this one looks like names"
    return f"the first line with so many known names: {names} of {len(table.header)}"
