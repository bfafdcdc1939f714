"""`inv snapshots.diff` as a user types it, against the sandbox."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.snapshots.checking import leftovers
from tests.snapshots.making import made
from tests.snapshots.touching import Account

Inv = Callable[..., Result]


@pytest.fixture
def account(staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    return Account(staged)


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def exported(inv: Inv, *options: str) -> str:
    """Make a snapshot and return its path; the names of two from the same second have no order."""
    return str(json.loads(inv("scan.export", *options, "--output", "json").out)["snapshot"])


def test_two_snapshots_of_an_unchanged_account_do_not_differ(
    account: Account, staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    staged.limiter.quota = None
    inv("scan.export", "--deep", "--kv", "values")
    inv("scan.export", "--deep", "--kv", "values")

    result = inv("snapshots.diff", "previous", "latest", "--exit-code", "--output", "json")

    assert (result.code, rows(result)) == (0, [])
    assert "nothing differs from " in result.err


def test_changes_between_two_snapshots_are_reported(account: Account, inv: Inv) -> None:
    old = exported(inv, "--only", "dns,zones.zone")
    edited, deleted, created = account.touch_records()
    new = exported(inv, "--only", "dns,zones.zone")

    result = inv("snapshots.diff", old, new, "--output", "json", "--exit-code")

    assert result.code == 5
    assert {(row["change"], row["id"], row["field"], row["new"]) for row in rows(result)} == {
        ("changed", edited, "ttl", 1800),
        ("deleted", deleted, "", None),
        ("created", created, "", None),
    }
    assert "1 created, 1 deleted, 1 changed from " in result.err


def test_live_is_read_now_and_leaves_nothing_behind(account: Account, inv: Inv, home: Path) -> None:
    inv("scan.export", "--kv", "values")
    edited, _, _ = account.touch_records()

    result = inv("snapshots.diff", "latest", "live", "--filter", "change=changed", "--output", "json")

    kept = [path.name for path in (home / "exports" / account.id).iterdir()]
    assert result.code == 0
    assert [row["id"] for row in rows(result)] == [edited]
    assert len(kept) == 2  # the snapshot, and `latest`
    assert leftovers(home) == []


def test_live_may_be_the_older_side(account: Account, inv: Inv) -> None:
    inv("scan.export", "--only", "dns")
    _, deleted, created = account.touch_records()

    found = rows(inv("snapshots.diff", "live", "latest", "--only", "dns", "--output", "json"))

    changes = {row["id"]: row["change"] for row in found}
    assert (changes[deleted], changes[created]) == ("created", "deleted")


def test_live_reads_only_the_selected_kinds(account: Account, inv: Inv, staged: Sandbox) -> None:
    inv("scan.export")
    before = len(staged.requests)

    inv("snapshots.diff", "latest", "live", "--only", "kv.namespace")

    asked = [path for _, path in staged.requests[before:]]
    assert asked
    assert not [path for path in asked if "/zones" in path or "/workers" in path or "/keys" in path]


def test_what_the_token_may_not_read_is_unknown(account: Account, inv: Inv, staged: Sandbox) -> None:
    inv("scan.export", "--only", "dns,kv.namespace")
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    result = inv("snapshots.diff", "latest", "live", "--output", "json", "--exit-code")

    found = rows(result)
    assert result.code == 4
    assert {(row["kind"], row["change"], row["old"], row["new"]) for row in found} == {
        ("dns.record", "unknown", "complete", "denied")
    }
    assert "unknown" in result.err


def test_a_difference_outweighs_an_unknown_part(account: Account, inv: Inv, staged: Sandbox) -> None:
    inv("scan.export", "--only", "dns,kv.namespace")
    account.call("POST", f"/accounts/{account.id}/storage/kv/namespaces", {"title": "added"})
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    line = ("snapshots.diff", "latest", "live", "--output", "json")

    assert inv(*line, "--exit-code").code == 5
    assert inv(*line).code == 4


def test_a_limit_shortens_the_table_not_the_count(account: Account, inv: Inv) -> None:
    inv("scan.export", "--only", "dns")
    account.touch_records()

    result = inv("snapshots.diff", "latest", "live", "--limit", "1", "--no-headers", "--exit-code")

    assert (result.code, len(result.out.splitlines())) == (5, 1)
    assert "1 created, 1 deleted, 1 changed" in result.err


@pytest.mark.skipif(not shutil.which("git"), reason="git reads the text")
def test_git_can_read_unified_text(account: Account, inv: Inv, tmp_path: Path) -> None:
    inv("scan.export", "--only", "dns")
    account.touch_records()
    evil = {"type": "TXT", "name": "../../x\n+++ b/etc.example.com", "content": '"\x1b[2J+++"', "ttl": 300}
    old = made(tmp_path / "old", {("zones.zone", ""): [{"id": "z", "name": ".."}], ("dns.record", "z"): []})
    new = made(
        tmp_path / "new",
        {("zones.zone", ""): [{"id": "z", "name": ".."}], ("dns.record", "z"): [{"id": "1", **evil}]},
    )

    honest = inv("snapshots.diff", "latest", "live", "--unified")
    hostile = inv("snapshots.diff", str(old.path), str(new.path), "--unified", "--only", "dns.record")

    for result, files in ((honest, 3), (hostile, 1)):
        git = ["git", "apply", "--numstat", "-"]
        read = subprocess.run(git, input=result.out, capture_output=True, text=True, cwd=tmp_path)
        assert (read.returncode, len(read.stdout.splitlines())) == (0, files), read.stderr
        assert "\x1b" not in result.out
    assert '-  "ttl": ' in honest.out
    assert '+  "ttl": 1800' in honest.out
    path = (
        "dns.record/%2E%2E/..%2F..%2Fx%0A%2B%2B%2B%20b%2Fetc.example.com%20TXT%20%22%1B%5B2J%2B%2B%2B%22.json"
    )
    assert hostile.out.splitlines()[0] == f"diff --git a/{path} b/{path}"


def test_an_unknown_part_is_a_comment_in_unified_text(account: Account, inv: Inv, staged: Sandbox) -> None:
    old = exported(inv, "--only", "kv.namespace")
    staged.faults.add(Fault("denied", path="*/namespaces*", times=-1))
    new = exported(inv, "--only", "kv.namespace,r2")

    result = inv("snapshots.diff", old, new, "--unified", "--only", "kv.namespace")

    assert result.code == 4
    assert result.out.startswith("# unknown: kv.namespace  (complete / denied)")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("live", "live"), "both sides are live"),
        (("nowhere", "latest"), "no snapshot is called nowhere"),
        (("latest", "live", "--only", "dsn"), "no kind or product is called 'dsn'"),
        (("latest",), "snapshots.diff needs -b"),
        (("latest", "live", "--only", "dns"), "holds none of the requested kinds"),
        (("latest", "live", "--unified", "--output", "json"), "--unified prints text and does not take --ou"),
    ],
)
def test_a_line_without_meaning_is_refused_with_a_sentence(
    account: Account, inv: Inv, line: tuple[str, ...], message: str
) -> None:
    inv("scan.export", "--only", "kv.namespace")

    result = inv("snapshots.diff", *line)

    assert result.code == 1
    assert message in result.err


def test_an_encrypted_snapshot_is_compared_with_its_key(account: Account, inv: Inv, tmp_path: Path) -> None:
    from pyrage import x25519

    key = x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(f"{key}\n")
    sealed = exported(inv, "--only", "dns", "--encrypt-to", str(key.to_public()))
    account.touch_records()

    without = inv("snapshots.diff", sealed, "live")
    result = inv("snapshots.diff", sealed, "live", "--identity", str(tmp_path / "key.txt"), "--exit-code")

    assert (without.code, result.code) == (1, 5)
    assert "1 created, 1 deleted, 1 changed" in result.err


def test_a_snapshot_of_another_account_is_not_compared_with_this_one(
    account: Account, inv: Inv, tmp_path: Path, staged: Sandbox
) -> None:
    other = made(tmp_path / "other", {("flat.thing", ""): []}, account_id="b" * 32)

    result = inv("snapshots.diff", str(other.path), "live")

    assert result.code == 1
    assert "is a snapshot of the account " in result.err
    assert not [path for _, path in staged.requests if "dns_records" in path]
