"""Light exports: what is read again, what is carried over from the base, and when everything is read."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
import time_machine

from ops.sandbox.faults import Fault
from ops.sandbox.seed import seed_scale
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from ops.snapshots.manifest import Manifest
from tests.conftest import Result
from tests.snapshots.checking import bytes_of, checked
from tests.snapshots.touching import Account, empty_audit_log

Inv = Callable[..., Result]
HOUR = 3600
INTERNAL = zone_id("corp.example")
LIGHT = ("scan.export", "--since", "latest", "--output", "json")


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel("2026-11-30T05:00:00Z") as moved:
        yield moved


@pytest.fixture
def base(staged: Sandbox, inv: Inv, clock: time_machine.Coordinates) -> Path:
    """Export the whole account, an hour ago."""
    made = inv("scan.export", "--output", "json")
    assert made.code == 0, made.err
    clock.shift(HOUR)
    return newest(made)


def newest(result: Result) -> Path:
    return Path(json.loads(result.out)["snapshot"])


def summary(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.out)
    return found


def zone(sandbox: Sandbox, name: str) -> str:
    return str(Account(sandbox).call("GET", f"/zones?name={name}")[0]["id"])


def add_record(sandbox: Sandbox, name: str = "example.com") -> str:
    """Create a record in a zone; return the zone's id."""
    id = zone(sandbox, name)
    record = {"type": "A", "name": f"light.{name}", "content": "192.0.2.77", "ttl": 60}
    Account(sandbox).call("POST", f"/zones/{id}/dns_records", record)
    return id


def read_since(sandbox: Sandbox, before: int) -> set[str]:
    """Return the paths requested after *before* requests."""
    return {target.partition("?")[0] for method, target in sandbox.requests[before:] if method == "GET"}


def zones_in(paths: set[str]) -> set[str]:
    """Return the ids of the zones of which anything was requested, without the internal one."""
    return {found[1] for path in paths if (found := re.match(r"/zones/(\w{32})/", path))} - {INTERNAL}


def carried(manifest: Manifest) -> set[tuple[str, str]]:
    return {(one.kind, one.scope) for one in manifest.sections if one.carried_from}


def test_only_the_zone_that_the_log_names_is_read_again(base: Path, staged: Sandbox, inv: Inv) -> None:
    changed = add_record(staged)
    before = len(staged.requests)

    result = inv(*LIGHT, "--refresh", "0")

    manifest = checked(newest(result))
    assert result.code == 0, result.err
    assert zones_in(read_since(staged, before)) == {changed}
    assert ("dns.record", changed) not in carried(manifest)
    read = {changed, INTERNAL}
    others = [one for one in manifest.sections if one.kind == "dns.record" and one.scope not in read]
    assert len(others) == 11
    assert {(one.carried_from, one.read_at) for one in others} == {(base.name, "2026-11-30T05:00:00Z")}
    assert summary(result)["carried"] == manifest.carried
    assert summary(result)["oldest_read"] == "2026-11-30T05:00:00Z"


def test_a_light_snapshot_holds_what_a_full_one_holds(base: Path, staged: Sandbox, inv: Inv) -> None:
    add_record(staged)

    light, full = inv(*LIGHT), inv("scan.export", "--output", "json")

    assert checked(newest(light)).carried > 50
    assert bytes_of(newest(light)) == bytes_of(newest(full))
    assert checked(newest(full)).carried == 0


def test_a_carried_section_names_the_snapshot_that_read_it(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    inv(*LIGHT, "--refresh", "0")
    clock.shift(HOUR)

    manifest = checked(newest(inv(*LIGHT, "--refresh", "0")))

    origins = {(one.carried_from, one.read_at) for one in manifest.sections if one.carried_from}
    assert origins == {(base.name, "2026-11-30T05:00:00Z")}


def test_keys_and_objects_are_never_carried_over(base: Path, staged: Sandbox, inv: Inv) -> None:
    before = len(staged.requests)

    manifest = checked(newest(inv(*LIGHT, "--refresh", "0")))

    parents = {"zones.zone", "workers.script"}
    kinds = {kind.removesuffix("/contents") for kind, _ in carried(manifest)}
    assert kinds == {
        *("dns.record", "zones.setting", "zones.dnssec", "workers.route", "rulesets.zone"),
        *("workers.script", "workers.settings", "workers.schedule"),
    }
    assert parents & {one.kind for one in manifest.sections if one.status == "complete"}
    listed = read_since(staged, before)
    assert any(path.endswith("/keys") for path in listed)
    assert any(path.endswith("/objects") for path in listed)
    assert any(path.endswith("/zones") for path in listed)


def test_the_code_of_a_changed_script_is_read_again(base: Path, staged: Sandbox, inv: Inv) -> None:
    path = f"/accounts/{staged.account_id}/workers/scripts/redirects/schedules"
    Account(staged).call("PUT", path, [{"cron": "7 * * * *"}])

    manifest = checked(newest(inv(*LIGHT, "--refresh", "0")))

    assert ("workers.script/contents", "redirects") not in carried(manifest)
    assert ("workers.schedule", "redirects") not in carried(manifest)
    assert ("workers.script/contents", "api-gateway") in carried(manifest)


def test_a_zone_whose_own_entry_changed_is_read_again(base: Path, staged: Sandbox, inv: Inv) -> None:
    id = zone(staged, "example.net")
    Account(staged).call("PATCH", f"/zones/{id}", {"paused": True})
    empty_audit_log(staged)
    before = len(staged.requests)

    assert inv(*LIGHT, "--refresh", "0").code == 0

    assert zones_in(read_since(staged, before)) == {id}


@pytest.mark.parametrize("field", [{"type": "secondary"}, {"created_on": "2026-11-30T05:30:00Z"}])
def test_secondary_and_young_zones_are_read_every_time(
    staged: Sandbox, inv: Inv, clock: time_machine.Coordinates, field: dict[str, str]
) -> None:
    id = zone(staged, "example.net")
    document = staged.store.get_document("zone", "", id)
    staged.store.put_document("zone", "", id, {**document, **field}, sort="example.net")
    inv("scan.export")
    clock.shift(HOUR)
    before = len(staged.requests)

    assert inv(*LIGHT, "--refresh", "0").code == 0

    assert zones_in(read_since(staged, before)) == {id}


def test_an_internal_zone_is_read_every_time(base: Path, staged: Sandbox, inv: Inv) -> None:
    before = len(staged.requests)

    assert inv(*LIGHT, "--refresh", "0").code == 0

    assert f"/zones/{INTERNAL}/dns_records" in read_since(staged, before)


def test_the_rotation_reads_every_zone_within_a_day(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    read: set[str] = set()
    for _ in range(3):
        before = len(staged.requests)
        assert inv(*LIGHT, "--refresh", "4").code == 0
        again = zones_in(read_since(staged, before))
        assert len(again) == 4
        assert not read & again
        read |= again
        clock.shift(HOUR)

    assert len(read) == 12


def test_a_difference_without_an_entry_is_reported_and_makes_the_next_run_a_full_one(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    id = add_record(staged)
    empty_audit_log(staged)

    found = inv(*LIGHT, "--refresh", "1")
    clock.shift(HOUR)
    full = inv(*LIGHT)
    clock.shift(HOUR)
    light = inv(*LIGHT, "--refresh", "0")

    manifest = checked(newest(found))
    section = next(one for one in manifest.sections if (one.kind, one.scope) == ("dns.record", id))
    assert (found.code, manifest.status) == (4, "partial")
    assert "changed without an audit entry: dns.record in example.com (light.example.com" in found.err
    assert section.reason.startswith("changed without an audit entry: light.example.com")
    assert (full.code, checked(newest(full)).carried) == (0, 0)
    assert f"{newest(found).name} found what changed without an audit entry" in full.err
    assert checked(newest(light)).carried > 50


def test_an_entry_that_arrives_during_the_run_explains_the_difference(
    base: Path, staged: Sandbox, inv: Inv
) -> None:
    add_record(staged)
    late = staged.store.rows("SELECT kind, owner, id, sort, body FROM document WHERE kind = 'audit.v2'")
    empty_audit_log(staged)
    count = len(staged.requests)

    def arrive(request: Any) -> None:
        if "dns_records" in request.path:
            staged.store.run_many("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)", late)

    staged.edge.observer = arrive

    result = inv(*LIGHT, "--refresh", "1")

    logs = [target for _, target in staged.requests[count:] if "logs/audit" in target]
    assert (result.code, len(logs)) == (0, 2), result.err


def test_what_cloudflare_changes_itself_is_not_a_finding(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    id = zone(staged, "example.com")
    staged.store.put_document("dnssec", id, "dnssec", {"status": "pending"})
    assert inv("scan.export").code == 0
    clock.shift(HOUR)
    staged.store.put_document("dnssec", id, "dnssec", {"status": "active"})

    assert inv(*LIGHT, "--refresh", "1").code == 0


def test_everything_that_reads_a_snapshot_says_what_was_carried_over(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    name = newest(inv(*LIGHT, "--refresh", "0")).name
    clock.shift(HOUR)
    told = " sections carried over, the oldest 2 h old"

    lines = (
        ("snapshots.verify",),
        ("snapshots.show",),
        ("snapshots.diff", "previous", "latest"),
        ("snapshots.restore", "--zone", "example.com", "--dry-run"),
        ("zones.list", "--offline"),
        ("query", "SELECT 1"),
        ("checks",),
    )
    silent = [line for line in lines if told not in inv(*line).err]
    status = json.loads(inv("snapshots.status", "--to", "s.prom", "--output", "json").out)
    verified = json.loads(inv("snapshots.verify", "--output", "json").out)
    shown = json.loads(inv("snapshots.show", "--output", "json").out)

    assert silent == []
    assert (status["oldest_read"], status["carried"] > 50) == ("2026-11-30T05:00:00Z", True)
    assert "cfops_snapshot_oldest_read_timestamp_seconds" in Path("s.prom").read_text()
    assert next(row for row in verified if row["kind"] == "dns.record")["note"] == (
        "12 of 13 carried over, the oldest read 2026-11-30T05:00:00Z"
    )
    times = [row["read_at"] for row in shown if row["kind"] == "dns.record"]
    assert (times.count("2026-11-30T05:00:00Z"), len(times)) == (12, 13)
    assert inv("snapshots.render", "out.tf", "--name", name).code == 0
    assert "the oldest part read 2026-11-30T05:00:00Z" in Path("out.tf").read_text()


def test_a_carried_section_that_cannot_be_what_it_says_is_damage(base: Path, inv: Inv) -> None:
    folder = newest(inv(*LIGHT, "--refresh", "0"))
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    del document["sha256"]
    rows = [row for row in document["sections"] if row.get("carried_from")]
    rows[0]["read_at"], rows[1]["read_at"] = "2027-01-01T00:00:00Z", "yesterday"
    path.write_text(json.dumps(document))

    result = inv("snapshots.verify")

    assert result.code == 2
    assert "was read at 2027-01-01T00:00:00Z, after the snapshot was started" in result.err
    assert "'yesterday' is not a time of a snapshot" in result.err


def test_drift_asks_the_log_from_when_the_oldest_section_was_read(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    inv(*LIGHT, "--refresh", "0")
    add_record(staged)
    clock.shift(HOUR)

    result = inv("snapshots.drift", "--only", "dns")

    asked = [target for _, target in staged.requests if "logs/audit" in target][-1]
    assert "light.example.com" in result.out
    assert "since=2026-11-30T05%3A00%3A00Z" in asked


@pytest.mark.parametrize("fault", ["denied", "gone", "503"])
def test_a_log_that_cannot_be_read_makes_the_run_a_full_one(
    base: Path, staged: Sandbox, inv: Inv, fault: str
) -> None:
    staged.faults.add(Fault(fault, path="*/logs/audit*", times=-1))

    result = inv(*LIGHT)

    assert (result.code, checked(newest(result)).carried) == (0, 0)
    assert "everything is read again: the audit log was not read" in result.err
    assert summary(result)["full"].startswith("the audit log was not read")


def test_a_log_that_breaks_off_makes_the_run_a_full_one(base: Path, staged: Sandbox, inv: Inv) -> None:
    entries = [
        ("audit.v2", staged.account_id, f"e{n}", f"2026-11-30T05:10:00.{n:06}Z", "{}") for n in range(1500)
    ]
    staged.store.run_many("INSERT INTO document VALUES (?, ?, ?, ?, ?)", entries)
    staged.faults.add(Fault("503", path="*/logs/audit*cursor*", times=-1))

    result = inv(*LIGHT)

    assert checked(newest(result)).carried == 0
    assert "the audit log is incomplete" in result.err


def test_a_long_log_is_read_in_pages_of_a_thousand(base: Path, staged: Sandbox, inv: Inv) -> None:
    named = zone(staged, "example.org")
    entry = json.dumps({"raw": {"method": "PATCH", "uri": f"/client/v4/zones/{named}/settings"}})
    entries = [
        ("audit.v2", staged.account_id, f"e{n}", f"2026-11-30T05:10:00.{n:06}Z", "{}" if n else entry)
        for n in range(1500)
    ]
    staged.store.run_many("INSERT INTO document VALUES (?, ?, ?, ?, ?)", entries)
    before = len(staged.requests)

    assert inv(*LIGHT, "--refresh", "0").code == 0

    asked = [target for _, target in staged.requests[before:] if "logs/audit" in target]
    assert len(asked) == 2
    assert "limit=1000" in asked[0]
    assert "since=2026-11-30T04%3A00%3A00Z" in asked[0]
    assert zones_in(read_since(staged, before)) == {named}


def test_without_a_complete_snapshot_everything_is_read(staged: Sandbox, inv: Inv) -> None:
    result = inv(*LIGHT)

    assert (result.code, checked(newest(result)).carried) == (0, 0)
    assert "everything is read again: there is no complete snapshot" in result.err


def test_a_base_older_than_a_day_is_not_carried_from(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    clock.shift(24 * HOUR)

    result = inv(*LIGHT)

    assert checked(newest(result)).carried == 0
    assert f"{base.name} is more than a day old" in result.err


def test_after_a_partial_run_the_last_complete_snapshot_is_the_base(
    base: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    changed = add_record(staged)
    staged.faults.add(Fault("503", path=f"/zones/{changed}/settings*", times=-1))
    assert inv(*LIGHT, "--refresh", "0").code == 4
    staged.faults.clear()
    clock.shift(2 * HOUR)
    before = len(staged.requests)

    result = inv(*LIGHT, "--refresh", "0")

    assert (result.code, zones_in(read_since(staged, before))) == (0, {changed})
    assert {one.carried_from for one in checked(newest(result)).sections} == {"", base.name}


def test_a_base_with_other_options_is_not_carried_from(base: Path, staged: Sandbox, inv: Inv) -> None:
    result = inv(*LIGHT, "--skip", "kv")

    assert checked(newest(result)).carried == 0
    assert "it was made with other options: --skip" in result.err


def test_a_lean_export_carries_from_a_deep_one_but_not_the_reverse(
    staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    only = ("--only", "zones,dns,ssl")
    inv("scan.export", *only, "--deep")
    clock.shift(HOUR)

    lean, deep = inv(*LIGHT, *only), inv(*LIGHT, *only, "--deep")

    assert checked(newest(lean)).carried > 20
    assert "other options: --deep" in deep.err


def test_a_damaged_base_is_not_carried_from(base: Path, staged: Sandbox, inv: Inv) -> None:
    file = base / "dns.record.jsonl"
    file.write_bytes(file.read_bytes().replace(b"192.0.2.", b"192.0.9."))

    result = inv(*LIGHT)

    assert checked(newest(result)).carried == 0
    assert f"everything is read again: {base.name} is damaged" in result.err


def test_a_named_base_of_another_account_is_refused(base: Path, staged: Sandbox, inv: Inv) -> None:
    manifest = json.loads((base / "manifest.json").read_text())
    other = base.parent / "other"
    base.rename(other)
    manifest["account"]["id"] = "f" * 32
    del manifest["sha256"]
    (other / "manifest.json").write_text(json.dumps(manifest))
    before = len(staged.requests)

    result = inv("scan.export", "--since", str(other))

    assert result.code == 1
    assert "is a snapshot of the account ffff" in result.err
    assert not zones_in(read_since(staged, before))


def test_an_encrypted_base_needs_its_key(
    staged: Sandbox, inv: Inv, clock: time_machine.Coordinates, tmp_path: Path
) -> None:
    key = pyrage.x25519.Identity.generate()
    identity = tmp_path / "key.txt"
    identity.write_text(f"{key}\n")
    sealed = ("--encrypt-to", str(key.to_public()))
    assert inv("scan.export", *sealed).code == 0
    clock.shift(HOUR)

    without = inv(*LIGHT, *sealed)
    clock.shift(HOUR)
    opened = inv(*LIGHT, *sealed, "--identity", str(identity))
    clock.shift(HOUR)
    plain = inv(*LIGHT, "--identity", str(identity))

    assert summary(without)["carried"] == 0
    assert "is encrypted: --identity or --passphrase-file opens it" in without.err
    assert summary(opened)["carried"] > 50
    assert "it was made with other options: --secrets" in plain.err
    assert inv("snapshots.verify", "--identity", str(identity), str(newest(opened))).code == 0


ZONES = ("--only", "zones,ssl")


@pytest.fixture
def small(staged: Sandbox, inv: Inv, clock: time_machine.Coordinates) -> Path:
    """Export the zones and their certificates, an hour ago."""
    made = inv("scan.export", *ZONES, "--output", "json")
    assert made.code == 0, made.err
    clock.shift(HOUR)
    return newest(made)


def copied(base: Path, hours: int, **fields: Any) -> Path:
    """Copy the snapshot *base* as one that began *hours* later, with *fields* of its manifest."""
    copy = base.with_name(base.name.replace("T05", f"T{5 + hours:02}"))
    shutil.copytree(base, copy)
    manifest = json.loads((base / "manifest.json").read_text())
    started = manifest["started"].replace("T05", f"T{5 + hours:02}")
    del manifest["sha256"]
    (copy / "manifest.json").write_text(json.dumps({**manifest, "started": started, **fields}))
    return copy


def test_a_named_base_says_why_nothing_is_carried_from_it(
    small: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    later = copied(small, 3)
    partial = copied(small, 0 + 1, status="partial", reason="stopped")
    damaged = copied(small, 2)
    (damaged / "manifest.json").write_text("{")
    clock.shift(HOUR + 1)

    results = {one: inv("scan.export", "--since", one.name, *ZONES) for one in (later, partial, damaged)}

    for one, why in ((later, "later than this machine's clock"), (partial, "partial"), (damaged, "damaged")):
        assert f"everything is read again: {one.name} is {why}" in results[one].err


def test_a_base_may_be_in_another_folder(small: Path, staged: Sandbox, inv: Inv, tmp_path: Path) -> None:
    shutil.move(small, tmp_path / small.name)

    result = inv(LIGHT[0], *ZONES, "--since", str(tmp_path / small.name), "--output", "json")

    assert result.code == 0, result.err
    assert checked(newest(result)).carried > 20


def test_after_an_encrypted_partial_snapshot_everything_is_read(
    small: Path, staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    key = pyrage.x25519.Identity.generate()
    staged.faults.add(Fault("denied", path="*/certificate_packs*", times=-1))
    partial = inv("scan.export", *ZONES, "--encrypt-to", str(key.to_public()))
    staged.faults.clear()
    clock.shift(HOUR)

    result = inv(*LIGHT, *ZONES)

    assert partial.code == 4
    assert checked(newest(result)).carried == 0
    assert "is partial and encrypted, so why is not known" in result.err


def test_a_zone_that_no_entry_of_the_log_names_is_read_if_the_base_lacks_it(
    small: Path, staged: Sandbox, inv: Inv
) -> None:
    body = json.loads(staged.store.document_text("zone", "", zone(staged, "empty.example")) or "")
    moved = {**body, "id": "e" * 32, "name": "moved.example"}
    staged.store.put_document("zone", "", "e" * 32, moved, sort="moved.example")
    before = len(staged.requests)

    result = inv(*LIGHT, *ZONES, "--refresh", "0")

    assert result.code == 0, result.err
    assert zones_in(read_since(staged, before)) == {"e" * 32}


def test_the_values_of_a_base_are_read_again(
    staged: Sandbox, inv: Inv, clock: time_machine.Coordinates
) -> None:
    only = ("--only", "zones,ssl,kv", "--kv", "values")
    assert inv("scan.export", *only).code == 0
    clock.shift(HOUR)
    before = len(staged.requests)

    result = inv(*LIGHT, *only, "--refresh", "0")

    manifest = checked(newest(result))
    assert (result.code, zones_in(read_since(staged, before))) == (0, set())
    carried = {one.kind for one in manifest.sections if one.carried_from}
    assert {kind.partition(".")[0] for kind in carried} == {"zones", "ssl"}
    assert any(placed.kind == "kv.key" for placed in manifest.placed.values())


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--since", "latest", "--to", "x.json"), "--since is for the snapshots in exports/"),
        (("--refresh", "0"), "need --since"),
        (("--since", "latest", "--overlap", "soon"), "--overlap takes a number and a unit"),
        (("--since", "nothing"), "no snapshot is called nothing"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    staged: Sandbox, inv: Inv, options: tuple[str, ...], problem: str
) -> None:
    result = inv("scan.export", *options)

    assert result.code == 1
    assert problem in result.err


@pytest.mark.long
def test_a_thousand_zones_of_which_five_changed_take_few_requests(
    staged: Sandbox, inv: Inv, clock: time_machine.Coordinates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    staged.limiter.quota = None
    seed_scale(staged.store, zones=1000, records=3, keys=0)
    whole, full = requests_of(staged, inv, "scan.export", "--output", "json")
    clock.shift(HOUR)
    for number in range(1, 6):
        add_record(staged, f"zone-{number * 100:04}.example")

    total, zones = requests_of(staged, inv, *LIGHT)
    without, fewest = requests_of(staged, inv, *LIGHT, "--refresh", "0")

    assert full > 5000
    assert zones <= 300
    assert fewest <= 60
    # The lists of the account are read each time.
    assert total - zones == without - fewest + 3 < whole - full
    assert total <= 340
    assert without <= 125


def requests_of(sandbox: Sandbox, inv: Inv, *line: str) -> tuple[int, int]:
    """Run an export; return its requests, and how many were for zones and the log."""
    before = len(sandbox.requests)
    result = inv(*line)
    assert result.code == 0, result.err
    made = sandbox.requests[before:]
    assert summary(result)["requests"] in (len(made), len(made) - 1)  # the account is looked up once
    return len(made), sum(1 for _, target in made if target.startswith("/zones") or "logs/audit" in target)
