"""The rest of a zone: page rules, rulesets, load balancers."""

from __future__ import annotations

from ops.sandbox.pages import cursor_of
from ops.sandbox.router import route
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, ok, ok_list, ok_text

# The bounds of per_page are not documented; this many are on a page of the sandbox.
RULESETS_A_PAGE = 50


@route("GET", "/zones/{zone_id}/pagerules", "pagerules:read")
def list_page_rules(request: Request, store: Store) -> Answer:
    rules = store.list_documents("page_rule", request.args["zone_id"])
    status, order = request.query.get("status"), request.query.get("order", "priority")
    if order not in ("status", "priority"):
        raise Refusal(400, 1004, "Invalid order: must be status or priority.")
    shown = [rule for rule in rules if status in (None, "", rule["status"])]
    shown.sort(key=lambda rule: rule[order], reverse=request.query.get("direction", "desc") == "desc")
    return ok(shown)


@route("GET", "/zones/{zone_id}/rulesets", "rulesets:read")
def list_rulesets(request: Request, store: Store) -> Answer:
    """List the rulesets without their rules, in the order of their ids."""
    select = """SELECT id, json_remove(body, '$.rules') FROM document
        WHERE kind = 'ruleset' AND owner = :zone AND id > :after ORDER BY id LIMIT :limit"""
    limit = request.number("per_page", RULESETS_A_PAGE, 1, RULESETS_A_PAGE)
    return cursor_of(request, store, select, {"zone": request.args["zone_id"]}, limit=limit, both=True)


@route("GET", "/zones/{zone_id}/rulesets/{ruleset_id}", "rulesets:read")
def get_ruleset(request: Request, store: Store) -> Answer:
    text = store.document_text("ruleset", request.args["zone_id"], request.args["ruleset_id"])
    if text is None:
        raise Refusal(404, 10000, "could not find ruleset")
    return ok_text(text)


@route("GET", "/zones/{zone_id}/load_balancers", "lb:read")
def list_load_balancers(request: Request, store: Store) -> Answer:
    return ok_list(store.document_texts("load_balancer", request.args["zone_id"]))
