"""The file of a budget, shared by all threads and processes.

64 bytes of head (magic, boot id, blocked until, allowance left, allowance until, next slot), then a ring of
slots; all numbers are int64, times are nanoseconds of CLOCK_MONOTONIC, which all processes share until the
next boot. Every change is a single small write, so a killed process leaves no torn data, and the kernel
frees its lock.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from ops.errors import DiskError
from ops.files.disk import explained, open_own

# It ends with the number of the format.
MAGIC = b"cfopsRB1"
HEAD = struct.Struct("=8s16s4q8x")
SLOT = struct.Struct("=q")
PAIR = struct.Struct("=qq")
BLOCKED_AT, ALLOWANCE_AT, NEXT_AT = 24, 32, 48
# No clock of this boot wrote a time that far ahead.
AHEAD = 400 * 1_000_000_000
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SlotHead(NamedTuple):
    """The head; *size* is the number of slots."""

    blocked_until: int
    left: int
    left_until: int
    next: int
    size: int


class SlotFile:
    """A file of slots, readable by its owner alone; a damaged one, or another user's, is replaced.

    Use it as a context manager to hold its lock. *say* reports a replacement. If no file can be made, the
    slots belong to this process alone, which is reported too.
    """

    def __init__(self, path: Path, capacity: int, say: Callable[[str], None]) -> None:
        self._path = path
        self._capacity = capacity
        self._say = say
        try:
            # It changes with each boot, and the clock restarts then.
            self._boot = struct.pack("16s", bytes.fromhex(_BOOT_ID.read_text("ascii").replace("-", "")))
        except (OSError, ValueError):
            self._boot = bytes(16)
        self._lock = threading.Lock()
        self._descriptor = self._open()

    def __enter__(self) -> Self:
        self._lock.acquire()
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._lock.release()

    def head(self, now: int) -> SlotHead:
        """Return the head at *now*; a damaged file is replaced. Needs the lock."""
        size = os.fstat(self._descriptor).st_size
        content = os.pread(self._descriptor, HEAD.size, 0)
        count = (size - HEAD.size) // 8
        if content[:24] == MAGIC + self._boot and count >= self._capacity and not size % 8:
            head = _unpacked(content, count)
            latest = max(head.blocked_until, head.left_until)
            if min(head) >= 0 and latest <= now + AHEAD and head.next < count:
                return head
        elif content[:24] == MAGIC + self._boot and 0 < count < self._capacity and not size % 8:
            return self._grow(_unpacked(content, count))
        return self._renew(content)

    def moment(self, head: SlotHead, back: int, now: int) -> int:
        """Return the time of the slot taken *back* takings ago, 0 if there was none."""
        place = HEAD.size + 8 * ((head.next - back) % head.size)
        content = os.pread(self._descriptor, SLOT.size, place)
        moment: int = SLOT.unpack(content)[0]
        if 0 <= moment <= now + AHEAD:
            return moment
        self._renew(content)
        return 0

    def moments(self) -> list[int]:
        """Return the times of all used slots, oldest first. The head must have been read."""
        content = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)
        return sorted(moment for moment in array("q", content[HEAD.size :]) if moment)

    def take(self, head: SlotHead, moment: int) -> int:
        """Write *moment* into the next slot and return its number; a kill in between frees it again."""
        self.write(head.next, moment)
        os.pwrite(self._descriptor, SLOT.pack((head.next + 1) % head.size), NEXT_AT)
        return head.next

    def write(self, slot: int, moment: int) -> None:
        os.pwrite(self._descriptor, SLOT.pack(moment), HEAD.size + 8 * slot)

    def block(self, until: int) -> None:
        os.pwrite(self._descriptor, SLOT.pack(until), BLOCKED_AT)

    def allow(self, left: int, until: int) -> None:
        os.pwrite(self._descriptor, PAIR.pack(left, until), ALLOWANCE_AT)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _grow(self, head: SlotHead) -> SlotHead:
        """Make room for a larger limit; the times stay the last ones before the next slot."""
        content = os.pread(self._descriptor, 8 * head.size, HEAD.size)
        in_order = content[8 * head.next :] + content[: 8 * head.next]
        os.pwrite(self._descriptor, bytes(8 * (self._capacity - head.size)) + in_order, HEAD.size)
        os.pwrite(self._descriptor, SLOT.pack(0), NEXT_AT)
        return head._replace(next=0, size=self._capacity)

    def _renew(self, content: bytes) -> SlotHead:
        # An empty file is new, and times of another boot mean nothing.
        other_boot = len(content) == HEAD.size and content[:8] == MAGIC and content[8:24] != self._boot
        if content and not other_boot:
            self._say(f"the budget file {self._path} was damaged and has been replaced")
        head = SlotHead(0, 0, 0, 0, self._capacity)
        with explained(self._path):
            os.ftruncate(self._descriptor, 0)
            whole = HEAD.pack(MAGIC, self._boot, *head[:4]) + bytes(8 * self._capacity)
            os.pwrite(self._descriptor, whole, 0)
        return head

    def _open(self) -> int:
        try:
            descriptor, replaced = open_own(self._path)
        except (OSError, DiskError) as problem:
            return self._unshared(str(problem))
        magic = os.pread(descriptor, len(MAGIC), 0)
        if magic[:-1] == MAGIC[:-1] and magic > MAGIC:
            os.close(descriptor)
            return self._unshared(f"{self._path} was written by a newer cfops")
        if replaced:
            self._say(f"the budget file {self._path} was accessible to other users and has been replaced")
        return descriptor

    def _unshared(self, why: str) -> int:
        self._say(f"the budget is not shared with other runs: {why}")
        import tempfile

        with tempfile.TemporaryFile() as nameless:
            return os.dup(nameless.fileno())


def _unpacked(content: bytes, size: int) -> SlotHead:
    _, _, blocked, left, left_until, following = HEAD.unpack(content)
    return SlotHead(blocked, left, left_until, following, size)
