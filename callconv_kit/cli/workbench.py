"""`callconv workbench`."""

import importlib.util
import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from callconv_kit.cli import shared

NAME = "callconv-workbench"
ADDRESS = "127.0.0.1"
PACKAGES = ("jupyterlab", "ipywidgets", "anywidget", "tomlkit", "matplotlib")
"""What the extra `notebooks` installs."""
EXTENSIONS = Path(__file__).parents[1] / "widgets" / "lab"
"""An extension of JupyterLab that runs the notebook when it is opened."""


@click.command("workbench", epilog="Example: callconv workbench calls.csv")
@click.argument("file", required=False)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8888,
    show_default=True,
    help="The port of JupyterLab.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def workbench_command(file: str | None, port: int, no_browser: bool) -> int:
    """Open the workbench in JupyterLab, for those who don't start Jupyter themselves.

    Starts JupyterLab for this machine only, protected by a new token, with a notebook in this
    folder that opens FILE in the workbench. Ctrl-C stops JupyterLab; the notebook stays.
    """
    from callconv_kit.model.errors import not_installed

    missing = [name for name in PACKAGES if not importlib.util.find_spec(name)]
    if missing:
        raise not_installed("not_installed", "The workbench", " and ".join(missing), "notebooks")
    if file is not None:
        shared.existing(file)
    notebook = _written(json.dumps(_notebook(file), indent=1) + "\n")
    token = secrets.token_urlsafe(24)
    click.echo(f"The workbench: http://{ADDRESS}:{port}/lab/tree/{notebook}?token={token}")
    click.echo("Ctrl-C ends it.")
    # The token goes by the environment: arguments are seen by everybody on the machine.
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    return _serve(notebook, port, no_browser=no_browser, environment=environment)


def _written(text: str) -> Path:
    """A notebook in this folder with this text; one that is there is never replaced.

    Raises:
        InputError: `output_failed`.
    """
    number, path = 1, Path(f"{NAME}.ipynb")
    with shared.output_of(path):
        while path.exists() and path.read_text(encoding="utf-8") != text:
            number += 1
            path = Path(f"{NAME}-{number}.ipynb")
        path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _serve(notebook: Path, port: int, *, no_browser: bool, environment: dict[str, str]) -> int:
    from callconv_kit.model.errors import UsageError

    command = [
        *(sys.executable, "-m", "jupyterlab", str(notebook)),
        *(f"--ip={ADDRESS}", f"--port={port}", "--ServerApp.port_retries=0"),
        *("--log-level=ERROR", "--LabApp.news_url="),
        f"--LabApp.extra_labextensions_path={EXTENSIONS}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if no_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # JupyterLab's own notices are of no use to who works in the browser.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 # our own command
        try:
            status = server.wait()
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
            return 0
        log.seek(0)
        last = log.read().strip().splitlines()[-1:]
    if status:
        raise UsageError(
            "no_workbench",
            f"JupyterLab did not start on port {port}",
            f"exit status {status}{''.join(f': {line}' for line in last)[:300]}",
            "a port that is free",
            "Name another one: --port 8889.",
        )
    return 0


def _notebook(file: str | None) -> dict[str, Any]:
    """A notebook with the workbench in its one cell of code."""
    named = repr(file) if file is not None else ""
    lines = ["from callconv_kit.widgets import Workbench", "", f"Workbench({named})"]
    source = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    title = (
        "# Workbench\n\nFrom an export to a delivered file. What you upload, the job, the fixes "
    )
    title += "and the output stay in this folder."
    return {
        "cells": [
            {"cell_type": "markdown", "id": "cell-00", "metadata": {}, "source": [title]},
            {
                "cell_type": "code",
                "execution_count": None,
                "id": "cell-01",
                "metadata": {"jupyter": {"source_hidden": True}},
                "outputs": [],
                "source": source,
            },
        ],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
