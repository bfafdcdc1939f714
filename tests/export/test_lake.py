"""A lake of Parquet files, read back with DuckDB as other engines read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.export.delivery import FinishedSnapshot
from ops.export.lake import Lake
from ops.kinds.catalog import resources
from ops.sandbox.server import Sandbox
from ops.snapshots.snapshot import Snapshot
from tests.checks.building import record
from tests.conftest import Result
from tests.offsite.conftest import bucket, running, s3  # noqa: F401  (fixtures)
from tests.snapshots.making import made

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

Inv = Callable[..., Result]
ACCOUNTS = 50


def add(lake: Lake, snapshot: Snapshot, name: str) -> Path:
    made_of = FinishedSnapshot(snapshot.path, snapshot.manifest, lake.root, lambda: name, print)
    return lake.hand_over(made_of)


def ask(lake: Path, kind: str, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of *sql*, in which `t` is the table of *kind* in all accounts and dates."""
    files = f"{lake}/kind={kind}/**/*.parquet"
    source = f"read_parquet('{files}', hive_partitioning = true, union_by_name = true)"
    found: list[tuple[Any, ...]] = duckdb.sql(f"WITH t AS (SELECT * FROM {source}) {sql}").fetchall()
    return found


def test_fifty_accounts_are_one_table(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.check(0.0)
    for number in range(ACCOUNTS):
        zone = {"id": f"{number:032x}", "name": f"zone-{number}.example", "paused": number % 2 == 0}
        records = [record("A", f"host-{n}", f"198.51.100.{n}", ttl=n) for n in range(number)]
        items = {("zones.zone", ""): [zone], ("dns.record", str(zone["id"])): records}
        statuses = {("dns.record", str(zone["id"])): "denied"} if number == 7 else {}
        account = f"{number:032x}"
        snapshot = made(
            tmp_path / f"{number}", items, statuses=statuses, kinds=resources(), account_id=account
        )
        add(lake, snapshot, f"2026-11-22T06-10-00Z-{number:04x}")

    root = tmp_path / "lake"
    assert ask(root, "zones.zone", "SELECT count(*), count(DISTINCT account), min(date)::text FROM t") == [
        (ACCOUNTS, ACCOUNTS, "2026-11-22")
    ]
    assert ask(root, "dns.record", "SELECT count(*), max(ttl) FROM t WHERE proxied = false") == [(1225, 48)]
    assert ask(root, "zones.zone", "SELECT typeof(paused) FROM t LIMIT 1") == [("BOOLEAN",)]
    unread = "SELECT account, status FROM t WHERE of = 'dns.record' AND status <> 'complete'"
    assert ask(root, "sections", unread) == [(f"{7:032x}", "denied")]


def test_values_of_every_kind_come_back_and_names_do_not_collide(tmp_path: Path) -> None:
    items = [
        {
            "id": "1",
            "kind": "mine",
            "Name": "a",
            "name": "b",
            "nested": {"x": [1, 2]},
            "mixed": 1,
            "none": None,
        },
        {"id": "2", "mixed": "text", "number": 1.5, "large": 1 << 70, "odd": "\ud800 é 日本"},
    ]
    lake = Lake(tmp_path / "lake")
    add(lake, made(tmp_path / "one", {("r2.bucket", ""): items}, kinds=resources()), "s")

    columns = 'kind_, "Name", name_2, nested, mixed, none, number, large, odd'
    found = ask(tmp_path / "lake", "r2.bucket", f"SELECT {columns} FROM t ORDER BY id")

    assert found == [
        ("mine", "a", "b", '{"x":[1,2]}', "1", None, None, None, None),
        (None, None, None, None, "text", None, 1.5, str(1 << 70), "\\ud800 é 日本"),
    ]


def test_the_same_snapshot_again_replaces_its_files_and_another_adds_its_own(tmp_path: Path) -> None:
    snapshot = made(tmp_path / "one", {("zones.zone", ""): [{"id": "1", "name": "a"}]}, kinds=resources())
    lake = Lake(tmp_path / "lake")

    for name in ("first", "first", "second"):
        add(lake, snapshot, name)

    assert ask(tmp_path / "lake", "zones.zone", "SELECT snapshot FROM t ORDER BY 1") == [
        ("first",),
        ("second",),
    ]


def test_a_kind_without_items_and_many_rows_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.export.lake.ROWS", 10)
    zones = [{"id": str(n), "name": f"zone-{n}"} for n in range(35)]
    items = {("zones.zone", ""): zones, ("d1.database", ""): []}
    lake = Lake(tmp_path / "lake")
    add(lake, made(tmp_path / "one", items, kinds=resources()), "s")

    assert ask(tmp_path / "lake", "zones.zone", "SELECT count(*) FROM t") == [(35,)]
    assert ask(tmp_path / "lake", "d1.database", "SELECT count(*) FROM t") == [(0,)]


def test_render_adds_to_a_lake_and_pushes_its_files(
    staged: Sandbox,
    inv: Inv,
    home: Path,
    bucket: str,  # noqa: F811
) -> None:
    inv("scan.export")

    result = inv("snapshots.render", "--to", "lake/", "--push", f"s3://{bucket}/lake", "--output", "json")

    assert result.code == 0, result.err
    assert json.loads(result.out)["pushed"] == f"s3://{bucket}/lake"
    assert ask(home / "work" / "lake", "dns.record", "SELECT count(*) FROM t") == [(212,)]
    refused = inv("snapshots.render", "--to", "all.sqlite", "--push", f"s3://{bucket}/lake")
    assert refused.code == 1
    assert "--push sends the files of a lake" in refused.err


def test_without_the_extra_a_lake_says_what_to_install(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    inv("scan.export")
    monkeypatch.setattr("ops.export.lake.find_spec", lambda _name: None)

    result = inv("snapshots.render", "--to", "lake/")

    assert result.code == 1
    assert "`pip install 'cfops[lake]'`" in result.err
