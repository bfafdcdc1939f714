"""Seeded items of lists that are written as a whole, and of the newer products of the account."""

from __future__ import annotations

from ops.sandbox.routes import written_whole
from ops.sandbox.routes.collections import A, Z
from ops.sandbox.store import ACCOUNT_ID, CHANGED, CREATED, Json, Store, stable_id, zone_id

ZONE = "shop.example"
INTERNAL = "corp.example"
ROOM = stable_id(Z + "/waiting_rooms", 0)
_QUEUE = stable_id("queue", "emails")
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_ISSUED = {
    "certificate": _CERTIFICATE,
    "issuer": "O=Example",
    "signature": "SHA256WithRSA",
    "status": "active",
}
ITEMS: dict[str, tuple[Json, ...]] = {
    A + "/ai-gateway/gateways": (
        {
            "id": "assistant",
            "cache_ttl": 300,
            "cache_invalidate_on_update": True,
            "collect_logs": True,
            "rate_limiting_interval": 60,
            "rate_limiting_limit": 100,
            "rate_limiting_technique": "fixed",
        },
    ),
    A + "/event_subscriptions/subscriptions": (
        {
            "name": "uploads",
            "enabled": True,
            "events": ["bucket.created"],
            "source": {"type": "r2"},
            "destination": {"type": "queues.queue", "queue_id": _QUEUE},
        },
    ),
    A + "/dns_settings/views": ({"name": "office", "zones": [zone_id(INTERNAL)]},),
    A + "/custom_ns": ({"ns_name": "ns1.shop.example", "ns_set": 1, "status": "verified"},),
    Z + "/origin_tls_client_auth": ({**_ISSUED, "expires_on": "2030-01-01T00:00:00Z"},),
    Z + "/origin_tls_client_auth/hostnames/certificates": (
        {
            **_ISSUED,
            "hostname": "api.shop.example",
            "serial_number": "6743787633689793699141714808227354901",
            "cert_id": stable_id("aop", "api"),
            "enabled": True,
            "expires_on": "2030-01-01T00:00:00Z",
        },
    ),
    Z + "/waiting_rooms/{room}/events": (
        {
            "name": "drop",
            "description": "",
            "suspended": False,
            "total_active_users": 500,
            "new_users_per_minute": 400,
            "event_start_time": "2027-05-28T15:30:00Z",
            "event_end_time": "2027-05-28T17:00:00Z",
        },
    ),
}


def seed_parts(store: Store) -> None:
    """Write what has routes of its own."""
    zone, buckets = zone_id(ZONE), f"{ACCOUNT_ID}/default/assets"
    rules = [
        {"snippet_name": "headers", "expression": "true", "description": ""},
        {"snippet_name": "headers", "expression": 'http.host eq "api.shop.example"', "description": "API"},
    ]
    written_whole.put_rows(store, written_whole.SNIPPET_RULES, zone, rules)
    id = stable_id("room", "rule")
    rule: Json = {
        "id": id,
        "action": "bypass_waiting_room",
        "expression": "ip.src in {192.0.2.0/24}",
        "enabled": True,
        "description": "Office",
        "version": "1",
        "last_updated": CHANGED,
    }
    store.put_document(written_whole.ROOM_RULES, f"{zone}/{ROOM}", id, rule)
    options = {"fit": "scale-down", "width": 1366, "height": 768, "metadata": "none"}
    hero: Json = {"id": "hero", "options": options, "neverRequireSignedURLs": True}
    store.put_document(written_whole.VARIANTS, ACCOUNT_ID, "hero", hero)
    rule = {"ruleId": stable_id("notification"), "createdAt": CREATED, "actions": ["PutObject"]}
    queue: Json = {"queueId": _QUEUE, "queueName": "emails", "rules": [{**rule, "prefix": "img/"}]}
    store.put_document(written_whole.NOTIFIED, buckets, _QUEUE, queue)
    old = {"provider": "aws", "bucket": "old-assets", "region": "eu-west-1"}
    now = {"provider": "r2", "account": ACCOUNT_ID, "bucket": "assets", "accessKeyId": stable_id("key")}
    store.put_document(
        written_whole.SIPPY, buckets, "only", {"enabled": True, "source": old, "destination": now}
    )
    _seed_readings(store)


def _seed_readings(store: Store) -> None:
    """Write what is only read."""
    id = stable_id("user", "token")
    token: Json = {"id": id, "name": "laptop", "status": "active", "issued_on": CREATED, "policies": []}
    store.put_document("/user/tokens", "", id, token)
    id = stable_id("insight")
    insight: Json = {
        "id": id,
        "issue_type": "insecure_configuration",
        "issue_class": "unproxied_a_records",
        "severity": "Moderate",
        "subject": "shop.example",
        "dismissed": False,
        "status": "active",
        "since": CREATED,
        "timestamp": CHANGED,
    }
    store.put_document(written_whole.INSIGHTS, ACCOUNT_ID, id, insight)
