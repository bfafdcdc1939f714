"""Selection: the kinds of a snapshot that are put back, and the owners that this is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ops.errors import NotFound
from ops.kinds.resource import ACCOUNT, Json, Owner, Resource
from ops.restore.order import ordered
from ops.restore.places import items, key_of
from ops.restore.wanted import Owners, Wanted
from ops.scan.selection import line_of
from ops.snapshots.compare.side import Side


class Selection(NamedTuple):
    """*writable* kinds in the order in which they are put back, those that are only *read*, and the *owners*
    that this is about; None where it is about all there are.
    """

    writable: list[Resource]
    read: list[Resource]
    owners: Owners | None

    def within(self, kind: str, scope: str) -> bool:
        """Say whether what lies in *scope* is asked for, *scope* being an owner of *kind*, or the account."""
        return self.owners is None or kind == ACCOUNT or scope in self.owners.get(kind, ())


def select(old: Side, kinds: Sequence[Resource], wanted: Wanted) -> Selection:
    """Give what of the snapshot *old* is *wanted*; raises NotFound where that is nothing."""
    by_kind = {resource.kind: resource for resource in kinds}
    asked = [
        resource
        for resource in kinds
        if old.mentions(resource.kind)
        and wanted.of_kind(resource)
        and wanted.of_line(line_of(resource, by_kind))
    ]
    about = _about(old, by_kind, asked, wanted) if wanted.narrowed else None
    if wanted.items:
        asked = [r for r in asked if _holds(old, r, wanted, about or {})]
    if not asked:
        told = f"nothing called {', '.join(wanted.items)}" if wanted.items else "nothing of what is asked for"
        raise NotFound(
            f"{old.snapshot.name} holds {told}",
            hint="`inv snapshots.show` tells what it holds; --item takes names",
        )
    writable = ordered([resource for resource in asked if resource.writes or resource.restore.values])
    return Selection(writable, [r for r in asked if not (r.writes or r.restore.values)], about)


def owning(resources: Iterable[Resource]) -> set[str]:
    """Give the kinds that others lie in, or that are made of more than is listed."""
    found = {resource.parent for resource in resources} | {r.kind for r in resources if r.restore.assemble}
    return found - {ACCOUNT}


def _about(old: Side, kinds: Mapping[str, Resource], asked: Sequence[Resource], wanted: Wanted) -> Owners:
    """Give the owners that are named, or that hold an item which is."""
    account = Owner(old.account_id, old.account_id, {})
    found: Owners = {}
    for kind in owning(asked):
        resource = kinds[kind]
        held = [one for one in items(old, resource, account) if wanted.names_owner(resource, one)]
        known = {key_of(resource, one) for one in held}
        named = {key_of(resource, one) for one in held if wanted.names_item(resource, one)}
        inside = (r for r in asked if r.parent == kind) if wanted.items else ()
        holding = {scope for r in inside for scope, _ in _named(old, r, wanted)}
        found[kind] = named | (known & holding)
    return found


def _named(old: Side, resource: Resource, wanted: Wanted) -> Iterator[tuple[str, Json]]:
    return (
        (scope, one) for scope, one in old.snapshot.items(resource.kind) if wanted.names_item(resource, one)
    )


def _holds(old: Side, resource: Resource, wanted: Wanted, about: Owners) -> bool:
    """Say whether an item of a kind is named, or lies in an owner that is."""
    if any(scope in about.get(resource.parent, {scope}) for scope, _ in _named(old, resource, wanted)):
        return True
    return bool(about.get(resource.parent))


def counts(old: Side, selection: Selection) -> dict[str, int]:
    """Count the items of the kinds that are only read, of which there are any."""
    found: dict[str, int] = defaultdict(int)
    scopes = {resource.kind: resource.parent for resource in selection.read}
    for section in old.snapshot.manifest.sections:
        if section.kind in scopes and selection.within(scopes[section.kind], section.scope):
            found[section.kind] += section.count
    return {kind: count for kind, count in found.items() if count}
