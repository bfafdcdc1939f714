"""Page rules of a zone, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


def list_rules(client: Client, zone_id: str) -> Listing:
    """List a zone's page rules: `targets`, `actions`, `priority`, `status`."""
    return client.whole(path("/zones/{}/pagerules", zone_id))
