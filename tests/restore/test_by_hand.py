"""Kinds that a restore brings back in part, or only if they are named: what is sent, and what is said."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import responses

from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Applied, Owner
from ops.sandbox.routes.collections import EMAIL_ROUTING
from ops.sandbox.routes.nested import ROUTING
from ops.sandbox.routes.platforms import NAMESPACES, SITES, WORKFLOWS
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID, zone_id
from tests.conftest import API, Result
from tests.products.answers import envelope
from tests.products.writing import written

Inv = Callable[..., Result]
SHOP = zone_id("shop.example")
ZONE = Owner("a" * 32, "b" * 32, {})


def deleted(staged: Sandbox, inv: Inv, kind: str, path: str) -> str:
    """Delete all items of *kind* after an export, restore them, and return what is said."""
    assert inv("scan.export", "--quiet", "--only", kind).code == 0
    staged.store.run("DELETE FROM document WHERE kind = ?", (path,))
    return inv("snapshots.restore", "--yes", "--force").err


def test_a_dispatch_namespace_is_created_without_its_scripts(staged: Sandbox, inv: Inv) -> None:
    said = deleted(staged, inv, "dispatch.namespace", NAMESPACES)

    assert "will be restored without its scripts" in said
    found = staged.store.list_documents(NAMESPACES, ACCOUNT_ID)
    assert [one["namespace_name"] for one in found] == ["customers"]


def test_a_workflow_is_created_without_its_instances_and_schedules(staged: Sandbox, inv: Inv) -> None:
    item = staged.store.get_document(WORKFLOWS, ACCOUNT_ID, "billing")
    scheduled = {**item, "schedules": [{"cron": "0 1 * * *", "next_instance": "2026-12-01T01:00:00Z"}]}
    staged.store.put_document(WORKFLOWS, ACCOUNT_ID, "billing", scheduled)

    said = deleted(staged, inv, "workflows.workflow", WORKFLOWS)

    assert "will be restored without its instances and their state" in said
    assert "will be restored without its schedules" in said
    found = staged.store.get_document(WORKFLOWS, ACCOUNT_ID, "billing")
    assert (found["class_name"], found["script_name"]) == ("Billing", "cron-reports")


@pytest.mark.parametrize("schedules", [[], [{"cron": "0 1 * * *"}]], ids=["none", "one"])
def test_a_workflow_with_schedules_is_not_changed(
    staged: Sandbox, inv: Inv, schedules: list[dict[str, str]]
) -> None:
    item = staged.store.get_document(WORKFLOWS, ACCOUNT_ID, "billing") | {"schedules": schedules}
    staged.store.put_document(WORKFLOWS, ACCOUNT_ID, "billing", item)
    assert inv("scan.export", "--quiet", "--only", "workflows").code == 0
    staged.store.put_document(WORKFLOWS, ACCOUNT_ID, "billing", {**item, "class_name": "Other"})

    done = inv("snapshots.restore", "--yes", "--force")

    found = staged.store.get_document(WORKFLOWS, ACCOUNT_ID, "billing")
    assert ("a write may remove its schedules" in done.err) == bool(schedules)
    assert found["class_name"] == ("Other" if schedules else "Billing")


def test_only_sites_with_a_script_in_their_pages_need_work_by_hand(staged: Sandbox, inv: Inv) -> None:
    before = staged.store.list_documents(SITES, ACCOUNT_ID)
    first = {**before[0], "rules": [{"host": "shop.example", "paths": ["*"]}]}
    staged.store.put_document(SITES, ACCOUNT_ID, first["site_tag"], first)

    said = deleted(staged, inv, "rum.site", SITES)

    assert said.count("its token: the script in its pages must be changed") == 1
    assert said.count("without its rules") == 1
    found = staged.store.list_documents(SITES, ACCOUNT_ID)
    assert sorted(one["auto_install"] for one in found) == [False, True]
    assert {one["ruleset"]["zone_name"] for one in found if "ruleset" in one} == {"shop.example"}


def test_a_changed_site_is_changed_back_and_undone(staged: Sandbox, inv: Inv) -> None:
    assert inv("scan.export", "--quiet", "--only", "rum").code == 0
    site = next(one for one in staged.store.list_documents(SITES, ACCOUNT_ID) if one["auto_install"])
    staged.store.put_document(SITES, ACCOUNT_ID, site["site_tag"], {**site, "auto_install": False})

    done = inv("snapshots.restore", "--yes", "--force")
    restored = staged.store.get_document(SITES, ACCOUNT_ID, site["site_tag"])
    undone = inv("undo.last", "--yes")

    assert (done.code, undone.code) == (0, 0), done.err + undone.err
    assert restored["auto_install"] is True
    assert staged.store.get_document(SITES, ACCOUNT_ID, site["site_tag"])["auto_install"] is False


@pytest.mark.parametrize(("was", "method"), [(True, "POST"), (False, "DELETE")])
def test_email_routing_is_switched_only_if_it_is_named_and_undone(
    staged: Sandbox, inv: Inv, was: bool, method: str
) -> None:
    staged.store.put_document(ROUTING, SHOP, "only", {**EMAIL_ROUTING, "enabled": was})
    assert inv("scan.export", "--quiet", "--deep", "--only", "email").code == 0
    staged.store.put_document(ROUTING, SHOP, "only", {**EMAIL_ROUTING, "enabled": not was})
    before = len(written(staged))

    unnamed = inv("snapshots.restore", "--yes", "--force")
    named = inv("snapshots.restore", "--kind", "email.settings", "--yes", "--force")
    restored = staged.store.get_document(ROUTING, SHOP, "only")
    undone = inv("undo.last", "--yes")

    assert "the MX records that bring the mail of a zone" in unnamed.err
    assert named.code == 0, named.err
    assert written(staged)[before:][:1] == [(method, f"/zones/{SHOP}/email/routing/dns")]
    assert restored["enabled"] is was
    assert undone.code == 0, undone.err
    assert staged.store.get_document(ROUTING, SHOP, "only")["enabled"] is not was


def refused(status: int = 400) -> dict[str, object]:
    return {
        "json": {"success": False, "errors": [{"code": 1, "message": "no"}], "result": None},
        "status": status,
    }


@pytest.mark.parametrize("enabled", [True, False], ids=["switched", "options alone"])
def test_a_refused_option_of_email_routing_is_reported(
    client: Client, http: responses.RequestsMock, enabled: bool
) -> None:
    writes = kinds()["email.settings"].writes
    assert writes is not None
    assert writes.update is not None
    url = f"{API}/zones/{ZONE.id}/email/routing"
    before = {"enabled": False, "skip_wizard": False}
    http.patch(url, **refused())
    if enabled:
        http.post(f"{url}/dns", json=envelope({"enabled": True}))

    with pytest.raises(Exception, match="no") as raised:
        writes.update(client, ZONE, before, {"enabled": enabled, "skip_wizard": True})

    assert isinstance(raised.value, Applied) == enabled
    assert json.loads(http.calls[-1].request.body or "") == {"skip_wizard": True}


def test_read_replication_of_a_database_is_restored_and_undone(staged: Sandbox, inv: Inv) -> None:
    assert inv("scan.export", "--quiet", "--deep", "--only", "d1").code == 0
    database = staged.store.list_documents("d1.database", ACCOUNT_ID)[0]
    changed = {**database, "read_replication": {"mode": "auto"}}
    staged.store.put_document("d1.database", ACCOUNT_ID, database["uuid"], changed)

    done = inv("snapshots.restore", "--yes", "--force")
    restored = staged.store.get_document("d1.database", ACCOUNT_ID, database["uuid"])
    undone = inv("undo.last", "--yes")

    assert done.code == 0, done.err
    assert restored["read_replication"] == {"mode": "disabled"}
    assert undone.code == 0, undone.err
    assert staged.store.get_document("d1.database", ACCOUNT_ID, database["uuid"]) == changed


def test_the_usage_model_of_workers_is_restored_only_if_it_is_named(staged: Sandbox, inv: Inv) -> None:
    path = "/accounts/{account_id}/workers/account-settings"
    assert inv("scan.export", "--quiet", "--deep", "--only", "workers.account_settings").code == 0
    changed = {"default_usage_model": "unbound", "green_compute": False}
    staged.store.put_document(path, ACCOUNT_ID, "only", changed)

    unnamed = inv("snapshots.restore", "--yes", "--force")
    kept = staged.store.get_document(path, ACCOUNT_ID, "only")
    named = inv("snapshots.restore", "--kind", "workers.account_settings", "--yes", "--force")

    assert "decides what they cost" in unnamed.err
    assert kept == changed
    assert named.code == 0, named.err
    assert staged.store.get_document(path, ACCOUNT_ID, "only")["default_usage_model"] == "standard"
