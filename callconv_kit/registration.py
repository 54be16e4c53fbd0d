"""Gives every DataFrame its accessor, whether pandas is imported before the kit or after it.

Importing pandas takes longer than most of our commands take to start, so the kit does not do it
for its own sake.
"""

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

ACCESSOR = "callconv_kit.accessor"


def register() -> None:
    """Register the accessor now, or as soon as pandas is imported."""
    if "pandas" in sys.modules:
        importlib.import_module(ACCESSOR)
    else:
        sys.meta_path.insert(0, _WhenPandasComes())


class _WhenPandasComes(importlib.abc.MetaPathFinder):
    """Lets pandas be found as ever, and registers the accessor behind its import.

    It stays until pandas is there: packages ask whether pandas can be found long before they
    import it.
    """

    def __init__(self) -> None:
        self._asking = False

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002 # the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 # the protocol's
    ) -> ModuleSpec | None:
        """Step aside, and hand out pandas with our loader around its own."""
        if name != "pandas" or self._asking:
            return None
        self._asking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._asking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader, self)
        return spec


class _ThenRegister(importlib.abc.Loader):
    """A loader that registers the accessor when its module is there."""

    def __init__(self, loader: importlib.abc.Loader, finder: _WhenPandasComes) -> None:
        self._loader = loader
        self._finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the loader does; then register."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        self._loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        importlib.import_module(ACCESSOR)
