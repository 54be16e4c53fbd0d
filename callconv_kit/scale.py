"""Large files and many files on all cores of this machine, or on a Dask cluster.

Each input, and each stretch of a large one, is read, judged and written by a separate worker; see
`run.parts`. The outputs are the same to the byte.

    from callconv_kit import scale
    prepared = scale.prepare(sorted(Path("inbox").glob("*.csv")), "callconv.toml", out="out")
    prepared = scale.prepare(files, "callconv.toml", out="out", client=dask.distributed.Client(…))
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callconv_kit.job import Job
from callconv_kit.model.errors import UsageError, not_installed
from callconv_kit.run import prepared
from callconv_kit.run.prepared import Prepared


def prepare(
    inputs: Sequence[str | Path] | None = None,
    job: str | Path | Job | None = None,
    *,
    workers: int | None = None,
    client: Any = None,
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
            same paths or addresses.
        **options: of `callconv_kit.prepare`. Findings are not kept in memory.

    Raises:
        UsageError: as `callconv_kit.prepare`.
        InputError: as `callconv_kit.prepare`.
    """
    chosen: dict[str, Any] = {**options, "keep_findings": False}
    cores = os.cpu_count() or 1
    return prepared.prepare(inputs, job, workers=workers or cores, client=client, **chosen)


SECONDS_TO_CONNECT = 10


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """A `dask.distributed.Client` of the cluster whose scheduler has this address; None for none.

    Raises:
        UsageError: `not_installed`, or `cluster_unreachable`.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise not_installed("not_installed", "Using a cluster", error, "scale") from error
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT)  # type: ignore[no-untyped-call] # Dask has no types here
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            "cluster_unreachable",
            "The cluster can't be reached",
            address,
            "the address of a Dask scheduler, such as tcp://10.0.0.5:8786",
            "Check the address, and that the scheduler is running.",
        ) from error
    with client:
        yield client
