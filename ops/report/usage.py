"""Usage: what uses an item, by the declarations of the kinds, with where that is on the page."""

from __future__ import annotations

from ops.items import Json
from ops.kinds.resource import ACCOUNT, Resource
from ops.report.cover import Cover
from ops.report.sources import Sources
from ops.report.tables import Names, link
from ops.snapshots.usage import User, names_of, users_kinds, users_of
from ops.snapshots.whole import NotRead

MOST = 50


class Usage:
    """The users of each item of the kinds that others may use, as far as the users were read."""

    def __init__(self, sources: Sources, names: Names, cover: Cover) -> None:
        self._sources, self._names, self._cover = sources, names, cover
        used = {kind for resource in sources.kinds.values() for kind in users_kinds(resource)}
        self._gaps: dict[str, list[NotRead]] = {kind: [] for kind in used}
        self._users = {kind: users_of(sources.whole, kind, self._gaps[kind]) for kind in used}

    def of(self, resource: Resource, item: Json) -> list[list[str]]:
        """Return [kind, name, address in the page] of what uses *item*."""
        users = self._users.get(resource.kind)
        if users is None:
            return []
        found = [user for name in sorted(names_of(resource, item)) for user in users.get(name, ())]
        rows = [
            [user.kind, self._cover.text(user.label), self._address(user)] for user in dict.fromkeys(found)
        ]
        more = len(rows) - MOST
        rows = [*rows[:MOST], *([["", f"and {more:,} more", ""]] if more > 0 else [])]
        kinds = sorted({gap.kind for gap in self._gaps[resource.kind]})
        return [*rows, *([["", f"unknown: {', '.join(kinds)} not read", ""]] if kinds else [])]

    def _address(self, user: User) -> str:
        resource = self._sources.kinds.get(user.kind)
        if resource is None:
            return ""
        parent = (
            self._names.of(resource.parent, user.scope) if resource.parent != ACCOUNT and user.scope else ""
        )
        return link(user.kind, parent, user.key)
