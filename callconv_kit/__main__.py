"""`python -m callconv_kit` is `callconv`."""

from callconv_kit.cli.main import entry

entry()
