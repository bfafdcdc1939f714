"""The kinds of rulesets: those of a zone and those of the account, each with its rules."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource, Restore, Writes
from ops.products.rulesets import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json


def _listing(template: str, client: Client, owner: Owner) -> Listing:
    """Return the rulesets with their rules: one request, and another for each that is not managed."""
    return api.list_rulesets(client, template, owner).map(partial(api.with_rules, client, template, owner))


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
        listing=partial(_listing, template),
        needs=needs,
        identity=("phase", "kind", "name"),
        compare=Compare(volatile=("id", "last_updated", "version", "source"), canonical=api.canonical),
        deep=parent != ACCOUNT,
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
