"""The kinds of Gateway: rules, and the lists and locations that they name."""

from __future__ import annotations

from ops.kinds.collection import collection, lost, only_where, single
from ops.kinds.resource import Compare, Resource, Restore, Writes
from ops.products.accounts.resources import ORGANIZATION
from ops.products.gateway import api

READ = "Account > Zero Trust > Read"
GATEWAY = "/accounts/{account}/gateway"
LIST = collection(
    "gateway.list",
    f"{GATEWAY}/lists",
    READ,
    identity=("name", "type"),
    types={"type": str},
    volatile=("count", "list_count", "items"),
    fixed=("type",),
    terraform="cloudflare_zero_trust_list",
    lost="all its items",
)
RESOURCES = only_where(
    ORGANIZATION,
    LIST,
    Resource(
        kind="gateway.list_item",
        parent="gateway.list",
        path=api.ITEMS,
        paging=api.PAGING,
        needs=READ,
        identity=("value",),
        key="value",
        label="value",
        compare=Compare(volatile=("created_at",)),
        deep=True,
        writes=Writes(
            find=lambda client, owner, item: api.find_items(client, owner, [item])[0],
            find_all=api.find_items,
            find_size=1000,
            batch=api.change_items,
            batch_size=1000,
        ),
    ),
    collection(
        "gateway.location",
        f"{GATEWAY}/locations",
        READ,
        volatile=(
            "doh_subdomain",
            "ip",
            "ipv4_destination",
            "ipv4_destination_backup",
            "dns_destination_ips_id",
            "dns_destination_ipv6_block_id",
        ),
        restore=Restore(not_restored=lost("its DNS over HTTPS name and IPv6 address, which clients use")),
        terraform="cloudflare_zero_trust_dns_location",
    ),
    collection(
        "gateway.rule",
        f"{GATEWAY}/rules",
        READ,
        identity=("name", "filters"),
        types={"filters": list},
        volatile=("deleted_at", "version", "warning_status"),
        read_only=("read_only", "source_account", "sharable"),
        secret=("rule_settings.add_headers.*",),
        restore=Restore(
            mentions=("gateway.list", "gateway.location", "devices.posture"),
            blocked=lambda rule, live, _now: (
                "another account shares it" if (live or rule).get("read_only") else ""
            ),
        ),
        terraform="cloudflare_zero_trust_gateway_policy",
    ),
    single("gateway.settings", f"{GATEWAY}/configuration", READ, label="id"),
    single("gateway.logging", f"{GATEWAY}/logging", READ, label="id"),
)
