"""Items that a task creates, changes or deletes by hand, named by their id or their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import AmbiguousName, Incomplete, NotFound, did_you_mean
from ops.items import reach
from ops.kinds.resource import Change, Owner, check
from ops.writes.make import lookup, make, simulated

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Resource
    from ops.ui.shapes import Rows


class ByName:
    """The items of *resource* in *owner*, by default the account, as the declared writes change them."""

    def __init__(self, app: App, resource: Resource, owner: Owner | None = None) -> None:
        self._app, self._resource = app, resource
        self._owner = owner or Owner(app.account_id, app.account_id, {})
        self._is_simulated = False

    def create(self, item: Json) -> Rows:
        """Create *item*; an equal one stays unchanged."""
        # What would be created in this dry run has nothing in it, and cannot be asked.
        total = 1 if self._is_simulated else None
        return make(self._app, Change(self._resource, self._owner, None, item), total=total)

    def update(self, name: str, changes: Json) -> Rows:
        """Change fields of the item called *name*."""
        found = self.find(name)
        return make(self._app, Change(self._resource, self._owner, found, found | changes))

    def delete(self, name: str) -> Rows:
        return make(self._app, Change(self._resource, self._owner, self.find(name), None))

    def inside(self, resource: Resource, name: str) -> ByName:
        """Return the items of *resource* in the item called *name*."""
        found = self.find(name)
        key = str(reach(found, self._resource.key) or "")
        below = ByName(self._app, resource, Owner(self._owner.account_id, key or name, found))
        below._is_simulated = self._app.dry and self._pretended(name) is not None
        return below

    def find(self, name: str) -> Json:
        """Return the live item whose id or name is *name*; simulated changes count. Raise NotFound."""
        resource = self._resource
        if (pretended := self._pretended(name)) is not None:
            return pretended
        listing = () if self._is_simulated else resource.list(self._app.client, self._owner)
        items = list(listing)
        for one in items:
            check(resource, one)
        named = [one for one in items if name in (reach(one, resource.key), reach(one, resource.label))]
        if not named:
            if problem := getattr(listing, "problem", ""):
                raise Incomplete(f"{resource.kind} could not be listed completely: {problem}")
            hint = did_you_mean(name, [str(reach(one, resource.label)) for one in items])
            hint = hint or f"`inv items.list {resource.kind}` lists them"
            raise NotFound(f"no {resource.kind} is called {name!r}", 404, hint=hint)
        if len(named) > 1:
            ids = ", ".join(str(reach(one, resource.key)) for one in named)
            raise AmbiguousName(
                f"{len(named)} of {resource.kind} are called {name!r}", hint=f"use an id: {ids}"
            )
        found = lookup(self._app, resource, self._owner, named[0])
        if found is None:
            raise NotFound(f"{resource.kind} {name!r} no longer exists", 404)
        return found

    def _pretended(self, name: str) -> Json | None:
        """Return what earlier tasks of a dry run would have made of the item called *name*."""
        if not self._app.dry:
            return None
        line, resource = self._app.run.pretended, self._resource
        return simulated(line, resource, self._owner, {resource.label: name})[1]
