"""D1 databases of an account, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


PAGE = 10_000


def list_databases(client: Client, account_id: str) -> Listing:
    """List the databases: `uuid`, `name`, `version`, `created_at`."""
    return client.pages(path("/accounts/{}/d1/database", account_id), per_page=PAGE)
