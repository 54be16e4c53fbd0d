"""The name of a file on the server."""

from datetime import UTC, datetime

import pytest

from callconv_kit.delivery.naming import LONGEST, file_name, with_suffix
from callconv_kit.model.errors import UsageError

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHA256 = "0123456789abcdef" * 4

NAMES = {
    "all that a template may hold": (
        "{date}_{hash}_{part}.csv", "2of3", "2026-11-20_0123456789ab_2of3.csv",
    ),
    "the only part": ("calls_{part}.csv", "", "calls_1of1.csv"),
    "a part that the template has no place for": ("calls.csv", "canary", "calls_canary.csv"),
    "a part before the ending of an encrypted file": ("calls.csv.pgp", "1of2", "calls_1of2.csv.pgp"),
    "as long as a name may be": ("{hash}".ljust(LONGEST - 6, "x"), "", "0123456789ab".ljust(LONGEST, "x")),
}  # fmt: skip


@pytest.mark.parametrize(("template", "part", "name"), NAMES.values(), ids=NAMES)
def test_a_template_becomes_a_name(template: str, part: str, name: str) -> None:
    assert file_name(template, now=NOW, sha256=SHA256, part=part) == name


REFUSED = {
    "receipt_ is the server's own": ("receipt_{date}.csv", "begin with receipt_ or result_"),
    "result_ is, whatever the case": ("Result_{hash}.csv", "begin with receipt_ or result_"),
    "longer than a file system takes": ("{date}" + "x" * LONGEST, f"longer than {LONGEST} bytes"),
    "too long in bytes, not in characters": ("é" * (LONGEST // 2) + ".csv", f"longer than {LONGEST} bytes"),
    "too long with its part": ("{hash}" + "x" * (LONGEST - 12), "longer than"),
}  # fmt: skip


@pytest.mark.parametrize(("template", "why"), REFUSED.values(), ids=REFUSED)
def test_a_name_that_the_server_would_lose_is_refused(template: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        file_name(template, now=NOW, sha256=SHA256, part="canary")
    assert caught.value.code == "file_name_invalid"
    assert why in caught.value.found


def test_a_suffix_goes_to_the_end_of_a_name_without_extension() -> None:
    assert with_suffix("calls", "canary") == "calls_canary"
