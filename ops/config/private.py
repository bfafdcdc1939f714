"""The environment, and files that hold secrets or decide where secrets go."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ops.errors import DiskError, OpsError, UsageError

# Variables of older tools, with their new names: they are not read, and a note says so.
DEPRECATED = {
    "CF_API_TOKEN": "CLOUDFLARE_API_TOKEN",
    "CF_ACCOUNT_ID": "CLOUDFLARE_ACCOUNT_ID",
    "CF_API_KEY": "CLOUDFLARE_API_KEY",
    "CF_EMAIL": "CLOUDFLARE_EMAIL",
    "CF_API_EMAIL": "CLOUDFLARE_EMAIL",
    "CF_API_BASE_URL": "CLOUDFLARE_API_BASE_URL",
    "CLOUDFLARE_API_EMAIL": "CLOUDFLARE_EMAIL",
}


_BELOW_HOME = {"config": ".config", "state": ".local/state", "cache": ".cache"}


def environment() -> dict[str, str]:
    """Return a copy of the process's environment, which is never changed."""
    return dict(os.environ)


def is_dumb() -> bool:
    """True if the terminal can only print lines: nothing on it is drawn again, and it has no pager."""
    return os.environ.get("TERM", "") in ("", "dumb")


def is_journal(descriptor: int) -> bool:
    """True if *descriptor* leads to systemd's journal."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    if not device:
        return False
    with suppress(OSError):
        found = os.fstat(descriptor)
        return (device, inode) == (str(found.st_dev), str(found.st_ino))
    return False


def config_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of profiles.toml and the personal .env: CFOPS_CONFIG_DIR, or the system's."""
    if chosen := environ.get("CFOPS_CONFIG_DIR"):
        return placed(chosen, Path.cwd())
    return system_folder("config")


def placed(named: str, folder: Path) -> Path:
    """Return the path *named*, relative to *folder*; a `~` without a home folder is kept."""
    try:
        return folder / Path(named).expanduser()
    except RuntimeError:
        return folder / named


def system_folder(kind: str) -> Path:
    """Return the system's folder for files of a *kind*: config, state (journal, locks), or cache."""
    home, below = os.environ.get("HOME", ""), _BELOW_HOME[kind]
    if sys.platform == "linux" and home.startswith("/") and not os.environ.get(f"XDG_{kind.upper()}_HOME"):
        # What platformdirs returns too; every start asks for the configuration folder.
        return Path(home, below, "cfops")
    import platformdirs

    try:
        folder = Path(getattr(platformdirs, f"user_{kind}_path")("cfops"))
        if folder.is_absolute():
            return folder
    except RuntimeError:
        # HOME is relative, or unset for a user without an entry in the password file.
        if home:
            return Path(home).resolve() / below / "cfops"
    hint = f"set HOME, or CFOPS_{kind.upper()}_DIR to a folder of your own"
    raise UsageError("this user has no home folder", hint=hint)


READABLE_BY_OTHERS = 0o077
WRITABLE_BY_OTHERS = 0o022
_LIMIT = 1 << 20


def read_private(
    file: Path,
    *,
    allow_insecure: bool = False,
    forbidden: int = READABLE_BY_OTHERS,
    error: type[OpsError] = UsageError,
    setting: str = "CFOPS_CONFIG_DIR",
) -> str:
    """Return the text of *file*, checked and read through one descriptor.

    Raises *error* for a file that other users may access (*forbidden* mode bits), that belongs to another
    user, is a symbolic link, not a regular file, over 1 MiB, not UTF-8, or unreadable. *allow_insecure*
    permits the first three. Raises DiskError that names *setting*, which chooses the file, if its folder
    cannot be used.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | (0 if allow_insecure else os.O_NOFOLLOW))
    except ValueError:
        hint = "remove the character that a path cannot hold"
        raise error(f"{str(file)!r} is not a path", hint=hint) from None
    except OSError as failure:
        raise _not_opened(file, failure, error, setting) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise error(f"{file} is not a regular file", hint="name a regular file, or remove this one")
        if not allow_insecure and (problem := _weakness(found, forbidden)):
            remedy = f"`chown $(id -u) {file}`" if "uid" in problem else f"`chmod 600 {file}`"
            raise error(f"{file} {problem}", hint=f"{remedy}, or set CFOPS_ALLOW_INSECURE_ENV=1")
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            data = opened.read(_LIMIT + 1)
    finally:
        os.close(descriptor)
    if len(data) > _LIMIT:
        raise error(f"{file} is larger than {_LIMIT} bytes", hint="is this the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"{file} is not UTF-8 text", hint="save it as UTF-8") from None


def is_there(file: Path) -> bool:
    """True if *file* exists, even as a broken link or with an error that reading it will report."""
    try:
        file.lstat()
    except (OSError, ValueError) as problem:
        return not isinstance(problem, FileNotFoundError | NotADirectoryError)
    return True


def weakness(file: Path, forbidden: int = READABLE_BY_OTHERS) -> str:
    """Return what is unsafe about *file*: a link, another owner, too wide a mode; else ""."""
    found = file.lstat()
    return "is a symbolic link" if stat.S_ISLNK(found.st_mode) else _weakness(found, forbidden)


def _weakness(found: os.stat_result, forbidden: int) -> str:
    # A file of root's is accepted: root can read and change everything anyway.
    if found.st_uid not in (os.geteuid(), 0):
        return f"belongs to another user (uid {found.st_uid})"
    if found.st_mode & forbidden:
        return f"is accessible to other users (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def _not_opened(file: Path, failure: OSError, error: type[OpsError], setting: str) -> OpsError:
    problem = f"{file} cannot be read: {failure.strerror}"
    wrong = failure.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
    if not wrong and not os.access(file.parent, os.X_OK):
        hint = f"`ls -ld {file.parent}` shows who may use the folder; {setting} names another"
        return DiskError(problem, hint=hint)
    if failure.errno == errno.ELOOP:
        hint = "replace it with a regular file, or set CFOPS_ALLOW_INSECURE_ENV=1"
        return error(f"{file} is a symbolic link", hint=hint)
    return error(problem, hint=f"check who may read the file; {setting} names another")
