"""The seeded zones: twelve, in every state and on every plan, with settings, DNS records and certificates.

The expiry of a certificate is counted from the day of the sandbox's clock at seeding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ops.sandbox import dns_records
from ops.sandbox.identity import past, stable_id, stable_uuid, zone_id
from ops.sandbox.routes.zones import new_zone, signed
from ops.sandbox.seed_dns import RECORDS
from ops.sandbox.store import Json, Store


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
