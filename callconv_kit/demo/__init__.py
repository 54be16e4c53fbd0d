"""The demo: a real, messy export, prepared, and uploaded to a mock of the import server."""

import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.model.errors import UsageError, not_installed

if TYPE_CHECKING:
    from callconv_kit.delivery import Receipt
    from callconv_kit.run.prepared import Prepared
    from mock_server.store import PendingAction, RowError

FILES = ("export.csv", "callconv.toml")


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo came to.

    folder: where its files are: the export, the job, and `out/`.
    receipt: of the upload.
    pending_actions, errors: what the mock server made of the file.
    """

    folder: Path
    prepared: "Prepared"
    receipt: "Receipt"
    pending_actions: "list[PendingAction]"
    errors: "list[RowError]"


def sample(name: str) -> Path:
    """The path of one of the demo's files, for reading: `export.csv` or `callconv.toml`."""
    return Path(str(resources.files("callconv_kit.demo") / name))


def lay_out(folder: Path) -> None:
    """Copy the export and its job to a folder.

    Raises:
        UsageError: the folder holds something else.
    """
    known = {*FILES, "out"}
    if folder.exists() and {item.name for item in folder.iterdir()} - known:
        raise UsageError(
            "folder_in_use",
            f"{folder} holds other files",
            "",
            "a new folder",
            "Name another one: callconv demo FOLDER.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(sample(name), folder / name)


def run(folder: Path) -> Demo:
    """Prepare the export in `folder`, upload it to a mock server, and see what it makes of it.

    Raises:
        UsageError: `mock_missing`: the mock server's packages are not installed, and nothing was
            written; `folder_in_use`.
    """
    from callconv_kit.delivery import upload
    from callconv_kit.job import Connection
    from callconv_kit.run.prepared import prepare

    try:
        from mock_server import MockImportServer
    except ModuleNotFoundError as error:
        raise not_installed("mock_missing", "The demo's mock server", error, "mock") from None
    lay_out(folder)
    prepared = prepare(
        folder / "export.csv", folder / "callconv.toml", out=folder / "out", keep_findings=False
    )
    clock = prepared.job.clock
    with MockImportServer(now=clock) as server:
        connection = Connection(
            protocol="ftp",
            host=server.host,
            port=server.port,
            directory=server.account.name,
            user=server.user,
        )
        # The mock server ends with the demo, so no later upload can repeat this one.
        receipt = upload(
            prepared.ready_file, connection, password=server.password, ledger=None, now=clock
        )
        return Demo(folder, prepared, receipt, server.pending_actions(), server.errors())
