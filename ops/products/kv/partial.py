"""A dump that is not finished: lines that are added as they come, and found again after an interruption."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ops.errors import Locked, Refused
from ops.files.disk import PRIVATE_FILE, atomic, explained
from ops.products.kv.dumpfile import FORMAT, to_line

if TYPE_CHECKING:
    from types import TracebackType

    from ops.kinds.resource import Json


class Partial:
    """The lines of a dump to be, in `<target>.partial` beside it, locked while it is open.

    *origin* says what is dumped; a partial of something else is refused. *last* is the key up to which all
    is there ("" at the beginning), *count* the number of keys so far. Raises Refused, Locked and DiskError.
    """

    def __init__(self, target: Path, origin: Json) -> None:
        self.path = target.with_name(target.name + ".partial")
        self.last = ""
        self.count = 0
        self._target = target
        self._origin = origin
        self._open = ExitStack()

    def __enter__(self) -> Partial:
        with explained(self.path), ExitStack() as opening:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(self.path, flags, PRIVATE_FILE)
            opening.callback(os.close, self._file)
            self._claim()
            os.ftruncate(self._file, self._found())
            os.lseek(self._file, 0, os.SEEK_END)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, lines: bytes, last: str, count: int) -> None:
        """Add whole *lines*, about *count* keys up to the key *last*."""
        with explained(self.path):
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        self.last, self.count = last, self.count + count

    def finish(self) -> Json:
        """Make the target of what is there, and give its last line."""
        digest, pairs = sha256(), 0
        missing: dict[str, list[str]] = {"gone": [], "unread": []}
        with atomic(self._target) as file, _packed(file, self._target) as out:
            for line, entry in self._lines():
                if "key" in entry:
                    digest.update(line)
                    out.write(line)
                    pairs += 1
                for why in missing.keys() & entry.keys():
                    missing[why].append(entry[why])
            told = {"dump": FORMAT, **self._origin, "pairs": pairs, **missing, "sha256": digest.hexdigest()}
            out.write(to_line(told))
        with explained(self.path):
            self.path.unlink()
        return told

    def _claim(self) -> None:
        """Take the lock, and refuse a file that others could have written."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "wait until it has ended; the lock goes with it, however it ends"
            raise Locked(f"another run is writing {self._target}", hint=hint) from None
        found = os.fstat(self._file)
        if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid():
            hint = f"`rm {self.path}` begins anew"
            raise Refused(f"{self.path} is not this user's alone: others could have changed it", hint=hint)

    def _found(self) -> int:
        """Learn what an earlier run has left; give how many bytes of it are good, the head written anew."""
        head = to_line({"partial": FORMAT, **self._origin})
        good = 0
        for line, entry in self._lines():
            if not good and line != head:
                hint = f"name another file, or `rm {self.path}` to begin anew"
                raise Refused(f"{self.path} is of another namespace or version", hint=hint)
            good += len(line)
            if good > len(head):
                self.last, self.count = _name(entry), self.count + 1
        if not good:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, head, 0)
        return good or len(head)

    def _lines(self) -> Iterator[tuple[bytes, Json]]:
        """Yield the whole lines from the beginning; a crash may have torn the last ones."""
        with open(os.dup(self._file), "rb") as file:  # noqa: PTH123 (the descriptor is the one that is locked)
            file.seek(0)
            for line in file:
                entry = _parsed(line)
                if entry is None:
                    return
                yield line, entry


def gone_line(key: str) -> bytes:
    """Give the line for a key that was listed, and was gone when its turn came."""
    return to_line({"gone": key})


def unread_line(key: str) -> bytes:
    """Give the line for a key whose value could not be read."""
    return to_line({"unread": key})


def _name(entry: Json) -> str:
    return str(entry.get("key") or entry.get("gone") or entry.get("unread"))


def _parsed(line: bytes) -> Json | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _packed(file: BinaryIO, target: Path) -> Any:
    """Give what writes into *file*, compressed where *target* is called .gz; the same bytes each time."""
    if target.suffix == ".gz":
        return gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
    return nullcontext(file)
