"""What a file is: its content decides, not its name."""

from enum import Enum, auto

from callconv_kit.model.errors import InputError
from callconv_kit.reading import archives, encoding
from callconv_kit.reading.sources import BUFFER, Source

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
PARQUET_MAGIC = b"PAR1"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"
"""Old Excel workbooks, and new ones that are encrypted, lie in this container."""
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
HEAD = 1 << 12


class Content(Enum):
    """What a file holds."""

    TEXT = auto()
    ARCHIVE = auto()
    WORKBOOK = auto()
    JSON_LINES = auto()
    PARQUET = auto()


def look(source: Source) -> Content:
    """What a file holds, by its first bytes.

    Raises:
        InputError: `unreadable`; `not_a_table` for kinds that are known and not taken.
    """
    with source.open() as stream:
        head = stream.read(HEAD)
    if head.startswith(ZIP_MAGIC):
        return _of_zip(source)
    if head.startswith(PARQUET_MAGIC):
        return Content.PARQUET
    if head.startswith(OLE_MAGIC):
        raise _old_or_encrypted(source)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return Content.JSON_LINES
    if text.startswith(b"[") and text[1:].lstrip().startswith(b"{"):
        raise encoding.not_a_table(source.name, "one JSON array; JSON is read one object a line")
    return Content.TEXT


def _of_zip(source: Source) -> Content:
    names = archives.names(source)
    if "xl/workbook.xml" in names:
        return Content.WORKBOOK
    if "xl/workbook.bin" in names:
        raise encoding.not_a_table(source.name, "a binary Excel workbook (.xlsb)")
    if {"mimetype", "content.xml"} <= names:
        raise encoding.not_a_table(source.name, "an OpenDocument file")
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        raise encoding.not_a_table(source.name, "a Word or PowerPoint file")
    return Content.ARCHIVE


def _old_or_encrypted(source: Source) -> InputError:
    with source.open() as stream:
        before = b""
        while chunk := stream.read(BUFFER):
            if ENCRYPTED_STREAM in before + chunk:
                return InputError(
                    "unreadable",
                    f"{source.name} is a workbook that is protected by a password",
                    "",
                    "a workbook without a password",
                    "Open it with its password and save it without one, or export it as CSV.",
                )
            before = chunk[-len(ENCRYPTED_STREAM) :]
    return encoding.not_a_table(source.name, "an old Excel workbook (.xls)")
