"""Zones, as the API sends them, and the lookup of a zone by its domain."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ops.errors import AmbiguousName, NotFound, UsageError, ValidationError
from ops.http.paths import path
from ops.http.shape import instance, require
from ops.items import reach
from ops.kinds.paging import Pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client, Listing
    from ops.items import Json
    from ops.kinds.resource import Owner

ZONES, SETTINGS, DNSSEC = "/zones", "/zones/{zone}/settings", "/zones/{zone}/dnssec"
PAGING = Pages(50, order="name", least=5, apart=("type", "internal"))
_ID = re.compile(r"[0-9a-f]{32}")
# What a zone holds, where it is listed, and the page that is enough to count it. All routes are in one
# response; of the certificate packs, only those that are active or pending.
COUNTED: dict[str, tuple[str, dict[str, int]]] = {
    "DNS records": ("/zones/{}/dns_records", {"per_page": 1}),
    "Workers routes": ("/zones/{}/workers/routes", {}),
    "certificate packs": ("/zones/{}/ssl/certificate_packs", {"per_page": PAGING.size}),
}


def list_zones(client: Client, *, account_id: str = "", **filters: str) -> Listing:
    """List zones; *filters* are those of the API (`name`, `status`, `account.name`), an empty one matches."""
    return PAGING.read(client, path(ZONES), **{"account.id": account_id, **filters}).map(zone_of)


def list_all_zones(client: Client, account_id: str, name: str = "") -> Listing:
    """List the zones of an account, those of Internal DNS too, which only a request for their type lists."""
    public = list_zones(client, account_id=account_id, name=name)

    def zones() -> Iterator[Json]:
        yield from public
        internal = list_zones(client, account_id=account_id, name=name, type=PAGING.apart[1])
        # An account without Internal DNS may refuse the type.
        with suppress(NotFound, ValidationError):
            yield from (zone for zone in internal if zone.get("type") == PAGING.apart[1])
            public.doubt(internal.problem)

    return public.of(zones())


EVERY_ACCOUNT = "all"
"""What --account takes for all accounts that the token can see."""


def chosen_account(account: str, default: str, *, offline: bool) -> str:
    """Return *account*, or the *default*. Raises UsageError for all accounts of a snapshot."""
    if account == EVERY_ACCOUNT and offline:
        hint = "`inv each-account` runs a task on the newest snapshot of each account"
        raise UsageError("a snapshot holds one account, so --account all reads none", hint=hint)
    return account or default


def account_filter(name_or_id: str) -> dict[str, str]:
    """Return the filter of `list_zones` for an account by its id or name; none if it is empty or `all`."""
    if name_or_id in ("", EVERY_ACCOUNT):
        return {}
    return {"account_id" if _ID.fullmatch(name_or_id) else "account.name": name_or_id}


def zone_of(item: Any) -> Json:
    """Return *item*, which the API has answered. Raise MalformedAnswer if it is not a zone."""
    return require(item, "a zone", id=str, name=str)


def as_owner(zone: Json) -> Owner:
    """Return *zone* as the owner of its items. Raise MalformedAnswer if it does not name its account."""
    from ops.kinds.resource import Owner

    return Owner(require(zone, "a zone", account__id=str)["account"]["id"], zone["id"], zone)


def list_settings(client: Client, zone_id: str) -> Listing:
    """List all settings of a zone; the API returns them in one response."""
    return client.whole(path(SETTINGS, zone=zone_id)).map(setting_of)


def setting_of(item: Any) -> Json:
    """Return *item*, which the API has answered. Raise MalformedAnswer if it is not a setting."""
    return require(item, "a setting", id=str)


def get_dnssec(client: Client, zone_id: str) -> Json:
    """Return a zone's DNSSEC: `status`, and the DS record for the registrar."""
    return require(client.get(path(DNSSEC, zone=zone_id)), "the DNSSEC", status=str)


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
    """Return the zone with this id or exactly this name. Raise NotFound, AmbiguousName or UsageError."""
    if _ID.fullmatch(name_or_id):
        return zone_of(client.lookup(path(f"{ZONES}/{{}}", name_or_id)))
    name = canonical(name_or_id)
    query = {"name": name, "account.id": account_id, "per_page": PAGING.size}
    zones = map(zone_of, instance(client.lookup(path(ZONES), **query), list, "the list of zones"))
    found = [zone for zone in zones if zone["name"] == name]
    if not found:
        hint = "`inv zones.list` lists the zones that this token can see"
        raise NotFound(f"no zone {name}", 404, hint=hint)
    if len(found) > 1:
        named = ((one["id"], reach(one, "account.name"), reach(one, "account.id")) for one in found)
        lines = (f"  --zone {id}  {account} ({account_id})" for id, account, account_id in named)
        hint = "\n".join(("use the id of one of them:", *lines))
        raise AmbiguousName(f"{len(found)} zones have the name {name}", hint=hint)
    return found[0]


def canonical(name: str) -> str:
    """Return a domain as the API writes it: A-labels, lower case, without the final dot."""
    # Labels in ASCII change only to lower case, so `_dmarc` and `*` are kept. Raise UsageError.
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
