"""The snapshots of one account in a bucket: s3://bucket/prefix/<account>/, laid out as exports/<account>/.

A manifest is written last and removed first, so a folder without one is an unfinished upload or an unfinished
removal: it is not a snapshot, and `prune` removes it when it is older than a day. An encrypted snapshot is an
object, which S3 shows completely or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath

from ops.cli.app import App
from ops.errors import (
    ApiError,
    Damaged,
    DiskError,
    MalformedAnswer,
    NetworkError,
    NotFound,
    Refused,
    SystemFailure,
    UsageError,
    UserError,
    ValidationError,
)
from ops.files.disk import DAY
from ops.offsite.bucket import SCHEME, Bucket, BucketPrefix, Object, read_prefix, read_snapshot
from ops.offsite.transfer import fetch
from ops.snapshots.layout import (
    ENDING,
    MANIFEST,
    account_folder,
    is_encrypted_name,
    is_snapshot_name,
    started_at,
)
from ops.snapshots.library import ACCOUNT_FOLDER, Entry, Library, UnfinishedUpload, accounts
from ops.snapshots.manifest import LARGEST, parse
from ops.snapshots.snapshot import Snapshot, check_account, seconds


class OffsiteLibrary(Library):
    """The snapshots of *account_id* at *place*. The errors of the bucket are passed on."""

    def __init__(self, app: App, place: BucketPrefix, account_id: str, bucket: Bucket) -> None:
        super().__init__(Path(), account_id)
        self.place = place
        self.bucket = bucket
        self.prefix = place.key(account_folder(account_id), "")
        self.where = f"s3://{place.bucket}/{self.prefix}".rstrip("/")
        self.listing = f"`inv snapshots.list --from {place}` shows the stored snapshots"
        self._app = app

    def all(self) -> list[Entry]:
        found = self._app.parallel(self._read, self._names(), at_once=self._app.settings.workers)
        entries = [entry for entry in found if entry is not None]
        return sorted(entries, key=lambda entry: entry.order, reverse=True)

    def entries(self) -> Iterator[Entry]:
        return (entry for found in self._names() if (entry := self._read(found)) is not None)

    def _names(self) -> list[Object]:
        """Return the possible snapshots, newest first; a folder is an object with the size -1."""
        folders, objects = self.bucket.list_folder(self.prefix)
        found = [Object(name, -1, 0.0) for name in folders if is_snapshot_name(name)]
        for object in objects:
            name = object.key.removeprefix(self.prefix)
            if is_encrypted_name(name):
                found.append(object._replace(key=name))
        return sorted(found, key=lambda object: object.key, reverse=True)

    def _read(self, found: Object) -> Entry | None:
        """Return the entry for a name; None for a folder without a manifest."""
        path, where = PurePosixPath(found.key), f"{self.where}/{found.key}"
        started = started_at(found.key) or 0.0
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
        if is_snapshot_name(name) and (found := self._read(Object(name, -1, 0.0))) is not None:
            return found
        for object in self._names():
            if object.size >= 0 and name in (object.key, Entry(PurePosixPath(object.key), 0.0).name):
                return self._read(object)
        return None

    def _elsewhere(self, name: str) -> Entry:
        raise NotFound(f"{self.where} has no snapshot called {name}", hint=self.listing)

    def open(self, entry: Entry, state_dir: Path, identity: str, passphrase_file: str) -> Snapshot:  # noqa: ARG002  (the folder is that of the settings)
        return fetch(self._app, self.bucket, self.prefix, entry, identity, passphrase_file)

    def latest_name(self) -> str:
        return ""

    def remove(self, entry: Entry) -> bool:
        key = f"{self.prefix}{entry.path.name}"
        if entry.sealed:
            self.bucket.delete(key)
        else:
            self._clear(f"{key}/")
        return True

    def _clear(self, prefix: str) -> None:
        self.bucket.delete(f"{prefix}{MANIFEST}")
        keys = (object.key for object in list(self.bucket.objects(prefix)))
        for _ in self._app.parallel(self.bucket.delete, keys, at_once=self._app.settings.workers):
            continue

    def sweep(self) -> None:
        """Do nothing: unfinished removals are among the unfinished uploads."""

    def unfinished(self, now: float) -> list[UnfinishedUpload]:
        folders = [found.key for found in self._names() if found.size < 0]
        find = partial(self._unfinished_folder, before=now - DAY)
        found = self._app.parallel(find, folders, at_once=self._app.settings.workers)
        uploads = [upload for upload in found if upload is not None]
        with suppress(ApiError):  # not every S3 can list them
            for key, id, started in self.bucket.uploads(self.prefix):
                if started < now - DAY:
                    name = key.removeprefix(self.prefix)
                    uploads.append(UnfinishedUpload(name, 0, partial(self.bucket.abort, key, id)))
        return sorted(uploads, key=lambda upload: upload.name)

    def _unfinished_folder(self, name: str, before: float) -> UnfinishedUpload | None:
        prefix = f"{self.prefix}{name}/"
        objects = list(self.bucket.objects(prefix))
        if not objects or any(at.written >= before or at.key == prefix + MANIFEST for at in objects):
            return None
        return UnfinishedUpload(name, sum(object.size for object in objects), partial(self._clear, prefix))


def stored_accounts(bucket: Bucket, place: BucketPrefix) -> list[str]:
    """Return the folders of the accounts with snapshots at *place*."""
    found = []
    for name in bucket.list_folder(place.prefix)[0]:
        if ACCOUNT_FOLDER.fullmatch(name):
            prefix = place.key(name, "")
            folders, objects = bucket.list_folder(prefix)
            files = (object.key.removeprefix(prefix) for object in objects)
            if any(map(is_snapshot_name, folders)) or any(map(is_encrypted_name, files)):
                found.append(name)
    return sorted(found)


def open_library(app: App, place: str = "") -> Library:
    """Return the library of the current account, here or at the prefix *place*.

    The account is that of the settings, or the only one with stored snapshots, or the only one that the token
    can see: Cloudflare is asked only if that is not known from before. Raises UsageError, NotFound.
    """
    if place:
        return _library(app, read_prefix(place, "--from"), "")
    root = app.settings.exports

    def stored() -> list[str]:
        unreadable: list[DiskError] = []
        found = accounts(root, unreadable.append)
        if unreadable and not found:
            raise unreadable[0]
        for error in unreadable:
            app.warn(error.message)
        return found

    return _chosen(app, root, stored, partial(Library, root))


def _chosen(
    app: App, where: object, stored: Callable[[], list[str]], library: Callable[[str], Library]
) -> Library:
    if app.known_account:
        return library(app.known_account)
    names = stored()
    if not names:
        raise NotFound(f"{where} has no snapshots", hint="`inv scan.export` creates one")
    account = names[0] if len(names) == 1 else app.last_account
    if not account and not app.offline:
        # Without an answer, the accounts to choose from say more than the reason.
        with suppress(UserError, SystemFailure, NetworkError):
            account = app.account_id
    if account:
        return library(account)
    lines = (f"  --account-id {name}  {library(name).account_name}".rstrip() for name in names)
    raise UsageError(
        f"{where} has snapshots of {len(names)} accounts",
        hint="\n".join(("choose one with --account-id:", *lines)),
    )


def open_snapshot(app: App, name: str, identity: str = "", passphrase_file: str = "") -> Snapshot:
    """Return the snapshot called *name*; an encrypted one is opened with the key or passphrase in a file.

    See Library.find for names; s3://bucket/prefix/NAME is fetched from a bucket. What is unpacked is removed
    when the line ends. Raises NotFound, Damaged, UsageError for a missing or wrong key, Refused for another
    account.
    """
    library, name = library_of(app, name)
    entry = library.find(name)
    if entry.failure is not None:
        raise entry.failure
    opened = library.open(entry, app.settings.state_dir, identity, passphrase_file)
    app.run.endings.append(opened.close)
    check_account(entry.where, opened.manifest, library.account_id)
    return opened


def library_of(app: App, name: str) -> tuple[Library, str]:
    """Return the library of *name*, and the name in it; a path is found even if nothing is stored."""
    if name.startswith(SCHEME):
        where, account, name = read_snapshot(name)
        return _library(app, where, account), name
    if "/" in name or name.endswith(ENDING):
        return Library(app.settings.exports, app.known_account), name
    return open_library(app), name


def _library(app: App, place: BucketPrefix, account: str) -> Library:
    known = app.known_account
    if account and known and account != account_folder(known):
        hint = f"--account-id {account}"
        raise Refused(f"this is a snapshot of the account {account}, not of {known}", hint=hint)
    bucket = Bucket(place.bucket, app.settings, app.stop, app.talk.log)

    def library(account_id: str) -> OffsiteLibrary:
        return OffsiteLibrary(app, place, account_id, bucket)

    if account:
        return library(known or account)
    return _chosen(app, place, lambda: stored_accounts(bucket, place), library)
