"""Zones, as the API sends them, and how a domain becomes one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.errors import AmbiguousName, NotFound, UsageError
from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json

PAGE = 50
_ID = re.compile(r"[0-9a-f]{32}")


def list_zones(client: Client, *, account_id: str = "", **filters: str) -> Listing:
    """List zones; *filters* are the API's own (`name`, `status`, `account.name`), an empty one means any.

    Zones of type `internal` are left out by the API.
    """
    wanted = {"account.id": account_id, **filters}
    return client.pages(path("/zones"), per_page=PAGE, order="name", **wanted)


def account_filter(name_or_id: str) -> dict[str, str]:
    """Give the filter of `list_zones` for an account by its id or name; none for an empty one."""
    return {"account_id" if _ID.fullmatch(name_or_id) else "account.name": name_or_id} if name_or_id else {}


def get_zone(client: Client, zone_id: str) -> Json:
    """Give one zone."""
    zone: Json = client.get(path("/zones/{}", zone_id))
    return zone


def create_zone(client: Client, account_id: str, name: str, *, type: str) -> Json:
    """Add a domain to an account: full, partial or secondary. Raises Conflict (1061) where it is a zone."""
    zone: Json = client.post(path("/zones"), json={"name": name, "account": {"id": account_id}, "type": type})
    return zone


def edit_zone(client: Client, zone_id: str, field: str, value: Any) -> Json:
    """Set `paused` or `type`; the API takes one property a call."""
    zone: Json = client.patch(path("/zones/{}", zone_id), json={field: value})
    return zone


def delete_zone(client: Client, zone_id: str) -> None:
    """Delete a zone with all its records and settings."""
    client.delete(path("/zones/{}", zone_id))


def list_settings(client: Client, zone_id: str) -> Listing:
    """List all settings of a zone; the API gives them in one answer."""
    return client.whole(path("/zones/{}/settings", zone_id))


def get_setting(client: Client, zone_id: str, setting: str) -> Json:
    """Give one setting: `id`, `value`, `editable`, `modified_on`. Raises NotFound."""
    found: Json = client.get(path("/zones/{}/settings/{}", zone_id, setting))
    return found


def edit_setting(client: Client, zone_id: str, setting: str, value: Any) -> Json:
    """Give a setting another value; objects are merged by the API."""
    found: Json = client.patch(path("/zones/{}/settings/{}", zone_id, setting), json={"value": value})
    return found


def get_dnssec(client: Client, zone_id: str) -> Json:
    """Give a zone's DNSSEC: `status`, and the DS record for the registrar."""
    dnssec: Json = client.get(path("/zones/{}/dnssec", zone_id))
    return dnssec


def edit_dnssec(client: Client, zone_id: str, wanted: Json) -> Json:
    """Turn DNSSEC on or off (`status` active or disabled); it then waits for the registrar's DS record."""
    dnssec: Json = client.patch(path("/zones/{}/dnssec", zone_id), json=wanted)
    return dnssec


def get_hold(client: Client, zone_id: str) -> Json:
    """Give whether other accounts are kept from adding the zone: `hold`, `hold_after`."""
    hold: Json = client.get(path("/zones/{}/hold", zone_id))
    return hold


def get_record_usage(client: Client, zone_id: str) -> Json:
    """Give `record_usage`, the number of DNS records, and `record_quota`."""
    usage: Json = client.get(path("/zones/{}/dns_records/usage", zone_id))
    return usage


def count_records(client: Client, zone_id: str) -> int:
    """Count DNS records by the `total_count` of the smallest page, for servers without a usage call."""
    return _count(client.envelope(path("/zones/{}/dns_records", zone_id), per_page=1))


def count_routes(client: Client, zone_id: str) -> int:
    """Count the Workers routes, which the API gives in one answer."""
    return _count(client.envelope(path("/zones/{}/workers/routes", zone_id)))


def count_packs(client: Client, zone_id: str) -> int:
    """Count the certificate packs that are in use or on their way."""
    return _count(client.envelope(path("/zones/{}/ssl/certificate_packs", zone_id), per_page=PAGE))


def _count(answer: Json) -> int:
    total = (answer.get("result_info") or {}).get("total_count")
    return total if isinstance(total, int) else len(answer["result"] or ())


def get_universal_ssl(client: Client, zone_id: str) -> Json:
    """Give `enabled`: whether the zone gets Cloudflare's own certificate."""
    universal: Json = client.get(path("/zones/{}/ssl/universal/settings", zone_id))
    return universal


def find_zone(client: Client, name_or_id: str, account_id: str = "") -> Json:
    """Give the zone with this id or exactly this name; answers are kept for five minutes.

    Raises NotFound, AmbiguousName where several accounts have the zone, UsageError for what is no name.
    """
    if _ID.fullmatch(name_or_id):
        zone: Json = client.lookup(path("/zones/{}", name_or_id))
        return zone
    name = canonical(name_or_id)
    asked = {"name": name, "account.id": account_id, "per_page": PAGE}
    found: list[Json] = [zone for zone in client.lookup(path("/zones"), **asked) if zone["name"] == name]
    if not found:
        raise NotFound(f"no zone {name}", 404, hint="`inv zones.list` shows the ones this token sees")
    if len(found) > 1:
        raise AmbiguousName(f"{len(found)} zones are called {name}", hint=_choice(found))
    return found[0]


def _choice(zones: list[Json]) -> str:
    lines = (
        f"  --zone {zone['id']}  {zone['account'].get('name')} ({zone['account']['id']})" for zone in zones
    )
    return "\n".join(("give the id of one of", *lines))


def canonical(name: str) -> str:
    """Give a domain as the API knows it: A-labels, lower case, no dot at the end.

    Labels in ASCII stay as they are but for case, so `_dmarc` and `*` are kept. Raises UsageError.
    """
    if name.isascii():
        return name.lower().removesuffix(".")
    import idna

    try:
        mapped = idna.uts46_remap(name, std3_rules=False).removesuffix(".")
        return ".".join(_a_label(label) for label in mapped.split("."))
    except idna.IDNAError as error:
        raise UsageError(f"{name!r} is not a domain name: {error}") from None


def _a_label(label: str) -> str:
    import idna

    return label if label.isascii() else idna.alabel(label).decode()


def readable(name: str) -> str:
    """Give a domain in the letters of its language; what cannot be decoded stays as it is."""
    import idna

    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name
