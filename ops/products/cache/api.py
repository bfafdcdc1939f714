"""How a zone caches, as the API sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path
from ops.http.shape import require
from ops.products.zones import api as zones

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json
    from ops.kinds.resource import Owner

# The zone settings that control caching.
SETTINGS = (
    "cache_level", "browser_cache_ttl", "edge_cache_ttl", "development_mode", "always_online",
    "sort_query_string_for_cache", "origin_max_http_version",
)  # fmt: skip

# Those with an endpoint of their own, by the id in their answers.
PARTS = {
    "cache_reserve": "cache/cache_reserve",
    "tc_regional": "cache/regional_tiered_cache",
    "tiered_cache_smart_topology_enable": "cache/tiered_cache_smart_topology_enable",
    "tiered_caching": "argo/tiered_caching",
    "variants": "cache/variants",
}


def list_settings(client: Client, zone_id: str) -> Listing:
    """Return the zone settings that control caching; one answer holds all settings of the zone."""
    return zones.list_settings(client, zone_id).where(lambda setting: setting["id"] in SETTINGS)


def get_part(client: Client, zone_id: str, part: str) -> Json:
    """Return one of PARTS: `id`, `value`, `editable`, `modified_on`.

    Raises NotFound or ValidationError if the plan does not include it or it was never used.
    """
    return {"id": part, **client.get(path("/zones/{}/" + PARTS[part], zone_id))}


def edit_part(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Set the value of one of PARTS, or delete it if *after* has none: only `variants` can be unset.

    The value is on or off, for variants the media types by file extension.
    """
    part = before["id"]
    where = path("/zones/{}/" + PARTS[part], zone.id)
    if "value" in after:
        return {"id": part, **client.patch(where, json={"value": after["value"]})}
    client.delete(where)
    return after


def purge(client: Client, zone: Owner, item: Json) -> Json:
    """Purge the `values` of *item* by its `rule`: `purge_everything` (True), or at most 100 of the others.

    The answer means that the purge was accepted, not that anything was cached.
    """
    rule = {item["rule"]: item["values"]}
    require(client.post(path("/zones/{}/purge_cache", zone.id), json=rule), "the purge", id=str)
    return item
