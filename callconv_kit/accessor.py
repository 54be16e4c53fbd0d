"""`df.callconv`: the kit's functions as methods of a DataFrame.

A thin face: it holds the frame, remembers nothing and changes nothing in place. The functions are
imported when they are called, so that registering it costs nothing.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from callconv_kit.run.check import Checked
    from callconv_kit.run.prepared import Prepared
    from callconv_kit.suite import Validation


@pd.api.extensions.register_dataframe_accessor("callconv")
class CallConvAccessor:
    """The kit's functions for this frame; each is documented where it is defined."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def prepare(self, job: Any = None, **options: Any) -> "Prepared":
        """Clean this frame to the format; see `callconv_kit.prepare`."""
        from callconv_kit.run.prepared import prepare

        return prepare(self._frame, job, **options)

    def check(self, job: Any = None, *, now: datetime | str | None = None) -> pd.DataFrame:
        """The findings about this frame, nothing changed; see `callconv_kit.check`."""
        return self.checked(job, now=now).findings

    def checked(self, job: Any = None, *, now: datetime | str | None = None) -> "Checked":
        """The same with its counts; see `callconv_kit.check`."""
        from callconv_kit.run.check import check

        return check(self._frame, job, now=now)

    def typed(self) -> pd.DataFrame:
        """The frame in analysis dtypes; see `callconv_kit.run.typed`."""
        from callconv_kit.run.typed import typed

        return typed(self._frame)

    def validate(self, *arguments: Any, **options: Any) -> "Validation":
        """The Great Expectations result; see `callconv_kit.suite.validate`."""
        from callconv_kit.suite import validate

        return validate(self._frame, *arguments, **options)
