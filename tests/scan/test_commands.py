"""`inv scan` and `inv scan.export` as a user types them, against the sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.kinds.catalog import resources
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from ops.snapshots.manifest import Manifest
from tests.conftest import Result
from tests.snapshots.checking import bytes_of, checked, leftovers

Inv = Callable[..., Result]


@pytest.fixture
def exports(home: Path) -> Path:
    return home / "exports"


def exported(result: Result) -> tuple[dict[str, Any], Path, Manifest]:
    """Return the summary of an export, its folder, and its checked manifest."""
    summary = json.loads(result.out)
    folder = Path(summary["snapshot"])
    return summary, folder, checked(folder)


def statuses(manifest: Manifest, kind: str) -> set[str]:
    return {section.status for section in manifest.sections if section.kind == kind}


def test_a_scan_counts_the_account_by_kind(staged: Sandbox, inv: Inv) -> None:
    result = inv("scan", "--output", "json")

    rows = {row["kind"]: row for row in json.loads(result.out)}
    assert result.code == 0
    assert rows["zones.zone"]["items"] == rows["dns.record"]["sections"] > 1
    assert rows["zones.hold"] == {
        "kind": "zones.hold", "items": None, "sections": 0, "status": "skipped", "note": "only with --deep"
    }  # fmt: skip
    assert f"{len(staged.requests)} requests" in result.err


def test_a_scan_sends_no_request_twice(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--deep")

    twice = {request: count for request, count in Counter(staged.requests).items() if count > 1}
    # A header distinguishes the jurisdictions of R2, not the path; rooms say where events and rules are.
    assert {(path.partition("?")[0].rpartition("/")[2], count) for (_, path), count in twice.items()} == {
        ("buckets", 5),
        ("waiting_rooms", 3),
    }


def test_an_export_ends_with_its_path_and_size(staged: Sandbox, inv: Inv, exports: Path) -> None:
    result = inv("scan.export", "--output", "json")

    summary, folder, manifest = exported(result)
    assert result.code == 0
    assert folder.parent == exports / staged.account_id
    assert (summary["status"], summary["requests"]) == ("complete", manifest.requests)
    assert summary["bytes"] == sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    assert summary["items"] == sum(len(f.read_bytes().splitlines()) for f in folder.glob("*.jsonl"))
    assert manifest.account_name
    assert str((folder.parent / "latest").readlink()) == folder.name
    assert leftovers(exports) == []


def test_two_exports_of_an_unchanged_account_are_byte_for_byte_equal(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    staged.limiter.quota = None
    _, one, first = exported(inv("scan.export", "--deep", "--kv", "values", "--output", "json"))
    _, other, second = exported(inv("scan.export", "--deep", "--kv", "values", "--output", "json"))

    times = {"started": "", "ended": ""}
    assert bytes_of(one) == bytes_of(other)
    assert {**first.as_json(), **times} == {**second.as_json(), **times}


@pytest.mark.long
@pytest.mark.fault("A27")
def test_responses_out_of_order_do_not_change_the_bytes(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    _, calm, _ = exported(inv("scan.export", "--output", "json"))
    expected = bytes_of(calm)

    for seed in range(3):
        staged.faults.clear()
        staged.faults.add(Fault("delay", times=-1, seconds=0.0, jitter=0.03, seed=seed))
        _, folder, _ = exported(inv("scan.export", "--output", "json"))
        assert bytes_of(folder) == expected


def test_an_export_contains_what_the_api_sent(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("unknown-fields", times=-1))
    listed = json.loads(inv("zones.list", "--output", "json").out)

    _, folder, _ = exported(inv("scan.export", "--output", "json"))

    kept = [json.loads(line)["item"] for line in (folder / "zones.zone.jsonl").read_bytes().splitlines()]
    public = [zone for zone in kept if zone["type"] != "internal"]
    assert len(kept) == len(public) + 1
    assert sorted(public, key=lambda zone: zone["name"]) == sorted(listed, key=lambda zone: zone["name"])


@pytest.mark.fault("A25")
def test_a_denied_product_is_marked_and_the_rest_is_complete(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export")
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    result = inv("scan.export", "--output", "json")

    _, folder, manifest = exported(result)
    assert result.code == 4
    assert (manifest.status, statuses(manifest, "dns.record")) == ("partial", {"denied"})
    assert statuses(manifest, "zones.setting") == {"complete", "skipped"}
    assert not (folder / "dns.record.jsonl").exists()
    assert str((folder.parent / "latest").readlink()) != folder.name
    assert "--skip dns.record" in result.err
    assert "DNS > Read" in result.err


@pytest.mark.parametrize("task", ["scan.export", "scan"])
def test_the_hint_of_a_limited_token_makes_the_next_run_complete(
    staged: Sandbox, inv: Inv, task: str
) -> None:
    for path in ("*/access/*", "*/gateway*", "*/email/routing*", "*/registrar*", "*/dnssec*"):
        staged.faults.add(Fault("denied", path=path, times=-1))
    staged.faults.add(Fault("gone", path="*/rum/*", times=-1))

    result = inv(task)

    [names] = re.findall(r"hint: `--skip (\S+)` leaves out", result.err)
    again = inv(task, "--skip", names)
    assert (result.code, again.code) == (4, 0), again.err
    assert names == "access,email,gateway,registrar.domain,rum.site,zones.dnssec"
    assert "denied without Account > Zero Trust > Read: gateway.list, gateway.location, " in result.err
    assert "registrar.domain: denied: " in result.err
    assert "(it takes Account > Domain Registration > Read)" in result.err
    assert "`inv items.kinds` shows the permission of each kind" in result.err


def test_an_export_without_the_denied_kinds_is_complete(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    result = inv("scan.export", "--skip", "dns.record", "--output", "json")

    _, _, manifest = exported(result)
    assert (result.code, manifest.status, statuses(manifest, "dns.record")) == (0, "complete", {"skipped"})


@pytest.mark.fault("A26")
@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_product_is_marked_unavailable(staged: Sandbox, inv: Inv, status: int) -> None:
    staged.faults.add(Fault("gone", path="*/r2/buckets*", times=-1, status=status))

    result = inv("scan", "--output", "json")

    rows = {row["kind"]: row for row in json.loads(result.out)}
    assert result.code == 4
    assert rows["r2.bucket"]["status"] == "unavailable"
    assert "--skip r2.bucket" in result.err


@pytest.mark.fault("A24")
def test_a_token_revoked_halfway_keeps_what_was_read(staged: Sandbox, inv: Inv, exports: Path) -> None:
    staged.faults.add(Fault("revoked", nth=40, times=-1))

    result = inv("scan.export", "--output", "json")

    [folder] = [p for p in (exports / staged.account_id).iterdir() if p.is_dir()]
    manifest = checked(folder)
    assert result.code == 1
    assert str(folder) in result.err
    assert manifest.status == "partial"
    assert {"complete", "failed"} <= {section.status for section in manifest.sections}
    assert len(staged.requests) < 40 + 8 * 2
    assert not (folder.parent / "latest").exists()
    assert leftovers(exports) == []


def test_a_token_without_permissions_leaves_no_snapshot(staged: Sandbox, inv: Inv, exports: Path) -> None:
    staged.faults.add(Fault("denied", path=f"/accounts/{staged.account_id}*", times=-1))
    staged.faults.add(Fault("denied", path="/zones*", times=-1))

    result = inv("scan.export")

    assert result.code == 1
    assert [p for p in exports.rglob("[!.]*") if p.is_file()] == []


@pytest.mark.fault("B9")
def test_a_page_that_fails_permanently_marks_its_section(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    staged.faults.add(Fault("503", path="*/keys*cursor=*", times=-1))

    result = inv("scan.export", "--only", "kv", "--output", "json")

    summary, _, manifest = exported(result)
    short = [section for section in manifest.sections if section.status == "inconsistent"]
    assert result.code == 4
    assert (summary["status"], len(short)) == ("partial", 1)
    assert short[0].count == 1000
    assert "kv.key" in result.err


@pytest.mark.fault("B10")
def test_a_zone_deleted_during_the_scan_is_not_an_error(staged: Sandbox, inv: Inv) -> None:
    zone = json.loads(inv("zones.list", "--output", "json").out)[3]
    staged.faults.add(Fault("gone", path=f"/zones/{zone['id']}*", times=-1))

    result = inv("scan.export", "--output", "json")

    _, _, manifest = exported(result)
    gone = {s.kind for s in manifest.sections if s.status == "gone"}
    assert (result.code, manifest.status) == (0, "complete")
    assert {"dns.record", "zones.setting"} <= gone


def test_only_the_named_zones_are_read(staged: Sandbox, inv: Inv) -> None:
    zone = json.loads(inv("zones.list", "--output", "json").out)[2]
    before = len(staged.requests)

    result = inv("scan.export", "--zone", zone["name"], "--only", "dns.record", "--output", "json")

    _, folder, manifest = exported(result)
    asked = [target for _, target in staged.requests[before:]]
    assert result.code == 0
    assert len(asked) <= 2
    assert all("/dns_records" in target or "name=" in target for target in asked)
    assert {s.scope for s in manifest.sections if s.kind == "dns.record"} == {zone["id"]}
    assert statuses(manifest, "zones.zone") == {"skipped"}
    assert not (folder.parent / "latest").exists()


def test_zones_of_two_accounts_are_not_scanned_together(staged: Sandbox, inv: Inv) -> None:
    staged.store.run(
        "UPDATE document SET body = json_set(body, '$.account.id', ?) WHERE kind = 'zone' AND id = ?",
        ("b" * 32, zone_id("example.org")),
    )

    result = inv("scan", "--zone", "example.com", "--zone", "example.org")

    assert result.code == 1
    assert "these zones belong to several accounts" in result.err
    assert "scan one account at a time" in result.err


def test_values_are_stored_with_their_keys(staged: Sandbox, inv: Inv) -> None:
    _, folder, manifest = exported(inv("scan.export", "--only", "kv", "--kv", "values", "--output", "json"))

    files = [name for name in manifest.files if name.startswith("kv/")]
    assert {manifest.placed[name].kind for name in files} == {"kv.key"}
    lines = [json.loads(line) for name in files for line in (folder / name).read_bytes().splitlines()]
    keys = (folder / "kv.key.jsonl").read_bytes().splitlines()
    assert len(lines) == len(keys) > 0
    assert all(isinstance(line["value"], str) for line in lines)
    assert any(line.get("base64") for line in lines)


def test_keys_are_listed_once_even_if_values_are_exported(staged: Sandbox, inv: Inv) -> None:
    exported(inv("scan.export", "--only", "kv", "--kv", "values", "--output", "json"))

    listings = [target for _, target in staged.requests if "/keys?" in target]
    assert len(listings) == len(set(listings)) > 0


def test_the_contents_of_scripts_are_stored_and_mapped(staged: Sandbox, inv: Inv) -> None:
    _, folder, manifest = exported(inv("scan.export", "--only", "workers", "--output", "json"))

    scripts = {placed.item for name, placed in manifest.placed.items() if name.startswith("scripts/")}
    listed = {json.loads(line)["item"]["id"] for line in (folder / "workers.script.jsonl").open()}
    assert scripts == listed


@pytest.mark.fault("C9")
def test_git_ignores_a_new_folder_of_exports(staged: Sandbox, inv: Inv, exports: Path) -> None:
    subprocess.run(["git", "init", "--quiet", exports.parent], check=True)

    inv("sandbox", "scan.export", "--only", "zones")
    inv("scan.export", "--only", "zones")
    inv("zones.list", "--export")

    seen = subprocess.run(["git", "status", "--porcelain", exports], cwd=exports.parent, capture_output=True)
    assert (seen.returncode, seen.stdout) == (0, b"")
    assert len([*exports.iterdir()]) == 4


def test_a_folder_of_exports_without_a_gitignore_stays_as_it_is(
    staged: Sandbox, inv: Inv, exports: Path
) -> None:
    exports.mkdir(0o700)

    inv("scan.export", "--only", "zones")

    assert not (exports / ".gitignore").exists()


def test_all_files_are_private_with_any_umask(staged: Sandbox, inv: Inv, exports: Path) -> None:
    before = os.umask(0)
    try:
        inv("scan.export", "--kv", "values")
        inv("scan.export", "--to", "all.json")
        inv("scan.export", "--to", "all.csv")
    finally:
        os.umask(before)

    made = [*exports.rglob("*"), *Path("all.csv").rglob("*"), Path("all.json"), Path("all.csv"), exports]
    modes = {oct(p.stat().st_mode & 0o777) for p in made if not p.is_symlink() and p.is_file()}
    folders = {oct(p.stat().st_mode & 0o777) for p in made if not p.is_symlink() and p.is_dir()}
    assert (modes, folders) == ({"0o600"}, {"0o700"})


@pytest.mark.fault("C6")
def test_a_folder_that_cannot_be_written_is_refused_before_the_first_request(
    staged: Sandbox, inv: Inv, exports: Path
) -> None:
    exports.write_text("a file in the way")

    result = inv("scan.export")

    assert result.code == 2
    assert str(exports) in result.err
    assert staged.requests == []


@pytest.mark.fault("C7")
def test_a_link_is_not_written_through(staged: Sandbox, inv: Inv, tmp_path: Path) -> None:
    victim = tmp_path / "victim.json"
    victim.write_text("mine")
    Path("all.json").symlink_to(victim)

    result = inv("scan.export", "--to", "all.json")

    assert result.code == 1
    assert victim.read_text() == "mine"
    assert staged.requests == []


@pytest.mark.fault("C8")
def test_an_account_folder_that_is_a_link_is_refused(
    staged: Sandbox, inv: Inv, exports: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    exports.mkdir()
    (exports / staged.account_id).symlink_to(tmp_path / "elsewhere")

    result = inv("scan.export")

    assert result.code == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_exports_folder_may_be_a_link_to_another_disk(
    staged: Sandbox, inv: Inv, exports: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir(0o700)
    exports.symlink_to(tmp_path / "disk")

    result = inv("scan.export", "--only", "kv.namespace")

    assert result.code == 0
    assert len(list((tmp_path / "disk" / staged.account_id).iterdir())) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("--only", "dns.recrod"), "dns.record"),
        (("--kv", "all"), "--kv takes"),
        (("--to", "all.xlsx"), ".json"),
        (("--to", "all.json", "--kv", "values"), "--kv takes"),
        (("--to", "all.tar.gz.age"), "--encrypt-to"),
        (("--encrypt-to", "nonsense"), "age1"),
    ],
)
def test_a_wrong_option_is_refused_before_any_request(
    staged: Sandbox, inv: Inv, line: tuple[str, ...], message: str
) -> None:
    result = inv("scan.export", *line)

    assert result.code == 1
    assert message in result.err
    assert "Traceback" not in result.err
    assert staged.requests == []


def test_a_document_contains_metadata_counts_statuses_and_items(staged: Sandbox, inv: Inv) -> None:
    result = inv("scan.export", "--to", "all.json", "--output", "json")

    document = json.loads(Path("all.json").read_bytes())
    assert result.code == 0
    assert document["account"]["id"] == staged.account_id
    assert document["status"] == "complete"
    assert document["counts"]["dns.record"] == len(document["items"]["dns.record"])
    assert {section["status"] for section in document["sections"]} <= {"complete", "skipped"}
    assert leftovers(Path()) == []


def test_tables_are_a_file_per_kind_and_the_statuses(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--to", "all.csv")
    again = inv("scan.export", "--to", "all.csv")

    names = {file.name for file in Path("all.csv").iterdir()}
    assert {"sections.csv", "dns.record.csv", "kv.key.csv"} <= names
    assert again.code == 1
    assert leftovers(Path()) == []


def test_a_scan_of_some_kinds_shows_those_and_the_number_of_others(staged: Sandbox, inv: Inv) -> None:
    result = inv("scan", "--only", "dns", "--output", "json")

    shown = {row["kind"] for row in json.loads(result.out)}
    assert result.code == 0
    assert shown == {one.kind for one in resources() if one.product == "dns"} | {"zones.zone"}
    assert "kinds that were not requested are not shown" in result.err
