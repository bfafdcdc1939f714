"""Lines of JSON chained by hashes: an edit, a deletion or a swap shows at the line where it was made.

Each line holds its number and, at its end, the hash of itself and of all lines before it. A line counts once
its newline is written, so one that a crash has torn is told from one that somebody has cut.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import DiskError, Refused
from ops.files.disk import PRIVATE_FILE, explained, failure, private_folder

if TYPE_CHECKING:
    from types import TracebackType

Json = dict[str, Any]

START = "0" * 64
_MARK = b',"hash":"'
_END = b'"}\n'
_TAIL = len(_MARK) + 64 + len(_END)


class Head(NamedTuple):
    """Where a chain ends: how many lines, and the hash of all of them."""

    number: int
    hash: str


EMPTY = Head(0, START)


class Chain:
    """A file of chained lines, made for its owner alone. Several processes may append to it at once.

    Raises Refused for a file that others could have written, DiskError where the chain is broken.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        """Whether the last reading met a line that was not finished."""
        self._descriptor = -1
        self._end = -1
        self._head = EMPTY

    def __enter__(self) -> Chain:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, body: Json, keep: Callable[[Head], None] = lambda _head: None) -> Head:
        """Write *body* as the next line; it is on the disk when this returns. Gives the new head.

        *keep* is told the new head before another process can append.
        """
        with explained(self.path), self._locked(fcntl.LOCK_EX):
            self._catch_up()
            line, head = _line(body, self._head)
            self._write(line)
            self._end, self._head = self._end + len(line), head
            keep(head)
        return head

    def lines(self) -> Iterator[Json]:
        """Yield what was written, oldest first; raises DiskError at the first line that does not follow.

        A torn last line is left out, and `torn` says so.
        """
        for line, _ in self._checked():
            body: Json = json.loads(line)
            yield body

    def heads(self) -> Iterator[Head]:
        """Yield the head as it was after each line; raises DiskError as lines does."""
        for _, head in self._checked():
            yield head

    def _checked(self) -> Iterator[tuple[bytes, Head]]:
        self.torn = False
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            head = EMPTY
            for line in file:
                if not line.endswith(b"\n"):
                    self.torn = True
                    return
                head = _after(line, head, self.path)
                yield line, head

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        if self._descriptor < 0:
            private_folder(self.path.parent)
            self._descriptor = _open(self.path)
        fcntl.flock(self._descriptor, kind)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _catch_up(self) -> None:
        """Learn where the chain ends, where another process has written meanwhile; cuts off a torn line."""
        size = os.fstat(self._descriptor).st_size
        if size == self._end:
            return
        self._end, last = _last_line(self._descriptor, size)
        if self._end < size:
            os.ftruncate(self._descriptor, self._end)
        self._head = _head_of(last, self.path) if last else EMPTY

    def _write(self, line: bytes) -> None:
        try:
            written = os.pwrite(self._descriptor, line, self._end)
            if written < len(line):
                os.pwrite(self._descriptor, line[written:], self._end + written)
            os.fdatasync(self._descriptor)
        except OSError as problem:
            os.ftruncate(self._descriptor, self._end)
            raise failure(problem, self.path) from None


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    found = os.fstat(descriptor)
    if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid():
        os.close(descriptor)
        raise Refused(
            f"{path} is not this user's alone, so that others could have changed it",
            hint=f"look at it, then `chmod 600 {path}`, or move it away to begin anew",
        )
    return descriptor


def _line(body: Json, before: Head) -> tuple[bytes, Head]:
    text = json.dumps({"n": before.number + 1, **body}, separators=(",", ":")).encode()
    digest = _digest(before.hash, text)
    return text[:-1] + _MARK + digest.encode() + _END, Head(before.number + 1, digest)


def _digest(before: str, text: bytes) -> str:
    return sha256(before.encode() + text).hexdigest()


def _after(line: bytes, before: Head, path: Path) -> Head:
    """Return the head after *line*, which must follow *before*."""
    text, digest = line[:-_TAIL] + b"}", line[-_TAIL + len(_MARK) : -len(_END)].decode("ascii", "replace")
    whole = line[-_TAIL : -_TAIL + len(_MARK)] == _MARK and line.endswith(_END)
    if not whole or _digest(before.hash, text) != digest:
        raise DiskError(
            f"{path} was changed by hand or damaged: line {before.number + 1} does not follow from the rest",
            hint=f"keep it to look into, and begin anew: `mv {path} {path}.broken`",
        )
    return Head(before.number + 1, digest)


def _last_line(descriptor: int, size: int) -> tuple[int, bytes]:
    """Return where the last whole line ends, and that line."""
    block, found = 64 * 1024, b""
    start = size
    while start and found.count(b"\n") < 2:
        step = min(block, start)
        start -= step
        found = os.pread(descriptor, step, start) + found
    whole = found[: found.rfind(b"\n") + 1]
    return start + len(whole), whole[whole.rfind(b"\n", 0, -1) + 1 :]


def _head_of(line: bytes, path: Path) -> Head:
    try:
        body = json.loads(line)
        return Head(int(body["n"]), str(body["hash"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise DiskError(
            f"the last line of {path} is damaged", hint=f"keep it to look into: `mv {path} {path}.broken`"
        ) from None
