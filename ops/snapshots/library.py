"""The library: the snapshots that are kept of one account, and how each is asked for.

exports/<account>/<time>-<4 hex>/              a snapshot
exports/<account>/<time>-<4 hex>.tar.gz.age    an encrypted one; `.partial.tar.gz.age` if not whole

A bucket holds the same below s3://bucket/prefix/: see ops.offsite.library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import Damaged, NotFound, OpsError, Refused, UsageError
from ops.files import disk
from ops.items import Json
from ops.offsite.address import is_address
from ops.snapshots import names, reader, removal
from ops.snapshots.layout import LATEST, MANIFEST, account_folder
from ops.snapshots.manifest import PARTIAL, Manifest, load
from ops.snapshots.sealed.encrypt import ENDING, PARTIAL_ENDING
from ops.snapshots.sections import COMPLETE, Section

if TYPE_CHECKING:
    from ops.cli.app import App

DAMAGED = "damaged"
PREVIOUS = "previous"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d([-:]\d\d([-:]\d\d)?)?Z?)?")
_WRITTEN = "%Y-%m-%dT%H:%M:%SZ"


class Entry(NamedTuple):
    """What is kept at *path*: a snapshot, an encrypted one, or one that is damaged.

    *started* is in seconds since 1970. *manifest* is None where it cannot be read: *failure* says why, and is
    None for an encrypted one, which only its key opens. *size* is that of the manifest's file, or of the
    encrypted one. Where it is kept in a bucket, *address* tells where, and *path* is its name alone.
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
    def name(self) -> str:
        return self.path.name.removesuffix(ENDING).removesuffix(".partial")

    @property
    def sealed(self) -> bool:
        return self.path.name.endswith(ENDING)

    @property
    def status(self) -> str:
        """Return "complete", "partial" or "damaged"; of an encrypted one what its name says."""
        if self.failure is not None:
            return DAMAGED
        if self.manifest is not None:
            return self.manifest.status
        return PARTIAL if self.path.name.endswith(PARTIAL_ENDING) else COMPLETE

    @property
    def complete(self) -> bool:
        return self.status == COMPLETE

    @property
    def narrowed(self) -> bool:
        """True if it was not meant to stand for the whole account (`--only`, `--zone`)."""
        options = self.manifest.options if self.manifest else {}
        return bool(options.get("only") or options.get("zone"))


class Snapshot:
    """A snapshot that can be read; close() takes away what was unpacked for it.

    *where* is where it is kept, which need not be where it is read. *strays* are the files that were found
    beside it and are not in its manifest.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        close: Callable[[], None] = lambda: None,
        *,
        where: str = "",
        strays: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.where, self.strays = where or str(path), strays
        self.manifest = manifest
        self.started = seconds(manifest.started)
        self.close = close
        self._sections = {(section.kind, section.scope): section for section in manifest.sections}

    @property
    def name(self) -> str:
        return self.path.name

    def kinds(self) -> list[str]:
        """Return the kinds that it has items of, in order; one that was read and is empty is among them."""
        return reader.kinds(self.manifest)

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Yield the owner's id and the item, in the order of the file: by scope, then by identity.

        Nothing for a kind that has no file. Raises Damaged for a line that is not one of ours.
        """
        if kind in self.kinds():
            yield from reader.items(self.path, kind)

    def section(self, kind: str, scope: str) -> Section | None:
        """Return what is known of *kind* in *scope*; where a kind was skipped as a whole, that."""
        return self._sections.get((kind, scope)) or self._sections.get((kind, ""))


class Half(NamedTuple):
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
        return removal.removed(self.folder, Path(entry.path))

    def tidy(self) -> None:
        """Remove what killed runs have left of their removals. Raises DiskError."""
        removal.sweep(self.folder)

    def halves(self, now: float) -> list[Half]:  # noqa: ARG002  (a bucket's library asks for it)
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


def open_library(app: App, place: str = "") -> Library:
    """Return the library of the account in force, here or at *place*; nothing is asked of Cloudflare.

    That is the account of the settings, or the only one that snapshots are kept of; raises UsageError where
    there are several.
    """
    if place:
        from ops.offsite.library import open_offsite

        return open_offsite(app, place)
    root = app.settings.exports
    return Library(root, app.known_account or the_account(root, accounts(root)))


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


def open_snapshot(app: App, name: str, identity: str = "", passphrase_file: str = "") -> Snapshot:
    """Open the snapshot called *name*, an encrypted one with what a file holds: a key, or a passphrase.

    See Library.find for names; s3://bucket/prefix/NAME is one of a bucket, fetched as a whole.
    What is unpacked for it lies in a private folder that is removed when the line ends. Raises NotFound,
    Damaged, UsageError where a key is wanting or does not fit, Refused for one of another account.
    """
    library, name = library_of(app, name)
    entry = library.find(name)
    if entry.failure is not None:
        raise entry.failure
    opened = library.open(app, entry, identity, passphrase_file)
    app.at_end(opened.close)
    check_account(entry.where, opened.manifest, library.account_id)
    return opened


def library_of(app: App, name: str) -> tuple[Library, str]:
    """Return the library to look in, and the name there; a path works where nothing is kept."""
    if is_address(name):
        from ops.offsite.library import named

        return named(app, name)
    if "/" in name or name.endswith(ENDING):
        return Library(app.settings.exports, app.known_account), name
    return open_library(app), name


def _there(manifest: Manifest | None) -> Manifest:
    assert manifest is not None  # noqa: S101 (an entry without failure that is not sealed has one)
    return manifest


def check_account(path: Path | str, manifest: Manifest, account_id: str) -> None:
    """Raise Refused where a snapshot is of another account; any will do where *account_id* is not known."""
    if account_id and account_id not in (manifest.account_id, account_folder(manifest.account_id)):
        raise Refused(
            f"{path} is a snapshot of the account {manifest.account_id}, not of {account_id}",
            hint=f"--account-id {manifest.account_id}",
        )


def seconds(written: str) -> float:
    """Return a manifest's time in seconds since 1970; raises Damaged for anything else."""
    try:
        return datetime.strptime(written, _WRITTEN).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Damaged(f"{written[:40]!r} is no time of a snapshot") from None


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
