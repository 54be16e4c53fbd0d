"""The workbench: open, map, prepare, review, check and deliver an export in a notebook.

from callconv_kit.widgets import Workbench
Workbench()                                # or Workbench("calls.csv")

Its state is a `Session`, which needs no notebook; the pages show it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.model.errors import not_installed
from callconv_kit.widgets.session import Session

if TYPE_CHECKING:
    import pandas as pd

    from callconv_kit.widgets.calls import Explore
    from callconv_kit.widgets.workbench import Workbench as Workbench

__all__ = ["Session", "Workbench", "explore_calls"]

_PACKAGES = ("anywidget", "ipywidgets", "tomlkit", "traitlets")


def __getattr__(name: str) -> Any:
    """Load ipywidgets when the workbench is first asked for."""
    if name != "Workbench":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from callconv_kit.widgets.workbench import Workbench
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        raise ModuleNotFoundError(
            f"The workbench needs {error.name}: pip install 'callconv-kit[notebooks]'",
            name=error.name,
        ) from None
    return Workbench


def explore_calls(calls: "Path | pd.DataFrame") -> "Explore":
    """The calls of a ready.csv or a DataFrame in linked charts.

    Raises:
        UsageError: `nothing_to_explore`, or `not_installed`.
    """
    try:
        from callconv_kit.widgets.calls import Calls, Explore
    except ModuleNotFoundError as error:
        raise not_installed("not_installed", "explore()", error, "notebooks") from None
    return Explore(Calls.of_file(calls) if isinstance(calls, Path) else Calls.of_frame(calls))
