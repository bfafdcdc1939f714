"""Who writes where: one run at a time in a zone, a namespace, a script."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from ops.files.lock import locked
from ops.kinds.resource import ACCOUNT, identity_of, reach

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from ops.kinds.change import Change
    from ops.kinds.resource import Json


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
        where = change.owner.item.get("name") or change.owner.item.get("title") or change.label
        self._open.enter_context(locked(self._folder, name, self._holder, f"writing to {where}"))
