"""The `callconv` command: a thin face. Each command makes one call of the library."""

from callconv_kit.cli.main import main

__all__ = ["main"]
