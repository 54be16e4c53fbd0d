"""Any CSV is read as the slow reader reads it: cells, lines, counts; and again, row by row."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_reader import Held, Unclosed, hold

from callconv_kit import reading
from callconv_kit.model.errors import InputError
from callconv_kit.reading import delimited

HEADER = ["CampaignId", "MediaId", "CallerId"]
HEADER_SIZE = len("\ufeff".encode()) + len(",".join(HEADER)) + 2


UNSEEN = [
    *("\u200b", "\f", "\x1a", "\0,\u200e,\ufeff", "\xa0,,\u3000,"),
    *("\ufeffCampaignId,MediaId,CallerId", "campaignid, media id ,CALLERID"),
]
"""Lines that hold nothing to be seen, and headers that repeat in other clothes."""


def plain_cells() -> st.SearchStrategy[str]:
    return st.text("ab1é€😀 .'-", max_size=5)


def quoted_cells() -> st.SearchStrategy[str]:
    inner = st.text('ab," \n\ré😀', max_size=6)
    return inner.map(lambda text: '"' + text.replace('"', '""') + '"')


def stray_cells() -> st.SearchStrategy[str]:
    strays = ['5" pipe', 'a"b"', '"5" pipe"', ' "spaced"', '"a"b', "x\ry", '"', '""']
    closed = ['"a, b" ', '"a"  ', '"a"\r1', '"a" \r', '"a"\r\r', ' "a" ']
    return st.sampled_from(strays + closed)


def regular_cells() -> st.SearchStrategy[str]:
    inner = st.text('ab," \né😀', max_size=6).map(lambda text: text.replace("\n", "\r\n"))
    return plain_cells() | inner.map(lambda text: '"' + text.replace('"', '""') + '"')


@st.composite
def files(draw: st.DrawFn, cells: st.SearchStrategy[str]) -> str:
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"]]))
    rows = st.lists(cells, min_size=3, max_size=3).map(",".join)
    odd = st.lists(cells, min_size=1, max_size=6).map(",".join)
    blank = st.sampled_from(["", " ", ",,", ",,,", " , ,", ",".join(HEADER), *UNSEEN])
    lines = draw(st.lists(rows | rows | rows | odd | blank, max_size=12))
    if draw(st.integers(0, 4)) == 0:
        lines = [line + draw(st.sampled_from([",", ",", ",,"])) for line in lines]
    text = ",".join(HEADER) + draw(st.sampled_from(ends))
    for line in lines:
        text += line + draw(st.sampled_from(ends))
    if draw(st.booleans()):
        text = text.removesuffix("\n").removesuffix("\r")
    return text


def read(data: bytes, wanted: list[int] | None = None) -> tuple[Held, reading.Table]:
    """What the kit reads of a file; with `wanted`, of these lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        path.write_bytes(data)
        (table,) = reading.open_tables([path], HEADER.__contains__)
        held = Held()
        lines = None if wanted is None else np.asarray(wanted, np.int64)
        for batch in table.batches(lines):
            columns = [column.to_pylist() for column in batch.cells]
            held.rows += [
                (line, list(row))
                for line, row in zip(batch.lines.tolist(), zip(*columns, strict=True), strict=True)
            ]
            held.ragged += [(row.line, row.cells) for row in batch.ragged]
    held.blank_lines = table.account.blank_lines
    held.repeated_headers = [
        skipped.line for skipped in table.account.skipped if skipped.why == "repeated_header"
    ]
    return held, table


BLOCKS = [1, 7, 64, 1 << 22]
"""Bytes in a block: in small ones, every record is cut somewhere."""


def cut_small(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Cut files into blocks of this size."""
    monkeypatch.setattr(delimited, "BLOCK", block)
    if block < BLOCKS[-1]:
        monkeypatch.setattr(delimited, "HEADER_ROOM", HEADER_SIZE)


@pytest.fixture(params=BLOCKS, ids="blocks of {}".format)
def block(request, monkeypatch):
    cut_small(monkeypatch, request.param)


def agrees(text: str, data: bytes) -> None:
    try:
        expected = hold(text, HEADER)
    except Unclosed as unclosed:
        with pytest.raises(InputError, match=rf"line {unclosed} of") as caught:
            read(data)
        assert caught.value.code == "unclosed_quote"
        return
    held, table = read(data)
    assert held == expected
    assert table.account.rows == len(expected.rows) + len(expected.ragged)
    lines = sorted(line for line, _ in expected.rows + expected.ragged)
    for wanted in (lines[::2], lines[1::3], lines):
        again, _ = read(data, wanted)
        assert again.rows == [row for row in expected.rows if row[0] in wanted]
        assert again.ragged == [row for row in expected.ragged if row[0] in wanted]


@pytest.mark.usefixtures("block")
class TestAnyFile:
    @settings(max_examples=60)
    @given(files(regular_cells()))
    def test_a_regular_file_is_read_as_the_slow_reader_reads_it(self, text):
        agrees(text, text.encode())

    @settings(max_examples=60)
    @given(files(plain_cells() | plain_cells() | quoted_cells() | stray_cells()))
    def test_a_file_with_stray_quotes_is_read_as_the_slow_reader_reads_it(self, text):
        agrees(text, text.encode())

    @settings(max_examples=60)
    @given(files(plain_cells() | regular_cells()).map(lambda text: text.replace("\r\n", "\n")))
    def test_carriage_returns_alone_end_lines(self, text):
        text = text.replace("\n", "\r")
        agrees(text, text.encode())


@pytest.mark.usefixtures("block")
class TestWideFiles:
    @settings(max_examples=60)
    @given(
        files(plain_cells() | quoted_cells()),
        st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"]),
    )
    def test_wide_encodings_are_read_by_their_mark(self, text, encoding):
        mark = "\ufeff" if encoding[-3:] in {"-le", "-be"} else ""
        agrees(text, (mark + text).encode(encoding))
