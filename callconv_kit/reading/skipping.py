"""Records that the job's `skip_lines` sets aside: a line of types, "(12 rows affected)", EOF."""

from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.reading import scanning
from callconv_kit.reading.blocks import Block


class LinePatterns:
    """Regular expressions in RE2's syntax; a whole record matches one, but for spaces around it."""

    def __init__(self, patterns: Sequence[str]) -> None:
        joined = "|".join(f"(?:{pattern})" for pattern in patterns)
        self._pattern = rf"\A\s*(?:{joined})\s*\z" if patterns else ""

    def __bool__(self) -> bool:
        return bool(self._pattern)

    def blanked(self, block: Block, delimiter: str) -> tuple[Block, list[int], int]:
        """The block with blank lines in place of the records that match.

        Returns:
            The block, of as many lines; the lines on which those records started; how many lines
            they took up.
        """
        starts, lines = _records(block, delimiter)
        offsets = np.append(starts, len(block.data)).astype(np.int32)
        records = texts.from_bytes(np.frombuffer(block.data, np.uint8), offsets)
        found = np.flatnonzero(texts.bools(pc.match_substring_regex(records, self._pattern)))
        # A blank line may match too; it is blank all the same.
        found = found[[bool(records[at].as_py().strip()) for at in found.tolist()]]
        if not len(found):
            return block, [], 0
        ends = np.append(lines, block.lines)
        pieces, done = [], 0
        for at in found.tolist():
            pieces += [block.data[done : offsets[at]], b"\n" * int(ends[at + 1] - ends[at])]
            done = int(offsets[at + 1])
        data = b"".join([*pieces, block.data[done:]])
        taken = int((ends[found + 1] - ends[found]).sum())
        return block._replace(data=data), (lines[found] + block.line).tolist(), taken


def _records(block: Block, delimiter: str) -> tuple[texts.Ints, texts.Ints]:
    """Where the records of a block start, and on which of its lines, counted from 0."""
    if block.regular:
        where = scanning.layout(block.data)
        return where.starts, where.lines
    records = scanning.scan(block.data.decode("latin-1"), delimiter, final=True).records
    return (
        np.asarray([record.start for record in records], np.int64),
        np.asarray([record.line for record in records], np.int64),
    )
