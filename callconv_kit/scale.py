"""Large files and many files on all cores of this machine, or on a Dask cluster.

Each input, and each stretch of a large one, is read, judged and written by a worker of its own; see
`run.parts`. The outputs are the same to the byte.

    from callconv_kit import scale
    prepared = scale.prepare(sorted(Path("inbox").glob("*.csv")), "callconv.toml", out="out")
    prepared = scale.prepare(files, "callconv.toml", out="out", client=dask.distributed.Client(…))
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from callconv_kit.job import Job
from callconv_kit.run import prepared
from callconv_kit.run.parts import Executor
from callconv_kit.run.prepared import Prepared


def prepare(
    inputs: Sequence[str | Path] | None = None,
    job: str | Path | Job | None = None,
    *,
    workers: int | None = None,
    client: Executor | None = None,
    **options: Any,
) -> Prepared:
    """`callconv_kit.prepare` on several processes.

    One process reads all inputs where one of them is an archive or standard input, and on a cluster
    also where the job asks a ledger. A large file is read in stretches where it is plain text, not
    compressed.

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
    cores = os.cpu_count() or 1
    return prepared.prepare(inputs, job, workers=workers or cores, executor=client, **chosen)
