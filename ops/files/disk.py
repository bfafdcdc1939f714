"""Files: written whole and readable by their owner only; and file locks, for one run at a time."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import re
import select
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, BinaryIO

from ops.errors import DiskError, Locked, Refused, UsageError
from ops.items import Json

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
DAY = 86_400.0
# How long to wait for the writer of a pipe, in seconds.
PATIENCE = 10

_TEMPORARY = re.compile(r"\.cfops-(\d+)-[0-9a-f]{8}\.tmp")
# What to do about an error while writing; {} is the folder.
_REMEDIES = {
    (errno.ENOSPC, errno.EDQUOT): "the disk is full: free some space, then run it again",
    (errno.EMFILE, errno.ENFILE): "`ulimit -n` shows the limit of open files: raise it",
    (errno.EFBIG,): "the file would exceed the allowed size: `ulimit -f` shows the limit",
    (errno.ENOENT, errno.ENOTDIR): "`mkdir -p {}`, or name another folder",
    (errno.EACCES, errno.EPERM, errno.EROFS): "`ls -ld {}` shows who may write there; name another folder",
}
_OTHER_REMEDY = "`df` and the system log may show more"


@contextmanager
def atomic(path: Path, mode: int = PRIVATE_FILE) -> Iterator[BinaryIO]:
    """Yield a binary file that becomes *path* if the block succeeds, and is removed otherwise.

    *path* is always the old file or the new one, never a part of one. Raises Refused if *path* is something
    else, DiskError if it cannot be written. The block's own exceptions pass unchanged.
    """
    refuse_other(path)
    temporary = _temporary(path.parent)
    with explained(path):
        file = io.BufferedWriter(_Raw(_create(temporary, mode), path))
    try:
        yield file
        file.flush()
        with explained(path):
            os.fsync(file.fileno())
        file.close()
        refuse_other(path)
        with explained(path):
            temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            file.raw.close()
        with suppress(OSError):
            temporary.unlink()
        raise
    # Make the rename durable. Some file systems cannot; the file is complete anyway.
    with suppress(OSError):
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _Raw(io.FileIO):
    """A file whose own errors differ from those of the code that writes to it."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "wb")
        self._path = path

    def write(self, data: ReadableBuffer, /) -> int:
        with explained(self._path):
            return super().write(data)


def _temporary(folder: Path) -> Path:
    return folder / f".cfops-{os.getpid()}-{os.urandom(4).hex()}.tmp"


def _create(temporary: Path, mode: int) -> int:
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def open_regular(path: Path, *, follow: bool = True) -> io.BufferedReader:
    """Return *path*, open for reading. Raises OSError, also if it is not a regular file.

    A named pipe would block, and a device may never end. Without *follow*, a symbolic link is refused.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


@contextmanager
def open_source(file: str, hint: str) -> Iterator[BinaryIO]:
    """Open a file, a pipe, or `-`, which is stdin, for reading.

    Raise UsageError with *hint* if it is closed, or a device other than /dev/null, which may never end, or a
    pipe that nobody writes to.
    """
    if file == "-":
        if sys.stdin is None:
            raise UsageError("stdin is closed", hint=hint)
        yield sys.stdin.buffer
        return
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {getattr(error, 'strerror', error)}", hint=hint) from None
    found = os.fstat(descriptor)
    is_pipe = stat.S_ISFIFO(found.st_mode)
    if not (is_pipe or stat.S_ISREG(found.st_mode) or os.path.samestat(found, Path(os.devnull).stat())):
        os.close(descriptor)
        raise UsageError(f"{file} is neither a file nor a pipe", hint=hint)
    with open(descriptor, "rb") as source:  # noqa: PTH123 (a descriptor has no path)
        # A pipe in the file system may have no writer; that of a shell (/dev/stdin, <(…)) has one.
        named = is_pipe and os.path.lexists(os.path.realpath(file))
        if named and not select.select([source], [], [], PATIENCE)[0]:
            raise UsageError(f"nothing was written to the pipe {file} within {PATIENCE} s", hint=hint)
        os.set_blocking(descriptor, True)
        yield source


def refuse_link(path: Path) -> None:
    """Raise Refused if *path* is a symbolic link, whose creator would choose the file to replace."""
    if path.is_symlink():
        raise Refused(f"{path} is a symbolic link", hint="name the file itself, or remove the link")


def refuse_other(path: Path) -> None:
    """Raise Refused if *path* exists and is not a file: a device would be replaced for all programs."""
    refuse_link(path)
    with explained(path):
        if path.is_dir():
            raise Refused(f"{path} is a folder", hint=f"name a file in it, e.g. {path / 'list.json'}")
        if path.exists() and not path.is_file():
            raise Refused(f"{path} is a pipe or a device", hint="name a file; an existing one is replaced")


def private_folder(path: Path) -> Path:
    """Create the folder *path* and its parents, for their owner alone, if they do not exist; return it."""
    with explained(path):
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            with suppress(FileExistsError):  # another run may have made it meanwhile
                folder.mkdir(PRIVATE_FOLDER)
    if not path.is_dir():
        raise DiskError(f"{path} is not a folder", hint="name another folder, or move the file away")
    return path


def exports_folder(path: Path) -> Path:
    """Return private_folder(*path*); git ignores a new one, because exports may be confidential."""
    if path.name == "sandbox":  # it is inside the folder of the account's exports, which may be new too
        exports_folder(path.parent)
    new = not path.exists()
    private_folder(path)
    if new:
        with atomic(path / ".gitignore") as file:
            file.write(b"# Exports may hold confidential values. Remove this file to keep them in git.\n*\n")
    return path


def open_own(path: Path) -> tuple[int, bool]:
    """Open *path* for reading and writing, created with mode 0600; return (descriptor, replaced).

    A file that other users could access, and a symbolic link, is replaced by a new file. Raises OSError or
    DiskError if it cannot be created.
    """
    private_folder(path.parent)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as problem:
        if problem.errno not in (errno.ELOOP, errno.EACCES):
            raise
    else:
        found = os.fstat(descriptor)
        private = not stat.S_IMODE(found.st_mode) & 0o077 and found.st_uid == os.geteuid()
        if private and stat.S_ISREG(found.st_mode):
            return descriptor, False
        os.close(descriptor)
    path.unlink()
    return os.open(path, flags | os.O_EXCL, 0o600), True


def check_writable(folder: Path) -> None:
    """Raise DiskError if no file can be created in *folder*; tries it, since modes alone do not tell."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise DiskError(f"{folder} {what}", hint=f"`mkdir -p {quote(str(folder))}`, or name another folder")
    temporary = _temporary(folder)
    try:
        os.close(_create(temporary, PRIVATE_FILE))
        temporary.unlink()
    except OSError as problem:
        hint = failure(problem, folder / temporary.name).hint
        text = f"no file can be written in {folder}: {problem.strerror or problem}"
        raise DiskError(text, hint=hint) from None


def sweep(folder: Path, *, now: float, older_than: float = DAY) -> list[Path]:
    """Remove and return what killed runs left in *folder*, older than a day at *now*, in seconds."""
    removed = []
    for file in folder.glob(".cfops-*.tmp"):
        match = _TEMPORARY.fullmatch(file.name)
        with suppress(OSError):
            found = file.lstat()
            aged = stat.S_ISREG(found.st_mode) and found.st_mtime < now - older_than
            if match and aged and not alive(int(match[1])):
                file.unlink()
                removed.append(file)
    return removed


def alive(process: int) -> bool:
    """True if a process with this id is running."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def explained(path: Path, verb: str = "written") -> Iterator[None]:
    """Turn an OSError into a DiskError: *path* cannot be "written", or what *verb* says, with a hint."""
    try:
        yield
    except OSError as problem:
        raise failure(problem, path, verb) from None


def failure(problem: OSError, path: Path, verb: str = "written") -> DiskError:
    """Return the DiskError for *problem*, raised while *path* was written, or what *verb* says."""
    hint = next((hint for errors, hint in _REMEDIES.items() if problem.errno in errors), _OTHER_REMEDY)
    text = f"{path} cannot be {verb}: {problem.strerror or problem}"
    return DiskError(text, hint=hint.format(quote(str(path.parent))))


def holder(task: str, now: float) -> Json:
    """Return what other runs see of this one: pid, *task*, since (*now*, in seconds since 1970)."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return {"pid": os.getpid(), "task": task, "since": since}


@contextmanager
def locked(folder: Path, name: str, holder: Json, doing: str) -> Iterator[None]:
    """Hold the lock *name* in *folder*; raises Locked with its holder, which does what *doing* says."""
    from hashlib import sha256

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
