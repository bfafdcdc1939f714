"""The `accounts` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, TIME, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App


@command("list", reads=False, needs="Account > Account Settings > Read")
def list_accounts(app: App) -> Rows:
    """List the accounts that this token can see.

    inv accounts.list
    """
    from ops.products.accounts import api

    columns = (Column("name", KEY), Column("id", MAIN), "type", Column("created_on", LOW, TIME))
    return Rows(api.list_accounts(app.client), columns, "account")
