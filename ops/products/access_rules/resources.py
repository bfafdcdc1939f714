"""The kinds of IP access rules of the account and of zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.items import reach
from ops.kinds.collection import PATCH, Verbs, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Owner, Resource, address

if TYPE_CHECKING:
    from ops.http.client import Client, Listing

PAGING = Pages(1000)
VOLATILE = ("allowed_modes", "scope")


def _rules(kind: str, path: str, needs: str) -> Resource:
    return collection(
        kind,
        path,
        needs,
        identity=("configuration.target", "configuration.value"),
        types={"configuration.target": str, "configuration.value": str},
        label="configuration.value",
        paging=PAGING,
        volatile=VOLATILE,
        verbs=Verbs(update=PATCH, sent=("mode", "configuration", "notes")),
        fixed=("configuration",),
        terraform="cloudflare_access_rule",
    )


def _own(resource: Resource) -> Resource:
    """Return *resource*, without the rules that a zone inherits from the account."""

    def rules(client: Client, owner: Owner) -> Listing:
        listing = PAGING.read(client, address(resource.path, owner))
        return listing.where(lambda rule: reach(rule, "scope.type") in (None, "zone"))

    return resource._replace(listing=rules)


RESOURCES = (
    _rules(
        "access_rules.account",
        "/accounts/{account}/firewall/access_rules/rules",
        "Account > Account Firewall Access Rules > Read",
    ),
    _own(
        _rules(
            "access_rules.zone",
            "/zones/{zone}/firewall/access_rules/rules",
            "Zone > Firewall Services > Read",
        )
    ),
)
