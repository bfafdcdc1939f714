"""Seeded items of the products that collections.py and nested.py declare: one or two of each kind."""

from __future__ import annotations

from ops.sandbox.routes import devices, nested, platforms, snippets
from ops.sandbox.routes.collections import COLLECTIONS, SINGLES, A, Z, add
from ops.sandbox.seed_parts import ITEMS as PARTS
from ops.sandbox.seed_parts import ROOM, seed_parts
from ops.sandbox.store import ACCOUNT_ID, CHANGED, CREATED, Json, Store, past, stable_id, stable_uuid, zone_id

# What lists answer in clear, so that it must not reach any output.
CANARY = "sEcReT0f"
_ZONE = "shop.example"
_LIST, _WEBHOOK = stable_id("list", "blocked"), stable_id("webhook", "chat")
_GATEWAY_LIST, _GROUP = stable_uuid("gateway", "list"), stable_uuid("access", "group")
_TUNNEL, _NETWORK = stable_uuid("tunnel", "office"), stable_uuid("network", "branch")
_STORE, _MONITOR = stable_id("secrets", "store"), stable_id("lb.monitor", "health")
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_EVERYONE: Json = {"include": [{"email_domain": {"domain": "example.com"}}], "exclude": [], "require": []}

_RESOLVING: Json = {
    "minimum_cache_ttl": 60,
    "maximum_cache_ttl": 900,
    "deprecate_any_requests": True,
    "ecs_fallback": False,
}

# By path: the items, each as it is sent; an id that others name is fixed.
ITEMS: dict[str, tuple[Json, ...]] = {
    A + "/rules/lists": (
        {"id": _LIST, "name": "blocked", "kind": "ip", "description": "Addresses that are blocked"},
        {"name": "moved", "kind": "redirect", "description": ""},
    ),
    A + "/email/routing/addresses": ({"email": "admin@example.com", "verified": CREATED},),
    A + "/access/groups": ({"id": _GROUP, "name": "Staff", **_EVERYONE},),
    A + "/access/policies": (
        {
            "name": "Allow staff",
            "decision": "allow",
            "exclude": [],
            "require": [],
            "include": [{"group": {"id": _GROUP}}],
        },
    ),
    A + "/access/apps": (
        {"type": "self_hosted", "name": "Wiki", "domain": "wiki.example.com", "session_duration": "24h"},
    ),
    A + "/access/service_tokens": (
        {"name": "robot", "client_id": "88bf3b6d86161464f6509f7219099e57.access", "duration": "8760h"},
    ),
    A + "/access/identity_providers": (
        {"name": "One-time PIN", "type": "onetimepin", "config": {}},
        {
            "name": "Company",
            "type": "saml",
            "config": {
                "sso_target_url": "https://login.example.com/sso",
                "issuer_url": "https://login.example.com",
                "idp_public_certs": ["MIIB"],
                "sign_request": True,
            },
        },
    ),
    A + "/access/tags": ({"name": "internal"},),
    A + "/access/certificates": (
        {"name": "Laptops", "fingerprint": "MD5 Fingerprint=1E:80", "associated_hostnames": []},
    ),
    A + "/access/custom_pages": (
        {"name": "Forbidden", "type": "forbidden", "custom_html": "<h1>Ask the help desk</h1>"},
    ),
    A + "/secrets_store/stores/{store}/secrets": (
        {"name": "API_KEY", "status": "active", "scopes": ["workers"], "store_id": _STORE},
    ),
    A + "/subscriptions": (
        {"rate_plan": {"id": "workers_paid", "public_name": "Workers Paid"}, "price": 5, "currency": "USD"},
    ),
    A + "/cfd_tunnel": ({"id": _TUNNEL, "name": "office", "config_src": "cloudflare"},),
    A + "/teamnet/virtual_networks": ({"id": _NETWORK, "name": "branch", "comment": "Branch office"},),
    A + "/gateway/lists": ({"id": _GATEWAY_LIST, "name": "Risky", "type": "DOMAIN", "description": ""},),
    A + "/gateway/locations": ({"name": "Office", "client_default": False, "ecs_support": False},),
    A + "/gateway/rules": (
        {
            "name": "Block risky",
            "action": "block",
            "enabled": True,
            "filters": ["dns"],
            "traffic": f"any(dns.domains[*] in ${_GATEWAY_LIST})",
            "precedence": 1000,
            "rule_settings": {"add_headers": {"X-Token": [f"{CANARY}-gateway"]}},
        },
    ),
    A + "/devices/posture": ({"name": "Disk encryption", "type": "disk_encryption", "input": {}},),
    A + "/challenges/widgets": (
        {
            "name": "Login",
            "mode": "managed",
            "domains": ["example.com"],
            "region": "world",
            "bot_fight_mode": False,
            "offlabel": False,
            "clearance_level": "no_clearance",
        },
    ),
    A + "/logpush/jobs": (
        {
            "name": "audit",
            "dataset": "audit_logs",
            "enabled": True,
            "destination_conf": f"r2://logs/{{DATE}}?secret-access-key={CANARY}-logpush",
        },
    ),
    Z + "/logpush/jobs": (
        {
            "name": "requests",
            "dataset": "http_requests",
            "enabled": True,
            "destination_conf": f"https://logs.example.com/?header_Authorization={CANARY}-zone",
        },
    ),
    A + "/alerting/v3/destinations/webhooks": (
        {"id": _WEBHOOK, "name": "chat", "url": f"https://hooks.example.com/{CANARY}-webhook"},
    ),
    A + "/alerting/v3/policies": (
        {
            "name": "Certificates",
            "alert_type": "universal_ssl_event_type",
            "enabled": True,
            "description": "",
            "filters": {},
            "mechanisms": {"webhooks": [{"id": _WEBHOOK}]},
        },
    ),
    A + "/firewall/access_rules/rules": (
        {"mode": "block", "configuration": {"target": "ip", "value": "198.51.100.4"}, "notes": "Scanner"},
    ),
    Z + "/firewall/access_rules/rules": (
        {"mode": "challenge", "configuration": {"target": "asn", "value": "AS64496"}, "notes": ""},
    ),
    Z + "/firewall/lockdowns": (
        {
            "urls": ["shop.example/admin*"],
            "description": "Office only",
            "paused": False,
            "configurations": [{"target": "ip", "value": "198.51.100.4"}],
        },
    ),
    Z + "/firewall/ua_rules": (
        {
            "mode": "block",
            "description": "Bad bot",
            "paused": False,
            "configuration": {"target": "ua", "value": "BadBot/1.0"},
        },
    ),
    Z + "/healthchecks": (
        {
            "name": "origin",
            "address": "origin.shop.example",
            "type": "HTTPS",
            "interval": 60,
            "http_config": {"path": "/", "header": {"Authorization": [f"{CANARY}-health"]}},
        },
    ),
    Z + "/spectrum/apps": (
        {
            "protocol": "tcp/22",
            "dns": {"type": "CNAME", "name": "ssh.shop.example"},
            "tls": "off",
            "origin_dns": {"name": "ssh-origin.shop.example", "ttl": 600, "type": ""},
            "origin_port": 22,
        },
    ),
    Z + "/page_shield/policies": (
        {
            "description": "Checkout",
            "action": "log",
            "enabled": True,
            "value": "script-src 'none';",
            "expression": 'ends_with(http.request.uri.path, "/checkout")',
        },
    ),
    Z + "/waiting_rooms": (
        {
            "name": "sale",
            "host": "shop.example",
            "path": "/sale",
            "new_users_per_minute": 200,
            "total_active_users": 300,
        },
    ),
    A + "/hyperdrive/configs": (
        {
            "name": "orders",
            "origin": {
                "host": "db.example.com",
                "port": 5432,
                "scheme": "postgres",
                "database": "orders",
                "user": "worker",
            },
            "caching": {"disabled": False},
        },
    ),
    A + "/vectorize/v2/indexes": (
        {"name": "texts", "config": {"dimensions": 768, "metric": "cosine"}, "description": ""},
    ),
    A + "/secrets_store/stores": ({"id": _STORE, "name": "default"},),
    A + "/mtls_certificates": (
        {
            "name": "devices",
            "ca": True,
            "certificates": _CERTIFICATE,
        },
    ),
    A + "/zerotrust/routes/hostname": ({"hostname": "wiki.internal", "tunnel_id": _TUNNEL},),
    A + "/load_balancers/monitor_groups": (
        {
            "description": "Checkout",
            "members": [
                {
                    "monitor_id": _MONITOR,
                    "enabled": True,
                    "monitoring_only": False,
                    "must_be_healthy": True,
                }
            ],
        },
    ),
    Z + "/leaked-credential-checks/detections": (
        {
            "username": 'lookup_json_string(http.request.body.raw, "user")',
            "password": 'lookup_json_string(http.request.body.raw, "secret")',
        },
    ),
    A + "/registrar/domains": (
        {"name": "example.com", "auto_renew": True, "locked": True, "privacy": True, "expires_at": CHANGED},
    ),
    A + "/members": (
        {
            "status": "accepted",
            "roles": [],
            "user": {"id": stable_id("user", "sandbox"), "email": "admin@example.com"},
        },
    ),
    A + "/roles": ({"name": "Administrator", "description": "Can do all", "permissions": []},),
    A + "/custom_pages": ({"id": "basic_challenge", "state": "default", "url": ""},),
    Z + "/custom_pages": (
        {"id": "500_errors", "state": "customized", "url": "https://shop.example/500.html"},
    ),
    Z + "/client_certificates": (
        {"common_name": "device-1", "serial_number": "3bb94ff144ac567b9f75ad664b6c55f8", "status": "active"},
    ),
    A + "/dns_firewall": ({"name": "resolvers", "upstream_ips": ["192.0.2.53"], **_RESOLVING},),
    A + "/secondary_dns/tsigs": (
        {"name": "tsig.example.", "algo": "hmac-sha512.", "secret": f"{CANARY}-tsig"},
    ),
    A + "/secondary_dns/acls": ({"name": "office", "ip_range": "192.0.2.53/28"},),
    A + "/secondary_dns/peers": ({"name": "primary", "ip": "192.0.2.53", "port": 53, "ixfr_enable": False},),
    A + "/pages/projects/{project}/domains": ({"name": "docs.example.com"},),
    **PARTS,
}
ONLY: dict[str, Json] = {
    Z + "/managed_headers": {
        "managed_request_headers": [{"id": "add_true_client_ip_headers", "enabled": True}],
        "managed_response_headers": [{"id": "add_security_headers", "enabled": True}],
    },
    Z + "/url_normalization": {"type": "rfc3986", "scope": "both"},
    Z + "/settings/zaraz/config": {
        "tools": {
            "aqwq": {
                "name": "Pixel",
                "type": "component",
                "component": "facebook-pixel",
                "enabled": True,
                "blockingTriggers": [],
                "permissions": [],
                "defaultFields": {},
                "settings": {"property": "12345", "accessToken": f"{CANARY}-zaraz"},
                "actions": {},
            }
        },
        "triggers": {},
        "variables": {"cDey": {"name": "currency", "type": "string", "value": "EUR"}},
        "dataLayer": True,
        "debugKey": f"{CANARY}-debug",
        "zarazVersion": 43,
        "settings": {"autoInjectScript": True},
    },
    Z + "/leaked-credential-checks": {"enabled": True},
    Z + "/bot_management": {"enable_js": True, "fight_mode": True},
    Z + "/custom_hostnames/fallback_origin": {"origin": "origin.shop.example", "status": "active"},
    Z + "/certificate_authorities/hostname_associations": {"hostnames": ["api.shop.example"]},
    A + "/cfd_tunnel/{tunnel}/configurations": {
        "version": 2,
        "config": {"ingress": [{"service": "http_status:404"}]},
    },
}
_OTHERS: tuple[tuple[str, str, Json], ...] = (
    (A + "/tokens", ACCOUNT_ID, {"name": "deploy", "status": "active", "issued_on": CREATED}),
    (
        "/certificates",
        zone_id(_ZONE),
        {"hostnames": [_ZONE], "certificate": _CERTIFICATE, "request_type": "origin-rsa"},
    ),
)
_BELOW = {"{project}": "docs", "{tunnel}": _TUNNEL, "{store}": _STORE, "{room}": ROOM}


def seed_collections(store: Store) -> None:
    """Write the items; those of zones into one zone with an Enterprise plan."""
    for collection in COLLECTIONS:
        for number, sent in enumerate(ITEMS.get(collection.path, ())):
            body = {name: value for name, value in sent.items() if name != "id" or collection.ids == "id"}
            id = str(sent.get("id") or stable_id(collection.path, number)).replace("-", "")
            stamp = past(collection.path, number)
            add(store, collection, owner_of_seed(collection.path), body, id=id, stamp=stamp)
    for only in SINGLES:
        if only.path in ONLY:
            store.put_document(only.path, owner_of_seed(only.path), "only", ONLY[only.path])
    _seed_nested(store)
    seed_parts(store)


def owner_of_seed(path: str) -> str:
    names = [ACCOUNT_ID if path.startswith(A) else zone_id(_ZONE)]
    return "/".join((*names, *(id for name, id in _BELOW.items() if name in path)))


def _seed_nested(store: Store) -> None:
    for address in ("192.0.2.1", "192.0.2.0/28"):
        id = stable_id("list.item", address)
        item = {"id": id, "ip": address, "comment": "", "created_on": CREATED, "modified_on": CHANGED}
        store.put_document(nested.ITEMS, f"{ACCOUNT_ID}/{_LIST}", id, item, sort=address)
    blocked = store.get_document(nested.LISTS, ACCOUNT_ID, _LIST)
    store.put_document(nested.LISTS, ACCOUNT_ID, _LIST, {**blocked, "num_items": 2}, sort="blocked")
    for domain in ("bad.example", "worse.example"):
        item = {"value": domain, "description": "", "created_at": CREATED}
        store.put_document(nested.GATEWAY_LIST, f"{ACCOUNT_ID}/{_GATEWAY_LIST}", domain, item, sort=domain)
    id = stable_id("email.rule", "sales")
    rule: Json = {
        "id": id,
        "tag": id,
        "name": "Sales",
        "enabled": True,
        "priority": 0,
        "matchers": [{"type": "literal", "field": "to", "value": "sales@shop.example"}],
        "actions": [{"type": "forward", "value": ["admin@example.com"]}],
    }
    store.put_document(nested.RULES, zone_id(_ZONE), id, rule)
    id = stable_uuid("route", "office")
    route = {
        "id": id,
        "network": "10.0.0.0/16",
        "tunnel_id": _TUNNEL,
        "virtual_network_id": _NETWORK,
        "comment": "Office",
        "created_at": CREATED,
    }
    store.put_document(nested.ROUTES, ACCOUNT_ID, id, route, sort="10.0.0.0/16")
    profile = {"name": "Contractors", "match": 'identity.email == "a@example.com"', "precedence": 100}
    devices.add(store, ACCOUNT_ID, profile, stable_uuid("profile", "contractors"))
    code = "export default {\n  async fetch(request) {\n    return fetch(request);\n  },\n};\n"
    snippets.add(store, zone_id(_ZONE), "headers", {"headers.js": code}, "headers.js", CREATED)
    platforms.add_namespace(store, ACCOUNT_ID, "customers")
    billing = {"class_name": "Billing", "script_name": "cron-reports"}
    platforms.add_workflow(store, ACCOUNT_ID, "billing", billing)
    for site in ({"zone_tag": zone_id(_ZONE), "auto_install": True}, {"host": "status.example.net"}):
        ids = {"site_tag": stable_id("site", site), "site_token": stable_id("token", site)}
        platforms.save_site(store, ACCOUNT_ID, site, {**ids, "created": CREATED, "rules": []})
    _seed_buckets(store)
    for kind, owner, item in _OTHERS:
        id = stable_id(kind)
        store.put_document(kind, owner, id, {"id": id, **item})


def _seed_buckets(store: Store) -> None:
    cors = {"rules": [{"id": "any", "allowed": {"methods": ["GET"], "origins": ["https://shop.example"]}}]}
    store.put_document("r2.cors", f"{ACCOUNT_ID}/default/assets", "only", cors)
    expiry = {"condition": {"maxAge": 604800, "type": "Age"}}
    aborted = {"id": "Abort", "enabled": True, "abortMultipartUploadsTransition": expiry}
    store.put_document("r2.lifecycle", f"{ACCOUNT_ID}/default/assets", "only", {"rules": [aborted]})
    domain_item = {
        "domain": "assets.shop.example",
        "enabled": True,
        "zoneId": zone_id(_ZONE),
        "zoneName": _ZONE,
        "minTLS": "1.2",
        "status": {"ownership": "active", "ssl": "active"},
    }
    owner = f"{ACCOUNT_ID}/default/assets"
    store.put_document(nested.DOMAINS, owner, "assets.shop.example", domain_item)
