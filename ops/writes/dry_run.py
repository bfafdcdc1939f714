"""What a dry run would have changed, for the tasks after it on the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.change import UNCHANGED
from ops.kinds.resource import reach

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Owner, Resource


def pretend(app: App, change: Change) -> None:
    """Keep *change* for the rest of the line, as if it had been made."""
    if change.action != UNCHANGED:
        app.run.pretended.append(change)


def pretended(app: App, resource: Resource, owner: Owner, item: Json) -> tuple[bool, Json | None]:
    """Give whether the dry run has changed where *item* is or would be, and what would stand there now."""
    for change in reversed(app.run.pretended):
        if change.resource.kind != resource.kind or change.owner[:2] != owner[:2]:
            continue
        if change.after is not None and _meant(resource, change.after, item):
            return True, change.after
        if change.before is not None and _meant(resource, change.before, item):
            return True, None
    return False, None


def _meant(resource: Resource, standing: Json, item: Json) -> bool:
    """Say whether *standing* is what *item* names: by its key, else by all that it says of the identity."""
    key = reach(item, resource.key)
    if key and reach(standing, resource.key):
        return bool(key == reach(standing, resource.key))
    said = [(field, reach(item, field)) for field in resource.identity]
    said = [(field, value) for field, value in said if value is not None]
    return bool(said) and all(reach(standing, field) == value for field, value in said)
