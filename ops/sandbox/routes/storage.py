"""R2, D1, queues and Pages of an account."""

from __future__ import annotations

from ops.sandbox.pages import cursor_of, page_info, page_of_documents, page_of_texts
from ops.sandbox.router import route
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Request, dumps, ok_list

ACCOUNT = "/accounts/{account_id}"
_BUCKETS = """
    SELECT id, body FROM document
    WHERE kind = 'r2.bucket' AND owner = :account AND id > :after AND id > :start_after
      AND instr(id, :contains) > 0
    ORDER BY id LIMIT :limit
"""


@route("GET", ACCOUNT + "/r2/buckets", scope="r2:read")
def list_buckets(request: Request, store: Store) -> Answer:
    """List the buckets of the jurisdiction in the header `cf-r2-jurisdiction`."""
    jurisdiction = request.headers.get("cf-r2-jurisdiction") or "default"
    owner = request.account
    bounds = {
        "account": owner if jurisdiction == "default" else f"{owner}/{jurisdiction}",
        "start_after": request.query.get("start_after", ""),
        "contains": request.query.get("name_contains", ""),
    }
    limit = request.number("per_page", 20, 1, 1000)
    return cursor_of(request, store, _BUCKETS, bounds, limit=limit, inside="buckets")


@route("GET", ACCOUNT + "/d1/database", scope="d1:read")
def list_databases(request: Request, store: Store) -> Answer:
    name = request.query.get("name", "")
    texts = [
        dumps(one) for one in store.list_documents("d1.database", request.account) if name in one["name"]
    ]
    return page_of_texts(request, texts, maximum=10_000, default=1000, minimum=10)


@route("GET", ACCOUNT + "/queues", scope="queues:read")
def list_queues(request: Request, store: Store) -> Answer:
    """List all queues; the answer has page info although the call takes no parameters."""
    texts = store.document_texts("queue", request.account)
    return ok_list(texts, page_info(1, 100, len(texts), len(texts)))


@route("GET", ACCOUNT + "/pages/projects", scope="pages:read")
def list_projects(request: Request, store: Store) -> Answer:
    owner = request.account
    return page_of_documents(request, store, "pages.project", owner, maximum=25, default=10, minimum=1)
