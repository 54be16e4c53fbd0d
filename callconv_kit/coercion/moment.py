"""EventDate: every way of writing a moment, out as `2026-09-10T22:55:32-08:00`.

`read` is the rule for one text; `kernel` gives the same answers for whole columns, most of them
by arithmetic on arrays (`moment_vector`).

Source: EventDate in the format reference is ISO 8601. The other ways of writing it are those seen
in the exports of call-tracking vendors and of spreadsheets.
"""

from callconv_kit.coercion.cells import Kernel, Reading, vectorised
from callconv_kit.coercion.moment_rule import (
    SERIAL,
    MomentSettings,
    is_coarse,
    order_evidence,
    read,
    serials,
)
from callconv_kit.coercion.moment_vector import vector

__all__ = ["SERIAL", "MomentSettings", "is_coarse", "kernel", "order_evidence", "read", "serials"]


def kernel(settings: MomentSettings) -> Kernel:
    """The kernel of EventDate under these settings.

    Texts are trimmed and free of invisible characters. The codes `needs_timezone` and
    `needs_date_order` are for the whole file to stop on.
    """

    def scalar(text: str) -> Reading:
        return read(text, settings)

    return vectorised(vector(settings), scalar)
