"""`snapshots.restore` as a user types it: what it reports, asks, restores and refuses."""

from __future__ import annotations

import fcntl
import json
import time
from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.seed import seed_scale
from tests.restore.conftest import Inv, Stage, stop_at
from tests.restore.world import ZONES, code

ALPHA, BETA = ZONES


def delete_records(stage: Stage, zone: str = ALPHA, count: int = 3) -> None:
    id = stage.world.zones()[zone]
    for record in stage.world.records(id)[:count]:
        stage.world.call("DELETE", f"/zones/{id}/dns_records/{record['id']}")
    stage.forget()


def result_of(out: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(out)
    return found


def test_an_unchanged_account_has_nothing_to_restore(stage: Stage, inv: Inv) -> None:
    result = inv("snapshots.restore", "--yes")

    assert result.code == 0
    assert "nothing to restore: the account matches the snapshot" in result.err
    assert stage.wrote() == []


def test_deleted_records_are_restored_and_read_again(stage: Stage, inv: Inv) -> None:
    before = stage.world.state()
    delete_records(stage)

    result = inv("snapshots.restore", "--yes", "--output", "json")

    assert result.code == 0, result.err
    assert stage.world.state() == before
    assert {**result_of(result.out), "snapshot": "", "undo": ""} == {
        "snapshot": "", "created": 3, "changed": 0, "deleted": 0, "refused": 0, "differ": 0, "undo": "",
    }  # fmt: skip
    assert "read again: everything that was restored matches the snapshot" in result.err
    assert len(stage.wrote()) == 1


def test_a_zone_of_many_records_takes_one_batch_and_three_listings(unsaved: Stage, inv: Inv) -> None:
    seed_scale(unsaved.sandbox.store, zones=1, records=1000, keys=0)
    zone = "zone-0001.example"
    id = unsaved.world.zones()[zone]
    inv("scan.export", "--only", "dns", "--zone", zone, "--quiet")
    deletes = [{"id": record["id"]} for record in unsaved.world.records(id)]
    unsaved.world.call("POST", f"/zones/{id}/dns_records/batch", json={"deletes": deletes})
    unsaved.forget()

    result = inv("snapshots.restore", "--zone", zone, "--kind", "dns.record", "--yes")

    listings = [where for how, where in unsaved.sandbox.requests if how == "GET" and "dns_records" in where]
    assert result.code == 0, result.err
    assert len(unsaved.world.records(id)) == 1000
    assert len(unsaved.wrote()) == 1
    assert len(listings) == 3  # for the plan, under the lock, and after the write


def test_off_a_terminal_nothing_is_restored_without_yes(stage: Stage, inv: Inv) -> None:
    delete_records(stage)

    result = inv("snapshots.restore")

    assert result.code == 1
    assert "not confirmed: restore 3 items?" in result.err
    assert "add --yes to confirm" in result.err
    assert stage.wrote() == []


def test_a_dry_run_shows_everything_and_sends_nothing(stage: Stage, inv: Inv, home: Path) -> None:
    delete_records(stage)

    result = inv("snapshots.restore", "--dry-run", "--output", "json")

    assert result.code == 0, result.err
    assert result_of(result.out)["created"] == 3
    assert "dns.record: 3 to create" in result.err
    assert stage.wrote() == []
    assert not (home / "state" / "journal").exists()


def test_a_record_created_after_the_snapshot_is_kept_without_delete(stage: Stage, inv: Inv) -> None:
    before = stage.world.state()
    id = stage.world.zones()[ALPHA]
    wanted = {"type": "TXT", "name": f"new.{ALPHA}", "content": '"x"', "ttl": 300}
    stage.world.call("POST", f"/zones/{id}/dns_records", json=wanted)

    kept = inv("snapshots.restore", "--yes")
    between = len(stage.world.records(id))
    deleted = inv("snapshots.restore", "--delete", "--yes")

    assert (kept.code, deleted.code) == (0, 0)
    assert (
        f"kept: dns.record in {ALPHA} new.{ALPHA}: created after the snapshot; --delete deletes it"
        in kept.err
    )
    assert between == 13
    assert stage.world.state() == before


def put_on_plan(stage: Stage, id: str, plan: str) -> None:
    """Put a zone on another plan: Free has no tags and short comments only."""
    zone = json.loads(stage.sandbox.store.document_text("zone", "", id) or "{}")
    stage.sandbox.store.put_document("zone", "", id, {**zone, "plan": {**zone["plan"], "legacy_id": plan}})


def test_a_record_is_restored_without_the_tags_and_comment_that_the_plan_refuses(
    unsaved: Stage, inv: Inv
) -> None:
    id = unsaved.world.zones()[ALPHA]
    put_on_plan(unsaved, id, "pro")
    rich = {"type": "A", "content": "192.0.2.77", "ttl": 300, "tags": ["a:b"], "comment": "c" * 101}
    gone, kept = (
        unsaved.world.call("POST", f"/zones/{id}/dns_records", json={**rich, "name": f"{name}.{ALPHA}"})
        for name in ("gone", "kept")
    )
    inv("scan.export", "--quiet")
    unsaved.world.call("DELETE", f"/zones/{id}/dns_records/{gone['id']}")
    unsaved.world.call("PATCH", f"/zones/{id}/dns_records/{kept['id']}", json={"tags": [], "comment": ""})
    put_on_plan(unsaved, id, "free")

    result = inv("snapshots.restore", "--kind", "dns.record", "--yes")
    again = inv("snapshots.restore", "--kind", "dns.record", "--yes")

    (record,) = [one for one in unsaved.world.records(id) if one["name"] == f"gone.{ALPHA}"]
    assert (result.code, again.code) == (0, 0), result.err
    assert (record["content"], record["tags"], record["comment"]) == ("192.0.2.77", [], None)
    assert f"gone.{ALPHA}: will be restored without tags" in result.err
    assert f"gone.{ALPHA}: will be restored without comment" in result.err
    assert f"kept.{ALPHA}: it differs in tags, comment, which {ALPHA} does not allow" in result.err
    assert "will be restored" not in again.err


def test_a_record_created_again_with_other_content_text_is_not_restored_twice(
    unsaved: Stage, inv: Inv, home: Path
) -> None:
    id = unsaved.world.zones()[ALPHA]
    data = {"priority": 5, "weight": 1, "port": 443, "target": f"a.{ALPHA}"}
    sent = {"type": "SRV", "name": f"_s._tcp.{ALPHA}", "data": data, "ttl": 300}
    record = unsaved.world.call("POST", f"/zones/{id}/dns_records", json=sent)
    inv("scan.export", "--quiet")
    unsaved.world.call("DELETE", f"/zones/{id}/dns_records/{record['id']}")
    again = unsaved.world.call("POST", f"/zones/{id}/dns_records", json=sent)
    # As Cloudflare writes the content of an SRV record.
    text = json.dumps({**again, "content": f"1\t443\ta.{ALPHA}"})
    unsaved.sandbox.store.run("UPDATE dns_record SET body = ? WHERE id = ?", (text, again["id"]))
    unsaved.forget()

    result = inv("snapshots.restore", "--kind", "dns.record", "--delete", "--yes")

    assert result.code == 0, result.err
    assert unsaved.wrote() == []


def test_one_zone_is_restored_without_reading_the_others(stage: Stage, inv: Inv) -> None:
    delete_records(stage, ALPHA)
    delete_records(stage, BETA)
    other = stage.world.zones()[BETA]
    stage.forget()

    result = inv("snapshots.restore", "--zone", ALPHA, "--yes")

    assert result.code == 0, result.err
    assert len(stage.world.records(stage.world.zones()[ALPHA])) == 12
    assert len(stage.world.records(other)) == 9
    assert not [where for how, where in stage.sandbox.requests[:-3] if other in where]


def test_one_key_is_restored_without_listing_its_namespace(stage: Stage, inv: Inv) -> None:
    id = stage.world.namespaces()["sessions"]
    stage.world.put(id, [{"key": "sessions:0", "value": "changed"}, {"key": "sessions:3", "value": "too"}])
    stage.forget()

    result = inv("snapshots.restore", "--namespace", "sessions", "--item", "sessions:3", "--yes")

    pairs = {name: value for name, value, _, _ in stage.world.state()["namespaces"]["sessions"]}
    assert result.code == 0, result.err
    assert bytes.fromhex(pairs["sessions:3"]) == b"value 3"
    assert bytes.fromhex(pairs["sessions:0"]) == b"changed"
    assert not [where for how, where in stage.sandbox.requests if "/keys" in where]


def test_a_named_item_is_restored_with_everything_in_it(stage: Stage, inv: Inv) -> None:
    before = stage.world.state()
    stage.world.account("DELETE", "/workers/scripts/jobs?force=true")
    stage.world.account("DELETE", "/workers/scripts/site?force=true")

    result = inv("snapshots.restore", "--kind", "workers", "--item", "jobs", "--yes")

    state = stage.world.state()
    assert result.code == 0, result.err
    assert state["scripts"]["jobs"] == before["scripts"]["jobs"]
    assert "site" not in state["scripts"]


def test_a_namespace_that_is_created_again_is_bound_to_the_workers_again(stage: Stage, inv: Inv) -> None:
    before = stage.world.state()
    stage.world.account("DELETE", f"/storage/kv/namespaces/{stage.world.namespaces()['sessions']}")

    alone = inv("snapshots.restore", "--namespace", "sessions", "--yes")
    between = stage.world.state()
    bound = inv("snapshots.restore", "--kind", "workers", "--yes")

    assert (alone.code, bound.code) == (0, 0), alone.err + bound.err
    assert "kv.namespace sessions: will be restored without its id" in alone.err
    assert between["namespaces"] == before["namespaces"]
    assert "does not exist" in str(between["scripts"])
    assert stage.world.state() == before


def test_a_zone_that_is_created_again_gets_its_settings_records_and_routes(unsaved: Stage, inv: Inv) -> None:
    before = unsaved.world.state()
    old = unsaved.world.zones()[ALPHA]
    unsaved.world.call("PATCH", f"/zones/{old}/settings/min_tls_version", json={"value": "1.2"})
    inv("scan.export", "--kv", "values", "--quiet")
    unsaved.world.call("DELETE", f"/zones/{old}")

    result = inv("snapshots.restore", "--yes")

    state = unsaved.world.state()
    assert result.code == 0, result.err
    assert "will be restored without its name servers" in result.err
    assert unsaved.world.zones()[ALPHA] != old
    assert state["zones"][ALPHA]["settings"]["min_tls_version"] == "1.2"
    assert state["zones"][ALPHA]["records"] == before["zones"][ALPHA]["records"]
    assert state["zones"][ALPHA]["routes"] == before["zones"][ALPHA]["routes"]


def test_what_cannot_be_restored_is_reported_before_anything_is_done(unsaved: Stage, inv: Inv) -> None:
    unsaved.world.account(
        "PUT", "/workers/scripts/site/secrets", json={"name": "KEY", "text": "s3", "type": "secret_text"}
    )
    inv("scan.export", "--kv", "values", "--deep", "--quiet")
    unsaved.world.account("DELETE", "/workers/scripts/site?force=true")
    unsaved.forget()

    result = inv("snapshots.restore")

    assert result.code == 1
    assert "1 workers.secret: Cloudflare never returns their values" in result.err
    assert "workers.script site: will be restored without the value of its secret KEY" in result.err
    assert result.err.index("its secret KEY") < result.err.index("create workers.script site")
    assert unsaved.wrote() == []


def test_keys_without_values_are_reported_and_skipped(unsaved: Stage, inv: Inv) -> None:
    inv("scan.export", "--quiet")
    id = unsaved.world.namespaces()["flags"]
    unsaved.world.account("POST", f"/storage/kv/namespaces/{id}/bulk/delete", json=["flags:0"])

    result = inv("snapshots.restore", "--yes")

    assert result.code == 0
    assert "9 kv.key in flags: the snapshot was made without the values" in result.err


def test_an_expired_value_is_reported_and_skipped(unsaved: Stage, inv: Inv) -> None:
    id = unsaved.world.namespaces()["flags"]
    soon = int(time.time()) + 65
    unsaved.world.put(id, [{"key": "brief", "value": "x", "expiration": soon}])
    inv("scan.export", "--kv", "values", "--quiet")
    unsaved.world.account("POST", f"/storage/kv/namespaces/{id}/bulk/delete", json=["brief"])

    result = inv("snapshots.restore", "--yes")

    assert result.code == 0, result.err
    assert "kv.pair in flags brief: it has expired, or is about to" in result.err


@pytest.mark.fault("G2")
def test_more_changes_than_the_threshold_need_force(stage: Stage, inv: Inv) -> None:
    for zone, id in stage.world.zones().items():
        for record in stage.world.records(id):
            stage.world.call("PATCH", f"/zones/{id}/dns_records/{record['id']}", json={"comment": zone})
    stage.forget()

    refused = inv("snapshots.restore", "--kind", "dns", "--yes")
    between = stage.wrote()
    forced = inv("snapshots.restore", "--kind", "dns", "--yes", "--force")

    assert refused.code == 1
    assert "it changes or deletes 24 of 25 items" in refused.err
    assert between == []
    assert forced.code == 0, forced.err


@pytest.mark.fault("G2")
def test_a_partial_snapshot_restores_what_it_holds_and_proves_no_deletion(stage: Stage, inv: Inv) -> None:
    stage.sandbox.faults.add(Fault("denied", path=f"*/{stage.world.zones()[BETA]}/dns_records*", times=-1))
    assert inv("scan.export", "--quiet").code == 4
    stage.sandbox.faults.clear()
    name = inv("snapshots.list", "--filter", "status=partial", "--fields", "path", "--output", "json")
    partial = json.loads(name.out)[0]["path"]
    delete_records(stage, ALPHA)
    delete_records(stage, BETA)

    refused = inv("snapshots.restore", "--name", partial, "--delete", "--yes")
    between = stage.wrote()
    done = inv("snapshots.restore", "--name", partial, "--yes")

    assert refused.code == 1
    assert "cannot prove what was created later" in refused.err
    assert between == []
    assert done.code == 0, done.err
    assert "what it lacks is not restored" in done.err
    assert len(stage.world.records(stage.world.zones()[ALPHA])) == 12
    assert len(stage.world.records(stage.world.zones()[BETA])) == 9


@pytest.mark.fault("A25")
def test_where_live_items_cannot_be_read_nothing_is_created(stage: Stage, inv: Inv) -> None:
    delete_records(stage, ALPHA)
    delete_records(stage, BETA)
    stage.sandbox.faults.add(Fault("denied", path=f"*/{stage.world.zones()[ALPHA]}/dns_records*", times=-1))
    stage.forget()

    result = inv("snapshots.restore", "--kind", "dns.record", "--yes")

    stage.sandbox.faults.clear()
    assert result.code == 4
    assert f"dns.record in {ALPHA} host0.{ALPHA}" in result.err
    assert "could not be read completely, so nothing is created there" in result.err
    assert len(stage.world.records(stage.world.zones()[ALPHA])) == 9
    assert len(stage.world.records(stage.world.zones()[BETA])) == 12


def test_a_refused_item_is_named_and_the_rest_is_restored(stage: Stage, inv: Inv) -> None:
    id = stage.world.zones()[ALPHA]
    for record in stage.world.records(id):
        stage.world.call("DELETE", f"/zones/{id}/dns_records/{record['id']}")
    wanted = {"type": "CNAME", "name": f"host0.{ALPHA}", "content": "in.the.way.example"}
    stage.world.call("POST", f"/zones/{id}/dns_records", json=wanted)
    stage.forget()

    result = inv("snapshots.restore", "--yes", "--output", "json")

    assert result.code == 4
    assert result_of(result.out)["created"] == 11
    assert result_of(result.out)["refused"] == 1
    assert f"not restored: A record host0.{ALPHA}" in result.err
    assert len(stage.world.records(id)) == 12


def test_a_token_without_write_permission_ends_it_with_the_missing_permission(stage: Stage, inv: Inv) -> None:
    delete_records(stage)
    stage.sandbox.faults.add(Fault("denied", method="POST", times=-1))

    result = inv("snapshots.restore", "--yes")

    stage.sandbox.faults.clear()
    assert result.code == 1
    assert "POST" in result.err
    assert "hint: " in result.err


def test_a_zone_that_another_run_writes_to_is_not_written_to(stage: Stage, inv: Inv, home: Path) -> None:
    delete_records(stage)
    inv("snapshots.restore", "--yes")
    delete_records(stage)
    held = [file.open("r+") for file in (home / "state" / "locks").glob("*.lock")]
    for file in held:
        fcntl.flock(file, fcntl.LOCK_EX)

    result = inv("snapshots.restore", "--yes")

    for file in held:
        file.close()
    assert result.code == 6
    assert "another run is writing to" in result.err
    assert stage.wrote() == []


def test_a_name_that_the_snapshot_does_not_hold_is_not_found(stage: Stage, inv: Inv) -> None:
    zone = inv("snapshots.restore", "--zone", "alpha.exampel", "--yes")
    item = inv("snapshots.restore", "--item", "no such thing", "--yes")
    kind = inv("snapshots.restore", "--kind", "dsn", "--yes")

    assert (zone.code, item.code, kind.code) == (1, 1, 1)
    assert f"hint: did you mean {ALPHA}?" in zone.err
    assert "holds nothing called no such thing" in item.err
    assert "did you mean dns" in kind.err


def test_a_changed_script_is_uploaded_and_an_equal_one_is_not(stage: Stage, inv: Inv) -> None:
    stage.world.upload("site", code("site", 2), [])
    stage.forget()

    result = inv("snapshots.restore", "--kind", "workers", "--yes", "--force")

    assert result.code == 0, result.err
    assert [where for _, where in stage.wrote()] == [
        where for _, where in stage.wrote() if "/scripts/site" in where
    ]
    assert stage.world.state()["scripts"]["site"]["code"].count(b"site 0") == 1


def test_the_records_of_a_zone_that_is_refused_are_counted(stage: Stage, inv: Inv) -> None:
    stage.world.call("DELETE", f"/zones/{stage.world.zones()[ALPHA]}")
    stage.sandbox.faults.add(Fault("denied", method="POST", path="/zones", times=-1))
    delete_records(stage, BETA)

    result = inv("snapshots.restore", "--kind", "zones,dns", "--yes", "--output", "json")

    stage.sandbox.faults.clear()
    assert result.code == 4
    assert result_of(result.out)["created"] == 3
    assert f"not restored: 12 dns.record in {ALPHA}: their owner could not be created" in result.err


def test_records_of_a_zone_that_neither_exists_nor_is_selected_are_reported(stage: Stage, inv: Inv) -> None:
    stage.world.call("DELETE", f"/zones/{stage.world.zones()[ALPHA]}")

    result = inv("snapshots.restore", "--kind", "dns.record", "--yes")

    assert result.code == 0, result.err
    assert (
        f"cannot be restored: dns.record in {ALPHA}: the zones.zone no longer exists; restore it as well"
        in result.err
    )
    assert "nothing to restore: no difference can be restored" in result.err


def test_a_script_without_code_in_the_snapshot_is_reported_and_skipped(unsaved: Stage, inv: Inv) -> None:
    inv("scan.export", "--skip", "workers.script/contents", "--quiet")
    unsaved.world.account("DELETE", "/workers/scripts/site?force=true")

    result = inv("snapshots.restore", "--kind", "workers.script", "--yes")

    assert result.code == 0, result.err
    assert "workers.script site: its files are not in the snapshot" in result.err
    assert "site" not in unsaved.world.scripts()


def test_the_record_of_a_custom_domain_is_not_deleted_by_itself(stage: Stage, inv: Inv) -> None:
    id = stage.world.zones()[ALPHA]
    wanted = {"hostname": f"attached.{ALPHA}", "service": "site", "zone_id": id, "environment": "production"}
    stage.world.account("PUT", "/workers/domains", json=wanted)

    kept = inv("snapshots.restore", "--kind", "dns", "--delete", "--yes")
    between = [record["name"] for record in stage.world.records(id)]
    gone = inv("snapshots.restore", "--kind", "workers.domain", "--delete", "--yes", "--force")

    assert (kept.code, gone.code) == (0, 0), kept.err + gone.err
    assert f"attached.{ALPHA}" in between
    assert len(stage.world.records(id)) == 12


def test_a_record_that_another_client_restored_meanwhile_is_not_a_conflict(stage: Stage, inv: Inv) -> None:
    before = stage.world.state()
    id = stage.world.zones()[ALPHA]
    record = next(one for one in stage.world.records(id) if one["type"] == "TXT")
    stage.world.call("DELETE", f"/zones/{id}/dns_records/{record['id']}")
    same = {name: record[name] for name in ("type", "name", "content", "ttl")}
    once = [same]

    def faster(exchange: Any) -> None:
        if exchange.method == "GET" and "dns_records" in exchange.target and id in exchange.target and once:
            stage.world.call("POST", f"/zones/{id}/dns_records", json=once.pop())

    stage.sandbox.edge.observer = faster
    result = inv("snapshots.restore", "--kind", "dns.record", "--yes")

    assert result.code == 0, result.err
    assert stage.world.state() == before


def test_an_interrupted_restore_says_how_to_resume(stage: Stage, inv: Inv) -> None:
    delete_records(stage, ALPHA)
    delete_records(stage, BETA)
    stop_at(stage, 1)

    first = inv("snapshots.restore", "--yes")
    stage.sandbox.edge.observer = None
    second = inv("snapshots.restore", "--yes")

    assert first.code == 130
    assert "3 done, 0 unknown, 3 not started" in first.err
    assert "hint: run the same restore again to resume" in first.err
    assert second.code == 0
    assert "dns.record: 3 to create" in second.err


def test_where_zones_cannot_be_listed_completely_nothing_is_restored(stage: Stage, inv: Inv) -> None:
    delete_records(stage)
    stage.sandbox.faults.parse("total-lies GET /zones total=7 times=-1")

    result = inv("snapshots.restore", "--zone", ALPHA, "--yes")

    assert result.code == 4
    assert "zones.zone could not be listed completely" in result.err
    assert stage.wrote() == []


def test_a_setting_that_the_plan_fixes_is_reported_and_skipped(stage: Stage, inv: Inv, home: Path) -> None:
    id = stage.world.zones()[ALPHA]
    setting = json.loads(stage.sandbox.store.document_text("setting", id, "ssl") or "{}")
    fixed = {**(setting or {"id": "ssl"}), "value": "off", "editable": False}
    stage.sandbox.store.put_document("setting", id, "ssl", fixed)

    result = inv("snapshots.restore", "--kind", "zones.setting", "--yes")

    assert result.code == 0, result.err
    assert f"zones.setting in {ALPHA} ssl: the zone's plan does not allow a change" in result.err
    assert stage.wrote() == []


def test_several_names_must_be_typed_to_undo_the_creation_of_several_scripts(stage: Stage, inv: Inv) -> None:
    for name in ("edge", "site"):
        stage.world.account("DELETE", f"/workers/scripts/{name}?force=true")
    inv("snapshots.restore", "--kind", "workers", "--yes")
    stage.forget()

    refused = inv("undo.last", "--yes")
    wrote = stage.wrote()
    done = inv("undo.last", "--yes", "--confirm", "edge,site")

    assert refused.code == 1
    assert "not confirmed: site,edge" in refused.err
    assert "--confirm site,edge" in refused.err
    assert wrote == []
    assert done.code == 0, done.err
    assert stage.world.scripts() == ["jobs"]
