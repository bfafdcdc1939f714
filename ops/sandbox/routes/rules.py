"""Rulesets, page rules and load balancing, of zones and of the account."""

from __future__ import annotations

from ops.sandbox.pages import cursor_of
from ops.sandbox.router import not_routable, route, segments
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, ok, ok_list

ACCOUNT = "/accounts/{account_id}"
ZONE = "/zones/{zone_id}"
# The bounds of per_page are not documented; the sandbox uses 50.
RULESETS_A_PAGE = 50
_RULESETS = """
    SELECT id, json_remove(body, '$.rules') FROM document
    WHERE kind = :kind AND owner = :owner AND id > :after ORDER BY id LIMIT :limit
"""


@route("GET", ZONE + "/rulesets", "rulesets:read")
@route("GET", ACCOUNT + "/rulesets", "rulesets:read")
def list_rulesets(request: Request, store: Store) -> Answer:
    """List the rulesets without their rules, in the order of their ids."""
    kind, owner = _owner(request)
    limit = request.number("per_page", RULESETS_A_PAGE, 1, RULESETS_A_PAGE)
    return cursor_of(request, store, _RULESETS, {"kind": kind, "owner": owner}, limit=limit, both=True)


@route("GET", ZONE + "/rulesets/{ruleset_id}", "rulesets:read")
@route("GET", ACCOUNT + "/rulesets/{ruleset_id}", "rulesets:read")
def get_ruleset(request: Request, store: Store) -> Answer:
    kind, owner = _owner(request)
    missing = Refusal(404, 10000, "could not find ruleset")
    if kind != "ruleset":
        missing = not_routable(segments(request.path))
    return ok(store.required(kind, owner, request.args["ruleset_id"], missing))


def _owner(request: Request) -> tuple[str, str]:
    return ("ruleset", request.zone) if "zone_id" in request.args else ("account.ruleset", request.account)


@route("GET", ZONE + "/pagerules", "pagerules:read")
def list_page_rules(request: Request, store: Store) -> Answer:
    status, order = request.query.get("status"), request.query.get("order", "priority")
    if order not in ("status", "priority"):
        raise Refusal(400, 1004, "Invalid order: must be status or priority.")
    rules = store.list_documents("page_rule", request.zone)
    listed = [rule for rule in rules if status in (None, "", rule["status"])]
    descending = request.query.get("direction", "desc") == "desc"
    return ok(sorted(listed, key=lambda rule: rule[order], reverse=descending))


@route("GET", ZONE + "/load_balancers", "lb:read")
def list_load_balancers(request: Request, store: Store) -> Answer:
    return ok_list(store.document_texts("load_balancer", request.zone))


@route("GET", ACCOUNT + "/load_balancers/pools", "lb:read")
def list_pools(request: Request, store: Store) -> Answer:
    monitor = request.query.get("monitor", "")
    pools = store.list_documents("lb.pool", request.account)
    return ok([one for one in pools if monitor in ("", one["monitor"])])


@route("GET", ACCOUNT + "/load_balancers/monitors", "lb:read")
def list_monitors(request: Request, store: Store) -> Answer:
    return ok_list(store.document_texts("lb.monitor", request.account))
