"""Whatever is wrong with a file or its name, the end is rows or a sentence, and never a bug."""

import gzip
import io
import json
import random
import zipfile

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from callconv_kit import prepare
from callconv_kit.model.errors import CallConvError

NOW = "2026-11-26T06:00:00Z"
HEADER = (
    "CampaignId,MediaId,ActionTrackerId,EventDate,CallProvider,CallSessionId,CallerId,"
    "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus,City"
)
CALL = (
    "1001,2002,30003,2026-11-20T09:31:05-05:00,CallRail,s-{},6175550121,2125550199,201,187,ANSWER,é"
)
LINES = [HEADER, *(CALL.format(number) for number in range(12))]
CSV = ("\n".join(LINES) + "\n").encode()
CELLS = [line.split(",") for line in LINES]


def zipped(method=zipfile.ZIP_DEFLATED, **files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as bundle:
        for name, content in (files or {"calls.csv": CSV}).items():
            bundle.writestr(name, content)
    return data.getvalue()


def zstd():
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(CSV)
    return sink.getvalue().to_pybytes()


def workbook():
    book = openpyxl.Workbook()
    for row in CELLS:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def parquet_file(**options):
    columns = {name: [row[at] for row in CELLS[1:]] for at, name in enumerate(CELLS[0])}
    data = io.BytesIO()
    parquet.write_table(pa.table(columns), data, **options)
    return data.getvalue()


def json_lines():
    return "".join(json.dumps(dict(zip(CELLS[0], row, strict=True))) + "\n" for row in CELLS[1:])


WHOLE = {
    "delimited": CSV,
    "delimited, all quoted": "\r\n".join(
        '"' + line.replace(",", '","') + '"' for line in LINES
    ).encode(),
    "delimited in UTF-16": CSV.decode().encode("utf-16"),
    "gzip": gzip.compress(CSV),
    "zip": zipped(),
    "zip without packing": zipped(zipfile.ZIP_STORED),
    "zip with bzip2": zipped(zipfile.ZIP_BZIP2),
    "zip with LZMA": zipped(zipfile.ZIP_LZMA),
    "zip of a gzip": zipped(**{"calls.gz": gzip.compress(CSV)}),
    "zstandard": zstd(),
    "workbook": workbook(),
    "workbook in a zip": zipped(**{"calls.xlsx": workbook()}),
    "JSON lines": json_lines().encode(),
    "Parquet": parquet_file(compression="NONE"),
    "Parquet, packed": parquet_file(compression="SNAPPY"),
    "Parquet in a zip": zipped(**{"calls.parquet": parquet_file()}),
}


def ends_well(path):
    """Prepare a file: an error of ours, or all its rows accounted for."""
    try:
        summary = prepare(path, now=NOW, max_rejected_share=1.0).summary
    except CallConvError as raised:
        error = raised
    else:
        error = None
    if error is not None:
        assert error.exit_status in {2, 3}
        assert error.problem
        assert error.next_step
        return None
    ready, rejected, left_out = (summary[f"rows_{w}"] for w in ("ready", "rejected", "left_out"))
    assert summary["rows_read"] == ready + rejected + left_out
    return summary


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_each_of_these_files_is_read_while_it_is_whole(tmp_path, data):
    path = tmp_path / "calls"
    path.write_bytes(data)
    assert ends_well(path)["rows_ready"] == 12


def damage(data, seed):
    """Some bytes changed, cut out, doubled or moved, mostly where a file's directory lies."""
    chance = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5])):
        near_end = chance.random() < 0.4
        at = (
            chance.randrange(max(len(damaged) - 200, 0), len(damaged))
            if near_end
            else (chance.randrange(len(damaged)))
        )
        kind = chance.randrange(6)
        if kind == 0:
            damaged[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            damaged[at] = chance.choice([0, 0xFF, 0x80, ord('"'), ord("\n")])
        elif kind == 2:
            del damaged[at:]
        elif kind == 3:
            del damaged[at : at + chance.randrange(1, 20)]
        elif kind == 4:
            damaged[at:at] = chance.randbytes(chance.randrange(1, 20))
        else:
            damaged[at : at + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, b"\0\0\0\x80"])
        damaged = damaged or bytearray(b"\n")
    return bytes(damaged)


@pytest.mark.parametrize("name", WHOLE)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_file_ends_with_rows_or_a_sentence(tmp_path, name, seed):
    path = tmp_path / "calls"
    path.write_bytes(damage(WHOLE[name], seed))
    ends_well(path)
