"""A dump that can be resumed: lines are appended as they are read, and kept after an interruption."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import stat
from collections.abc import Iterator, Set
from contextlib import ExitStack, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ops.errors import Locked, Refused
from ops.files.disk import PRIVATE_FILE, atomic, explained
from ops.products.kv.dumpfile import FORMAT, to_line

if TYPE_CHECKING:
    from types import TracebackType

    from ops.items import Json


class ResumableDump:
    """The lines of an unfinished dump, in `<target>.partial` beside it, locked while it is open.

    *origin* describes what is dumped; a partial file of another origin is refused. *last* is the last
    complete key ("" at the start), *count* the number of keys so far. Raise Refused, Locked and DiskError.
    """

    def __init__(self, target: Path, origin: Json) -> None:
        self.path = target.with_name(target.name + ".partial")
        self.last = ""
        self.count = 0
        self._target = target
        self._origin = origin
        self._open = ExitStack()

    def __enter__(self) -> ResumableDump:
        with explained(self.path), ExitStack() as opening:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(self.path, flags, PRIVATE_FILE)
            opening.callback(os.close, self._file)
            self._lock()
            os.ftruncate(self._file, self._resume())
            os.lseek(self._file, 0, os.SEEK_END)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, lines: bytes, last: str, count: int) -> None:
        """Append whole *lines*, of *count* keys up to the key *last*."""
        with explained(self.path):
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        self.last, self.count = last, self.count + count

    def gone(self) -> Iterator[str]:
        """Yield the keys that had no value."""
        return (str(entry["gone"]) for _, entry in self._lines() if "gone" in entry)

    def finish(self, unread: Set[str] = frozenset()) -> Json:
        """Write the target and remove the partial file; return the last line of the dump.

        Those of *unread* are not gone: they exist, but were not read.
        """
        digest, pairs = sha256(), 0
        missing: dict[str, list[str]] = {"gone": [], "unread": []}
        with atomic(self._target) as file, _packed(file, self._target) as out:
            for line, entry in self._lines():
                if "key" in entry:
                    digest.update(line)
                    out.write(line)
                    pairs += 1
                for why in missing.keys() & entry.keys():
                    missing["unread" if entry[why] in unread else why].append(entry[why])
            last = {"dump": FORMAT, **self._origin, "pairs": pairs, **missing, "sha256": digest.hexdigest()}
            out.write(to_line(last))
        with explained(self.path):
            self.path.unlink()
        return last

    def _lock(self) -> None:
        """Lock the partial file, and refuse one that other users could have written."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "wait until it has ended; its lock ends with it"
            raise Locked(f"another run is writing {self._target}", hint=hint) from None
        found = os.fstat(self._file)
        if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid():
            hint = f"`rm {self.path}` starts again from the first key"
            raise Refused(f"{self.path} may have been changed by another user of this machine", hint=hint)

    def _resume(self) -> int:
        """Read what an earlier run has left; return the number of valid bytes, the first line included."""
        head = to_line({"partial": FORMAT, **self._origin})
        valid = 0
        for line, entry in self._lines():
            if not valid and line != head:
                hint = f"use another file, or `rm {self.path}` to start from the first key"
                raise Refused(f"{self.path} belongs to another namespace or version", hint=hint)
            valid += len(line)
            if valid > len(head):
                self.last = str(entry.get("key") or entry.get("gone") or entry.get("unread"))
                self.count += 1
        if not valid:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, head, 0)
        return valid or len(head)

    def _lines(self) -> Iterator[tuple[bytes, Json]]:
        """Yield the whole lines from the start; the last ones may be damaged after a crash."""
        with open(os.dup(self._file), "rb") as file:  # noqa: PTH123 (the locked descriptor itself)
            file.seek(0)
            for line in file:
                try:
                    entry: Any = json.loads(line)
                except (ValueError, RecursionError):
                    return
                if not (line.endswith(b"\n") and isinstance(entry, dict)):
                    return
                yield line, entry


def _packed(file: BinaryIO, target: Path) -> Any:
    """Return the writer into *file*, compressed if *target* ends in .gz; reproducible byte for byte."""
    if target.suffix == ".gz":
        return gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
    return nullcontext(file)
