"""The kinds that plugins bring: taken as declared, or replaced by one section that says what failed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ops.errors import SystemFailure
from ops.kinds.resource import ACCOUNT, Owner, Resource
from ops.plugins.door import DOOR, value_of

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json
    from ops.plugins.choice import Plugin

_KIND = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def foreign_kinds(plugins: Sequence[Plugin], own: Mapping[str, Resource]) -> tuple[Resource, ...]:
    """Return the kinds of *plugins*; *own* are ours, which no plugin may replace.

    A plugin whose kinds cannot be used has one kind instead, which cannot be listed: so a scan that lacks
    something says so.
    """
    brought = {plugin: value_of(plugin, "RESOURCES") or () for plugin in plugins}
    names = Counter(
        kind for found in brought.values() for kind in {getattr(one, "kind", "") for one in found}
    )
    for plugin, found in brought.items():
        if why := next(filter(None, (_problem(one, found, own, names) for one in found)), ""):
            DOOR.fail(plugin, why)
    return tuple(
        resource
        for plugin, found in brought.items()
        for resource in ((_failed(plugin, DOOR.failed[plugin]),) if plugin in DOOR.failed else found)
    )


def _problem(one: object, found: Iterable[Resource], own: Mapping[str, Resource], names: Counter[str]) -> str:
    if not isinstance(one, Resource):
        return f"{one!r:.80} is not a Resource"
    if not _KIND.fullmatch(one.kind):
        return f"{one.kind!r} is not the name of a kind, such as mail.rule"
    if one.kind in own:
        return f"{one.kind} is a kind of cfops"
    if names[one.kind] > 1:
        return f"{one.kind} is a kind of another plugin too"
    if one.parent not in {ACCOUNT, *own, *(other.kind for other in found)}:
        return f"{one.kind} belongs to {one.parent}, which does not exist"
    if one.contents and one.parent != ACCOUNT:
        return f"{one.kind} has files (contents), which only kinds of the account may have; use values"
    return ""


def _failed(plugin: Plugin, why: str) -> Resource:
    def listing(_client: Client, _owner: Owner) -> Iterable[Json]:
        raise SystemFailure(f"the plugin {plugin.distribution} cannot be used: {why}")

    kind = f"{plugin.name.replace('-', '_')}.plugin"
    return Resource(kind, ACCOUNT, (), listing=listing, task="plugins")
