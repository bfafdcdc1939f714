"""What uses what in an account, by the declarations of the kinds: the map of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ops.items import Json, reach
from ops.kinds.resource import Resource
from ops.snapshots.whole import NotRead, WholeSections


class User(NamedTuple):
    """An item that uses another one; *scope* is the id of its parent."""

    kind: str
    scope: str
    key: str
    label: str


def users_of(sections: WholeSections, kind: str, gaps: list[NotRead] | None = None) -> dict[str, list[User]]:
    """Return what uses the items of *kind*, by the key or the label of the item.

    Raises NotRead for a kind that may use them, unless *gaps* is given, which then gets it. The only item of
    a parent, such as the settings of a script, is a part of it: the parent is the user.
    """
    found: dict[str, list[User]] = {}
    for resource in sections.resources.values():
        if not users_kinds(resource) & {kind}:
            continue
        try:
            items = sections.everything(resource.kind)
        except NotRead as gap:
            if gaps is None:
                raise
            gaps.append(gap)
            continue
        for scope, item in items:
            user = _user(resource, scope, item)
            for target in _targets(resource, scope, item, kind):
                users = found.setdefault(target, [])
                # A script may be bound to its own classes.
                if user not in users and (user.kind, user.key) != (kind, target):
                    users.append(user)
    return found


def users_kinds(resource: Resource) -> set[str]:
    """Return the kinds that items of *resource* may use."""
    return {kind for _, kind in resource.links} | set(resource.uses.kinds)


def _user(resource: Resource, scope: str, item: Json) -> User:
    if not resource.identity:
        return User(resource.parent, "", scope, scope)
    key = str(reach(item, resource.key) or "")
    return User(resource.kind, scope, key, str(reach(item, resource.label) or key))


def _targets(resource: Resource, scope: str, item: Json, kind: str) -> Iterator[str]:
    yield from (str(reach(item, field)) for field, to in resource.links if to == kind and reach(item, field))
    yield from (target for to, target in resource.uses.of(scope, item) if to == kind)


def names_of(resource: Resource, item: Json) -> set[str]:
    """Return what others may call an item by: its key and its label."""
    return {str(reach(item, field)) for field in (resource.key, resource.label) if reach(item, field)}
