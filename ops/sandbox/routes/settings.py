"""Zone settings: their defaults, allowed values and plans; read all or one, change one or many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok, ok_list, require

_SWITCH = ("on", "off")
_HSTS = {"enabled": False, "max_age": 0, "include_subdomains": False, "preload": False, "nosniff": False}
_TTL = (300, 1200, 1800, 3600, 7200, 10800, 14400, 18000, 28800, 43200, 57600, 72000, 86400)
_LONG_TTL = (172800, 259200, 345600, 432000, 691200, 1382400, 2073600, 2678400, 5356800, 16070400, 31536000)
_BROWSER_TTL = (0, 30, 60, 120, *_TTL, *_LONG_TTL)
_EDGE_TTL = (30, 60, *_TTL, 172800, 259200, 345600, 432000, 518400, 604800)
_CHALLENGE = (300, 900, 1800, 2700, 3600, 7200, 10800, 14400, 28800, 57600, 86400, 604800, 2592000, 31536000)
_APO = {"enabled": False, "cf": False, "wordpress": False, "wp_plugin": False}


@dataclass(frozen=True)
class Setting:
    """*values*: the allowed ones; a dict means an object, a list a list of strings, None a number."""

    default: Any
    values: Any = _SWITCH
    plan: str = "free"


# On or off on every plan, by their default.
_ON = (
    "automatic_https_rewrites brotli browser_check email_obfuscation http3 ip_geolocation ipv6 "
    "opportunistic_encryption opportunistic_onion privacy_pass replace_insecure_js "
    "server_side_exclude speed_brain visitor_ip websockets"
)
_OFF = (
    "0rtt always_online always_use_https development_mode early_hints hotlink_protection "
    "rocket_loader tls_client_auth"
)
# Off by default, and only for this plan and those above it.
_PAID = {
    "enterprise": (
        "advanced_ddos orange_to_orange origin_error_page_pass_thru prefetch_preload response_buffering "
        "sort_query_string_for_cache true_client_ip_header"
    ),
    "pro": "fonts http2 mirage waf",
}
_OTHERS = {
    "aegis": Setting({"enabled": False, "pool_id": ""}, {}, "enterprise"),
    "automatic_platform_optimization": Setting({**_APO, "hostnames": [], "cache_by_device_type": False}, {}),
    "browser_cache_ttl": Setting(14400, _BROWSER_TTL),
    "cache_level": Setting("aggressive", ("aggressive", "basic", "simplified")),
    "challenge_ttl": Setting(1800, _CHALLENGE),
    "ciphers": Setting([], []),
    "cname_flattening": Setting("flatten_at_root", ("flatten_at_root", "flatten_all")),
    "edge_cache_ttl": Setting(7200, _EDGE_TTL),
    "filter_logs_to_cloudflare": Setting("off", _SWITCH, "enterprise"),
    "h2_prioritization": Setting("off", ("on", "off", "custom"), "pro"),
    "image_resizing": Setting("off", ("on", "off", "open"), "business"),
    "log_to_cloudflare": Setting("on", _SWITCH, "enterprise"),
    "long_lived_grpc": Setting("off"),
    "max_upload": Setting(100, tuple(range(100, 501, 25))),
    "min_tls_version": Setting("1.0", ("1.0", "1.1", "1.2", "1.3")),
    "minify": Setting({"css": "off", "html": "off", "js": "off"}, {}),
    "mobile_redirect": Setting({"status": "off", "mobile_subdomain": None, "strip_uri": False}, {}),
    "nel": Setting({"enabled": False}, {}),
    "polish": Setting("off", ("off", "lossless", "lossy"), "pro"),
    "proxy_read_timeout": Setting(100, None, "enterprise"),
    "pseudo_ipv4": Setting("off", ("off", "add_header", "overwrite_header")),
    "security_header": Setting({"strict_transport_security": _HSTS}, {}),
    "security_level": Setting("medium", ("off", "essentially_off", "low", "medium", "high", "under_attack")),
    "ssl": Setting("full", ("off", "flexible", "full", "strict", "origin_pull")),
    "tls_1_3": Setting("on", ("on", "off", "zrt")),
}
_ALL = {
    **{name: Setting("on") for name in _ON.split()},
    **{name: Setting("off") for name in _OFF.split()},
    **{name: Setting("off", _SWITCH, plan) for plan, names in _PAID.items() for name in names.split()},
    **_OTHERS,
}
SETTINGS: dict[str, Setting] = dict(sorted(_ALL.items()))
_PLANS = ("free", "pro", "business", "enterprise")


def fits(id: str, value: Any) -> bool:
    """True if *value* is allowed for the setting."""
    allowed, default = SETTINGS[id].values, SETTINGS[id].default
    if isinstance(allowed, dict):
        return _fits_object(value, default)
    if isinstance(allowed, list):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if allowed is None:
        return type(value) is int and 1 <= value <= 6000
    return value in allowed and type(value) is type(default)


def _fits_object(value: Any, default: dict[str, Any]) -> bool:
    return isinstance(value, dict) and all(
        name in default and (_fits_object(part, default[name]) if isinstance(default[name], dict) else True)
        for name, part in value.items()
    )


ALL = "/zones/{zone_id}/settings"
ONE = "/zones/{zone_id}/settings/{setting}"


def _default(id: str, plan: str) -> Json:
    editable = _PLANS.index(plan) >= _PLANS.index(SETTINGS[id].plan)
    return {"id": id, "value": SETTINGS[id].default, "modified_on": None, "editable": editable}


# The same text for every zone of a plan: a listing joins it with the changed settings of the zone.
_TEXTS = {plan: {id: dumps(_default(id, plan)) for id in SETTINGS} for plan in _PLANS}


@route("GET", ALL, "zone:read")
def list_settings(request: Request, store: Store) -> Answer:
    sql = "SELECT id, body FROM document WHERE kind = 'setting' AND owner = ?"
    changed = dict(store.rows(sql, (request.zone,)))
    plan = store.get_document("zone", "", request.zone)["plan"]["legacy_id"]
    return ok_list(list({**_TEXTS[plan], **changed}.values()))


@route("PATCH", ALL, "zone:edit")
def patch_settings(request: Request, store: Store) -> Answer:
    """Accept an array or ``{"items": [...]}``: the sources of the documentation differ."""
    sent = request.json()
    items: Any = sent.get("items") if isinstance(sent, dict) else sent
    require(isinstance(items, list) and items and all(isinstance(item, dict) for item in items))
    return ok([_change(request, store, str(item.get("id")), item) for item in items])


def _setting(request: Request, store: Store, id: str) -> Json:
    if id not in SETTINGS:
        raise Refusal(404, 1003, f"Undefined zone setting: {id}")
    changed: Json | None = store.get_document("setting", request.zone, id)
    return changed or _default(id, store.get_document("zone", "", request.zone)["plan"]["legacy_id"])


getter(ONE, "zone:read")(lambda request, store: _setting(request, store, request.args["setting"]))


def _change(request: Request, store: Store, id: str, sent: Json) -> Json:
    setting = _setting(request, store, id)
    if not setting["editable"]:
        raise Refusal(400, 1015, f"Not allowed to edit setting for {id}")
    if "value" not in sent or not fits(id, sent["value"]):
        raise Refusal(400, 1007, f"Invalid value for zone setting {id}")
    changed = {**setting, "value": _merged(setting["value"], sent["value"]), "modified_on": store.stamp()}
    if id == "development_mode":
        changed["time_remaining"] = 10800 if sent["value"] == "on" else 0
    return store.put_document("setting", request.zone, id, changed)


route("PATCH", ONE, "zone:edit")(
    lambda request, store: ok(_change(request, store, request.args["setting"], request.object()))
)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new
