"""The kinds of Email Routing: addresses, rules and settings."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, single
from ops.kinds.resource import ACCOUNT, Block, Compare, Resource, Restore, Where, Writes
from ops.products.email import api

RULES = "Zone > Email Routing Rules > Read"
ROUTED = Where(
    "dns.record",
    "the zone has no MX record of Email Routing",
    lambda one: one.get("type") == "MX" and str(one.get("content")).rstrip(".").endswith("mx.cloudflare.net"),
)
SETTINGS = single(
    "email.settings",
    api.ROUTING,
    "Zone > Zone Settings > Read",
    volatile=("tag", "status", "synced", "admin_locked", "name"),
    where=ROUTED,
    restore=Restore(named="it adds and locks, or removes, the MX records that bring the mail of a zone"),
)
assert SETTINGS.writes is not None  # noqa: S101 (a single has them)
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
        listing=lambda client, account: api.list_rules(client, account.id),
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
        f"{api.ROUTING}/rules/catch_all",
        RULES,
        sent=("actions", "enabled", "matchers", "name"),
        volatile=("tag", "priority"),
        where=ROUTED,
    ),
    SETTINGS._replace(writes=SETTINGS.writes._replace(update=api.change_settings)),
)
