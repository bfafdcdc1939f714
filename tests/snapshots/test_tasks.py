"""`snapshots.*` as a user types them."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.kinds.catalog import kinds
from ops.sandbox.server import Sandbox
from ops.snapshots.layout import snapshot_name
from tests.conftest import Result
from tests.snapshots.kept import ACCOUNT_ID, DAY, HOUR, ITEMS, NOW, made

Inv = Callable[..., Result]
OTHER = "b" * 32


@pytest.fixture
def exports(home: Path) -> Path:
    return home / "exports"


def test_all_accounts_are_listed_or_one_of_them(inv: Inv, exports: Path) -> None:
    made(exports)
    (made(exports, account_id=OTHER) / "manifest.json").write_text("{")

    rows = json.loads(inv("snapshots.list", "--output", "json").out)
    of_one = json.loads(inv("snapshots.list", "--account-id", ACCOUNT_ID, "--output", "json").out)

    assert [(row["account"], row["status"], row["items"]) for row in rows] == [
        (ACCOUNT_ID, "complete", 10), (OTHER, "damaged", None)
    ]  # fmt: skip
    assert "is not valid JSON" in rows[1]["note"]
    assert of_one == rows[:1]


def test_without_snapshots_the_list_is_empty(inv: Inv) -> None:
    result = inv("snapshots.list", "--output", "json")

    assert (result.code, json.loads(result.out)) == (0, [])


def test_a_snapshot_is_shown_section_by_section(inv: Inv, exports: Path) -> None:
    made(exports)

    result = inv("snapshots.show", "--output", "json")

    rows = {(row["kind"], row["in"]): row for row in json.loads(result.out)}
    assert rows["dns.record", "example.com"]["items"] == 2
    assert rows["workers.script/contents", "hello"]["status"] == "complete"
    assert rows["kv.namespace", "Example"]["items"] == 1
    assert rows["kv.key", "cache"]["items"] == 2
    assert ACCOUNT_ID in result.err


def test_with_several_accounts_one_must_be_named(inv: Inv, exports: Path) -> None:
    made(exports)
    made(exports, account_id=OTHER)

    result = inv("snapshots.show")

    assert result.code == 1
    assert "--account-id" in result.err


@pytest.mark.fault("F19")
def test_a_path_to_a_snapshot_of_another_account_is_refused(inv: Inv, exports: Path, tmp_path: Path) -> None:
    elsewhere = made(tmp_path, account_id=OTHER)

    result = inv("snapshots.show", "--name", str(elsewhere), "--account-id", ACCOUNT_ID)

    assert result.code == 1
    assert OTHER in result.err


def test_an_intact_snapshot_verifies_with_its_counts(inv: Inv, exports: Path) -> None:
    made(exports)

    result = inv("snapshots.verify", "--output", "json")

    rows = {row["kind"]: row for row in json.loads(result.out)}
    assert result.code == 0
    assert (rows["dns.record"]["items"], rows["dns.record"]["status"]) == (3, "complete")
    assert "files verified" in result.err


@pytest.mark.fault("C13")
def test_a_damaged_snapshot_names_the_file_with_exit_code_two(inv: Inv, exports: Path) -> None:
    folder = made(exports)
    (folder / "dns.record.jsonl").write_bytes(b"")
    (folder / "more").write_bytes(b"")

    result = inv("snapshots.verify", "--output", "json")

    error = json.loads(result.err.splitlines()[-1])
    assert (result.code, error["error"], result.out) == (2, "Damaged", "")
    assert "dns.record.jsonl" in result.err
    assert "more: is not in the manifest" in result.err


def test_a_damaged_manifest_ends_with_exit_code_two_a_newer_format_with_one(inv: Inv, exports: Path) -> None:
    folder = made(exports)
    (folder / "manifest.json").write_text("{")
    damaged = inv("snapshots.verify", "--name", folder.name)
    (folder / "manifest.json").write_text('{"format": 3}')

    newer = inv("snapshots.verify", "--name", folder.name)

    assert (damaged.code, newer.code) == (2, 1)
    assert "reads up to 2" in newer.err


def test_a_broken_link_is_a_warning(inv: Inv, exports: Path) -> None:
    route = {"id": "w9", "pattern": "example.org/*", "script": "gone"}
    made(exports, items={**ITEMS, ("workers.route", "z2"): [route]})

    result = inv("snapshots.verify")

    assert result.code == 0
    assert "the snapshot has no such workers.script" in result.err


def test_an_export_verifies_and_agrees_with_the_account(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    staged.limiter.quota = None
    assert inv("scan.export", "--deep", "--kv", "values").code == 0

    result = inv("snapshots.verify", "--live", "--output", "json")

    rows = json.loads(result.out)
    assert result.code == 0
    whole = [
        row
        for row in rows
        if (kind := kinds().get(row["kind"])) and not (kind.gate or kind.where or kind.by_name)
    ]
    assert {row["difference"] for row in whole} == {0}
    assert sum(row["live"] or 0 for row in rows) > 50


def test_a_deleted_record_shows_in_the_live_counts(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--only", "dns")
    [record, *_] = json.loads(inv("dns.list", "--zone", "example.com", "--output", "json").out)
    inv("dns.delete", "--zone", "example.com", "--id", record["id"], "--yes")

    result = inv("snapshots.verify", "--live", "--output", "json")

    rows = {row["kind"]: row for row in json.loads(result.out)}
    assert rows["dns.record"]["difference"] == -1, result.err
    assert "dns.record" in result.err


def test_a_dry_prune_shows_the_reasons_and_removes_nothing(inv: Inv, exports: Path) -> None:
    folders = [made(exports, NOW - n * DAY) for n in range(3)]

    result = inv("snapshots.prune", "--keep-last", "1", "--dry-run", "--output", "json")

    rows = json.loads(result.out)
    assert result.code == 0
    assert [(row["action"], row["note"]) for row in rows] == [
        ("keep", "the newest complete one, last 1"),
        ("remove", "no rule keeps it"),
        ("remove", "no rule keeps it"),
    ]
    assert all(folder.is_dir() for folder in folders)


def test_without_a_terminal_nothing_is_removed_without_yes(inv: Inv, exports: Path) -> None:
    folders = [made(exports, NOW - n * DAY) for n in range(3)]

    refused = inv("snapshots.prune", "--keep-last", "1")
    assert refused.code == 1
    assert "remove 2 snapshots" in refused.err
    assert "--yes" in refused.err
    assert all(folder.is_dir() for folder in folders)

    done = inv("snapshots.prune", "--keep-last", "1", "--yes", "--output", "json")
    assert done.code == 0
    assert [row["action"] for row in json.loads(done.out)] == ["kept", "removed", "removed"]
    assert [folder.is_dir() for folder in folders] == [True, False, False]


def test_a_prune_that_keeps_nothing_is_refused(inv: Inv, exports: Path) -> None:
    made(exports)

    assert inv("snapshots.prune", "--yes").code == 1
    assert inv("snapshots.prune", "--keep-within", "soon", "--yes").code == 1


def test_the_exit_code_for_a_fresh_snapshot_is_zero(inv: Inv, exports: Path) -> None:
    folder = made(exports, time.time() - HOUR)

    result = inv("snapshots.status", "--output", "json")

    message = json.loads(result.out)
    assert result.code == 0
    assert (message["snapshot"], message["fresh"], message["items"]) == (folder.name, True, 10)
    assert HOUR <= message["age_seconds"] < HOUR + 60


def test_the_exit_code_for_an_old_snapshot_is_one_and_its_status_is_printed(inv: Inv, exports: Path) -> None:
    made(exports, time.time() - 3 * HOUR)
    made(exports, time.time() - HOUR, status="partial", reason="denied")

    result = inv("snapshots.status", "--max-age", "2h", "--output", "json")

    message = json.loads(result.out)
    assert result.code == 1
    assert (message["fresh"], message["partial_since"]) == (False, 1)
    assert "3 h old, more than 2h, and 1 partial ones are newer" in result.err


def test_the_exit_code_without_a_complete_snapshot_is_one(inv: Inv, exports: Path) -> None:
    assert inv("snapshots.status").code == 1

    made(exports, time.time(), status="partial")

    assert inv("snapshots.status").code == 1


def test_the_table_of_a_status_has_words_and_no_fields_of_machines(inv: Inv, exports: Path) -> None:
    made(exports, time.time() - HOUR, status="partial", reason="denied")
    none = inv("snapshots.status", "--output", "table")
    folder = made(exports, time.time() - 3 * HOUR)

    young = inv("snapshots.status", "--output", "table")
    old = inv("snapshots.status", "--max-age", "2h", "--output", "table")

    assert "no complete snapshot" in none.out
    lines = [line.split(maxsplit=1) for line in young.out.splitlines()]
    assert [name for name, _ in lines] == [
        "account", "state", "snapshot", "started", "content", "size", "others",
    ]  # fmt: skip
    found = dict(lines)  # type: ignore[arg-type]  # each has two words
    assert (found["state"], found["snapshot"]) == ("fresh", folder.name)
    assert (found["content"], found["others"]) == ("10 items of 6 kinds", "1 newer but partial")
    assert "older than 2h" in old.out


def test_a_snapshot_from_the_future_is_not_fresh(inv: Inv, exports: Path) -> None:
    made(exports, time.time() + DAY)

    result = inv("snapshots.status")

    assert result.code == 1
    assert "later than this machine's clock" in result.err


def test_an_encrypted_snapshot_counts_for_the_status(inv: Inv, exports: Path) -> None:
    (exports / ACCOUNT_ID).mkdir(parents=True)
    (exports / ACCOUNT_ID / f"{snapshot_name(time.time() - HOUR, 'aaaa')}.tar.gz.age").write_bytes(b"sealed")

    assert inv("snapshots.status").code == 0


SAMPLE = re.compile(r'[a-z_]+\{account="[0-9a-f]{32}"(,(kind|status)="[a-z0-9_./]+")?\} [0-9.]+')


def test_the_textfile_is_in_prometheus_format_and_readable_for_its_exporter(
    inv: Inv, exports: Path, tmp_path: Path
) -> None:
    made(exports, NOW - 365 * DAY)
    file = tmp_path / "cfops.prom"
    file.write_text("old")

    result = inv("snapshots.status", "--prometheus", str(file))

    lines = file.read_text().splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert result.code == 1
    assert all(SAMPLE.fullmatch(line) for line in samples), samples
    assert f'cfops_snapshot_timestamp_seconds{{account="{ACCOUNT_ID}"}} {NOW - 365 * DAY}' in samples
    assert f'cfops_snapshot_items{{account="{ACCOUNT_ID}",kind="dns.record"}} 3' in samples
    assert f'cfops_snapshot_fresh{{account="{ACCOUNT_ID}"}} 0' in samples
    for name in {line.partition("{")[0] for line in samples}:
        assert lines.count(f"# TYPE {name} gauge") == 1
    assert file.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".cfops")] == []


def test_what_was_not_read_whole_has_no_sample_of_items(
    inv: Inv, staged: Sandbox, exports: Path, tmp_path: Path
) -> None:
    inv("scan.export", "--quiet")
    shallow, deep = tmp_path / "shallow.prom", tmp_path / "deep.prom"

    inv("snapshots.status", "--to", str(shallow))
    # Two snapshots of one second have no order.
    shutil.rmtree(exports)
    inv("scan.export", "--quiet", "--deep")
    inv("snapshots.status", "--to", str(deep))

    assert 'kind="dns.record"' in shallow.read_text()
    assert 'kind="ssl.certificate"' not in shallow.read_text()
    assert re.search(r'cfops_snapshot_items\{.*kind="ssl.certificate"\} [1-9]', deep.read_text())
    assert re.search(r'cfops_snapshot_sections\{.*status="skipped"\} [0-9]+\n', shallow.read_text())
    assert re.search(r'cfops_snapshot_sections\{.*status="skipped"\} 182\n', deep.read_text()), (
        "by their plan"
    )


def test_a_textfile_that_is_a_link_is_refused(inv: Inv, exports: Path, tmp_path: Path) -> None:
    made(exports, time.time())
    (tmp_path / "victim").write_text("data")
    (tmp_path / "cfops.prom").symlink_to(tmp_path / "victim")

    result = inv("snapshots.status", "--prometheus", str(tmp_path / "cfops.prom"))

    assert result.code == 1
    assert (tmp_path / "victim").read_text() == "data"
