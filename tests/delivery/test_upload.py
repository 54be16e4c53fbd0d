"""`upload`: a receipt, or an error that says what to do next."""

import subprocess
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.delivery import Patience, State, upload
from callconv_kit.delivery.attempt import Reply, judge
from callconv_kit.delivery.credentials import credentials_of
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.manual_entries import mark_sent, settle, status
from callconv_kit.delivery.transport import ABSENT, HIDDEN, NAMED, UNREACHED, Seen, Sight
from callconv_kit.job import Connection
from callconv_kit.model.errors import (
    CallConvError,
    DeliveryError,
    InputError,
    OutcomeUnknown,
    UsageError,
)
from mock_server.accounts import make
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to, needs, ready_text, sessions_on, write_ready

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def send(ready: Path, server: MockImportServer, **more: Any) -> Any:
    connection = connection_to(server, **more.pop("connection", {}))
    given = {"password": PASSWORD, "patience": HASTY, "now": NOW, "ledger": None}
    return upload(ready, connection, **{**given, **more})


# -- the decision ----------------------------------------------------------------------------------

WHOLE, SHORT = Seen(Sight.SIZED, 100), Seen(Sight.SIZED, 99)
D, U = State.DELIVERED, State.UNKNOWN

DECISIONS = [
    # the reply, what the server shows; the state, with verify = "required", with settle_by_size
    (Reply.OK, WHOLE, D, D, D),
    (Reply.OK, SHORT, U, U, U),
    (Reply.OK, Seen(Sight.SIZED, 0), U, U, U),
    (Reply.OK, Seen(Sight.SIZED, 101), U, U, U),
    (Reply.OK, ABSENT, D, U, D),
    (Reply.OK, HIDDEN, D, U, D),
    (Reply.OK, NAMED, D, U, D),
    (Reply.OK, UNREACHED, D, U, D),
    (Reply.REFUSED, WHOLE, U, U, U),
    (Reply.REFUSED, ABSENT, U, U, U),
    (Reply.NONE, WHOLE, U, U, D),
    (Reply.NONE, SHORT, U, U, U),
    (Reply.NONE, ABSENT, U, U, U),
    (Reply.NONE, HIDDEN, U, U, U),
    (Reply.NONE, NAMED, U, U, U),
    (Reply.NONE, UNREACHED, U, U, U),
]


@pytest.mark.parametrize(("reply", "seen", "state", "strictly", "by_size"), DECISIONS)
def test_what_is_known_of_a_file_after_bytes_were_sent(
    reply: Reply, seen: Seen, state: State, strictly: State, by_size: State
) -> None:
    assert judge(reply, seen, 100, must_verify=False) is state
    assert judge(reply, seen, 100, must_verify=True) is strictly
    assert judge(reply, seen, 100, must_verify=False, settle_by_size=True) is by_size


LOOKS = ("SIZE", "MLSD", "LIST", "NLST")
"""All ways in which a client can look for a file."""

# -- the receipt -----------------------------------------------------------------------------------


def test_a_receipt_says_what_was_delivered(server: MockImportServer, ready: Path) -> None:
    seen: list[tuple[int, int]] = []
    receipt = send(ready, server, progress=lambda done, all_: seen.append((done, all_)))
    size = ready.stat().st_size
    assert (receipt.state, receipt.rows, receipt.bytes) == (State.DELIVERED, 3, size)
    assert receipt.name == f"2026-11-20_CallConversionData_{receipt.sha256[:12]}.csv"
    assert (receipt.attempts, seen[-1]) == (1, (size, size))
    assert receipt.started.date() == NOW.date()
    assert receipt.as_dict()["state"] == "delivered"
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_server_that_lets_nobody_look_is_believed_with_a_warning(
    server: MockImportServer, ready: Path
) -> None:
    for command in LOOKS:
        server.fault("no-size", None, command=command)
    receipt = send(ready, server)
    assert receipt.state is State.DELIVERED
    assert "its size is not verified" in receipt.warnings[0]
    assert sessions_on(server) == ["A", "B", "C"]


def test_and_is_not_believed_where_verifying_is_required(
    server: MockImportServer, ready: Path
) -> None:
    for command in LOOKS:
        server.fault("no-size", None, command=command)
    with pytest.raises(OutcomeUnknown) as caught:
        send(ready, server, connection={"verify": "required"})
    assert caught.value.code == "unverified"


def test_a_name_that_is_only_listed_is_not_verified(server: MockImportServer, ready: Path) -> None:
    for command in ("SIZE", "MLSD", "LIST"):
        server.fault("no-size", None, command=command)
    receipt = send(ready, server)
    assert receipt.state is State.DELIVERED
    assert "without a size" in receipt.warnings[0]


# -- with a ledger ---------------------------------------------------------------------------------


def test_the_same_file_goes_once(server: MockImportServer, ready: Path, ledger: Ledger) -> None:
    first = send(ready, server, ledger=ledger)
    again = send(ready, server, ledger=ledger)
    assert (again.state, again.rows, again.attempts) == (State.DELIVERED, 0, 0)
    assert again.name == first.name
    assert again.left_out == {"already_sent": 3}
    assert len(server.submissions()) == 1


def test_a_file_of_changed_rows_is_not_called_delivered_before(
    server: MockImportServer, tmp_path: Path, ledger: Ledger
) -> None:
    send(write_ready(tmp_path / "a.csv", "A", "B"), server, ledger=ledger)
    changed = write_ready(tmp_path / "b.csv", "A", "B", SaleAmount="40.00")
    receipt = send(changed, server, ledger=ledger)
    assert receipt.left_out == {"changed_since_sent": 2}
    assert receipt.message.startswith("Nothing was sent")
    assert receipt.warnings == ("2 rows of the file were not sent: changed_since_sent",)


def test_rows_that_went_to_another_server_are_named(
    server: MockImportServer, tmp_path: Path, ready: Path, ledger: Ledger
) -> None:
    send(ready, server, ledger=ledger)
    assert send(ready, server, ledger=ledger).warnings == ()
    with MockImportServer(tmp_path / "other", [make("demo", PASSWORD)]) as other:
        (warning,) = send(ready, other, ledger=ledger).warnings
    assert f":{server.port}" in warning
    assert "--new-ledger" in warning


TWICE = {
    "the same row": ({}, {}),
    "another amount": ({"SaleAmount": "40.00"}, {"SaleAmount": "99.00"}),
    "one event of two sessions": (
        {"VendorEventId": "E", "CallSessionId": "S1"},
        {"VendorEventId": "E", "CallSessionId": "S2"},
    ),
}


@pytest.mark.parametrize("calls", TWICE.values(), ids=TWICE)
def test_a_file_that_holds_a_call_twice_is_refused(
    server: MockImportServer, tmp_path: Path, ledger: Ledger, calls: Any
) -> None:
    path = tmp_path / "together.csv"
    path.write_text(ready_text({"CallSessionId": "B"}, *calls))
    with pytest.raises(InputError, match=r"together.csv holds 1 rows.*lines 3 and 4") as caught:
        send(path, server, ledger=ledger)
    assert caught.value.code == "duplicate_in_file"
    assert server.submissions() == []


def test_of_two_files_prepared_before_either_went_the_second_sends_what_is_left(
    server: MockImportServer, tmp_path: Path, ledger: Ledger
) -> None:
    first, second = tmp_path / "1" / "ready.csv", tmp_path / "2" / "ready.csv"
    write_ready(first, "A", "B")
    write_ready(second, "B", "C")
    send(first, server, ledger=ledger)
    receipt = send(second, server, ledger=ledger)
    assert (receipt.rows, receipt.left_out) == (1, {"already_sent": 1})
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_canary_goes_first_and_the_rest_after_it(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    canary = send(ready, server, ledger=ledger, canary=1)
    assert canary.name.endswith("_canary.csv")
    assert sessions_on(server) == ["A"]
    assert send(ready, server, ledger=ledger).rows == 2
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_file_is_split_with_the_ledger_by_part(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    more = {"max_rows_per_file": 2, "file_name": "{date}_{part}_{hash}.csv"}
    receipt = send(ready, server, ledger=ledger, connection=more)
    assert [part.rows for part in receipt.parts] == [2, 1]
    assert [part.name[:16] for part in receipt.parts] == ["2026-11-20_1of2_", "2026-11-20_2of2_"]
    assert len(ledger.submissions()) == 2
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_split_that_breaks_off_goes_on_where_it_stopped(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    more = {"max_rows_per_file": 1}
    send(write_ready(ready.with_name("one.csv"), "A"), server, ledger=ledger)
    server.fault("stor-550")
    with pytest.raises(DeliveryError):
        send(ready, server, ledger=ledger, connection=more)
    receipt = send(ready, server, ledger=ledger, connection=more)
    assert receipt.left_out == {"already_sent": 1}
    assert sessions_on(server) == ["A", "B", "C"]


def test_an_unknown_outcome_is_held_back_until_a_person_settles_it(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    server.fault("late-451")
    with pytest.raises(OutcomeUnknown):
        send(ready, server, ledger=ledger)
    with pytest.raises(OutcomeUnknown, match="held back"):
        send(ready, server, ledger=ledger)
    assert [submission.state for submission in status(ledger).unknown] == [State.UNKNOWN]
    settle(ledger, delivered=False)
    assert send(ready, server, ledger=ledger).rows == 3
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_person_may_have_it_sent_again(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    server.fault("late-451")
    with pytest.raises(OutcomeUnknown):
        send(ready, server, ledger=ledger)
    receipt = send(ready, server, ledger=ledger, resend=True)
    assert receipt.rows == 3
    assert [s.state for s in ledger.submissions()] == [State.RESENT, State.DELIVERED]
    assert send(ready, server, ledger=ledger, resend=True).rows == 0
    assert sessions_on(server) == ["A", "B", "C"]


def test_what_was_uploaded_by_hand_never_goes_again(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    mark_sent(ready, ledger)
    assert send(ready, server, ledger=ledger).left_out == {"already_sent": 3}
    assert sessions_on(server) == []


def test_the_same_calls_with_a_sale_are_left_to_a_person(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    send(ready, server, ledger=ledger)
    write_ready(ready, "A", "B", "D", SaleAmount="10.00")
    receipt = send(ready, server, ledger=ledger)
    assert (receipt.rows, receipt.left_out) == (1, {"changed_since_sent": 2})
    assert "changed_since_sent" in receipt.warnings[0]


def test_settling_asks_which_one_where_several_are_unknown(
    server: MockImportServer, tmp_path: Path, ledger: Ledger
) -> None:
    for name in ("A", "B"):
        server.fault("late-451")
        with pytest.raises(OutcomeUnknown):
            send(write_ready(tmp_path / f"{name}.csv", name), server, ledger=ledger)
    with pytest.raises(UsageError) as caught:
        settle(ledger, delivered=True)
    assert caught.value.code == "which_submission"
    first, second = ledger.submissions()
    assert settle(ledger, delivered=True, which=first.name).state is State.DELIVERED
    assert settle(ledger, delivered=False, which=second.sha256[:10]).state is State.NOT_DELIVERED
    with pytest.raises(UsageError) as caught:
        settle(ledger, delivered=True, which="nothing.csv")
    assert caught.value.code == "no_such_submission"


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with Ledger.open(tmp_path / "ledger" / "ledger.sqlite", now=NOW) as opened:
        yield opened


# -- what is refused before a connection is made ---------------------------------------------------

NOT_READY = {
    "no such file": (None, "unreadable"),
    "no header": ("hello\n", "not_ready"),
    "an export": ("Call ID,Duration\n1,2\n", "not_ready"),
    "no rows": (ready_text(), "no_rows"),
    "a binary": ("\x00\x01\x02", "not_ready"),
}


@pytest.mark.parametrize(("text", "code"), NOT_READY.values(), ids=NOT_READY)
def test_only_a_ready_file_is_sent(tmp_path: Path, text: str | None, code: str) -> None:
    path = tmp_path / "ready.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as caught:
        upload(path, Connection(host="nowhere.invalid", user="u"), password=PASSWORD, ledger=None)
    assert (caught.value.code, caught.value.exit_status) == (code, 3)


def test_a_line_break_in_a_cell_is_refused(
    server: MockImportServer, tmp_path: Path, ledger: Ledger
) -> None:
    path = tmp_path / "ready.csv"
    path.write_text(ready_text({"CallSessionId": '"A\nB"'}, {"CallSessionId": "C"}))
    with pytest.raises(InputError) as caught:
        send(path, server, ledger=ledger)
    assert caught.value.code == "not_ready"


INCOMPLETE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no user": ({"user": ""}, {}, "connection_incomplete"),
    "a canary without a ledger": ({}, {"canary": 1}, "needs_ledger"),
    "parts without a ledger": ({"max_rows_per_file": 2}, {}, "needs_ledger"),
    "no such authority": ({"protocol": "ftps", "ca_file": "/nowhere.pem"}, {}, "ca_file_unusable"),
}


@pytest.mark.parametrize(("connection", "more", "code"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_what_is_missing_is_said_before_connecting(
    ready: Path, connection: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    given = {"host": "nowhere.invalid", "user": "u", "protocol": "ftp", **connection}
    with pytest.raises(UsageError) as caught:
        upload(ready, Connection(**given), password=PASSWORD, ledger=None, **more)
    assert (caught.value.code, caught.value.exit_status) == (code, 2)


def test_a_file_that_changes_while_it_is_sent_is_not_taken_for_delivered(
    server: MockImportServer, ready: Path
) -> None:
    def change(*_: int) -> None:
        ready.write_text(ready_text({"CallSessionId": "Z"}))

    with pytest.raises(OutcomeUnknown) as caught:
        send(ready, server, progress=change)
    assert caught.value.code == "file_changed"


@pytest.mark.parametrize("size", ["the same", "another"])
def test_a_file_that_is_replaced_before_a_further_try_is_not_sent(
    server: MockImportServer, tmp_path: Path, ready: Path, size: str
) -> None:
    """What the ledger has noted is what goes: another run may write a new ready.csv meanwhile."""
    others = ["X", "Y", "Z"] if size == "the same" else ["X", "Y"]

    def replace_it(_: float) -> None:
        write_ready(tmp_path / "new.csv", *others).replace(ready)

    server.fault("close-connection", 1)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        patience = Patience(attempts=3, first_wait=0.0, sleep=replace_it)
        with pytest.raises(DeliveryError) as caught:
            send(ready, server, patience=patience, ledger=ledger)
        assert (caught.value.code, caught.value.exit_status) == ("file_replaced", 4)
        assert sessions_on(server) == []

        send(ready, server, ledger=ledger)
    assert sessions_on(server) == others


def test_a_transfer_that_takes_too_long_is_given_up(server: MockImportServer, ready: Path) -> None:
    with pytest.raises(DeliveryError):
        send(ready, server, patience=Patience(attempts=1, transfer=-1.0, sleep=lambda _: None))


def test_a_ledger_that_can_not_be_written_stops_before_the_first_byte(
    server: MockImportServer, ready: Path, tmp_path: Path
) -> None:
    needs("mount", "umount")
    folder = tmp_path / "readonly"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)
    try:
        with Ledger.open(folder / "ledger.sqlite") as ledger:
            send(ready, server, ledger=ledger)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        write_ready(ready, "D")
        with pytest.raises(DeliveryError) as caught:
            upload_with(folder / "ledger.sqlite", ready, server)
        assert (caught.value.code, caught.value.exit_status) == ("ledger_read_only", 4)
        assert caught.value.next_step
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert sessions_on(server) == ["A", "B", "C"]


def upload_with(path: Path, ready: Path, server: MockImportServer) -> None:
    with Ledger.open(path) as ledger:
        send(ready, server, ledger=ledger)


# -- credentials -----------------------------------------------------------------------------------

HERE = Connection(host="ftp.example.com", user="demo", protocol="ftp")


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    assert credentials_of(HERE).password == PASSWORD


def test_or_from_netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_netrc(tmp_path, f"machine ftp.example.com login demo password {PASSWORD}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    netrc = Connection(host="ftp.example.com", protocol="ftp", password_from="netrc")
    found = credentials_of(netrc)
    assert (found.user, found.password) == ("demo", PASSWORD)


def test_or_from_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    asked: list[tuple[str, str]] = []

    def get(service: str, account: str) -> str:
        asked.append((service, account))
        return PASSWORD

    monkeypatch.setattr(keyring, "get_password", get)
    ring = Connection(host="ftp.example.com", user="demo", protocol="ftp", password_from="keyring")
    assert credentials_of(ring).password == PASSWORD
    assert asked == [("callconv_kit", "demo@ftp.example.com")]


MISSING = {
    "no variable": ("env:NOT_THERE", "", "the environment has no NOT_THERE"),
    "no machine": ("netrc", "machine x login y password z\n", "no machine ftp.example.com"),
    "another login": (
        "netrc",
        f"machine ftp.example.com login other password {PASSWORD}\n",
        "another login",
    ),
    "not a netrc": ("netrc", f"{PASSWORD} {PASSWORD}\n", "can't be used"),
}


@pytest.mark.parametrize(("source", "text", "found"), MISSING.values(), ids=MISSING)
def test_a_missing_password_is_an_error_that_says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, text: str, found: str
) -> None:
    write_netrc(tmp_path, text)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(UsageError) as caught:
        credentials_of(HERE.model_copy(update={"password_from": source}))
    assert caught.value.code == "password_missing"
    assert found in caught.value.found
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in shown(caught.value)


def shown(error: BaseException) -> str:
    """As a traceback prints it."""
    return "".join(traceback.format_exception(error))


def write_netrc(folder: Path, text: str) -> None:
    path = folder / "netrc"
    path.touch(mode=0o600)
    path.write_text(text)


def test_no_repr_shows_a_password() -> None:
    assert PASSWORD not in repr(credentials_of(HERE, PASSWORD))
    assert PASSWORD not in str(credentials_of(HERE, PASSWORD))


def test_a_server_that_repeats_the_password_is_not_quoted(ready: Path) -> None:
    from .scripted import Script

    script = Script({"PASS": f"530 {PASSWORD} is not the password of demo"})
    with script.serving() as port:
        connection = Connection(protocol="ftp", host="127.0.0.1", port=port, user="demo")
        with pytest.raises(CallConvError) as caught:
            upload(ready, connection, password=PASSWORD, patience=HASTY, ledger=None)
    assert PASSWORD not in shown(caught.value)
    assert "530 *** is not the password" in shown(caught.value)
