"""Lines of JSON chained by hashes, which show an edit, a deletion or a swap and its line.

Each line holds its number and, at its end, the hash of itself and all lines before it. A line counts once its
newline is written, so that a line torn by a crash differs from one that somebody cut.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ops.errors import DiskError, Refused
from ops.files.disk import PRIVATE_FILE, explained, failure, open_regular, private_folder
from ops.files.formats import FORMAT, check_format
from ops.items import Json

START = "0" * 64
_MARK = b',"hash":"'
_END = b'"}\n'
_BLOCK = 64 * 1024
_TAIL = len(_MARK) + 64 + len(_END)


class ChainHead(NamedTuple):
    """The end of a chain: the number of lines, and their hash."""

    number: int
    hash: str


EMPTY = ChainHead(0, START)


class Chain:
    """A file of chained lines, readable by its owner alone. Several processes may append at once.

    Each line has the number of its *format*. Raises Refused for a file that other users could have written,
    Newer for a line of a later format, DiskError if the chain is broken.
    """

    def __init__(self, path: Path, format: int = 1) -> None:
        self.path = path
        self._format = format
        self.torn = False
        """True if the last reading found an unfinished line."""
        self._descriptor = -1
        self._end = -1
        self._head = EMPTY

    def append(self, body: Json, keep: Callable[[ChainHead], None] = lambda _head: None) -> ChainHead:
        """Append *body* durably; return the new head, which *keep* gets before another process can append."""
        with explained(self.path), self._locked(fcntl.LOCK_EX):
            self._catch_up()
            number = self._head.number + 1
            line = {"n": number, FORMAT: self._format, **body}
            text = json.dumps(line, separators=(",", ":")).encode()
            head = ChainHead(number, _digest(self._head.hash, text))
            written = text[:-1] + _MARK + head.hash.encode() + _END
            self._write(written)
            self._end, self._head = self._end + len(written), head
            keep(head)
        return head

    def lines(self) -> Iterator[Json]:
        """Yield the lines, oldest first. Raises DiskError at a broken one; a torn last one sets `torn`."""
        for line, _ in self._checked():
            body: Json = json.loads(line)
            check_format(body, self._format, self.path)
            body.pop(FORMAT, None)
            yield body

    def heads(self) -> Iterator[ChainHead]:
        """Yield the head after each line. Raises DiskError as `lines` does."""
        for _, head in self._checked():
            yield head

    def _checked(self) -> Iterator[tuple[bytes, ChainHead]]:
        self.torn = False
        with explained(self.path, "read"):
            if not self.path.exists():
                return
            opened = open_regular(self.path)
        with opened as file:
            head = EMPTY
            for line in file:
                if not line.endswith(b"\n"):
                    self.torn = True
                    return
                body, digest = line[:-_TAIL] + b"}", line[-_TAIL + len(_MARK) : -len(_END)]
                whole = line[-_TAIL : -_TAIL + len(_MARK)] == _MARK and line.endswith(_END)
                number, known = head.number + 1, digest.decode("ascii", "replace")
                if not whole or _digest(head.hash, body) != known:
                    self._refuse_newer(line)
                    text = f"was changed by hand or damaged: line {number} does not follow from the rest"
                    hint = "keep it for inspection and start a new one"
                    raise DiskError(
                        f"{self.path} {text}", hint=f"{hint}: `mv {self.path} {self.path}.broken`"
                    )
                head = ChainHead(number, known)
                yield line, head

    def _refuse_newer(self, line: bytes) -> None:
        """Raise Newer if *line* has a later format, which may chain the lines in another way."""
        with suppress(ValueError, RecursionError):
            check_format(json.loads(line), self._format, self.path)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        if self._descriptor < 0:
            private_folder(self.path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, PRIVATE_FILE)
            found = os.fstat(descriptor)
            if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid():
                os.close(descriptor)
                raise Refused(
                    f"other users could have changed {self.path}",
                    hint=f"check it, then `chmod 600 {self.path}`, or move it away to start a new one",
                )
            self._descriptor = descriptor
        fcntl.flock(self._descriptor, kind)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _catch_up(self) -> None:
        """Find the end of the chain, since another process may have written; cut off a torn line."""
        size = os.fstat(self._descriptor).st_size
        if size == self._end:
            return
        start, found = size, b""
        while start and found.count(b"\n") < 2:
            step = min(_BLOCK, start)
            start -= step
            found = os.pread(self._descriptor, step, start) + found
        whole = found[: found.rfind(b"\n") + 1]
        end, head = start + len(whole), EMPTY
        if end < size:
            os.ftruncate(self._descriptor, end)
        if last := whole[whole.rfind(b"\n", 0, -1) + 1 :]:
            self._refuse_newer(last)
            try:
                body = json.loads(last)
                head = ChainHead(int(body["n"]), str(body["hash"]))
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                hint = f"keep it for inspection: `mv {self.path} {self.path}.broken`"
                raise DiskError(f"the last line of {self.path} is damaged", hint=hint) from None
        self._end, self._head = end, head

    def _write(self, line: bytes) -> None:
        try:
            written = os.pwrite(self._descriptor, line, self._end)
            if written < len(line):
                os.pwrite(self._descriptor, line[written:], self._end + written)
            os.fdatasync(self._descriptor)
        except OSError as problem:
            os.ftruncate(self._descriptor, self._end)
            raise failure(problem, self.path) from None


def _digest(before: str, text: bytes) -> str:
    return sha256(before.encode() + text).hexdigest()
