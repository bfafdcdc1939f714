"""The kinds of Email Routing: addresses, rules and settings."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, single
from ops.kinds.resource import ACCOUNT, Block, Compare, Resource, Restore, Where, Writes
from ops.products.email import api

RULES, ROUTING = "Zone > Email Routing Rules > Read", "/zones/{zone}/email/routing"
ROUTED = Where(
    "dns.record",
    "the zone has no MX record of Email Routing",
    lambda one: one.get("type") == "MX" and str(one.get("content")).rstrip(".").endswith("mx.cloudflare.net"),
)
RESOURCES = (
    collection(
        "email.address",
        api.ADDRESSES,
        "Account > Email Routing Addresses > Read",
        identity=("email",),
        label="email",
        paging=api.PAGING,
        volatile=("tag", "verified", "status"),
        verbs=Verbs(update="", sent=("email",)),
        restore=Restore(named="Cloudflare sends a mail to a new address, and its owner must confirm it"),
        terraform="cloudflare_email_routing_address",
        task="email.addresses",
    ),
    Resource(
        kind="email.rule",
        parent=ACCOUNT,
        path=api.ALL_RULES,
        paging=api.PAGING,
        needs=RULES,
        task="email.rules",
        identity=("zone.name", "matchers"),
        types={"zone.name": str, "matchers": list},
        compare=Compare(volatile=("id", "tag", "priority", "zone.tag")),
        restore=Restore(mentions=("zones.zone", "email.address")),
        terraform=lambda _account, rule: Block(
            "cloudflare_email_routing_rule", f"{rule['zone']['tag']}/{rule['id']}"
        ),
        writes=Writes(
            find=api.find_rule, create=api.create_rule, update=api.update_rule, delete=api.delete_rule
        ),
    ),
    single(
        "email.catch_all",
        f"{ROUTING}/rules/catch_all",
        RULES,
        sent=("actions", "enabled", "matchers", "name"),
        volatile=("tag", "priority"),
        where=ROUTED,
    ),
    single(
        "email.settings",
        ROUTING,
        "Zone > Zone Settings > Read",
        method="",
        where=ROUTED,
        volatile=("tag", "status", "synced", "admin_locked"),
        restore=Restore(
            unsupported="switching Email Routing on adds and locks MX records; use the dashboard"
        ),
    ),
)
