"""The authors: a difference is ours if a write in our journal left the item as it shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.items import Json, seconds_of
from ops.kinds.catalog import kinds, resources
from ops.kinds.resource import Change, Owner
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.snapshot import Snapshot
from ops.writes.authors import Authors
from ops.writes.journal import DONE, FAILED, Journal
from tests.snapshots.making import made

ZONE_ID, ACCOUNT = "f" * 32, "a" * 32
ZONE: Json = {"id": ZONE_ID, "name": "example.com"}
OWNER = Owner(ACCOUNT, ZONE_ID, ZONE)
BEFORE, BETWEEN, AFTER = "2026-11-20T06:00:00Z", "2026-11-20T12:00:00Z", "2026-11-21T06:00:00Z"


def record(content: str, id: str = "1", **more: Any) -> Json:
    return {"id": id, "name": "www.example.com", "type": "A", "content": content, "ttl": 1, **more}


def snapshot(folder: Path, started: str, *records: Json) -> Snapshot:
    items = {("zones.zone", ""): [ZONE], ("dns.record", ZONE_ID): list(records)}
    found = made(folder, items, kinds=resources())
    manifest = replace(found.manifest, started=started, ended=started, account_id=ACCOUNT)
    return Snapshot(found.path, manifest)


def author(
    folder: Path, old: list[Json], new: list[Json], written: tuple[Json | None, Json | None],
    *, state: str = DONE, time: str = BETWEEN, account: str = ACCOUNT,
) -> list[str]:  # fmt: skip
    """Return the task behind each difference from *old* to *new*, if the journal has the write *written*."""
    change = Change(kinds()["dns.record"], OWNER._replace(account_id=account), *written)
    with Journal(folder / "journal", group="run-1", task="dns.put") as journal:
        entry = journal.begin([change], now=seconds_of(time), number=1)
        items = [written[1]] if state == DONE else []
        journal.finish(entry, state, [change] if items else [], items)
    sides = snapshot(folder / "a", BEFORE, *old), snapshot(folder / "b", AFTER, *new)
    authors = Authors(folder / "journal", kinds(), ACCOUNT, BEFORE)
    differences = Comparison(*sides, [kinds()["dns.record"], kinds()["zones.zone"]], lambda _kind: True)
    found = (authors.of(difference, *sides) for difference in differences)
    return [entry.task if entry else "" for entry in found]


def test_what_we_created_changed_and_deleted_is_ours(tmp_path: Path) -> None:
    old, new = record("192.0.2.1"), record("192.0.2.2")

    assert author(tmp_path / "created", [], [new], (None, new)) == ["dns.put"]
    assert author(tmp_path / "changed", [old], [new], (old, new)) == ["dns.put"]
    assert author(tmp_path / "deleted", [old], [], (old, None)) == ["dns.put"]


def test_what_others_left_otherwise_is_not_ours(tmp_path: Path) -> None:
    old, ours, theirs = (record(f"192.0.2.{n}") for n in (1, 2, 3))

    assert author(tmp_path / "changed", [old], [theirs], (old, ours)) == [""]
    assert author(tmp_path / "deleted", [old], [], (old, ours)) == [""]


def test_another_item_of_the_same_name_is_not_ours(tmp_path: Path) -> None:
    ours, theirs = record("192.0.2.2", id="1"), record("192.0.2.3", id="2")

    assert author(tmp_path, [], [ours, theirs], (None, ours)) == ["dns.put", ""]


@pytest.mark.parametrize(
    "more",
    [
        {"state": FAILED},
        {"time": "2026-11-19T12:00:00Z"},
        {"time": "2026-11-22T12:00:00Z"},
        {"account": "b" * 32},
    ],
)
def test_a_write_that_failed_or_was_at_another_time_or_elsewhere_is_not_the_author(
    tmp_path: Path, more: dict[str, str]
) -> None:
    new = record("192.0.2.2")

    assert author(tmp_path, [], [new], (None, new), **more) == [""]
