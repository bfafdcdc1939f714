"""Resource: the declaration of a kind, used by scan, snapshot, compare, restore, undo and offline reading.

Change: what becomes of one item of a kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from ops.http.pages import Listing
from ops.http.paths import path
from ops.http.shape import require
from ops.items import Json, equal, reach, without
from ops.kinds.secret import hide

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.http.paths import ApiPath
    from ops.kinds.paging import Paging

_NAME = re.compile(r"{(\w+)}")
ACCOUNT = "account"
INTERNAL = "an internal zone only has DNS"
MAIN = "main"
CREATE, UPDATE, DELETE, UNCHANGED = "create", "update", "delete", "unchanged"


class Owner(NamedTuple):
    """The parent of an item: the account itself, or an item of another kind in it.

    *id* is the parent's own id (a zone's id, a script's name); for the account it is the account's id.
    """

    account_id: str
    id: str
    item: Json


class Content(NamedTuple):
    """One file of an item, for example a module of a script; *role* is MAIN for the entry point."""

    name: str
    media_type: str
    data: bytes
    role: str = ""


class AuditEvent(NamedTuple):
    """One entry of the account's audit log: when (RFC 3339), by whom, what, and on which item.

    *thing* holds the ids and names of the item, *within* those of everything that contains it.
    """

    when: str
    actor: str
    action: str
    thing: frozenset[str]
    within: frozenset[str]


class Block(NamedTuple):
    """An item as Terraform's provider for Cloudflare (version 5) sees it.

    *type* is the resource's type, *id* the argument of an import block. *arguments* make a stub of the
    resource, without those that are None; if empty, Terraform writes the resource (-generate-config-out).
    """

    type: str
    id: str
    arguments: Json = {}  # noqa: RUF012 (never changed)


def block(type: str, id: str, *arguments: str) -> Callable[[Owner, Json], Block]:
    """Return a function that makes the block of an item; *id* and *arguments* name fields of the item.

    `account_id` and `zone_id` are those of the parent. For example, a D1 database:

        block("cloudflare_d1_database", "{account_id}/{uuid}", "account_id", "name")
    """

    def made(owner: Owner, item: Json) -> Block:
        known = {"account_id": owner.account_id, "zone_id": owner.id, **item}
        return Block(type, id.format_map(known), {name: known.get(name) for name in arguments})

    return made


class Compare(NamedTuple):
    """How two items of a kind are compared.

    *volatile* fields change by themselves; *read_only* fields are set by the API alone. Neither is compared,
    and read-only fields are removed before an item is sent. The order of a list in an *unordered* field has
    no meaning. Dots reach inside. *canonical* returns an item with what the API only derives from other
    fields in one form.

    For example, a KV namespace: `Compare(volatile=("id",), read_only=("supports_url_encoding",))`.
    """

    volatile: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    canonical: Callable[[Json], Json] | None = None


class Values(NamedTuple):
    """How stored values are restored: each line becomes an item of the unlisted *kind*, built by *make*."""

    kind: str
    make: Callable[[Json], Json]


class Restore(NamedTuple):
    """What a restore must know about a kind beyond its writes.

    *unsupported* says why a kind without writes cannot be restored. *mentions* are kinds of the account that
    an item may name by their keys anywhere inside: they are restored first, and their new keys are filled in.
    *blocked* takes the wanted item, the live one and the time, and returns why it cannot be written ("" if it
    can). *not_restored* takes the first two and yields what a restore does not bring back. *fitted* takes the
    wanted item and the item of its live owner, and returns what the owner allows of it, and the names of what
    it does not. Where a listing holds only part of an item, *assemble* builds what the writes take from the
    listed item, the items of each of its *parts* (kinds in it that are restored along with it) and its files.
    *values* says how values are restored. *named* says whom or what a restore of the kind reaches: it is
    restored only if the kind is named.

    For example, a script binds KV namespaces, and its upload needs its settings and its modules:

        Restore(mentions=("kv.namespace",), parts=("workers.settings",), assemble=_assembled)
    """

    unsupported: str = ""
    mentions: tuple[str, ...] = ()
    blocked: Callable[[Json, Json | None, float], str] | None = None
    not_restored: Callable[[Json, Json | None], Iterable[str]] | None = None
    fitted: Callable[[Json, Json], tuple[Json, Sequence[str]]] | None = None
    parts: tuple[str, ...] = ()
    assemble: Callable[[Json, Mapping[str, Sequence[Json]], Sequence[Content]], Json] | None = None
    values: Values | None = None
    named: str = ""


class Where(NamedTuple):
    """A kind exists only where the same parent has an item of *kind* that *holds*; else *reason* says why."""

    kind: str
    reason: str
    holds: Callable[[Json], bool] = lambda _item: True


class Document(NamedTuple):
    """A text format that holds all items of one parent.

    *make* takes the parent's item and the items; it returns the text, and a sentence for each thing that the
    format cannot hold. For example, DNS records become a BIND zone file:

        Document(ending=".zone", make=_zone_file)
    """

    ending: str
    make: Callable[[Json, Iterable[Json]], tuple[str, list[str]]]


class Uses(NamedTuple):
    """What items of a kind use, besides their `links`: *of* takes the parent's id and an item.

    It yields (kind, key or label); *kinds* are all kinds that it may yield. For example, a cron trigger:
    `Uses(("workers.script",), lambda script, _schedule: (("workers.script", script),))`.
    """

    kinds: tuple[str, ...] = ()
    of: Callable[[str, Json], Iterable[tuple[str, str]]] = lambda _scope, _item: ()


class Applied(Exception):
    """A write was applied, but a later step of it failed; *item* is the item as it is now."""

    def __init__(self, item: Json, problem: str) -> None:
        super().__init__(problem)
        self.item = item
        self.problem = problem


class Writes(NamedTuple):
    """How items of a kind are created, updated and deleted.

    *find* returns the live item: by the id if the given item has one, else by its identity; None if it does
    not exist. It is called before a write, after one with an unknown outcome, and before an undo; *find_all*
    does the same for up to *find_size* items of one parent, in their order, with few requests. An item that
    it does not find must not be listed either, where *is_listed* can tell. *create* takes the wanted item,
    *update* the live and the wanted one, *delete* the live one; the first two return the item as the API
    answers it, or raise Applied. *batch* makes up to *batch_size* changes of one parent in
    one request and returns their items in the same order, None for a deleted one; *batch_of* returns the size
    where it depends on the parent. If *confirm_by_name*, an item is deleted only after its name was typed.
    *lost* says what a deletion deletes permanently; *irreversible* says why a change of this kind can never
    be undone. *renames*: an item may get another identity and stay the same item. *ask* asks the API whether
    it would accept a change, and raises its refusal; it is called before anything is noted or sent.

    For example: `Writes(find=_find_route, create=_create_route, update=_update_route, delete=_delete_route)`.
    """

    find: Callable[[Client, Owner, Json], Json | None]
    create: Callable[[Client, Owner, Json], Json] | None = None
    update: Callable[[Client, Owner, Json, Json], Json] | None = None
    delete: Callable[[Client, Owner, Json], None] | None = None
    batch: Callable[[Client, Owner, Sequence[Change]], list[Json | None]] | None = None
    batch_size: int = 1
    batch_of: Callable[[Owner], int] | None = None
    find_all: Callable[[Client, Owner, Sequence[Json]], list[Json | None]] | None = None
    find_size: int = 1
    is_listed: Callable[[Client, Owner, Json], bool] | None = None
    confirm_by_name: bool = False
    lost: str = ""
    irreversible: str = ""
    renames: bool = False
    ask: Callable[[Client, Change], None] | None = None


class Resource(NamedTuple):
    """The declaration of a kind.

    *parent* is ACCOUNT, or the kind that this one belongs to ("zones.zone" for a record). *path* is where the
    API lists the items, with `{account}` and a name for the parent, and *paging* in which form; *listing*
    reads the items where that is not enough. *needs* is the permission to read, in the words of Cloudflare's
    dashboard, *task* the task that lists the items. *identity* names the fields that distinguish two items of
    one parent, the same after a restore; dots reach inside ("account.id"). They and *key* are text, except
    those in *types*, which may be missing. *key* is the field by which an item is the parent of others,
    *label* the field that people know it by. A *deep* kind costs more requests a parent than a lean inventory
    pays, so it is read only on request. *contents* reads the files of one item; *values* takes the listed
    items of one parent and yields what is stored under each, a line each; *content_path* is where the API has
    either, with `{item}`. A kind without *writes* is read-only. *links* are the fields that name an item of
    another kind by its key, with that kind; *uses* says what else an item needs to work. *terraform* returns
    an item's block, None if it cannot be imported. *lifetime* returns when an item that expires became valid
    and when it ends, in seconds since 1970, None if it does not. The values at *secret* fields are hidden in
    whatever is shown, and stored only encrypted; there `*` is every name. *gate* returns why a parent cannot
    have the kind, so that it is not asked; "" if it can. Where a list holds only the heads of items, *whole*
    returns the item of a head; it takes the item of an earlier snapshot too, or None, and need not read one
    that has not changed since. *where* names what a parent has that has items of the kind; *by_name* says why
    a kind is read only if it is named. The account's audit log names a *logged* item when anything in it
    changes; Cloudflare changes *self_changing* items without an entry, for example by renewing a certificate.
    ops/products/d1/resources.py is the shortest example.
    """

    kind: str
    parent: str
    identity: tuple[str, ...]
    path: str = ""
    paging: Paging | None = None
    listing: Callable[[Client, Owner], Iterable[Json]] | None = None
    needs: str = ""
    task: str = ""
    types: Mapping[str, type] = {}
    key: str = "id"
    label: str = "name"
    compare: Compare = Compare()
    deep: bool = False
    contents: Callable[[Client, Owner, Json], Iterator[Content]] | None = None
    values: Callable[[Client, Owner, Iterable[Json]], Iterable[Json]] | None = None
    content_path: str = ""
    writes: Writes | None = None
    restore: Restore = Restore()
    links: tuple[tuple[str, str], ...] = ()
    uses: Uses = Uses()
    document: Document | None = None
    terraform: Callable[[Owner, Json], Block | None] | None = None
    lifetime: Callable[[Json], tuple[float, float] | None] | None = None
    secret: tuple[str, ...] = ()
    gate: Callable[[Owner], str] | None = None
    whole: Callable[[Client, Owner, Json, Json | None], Json] | None = None
    where: Where | None = None
    by_name: str = ""
    logged: bool = False
    self_changing: bool = False

    @property
    def product(self) -> str:
        return self.kind.partition(".")[0]

    @property
    def params(self) -> dict[str, str]:
        """Return the parameters in *path*."""
        return dict(parse_qsl(self.path.partition("?")[2]))

    def list(self, client: Client, owner: Owner, earlier: Earlier | None = None) -> Iterable[Json]:
        """Return the items of one parent as the API sends them; none if nothing lists them.

        *earlier* returns the item with a key in an earlier snapshot.
        """
        listed, whole = self._listed(client, owner), self.whole
        if whole is None:
            return listed

        def completed(head: Json) -> Json:
            check(self, head)
            return whole(client, owner, head, earlier(self, owner, head) if earlier else None)

        return listed.map(completed) if isinstance(listed, Listing) else map(completed, listed)

    def _listed(self, client: Client, owner: Owner) -> Iterable[Json]:
        if self.listing:
            return self.listing(client, owner)
        if self.paging is None:
            return ()
        ids = {"account": owner.account_id, "zone": owner.id}
        params = {name: value.format_map(ids) for name, value in self.params.items()}
        return self.paging.read(client, address(self.path, owner), **params)


Earlier = Callable[[Resource, Owner, Json], Json | None]


def missing_in(resource: Resource, owner: Owner) -> str:
    """Return why *owner* cannot have items of *resource*; "" if it can."""
    if resource.parent == "zones.zone" and owner.item.get("type") == "internal" and resource.product != "dns":
        return INTERNAL
    return resource.gate(owner) if resource.gate else ""


def address(template: str, owner: Owner) -> ApiPath:
    """Return the path of *template*, without its parameters, for the items of *owner*."""
    where = template.partition("?")[0]
    return path(
        where, **{name: owner.account_id if name == ACCOUNT else owner.id for name in _NAME.findall(where)}
    )


def check(resource: Resource, item: Json) -> None:
    """Raise MalformedAnswer unless *item* has its key and its identity, as *resource* declares them.

    The only item of a parent needs neither.
    """
    fields = dict.fromkeys((resource.key, *resource.identity), str) if resource.identity else {}
    # A listing may have millions of items: the common case is checked without a call.
    if type(item) is not dict or any(type(item.get(field)) is not str for field in fields):
        wanted = {name.replace(".", "__"): type for name, type in {**fields, **resource.types}.items()}
        optional = tuple(name.replace(".", "__") for name in resource.types)
        require(item, f"an item of {resource.kind}", optional=optional, **wanted)


def identity_of(resource: Resource, item: Json) -> tuple[str, ...]:
    """Return what distinguishes *item* from others of its kind and parent, as text that sorts."""
    return tuple("" if value is None else str(value) for value in (reach(item, f) for f in resource.identity))


class Change(NamedTuple):
    """A change of one item from *before*, its live state, to *after*; None if it does not exist."""

    resource: Resource
    owner: Owner
    before: Json | None
    after: Json | None

    @property
    def action(self) -> str:
        """Return CREATE, UPDATE, DELETE or UNCHANGED."""
        if self.before is None:
            return CREATE if self.after is not None else UNCHANGED
        if self.after is None:
            return DELETE
        return UNCHANGED if same(self.resource, self.before, self.after) else UPDATE

    @property
    def item(self) -> Json:
        """Return the item after the change, or before its deletion."""
        return self.after if self.after is not None else self.before or {}

    @property
    def label(self) -> str:
        """Return the name that people know the item by."""
        return str(reach(self.item, self.resource.label) or reach(self.item, self.resource.key) or "")

    def differences(self) -> Iterator[tuple[str, object, object]]:
        """Yield (field, old, new) for each field that differs, in the order of their names."""
        old = comparable(self.resource, self.before or {})
        new = comparable(self.resource, self.after or {})
        for field in sorted(old.keys() | new.keys()):
            if not equal(old.get(field), new.get(field)):
                yield field, old.get(field), new.get(field)


def same(resource: Resource, one: Json, other: Json) -> bool:
    """True if two items are equal except for volatile and read-only fields."""
    return equal(comparable(resource, one), comparable(resource, other))


def comparable(resource: Resource, item: Json) -> Json:
    """Return *item* without volatile and read-only fields, its unordered lists sorted, its secrets hidden."""
    compare = resource.compare
    item = hide(resource, item) if resource.secret else item
    try:
        whole = compare.canonical(item) if compare.canonical else item
    except (KeyError, TypeError, AttributeError, ValueError):
        whole = item  # not of the documented form: compared as it is
    kept = without(whole, compare.volatile + compare.read_only)
    for field in compare.unordered:
        if isinstance(kept.get(field), list):
            kept[field] = sorted(kept[field], key=lambda one: json.dumps(one, sort_keys=True))
    return kept
