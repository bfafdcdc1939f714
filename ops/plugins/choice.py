"""What the allow-list comes to: the plugins and hooks that are on, and those that are off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ops.plugins.hooks import Hook


class Plugin(NamedTuple):
    """One entry point of an enabled distribution; *name* is also the collection of its tasks."""

    name: str
    distribution: str
    version: str
    module: str


class Off(NamedTuple):
    """A plugin that is not used although it is listed, and why; *hint* is the command that settles it."""

    distribution: str
    why: str
    hint: str


class Choice(NamedTuple):
    """What the allow-list comes to: plugins and hooks that are on, plugins that are off, other warnings.

    *settings* are those of each distribution.
    """

    plugins: tuple[Plugin, ...] = ()
    hooks: tuple[Hook, ...] = ()
    off: tuple[Off, ...] = ()
    warnings: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = {}
