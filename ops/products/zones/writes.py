"""How zones, their settings and DNSSEC are written and restored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import Conflict, NotFound
from ops.kinds.resource import Owner, Writes
from ops.products.zones import api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client
    from ops.items import Json

# The fields that can be changed after the creation, one request each.
_EDITED = ("paused", "type")


def _find_zone(client: Client, account: Owner, item: Json) -> Json | None:
    """Return the zone with this name in the account, and with the item's id if it has one."""
    zones = api.list_zones(client, account_id=account.id, name=item["name"])
    same_name = (zone for zone in zones if zone["name"] == item["name"])
    return next((zone for zone in same_name if item.get("id") in (None, zone["id"])), None)


def _create_zone(client: Client, account: Owner, item: Json) -> Json:
    try:
        made = api.create_zone(client, account.id, item["name"], type=item.get("type", "full"))
    except Conflict as error:
        hint = f"another account has it, or it was created just now: `inv zones.list --name {item['name']}`"
        raise Conflict(error.message, error.status, hint=hint, codes=error.codes, ray=error.ray) from None
    return _update_zone(client, account, made, {**made, "paused": item.get("paused", False)})


def _update_zone(client: Client, _account: Owner, before: Json, after: Json) -> Json:
    zone = before
    for field in _EDITED:
        if after.get(field) not in (None, before.get(field)):
            zone = api.edit_zone(client, before["id"], field, after[field])
    return zone


def _delete_zone(client: Client, _account: Owner, item: Json) -> None:
    api.delete_zone(client, item["id"])


def _find_setting(client: Client, zone: Owner, item: Json) -> Json | None:
    try:
        return api.get_setting(client, zone.id, item["id"])
    except NotFound:
        # The codes of Cloudflare for an unknown setting are not documented; the list is proof.
        return next((one for one in api.list_settings(client, zone.id) if one["id"] == item["id"]), None)


def _update_setting(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    return api.edit_setting(client, zone.id, before["id"], after["value"])


def _find_dnssec(client: Client, zone: Owner, _item: Json) -> Json | None:
    return api.get_dnssec(client, zone.id)


def _update_dnssec(client: Client, zone: Owner, _before: Json, after: Json) -> Json:
    """Request the state of *after*, or the one that it is changing to: the API accepts no others."""
    on = after["status"] in ("active", "pending")
    options = {name: after[name] for name in _DNSSEC_OPTIONS if name in after}
    return api.edit_dnssec(client, zone.id, {"status": "active" if on else "disabled", **options})


def zone_not_restored(_after: Json, live: Json | None) -> Iterator[str]:
    if live is None:
        yield "its name servers and DNSSEC keys: it gets new ones, which the registrar needs"
        yield "its plan and its certificates with their private keys"


def fixed_setting(_after: Json, live: Json | None, _now: float) -> str:
    return "the zone's plan does not allow a change" if live and not live.get("editable", True) else ""


def dnssec_not_restored(after: Json, _live: Json | None) -> Iterator[str]:
    if after["status"] in ("active", "pending"):
        yield "its keys: DNSSEC waits until the registrar has the new DS record"


_DNSSEC_OPTIONS = ("dnssec_multi_signer", "dnssec_presigned")

ZONE = Writes(
    find=_find_zone,
    create=_create_zone,
    update=_update_zone,
    delete=_delete_zone,
    confirm_by_name=True,
)
# A deleted zone that is added again is another zone, and empty: an undo has nothing to restore.
DELETION = ZONE._replace(
    irreversible="a deletion is permanent for its DNS records, settings, certificates, rules and routes;"
    " added again, it is empty and has a new id and other name servers, which the registrar needs"
)
SETTING = Writes(find=_find_setting, update=_update_setting)
DNSSEC = Writes(find=_find_dnssec, update=_update_dnssec)
