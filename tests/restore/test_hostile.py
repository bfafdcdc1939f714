"""Hostile snapshots, and those of another account: refused with a reason, before anything is written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest

from ops.snapshots.manifest import FORMAT
from tests.conftest import Result
from tests.restore.conftest import Stage
from tests.restore.world import ZONES
from tests.snapshots.kept import made

Inv = Callable[..., Result]
ALPHA, BETA = ZONES


@pytest.fixture
def crafted(stage: Stage, tmp_path: Path) -> Callable[..., str]:
    """Make a snapshot of the stage's account with the items that a test lists; return its path."""

    def craft(items: dict[tuple[str, str], list[dict[str, Any]]], **manifest: Any) -> str:
        account = stage.sandbox.account_id
        filled = {(kind, scope or account): found for (kind, scope), found in items.items()}
        return str(made(tmp_path / "crafted", items=filled, account_id=account, **manifest))

    return craft


def everything(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if "sandbox" not in path.name)


def refused(stage: Stage, inv: Inv, path: str, *more: str) -> Result:
    """Try to restore it; nothing may be written, in the account or beside the snapshot."""
    before = stage.world.state()
    files = {file: file.stat().st_mtime_ns for file in everything(Path(path).parent)}
    stage.forget()

    result = inv("snapshots.restore", "--name", path, "--delete", "--yes", "--force", *more)

    assert stage.wrote() == []
    assert stage.world.state() == before
    assert {file: file.stat().st_mtime_ns for file in everything(Path(path).parent)} == files
    assert "Traceback" not in result.err
    return result


@pytest.mark.fault("F19")
def test_a_snapshot_of_another_account_is_refused(stage: Stage, inv: Inv, tmp_path: Path) -> None:
    result = refused(stage, inv, str(made(tmp_path, account_id="b" * 32)))

    assert result.code == 1
    assert "is a snapshot of the account " + "b" * 32 in result.err


@pytest.mark.fault("F19")
def test_an_id_that_is_another_zone_in_the_account_is_refused(
    stage: Stage, inv: Inv, crafted: Callable[..., str]
) -> None:
    other = stage.world.zones()[BETA]
    record = {"id": "1" * 32, "type": "A", "name": ALPHA, "content": "192.0.2.66", "ttl": 1}
    zone = {"id": other, "name": ALPHA, "type": "full", "paused": False}

    result = refused(stage, inv, crafted({("zones.zone", ""): [zone], ("dns.record", other): [record]}))

    assert result.code == 1
    assert (
        f"does not match this account: zones.zone {other} is {ALPHA!r} in the snapshot "
        f"and {BETA!r} in the account" in result.err
    )


@pytest.mark.fault("F19", "C12", "P10")
@pytest.mark.parametrize(
    "name", ["..", ".", "", "../../../zones", "a\0b", "..%2f..", "/etc/passwd", "\ud800"]
)
def test_a_name_never_becomes_a_path(stage: Stage, inv: Inv, crafted: Callable[..., str], name: str) -> None:
    zone = stage.world.zones()[ALPHA]
    records = [{"id": name, "type": "A", "name": f"x.{ALPHA}", "content": "192.0.2.66", "ttl": 1}]
    path = crafted(
        {
            ("zones.zone", ""): [{"id": zone, "name": ALPHA, "type": "full", "paused": False}],
            ("dns.record", zone): records,
            ("kv.namespace", ""): [{"id": name, "title": "crafted"}],
            ("kv.key", name): [{"name": name}],
        }
    )
    stage.forget()

    inv("snapshots.restore", "--name", path, "--yes", "--force")

    # Created items get ids of their own; no request uses the name as a path.
    places = ("/dns_records", "/dns_records/batch", "/storage/kv/namespaces")
    assert all(where.endswith(places) for _, where in stage.wrote())
    assert all(name not in where.split("/")[1:] or not name for _, where in stage.sandbox.requests)


@pytest.mark.fault("F19")
def test_a_script_called_dot_dot_is_refused(stage: Stage, inv: Inv, crafted: Callable[..., str]) -> None:
    path = crafted(
        {
            ("workers.script", ""): [{"id": ".."}],
            ("workers.settings", ".."): [{"bindings": [], "compatibility_date": "2026-01-15"}],
        }
    )

    result = refused(stage, inv, path)

    assert result.code != 0
    assert "'..'" in result.err


@pytest.mark.fault("F19")
@pytest.mark.parametrize("bindings", [7, "text", [1]])
def test_settings_that_make_no_script_are_damage(
    stage: Stage, inv: Inv, crafted: Callable[..., str], bindings: Any
) -> None:
    path = crafted(
        {
            ("workers.script", ""): [{"id": "crafted"}],
            ("workers.settings", "crafted"): [{"bindings": bindings, "compatibility_date": "2026-01-15"}],
        }
    )

    result = refused(stage, inv, path)

    assert result.code != 0


@pytest.mark.fault("F19")
def test_a_setting_that_no_zone_has_is_reported_and_skipped(
    stage: Stage, inv: Inv, crafted: Callable[..., str]
) -> None:
    zone = stage.world.zones()[ALPHA]
    path = crafted(
        {
            ("zones.zone", ""): [{"id": zone, "name": ALPHA, "type": "full", "paused": False}],
            ("zones.setting", zone): [{"id": "no_such", "value": "on"}],
        }
    )

    result = refused(stage, inv, path)

    print(result.err)
    assert f"zones.setting in {ALPHA} no_such: Cloudflare has no way to set it" in result.err


@pytest.mark.fault("C13", "F19")
def test_a_file_that_was_changed_is_named_and_nothing_is_restored(stage: Stage, inv: Inv, home: Path) -> None:
    (folder,) = (home / "exports" / stage.sandbox.account_id).glob("20*")
    file = folder / "dns.record.jsonl"
    file.write_bytes(file.read_bytes().replace(b"192.0.2.1", b"192.0.2.9", 1))

    result = refused(stage, inv, str(folder))

    assert result.code == 2
    assert "dns.record.jsonl" in result.err


@pytest.mark.fault("C14", "F19")
def test_a_newer_format_is_refused_and_not_read_in_part(stage: Stage, inv: Inv, home: Path) -> None:
    (folder,) = (home / "exports" / stage.sandbox.account_id).glob("20*")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": FORMAT + 1}))

    result = refused(stage, inv, str(folder))

    assert result.code == 1
    assert f"has format {FORMAT + 1}" in result.err
    assert "use a newer cfops" in result.err


def test_an_encrypted_snapshot_is_restored_with_its_key_and_refused_with_another(
    unsaved: Stage, inv: Inv, home: Path, tmp_path: Path
) -> None:
    right, wrong = (pyrage.x25519.Identity.generate() for _ in range(2))
    for name, identity in (("right", right), ("wrong", wrong)):
        (tmp_path / name).write_text(f"{identity}\n")
    inv("scan.export", "--kv", "values", "--quiet", "--encrypt-to", str(right.to_public()))
    (file,) = (home / "exports" / unsaved.sandbox.account_id).glob("*.age")
    before = unsaved.world.state()
    id = unsaved.world.zones()[ALPHA]
    unsaved.world.call("DELETE", f"/zones/{id}/dns_records/{unsaved.world.records(id)[0]['id']}")

    none = refused(unsaved, inv, str(file))
    other = refused(unsaved, inv, str(file), "--identity", str(tmp_path / "wrong"))
    done = inv("snapshots.restore", "--name", str(file), "--yes", "--identity", str(tmp_path / "right"))

    assert (none.code, other.code) == (1, 1)
    assert "was not encrypted for this key" in other.err
    assert done.code == 0, done.err
    assert unsaved.world.state() == before
    assert not list((home / "state").rglob("dns.record.jsonl"))


def test_a_full_disk_ends_a_restore_before_anything_is_written(stage: Stage, inv: Inv, home: Path) -> None:
    id = stage.world.zones()[ALPHA]
    stage.world.call("DELETE", f"/zones/{id}/dns_records/{stage.world.records(id)[0]['id']}")
    (home / "state" / "journal").mkdir(parents=True, mode=0o700)
    (home / "state" / "journal" / "journal.jsonl").symlink_to("/dev/full")
    stage.forget()

    result = inv("snapshots.restore", "--yes")

    assert result.code == 2
    assert stage.wrote() == []
    assert "Traceback" not in result.err


def test_a_copy_of_the_folder_can_be_restored(stage: Stage, inv: Inv, home: Path, tmp_path: Path) -> None:
    (folder,) = (home / "exports" / stage.sandbox.account_id).glob("20*")
    shutil.copytree(folder, tmp_path / "copy")
    before = stage.world.state()
    id = stage.world.zones()[ALPHA]
    stage.world.call("DELETE", f"/zones/{id}/dns_records/{stage.world.records(id)[0]['id']}")

    result = inv("snapshots.restore", "--name", str(tmp_path / "copy"), "--yes")

    assert result.code == 0, result.err
    assert stage.world.state() == before
