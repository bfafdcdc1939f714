"""The plugins of this environment, as their metadata say: nothing of theirs is imported."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from importlib import metadata
from typing import NamedTuple

from ops.plugins.allowed import normalised

API = 1
GROUP = f"cfops.plugins.v{API}"
HOOK_GROUP = f"cfops.hooks.v{API}"
"""Entry points of these groups make a distribution a plugin; the version of the API is in the name."""

_ANY_GROUP = re.compile(r"cfops\.(?:plugins|hooks)\.v(\d+)")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")


class Installed(NamedTuple):
    """A distribution with plugins: *modules* by collection, *hooks* by the point at which they are called."""

    distribution: str
    version: str
    modules: tuple[tuple[str, str], ...]
    hooks: tuple[tuple[str, str], ...]
    versions: frozenset[int]
    record: str
    editable: bool

    @property
    def problem(self) -> str:
        """Return why this cfops cannot use it; "" if it can."""
        if API not in self.versions:
            other = ", ".join(f"v{number}" for number in sorted(self.versions))
            return f"it is written for version {other} of the plugin API; this cfops has v{API}"
        wrong = [name for name, _ in self.modules if not _NAME.fullmatch(name)]
        return f"{wrong[0]!r} cannot be the name of a collection" if wrong else ""


def find(name: str) -> Installed | None:
    """Return the plugin whose distribution is called *name*; None if none is installed."""
    try:
        return _read(metadata.distribution(name))
    except (metadata.PackageNotFoundError, ValueError):
        return None


def find_all() -> Iterator[Installed]:
    """Yield every plugin that is installed; the first on sys.path of each name, as Python imports it."""
    seen = set()
    for distribution in metadata.distributions():
        name = normalised(distribution.metadata["Name"] or "")
        if name not in seen and (found := _read(distribution)) is not None:
            yield found
        seen.add(name)


def _read(distribution: metadata.Distribution) -> Installed | None:
    points = [
        (int(match[1]), point)
        for point in distribution.entry_points
        if (match := _ANY_GROUP.fullmatch(point.group))
    ]
    if not points:
        return None
    record = distribution.read_text("RECORD") or ""
    return Installed(
        normalised(distribution.metadata["Name"]),
        distribution.version,
        tuple((one.name, one.value) for _, one in points if one.group == GROUP),
        tuple((one.name, one.value) for _, one in points if one.group == HOOK_GROUP),
        frozenset(number for number, _ in points),
        f"sha256:{hashlib.sha256(record.encode()).hexdigest()}",
        '"editable": true' in (distribution.read_text("direct_url.json") or ""),
    )
