"""What `prepare` and `run` ask of the allocators."""

import os
import subprocess
import sys

import pytest

BEFORE_PYARROW = """
import os, sys
from callconv_kit.cli import following, prepare, shared
assert "pyarrow" not in sys.modules  # it reads the setting when it is imported
shared.keep_memory()
print(os.environ["MIMALLOC_PURGE_DELAY"])
"""


@pytest.mark.parametrize(("given", "kept"), [({}, "-1"), ({"MIMALLOC_PURGE_DELAY": "50"}, "50")])
def test_memory_is_kept_unless_the_user_says_otherwise(given, kept):
    environment = {**os.environ, **given}
    if not given:
        environment.pop("MIMALLOC_PURGE_DELAY", None)
    told = subprocess.run(
        [sys.executable, "-c", BEFORE_PYARROW],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == kept
