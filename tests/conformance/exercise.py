"""How each operation of the document is called: the source of its path parameters, and its body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from ops.sandbox.server import Sandbox

Json = dict[str, Any]
ZONE = "/zones/{zone_id}"
ACCOUNT = "/accounts/{account_id}"
KV = ACCOUNT + "/storage/kv/namespaces"
WORKER = ACCOUNT + "/workers/scripts/{script_name}"
ZONE_NAME = "example.com"
SCRIPT = "api-gateway"
BOUNDARY = "one-boundary"


@dataclass(frozen=True)
class Write:
    """A write as documented; `form` is a list of (name, file name, content type, data)."""

    method: str
    template: str
    json: Any = None
    form: tuple[tuple[str, str, str, bytes], ...] = ()
    data: bytes | None = None
    query: str = ""
    headers: Json = field(default_factory=dict)
    places: Json = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    def body(self) -> tuple[bytes, str]:
        """Return the body and its content type."""
        if self.form:
            return _form(self.form), f"multipart/form-data; boundary={BOUNDARY}"
        if self.data is not None:
            return self.data, "application/octet-stream"
        return (b"", "") if self.json is None else (json.dumps(self.json).encode(), "application/json")


def _form(parts: tuple[tuple[str, str, str, bytes], ...]) -> bytes:
    pieces = []
    for name, filename, content_type, data in parts:
        given = f'; filename="{filename}"' if filename else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{given}\r\n'
        pieces.append(f"{head}Content-Type: {content_type}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()


class Caller:
    """Sends requests to a sandbox, and finds values for the parameters of a path in its lists."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {sandbox.token}"
        self.places: Json = {"account_id": sandbox.account_id, "setting_id": "ssl", "script_name": SCRIPT}

    def close(self) -> None:
        self.session.close()

    def send(self, method: str, path: str, query: str = "", **options: Any) -> requests.Response:
        url = self.sandbox.url + path + (f"?{query}" if query else "")
        return self.session.request(method, url, **options)

    def prepare(self, name: str) -> None:
        """Prepare the operation *name*."""
        if name in BEFORE:
            method, template, body = BEFORE[name]
            self.send(method, self.path(template), json=body).raise_for_status()

    def write(self, one: Write) -> requests.Response:
        body, content_type = one.body()
        headers = {**one.headers, **({"Content-Type": content_type} if content_type else {})}
        return self.send(
            one.method, self.path(one.template, one.places), one.query, data=body, headers=headers
        )

    def path(self, template: str, places: Json | None = None) -> str:
        """Return *template* with its parameters filled in, each encoded as one segment."""
        given = places or {}

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            value = given[name] if name in given else self.value(name, template)
            return quote(str(value), safe="")

        return re.sub(r"\{(\w+)\}", fill, template)

    def value(self, name: str, template: str) -> Any:
        """Return a value of a path parameter that exists in the sandbox."""
        if name in self.places:
            return self.places[name]
        source, key, expected = _SOURCES[name]
        result = self.send("GET", self.path(source)).json()["result"]
        items = result["items"] if isinstance(result, dict) else result
        found = next(one for one in items if expected is None or expected in one.values())
        self.places[name] = found[key]
        return found[key]


_SOURCES: dict[str, tuple[str, str, str | None]] = {
    "zone_id": ("/zones", "id", ZONE_NAME),
    "dns_record_id": (ZONE + "/dns_records", "id", "A"),
    "route_id": (ZONE + "/workers/routes", "id", None),
    "certificate_pack_id": (ZONE + "/ssl/certificate_packs", "id", None),
    "custom_certificate_id": (ZONE + "/custom_certificates", "id", None),
    "ruleset_id": (ZONE + "/rulesets", "id", None),
    "namespace_id": (KV, "id", "feature-flags"),
    "key_name": (KV + "/{namespace_id}/keys", "name", None),
    "id": (ACCOUNT + "/workers/durable_objects/namespaces", "id", None),
    "domain_id": (ACCOUNT + "/workers/domains", "id", None),
    "version_id": (WORKER + "/versions", "id", None),
    "secret_name": (WORKER + "/secrets", "name", None),
}

# Queries of reads that need one.
QUERIES = {
    f"GET {ACCOUNT}/logs/audit": "since=2026-03-01T00:00:00Z&before=2026-03-05T00:00:00Z",
}

# The preparations of operations that need existing items.
BEFORE = {
    f"GET {ZONE}/cache/variants": ("PATCH", f"{ZONE}/cache/variants", {"value": {"jpeg": ["image/webp"]}}),
    f"DELETE {ZONE}/cache/variants": ("PATCH", f"{ZONE}/cache/variants", {"value": {"jpeg": ["image/webp"]}}),
    f"DELETE {ZONE}/dnssec": ("PATCH", f"{ZONE}/dnssec", {"status": "disabled"}),
}

_MODULE = b"export class RateLimiter {}\nexport default { async fetch() { return new Response('new') } };\n"
_METADATA = {
    "main_module": "index.js",
    "compatibility_date": "2026-01-01",
    "keep_bindings": ["secret_text"],
    "bindings": [{"type": "plain_text", "name": "STAGE", "text": "test"}],
}
_CODE = ("index.js", "index.js", "application/javascript+module", _MODULE)
_A_RECORD = {"type": "A", "name": "new.example.com", "content": "192.0.2.8", "ttl": 1, "proxied": True}
_PAIR = {"key": "k", "value": "v", "metadata": {"by": "test"}, "expiration_ttl": 3600}
_ZONE_FILE = b"imported.example.com. 300 IN A 192.0.2.9\n"


def _metadata(value: Json) -> tuple[str, str, str, bytes]:
    return ("metadata", "", "application/json", json.dumps(value).encode())


def _toggles() -> list[Write]:
    names = ("cache/cache_reserve", "cache/regional_tiered_cache", "cache/tiered_cache_smart_topology_enable")
    return [Write("PATCH", f"{ZONE}/{name}", {"value": "on"}) for name in (*names, "argo/tiered_caching")]


WRITES = (
    Write("POST", "/zones", {"name": "new.example", "account": {"id": "ACCOUNT"}, "type": "full"}),
    Write("PATCH", ZONE, {"paused": True}),
    Write("DELETE", ZONE),
    Write("PUT", ZONE + "/activation_check"),
    Write("PATCH", ZONE + "/settings", [{"id": "always_use_https", "value": "on"}]),
    Write("PATCH", ZONE + "/settings/{setting_id}", {"id": "ssl", "value": "strict"}),
    Write("POST", ZONE + "/dns_records", _A_RECORD),
    Write("PATCH", ZONE + "/dns_records/{dns_record_id}", {**_A_RECORD, "comment": "changed"}),
    Write("PUT", ZONE + "/dns_records/{dns_record_id}", _A_RECORD),
    Write("DELETE", ZONE + "/dns_records/{dns_record_id}"),
    Write("POST", ZONE + "/dns_records/batch", {"posts": [_A_RECORD]}),
    Write("POST", ZONE + "/dns_records/import", form=(("file", "zone.txt", "text/plain", _ZONE_FILE),)),
    Write("POST", ZONE + "/dns_records/scan"),
    Write("POST", ZONE + "/dns_records/scan/trigger"),
    Write("POST", ZONE + "/dns_records/scan/review", {"accepts": [], "rejects": []}),
    Write("PATCH", ZONE + "/dns_settings", {"foundation_dns": False}),
    Write("PATCH", ZONE + "/dnssec", {"status": "active"}),
    Write("DELETE", ZONE + "/dnssec"),
    Write("PATCH", ZONE + "/ssl/universal/settings", {"enabled": False}),
    Write("POST", ZONE + "/purge_cache", {"purge_everything": True}),
    *_toggles(),
    Write("PATCH", ZONE + "/cache/variants", {"value": {"jpeg": ["image/webp", "image/avif"]}}),
    Write("DELETE", ZONE + "/cache/variants"),
    Write("DELETE", ZONE + "/cache/tiered_cache_smart_topology_enable"),
    Write("POST", ZONE + "/workers/routes", {"pattern": "example.com/new/*", "script": "redirects"}),
    Write(
        "PUT", ZONE + "/workers/routes/{route_id}", {"pattern": "example.com/old/*", "script": "redirects"}
    ),
    Write("DELETE", ZONE + "/workers/routes/{route_id}"),
    Write("POST", KV, {"title": "new-namespace"}),
    Write("PUT", KV + "/{namespace_id}", {"title": "renamed"}),
    Write("DELETE", KV + "/{namespace_id}"),
    Write("PUT", KV + "/{namespace_id}/bulk", [_PAIR]),
    Write("DELETE", KV + "/{namespace_id}/bulk", ["k"]),
    Write("POST", KV + "/{namespace_id}/bulk/delete", ["k"]),
    Write("POST", KV + "/{namespace_id}/bulk/get", {"keys": ["sso", "absent"], "withMetadata": True}),
    Write("PUT", KV + "/{namespace_id}/values/{key_name}", data=b"\x00\xff", query="expiration_ttl=60"),
    Write("DELETE", KV + "/{namespace_id}/values/{key_name}"),
    Write("PUT", WORKER, form=(_metadata(_METADATA), _CODE)),
    Write("PUT", WORKER + "/content", form=(_metadata({"main_module": "index.js"}), _CODE)),
    Write("DELETE", WORKER, query="force=true"),
    Write("PUT", WORKER + "/schedules", [{"cron": "*/10 * * * *"}]),
    Write("PATCH", WORKER + "/script-settings", {"logpush": True}),
    Write("PATCH", WORKER + "/settings", form=(("settings", "", "application/json", b'{"logpush":true}'),)),
    Write("PUT", WORKER + "/secrets", {"name": "NEW", "text": "hidden", "type": "secret_text"}),
    Write("DELETE", WORKER + "/secrets/{secret_name}"),
    Write("POST", WORKER + "/subdomain", {"enabled": True, "previews_enabled": False}),
    Write("DELETE", WORKER + "/subdomain"),
    Write("PUT", ACCOUNT + "/workers/subdomain", {"subdomain": "other-name"}),
    Write("DELETE", ACCOUNT + "/workers/subdomain"),
    Write(
        "PUT",
        ACCOUNT + "/workers/domains",
        {"zone_id": "ZONE", "hostname": "new.example.com", "service": SCRIPT, "environment": "production"},
    ),
    Write("DELETE", ACCOUNT + "/workers/domains/{domain_id}"),
    Write(
        "POST",
        "/graphql",
        {
            "query": "query A($accountTag: string) { viewer { accounts(filter: {accountTag: $accountTag}) { "
            "kvStorageAdaptiveGroups(limit: 1) { max { keyCount } } } } }",
            "variables": {"accountTag": "ACCOUNT"},
        },
    ),
)
