"""What the hooks of plugins say about changes, before they are shown and sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from ops.items import Json
from ops.kinds.resource import Change
from ops.plugins.door import DOOR

TOGETHER = 500
"""How many changes of a stream a hook gets at once."""


def consulted(changes: Sequence[Change], task: str) -> list[Change]:
    """Return *changes* of *task* as the hooks leave them. Raises RefusedByHook."""
    if not changes or not DOOR.hooks("on_change"):
        return list(changes)
    from ops.plugins.fire import fire, visible

    seen = [visible(_document(change)) for change in changes]
    answered = fire("on_change", task=task, changes=seen)
    if answered is None:
        return list(changes)
    return [_changed(*three) for three in zip(changes, seen, answered, strict=True)]


def consulted_stream(changes: Iterable[Change], task: str) -> Iterator[Change]:
    """Yield a stream of *changes* as the hooks leave them. Raises RefusedByHook."""
    if not DOOR.hooks("on_change"):
        yield from changes
        return
    stream = iter(changes)
    while part := list(islice(stream, TOGETHER)):
        yield from consulted(part, task)


def approve(changes: Iterable[Change], task: str) -> None:
    """Raise RefusedByHook if a hook refuses one of *changes*, which restore what was: none can alter them."""
    for _ in consulted_stream(changes, task):
        continue


def _document(change: Change) -> Json:
    owner = change.owner.item
    return {
        "action": change.action,
        "kind": change.resource.kind,
        "name": change.label,
        "owner": owner.get("name") or owner.get("title") or change.owner.id,
        "before": change.before,
        "after": change.after,
    }


def _changed(change: Change, seen: Json, answered: Json) -> Change:
    """Return *change* with the wanted fields that differ in the answer; all else is as it was."""
    wanted, after = seen["after"], answered.get("after")
    if change.after is None or not isinstance(after, dict) or after == wanted:
        return change
    kept = {name: value for name, value in change.after.items() if name in after}
    new = {name: value for name, value in after.items() if name not in wanted or wanted[name] != value}
    return change._replace(after={**kept, **new})
