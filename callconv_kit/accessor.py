"""`df.callconv`: the kit's functions as methods of a DataFrame.

A thin face: it holds the frame, remembers nothing and changes nothing in place. The functions are
imported when they are called, so that registering it costs nothing.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from callconv_kit.job import Job
    from callconv_kit.run.check import Checked
    from callconv_kit.run.prepared import Prepared
    from callconv_kit.suite import Validation
    from callconv_kit.suite.stored import Suite
    from callconv_kit.writing.explorer import Explore


@pd.api.extensions.register_dataframe_accessor("callconv")
class CallConvAccessor:
    """The kit's functions for one DataFrame: `df.callconv`, or `CallConvAccessor(df)`.

    pandas adds an accessor when the program runs, so a type checker takes `df.callconv` for a
    column. `CallConvAccessor(df)` is the same object, with types.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def prepare(self, job: "str | Path | Job | None" = None, **options: Any) -> "Prepared":
        """Clean this DataFrame to the format; see `callconv_kit.prepare`.

        Args:
            job: a job file or a Job; none: the defaults.
            **options: every other argument of `callconv_kit.prepare`, and every key of the job
                file under its name.

        Raises:
            UsageError, InputError: as `callconv_kit.prepare`.
        """
        from callconv_kit.run.prepared import prepare

        return prepare(self._frame, job, **options)

    def check(
        self, job: "str | Path | Job | None" = None, *, now: datetime | str | None = None
    ) -> pd.DataFrame:
        """The findings about this DataFrame, nothing changed; see `callconv_kit.check`.

        Args:
            job: a job file or a Job; none: the defaults.
            now: the clock of the age rules; none: the job's, else the real one.

        Returns:
            One row a finding: source_file, source_line, column, code, severity, value, text.
        """
        return self.checked(job, now=now).findings

    def checked(
        self, job: "str | Path | Job | None" = None, *, now: datetime | str | None = None
    ) -> "Checked":
        """The same with its counts; see `callconv_kit.check`.

        Args:
            job: a job file or a Job; none: the defaults.
            now: the clock of the age rules; none: the job's, else the real one.
        """
        from callconv_kit.run.check import check

        return check(self._frame, job, now=now)

    def typed(self) -> pd.DataFrame:
        """The DataFrame in analysis dtypes; see `callconv_kit.typed`."""
        from callconv_kit.run.typed import typed

        return typed(self._frame)

    def validate(self, suite: "Suite | None" = None, **options: Any) -> "Validation":
        """The Great Expectations result; see `callconv_kit.suite.validate`.

        Args:
            suite: a stored suite, or one of Great Expectations; none: the kit's own.
            **options: every other argument of `callconv_kit.suite.validate`.
        """
        from callconv_kit.suite import validate

        return validate(self._frame, suite, **options)

    def explore(self) -> "Explore":
        """The calls in linked charts, in a notebook: by day, hour, partner, status and more.

        The columns are the format's, as text or typed; those that are missing are left out.

        Raises:
            UsageError: `nothing_to_explore`, no column is the format's; `not_installed`.
        """
        from callconv_kit.writing.plots import explore_calls

        return explore_calls(self._frame)
