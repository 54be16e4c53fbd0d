"""The pages of the workbench without a browser: what they say, and what they ask before they act."""

import re
import shutil
import threading

import pytest

from callconv_kit.demo import sample
from callconv_kit.job import Job
from callconv_kit.model.codes import CODES
from callconv_kit.model.errors import UsageError
from callconv_kit.widgets import Workbench
from callconv_kit.widgets.parts import Notice, in_map
from callconv_kit.widgets.working import Worker

NOW = "2026-11-24T12:00:00-05:00"
JOB = """preset = "invoca"
timezone = "America/New_York"
date_order = "month-first"
constants = {CampaignId = 1001, MediaId = 20012, ActionTrackerId = 30021}
"""


@pytest.fixture
def workbench(tmp_path):
    shutil.copy(sample("export.csv"), tmp_path / "calls.csv")
    (tmp_path / "callconv.toml").write_text(JOB)
    made = Workbench(tmp_path / "calls.csv", folder=tmp_path, now=NOW)
    yield made
    made.close_all()


@pytest.fixture
def prepared(workbench):
    workbench.preparing.begin()
    workbench.wait()
    return workbench


def widget(page, name):
    """The widget with a class, wherever it is on a page."""
    if f"callconv-{name}" in getattr(page, "_dom_classes", ()):
        return page
    found = (widget(child, name) for child in getattr(page, "children", ()))
    return next((one for one in found if one is not None), None)


def text_of(page, name):
    return re.sub(r"<[^>]+>", "", widget(page, name).value)


def is_shown(page, name):
    """Whether no widget that holds this one is hidden."""
    if f"callconv-{name}" in getattr(page, "_dom_classes", ()):
        return page.layout.display != "none"
    return page.layout.display != "none" and any(
        is_shown(child, name) for child in getattr(page, "children", ()) if widget(child, name)
    )


def states(workbench):
    buttons = workbench.steps.children[0].children
    return [button.description for button in buttons]


def test_each_step_shows_whether_it_is_done_open_or_blocked(workbench, tmp_path):
    assert states(Workbench(folder=tmp_path))[:2] == ["1 Open (1 open)", "2 Map"]
    assert states(workbench) == [
        "✓ 1 Open", "✓ 2 Map", "3 Prepare (1 open)", "4 Review", "5 Check", "6 Deliver",
    ]  # fmt: skip
    workbench.preparing.begin()
    workbench.wait()
    assert states(workbench)[2:4] == ["✓ 3 Prepare", "4 Review (66 open)"]
    row = workbench.session.review.page("Rejected", 0, "status_unknown").rows[0]
    workbench.session.fix(row, {"Call Result": "ANSWER"})
    workbench.go_to("Review")
    assert states(workbench)[2:4] == ["3 Prepare (1 open)", "4 Review (65 open)"]


def test_a_wrong_field_is_marked_where_it_is_and_stops_saving(workbench, tmp_path):
    page = workbench.mapping
    field = widget(page, "constant-MediaId")
    for wrong in ("Eastern", "-1", "1.5", "20012x"):
        field.value = wrong
        assert states(workbench)[1] == "2 Map (1 open)"
        widget(page, "save").click()
        assert "The job is not saved: 1 field is wrong" in page.notice.value
        assert (tmp_path / "callconv.toml").read_text() == JOB
    field.value = "20013"
    widget(page, "save").click()
    assert "The job is saved" in page.notice.value
    assert "MediaId = 20013" in (tmp_path / "callconv.toml").read_text().replace('"', "")


@pytest.fixture
def applying(workbench, monkeypatch):
    """A workbench that is still applying another preset; call it to let that finish."""
    looking, finish = threading.Event(), threading.Event()
    look = workbench.session._look

    def slow(*given):
        found = look(*given)
        looking.set()
        finish.wait()
        return found

    monkeypatch.setattr(workbench.session, "_look", slow)
    widget(workbench.opening, "accept").click()
    looking.wait()

    def done():
        finish.set()
        workbench.wait()

    yield done
    done()


NAMES = ("questions", "mapping", "constant-MediaId", "more", "words-of", "save")


def test_no_setting_can_be_typed_while_another_preset_is_applied(workbench, applying):
    page = workbench.mapping
    assert [name for name in NAMES if is_shown(page, name)] == []
    assert "The fields are back when that is done" in text_of(page, "waiting")
    applying()
    assert [name for name in NAMES if is_shown(page, name)] == list(NAMES)
    assert not is_shown(page, "waiting")


def test_the_fields_are_back_when_the_preset_does_not_fit(workbench, monkeypatch):
    monkeypatch.setattr(workbench.session, "_look", lambda *_: 1 / 0)
    widget(workbench.opening, "accept").click()
    workbench.wait()
    assert "Internal error" in workbench.opening.notice.value
    assert [name for name in NAMES if is_shown(workbench.mapping, name)] == list(NAMES)


def test_a_setting_that_arrives_while_a_preset_is_applied_is_kept(workbench, applying):
    widget(workbench.mapping, "constant-MediaId").value = "20013"
    applying()
    assert widget(workbench.mapping, "constant-MediaId").value == "20013"
    assert workbench.session.settings["constants"]["MediaId"] == "20013"
    assert workbench.session.settings["preset"] == "invoca"


def test_a_setting_that_arrives_after_the_fields_were_replaced_is_shown(workbench):
    old = widget(workbench.mapping, "constant-MediaId")
    widget(workbench.opening, "accept").click()
    workbench.wait()
    old.value = "20013"
    assert widget(workbench.mapping, "constant-MediaId") is not old
    assert widget(workbench.mapping, "constant-MediaId").value == "20013"


def test_a_setting_that_changes_during_a_run_asks_for_another_run(workbench):
    session = workbench.session
    session.prepare(lambda _: session.feed("MediaId", constant="20013"))
    assert session.settings["constants"]["MediaId"] == "20013"
    assert not session.is_current
    session.prepare()
    assert session.is_current


@pytest.mark.parametrize(
    ("lines", "key", "held"),
    [
        ('decimal = "comma"', "decimal", "comma"),
        ('[defaults]\nCallStatus = "INCOMPLETE"', "defaults", {"CallStatus": "INCOMPLETE"}),
        ('[units]\nCallDuration = "milliseconds"', "units", {"CallDuration": "milliseconds"}),
        ('[values.CallStatus]\n"Hung up" = "CANCEL"', "values",
         {"CallStatus": {"Hung up": "CANCEL"}}),
        ("constants = {SubId1 = 'a'}", "constants",
         {"CampaignId": 1001, "MediaId": 20012, "ActionTrackerId": 30021, "SubId1": "a"}),
    ],
)  # fmt: skip
def test_a_setting_without_a_field_is_added_as_advice_writes_it(
    workbench, tmp_path, lines, key, held
):
    page = workbench.mapping
    widget(page, "other-settings").value = lines
    widget(page, "add-settings").click()
    assert workbench.session.settings[key] == held
    assert widget(page, "other-settings").value == ""
    widget(page, "save").click()
    assert Job.load(tmp_path / "callconv.toml").preset == "invoca"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("decimal: comma", "Write each setting as name = value"),
        ("decimal = comma", "Write each setting as name = value"),
        ('decimel = "comma"', "decimal"),
        ('decimal = "dot"', "decimal"),
        ('[constants]\nCampaignId = "many"', "CampaignId"),
    ],
)
def test_a_setting_that_is_wrong_is_refused_where_it_was_typed(workbench, lines, said):
    page, before = workbench.mapping, workbench.session.settings
    widget(page, "other-settings").value = lines
    widget(page, "add-settings").click()
    assert said in page._other.notice.value
    assert workbench.session.settings == before
    assert widget(page, "other-settings").value == lines


def test_advice_names_a_place_in_the_workbench(prepared):
    shown = [row[1]["text"] for row in prepared.reviewing._grid.page["rows"]]
    shown.append(prepared.preparing._card.value)
    assert [text for text in shown if "callconv.toml" in text] == []
    assert any("Map (Values, word by word)" in text for text in shown)
    for code in CODES.values():
        assert "callconv.toml" not in in_map(code.remedy)
    assert in_map(CODES["needs_timezone"].remedy).startswith(
        'In Map, under Other settings, write timezone = "America/New_York"'
    )


def test_results_say_what_not_yet_confirmed_and_complete_mean(prepared):
    page = prepared.delivering
    widget(page, "deliver-mock").click()
    prepared.wait()
    shown = text_of(page, "results")
    rows = prepared.session.prepared.summary["rows_ready"]
    assert f"0 refused, {rows} not yet confirmed, 0 confirmed." in shown
    assert "Not yet confirmed: the server has not refused these calls." in shown
    assert f"{rows} pending actions on the mock server, one for each call" in shown
    assert ": processed (status Complete)." in shown


def test_work_that_begins_while_the_last_result_is_being_shown_waits_for_it():
    worker, shown = Worker(), []
    showing, finish = threading.Event(), threading.Event()

    def show(_):
        showing.set()
        finish.wait()
        shown.append("first")

    worker.start(int, show, Notice())
    showing.wait()
    following = (int, lambda _: shown.append("second"), Notice())
    person = threading.Thread(target=worker.start, args=following)
    person.start()
    finish.set()
    person.join()
    worker.join()
    assert shown == ["first", "second"]


def test_work_that_begins_while_other_work_goes_on_is_refused():
    worker, finish = Worker(), threading.Event()
    worker.start(finish.wait, lambda _: None, Notice())
    with pytest.raises(UsageError, match="Another step is at work"):
        worker.start(int, lambda _: None, Notice())
    finish.set()
    worker.join()


def test_deliver_shows_what_will_be_sent_and_what_is_held_back(prepared):
    told = text_of(prepared.delivering, "to-send")
    rows = prepared.session.prepared.summary["rows_ready"]
    assert f"{rows} rows" in told
    assert "20012" in told
    assert "66 rows rejected; 3 rows left out (duplicate row)" in told


@pytest.mark.parametrize(
    ("name", "question"),
    [("deliver", "Send 135 rows to ftp.example.com as me?"),
     ("deliver-canary", "Send 5 rows to ftp.example.com as me?")],
)  # fmt: skip
def test_a_server_that_is_not_on_this_machine_is_asked_about_first(prepared, name, question):
    page = prepared.delivering
    sent = []
    prepared.deliveries.to = lambda *given, **named: sent.append((given, named))
    widget(page, "host").value = "ftp.example.com"
    widget(page, "user").value = "me"
    widget(page, name).click()
    assert question in text_of(page, "question")
    widget(page, "refuse").click()
    assert text_of(page, "question") == ""
    widget(page, "confirm").click()
    prepared.wait()
    assert sent == []
    widget(page, name).click()
    widget(page, "confirm").click()
    prepared.wait()
    (((connection, *_), named),) = sent
    assert (connection.host, named["canary"]) == ("ftp.example.com", 5 if "canary" in name else 0)


def test_a_canary_goes_first_and_the_rest_after_it_with_the_field_s_password(prepared, tmp_path):
    page, server = prepared.delivering, prepared.deliveries.start_mock()
    for name, value in {"protocol": "ftp", "host": server.host, "port": server.port,
                        "directory": server.account.name, "user": server.user}.items():  # fmt: skip
        widget(page, name).value = value
    widget(page, "deliver-canary").click()
    prepared.wait()
    assert "Type the user and the password in the fields above" in page.notice.value
    assert "export" not in page.notice.value
    widget(page, "password").value = server.password
    widget(page, "test-connection").click()
    prepared.wait()
    assert "The connection works. Nothing was written." in page.notice.value
    assert "login" in text_of(page, "connection-steps")
    widget(page, "deliver-canary").click()
    prepared.wait()
    assert len(server.pending_actions()) == 5
    assert states(prepared)[5] == "6 Deliver (1 open)"
    widget(page, "deliver").click()
    prepared.wait()
    rows = prepared.session.prepared.summary["rows_ready"]
    assert len(server.pending_actions()) == rows
    assert states(prepared)[5] == "✓ 6 Deliver"
    # The ledger is that of the job, whichever folder the notebook runs in.
    assert (tmp_path / ".callconv" / "ledger.sqlite").exists()


def test_a_wrong_password_is_told_of_the_field(prepared):
    page, server = prepared.delivering, prepared.deliveries.start_mock()
    for name, value in {"protocol": "ftp", "host": server.host, "port": server.port,
                        "user": server.user, "password": "wrong"}.items():  # fmt: skip
        widget(page, name).value = value
    for name in ("test-connection", "deliver"):
        widget(page, name).click()
        prepared.wait()
        assert "Type the user and the password in the fields above" in page.notice.value


def test_check_lists_every_rule_by_column_with_its_counts(prepared):
    page = prepared.checking
    widget(page, "validate").click()
    prepared.wait()
    done = prepared.session.validation
    shown = widget(page, "validation").value
    assert shown.count("<tr>") == len(done.outcomes) + 1
    assert shown.count("<td>passed</td>") == len(done.passed)
    assert "<td>EventDate</td>" in shown
    assert f"<td>{prepared.session.prepared.summary['rows_ready']}</td>" in shown


def test_a_rule_that_does_not_hold_comes_first_with_its_rows(prepared):
    ready = prepared.session.ready_file
    ready.write_text(ready.read_text().replace(",ANSWER,", ",BOGUS,"))
    widget(prepared.checking, "validate").click()
    prepared.wait()
    first = widget(prepared.checking, "validation").value.partition("<tbody>")[2][:400]
    assert "CallStatus" in first
    assert "failed" in first
