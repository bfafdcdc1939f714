"""The configuration of Zaraz: what is restored, and what a write would lose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import responses

from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Applied, Owner
from ops.sandbox.routes.nested import ZARAZ
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from tests.conftest import API, Result
from tests.products.answers import envelope
from tests.products.writing import written

Inv = Callable[..., Result]
CONFIG = f"{ZARAZ}/config"
SHOP = zone_id("shop.example")
ZONE = Owner("a" * 32, "b" * 32, {})
URL = f"{API}/zones/{ZONE.id}/settings/zaraz"


def config(sandbox: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.store.get_document(CONFIG, SHOP, "only")
    return found


def put(sandbox: Sandbox, **fields: object) -> None:
    sandbox.store.put_document(CONFIG, SHOP, "only", {**config(sandbox), **fields})


@pytest.fixture
def exported(staged: Sandbox, inv: Inv) -> Sandbox:
    assert inv("scan.export", "--quiet", "--deep", "--only", "zaraz").code == 0
    return staged


def test_a_changed_configuration_is_restored_with_its_live_secrets_and_undone(
    exported: Sandbox, inv: Inv
) -> None:
    before = config(exported)
    put(exported, settings={"autoInjectScript": False}, zarazVersion=44)

    done = inv("snapshots.restore", "--yes", "--force")
    restored = config(exported)
    undone = inv("undo.last", "--yes")

    assert done.code == 0, done.err
    assert restored == {**before, "zarazVersion": 44}
    assert undone.code == 0, undone.err
    assert config(exported) == {**before, "settings": {"autoInjectScript": False}, "zarazVersion": 44}


@pytest.mark.parametrize("live", [True, False], ids=["now", "then"])
def test_a_configuration_with_secret_variables_is_not_written(staged: Sandbox, inv: Inv, live: bool) -> None:
    plain = config(staged)["variables"]
    secret = {**plain, "x": {"name": "pixel-key", "type": "secret", "value": ""}}
    put(staged, variables=plain if live else secret)
    assert inv("scan.export", "--quiet", "--deep", "--only", "zaraz").code == 0
    put(staged, variables=secret if live else plain)
    before = len(written(staged))

    done = inv("snapshots.restore", "--yes", "--force")

    assert "its secret variables (pixel-key), and a write would remove them" in done.err
    assert written(staged)[before:] == []


def test_keys_of_tools_that_have_changed_are_not_written_from_a_plain_snapshot(
    exported: Sandbox, inv: Inv
) -> None:
    tools = config(exported)["tools"]
    put(exported, tools={"aqwq": {**tools["aqwq"], "settings": {"accessToken": "another"}}})

    done = inv("snapshots.restore", "--yes", "--force")

    assert "its tools.*.settings.* is secret" in done.err
    assert config(exported)["tools"]["aqwq"]["settings"] == {"accessToken": "another"}


def test_a_preview_has_to_be_published_by_hand(exported: Sandbox, inv: Inv) -> None:
    exported.store.put_document(ZARAZ, SHOP, "workflow", "preview")
    put(exported, settings={"autoInjectScript": False})

    done = inv("snapshots.restore", "--yes", "--force")

    assert "is a preview now: publish it in the dashboard" in done.err
    assert config(exported)["settings"] == {"autoInjectScript": True}


def test_a_workflow_that_cannot_be_read_is_reported(client: Client, http: responses.RequestsMock) -> None:
    writes = kinds()["zaraz.config"].writes
    assert writes is not None
    assert writes.create is not None
    http.put(f"{URL}/config", json=envelope({"tools": {}, "zarazVersion": 7}))
    refused = {"success": False, "errors": [{"code": 10000, "message": "no"}], "result": None}
    http.get(f"{URL}/workflow", json=refused, status=403)

    with pytest.raises(Applied, match="it may have to be published") as raised:
        writes.create(client, ZONE, {"tools": {}, "zarazVersion": 7})

    assert raised.value.item == {"tools": {}, "zarazVersion": 7, "id": "zaraz.config"}


def test_a_zone_that_never_used_it_has_none(client: Client, http: responses.RequestsMock) -> None:
    missing = {"success": False, "errors": [{"code": 1, "message": "none"}], "result": None}
    http.get(f"{URL}/config", json=missing, status=404)

    assert list(kinds()["zaraz.config"].list(client, ZONE)) == []
