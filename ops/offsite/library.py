"""The snapshots of one account in a bucket: s3://bucket/prefix/<account>/, laid out as exports/<account>/ is.

A manifest is written last and removed first, so a folder without one is a half upload, or what a removal has
left: it is no snapshot to anything here but `prune`, which takes it away when it is older than a day. An
encrypted snapshot is one object, which S3 shows whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ops.errors import ApiError, Damaged, MalformedAnswer, NotFound, Refused, ValidationError
from ops.files.disk import DAY
from ops.offsite.address import Place
from ops.offsite.bucket import Bucket, Object
from ops.offsite.fetch import fetch
from ops.snapshots import names
from ops.snapshots.layout import MANIFEST, account_folder
from ops.snapshots.library import Library, UnfinishedUpload
from ops.snapshots.manifest import LARGEST, parse
from ops.snapshots.snapshot import Entry, check_account, seconds

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.snapshots.snapshot import Snapshot


_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")


class OffsiteLibrary(Library):
    """The snapshots of *account_id* at *place*. What the bucket raises passes through."""

    def __init__(self, app: App, place: Place, account_id: str, bucket: Bucket) -> None:
        super().__init__(Path(), account_id)
        self.place = place
        self.bucket = bucket
        self.prefix = place.key(account_folder(account_id), "")
        self.where = f"s3://{place.bucket}/{self.prefix}".rstrip("/")
        self.listing = f"`inv snapshots.list --from {place}` shows what is kept"
        self._app = app

    def all(self) -> list[Entry]:
        found = self._app.parallel(self._read, self._names(), at_once=self._app.settings.workers)
        entries = [entry for entry in found if entry is not None]
        return sorted(entries, key=lambda entry: (entry.started, entry.name), reverse=True)

    def _entries(self) -> Iterator[Entry]:
        return (entry for found in self._names() if (entry := self._read(found)) is not None)

    def _names(self) -> list[Object]:
        """Return what may be snapshots, newest first, a folder as an object without a size."""
        folders, objects = self.bucket.shelf(self.prefix)
        found = [Object(name, -1, 0.0) for name in folders if names.is_folder(name)]
        for object in objects:
            name = object.key.removeprefix(self.prefix)
            if names.is_sealed(name):
                found.append(object._replace(key=name))
        return sorted(found, key=lambda object: object.key, reverse=True)

    def _read(self, found: Object) -> Entry | None:
        """Return the entry for a name; None for a folder that has no manifest."""
        path, where = PurePosixPath(found.key), f"{self.where}/{found.key}"
        started = names.moment(found.key) or 0.0
        if found.size >= 0:
            return Entry(path, started, size=found.size, address=where)
        try:
            data = self.bucket.get(f"{self.prefix}{found.key}/{MANIFEST}", LARGEST)
            manifest = parse(data, f"{where}/{MANIFEST}")
            check_account(where, manifest, self.account_id)
            return Entry(path, seconds(manifest.started), manifest, size=len(data), address=where)
        except NotFound:
            return None
        except (Damaged, MalformedAnswer, Refused, ValidationError) as error:
            return Entry(path, started, failure=error, address=where)

    def _named(self, name: str) -> Entry | None:
        if names.is_folder(name) and (found := self._read(Object(name, -1, 0.0))) is not None:
            return found
        for object in self._names():
            if object.size >= 0 and name in (object.key, Entry(PurePosixPath(object.key), 0.0).name):
                return self._read(object)
        return None

    def _elsewhere(self, name: str) -> Entry:
        raise NotFound(f"{self.where} has no snapshot called {name}", hint=self.listing)

    def open(self, app: App, entry: Entry, identity: str, passphrase_file: str) -> Snapshot:
        return fetch(app, self.bucket, self.prefix, entry, identity, passphrase_file)

    def led_to(self) -> str:
        return ""

    def remove(self, entry: Entry) -> bool:
        key = f"{self.prefix}{entry.path.name}"
        if entry.sealed:
            self.bucket.delete(key)
        else:
            self._clear(f"{key}/")
        return True

    def _clear(self, prefix: str) -> None:
        """Delete all below *prefix*, its manifest first."""
        self.bucket.delete(f"{prefix}{MANIFEST}")
        keys = (object.key for object in list(self.bucket.objects(prefix)))
        for _ in self._app.parallel(self.bucket.delete, keys, at_once=self._app.settings.workers):
            continue

    def tidy(self) -> None:
        """Leave nothing to do: what a removal has left is among the halves."""

    def halves(self, now: float) -> list[UnfinishedUpload]:
        folders = [found.key for found in self._names() if found.size < 0]
        found = self._app.parallel(
            partial(self._half, before=now - DAY), folders, at_once=self._app.settings.workers
        )
        halves = [half for half in found if half is not None]
        with suppress(ApiError):  # not every S3 lists them
            for key, upload, begun in self.bucket.uploads(self.prefix):
                if begun < now - DAY:
                    name = key.removeprefix(self.prefix)
                    halves.append(UnfinishedUpload(name, 0, partial(self.bucket.abort, key, upload)))
        return sorted(halves, key=lambda half: half.name)

    def _half(self, name: str, before: float) -> UnfinishedUpload | None:
        prefix = f"{self.prefix}{name}/"
        objects = list(self.bucket.objects(prefix))
        if not objects or any(at.written >= before or at.key == prefix + MANIFEST for at in objects):
            return None
        return UnfinishedUpload(name, sum(object.size for object in objects), partial(self._clear, prefix))


def accounts(bucket: Bucket, place: Place) -> list[str]:
    """Return the folders of the accounts that something is kept of at *place*."""
    folders, _ = bucket.shelf(place.prefix)
    found = [name for name in folders if _ACCOUNT.fullmatch(name)]
    return sorted(name for name in found if _holds(bucket, place.key(name, "")))


def _holds(bucket: Bucket, prefix: str) -> bool:
    folders, objects = bucket.shelf(prefix)
    sealed = (object.key.removeprefix(prefix) for object in objects)
    return any(map(names.is_folder, folders)) or any(map(names.is_sealed, sealed))
