"""The workbench: an export opened, mapped, prepared, mended, checked and delivered in a notebook.

from callconv_kit.widgets import Workbench
Workbench()                                # or Workbench("calls.csv")

What it knows stands in a `Session`, which needs no notebook; the pages are a thin face over it.
"""

from typing import TYPE_CHECKING, Any

from callconv_kit.widgets.session import Session

if TYPE_CHECKING:
    from callconv_kit.widgets.workbench import Workbench as Workbench

__all__ = ["Session", "Workbench"]


def __getattr__(name: str) -> Any:
    """Load ipywidgets when the workbench is first asked for."""
    if name != "Workbench":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from callconv_kit.widgets.workbench import Workbench
    except ModuleNotFoundError as error:
        if error.name != "ipywidgets":
            raise
        raise ModuleNotFoundError(
            "The workbench needs ipywidgets: pip install 'callconv-kit[notebooks]'",
            name=error.name,
        ) from None
    return Workbench
