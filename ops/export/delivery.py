"""Delivery: what becomes of a snapshot once it is made: a folder, one encrypted file, or a rendering."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, ClassVar, NamedTuple

from ops.errors import Refused, UsageError
from ops.export.renderings import csv_folder, json_document, terraform_file, zone_folder
from ops.files import disk
from ops.kinds.catalog import resources
from ops.snapshots import publish
from ops.snapshots.layout import account_folder
from ops.snapshots.manifest import Manifest
from ops.snapshots.sealed import encrypt, passphrase
from ops.snapshots.sealed.passphrase import Passphrase


class FinishedSnapshot(NamedTuple):
    """A snapshot in *folder*, to be put in *place*; *name* returns another name each time it is called.

    *say* is told what the form that it is put into cannot hold.
    """

    folder: Path
    manifest: Manifest
    place: Path
    name: Callable[[], str]
    say: Callable[[str], None]


class Delivery(ABC):
    """Where a snapshot goes: into *root*, or (*by_account*) a folder for the account in it.

    *keeps_fragments* says whether what a stopped scan has read is handed over too, marked as partial.
    """

    keeps_fragments: ClassVar[bool] = False
    by_account: ClassVar[bool] = False

    def __init__(self, root: Path) -> None:
        # A link to another disk is the user's choice; from here on it is only the folder that it leads to.
        self._root = root.resolve()

    def check(self, now: float) -> None:
        """Raise what stands against writing there, before the first request. *now*: seconds since 1970."""
        publish.prepare(self._root, now)

    def place(self, account_id: str, now: float) -> Path:
        """Return the folder in which the snapshot is made, and out of which it is moved."""
        folder = self._root / account_folder(account_id) if self.by_account else self._root
        return publish.prepare(folder, now)

    @abstractmethod
    def hand_over(self, made: FinishedSnapshot) -> Path:
        """Put it where it belongs, whole or not at all; gives where. Raises DiskError."""


class Kept(Delivery):
    """A folder by account and time; *newest*: `latest` leads to it when it is complete."""

    keeps_fragments = by_account = True

    def __init__(self, exports: Path, *, newest: bool) -> None:
        super().__init__(exports)
        self._newest = newest

    def hand_over(self, made: FinishedSnapshot) -> Path:
        snapshot = publish.publish(made.folder, made.place, made.name)
        if self._newest and made.manifest.complete:
            publish.point_latest(snapshot)
        return snapshot


class Packed(Kept):
    """One file that only the holders of the keys, or of the passphrase, can open; `latest` never leads to it.

    Its name says when it is not whole, for who keeps snapshots without being able to open them.
    """

    def __init__(self, exports: Path, recipients: list[Any] | Passphrase) -> None:
        super().__init__(exports, newest=False)
        self._recipients = recipients

    def hand_over(self, made: FinishedSnapshot) -> Path:
        ending = encrypt.ENDING if made.manifest.complete else encrypt.PARTIAL_ENDING
        while (target := made.place / f"{(name := made.name())}{ending}").exists():
            continue
        _pack(made.folder, name, target, self._recipients)
        return target


class ToFile(Delivery):
    """A file that the user has named; an older one is replaced, and only by a scan that came to its end."""

    def __init__(self, file: Path) -> None:
        super().__init__(file.parent)
        self._file = file

    def check(self, now: float) -> None:
        disk.refuse_link(self._file)
        if self._file.is_dir():
            raise Refused(f"{self._file} is a folder", hint="name a file, one that is there is replaced")
        super().check(now)


class PackedFile(ToFile):
    """The encrypted form under a name of the user's."""

    def __init__(self, file: Path, recipients: list[Any] | Passphrase) -> None:
        super().__init__(file)
        self._recipients = recipients

    def hand_over(self, made: FinishedSnapshot) -> Path:
        _pack(made.folder, made.name(), self._file, self._recipients)
        return self._file


class DocumentFile(ToFile):
    """All of it as one file in the form that its ending names."""

    def check(self, now: float) -> None:
        if DOCUMENTS[self._file.suffix] is _as_html:
            from ops.export.renderings import html_report

            html_report.check()
        super().check(now)

    def hand_over(self, made: FinishedSnapshot) -> Path:
        with disk.atomic(self._file) as file:
            for told in DOCUMENTS[self._file.suffix](made, file):
                made.say(told)
        return self._file


class Tables(Delivery):
    """A folder of files in the form that its ending names; one that is there already is never touched."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.parent)
        self._folder = folder

    def check(self, now: float) -> None:
        disk.refuse_link(self._folder)
        if self._folder.exists():
            raise _taken(self._folder)
        super().check(now)

    def hand_over(self, made: FinishedSnapshot) -> Path:
        with publish.partial(made.place, token_hex) as tables:
            for told in FOLDERS[self._folder.suffix](made, tables):
                made.say(told)
            if not publish.moved(tables, self._folder):
                raise _taken(self._folder)
        return self._folder


def _as_json(made: FinishedSnapshot, file: BinaryIO) -> list[str]:
    json_document.write(made.folder, made.manifest, file)
    return []


def _as_sqlite(made: FinishedSnapshot, file: BinaryIO) -> list[str]:
    """Make the database in a private folder beside: SQLite writes no stream."""
    from ops.export.renderings import sqlite_file

    with publish.partial(made.place, token_hex) as folder:
        database = folder / "database"
        sqlite_file.write(made.folder, made.manifest, database, resources())
        with database.open("rb") as built:
            shutil.copyfileobj(built, file)
    return []


def _as_terraform(made: FinishedSnapshot, file: BinaryIO) -> list[str]:
    return terraform_file.write(made.folder, made.manifest, file, resources())


def _as_html(made: FinishedSnapshot, file: BinaryIO) -> list[str]:
    from ops.export.renderings import html_report

    return html_report.write(made.folder, made.manifest, file, resources())


def _as_csv(made: FinishedSnapshot, folder: Path) -> list[str]:
    csv_folder.write(made.folder, made.manifest, folder)
    return []


def _as_zones(made: FinishedSnapshot, folder: Path) -> list[str]:
    return zone_folder.write(made.folder, made.manifest, folder, resources(), ".zone")


DOCUMENTS: dict[str, Callable[[FinishedSnapshot, BinaryIO], list[str]]] = {
    ".json": _as_json,
    ".sqlite": _as_sqlite,
    ".tf": _as_terraform,
    ".html": _as_html,
}
FOLDERS: dict[str, Callable[[FinishedSnapshot, Path], list[str]]] = {".csv": _as_csv, ".zone": _as_zones}


def rendering(file: Path) -> Delivery:
    """Return the delivery that the ending of *file* names; raises UsageError for another."""
    if file.suffix in FOLDERS:
        return Tables(file)
    if file.suffix in DOCUMENTS:
        return DocumentFile(file)
    endings = ", ".join((*DOCUMENTS, *FOLDERS))
    raise UsageError(f"--to {file}: no such format", hint=f"end it in {endings} or {encrypt.ENDING}")


def delivery(
    exports: Path, to: str, keys: Sequence[str], *, newest: bool, passphrase_file: str = ""
) -> Delivery:
    """Choose by the options `--to`, `--encrypt-to` and `--passphrase-file`.

    Raises UsageError where they do not go together.
    """
    file, recipients = Path(to), _recipients(keys, passphrase_file)
    if not to:
        return Packed(exports, recipients) if recipients else Kept(exports, newest=newest)
    if file.name.endswith(encrypt.ENDING):
        if not recipients:
            raise UsageError(
                f"--to {to} needs to know for whom", hint="--encrypt-to age1…, or --passphrase-file FILE"
            )
        return PackedFile(file, recipients)
    if recipients:
        option = "--encrypt-to" if keys else "--passphrase-file"
        raise UsageError(
            f"{option} makes one {encrypt.ENDING} file, not {file.suffix or file.name}",
            hint=f"--to {file.stem}{encrypt.ENDING}, or leave --to out",
        )
    return rendering(file)


def _recipients(keys: Sequence[str], passphrase_file: str) -> list[Any] | Passphrase:
    if keys and passphrase_file:
        raise UsageError(
            "--encrypt-to or --passphrase-file: an age file for a passphrase is for nothing else"
        )
    return passphrase.read(Path(passphrase_file)) if passphrase_file else encrypt.recipients(keys)


def _taken(folder: Path) -> Refused:
    return Refused(f"{folder} is there already", hint="name another folder, or move it away")


def _pack(folder: Path, name: str, target: Path, recipients: list[Any] | Passphrase) -> None:
    with disk.atomic(target) as file, disk.explained(folder):
        encrypt.pack(folder, name, file, recipients)
