"""The seeded page rules, rulesets, load balancer and Worker routes."""

from __future__ import annotations

from ops.sandbox.identity import ACCOUNT_ID, CHANGED, past, stable_id, zone_id
from ops.sandbox.store import Json, Store

# Zone, pattern, script; None: no Worker runs for the pattern.
ROUTES: tuple[tuple[str, str, str | None], ...] = (
    ("example.com", "api.example.com/*", "api-gateway"),
    ("example.com", "auth.example.com/*", "auth-edge"),
    ("example.com", "img.example.com/*", "image-resizer"),
    ("example.com", "chat.example.com/*", "chat-room"),
    ("example.com", "api.example.com/health", None),
    ("example.org", "hook.example.org/*", "webhook-relay"),
    ("example.org", "*example.org/old/*", "redirects"),
    ("example.net", "example.net/*", "legacy-site"),
)
_FORWARDED = {"url": "https://example.com/$1", "status_code": 301}
_CACHED: Json = {"cache_level": "cache_everything", "edge_cache_ttl": 2419200}
# Zone, pattern, actions, priority, status.
_PAGE_RULES: tuple[tuple[str, str, Json, int, str], ...] = (
    ("example.com", "*example.com/assets/*", _CACHED, 2, "active"),
    ("example.com", "old.example.com/*", {"forwarding_url": _FORWARDED}, 1, "active"),
    ("example.net", "example.net/admin/*", {"security_level": "high"}, 1, "disabled"),
)


def _action(action: str, description: str, expression: str, **more: Json) -> Json:
    return {"action": action, "expression": f"({expression})", "description": description, **more}


_BLOCK = _action("block", "no traffic from nowhere", 'ip.src.country eq "XX"')
_CHALLENGE = _action(
    "managed_challenge",
    "challenge logins from bad places",
    'http.request.uri.path contains "/login" and cf.threat_score gt 10',
)
_RATE = {"period": 60, "requests_per_period": 5, "mitigation_timeout": 600}
_LIMIT = _action(
    "block",
    "five logins a minute",
    'http.request.uri.path eq "/api/login"',
    ratelimit={"characteristics": ["ip.src", "cf.colo.id"], **_RATE},
)
_REDIRECT = _action(
    "redirect",
    "www to the apex",
    'http.host eq "www.example.com"',
    action_parameters={"from_value": {"target_url": {"value": "https://example.com"}, "status_code": 301}},
)
_CACHE = _action(
    "set_cache_settings",
    "cache the static files",
    'http.request.uri.path contains "/static/"',
    action_parameters={"cache": True, "edge_ttl": {"mode": "override_origin", "default": 86400}},
)
# Zone, name, phase, rules.
_RULESETS: tuple[tuple[str, str, str, tuple[Json, ...]], ...] = (
    ("example.com", "default", "http_request_firewall_custom", (_BLOCK, _CHALLENGE)),
    ("example.com", "rate limits", "http_ratelimit", (_LIMIT,)),
    ("example.com", "redirects", "http_request_dynamic_redirect", (_REDIRECT,)),
    ("shop.example", "default", "http_request_firewall_custom", (_CHALLENGE,)),
    ("shop.example", "cache rules", "http_request_cache_settings", (_CACHE,)),
)
_ACCOUNT_RULESETS = (
    ("Account firewall", "root", "http_request_firewall_custom"),
    ("Shared redirects", "custom", "http_request_redirect"),
    ("Managed rules", "managed", "http_request_firewall_managed"),
)

_HIDDEN_FILES = '(http.request.uri.path contains "/.git")'
_MANAGED = {
    "name": "Cloudflare Managed Ruleset",
    "description": "Created by the provider",
    "kind": "managed",
    "version": "42",
    "phase": "http_request_firewall_managed",
}
_POOLS = [stable_id("lb.pool", pool) for pool in ("pool-west", "pool-east")]
_LOAD_BALANCER: Json = {
    "name": "www.shop.example",
    "description": "Shop front",
    "enabled": True,
    "proxied": True,
    "ttl": 30,
    "fallback_pool": _POOLS[1],
    "default_pools": _POOLS,
    "region_pools": {},
    "country_pools": {},
    "pop_pools": {},
    "steering_policy": "geo",
    "session_affinity": "cookie",
    "session_affinity_ttl": 1800,
    "rules": [],
}


def seed_rules(store: Store) -> None:
    """Write page rules, rulesets, the load balancer and the routes."""
    for zone, pattern, script in ROUTES:
        id = stable_id("route", zone, pattern)
        route = {"id": id, "pattern": pattern, **({"script": script} if script else {})}
        store.put_document("worker_route", zone_id(zone), id, route, sort=pattern)
    for zone, pattern, actions, priority, status in _PAGE_RULES:
        id, stamp = stable_id("page_rule", zone, pattern), past("page_rule", zone, pattern)
        target = {"target": "url", "constraint": {"operator": "matches", "value": pattern}}
        rule: Json = {"id": id, "targets": [target], "priority": priority, "status": status}
        rule["actions"] = [{"id": name, "value": value} for name, value in actions.items()]
        rule |= {"created_on": stamp, "modified_on": stamp}
        store.put_document("page_rule", zone_id(zone), id, rule)
    for zone, name, phase, rules in _RULESETS:
        id, stamp = stable_id("ruleset", zone, phase), past("ruleset", zone, phase)
        about = {"id": id, "name": name, "description": "", "kind": "zone", "version": str(len(rules))}
        made = [_rule(stable_id("rule", zone, phase, rule["description"]), rule, stamp) for rule in rules]
        ruleset = {**about, "rules": made, "last_updated": stamp, "phase": phase}
        store.put_document("ruleset", zone_id(zone), id, ruleset)
    id, stamp = stable_id("ruleset", _MANAGED["name"]), past("ruleset", _MANAGED["name"])
    block = {"action": "block", "categories": ["sqli"], "description": "SQL injection"}
    made = [_rule(stable_id("rule", _MANAGED["name"]), block, stamp)]
    managed = {"id": id, **_MANAGED, "rules": made, "last_updated": stamp}
    for zone in ("example.com", "example.org", "shop.example"):
        store.put_document("ruleset", zone_id(zone), id, managed)
    for name, kind, phase in _ACCOUNT_RULESETS:
        id = stable_id("ruleset", name)
        about = {"id": id, "name": name, "description": "", "kind": kind, "phase": phase, "version": "3"}
        block = {"action": "block", "expression": _HIDDEN_FILES, "description": name}
        made = [_rule(stable_id("rule", name), block, CHANGED)]
        ruleset = {**about, "last_updated": CHANGED, "rules": made}
        store.put_document("account.ruleset", ACCOUNT_ID, id, ruleset, sort=id)
    name = _LOAD_BALANCER["name"]
    id, stamp = stable_id("load_balancer", name), past("load_balancer", name)
    balancer = {"id": id, **_LOAD_BALANCER, "created_on": stamp, "modified_on": stamp}
    store.put_document("load_balancer", zone_id("shop.example"), id, balancer)


def _rule(id: str, rule: Json, stamp: str) -> Json:
    return {"id": id, "version": "1", **rule, "last_updated": stamp, "ref": id, "enabled": True}
