"""`inv snapshots.render`, and the same formats from `inv scan.export --to`, against the sandbox."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
import time_machine

from ops.kinds.catalog import resources
from ops.products.dns.zonefile import read
from ops.report.cover import COUNTED
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from tests.conftest import Result
from tests.report.building import Page
from tests.snapshots.checking import bytes_of, leftovers

Inv = Callable[..., Result]


@pytest.fixture
def kept(staged: Sandbox, export: Callable[..., Path]) -> Path:
    """A snapshot of everything; nothing after it sends a request."""
    made = export("--deep")
    staged.faults.add(Fault("denied", times=-1))
    staged.requests.clear()
    return made


def lines(folder: Path, kind: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / f"{kind}.jsonl").read_bytes().splitlines()]


def test_a_database_contains_every_item_of_the_snapshot(staged: Sandbox, inv: Inv, kept: Path) -> None:
    before = bytes_of(kept)

    result = inv("snapshots.render", "--to", "all.sqlite", "--output", "json")

    assert result.code == 0, result.err
    assert json.loads(result.out)["snapshot"] == kept.name
    with closing(sqlite3.connect("all.sqlite")) as database:
        for file in kept.glob("*.jsonl"):
            [[count]] = database.execute(f"SELECT count(*) FROM {file.stem.replace('.', '_')}")
            assert count == len(file.read_bytes().splitlines()), file.stem
    assert staged.requests == []
    assert bytes_of(kept) == before
    assert leftovers(Path()) == leftovers(kept.parent) == []
    assert Path("all.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_rendered_document_is_the_exported_one(staged: Sandbox, inv: Inv, kept: Path) -> None:
    result = inv("snapshots.render", "--to", "all.json")

    document = json.loads(Path("all.json").read_bytes())
    assert result.code == 0
    assert len(document["items"]["dns.record"]) == len(lines(kept, "dns.record"))


def test_zone_files_read_back_as_the_records(staged: Sandbox, inv: Inv, kept: Path) -> None:
    result = inv("snapshots.render", "--to", "all.zone")

    zones = {line["item"]["id"]: line["item"]["name"] for line in lines(kept, "zones.zone")}  # type: ignore[index]
    records = lines(kept, "dns.record")
    assert result.code == 0, result.err
    for id, name in zones.items():
        [file] = Path("all.zone").glob(f"{name}-*.zone")
        wanted = {(r["item"]["name"].lower(), r["item"]["type"]) for r in records if r["scope"] == id}  # type: ignore[index]
        found = {(e.record["name"], e.record["type"]) for e in read(file.read_text(), name).records}
        assert {pair for pair in wanted if pair != (name, "NS")} == found, name


def test_every_terraform_block_is_valid_and_has_a_unique_name(
    staged: Sandbox, inv: Inv, kept: Path, tmp_path: Path
) -> None:
    result = inv("snapshots.render", "--to", "all.tf")

    text = Path("all.tf").read_text()
    targets = [line for line in text.splitlines() if line.startswith("  to = ")]
    ids = [line for line in text.splitlines() if line.startswith("  id = ")]
    assert result.code == 0, result.err
    assert len(targets) == len(set(targets)) == len(ids) > len(lines(kept, "dns.record"))
    assert f'  id = "{lines(kept, "zones.zone")[0]["item"]["id"]}"' in ids  # type: ignore[index]
    assert "not in the Terraform file:" in result.err
    if shutil.which("terraform"):
        done = subprocess.run(["terraform", "fmt", "-check", "all.tf"], capture_output=True, timeout=40)
        assert done.returncode == 0, done.stderr


def test_a_page_has_every_item_of_the_snapshot(staged: Sandbox, inv: Inv, kept: Path) -> None:
    result = inv("snapshots.render", "--to", "all.html")

    assert result.code == 0, result.err
    text = Path("all.html").read_text()
    kinds = Page(text).index["kinds"]
    for file in kept.glob("*.jsonl"):
        count = len(file.read_bytes().splitlines())
        if count and file.stem not in COUNTED:
            assert kinds[file.stem]["count"] == count, file.stem
    assert staged.requests == []


def test_each_terraform_kind_maps_its_items(staged: Sandbox, inv: Inv, kept: Path) -> None:
    from ops.kinds.resource import Owner

    for resource in resources():
        if resource.terraform is None or not (kept / f"{resource.kind}.jsonl").exists():
            continue
        for line in lines(kept, resource.kind):
            item: dict[str, object] = line["item"]  # type: ignore[assignment]
            block = resource.terraform(Owner("acc", str(line["scope"]), {}), item)
            assert block is None or (block.type.startswith("cloudflare_") and "None" not in block.id), item


@pytest.mark.parametrize("ending", ["sqlite", "tf", "zone", "html"])
def test_an_export_is_written_directly_in_the_format(staged: Sandbox, inv: Inv, ending: str) -> None:
    result = inv("scan.export", "--only", "dns", "--to", f"all.{ending}")

    assert result.code == 0, result.err
    assert Path(f"all.{ending}").exists()
    assert leftovers(Path()) == []


@pytest.mark.fault("C13")
def test_a_damaged_snapshot_is_not_rendered(staged: Sandbox, inv: Inv, kept: Path) -> None:
    file = kept / "dns.record.jsonl"
    file.write_bytes(file.read_bytes().replace(b"example.com", b"example.net", 1))

    result = inv("snapshots.render", "--to", "all.sqlite")

    assert result.code == 2
    assert "dns.record.jsonl" in result.err
    assert not Path("all.sqlite").exists()


def test_a_partial_snapshot_is_rendered_with_a_warning(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))
    made = Path(json.loads(inv("scan.export", "--output", "json").out)["snapshot"])

    result = inv("snapshots.render", "--name", made.name, "--to", "all.json")

    assert result.code == 0
    assert "is partial: dns.record" in result.err


def test_an_older_file_is_kept_if_the_format_is_unknown(staged: Sandbox, inv: Inv, kept: Path) -> None:
    unknown = inv("snapshots.render", "--to", "all.xlsx")
    missing = inv("snapshots.render")

    assert (unknown.code, missing.code) == (1, 1)
    assert ".sqlite" in unknown.err
    assert "needs --to" in missing.err


def test_an_encrypted_snapshot_is_rendered_with_its_key(staged: Sandbox, inv: Inv, home: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    key = home / "key.txt"
    key.write_text(f"{identity}\n")
    key.chmod(0o600)
    made = inv("scan.export", "--only", "dns", "--encrypt-to", str(identity.to_public()), "--output", "json")
    sealed = Path(json.loads(made.out)["snapshot"])

    without = inv("snapshots.render", "--name", str(sealed), "--to", "all.sqlite")
    result = inv("snapshots.render", "--name", str(sealed), "--identity", str(key), "--to", "all.sqlite")

    assert without.code == 1
    assert result.code == 0, result.err
    with closing(sqlite3.connect("all.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM dns_record").fetchone()[0] > 0
    assert [file.name for file in home.rglob("*.jsonl")] == ["runs.jsonl"]


def test_what_a_zone_file_cannot_hold_is_a_warning(staged: Sandbox, inv: Inv) -> None:
    zone = zone_id("example.com")
    staged.store.run(
        "UPDATE dns_record SET body = json_set(body, '$.settings', json('{\"ipv4_only\": true}'))"
        " WHERE zone = ? AND json_extract(body, '$.name') = 'vpn.example.com'",
        (zone,),
    )

    result = inv("scan.export", "--only", "zones,dns", "--to", "all.zone")

    assert result.code == 0, result.err
    assert "vpn.example.com" in result.err
    assert len(list(Path("all.zone").iterdir())) == 13


def test_two_encrypted_snapshots_of_one_second_are_both_kept(staged: Sandbox, inv: Inv, home: Path) -> None:
    key = str(pyrage.x25519.Identity.generate().to_public())
    with time_machine.travel("2026-11-30T05:00:00Z", tick=False):
        made = [inv("scan.export", "--only", "zones", "--encrypt-to", key, "--output", "json") for _ in "12"]

    assert [one.code for one in made] == [0, 0]
    files = {json.loads(one.out)["snapshot"] for one in made}
    assert len(files) == len(list((home / "exports").rglob("*.age"))) == 2
