"""Cache: purge, cache reserve, regional and smart tiered cache, variants, Argo tiered caching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

_KINDS = ("files", "tags", "hosts", "prefixes")
MOST_ITEMS = 100
_EXTENSIONS = {"avif", "bmp", "gif", "jp2", "jpeg", "jpg", "jpg2", "png", "tif", "tiff", "webp"}


@route("POST", "/zones/{zone_id}/purge_cache", "cache:purge")
def purge(request: Request, store: Store) -> Answer:
    """Accept exactly one rule; nothing is cached here, so there is nothing to purge."""
    sent = request.object()
    rules = [name for name in (*_KINDS, "purge_everything") if sent.get(name)]
    if len(rules) != 1 or set(sent) - {*_KINDS, "purge_everything"}:
        raise _refused('exactly one of "purge_everything", "files", "tags", "hosts" or "prefixes" is needed')
    zone, kind, items = store.get_document("zone", "", request.zone), rules[0], sent[rules[0]]
    if kind == "purge_everything":
        if items is not True:
            raise _refused('"purge_everything" must be true')
        return ok({"id": zone["id"]})
    most = 500 if kind == "files" and zone["plan"]["legacy_id"] == "enterprise" else MOST_ITEMS
    if not isinstance(items, list):
        raise invalid_body()
    if len(items) > most:
        raise Refusal(400, 1094, f"Unable to purge: at most {most} {kind} in one request.")
    for item in items:
        _check_item(kind, item, zone["name"])
    return ok({"id": zone["id"]})


def _refused(reason: str) -> Refusal:
    return Refusal(400, 1012, f"Request must contain one of the purge rules: {reason}.")


def _check_item(kind: str, item: Any, zone: str) -> None:
    text = item.get("url") if kind == "files" and isinstance(item, dict) else item
    if not isinstance(text, str) or not text:
        raise invalid_body()
    if kind == "tags":
        return
    if kind == "prefixes" and ("://" in text or "?" in text or "#" in text):
        raise Refusal(400, 1092, f"Unable to purge {text}: a prefix has no scheme, query or fragment.")
    if kind == "files" and not text.startswith(("http://", "https://")):
        raise Refusal(400, 1092, f"Unable to purge {text}: a file is a complete URL.")
    host = (urlsplit(text if kind == "files" else f"//{text}").hostname or "").lower()
    if host != zone and not host.endswith("." + zone):
        raise Refusal(400, 1092, f"Unable to purge {text}, you can only purge files for this zone.")


def _setting(path: str, id: str, valid: Callable[[Any], bool], default: Json, *, deletable: bool) -> None:
    """Register a setting of a zone; one without *default* is unknown until it is set."""

    def get(request: Request, store: Store) -> Json:
        saved: Json | None = store.get_document("cache_setting", request.zone, id)
        if not saved and not default:
            raise Refusal(404, 1140, f"The {id} setting was never set for this zone.")
        return saved or {"id": id, **default, "editable": True, "modified_on": _NEVER}

    def patch(request: Request, store: Store) -> Answer:
        value = request.object().get("value")
        if not valid(value):
            raise Refusal(400, 1007, f"Invalid value for zone setting {id}")
        setting = {"id": id, "value": value, "editable": True, "modified_on": store.stamp()}
        return ok(store.put_document("cache_setting", request.zone, id, setting))

    def delete(request: Request, store: Store) -> Answer:
        get(request, store)
        store.delete_document("cache_setting", request.zone, id)
        return ok({"id": id, **default, "editable": True, "modified_on": store.stamp()})

    getter(path, "zone:read")(get)
    route("PATCH", path, "zone:edit")(patch)
    if deletable:
        route("DELETE", path, "zone:edit")(delete)


def _are_variants(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= _EXTENSIONS
        and all(isinstance(formats, list) for formats in value.values())
        and all(isinstance(one, str) for formats in value.values() for one in formats)
    )


# The document requires a date even for a setting that was never changed.
_NEVER = "2025-01-01T00:00:00.000000Z"


_SWITCHES = {
    "/cache/cache_reserve": "cache_reserve",
    "/cache/regional_tiered_cache": "tc_regional",
    "/cache/tiered_cache_smart_topology_enable": "tiered_cache_smart_topology_enable",
    "/argo/tiered_caching": "tiered_caching",
}
for _path, _id in _SWITCHES.items():
    _setting(
        "/zones/{zone_id}" + _path,
        _id,
        lambda value: value in ("on", "off"),
        {"value": "off"},
        deletable=_id == "tiered_cache_smart_topology_enable",
    )
_setting("/zones/{zone_id}/cache/variants", "variants", _are_variants, {}, deletable=True)
