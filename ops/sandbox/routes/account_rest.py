"""What an account holds beside Workers and KV: R2, D1, queues, Pages, rulesets, pools and monitors."""

from __future__ import annotations

from ops.sandbox.pages import cursor_of, page_info, page_of_documents, page_of_texts
from ops.sandbox.router import not_routable, route, segments
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Request, dumps, ok, ok_list, ok_text

ACCOUNT = "/accounts/{account_id}"

_BUCKETS = """
    SELECT id, body FROM document
    WHERE kind = 'r2.bucket' AND owner = :account AND id > :after AND id > :start_after
      AND instr(id, :contains) > 0
    ORDER BY id LIMIT :limit
"""
_RULESETS = """
    SELECT id, json_remove(body, '$.rules') FROM document
    WHERE kind = 'account.ruleset' AND owner = :account AND id > :after
    ORDER BY id LIMIT :limit
"""


@route("GET", ACCOUNT + "/r2/buckets", scope="r2:read")
def list_buckets(request: Request, store: Store) -> Answer:
    """List the buckets of the jurisdiction in the header `cf-r2-jurisdiction`."""
    jurisdiction = request.headers.get("cf-r2-jurisdiction") or "default"
    owner = request.args["account_id"]
    bounds = {
        "account": owner if jurisdiction == "default" else f"{owner}/{jurisdiction}",
        "start_after": request.query.get("start_after", ""),
        "contains": request.query.get("name_contains", ""),
    }
    limit = request.number("per_page", 20, 1, 1000)
    return cursor_of(request, store, _BUCKETS, bounds, limit=limit, inside="buckets")


@route("GET", ACCOUNT + "/d1/database", scope="d1:read")
def list_databases(request: Request, store: Store) -> Answer:
    owner, name = request.args["account_id"], request.query.get("name", "")
    if not name:
        return page_of_documents(
            request, store, "d1.database", owner, maximum=10_000, default=1000, minimum=10
        )
    found = [one for one in store.list_documents("d1.database", owner) if name in one["name"]]
    return page_of_texts(request, [dumps(one) for one in found], maximum=10_000, default=1000, minimum=10)


@route("GET", ACCOUNT + "/queues", scope="queues:read")
def list_queues(request: Request, store: Store) -> Answer:
    """List all queues; the answer carries page info although the call takes no parameters."""
    texts = store.document_texts("queue", request.args["account_id"])
    return ok_list(texts, page_info(1, 100, len(texts), len(texts)))


@route("GET", ACCOUNT + "/pages/projects", scope="pages:read")
def list_projects(request: Request, store: Store) -> Answer:
    owner = request.args["account_id"]
    return page_of_documents(request, store, "pages.project", owner, maximum=25, default=10, minimum=1)


@route("GET", ACCOUNT + "/rulesets", scope="rulesets:read")
def list_rulesets(request: Request, store: Store) -> Answer:
    limit = request.number("per_page", 50, 1, 50)
    bounds = {"account": request.args["account_id"]}
    return cursor_of(request, store, _RULESETS, bounds, limit=limit, both=True)


@route("GET", ACCOUNT + "/rulesets/{ruleset_id}", scope="rulesets:read")
def get_ruleset(request: Request, store: Store) -> Answer:
    text = store.document_text("account.ruleset", request.args["account_id"], request.args["ruleset_id"])
    if text is None:
        raise not_routable(segments(request.path))
    return ok_text(text)


@route("GET", ACCOUNT + "/load_balancers/pools", scope="lb:read")
def list_pools(request: Request, store: Store) -> Answer:
    monitor = request.query.get("monitor", "")
    found = store.list_documents("lb.pool", request.args["account_id"])
    return ok([one for one in found if monitor in ("", one["monitor"])])


@route("GET", ACCOUNT + "/load_balancers/monitors", scope="lb:read")
def list_monitors(request: Request, store: Store) -> Answer:
    return ok(store.list_documents("lb.monitor", request.args["account_id"]))
