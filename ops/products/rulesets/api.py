"""Rulesets of a zone or an account, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Json


# Cloudflare maintains the rules of these, the same for all accounts: the entry names the version in use.
MANAGED = "managed"


def list_zone_rulesets(client: Client, zone_id: str) -> Listing:
    """List a zone's rulesets with their rules: one request, and one for each custom ruleset."""
    # The bounds of `per_page` are not documented, so the API's own default stays.
    listing = client.cursor(path("/zones/{}/rulesets", zone_id))
    return listing.map(
        lambda ruleset: _with_rules(client, ruleset, path("/zones/{}/rulesets/{}", zone_id, ruleset["id"]))
    )


def list_account_rulesets(client: Client, account_id: str) -> Listing:
    """List an account's rulesets with their rules: one request, and one for each custom ruleset."""
    listing = client.cursor(path("/accounts/{}/rulesets", account_id))
    return listing.map(
        lambda ruleset: _with_rules(
            client, ruleset, path("/accounts/{}/rulesets/{}", account_id, ruleset["id"])
        )
    )


def _with_rules(client: Client, ruleset: Json, where: ApiPath) -> Json:
    if ruleset.get("kind") == MANAGED:
        return ruleset
    whole: Json = client.get(where)
    return whole
