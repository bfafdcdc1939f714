"""The kinds of DNS: records, and the settings of a zone's DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.collection import PATCH, Verbs, collection, lost, single
from ops.kinds.paging import Pages, Single
from ops.kinds.resource import Block, Compare, Document, Owner, Resource, Restore
from ops.products.dns import api
from ops.products.dns.checks import fitted
from ops.products.dns.export import bind
from ops.products.dns.record import READ_ONLY, VOLATILE, canonical
from ops.products.dns.writes import RECORD_WRITES, SETTINGS_WRITES, managed_by_cloudflare

if TYPE_CHECKING:
    from ops.items import Json


def _block(zone: Owner, record: Json) -> Block:
    data = record.get("data") or None
    arguments = {
        "zone_id": zone.id,
        "name": record["name"],
        "type": record["type"],
        # The provider takes the content or its parts, not both.
        "content": None if data else record.get("content"),
        "data": data,
        **{name: record.get(name) for name in ("priority", "ttl")},
        "proxied": record.get("proxied") if record.get("proxiable") else None,
        **{name: record.get(name) or None for name in ("comment", "tags", "settings")},
    }
    return Block("cloudflare_dns_record", f"{zone.id}/{record['id']}", arguments)


RECORDS = Resource(
    kind="dns.record",
    parent="zones.zone",
    path=api.RECORDS,
    paging=api.PAGING,
    needs="Zone > DNS > Read",
    task="dns.list",
    # A name may have several records of one type, which differ by their content.
    identity=("name", "type", "content", "priority"),
    types={"content": str, "priority": int},
    compare=Compare(VOLATILE, read_only=READ_ONLY[len(VOLATILE) :], canonical=canonical),
    restore=Restore(mentions=("tunnels.tunnel",), blocked=managed_by_cloudflare, fitted=fitted),
    document=Document(ending=".zone", make=bind),
    terraform=_block,
    writes=RECORD_WRITES,
)
SETTINGS = Resource(
    kind="dns.settings",
    parent="zones.zone",
    path=api.SETTINGS,
    paging=Single(),
    needs="Zone > DNS > Read",
    identity=(),
    deep=True,
    writes=SETTINGS_WRITES,
)
RESOURCES = (
    RECORDS,
    SETTINGS,
    single(
        "dns.account_settings",
        "/accounts/{account}/dns_settings",
        "Account > DNS Settings > Read",
        method=PATCH,
        label="zone_defaults",
    ),
    collection(
        "dns.firewall",
        "/accounts/{account}/dns_firewall",
        "Account > DNS Firewall > Read",
        paging=Pages(100),
        read_only=("dns_firewall_ips",),
        verbs=Verbs(update=PATCH),
        restore=Restore(not_restored=lost("its addresses: resolvers that use the old ones must be changed")),
        terraform="cloudflare_dns_firewall",
    ),
    collection(
        "dns.nameserver",
        "/accounts/{account}/custom_ns",
        "Account > Account Settings > Read",
        identity=("ns_name",),
        key="ns_name",
        label="ns_name",
        volatile=("status", "zone_tag"),
        read_only=("dns_records",),
        verbs=Verbs(update="", sent=("ns_name", "ns_set"), by_list=True),
        lost="its addresses, which the registrars of zones may name",
        restore=Restore(not_restored=lost("its addresses: the glue records at registrars must be changed")),
    ),
    collection(
        "dns.view",
        "/accounts/{account}/dns_settings/views",
        "Account > DNS View > Read",
        paging=Pages(100),
        volatile=("created_time", "modified_time"),
        unordered=("zones",),
        verbs=Verbs(update=PATCH, sent=("name", "zones")),
        restore=Restore(mentions=("zones.zone",)),
        deep=True,
        terraform="cloudflare_account_dns_settings_internal_view",
    ),
    *(
        collection(
            f"dns.transfer_{kind}",
            f"/accounts/{{account}}/secondary_dns/{kind}s",
            "Account > Account DNS Settings > Read",
            secret=("secret",),
            restore=Restore(mentions=("dns.transfer_tsig",) if kind == "peer" else ()),
            terraform=f"cloudflare_dns_zone_transfers_{kind}",
        )
        for kind in ("tsig", "acl", "peer")
    ),
)
