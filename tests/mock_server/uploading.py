"""A plain client that isn't ours, and files to upload with it."""

import ftplib
import io

from callconv_kit.model import spec

CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-20T09:30:05-05:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
}
NOW = "2026-11-24T12:00:00+00:00"


def call_file(*calls: dict[str, str]) -> bytes:
    """A file of calls that differ from CALL as given; each has a session of its own."""
    rows = [{"CallSessionId": f"S{number}", **CALL, **call} for number, call in enumerate(calls)]
    lines = [",".join(row.get(name, "") for name in spec.NAMES) for row in rows]
    return "\n".join((",".join(spec.NAMES), *lines, "")).encode()


def put(server, content: bytes, name="calls.csv", user="", password="") -> None:
    """Upload by plain FTP."""
    with ftplib.FTP(timeout=60) as ftp:  # what users upload by
        ftp.connect(server.host, server.port)
        ftp.login(user or server.user, password or server.password)
        ftp.storbinary(f"STOR {name}", io.BytesIO(content))
