import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import link
from callconv_kit.coercion.cells import note_of, once_per_distinct
from callconv_kit.coercion.link import read
from callconv_kit.model import texts

KEPT = {
    "https": "https://recordings.example.com/c/1a2b3c",
    "http": "http://example.com",
    "capitals": "HTTPS://EXAMPLE.COM/A",
    "signed": "https://example.com/a.mp3?X-Sig=a%2Fb+c==&Expires=1#t=1",
    "port and user": "https://me:secret@example.com:8443/a",
    "IPv6": "http://[2001:db8::1]/a",
    "accents": "https://example.com/café",
    "accented host": "https://münchen.example/a",
}
WRONG = {
    "no scheme": "recordings.example.com/c/1a2b3c",
    "scheme-relative": "//example.com/a",
    "another scheme": "ftp://example.com/a",
    "a script": "javascript:alert(1)",
    "no host": "https://",
    "a path instead of a host": "https:///a",
    "a query instead of a host": "https://?a",
    "a space": "https://example.com/a b",
    "a no-break space": "https://example.com/a\xa0b",
    "two links": "https://example.com/a https://example.com/b",
    "text before": "see https://example.com/a",
    "one slash": "https:/example.com",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_is_kept_byte_for_byte(text):
    assert read(text) == (text, None, (), ())


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_is_wrong(text):
    assert read(text) == (None, "link_invalid", (), ())


CELLS = (
    st.text(min_size=1)
    | st.text("htps:/ea.@é\t ", min_size=1)
    | st.text().map("https://".__add__)
    | st.text("abc/:. ").map("https://".__add__)
)


@given(st.lists(st.none() | CELLS))
def test_the_column_is_read_as_its_cells_are(cells):
    text = texts.from_list(cells)
    fast, slow = link.kernel()(text), once_per_distinct(read)(text)
    assert fast.values.to_pylist() == slow.values.to_pylist()
    assert fast.positions.tolist() == slow.positions.tolist()
    assert [*map(note_of, fast.notes)] == [*map(note_of, slow.notes)]
