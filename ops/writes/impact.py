"""What else depends on the items that are about to be deleted, by the newest snapshot on this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from ops.cli.app import App
from ops.errors import OpsError
from ops.items import reach
from ops.kinds.catalog import resources
from ops.kinds.resource import ACCOUNT, DELETE, Change, Owner, Resource
from ops.snapshots.library import Library, newest
from ops.snapshots.snapshot import Snapshot, aged
from ops.snapshots.usage import User, names_of, users_kinds, users_of
from ops.snapshots.whole import NotRead, WholeSections
from ops.ui.cells import counted
from ops.writes import describe

NAMED = 5
"""The users of one item that are named, and the deletions of one task that are described."""


class Impact:
    """Answers from the newest complete snapshot below *exports* that needs no key; *now* is the time."""

    def __init__(self, exports: Path, kinds: Mapping[str, Resource], now: float) -> None:
        self._exports, self._kinds, self._now = exports, kinds, now
        self._opened: dict[str, WholeSections | None] = {}
        self._users: dict[tuple[str, str], dict[str, list[User]]] = {}
        self._owners: set[tuple[str, str]] = set()
        self._described = self._more = 0

    def watched(self, warn: Callable[[str], None], changes: Iterable[Change]) -> Iterator[Change]:
        """Yield *changes*, and *warn* of what the first deletions affect as they pass; count the others."""
        for change in changes:
            if line := self.see(change):
                warn(line)
            yield change
        if line := self.others():
            warn(line)

    def see(self, change: Change) -> str:
        """Return a line about *change* if it is one of the first deletions that affect something; else ""."""
        if change.action != DELETE or not (line := self._line(change)):
            return ""
        if self._described == NAMED:
            self._more += 1
            return ""
        self._described += 1
        return line

    def others(self) -> str:
        """Return how many further deletions affect something; "" for none."""
        return f"{self._more:,} more of what is deleted is used or holds something" if self._more else ""

    def _line(self, change: Change) -> str:
        """Return what uses the item of *change* and what it holds; for stored data, what uses its owner."""
        text, subject = self.of(change), change
        if not text and (holder := self._holder(change)) is not None:
            text, subject = self.of(holder, inside=False), holder
        return f"{describe.name(subject)}: {text}" if text else ""

    def _holder(self, change: Change) -> Change | None:
        """Return the owner of *change*, seen for the first time, if that is what others use; else None."""
        owner, parent = change.owner, self._kinds.get(change.resource.parent)
        stored = change.resource.kind in self._stored
        if parent is None or not stored or (parent.kind, owner.id) in self._owners:
            return None
        self._owners.add((parent.kind, owner.id))
        return Change(parent, Owner(owner.account_id, owner.account_id, {}), owner.item, None)

    def of(self, change: Change, *, inside: bool = True) -> str:
        """Return a sentence about what uses the item of *change* and what is *inside*; "" if nothing does."""
        kind = change.resource.kind
        used, holds = kind in self._used, inside and kind in self._holding
        if change.before is None or not (used or holds):
            return ""
        try:
            sections = self._sections(change.owner.account_id)
            found = [*self._using(sections, change)] if sections and used else []
        except NotRead as gap:
            return f"what uses it is not known: {gap}"
        except OpsError as error:
            return f"what uses it is not known: {error.message}"
        if sections and holds:
            found += self._held(sections, change)
        if not sections or not found:
            return ""
        return f"{'; '.join(found)} (snapshot {aged(sections.snapshot.manifest, self._now)})"

    @cached_property
    def _used(self) -> set[str]:
        return {kind for resource in self._kinds.values() for kind in users_kinds(resource)}

    @cached_property
    def _holding(self) -> set[str]:
        return {resource.parent for resource in self._kinds.values()}

    @cached_property
    def _stored(self) -> set[str]:
        """Return the kinds whose items are the data that users of their owner read."""
        values = (resource.restore.values for resource in self._kinds.values())
        return {one.kind for one in values if one}

    def _sections(self, account_id: str) -> WholeSections | None:
        if account_id not in self._opened:
            entry = newest(Library(self._exports, account_id).entries())
            opened = entry and entry.manifest and Snapshot(Path(entry.path), entry.manifest)
            self._opened[account_id] = WholeSections(opened, self._kinds) if opened else None
        return self._opened[account_id]

    def _users_of(self, sections: WholeSections, kind: str) -> dict[str, list[User]]:
        """Return what uses the items of *kind*, by their keys and labels in lower case."""
        asked = sections.account_id, kind
        if asked not in self._users:
            found: dict[str, list[User]] = {}
            for name, users in users_of(sections, kind).items():
                found.setdefault(name.lower(), []).extend(users)
            self._users[asked] = found
        return self._users[asked]

    def _using(self, sections: WholeSections, change: Change) -> Iterator[str]:
        names = {name.lower() for name in names_of(change.resource, change.item)}
        map_of = self._users_of(sections, change.resource.kind)
        # The same user may name it by its key and by its label.
        users = list(dict.fromkeys(user for name in sorted(names) for user in map_of.get(name, ())))
        if users:
            yield f"used by {_listed([self._name_of(sections, user) for user in users])}"

    def _held(self, sections: WholeSections, change: Change) -> Iterator[str]:
        key = str(reach(change.item, change.resource.key) or "")
        inside = [
            f"{section.count:,} {section.kind}"
            for section in sections.snapshot.manifest.sections
            if section.scope == key and section.count and self._is_inside(section.kind, change.resource.kind)
        ]
        if inside:
            yield f"holds {', '.join(inside)}"

    def _is_inside(self, kind: str, parent: str) -> bool:
        """True if *kind* has items of their own in *parent*: not its settings, and nothing of the account."""
        resource = self._kinds.get(kind)
        return resource is not None and resource.parent == parent != ACCOUNT and bool(resource.identity)

    def _name_of(self, sections: WholeSections, user: User) -> str:
        """Return *user* with what uses it in turn: "api-gateway (2 routes in example.com)"."""
        try:
            further = users_of(sections, user.kind).get(user.key, [])
            parents = Counter((one.kind, self._parent(sections, one)) for one in further)
        except NotRead:
            return user.label
        texts = [
            f"{counted(count, kind.partition('.')[2].replace('_', ' '))}{f' in {parent}' if parent else ''}"
            for (kind, parent), count in parents.items()
        ]
        name = user.label if user.kind == "workers.script" else f"{user.kind} {user.label}"
        return f"{name} ({', '.join(texts)})" if texts else name

    def _parent(self, sections: WholeSections, user: User) -> str:
        """Return the name of the parent of *user*; "" for the account, and for what it belongs to itself."""
        resource = self._kinds[user.kind]
        if resource.parent == ACCOUNT or user.scope == "":
            return ""
        parent = self._kinds[resource.parent]
        named = {str(reach(item, parent.key)): item for _, item in sections.everything(resource.parent)}
        label = str(reach(named.get(user.scope, {}), parent.label) or user.scope)
        return "" if resource.parent == "workers.script" else label


def impact(app: App) -> Impact:
    """Return what is known about the deletions of *app*'s task."""
    known = {resource.kind: resource for resource in resources()}
    return Impact(app.settings.exports, known, app.clock())


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    shown = [*names[:NAMED], f"{more} more"] if more > 0 else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
