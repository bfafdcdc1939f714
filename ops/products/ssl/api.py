"""Certificates of a zone at Cloudflare's edge, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.http.paths import path
from ops.http.shape import instance, require
from ops.items import seconds_of

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

PAGE = 50
DAY = 86400.0
# For a certificate that states neither how long it is valid nor when it was uploaded.
USUAL_LIFETIME = 90 * DAY
RECORDS_PAGE = 5000


def list_packs(client: Client, zone_id: str) -> Listing:
    """Return a zone's certificate packs of every status, also those not yet or no longer active."""
    where = path("/zones/{}/ssl/certificate_packs", zone_id)
    return client.pages(where, per_page=PAGE, status="all").map(_pack)


def _pack(item: Any) -> Json:
    types, optional = (
        {"hosts": list, "certificates": list, "status": str},
        ("hosts", "certificates"),
    )
    pack = require(item, "a certificate pack", id=str, optional=optional, **types)
    for host in pack.get("hosts") or ():
        instance(host, str, "a host of a certificate pack")
    for certificate in pack.get("certificates") or ():
        instance(certificate, dict, "a certificate of a certificate pack")
    return pack


def edit_universal(client: Client, zone_id: str, *, enabled: bool) -> Json:
    """Turn Cloudflare's own certificate on, which issues a new one, or off, which deletes it."""
    where = path("/zones/{}/ssl/universal/settings", zone_id)
    return require(client.patch(where, json={"enabled": enabled}), "Universal SSL", enabled=bool)


def list_proxied_names(client: Client, zone_id: str) -> Listing:
    """Return the proxied records, whose names need a certificate."""
    where = path("/zones/{}/dns_records", zone_id)
    listing = client.pages(where, per_page=RECORDS_PAGE, order="name", proxied=True)
    proxied = listing.where(lambda record: record.get("proxied") is True)
    return proxied.map(lambda record: require(record, "a DNS record", name=str))


def first_to_end(pack: Json) -> Json | None:
    """Return the certificate of an active pack that ends first; None if none of them has an end."""
    if pack.get("status") != "active":
        return None
    ends = [one for one in pack.get("certificates") or () if seconds_of(one.get("expires_on"))]
    return min(ends, key=lambda one: seconds_of(one.get("expires_on")), default=None)


def pack_lifetime(pack: Json) -> tuple[float, float] | None:
    """Return when the certificate that ends first became valid, and its end; None if the pack has none."""
    first = first_to_end(pack)
    return lifetime({**first, "validity_days": pack.get("validity_days")}) if first else None


def lifetime(certificate: Json) -> tuple[float, float] | None:
    """Return when a certificate became valid, as it was ordered, else when it was uploaded, and its end."""
    end, uploaded = (seconds_of(certificate.get(name)) for name in ("expires_on", "uploaded_on"))
    if not end:
        return None
    ordered = certificate.get("validity_days")
    if isinstance(ordered, int) and ordered > 0:
        return end - ordered * DAY, end
    return (uploaded if 0 < uploaded < end else end - USUAL_LIFETIME), end
