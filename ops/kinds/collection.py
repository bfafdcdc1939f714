"""Kinds with the usual form of the API: a list at a path, and each item below it by its key.

`collection` and `single` return a whole declaration from its path, so that a kind takes a few lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import Incomplete, NotFound
from ops.items import Json, equal, reach, without
from ops.kinds.paging import Bundle, Followed, Single
from ops.kinds.resource import (
    ACCOUNT,
    Compare,
    Owner,
    Resource,
    Restore,
    Where,
    Writes,
    address,
    block,
    identity_of,
)  # fmt: skip

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.paging import Paging

PUT, PATCH, POST = "PUT", "PATCH", "POST"
# What Cloudflare sets, in the spellings of its products.
STAMPS = ("id", "created_on", "modified_on", "created_at", "updated_at", "created", "modified")


class Verbs(NamedTuple):
    """What can be done with the items of a collection.

    *update*: PUT sends the whole item, PATCH what differs. *sent* are the only fields that a request takes,
    if not all; *by_list*: an item is looked up in the list, because reading it alone shows secrets or is not
    possible.
    """

    create: bool = True
    update: str = PUT
    delete: bool = True
    sent: tuple[str, ...] = ()
    by_list: bool = False


READ_ONLY = Verbs(create=False, update="", delete=False)


def collection(
    kind: str,
    path: str,
    needs: str,
    *,
    identity: tuple[str, ...] = ("name",),
    key: str = "id",
    paging: Paging | None = None,
    volatile: tuple[str, ...] = (),
    read_only: tuple[str, ...] = (),
    unordered: tuple[str, ...] = (),
    fixed: tuple[str, ...] = (),
    verbs: Verbs = Verbs(),  # noqa: B008 (never changed)
    terraform: str = "",
    lost: str = "",
    confirm_by_name: bool = False,
    restore: Restore = Restore(),  # noqa: B008
    parent: str = "",
    **more: Any,
) -> Resource:
    """Return the declaration of a kind listed at *path* and written below it as *verbs* say.

    The parent is the zone or the account that the path names. Stamps and the key are volatile like *volatile*
    fields. A *fixed* field cannot be changed after the creation. *terraform* is the type of its resource.
    """
    zoned = "{zone}" in path
    resource = Resource(
        kind=kind,
        parent=parent or ("zones.zone" if zoned else ACCOUNT),
        path=path,
        paging=paging or Followed(),
        needs=needs,
        identity=identity,
        key=key,
        compare=Compare(
            tuple(name for name in (*STAMPS, key, *volatile) if name not in identity), unordered, read_only
        ),
        restore=restore._replace(blocked=_blocked(fixed, restore)) if fixed else restore,
        terraform=block(terraform, _import_id(key, zoned=zoned)) if terraform else None,
        **{"deep": zoned, **more},
    )
    writes = _Items(resource, verbs).writes()._replace(lost=lost, confirm_by_name=confirm_by_name)
    return resource if verbs == READ_ONLY else resource._replace(writes=writes)


def _import_id(key: str, *, zoned: bool) -> str:
    return f"{{zone_id}}/{{{key}}}" if zoned else f"{{account_id}}/{{{key}}}"


def single(
    kind: str,
    path: str,
    needs: str,
    *,
    method: str = PUT,
    sent: tuple[str, ...] = (),
    absent: int = 0,
    delete: bool = False,
    volatile: tuple[str, ...] = (),
    read_only: tuple[str, ...] = (),
    unordered: tuple[str, ...] = (),
    parent: str = "",
    label: str = "enabled",
    **more: Any,
) -> Resource:
    """Return the declaration of the only item of its parent, read and written at *path* with *method*.

    *sent* are the only fields that the request takes, if not all; no *method*: it is only read. *absent* is
    the error code for one that was never set; then *delete* unsets it.
    """
    zoned = "{zone}" in path
    resource = Resource(
        kind=kind,
        parent=parent or ("zones.zone" if zoned else ACCOUNT),
        path=path,
        paging=Single(absent),
        needs=needs,
        identity=(),
        label=label,
        compare=Compare((*STAMPS, *volatile), unordered, read_only),
        **{"deep": zoned, **more},
    )
    return (
        resource._replace(writes=_single_writes(resource, method, sent, delete=delete))
        if method
        else resource
    )


def _single_writes(resource: Resource, method: str, sent: tuple[str, ...], *, delete: bool) -> Writes:
    def write(client: Client, owner: Owner, after: Json, before: Json | None = None) -> Json:
        body = _body(resource, after, sent)
        if method == PATCH and before:
            body = {name: value for name, value in body.items() if not equal(value, before.get(name))}
        found = getattr(client, method.lower())(address(resource.path, owner), json=body)
        return {**found, "id": resource.kind}

    def remove(client: Client, owner: Owner, _item: Json) -> None:
        client.delete(address(resource.path, owner))

    return Writes(
        find=partial(_only, resource),
        create=write if delete else None,
        update=lambda client, owner, before, after: write(client, owner, after, before),
        delete=remove if delete else None,
    )


def ordered(
    kind: str,
    path: str,
    needs: str,
    *,
    field: str = "rules",
    wrapped: bool = True,
    set_by_api: tuple[str, ...] = ("id", "version", "last_updated"),
    **more: Any,
) -> Resource:
    """Return the declaration of a list at *path* whose rows have an order and are written together by PUT.

    The item is `{field: rows}`; so is the request if it is *wrapped*, otherwise the rows alone.
    """

    def plain(item: Json) -> Json:
        rows = item.get(field)
        return {field: [without(row, set_by_api) for row in rows]} if isinstance(rows, list) else item

    def write(client: Client, owner: Owner, _before: Json, after: Json) -> Json:
        body = plain(after)
        client.put(address(path, owner), json=body if wrapped else body[field], any_result=True)
        return after

    resource = Resource(
        kind=kind,
        parent="zones.zone" if "{zone}" in path else ACCOUNT,
        path=path,
        paging=Bundle(field),
        needs=needs,
        identity=(),
        label=field,
        compare=Compare(canonical=plain),
        **{"deep": "{zone}" in path, **more},
    )
    find = partial(_only, resource)
    return resource._replace(writes=Writes(find=find, update=write))


def _only(resource: Resource, client: Client, owner: Owner, _item: Json) -> Json | None:
    return next(iter(resource.list(client, owner)), None)


def _body(resource: Resource, item: Json, sent: tuple[str, ...]) -> Json:
    """Return what a request sends of *item*."""
    if sent:
        return {name: item[name] for name in sent if item.get(name) is not None}
    left_out = (*STAMPS, *resource.compare.volatile, *resource.compare.read_only)
    return without(item, (name for name in left_out if name not in resource.identity))


def _blocked(fixed: tuple[str, ...], restore: Restore) -> Callable[[Json, Json | None, float], str]:
    def blocked(wanted: Json, live: Json | None, now: float) -> str:
        for name in fixed if live else ():
            if not equal(reach(wanted, name), reach(live or {}, name)):
                return f"its {name} cannot be changed"
        return restore.blocked(wanted, live, now) if restore.blocked else ""

    return blocked


class _Items:
    """Reads and writes the items of *resource*."""

    def __init__(self, resource: Resource, verbs: Verbs) -> None:
        self._resource, self._verbs = resource, verbs

    def writes(self) -> Writes:
        """Return the writes that the verbs allow."""
        verbs = self._verbs
        return Writes(
            find=self.find,
            create=self.create if verbs.create else None,
            update=self.update if verbs.update else None,
            delete=self.delete if verbs.delete else None,
            find_all=self.find_all,
            find_size=100,
            renames=bool(verbs.update),
        )

    def find(self, client: Client, owner: Owner, item: Json) -> Json | None:
        key = reach(item, self._resource.key)
        if not key or self._verbs.by_list:
            return self.find_all(client, owner, [item])[0]
        try:
            return client.get(address(self._resource.path, owner).below("{}", str(key)))
        except NotFound:
            # The codes of most products for an unknown id are not documented; the list is proof.
            return self.find_all(client, owner, [item])[0]

    def find_all(self, client: Client, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
        resource, whole = self._resource, self._resource.whole
        listing = resource._replace(whole=None).list(client, owner)
        live = list(listing)
        if problem := getattr(listing, "problem", ""):
            raise Incomplete(f"{resource.kind} could not be listed completely: {problem}")
        by_key = {str(reach(one, resource.key)): one for one in live}
        by_identity = {identity_of(resource, one): one for one in live}

        def found(item: Json) -> Json | None:
            key = reach(item, resource.key)
            head = by_key.get(str(key)) if key else by_identity.get(identity_of(resource, item))
            return whole(client, owner, head, None) if head and whole else head

        return [found(item) for item in items]

    def create(self, client: Client, owner: Owner, item: Json) -> Json:
        body = _body(self._resource, item, self._verbs.sent)
        return self._answered(body, client.post(address(self._resource.path, owner), json=body))

    def update(self, client: Client, owner: Owner, before: Json, after: Json) -> Json:
        where = address(self._resource.path, owner).below("{}", str(reach(before, self._resource.key)))
        body = _body(self._resource, after, self._verbs.sent)
        if self._verbs.update == PUT:
            return self._answered(body, client.put(where, json=body))
        changed = {name: value for name, value in body.items() if not equal(value, before.get(name))}
        return self._answered(body, client.patch(where, json=changed))

    def _answered(self, sent: Json, answer: Json) -> Json:
        # What a list does not hold, the answer to a write may lack as well.
        return {**sent, **answer} if self._resource.whole else answer

    def delete(self, client: Client, owner: Owner, item: Json) -> None:
        where = address(self._resource.path, owner).below("{}", str(reach(item, self._resource.key)))
        client.delete(where, any_result=True)


def only_where(where: Where, *resources: Resource) -> tuple[Resource, ...]:
    """Return *resources*, those of the account marked as existing only *where* it says."""
    return tuple(
        one if one.parent != ACCOUNT or one.kind == where.kind else one._replace(where=where)
        for one in resources
    )


def outside_plans(*plans: str) -> Callable[[Owner], str]:
    """Return a gate that skips zones of these *plans*, which do not have the product."""

    def gate(zone: Owner) -> str:
        plan = reach(zone.item, "plan.legacy_id")
        return f"not part of the plan {plan}" if plan in plans else ""

    return gate


def lost(*what: str) -> Callable[[Json, Json | None], Iterable[str]]:
    """Return for `Restore.not_restored` what an item that is created again lacks."""
    return lambda _wanted, live: () if live else what
