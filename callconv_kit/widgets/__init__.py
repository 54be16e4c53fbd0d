"""The workbench: open, map, prepare, review, check and deliver an export in a notebook.

from callconv_kit.widgets import Workbench
Workbench()                                # or Workbench("calls.csv")

Its state is a `Session`, which needs no notebook; the pages show it.
"""

from typing import TYPE_CHECKING, Any

from callconv_kit.widgets.session import Session

if TYPE_CHECKING:
    from callconv_kit.widgets.workbench import Workbench as Workbench

__all__ = ["Session", "Workbench"]

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
