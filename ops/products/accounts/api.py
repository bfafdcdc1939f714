"""Accounts, as the API sends them, and the lookup of an account by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.errors import AmbiguousName, NotFound, PermissionDenied, UsageError
from ops.http.paths import path
from ops.http.shape import require

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

PAGE = 50
_ID = re.compile(r"[0-9a-f]{32}")


def list_accounts(client: Client, *, name: str = "") -> Listing:
    """List the accounts that the token can see; *name* is a filter of the API."""
    return client.pages(path("/accounts"), per_page=PAGE, name=name).map(_account)


def _account(item: Any) -> Json:
    return require(item, "an account", id=str, name=str)


def find_account(client: Client, name_or_id: str) -> Json:
    """Return the account with this id or exact name. Raise NotFound or AmbiguousName."""
    if _ID.fullmatch(name_or_id):
        return _account(client.get(path("/accounts/{}", name_or_id)))
    found = [account for account in list_accounts(client, name=name_or_id) if account["name"] == name_or_id]
    if not found:
        hint = "`inv accounts.list` lists the accounts that this token can see"
        raise NotFound(f"no account has the name {name_or_id!r}", 404, hint=hint)
    if len(found) > 1:
        raise AmbiguousName(f"{len(found)} accounts have the name {name_or_id!r}", hint=_choice(found))
    return found[0]


def the_account(client: Client) -> Json:
    """Return the only account that the token can see. Raise UsageError if there are several."""
    accounts = list(list_accounts(client))
    if not accounts:
        raise NotFound(
            "this token cannot see any account",
            hint="set CLOUDFLARE_ACCOUNT_ID or --account-id, or grant Account > Account Settings > Read",
        )
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
