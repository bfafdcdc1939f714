"""The seeded certificates. Their expiry is counted from the day of the sandbox's clock at seeding."""

from __future__ import annotations

from datetime import UTC, datetime

from ops.sandbox.identity import past, stable_id, stable_uuid, zone_id
from ops.sandbox.store import Json, Store

_DAY = 86400

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
    (
        "xn--bcher-kva.example",
        "universal",
        "active",
        ("*.xn--bcher-kva.example", "xn--bcher-kva.example"),
        80,
    ),
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
    store.put_document("universal_ssl", zone_id("paused.example"), "settings", off)


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
