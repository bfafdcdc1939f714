"""A file's lines while they are read: sorted runs on disk, merged at the end, so memory stays flat.

An account's sections arrive side by side and in no order. Each collects about a megabyte, sorts it and
appends it as one run to the spool of its file. A list that comes in order, as KV keys do, leaves runs
that follow each other and are copied as they stand; any other list is merged.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ops.errors import Interrupted

RUN_BYTES = 1 << 20
_READ = 1 << 16

Key = tuple[str, ...]
Entry = tuple[Key, bytes]


class SortedRun(NamedTuple):
    """A stretch of the spool whose lines are in order."""

    start: int
    length: int
    first: Entry
    last: Entry


class Spool:
    """The runs of one file to be. *key_of* returns the key of a line, for the merge."""

    def __init__(self, path: Path, key_of: Callable[[bytes], Key]) -> None:
        self.key_of = key_of
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._path = path
        self._end = 0
        self._lock = Lock()

    def append(self, entries: list[Entry]) -> SortedRun:
        """Write sorted *entries* as a run; raises OSError when the disk is full."""
        block = b"".join(line for _, line in entries)
        with self._lock:
            start, self._end = self._end, self._end + len(block)
        written = 0
        while written < len(block):
            written += os.pwrite(self._file, memoryview(block)[written:], start + written)
        return SortedRun(start, len(block), entries[0], entries[-1])

    def blocks(self, run: SortedRun) -> Iterator[bytes]:
        """Return a run's bytes, a piece at a time."""
        at, end = run.start, run.start + run.length
        while at < end:
            block = os.pread(self._file, min(_READ, end - at), at)
            if not block:
                raise OSError(f"{self._path.name} is shorter than what was written to it")
            yield block
            at += len(block)

    def entries(self, run: SortedRun) -> Iterator[Entry]:
        """Return a run's lines, each with its key."""
        pieces: list[bytes] = []
        for block in self.blocks(run):
            head, *others = block.split(b"\n")
            pieces.append(head)
            for other in others:
                line = b"".join([*pieces, b"\n"])
                yield self.key_of(line), line
                pieces = [other]

    def close(self) -> None:
        """Drop the spool."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)


class Stretch:
    """The lines of one owner in one file; one thread adds, another may close it for good."""

    def __init__(self, spool: Spool, run_bytes: int = RUN_BYTES) -> None:
        self.count = 0
        self._spool = spool
        self._run_bytes = run_bytes
        self._entries: list[Entry] = []
        self._bytes = 0
        self._runs: list[SortedRun] = []
        self._closed = False
        self._lock = Lock()

    def add(self, key: Key, line: bytes) -> None:
        """Take a line; raises Interrupted when the file has been closed meanwhile."""
        with self._lock:
            if self._closed:
                raise Interrupted("the scan has been stopped")
            self._entries.append((key, line))
            self._bytes += len(line)
            self.count += 1
            if self._bytes >= self._run_bytes:
                self._spill()

    def close(self) -> None:
        """Take no more lines. May be called again."""
        with self._lock:
            self._closed = True
            self._spill()

    def _spill(self) -> None:
        if self._entries:
            self._entries.sort()
            self._runs.append(self._spool.append(self._entries))
            self._entries, self._bytes = [], 0

    def blocks(self) -> Iterator[bytes]:
        """Return all lines in order, as pieces of bytes. Close it first."""
        if self._in_order():
            for run in self._runs:
                yield from self._spool.blocks(run)
        else:
            for _, line in heapq.merge(*map(self._spool.entries, self._runs)):
                yield line

    def _in_order(self) -> bool:
        return all(a.last <= b.first for a, b in zip(self._runs, self._runs[1:], strict=False))
