"""How a zone caches, as the API sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.http.paths import path
from ops.http.shape import require
from ops.products.zones import api as zones

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json

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


def edit_part(client: Client, zone_id: str, part: str, value: Any) -> Json:
    """Set one of PARTS: on or off, for variants the media types by file extension."""
    return {"id": part, **client.patch(path("/zones/{}/" + PARTS[part], zone_id), json={"value": value})}


def delete_variants(client: Client, zone_id: str) -> None:
    """Delete the variants, as if they had never been set."""
    client.delete(path("/zones/{}/" + PARTS["variants"], zone_id))


def purge(client: Client, zone_id: str, rule: Json) -> Json:
    """Purge by exactly one rule: `purge_everything` (True), `files`, `tags`, `hosts` or `prefixes`.

    A list holds at most 100 values. The answer means that the purge was accepted, not that anything was
    cached.
    """
    return require(client.post(path("/zones/{}/purge_cache", zone_id), json=rule), "the purge", id=str)
