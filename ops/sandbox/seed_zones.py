"""The seeded zones: twelve, in every state and on every plan, with all that belongs to zones.

The expiry of a certificate is counted from the day of the sandbox's clock at seeding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ops.sandbox import dns_records
from ops.sandbox.routes.zones import new_zone, signed
from ops.sandbox.seed_dns import RECORDS
from ops.sandbox.store import ACCOUNT_ID, CHANGED, Json, Store, past, stable_id, stable_uuid, zone_id


@dataclass(frozen=True)
class Seeded:
    """A zone of the seed and its differences from the defaults."""

    name: str
    plan: str = "free"
    status: str = "active"
    paused: bool = False
    type: str = "full"
    settings: dict[str, Any] = field(default_factory=dict)


_STRICT = {"ssl": "strict", "min_tls_version": "1.2", "always_use_https": "on"}
_HSTS = {"enabled": True, "max_age": 31536000, "include_subdomains": True, "preload": False, "nosniff": True}
_SECURITY = {"security_header": {"strict_transport_security": _HSTS}}
_CACHING = {"browser_cache_ttl": 86400, "polish": "lossless"}
_SHOP = {"ssl": "strict", "cache_level": "simplified", "h2_prioritization": "on", "max_upload": 500}
ZONES = (
    Seeded("example.com", "business", settings={**_STRICT, **_SECURITY, **_CACHING}),
    Seeded("example.net", settings={"ssl": "flexible", "min_tls_version": "1.0"}),
    Seeded("example.org", "pro", settings={"always_use_https": "on", "security_level": "high", "0rtt": "on"}),
    Seeded("shop.example", "enterprise", settings=_SHOP),
    Seeded("mail.example", settings={"email_obfuscation": "off"}),
    Seeded("wild.example", "pro", settings={"development_mode": "on"}),
    Seeded("xn--bcher-kva.example"),
    Seeded("legacy.example", "business", type="partial", settings={"tls_1_3": "off", "ssl": "off"}),
    Seeded("pending.example", status="pending"),
    Seeded("paused.example", paused=True),
    Seeded("moved.example", status="moved"),
    Seeded("empty.example"),
    Seeded("corp.example", "enterprise", type="internal"),
)
_CACHE: tuple[tuple[str, str, Any], ...] = (
    ("example.com", "tiered_caching", "on"),
    ("example.com", "tiered_cache_smart_topology_enable", "on"),
    ("shop.example", "cache_reserve", "on"),
    ("shop.example", "tc_regional", "on"),
    ("shop.example", "variants", {"jpeg": ["image/webp", "image/avif"], "png": ["image/webp"]}),
)


def seed_zones(store: Store) -> None:
    """Write every zone with its settings, DNSSEC, cache settings and records."""
    for seeded in ZONES:
        name, id = seeded.name, zone_id(seeded.name)
        activated = None if seeded.status == "pending" else past("active", name)
        zone = new_zone(id, name, past("zone", name), type=seeded.type, plan=seeded.plan)
        zone |= {"status": seeded.status, "paused": seeded.paused, "activated_on": activated}
        zone["modified_on"] = past("changed", name)
        store.put_document("zone", "", id, zone, sort=name)
        for setting, value in seeded.settings.items():
            stamp = past("setting", name, setting)
            changed: Json = {"id": setting, "value": value, "modified_on": stamp, "editable": True}
            changed |= {"time_remaining": 10800} if setting == "development_mode" else {}
            store.put_document("setting", id, setting, changed)
        facts = dns_records.zone_of(store, id)
        for sent in RECORDS.get(name, ()):
            content = str(sent.get("content", sent.get("data")))
            words = (name, sent["type"], sent["name"], content, sent.get("priority"))
            record = dns_records.built(facts, sent, stable_id("record", *words), past("record", *words))
            dns_records.save(store, id, record)
    for name, status in (("example.com", "active"), ("example.org", "pending")):
        state = signed(zone_id(name), name, status, past("dnssec", name))
        store.put_document("dnssec", zone_id(name), "dnssec", state)
    for name, id, value in _CACHE:
        cached = {"id": id, "value": value, "editable": True, "modified_on": past("cache", name, id)}
        store.put_document("cache_setting", zone_id(name), id, cached)
    hold = {"hold": True, "hold_after": past("hold", "shop.example"), "include_subdomains": "false"}
    store.put_document("hold", zone_id("shop.example"), "hold", hold)


_DAY = 86400
_BOOKS = "xn--bcher-kva.example"

# Zone, type, status, hosts, days until the certificate expires.
PACKS: tuple[tuple[str, str, str, tuple[str, ...], int], ...] = (
    ("example.com", "universal", "active", ("*.example.com", "example.com"), 71),
    ("example.com", "advanced", "active", ("api.example.com", "auth.example.com"), 5),
    ("example.net", "universal", "active", ("*.example.net", "example.net"), 20),
    ("example.org", "universal", "active", ("*.example.org", "example.org"), 64),
    ("shop.example", "universal", "active", ("*.shop.example", "shop.example"), 58),
    ("shop.example", "advanced", "active", ("checkout.shop.example",), 85),
    ("shop.example", "advanced", "pending_validation", ("*.eu.shop.example", "eu.shop.example"), 90),
    ("mail.example", "universal", "active", ("*.mail.example", "mail.example"), 44),
    ("mail.example", "advanced", "validation_timed_out", ("mta-sts.mail.example",), 90),
    ("wild.example", "universal", "active", ("*.wild.example", "wild.example"), 33),
    (_BOOKS, "universal", "active", (f"*.{_BOOKS}", _BOOKS), 80),
    ("pending.example", "universal", "pending_validation", ("*.pending.example", "pending.example"), 90),
    ("moved.example", "universal", "expired", ("*.moved.example", "moved.example"), -3),
)
_CUSTOM = (
    ("shop.example", ("pay.shop.example",), "DigiCert Inc", "active", 200),
    ("shop.example", ("legacy.shop.example",), "GlobalSign", "active", 12),
    ("example.com", ("*.example.com", "example.com"), "Sectigo Limited", "active", 140),
)
_HOSTNAMES = (
    ("boutique.example.net", "active", "active"),
    ("store.example.org", "pending", "pending_validation"),
    ("blocked.example.net", "blocked", "validation_timed_out"),
)

_HOSTNAME_SSL = {
    "type": "dv",
    "method": "txt",
    "settings": {"min_tls_version": "1.2", "http2": "on"},
    "bundle_method": "ubiquitous",
    "wildcard": False,
    "certificate_authority": "google",
}


def seed_certificates(store: Store) -> None:
    """Write packs, custom certificates and hostnames; universal SSL is off for the paused zone."""
    for zone, type, status, hosts, days in PACKS:
        pack = _pack(store, zone, type, status, hosts, days)
        store.put_document("certificate_pack", zone_id(zone), pack["id"], pack, sort=pack["created_on"])
    for zone, hosts, issuer, status, days in _CUSTOM:
        stamp, id = past("custom", zone, *hosts), stable_id("custom_certificate", zone, *hosts)
        about = {"id": id, "hosts": list(hosts), "issuer": issuer, "status": status, "priority": 1}
        kind = {"signature": "SHA256WithRSA", "bundle_method": "ubiquitous", "zone_id": zone_id(zone)}
        stamps = {"uploaded_on": stamp, "modified_on": stamp, "expires_on": _in_days(store, days)}
        store.put_document("custom_certificate", zone_id(zone), id, {**about, **kind, **stamps})
    for hostname, status, ssl_status in _HOSTNAMES:
        stamp, id = past("hostname", hostname), stable_uuid("hostname", hostname)
        ssl: Json = {"id": stable_uuid("hostname_ssl", hostname), "status": ssl_status, **_HOSTNAME_SSL}
        if ssl_status == "active":
            ssl |= {"issuer": "GoogleTrustServices", "signature": "ECDSAWithSHA256", "hosts": [hostname]}
            ssl |= {"expires_on": _in_days(store, 49), "uploaded_on": stamp}
        about = {"id": id, "hostname": hostname, "ssl": ssl, "status": status, "created_at": stamp}
        about["custom_metadata"] = {"customer": stable_id("customer", hostname)[:8]}
        about["custom_origin_server"] = "origin.shop.example"
        store.put_document("custom_hostname", zone_id("shop.example"), id, about, sort=hostname)
    off = {"enabled": False, "certificate_authority": "google"}
    store.put_document("universal_ssl", zone_id("paused.example"), "universal_ssl", off)


def _in_days(store: Store, days: int) -> str:
    moment = (int(store.now()) // _DAY + days) * _DAY + _DAY - 1
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pack(store: Store, zone: str, type: str, status: str, hosts: tuple[str, ...], days: int) -> Json:
    certificates = []
    for kind in ("ecdsa", "rsa") if status in ("active", "expired") else ():
        words, ecdsa = ("certificate", zone, kind, *hosts), kind == "ecdsa"
        about = {"id": stable_uuid(*words), "type": f"p{256 if ecdsa else 2048}_{kind}", "hosts": list(hosts)}
        signature = "ECDSAWithSHA256" if ecdsa else "SHA256WithRSA"
        signed = {"issuer": "GoogleTrustServices", "signature": signature, "priority": 1 if ecdsa else 2}
        bundle = {"bundle_method": "ubiquitous", "geo_restrictions": None, "zone_id": zone_id(zone)}
        stamps = {"uploaded_on": past(*words), "modified_on": past(*words)}
        state = {"status": "active" if days > 0 else "expired", "expires_on": _in_days(store, days)}
        certificates.append({**about, **signed, **bundle, **stamps, **state})
    name = hosts[-1]
    record = {"status": "pending", "txt_name": f"_acme-challenge.{name}"}
    record["txt_value"] = stable_id("validation", name)
    error = {"message": f"SERVFAIL looking up CAA for {name}"}
    return {
        "id": stable_uuid("pack", zone, type, *hosts),
        "type": type,
        "hosts": list(hosts),
        "primary_certificate": certificates[0]["id"] if certificates else "0",
        "status": status,
        "certificates": certificates,
        "created_on": past("pack", zone, type, *hosts),
        "validity_days": 90,
        "validation_method": "txt",
        "validation_records": [record] if status == "pending_validation" else [],
        "validation_errors": [error] if status == "validation_timed_out" else [],
        "certificate_authority": "google" if type == "universal" else "lets_encrypt",
        "cloudflare_branding": False,
    }


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
_CACHE_RULE = _action(
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
    ("shop.example", "cache rules", "http_request_cache_settings", (_CACHE_RULE,)),
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
