from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ops.errors import Locked
from ops.kinds.resource import ACCOUNT, Change, Owner
from ops.writes.make import make
from ops.writes.writing import Locks, lock_name
from tests.writes.stage import ZONE, Remote, Stage


def holding(stage: Stage, remote: Remote) -> int:
    """Start a process that holds a lock in the middle of a write; return its id."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:

        def stall(_number: int) -> None:
            os.write(writer, b"!")
            time.sleep(60)

        remote.before = stall
        try:
            make(stage.app(), remote.creation("theirs"))
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
def test_two_runs_do_not_write_to_one_zone_at_the_same_time(stage: Stage, remote: Remote) -> None:
    child = holding(stage, remote)
    try:
        with pytest.raises(Locked) as locked:
            make(stage.app(), remote.creation("ours"))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert locked.value.exit_code == 6
    assert f"another run is writing to example.com: pid {child}, task write" in locked.value.message
    assert "since 20" in locked.value.message
    assert remote.written == 0


@pytest.mark.fault("D7")
def test_the_lock_of_a_run_that_was_killed_is_free(stage: Stage, remote: Remote) -> None:
    child = holding(stage, remote)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    make(stage.app(), remote.creation("ours"))

    assert remote.state() == [{"name": "ours"}]


@pytest.mark.fault("D6")
def test_another_zone_can_be_written_to_meanwhile(stage: Stage, remote: Remote) -> None:
    child = holding(stage, remote)
    other = remote.creation("ours")._replace(owner=Owner("a1", "z2", {"name": "example.org"}))
    try:
        make(stage.app(), other)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert remote.written == 1


def test_a_zone_and_its_items_have_one_lock(remote: Remote) -> None:
    account = Owner("a1", "a1", {})
    zones = remote.resource._replace(kind="zones.zone", parent=ACCOUNT)

    pause = Change(zones, account, {"id": "z1", "name": "example.com"}, {"id": "z1", "paused": True})
    record = Change(remote.resource, ZONE, None, {"name": "www"})

    assert lock_name(pause) == lock_name(record)


def test_two_creations_of_one_name_have_one_lock_and_two_names_have_two(remote: Remote) -> None:
    account = Owner("a1", "a1", {})
    zones = remote.resource._replace(kind="zones.zone", parent=ACCOUNT)
    names = [lock_name(Change(zones, account, None, {"name": name})) for name in ("a", "a", "b")]

    assert names[0] == names[1] != names[2]


def test_a_creation_is_locked_by_its_kind_and_all_that_identifies_it(remote: Remote) -> None:
    account = Owner("a1", "a1", {})
    pools = remote.resource._replace(kind="pool", parent=ACCOUNT, identity=("name", "type"))

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
def test_the_lock_error_says_what_is_written_to(
    tmp_path: Path, remote: Remote, item: dict[str, str], where: str
) -> None:
    change = remote.creation("one")._replace(owner=Owner("a1", "z1", item))
    holder = {"pid": 42, "task": "dns.create", "since": "2026-11-23T09:00:00Z"}

    with Locks(tmp_path, holder, set()) as ours, Locks(tmp_path, holder, set()) as theirs:
        ours.hold(change)
        ours.hold(change)
        with pytest.raises(Locked, match=f"^another run is writing to {where}: pid 42, task dns.create"):
            theirs.hold(change)
    with Locks(tmp_path, holder, set()) as later:
        later.hold(change)


def test_a_dry_run_takes_no_lock(stage: Stage, remote: Remote) -> None:
    child = holding(stage, remote)
    try:
        rows = make(stage.app(dry_run=True), remote.creation("ours"))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert [row["action"] for row in rows.items] == ["create"]
