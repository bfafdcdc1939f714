"""Who writes where: one run at a time in a zone, a namespace, a script."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import ExitStack
from hashlib import sha256
from typing import TYPE_CHECKING

from ops.disk import PRIVATE_FILE, explained, private_folder
from ops.errors import Locked
from ops.resource import ACCOUNT, identity_of, reach

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from ops.change import Change
    from ops.resource import Json


def lock_name(change: Change) -> str:
    """Give what must be locked for *change*: the owner of the item, or the item that may own others itself.

    So pausing a zone and changing its records exclude each other, and two creations of one name as well.
    """
    resource, owner = change.resource, change.owner
    if resource.scope != ACCOUNT:
        return f"{owner.account_id}/{owner.id}"
    own = reach(change.before or {}, resource.key)
    return f"{owner.account_id}/{own or '/'.join((resource.kind, *identity_of(resource, change.item)))}"


class Locks:
    """Locks held until the end, by flock: the kernel frees those of a run that died.

    *holder* is what others are told: pid, task, since.
    """

    def __init__(self, folder: Path, holder: Json) -> None:
        self._folder = folder
        self._holder = holder
        self._held: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> Locks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def hold(self, change: Change) -> None:
        """Take the lock for *change*, once; raises Locked, naming the holder, where another run has it."""
        name = lock_name(change)
        if name not in self._held:
            self._take(name, change)
            self._held.add(name)

    def _take(self, name: str, change: Change) -> None:
        path = private_folder(self._folder) / f"{sha256(name.encode()).hexdigest()[:32]}.lock"
        with explained(path):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, PRIVATE_FILE)
            self._open.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _locked(descriptor, change) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(self._holder).encode(), 0)


def _locked(descriptor: int, change: Change) -> Locked:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        # It has the lock, and is about to write its name.
        holder = {}
    named = ", ".join(f"{name} {holder[name]}" for name in ("pid", "task", "since") if name in holder)
    where = change.owner.item.get("name") or change.owner.item.get("title") or change.label
    return Locked(
        f"another run is writing to {where}: {named or 'it has just begun'}",
        hint="wait until it has ended; the lock goes with it, however it ends",
    )
