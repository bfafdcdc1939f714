"""Accounts, as the API sends them, and the choice of the one to work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound, PermissionDenied, UsageError
from ops.http.paths import path
from ops.http.shape import require

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

PAGE = 50


def list_accounts(client: Client) -> Listing:
    """List the accounts that the token can see."""
    listing = client.pages(path("/accounts"), per_page=PAGE)
    return listing.map(lambda account: require(account, "an account", id=str, name=str))


def the_account(client: Client) -> Json:
    """Return the only account that the token can see. Raise UsageError if there are several."""
    accounts = list(list_accounts(client))
    if not accounts:
        hint = "set CLOUDFLARE_ACCOUNT_ID or --account-id, or grant Account > Account Settings > Read"
        raise NotFound("this token cannot see any account", hint=hint)
    if len(accounts) > 1:
        raise UsageError(f"this token can see {len(accounts)} accounts", hint=_choice(accounts))
    return accounts[0]


def chosen(client: Client, account_id: str) -> Json:
    """Return the account with this id, or the only one that the token can see if it is empty.

    Raise NotFound if the token can see only other accounts. A token without the permission to list accounts
    may still work in the account with this id.
    """
    if not account_id:
        return the_account(client)
    try:
        accounts = list(list_accounts(client))
    except PermissionDenied:
        accounts = []
    found = next((account for account in accounts if account["id"] == account_id), None)
    if accounts and found is None:
        raise NotFound(f"this token cannot see the account {account_id}", 404, hint=_choice(accounts))
    return found or {"id": account_id}


def _choice(accounts: list[Json]) -> str:
    lines = (f"  --account-id {account['id']}  {account['name']}" for account in accounts)
    return "\n".join(("use one of them:", *lines))
