"""Fills a new sandbox with an account that looks like a real one, or with one of any size.

Dates are in the past and ids follow from names, so that two scans are equal.
"""

from __future__ import annotations

from ops.sandbox.routes.worker_state import NAMESPACE
from ops.sandbox.routes.zones import new_zone
from ops.sandbox.seed_collections import seed_collections
from ops.sandbox.seed_workers import seed_domains, seed_kv, seed_workers
from ops.sandbox.seed_zones import seed_certificates, seed_rules, seed_zones
from ops.sandbox.store import (
    ACCOUNT_ID,
    ACCOUNT_NAME,
    CHANGED,
    CREATED,
    EMAIL,
    USER_ID,
    Json,
    Store,
    past,
    stable_id,
    stable_uuid,
    zone_id,
)

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
    "service": "webhook-relay",
    "environment": "production",
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
    "type": "https",
    "method": "GET",
    "path": "/health",
    "expected_codes": "2xx",
    "port": 443,
    "interval": 60,
    "retries": 2,
    "timeout": 5,
    "follow_redirects": False,
    "allow_insecure": False,
    "header": {},
}


def seed_all(store: Store) -> None:
    """Write everything of a new sandbox; the zones first, which custom domains of Workers need."""
    seed_zones(store)
    seed_certificates(store)
    seed_rules(store)
    seed_collections(store)
    settings = {"enforce_twofactor": True, "abuse_contact_email": EMAIL}
    account = {"id": ACCOUNT_ID, "name": ACCOUNT_NAME, "settings": settings, "created_on": CREATED}
    store.put_document("account", "", ACCOUNT_ID, {**account, "type": "standard"}, sort=ACCOUNT_NAME)
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
        store.put_document("pages.project", ACCOUNT_ID, name, about, sort=name)
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
    actor, address = {"id": USER_ID, "email": EMAIL, "type": "user"}, "192.0.2.10"
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
        "account": {"id": ACCOUNT_ID, "name": ACCOUNT_NAME},
        "action": {"type": word, "result": "success", "time": when, "description": type_},
        "actor": {**actor, "context": "api_token", "ip_address": address},
        "raw": {**request, "uri": f"/client/v4/{product}/{target}", "user_agent": "cfops"},
        "resource": {"id": target, "product": product, "type": type_},
    }
    store.put_document("audit", ACCOUNT_ID, id, old, sort=when)
    store.put_document("audit.v2", ACCOUNT_ID, id, new, sort=when)


_NUMBERS = "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :most) "

# Of ten records six are A, the others AAAA, CNAME, TXT and MX.
_SHAPES = """
    SELECT n, printf('%s%016x', :head, n) AS id, printf('host-%05d.%s', n, :name) AS name,
        CASE n % 10 WHEN 6 THEN 'AAAA' WHEN 7 THEN 'CNAME' WHEN 8 THEN 'TXT' WHEN 9 THEN 'MX' ELSE 'A' END
            AS type,
        n % 20 = 0 AS proxied
    FROM counted
"""
_CONTENTS = """
    SELECT *, CASE type
        WHEN 'A' THEN printf('198.51.%d.%d', n / 250 % 256, n % 250 + 1)
        WHEN 'AAAA' THEN printf('2001:db8::%x', n)
        WHEN 'TXT' THEN printf('scale-record=%d', n)
        ELSE printf('target-%05d.%s', n, :name) END AS content
    FROM shaped
"""
_RECORDS = f"""
    INSERT OR REPLACE INTO dns_record
    {_NUMBERS}, shaped AS ({_SHAPES}), filled AS ({_CONTENTS})
    SELECT :zone, id, type, name, content, iif(proxied, 1, 300), proxied, NULL, '[]',
        printf('{{"id":"%s","name":"%s","type":"%s","content":"%s",'
            || '"proxiable":%s,"proxied":%s,"ttl":%d,'
            || '"settings":{{}},"meta":{{}},"comment":null,"tags":[],'
            || '"created_on":"%s","modified_on":"%s"%s}}',
            id, name, type, content,
            iif(type IN ('A', 'AAAA', 'CNAME'), 'true', 'false'), iif(proxied, 'true', 'false'),
            iif(proxied, 1, 300), :stamp, :stamp, iif(type = 'MX', ',"priority":10', ''))
    FROM filled
"""  # noqa: S608 - pieces of constant text
_KEYS = f"""
    INSERT OR REPLACE INTO kv_pair (namespace, name, item, expiration, written, deleted, metadata, value)
    {_NUMBERS}, named AS (SELECT n, printf('key-%08d', n) AS name, n % 10 = 0 AS described FROM counted)
    SELECT :namespace, name,
        iif(described, printf('{{"name":"%s","metadata":{{"n":%d}}}}', name, n),
            printf('{{"name":"%s"}}', name)),
        NULL, 0, NULL, iif(described, printf('{{"n":%d}}', n), NULL),
        CAST(printf('value of %s', name) AS BLOB)
    FROM named
"""  # noqa: S608 - pieces of constant text


def scale_namespace(number: int) -> str:
    """Return the id of the *number*th namespace (from 1) that ``seed_scale`` writes."""
    return stable_id("kv.namespace", f"scale-{number:04}")


def seed_scale(
    store: Store, zones: int = 1000, records: int = 200, keys: int = 1_000_000, namespaces: int = 1
) -> None:
    """Add *zones* of *records* each and *namespaces* that share *keys*; writing twice changes nothing."""
    with store.transaction():
        for number in range(1, zones + 1):
            name = f"zone-{number:04}.example"
            id, stamp = zone_id(name), past("zone", name)
            zone = new_zone(id, name, stamp, plan="enterprise", status="active", activated_on=stamp)
            store.put_document("zone", "", id, zone, sort=name)
            names = {"most": records, "zone": id, "name": name, "head": id[:16], "stamp": stamp}
            if records:
                store.run(_RECORDS, names)
        for number in range(1, namespaces + 1 if keys else 1):
            share = keys // namespaces + (number <= keys % namespaces)
            id, title = scale_namespace(number), f"scale-{number:04}"
            body = {"id": id, "title": title, "supports_url_encoding": True}
            store.put_document("kv.namespace", ACCOUNT_ID, id, body, sort=title)
            if share:
                store.run(_KEYS, {"most": share, "namespace": id})
