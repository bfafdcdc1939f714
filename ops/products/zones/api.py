"""Zones, as the API sends them, and the lookup of a zone by its domain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.errors import AmbiguousName, NotFound, UsageError
from ops.http.paths import path
from ops.http.shape import instance, require
from ops.items import reach

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json
    from ops.kinds.resource import Owner

PAGE = 50
_ID = re.compile(r"[0-9a-f]{32}")
# What a zone holds, where it is listed, and the page that is enough to count it. All routes are in one
# response; of the certificate packs, only those that are active or pending.
COUNTED: dict[str, tuple[str, dict[str, int]]] = {
    "DNS records": ("/zones/{}/dns_records", {"per_page": 1}),
    "Workers routes": ("/zones/{}/workers/routes", {}),
    "certificate packs": ("/zones/{}/ssl/certificate_packs", {"per_page": PAGE}),
}


def list_zones(client: Client, *, account_id: str = "", **filters: str) -> Listing:
    """List zones; *filters* are those of the API (`name`, `status`, `account.name`), an empty one matches.

    The API leaves out zones of type `internal`.
    """
    return client.pages(
        path("/zones"), per_page=PAGE, order="name", **{"account.id": account_id, **filters}
    ).map(_zone)


def account_filter(name_or_id: str) -> dict[str, str]:
    """Return the filter of `list_zones` for an account by its id or name; none if it is empty."""
    return {"account_id" if _ID.fullmatch(name_or_id) else "account.name": name_or_id} if name_or_id else {}


def get_zone(client: Client, zone_id: str) -> Json:
    """Return one zone."""
    return _zone(client.get(path("/zones/{}", zone_id)))


def _zone(item: Any) -> Json:
    return require(item, "a zone", id=str, name=str)


def as_owner(zone: Json) -> Owner:
    """Return *zone* as the owner of its items. Raise MalformedAnswer if it does not name its account."""
    from ops.kinds.resource import Owner

    return Owner(require(zone, "a zone", account__id=str)["account"]["id"], zone["id"], zone)


def create_zone(client: Client, account_id: str, name: str, *, type: str) -> Json:
    """Add a domain to an account: full, partial or secondary. Raise Conflict (1061) if it exists."""
    return _zone(
        client.post(path("/zones"), json={"name": name, "account": {"id": account_id}, "type": type})
    )


def edit_zone(client: Client, zone_id: str, field: str, value: Any) -> Json:
    """Set `paused` or `type`; the API accepts one property per request."""
    return _zone(client.patch(path("/zones/{}", zone_id), json={field: value}))


def delete_zone(client: Client, _account: Owner, zone: Json) -> None:
    """Delete a zone with all its records and settings."""
    client.delete(path("/zones/{}", zone["id"]))


def list_settings(client: Client, zone_id: str) -> Listing:
    """List all settings of a zone; the API returns them in one response."""
    return client.whole(path("/zones/{}/settings", zone_id)).map(_setting)


def _setting(item: Any) -> Json:
    return require(item, "a setting", id=str)


def get_setting(client: Client, zone_id: str, setting: str) -> Json:
    """Return one setting: `id`, `value`, `editable`, `modified_on`. Raise NotFound."""
    return _setting(client.get(path("/zones/{}/settings/{}", zone_id, setting)))


def edit_setting(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Change the value of a setting; the API merges objects."""
    where = path("/zones/{}/settings/{}", zone.id, before["id"])
    return _setting(client.patch(where, json={"value": after["value"]}))


def get_dnssec(client: Client, zone_id: str) -> Json:
    """Return a zone's DNSSEC: `status`, and the DS record for the registrar."""
    return require(client.get(path("/zones/{}/dnssec", zone_id)), "the DNSSEC", status=str)


def edit_dnssec(client: Client, zone_id: str, fields: Json) -> Json:
    """Turn DNSSEC on or off (`status` active or disabled); it then waits for the registrar's DS record."""
    return require(client.patch(path("/zones/{}/dnssec", zone_id), json=fields), "the DNSSEC", status=str)


def get_record_usage(client: Client, zone_id: str) -> Json:
    """Return `record_usage`, the number of DNS records, and `record_quota`."""
    usage = client.get(path("/zones/{}/dns_records/usage", zone_id))
    return require(usage, "the usage", record_usage=int, record_quota=int, optional=("record_quota",))


def count(client: Client, zone_id: str, what: str) -> int:
    """Count one of COUNTED by the `total_count` of the first response, else by its items."""
    where, params = COUNTED[what]
    answer = client.envelope(path(where, zone_id), **params)
    info = answer.get("result_info")
    total = info.get("total_count") if isinstance(info, dict) else None
    return total if isinstance(total, int) else len(instance(answer.get("result"), list, "`result`"))


def get_universal_ssl(client: Client, zone_id: str) -> Json:
    """Return `enabled`: true if the zone gets Cloudflare's own certificate."""
    universal = client.get(path("/zones/{}/ssl/universal/settings", zone_id))
    return require(universal, "Universal SSL", enabled=bool)


def find_zone(client: Client, name_or_id: str, account_id: str = "") -> Json:
    """Return the zone with this id or exactly this name; responses are cached for five minutes.

    Raise NotFound, AmbiguousName if several accounts have the zone, UsageError for an invalid name.
    """
    if _ID.fullmatch(name_or_id):
        return _zone(client.lookup(path("/zones/{}", name_or_id)))
    name = canonical(name_or_id)
    query = {"name": name, "account.id": account_id, "per_page": PAGE}
    zones = map(_zone, instance(client.lookup(path("/zones"), **query), list, "the list of zones"))
    found = [zone for zone in zones if zone["name"] == name]
    if not found:
        raise NotFound(
            f"no zone {name}", 404, hint="`inv zones.list` lists the zones that this token can see"
        )
    if len(found) > 1:
        lines = (
            f"  --zone {zone['id']}  {reach(zone, 'account.name')} ({reach(zone, 'account.id')})"
            for zone in found
        )
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
