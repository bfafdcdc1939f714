"""Snapshots in a bucket: listed, read, verified, compared and pruned like those on this machine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
import time_machine

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.offsite.server import Answer, Environ, Server, refusal
from tests.snapshots.kept import ACCOUNT_ID, DAY, HOUR, ITEMS, NOW, made

Inv = Callable[..., Result]
OTHER = "b" * 32


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The folder of snapshots that are then only in the bucket."""
    return tmp_path / "elsewhere"


def pushed(inv: Inv, place: str, folder: Path, account: str = ACCOUNT_ID) -> str:
    result = inv("snapshots.push", "--name", str(folder), "--to", place, "--account-id", account)
    assert result.code == 0, result.err
    return folder.name


def rows(result: Result) -> list[Any]:
    assert result.code == 0, result.err
    found: list[Any] = json.loads(result.out)
    return found


def names(inv: Inv, place: str) -> list[str]:
    return [row["snapshot"] for row in rows(inv("snapshots.list", "--from", place, "--output", "json"))]


def opened(home: Path) -> list[Path]:
    """Return the fetched files that still exist."""
    return list((home / "state").glob(".opened-*"))


def test_a_bucket_lists_the_same_as_the_machine_it_came_from(inv: Inv, exports: Path, place: str) -> None:
    for at, more in ((NOW, {}), (NOW - DAY, {"status": "partial", "reason": "stopped"})):
        pushed(inv, place, made(exports, at, **more))

    here = rows(inv("snapshots.list", "--output", "json"))
    there = rows(inv("snapshots.list", "--from", place, "--output", "json"))

    assert [row.pop("path") for row in there] == [f"{place}/{ACCOUNT_ID}/{row['snapshot']}" for row in here]
    assert [row.pop("path") and row for row in here] == there


def test_all_accounts_are_listed_or_one_of_them(inv: Inv, elsewhere: Path, place: str) -> None:
    pushed(inv, place, made(elsewhere))
    pushed(inv, place, made(elsewhere, account_id=OTHER), OTHER)

    both = rows(inv("snapshots.list", "--from", place, "--output", "json"))
    one = rows(inv("snapshots.list", "--from", place, "--account-id", OTHER, "--output", "json"))
    unsaid = inv("snapshots.show", "--name", f"{place}/latest")
    said = inv("snapshots.show", "--name", f"{place}/{OTHER}/latest")

    assert [row["account"] for row in both] == [ACCOUNT_ID, OTHER]
    assert [row["account"] for row in one] == [OTHER]
    assert (unsaid.code, said.code) == (1, 0)
    assert "choose one with --account-id" in unsaid.err


def test_a_snapshot_of_another_account_is_refused(inv: Inv, elsewhere: Path, place: str) -> None:
    pushed(inv, place, made(elsewhere, account_id=OTHER), OTHER)

    result = inv("snapshots.show", "--name", f"{place}/{OTHER}/latest", "--account-id", ACCOUNT_ID)

    assert result.code == 1
    assert OTHER in result.err


def test_a_snapshot_is_verified_in_the_bucket_and_leaves_nothing_here(
    inv: Inv, elsewhere: Path, place: str, home: Path
) -> None:
    name = pushed(inv, place, made(elsewhere))

    result = inv("snapshots.verify", "--name", f"{place}/latest", "--output", "json")

    assert {row["kind"]: row["items"] for row in rows(result)}["dns.record"] == 3
    assert f" files verified in {place}/{ACCOUNT_ID}/{name}" in result.err
    assert opened(home) == []


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("latest", 0),
        ("previous", 1),
        pytest.param("2026-11-22", 1, marks=pytest.mark.long),
        pytest.param("2026-11-23T06:10", 0, marks=pytest.mark.long),
    ],
)
def test_a_snapshot_in_a_bucket_has_the_same_names_as_on_this_machine(
    inv: Inv, elsewhere: Path, place: str, asked: str, days: int
) -> None:
    found = [pushed(inv, place, made(elsewhere, NOW - n * DAY)) for n in range(3)]

    result = inv("snapshots.show", "--name", f"{place}/{asked}")

    assert result.code == 0
    assert f"{found[days]}: account {ACCOUNT_ID}" in result.err


def test_two_snapshots_in_a_bucket_are_compared(inv: Inv, elsewhere: Path, place: str) -> None:
    pushed(inv, place, made(elsewhere, NOW - DAY))
    [first, *rest] = ITEMS[("dns.record", "z1")]
    moved = {**ITEMS, ("dns.record", "z1"): [{**first, "ttl": 60}, *rest]}
    pushed(inv, place, made(elsewhere, NOW, items=moved))

    result = inv("snapshots.diff", f"{place}/previous", f"{place}/latest", "--output", "json")

    assert [(row["change"], row["field"], row["old"], row["new"]) for row in rows(result)] == [
        ("changed", "ttl", 300, 60)
    ]


def test_the_past_is_read_from_a_bucket(inv: Inv, elsewhere: Path, place: str) -> None:
    pushed(inv, place, made(elsewhere))

    result = inv("dns.list", "--zone", "example.com", "--at", f"{place}/latest", "--output", "json")

    assert [row["content"] for row in rows(result)] == ["192.0.2.1", '"é"']


def test_a_snapshot_in_a_bucket_is_rendered(inv: Inv, elsewhere: Path, place: str) -> None:
    pushed(inv, place, made(elsewhere))

    result = inv("snapshots.render", "--name", f"{place}/latest", "--to", "all.sqlite")

    assert result.code == 0, result.err
    with sqlite3.connect("all.sqlite") as database:
        assert database.execute("select count(*) from dns_record").fetchone() == (3,)


def test_an_account_has_not_drifted_from_what_was_just_pushed(staged: Sandbox, inv: Inv, place: str) -> None:
    inv("scan.export", "--only", "dns", "--push", place)

    result = inv("snapshots.drift", "--from", place, "--exit-code", "--output", "json")

    assert rows(result) == []


def test_the_status_of_a_bucket_has_the_age_of_its_newest(inv: Inv, elsewhere: Path, place: str) -> None:
    pushed(inv, place, made(elsewhere, NOW - 3 * HOUR))
    moment = datetime.fromtimestamp(NOW, UTC)

    with time_machine.travel(moment, tick=False):
        young = inv("snapshots.status", "--from", place, "--output", "json")
        old = inv("snapshots.status", "--from", place, "--max-age", "2h")

    assert (young.code, json.loads(young.out)["age_seconds"]) == (0, 3 * HOUR)
    assert (old.code, "3 h old" in old.err) == (1, True)


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    """An age key: its file, and the public half."""
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "KEY.txt"
    file.write_text(str(identity))
    return file, str(identity.to_public())


def test_an_encrypted_snapshot_is_one_object_that_its_key_opens(
    staged: Sandbox, inv: Inv, s3: Server, bucket: str, place: str, key: tuple[Path, str], home: Path
) -> None:
    message = inv("scan.export", "--only", "dns", "--encrypt-to", key[1], "--push", place, "--output", "json")
    sealed = Path(json.loads(message.out)["snapshot"])
    address = f"{place}/{sealed.name.removesuffix('.tar.gz.age')}"

    whole = inv("snapshots.verify", "--name", f"{place}/latest", "--identity", str(key[0]))
    by_name = inv("snapshots.show", "--name", address, "--identity", str(key[0]))
    closed = inv("snapshots.show", "--name", f"{place}/{sealed.name}")

    assert [*s3.keys(bucket)] == [f"cloudflare/{staged.account_id}/{sealed.name}"]
    assert s3.keys(bucket).popitem()[1] == sealed.read_bytes()
    assert (whole.code, by_name.code, closed.code) == (0, 0, 1), whole.err
    assert f"{place}/{staged.account_id}/{sealed.name} is encrypted" in closed.err
    assert "--identity KEY.txt" in closed.err
    assert opened(home) == []


def test_a_partial_encrypted_one_is_reported_as_partial(inv: Inv, exports: Path, place: str) -> None:
    (exports / ACCOUNT_ID).mkdir(parents=True)
    sealed = exports / ACCOUNT_ID / "2026-11-23T06-10-02Z-beef.partial.tar.gz.age"
    sealed.write_bytes(b"sealed")
    pushed(inv, place, sealed)

    [row] = rows(inv("snapshots.list", "--from", place, "--output", "json"))

    assert (row["snapshot"], row["status"], row["bytes"]) == ("2026-11-23T06-10-02Z-beef", "partial", 6)
    assert inv("snapshots.status", "--from", place).code == 1


def test_an_unfinished_upload_is_not_a_snapshot(
    inv: Inv, elsewhere: Path, s3: Server, bucket: str, place: str
) -> None:
    older = pushed(inv, place, made(elsewhere, NOW - DAY))
    half = pushed(inv, place, made(elsewhere, NOW))
    s3.client().delete_object(Bucket=bucket, Key=f"cloudflare/{ACCOUNT_ID}/{half}/manifest.json")

    shown = inv("snapshots.show", "--name", f"{place}/latest")
    named = inv("snapshots.show", "--name", f"{place}/{half}")

    assert names(inv, place) == [older]
    assert f"{older}: account" in shown.err
    assert (named.code, f"no snapshot called {half}" in named.err) == (1, True)


@pytest.mark.long
def test_pruning_a_bucket_follows_the_same_rules_and_asks(
    inv: Inv, elsewhere: Path, s3: Server, bucket: str, place: str
) -> None:
    found = [pushed(inv, place, made(elsewhere, NOW - n * DAY)) for n in range(3)]
    line = ("snapshots.prune", "--from", place, "--keep-last", "1")

    dry = rows(inv(*line, "--dry-run", "--output", "json"))
    refused = inv(*line)
    untouched = names(inv, place)
    done = rows(inv(*line, "--yes", "--output", "json"))

    assert [row["action"] for row in dry] == ["keep", "remove", "remove"]
    assert refused.code == 1
    assert "remove 2 snapshots" in refused.err
    assert f"of the account {ACCOUNT_ID} at {place}?" in refused.err
    assert untouched == found
    assert [row["action"] for row in done] == ["kept", "removed", "removed"]
    assert names(inv, place) == found[:1]
    assert {key.split("/")[2] for key in s3.keys(bucket)} == {found[0]}


def test_an_interrupted_removal_leaves_no_snapshot(
    inv: Inv, elsewhere: Path, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_WORKERS", "1")
    kept, gone = (pushed(inv, place, made(elsewhere, NOW - n * DAY)) for n in range(2))
    s3.asked.clear()

    def once(environ: Environ) -> Answer | None:
        return refusal(503, "SlowDown") if len(s3.sent("DELETE")) > 1 else None

    s3.faults.append(once)
    broken = inv("snapshots.prune", "--from", place, "--keep-last", "1", "--yes")
    s3.faults.clear()

    assert broken.code == 2
    assert s3.sent("DELETE")[0] == f"cloudflare/{ACCOUNT_ID}/{gone}/manifest.json"
    assert names(inv, place) == [kept]


@pytest.mark.long
def test_an_unfinished_upload_older_than_a_day_is_removed(
    inv: Inv, elsewhere: Path, s3: Server, bucket: str, place: str
) -> None:
    kept = pushed(inv, place, made(elsewhere, NOW))
    half = pushed(inv, place, made(elsewhere, NOW - DAY))
    s3.client().delete_object(Bucket=bucket, Key=f"cloudflare/{ACCOUNT_ID}/{half}/manifest.json")
    line = ("snapshots.prune", "--from", place, "--keep-last", "9")

    young = inv(*line, "--yes")
    with time_machine.travel(datetime.now(UTC).timestamp() + DAY + 60):
        dry = inv(*line, "--dry-run")
        there = len(s3.keys(bucket))
        old = inv(*line, "--yes")

    assert (young.code, dry.code, old.code) == (0, 0, 0), old.err
    assert half not in young.err
    assert f"would be removed: {half}" in dry.err
    assert there > len(s3.keys(bucket))
    assert f"removed: {half} (an unfinished upload)" in old.err
    assert {key.split("/")[2] for key in s3.keys(bucket)} == {kept}


def test_unfinished_multipart_uploads_are_removed_too(
    inv: Inv, elsewhere: Path, s3: Server, place: str
) -> None:
    pushed(inv, place, made(elsewhere))
    begun = {"young": datetime.now(UTC) - timedelta(hours=23), "old": datetime.now(UTC) - timedelta(hours=25)}
    uploads = "".join(
        f"<Upload><Key>cloudflare/{ACCOUNT_ID}/{name}.tar.gz.age</Key><UploadId>{name}-1</UploadId>"
        f"<Initiated>{at:%Y-%m-%dT%H:%M:%S}.000Z</Initiated></Upload>"
        for name, at in begun.items()
    )
    listing = f"<ListMultipartUploadsResult>{uploads}</ListMultipartUploadsResult>".encode()
    s3.faults.append(lambda environ: Answer(200, listing) if "uploads" in environ["QUERY_STRING"] else None)
    s3.asked.clear()

    result = inv("snapshots.prune", "--from", place, "--keep-last", "1", "--yes")

    assert result.code == 0, result.err
    assert "removed: old.tar.gz.age" in result.err
    assert [asked.query for asked in s3.asked if asked.method == "DELETE"] == ["uploadId=old-1"]


def test_an_s3_that_cannot_list_uploads_is_pruned_too(
    inv: Inv, elsewhere: Path, s3: Server, place: str
) -> None:
    found = [pushed(inv, place, made(elsewhere, NOW - n * DAY)) for n in range(2)]
    answer = refusal(501, "NotImplemented")
    s3.faults.append(lambda environ: answer if "uploads" in environ["QUERY_STRING"] else None)

    result = inv("snapshots.prune", "--from", place, "--keep-last", "1", "--yes")

    assert result.code == 0, result.err
    assert names(inv, place) == found[:1]
