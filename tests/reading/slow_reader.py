"""A slow reader of CSV, one character at a time: the second witness of `callconv_kit.reading`.

It shares no code and no method with the kit's reader.
"""

from dataclasses import dataclass, field


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
    for line, cells in _records(text, delimiter)[1:]:
        filled = [bool(cell.strip(" \t\xa0\r\n")) for cell in cells]
        if not any(filled):
            held.blank_lines += 1
        elif [cell.strip() for cell in cells] == header:
            held.repeated_headers.append(line)
        elif len(cells) > len(header) and not any(filled[len(header) :]):
            held.rows.append((line, cells[: len(header)]))
        elif len(cells) == len(header):
            held.rows.append((line, cells))
        else:
            held.ragged.append((line, cells))
    return held


def _records(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    records = []
    line, starts_on, opened_on = 1, 1, 0
    cells: list[str] = []
    cell = ""
    state = "start"
    rest = list(text)
    while rest:
        char = rest.pop(0)
        following = rest[0] if rest else ""
        at_end = following in (delimiter, "\n", "") or (
            following == "\r" and (len(rest) == 1 or rest[1] == "\n")
        )
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
        elif char == "\n":
            cells.append(cell if state == "closed" else cell.removesuffix("\r"))
            records.append((starts_on, cells))
            line += 1
            cells, cell, state, starts_on = [], "", "start", line
        elif state == "closed":
            pass  # the carriage return of its line's end
        else:
            state = "start" if char == " " and not cell.strip(" ") else "plain"
            cell += char
    if state == "quoted":
        raise Unclosed(opened_on)
    if cells or cell or state == "closed":
        cells.append(cell if state == "closed" else cell.removesuffix("\r"))
        records.append((starts_on, cells))
    return records
