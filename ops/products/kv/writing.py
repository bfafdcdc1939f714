"""The tasks of the `kv` collection that write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.kinds.change import Change
from ops.products.kv import api, place
from ops.products.kv.resources import NAMESPACE, PAIR, REMOVED_NAMESPACE
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Owner

READ = "Account > Workers KV Storage > Read"
EDIT = "Account > Workers KV Storage > Edit"
NAMED = "title or id of the namespace"
KEY = "name of the key; --key=--name for one that begins with dashes"
LAG = "kv.keys may show it only in a minute"


@command("create", required=("title",), writes=True, needs=EDIT, help={"title": "name of the namespace"})
def create_namespace(app: App, title: str = "") -> Rows:
    """Make a namespace; one that is there already is left as it is.

    inv kv.create --title sessions
    """
    from ops.products.kv import valid

    wanted = {"title": valid.title(title)}
    return app.make(Change(NAMESPACE, place.account_of(app), None, wanted))


@command(
    "rename",
    required=("namespace", "title"),
    writes=True,
    needs=EDIT,
    help={"namespace": NAMED, "title": "its new name"},
)
def rename_namespace(app: App, namespace: str = "", title: str = "") -> Rows:
    """Give a namespace another title; its id, its keys and the Workers bound to it stay as they are.

    inv kv.rename --namespace sessions --title sessions-2026
    """
    from ops.products.kv import valid

    wanted = valid.title(title)
    found = place.namespace_of(app, namespace).item
    return app.make(Change(NAMESPACE, place.account_of(app), found, {**found, "title": wanted}))


@command(
    "remove",
    required=("namespace",),
    writes=True,
    guards=("confirm",),
    needs=EDIT,
    help={"namespace": NAMED},
)
def remove_namespace(app: App, namespace: str = "") -> Rows:
    """Delete a namespace with all its keys, once its title has been typed. `kv.dump` keeps them first.

    inv kv.remove --namespace sessions
    inv kv.remove --namespace sessions --confirm sessions
    """
    owner = place.namespace_of(app, namespace)
    if "id" in owner.item:
        app.note(f"{owner.item['title']} holds {_holdings(app, owner)}; `inv kv.dump` keeps them")
    return app.make(Change(REMOVED_NAMESPACE, place.account_of(app), owner.item, None))


def _holdings(app: App, namespace: Owner) -> str:
    """Say how many keys there are, with the one request that a listing of up to 1,000 takes."""
    listing = api.list_keys(app.client, namespace.account_id, namespace.id)
    count = sum(1 for _ in zip(range(api.KEYS_PAGE), listing, strict=False))
    return f"{count:,} keys or more" if count == api.KEYS_PAGE else f"{count:,} keys"


@command(
    "put",
    required=("namespace", "key"),
    writes=True,
    needs=EDIT,
    help={
        "namespace": NAMED,
        "key": KEY,
        "value": "the value as text; --value=--x for one that begins with dashes",
        "file": "read the value from this file, byte for byte; - is stdin",
        "metadata": "JSON that is kept beside the value, at most 1,024 bytes",
        "expiration": "when it expires, 60 s ahead or more: a date (UTC), or epoch seconds",
        "ttl": "in how many seconds it expires, 60 or more",
    },
)
def put_value(
    app: App,
    namespace: str = "",
    key: str = "",
    value: str = "",
    file: str = "",
    metadata: str = "",
    expiration: str = "",
    ttl: int = 0,
) -> Rows:
    """Write a value of up to 25 MiB; metadata and expiry are what is given, or none.

    A TTL becomes a moment, so that a request which has to be repeated does not begin it anew.

    inv kv.put --namespace sessions --key user:1 --value '{"name": "x"}' --ttl 3600
    inv kv.put --namespace assets --key logo.png --file logo.png --metadata '{"type": "image/png"}'
    gzip -c page.html | inv kv.put --namespace assets --key page.html.gz --file -
    """
    from ops.products.kv import pairs, source, valid

    api.check_key(key)
    kept = valid.metadata(metadata) if metadata else None
    moment = valid.expiration(expiration, ttl, now=app.clock())
    item = pairs.pair(key, source.value_from(value, file), kept, moment)
    owner = place.namespace_of(app, namespace)
    before = None if place.pretended(app, owner) else app.look(PAIR, owner, item)
    if moment:
        app.note(f"{key!r} expires at {datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ} ({moment})")
    made = app.make(Change(PAIR, owner, before, item), total=0)
    if before is None and not app.dry:
        app.note(LAG)
    return made


@command(
    "delete",
    required=("namespace",),
    writes=True,
    guards=("force",),
    needs=EDIT,
    help={
        "namespace": NAMED,
        "key": KEY,
        "prefix": "delete all keys that begin with this, up to 10,000 at once",
    },
)
def delete_keys(app: App, namespace: str = "", key: str = "", prefix: str = "") -> Rows:
    """Delete a key, or all that begin with a prefix; what they hold is kept in the journal, for undo.

    inv kv.delete --namespace sessions --key user:1
    inv kv.delete --namespace sessions --prefix user: --dry-run
    """
    from ops.products.kv import valid

    if bool(key) == bool(prefix):
        raise UsageError("which keys?", hint="give either --key or --prefix")
    valid.prefix(prefix) if prefix else api.check_key(key)
    owner = place.namespace_of(app, namespace)
    if place.pretended(app, owner):
        return Rows(())
    if prefix:
        from ops.products.kv.erasing import erase

        return Rows([erase(app, owner, prefix)])
    before = app.look(PAIR, owner, {"key": key})
    if before is None:
        app.note(f"there is no key {key!r}")
        return Rows([{"action": "unchanged", "kind": PAIR.kind, "name": key, "id": key, "undo": ""}])
    return app.make(Change(PAIR, owner, before, None))


@command(
    "dump",
    reads=False,
    required=("namespace", "to"),
    needs=READ,
    help={"namespace": NAMED, "to": "the file to write, JSON lines; .gz compresses it"},
)
def dump_namespace(app: App, namespace: str = "", to: str = "") -> Item:
    """Write a whole namespace to a file: values, metadata and expiry, a line each as the bulk write takes it.

    Takes a request for every 100 keys, one for 1,000 listed, and one for each value that is no text. When it
    was interrupted it goes on where it was. The last line has count and hash, so a cut file is noticed.

    inv kv.dump --namespace sessions --to sessions.jsonl
    inv kv.dump --namespace sessions --to /backup/sessions.jsonl.gz --output json
    """
    from pathlib import Path

    from ops.products.kv.dumping import dump

    told = dump(app, place.standing(app, namespace), Path(to))
    return Item({"file": to, **told}, ("file", "pairs", "gone", "unread", "sha256"))


@command(
    "load",
    required=("namespace", "file"),
    writes=True,
    guards=("force",),
    needs=EDIT,
    help={"namespace": f"{NAMED}, where the pairs go", "file": "what kv.dump has written"},
)
def load_namespace(app: App, namespace: str = "", file: str = "") -> Item:
    """Write a dump into a namespace: what is new or differs there; equal pairs and other keys are left alone.

    What will be new, overwritten and equal is shown first, and what was written is read back. Pairs that have
    expired are named. Undo deletes what was new, and puts back what was overwritten.

    inv kv.load --namespace sessions --file sessions.jsonl --dry-run
    inv kv.load --namespace sessions --file sessions.jsonl
    """
    from pathlib import Path

    from ops.products.kv.dumpfile import Dump
    from ops.products.kv.loading import load

    owner = place.namespace_of(app, namespace)
    empty = place.pretended(app, owner)
    return Item(load(app, owner, Dump(Path(file)), empty=empty))
