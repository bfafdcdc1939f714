"""Delivery: a finished snapshot becomes a folder, one encrypted file, or a rendering."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from os.path import realpath
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, ClassVar, NamedTuple

from ops.errors import Refused, UsageError
from ops.export.renderings import plain, terraform_file
from ops.files import disk
from ops.kinds.catalog import resources
from ops.plugins.door import by_name
from ops.snapshots import publish
from ops.snapshots.layout import ENDING, PARTIAL_ENDING, account_folder
from ops.snapshots.manifest import Manifest
from ops.snapshots.sealed import encrypt, passphrase
from ops.snapshots.sealed.passphrase import Passphrase


class FinishedSnapshot(NamedTuple):
    """A snapshot in *folder* to move to *parent*; *name* returns a new name, *warn* gets what is lost."""

    folder: Path
    manifest: Manifest
    parent: Path
    name: Callable[[], str]
    warn: Callable[[str], None]


Document = Callable[[FinishedSnapshot, BinaryIO], list[str]]
"""Writes a snapshot to a file, and returns a sentence for each thing that it leaves out."""


class Delivery(ABC):
    """The target: *root*, or the account's folder in it; *keeps_fragments*: also of a stopped scan.

    What *is_sealed* can be read only with a key.
    """

    keeps_fragments: ClassVar[bool] = False
    is_sealed: ClassVar[bool] = False
    by_account: ClassVar[bool] = False

    def __init__(self, root: Path) -> None:
        # The user may link to another disk; from here on only the resolved folder is used.
        self._root = Path(realpath(root))

    def check(self, now: float) -> None:
        """Raise what prevents writing there, before the first request. *now*: seconds since 1970."""
        publish.prepare(self._root, now)

    def place(self, account_id: str, now: float) -> Path:
        """Return the folder in which the snapshot is written before it is moved."""
        folder = self._root / account_folder(account_id) if self.by_account else self._root
        return publish.prepare(folder, now)

    @abstractmethod
    def hand_over(self, made: FinishedSnapshot) -> Path:
        """Move or convert it, completely or not at all, and return the path. Raises DiskError."""


class SnapshotFolder(Delivery):
    """A folder by account and time; *newest*: `latest` points to it if it is complete."""

    keeps_fragments = by_account = True

    def __init__(self, exports: Path, *, newest: bool) -> None:
        super().__init__(exports)
        self._newest = newest

    def check(self, now: float) -> None:
        disk.exports_folder(self._root)
        super().check(now)

    def hand_over(self, made: FinishedSnapshot) -> Path:
        snapshot = publish.publish(made.folder, made.parent, made.name)
        if self._newest and made.manifest.complete:
            publish.point_latest(snapshot)
        return snapshot


class EncryptedSnapshot(SnapshotFolder):
    """One encrypted file, never `latest`; its name shows to tools without the key if it is partial."""

    is_sealed = True

    def __init__(self, exports: Path, recipients: list[Any] | Passphrase) -> None:
        super().__init__(exports, newest=False)
        self._recipients = recipients

    def hand_over(self, made: FinishedSnapshot) -> Path:
        ending = ENDING if made.manifest.complete else PARTIAL_ENDING
        name = made.name()
        target = made.parent / f"{name}{ending}"
        _pack(made.folder, name, target, self._recipients)
        return target


class NamedFile(Delivery):
    """A file that the user named; an older one is replaced, but only by a finished scan."""

    def __init__(self, file: Path) -> None:
        super().__init__(file.parent)
        self._file = file

    def check(self, now: float) -> None:
        disk.refuse_other(self._file)
        super().check(now)


class EncryptedFile(NamedFile):
    """An encrypted snapshot with a name of the user's choice."""

    is_sealed = True

    def __init__(self, file: Path, recipients: list[Any] | Passphrase) -> None:
        super().__init__(file)
        self._recipients = recipients

    def hand_over(self, made: FinishedSnapshot) -> Path:
        _pack(made.folder, made.name(), self._file, self._recipients)
        return self._file


class DocumentFile(NamedFile):
    """A rendering as one file, by *write*."""

    def __init__(self, file: Path, write: Document) -> None:
        super().__init__(file)
        self._write = write

    def hand_over(self, made: FinishedSnapshot) -> Path:
        with disk.atomic(self._file) as file:
            for loss in self._write(made, file):
                made.warn(loss)
        return self._file


class DocumentFolder(Delivery):
    """A rendering as a folder of files in the format of its suffix; an existing folder is never changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.parent)
        self._folder = folder

    def check(self, now: float) -> None:
        disk.refuse_link(self._folder)
        self._refuse(exists=self._folder.exists())
        super().check(now)

    def _refuse(self, *, exists: bool) -> None:
        if exists:
            hint = "name another folder, or move it away"
            raise Refused(f"{self._folder} already exists", hint=hint)

    def hand_over(self, made: FinishedSnapshot) -> Path:
        with publish.partial(made.parent, token_hex) as folder:
            for loss in FOLDERS[self._folder.suffix](made, folder):
                made.warn(loss)
            self._refuse(exists=not publish.moved(folder, self._folder))
        return self._folder


def _as_sqlite(made: FinishedSnapshot, file: BinaryIO) -> list[str]:
    """Write the database in a private folder first, because SQLite cannot write to a stream."""
    from ops.export.renderings import sqlite_file

    with publish.partial(made.parent, token_hex) as folder:
        database = folder / "database"
        sqlite_file.write(made.folder, made.manifest, database, resources())
        with database.open("rb") as built:
            shutil.copyfileobj(built, file)
    return []


DOCUMENTS: dict[str, Document] = {
    ".json": lambda made, file: plain.write_json(made.folder, made.manifest, file),
    ".sqlite": _as_sqlite,
    ".tf": lambda made, file: terraform_file.write(made.folder, made.manifest, file, resources()),
}
FOLDERS: dict[str, Callable[[FinishedSnapshot, Path], list[str]]] = {
    ".csv": lambda made, folder: plain.write_csv(made.folder, made.manifest, folder),
    ".zone": lambda made, folder: plain.write_documents(
        made.folder, made.manifest, folder, resources(), ".zone"
    ),
}


def documents(page: Document) -> dict[str, Document]:
    """Return the formats of one file by suffix: ours, *page*, and those of plugins with another suffix."""
    own = {**DOCUMENTS, ".html": page}
    return {**own, **by_name("FORMATS", {*own, *FOLDERS, ENDING})}


def rendering(file: Path, page: Document) -> Delivery:
    """Return the delivery for the suffix of *file*, of which *page* writes .html.

    Raises UsageError for an unknown suffix.
    """
    if file.suffix in FOLDERS:
        return DocumentFolder(file)
    known = documents(page)
    if file.suffix in known:
        return DocumentFile(file, known[file.suffix])
    endings = ", ".join((*known, *FOLDERS))
    raise UsageError(f"--to {file}: unknown format", hint=f"use the suffix {endings} or {ENDING}")


def delivery(
    exports: Path, to: str, keys: Sequence[str], page: Document, *, newest: bool, passphrase_file: str = ""
) -> Delivery:
    """Return the delivery for the options; *page* writes .html. Raises UsageError if they contradict."""
    if keys and passphrase_file:
        raise UsageError("use --encrypt-to or --passphrase-file, not both: age files allow only one of them")
    recipients: list[Any] | Passphrase = []
    if keys or passphrase_file:
        recipients = encrypt.recipients(keys) if keys else passphrase.read(Path(passphrase_file))
    file = Path(to)
    if not to and recipients:
        return EncryptedSnapshot(exports, recipients)
    if not to:
        return SnapshotFolder(exports, newest=newest)
    if file.name.endswith(ENDING):
        if not recipients:
            hint = "--encrypt-to age1…, or --passphrase-file FILE"
            raise UsageError(f"--to {to} needs a key or a passphrase", hint=hint)
        return EncryptedFile(file, recipients)
    if recipients:
        option = "--encrypt-to" if keys else "--passphrase-file"
        hint = f"--to {file.stem}{ENDING}, or omit --to"
        raise UsageError(f"{option} creates one {ENDING} file, not {file.suffix or file.name}", hint=hint)
    return rendering(file, page)


def _pack(folder: Path, name: str, target: Path, recipients: list[Any] | Passphrase) -> None:
    with disk.atomic(target) as file, disk.explained(folder):
        encrypt.pack(folder, name, file, recipients)
