"""What rulesets lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.products.rulesets import api
from ops.resource import ACCOUNT, Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing

VOLATILE = ("id", "version", "last_updated")


def _of_account(client: Client, account: Owner) -> Listing:
    return api.list_account_rulesets(client, account.id)


def _of_zone(client: Client, zone: Owner) -> Listing:
    return api.list_zone_rulesets(client, zone.id)


RESOURCES = (
    Resource(
        kind="rulesets.account",
        scope=ACCOUNT,
        list=_of_account,
        identity=("phase", "kind", "name"),
        volatile=VOLATILE,
        needs="Account > Account Rulesets > Read",
    ),
    Resource(
        kind="rulesets.zone",
        scope="zones.zone",
        list=_of_zone,
        identity=("phase", "kind", "name"),
        volatile=VOLATILE,
        deep=True,
        needs="Zone > Zone WAF > Read",
    ),
)
