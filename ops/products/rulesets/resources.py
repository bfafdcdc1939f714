"""The kinds of rulesets: those of a zone and those of the account, each with its rules."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ops.http.shape import require
from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource, address

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

ACCOUNT_PATH, ZONE_PATH = "/accounts/{account}/rulesets", "/zones/{zone}/rulesets"
# Cloudflare writes and changes the rules of these, the same for everybody; the listing has their version.
MANAGED = "managed"
COMPARE = Compare(volatile=("id", "last_updated", "version"))


def _rulesets(template: str, client: Client, owner: Owner) -> Listing:
    """Return the rulesets with their rules: one request, and another for each that is not managed."""
    where = address(template, owner)

    def with_rules(ruleset: Json) -> Json:
        # Without its id its rules would be looked for elsewhere, and not found.
        managed = require(ruleset, "a ruleset", id=str).get("kind") == MANAGED
        return ruleset if managed else client.get(where.below("{}", ruleset["id"]))

    # The bounds of `per_page` are not documented, so the API's default stays.
    return client.cursor(where).map(with_rules)


def _block(part: str, owner: Owner, ruleset: Json) -> Block | None:
    """Return the block of a ruleset; None for one that Cloudflare manages."""
    id = f"{part}/{owner.id}/{ruleset['id']}"
    return None if ruleset["kind"] == MANAGED else Block("cloudflare_ruleset", id)


RESOURCES = (
    Resource(
        kind="rulesets.zone",
        parent="zones.zone",
        path=ZONE_PATH,
        listing=partial(_rulesets, ZONE_PATH),
        needs="Zone > Zone WAF > Read",
        identity=("phase", "kind", "name"),
        compare=COMPARE,
        deep=True,
        terraform=partial(_block, "zones"),
    ),
    Resource(
        kind="rulesets.account",
        parent=ACCOUNT,
        path=ACCOUNT_PATH,
        listing=partial(_rulesets, ACCOUNT_PATH),
        needs="Account > Account Rulesets > Read",
        identity=("phase", "kind", "name"),
        compare=COMPARE,
        terraform=partial(_block, "accounts"),
    ),
)
