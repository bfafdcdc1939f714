"""Errors of the OpenAPI document: every exception of the contract, by operation, with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SCRIPT = "/accounts/{account_id}/workers/scripts/{script_name}"
RECORDS = "/zones/{zone_id}/dns_records"
NEWER_SETTINGS = (
    "aegis|filter_logs_to_cloudflare|fonts|log_to_cloudflare"
    "|long_lived_grpc|privacy_pass|speed_brain|visitor_ip"
)


@dataclass(frozen=True)
class Doubt:
    """A part of a response for which the document is known to be wrong."""

    operations: tuple[str, ...]
    place: str
    """A regular expression for the dotted place in the answer."""
    message: str
    """A regular expression found in the message."""
    reason: str

    def covers(self, operation: str, place: str, message: str) -> bool:
        known = operation in self.operations and re.fullmatch(self.place, place) is not None
        return known and re.search(self.message, message) is not None


ANSWERS = (
    Doubt(
        ("GET /accounts/{account_id}/cfd_tunnel",),
        r"result\.\d+",
        "anyOf",
        "the document lacks config_src, which recorded answers and the official SDK have",
    ),
    Doubt(
        ("GET /accounts/{account_id}/logpush/jobs",),
        r"result\.\d+\.destination_conf",
        'is not a "uri"',
        "{DATE} in a destination is documented, and not part of a URI",
    ),
    Doubt(
        ("GET /accounts/{account_id}/alerting/v3/policies",),
        r"result\.\d+\.mechanisms\.webhooks\.\d+\.id",
        "oneOf",
        "the document has two schemas for an id that both accept 32 hex digits",
    ),
    Doubt(
        (f"GET {SCRIPT}/settings", f"PATCH {SCRIPT}/settings"),
        r"result\.bindings\.\d+(\..*)?",
        "",
        "the document knows 8 kinds of binding; the official SDK knows 37",
    ),
    Doubt(
        (
            "GET /accounts/{account_id}/workers/scripts",
            f"PUT {SCRIPT}",
            f"PUT {SCRIPT}/content",
            f"GET {SCRIPT}/settings",
            f"PATCH {SCRIPT}/settings",
        ),
        r"result(\.\d+)?\.usage_model",
        '"standard" does not match',
        "the usage model standard is newer than the document; the official SDK has it",
    ),
    Doubt(
        ("GET /zones/{zone_id}/settings",),
        r"result\.\d+",
        rf'"id":"({NEWER_SETTINGS})"',
        "settings that live zones list and that the document does not have",
    ),
    Doubt(
        ("GET /zones/{zone_id}/ssl/verification",),
        r"result\.\d+\.verification_info\.(record_name|record_target)",
        "",
        "the document has the kinds of name and target where their values stand",
    ),
    Doubt(
        ("GET /zones/{zone_id}/workers/routes", "GET /zones/{zone_id}/workers/routes/{route_id}"),
        r"result(\.\d+)?",
        '"script" is a required property',
        "a route without a script lets requests bypass Workers (the operation that creates one says so)",
    ),
    Doubt(
        ("GET /zones/{zone_id}/rulesets/{ruleset_id}",),
        r"result\.rules\.\d+",
        '"expression" is a required property',
        "Cloudflare does not show the expressions of its managed rules; optional in the official SDK",
    ),
    Doubt(
        ("GET /zones/{zone_id}/rulesets/{ruleset_id}",),
        r"result\.rules\.\d+",
        r'"action":"(managed_challenge|redirect|set_cache_settings)"',
        "the document lists the actions of rules without those of redirects and cache settings",
    ),
    Doubt(
        (f"GET {RECORDS}",),
        r"result\.\d+",
        r'"content":"\.".*"type":"MX"',
        "a null MX (RFC 7505) has the root as its target, which is no hostname in the document's sense",
    ),
    Doubt(
        ("GET /accounts/{account_id}/devices/policy",),
        r"result",
        "",
        "the document describes the list of profiles; recorded answers are the object of the default one",
    ),
    Doubt(
        ("GET /accounts/{account_id}/images/v1/variants",),
        r"result\.variants\.\w+\.id",
        "does not match",
        "the pattern allows one character, and the example of the document is hero",
    ),
)

UNLISTED = {
    r"GET /accounts/[^/]+/rulesets/[^/]+": (
        "one ruleset of an account: in the official document, left out of the subset; the official SDK has it"
    ),
}
"""A regular expression for method and path of an operation that exists beside the document: reason."""

NULLS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        (
            f"GET {RECORDS}",
            f"POST {RECORDS}",
            f"POST {RECORDS}/batch",
            f"GET {RECORDS}/{{dns_record_id}}",
            f"PATCH {RECORDS}/{{dns_record_id}}",
            f"PUT {RECORDS}/{{dns_record_id}}",
        ),
        ("comment", "a record without a comment is answered with null; optional in the official SDK"),
    ),
    **dict.fromkeys(
        ("GET /zones", "POST /zones", "GET /zones/{zone_id}", "PATCH /zones/{zone_id}"),
        ("id", "the owner of a zone seen with a token has a null id; optional in the official SDK"),
    ),
}
"""operation: (field that may be null in its answer, although the document does not say so, reason)."""

PARAMETERS = {
    ("GET /zones/{zone_id}/ssl/certificate_packs/{certificate_pack_id}", "certificate_pack_id"): (
        "the ids of certificate packs are UUIDs of 36 characters in Cloudflare's own samples"
    ),
    ("GET /zones", "type"): "the types of zones to list; newer than the document, in its version of 2026",
}
"""(operation, path or query parameter) whose bounds, or whose absence, in the document are wrong: reason."""


def unlisted(method: str, path: str) -> bool:
    """True if a request exists although the document does not have it."""
    return any(re.fullmatch(pattern, f"{method} {path}") for pattern in UNLISTED)


def accepts(operation: str, place: str, message: str) -> bool:
    """True if a message is about the document rather than the response."""
    return any(doubt.covers(operation, place, message) for doubt in ANSWERS)


def without_nulls(operation: str, value: Any) -> Any:
    """Return a response without the null fields that the operation may send."""
    return _pruned(value, NULLS[operation][0]) if operation in NULLS else value


def _pruned(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_pruned(one, name) for one in value]
    if isinstance(value, dict):
        return {key: _pruned(one, name) for key, one in value.items() if key != name or one is not None}
    return value


PLAIN_FAILURE: dict[str, Any] = {"$ref": "#/components/schemas/x_failure"}
"""The failure envelope as the document writes it where it does not contradict itself."""

# Built with allOf on the success envelope, these failure schemas demand `success` to be true and false
# at once, or a result of the operation's own type beside `success: false`: no answer can satisfy them.
CONTRADICTORY_FAILURES = frozenset(
    {
        "DELETE /zones/{zone_id}/cache/tiered_cache_smart_topology_enable",
        "DELETE /zones/{zone_id}/cache/variants",
        "DELETE /zones/{zone_id}/dnssec",
        "DELETE /zones/{zone_id}/workers/routes/{route_id}",
        "GET /accounts",
        "GET /accounts/{account_id}",
        "GET /accounts/{account_id}/audit_logs",
        "GET /accounts/{account_id}/load_balancers/monitors",
        "GET /accounts/{account_id}/load_balancers/pools",
        "GET /accounts/{account_id}/pages/projects",
        "GET /accounts/{account_id}/queues",
        "GET /accounts/{account_id}/workers/account-settings",
        "GET /accounts/{account_id}/workers/domains",
        "GET /accounts/{account_id}/workers/domains/{domain_id}",
        "GET /accounts/{account_id}/workers/durable_objects/namespaces",
        "GET /accounts/{account_id}/workers/durable_objects/namespaces/{id}/objects",
        "GET /accounts/{account_id}/workers/scripts",
        "GET /accounts/{account_id}/workers/scripts/{script_name}/content/v2",
        "GET /accounts/{account_id}/workers/scripts/{script_name}/deployments",
        "GET /accounts/{account_id}/workers/scripts/{script_name}/schedules",
        "GET /accounts/{account_id}/workers/scripts/{script_name}/script-settings",
        "GET /accounts/{account_id}/workers/scripts/{script_name}/settings",
        "GET /accounts/{account_id}/workers/scripts/{script_name}/versions",
        "GET /accounts/{account_id}/workers/scripts/{script_name}/versions/{version_id}",
        "GET /accounts/{account_id}/workers/subdomain",
        "GET /memberships",
        "GET /user",
        "GET /user/tokens/verify",
        "GET /zones/{zone_id}/argo/tiered_caching",
        "GET /zones/{zone_id}/cache/cache_reserve",
        "GET /zones/{zone_id}/cache/regional_tiered_cache",
        "GET /zones/{zone_id}/cache/tiered_cache_smart_topology_enable",
        "GET /zones/{zone_id}/cache/variants",
        "GET /zones/{zone_id}/custom_certificates",
        "GET /zones/{zone_id}/custom_certificates/{custom_certificate_id}",
        "GET /zones/{zone_id}/custom_hostnames",
        "GET /zones/{zone_id}/dns_records",
        "GET /zones/{zone_id}/dns_records/{dns_record_id}",
        "GET /zones/{zone_id}/dns_settings",
        "GET /zones/{zone_id}/dnssec",
        "GET /zones/{zone_id}/load_balancers",
        "GET /zones/{zone_id}/pagerules",
        "GET /zones/{zone_id}/ssl/certificate_packs",
        "GET /zones/{zone_id}/ssl/certificate_packs/quota",
        "GET /zones/{zone_id}/ssl/certificate_packs/{certificate_pack_id}",
        "GET /zones/{zone_id}/ssl/universal/settings",
        "GET /zones/{zone_id}/ssl/verification",
        "GET /zones/{zone_id}/workers/routes",
        "GET /zones/{zone_id}/workers/routes/{route_id}",
        "PATCH /accounts/{account_id}/workers/scripts/{script_name}/script-settings",
        "PATCH /accounts/{account_id}/workers/scripts/{script_name}/settings",
        "PATCH /zones/{zone_id}/argo/tiered_caching",
        "PATCH /zones/{zone_id}/cache/cache_reserve",
        "PATCH /zones/{zone_id}/cache/regional_tiered_cache",
        "PATCH /zones/{zone_id}/cache/tiered_cache_smart_topology_enable",
        "PATCH /zones/{zone_id}/cache/variants",
        "PATCH /zones/{zone_id}/dns_records/{dns_record_id}",
        "PATCH /zones/{zone_id}/dns_settings",
        "PATCH /zones/{zone_id}/dnssec",
        "PATCH /zones/{zone_id}/ssl/universal/settings",
        "POST /zones/{zone_id}/dns_records",
        "POST /zones/{zone_id}/dns_records/import",
        "POST /zones/{zone_id}/dns_records/scan",
        "POST /zones/{zone_id}/purge_cache",
        "POST /zones/{zone_id}/workers/routes",
        "PUT /accounts/{account_id}/workers/domains",
        "PUT /accounts/{account_id}/workers/scripts/{script_name}/schedules",
        "PUT /accounts/{account_id}/workers/subdomain",
        "PUT /zones/{zone_id}/dns_records/{dns_record_id}",
        "PUT /zones/{zone_id}/workers/routes/{route_id}",
    }
)
