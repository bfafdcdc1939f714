"""What else depends on an item that is about to be deleted, by the newest snapshot on this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.errors import OpsError
from ops.items import reach
from ops.kinds.resource import ACCOUNT, Change, Resource
from ops.snapshots.layout import age
from ops.snapshots.library import Library, newest
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.usage import User, names_of, users_kinds, users_of
from ops.snapshots.whole import NotRead, WholeSections
from ops.ui.cells import counted

NAMED = 5
"""The users that are named, and the deletions of one task that are looked at."""


class Impact:
    """Answers from the newest complete snapshot below *exports* that needs no key; *now* is the time."""

    def __init__(self, exports: Path, kinds: Mapping[str, Resource], now: float) -> None:
        self._exports, self._kinds, self._now = exports, kinds, now
        self._opened: dict[str, WholeSections | None] = {}

    def of(self, change: Change) -> str:
        """Return a sentence about what uses the item of *change* and what it holds; "" if that is nothing."""
        kind = change.resource.kind
        used = any(kind in users_kinds(resource) for resource in self._kinds.values())
        holds = any(resource.parent == kind for resource in self._kinds.values())
        if change.before is None or not (used or holds):
            return ""
        try:
            sections = self._sections(change.owner.account_id)
            found = self._found(sections, change, used=used) if sections else []
        except NotRead as gap:
            return f"what uses it is not known: {gap}"
        except OpsError as error:
            return f"what uses it is not known: {error.message}"
        if not sections or not found:
            return ""
        return f"{'; '.join(found)} (snapshot {age(sections.snapshot.started, self._now)})"

    def _sections(self, account_id: str) -> WholeSections | None:
        if account_id not in self._opened:
            entry = newest(Library(self._exports, account_id).entries())
            opened = entry and entry.manifest and Snapshot(Path(entry.path), entry.manifest)
            self._opened[account_id] = WholeSections(opened, self._kinds) if opened else None
        return self._opened[account_id]

    def _found(self, sections: WholeSections, change: Change, *, used: bool) -> list[str]:
        found = []
        if used:
            names = {name.lower() for name in names_of(change.resource, change.item)}
            map_of = users_of(sections, change.resource.kind)
            # The same user may name it by its key and by its label.
            users = list(dict.fromkeys(u for name, us in map_of.items() if name.lower() in names for u in us))
            if users:
                found.append(f"used by {_listed([self._described(sections, user) for user in users])}")
        key = str(reach(change.item, change.resource.key) or "")
        inside = [
            f"{section.count:,} {section.kind}"
            for section in sections.snapshot.manifest.sections
            if section.scope == key and section.count and self._is_inside(section.kind, change.resource.kind)
        ]
        return [*found, f"holds {', '.join(inside)}"] if inside else found

    def _is_inside(self, kind: str, parent: str) -> bool:
        """True if *kind* has items of their own in *parent*: not its settings, and nothing of the account."""
        resource = self._kinds.get(kind)
        return resource is not None and resource.parent == parent != ACCOUNT and bool(resource.identity)

    def _described(self, sections: WholeSections, user: User) -> str:
        """Return *user* with what uses it in turn: "api-gateway (2 routes in example.com)"."""
        try:
            further = users_of(sections, user.kind).get(user.key, [])
            parents = Counter((one.kind, self._name(sections, one)) for one in further)
        except NotRead:
            return user.label
        texts = [
            f"{counted(count, kind.partition('.')[2])}{f' in {parent}' if parent else ''}"
            for (kind, parent), count in parents.items()
        ]
        name = user.label if user.kind == "workers.script" else f"{user.kind} {user.label}"
        return f"{name} ({', '.join(texts)})" if texts else name

    def _name(self, sections: WholeSections, user: User) -> str:
        """Return the name of the parent of *user*; "" for the account, and for what it belongs to itself."""
        resource = self._kinds[user.kind]
        if resource.parent == ACCOUNT or user.scope == "":
            return ""
        parent = self._kinds[resource.parent]
        named = {str(reach(item, parent.key)): item for _, item in sections.everything(resource.parent)}
        label = str(reach(named.get(user.scope, {}), parent.label) or user.scope)
        return "" if resource.parent == "workers.script" else label


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    shown = [*names[:NAMED], f"{more} more"] if more > 0 else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
