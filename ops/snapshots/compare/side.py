"""Side: one of the two snapshots that are compared, and what it proves of what it does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ops.kinds.resource import Json, Resource, identity_of, reach
from ops.snapshots.layout import kind_file
from ops.snapshots.sections import GONE, SKIPPED, Section
from ops.snapshots.spans import ItemFile, item

if TYPE_CHECKING:
    from ops.snapshots.library import Snapshot

ABSENT = "absent"
CONTENTS = "/contents"


class Holder(NamedTuple):
    """An item that others lie in, or that has files: its id, what identifies it, and its name."""

    id: str
    identity: tuple[str, ...]
    name: str


class Side:
    """A snapshot, looked at kind by kind."""

    def __init__(self, snapshot: Snapshot, kinds: Iterable[Resource]) -> None:
        self.snapshot = snapshot
        self.account_id = snapshot.manifest.account_id
        self._sections = {(s.kind, s.scope): s for s in snapshot.manifest.sections}
        self._scopes = {resource.kind: resource.parent for resource in kinds}
        self._gone = {self._place(s) for s in self._sections.values() if s.status == GONE}
        self.kinds = {section.kind for section in self._sections.values() if section.scope}
        """What was read, or tried to be."""
        self._files: dict[str, ItemFile] = {}

    def _place(self, section: Section) -> tuple[str, str]:
        """Give the kind and id of what a section lies in."""
        kind = section.kind.removesuffix(CONTENTS)
        return (kind if kind != section.kind else self._scopes.get(kind, "")), section.scope

    def gone(self, kind: str, id: str) -> bool:
        """Say whether an item was deleted while the snapshot was made, so that what it held is too."""
        return (kind, id) in self._gone

    def standing(self, kind: str, scope: str) -> Section:
        """Give how well *kind* is known in *scope*: only "complete" proves anything."""
        found = self._sections.get((kind, scope)) or self._sections.get((kind, ""))
        return found or Section(kind, scope, ABSENT, 0, "not in the snapshot")

    def mentions(self, kind: str) -> bool:
        """Say whether *kind* was read, or tried to be, in any owner."""
        return kind in self.kinds

    def left_out(self, kind: str) -> Section | None:
        """Give the row that says that nobody wanted *kind*; None where it was read."""
        found = self._sections.get((kind, ""))
        return found if found is not None and found.status == SKIPPED else None

    def lines(self, resource: Resource, scope: str | None) -> Iterator[bytes]:
        """Yield the items in *scope* as JSON, without those that were deleted meanwhile."""
        if scope is None:
            return
        gone = any(kind == resource.kind for kind, _ in self._gone)
        for line in self._file(resource.kind).items(scope) if self._has(resource.kind) else ():
            if not gone or not self._is_gone(resource, line):
                yield line

    def holders(self, resource: Resource, scope: str | None) -> list[Holder]:
        """Give the items of *scope* that others may lie in, those included that were deleted meanwhile."""
        if scope is None or not self._has(resource.kind):
            return []
        file = self._file(resource.kind)
        found = (_holder(resource, item(file.path, line)) for line in file.items(scope))
        # A list that shifted while it was read may name an item twice.
        return list({holder.id: holder for holder in found if holder.id}.values())

    def scopes(self, resource: Resource) -> set[str]:
        """Give the ids of the owners that items of a kind are kept of."""
        return set(self._file(resource.kind).spans) if self._has(resource.kind) else set()

    def _has(self, kind: str) -> bool:
        return kind_file(kind) in self.snapshot.manifest.files

    def _file(self, kind: str) -> ItemFile:
        if kind not in self._files:
            name = kind_file(kind)
            self._files[kind] = ItemFile(self.snapshot.path / name, self.snapshot.manifest.files[name])
        return self._files[kind]

    def _is_gone(self, resource: Resource, line: bytes) -> bool:
        found = item(self._file(resource.kind).path, line)
        return self.gone(resource.kind, str(reach(found, resource.key) or ""))


def name_of(resource: Resource, found: Json) -> str:
    """Give what people know an item by; empty for a kind that an owner has one of."""
    if not resource.identity:
        return ""
    label = reach(found, resource.label)
    if isinstance(label, list):
        return ", ".join(map(str, label))
    return str(label or reach(found, resource.key) or " ".join(filter(None, identity_of(resource, found))))


def _holder(resource: Resource, found: Json) -> Holder:
    return Holder(
        str(reach(found, resource.key) or ""), identity_of(resource, found), name_of(resource, found)
    )
