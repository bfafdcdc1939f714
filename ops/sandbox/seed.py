"""Fills a new sandbox with an account that looks like a real one.

Dates are in the past and ids follow from names, so that two scans are equal.
"""

from __future__ import annotations

from ops.sandbox import identity
from ops.sandbox.identity import ACCOUNT_ID, CHANGED, CREATED, EMAIL, stable_id, stable_uuid
from ops.sandbox.routes.worker_state import NAMESPACE
from ops.sandbox.seed_kv import seed_kv
from ops.sandbox.seed_rules import seed_rules
from ops.sandbox.seed_workers import seed_domains, seed_workers
from ops.sandbox.seed_zones import seed_certificates, seed_zones
from ops.sandbox.store import Json, Store

# (script, class, SQLite storage, number of objects); more than 1000 objects fill more than one default page.
DURABLE_OBJECTS = (
    ("chat-room", "Room", True, 1100),
    ("api-gateway", "RateLimiter", False, 12),
    ("webhook-relay", "Inbox", True, 3),
)
BUCKETS = ("assets", "backups", "uploads", *(f"logs-{number:02}" for number in range(1, 21)))
DATABASES = ("orders", "analytics")
QUEUES = ("emails", "webhooks")
PROJECTS = ("docs", "landing", "status", *(f"preview-{number:02}" for number in range(1, 10)))
AUDIT_ENTRIES = 40
# What all queues, their consumers and all Pages projects of the seed have in common.
_QUEUE: Json = {
    "created_on": CREATED,
    "modified_on": CHANGED,
    "producers_total_count": 1,
    "producers": [{"type": "worker", "script": "api-gateway"}],
    "consumers_total_count": 1,
    "settings": {"delivery_delay": 0, "delivery_paused": False, "message_retention_period": 345600},
}
_CONSUMER: Json = {
    "type": "worker",
    "script": "webhook-relay",
    "created_on": CREATED,
    "settings": {"batch_size": 10, "max_retries": 3, "max_wait_time_ms": 5000},
}
_CONFIG: Json = {
    "compatibility_date": "2025-01-01",
    "compatibility_flags": [],
    "usage_model": "standard",
    "fail_open": True,
    "build_image_major_version": 3,
    "env_vars": {},
    "always_use_latest_compatibility_date": False,
}
_PROJECT: Json = {
    "production_branch": "main",
    "framework": "",
    "framework_version": "",
    "created_on": CREATED,
    "build_config": {"build_command": "npm run build", "destination_dir": "dist", "root_dir": ""},
    "deployment_configs": {"production": _CONFIG, "preview": _CONFIG},
}
_ACTIONS = (
    ("rec_add", "dns_records", "POST", "DNS record"),
    ("change_setting", "zones", "PATCH", "zone setting"),
    ("script_update", "workers", "PUT", "script"),
    ("purge", "cache", "POST", "cache"),
    ("rec_del", "dns_records", "DELETE", "DNS record"),
)

_MONITOR: Json = {
    "description": "health check",
    **{"type": "https", "method": "GET", "path": "/health", "expected_codes": "2xx", "port": 443},
    **{"interval": 60, "retries": 2, "timeout": 5, "follow_redirects": False, "allow_insecure": False},
    "header": {},
}


def seed_all(store: Store) -> None:
    """Write everything of a new sandbox; the zones first, which custom domains of Workers need."""
    seed_zones(store)
    seed_certificates(store)
    seed_rules(store)
    settings = {"enforce_twofactor": False, "abuse_contact_email": EMAIL}
    account = {"id": ACCOUNT_ID, "name": identity.ACCOUNT_NAME, "settings": settings, "created_on": CREATED}
    store.put_document("account", "", ACCOUNT_ID, {**account, "type": "standard"}, sort=identity.ACCOUNT_NAME)
    membership = {
        "id": stable_id("membership", "sandbox"),
        "account": account,
        "api_access_enabled": True,
        "roles": ["Super Administrator - All Privileges"],
        "permissions": {"zones": {"read": True, "write": True}, "dns_records": {"read": True, "write": True}},
        "status": "accepted",
    }
    store.put_document("membership", "", str(membership["id"]), membership)
    seed_kv(store)
    _seed_storage(store)
    for script, name, sqlite, count in DURABLE_OBJECTS:
        id = stable_id("do.namespace", script, name)
        named = {"id": id, "name": f"{script}_{name}", "script": script, "class": name}
        store.put_document(NAMESPACE, ACCOUNT_ID, id, {**named, "use_sqlite": sqlite}, sort=named["name"])
        rows = [(id, stable_id("object", name, n) + id, int(n % 3 != 0)) for n in range(count)]
        store.run_many("INSERT OR REPLACE INTO do_object VALUES (?, ?, ?)", rows)
    seed_workers(store)
    seed_domains(store)
    for number in range(AUDIT_ENTRIES):
        _seed_audit_entry(store, number)


def _seed_storage(store: Store) -> None:
    for name in BUCKETS:
        about: Json = {"name": name, "creation_date": CREATED, "location": "weur"}
        store.put_document("r2.bucket", ACCOUNT_ID, name, {**about, "storage_class": "Standard"}, sort=name)
    for name in DATABASES:
        id = stable_uuid("d1", name)
        about = {"uuid": id, "name": name, "version": "production", "created_at": CREATED}
        store.put_document("d1.database", ACCOUNT_ID, id, about, sort=name)
    for name in QUEUES:
        id = stable_id("queue", name)
        consumer = {"consumer_id": stable_id("consumer", name), "queue_name": name, **_CONSUMER}
        about = {"queue_id": id, "queue_name": name, **_QUEUE, "consumers": [consumer]}
        store.put_document("queue", ACCOUNT_ID, id, about, sort=name)
    for name in PROJECTS:
        id, host, script = stable_uuid("pages", name), f"{name}-sandbox.pages.dev", f"pages-worker--{name}"
        scripts = {"production_script_name": script, "preview_script_name": f"{script}-preview"}
        about = {"id": id, "name": name, "subdomain": host, "domains": [host], **scripts, **_PROJECT}
        store.put_document("pages.project", ACCOUNT_ID, id, about, sort=name)
    monitor, stamps = stable_id("lb.monitor", "health"), {"created_on": CREATED, "modified_on": CHANGED}
    store.put_document("lb.monitor", ACCOUNT_ID, monitor, {"id": monitor, **_MONITOR, **stamps})
    for number, name in enumerate(("pool-west", "pool-east"), 1):
        id = stable_id("lb.pool", name)
        origin = {"name": f"{name}-1", "address": f"192.0.2.{number}", "enabled": True, "weight": 1}
        about = {"id": id, "name": name, "enabled": True, "minimum_origins": 1, "monitor": monitor, **stamps}
        body = {**about, "description": "", "origins": [origin], "check_regions": ["WEU", "ENAM"]}
        store.put_document("lb.pool", ACCOUNT_ID, id, body, sort=name)


def _seed_audit_entry(store: Store, number: int) -> None:
    """Write one entry an hour for one and a half days, in both forms of the log."""
    day, hour = divmod(number, 24)
    when = f"2026-03-{1 + day:02}T{hour:02}:15:00.000000Z"
    word, product, method, type_ = _ACTIONS[number % len(_ACTIONS)]
    id, target = stable_uuid("audit", number), stable_id("audited", number)
    actor, address = {"id": identity.USER_ID, "email": EMAIL, "type": "user"}, "192.0.2.10"
    old = {
        "id": id,
        "when": when,
        "action": {"type": word, "result": True},
        "actor": {**actor, "ip": address},
        "interface": "API",
        "metadata": {"zone_name": "example.com"},
        "newValue": "",
        "oldValue": "",
        "owner": {"id": ACCOUNT_ID},
        "resource": {"type": type_, "id": target},
    }
    request = {"cf_ray_id": f"{number:016x}", "method": method, "status_code": 200}
    new = {
        "id": id,
        "account": {"id": ACCOUNT_ID, "name": identity.ACCOUNT_NAME},
        "action": {"type": word, "result": "success", "time": when, "description": type_},
        "actor": {**actor, "context": "api_token", "ip_address": address},
        "raw": {**request, "uri": f"/client/v4/{product}/{target}", "user_agent": "cfops"},
        "resource": {"id": target, "product": product, "type": type_},
    }
    store.put_document("audit", ACCOUNT_ID, id, old, sort=when)
    store.put_document("audit.v2", ACCOUNT_ID, id, new, sort=when)
