"""How commands that read files set up their process."""

import os
import subprocess
import sys

import pytest

from callconv_kit.cli.shared import COLLECT_AFTER, PROCESS_SETTINGS

BEFORE_PACKAGES = """
import gc, os, sys
from callconv_kit.cli import following, prepare, shared
# They read the settings when they are imported.
assert not {"numpy", "pyarrow", "pydantic"} & sys.modules.keys()
shared.tune_process()
print(*(os.environ[name] for name in shared.PROCESS_SETTINGS), gc.get_threshold()[0])
"""


@pytest.mark.parametrize(
    "given", [{}, *({name: "50"} for name in PROCESS_SETTINGS)], ids=["none", *PROCESS_SETTINGS]
)
def test_a_setting_of_the_user_stays(given):
    environment = {
        name: value for name, value in os.environ.items() if name not in PROCESS_SETTINGS
    }
    told = subprocess.run(
        [sys.executable, "-c", BEFORE_PACKAGES],
        env={**environment, **given},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = {**PROCESS_SETTINGS, **given}
    assert told.stdout.split() == [*expected.values(), str(COLLECT_AFTER)]
