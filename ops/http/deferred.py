"""Modules loaded when something is asked of them: requests imports more than it uses here.

It loads charset_normalizer to guess how text is encoded. Nobody has it guess here, where what comes is JSON
or bytes, and the loading is a tenth of what a short listing takes.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """Stands in for a package until it is asked for anything but its version."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return import_module(f"{self.__name__}.version").__version__
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def defer(name: str) -> None:
    """Have the package *name*, whose version stands in its module `version`, loaded when it is first used.

    Does nothing where it is loaded already, or not installed.
    """
    if name in sys.modules or (spec := find_spec(name)) is None:
        return
    module = _Deferred(name)
    module.__spec__, module.__path__ = spec, list(spec.submodule_search_locations or ())
    sys.modules[name] = module
