"""The Workers of a new sandbox, in every form, and KV namespaces with names that break careless clients."""

from __future__ import annotations

import json

from ops.sandbox.routes import worker_domains
from ops.sandbox.routes.kv import KIND, Pair, write
from ops.sandbox.routes.worker_code import SETTINGS, Module, describe
from ops.sandbox.routes.worker_state import add_version, deploy, save, save_modules
from ops.sandbox.routes.workers import SUBDOMAIN
from ops.sandbox.routes.workers_upload import new_worker
from ops.sandbox.store import ACCOUNT_ID, SCRIPTS, Json, Store, stable_id, stable_uuid
from ops.sandbox.wire import dumps

TITLES = ("sessions", "config", "assets", "feature-flags")
# 2100-01-01: late enough that the seed does not change with time.
EXPIRES = 4102444800
# More than one page of a listing.
SESSIONS = 1250
FLAGS = ("beta-search", "dark-mode", "new-checkout", "queue-emails", "rate-limits", "signup", "sso", "webp")
AWKWARD_NAMES = (
    *("a/b/c", "/leading/slash", "trailing/slash/", "...", ".hidden", "C:\\back\\slash", "CON"),
    *("100%", "50%25 off", "%2e%2e", "what?", "page#anchor", "a+b", "a;b=c&d", "@at", "*", "{braces}"),
    *("key with spaces", " leading space", "line\nbreak", "evil\u202etxt.exe", "zero\u200bwidth"),
    *("-leading-dash", "--help", "=1+1", 'double "quotes"', "it's", "<script>alert(1)</script>"),
    *("$(echo key)", "UPPER", "upper", "é", "e\u0301", "日本語", "💥", "x" * 512, "é" * 256),
)
BINARY_VALUES = {
    "every-byte.bin": bytes(range(256)),
    "empty": b"",
    "nul": b"\x00",
    "invalid-utf8.txt": b"caf\xe9 \xff\xfe",
    "lone-surrogate.txt": b"\xed\xa0\x80",
    "crlf.txt": b"one\r\ntwo\rthree\n",
    "bom.txt": b"\xef\xbb\xbfbom",
    "utf8.txt": "grün, 日本, 💥".encode(),
    "images/logo.png": b"\x89PNG\r\n\x1a\n" + bytes(range(255, -1, -1)) * 64,
    "fonts/body.woff2": b"wOF2" + bytes((n * 7) % 251 for n in range(40_000)),
}


def namespace_id(title: str) -> str:
    """Return the id of a seeded namespace."""
    return stable_id("kv.namespace", title)


def seed_kv(store: Store) -> None:
    """Write four namespaces and their pairs."""
    flag = dumps({"owner": "platform", "since": "2026-03-01", "note": "é"})
    pairs: dict[str, list[Pair]] = {title: [] for title in TITLES}
    for number in range(SESSIONS):
        value = json.dumps({"user": number, "role": "admin" if number % 50 == 0 else "user"}).encode()
        name = f"session:{stable_id('session', number)}"
        pairs["sessions"].append(Pair(name, value, dumps({"user": number}), EXPIRES + number))
    pairs["config"] = [Pair(name, f"value of {name!r}".encode()) for name in AWKWARD_NAMES]
    for name, value in BINARY_VALUES.items():
        type = "text/plain" if name.endswith(".txt") else "application/octet-stream"
        pairs["assets"].append(Pair(name, value, dumps({"type": type})))
    for number, name in enumerate(FLAGS):
        value = json.dumps({"on": number % 2 == 0, "percent": number * 10}).encode()
        pairs["feature-flags"].append(Pair(name, value, flag))
    for title in TITLES:
        body = {"id": namespace_id(title), "title": title, "supports_url_encoding": True}
        store.put_document(KIND, ACCOUNT_ID, namespace_id(title), body, sort=title)
        write(store, namespace_id(title), pairs[title], now=0.0)


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
