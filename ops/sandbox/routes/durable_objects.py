"""Durable Objects: namespaces and the objects in them. Both can only be listed."""

from __future__ import annotations

from ops.sandbox.pages import cursor_of, page_of_documents
from ops.sandbox.router import not_routable, route, segments
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Request

NAMESPACES = "/accounts/{account_id}/workers/durable_objects/namespaces"
KIND = "do.namespace"

_OBJECTS = """
    SELECT id, '{"id":"' || id || '","hasStoredData":' || iif(stored, 'true', 'false') || '}' FROM do_object
    WHERE namespace = :namespace AND id > :after ORDER BY id LIMIT :limit
"""


@route("GET", NAMESPACES, scope="workers:read")
def list_namespaces(request: Request, store: Store) -> Answer:
    return page_of_documents(request, store, KIND, request.args["account_id"], maximum=1000, minimum=1)


@route("GET", NAMESPACES + "/{namespace_id}/objects", scope="workers:read")
def list_objects(request: Request, store: Store) -> Answer:
    """List the ids of a namespace's objects, those without stored data too.

    The document has the cursor at `result_info.cursor`, the official SDK reads `result_info.cursors.after`:
    both are answered.
    """
    namespace = request.args["namespace_id"]
    if store.document_text(KIND, request.args["account_id"], namespace) is None:
        raise not_routable(segments(request.path))
    limit = request.number("limit", 1000, 10, 10_000)
    return cursor_of(request, store, _OBJECTS, {"namespace": namespace}, limit=limit, both=True)
