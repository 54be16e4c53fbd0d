"""What all tests share."""

from hypothesis import settings

from .leaks import pytest_configure, pytest_runtest_makereport

__all__ = ["pytest_configure", "pytest_runtest_makereport"]

# A property says what is true, not how fast: a busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
