"""Cache: purge, cache reserve, regional and smart tiered cache, variants, Argo tiered caching."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ops.sandbox.router import route
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


def _switch(path: str, id: str, *, deletable: bool = False) -> None:
    """Register a setting that is on or off."""

    def get(request: Request, store: Store) -> Answer:
        return ok(_value(store, request.zone, id))

    def patch(request: Request, store: Store) -> Answer:
        value = request.object().get("value")
        if value not in ("on", "off"):
            raise _invalid(id)
        return ok(_save(store, request.zone, id, value))

    def delete(request: Request, store: Store) -> Answer:
        store.delete_document("cache_setting", request.zone, id)
        return ok({**_value(store, request.zone, id), "modified_on": store.stamp()})

    route("GET", path, "zone:read")(get)
    route("PATCH", path, "zone:edit")(patch)
    if deletable:
        route("DELETE", path, "zone:edit")(delete)


# The document requires a date even for a setting that was never changed.
_NEVER = "2025-01-01T00:00:00.000000Z"


def _value(store: Store, zone_id: str, id: str) -> Json:
    saved: Json | None = store.get_document("cache_setting", zone_id, id)
    return saved or {"id": id, "value": "off", "editable": True, "modified_on": _NEVER}


def _save(store: Store, zone_id: str, id: str, value: Any) -> Json:
    setting = {"id": id, "value": value, "editable": True, "modified_on": store.stamp()}
    store.put_document("cache_setting", zone_id, id, setting)
    return setting


_switch("/zones/{zone_id}/cache/cache_reserve", "cache_reserve")
_switch("/zones/{zone_id}/cache/regional_tiered_cache", "tc_regional")
_switch(
    "/zones/{zone_id}/cache/tiered_cache_smart_topology_enable",
    "tiered_cache_smart_topology_enable",
    deletable=True,
)
_switch("/zones/{zone_id}/argo/tiered_caching", "tiered_caching")

VARIANTS = "/zones/{zone_id}/cache/variants"


@route("GET", VARIANTS, "zone:read")
def get_variants(request: Request, store: Store) -> Answer:
    return ok(store.required("cache_setting", request.zone, "variants", _never_set()))


@route("PATCH", VARIANTS, "zone:edit")
def patch_variants(request: Request, store: Store) -> Answer:
    value = request.object().get("value")
    if not isinstance(value, dict) or not set(value) <= _EXTENSIONS:
        raise _invalid("variants")
    for formats in value.values():
        if not isinstance(formats, list) or not all(isinstance(one, str) for one in formats):
            raise _invalid("variants")
    return ok(_save(store, request.zone, "variants", value))


def _never_set() -> Refusal:
    return Refusal(404, 1140, "The variants setting was never set for this zone.")


def _invalid(id: str) -> Refusal:
    return Refusal(400, 1007, f"Invalid value for zone setting {id}")


@route("DELETE", VARIANTS, "zone:edit")
def delete_variants(request: Request, store: Store) -> Answer:
    if not store.delete_document("cache_setting", request.zone, "variants"):
        raise _never_set()
    return ok({"id": "variants", "editable": True, "modified_on": store.stamp()})
