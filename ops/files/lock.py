"""One run at a time: a file lock by flock, which the kernel frees when its holder ends."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from ops.errors import Locked
from ops.files.disk import PRIVATE_FILE, explained, private_folder
from ops.items import Json


def holder(task: str, now: float) -> Json:
    """Return what other runs see of this one: pid, *task*, since (*now*, in seconds since 1970)."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return {"pid": os.getpid(), "task": task, "since": since}


@contextmanager
def locked(folder: Path, name: str, holder: Json, doing: str) -> Iterator[None]:
    """Hold the lock called *name* in *folder*.

    Raises Locked, naming its holder, if another run has it; *doing* says what that run does.
    """
    path = private_folder(folder) / f"{sha256(name.encode()).hexdigest()[:32]}.lock"
    with explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                found = json.loads(os.pread(descriptor, 4096, 0))
            except (ValueError, RecursionError):
                found = {}  # the other run has the lock and is about to write its name
            found = found if isinstance(found, dict) else {}
            known = (f"{name} {found[name]}" for name in ("pid", "task", "since") if name in found)
            raise Locked(
                f"another run is {doing}: {', '.join(known) or 'it has just started'}",
                hint="wait until it has ended; the lock is freed then in any case",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)
