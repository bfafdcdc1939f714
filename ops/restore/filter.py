"""Filter: which part of a snapshot is restored, in which order."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from ops.errors import NotFound, Refused, did_you_mean
from ops.items import Json, reach
from ops.kinds import catalog
from ops.kinds.resource import ACCOUNT, Resource, identity_of
from ops.scan.inventory import ScanFilter, choose, line_of, names
from ops.snapshots.compare.pairing import parent_kinds
from ops.snapshots.compare.side import CONTENTS, Side, key_of
from ops.snapshots.manifest import Section
from ops.snapshots.snapshot import Snapshot

ZONE, NAMESPACE = "zones.zone", "kv.namespace"

T = TypeVar("T")
Owners = dict[str, set[str]]


class Filter(NamedTuple):
    """The options: *kinds* and products, names or ids of *owners* by kind and of *items*; empty: all."""

    kinds: tuple[str, ...] = ()
    owners: Mapping[str, tuple[str, ...]] = {}
    items: tuple[str, ...] = ()

    def selects_owner(self, resource: Resource, item: Json) -> bool:
        names = self.owners.get(resource.kind)
        return names is None or _is_called(resource, item, names)

    def selects_item(self, resource: Resource, item: Json) -> bool:
        return not self.items or _is_called(resource, item, self.items)


def unknown_kinds(saved: Side) -> dict[str, int]:
    """Return the kinds of the snapshot that this cfops does not know, with how many items each has."""
    known = catalog.kinds()
    counts: dict[str, int] = {}
    for section in saved.snapshot.manifest.sections:
        if section.kind.removesuffix(CONTENTS) not in known and section.count:
            counts[section.kind] = counts.get(section.kind, 0) + section.count
    return counts


def refuse_unknown(snapshot: Snapshot, wanted: tuple[str, ...]) -> None:
    """Raise Refused if a *wanted* kind is one of the snapshot that this cfops does not know."""
    known = catalog.kinds()
    for section in snapshot.manifest.sections:
        if section.kind in names(wanted) and section.kind not in known:
            text = f"{section.kind} cannot be restored: this cfops does not know the kind"
            hint = f"the snapshot is by {snapshot.manifest.tool}, perhaps with a plugin (`inv plugins`)"
            raise Refused(text, hint=hint)


def read_filter(
    kinds: tuple[str, ...], zones: tuple[str, ...], namespaces: tuple[str, ...], items: tuple[str, ...]
) -> Filter:
    """Return the options as a filter. Raises UsageError for an unknown kind or product."""
    kinds = names(kinds)
    choose(catalog.resources(), ScanFilter(only=kinds, deep=True, values="values", contents=True))
    owners = {ZONE: names(zones), NAMESPACE: names(namespaces)}
    return Filter(kinds, {kind: named for kind, named in owners.items() if named}, items)


def _is_called(resource: Resource, item: Json, names: Iterable[str]) -> bool:
    own = {str(reach(item, field) or "") for field in (resource.key, resource.label)}
    return bool((own | {" ".join(identity_of(resource, item))}) & set(names))


class RestoreSelection(NamedTuple):
    """*writable* kinds in order, *read_only* ones, which cannot be restored, and ids of *owners* or None."""

    writable: list[Resource]
    read_only: list[Resource]
    owners: Owners | None

    def sections(self, saved: Side, resources: Sequence[Resource]) -> list[Section]:
        """Return the sections of the snapshot that are selected, of *resources* only."""
        parents = {resource.kind: resource.parent for resource in resources}
        return [
            section
            for section in saved.snapshot.manifest.sections
            if (parent := parents.get(section.kind))
            and (self.owners is None or parent == ACCOUNT or section.scope in self.owners.get(parent, ()))
        ]


def select(saved: Side, filter: Filter, *, later: bool = False) -> RestoreSelection:
    """Return what *filter* selects of a snapshot. Raises NotFound if that, or an owner, is missing.

    If *later*, a named item may also be one that was created after the snapshot.
    """
    kinds = {resource.kind: resource for resource in catalog.resources()}
    for kind, wanted in filter.owners.items():
        held = list(saved.items(kinds[kind], saved.account_id))
        for name in wanted:
            if not any(_is_called(kinds[kind], item, (name,)) for item in held):
                known = [str(reach(item, kinds[kind].label)) for item in held]
                hint = did_you_mean(name, known) or "`inv snapshots.show` shows what it holds"
                raise NotFound(f"{saved.snapshot.name} holds no {kind} {name!r}", hint=hint)
    selected = [
        resource
        for resource in kinds.values()
        if resource.kind in saved.kinds
        and (not filter.kinds or {resource.kind, resource.product} & set(filter.kinds))
        and (not filter.owners or set(line_of(resource, kinds)) & set(filter.owners))
    ]
    owners = _owners(saved, kinds, selected, filter, later=later) if filter.owners or filter.items else None
    if filter.items:
        ids = owners or {}
        selected = [
            r
            for r in selected
            if ids.get(r.parent) or (r.parent not in ids and (later or holds_named(saved, r, filter)))
        ]
    if not selected:
        missing = f"nothing called {', '.join(filter.items)}" if filter.items else "nothing that is selected"
        hint = "`inv snapshots.show` shows what it holds; --item takes names"
        raise NotFound(f"{saved.snapshot.name} holds {missing}", hint=hint)
    writable = [
        resource
        for resource in selected
        if (resource.writes or resource.restore.values)
        and (not resource.restore.named or resource.kind in filter.kinds)
    ]
    return RestoreSelection(ordered(writable), [r for r in selected if r not in writable], owners)


def owner_kinds(resources: Iterable[Resource]) -> set[str]:
    """Return the kinds among *resources* and their parents that other items belong to or refer to."""
    kinds = {kind for resource in resources for kind in (resource.kind, resource.parent)}
    return kinds & parent_kinds(catalog.resources())


def _owners(
    saved: Side, kinds: Mapping[str, Resource], selected: Sequence[Resource], filter: Filter, *, later: bool
) -> Owners:
    found: Owners = {}
    for kind in owner_kinds(selected):
        resource = kinds[kind]
        held = [one for one in saved.items(resource, saved.account_id) if filter.selects_owner(resource, one)]
        ids = {key_of(resource, one) for one in held}
        named = {key_of(resource, one) for one in held if filter.selects_item(resource, one)}
        inside = (r for r in selected if r.parent == kind) if filter.items else ()
        holding = ids if later else {scope for r in inside for scope in _scopes_of_named(saved, r, filter)}
        found[kind] = named | (ids & holding)
    return found


def holds_named(saved: Side, resource: Resource, filter: Filter) -> bool:
    """True if the snapshot has an item of a kind that *filter* selects."""
    return any(True for _ in _scopes_of_named(saved, resource, filter))


def _scopes_of_named(saved: Side, resource: Resource, filter: Filter) -> Iterator[str]:
    items = saved.snapshot.items(resource.kind)
    return (scope for scope, one in items if filter.selects_item(resource, one))


def ordered(resources: Sequence[Resource]) -> list[Resource]:
    """Return *resources* so that each comes after its parent and the kinds that it may refer to."""
    by_kind = {resource.kind: resource for resource in resources}

    def before(resource: Resource) -> Iterable[Resource]:
        return (by_kind[kind] for kind in (resource.parent, *used_by(resource)) if kind in by_kind)

    return after(resources, before, key=lambda resource: resource.kind)


def used_by(resource: Resource) -> Iterator[str]:
    """Yield the kinds that items of *resource* may refer to."""
    yield from (kind for _, kind in resource.links)
    yield from resource.restore.mentions


def after(
    things: Sequence[T], before: Callable[[T], Iterable[T]], *, key: Callable[[T], Hashable]
) -> list[T]:
    """Return *things*, each after those that *before* returns for it; otherwise in their order."""
    placed: list[T] = []
    seen: set[Hashable] = set()

    def place(thing: T) -> None:
        if key(thing) not in seen:
            seen.add(key(thing))
            for earlier in before(thing):
                place(earlier)
            placed.append(thing)

    for thing in things:
        place(thing)
    return placed
