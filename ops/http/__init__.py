"""The wire: everything between a service function and Cloudflare.

requests loads charset_normalizer to guess the encoding of text. All responses here are JSON or bytes, and
loading it would take a tenth of the time of a short listing, so it is imported lazily, as idna is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """A placeholder for a package until an attribute other than its version is used."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return import_module(f"{self.__name__}.version").__version__
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def defer(name: str) -> None:
    """Load the package *name*, whose version is in its module `version`, at its first use.

    Does nothing if it is loaded already, or not installed.
    """
    if name in sys.modules or (spec := find_spec(name)) is None:
        return
    module = _Deferred(name)
    module.__spec__, module.__path__ = spec, list(spec.submodule_search_locations or ())
    sys.modules[name] = module


defer("charset_normalizer")
defer("idna")
