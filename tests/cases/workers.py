"""The tasks of workers."""

from __future__ import annotations

import json
from pathlib import Path

from ops.sandbox.server import Sandbox
from tests.cases import Case, Read

CODE = "export default { async fetch(request) { return new Response('new') } };\n"
# The modules of earlier versions stay, as Cloudflare keeps them too.
MODULES = ("worker.module",)
BINDINGS = [{"type": "plain_text", "name": "STAGE", "text": "test"}]
MIGRATED = {
    "bindings": [{"type": "durable_object_namespace", "name": "COUNTER", "class_name": "Counter"}],
    "migrations": {"new_tag": "v1", "new_sqlite_classes": ["Counter"]},
}
DEPLOY = ("workers.deploy", "--path", "index.js", "--script")
CRONS = ("workers.schedules", "--script", "cron-reports")
ROUTE = ("--zone", "example.com", "--pattern")


def _code(_sandbox: Sandbox) -> None:
    Path("index.js").write_text(CODE)
    Path("bindings.json").write_text(json.dumps(BINDINGS))


def _migration(_sandbox: Sandbox) -> None:
    Path("index.js").write_text("export class Counter {}\n" + CODE)
    Path("bindings.json").write_text(json.dumps(MIGRATED))


SCRIPT = ("--script", "auth-edge")
READS = {
    "workers.list": Read(sends="GET .*/workers/scripts"),
    "workers.info": Read(SCRIPT, sends="GET .*/workers/scripts/auth-edge/settings"),
    "workers.stats": Read(SCRIPT, sends="POST /graphql"),
    "workers.download": Read(
        (*SCRIPT, "--to", "code", "--force"),
        sends="GET .*/workers/scripts/auth-edge",
        leaves="work/code/index.js",
    ),
    "workers.routes": Read(sends=r"GET /zones/\w+/workers/routes"),
    "workers.schedules": Read(("--script", "cron-reports"), sends="GET .*/cron-reports/schedules"),
    "workers.secrets": Read(SCRIPT, sends="GET .*/auth-edge/secrets"),
}

WRITES = {
    "workers.deploy": Case((*DEPLOY, "redirects"), arrange=_code, history=MODULES),
    "workers.deploy new": Case((*DEPLOY, "fresh"), arrange=_code, confirm="fresh", history=MODULES),
    "workers.deploy bindings": Case(
        (*DEPLOY, "cron-reports", "--bindings", "bindings.json"), arrange=_code, history=MODULES
    ),
    "workers.deploy migration": Case(
        (*DEPLOY, "fresh", "--bindings", "bindings.json"),
        arrange=_migration,
        reversible=False,
        why="cannot be undone: Durable Object migrations",
    ),
    # A script without secrets and Durable Objects: it would lose them permanently.
    "workers.delete": Case(
        ("workers.delete", "--script", "redirects", "--confirm", "redirects"),
        confirm="redirects",
        history=MODULES,
    ),
    "workers.route-create": Case(
        ("workers.route-create", *ROUTE, "example.com/shop/*", "--script", "auth-edge")
    ),
    "workers.route-delete": Case(("workers.route-delete", *ROUTE, "api.example.com/*", "--yes")),
    "workers.schedules": Case((*CRONS, "--set", "0 6 * * *", "--set", "5 5 * * *", "--yes")),
    "workers.schedules clear": Case((*CRONS, "--clear", "--yes")),
}
