"""A deletion names what else depends on the item, by the newest snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result

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
