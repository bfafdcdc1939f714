"""A Worker bound to a KV namespace that was deleted and created again: one difference, everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from tests.restore.conftest import Inv, Stage


def rows(out: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(out)
    return found


@pytest.fixture
def created_again(stage: Stage) -> Stage:
    """The account after a namespace was deleted and created again, without a new upload of its Workers."""
    id = stage.world.namespaces()["sessions"]
    pairs = {"sessions": stage.world.state()["namespaces"]["sessions"]}
    stage.world.account("DELETE", f"/storage/kv/namespaces/{id}")
    stage.world.account("POST", "/storage/kv/namespaces", json={"title": "sessions"})
    stage.world.fill("sessions")
    assert stage.world.state()["namespaces"]["sessions"] == pairs["sessions"]
    stage.forget()
    return stage


@pytest.mark.parametrize("only", [(), ("--only", "workers")])
def test_diff_and_drift_show_the_worker_that_is_bound_to_the_old_id(
    created_again: Stage, inv: Inv, only: tuple[str, ...]
) -> None:
    diff = inv("snapshots.diff", "latest", "live", "--output", "json", "--exit-code", *only)
    drift = inv("snapshots.drift", "--output", "json", "--exit-code", *only)

    for result in (diff, drift):
        found = {(row["kind"], row["in"], row["change"], row["field"]) for row in rows(result.out)}
        assert result.code == 5, result.err
        assert found == {
            ("workers.settings", "edge", "changed", "bindings"),
            ("workers.settings", "site", "changed", "bindings"),
        }
        assert "(does not exist)" in result.out


def test_a_diff_between_two_snapshots_shows_it_in_both_directions(created_again: Stage, inv: Inv) -> None:
    old = rows(inv("snapshots.list", "--output", "json").out)[0]["path"]
    assert inv("scan.export", "--kv", "values", "--quiet").code == 0
    new = next(
        row["path"] for row in rows(inv("snapshots.list", "--output", "json").out) if row["path"] != old
    )

    for sides in ((old, new), (new, old)):
        found = rows(inv("snapshots.diff", *sides, "--output", "json").out)
        assert [(row["kind"], row["in"]) for row in found] == [
            ("workers.settings", "edge"),
            ("workers.settings", "site"),
        ]


def test_restore_binds_the_workers_to_the_new_id(created_again: Stage, inv: Inv) -> None:
    dry = inv("snapshots.restore", "--dry-run", "--output", "json")
    done = inv("snapshots.restore", "--kind", "workers", "--yes", "--force")
    after = inv("snapshots.diff", "latest", "live", "--output", "json", "--exit-code")

    assert json.loads(dry.out)["changed"] == 2
    assert "workers.settings: 2 to change" in dry.err
    assert done.code == 0, done.err
    assert "does not exist" not in str(created_again.world.state()["scripts"])
    assert (after.code, rows(after.out)) == (0, [])


@pytest.mark.parametrize("line", [(), ("--kind", "workers")])
def test_a_worker_is_not_bound_to_an_id_whose_namespaces_cannot_be_listed(
    created_again: Stage, inv: Inv, line: tuple[str, ...]
) -> None:
    records = created_again.world.zones()["alpha.example"]
    record = created_again.world.records(records)[0]["id"]
    created_again.world.call("DELETE", f"/zones/{records}/dns_records/{record}")
    created_again.world.upload("jobs", "export default {}", [])
    new = created_again.world.namespaces()["sessions"]
    binding = {"type": "kv_namespace", "name": "SESSIONS", "namespace_id": new}
    created_again.world.upload("site", "export default {}", [binding])
    before = created_again.world.state()["scripts"]["site"]
    created_again.sandbox.faults.add(Fault("denied", "GET", "*/storage/kv/namespaces", times=-1))

    result = inv("snapshots.restore", "--yes", "--force", *line)

    created_again.sandbox.faults.clear()
    state = created_again.world.state()
    assert result.code == 4, result.err
    assert (
        "workers.script site: it refers to kv.namespace, which could not be listed completely" in result.err
    )
    assert state["scripts"]["site"] == before
    assert b"jobs 0" in state["scripts"]["jobs"]["code"]
    assert len(created_again.world.records(records)) == (11 if line else 12)


def test_a_worker_bound_to_a_deleted_namespace_is_not_written_without_the_namespace(
    stage: Stage, inv: Inv
) -> None:
    stage.world.account("DELETE", f"/storage/kv/namespaces/{stage.world.namespaces()['flags']}")
    stage.forget()

    result = inv("snapshots.restore", "--kind", "workers", "--yes")

    assert result.code == 0, result.err
    assert "workers.settings in edge" in result.err
    assert "an item that it refers to was deleted; restore that as well" in result.err
    assert "nothing to restore: no difference can be restored" in result.err
    assert stage.wrote() == []
