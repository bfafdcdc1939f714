"""The tasks of snapshots where one is damaged, encrypted, partial, or where there is more than is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.snapshots import manifest as manifests
from ops.snapshots.manifest import load
from tests.conftest import Result
from tests.snapshots.kept import ACCOUNT_ID, DAY, HOUR, ITEMS, NOW, made
from tests.snapshots.touching import Account, empty_audit_log

Inv = Callable[..., Result]
WWW = ("history", "dns.record", "a", "--zone", "example.com", "--output", "json")


@pytest.fixture
def exports(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID)
    return home / "exports"


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def sealed(exports: Path, started: str = "2026-11-24T06-10-02Z-beef") -> Path:
    file = exports / ACCOUNT_ID / f"{started}.tar.gz.age"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"only its key opens it")
    return file


def damaged(exports: Path, started: float) -> Path:
    folder = made(exports, started)
    (folder / "manifest.json").write_text("{")
    return folder


def test_a_history_names_each_snapshot_that_cannot_be_searched(inv: Inv, exports: Path, home: Path) -> None:
    made(exports, NOW - 2 * DAY)
    broken = damaged(exports, NOW - DAY)
    file = sealed(exports)
    key = home / "key.txt"
    key.write_text("not a key\n")
    key.chmod(0o600)

    result = inv(*WWW, "--identity", str(key))

    assert {row["change"] for row in rows(result)} == {"seen"}
    assert f"warning: {broken.name} is not searched: " in result.err
    assert f"warning: {file.name.removesuffix('.tar.gz.age')} is not searched: " in result.err


def test_a_history_without_a_snapshot_that_can_be_searched_is_not_found(inv: Inv, exports: Path) -> None:
    damaged(exports, NOW)
    sealed(exports)

    result = inv(*WWW)

    assert result.code == 1
    assert "1 encrypted snapshots are not searched: --identity opens them" in result.err
    assert f"{exports / ACCOUNT_ID} has no snapshot that can be searched" in result.err


def test_a_history_says_once_that_the_audit_log_cannot_be_read(
    inv: Inv, staged: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    account = staged.account_id
    for number, content in enumerate(("192.0.2.1", "192.0.2.2", "192.0.2.3")):
        record = {**ITEMS["dns.record", "z1"][0], "content": content}
        made(
            home / "exports",
            NOW + number * DAY,
            items={**ITEMS, ("dns.record", "z1"): [record]},
            account_id=account,
        )
    staged.faults.add(Fault("reset", path="*/audit*", times=-1))

    result = inv(*WWW)

    changed = [row for row in rows(result) if row["change"] == "changed"]
    assert [row["user"] for row in changed] == ["", ""]
    assert result.err.count("the audit log was not read: ") == 1
    assert len([path for _, path in staged.requests if "audit" in path]) == 1


def test_an_entry_of_the_journal_about_another_item_is_not_named(
    inv: Inv, staged: Sandbox, home: Path
) -> None:
    zone, now = Account(staged).zone_id, datetime.now(UTC).timestamp()
    record = ITEMS["dns.record", "z1"][0]

    def export(moment: float, content: str) -> None:
        items = {
            ("zones.zone", staged.account_id): [{"id": zone, "name": "example.com"}],
            ("dns.record", zone): [{**record, "content": content}],
        }
        made(home / "exports", moment, items=items, account_id=staged.account_id)

    export(now - HOUR, "192.0.2.1")
    put = ("dns.put", "--zone", "example.com", "--type", "A", "--content", "192.0.2.77", "--name")
    assert inv(*put, "other").code == 0
    empty_audit_log(staged)
    export(now + HOUR, "192.0.2.77")

    found = rows(inv(*WWW))

    assert [(row["field"], row["user"]) for row in found if row["change"] == "changed"] == [("content", "")]


def test_encrypted_snapshots_are_counted_apart(inv: Inv, exports: Path) -> None:
    made(exports, NOW)
    sealed(exports)

    result = inv("snapshots.counts", "--output", "json")

    assert {row["kind"]: row["last"] for row in rows(result)}["dns.record"] == 3
    assert "1 encrypted snapshots are not counted: their manifests need the key" in result.err


def test_differences_are_described_for_people(inv: Inv, exports: Path) -> None:
    made(exports, NOW - DAY)
    records = [{**one, "ttl": 60} for one in ITEMS["dns.record", "z1"]]
    made(exports, NOW, items={**ITEMS, ("dns.record", "z1"): records})

    result = inv("snapshots.diff", "previous", "latest", "--output", "table")

    assert result.code == 0, result.err
    line = next(line for line in result.out.splitlines() if "a.example.com" in line)
    assert "ttl 300 → 60" in " ".join(line.split()) or "ttl: 300 → 60" in " ".join(line.split())


def test_more_damage_than_is_shown_is_counted(inv: Inv, exports: Path) -> None:
    folder = made(exports, NOW)
    for number in range(25):
        (folder / f"stray-{number:02}.jsonl").touch()

    result = inv("snapshots.verify")

    assert result.code == 2
    assert result.err.count("is not in the manifest") == 21
    assert "warning: and 4 more\n" in result.err


def test_a_live_count_that_ends_early_is_an_error(
    inv: Inv, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    assert inv("scan.export", "--only", "zones,dns").code == 0
    staged.faults.add(Fault("revoked", path="*/dns_records*", times=-1))

    result = inv("snapshots.verify", "--live", "--output", "json")

    assert result.code == 1
    assert '"live"' not in result.out


@pytest.mark.parametrize(("name", "code"), [("nope.example.com", 1), ("www.example.com", 0)])
def test_an_item_that_neither_side_has_is_not_found(inv: Inv, staged: Sandbox, name: str, code: int) -> None:
    assert inv("scan.export", "--only", "zones,dns").code == 0

    result = inv("snapshots.restore", "--kind", "dns.record", "--item", name, "--delete", "--dry-run")

    assert result.code == code, result.err
    assert ("nor the account has anything called nope.example.com" in result.err) == bool(code)


def test_the_page_of_a_partial_snapshot_says_so(inv: Inv, exports: Path) -> None:
    folder = made(exports, NOW)
    whole = load(folder)
    (folder / "manifest.json").unlink()
    sections = tuple(
        replace(one, status="denied", reason="why") if one.kind == "workers.route" else one
        for one in whole.sections
    )
    manifests.write(folder, replace(whole, status="partial", reason="1 kind was denied", sections=sections))

    result = inv("report", "--at", folder.name, "--to", "page.html")

    assert result.code == 0, result.err
    assert f"warning: {folder.name} is partial: 1 kind was denied\n" in result.err


def test_an_export_writes_its_page_beside_the_snapshots_with_the_sections_it_read(
    inv: Inv, staged: Sandbox
) -> None:
    result = inv("scan.export", "--only", "zones,dns", "--report", "--output", "json")

    assert result.code == 0, result.err
    summary = json.loads(result.out)
    page = Path(summary["report"])
    assert page.parent == Path(summary["snapshot"]).parent
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert Path(summary["snapshot"]).name in text
    assert "dns.record" in text
