"""The proposals as a frame, for a notebook: `ck.propose("calls.csv")`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.job import Job
from callconv_kit.profiling.inspection import inspect
from callconv_kit.profiling.questions import written
from callconv_kit.reading import Input

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("column", "source", "confidence", "why", "alternatives")


def propose(source: Input, job: str | Path | Job | None = None, **settings: Any) -> "pd.DataFrame":
    """What each column of the format may come from; nothing is changed and nothing is applied.

    Args:
        source: a path, an address, `-` for standard input, or a DataFrame.
        job: a job file or a Job; what it names counts as known.
        **settings: every key of the job file under its name.

    Returns:
        A row for each column of the format, in its order: `column`; `source`, as `init` takes it
        for an answer (empty for nothing); `confidence` (`sure`, `likely`, `none`); `why`; and
        `alternatives`, with ` or ` between.

    Raises:
        InputError: it can't be read as a table.
        UsageError: the job is wrong.
    """
    import pandas as pd

    seen = inspect(source, job, **settings)
    rows = [
        (
            name,
            written(each),
            each.confidence,
            each.because,
            " or ".join(" + ".join(other.sources) for other in each.alternatives),
        )
        for name, each in seen.proposals.mapping.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
