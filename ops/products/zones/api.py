"""Zones, as the API sends them, and the lookup of a zone by its domain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.errors import AmbiguousName, NotFound, UsageError
from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

PAGE = 50
_ID = re.compile(r"[0-9a-f]{32}")


def list_zones(client: Client, *, account_id: str = "", **filters: str) -> Listing:
    """List zones; *filters* are those of the API (`name`, `status`, `account.name`), an empty one matches.

    The API leaves out zones of type `internal`.
    """
    return client.pages(path("/zones"), per_page=PAGE, order="name", **{"account.id": account_id, **filters})


def account_filter(name_or_id: str) -> dict[str, str]:
    """Return the filter of `list_zones` for an account by its id or name; none if it is empty."""
    return {"account_id" if _ID.fullmatch(name_or_id) else "account.name": name_or_id} if name_or_id else {}


def get_zone(client: Client, zone_id: str) -> Json:
    """Return one zone."""
    zone: Json = client.get(path("/zones/{}", zone_id))
    return zone


def create_zone(client: Client, account_id: str, name: str, *, type: str) -> Json:
    """Add a domain to an account: full, partial or secondary. Raise Conflict (1061) if it exists."""
    zone: Json = client.post(path("/zones"), json={"name": name, "account": {"id": account_id}, "type": type})
    return zone


def edit_zone(client: Client, zone_id: str, field: str, value: Any) -> Json:
    """Set `paused` or `type`; the API accepts one property per request."""
    zone: Json = client.patch(path("/zones/{}", zone_id), json={field: value})
    return zone


def delete_zone(client: Client, zone_id: str) -> None:
    """Delete a zone with all its records and settings."""
    client.delete(path("/zones/{}", zone_id))


def list_settings(client: Client, zone_id: str) -> Listing:
    """List all settings of a zone; the API returns them in one response."""
    return client.whole(path("/zones/{}/settings", zone_id))


def get_setting(client: Client, zone_id: str, setting: str) -> Json:
    """Return one setting: `id`, `value`, `editable`, `modified_on`. Raise NotFound."""
    found: Json = client.get(path("/zones/{}/settings/{}", zone_id, setting))
    return found


def edit_setting(client: Client, zone_id: str, setting: str, value: Any) -> Json:
    """Change the value of a setting; the API merges objects."""
    found: Json = client.patch(path("/zones/{}/settings/{}", zone_id, setting), json={"value": value})
    return found


def get_dnssec(client: Client, zone_id: str) -> Json:
    """Return a zone's DNSSEC: `status`, and the DS record for the registrar."""
    dnssec: Json = client.get(path("/zones/{}/dnssec", zone_id))
    return dnssec


def edit_dnssec(client: Client, zone_id: str, fields: Json) -> Json:
    """Turn DNSSEC on or off (`status` active or disabled); it then waits for the registrar's DS record."""
    dnssec: Json = client.patch(path("/zones/{}/dnssec", zone_id), json=fields)
    return dnssec


def get_hold(client: Client, zone_id: str) -> Json:
    """Return whether other accounts are prevented from adding the zone: `hold`, `hold_after`."""
    hold: Json = client.get(path("/zones/{}/hold", zone_id))
    return hold


def get_record_usage(client: Client, zone_id: str) -> Json:
    """Return `record_usage`, the number of DNS records, and `record_quota`."""
    usage: Json = client.get(path("/zones/{}/dns_records/usage", zone_id))
    return usage


def count_records(client: Client, zone_id: str) -> int:
    """Count DNS records by the `total_count` of the smallest page."""
    return _count(client.envelope(path("/zones/{}/dns_records", zone_id), per_page=1))


def count_routes(client: Client, zone_id: str) -> int:
    """Count the Workers routes, which the API returns in one response."""
    return _count(client.envelope(path("/zones/{}/workers/routes", zone_id)))


def count_packs(client: Client, zone_id: str) -> int:
    """Count the certificate packs that are active or pending."""
    return _count(client.envelope(path("/zones/{}/ssl/certificate_packs", zone_id), per_page=PAGE))


def _count(answer: Json) -> int:
    total = (answer.get("result_info") or {}).get("total_count")
    return total if isinstance(total, int) else len(answer["result"] or ())


def get_universal_ssl(client: Client, zone_id: str) -> Json:
    """Return `enabled`: true if the zone gets Cloudflare's own certificate."""
    universal: Json = client.get(path("/zones/{}/ssl/universal/settings", zone_id))
    return universal


def find_zone(client: Client, name_or_id: str, account_id: str = "") -> Json:
    """Return the zone with this id or exactly this name; responses are cached for five minutes.

    Raise NotFound, AmbiguousName if several accounts have the zone, UsageError for an invalid name.
    """
    if _ID.fullmatch(name_or_id):
        zone: Json = client.lookup(path("/zones/{}", name_or_id))
        return zone
    name = canonical(name_or_id)
    query = {"name": name, "account.id": account_id, "per_page": PAGE}
    found: list[Json] = [zone for zone in client.lookup(path("/zones"), **query) if zone["name"] == name]
    if not found:
        raise NotFound(
            f"no zone {name}", 404, hint="`inv zones.list` lists the zones that this token can see"
        )
    if len(found) > 1:
        lines = (f"  --zone {z['id']}  {z['account'].get('name')} ({z['account']['id']})" for z in found)
        raise AmbiguousName(
            f"{len(found)} zones have the name {name}", hint="\n".join(("use the id of one of them:", *lines))
        )
    return found[0]


def canonical(name: str) -> str:
    """Return a domain as the API writes it: A-labels, lower case, without the final dot.

    Labels in ASCII change only to lower case, so `_dmarc` and `*` are kept. Raise UsageError.
    """
    if name.isascii():
        return name.lower().removesuffix(".")
    import idna

    try:
        mapped = idna.uts46_remap(name, std3_rules=False).removesuffix(".")
        labels = (label if label.isascii() else idna.alabel(label).decode() for label in mapped.split("."))
        return ".".join(labels)
    except idna.IDNAError as error:
        raise UsageError(f"{name!r} is not a domain name: {error}") from None


def readable(name: str) -> str:
    """Return a domain in Unicode; what cannot be decoded is returned unchanged."""
    import idna

    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name
