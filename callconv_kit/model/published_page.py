"""The published page against our column table: what impact.com changed since we read it.

Source: impact.com's help page "Submit Call Conversion Data via FTP", saved as text or as HTML. Each
column is a name, a type, Required or Optional, and a description, in this order.
"""

import re
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import NamedTuple

from callconv_kit.model import spec
from callconv_kit.model.errors import InputError

NEEDS = ("Required", "Optional")
DEFAULT = re.compile(r"\bmake it (\w+) by default|\bdefaults? to (\w+)")
WORD = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
END = re.compile(r"Example CSV|Last updated|Was this helpful\?")
MARKUP = re.compile(r"<(?:!doctype|html|body|div|p|table)\b", re.IGNORECASE)

INLINE = frozenset("a abbr b code em i mark small span strong sub sup u".split())
"""Tags within a line; any other tag begins a new one."""

# CRC-32 of each description as the page had it in November 2026, spaces made equal: enough to
# notice a change, and no copy of the text.
DESCRIPTIONS = {
    "CampaignId": 2261074655,
    "MediaId": 2504991380,
    "EventDate": 746522459,
    "ActionTrackerId": 45882374,
    "CallProvider": 28917563,
    "CallSessionId": 109321816,
    "CallerId": 1942083000,
    "CalledPhoneNumber": 175533378,
    "CallDuration": 342421849,
    "TalkDuration": 3087483236,
    "AdId": 4023219899,
    "CallStatus": 3247152351,
    "CallerPhoneNumberCountry": 2189832327,
    "CalledPhoneNumberCountry": 644907897,
    "SubId1": 3619414824,
    "SubId2": 0,
    "SubId3": 0,
    "ClickId": 2657111225,
    "Country": 466837072,
    "City": 2254264658,
    "Region": 781334361,
    "Zip": 3627375415,
    "RepeatCaller": 3313740059,
    "PhoneType": 3394096526,
    "CallRecording": 2175848457,
    "IvrDuration": 1448669893,
    "Keypresses": 3359197274,
    "Key1": 246123162,
    "Key2": 3148645004,
    "Key3": 2877050939,
    "Key4": 1930772449,
    "TrafficSource": 3326165779,
    "OptInSms": 3375746091,
    "UserAgent": 2611905602,
    "DispositionName": 3334092406,
    "SaleAmount": 344214974,
    "ReferenceId": 3941977300,
    "CustomConversionEvent1Name": 123521594,
    "CustomConversionEvent2Name": 0,
    "CustomConversionEvent3Name": 0,
    "CustomConversionEvent1Value": 948519847,
    "CustomConversionEvent2Value": 0,
    "CustomConversionEvent3Value": 0,
    "VendorEventId": 1504760632,
    "PromoNumberDescription": 1908944945,
    "CustomCallEvent1Name": 591648698,
    "CustomCallEvent2Name": 0,
    "CustomCallEvent3Name": 0,
    "CustomCallEvent1Value": 202114039,
    "CustomCallEvent2Value": 0,
    "CustomCallEvent3Value": 0,
}


class Published(NamedTuple):
    """A column as the page describes it."""

    name: str
    type: str
    required: bool
    allowed: tuple[str, ...]
    default: str | None
    description: str


class Difference(NamedTuple):
    """One thing that the page says and our table does not, or the other way round.

    what: `column`, `order`, `type`, `required`, `allowed`, `default` or `description`.
    ours, page: each as text; empty where that side has nothing.
    """

    column: str
    what: str
    ours: str
    page: str


def differences(page: str) -> list[Difference]:
    """What differs between a saved copy of the page and our table, in the page's order.

    Args:
        page: the page's text, or its HTML.

    Raises:
        InputError: `not_the_page`: it holds no column descriptions.
    """
    columns = list(read(page))
    if not columns:
        raise InputError(
            "not_the_page",
            "The file does not describe the columns of the call conversion file",
            "no column name followed by a type and Required or Optional",
            'the help page "Submit Call Conversion Data via FTP", saved as text or HTML',
            "Open the page in a browser, save it, and try again.",
        )
    found = [column.name for column in columns]
    differing = [
        Difference(name, "column", "present", "") for name in spec.NAMES if name not in found
    ]
    for column in columns:
        differing += _of(column)
    known = [name for name in found if name in spec.BY_NAME]
    ours = [name for name in spec.NAMES if name in found]
    moved = next((pair for pair in zip(ours, known, strict=True) if pair[0] != pair[1]), None)
    if moved is not None:
        differing.append(
            Difference(moved[1], "order", f"after {_before(ours, moved[1])}", f"before {moved[0]}")
        )
    return differing


def _before(names: list[str], name: str) -> str:
    return next((left for left, right in pairwise(names) if right == name), "nothing")


def _of(page: Published) -> Iterator[Difference]:
    ours = spec.BY_NAME.get(page.name)
    if ours is None:
        need = "required" if page.required else "optional"
        yield Difference(page.name, "column", "", f"{page.type}, {need}")
        return
    pairs = (
        ("type", ours.published_type, page.type),
        ("required", _need(ours.required), _need(page.required)),
        ("default", ours.default or "", page.default or ""),
    )
    for what, mine, theirs in pairs:
        if mine != theirs:
            yield Difference(page.name, what, mine, theirs)
    # The page lists words for CallStatus alone; PhoneType's come from the API's reference.
    if page.name == "CallStatus" and ours.allowed != page.allowed:
        yield Difference(page.name, "allowed", " ".join(ours.allowed), " ".join(page.allowed))
    elif DESCRIPTIONS[page.name] != fingerprint(page.description):
        yield Difference(page.name, "description", "as of November 2026", page.description)


def _need(required: bool) -> str:
    return "required" if required else "optional"


def fingerprint(description: str) -> int:
    """The CRC-32 of a description, whatever its spaces."""
    return zlib.crc32(" ".join(description.split()).encode())


def read(page: str) -> Iterator[Published]:
    """The columns that a saved page describes."""
    lines = _lines(page)
    starts = [
        at
        for at in range(len(lines) - 2)
        if re.fullmatch(r"[A-Z]\w*", lines[at]) and lines[at + 2] in NEEDS
    ]
    ends = [
        *starts[1:],
        next(
            (at for at in range(len(lines)) if starts and at > starts[-1] and END.match(lines[at])),
            len(lines),
        ),
    ]
    for start, end in zip(starts, ends, strict=False):
        text = lines[start + 3 : end]
        match = DEFAULT.search(" ".join(text))
        yield Published(
            lines[start],
            lines[start + 1],
            lines[start + 2] == "Required",
            tuple(line for line in text if WORD.fullmatch(line)),
            next((word for word in match.groups() if word), None) if match else None,
            " ".join(text),
        )


def _lines(page: str) -> list[str]:
    if MARKUP.search(page):
        parser = _Text()
        parser.feed(page)
        parser.close()
        page = parser.text
    lines = (" ".join(line.split()) for line in page.splitlines())
    return [line for line in lines if line]


class _Text(HTMLParser):
    """The lines of a page, without its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 # the base class's signature
        """A block begins a line."""
        self._hidden += tag in ("script", "style")
        if tag not in INLINE:
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        """A block ends its line."""
        self._hidden -= tag in ("script", "style") and self._hidden > 0
        if tag not in INLINE:
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        """Text that a reader sees."""
        if not self._hidden:
            self.text += data
