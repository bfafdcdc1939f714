"""The library: the snapshots that are kept of one account, and how each is asked for.

exports/<account>/<time>-<4 hex>/              a snapshot
exports/<account>/<time>-<4 hex>.tar.gz.age    an encrypted one; `.partial.tar.gz.age` if not whole

A bucket holds the same below s3://bucket/prefix/: see ops.offsite.library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import Damaged, NotFound, OpsError, UsageError
from ops.files import disk
from ops.snapshots import names, publish
from ops.snapshots.layout import LATEST, MANIFEST, account_folder
from ops.snapshots.manifest import Manifest, load
from ops.snapshots.sealed.encrypt import ENDING
from ops.snapshots.snapshot import Entry, Snapshot, check_account, seconds

if TYPE_CHECKING:
    from ops.cli.app import App

PREVIOUS = "previous"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d([-:]\d\d([-:]\d\d)?)?Z?)?")


class UnfinishedUpload(NamedTuple):
    """What was begun and never finished: its name, its size in bytes, and what takes it away."""

    name: str
    size: int
    remove: Callable[[], None]


class Library:
    """The snapshots of *account_id* under *root*, the folder that exports go to."""

    def __init__(self, root: Path, account_id: str) -> None:
        self.account_id = account_id
        self.folder = root / account_folder(account_id)
        self.where = str(self.folder)
        self.listing = "`inv snapshots.list` shows what is kept"

    def all(self) -> list[Entry]:
        """Return all that is kept, newest first; what is damaged is among it. Links are not followed."""
        return sorted(self._entries(), key=lambda entry: (entry.started, entry.name), reverse=True)

    def _entries(self) -> Iterator[Entry]:
        """Yield what is kept, newest first by name; a manifest is read only when its turn has come."""
        for path in sorted(self._paths(), key=lambda path: (_moment_of(path), path.name), reverse=True):
            yield self._entry(path)

    def _paths(self) -> Iterator[Path]:
        return filter(_kept, self.folder.iterdir() if self.folder.is_dir() else ())

    def find(self, name: str) -> Entry:
        """Return the entry called *name*.

        "latest" is the newest complete one that stands for the whole account (where only parts were ever
        exported, the newest complete one), "previous" the one before it; "2026-11-22" or "2026-11-22T06:10"
        the newest complete one of that time or before it; else a folder's name, or a path. Raises NotFound.
        """
        if name in (LATEST, PREVIOUS):
            return self._newest(name)
        if (found := self._named(name)) is not None:
            return found
        if _MOMENT.fullmatch(name):
            return self._until(name)
        return self._elsewhere(name)

    def _named(self, name: str) -> Entry | None:
        for path in self._paths():
            if name in (path.name, Entry(path, 0.0).name):
                return self._entry(path)
        return None

    def _elsewhere(self, name: str) -> Entry:
        path = Path(name)
        if not path.exists():
            raise NotFound(f"no snapshot is called {name}", hint=self.listing)
        return self._checked(path.resolve())

    def complete(self) -> list[Entry]:
        """Return the complete ones, newest first: of the whole account, else of the parts that there are."""
        complete = [entry for entry in self.all() if entry.complete]
        return [entry for entry in complete if not entry.narrowed] or complete

    def _newest(self, name: str) -> Entry:
        found = _pick(self._entries(), number=1 if name == PREVIOUS else 0)
        if found is None:
            what = "an earlier complete snapshot" if name == PREVIOUS else "a complete snapshot"
            raise NotFound(f"{self.where} has not got {what}", hint="`inv scan.export` makes one")
        return found

    def _until(self, name: str) -> Entry:
        prefix = name.replace(":", "-")
        found = _pick(
            entry for entry in self._entries() if names.stamp(entry.started)[: len(prefix)] <= prefix
        )
        if found is None:
            raise NotFound(
                f"no complete snapshot is of {name} or before it",
                hint=self.listing,
            )
        return found

    def open(self, app: App, entry: Entry, identity: str, passphrase_file: str) -> Snapshot:
        """Open what *entry* stands for: see open_snapshot."""
        path = Path(entry.path)
        if not entry.sealed:
            return Snapshot(path, _there(entry.manifest))
        from ops.snapshots.sealed.opening import unsealed

        opened = unsealed(path, identity, app.settings.state_dir, passphrase_file=passphrase_file)
        opened.where = str(path)
        return opened

    def led_to(self) -> str:
        """Return the name that `latest` leads to, if any. Raises Refused where the folder is a link."""
        disk.refuse_link(self.folder)
        link = self.folder / LATEST
        return link.readlink().name if link.is_symlink() else ""

    def remove(self, entry: Entry) -> bool:
        """Remove what *entry* stands for; False where another run was faster. Raises DiskError, Refused."""
        return publish.removed(self.folder, Path(entry.path))

    def tidy(self) -> None:
        """Remove what killed runs have left of their removals. Raises DiskError."""
        publish.sweep(self.folder)

    def halves(self, now: float) -> list[UnfinishedUpload]:  # noqa: ARG002  (a bucket's library asks for it)
        """Return what was never finished and is older than a day; *now* in seconds since 1970."""
        return []

    def _checked(self, path: Path) -> Entry:
        entry = self._entry(path)
        if isinstance(entry.failure, NotFound):
            raise entry.failure
        return entry

    def _entry(self, path: Path) -> Entry:
        if path.name.endswith(ENDING):
            return Entry(path, _moment_of(path), size=path.lstat().st_size)
        try:
            manifest = load(path)
            check_account(path, manifest, self.account_id)
            size = (path / MANIFEST).lstat().st_size
            return Entry(path, seconds(manifest.started), manifest, size=size)
        except OSError as error:
            failure: OpsError = Damaged(f"{path} cannot be read: {error.strerror}")
        except OpsError as error:
            failure = error
        return Entry(path, _moment_of(path), failure=failure)


def newest(entries: Iterable[Entry]) -> Entry | None:
    """Return which of *entries*, newest first, is the one that Library.find calls "latest"."""
    return _pick(entries)


def _pick(entries: Iterable[Entry], number: int = 0) -> Entry | None:
    """Return the complete one of that *number*: of the whole account, or where none is, of parts of it."""
    parts, whole = [], 0
    for entry in entries:
        if entry.complete and not entry.narrowed:
            if whole == number:
                return entry
            whole += 1
        elif entry.complete:
            parts.append(entry)
    return parts[number] if not whole and len(parts) > number else None


def the_account(place: object, names: list[str]) -> str:
    """Return the one account of *names* that *place* has snapshots of. Raises UsageError, NotFound."""
    if len(names) > 1:
        raise UsageError(f"{place} has snapshots of {', '.join(names)}", hint="--account-id says which")
    if not names:
        raise NotFound(f"{place} has no snapshots", hint="`inv scan.export` makes one")
    return names[0]


def accounts(root: Path) -> list[str]:
    """Return the ids of the accounts that something is kept of."""
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if _folder(path) and any(map(_kept, path.iterdir())))


def _there(manifest: Manifest | None) -> Manifest:
    assert manifest is not None  # noqa: S101 (an entry without failure that is not sealed has one)
    return manifest


def _moment_of(path: Path) -> float:
    """Return when what lies at *path* was begun: by its name, else by its file's time."""
    told = names.moment(path.name)
    return path.lstat().st_mtime if told is None else told


def _kept(path: Path) -> bool:
    """True if a snapshot lies there, or should."""
    if path.name.startswith("."):
        return False
    if _folder(path):
        return names.is_folder(path.name) or (path / MANIFEST).exists()
    return path.name.endswith(ENDING) and path.is_file() and not path.is_symlink()


def _folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
