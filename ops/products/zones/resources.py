"""The kinds of zones: zones with their settings, DNSSEC and hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.paging import Pages, Single, Whole
from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource, Restore
from ops.products.zones import api, writes

if TYPE_CHECKING:
    from ops.items import Json


def _zone_block(account: Owner, zone: Json) -> Block:
    wanted = {"account": {"id": account.account_id}, "name": zone["name"], "type": zone.get("type")}
    return Block("cloudflare_zone", zone["id"], {**wanted, "paused": zone.get("paused")})


def _setting_block(zone: Owner, setting: Json) -> Block | None:
    """Return the block of a setting that the plan of the zone allows to change."""
    if not setting.get("editable", True):
        return None
    wanted = {"zone_id": zone.id, "setting_id": setting["id"], "value": setting.get("value")}
    return Block("cloudflare_zone_setting", f"{zone.id}/{setting['id']}", wanted)


def _dnssec_block(zone: Owner, dnssec: Json) -> Block:
    status = dnssec.get("status")
    # While DNSSEC changes, its status is not one that can be requested.
    wanted = status if status in ("active", "disabled") else None
    return Block("cloudflare_zone_dnssec", zone.id, {"zone_id": zone.id, "status": wanted})


ZONE = Resource(
    kind="zones.zone",
    parent=ACCOUNT,
    path="/zones?account.id={account}",
    paging=Pages(api.PAGE, order="name", least=5),
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
    restore=Restore(not_restored=writes.zone_not_restored),
    terraform=_zone_block,
    writes=writes.ZONE,
)  # fmt: skip
DELETED_ZONE = ZONE._replace(writes=writes.DELETION)
SETTING = Resource(
    kind="zones.setting",
    parent="zones.zone",
    path="/zones/{zone}/settings",
    paging=Whole(),
    needs="Zone > Zone Settings > Read",
    task="zones.settings",
    identity=("id",),
    label="id",
    compare=Compare(volatile=("modified_on", "time_remaining"), read_only=("editable",)),
    restore=Restore(blocked=writes.fixed_setting),
    terraform=_setting_block,
    writes=writes.SETTING,
)

RESOURCES = (
    ZONE,
    SETTING,
    Resource(
        kind="zones.dnssec",
        parent="zones.zone",
        path="/zones/{zone}/dnssec",
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
        restore=Restore(not_restored=writes.dnssec_not_restored),
        terraform=_dnssec_block,
        writes=writes.DNSSEC,
    ),
    Resource(
        kind="zones.hold",
        parent="zones.zone",
        path="/zones/{zone}/hold",
        paging=Single(),
        needs="Zone > Zone > Read",
        identity=(),
        label="hold",
        deep=True,
    ),
)  # fmt: skip
