"""`inv query`: SQL over a snapshot, for reading only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from ops.errors import UsageError
from ops.export.query import Query
from ops.kinds.catalog import resources
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.snapshots import manifest as manifests
from tests.checks.building import Given, record, written
from tests.conftest import Result

Inv = Callable[..., Result]


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


@pytest.fixture
def kept(staged: Sandbox, inv: Inv) -> Sandbox:
    assert inv("scan.export").code == 0
    staged.requests.clear()
    return staged


def test_a_select_reads_the_snapshot_without_a_request(kept: Sandbox, inv: Inv) -> None:
    sql = (
        "SELECT z.name, count(*) AS records FROM dns_record r JOIN zones_zone z ON z.id = r.scope"
        " GROUP BY z.name ORDER BY records DESC LIMIT 1"
    )
    result = inv("query", sql, "--output", "json", "--offline")

    assert (result.code, kept.requests) == (0, [])
    assert rows(result) == [{"name": "example.net", "records": 132}]


def test_all_formats_and_the_options_of_lists_work(kept: Sandbox, inv: Inv) -> None:
    sql = "SELECT name, status FROM zones_zone"

    assert inv("query", sql, "--output", "csv").out.splitlines()[0] == "name,status"
    assert len(rows(inv("query", sql, "--filter", "status=moved", "--output", "json"))) == 1


def test_columns_of_one_name_are_kept_apart(kept: Sandbox, inv: Inv) -> None:
    assert rows(inv("query", "SELECT 1 AS a, 2 AS a, 3 AS a", "--output", "json")) == [
        {"a": 1, "a_2": 2, "a_3": 3}
    ]


def test_lists_and_objects_are_read_as_json(kept: Sandbox, inv: Inv) -> None:
    sql = (
        "SELECT s.scope, b.value ->> 'name' AS binding FROM workers_settings s, json_each(s.bindings) b"
        " WHERE b.value ->> 'type' = 'd1'"
    )

    assert rows(inv("query", sql, "--output", "json")) == [{"scope": "cron-reports", "binding": "DB"}]


def test_the_tables_are_listed_with_their_columns(kept: Sandbox, inv: Inv) -> None:
    found = {row["table"]: row for row in rows(inv("query", "--tables", "--output", "json"))}

    assert found["dns_record"]["rows"] == 212
    assert {"scope", "name", "type", "content"} <= set(found["dns_record"]["columns"])
    assert found["sections"]["columns"] == [
        *("kind", "scope", "status", "count", "reason"),
        *("carried_from", "read_at"),
    ]
    assert "snapshot" in found


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("DELETE FROM dns_record", "not authorized"),
        ("ATTACH 'other.sqlite' AS other", "not authorized"),
        ("PRAGMA writable_schema = 1", "not authorized"),
        ("CREATE TABLE x (y)", "not authorized"),
        ("SELECT load_extension('x')", "not authorized"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT * FROM absent", "no such table: absent"),
        ("SELEC 1", "syntax error"),
        ("", "query takes a SELECT"),
        ("/* nothing */", "the query returns nothing"),
    ],
)
def test_what_is_not_one_select_is_refused(
    kept: Sandbox, inv: Inv, home: Path, sql: str, problem: str
) -> None:
    result = inv("query", *([sql] if sql else []))

    assert result.code == 1
    assert problem in result.err
    assert not list((home / "work").iterdir())


def test_a_kind_that_is_not_in_the_snapshot_is_named_with_the_reason(kept: Sandbox, inv: Inv) -> None:
    result = inv("query", "SELECT * FROM dns_settings")

    assert result.code == 1
    assert "dns.settings is not in this snapshot: only with --deep" in result.err


def test_a_kind_that_was_not_read_completely_ends_with_4(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=1))
    path = json.loads(inv("scan.export", "--only", "zones,dns", "--output", "json").out)["snapshot"]

    partial = inv("query", "SELECT count(*) FROM dns_record", "--at", path)
    other = inv("query", "SELECT count(*) FROM zones_zone", "--at", path)

    assert (partial.code, other.code) == (4, 0)
    assert "dns.record was not read completely (denied), so rows may be missing" in partial.err


def test_a_query_that_never_ends_is_interrupted(tmp_path: Path) -> None:
    sections = written(tmp_path / "snapshot", Given([record("A", "www", "198.51.100.1")]))
    asked = iter([False, True, True])
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    with pytest.raises(KeyboardInterrupt):
        list(Query(sections.snapshot, resources(), endless, lambda: next(asked)))


def test_only_the_tables_that_a_query_names_are_filled(tmp_path: Path) -> None:
    sections = written(tmp_path / "snapshot", Given([record("A", "www", "198.51.100.1")]))

    query = Query(sections.snapshot, resources(), "select * from DNS_RECORD", lambda: False)

    assert query.kinds == ["dns.record"]
    with pytest.raises(UsageError, match="no such table"):
        Query(sections.snapshot, resources(), "SELECT * FROM dns_records", lambda: False)


def databases(home: Path) -> list[Path]:
    return sorted((home / "exports").rglob("*.sqlite"))


SELECT = "SELECT count(*) AS n FROM dns_record"


def test_kept_tables_are_read_again_by_later_queries(kept: Sandbox, inv: Inv, home: Path) -> None:
    before = inv("query", SELECT, "--output", "json")
    assert databases(home) == []

    first = inv("query", SELECT, "--keep", "--output", "json")
    (file,) = databases(home)
    for items in (home / "exports").rglob("dns.record.jsonl"):
        items.unlink()
    again = inv("query", SELECT, "--output", "json")

    assert (rows(first), rows(again)) == (rows(before), rows(before))
    assert f"the tables are kept in {file}" in first.err
    assert rows(inv("query", SELECT, "--keep", "--output", "json")) == rows(before)
    assert file.stat().st_mode & 0o777 == 0o600
    refused = inv("query", "DELETE FROM dns_record")
    assert "not authorized" in refused.err


def test_kept_tables_belong_to_one_manifest(kept: Sandbox, inv: Inv, home: Path) -> None:
    inv("query", SELECT, "--keep")
    (old,) = databases(home)
    folder = next((home / "exports").rglob("manifest.json")).parent
    changed = replace(manifests.load(folder), requests=1)
    (folder / "manifest.json").unlink()
    manifests.write(folder, changed)

    inv("query", SELECT, "--keep")

    (new,) = databases(home)
    assert new != old


def test_kept_tables_are_removed_with_their_snapshot(kept: Sandbox, inv: Inv, home: Path) -> None:
    inv("query", SELECT, "--keep")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        inv("scan.export")
        assert len(databases(home)) == 1

        assert inv("snapshots.prune", "--keep-last", "1", "--yes").code == 0

    assert databases(home) == []


def test_a_damaged_database_says_what_to_remove(kept: Sandbox, inv: Inv, home: Path) -> None:
    inv("query", SELECT, "--keep")
    (file,) = databases(home)
    file.write_bytes(b"x" * 4096)

    result = inv("query", SELECT)

    assert (result.code, f"hint: remove {file}" in result.err) == (1, True), result.err


def test_the_tables_of_an_encrypted_snapshot_are_not_kept(staged: Sandbox, inv: Inv, home: Path) -> None:
    from pyrage import x25519

    key = x25519.Identity.generate()
    (home / "key.txt").write_text(f"{key}\n")
    (home / "key.txt").chmod(0o600)
    assert inv("scan.export", "--encrypt-to", str(key.to_public())).code == 0

    identity = ("--identity", str(home / "key.txt"))
    read, kept = inv("query", SELECT, *identity), inv("query", SELECT, *identity, "--keep")

    assert (read.code, kept.code) == (0, 1)
    assert "they would be in plain text" in kept.err
    assert databases(home) == []
