"""Many files side by side: on all cores of this machine, or on a Dask cluster.

Each input is read, judged and written by a process of its own, with the functions that a run on
one core uses; what it knows of its rows (their keys, 57 bytes each, and counts) comes back, and
duplicates are settled over all of them. The outputs are the same to the byte.

    from callconv_kit import scale
    prepared = scale.prepare(sorted(Path("inbox").glob("*.csv")), "callconv.toml", out="out")
    prepared = scale.prepare(files, "callconv.toml", out="out", client=dask.distributed.Client(…))
"""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from callconv_kit.job import Job
from callconv_kit.run import prepared
from callconv_kit.run.pipeline import Executor
from callconv_kit.run.prepared import Prepared


def prepare(
    inputs: Sequence[str | Path] | None = None,
    job: str | Path | Job | None = None,
    *,
    workers: int | None = None,
    client: Executor | None = None,
    **options: Any,
) -> Prepared:
    """`callconv_kit.prepare`, with several processes for several files.

    One file is read by one process. So are inputs that can't be read apart: archives, calls that
    stand as several rows, rows that correct others, and rows that a ledger is asked about.

    Args:
        inputs: paths or addresses; none: the job's `input`.
        job: a job file or a Job.
        workers: processes on this machine; none: one for each core. Of no account with `client`.
        client: a `dask.distributed.Client`; its workers must reach the inputs and `out` under the
            same paths.
        **options: of `callconv_kit.prepare`. Findings are not kept in memory.

    Raises:
        UsageError: as `callconv_kit.prepare`.
        InputError: as `callconv_kit.prepare`.
    """
    chosen: dict[str, Any] = {**options, "keep_findings": False}
    if client is not None:
        return prepared.prepare(inputs, job, executor=client, **chosen)
    # A new interpreter for each: forking one that runs threads of pyarrow may lock up.
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=start) as pool:
        return prepared.prepare(inputs, job, executor=pool, **chosen)
