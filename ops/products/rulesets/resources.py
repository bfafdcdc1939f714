"""The kinds of rulesets: those of a zone and those of the account, each with its rules."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource, Restore, Writes
from ops.products.rulesets import api, rules

if TYPE_CHECKING:
    from ops.items import Json


def _block(part: str, owner: Owner, ruleset: Json) -> Block | None:
    """Return the block of a ruleset; None for one that Cloudflare manages."""
    id = f"{part}/{owner.id}/{ruleset['id']}"
    return None if ruleset["kind"] == api.MANAGED else Block("cloudflare_ruleset", id)


def _blocked(wanted: Json, live: Json | None, _now: float) -> str:
    if wanted.get("kind") == api.MANAGED:
        return "Cloudflare manages it"
    if api.UNREAD in wanted or api.UNREAD in (live or {}):
        return "the token may not read its rules"
    return ""


def _rulesets(kind: str, parent: str, template: str, needs: str, part: str, *mentions: str) -> Resource:
    return Resource(
        kind=kind,
        parent=parent,
        path=template,
        listing=lambda client, owner: api.list_rulesets(client, template, owner),
        whole=lambda client, owner, ruleset, earlier: api.with_rules(
            client, template, owner, ruleset, earlier
        ),
        needs=needs,
        identity=("phase", "kind", "name"),
        compare=Compare(volatile=("id", "last_updated", "version", "source"), canonical=api.canonical),
        terraform=partial(_block, part),
        restore=Restore(mentions=mentions, blocked=_blocked),
        writes=Writes(
            find=lambda client, owner, item: api.find_ruleset(client, template, owner, item),
            create=lambda client, owner, item: api.create_ruleset(client, template, owner, item),
            update=lambda client, owner, before, after: api.update_ruleset(
                client, template, owner, before, after
            ),
            delete=lambda client, owner, item: api.delete_ruleset(client, template, owner, item),
            lost="all its rules, and its earlier versions",
            ask=lambda client, change: api.ask(client, template, change),
        ),
    )


RESOURCES = (
    _rulesets(
        "rulesets.zone", "zones.zone", api.ZONE_PATH, "Zone > Zone WAF > Read", "zones",
        "rulesets.account", "lists.list",
    ),
    _rulesets(
        "rulesets.account", ACCOUNT, api.ACCOUNT_PATH, "Account > Account Rulesets > Read", "accounts",
        "lists.list",
    ),
)  # fmt: skip


def _rules(kind: str, parent: str, template: str, needs: str) -> Resource:
    """Return the kind of single rules, which are written by hand; a scan reads them with their rulesets."""
    return Resource(
        kind=kind,
        parent=parent,
        path=f"{template}/rules",
        needs=needs,
        task="rulesets.rules",
        identity=rules.IDENTITY,
        types=dict.fromkeys(rules.IDENTITY, str),
        label="description",
        compare=Compare(volatile=(*api.RULE_VOLATILE, *rules.AROUND)),
        writes=Writes(
            find=lambda client, owner, item: rules.find_rule(client, template, owner, item),
            create=lambda client, owner, item: rules.create_rule(client, template, owner, item),
            update=lambda client, owner, before, after: rules.update_rule(
                client, template, owner, before, after
            ),
            delete=lambda client, owner, item: rules.delete_rule(client, template, owner, item),
            ask=lambda client, change: rules.ask(client, template, change),
        ),
    )


ZONE_RULE = _rules("rulesets.zone_rule", "zones.zone", api.ZONE_PATH, "Zone > Zone WAF > Read")
ACCOUNT_RULE = _rules("rulesets.account_rule", ACCOUNT, api.ACCOUNT_PATH, "Account > Account Rulesets > Read")
UNLISTED = (ZONE_RULE, ACCOUNT_RULE)
