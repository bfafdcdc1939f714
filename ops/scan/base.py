"""The base of a light scan: the earlier snapshot that carried sections come from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256
from typing import Any, NamedTuple

from ops.items import Json, reach, timestamp
from ops.kinds.resource import ACCOUNT, Content, Resource, comparable, identity_of
from ops.kinds.secret import fingerprint, hide
from ops.scan.light import CARRY, COMPARE, Decision, Decisions, Unit
from ops.snapshots.layout import decode, encode
from ops.snapshots.manifest import COMPLETE, CONTENTS, Section
from ops.snapshots.snapshot import ItemIndex, Snapshot, file_bytes, seconds

# What is in one of these states changes without anybody's doing.
_PASSING = ("pending", "initializing")
_SECRET = re.compile(rb"\[secret ([0-9a-f]{8})-")
_NAMED = 3


class Base:
    """The *snapshot* as a scan of *resources* carries from it. Several threads may use it."""

    def __init__(self, snapshot: Snapshot, resources: Sequence[Resource]) -> None:
        self.snapshot, self.manifest = snapshot, snapshot.manifest
        self.started = seconds(snapshot.manifest.started)
        self._resources = {resource.kind: resource for resource in resources}
        self._index = ItemIndex(snapshot.path, snapshot.manifest)
        self._files: dict[tuple[str, str], list[str]] = defaultdict(list)
        for file, placed in sorted(snapshot.manifest.placed.items()):
            if placed.item:
                self._files[placed.kind + CONTENTS, placed.item].append(file)

    def check(self) -> None:
        """Read every file that something may be carried from. Raises Damaged for one that was changed."""
        for kind, resource in self._resources.items():
            if resource.logged or self._is_inside(resource):
                self._index.file(kind)
        for files in self._files.values():
            for file in files:
                file_bytes(self.snapshot.path, self.manifest, file)

    def _is_inside(self, resource: Resource | None) -> bool:
        """True if items of *resource* are in a logged item."""
        while resource and resource.parent != ACCOUNT:
            resource = self._resources.get(resource.parent)
            if resource and resource.logged:
                return True
        return False

    def units(self) -> Iterator[Unit]:
        """Yield the logged items with the time at which the oldest part of each was read."""
        read: dict[tuple[str, str], float] = {}
        for section in self.manifest.sections:
            if section.read_at and section.scope:
                of, at = self._unit_of(section), seconds(section.read_at)
                read[of] = min(at, read.get(of, at))
        for resource in self._resources.values():
            for line in self._index.lines(resource.kind, self.manifest.account_id) if resource.logged else ():
                item = decode(line)
                id = str(reach(item, resource.key))
                names = frozenset(str(reach(item, name)).lower() for name in (resource.key, resource.label))
                yield Unit(resource.kind, id, names, read.get((resource.kind, id), self.started), line)

    def _unit_of(self, section: Section) -> tuple[str, str]:
        kind = section.kind.removesuffix(CONTENTS)
        resource = self._resources.get(kind)
        return (kind if kind != section.kind else resource.parent if resource else ""), section.scope

    def section(self, kind: str, scope: str) -> Section | None:
        """Return the section if it was read completely; only such a one can be carried."""
        found = self.snapshot.section(kind, scope)
        return found if found and found.status == COMPLETE else None

    def origin(self, section: Section) -> tuple[str, str]:
        """Return the name of the snapshot that read *section*, and when that was started."""
        return section.carried_from or self.snapshot.name, section.read_at or timestamp(self.started)

    def items(self, kind: str, scope: str) -> Iterator[Json]:
        """Return the items of a section."""
        return self._index.items(kind, scope)

    def contents(self, kind: str, item: str) -> Iterator[Content]:
        """Yield the files of an item. Raises Damaged."""
        for file in self._files[kind + CONTENTS, item]:
            placed, data = self.manifest.placed[file], file_bytes(self.snapshot.path, self.manifest, file)
            yield Content(placed.name, placed.media_type, data, placed.role)


Mark = tuple[str, str]
"""The name of an item or a file, and the hash of what is compared of it."""


class Finding(NamedTuple):
    """A section of *unit* that is not as in the base: the *names* of the items that differ."""

    kind: str
    scope: str
    unit: Unit
    names: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.names) - _NAMED} more" if self.names[_NAMED:] else ""
        named = f" ({', '.join(filter(None, self.names[:_NAMED]))}{more})" if any(self.names) else ""
        return f"{self.kind} in {self.unit.label}{named}"


class Light:
    """What a walk asks at each item: read what is in it, compare it with *base*, or carry it over.

    *keeps_secrets*: the items of the base hold their secret values. *findings* are the sections that were
    compared and differ.
    """

    def __init__(self, base: Base, decisions: Decisions, *, keeps_secrets: bool = False) -> None:
        self.base = base
        self.findings: list[Finding] = []
        self._decisions, self._keeps_secrets = decisions, keeps_secrets

    def decide(self, resource: Resource, item: Json) -> Decision:
        """Return what becomes of a logged item that was just listed."""
        stored = item if self._keeps_secrets else hide(resource, item)
        return self._decisions.of(
            resource.kind, str(reach(item, resource.key)), item, encode(stored).rstrip(b"\n")
        )

    def carried(self, decision: Decision | None, kind: str, scope: str) -> Section | None:
        """Return the section of the base to carry over; None if *kind* is to be read."""
        return self.base.section(kind, scope) if decision and decision.action == CARRY else None

    def compares(self, decision: Decision | None, resource: Resource, kind: str, scope: str) -> bool:
        """True if what is read is to be compared with the base."""
        asked = decision is not None and decision.action == COMPARE
        return asked and not resource.self_changing and self.base.section(kind, scope) is not None

    def compare(self, decision: Decision, resource: Resource, scope: str, seen: Counter[Mark]) -> None:
        """Add a finding if the items *seen* in a section are not those of the base."""
        held: Counter[Mark] = Counter()
        passing: set[str] = set()
        key = fingerprint("").encode()[8:16]
        for item in self.base.items(resource.kind, scope):
            mark = mark_of(resource, item)
            held[mark] += 1
            other_key = resource.secret and any(name != key for name in _SECRET.findall(encode(item)))
            if other_key or str(item.get("status")).startswith(_PASSING):
                passing.add(mark[0])
        self._compare(decision, resource.kind, scope, held, seen, passing)

    def compare_files(self, decision: Decision, kind: str, item: str, seen: Counter[Mark]) -> None:
        """Add a finding if the files *seen* of an item are not those of the base."""
        held = Counter((file.name, sha256(file.data).hexdigest()) for file in self.base.contents(kind, item))
        self._compare(decision, kind + CONTENTS, item, held, seen, frozenset())

    def _compare(
        self,
        decision: Decision,
        kind: str,
        scope: str,
        held: Counter[Mark],
        seen: Counter[Mark],
        passing: AbstractSet[str],
    ) -> None:
        names = {name for name, _ in (held - seen) + (seen - held)} - passing
        if names and decision.unit:
            self.findings.append(Finding(kind, scope, decision.unit, tuple(sorted(names))))


def mark_of(resource: Resource, item: Json) -> Mark:
    """Return the name of *item* and the hash of what is compared of it."""
    bare = _bare(comparable(resource, item))
    return " ".join(filter(None, identity_of(resource, item))), sha256(encode(bare)).hexdigest()


def _bare(value: Any) -> Any:
    """Return *value* without what is null, because the API adds fields as it grows."""
    if isinstance(value, dict):
        return {name: _bare(one) for name, one in value.items() if one is not None}
    return [_bare(one) for one in value] if isinstance(value, list) else value
