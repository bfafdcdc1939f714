"""For each check of TLS, Workers and the account: what it finds, what it must not report, what is unknown."""

from __future__ import annotations

from typing import Any

from ops.items import Json
from tests.checks.building import Given, record

WWW = record("A", "www", "198.51.100.7", proxied=True)
DEEP = record("A", "a.b", "198.51.100.7", proxied=True)
PLAIN = record("A", "www", "198.51.100.7")
SETTINGS = Given(unread=("zones.setting",))


def pack(ends: str, *hosts: str, status: str = "active", **more: Any) -> Json:
    certificate = {"expires_on": ends, "uploaded_on": "2026-09-01T00:00:00Z"}
    facts = {
        "id": f"{status}{ends}",
        "type": "universal",
        "status": status,
        "hosts": list(hosts or ("example.com",)),
    }
    return {**facts, "certificates": [certificate], "validity_days": 90, **more}


def setting(value: Any, id: str = "ssl", *records: Json, **more: Any) -> Given:
    return Given(records or [WWW], settings={id: value}, **more)


def config_rule(ssl: str) -> Json:
    rule = {"expression": "true", "action": "set_config", "action_parameters": {"ssl": ssl}}
    return {"id": "r", "phase": "http_config_settings", "kind": "zone", "name": "c", "rules": [rule]}


def redirect_rule() -> Json:
    rule = {"expression": "not ssl", "action": "redirect", "enabled": True}
    return {"id": "r", "phase": "http_request_dynamic_redirect", "kind": "zone", "name": "r", "rules": [rule]}


def domain(ends: str, *, auto_renew: bool) -> Json:
    return {"id": "1", "name": "example.com", "expires_at": ends, "auto_renew": auto_renew, "locked": True}


def header(age: int) -> Json:
    return {"strict_transport_security": {"enabled": bool(age), "max_age": age}}


def route(pattern: str, script: str | None, **more: Any) -> Json:
    return {"id": pattern, "pattern": pattern, "script": script, **more}


def bound(type: str, **more: Any) -> Json:
    return {
        "bindings": [{"name": "X", "type": type, **more}],
        "compatibility_date": "2026-01-01",
        "logpush": True,
    }


def text(name: str, value: str) -> Given:
    settings = {"bindings": [{"name": name, "type": "plain_text", "text": value}]}
    return Given(scripts={"api": settings})


NO_RULES = {"rulesets.zone": [], "pagerules.rule": []}
NO_DOMAINS: dict[str, list[Json]] = {"workers.domain": []}
NOTHING: dict[str, list[Json]] = {
    name: []
    for name in (
        "kv.namespace",
        "r2.bucket",
        "d1.database",
        "queues.queue",
        "pages.project",
        "workers.domain",
        "workflows.workflow",
    )
}
EXISTS = {**NO_DOMAINS, "workers.script": [{"id": "api"}]}
GOOD = {"bindings": [], "compatibility_date": "2026-01-01", "logpush": True}
CALLED = {"workers.route": [route("www.example.com/*", "api")]}
OFF = {"enabled": False}

FOUND = {
    "tls-mode": [(setting("flexible"), ["ssl"]), (setting("off"), ["ssl"])],
    "tls-not-strict": [(setting("full"), ["ssl"])],
    "tls-min": [(setting("1.0", "min_tls_version"), ["min_tls_version"])],
    "https-redirect": [(setting("off", "always_use_https", inside=NO_RULES), ["always_use_https"])],
    "hsts": [
        (setting(header(0), "security_header"), ["security_header"]),
        (setting(header(86_400), "security_header"), ["security_header"]),
    ],
    "cert-ends": [
        (
            Given(inside={"ssl.pack": [pack("2026-11-30T00:00:00Z")], "ssl.certificate": []}),
            ["example.com universal"],
        ),
        (
            Given(inside={"ssl.pack": [pack("2026-11-20T00:00:00Z")], "ssl.certificate": []}),
            ["example.com universal"],
        ),
        (
            Given(
                inside={
                    "ssl.pack": [pack("x", status="pending_validation", created_on="2026-11-01T00:00:00Z")],
                    "ssl.certificate": [
                        {
                            "id": "c",
                            "hosts": ["pay.example.com"],
                            "status": "active",
                            "uploaded_on": "2026-01-01T00:00:00Z",
                            "expires_on": "2027-01-01T00:00:00Z",
                        }
                    ],
                }
            ),
            ["example.com universal", "pay.example.com custom"],
        ),
    ],
    "cert-not-covering": [
        (
            Given(
                [WWW, DEEP],
                inside={
                    "ssl.pack": [pack("2027-01-01T00:00:00Z", "example.com", "*.example.com")],
                    "ssl.certificate": [],
                    "ssl.hostname": [],
                },
            ),
            ["a.b.example.com A"],
        )
    ],
    "route-without-script": [
        (
            Given(inside={"workers.route": [route("www.example.com/*", "gone")]}, account=EXISTS),
            ["www.example.com/*"],
        )
    ],
    "route-without-record": [
        (
            Given(inside={"workers.route": [route("api.example.com/*", "api")]}, account=EXISTS),
            ["api.example.com/*"],
        )
    ],
    "route-on-unproxied": [(Given([PLAIN], inside=CALLED, account=EXISTS), ["www.example.com/*"])],
    "binding-to-nothing": [
        (Given(scripts={"api": bound("kv_namespace", namespace_id="gone")}, account=NOTHING), ["api X"]),
        (Given(scripts={"api": bound("service", service="gone")}, account=NOTHING), ["api X"]),
        (Given(scripts={"api": bound("r2_bucket", bucket_name="gone")}, account=NOTHING), ["api X"]),
    ],
    "secret-in-plain-text": [
        (text("API_TOKEN", "anything"), ["api API_TOKEN"]),
        (text("DATABASE", "postgres://root:hunter2hunter2@db.example.com/x"), ["api DATABASE"]),
        (text("SOMETHING", "AKIA" + "ABCDEFGH" * 2), ["api SOMETHING"]),
    ],
    "worker-hygiene": [
        (
            Given(
                scripts={"api": {**GOOD, "compatibility_date": "2021-11-02"}},
                inside=CALLED,
                account=NOTHING | {"workers.script_subdomain": []},
            ),
            ["api"],
        ),
        (Given(scripts={"api": {**GOOD, "logpush": False}}, account=NOTHING), ["api"]),
        # Nothing calls it.
        (
            Given(
                scripts={"api": GOOD},
                inside={"workers.route": []},
                account=NOTHING | {"workers.script_subdomain": []},
            ),
            ["api"],
        ),
    ],
    "unused": [
        (
            Given(
                scripts={"api": GOOD},
                inside={"workers.route": []},
                account=NOTHING | {"kv.namespace": [{"id": "1", "title": "sessions"}]},
            ),
            ["kv.namespace sessions"],
        )
    ],
    "zone-dead": [
        (Given(zone={"status": "moved"}), ["example.com"]),
        (Given(zone={"status": "pending", "created_on": "2026-10-01T00:00:00Z"}), ["example.com"]),
    ],
    "domain-ends": [
        (
            Given(
                account={
                    "registrar.domain": [
                        {
                            "id": "1",
                            "name": "example.com",
                            "expires_at": "2026-12-01T00:00:00Z",
                            "auto_renew": False,
                            "locked": False,
                        }
                    ]
                }
            ),
            ["example.com", "example.com"],
        ),
        # One that ends later is not renewed all the same.
        (
            Given(account={"registrar.domain": [domain("2027-06-01T00:00:00Z", auto_renew=False)]}),
            ["example.com"],
        ),
    ],
    "account": [
        (
            Given(
                account={
                    "accounts.account": [{"id": "1", "name": "A", "settings": {"enforce_twofactor": False}}],
                    "accounts.member": [
                        {
                            "id": "1",
                            "name": "m",
                            "status": "accepted",
                            "user": {"email": "anna@example.com", "two_factor_authentication_enabled": False},
                        }
                    ],
                    "accounts.token": [
                        {
                            "id": "1",
                            "name": "deploy",
                            "status": "active",
                            "last_used_on": "2026-01-01T00:00:00Z",
                        }
                    ],
                    "r2.managed_domain": [
                        {"id": "1", "name": "b", "domain": "pub-1.r2.dev", "enabled": True}
                    ],
                    "notifications.policy": [],
                }
            ),
            ["enforce_twofactor", "anna@example.com", "deploy", "pub-1.r2.dev", "certificate notification"],
        )
    ],
}
NOT_FOUND = {
    "tls-mode": [
        setting("flexible", "ssl", PLAIN),
        setting("flexible", "ssl", inside={"rulesets.zone": [config_rule("strict")]}),
        setting("full"),
    ],
    "tls-not-strict": [
        setting("full", "ssl", record("CNAME", "www", "1.cfargotunnel.com", proxied=True)),
        Given([WWW], settings={"ssl": "full", "ssl_automatic_mode": "auto"}),
        setting("origin_pull"),
    ],
    "tls-min": [setting("1.2", "min_tls_version"), setting("1.0", "min_tls_version", PLAIN)],
    "https-redirect": [
        setting("off", "always_use_https", inside={**NO_RULES, "rulesets.zone": [redirect_rule()]}),
        setting("on", "always_use_https"),
    ],
    "hsts": [setting(header(31_536_000), "security_header"), setting(header(0), "security_header", PLAIN)],
    "cert-ends": [
        Given(
            inside={
                "ssl.pack": [
                    pack("2026-11-23T00:00:00Z", status="backup_issued"),
                    pack("2027-01-20T00:00:00Z"),
                ],
                "ssl.certificate": [
                    {"id": "c", "status": "deleted", "expires_on": "2026-11-23T00:00:00Z"},
                ],
            }
        ),
        Given(zone={"status": "moved"}, inside={"ssl.pack": [pack("2026-11-20T00:00:00Z")]}),
    ],
    "cert-not-covering": [
        Given(
            [DEEP], inside={"ssl.pack": [pack("2027-01-01T00:00:00Z", "a.b.example.com", type="advanced")]}
        ),
        Given(
            [DEEP],
            inside={
                "ssl.pack": [],
                "ssl.certificate": [],
                "ssl.hostname": [{"id": "1", "hostname": "a.b.example.com"}],
            },
        ),
    ],
    "route-without-script": [
        Given(inside={"workers.route": [route("www.example.com/x", None)]}, account=EXISTS),
        Given(
            inside={"workers.route": [route("www.example.com/*", "api-staging", environment="staging")]},
            account=EXISTS,
        ),
    ],
    "route-without-record": [
        Given([record("A", "*", "198.51.100.1")], inside=CALLED, account=EXISTS),
        Given(inside=CALLED, account=EXISTS, zone={"type": "partial"}),
        Given(
            inside=CALLED,
            account=EXISTS
            | {"workers.domain": [{"id": "1", "hostname": "www.example.com", "service": "api"}]},
        ),
        Given([WWW], inside={"workers.route": [route("*.example.com/*", "api")]}, account=EXISTS),
    ],
    "route-on-unproxied": [
        Given([WWW], inside=CALLED, account=EXISTS),
        Given([record("A", "*", "198.51.100.1", proxied=True)], inside=CALLED, account=EXISTS),
        Given([PLAIN], inside=CALLED, account=EXISTS, zone={"type": "partial"}),
    ],
    "binding-to-nothing": [
        Given(scripts={"api": bound("r2_bucket", bucket_name="gone", jurisdiction="eu")}, account=NOTHING),
        Given(
            scripts={"api": bound("service", service="auth")},
            account=NOTHING,
            elsewhere={"workers.script": [{"id": "auth"}]},
        ),
        Given(
            scripts={"api": bound("queue", queue_name="q")},
            account=NOTHING | {"queues.queue": [{"queue_id": "1", "queue_name": "q"}]},
        ),
        Given(scripts={"api": bound("secret_text")}, account=NOTHING),
    ],
    "secret-in-plain-text": [
        text("TOKEN_URL", "https://example.com/token"),
        text("PUBLIC_API_KEY", "x"),
        text("SECRET_NAME", "prod/db"),
        text("STAGE", "production"),
    ],
    "worker-hygiene": [
        Given(
            scripts={"api": GOOD, "logs": GOOD, "jobs": {**GOOD, "tail_consumers": [{"service": "logs"}]}},
            inside=CALLED,
            account=NOTHING
            | {
                "queues.queue": [{"queue_id": "1", "queue_name": "q", "consumers": [{"script": "jobs"}]}],
                "workers.script_subdomain": [],
            },
        ),
    ],
    "unused": [
        Given(
            scripts={"api": bound("kv_namespace", namespace_id="1")},
            inside={"workers.route": []},
            account=NOTHING | {"kv.namespace": [{"id": "1", "title": "sessions"}]},
        ),
        Given(
            scripts={"api": GOOD},
            inside={"workers.route": []},
            account=NOTHING
            | {
                "d1.database": [{"uuid": "1", "name": "shop"}],
                "pages.project": [
                    {"name": "p", "deployment_configs": {"production": {"d1_databases": {"DB": {"id": "1"}}}}}
                ],
            },
        ),
    ],
    "zone-dead": [Given(zone={"status": "pending", "created_on": "2026-11-20T00:00:00Z"}), Given()],
    "domain-ends": [
        Given(account={"registrar.domain": [domain("2026-12-01T00:00:00Z", auto_renew=True)]}),
    ],
    "account": [
        Given(
            account={
                "accounts.account": [{"id": "1", "name": "A", "settings": {"enforce_twofactor": True}}],
                "accounts.member": [
                    {
                        "id": "1",
                        "name": "m",
                        "status": "accepted",
                        "sso": True,
                        "user": {"email": "anna@example.com", "two_factor_authentication_enabled": False},
                    }
                ],
                "accounts.token": [
                    {
                        "id": "1",
                        "name": "deploy",
                        "status": "active",
                        "last_used_on": "2026-11-20T00:00:00Z",
                        "expires_on": "2027-01-01T00:00:00Z",
                        "condition": {"request_ip": {"in": ["198.51.100.1"]}},
                    },
                    {"id": "2", "name": "former", "status": "disabled"},
                ],
                "r2.managed_domain": [{"id": "1", "name": "b", "domain": "pub-1.r2.dev", "enabled": False}],
                "notifications.policy": [
                    {"id": "1", "name": "p", "enabled": True, "alert_type": "universal_ssl_event_type"}
                ],
            }
        ),
    ],
}
UNKNOWN = {
    **{name: (SETTINGS, {"zones.setting"}) for name in ("tls-mode", "tls-not-strict", "tls-min", "hsts")},
    "https-redirect": (setting("off", "always_use_https"), {"rulesets.zone"}),
    "cert-ends": (Given(inside={"ssl.pack": [pack("2027-01-20T00:00:00Z")]}), {"ssl.certificate"}),
    "cert-not-covering": (Given([DEEP], inside={"ssl.pack": []}), {"ssl.certificate"}),
    "route-without-script": (
        Given(inside=CALLED, account=EXISTS, unread=("workers.script",)),
        {"workers.script"},
    ),
    "route-without-record": (Given(inside=CALLED, account=EXISTS, unread=("dns.record",)), {"dns.record"}),
    "route-on-unproxied": (Given(inside=CALLED, account=EXISTS, unread=("dns.record",)), {"dns.record"}),
    "binding-to-nothing": (
        Given(
            scripts={"api": bound("kv_namespace", namespace_id="1")},
            account=NOTHING,
            unread=("kv.namespace",),
        ),
        {"kv.namespace"},
    ),
    "secret-in-plain-text": (
        Given(scripts={"api": GOOD}, unread=("workers.settings",)),
        {"workers.settings"},
    ),
    "worker-hygiene": (
        Given(scripts={"api": GOOD}, account=NOTHING, inside=CALLED),
        {"workers.script_subdomain"},
    ),
    "unused": (
        Given(
            scripts={"api": GOOD},
            account=NOTHING | {"kv.namespace": [{"id": "1", "title": "sessions"}]},
            unread=("workers.settings",),
        ),
        {"workers.settings"},
    ),
    "zone-dead": (Given(zone={"status": "active"}, unread=("zones.zone",)), {"zones.zone"}),
    "domain-ends": (Given(), {"registrar.domain"}),
    "account": (
        Given(),
        {
            "accounts.account",
            "accounts.member",
            "accounts.token",
            "r2.managed_domain",
            "notifications.policy",
        },
    ),
}
