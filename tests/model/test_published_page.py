"""A saved copy of the published page, compared with the column table."""

import json

import pytest

from callconv_kit.cli.main import main
from callconv_kit.model import spec
from callconv_kit.model.errors import InputError
from callconv_kit.model.published_page import (
    DESCRIPTIONS,
    Difference,
    differences,
    fingerprint,
    read,
)


def described(column):
    """A column in the page's own order of facts; the description is not the page's."""
    lines = [column.name, column.published_type, "Required" if column.required else "Optional"]
    if column.default:
        lines.append(f"When NULL, defaults to {column.default}.")
    if column.name == "CallStatus":
        lines += column.allowed
    return "\n".join(lines)


@pytest.fixture
def page(monkeypatch):
    """A page that says what our table says."""
    text = "Call conversion file format reference\n"
    text += "\n".join(described(column) for column in spec.COLUMNS)
    text += "\nExample CSV\nLast updated\n"
    for column in read(text):
        monkeypatch.setitem(DESCRIPTIONS, column.name, fingerprint(column.description))
    return text


def test_the_same_page_does_not_differ(page):
    assert differences(page) == []


def test_html_is_read_as_its_text(page):
    lines = "".join(f"<div><p>{line}&nbsp;</p></div>" for line in page.splitlines())
    html = f"<html><script>City = 1</script><body>{lines}</body></html>"
    assert differences(html) == []


CHANGED = {
    "a type": (("AdId\nInteger", "AdId\nString"), Difference("AdId", "type", "Integer", "String")),
    "a need": (
        ("City\nString\nOptional", "City\nString\nRequired"),
        Difference("City", "required", "optional", "required"),
    ),
    "a status": (
        ("FAILURE\n", "FAILED\n"),
        Difference(
            "CallStatus",
            "allowed",
            " ".join(spec.STATUSES),
            " ".join(spec.STATUSES).replace("FAILURE", "FAILED"),
        ),
    ),
    "a new column": (
        ("UserAgent\n", "Device\nString\nOptional\nThe device.\nUserAgent\n"),
        Difference("Device", "column", "", "String, optional"),
    ),
    "a column that is gone": (
        ("UserAgent\nString\nOptional\n", ""),
        Difference("UserAgent", "column", "present", ""),
    ),
    "a description": (
        ("Region\nString\nOptional\n", "Region\nString\nOptional\nA state.\n"),
        Difference("Region", "description", "as of November 2026", "A state."),
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGED.values(), ids=CHANGED)
def test_a_change_of_the_page_is_named(page, change, expected):
    assert differences(page.replace(*change)) == [expected]


def test_a_default_that_changed_is_named(page):
    name = "CallerPhoneNumberCountry"
    changed = page.replace(
        f"{name}\nString\nOptional\nWhen NULL, defaults to US",
        f"{name}\nString\nOptional\nWhen NULL, defaults to CA",
    )
    assert Difference(name, "default", "US", "CA") in differences(changed)


def test_another_page_is_refused():
    with pytest.raises(InputError) as raised:
        differences("<html><p>Something else</p></html>")
    assert raised.value.code == "not_the_page"


def test_the_command_says_what_changed(page, tmp_path, capsys):
    file = tmp_path / "page.txt"
    file.write_text(page.replace("AdId\nInteger", "AdId\nString"), encoding="utf-8")
    assert main(["columns", "--compare", str(file)]) == 1
    assert capsys.readouterr().out == "AdId: type here: Integer; on the page: String\n"
    assert main(["columns", "--compare", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["what"] == "type"
    file.write_text(page, encoding="utf-8")
    assert main(["columns", "--compare", str(file)]) == 0


def test_a_page_that_cannot_be_read_is_an_error_in_words(tmp_path, capsys):
    assert main(["columns", "--compare", str(tmp_path / "none.html")]) == 3
    assert "can't be read" in capsys.readouterr().err
