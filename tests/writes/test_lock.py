from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ops.errors import Locked
from ops.kinds.change import Change
from ops.kinds.resource import ACCOUNT, Owner
from ops.writes.make import make
from ops.writes.writing import Locks, lock_name
from tests.writes.stage import ZONE, Shelf, Stage


def holding(stage: Stage, shelf: Shelf) -> int:
    """Start a process that is in the middle of a write, and give its id."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:

        def stall(_number: int) -> None:
            os.write(writer, b"!")
            time.sleep(60)

        shelf.before = stall
        try:
            make(stage.app(), shelf.creation("theirs"))
        finally:
            os._exit(0)
    os.close(writer)
    begun = os.read(reader, 1)
    os.close(reader)
    if not begun:
        os.waitpid(child, 0)
    assert begun, "the other process has ended before it wrote"
    return child


@pytest.mark.fault("D6")
def test_two_runs_do_not_write_to_one_zone_at_a_time(stage: Stage, shelf: Shelf) -> None:
    child = holding(stage, shelf)
    try:
        with pytest.raises(Locked) as locked:
            make(stage.app(), shelf.creation("ours"))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert locked.value.exit_code == 6
    assert f"another run is writing to example.com: pid {child}, task write" in locked.value.message
    assert "since 20" in locked.value.message
    assert shelf.written == 0


@pytest.mark.fault("D7")
def test_the_lock_of_a_run_that_was_killed_is_free(stage: Stage, shelf: Shelf) -> None:
    child = holding(stage, shelf)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    make(stage.app(), shelf.creation("ours"))

    assert shelf.state() == [{"name": "ours"}]


@pytest.mark.fault("D6")
def test_another_zone_is_written_to_meanwhile(stage: Stage, shelf: Shelf) -> None:
    child = holding(stage, shelf)
    other = shelf.creation("ours")._replace(owner=Owner("a1", "z2", {"name": "example.org"}))
    try:
        make(stage.app(), other)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert shelf.written == 1


def test_a_zone_and_what_lies_in_it_have_one_lock(shelf: Shelf) -> None:
    account = Owner("a1", "a1", {})
    zones = shelf.resource._replace(kind="zones.zone", parent=ACCOUNT)

    pause = Change(zones, account, {"id": "z1", "name": "example.com"}, {"id": "z1", "paused": True})
    record = Change(shelf.resource, ZONE, None, {"name": "www"})

    assert lock_name(pause) == lock_name(record)


def test_two_creations_of_one_name_have_one_lock_and_two_names_have_two(shelf: Shelf) -> None:
    account = Owner("a1", "a1", {})
    zones = shelf.resource._replace(kind="zones.zone", parent=ACCOUNT)
    names = [lock_name(Change(zones, account, None, {"name": name})) for name in ("a", "a", "b")]

    assert names[0] == names[1] != names[2]


def test_a_creation_is_locked_by_its_kind_and_all_that_identifies_it(shelf: Shelf) -> None:
    account = Owner("a1", "a1", {})
    pools = shelf.resource._replace(kind="pool", parent=ACCOUNT, identity=("name", "type"))

    made = lock_name(Change(pools, account, None, {"name": "n", "type": "t"}))
    kept = lock_name(Change(pools, account, {"id": "p1", "name": "n"}, None))

    assert (made, kept) == ("a1/pool/n/t", "a1/p1")


@pytest.mark.fault("D6")
@pytest.mark.parametrize(
    ("item", "where"),
    [
        ({"name": "example.com", "title": "x"}, "example.com"),
        ({"title": "sessions"}, "sessions"),
        ({}, "one"),
    ],
)
def test_who_is_locked_out_is_told_what_is_written_to(
    tmp_path: Path, shelf: Shelf, item: dict[str, str], where: str
) -> None:
    change = shelf.creation("one")._replace(owner=Owner("a1", "z1", item))
    holder = {"pid": 42, "task": "dns.create", "since": "2026-11-23T09:00:00Z"}

    with Locks(tmp_path, holder) as ours, Locks(tmp_path, holder) as theirs:
        ours.hold(change)
        ours.hold(change)
        with pytest.raises(Locked, match=f"^another run is writing to {where}: pid 42, task dns.create"):
            theirs.hold(change)
    with Locks(tmp_path, holder) as later:
        later.hold(change)


def test_a_dry_run_takes_no_lock(stage: Stage, shelf: Shelf) -> None:
    child = holding(stage, shelf)
    try:
        rows = make(stage.app(dry_run=True), shelf.creation("ours"))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert [row["action"] for row in rows.items] == ["create"]
