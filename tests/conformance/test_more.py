"""R2, D1, queues and the newer model of Workers, compared with the second part of the official document."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
import requests

from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id

from .contract import Contract
from .document import load, required

Send = Callable[..., Any]

# Answers that the document's schema cannot describe: of queues and of one profile of devices it has results
# that are a list and an object, and consumers that are an object; of a deleted database a result that is null
# and an object.
UNDESCRIBED = ("/queues", "/devices/policy", "DELETE /d1")


@pytest.fixture(scope="session")
def more() -> Contract:
    required("jsonschema-rs", find_spec("jsonschema_rs") is not None)
    return Contract(load("openapi-more.json"))


@pytest.fixture
def send(sandbox: Sandbox, more: Contract) -> Send:
    """Return a function that sends a request of the account and checks it and its response."""

    def call(method: str, path: str, json: Any = None, *, status: int = 200, **headers: str) -> Any:
        path = f"/accounts/{sandbox.account_id}{path}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = f"Bearer {sandbox.token}"
        sent = requests.request(method, sandbox.url + path, json=json, headers=headers, timeout=10)
        body = sent.request.body
        data = body if isinstance(body, bytes) else b""
        media = dict(sent.request.headers)
        problems = more.check_request(method, path, "", media, data) if data else []
        if not any(one in f"{method} {path.partition(sandbox.account_id)[2]}" for one in UNDESCRIBED):
            problems += more.check_response(method, path, sent.status_code, dict(sent.headers), sent.content)
        # The operations that the document takes from the SDK have no errors.
        undocumented = f"status {sent.status_code} is not documented"
        assert [one for one in problems if not one.endswith(undocumented)] == []
        assert sent.status_code == status, sent.text
        answer = sent.json()
        return answer["result"] if answer["success"] else answer["errors"][0]["code"]

    return call


def test_a_bucket_is_created_read_changed_and_deleted(send: Send) -> None:
    created = send("POST", "/r2/buckets", {"name": "new-one", "locationHint": "enam"})
    assert (created["location"], created["storage_class"]) == ("enam", "Standard")

    changed = send("PATCH", "/r2/buckets/new-one", cf_r2_storage_class="InfrequentAccess")
    assert changed["storage_class"] == "InfrequentAccess"
    assert send("GET", "/r2/buckets/new-one") == changed
    assert send("POST", "/r2/buckets", {"name": "new-one"}, status=409) == 10004
    assert send("POST", "/r2/buckets", {"name": "new-one"}, cf_r2_jurisdiction="eu")["jurisdiction"] == "eu"
    send("DELETE", "/r2/buckets/new-one")

    for method in ("GET", "DELETE"):
        assert send(method, "/r2/buckets/new-one", status=404) == 10006
    assert send("GET", "/r2/buckets/new-one", cf_r2_jurisdiction="eu")["name"] == "new-one"


def test_a_database_is_created_read_changed_and_deleted(send: Send) -> None:
    created = send("POST", "/d1/database", {"name": "new-one"})
    path = f"/d1/database/{created['uuid']}"

    assert send("POST", "/d1/database", {"name": "new-one"}, status=400) == 7502
    assert send("PATCH", path, {"read_replication": {"mode": "auto"}})["read_replication"] == {"mode": "auto"}
    assert send("GET", "/d1/database/new-one") == send("GET", path)
    send("DELETE", path)

    for method in ("GET", "DELETE"):
        assert send(method, path, status=404) == 7404


def test_a_queue_and_its_consumer_are_created_changed_and_deleted(send: Send) -> None:
    created = send("POST", "/queues", {"queue_name": "new-one"})
    path = f"/queues/{created['queue_id']}"
    body = {"type": "worker", "script_name": "webhook-relay", "settings": {"batch_size": 3}}

    assert send("POST", "/queues", {"queue_name": "new-one"}, status=409) == 11009
    assert send("POST", "/queues", {"queue_name": "New One"}, status=400) == 11003
    changed = send("PATCH", path, {"settings": {"delivery_delay": 5}})
    assert changed["settings"] == {**created["settings"], "delivery_delay": 5}
    unknown = {**body, "script_name": "unknown"}
    assert send("POST", f"{path}/consumers", unknown, status=404) == 10007
    consumer = send("POST", f"{path}/consumers", body)
    assert send("POST", f"{path}/consumers", body, status=409) == 11004
    one = f"{path}/consumers/{consumer['consumer_id']}"
    assert send("PUT", one, {**body, "settings": {"batch_size": 4}})["settings"]["batch_size"] == 4
    assert [entry["consumer_id"] for entry in send("GET", path)["consumers"]] == [consumer["consumer_id"]]
    send("DELETE", one)
    assert send("DELETE", one, status=404) == 11002
    send("DELETE", path)

    for method in ("GET", "DELETE"):
        assert send(method, path, status=404) == 11000


def test_profiles_of_devices_are_created_read_changed_and_deleted(send: Send) -> None:
    body = {"name": "new", "match": 'identity.email == "b@example.com"', "precedence": 7, "auto_connect": 0}
    assert "fallback_domains" in send("GET", "/devices/policy")
    assert send("PATCH", "/devices/policy", {"switch_locked": True})["switch_locked"] is True
    send("PUT", "/devices/policy/exclude", [{"address": "10.0.0.0/8", "description": ""}])

    created = send("POST", "/devices/policy", body)
    path = f"/devices/policy/{created['policy_id']}"
    assert send("POST", "/devices/policy", body, status=409) == 2052
    send("PUT", f"{path}/fallback_domains", [{"suffix": "corp"}])
    send("PUT", f"{path}/include", [{"address": "10.0.0.0/8", "description": ""}])
    changed = send("PATCH", path, {"enabled": False})
    assert send("GET", path) == changed
    assert (changed["exclude"], changed["fallback_domains"]) == ([], [{"suffix": "corp"}])
    assert send("GET", f"{path}/include") == changed["include"]
    assert changed in send("GET", "/devices/policies")

    assert created["policy_id"] not in [one["policy_id"] for one in send("DELETE", path)]
    assert send("GET", path, status=404) == 2051


def test_the_producers_of_a_queue_follow_from_the_bindings_of_workers(send: Send) -> None:
    producers = {one["queue_name"]: one["producers"] for one in send("GET", "/queues")}

    assert {name: [one["script"] for one in found] for name, found in producers.items()} == {
        "emails": ["webhook-relay"],
        "webhooks": ["api-gateway"],
    }


def test_a_worker_is_read_and_changed_in_the_newer_model(send: Send) -> None:
    models = send("GET", "/workers/workers")
    path = f"/workers/workers/{models[0]['id']}"

    changed = send("PATCH", path, {"tags": ["team:one"], "subdomain": {"enabled": True}})

    assert (changed["tags"], changed["subdomain"]["enabled"]) == (["team:one"], True)
    assert send("GET", f"/workers/workers/{models[0]['name']}") == changed
    assert send("GET", "/workers/workers/unknown", status=404) == 10007


def test_a_snippet_is_created_read_and_deleted(sandbox: Sandbox, more: Contract) -> None:
    base = f"/zones/{zone_id('shop.example')}/snippets"
    form = {
        "metadata": (None, '{"main_module": "new.js"}', "application/json"),
        "files": ("new.js", "export default {}", "application/javascript+module"),
    }

    def call(method: str, path: str, files: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        sent = requests.request(method, sandbox.url + path, files=files, headers=headers, timeout=10)
        body = sent.request.body
        problems = (
            [] if files is None else more.check_request(method, path, "", dict(sent.request.headers), body)
        )
        problems += more.check_response(method, path, sent.status_code, dict(sent.headers), sent.content)
        assert problems == []
        return sent

    created = call("PUT", f"{base}/new", form).json()["result"]
    assert created in call("GET", base).json()["result"]
    assert call("GET", f"{base}/new").json()["result"] == created
    assert b'filename="new.js"' in call("GET", f"{base}/new/content").content
    call("DELETE", f"{base}/new")
    assert call("GET", f"{base}/new").status_code == 404


def test_a_dispatch_namespace_is_created_read_and_deleted(send: Send) -> None:
    path = "/workers/dispatch/namespaces"
    created = send("POST", path, {"name": "new"})

    assert created in send("GET", path)
    assert send("GET", f"{path}/new") == created
    send("DELETE", f"{path}/new")
    assert created not in send("GET", path)


def test_a_workflow_is_created_read_changed_and_deleted(send: Send) -> None:
    body = {"class_name": "New", "script_name": "cron-reports"}
    send("PUT", "/workflows/new", body)

    assert send("PUT", "/workflows/new", {**body, "script_name": "none"}, status=404) == 10007
    assert send("PUT", "/workflows/new", {**body, "class_name": "Newer"})["class_name"] == "Newer"
    assert send("GET", "/workflows/new") in send("GET", "/workflows")
    send("DELETE", "/workflows/new")
    assert send("GET", "/workflows/new", status=404) == 1002


def test_a_site_of_web_analytics_is_created_read_changed_and_deleted(send: Send) -> None:
    created = send("POST", "/rum/site_info", {"host": "new.example.com", "auto_install": False})
    path = f"/rum/site_info/{created['site_tag']}"

    changed = send("PUT", path, {"host": "newer.example.com", "auto_install": False})
    assert changed["host"] == "newer.example.com"
    assert send("GET", path) == changed
    assert changed in send("GET", "/rum/site_info/list")
    send("DELETE", path)
    assert send("GET", path, status=404) == 1002


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_email_routing_is_switched(sandbox: Sandbox, more: Contract, method: str) -> None:
    path = f"/zones/{zone_id('shop.example')}/email/routing/dns"
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    answer = requests.request(method, sandbox.url + path, headers=headers, timeout=10)

    assert answer.json()["result"]["enabled"] == (method == "POST")
    assert more.check_response(method, path, answer.status_code, dict(answer.headers), answer.content) == []
