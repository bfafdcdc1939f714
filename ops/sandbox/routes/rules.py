"""Rulesets, page rules and load balancing, of zones and of the account."""

from __future__ import annotations

from ops.sandbox.pages import cursor_of, listing
from ops.sandbox.router import getter, not_routable, route, segments
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, ok

ACCOUNT = "/accounts/{account_id}"
ZONE = "/zones/{zone_id}"
# The bounds of per_page are not documented; the sandbox uses 50.
RULESETS_A_PAGE = 50
_RULESETS = """
    SELECT id, json_remove(body, '$.rules') FROM document
    WHERE kind = :kind AND owner = :owner AND id > :after ORDER BY id LIMIT :limit
"""


listing(ZONE + "/load_balancers", "lb:read", "load_balancer")
listing(ACCOUNT + "/load_balancers/monitors", "lb:read", "lb.monitor")


@route("GET", ZONE + "/rulesets", "rulesets:read")
@route("GET", ACCOUNT + "/rulesets", "rulesets:read")
def list_rulesets(request: Request, store: Store) -> Answer:
    """List the rulesets without their rules, in the order of their ids."""
    owner = request.args.get("zone_id") or request.account
    args = {"kind": "ruleset" if "zone_id" in request.args else "account.ruleset", "owner": owner}
    limit = request.number("per_page", RULESETS_A_PAGE, 1, RULESETS_A_PAGE)
    return cursor_of(request, store, _RULESETS, args, limit=limit, both=True)


@getter(ZONE + "/rulesets/{ruleset_id}", "rulesets:read")
def get_zone_ruleset(request: Request, store: Store) -> Json:
    missing = Refusal(404, 10000, "could not find ruleset")
    return store.required("ruleset", request.zone, request.args["ruleset_id"], missing)


@getter(ACCOUNT + "/rulesets/{ruleset_id}", "rulesets:read")
def get_account_ruleset(request: Request, store: Store) -> Json:
    missing = not_routable(segments(request.path))
    return store.required("account.ruleset", request.account, request.args["ruleset_id"], missing)


@route("GET", ZONE + "/pagerules", "pagerules:read")
def list_page_rules(request: Request, store: Store) -> Answer:
    status, order = request.query.get("status"), request.query.get("order", "priority")
    if order not in ("status", "priority"):
        raise Refusal(400, 1004, "Invalid order: must be status or priority.")
    rules = store.list_documents("page_rule", request.zone)
    listed = [rule for rule in rules if status in (None, "", rule["status"])]
    descending = request.query.get("direction", "desc") == "desc"
    return ok(sorted(listed, key=lambda rule: rule[order], reverse=descending))


@route("GET", ACCOUNT + "/load_balancers/pools", "lb:read")
def list_pools(request: Request, store: Store) -> Answer:
    monitor = request.query.get("monitor", "")
    pools = store.list_documents("lb.pool", request.account)
    return ok([one for one in pools if monitor in ("", one["monitor"])])
