"""The settings of a zone: default, what values each takes, and from which plan on it may be changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_SWITCH = ("on", "off")
_HSTS = {"enabled": False, "max_age": 0, "include_subdomains": False, "preload": False, "nosniff": False}
_BROWSER_TTL = (0, 30, 60, 120, 300, 1200, 1800, 3600, 7200, 10800, 14400, 18000, 28800, 43200, 57600, 72000)
_LONG_TTL = (
    86400,
    172800,
    259200,
    345600,
    432000,
    691200,
    1382400,
    2073600,
    2678400,
    5356800,
    16070400,
    31536000,
)
_EDGE_TTL = (30, 60, 300, 1200, 1800, 3600, 7200, 10800, 14400, 18000, 28800, 43200, 57600, 72000, 86400)
_CHALLENGE = (300, 900, 1800, 2700, 3600, 7200, 10800, 14400, 28800, 57600, 86400, 604800, 2592000, 31536000)


@dataclass(frozen=True)
class Setting:
    """*values*: what it takes; a dict stands for an object, a list for a list of text, None for a number."""

    default: Any
    values: Any = _SWITCH
    plan: str = "free"


_SWITCHES = {
    "0rtt": "off",
    "always_online": "off",
    "always_use_https": "off",
    "automatic_https_rewrites": "on",
    "brotli": "on",
    "browser_check": "on",
    "development_mode": "off",
    "early_hints": "off",
    "email_obfuscation": "on",
    "hotlink_protection": "off",
    "http3": "on",
    "ip_geolocation": "on",
    "ipv6": "on",
    "opportunistic_encryption": "on",
    "opportunistic_onion": "on",
    "privacy_pass": "on",
    "replace_insecure_js": "on",
    "rocket_loader": "off",
    "server_side_exclude": "on",
    "speed_brain": "on",
    "tls_client_auth": "off",
    "visitor_ip": "on",
    "websockets": "on",
}
_PAID_SWITCHES = {
    "advanced_ddos": "enterprise",
    "fonts": "pro",
    "http2": "pro",
    "mirage": "pro",
    "orange_to_orange": "enterprise",
    "origin_error_page_pass_thru": "enterprise",
    "prefetch_preload": "enterprise",
    "response_buffering": "enterprise",
    "sort_query_string_for_cache": "enterprise",
    "true_client_ip_header": "enterprise",
    "waf": "pro",
}
_OTHERS = {
    "aegis": Setting({"enabled": False, "pool_id": ""}, {}, "enterprise"),
    "automatic_platform_optimization": Setting(
        {
            "enabled": False,
            "cf": False,
            "wordpress": False,
            "wp_plugin": False,
            "hostnames": [],
            "cache_by_device_type": False,
        },
        {},
    ),
    "browser_cache_ttl": Setting(14400, _BROWSER_TTL + _LONG_TTL),
    "cache_level": Setting("aggressive", ("aggressive", "basic", "simplified")),
    "challenge_ttl": Setting(1800, _CHALLENGE),
    "ciphers": Setting([], []),
    "cname_flattening": Setting("flatten_at_root", ("flatten_at_root", "flatten_all")),
    "edge_cache_ttl": Setting(7200, (*_EDGE_TTL, 172800, 259200, 345600, 432000, 518400, 604800)),
    "filter_logs_to_cloudflare": Setting("off", _SWITCH, "enterprise"),
    "h2_prioritization": Setting("off", ("on", "off", "custom"), "pro"),
    "image_resizing": Setting("off", ("on", "off", "open"), "business"),
    "log_to_cloudflare": Setting("on", _SWITCH, "enterprise"),
    "long_lived_grpc": Setting("off"),
    "max_upload": Setting(
        100, (100, 125, 150, 175, 200, 225, 250, 275, 300, 325, 350, 375, 400, 425, 450, 475, 500)
    ),
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
SETTINGS: dict[str, Setting] = dict(
    sorted(
        {
            **{name: Setting(value) for name, value in _SWITCHES.items()},
            **{name: Setting("off", _SWITCH, plan) for name, plan in _PAID_SWITCHES.items()},
            **_OTHERS,
        }.items()
    )
)
_PLANS = ("free", "pro", "business", "enterprise")


def editable(id: str, plan: str) -> bool:
    """Tell whether a zone of this plan may change the setting."""
    return _PLANS.index(plan) >= _PLANS.index(SETTINGS[id].plan)


def fits(id: str, value: Any) -> bool:
    """Tell whether the setting takes *value*."""
    wanted, default = SETTINGS[id].values, SETTINGS[id].default
    if isinstance(wanted, dict):
        return _fits_object(value, default)
    if isinstance(wanted, list):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if wanted is None:
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 6000
    return value in wanted and type(value) is type(default)


def _fits_object(value: Any, default: dict[str, Any]) -> bool:
    return isinstance(value, dict) and all(
        name in default and (_fits_object(part, default[name]) if isinstance(default[name], dict) else True)
        for name, part in value.items()
    )
