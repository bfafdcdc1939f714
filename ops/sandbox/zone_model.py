"""The plans, and a zone as the API shows it."""

from __future__ import annotations

from typing import Any

from ops.sandbox.identity import ACCOUNT_ID, ACCOUNT_NAME, stable_id
from ops.sandbox.store import Json

_SERVERS = ("ada", "ben", "cleo", "dana", "ezra", "fay", "gus", "hana")
_PERMISSIONS = ["#dns_records:edit", "#dns_records:read", "#zone:edit", "#zone:read", "#zone_settings:read"]


def _plan(legacy_id: str, name: str, price: int) -> Json:
    about = {"id": stable_id("plan", legacy_id), "name": name, "price": price, "currency": "USD"}
    terms = {"frequency": "monthly" if price else "", "is_subscribed": True, "can_subscribe": False}
    legacy = {"legacy_id": legacy_id, "legacy_discount": False, "externally_managed": False}
    return {**about, **terms, **legacy}


_KNOWN = (
    _plan("free", "Free Website", 0),
    _plan("pro", "Pro Website", 25),
    _plan("business", "Business Website", 250),
    _plan("enterprise", "Enterprise Website", 0),
)
_META = {"phishing_detected": False, "cdn_only": False, "dns_only": False, "foundation_dns": False}
PLANS: dict[str, Json] = {plan["id"]: plan for plan in _KNOWN}
BY_NAME: dict[str, Json] = {plan["legacy_id"]: plan for plan in _KNOWN}


def new_zone(id: str, name: str, stamp: str, *, type: str = "full", plan: str = "free", **more: Any) -> Json:
    """Return a zone as the API shows it, pending until its name servers are set."""
    quota = 1 if plan in ("business", "enterprise") else 0
    first = int(stable_id("ns", name)[:4], 16) % len(_SERVERS)
    return {
        "id": id,
        "name": name,
        "status": "pending",
        "paused": False,
        "type": type,
        "development_mode": 0,
        "name_servers": [f"{_SERVERS[one]}.ns.cloudflare.com" for one in (first, first - 3)],
        "original_name_servers": ["ns1.registrar.example", "ns2.registrar.example"],
        "original_registrar": "registrar.example",
        "original_dnshost": None,
        "created_on": stamp,
        "modified_on": stamp,
        "activated_on": None,
        "vanity_name_servers": [],
        "meta": {"step": 2, "custom_certificate_quota": quota, "page_rule_quota": 3, **_META},
        "owner": {"id": None, "type": "user", "email": None},
        "account": {"id": ACCOUNT_ID, "name": ACCOUNT_NAME},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": _PERMISSIONS,
        "plan": BY_NAME[plan],
        **more,
    }
