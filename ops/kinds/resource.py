"""Resource: how a product lends a kind of thing to scan, snapshot, compare, restore and undo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.change import Change

Json = dict[str, Any]
Document = Callable[[Json, Iterable[Json]], tuple[str, list[str]]]

ACCOUNT = "account"


class Owner(NamedTuple):
    """What an item lies in: the account itself, or an item of another kind within it.

    *id* is the owner's own id (a zone's id, a script's name); at account scope it is the account's.
    """

    account_id: str
    id: str
    item: Json


class Content(NamedTuple):
    """One file that belongs to an item: a module of a script, say.

    *role* is "main" for the one that runs first.
    """

    name: str
    media_type: str
    data: bytes
    role: str = ""


MAIN = "main"


class Deed(NamedTuple):
    """What a history of the account tells of one change: when (RFC 3339), by whom, what, and to which thing.

    *thing* holds the ids and names by which the thing goes, *within* those of all that it lies in.
    """

    when: str
    actor: str
    action: str
    thing: frozenset[str]
    within: frozenset[str]


class Writes(NamedTuple):
    """How a kind is changed, and what it takes to change it safely.

    *find* gives what stands now where an item is or would be: by its id where it has one, else by what
    identifies it; None where nothing does. It is asked before a write, after one whose outcome is not known,
    and before an undo; *find_all* gives the same for up to *find_size* items of one owner, in their order,
    with few requests. *create* takes the wanted item, *update* what stands and what shall stand, *delete*
    what stands; the first two give the item as the API answers it. *batch* makes up to *batch_size* changes
    of one owner in one request and gives their items in the same order, None for what was deleted; *batch_of*
    gives the size where it is the owner's. *read_only* fields are set by the API alone: dropped when sent
    back, not compared. A *severe* kind is deleted only by typing its name. *lost* says what is gone for good
    after a deletion; *final* says why a change of this kind can never be taken back. *once* forbids sending
    it twice even when nothing answered. *never* takes an item that shall be again, what stands in its place
    and the time, and says why it cannot be made so ("" where it can); *lacks* takes the first two and names
    what does not come back with it. *renames*: an item may get another identity and stay the same one.
    """

    find: Callable[[Client, Owner, Json], Json | None]
    create: Callable[[Client, Owner, Json], Json] | None = None
    update: Callable[[Client, Owner, Json, Json], Json] | None = None
    delete: Callable[[Client, Owner, Json], None] | None = None
    batch: Callable[[Client, Owner, Sequence[Change]], list[Json | None]] | None = None
    batch_size: int = 1
    batch_of: Callable[[Owner], int] | None = None
    read_only: tuple[str, ...] = ()
    severe: bool = False
    lost: str = ""
    final: str = ""
    once: bool = False
    find_all: Callable[[Client, Owner, Sequence[Json]], list[Json | None]] | None = None
    find_size: int = 1
    never: Callable[[Json, Json | None, float], str] | None = None
    lacks: Callable[[Json, Json | None], Iterable[str]] | None = None
    renames: bool = False


class Assembly(NamedTuple):
    """How the item that a kind's *writes* take is made, where a listing tells only a part of it.

    *parts* are the kinds in it that are put back along with it. *make* takes the item as it is listed, those
    of each part, and the files that belong to it.
    """

    parts: tuple[str, ...]
    make: Callable[[Json, Mapping[str, Sequence[Json]], Sequence[Content]], Json]


class Values(NamedTuple):
    """How the values of a kind are put back: as items of the unlisted *kind*, made of a line by *make*."""

    kind: str
    make: Callable[[Json], Json]


class Block(NamedTuple):
    """An item as Terraform's provider for Cloudflare (version 5) knows it.

    *type* is the resource's, *id* what an import block takes. *arguments* make a stub of the resource, those
    that are None left out; without any, Terraform writes the resource itself (-generate-config-out).
    """

    type: str
    id: str
    arguments: Json = {}  # noqa: RUF012 (never changed)


class Resource(NamedTuple):
    """The declaration of a kind.

    *scope* is "account", or the kind of the item this one lies in ("zones.zone" for a record). *list*
    takes the client and the owner and gives the items as the API sends them. *identity* names the fields
    that tell two items of one owner apart, the same after a restore; dots reach inside ("account.id").
    *key* is the field by which an item owns others. *label* is the field people know an item by.
    *volatile* fields change by themselves and are not compared; of lists in *unordered* fields the order
    is not. A *deep* kind costs more requests an owner than a lean inventory pays for, and is read only
    when asked for. *contents* reads the files of one item, *values* takes the items of one owner as they
    are listed and gives what is stored under each, a line each. *needs* is the permission that reading
    takes, in the words of Cloudflare's dashboard. A kind without *writes* is read only. *links* are the
    fields that name an item of another kind by its key, each with that kind. *document* makes one text of
    an owner's items, given the owner's own item, and a sentence for each thing that it cannot hold;
    *ending* is the format's. *terraform* gives an item's block; None where it cannot be imported.
    *mentions* are the kinds of the account that an item may name by their keys anywhere inside: they are
    put back before it. *assembly* makes what *writes* take of more than the listed item, *stored* of a
    value. *reason* says why a kind without *writes* cannot be put back.
    """

    kind: str
    scope: str
    list: Callable[[Client, Owner], Iterable[Json]]
    identity: tuple[str, ...]
    key: str = "id"
    label: str = "name"
    volatile: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    deep: bool = False
    needs: str = ""
    contents: Callable[[Client, Owner, Json], Iterator[Content]] | None = None
    values: Callable[[Client, Owner, Iterable[Json]], Iterable[Json]] | None = None
    writes: Writes | None = None
    links: tuple[tuple[str, str], ...] = ()
    ending: str = ""
    document: Document | None = None
    terraform: Callable[[Owner, Json], Block | None] | None = None
    mentions: tuple[str, ...] = ()
    assembly: Assembly | None = None
    stored: Values | None = None
    reason: str = ""

    @property
    def product(self) -> str:
        return self.kind.partition(".")[0]


def reach(item: Json, field: str) -> Any:
    """Give the value at *field* of *item*, dots reaching inside; None where there is none."""
    value: Any = item
    if "." not in field:
        return item.get(field) if isinstance(item, dict) else None
    for name in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def identity_of(resource: Resource, item: Json) -> tuple[str, ...]:
    """Give what tells *item* from others of its kind and owner, as text that sorts."""
    return tuple("" if value is None else str(value) for value in (reach(item, f) for f in resource.identity))
