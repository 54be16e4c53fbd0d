"""The encoding of a file: seen by its bytes, named by the job, or asked for."""

import codecs
import encodings.aliases
from pathlib import Path

import pytest

from callconv_kit import prepare, reading
from callconv_kit.model.errors import CallConvError, InputError
from callconv_kit.reading import encoding as detecting

CASES = Path(__file__).parents[1] / "data" / "cases"
NOW = "2026-11-26T06:00:00Z"
HEADER = ["CallerId", "City", "SubId1"]
NAMES = ",".join(HEADER) + "\n"
HEAD = (
    "CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,"
    "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus,SubId1,City\n"
)


def call(number, sub="", city=""):
    return (
        f"1001,20012,2026-11-20T09:30:05-05:00,30021,Acme,S{number},2125550123,8005550199,"
        f"201,187,ANSWER,{sub},{city}\n"
    )


def written(tmp_path, data):
    path = tmp_path / "calls.csv"
    path.write_bytes(data)
    return path


def cities(tmp_path, data, **options):
    (table,) = reading.open_tables([written(tmp_path, data)], HEADER.__contains__, **options)
    return table, [cell for batch in table.batches() for cell in batch.cells[1].to_pylist()]


TEXT = NAMES + "1,São Paulo,x\n2,Łódź,y\n3,東京,z\n"
WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("wide", WIDE)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["no mark", "mark"])
@pytest.mark.parametrize("named", ["", "short", "long"])
def test_wide_text_is_read_with_and_without_a_mark_and_under_either_name(
    tmp_path, wide, end, mark, named
):
    data = (mark + TEXT.replace("\n", end)).encode(wide)
    name = {"": "", "short": wide[:6], "long": wide}[named]
    table, found = cities(tmp_path, data, encoding=name)
    assert found == ["São Paulo", "Łódź", "東京"]
    assert table.account.encoding.startswith(wide[:6])


def test_the_given_files_of_utf_16_are_read():
    assert prepare(CASES / "utf16_no_bom/calls.csv", now=NOW).summary["rows_ready"] == 1
    case = CASES / "encoding_setting_crash"
    prepared = prepare(case / "input.csv", job=case / "job.toml", now=NOW)
    assert prepared.summary["rows_ready"] == 1


def test_a_few_zeros_do_not_make_wide_text(tmp_path):
    _, found = cities(tmp_path, (NAMES + "1,Bos\0ton,x\n2,\0\0\0,y\n").encode())
    assert found == ["Bos\0ton", "\0\0\0"]


CONTRADICTED = {
    "utf-16 of a file in UTF-8": ("utf-16", TEXT.encode()),
    "utf-32 of a file in UTF-8": ("utf-32", TEXT.encode()),
    "utf-32 of a file in UTF-16": ("utf-32", TEXT.encode("utf-16")),
    "utf-16 of a file in UTF-32": ("utf_16", TEXT.encode("utf-32")),
}


@pytest.mark.parametrize(("named", "data"), CONTRADICTED.values(), ids=CONTRADICTED)
def test_a_file_that_is_not_in_the_named_encoding_is_told_so(tmp_path, named, data):
    with pytest.raises(InputError, match="is not in the encoding") as caught:
        cities(tmp_path, data, encoding=named)
    assert caught.value.code == "needs_encoding"
    assert "utf-16-le" in caught.value.expected


@pytest.mark.parametrize("name", ["undefined", "idna", "punycode", "unicode_escape", "charmap"])
def test_encodings_in_which_no_file_is_written_are_refused_in_the_job(tmp_path, name):
    with pytest.raises(CallConvError, match="encoding") as caught:
        prepare(written(tmp_path, TEXT.encode()), encoding=name)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("name", sorted(set(encodings.aliases.aliases.values())))
@pytest.mark.parametrize(
    "data", [TEXT.encode(), TEXT.encode("utf-16"), b"CallerId,City\n1,\xe9\x81\n"]
)
def test_every_encoding_of_python_ends_with_rows_or_a_sentence(tmp_path, name, data):
    error = None
    try:
        prepare(written(tmp_path, data), encoding=name, now=NOW, max_rejected_share=1.0)
    except CallConvError as raised:
        error = raised
    # Any other exception fails the test by itself.
    assert error is None or (error.exit_status in {2, 3} and error.next_step)


FOREIGN = {  # the encoding, and text in it
    "shift_jis": ["東京", "大阪", "トヨタ", "名古屋"],
    "gbk": ["北京", "上海", "广州市", "深圳"],
    "big5": ["臺北", "高雄市"],
    "euc_kr": ["서울", "부산광역시"],
    "cp1251": ["Москва", "Казань"],
    "cp1253": ["Αθήνα", "Θεσσαλονίκη"],
    "koi8-r": ["Москва", "Казань"],
    "cp866": ["Москва", "Казань"],
}


@pytest.mark.parametrize(("encoding", "words"), FOREIGN.items(), ids=FOREIGN)
def test_other_encodings_are_asked_for_and_those_that_decode_the_file_are_named(
    tmp_path, encoding, words
):
    text = HEAD + call(0) + "".join(call(at + 1, city=word) for at, word in enumerate(words))
    path = written(tmp_path, text.encode(encoding))
    with pytest.raises(InputError) as caught:
        prepare(path, now=NOW)
    error = caught.value
    assert error.code == "needs_encoding"
    assert "line 3" in error.found
    assert encoding in error.expected
    assert words[0] in error.expected
    assert 'encoding = "' in error.next_step
    assert prepare(path, now=NOW, encoding=encoding).ready["City"].tolist() == ["", *words]


def test_a_guess_that_the_file_disproves_is_not_made():
    case = CASES / "cp1252_guess_disproved"
    with pytest.raises(InputError, match="shift_jis") as caught:
        prepare(case / "input.csv", job=case / "job.toml", now=NOW)
    assert caught.value.code == "needs_encoding"
    read = prepare(case / "input.csv", encoding="shift_jis", now=NOW)
    assert read.ready["SubId1"].tolist() == ["東京", "京都", ""]


def test_the_named_encodings_decode_the_file_without_a_control_character():
    case = CASES / "cp1252_guess_disproved" / "input.csv"
    with pytest.raises(InputError) as caught:
        prepare(case, now=NOW)
    named = [
        item.split(" (")[0] for item in caught.value.expected.split("decode it: ")[1].split("), ")
    ]
    assert len(named) > 3
    for name in named:
        decoded = case.read_bytes().decode(name)
        assert not any(
            char != "\n" and ord(char) in {*range(32), *range(127, 160)} for char in decoded
        )


def test_digits_in_the_sample_of_an_unknown_encoding_are_masked(tmp_path):
    data = (HEAD + call(1, sub="2125550123 東京")).encode("shift_jis")
    with pytest.raises(InputError) as caught:
        prepare(written(tmp_path, data), now=NOW)
    assert "2125550123" not in str(caught.value)


WESTERN = ["Café “Hub”", "Zürich", "São Paulo", "Côte d’Ivoire", "Malmö – Öst", "créée", "10 €"]


@pytest.mark.parametrize("word", WESTERN)
def test_western_text_is_cp1252_with_a_warning_that_names_the_line(tmp_path, word):
    data = (HEAD + call(1) + call(2, city=word)).encode("cp1252")
    prepared = prepare(written(tmp_path, data), now=NOW)
    assert prepared.ready["City"].tolist() == ["", word]
    (warning,) = (f for f in prepared.summary["findings"] if f["code"] == "encoding_guessed")
    assert warning["examples"][0]["source_line"] == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_the_first_line_that_is_not_utf_8_may_come_late(tmp_path, monkeypatch, end):
    monkeypatch.setattr(detecting, "CHUNK", 1 << 12)
    body = NAMES + "1,Boston,x\n" * 20_000 + "2,Zürich,y\n"
    table, found = cities(tmp_path, body.replace("\n", end).encode("cp1252"))
    assert table.account.guessed_from_line == 20_002
    assert found[-1] == "Zürich"


BROKEN = {
    "a broken byte beside valid text": (
        b"1,S\xc3\xa3o,x\n2,Bost\xffon,y\n",
        ["São", "Bost\ufffdon"],
    ),
    "half a character at the end": (b"1,S\xc3\xa3o,x\n2,Boston,\xc3", ["São", "Boston"]),
    "several beside valid text": (
        "".join(f"{n},Łódź,x\n" for n in range(9)).encode() + b"9,\xff\xfe\xfd\xff\xff,y\n",
        ["Łódź"] * 9 + ["\ufffd" * 5],
    ),
    "western bytes beside one valid character": (
        b"1,S\xc3\xa3o,x\n" + b"2,Z\xfcrich,y\n" * 10,
        ["São"] + ["Z\ufffdrich"] * 10,
    ),
}


@pytest.mark.parametrize(("body", "expected"), BROKEN.values(), ids=BROKEN)
def test_in_utf_8_with_broken_bytes_only_their_cells_are_wrong(tmp_path, body, expected):
    table, found = cities(tmp_path, NAMES.encode() + body)
    assert table.account.encoding == "utf-8"
    assert found == expected


NAMED = {
    "cp1252": b"Z\xfcrich \x81",
    "windows-1252": b"Z\xfcrich \x8d",
    "utf-8": b"Z\xc3\xbcrich \xff",
    "utf8": b"Z\xc3\xbcrich \xff",
    "shift_jis": b"\x93\x8c\x8b\x9e \xff",
}


@pytest.mark.parametrize(("name", "cell"), NAMED.items(), ids=NAMED)
def test_with_a_named_encoding_a_cell_that_it_can_not_decode_is_broken_text(tmp_path, name, cell):
    data = HEAD.encode() + call(1, sub="#").encode().replace(b"#", cell) + call(2).encode()
    prepared = prepare(written(tmp_path, data), now=NOW, encoding=name)
    assert prepared.summary["rows_ready"] == 1
    assert prepared.rejected["codes"].tolist() == ["broken_text"]


def test_a_delimiter_of_several_bytes_is_refused_in_the_job(tmp_path):
    with pytest.raises(CallConvError, match="delimiter") as caught:
        prepare(written(tmp_path, TEXT.encode()), delimiter="→")
    assert caught.value.exit_status == 2


def test_every_mark_of_python_is_known():
    marks = [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE]
    marks += [codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE]
    assert {mark for mark, _ in detecting.BOMS} == set(marks)
