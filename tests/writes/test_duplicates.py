"""A create whose connection dropped after it was applied: nothing exists twice, nothing is lost."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ops.cli.app import App
from ops.cli.command import command
from ops.cli.run import Run
from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.http.client import Client
from ops.http.stack import open_client
from ops.kinds.catalog import resources
from ops.kinds.resource import Change, Owner, Resource
from ops.products.zones.api import find_zone
from ops.sandbox.server import Sandbox
from ops.ui.shapes import Rows
from ops.ui.talk import Talk
from ops.writes.make import make


@command("write", writes=True)
def write(app: App) -> Rows:
    """Write."""
    return make(app)


def opened(sandbox: Sandbox, folder: Path) -> tuple[App, Client]:
    settings = Settings(
        credentials=Credentials(token=sandbox.token, origin="test"),
        base_url=sandbox.url,
        account_id=sandbox.account_id,
        budget=0,
        exports=folder / "exports",
        state_dir=folder / "state",
        cache_dir=folder / "cache",
    )
    app = App(Run(), settings, Talk(io.StringIO()), write, {**write.shared, "yes": True})
    client = vars(app)["client"] = open_client(settings, say=lambda _text: None)
    return app, client


def kind(name: str) -> Resource:
    (found,) = [resource for resource in resources() if resource.kind == name]
    return found


def wanted(kind: str, number: int, account: str) -> Any:
    """Return an item of *kind* as its command makes it, a different one for each *number*."""
    if kind == "dns.record":
        record = {"type": "A", "name": f"p5-{number}.example.com", "content": "192.0.2.1"}
        return {**record, "ttl": 1, "proxied": False}
    if kind == "workers.route":
        return {"pattern": f"example.com/p5-{number}/*", "script": None}
    if kind == "kv.namespace":
        return {"title": f"p5-{number}"}
    return {"name": f"p5-{number}.example", "account": {"id": account}, "type": "full"}


@pytest.mark.fault("P5", "G1", "A8")
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("dns.record", "/zones/*/dns_records"),
        ("workers.route", "/zones/*/workers/routes"),
        ("kv.namespace", "/accounts/*/storage/kv/namespaces"),
        ("zones.zone", "/zones"),
    ],
)
@pytest.mark.parametrize("fault", ["drop-after", "error-after"])
@pytest.mark.parametrize("count", [8, pytest.param(63, marks=pytest.mark.long)])
def test_an_item_whose_create_response_was_lost_exists_once(
    sandbox: Sandbox, tmp_path: Path, count: int, name: str, path: str, fault: str
) -> None:
    app, client = opened(sandbox, tmp_path)
    resource = kind(name)
    zone = find_zone(client, "example.com")
    account = Owner(sandbox.account_id, sandbox.account_id, {"id": sandbox.account_id})
    owner = account if resource.parent == "account" else Owner(sandbox.account_id, zone["id"], zone)
    sandbox.faults.parse(f"{fault} POST {path} times=-1")

    ids = []
    for number in range(count):
        rows = make(app, Change(resource, owner, None, wanted(name, number, sandbox.account_id)))
        ids += [row["id"] for row in rows.items]
    listed = [item for item in resource.list(client, owner) if "p5-" in str(item.get(resource.label))]
    client.close()

    labels = Counter(str(item[resource.label]) for item in listed)
    assert len(labels) == count
    assert set(labels.values()) == {1}
    assert {item["id"] for item in listed} == set(ids)
    assert sum(method == "POST" for method, _ in sandbox.requests) == count
