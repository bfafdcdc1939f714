"""`inv history`: how an item changed over the kept snapshots, and what is unknown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from ops.items import Json
from ops.kinds.catalog import resources
from ops.kinds.resource import Resource
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.snapshots.compare.side import CHANGED, CREATED, DELETED, UNKNOWN
from ops.snapshots.history import SEEN, Wanted, events, moments
from ops.snapshots.snapshot import Snapshot
from tests.conftest import Result
from tests.snapshots.making import made
from tests.snapshots.test_drift import log
from tests.snapshots.touching import Account, empty_audit_log
from tests.timing import computed

Inv = Callable[..., Result]
KINDS = {resource.kind: resource for resource in resources()}
RECORD = KINDS["dns.record"]
ZONE_ID, NEW_ID = "f" * 32, "e" * 32


def record(content: str, id: str = "1", name: str = "www.example.com") -> Json:
    return {"id": id, "name": name, "type": "A", "content": content, "ttl": 1}


def kept(folder: Path, *states: Sequence[Json] | None, zone_ids: Sequence[str] = ()) -> list[Snapshot]:
    """Write a snapshot for each list of records; None stands for records that were denied."""
    found = []
    for number, records in enumerate(states):
        zone = zone_ids[number] if zone_ids else ZONE_ID
        items = {
            ("zones.zone", ""): [{"id": zone, "name": "example.com"}],
            ("dns.record", zone): records or [],
        }
        statuses = {("dns.record", zone): "denied"} if records is None else {}
        found.append(made(folder / str(number), items, statuses=statuses, kinds=resources()))
    return found


def history(
    snapshots: list[Snapshot], *names: str, resource: Resource = RECORD
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the changes of www.example.com, each with the fields that changed."""
    wanted = Wanted(resource, names or ("www.example.com",), ("example.com",))
    found = events(moments(snapshots, wanted, KINDS), wanted, lambda _snapshot, _id: "example.com")
    return [(e.difference.change, tuple(f"{f}={new}" for f, _, new in e.difference.fields)) for e in found]


def test_an_item_is_seen_changed_deleted_and_created(tmp_path: Path) -> None:
    snapshots = kept(tmp_path, [record("1")], [record("1")], [record("2")], [], [record("3", id="2")])

    assert history(snapshots) == [(SEEN, ()), (CHANGED, ("content=2",)), (DELETED, ()), (CREATED, ())]


def test_an_item_that_was_created_again_between_two_snapshots_has_another_id(tmp_path: Path) -> None:
    assert history(kept(tmp_path, [record("1")], [record("1", id="2")])) == [(SEEN, ()), (CHANGED, ("id=2",))]


def test_an_item_is_followed_through_another_name_by_its_id(tmp_path: Path) -> None:
    snapshots = kept(tmp_path, [record("1", name="old.example.com")], [record("1")])

    assert history(snapshots) == [(SEEN, ()), (CHANGED, ("name=www.example.com",))]
    assert history(snapshots, "1") == history(snapshots)


def test_an_item_is_followed_into_a_zone_that_was_added_again(tmp_path: Path) -> None:
    snapshots = kept(tmp_path, [record("1")], [record("1", id="2")], zone_ids=(ZONE_ID, NEW_ID))

    assert history(snapshots) == [(SEEN, ()), (CHANGED, ("id=2",))]


def test_a_partial_snapshot_is_unknown_and_proves_no_deletion(tmp_path: Path) -> None:
    snapshots = kept(tmp_path, [record("1")], None, [record("1")], None, [])

    unknown = (UNKNOWN, ("=denied",))
    assert history(snapshots) == [(SEEN, ()), unknown, unknown, (DELETED, ())]


def test_an_item_after_an_unknown_snapshot_is_seen_not_created(tmp_path: Path) -> None:
    assert [change for change, _ in history(kept(tmp_path, None, [record("1")]))] == [UNKNOWN, SEEN]


def test_a_name_inside_another_value_is_not_the_item(tmp_path: Path) -> None:
    other = record("www.example.com", id="9", name="alias.example.com") | {"type": "CNAME"}

    assert history(kept(tmp_path, [other], [])) == []


@pytest.fixture
def account(staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    return Account(staged)


LINE = ("history", "dns.record", "--zone", "example.com", "--name", "api", "--output", "json")
PUT = ("dns.put", "--zone", "example.com", "--name", "api", "--type", "A", "--content")


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """Yield the clock of the test: two snapshots of one second have no order."""
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1)) as moved:
        yield moved


def export(inv: Inv, clock: time_machine.Coordinates, *options: str) -> None:
    clock.shift(60)
    assert inv("scan.export", "--only", "zones,dns", *options).code == 0
    clock.shift(60)


def test_our_journal_names_the_task_that_made_a_change(
    account: Account, clock: time_machine.Coordinates, inv: Inv
) -> None:
    export(inv, clock)
    inv(*PUT, "192.0.2.99")
    export(inv, clock)

    found = [row for row in rows(inv(*LINE)) if row["field"] == "content"]

    assert [(row["old"], row["new"]) for row in found] == [("192.0.2.20", "192.0.2.99")]
    assert found[0]["user"].startswith("dns.put (")


def test_a_write_that_left_another_value_is_not_named_for_a_change(
    account: Account, clock: time_machine.Coordinates, inv: Inv
) -> None:
    export(inv, clock)
    inv(*PUT, "192.0.2.99")
    clock.shift(60)
    # A snapshot that begins, and ends, in the second of the next write.
    assert inv("scan.export", "--only", "zones,dns").code == 0
    inv("dns.delete", "example.com", "api", "A", "--yes")

    found = [row for row in rows(inv(*LINE)) if row["field"] == "content"]

    assert [row["user"].split(" (")[0] for row in found] == ["dns.put"]


def test_the_setting_of_another_zone_is_not_named(
    account: Account, clock: time_machine.Coordinates, inv: Inv
) -> None:
    export(inv, clock)
    for zone in ("example.com", "example.net"):
        inv("zones.set", "--zone", zone, "--setting", "min_tls_version", "--value", "1.3", "--yes")
    export(inv, clock)

    shown = inv(
        "history", "zones.setting", "--zone", "example.com", "--name", "min_tls_version", "--output", "json"
    )
    others = inv(
        "history", "zones.setting", "--zone", "example.net", "--name", "min_tls_version", "--output", "json"
    )

    users = [
        {row["user"] for row in rows(result) if row["change"] == "changed"} for result in (shown, others)
    ]
    assert all(len(one) == 1 for one in users)
    assert users[0].isdisjoint(users[1])


def test_the_audit_log_names_who_made_a_change_elsewhere(
    account: Account, clock: time_machine.Coordinates, inv: Inv, staged: Sandbox
) -> None:
    export(inv, clock)
    edited, *_ = account.touch_records()
    empty_audit_log(staged)
    uri = f"/client/v4/zones/{account.zone_id}/dns_records/{edited}"
    log(staged, "1", uri, "anna@example.com", id=edited)
    export(inv, clock)

    found = rows(inv("history", "dns.record", "--name", edited, "--output", "json"))

    assert {row["user"] for row in found if row["change"] == "changed"} == {"anna@example.com"}


def test_without_an_audit_log_the_history_is_shown_all_the_same(
    account: Account, clock: time_machine.Coordinates, inv: Inv, staged: Sandbox
) -> None:
    export(inv, clock)
    edited, *_ = account.touch_records()
    export(inv, clock)
    staged.faults.add(Fault("denied", path="*/audit*", times=-1))

    result = inv("history", "dns.record", "--name", edited, "--output", "json")

    assert (result.code, {row["user"] for row in rows(result)}) == (0, {""})
    assert "who made the changes is not known" in result.err


def test_a_patch_shows_the_item_before_and_after(
    account: Account, clock: time_machine.Coordinates, inv: Inv
) -> None:
    export(inv, clock)
    inv(*PUT, "192.0.2.99")
    export(inv, clock)

    text = inv(*LINE[:-2], "--patch").out

    assert '-  "content": "192.0.2.20",' in text
    assert '+  "content": "192.0.2.99",' in text


def test_undo_shows_the_plan_that_restores_the_item_and_sends_nothing(
    account: Account, clock: time_machine.Coordinates, inv: Inv, staged: Sandbox
) -> None:
    export(inv, clock)
    inv("dns.delete", "--zone", "example.com", "--name", "docs", "--type", "CNAME", "--yes")
    export(inv, clock)
    line = ("history", "dns.record", "--zone", "example.com", "--name", "docs.example.com")
    staged.requests.clear()

    result = inv(*line, "--undo", "2")
    refused = inv(*line, "--undo", "1")

    assert (result.code, refused.code) == (0, 1)
    assert {method for method, _ in staged.requests} == {"GET"}
    assert "create CNAME record docs.example.com" in result.err
    apply = next(text for text in result.err.splitlines() if text.startswith("to apply: `inv "))
    done = inv(*apply.removeprefix("to apply: `inv ").rstrip("`").split(), "--yes")
    assert done.code == 0, done.err
    assert "docs.example.com" in inv("dns.list", "--zone", "example.com", "--type", "CNAME").out


def test_the_undo_of_a_creation_is_a_deletion_that_is_planned_and_asked(
    account: Account, clock: time_machine.Coordinates, inv: Inv, staged: Sandbox
) -> None:
    export(inv, clock)
    inv(*PUT[:4], "extra", *PUT[5:], "192.0.2.99")
    export(inv, clock)
    staged.requests.clear()

    result = inv("history", "dns.record", "--zone", "example.com", "--name", "extra", "--undo", "1")

    assert (result.code, {method for method, _ in staged.requests}) == (0, {"GET"}), result.err
    assert "delete A record extra.example.com 192.0.2.99" in result.err
    line = next(text for text in result.err.splitlines() if text.startswith("to apply: `inv "))
    words = line.removeprefix("to apply: `inv ").rstrip("`").split()
    asked = inv(*words)
    assert (asked.code, "not confirmed: restore 1 item?" in asked.err) == (1, True), asked.err
    done = inv(*words, "--yes", "--output", "json")
    assert (done.code, json.loads(done.out)["deleted"]) == (0, 1), done.err
    names = [row["name"] for row in rows(inv("dns.list", "--zone", "example.com", "--output", "json"))]
    assert "extra.example.com" not in names
    assert "api.example.com" in names


def test_the_line_that_applies_an_undo_names_the_stage(
    clock: time_machine.Coordinates, inv: Inv, home: Path
) -> None:
    for line in (
        ("scan.export", "--only", "zones,dns"),
        (*PUT, "192.0.2.99"),
        ("scan.export", "--only", "dns"),
    ):
        clock.shift(60)
        assert inv("sandbox", *line).code == 0
    number = max(row["n"] for row in rows(inv("sandbox", *LINE)))

    result = inv("sandbox", *LINE[:-2], "--undo", str(number))

    assert "to apply: `inv sandbox snapshots.restore" in result.err


def test_the_undo_warns_of_later_changes_of_the_same_item(
    account: Account, clock: time_machine.Coordinates, inv: Inv
) -> None:
    export(inv, clock)
    for content in ("192.0.2.98", "192.0.2.99"):
        inv(*PUT, content)
        export(inv, clock)

    first, last = sorted({row["n"] for row in rows(inv(*LINE)) if row["change"] == CHANGED})
    result = inv(*LINE[:-2], "--undo", str(first))

    assert f"later changes of it are undone as well: {last}" in result.err
    assert "content 192.0.2.99 → 192.0.2.20" in result.err


def test_what_an_undo_cannot_do_is_said_with_the_reason(
    account: Account, clock: time_machine.Coordinates, inv: Inv, staged: Sandbox
) -> None:
    export(inv, clock)
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))
    inv("scan.export", "--only", "zones,dns")
    staged.faults.clear()
    clock.shift(60)
    inv("zones.create", "--name", "later.example")
    export(inv, clock)

    def undo(name: str, number: int, *of: str) -> str:
        result = inv("history", *(of or ("dns.record", "--zone", "example.com")), name, "--undo", str(number))
        assert result.code == 1, result.err
        return result.err

    assert "--undo 9 is not in the list" in undo("--name=api", 9)
    assert "is the first that has it" in undo("--name=api", 1)
    assert "could not read it" in undo("--name=api", 3)
    zone = undo("--name=later.example", 1, "zones.zone")
    assert "a restore never deletes what holds data" in zone
    assert "there is nothing that a restore can undo of change 1" in zone


def test_encrypted_snapshots_are_named_as_not_searched(
    account: Account, clock: time_machine.Coordinates, inv: Inv, home: Path
) -> None:
    from pyrage import x25519

    key = x25519.Identity.generate()
    (home / "key.txt").write_text(f"{key}\n")
    (home / "key.txt").chmod(0o600)
    export(inv, clock, "--encrypt-to", str(key.to_public()))
    inv(*PUT, "192.0.2.99")
    export(inv, clock)

    closed, opened = inv(*LINE), inv(*LINE, "--identity", str(home / "key.txt"))

    assert "1 encrypted snapshots are not searched: --identity opens them" in closed.err
    assert {row["change"] for row in rows(closed)} == {SEEN}
    assert CHANGED in {row["change"] for row in rows(opened)}, opened.err


def test_an_item_that_no_snapshot_has_is_not_found(account: Account, inv: Inv) -> None:
    inv("scan.export", "--only", "zones,dns")

    nothing = inv("history", "dns.record", "--zone", "example.com", "--name", "nope")
    kind, other = inv("history", "dns.recrd", "--name", "x"), inv("history", "dns.record")

    assert (nothing.code, kind.code, other.code) == (1, 1, 1)
    assert "no dns.record called 'nope' is in 1 snapshots" in nothing.err
    assert "did you mean dns.record?" in kind.err
    assert "history needs --name" in other.err


@pytest.mark.parametrize(
    "line", [("zones.dnssec", "--zone", "example.com"), ("workers.settings", "--parent", "api-gateway")]
)
def test_the_only_item_of_a_parent_needs_no_name(account: Account, inv: Inv, line: tuple[str, ...]) -> None:
    inv("scan.export", "--only", "zones,workers")

    found = rows(inv("history", *line, "--output", "json"))

    assert [row["change"] for row in found] == [SEEN]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_thirty_snapshots_of_a_hundred_thousand_records_are_searched_in_a_second(tmp_path: Path) -> None:
    from os import link

    plain = [record("198.51.100.1", id=f"{n:032x}", name=f"host-{n}.example.com") for n in range(100_000)]
    changed = [*plain[:-1], {**plain[-1], "content": "198.51.100.2"}]
    two = kept(tmp_path, plain, changed)
    snapshots = list(two)
    for number in range(2, 30):
        folder = tmp_path / str(number)
        folder.mkdir()
        for file in two[number % 2].path.iterdir():
            link(file, folder / file.name)
        snapshots.append(Snapshot(folder, two[number % 2].manifest))

    with computed(1.0):
        found = history(snapshots, "host-99999.example.com")

    assert [change for change, _ in found] == [SEEN, *[CHANGED] * 29]
