"""The Workers of a new sandbox: module and service-worker syntax, binary modules, bindings of many types."""

from __future__ import annotations

from ops.sandbox.identity import ACCOUNT_ID, SCRIPTS, stable_id, stable_uuid
from ops.sandbox.routes import worker_domains
from ops.sandbox.routes.worker_code import SETTINGS, Module, describe
from ops.sandbox.routes.worker_state import add_version, deploy, save, save_modules
from ops.sandbox.routes.workers import SUBDOMAIN
from ops.sandbox.routes.workers_upload import new_worker
from ops.sandbox.seed_kv import namespace_id
from ops.sandbox.store import Json, Store

CREATED = "2025-06-01T10:00:00.000000Z"
CHANGED = "2026-03-01T12:00:00.000000Z"
SUBDOMAIN_NAME = "sandbox-workers"
ZONE = "example.com"
DOMAINS = {"gateway.example.com": "api-gateway", "rooms.example.com": "chat-room"}
_JS = "application/javascript+module"
# A valid, empty WebAssembly module: magic number and version.
_WASM = b"\x00asm\x01\x00\x00\x00"
_IMPORT = 'import { match } from "./lib/router.js";\n'
_SCHEDULED = "export default {\n  async scheduled(event, env) {\n    await env.DB;\n  },\n};\n"
_QUEUE = (
    "export default {\n  async fetch(request) {\n    return new Response();\n  },\n"
    "  async queue(batch) {\n    batch.ackAll();\n  },\n};\n"
)
_LISTENER = b"addEventListener('fetch', event => {\n  event.respondWith(fetch(event.request));\n});\n"
_HANDLERS = "export default {{\n  async fetch(request, env) {{\n    return new Response({0});\n  }},\n}};\n"


def _module(text: str, name: str = "index.js") -> Module:
    return Module(name, _JS, text.encode())


def _class(name: str) -> str:
    return f"export class {name} {{\n  async fetch(request) {{\n    return new Response('ok');\n  }}\n}}\n"


_CODE: dict[str, list[Module]] = {
    "api-gateway": [
        _module(_IMPORT + _class("RateLimiter") + _HANDLERS.format("match(request.url)")),
        _module("export const match = (url) => new URL(url).pathname;\n", "lib/router.js"),
    ],
    "auth-edge": [_module(_HANDLERS.format('"authenticated"'))],
    "image-resizer": [
        _module('import wasm from "./resize.wasm";\n' + _HANDLERS.format("String(wasm)")),
        Module("resize.wasm", "application/wasm", _WASM),
        Module("palette.bin", "application/octet-stream", bytes(range(256))),
        Module("notice.txt", "text/plain", "größer, kleiner\r\n".encode()),
    ],
    "redirects": [_module(_HANDLERS.format('"", {status: 301, headers: {location: "/"}}'))],
    "cron-reports": [_module(_SCHEDULED)],
    "webhook-relay": [_module(_class("Inbox") + _QUEUE)],
    "chat-room": [_module(_class("Room") + _HANDLERS.format('"chat"'))],
    "legacy-site": [Module("script", "application/javascript", _LISTENER)],
}


def _kv(name: str, title: str) -> Json:
    return {"type": "kv_namespace", "name": name, "namespace_id": namespace_id(title)}


def _do(name: str, script: str, class_name: str, owner: str = "") -> Json:
    about = {"type": "durable_object_namespace", "name": name, "class_name": class_name}
    other = {"script_name": owner} if owner else {}
    return {**about, **other, "namespace_id": stable_id("do.namespace", script, class_name)}


_BINDINGS: dict[str, list[Json]] = {
    "api-gateway": [
        _kv("SESSIONS", "sessions"),
        _kv("FLAGS", "feature-flags"),
        _do("LIMITER", "api-gateway", "RateLimiter"),
        {"type": "service", "name": "AUTH", "service": "auth-edge", "environment": "production"},
        {"type": "queue", "name": "HOOKS", "queue_name": "webhooks"},
        {"type": "plain_text", "name": "STAGE", "text": "production"},
        {"type": "json", "name": "LIMITS", "json": {"burst": 20, "per_minute": [60, 600]}},
        {"type": "secret_text", "name": "SIGNING_KEY"},
        {"type": "quantum_store", "name": "FUTURE", "qubits": 8, "options": {"since": "2031"}},
    ],
    "auth-edge": [_kv("SESSIONS", "sessions"), {"type": "secret_text", "name": "OAUTH_SECRET"}],
    "image-resizer": [
        {"type": "r2_bucket", "name": "UPLOADS", "bucket_name": "uploads"},
        _kv("ASSETS", "assets"),
        {"type": "images", "name": "IMAGES"},
    ],
    "redirects": [_kv("CONFIG", "config")],
    "cron-reports": [
        {"type": "d1", "name": "DB", **dict.fromkeys(("id", "database_id"), stable_uuid("d1", "orders"))},
        {"type": "r2_bucket", "name": "BACKUPS", "bucket_name": "backups"},
        {"type": "analytics_engine", "name": "METRICS", "dataset": "reports"},
        {"type": "secret_text", "name": "MAIL_TOKEN"},
    ],
    "webhook-relay": [
        _do("INBOX", "webhook-relay", "Inbox"),
        {"type": "queue", "name": "EMAILS", "queue_name": "emails"},
        {"type": "secret_text", "name": "HOOK_SECRET"},
    ],
    "chat-room": [
        _do("ROOM", "chat-room", "Room"),
        _do("LIMITER", "api-gateway", "RateLimiter", owner="api-gateway"),
        {"type": "version_metadata", "name": "VERSION"},
    ],
    "legacy-site": [{"type": "plain_text", "name": "ORIGIN", "text": "https://origin.example.com"}],
}
_SETTINGS: dict[str, Json] = {
    "api-gateway": {"placement": {"mode": "smart"}, "tags": ["team:platform", "tier-1"], "logpush": True},
    "image-resizer": {"limits": {"cpu_ms": 200}, "compatibility_flags": ["nodejs_compat"]},
    "cron-reports": {"observability": {"enabled": True, "head_sampling_rate": 0.5}},
    "redirects": {"tail_consumers": [{"service": "cron-reports"}]},
    "legacy-site": {"compatibility_date": "2021-11-02"},
}
_CRONS = {"cron-reports": ("0 6 * * *", "*/30 * * * MON-FRI"), "webhook-relay": ("*/5 * * * *",)}
_MIGRATED = ("api-gateway", "webhook-relay", "chat-room")


def seed_workers(store: Store) -> None:
    """Write the Workers, each with one deployed version, and the workers.dev name."""
    for name in SCRIPTS:
        worker = new_worker(name, stable_id("worker", name), CREATED)
        defaults = {**SETTINGS, "compatibility_date": "2026-01-15"}
        worker["settings"] = {"bindings": _BINDINGS[name], **defaults, **_SETTINGS.get(name, {})}
        stamps = {"created_on": CREATED, "modified_on": CREATED}
        worker["schedules"] = [{"cron": cron, **stamps} for cron in _CRONS.get(name, ())]
        worker["subdomain"] = {"enabled": name == "auth-edge", "previews_enabled": False}
        if name in _MIGRATED:
            worker["migration_tag"] = "v1"
        parts = _CODE[name]
        describe(worker, parts, parts[0].name, parts[0].content_type == _JS)
        version = stable_uuid("version", name)
        add_version(worker, worker, CHANGED, version)
        traffic = [{"version_id": version, "percentage": 100}]
        deploy(worker, CHANGED, traffic, stable_uuid("deployment", name))
        save_modules(store, ACCOUNT_ID, name, version, parts)
        save(store, ACCOUNT_ID, worker)
    store.put_document(SUBDOMAIN, ACCOUNT_ID, "", {"subdomain": SUBDOMAIN_NAME})


def seed_domains(store: Store) -> None:
    """Attach the custom domains with their DNS records, if their zone exists."""
    zones = {one["name"]: one["id"] for one in store.list_documents("zone", "")}
    for hostname, service in DOMAINS.items() if ZONE in zones else ():
        id, record = stable_id("worker.domain", hostname), stable_id("record", hostname)
        worker_domains.save_domain_record(store, zones[ZONE], record, hostname, CREATED)
        about = {"id": id, "hostname": hostname, "service": service, "environment": "production"}
        zone = {"zone_id": zones[ZONE], "zone_name": ZONE, "cert_id": stable_uuid("cert", hostname)}
        store.put_document(worker_domains.KIND, ACCOUNT_ID, id, {**about, **zone}, sort=hostname)
        store.put_document("worker.domain_record", ACCOUNT_ID, id, [zones[ZONE], record])
