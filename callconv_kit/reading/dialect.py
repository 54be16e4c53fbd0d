"""How a file is laid out: its delimiter, the lines before its header, the header."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from callconv_kit.model.errors import InputError
from callconv_kit.reading import reimport
from callconv_kit.reading.batches import Skipped
from callconv_kit.reading.scanning import Record, lines_of
from callconv_kit.reading.whole_rows import is_blank

DELIMITERS = (",", ";", "\t", "|")
EDGES = " \t\r\n\v\f\0\x1a\ufeff\u200b\u200e\u200f\u2060\xa0"
"""What a header's cell loses at its edges."""
HEADER_WITHIN = 60
"""Records at a file's start within which the header is looked for."""
MOST = 0.5
"""Of a header's cells are known, where files without one are expected: a row may hold one too."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is laid out.

    header_line: the physical line on which the header starts, counted from 1; 0: there is none.
    body_line: the physical line on which the first row starts.
    first_rows: the cells of the first few records after the header.
    """

    delimiter: str
    header_line: int
    header: tuple[str, ...]
    body_line: int
    skipped: tuple[Skipped, ...]
    blank_lines: int
    first_rows: tuple[list[str], ...] = ()


def sniff(
    sample: str,
    name: str,
    is_known: Callable[[str], bool],
    *,
    delimiter: str = "",
    header_line: int = 0,
    headerless: Mapping[int, tuple[str, ...]] | None = None,
) -> Dialect:
    r"""Find the delimiter and the header by the column names that are known.

    The header is the first line that holds the most known names; the delimiter is the one under
    which it does. Between delimiters that tell as much, the one that more lines agree on wins.

    Args:
        sample: the decoded start of the file; lines end in `\n` or `\r\n`.
        name: of the file, for errors.
        is_known: whether a cell is the name of a column that the run can use.
        delimiter: the job's; empty to find it.
        header_line: the job's; 0 to find it.
        headerless: for files that have no header: the names of the columns, by how many there are.

    Raises:
        InputError: `no_header` or `not_a_table`.
    """
    separator, sample_start = _separator_line(sample)
    candidates = (delimiter,) if delimiter else (separator,) if separator else DELIMITERS
    best: tuple[int, int, int] | None = None
    chosen: tuple[str, list[Record], int] | None = None
    for candidate in candidates:
        records = _head(sample[sample_start:], candidate, 1 if sample_start else 0)
        at, hits = find_header(records, is_known, header_line)
        if at is None:
            continue
        width = len(records[at].cells)
        agreeing = sum(len(record.cells) == width for record in records[at + 1 :])
        score = (hits, min(width, 2), agreeing)
        if best is None or score > best:
            best, chosen = score, (candidate, records, at)
    named = 0 if chosen is None or best is None else best[0] / len(chosen[1][chosen[2]].cells)
    if headerless and not header_line and named < MOST:
        return _without_header(sample[sample_start:], name, candidates, headerless)
    if chosen is None or best is None or (best[0] < 1 and not header_line):
        raise _no_header(sample, name)
    return _dialect(*chosen, separator_line=bool(sample_start))


def _without_header(
    text: str, name: str, candidates: Sequence[str], headerless: Mapping[int, tuple[str, ...]]
) -> Dialect:
    """A file whose first line is a row already; the number of its columns tells which they are."""
    usual: dict[str, tuple[int, int]] = {}
    for candidate in candidates:
        widths = Counter(len(record.cells) for record in _head(text, candidate, 0))
        usual[candidate] = max(((count, width) for width, count in widths.items()), default=(0, 0))
    known = {at: shape for at, shape in usual.items() if shape[1] in headerless}
    if known:
        delimiter = max(known, key=lambda candidate: known[candidate])
        return Dialect(delimiter, 0, headerless[known[delimiter][1]], 1, (), 0)
    found = max(width for _, width in usual.values())
    raise InputError(
        "no_header",
        f"{name} has no header, and not as many columns as the preset knows",
        f"{found} columns",
        f"a header line, or {_joined(sorted(headerless))} columns",
        "Put a line with the names of the columns before the first row; `callconv presets` says "
        "what they are called.",
    )


def _joined(numbers: Sequence[int]) -> str:
    """Numbers as a person lists them: `16, 18 or 21`."""
    *most, last = map(str, numbers)
    return f"{', '.join(most)} or {last}" if most else last


def _separator_line(sample: str) -> tuple[str, int]:
    """Excel's `sep=;` line: the delimiter and where the text goes on."""
    first, newline, _ = sample.partition("\n")
    text = first.strip().strip('"')
    if newline and text.lower().startswith("sep=") and len(text) == 5:
        return text[4], len(first) + 1
    if newline and first.rstrip("\r").lower() == "sep=\t":
        return "\t", len(first) + 1
    return "", 0


def _head(text: str, delimiter: str, first_line: int) -> list[Record]:
    head = []
    for record in lines_of(text if text.endswith("\n") else text + "\n", delimiter):
        head.append(Record(record.line + first_line, record.cells))
        if len(head) == HEADER_WITHIN:
            break
    return head


def find_header(
    records: list[Record], is_known: Callable[[str], bool], header_line: int
) -> tuple[int | None, int]:
    """The position of the header among `records`, and how many known names it holds."""
    if records and reimport.is_reimport(records[0].cells):
        return 0, len(records[0].cells)
    if header_line:
        for at, record in enumerate(records):
            if record.line + 1 == header_line:
                return at, sum(map(is_known, record.cells))
        return None, 0
    hits = [sum(map(is_known, set(record.cells))) for record in records]
    most = max(hits, default=0)
    # One known word is a header only where there is hardly room for a second.
    needed = 2 if most and len(records[hits.index(most)].cells) > 2 else 1
    return (hits.index(most), most) if most >= needed else (None, 0)


def _dialect(delimiter: str, records: list[Record], at: int, *, separator_line: bool) -> Dialect:
    record = records[at]
    following = records[at + 1].line if at + 1 < len(records) else None
    skipped = [Skipped(1, "separator")] if separator_line else []
    blank = 0
    for before in records[:at]:
        if is_blank(before.cells):
            blank += 1
        else:
            skipped.append(Skipped(before.line + 1, "preamble"))
    lines_before_body = following if following is not None else _lines_through(record)
    return Dialect(
        delimiter,
        record.line + 1,
        tuple(cell.strip(EDGES) for cell in record.cells),
        lines_before_body + 1,
        tuple(skipped),
        blank,
        tuple(record.cells for record in records[at + 1 :]),
    )


def _lines_through(record: Record) -> int:
    """Lines up to and with this last record of a sample."""
    return record.line + 1 + sum(cell.count("\n") for cell in record.cells)


LISTED = 8
"""Cells of a first line that an error names."""


def _columns_of(line: str, delimiters: Mapping[str, int]) -> str:
    """The cells of a first line that looks like names of columns; "" where it may hold data."""
    if not delimiters or any(char.isdigit() for char in line):
        return ""
    delimiter = max(delimiters, key=line.count)
    names = [cell.strip(' "\ufeff')[:40] for cell in line.split(delimiter)]
    cells = [f'"{name}"' for name in names]
    more = f" and {len(cells) - LISTED} more" if len(cells) > LISTED else ""
    return f"a first line with {', '.join(cells[:LISTED])}{more}" if line.isprintable() else ""


def _no_header(sample: str, name: str) -> InputError:
    first = next((line.strip() for line in sample.split("\n") if line.strip()), "")
    printable = sum(char.isprintable() or char in "\t\r\n" for char in sample)
    if printable < len(sample) * 0.9:
        return InputError(
            "not_a_table",
            f"{name} is not a table of text",
            "mostly unprintable characters",
            "CSV: lines of cells, separated by commas, semicolons, tabs or bars",
            "Export it as CSV.",
        )
    shapes = Counter(delimiter for delimiter in DELIMITERS if delimiter in first)
    hint = "" if shapes else ", with no comma, semicolon, tab or bar in it"
    return InputError(
        "no_header",
        f"No line of {name} has column names that impact.com, the job or its preset uses",
        _columns_of(first, shapes) or f"a first line of {len(first)} characters{hint}",
        "a header such as CampaignId,MediaId,EventDate, …",
        "Run `callconv init` on this file: it proposes which column is which. Or name them under "
        '[columns] in the job, or with --column CallerId="Your Column".',
    )
