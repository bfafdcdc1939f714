"""Queues of an account, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


def list_queues(client: Client, account_id: str) -> Listing:
    """List the queues with their producers and consumers; the API has no page parameters here."""
    return client.whole(path("/accounts/{}/queues", account_id))
