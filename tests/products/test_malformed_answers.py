"""A 2xx of another shape than documented is a malformed answer: Workers, SSL and cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses

from ops.errors import MalformedAnswer
from ops.http.client import Client
from ops.kinds.code import MODULE
from ops.kinds.resource import Owner
from ops.products.cache import api as cache
from ops.products.ssl import api as ssl
from ops.products.workers import api as workers
from ops.products.workers.resources import RESOURCES
from ops.products.zones import api as zones
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope

ACCOUNT, ZONE = "a" * 32, "1" * 32
OWNER, IN_ZONE = Owner(ACCOUNT, ACCOUNT, {}), Owner(ACCOUNT, ZONE, {"id": ZONE})
NEW = {"id": "s", "bindings": [], "entry_point": "m.js", "media_types": {"m.js": MODULE}, "module m.js": b""}
SCRIPTS = f"/accounts/{ACCOUNT}/workers/scripts"
Call = Callable[[Client], Any]
SUBDOMAIN = next(kind for kind in RESOURCES if kind.kind == "workers.subdomain")

# What is called, its path, and a result that is not as documented.
ANSWERS: dict[str, tuple[Call, str, list[Any]]] = {
    "list scripts": (
        lambda c: list(workers.list_scripts(c, ACCOUNT)), SCRIPTS, [[{}], [{"id": 1}], [[]], {}, "text"]
    ),
    "settings": (
        lambda c: workers.get_settings(c, ACCOUNT, "s"), f"{SCRIPTS}/s/settings",
        [[], "text", {"bindings": {}}, {"bindings": [1]}, {"bindings": [{}]}, {"bindings": [{"name": "A"}]}],
    ),
    "list schedules": (
        lambda c: list(workers.list_schedules(c, ACCOUNT, "s")), f"{SCRIPTS}/s/schedules",
        [{}, {"schedules": {}}, {"schedules": [{}]}, {"schedules": [{"cron": None}]}],
    ),
    "workers.dev": (
        lambda c: workers.get_script_subdomain(c, ACCOUNT, "s"), f"{SCRIPTS}/s/subdomain", [[], "text", 1]
    ),
    "list domains": (
        lambda c: list(workers.list_domains(c, ACCOUNT)), f"/accounts/{ACCOUNT}/workers/domains",
        [[{}], [{"hostname": "a"}], [{"service": "a"}], [{"hostname": 1, "service": "a"}]],
    ),
    "subdomain": (
        lambda c: list(SUBDOMAIN.list(c, OWNER)),
        f"/accounts/{ACCOUNT}/workers/subdomain", [[], 1, "text", None],
    ),
    "list routes": (
        lambda c: list(workers.list_routes(c, ZONE)), f"/zones/{ZONE}/workers/routes",
        [[{}], [{"pattern": 1}], [{"pattern": "a", "script": {}}]],
    ),
    "list packs": (
        lambda c: list(ssl.list_packs(c, ZONE)), f"/zones/{ZONE}/ssl/certificate_packs",
        [[{}], [{"id": "p", "hosts": "a"}], [{"id": "p", "hosts": [1]}], [{"id": "p", "certificates": [1]}],
         [{"id": "p", "status": []}]],
    ),
    "universal": (
        lambda c: zones.get_universal_ssl(c, ZONE), f"/zones/{ZONE}/ssl/universal/settings",
        [[], {}, {"enabled": "on"}, {"enabled": 1}],
    ),
    "proxied names": (
        lambda c: list(ssl.list_proxied_names(c, ZONE)), f"/zones/{ZONE}/dns_records",
        [[{"id": "r", "proxied": True}], [{"id": "r", "proxied": True, "name": 1}]],
    ),
    "cache settings": (
        lambda c: list(cache.list_settings(c, ZONE)), f"/zones/{ZONE}/settings", [[{}], [{"id": 1}], {}]
    ),
    "cache part": (
        lambda c: cache.get_part(c, ZONE, "variants"), f"/zones/{ZONE}/cache/variants", [[], "on", 1]
    ),
}  # fmt: skip
WRITES: dict[str, tuple[Call, str, str, list[Any]]] = {
    "upload": (
        lambda c: workers.upload_script(c, OWNER, NEW, None),
        "PUT", f"{SCRIPTS}/s", [[], "text"],
    ),
    "edit settings": (
        lambda c: workers.edit_settings(c, Owner(ACCOUNT, "s", {}), {}, {"tags": []}),
        "PATCH", f"{SCRIPTS}/s/settings", [[], {"bindings": [{}]}],
    ),
    "put schedules": (
        lambda c: workers.put_schedules(c, ACCOUNT, "s", ["* * * * *"]), "PUT", f"{SCRIPTS}/s/schedules",
        [[], {}, {"schedules": [{}]}],
    ),
    "set workers.dev": (
        lambda c: workers.set_script_subdomain(c, ACCOUNT, "s", {}), "POST", f"{SCRIPTS}/s/subdomain", [[], 1]
    ),
    "attach a domain": (
        lambda c: workers.attach_domain(c, OWNER, {}), "PUT", f"/accounts/{ACCOUNT}/workers/domains",
        [[], {}, {"hostname": "a"}],
    ),
    "create a route": (
        lambda c: workers.create_route(c, IN_ZONE, {}), "POST", f"/zones/{ZONE}/workers/routes", [[], {}]
    ),
    "update a route": (
        lambda c: workers.update_route(c, IN_ZONE, {"id": "r"}, {}), "PUT", f"/zones/{ZONE}/workers/routes/r",
        [[], "text"],
    ),
    "edit universal": (
        lambda c: ssl.edit_universal(c, ZONE, enabled=True), "PATCH", f"/zones/{ZONE}/ssl/universal/settings",
        [[], {}],
    ),
    "edit a cache part": (
        lambda c: cache.edit_part(c, IN_ZONE, {"id": "variants"}, {"value": {}}), "PATCH",
        f"/zones/{ZONE}/cache/variants",
        [[], "on"],
    ),
}  # fmt: skip


def cases() -> Iterator[Any]:
    for name, (call, where, results) in ANSWERS.items():
        yield from (pytest.param(call, "GET", where, result, id=f"{name}: {result}") for result in results)
    for name, (call, method, where, results) in WRITES.items():
        yield from (pytest.param(call, method, where, result, id=f"{name}: {result}") for result in results)


@pytest.mark.parametrize(("call", "method", "where", "result"), list(cases()))
def test_a_result_of_another_shape_is_a_malformed_answer(
    client: Client, http: responses.RequestsMock, call: Call, method: str, where: str, result: Any
) -> None:
    http.add(method, f"{API}{where}", json=envelope(result))

    with pytest.raises(MalformedAnswer) as refusal:
        call(client)

    assert refusal.value.exit_code == 2


@pytest.mark.parametrize(
    ("path", "result", "line"),
    [
        ("*/workers/scripts", [{}], ("workers.list", "--routes", "none")),
        ("*/workers/scripts", [{}], ("workers.info", "--script", "redirects", "--routes", "none")),
        ("*/schedules", {"schedules": [{}]}, ("workers.schedules", "--script", "cron-reports")),
        ("*/settings", [], ("workers.delete", "--script", "redirects", "--confirm", "redirects")),
        (
            "*/workers/routes", [{}],
            ("workers.route-delete", "--zone", "example.com", "--pattern", "example.com/*"),
        ),
        ("*/certificate_packs*", [{}], ("ssl.packs", "--zone", "example.com")),
    ],
)  # fmt: skip
def test_a_task_that_meets_one_ends_in_a_sentence(
    staged: Sandbox, inv: Any, path: str, result: Any, line: tuple[str, ...]
) -> None:
    fault = staged.faults.parse(f"malformed GET {path} times=-1")
    fault.args["body"] = json.dumps(
        {"success": True, "result": result, "errors": [], "messages": []}
    ).encode()

    done = inv(*line)

    assert done.code == 2, done.err
    assert "the response is not as documented" in done.err
    assert "Traceback" not in done.err
