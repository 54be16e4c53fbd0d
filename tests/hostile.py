"""An export whose cells try to be run, rendered or obeyed, and what came of preparing it."""

import csv
import io
from unittest.mock import patch

import callconv_kit as ck
from callconv_kit.writing import tally

NOW = "2026-11-24T12:00:00+00:00"

HOSTILE = {
    "a script": "<script>document.title='run'</script>",
    "an image": "<img src=x onerror=\"document.title='run'\">",
    "the end of our own markup": "</code></td></table></style><h1>broken out",
    "an attribute": "\" onmouseover=\"document.title='run'",
    "an entity": "&lt;b&gt; &amp;amp;",
    "a link": "javascript:document.title='run'",
    "a formula": "=cmd|'/C calc'!A0",
    "terminal colors": "\x1b[31mred\x1b[0m",
    "a terminal title": "\x1b]0;run\x07",
    "rich markup": "[bold red]x[/bold red] [link=http://example.com]y[/link] :smile:",
    "right to left": "\u202egnp.exe",
    "a bell and a C1 control": "\x07\x9b31m",
    "spaces at the edges": "  padded\u00a0",
}

HEADER = [
    "CampaignId", "MediaId", "EventDate", "ActionTrackerId", "CallProvider", "CallSessionId",
    "CallerId", "CalledPhoneNumber", "CallDuration", "TalkDuration", "CallStatus", "City",
    "CallRecording",
]  # fmt: skip


def export(rows: int = 3) -> bytes:
    """Good rows over several days, and for each hostile text one row that holds it everywhere."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for number in range(rows):
        writer.writerow(_row(f"GOOD-{number}", f"2026-11-{20 - 3 * (number % 3):02}"))
    for number, text in enumerate(HOSTILE.values()):
        rejected = _row(f"BAD-{number}", "2026-11-20", status=text, city=text)
        rejected[6] = f"{text} 617-555-0123 x"
        writer.writerow(rejected)
        writer.writerow(_row(f"WARN-{number}", "2026-11-20", city=text, recording=text))
    writer.writerow(_row("GOOD-0", "2026-11-20"))
    return file.getvalue().encode()


def _row(session, day, *, status="answered", city="Boston", recording=""):
    start = ["1001", "20012", f"{day}T09:30:00-05:00", "30021", "Invoca", session]
    return [*start, "(617) 555-0123", "8005550199", "3:21", "187", status, city, recording]


def prepared(folder, name="calls.csv", **settings):
    """The run over this export, every cell an example; its files are in `folder / "out"`."""
    source = folder / name
    source.write_bytes(export())
    given = {"now": NOW, "max_rejected_share": 1.0, **settings}
    with patch.object(tally, "EXAMPLES", 100):
        return ck.prepare(str(source), out=folder / "out", **given)
