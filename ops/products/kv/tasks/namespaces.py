"""Tasks of the `kv` collection on namespaces, and how every task of it finds the namespace it is given."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.kinds.resource import Change, Owner
from ops.products.kv import api, valid
from ops.products.zones.parts import attempt, complete
from ops.ui.shapes import Rows
from ops.writes.make import lookup, make

if TYPE_CHECKING:
    from ops.cli.app import App
EDIT = "Account > Workers KV Storage > Edit"
NAMED = "title or id of the namespace"


@command("list", needs=f"{api.READ}; for the counts Account > Account Analytics > Read")
def list_namespaces(app: App) -> Rows:
    """List the namespaces of the account, with the number of keys according to Cloudflare's analytics.

    inv kv.list
    """
    listing = api.list_namespaces(app.client, app.account_id)
    namespaces = complete("namespaces", listing, app.gap)
    # The counts are an addition: whatever happens to them, the namespaces were read.
    counted = attempt("counts", lambda: api.count_keys(app.client, app.account_id, now=app.clock()))
    if counted.problem:
        app.note(f"the number of keys is left empty: {counted.problem}")
    counts = counted.value or {}
    rows = [namespace | counts.get(namespace["id"], {}) for namespace in namespaces]
    return Rows(rows, ("title", "id", "keys", "bytes", "counted_on"))


@command("create", required=("title",), writes=True, needs=EDIT, help={"title": "title of the namespace"})
def create_namespace(app: App, title: str = "") -> Rows:
    """Create a namespace; an existing one with this title stays unchanged.

    inv kv.create --title sessions
    """
    from ops.products.kv.resources import NAMESPACE

    item = {"title": valid.title(title)}
    return make(app, Change(NAMESPACE, account_of(app), None, item))


@command(
    "rename",
    required=("namespace", "title"),
    writes=True,
    needs=EDIT,
    help={"namespace": NAMED, "title": "its new title"},
)
def rename_namespace(app: App, namespace: str = "", title: str = "") -> Rows:
    """Change the title of a namespace; its id, its keys and its Workers bindings stay the same.

    inv kv.rename --namespace sessions --title sessions-2026
    """
    from ops.products.kv.resources import NAMESPACE

    new = valid.title(title)
    found = namespace_of(app, namespace).item
    return make(app, Change(NAMESPACE, account_of(app), found, {**found, "title": new}))


@command(
    "remove", required=("namespace",), writes=True, guards=("confirm",), needs=EDIT, help={"namespace": NAMED}
)
def remove_namespace(app: App, namespace: str = "") -> Rows:
    """Delete a namespace with all its keys, after its title has been typed; `kv.dump` saves them first.

    inv kv.remove --namespace sessions
    inv kv.remove --namespace sessions --confirm sessions
    """
    from ops.products.kv.resources import REMOVED_NAMESPACE

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
    return Owner(app.account_id, app.account_id, {"id": app.account_id})


def namespace_of(app: App, name: str) -> Owner:
    """Return the namespace with this title or id, in a dry run maybe a simulated one. Raise NotFound."""
    from ops.products.kv.resources import NAMESPACE

    if not app.dry:
        return existing(app, name)
    named = {"id": name} if api.is_id(name) else {"title": name}
    seen = lookup(app, NAMESPACE, account_of(app), named)
    if seen is None:
        raise api.no_namespace(name)
    return Owner(app.account_id, seen.get("id", name), seen)


def existing(app: App, name: str) -> Owner:
    """Return the namespace with this title or id as it exists, whatever a dry run would make of it."""
    found = api.find_namespace(app.client, app.account_id, name)
    return Owner(app.account_id, found["id"], found)


def is_simulated(app: App, namespace: Owner) -> bool:
    """True, with a note, if *namespace* does not exist yet, so that nothing in it can be looked up."""
    if "id" in namespace.item:
        return False
    app.note(f"{namespace.item['title']} would be created by an earlier task: it counts as empty")
    return True
