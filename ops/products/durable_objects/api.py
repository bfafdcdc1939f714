"""Durable Objects: namespaces and the ids of their objects, as the API sends them.

Both can only be listed: the API has no request for one namespace or one object, nor for stored data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ops.errors import AmbiguousName, Incomplete, NotFound, UsageError
from ops.http.paths import path
from ops.http.shape import require
from ops.kinds.paging import Cursor, Pages
from ops.products.durable_objects import NAMESPACE_PAGE

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

NAMESPACES = "/accounts/{account}/workers/durable_objects/namespaces"
OBJECTS = f"{NAMESPACES}/{{namespace}}/objects"
# The default, the largest size that two sources agree on; only the newest one says 1,000.
NAMESPACE_PAGING, LARGEST_PAGE = Pages(NAMESPACE_PAGE), 1000
OBJECT_PAGING = Cursor(10_000)
_ID = re.compile(r"[0-9a-f]{32}")
_OBJECT_ID = re.compile(r"[0-9a-f]{64}")


def list_namespaces(
    client: Client, account_id: str, *, script: str = "", per_page: int = NAMESPACE_PAGE
) -> Listing:
    """List namespaces (`id`, `name`, `script`, `class`, `use_sqlite`), only those of *script* if named."""
    if not 1 <= per_page <= LARGEST_PAGE:
        raise UsageError(f"--per-page {per_page} is not between 1 and {LARGEST_PAGE}", hint="--per-page 100")
    found = NAMESPACE_PAGING._replace(size=per_page).read(client, path(NAMESPACES, account=account_id))
    listing = found.map(lambda item: require(item, "a namespace", id=str))
    return listing.where(lambda namespace: namespace.get("script") == script) if script else listing


def find_namespace(client: Client, account_id: str, name_or_id: str) -> Json:
    """Return the namespace with this id or exactly this name. Raise as find_object does, or AmbiguousName."""
    listing = list_namespaces(client, account_id)
    found = [one for one in listing if name_or_id in (one["id"], one.get("name"))]
    if len(found) > 1:
        hint = "use the id of one of them: " + ", ".join(one["id"] for one in found)
        raise AmbiguousName(f"{len(found)} Durable Object namespaces have the name {name_or_id!r}", hint=hint)
    if not found:
        raise _not_found(f"no Durable Object namespace {name_or_id!r}", listing, "`inv do.list` shows them")
    return found[0]


def namespace_id(client: Client, account_id: str, name_or_id: str) -> str:
    """Return the id of the namespace with the name *name_or_id*; an id needs no request."""
    if _ID.fullmatch(name_or_id):
        return name_or_id
    return str(find_namespace(client, account_id, name_or_id)["id"])


def list_objects(
    client: Client, account_id: str, namespace_id: str, *, stored: bool | None = None
) -> Listing:
    """List a namespace's objects: `id` and `hasStoredData`; *stored* selects those with or without data."""
    where = path(OBJECTS, account=account_id, namespace=namespace_id)
    listing = OBJECT_PAGING.read(client, where).map(lambda item: require(item, "an object", id=str))
    return listing if stored is None else listing.where(lambda one: one.get("hasStoredData") is stored)


def find_object(client: Client, account_id: str, namespace_id: str, object_id: str) -> Json:
    """Return one object from the listing. Raise NotFound, or Incomplete if that may be incomplete."""
    listing = list_objects(client, account_id, namespace_id)
    for one in listing:
        if one["id"] == object_id:
            return one
    raise _not_found(f"no object {object_id} in this namespace", listing, "`inv do.objects` lists them")


def canonical_id(text: str) -> str:
    """Return an object's id as the API writes it. Raise UsageError for an invalid one."""
    if not _OBJECT_ID.fullmatch(text.lower()):
        raise UsageError(f"{text!r} is not the id of an object", hint="an id has 64 hexadecimal digits")
    return text.lower()


def _not_found(message: str, listing: Listing, hint: str) -> NotFound | Incomplete:
    if listing.problem:
        return Incomplete(f"{message}, but the listing may be incomplete: {listing.problem}", hint=hint)
    return NotFound(message, 404, hint=hint)
