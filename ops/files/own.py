"""Files that only this user can access."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ops.files.disk import private_folder


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
        if _is_own(os.fstat(descriptor)):
            return descriptor, False
        os.close(descriptor)
    path.unlink()
    return os.open(path, flags | os.O_EXCL, 0o600), True


def _is_own(found: os.stat_result) -> bool:
    private = not stat.S_IMODE(found.st_mode) & 0o077
    return private and found.st_uid == os.geteuid() and stat.S_ISREG(found.st_mode)
