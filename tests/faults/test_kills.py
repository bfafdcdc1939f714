"""Two hundred kills, forty for each kind of file: it is the old or the new one, never a part."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ops.files import disk
from ops.http.budget import Budget
from ops.http.cache import Cache
from ops.http.exchange import Call, Reply
from ops.http.pause import Pause
from ops.kinds.resource import Change
from ops.telemetry.audit import AuditLog
from ops.writes.journal import Journal
from tests.writes.stage import Remote

READ = Call("GET", "/zones", fresh=300.0)


class Kept(NamedTuple):
    """A file on disk: *write* writes it again, *look* raises if it is not whole."""

    write: Callable[[int], None]
    look: Callable[[], None]


def journal(folder: Path) -> Kept:
    path = folder / "journal"
    remote = Remote()
    changes: list[Change] = [remote.creation("one", text="x" * 5000)]
    opened = Journal(path, group="g", task="t")

    def write(number: int) -> None:
        entry = opened.begin(changes, now=0.0, number=number)
        opened.finish(entry, "done", changes, [{"id": "1"}])

    def look() -> None:
        for entry in Journal(path).entries().values():
            assert entry.state in ("unknown", "done")
            Journal(path).changes(entry)

    return Kept(write, look)


def audit(folder: Path) -> Kept:
    return Kept(
        lambda number: AuditLog(folder).record({"task": f"t {number}"}),
        lambda: problem_of(AuditLog(folder)),
    )


def problem_of(log: AuditLog) -> None:
    # A cut line is not tampering: it is recognised, and the next one replaces it.
    log.record({"task": "after the kill"})
    assert log.verify().problem == ""


def cache(folder: Path) -> Kept:
    notes: list[str] = []
    file = folder / "cache" / "a.sqlite"
    opened = Cache(file, owner=("token",), say=notes.append)

    def write(number: int) -> None:
        opened.keep(READ, Reply(200, {"date": ""}, f'{{"result":{number}}}'.encode() * 500), opened.writes())

    def look() -> None:
        again = Cache(file, owner=("token",), say=notes.append)
        found = again.find(READ)
        again.close()
        assert found is None or (found.body == found.body[: len(found.body) // 500] * 500)
        assert notes == []

    return Kept(write, look)


def budget(folder: Path) -> Kept:
    notes: list[str] = []

    def opened() -> Budget:
        pause = Pause(say=notes.append)
        return Budget(folder / "budget", limit=0, window=300.0, pause=pause, say=notes.append)

    used = opened()

    def write(_number: int) -> None:
        used.heed(READ, Reply(200, {"ratelimit": '"default";r=10000000;t=300'}))
        used.settle(used.acquire())

    def look() -> None:
        after = opened()
        after.settle(after.acquire())
        after.close()
        assert notes == []

    return Kept(write, look)


def file(folder: Path) -> Kept:
    target = folder / "state.json"

    def write(number: int) -> None:
        with disk.atomic(target) as opened:
            for _ in range(20):
                opened.write(bytes([65 + number % 26]) * 10_000)
                opened.flush()

    def look() -> None:
        if target.exists():
            content = target.read_bytes()
            assert (len(content), len(set(content))) == (200_000, 1)

    return Kept(write, look)


def killed(folder: Path, make: Callable[[Path], Kept], chance: random.Random) -> None:
    """Write in a process of its own until it is killed at a random moment."""
    ready, begin = os.pipe()
    child = os.fork()
    if not child:
        try:
            kept = make(folder)
            os.write(begin, b".")
            for number in range(1 << 30):
                kept.write(number)
        finally:
            os._exit(1)
    os.close(begin)
    os.read(ready, 1)  # the fork of a large process takes longer than what follows
    os.close(ready)
    time.sleep(chance.random() * 0.01)  # the moment of the kill varies
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def folders(root: Path, kills: int) -> Iterator[Path]:
    """Yield a folder for each of *kills*; a new one for every ten, so that it stays small."""
    for number in range(kills):
        folder = root / str(number // 10)
        folder.mkdir(mode=0o700, exist_ok=True)
        yield folder


@pytest.mark.fault("P3", "C3", "C4", "F14")
@pytest.mark.parametrize("make", [journal, audit, cache, budget, file], ids=lambda make: make.__name__)
@pytest.mark.parametrize("kills", [10, pytest.param(40, marks=pytest.mark.long)])
def test_a_kill_leaves_the_old_or_the_new_file(
    tmp_path: Path, kills: int, make: Callable[[Path], Kept]
) -> None:
    chance = random.Random(kills)

    for folder in folders(tmp_path, kills):
        killed(folder, make, chance)
        make(folder).look()

    assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) > 1_000


def test_a_partly_written_file_would_be_noticed(tmp_path: Path) -> None:
    def torn(folder: Path) -> Kept:
        kept = file(folder)

        def write(number: int) -> None:
            with (folder / "state.json").open("wb") as opened:
                for _ in range(20):
                    opened.write(bytes([65 + number % 26]) * 10_000)
                    opened.flush()

        return kept._replace(write=write)

    chance = random.Random(3)
    with pytest.raises(AssertionError):
        for folder in folders(tmp_path, 40):
            killed(folder, torn, chance)
            torn(folder).look()
