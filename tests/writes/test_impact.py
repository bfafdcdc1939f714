"""A deletion names what else depends on the item, by the newest snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from ops.kinds.catalog import kinds
from ops.kinds.resource import Change, Owner
from ops.sandbox.server import Sandbox
from ops.writes.impact import Impact
from tests.conftest import Result
from tests.snapshots.kept import ACCOUNT_ID, ITEMS, NOW, made

Inv = Callable[..., Result]


@pytest.fixture
def kept(staged: Sandbox, inv: Inv) -> Sandbox:
    assert inv("scan.export").code == 0
    staged.requests.clear()
    return staged


def test_a_namespace_names_the_workers_bound_to_it_with_their_routes(kept: Sandbox, inv: Inv) -> None:
    result = inv("kv.remove", "--namespace", "sessions", "--dry-run")

    line = next(text for text in result.err.splitlines() if "used by" in text)
    assert line.startswith(
        "warning: kv.namespace sessions: used by api-gateway (1 domain, 1 route in example.com"
    )
    assert "and auth-edge (1 route in example.com" in line
    assert line.endswith("kv.key (snapshot 0 min old)")


def test_a_script_names_what_calls_it(kept: Sandbox, inv: Inv) -> None:
    result = inv("workers.delete", "--script", "auth-edge", "--dry-run")

    assert "used by workers.route auth.example.com/* and api-gateway" in result.err


def test_a_record_names_the_routes_on_it_and_a_zone_what_it_holds(kept: Sandbox, inv: Inv) -> None:
    record = inv("dns.delete", "--zone", "example.com", "--name", "api", "--type", "A", "--dry-run")
    zone = inv("zones.delete", "--zone", "example.com", "--dry-run")

    assert "used by workers.route api.example.com/*" in record.err
    assert "40 dns.record" in zone.err
    assert "5 workers.route" in zone.err


def test_it_is_said_before_the_question(kept: Sandbox, inv: Inv) -> None:
    refused = inv("zones.delete", "--zone", "example.com")

    assert refused.code == 1
    assert refused.err.index("holds 5 cache.setting" if "cache.setting" in refused.err else "holds") < (
        refused.err.index("not confirmed")
    )


def test_what_nothing_uses_and_what_no_snapshot_knows_is_deleted_without_a_word(
    staged: Sandbox, inv: Inv
) -> None:
    before = inv("kv.remove", "--namespace", "sessions", "--dry-run")
    inv("scan.export")
    unused = inv("dns.delete", "--zone", "example.com", "--name", "docs", "--type", "CNAME", "--dry-run")

    assert "used by" not in before.err + unused.err
    assert "snapshot" not in before.err + unused.err


def test_a_snapshot_that_lacks_the_users_says_that_they_are_not_known(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--skip", "workers.settings")

    result = inv("kv.remove", "--namespace", "sessions", "--dry-run")

    assert "what uses it is not known: workers.settings: skipped: --skip" in result.err


def test_a_damaged_snapshot_does_not_stop_a_deletion(kept: Sandbox, inv: Inv, home: Path) -> None:
    file = next((home / "exports").glob("*/20*/workers.settings.jsonl"))
    file.write_text("x\n")

    result = inv("kv.remove", "--namespace", "sessions", "--confirm", "sessions", "--output", "json")

    assert result.code == 0, result.err
    assert "what uses it is not known" in result.err
    assert json.loads(result.out)


def create_used(inv: Inv) -> None:
    """Create a record, and a route on it."""
    at = ("--zone", "example.com", "--name", "fresh", "--type", "A", "--content", "192.0.2.1")
    assert inv("dns.put", *at).code == 0
    route = ("--zone", "example.com", "--pattern", "fresh.example.com/*", "--script", "auth-edge")
    assert inv("workers.route-create", *route).code == 0


USED = "fresh.example.com 192.0.2.1: used by workers.route fresh.example.com/*"


def test_a_restore_names_what_its_deletions_affect(staged: Sandbox, inv: Inv) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1)) as clock:
        assert inv("scan.export").code == 0
        before = json.loads(inv("snapshots.list", "--output", "json").out)[0]["snapshot"]
        create_used(inv)
        clock.shift(60)
        assert inv("scan.export").code == 0

        line = ("snapshots.restore", before, "--zone", "example.com", "--kind", "dns.record", "--delete")
        result = inv(*line, "--dry-run")

    assert USED in result.err


def test_an_undo_that_deletes_names_what_it_affects(staged: Sandbox, inv: Inv) -> None:
    create_used(inv)
    inv("scan.export")
    made = json.loads(inv("undo.list", "--output", "json").out)[1]["id"]

    result = inv("undo.apply", made, "--dry-run")

    assert USED in result.err


def test_keys_that_are_deleted_name_what_uses_their_namespace_once(kept: Sandbox, inv: Inv) -> None:
    key = "session:004f85c60eab74d00d535ff85151629e"
    one = inv("kv.delete", "--namespace", "sessions", "--key", key, "--dry-run")
    many = inv("kv.delete", "--namespace", "sessions", "--prefix", "session:", "--dry-run")

    for result in (one, many):
        assert result.code == 0, result.err
        assert result.err.count("kv.namespace sessions: used by api-gateway") == 1, result.err
        assert "holds" not in result.err


def test_the_first_deletions_are_described_and_the_others_counted(home: Path) -> None:
    routes = [{"id": f"r{n}", "pattern": f"host-{n}.example.com/*", "script": "hello"} for n in range(9)]
    made(home, items={**ITEMS, ("workers.route", "z1"): routes})
    impact = Impact(home, kinds(), NOW)
    zone = Owner(ACCOUNT_ID, "z1", {"id": "z1", "name": "example.com"})
    records = [{"id": f"d{n}", "type": "A", "name": f"host-{n}.example.com"} for n in range(12)]
    changes = [Change(kinds()["dns.record"], zone, record, None) for record in records]

    lines: list[str] = []

    assert list(impact.watched(lines.append, changes)) == changes
    assert lines[0] == (
        "A record host-0.example.com: used by workers.route host-0.example.com/* (snapshot 0 min old)"
    )
    assert len(lines) == 6
    assert lines[-1] == "4 more of what is deleted is used or holds something"
