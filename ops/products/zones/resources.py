"""The kinds of zones: zones with their settings, DNSSEC and hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import Conflict, NotFound
from ops.http.paths import path
from ops.http.shape import require
from ops.kinds.paging import Single, Whole
from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource, Restore, Writes
from ops.products.zones import api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client
    from ops.items import Json


def _find_zone(client: Client, account: Owner, item: Json) -> Json | None:
    """Return the zone with this name in the account, and with the item's id if it has one."""
    zones = api.list_all_zones(client, account.id, item["name"])
    same_name = (zone for zone in zones if zone["name"] == item["name"])
    return next((zone for zone in same_name if item.get("id") in (None, zone["id"])), None)


def _create_zone(client: Client, account: Owner, item: Json) -> Json:
    body = {"name": item["name"], "account": {"id": account.id}, "type": item.get("type", "full")}
    try:
        made = api.zone_of(client.post(path(api.ZONES), json=body))
    except Conflict as error:
        hint = f"another account has it, or it was created just now: `inv zones.list --name {item['name']}`"
        raise Conflict(error.message, error.status, hint=hint, codes=error.codes, ray=error.ray) from None
    return _update_zone(client, account, made, {**made, "paused": item.get("paused", False)})


def _update_zone(client: Client, _account: Owner, before: Json, after: Json) -> Json:
    zone = before
    # The fields that can be changed after the creation, one request each.
    for field in ("paused", "type"):
        if after.get(field) not in (None, before.get(field)):
            where = path(f"{api.ZONES}/{{}}", before["id"])
            zone = api.zone_of(client.patch(where, json={field: after[field]}))
    return zone


def _delete_zone(client: Client, _account: Owner, zone: Json) -> None:
    client.delete(path(f"{api.ZONES}/{{}}", zone["id"]))


def _find_setting(client: Client, zone: Owner, item: Json) -> Json | None:
    try:
        return api.setting_of(client.get(path(f"{api.SETTINGS}/{{}}", item["id"], zone=zone.id)))
    except NotFound:
        # The codes of Cloudflare for an unknown setting are not documented; the list is proof.
        return next((one for one in api.list_settings(client, zone.id) if one["id"] == item["id"]), None)


def _update_setting(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Change the value of a setting; the API merges objects."""
    where = path(f"{api.SETTINGS}/{{}}", before["id"], zone=zone.id)
    return api.setting_of(client.patch(where, json={"value": after["value"]}))


def _update_dnssec(client: Client, zone: Owner, _before: Json, after: Json) -> Json:
    """Request the state of *after*, or the one that it is changing to: the API accepts no others."""
    on = after["status"] in ("active", "pending")
    options: Json = {n: after[n] for n in ("dnssec_multi_signer", "dnssec_presigned") if n in after}
    body: Json = {"status": "active" if on else "disabled", **options}
    return require(client.patch(path(api.DNSSEC, zone=zone.id), json=body), "the DNSSEC", status=str)


HOLD = "/zones/{zone}/hold"


def _update_hold(client: Client, zone: Owner, _before: Json, after: Json) -> Json:
    """Set or lift the hold: while it is set, no other account can add the zone."""
    where, below = path(HOLD, zone=zone.id), str(after.get("include_subdomains") in (True, "true")).lower()
    if after.get("hold"):
        return client.post(where, include_subdomains=below)
    return client.delete(where)


def _zone_not_restored(_after: Json, live: Json | None) -> Iterator[str]:
    if live is None:
        yield "its name servers and DNSSEC keys: it gets new ones, which the registrar needs"
        yield "its plan and its certificates with their private keys"


def _fixed_setting(_after: Json, live: Json | None, _now: float) -> str:
    return "the zone's plan does not allow a change" if live and not live.get("editable", True) else ""


def _dnssec_not_restored(after: Json, _live: Json | None) -> Iterator[str]:
    if after["status"] in ("active", "pending"):
        yield "its keys: DNSSEC waits until the registrar has the new DS record"


def _zone_block(account: Owner, zone: Json) -> Block:
    arguments = {"account": {"id": account.account_id}, "name": zone["name"], "type": zone.get("type")}
    return Block("cloudflare_zone", zone["id"], {**arguments, "paused": zone.get("paused")})


def _setting_block(zone: Owner, setting: Json) -> Block | None:
    """Return the block of a setting that the plan of the zone allows to change."""
    if not setting.get("editable", True):
        return None
    arguments = {"zone_id": zone.id, "setting_id": setting["id"], "value": setting.get("value")}
    return Block("cloudflare_zone_setting", f"{zone.id}/{setting['id']}", arguments)


def _dnssec_block(zone: Owner, dnssec: Json) -> Block:
    status = dnssec.get("status")
    # While DNSSEC changes, its status is not one that can be requested.
    target = status if status in ("active", "disabled") else None
    return Block("cloudflare_zone_dnssec", zone.id, {"zone_id": zone.id, "status": target})


_ZONE_WRITES = Writes(
    find=_find_zone, create=_create_zone, update=_update_zone, delete=_delete_zone, confirm_by_name=True
)
ZONE = Resource(
    kind="zones.zone",
    parent=ACCOUNT,
    path=f"{api.ZONES}?account.id={{account}}",
    paging=api.PAGING,
    listing=lambda client, account: api.list_all_zones(client, account.id),
    needs="Zone > Zone > Read",
    task="zones.list",
    identity=("name",),
    compare=Compare(
        volatile=(
            "id", "created_on", "modified_on", "activated_on", "development_mode", "permissions", "meta.step",
        ),
        read_only=(
            "status", "name_servers", "original_name_servers", "original_registrar", "original_dnshost",
            "meta", "owner", "account.name", "tenant", "tenant_unit", "plan", "vanity_name_servers",
            "cname_suffix", "verification_key", "betas", "deactivation_reason", "host",
        ),
    ),
    restore=Restore(not_restored=_zone_not_restored),
    terraform=_zone_block,
    writes=_ZONE_WRITES,
    logged=True,
)  # fmt: skip
# A deleted zone that is added again is another zone, and empty: an undo has nothing to restore.
DELETED_ZONE = ZONE._replace(
    writes=_ZONE_WRITES._replace(
        irreversible="a deletion is permanent for its DNS records, settings, certificates, rules and routes;"
        " added again, it is empty and has a new id and other name servers, which the registrar needs"
    )
)
SETTING = Resource(
    kind="zones.setting",
    parent="zones.zone",
    path=api.SETTINGS,
    paging=Whole(),
    needs="Zone > Zone Settings > Read",
    task="zones.settings",
    identity=("id",),
    label="id",
    compare=Compare(volatile=("modified_on", "time_remaining"), read_only=("editable",)),
    restore=Restore(blocked=_fixed_setting),
    terraform=_setting_block,
    writes=Writes(find=_find_setting, update=_update_setting),
)

RESOURCES = (
    ZONE,
    SETTING,
    Resource(
        kind="zones.dnssec",
        parent="zones.zone",
        path=api.DNSSEC,
        paging=Single(),
        needs="Zone > DNS > Read",
        identity=(),
        label="status",
        # Turning DNSSEC on makes new keys.
        compare=Compare(
            volatile=("modified_on",),
            read_only=(
                "flags", "algorithm", "key_type", "digest_type", "digest_algorithm", "digest", "ds",
                "key_tag", "public_key",
            ),
        ),
        restore=Restore(not_restored=_dnssec_not_restored),
        terraform=_dnssec_block,
        writes=Writes(
            find=lambda client, zone, _item: api.get_dnssec(client, zone.id), update=_update_dnssec
        ),
    ),
    Resource(
        kind="zones.hold",
        parent="zones.zone",
        path=HOLD,
        paging=Single(),
        needs="Zone > Zone > Read",
        identity=(),
        label="hold",
        compare=Compare(volatile=("hold_after",)),
        deep=True,
        writes=Writes(
            find=lambda client, zone, _item: client.get(path(HOLD, zone=zone.id)), update=_update_hold
        ),
    ),
)  # fmt: skip
