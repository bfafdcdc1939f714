"""The items of any kind, live or from a snapshot, as tasks show them: without secret values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ops.errors import AmbiguousName, NotFound, UsageError, did_you_mean
from ops.items import Json, reach
from ops.kinds import secret
from ops.kinds.catalog import resources
from ops.kinds.resource import ACCOUNT, Owner, Resource, check, missing_in
from ops.snapshots.compare.side import name_of

if TYPE_CHECKING:
    from ops.cli.app import App

ZONE = "zones.zone"


def declared(kind: str) -> Resource:
    """Return the declaration of *kind*. Raises UsageError for an unknown one."""
    known = {resource.kind: resource for resource in resources()}
    if kind not in known:
        hint = did_you_mean(kind, known) or "`inv items.kinds` lists the kinds"
        raise UsageError(f"no kind is called {kind!r}", hint=hint)
    return known[kind]


class Items:
    """The items that *app* shows. A list that may be incomplete is a gap of its result."""

    def __init__(self, app: App) -> None:
        secret.use_key(app.settings.credentials.secrets())
        self._app = app

    def of(self, kind: str, parent: str = "") -> Iterator[Json]:
        """Yield the items of *kind* in every parent, or in that which *parent* names, each with its parent.

        Raises NotFound if nothing is called *parent*.
        """
        resource = declared(kind)
        above = None if resource.parent == ACCOUNT else declared(resource.parent)
        owners = self._owners(resource, parent)
        for owner, items in zip(
            owners, self._app.parallel(partial(self._read, resource), owners), strict=True
        ):
            for item in items:
                check(resource, item)
                named = {"parent": name_of(above, owner.item) or owner.id} if above else {}
                yield {**named, **secret.hide(resource, item)}

    def one(self, kind: str, id: str, parent: str = "") -> Json:
        """Return the item of *kind* with this id or name. Raises NotFound or AmbiguousName."""
        resource = declared(kind)
        # The only item of a parent is called as the parent.
        single = not resource.identity
        found, names = [], []
        for item in self.of(kind, parent or (id if single and resource.parent != ACCOUNT else "")):
            own = {str(reach(item, name)) for name in (resource.key, resource.label, *resource.identity)}
            names += sorted(own)
            if single or id in own:
                found.append(item)
        if not found:
            hint = did_you_mean(id, names) or f"`inv items.list {kind}` lists them"
            raise NotFound(f"no {kind} is called {id!r}", 404, hint=hint)
        if len(found) > 1:
            where = ", ".join(sorted({str(one.get("parent") or reach(one, resource.key)) for one in found}))
            problem = f"{len(found)} of {kind} are called {id!r}: {where}"
            raise AmbiguousName(problem, hint="name its id or parent")
        return found[0]

    def _read(self, resource: Resource, owner: Owner) -> list[Json]:
        if missing_in(resource, owner):
            return []
        listing = resource.list(self._app.client, owner)
        items = list(listing)
        if problem := getattr(listing, "problem", ""):
            self._app.gap(f"{resource.kind} in {owner.id}: {problem}")
        return items

    def _owners(self, resource: Resource, name: str = "") -> list[Owner]:
        """Return the parents of *resource*, or the one that *name* names. Raises NotFound."""
        app = self._app
        account = Owner(app.account_id, app.account_id, {})
        if resource.parent == ACCOUNT:
            return [account]
        if resource.parent == ZONE and name:
            zone = app.zone(name)
            return [Owner(account.id, zone["id"], zone)]
        above = declared(resource.parent)
        listed = app.parallel(partial(self._read, above), self._owners(above))
        found = [Owner(account.id, str(reach(item, above.key)), item) for items in listed for item in items]
        chosen = [owner for owner in found if name in ("", owner.id, name_of(above, owner.item))]
        if name and not chosen:
            known = [name_of(above, owner.item) for owner in found]
            hint = did_you_mean(name, known) or f"`inv items.list {above.kind}` lists them"
            raise NotFound(f"no {above.kind} is called {name!r}", 404, hint=hint)
        return chosen
