"""Tasks of the `kv` collection that write namespaces, and on keys; how a task finds its namespace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import Refused, UsageError
from ops.products.kv import READ
from ops.ui.shapes import KEY, TIME, Bytes, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Client, Listing
    from ops.items import Json
    from ops.kinds.resource import Owner
    from ops.products.zones.parts import Parallel

EDIT = "Account > Workers KV Storage > Edit"
NAME = "name of the key; --key=--name for one that begins with dashes"
COLUMNS = (Column("name", KEY), Column("expiration", meaning=TIME), "metadata")
# The default of --ttl, which nobody types: 0 and -1 are values that must be refused.
NO_TTL = -(1 << 62)
# The number of bytes of a range of keys that are in memory before it is written to a file.
RANGE_MEMORY = 1 << 20


@command("create", required=("title",), writes=True, needs=EDIT, help={"title": "title of the namespace"})
def create_namespace(app: App, title: str = "") -> Rows:
    """Create a namespace; an existing one with this title stays unchanged.

    inv kv.create sessions
    """
    from ops.kinds.resource import Change
    from ops.products.kv import valid
    from ops.products.kv.resources import NAMESPACE
    from ops.writes.make import make

    item = {"title": valid.title(title)}
    return make(app, Change(NAMESPACE, account_of(app), None, item))


@command("rename", required=("namespace", "title"), writes=True, needs=EDIT, help={"title": "its new title"})
def rename_namespace(app: App, namespace: str = "", title: str = "") -> Rows:
    """Change the title of a namespace; its id, its keys and its Workers bindings stay the same.

    inv kv.rename sessions sessions-2026
    """
    from ops.kinds.resource import Change
    from ops.products.kv import valid
    from ops.products.kv.resources import NAMESPACE
    from ops.writes.make import make

    new = valid.title(title)
    found = namespace_of(app, namespace).item
    return make(app, Change(NAMESPACE, account_of(app), found, {**found, "title": new}))


@command("remove", required=("namespace",), writes=True, guards=("confirm",), needs=EDIT)
def remove_namespace(app: App, namespace: str = "") -> Rows:
    """Delete a namespace with all its keys, after its title has been typed; `kv.dump` saves them first.

    inv kv.remove sessions
    inv kv.remove sessions --confirm sessions
    """
    from ops.kinds.resource import Change
    from ops.products.kv import api
    from ops.products.kv.resources import REMOVED_NAMESPACE
    from ops.products.zones.parts import attempt
    from ops.writes.make import make

    owner = namespace_of(app, namespace)
    if "id" in owner.item:
        # One page is enough: a listing of up to 1,000 keys takes one request.
        listing = api.list_keys(app.client, owner, ahead=False)
        counted = attempt("keys", lambda: sum(1 for _ in islice(listing, api.KEYS_PAGE)))
        more = " or more" if counted.value == api.KEYS_PAGE else ""
        count = "an unknown number of" if counted.value is None else f"{counted.value:,}"
        app.note(f"{owner.item['title']} has {count} keys{more}; `inv kv.dump` saves them first")
    return make(app, Change(REMOVED_NAMESPACE, account_of(app), owner.item, None))


def account_of(app: App) -> Owner:
    from ops.kinds.resource import Owner

    return Owner(app.account_id, app.account_id, {"id": app.account_id})


def namespace_of(app: App, name: str) -> Owner:
    """Return the namespace with this title or id, in a dry run maybe a simulated one. Raise NotFound."""
    from ops.kinds.resource import Owner
    from ops.products.kv import api
    from ops.products.kv.resources import NAMESPACE
    from ops.writes.make import lookup

    if not app.dry:
        return existing(app, name)
    named = {"id": name} if api.is_id(name) else {"title": name}
    seen = lookup(app, NAMESPACE, account_of(app), named)
    if seen is None:
        raise api.no_namespace(name)
    return Owner(app.account_id, seen.get("id", name), seen)


def existing(app: App, name: str) -> Owner:
    """Return the namespace with this title or id as it exists, whatever a dry run would make of it."""
    from ops.kinds.resource import Owner
    from ops.products.kv import api

    found = api.find_namespace(app.client, app.account_id, name)
    return Owner(app.account_id, found["id"], found)


def is_simulated(app: App, namespace: Owner) -> bool:
    """True, with a note, if *namespace* does not exist yet, so that nothing in it can be looked up."""
    if "id" in namespace.item:
        return False
    app.note(f"{namespace.item['title']} would be created by an earlier task: it counts as empty")
    return True


@command(
    "keys",
    required=("namespace",),
    needs=READ,
    help={"prefix": "only keys with this prefix; several are read concurrently"},
)
def list_keys(app: App, namespace: str = "", prefix: tuple[str, ...] = ()) -> Rows:
    """List the keys of a namespace with their expiry and metadata: one request for every 1,000.

    A key written in the last minute may not be listed yet. Several prefixes are faster than one listing of
    all keys, and return all keys only if every key begins with one of them.

    inv kv.keys sessions --prefix user:
    inv kv.keys sessions --prefix user: --prefix team:
    """
    from ops.products.kv import api

    owner = existing(app, namespace)
    if len(prefix) > 1:
        from ops.files.disk import private_folder

        folder = private_folder(app.settings.state_dir)
        listing = list_ranges(app.client, owner, prefix, parallel=app.parallel, folder=folder)
    else:
        listing = api.list_keys(app.client, owner, prefix="".join(prefix), ahead=not app.option("limit"))
    return Rows(listing, COLUMNS, "key")


def disjoint(prefixes: Iterable[str]) -> list[str]:
    """Return *prefixes* in the order of their keys, without those that begin with another one."""
    from ops.products.kv import valid

    apart: list[str] = []
    # Code points sort as UTF-8 bytes do, and a prefix sorts before everything that begins with it.
    for prefix in sorted(map(valid.prefix, prefixes)):
        if not (apart and prefix.startswith(apart[-1])):
            apart.append(prefix)
    return apart


def list_ranges(
    client: Client, namespace: Owner, prefixes: Iterable[str], *, parallel: Parallel, folder: Path
) -> Listing:
    """List the keys that begin with any of *prefixes*, each once, in the order of their UTF-8 bytes.

    Several are read at once, each to its end before its first key is returned, into files in *folder*.
    """
    from ops.http.pages import Listing, Tally
    from ops.products.kv import api

    apart, tally = disjoint(prefixes), Tally()

    def read(prefix: str) -> tuple[Listing, SpooledTemporaryFile[bytes]]:
        listing = api.list_keys(client, namespace, prefix=prefix)
        file = SpooledTemporaryFile(RANGE_MEMORY, dir=str(folder))  # noqa: SIM115 (closed by its reader)
        for key in listing:
            file.write(json.dumps(key, separators=(",", ":")).encode() + b"\n")
        file.seek(0)
        return listing, file

    def keys() -> Iterator[Json]:
        tally.passes = 1
        for prefix, (found, file) in zip(apart, parallel(read, apart), strict=True):
            with file:
                yield from map(json.loads, file)
            tally.duplicates += found.duplicates
            if found.problem and not tally.problem:
                tally.problem = f"the keys with the prefix {prefix!r}: {found.problem}"

    return Listing(keys(), tally)


@command(
    "get",
    required=("namespace", "key"),
    needs=READ,
    help={"key": NAME, "metadata": "show the key's metadata and expiry instead"},
)
def get_value(app: App, namespace: str = "", key: str = "", metadata: bool = False) -> Bytes | Item:
    """Write a value to stdout, byte for byte.

    inv kv.get feature-flags beta-search > value.bin
    inv kv.get feature-flags beta-search --metadata
    """
    from ops.products.kv import api
    from ops.products.kv.values import checked, read_text

    api.check_key(key)
    where = app.client, existing(app, namespace), key
    if metadata:
        # A snapshot holds the listing, and nothing in it lags behind.
        describe = api.find_key if app.offline else api.describe_key
        return Item(describe(*where), COLUMNS)
    return Bytes(checked(api.get_value(*where), partial(read_text, *where), app.gap))


@command(
    "put",
    positional=("namespace", "key", "value"),
    required=("namespace", "key"),
    raw=("value",),
    writes=True,
    needs=EDIT,
    help={
        "key": NAME,
        "value": "the value as text; --value=--x for one that begins with dashes",
        "file": "read the value from this file, byte for byte; - is stdin",
        "metadata": "JSON that is stored with the value, at most 1,024 bytes",
        "expiration": "when it expires, at least 60 s from now: a date (UTC), or epoch seconds",
        "ttl": "in how many seconds it expires, at least 60",
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
    ttl: int = NO_TTL,
) -> Rows:
    """Write a value of up to 25 MiB; without --metadata and --expiration or --ttl, it has none.

    inv kv.put feature-flags beta-search --value '{"name": "x"}' --ttl 3600
    inv kv.put assets logo.png --file logo.png --metadata '{"type": "image/png"}'
    gzip -c page.html | inv kv.put --namespace assets --key page.html.gz --file -
    """
    from ops.kinds.resource import Change
    from ops.products.kv import api, valid
    from ops.products.kv.pairs import pair
    from ops.products.kv.resources import PAIR
    from ops.writes.make import lookup, make

    api.check_key(key)
    kept = valid.metadata(metadata) if metadata else None
    moment = valid.expiration(expiration, None if ttl == NO_TTL else ttl, now=app.clock())
    item = pair(key, _value_from(value, file), kept, moment)
    owner = namespace_of(app, namespace)
    before = None if is_simulated(app, owner) else lookup(app, PAIR, owner, item)
    if moment:
        app.note(f"{key!r} expires at {datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ} ({moment})")
    made = make(app, Change(PAIR, owner, before, item), total=0)
    if before is None and not app.dry:
        app.note("kv.keys may list it only after a minute")
    return made


def _value_from(text: str, file: str) -> bytes:
    """Return the bytes of *text*, or of *file*, where `-` is stdin. Raise UsageError or ValidationError."""
    from ops.files.disk import open_source
    from ops.products.kv import api, valid

    hint = "write it after the key, or --file FILE (- is stdin); --file /dev/null writes an empty value"
    if bool(text) == bool(file):
        raise UsageError("the value is given once: by --value or by --file", hint=hint)
    if text:
        # Arguments that are not UTF-8 are written as the original bytes.
        return valid.value(text.encode("utf-8", "surrogateescape"))
    try:
        with open_source(file, hint) as source:
            return valid.value(source.read(api.VALUE_LIMIT + 1))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint=hint) from None


@command(
    "delete",
    positional=("namespace", "key"),
    required=("namespace",),
    writes=True,
    guards=("force",),
    needs=EDIT,
    help={
        "key": NAME,
        "prefix": "delete all keys with this prefix, 10,000 in one request",
    },
)
def delete_keys(app: App, namespace: str = "", key: str = "", prefix: str = "") -> Rows:
    """Delete a key, or all keys with a prefix; the journal keeps their values, for undo.

    inv kv.delete feature-flags beta-search
    inv kv.delete sessions --prefix user: --dry-run
    """
    from ops.kinds.resource import Change
    from ops.products.kv import api, valid
    from ops.products.kv.resources import PAIR
    from ops.writes.make import lookup, make

    if bool(key) == bool(prefix):
        raise UsageError("no keys are named, or twice", hint="use either --key or --prefix")
    valid.prefix(prefix) if prefix else api.check_key(key)
    owner = namespace_of(app, namespace)
    if is_simulated(app, owner):
        return Rows(())
    if prefix:
        return Rows([_delete_prefix(app, owner, prefix)])
    before = lookup(app, PAIR, owner, {"key": key})
    if before is None:
        app.note(f"there is no key {key!r}")
        return Rows([{"action": "unchanged", "kind": PAIR.kind, "name": key, "id": key, "undo": ""}])
    return make(app, Change(PAIR, owner, before, None))


def _delete_prefix(app: App, namespace: Owner, prefix: str) -> Json:
    """Delete the keys of *namespace* that begin with *prefix*, after they are counted; return the row."""
    from ops.files.disk import explained, private_folder
    from ops.kinds.resource import Change
    from ops.products.kv import api, pairs
    from ops.products.kv.resources import PAIR
    from ops.writes.describe import ITEMS
    from ops.writes.make import hold, make_all

    listing = api.list_keys(app.client, namespace, prefix=prefix)
    folder = private_folder(app.settings.state_dir)
    with explained(folder), TemporaryFile(dir=folder) as names:
        count = 0
        for key in listing:
            names.write(json.dumps(key["name"]).encode() + b"\n")
            count += 1
        names.seek(0)
        if listing.problem:
            app.gap(f"the keys with the prefix {prefix!r}: {listing.problem}")
        app.talk.show(f"delete {count:,} keys with the prefix {prefix!r}")
        if count > ITEMS and not (app.dry or app.option("force")):
            hint = "list them with kv.keys --prefix; --force deletes them"
            raise Refused(f"{count:,} keys have the prefix {prefix!r}, more than {ITEMS}", hint=hint)
        title = namespace.item["title"]
        question = f"delete {count:,} keys of {title} with the prefix {prefix!r}?" if count else ""
        pace = pairs.Pace(app.parallel, app.settings.workers, app.stop)
        batches = pairs.chunks(map(json.loads, names), api.BULK_GET)
        read_all = partial(pairs.read_at_once, app.client, namespace)
        read = pace.halved(read_all, batches, lambda items: sum(len(item["value"]) for item in items))
        deletions = (Change(PAIR, namespace, item, None) for items in read for item in items)
        with hold(app, PAIR, namespace):
            made = make_all(app, deletions, question=question).item
    return {
        "action": "delete" if made["delete"] else "unchanged",
        "kind": PAIR.kind,
        "name": f"{made['delete']:,} keys: {prefix}*",
        "id": "",
        "undo": made["undo"],
    }
