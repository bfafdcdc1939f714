"""Delivery: what becomes of a snapshot once it is made: a folder, one encrypted file, or a rendering."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ops import disk
from ops.errors import Refused, UsageError
from ops.export import csv_folder, json_document
from ops.snapshots import encrypt, publish
from ops.snapshots.layout import account_folder
from ops.snapshots.manifest import Manifest


class Made(NamedTuple):
    """A snapshot in *folder*, to be put in *place*; *name* gives another name each time it is called."""

    folder: Path
    manifest: Manifest
    place: Path
    name: Callable[[], str]


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
        """Give the folder in which the snapshot is made, and out of which it is moved."""
        folder = self._root / account_folder(account_id) if self.by_account else self._root
        return publish.prepare(folder, now)

    @abstractmethod
    def hand_over(self, made: Made) -> Path:
        """Put it where it belongs, whole or not at all; gives where. Raises DiskError."""


class Kept(Delivery):
    """A folder by account and time; *newest*: `latest` leads to it when it is complete."""

    keeps_fragments = by_account = True

    def __init__(self, exports: Path, *, newest: bool) -> None:
        super().__init__(exports)
        self._newest = newest

    def hand_over(self, made: Made) -> Path:
        snapshot = publish.publish(made.folder, made.place, made.name)
        if self._newest and made.manifest.complete:
            publish.point_latest(snapshot)
        return snapshot


class Packed(Kept):
    """One file that only the holders of the keys can open; `latest` never leads to it."""

    def __init__(self, exports: Path, keys: Sequence[str]) -> None:
        super().__init__(exports, newest=False)
        self._recipients = encrypt.recipients(keys)

    def hand_over(self, made: Made) -> Path:
        while (target := made.place / f"{(name := made.name())}{encrypt.ENDING}").exists():
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

    def __init__(self, file: Path, keys: Sequence[str]) -> None:
        super().__init__(file)
        self._recipients = encrypt.recipients(keys)

    def hand_over(self, made: Made) -> Path:
        _pack(made.folder, made.name(), self._file, self._recipients)
        return self._file


class Document(ToFile):
    """All of it as one JSON document."""

    def hand_over(self, made: Made) -> Path:
        with disk.atomic(self._file) as file:
            json_document.write(made.folder, made.manifest, file)
        return self._file


class Tables(Delivery):
    """A folder of CSV files; one that is there already is never touched."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.parent)
        self._folder = folder

    def check(self, now: float) -> None:
        disk.refuse_link(self._folder)
        if self._folder.exists():
            raise _taken(self._folder)
        super().check(now)

    def hand_over(self, made: Made) -> Path:
        tables = made.folder / ".tables"
        with disk.explained(tables):
            tables.mkdir(disk.PRIVATE_FOLDER)
            csv_folder.write(made.folder, made.manifest, tables)
        if not publish.moved(tables, self._folder):
            raise _taken(self._folder)
        return self._folder


def delivery(exports: Path, to: str, keys: Sequence[str], *, newest: bool) -> Delivery:
    """Choose by the options `--to` and `--encrypt-to`; raises UsageError where they do not go together."""
    file = Path(to)
    if not to:
        return Packed(exports, keys) if keys else Kept(exports, newest=newest)
    if file.name.endswith(encrypt.ENDING):
        if not keys:
            raise UsageError(f"--to {to} needs to know for whom", hint="--encrypt-to age1…")
        return PackedFile(file, keys)
    if keys:
        raise UsageError(
            f"--encrypt-to makes one {encrypt.ENDING} file, not {file.suffix or file.name}",
            hint=f"--to {file.stem}{encrypt.ENDING}, or leave --to out",
        )
    if file.suffix not in (".json", ".csv"):
        raise UsageError(f"--to {to}: no such format", hint=f"end it in .json, .csv or {encrypt.ENDING}")
    return Document(file) if file.suffix == ".json" else Tables(file)


def _taken(folder: Path) -> Refused:
    return Refused(f"{folder} is there already", hint="name another folder, or move it away")


def _pack(folder: Path, name: str, target: Path, recipients: list[Any]) -> None:
    with disk.atomic(target) as file, disk.explained(folder):
        encrypt.pack(folder, name, file, recipients)
