"""The library: the stored snapshots of one account, and how to find one by name.

exports/<account>/<time>-<4 hex>/              a snapshot
exports/<account>/<time>-<4 hex>.tar.gz.age    an encrypted one; `.partial.tar.gz.age` if incomplete

Those of the sandbox are below exports/sandbox/. A bucket holds the same below s3://bucket/prefix/: see
ops.offsite.library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePath
from typing import NamedTuple

from ops.errors import Damaged, DiskError, Newer, NotFound, OpsError, UsageError
from ops.files import disk
from ops.snapshots import layout, publish
from ops.snapshots.layout import ENDING, LATEST, MANIFEST, PARTIAL_ENDING, account_folder
from ops.snapshots.manifest import COMPLETE, PARTIAL, Manifest, load
from ops.snapshots.snapshot import Order, Snapshot, check_account, seconds

DAMAGED, NEWER = "damaged", "newer"
PREVIOUS = "previous"

ACCOUNT_FOLDER = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d([-:]\d\d([-:]\d\d)?)?Z?)?")


class Entry(NamedTuple):
    """A stored snapshot: a folder, an encrypted file, or a damaged one.

    *started* is in seconds since 1970. *manifest* is None if it cannot be read: *failure* is the reason, and
    is None for an encrypted snapshot, which only its key opens. *size* is that of the manifest's file, or of
    the encrypted file. In a bucket, *address* is where it is, and *path* is only its name.
    """

    path: PurePath
    started: float
    manifest: Manifest | None = None
    failure: OpsError | None = None
    size: int = 0
    address: str = ""

    @property
    def where(self) -> str:
        return self.address or str(self.path)

    @property
    def order(self) -> Order:
        """Return what sorts snapshots by when they were started, also within a second."""
        return self.started, self.name

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(ENDING).removesuffix(".partial")

    @property
    def sealed(self) -> bool:
        return self.path.name.endswith(ENDING)

    @property
    def status(self) -> str:
        """Return "complete", "partial", "damaged" or "newer"; for an encrypted one what its name shows."""
        if self.failure is not None:
            return NEWER if isinstance(self.failure, Newer) else DAMAGED
        if self.manifest is not None:
            return self.manifest.status
        return PARTIAL if self.path.name.endswith(PARTIAL_ENDING) else COMPLETE

    @property
    def complete(self) -> bool:
        return self.status == COMPLETE

    @property
    def bytes(self) -> int:
        """Return its size, according to its manifest; 0 for a damaged one."""
        return (
            self.size + sum(stored.bytes for stored in self.manifest.files.values())
            if self.manifest
            else self.size
        )

    @property
    def narrowed(self) -> bool:
        """True if it does not cover the whole account (`--only`, `--zone`)."""
        options = self.manifest.options if self.manifest else {}
        return bool(options.get("only") or options.get("zone"))


class UnfinishedUpload(NamedTuple):
    """An upload that was never finished: its name, its size in bytes, and the function that removes it."""

    name: str
    size: int
    remove: Callable[[], None]


class Library:
    """The snapshots of *account_id* under *root*, the exports folder."""

    def __init__(self, root: Path, account_id: str) -> None:
        self.account_id = account_id
        self.folder = root / account_folder(account_id)
        self.where = str(self.folder)
        self.listing = "`inv snapshots.list` shows the stored snapshots"

    @property
    def account_name(self) -> str:
        """Return the name of the account, as its newest readable snapshot has it; or ""."""
        return next((entry.manifest.account_name for entry in self.entries() if entry.manifest), "")

    def all(self) -> list[Entry]:
        """Return all stored snapshots, newest first, damaged ones included. Links are not followed."""
        return sorted(self.entries(), key=lambda entry: entry.order, reverse=True)

    def entries(self) -> Iterator[Entry]:
        """Yield the stored snapshots, newest first by name; a manifest is read only when it is needed."""
        for path in sorted(self._paths(), key=lambda path: (_started(path), path.name), reverse=True):
            yield self._entry(path)

    def _paths(self) -> list[Path]:
        with disk.explained(self.folder, "read"):
            return [path for path in _children(self.folder) if _is_stored(path)]

    def find(self, name: str) -> Entry:
        """Return the entry called *name*.

        "latest" is the newest complete one of the whole account (or, if only parts were ever exported, the
        newest complete one), "previous" the one before it; "2026-11-22" or "2026-11-22T06:10" the newest
        complete one of that time or before; otherwise a folder's name, or a path. Raises NotFound, and
        UsageError for a date that does not exist.
        """
        if name in (LATEST, PREVIOUS):
            earlier = name == PREVIOUS
            if (found := newest(self.entries(), number=int(earlier))) is None:
                missing = f"there is no {'earlier ' if earlier else ''}complete snapshot in {self.where}"
                raise self.nothing(missing)
            return found
        if (found := self._named(name)) is not None:
            return found
        if not _MOMENT.fullmatch(name):
            return self._elsewhere(name)
        prefix = name.replace(":", "-")
        try:
            datetime.fromisoformat(prefix[:10] + prefix[10:].replace("-", ":"))
        except ValueError:
            raise UsageError(f"{name} is not a date or time that exists", hint=self.listing) from None
        found = newest(e for e in self.entries() if layout.timestamp(e.started)[: len(prefix)] <= prefix)
        if found is None:
            raise NotFound(f"no complete snapshot was made on or before {name}", hint=self.listing)
        return found

    def nothing(self, sentence: str) -> NotFound:
        """Return the error for *sentence*: a snapshot that is not there, or that only a newer cfops reads."""
        if newer := sum(entry.status == NEWER for entry in self.entries()):
            sentence += f" that this version can read; a newer cfops has written {newer}"
            return NotFound(sentence, hint=f"use a newer cfops; {self.listing}")
        return NotFound(sentence, hint="`inv scan.export` creates one")

    def _named(self, name: str) -> Entry | None:
        for path in self._paths():
            if name in (path.name, Entry(path, 0.0).name):
                return self._entry(path)
        return None

    def _elsewhere(self, name: str) -> Entry:
        path = Path(name)
        with disk.explained(path, "read"):
            if not path.exists():
                raise NotFound(f"no snapshot is called {name}", hint=self.listing)
            entry = self._entry(path.resolve())
        if isinstance(entry.failure, NotFound):
            raise entry.failure
        return entry

    def complete(self) -> list[Entry]:
        """Return the complete ones, newest first: of the whole account, or if there are none, of parts."""
        complete = [entry for entry in self.all() if entry.complete]
        return [entry for entry in complete if not entry.narrowed] or complete

    def open(self, entry: Entry, state_dir: Path, identity: str, passphrase_file: str) -> Snapshot:
        """Return the snapshot of *entry*, unpacked below *state_dir* if it is encrypted."""
        path = Path(entry.path)
        if entry.manifest is not None:
            return Snapshot(path, entry.manifest)
        from ops.snapshots.sealed.opening import unsealed

        opened = unsealed(path, identity, state_dir, passphrase_file=passphrase_file)
        opened.where = str(path)
        return opened

    def latest_name(self) -> str:
        """Return the name that `latest` points to, if any. Raises Refused if the folder is a link."""
        disk.refuse_link(self.folder)
        link = self.folder / LATEST
        return link.readlink().name if link.is_symlink() else ""

    def remove(self, entry: Entry) -> bool:
        """Remove *entry*; False if another run has removed it. Raises DiskError, Refused."""
        return publish.removed(self.folder, Path(entry.path))

    def sweep(self) -> None:
        """Finish the removals of killed runs. Raises DiskError."""
        publish.sweep(self.folder)

    def unfinished(self, now: float) -> list[UnfinishedUpload]:  # noqa: ARG002  (a bucket's library needs it)
        """Return the unfinished uploads older than a day; *now* is in seconds since 1970."""
        return []

    def _entry(self, path: Path) -> Entry:
        try:
            if path.name.endswith(ENDING):
                return Entry(path, _started(path), size=path.lstat().st_size)
            manifest = load(path)
            check_account(path, manifest, self.account_id)
            size = (path / MANIFEST).lstat().st_size
            return Entry(path, seconds(manifest.started), manifest, size=size)
        except OSError as error:
            failure: OpsError = Damaged(f"{path} cannot be read: {error.strerror}")
        except OpsError as error:
            failure = error
        return Entry(path, _started(path), failure=failure)


def newest(entries: Iterable[Entry], number: int = 0) -> Entry | None:
    """Return complete entry *number*, newest first: of the whole account, or if there is none, of parts."""
    parts, whole = [], 0
    for entry in entries:
        if entry.complete and not entry.narrowed:
            if whole == number:
                return entry
            whole += 1
        elif entry.complete:
            parts.append(entry)
    return parts[number] if not whole and len(parts) > number else None


def free_names(folder: Path, started: float) -> Iterator[str]:
    """Yield the names that no snapshot in *folder*, of any form, has for one started at *started*."""
    for name in layout.snapshot_names(started):
        if not any((folder / f"{name}{ending}").exists() for ending in ("", ENDING, PARTIAL_ENDING)):
            yield name


def accounts(root: Path, unreadable: Callable[[DiskError], None]) -> list[str]:
    """Return the ids of the accounts with stored snapshots; *unreadable* is called for other folders."""
    found = []
    for path in sorted(_children(root)):
        try:
            with disk.explained(path, "read"):
                if ACCOUNT_FOLDER.fullmatch(path.name) and _is_folder(path):
                    found += [path.name] if any(map(_is_stored, _children(path))) else []
        except DiskError as error:
            unreadable(error)
    return found


def _children(folder: Path) -> list[Path]:
    with disk.explained(folder, "read"), suppress(FileNotFoundError):
        return list(folder.iterdir())
    return []


def _started(path: Path) -> float:
    """Return when the snapshot at *path* was started: by its name, else by its file's time."""
    found = layout.started_at(path.name)
    with suppress(OSError):
        return path.lstat().st_mtime if found is None else found
    return 0.0


def _is_stored(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    if not _is_folder(path):
        return path.name.endswith(ENDING) and path.is_file() and not path.is_symlink()
    with suppress(OSError):
        return layout.is_snapshot_name(path.name) or (path / MANIFEST).exists()
    return False


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
