"""What rulesets lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource
from ops.products.rulesets import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json

VOLATILE = ("id", "version", "last_updated")


def _of_account(client: Client, account: Owner) -> Listing:
    return api.list_account_rulesets(client, account.id)


def _of_zone(client: Client, zone: Owner) -> Listing:
    return api.list_zone_rulesets(client, zone.id)


def _block_of_account(account: Owner, ruleset: Json) -> Block | None:
    return _block(f"accounts/{account.account_id}", ruleset)


def _block_of_zone(zone: Owner, ruleset: Json) -> Block | None:
    return _block(f"zones/{zone.id}", ruleset)


def _block(where: str, ruleset: Json) -> Block | None:
    """Return the block of a custom ruleset; None for one that Cloudflare manages."""
    return None if ruleset["kind"] == "managed" else Block("cloudflare_ruleset", f"{where}/{ruleset['id']}")


RESOURCES = (
    Resource(
        kind="rulesets.account",
        parent=ACCOUNT,
        list=_of_account,
        identity=("phase", "kind", "name"),
        compare=Compare(volatile=VOLATILE),
        terraform=_block_of_account,
        needs="Account > Account Rulesets > Read",
    ),
    Resource(
        kind="rulesets.zone",
        parent="zones.zone",
        list=_of_zone,
        identity=("phase", "kind", "name"),
        compare=Compare(volatile=VOLATILE),
        deep=True,
        terraform=_block_of_zone,
        needs="Zone > Zone WAF > Read",
    ),
)
