"""Side: one of the two states that are compared, which absences it proves, and how two of them differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ops.items import Json, equal, reach
from ops.kinds.resource import Resource, identity_of
from ops.snapshots.layout import encode, kind_file
from ops.snapshots.manifest import COMPLETE, GONE, NOT_ASKED, SKIPPED, Section
from ops.snapshots.snapshot import ItemIndex, Snapshot, parse_item
from ops.snapshots.writer import StoredFile

ABSENT = "absent"
CONTENTS = "/contents"


class Holder(NamedTuple):
    """An item that can be the parent of others: its id, its identity, its name, and the item as JSON."""

    id: str
    identity: tuple[str, ...]
    name: str
    line: bytes


class File(NamedTuple):
    """A file of an item; *path* is its place in the snapshot, the other fields are compared."""

    bytes: int
    sha256: str
    media_type: str
    role: str
    path: str

    @property
    def compared(self) -> Json:
        fields = self._asdict()
        del fields["path"]
        return fields


class ValueFile(NamedTuple):
    """The values stored in one parent: a line for each key, with its `key` and its `value`."""

    path: Path
    stored: StoredFile


class Side:
    """A snapshot, read kind by kind. *kinds* are all that are declared.

    *listed* holds the complete lists of kinds of which the snapshot has only some of the items.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        kinds: Iterable[Resource],
        listed: Mapping[str, list[Json]] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.account_id = snapshot.manifest.account_id
        self.listed = listed or {}
        self._sections = {(s.kind, s.scope): s for s in snapshot.manifest.sections}
        self._parents = {resource.kind: resource.parent for resource in kinds}
        self._gone = {self._parent_of(s) for s in self._sections.values() if s.status == GONE}
        self.kinds = {section.kind for section in self._sections.values() if section.scope}
        """The kinds that were read, or that a scan tried to read."""
        self._index = ItemIndex(snapshot.path, snapshot.manifest)

    def _parent_of(self, section: Section) -> tuple[str, str]:
        kind = section.kind.removesuffix(CONTENTS)
        return (kind if kind != section.kind else self._parents.get(kind, "")), section.scope

    def gone(self, kind: str, id: str) -> bool:
        """True if an item was deleted while the snapshot was made, along with everything in it."""
        return (kind, id) in self._gone

    def section(self, kind: str, scope: str) -> Section:
        """Return how completely *kind* was read in *scope*: only "complete" proves an absence."""
        if kind in self.listed:
            return Section(kind, scope, COMPLETE)
        found = self._sections.get((kind, scope)) or self._sections.get((kind, ""))
        return found or Section(kind, scope, ABSENT, 0, "not in the snapshot")

    def skipped(self, kind: str) -> Section | None:
        """Return the section that says that *kind* was not requested; None if it was read."""
        found = self._sections.get((kind, ""))
        return found if found is not None and found.status == SKIPPED else None

    def lines(self, resource: Resource, scope: str) -> Iterator[bytes]:
        """Yield the items in *scope* as JSON, except those deleted while the snapshot was made."""
        gone = any(kind == resource.kind for kind, _ in self._gone)
        for line in self._index.lines(resource.kind, scope):
            if not gone or not self.gone(resource.kind, key_of(resource, self.parsed(resource, line))):
                yield line

    def items(self, resource: Resource, scope: str) -> Iterator[Json]:
        """Yield the items in *scope*."""
        return (self.parsed(resource, line) for line in self.lines(resource, scope))

    def parsed(self, resource: Resource, line: bytes) -> Json:
        """Return the item that a line of the kind's file holds. Raises Damaged."""
        return parse_item(self.snapshot.path / kind_file(resource.kind), line)

    def holders(self, resource: Resource, scope: str) -> list[Holder]:
        """Return the items in *scope* as possible parents, including those deleted meanwhile."""
        if resource.kind in self.listed:
            return holders_of(resource, self.listed[resource.kind])
        lines = self._index.lines(resource.kind, scope)
        return _unique(_holder(resource, self.parsed(resource, line), line) for line in lines)

    def scopes(self, resource: Resource) -> set[str]:
        """Return the ids of the parents that the snapshot has items of *resource* for."""
        file = self._index.file(resource.kind)
        return set(file.spans) if file else set()

    def contents(self, kind: str) -> dict[str, dict[str, File]]:
        """Return the files of each item of *kind*, by the item's id and the file's name."""
        manifest = self.snapshot.manifest
        found: dict[str, dict[str, File]] = defaultdict(dict)
        for path, placed in sorted(manifest.placed.items()):
            if placed.kind == kind and placed.item and path in manifest.files:
                name, files = placed.name, found[placed.item]
                while name in files:  # two files of one item may have the same name
                    name += "'"
                files[name] = File(*manifest.files[path], placed.media_type, placed.role, path)
        return found

    def values(self, kind: str) -> dict[str, ValueFile]:
        """Return the file of the values stored in each parent of *kind*, by the parent's id."""
        snapshot = self.snapshot
        return {
            placed.scope: ValueFile(snapshot.path / file, snapshot.manifest.files[file])
            for file, placed in snapshot.manifest.placed.items()
            if placed.kind == kind and not placed.item and file in snapshot.manifest.files
        }


def key_of(resource: Resource, found: Json) -> str:
    """Return the key by which an item is referred to; "" if it has none."""
    return str(reach(found, resource.key) or "")


def name_of(resource: Resource, found: Json) -> str:
    """Return the name that people know an item by; "" for a kind with one item in each parent."""
    if not resource.identity:
        return ""
    label = reach(found, resource.label)
    if isinstance(label, list):
        return ", ".join(map(str, label))
    return str(label or reach(found, resource.key) or " ".join(filter(None, identity_of(resource, found))))


def holders_of(resource: Resource, items: Iterable[Json]) -> list[Holder]:
    """Return *items* as possible parents."""
    return _unique(_holder(resource, one, encode(one)[:-1]) for one in items)


def _unique(holders: Iterable[Holder]) -> list[Holder]:
    # A list that shifted while it was read may name an item twice.
    return list({holder.id or number: holder for number, holder in enumerate(holders)}.values())


def _holder(resource: Resource, found: Json, line: bytes) -> Holder:
    return Holder(key_of(resource, found), identity_of(resource, found), name_of(resource, found), line)


CREATED, DELETED, CHANGED, UNKNOWN = "created", "deleted", "changed", "unknown"

Field = tuple[str, Any, Any]


class Difference(NamedTuple):
    """One item that differs between two sides, or a part of the account that cannot be compared.

    *scope* is the name of the parent, "" for the account; *fields* are those that changed; *before* and
    *after* are the item without its volatile fields; *ids* are the ids and names of the item, *owners* those
    of its parent. Of an unknown part, *fields* holds the status on each side, and *reason* says why.
    """

    kind: str
    scope: str
    change: str
    name: str
    fields: tuple[Field, ...] = ()
    before: Json | None = None
    after: Json | None = None
    ids: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    reason: str = ""


def unknown(kind: str, scope: str, old: Section, new: Section) -> Difference:
    """Return the difference for *kind* in *scope* that one of two sections does not hold completely."""
    reason = " / ".join(dict.fromkeys(filter(None, (old.reason, new.reason))))
    return Difference(kind, scope, UNKNOWN, "", (("", old.status, new.status),), reason=reason)


def one_sided(kind: str, *, held_by_old: bool) -> Difference:
    """Return the difference for a *kind* that only one side holds."""
    statuses = ("", COMPLETE, ABSENT) if held_by_old else ("", ABSENT, COMPLETE)
    return Difference(kind, "", UNKNOWN, "", (statuses,), reason="not in the snapshot")


def whole(old: Section, new: Section) -> bool:
    """True if two sections can be compared completely.

    So can two that hold only the requested items, and two whose parent cannot have the kind.
    """
    if old.status == new.status == SKIPPED:
        gated = old.reason == new.reason and old.reason.startswith(NOT_ASKED)
        return gated or bool(old.count and new.count)
    return old.status == new.status == COMPLETE


def fields(old: Json, new: Json, prefix: str = "") -> Iterator[Field]:
    """Yield (field, old, new) in the order of the fields' names; dots reach inside, a list is one value.

    A field that is null equals one that is missing, because the API adds fields as it grows.
    """
    for name in sorted(old if old.keys() == new.keys() else old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from fields(before, after, f"{prefix}{name}.")
        elif before != after if isinstance(before, str) else not _same(before, after):
            yield prefix + name, before, after


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return all(_same(old.get(name), new.get(name)) for name in old.keys() | new.keys())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return equal(old, new)
