"""What of a snapshot is to be put back: by kind, zone, namespace and item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import NotFound, did_you_mean
from ops.kinds import catalog
from ops.kinds.resource import Json, Resource, identity_of, reach
from ops.scan.selection import Wish, choose, names

if TYPE_CHECKING:
    from ops.snapshots.library import Snapshot

ZONE, NAMESPACE = "zones.zone", "kv.namespace"

Owners = dict[str, set[str]]


class Wanted(NamedTuple):
    """What was asked for: *kinds* and products, owners by their kind, *items*, each by a name or an id.

    Whatever is empty stands for all there is.
    """

    kinds: tuple[str, ...] = ()
    owners: Mapping[str, tuple[str, ...]] = {}
    items: tuple[str, ...] = ()

    @property
    def narrowed(self) -> bool:
        return bool(self.owners or self.items)

    def of_kind(self, resource: Resource) -> bool:
        return not self.kinds or resource.kind in self.kinds or resource.product in self.kinds

    def of_line(self, line: Iterable[str]) -> bool:
        """Say whether what lies in the kinds of *line* may be asked for, where owners are named."""
        return not self.owners or bool(set(line) & set(self.owners))

    def names_owner(self, resource: Resource, item: Json) -> bool:
        asked = self.owners.get(resource.kind)
        return asked is None or _goes_by(resource, item, asked)

    def names_item(self, resource: Resource, item: Json) -> bool:
        return not self.items or _goes_by(resource, item, self.items)


def read(
    kinds: tuple[str, ...], zones: tuple[str, ...], namespaces: tuple[str, ...], items: tuple[str, ...]
) -> Wanted:
    """Read the options; raises UsageError for a kind or product that is not there."""
    chosen = names(kinds)
    choose(catalog.resources(), Wish(only=chosen, deep=True, values="values", contents=True))
    owners = {ZONE: names(zones), NAMESPACE: names(namespaces)}
    return Wanted(chosen, {kind: named for kind, named in owners.items() if named}, items)


def _goes_by(resource: Resource, item: Json, asked: Iterable[str]) -> bool:
    known = {str(reach(item, field) or "") for field in (resource.key, resource.label)}
    return bool((known | {" ".join(identity_of(resource, item))}) & set(asked))


def check_owners(snapshot: Snapshot, wanted: Wanted) -> None:
    """Raise NotFound for a zone or namespace that the snapshot does not hold, naming those alike."""
    for kind, asked in wanted.owners.items():
        resource = catalog.kinds()[kind]
        held = [item for _, item in snapshot.items(kind)]
        known = [str(reach(item, resource.label)) for item in held]
        for name in asked:
            if not any(_goes_by(resource, item, (name,)) for item in held):
                raise NotFound(
                    f"{snapshot.name} holds no {kind} {name!r}",
                    hint=did_you_mean(name, known) or "`inv snapshots.show` shows what it holds",
                )
