"""A slow reader of CSV, one character at a time: the second witness of `callconv_kit.reading`.

It shares no code and no method with the kit's reader.
"""

from dataclasses import dataclass, field
from unicodedata import category


class Unclosed(Exception):
    """A quote that opens on this line never closes."""


@dataclass
class Held:
    """What a file holds below its header."""

    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    ragged: list[tuple[int, list[str]]] = field(default_factory=list)
    blank_lines: int = 0
    repeated_headers: list[int] = field(default_factory=list)


def hold(text: str, header: list[str], delimiter: str = ",") -> Held:
    """Sort the records of a file that begins with its header."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    held = Held()
    rows = []
    for line, cells in _records(text, delimiter)[1:]:
        if not any(map(_seen, cells)):
            held.blank_lines += 1
        elif _spelled(cells) == [*_spelled(header), *[""] * (len(cells) - len(header))]:
            held.repeated_headers.append(line)
        else:
            rows.append((line, cells))
    more = _surplus([cells for _, cells in rows], len(header))
    for line, cells in rows:
        if len(cells) == len(header):
            held.rows.append((line, cells))
        elif more and len(cells) == len(header) + more and not any(map(_seen, cells[-more:])):
            held.rows.append((line, cells[:-more]))
        else:
            held.ragged.append((line, cells))
    return held


def _seen(cell: str) -> bool:
    return any(not char.isspace() and category(char) not in {"Cc", "Cf"} for char in cell)


def _spelled(cells: list[str]) -> list[str]:
    return ["".join(char for char in cell if char.isalnum()).lower() for cell in cells]


def _surplus(rows: list[list[str]], width: int) -> int:
    """How many empty cells practically every row has behind the header's: nineteen of twenty."""
    rows = [cells for cells in rows if len(cells) >= width]
    for more in {len(cells) - width for cells in rows} - {0}:
        carrying = [
            cells
            for cells in rows
            if len(cells) == width + more and not any(map(_seen, cells[width:]))
        ]
        spaced = [
            cells for cells in carrying if any(c[:1] == " " and c.strip(" ") for c in cells[:width])
        ]
        if len(carrying) >= max(2, 0.95 * len(rows)) and len(spaced) < len(carrying):
            return more
    return 0


def _records(text: str, delimiter: str) -> list[tuple[int, list[str]]]:  # noqa: C901 # one machine
    records = []
    line, starts_on, opened_on = 1, 1, 0
    cells: list[str] = []
    cell = ""
    state = "start"
    rest = list(text)
    while rest:
        char = rest.pop(0)
        following = rest[0] if rest else ""
        after = "".join(rest).lstrip(" ")[:1]
        at_end = after in (delimiter, "\n", "\r", "")
        if state == "start" and cell.strip(" ") == "" and char == '"':
            state, cell, opened_on = "quoted", "", line
        elif state == "quoted" and char == '"' and following == '"':
            cell += rest.pop(0)
        elif state == "quoted" and char == '"' and at_end:
            state = "closed"
        elif state == "quoted":
            if char == '"' and line > opened_on:
                raise Unclosed(opened_on)
            line += char == "\n"
            cell += char
        elif char == delimiter:
            cells.append(cell)
            cell, state = "", "start"
        elif state == "closed" and char == "\r" and following != "\n":
            cells.append(cell)
            records.append((starts_on, cells))
            line += 1
            cells, cell, state, starts_on = [], "", "start", line
        elif char == "\n":
            cells.append(cell if state == "closed" else cell.removesuffix("\r"))
            records.append((starts_on, cells))
            line += 1
            cells, cell, state, starts_on = [], "", "start", line
        elif state == "closed":
            pass  # spaces, and the carriage return of its line's end
        else:
            state = "start" if char == " " and not cell.strip(" ") else "plain"
            cell += char
    if state == "quoted":
        raise Unclosed(opened_on)
    if cells or cell or state == "closed":
        cells.append(cell if state == "closed" else cell.removesuffix("\r"))
        records.append((starts_on, cells))
    return records
