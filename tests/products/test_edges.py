"""An edge of a product each: what its API answers seldom, and what a user gets wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses

from ops.errors import ApiError, NotFound
from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Change, Owner
from ops.products.audit import api as audit
from ops.products.lists import api as lists
from ops.products.lists.resources import ITEM
from ops.products.rulesets.api import canonical
from ops.products.ssl.api import lifetime, pack_lifetime
from ops.products.workers import source
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID, zone_id
from tests.conftest import API, Result
from tests.products.answers import envelope, refusal
from tests.products.writing import answer

Inv = Callable[..., Result]
LIST = Owner(ACCOUNT_ID, "b" * 32, {})
QUEUE = Owner(ACCOUNT_ID, "c" * 32, {})
CODE = b"export default {}\n"
TWO = {"d/a.js": CODE, "d/b.js": CODE}
LARGE = CODE + b"/" * (600 << 10)


def test_views_are_not_changes_of_the_audit_log(client: Client, http: responses.RequestsMock) -> None:
    entries = [
        {"id": "1", "action": {"type": "update"}, "raw": {"method": "PUT"}},
        {"id": "2", "action": {"type": "view"}, "raw": {"method": "POST"}},
        {"id": "3", "action": {"type": "create"}, "raw": {"method": "GET"}},
    ]
    http.get(f"{API}/accounts/{ACCOUNT_ID}/logs/audit", json=envelope(entries, count=3, cursor=""))

    found = audit.changes(client, ACCOUNT_ID, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")

    assert [one["id"] for one in found] == ["1"]


def test_items_of_a_list_are_deleted_without_a_request_that_creates(
    client: Client, http: responses.RequestsMock
) -> None:
    where = f"{API}/accounts/{ACCOUNT_ID}/rules/lists"
    http.delete(f"{where}/{LIST.id}/items", json=envelope({"operation_id": "op"}))
    http.get(f"{where}/bulk_operations/op", json=envelope({"status": "completed"}))
    http.get(f"{where}/{LIST.id}/items", json=envelope([]))

    gone = lists.change_items(client, LIST, [Change(ITEM, LIST, {"id": "1", "ip": "192.0.2.1"}, None)])

    assert gone == [None]
    assert http.calls[0].request.body == b'{"items": [{"id": "1"}]}'


def test_a_change_of_a_list_that_takes_too_long_is_an_error(
    client: Client, http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "pause", lambda _seconds, _why: None)
    where = f"{API}/accounts/{ACCOUNT_ID}/rules/lists"
    http.post(f"{where}/{LIST.id}/items", json=envelope({"operation_id": "op"}))
    http.get(f"{where}/bulk_operations/op", json=envelope({"status": "running"}))

    with pytest.raises(ApiError, match="the list is still being changed"):
        lists.change_items(client, LIST, [Change(ITEM, LIST, None, {"ip": "192.0.2.1"})])


def test_a_consumer_is_found_among_others_and_changed_by_its_id(
    client: Client, http: responses.RequestsMock
) -> None:
    where = f"{API}/accounts/{ACCOUNT_ID}/queues/{QUEUE.id}/consumers"
    pull = {"consumer_id": "1", "type": "http_pull", "settings": {"batch_size": 5}}
    push = {"consumer_id": "2", "type": "worker", "script": "mail", "settings": {"batch_size": 10}}
    http.get(where, json=envelope([pull, push]))
    http.put(f"{where}/2", json=envelope(push))
    writes = kinds()["queues.consumer"].writes
    assert writes
    assert writes.update

    found = writes.find(client, QUEUE, {"type": "worker", "script_name": "mail"})
    absent = writes.find(client, QUEUE, {"type": "worker", "script_name": "other"})
    writes.update(client, QUEUE, push, push | {"settings": {"batch_size": 20}})

    assert (found, absent) == (push, None)
    sent = json.loads(http.calls[-1].request.body or "")
    assert sent == {"type": "worker", "settings": {"batch_size": 20}, "script_name": "mail"}


@pytest.mark.parametrize(
    ("kind", "item", "used"),
    [
        ("queues.queue", {"consumers": [{"type": "http_pull"}, {"script_name": "mail"}]}, ["mail"]),
        (
            "pages.project",
            {
                "deployment_configs": {
                    "preview": {"kv_namespaces": {"A": None, "B": {}, "C": {"namespace_id": "n"}}},
                    "production": {},
                }
            },
            ["n"],
        ),
    ],
)
def test_what_an_item_uses_is_what_it_names(kind: str, item: Any, used: list[str]) -> None:
    uses = kinds()[kind].uses
    assert uses

    assert [name for _, name in uses.of(ACCOUNT_ID, item)] == used


@pytest.mark.parametrize("code", [10006, 10059])
def test_a_part_of_a_bucket_is_absent_only_if_the_bucket_exists(
    client: Client, http: responses.RequestsMock, code: int
) -> None:
    bucket = Owner(ACCOUNT_ID, "media", {"name": "media"})
    where = f"{API}/accounts/{ACCOUNT_ID}/r2/buckets/media/cors"
    http.get(where, json=refusal(code, "missing"), status=404)

    if code == 10059:
        assert list(kinds()["r2.cors"].list(client, bucket)) == []
        return
    with pytest.raises(NotFound):
        list(kinds()["r2.cors"].list(client, bucket))


def test_only_a_reference_that_somebody_chose_distinguishes_a_rule() -> None:
    plain = canonical({"rules": [{"id": "1", "ref": "1", "action": "block"}, {"id": "2", "ref": "chosen"}]})

    assert plain["rules"] == [{"action": "block"}, {"ref": "chosen"}]


@pytest.mark.parametrize("kind", ["managed", "zone"])
def test_rules_that_cannot_be_restored_are_skipped_with_the_reason(
    staged: Sandbox, inv: Inv, kind: str
) -> None:
    staged.limiter.quota = None
    store, zone = staged.store, zone_id("example.com")
    store.run("DELETE FROM document WHERE kind LIKE '%ruleset'")
    about = {"id": "d" * 32, "name": "own", "kind": kind, "phase": "http_request_firewall_custom"}
    ruleset = {**about, "version": "1", "rules": [{"id": "1", "action": "block", "expression": "true"}]}
    store.put_document("ruleset", zone, "d" * 32, ruleset, sort="d" * 32)
    if kind == "zone":
        staged.faults.add(Fault("denied", "GET", f"*/rulesets/{'d' * 32}", times=-1))
    assert inv("scan.export", "--only", "zones,rulesets", "--quiet").code in (0, 4)
    store.run("DELETE FROM document WHERE kind = 'ruleset'")

    result = inv("snapshots.restore", "--kind", "rulesets.zone", "--yes", "--force")

    reasons = {"managed": "Cloudflare manages it", "zone": "the token may not read its rules"}
    assert reasons[kind] in result.err
    assert store.list_documents("ruleset", zone) == []


def test_a_certificate_without_an_end_has_no_lifetime() -> None:
    assert lifetime({"uploaded_on": "2026-01-01T00:00:00Z"}) is None
    assert pack_lifetime({"certificates": [{"id": "1"}]}) is None


def index(*names: str) -> bytes:
    """Return the index of a download, in which the files a.js, b.js … have *names*."""
    modules = [
        {"module": name, "file": f"{file}.js", "type": "application/javascript+module"}
        for name, file in zip(names, "ab", strict=True)
    ]
    return json.dumps({"entry_point": names[0], "modules": modules}).encode()


@pytest.mark.parametrize(
    ("files", "line", "words"),
    [
        ({"a.js": CODE}, ("--main", "a.js"), "--main names a module of a folder"),
        ({"a.txt": b"x"}, (), "a.txt alone is not a script"),
        ({"a.js": LARGE + LARGE}, (), "a.js is larger than the 1 MiB that a script can have"),
        (
            {"d/a.js": LARGE, "d/b.js": LARGE},
            ("--main", "a.js"),
            "the modules of d are larger than 1 MiB together",
        ),
        (
            {"d/a.js": CODE, "d/b.js": CODE, "d/modules.json": index("a", "metadata")},
            (),
            "can be called 'metadata'",
        ),
        (
            {"d/a.js": CODE, "d/b.js": CODE, "d/modules.json": index("a", "a")},
            (),
            "d holds two modules with the same",
        ),
    ],
)
def test_what_cannot_be_a_script_is_refused_before_any_request(
    staged: Sandbox,
    inv: Inv,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, bytes],
    line: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.setattr(source, "LIMIT", 1 << 20)
    for name, data in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(data)

    result = inv("workers.deploy", "--script", "fresh", "--path", next(iter(files)).partition("/")[0], *line)

    assert result.code == 1
    assert words in result.err
    assert staged.requests == []


def test_a_script_that_does_not_exist_is_not_deleted(staged: Sandbox, inv: Inv) -> None:
    result = inv("workers.delete", "--script", "nobody", "--confirm", "nobody")

    assert result.code == 1
    assert "nobody" in result.err
    assert [method for method, _ in staged.requests if method != "GET"] == []


def test_a_restored_script_names_the_data_that_was_deleted_with_it(staged: Sandbox, inv: Inv) -> None:
    staged.limiter.quota = None
    assert inv("scan.export", "--only", "workers", "--quiet").code == 0
    assert inv("workers.delete", "--script", "webhook-relay", "--confirm", "webhook-relay").code == 0

    result = inv("snapshots.restore", "--kind", "workers.script", "--yes", "--force")

    assert result.code == 0, result.err
    assert "the data of its Durable Objects of the class Inbox" in result.err
    assert answer(staged, f"/accounts/{ACCOUNT_ID}/workers/scripts/webhook-relay/settings")["bindings"]


def test_a_type_of_zones_that_does_not_exist_is_refused(staged: Sandbox, inv: Inv) -> None:
    result = inv("zones.create", "--name", "new.example", "--type", "half")

    assert result.code == 1
    assert "'half' is not a type of zones" in result.err
    assert staged.requests == []


def test_a_zone_that_was_deleted_since_its_name_was_looked_up_no_longer_exists(
    staged: Sandbox, inv: Inv
) -> None:
    assert inv("zones.info", "--zone", "empty.example").code == 0
    staged.store.delete_document("zone", "", zone_id("empty.example"))

    result = inv("zones.pause", "--zone", "empty.example", "--yes")

    assert result.code == 1
    assert "the zone empty.example no longer exists" in result.err
    assert "`inv zones.list` lists the zones" in result.err


def test_a_pool_is_created_with_the_monitor_that_is_named(staged: Sandbox, inv: Inv) -> None:
    monitors = staged.store.list_documents("lb.monitor", ACCOUNT_ID)
    line = ("load-balancers.pool-create", "--pool", "north", "--origin", "web-1=192.0.2.10")

    made = inv(*line, "--monitor", monitors[0]["id"], "--yes")
    unknown = inv(*line, "--monitor", "nobody", "--yes")

    assert made.code == 0, made.err
    (pool,) = (one for one in staged.store.list_documents("lb.pool", ACCOUNT_ID) if one["name"] == "north")
    assert pool["monitor"] == monitors[0]["id"]
    assert unknown.code == 1
    assert "no load_balancers.monitor is called 'nobody'" in unknown.err
