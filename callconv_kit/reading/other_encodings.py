"""Bytes that are not UTF-8: whether they may be cp1252, and which encodings can decode them.

Source of the five bytes that cp1252 leaves undefined: Unicode's table CP1252.TXT.
"""

import codecs
import re
import unicodedata

import numpy as np

from callconv_kit.model.errors import InputError
from callconv_kit.model.texts import Ints

UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
RUN = re.compile(rb"[\x80-\xff]+")
LONG_RUN = 3
"""Bytes. Western words seldom hold so many letters with accents in a row."""
FIRST_HIGH = 0x80
EDGES = np.zeros(256, np.bool_)
"""The bytes between cells. The bar is left out: it may be the second byte of a character."""
EDGES[np.frombuffer(b',;\t"\r\n', np.uint8)] = True
KEPT = 20_000
"""Different cells that are kept for trying encodings on them."""

EAST_ASIAN = ("shift_jis", "cp932", "euc_jp", "gbk", "gb18030", "big5", "euc_kr", "cp949")
SINGLE_BYTE = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859-2", "iso8859-5", "iso8859-7", "koi8-r", "mac-roman", "cp850", "cp437", "cp866"),
)
LARGER = {"cp932": "shift_jis", "gb18030": "gbk", "cp949": "euc_kr"}
"""Encodings that hold another one: named only where the other does not suffice."""
SHOWN = 12
"""Characters of a sample."""


class Foreign:
    """The cells of a file that are not UTF-8.

    broken: bytes above ASCII that belong to no valid UTF-8 character.
    """

    def __init__(self) -> None:
        self.broken = 0
        self._undefined = False
        self._high = 0
        self._in_long_runs = 0
        self._cells: dict[bytes, None] = {}

    def add(self, data: bytes, valid: re.Pattern[bytes]) -> int:
        """Take in bytes that are not UTF-8 as a whole; gives the valid characters among them.

        Args:
            data: any bytes.
            valid: matches one valid multi-byte character.
        """
        numbers = np.frombuffer(data, np.uint8)
        high = np.flatnonzero(numbers >= FIRST_HIGH)
        begins = np.flatnonzero(np.diff(high, prepend=-2) != 1)
        runs = np.diff(begins, append=len(high))
        # The runs alone, with a space between: a small part of the data.
        spread = np.full(len(high) + len(runs), ord(" "), np.uint8)
        spread[np.arange(len(high)) + np.repeat(np.arange(len(runs)), runs)] = numbers[high]
        found = valid.findall(spread.tobytes())
        self.broken += len(high) - sum(map(len, found))
        self._high += len(high)
        self._in_long_runs += int(runs[runs >= LONG_RUN].sum())
        undefined = UNDEFINED_IN_CP1252.search(spread.tobytes())
        self._undefined = self._undefined or undefined is not None
        if len(self._cells) < KEPT:
            # The first and the last line of a chunk may be cut within a character.
            start = data.find(b"\n") + 1 if self._cells else 0
            end = data.rfind(b"\n") + 1 or len(data)
            self._keep_cells(data, high[(high >= start) & (high < end)])
        return len(found)

    def _keep_cells(self, data: bytes, high: Ints) -> None:
        """Keep the cells that hold these bytes."""
        edges = np.flatnonzero(EDGES[np.frombuffer(data, np.uint8)])
        at = np.unique(np.searchsorted(edges, high))
        starts = np.concatenate([[0], edges + 1])[at].tolist()
        ends = np.append(edges, len(data))[at].tolist()
        self._cells.update((data[start:end], None) for start, end in zip(starts, ends, strict=True))

    def may_be_cp1252(self) -> bool:
        """Whether the bytes may be Western text: all are defined, and few are adjacent."""
        return not self._undefined and 2 * self._in_long_runs <= self._high

    @property
    def first(self) -> bytes:
        """The first cell."""
        return next(iter(self._cells), b"")

    def decoded_by(self) -> dict[str, str]:
        """The encodings that decode all cells without a control character; the likeliest first.

        Each with the first cell as it reads then.
        """
        shares: dict[str, float] = {}
        for encoding in (*EAST_ASIAN, *SINGLE_BYTE):
            if LARGER.get(encoding) in shares:
                continue
            share = self._letters(encoding)
            if share is not None:
                shares[encoding] = share
        ranked = sorted(shares, key=lambda name: (name not in EAST_ASIAN, -shares[name]))
        return {name: _sample(self.first.decode(name)) for name in ranked}

    def _letters(self, encoding: str) -> float | None:
        """The share of plausible letters in the decoded text; None if it can't be decoded."""
        letters = others = 0
        for cell in self._cells:
            try:
                text = cell.decode(encoding)
            except UnicodeDecodeError:
                return None
            before = ""
            for char in text:
                category = unicodedata.category(char)
                if category in {"Cc", "Cn", "Co"}:
                    return None
                if char > "\x7f":
                    # A capital behind a small letter is a sign of the wrong encoding.
                    good = category[0] == "L" and not (before == "Ll" and category == "Lu")
                    letters += good
                    others += not good
                before = category
        return letters / max(letters + others, 1)


def _sample(text: str) -> str:
    """The beginning of a cell as a message may show it: digits may be a phone number's."""
    shown = "".join(char if char.isprintable() else " " for char in text.strip())
    shown = re.sub(r"\d", "*", shown)
    return shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"


def needs_encoding(name: str, line: int, foreign: Foreign) -> InputError:
    """The error for a file whose bytes are neither UTF-8 nor cp1252.

    Args:
        name: of the file.
        line: the first that is not UTF-8, counted from 1.
        foreign: its cells that are not UTF-8.
    """
    found = foreign.decoded_by()
    run = RUN.search(foreign.first)
    shown = " ".join(f"{byte:02X}" for byte in (run[0] if run else b"")[:SHOWN])
    listed = ", ".join(f'{encoding} ("{sample}")' for encoding, sample in found.items())
    if found:
        step = (
            "Set encoding in the job to the one whose text is correct, such as "
            f'encoding = "{next(iter(found))}", or export the file as UTF-8.'
        )
    else:
        step = "Export the file as UTF-8, or set encoding in the job."
    return InputError(
        "needs_encoding",
        f"{name} is neither UTF-8 nor cp1252, and it does not say which encoding it is in",
        f"line {line}, bytes {shown}",
        f"one of the encodings that can decode it: {listed}" if listed else "UTF-8",
        step,
    )


def not_in_encoding(name: str, encoding: str, found: str) -> InputError:
    """The error for a file that is not in the encoding that the job names."""
    return InputError(
        "needs_encoding",
        f"{name} is not in the encoding that the job names, {encoding}",
        found,
        "the encoding in which the file was written; utf-16-le and utf-16-be name a byte order",
        "Correct encoding in the job, or remove it: most encodings are recognized.",
    )


class Decoder:
    """Decodes a stream of bytes to UTF-8; U+FFFD where they are broken."""

    def __init__(self, encoding: str, name: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._encoding, self._name = encoding, name

    def text(self, data: bytes, *, final: bool = False) -> str:
        """The next characters.

        Raises:
            InputError: `needs_encoding`: the encoding has rules that the bytes break as a whole.
        """
        try:
            return self._decoder.decode(data, final)
        except UnicodeError as error:
            raise not_in_encoding(self._name, self._encoding, str(error)) from error

    def utf8(self, data: bytes, *, final: bool = False) -> bytes:
        """The next characters as UTF-8."""
        text = self.text(data, final=final)
        try:
            return text.encode()
        except UnicodeEncodeError:  # half a character, which a few encodings let through
            return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
