"""Profiles of WARP clients: settings and lists are written with requests of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import responses

from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Applied, Owner
from ops.sandbox.routes.devices import DEFAULT, PROFILE, PROFILES
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID
from tests.conftest import API, Result
from tests.products.answers import envelope
from tests.products.writing import written

Inv = Callable[..., Result]
ACCOUNT = "a" * 32
OWNER = Owner(ACCOUNT, ACCOUNT, {})
URL = f"{API}/accounts/{ACCOUNT}/devices/policy"
LIVE = {"policy_id": "p", "name": "n", "switch_locked": False, "exclude": [], "include": [{"host": "a"}]}


def update(client: Client, before: dict[str, object], **after: object) -> dict[str, object]:
    writes = kinds()["devices.profile"].writes
    assert writes is not None
    assert writes.update is not None
    return writes.update(client, OWNER, before, {**before, **after})


def test_only_lists_that_differ_are_written_and_those_that_become_empty_first(
    client: Client, http: responses.RequestsMock
) -> None:
    http.put(f"{URL}/p/include", json=envelope([]))
    http.put(f"{URL}/p/exclude", json=envelope([{"host": "b"}]))

    live = update(client, LIVE, exclude=[{"host": "b"}], include=[])

    assert live == {**LIVE, "exclude": [{"host": "b"}], "include": []}
    assert [json.loads(call.request.body or "") for call in http.calls] == [[], [{"host": "b"}]]


def test_a_list_that_is_refused_after_the_settings_were_applied_is_reported(
    client: Client, http: responses.RequestsMock
) -> None:
    http.patch(f"{URL}/p", json=envelope({**LIVE, "switch_locked": True}))
    refused = {"success": False, "errors": [{"code": 1, "message": "too many"}], "result": None}
    http.put(f"{URL}/p/exclude", json=refused, status=400)

    with pytest.raises(Applied, match="the exclude list of the profile may not be set") as raised:
        update(client, LIVE, switch_locked=True, exclude=[{"host": "b"}])

    assert raised.value.item["switch_locked"] is True


def test_a_list_that_is_refused_alone_is_an_error(client: Client, http: responses.RequestsMock) -> None:
    refused = {"success": False, "errors": [{"code": 1, "message": "too many"}], "result": None}
    http.put(f"{URL}/p/exclude", json=refused, status=400)

    with pytest.raises(Exception, match="too many") as raised:
        update(client, LIVE, exclude=[{"host": "b"}])

    assert not isinstance(raised.value, Applied)


def test_the_default_profile_is_restored_only_if_it_is_named_and_undone(staged: Sandbox, inv: Inv) -> None:
    assert inv("scan.export", "--quiet", "--only", "devices").code == 0
    changed = {**staged_default(staged), "switch_locked": True, "exclude": []}
    staged.store.put_document(PROFILE, ACCOUNT_ID, "only", changed)
    before = len(written(staged))

    unnamed = inv("snapshots.restore", "--yes", "--force")
    named = inv("snapshots.restore", "--kind", "devices.default_profile", "--yes", "--force")
    restored = staged_default(staged)
    undone = inv("undo.last", "--yes")

    assert "changes the WARP clients of all devices" in unnamed.err
    assert named.code == 0, named.err
    assert written(staged)[before:][:2] == [
        ("PATCH", f"/accounts/{ACCOUNT_ID}/devices/policy"),
        ("PUT", f"/accounts/{ACCOUNT_ID}/devices/policy/exclude"),
    ]
    assert (restored["switch_locked"], len(restored["exclude"])) == (False, 1)
    assert undone.code == 0, undone.err
    assert staged_default(staged) == changed


def staged_default(staged: Sandbox) -> dict[str, object]:
    return staged.store.get_document(PROFILE, ACCOUNT_ID, "only") or DEFAULT


def test_a_deleted_profile_is_created_again_with_its_lists(staged: Sandbox, inv: Inv) -> None:
    profile = staged.store.list_documents(PROFILES, ACCOUNT_ID)[0]
    wanted = {**profile, "fallback_domains": [{"suffix": "corp"}]}
    staged.store.put_document(PROFILES, ACCOUNT_ID, profile["policy_id"], wanted)
    assert inv("scan.export", "--quiet", "--only", "devices").code == 0
    staged.store.run("DELETE FROM document WHERE kind = ?", (PROFILES,))

    done = inv("snapshots.restore", "--kind", "devices.profile", "--yes", "--force")
    found = staged.store.list_documents(PROFILES, ACCOUNT_ID)
    undone = inv("undo.last", "--yes")

    assert done.code == 0, done.err
    assert [{**one, "policy_id": ""} for one in found] == [{**wanted, "policy_id": ""}]
    assert undone.code == 0, undone.err
    assert staged.store.list_documents(PROFILES, ACCOUNT_ID) == []
