"""The seeded zones: twelve, in every state and on every plan, with their settings and DNS records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ops.sandbox import dns_records
from ops.sandbox.identity import past, stable_id, zone_id
from ops.sandbox.routes.dnssec import signed
from ops.sandbox.seed_dns import RECORDS
from ops.sandbox.settings_table import SETTINGS
from ops.sandbox.store import Json, Store
from ops.sandbox.zone_model import new_zone


@dataclass(frozen=True)
class Seeded:
    """A zone of the seed and its differences from the defaults."""

    name: str
    plan: str = "free"
    status: str = "active"
    paused: bool = False
    type: str = "full"
    settings: dict[str, Any] = field(default_factory=dict)


_HSTS = {"enabled": True, "max_age": 31536000, "include_subdomains": True, "preload": False, "nosniff": True}

ZONES = (
    Seeded(
        "example.com",
        "business",
        settings={
            "ssl": "strict",
            "min_tls_version": "1.2",
            "always_use_https": "on",
            "security_header": {"strict_transport_security": _HSTS},
            "browser_cache_ttl": 86400,
            "polish": "lossless",
        },
    ),
    Seeded("example.net", settings={"ssl": "flexible", "min_tls_version": "1.0"}),
    Seeded("example.org", "pro", settings={"always_use_https": "on", "security_level": "high", "0rtt": "on"}),
    Seeded(
        "shop.example",
        "enterprise",
        settings={"ssl": "strict", "cache_level": "simplified", "h2_prioritization": "on", "max_upload": 500},
    ),
    Seeded("mail.example", settings={"email_obfuscation": "off"}),
    Seeded("wild.example", "pro", settings={"development_mode": "on"}),
    Seeded("xn--bcher-kva.example"),
    Seeded("legacy.example", "business", type="partial", settings={"tls_1_3": "off", "ssl": "off"}),
    Seeded("pending.example", status="pending"),
    Seeded("paused.example", paused=True),
    Seeded("moved.example", status="moved"),
    Seeded("empty.example"),
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
        more = {
            "status": seeded.status,
            "paused": seeded.paused,
            "activated_on": None if seeded.status == "pending" else past("active", name),
            "modified_on": past("changed", name),
        }
        zone = new_zone(id, name, past("zone", name), type=seeded.type, plan=seeded.plan, **more)
        store.put_document("zone", "", id, zone, sort=name)
        for setting, value in seeded.settings.items():
            if setting not in SETTINGS:
                raise KeyError(setting)
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
