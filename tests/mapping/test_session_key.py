"""The key of derived session IDs: made once, kept, and never replaced in silence."""

import errno
import os
import stat

import pytest

from callconv_kit.mapping.session import KEY_BYTES, KEY_NAME, key_beside
from callconv_kit.model.errors import CallConvError


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "kept" / "ledger.sqlite"


def test_a_key_is_made_once_and_is_its_owners_only(ledger):
    first = key_beside(ledger)
    assert len(first) == KEY_BYTES
    assert key_beside(ledger) == first
    assert stat.S_IMODE((ledger.parent / KEY_NAME).stat().st_mode) == 0o600
    assert [path.name for path in ledger.parent.iterdir()] == [KEY_NAME]


def test_a_dry_run_leaves_no_key(ledger):
    assert key_beside(ledger, keep=False) != key_beside(ledger, keep=False)
    assert not ledger.parent.exists()


def test_a_key_that_is_there_serves_a_dry_run_too(ledger):
    assert key_beside(ledger) == key_beside(ledger, keep=False)


@pytest.mark.parametrize("refusal", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_keeps_a_key_as_well(ledger, monkeypatch, refusal):
    def link(*_, **__):
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "link", link)
    assert key_beside(ledger) == key_beside(ledger)
    assert [path.name for path in ledger.parent.iterdir()] == [KEY_NAME]


def test_the_key_of_a_run_that_was_quicker_counts(ledger, monkeypatch):
    theirs = "ab" * KEY_BYTES

    def link(_, path):
        path.write_text(theirs, encoding="ascii")
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(os, "link", link)
    assert key_beside(ledger) == bytes.fromhex(theirs)
    assert [path.name for path in ledger.parent.iterdir()] == [KEY_NAME]


UNUSABLE = {
    "empty": b"",
    "too short": b"ab" * (KEY_BYTES - 1),
    "too long": b"ab" * (KEY_BYTES + 1),
    "no hexadecimal digits": b"xy" * KEY_BYTES,
    "not ASCII": "ä".encode() * KEY_BYTES,
}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
def test_a_spoiled_key_stops_and_stays(ledger, content):
    path = ledger.parent / KEY_NAME
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(CallConvError) as caught:
        key_beside(ledger)
    assert (caught.value.code, caught.value.exit_status) == ("session_key_unusable", 2)
    assert "would be sent again" in caught.value.next_step
    assert path.read_bytes() == content


def test_a_key_that_cannot_be_kept_is_said(tmp_path):
    (tmp_path / "a file").write_bytes(b"")
    with pytest.raises(CallConvError) as caught:
        key_beside(tmp_path / "a file" / "ledger.sqlite")
    assert (caught.value.code, caught.value.exit_status) == ("output_failed", 3)
    assert KEY_NAME in caught.value.problem
