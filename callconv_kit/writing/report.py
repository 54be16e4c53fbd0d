"""report.html: one self-contained page for a person."""

import html
from typing import Any

from callconv_kit.writing.tally import Tally


def page(summary: dict[str, Any], tally: Tally) -> str:
    """The page of a run."""
    return f"<!doctype html><title>{html.escape(str(summary['rows_read']))}</title>{tally.mask}"


def card(summary: dict[str, Any]) -> str:
    """What a notebook shows of a run."""
    return f"<p>{summary['rows_read']} rows read</p>"
