"""R2 buckets of an account, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


PAGE = 1000


def list_buckets(client: Client, account_id: str) -> Listing:
    """List the buckets outside of any jurisdiction; those within one are not in this answer."""
    where = path("/accounts/{}/r2/buckets", account_id)
    return client.cursor(where, limit=PAGE, limit_name="per_page", inside="buckets", identity="name")
