"""Open a snapshot by the name that the user types, on this machine or in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import DiskError, Refused
from ops.offsite import address
from ops.snapshots.layout import ENDING, account_folder
from ops.snapshots.library import Library, accounts, only_account
from ops.snapshots.snapshot import check_account

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.offsite.address import BucketPrefix
    from ops.snapshots.snapshot import Snapshot


def open_library(app: App, place: str = "") -> Library:
    """Return the library of the current account, here or at the prefix *place*; Cloudflare is not asked.

    The account is that of the settings, or the only one with stored snapshots; raises UsageError if there are
    several.
    """
    if place:
        return _library(app, address.read_prefix(place, "--from"), "")
    root = app.settings.exports
    if app.known_account:
        return Library(root, app.known_account)
    unreadable: list[DiskError] = []
    found = accounts(root, unreadable.append)
    if unreadable and not found:
        raise unreadable[0]
    for error in unreadable:
        app.warn(error.message)
    return Library(root, only_account(root, found))


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
    if name.startswith(address.SCHEME):
        where, account, name = address.read_snapshot(name)
        return _library(app, where, account), name
    if "/" in name or name.endswith(ENDING):
        return Library(app.settings.exports, app.known_account), name
    return open_library(app), name


def _library(app: App, place: BucketPrefix, account: str) -> Library:
    from ops.offsite.bucket import Bucket
    from ops.offsite.library import OffsiteLibrary, stored_accounts

    known = app.known_account
    if account and known and account != account_folder(known):
        raise Refused(
            f"this is a snapshot of the account {account}, not of {known}", hint=f"--account-id {account}"
        )
    bucket = Bucket(place.bucket, app.settings, app.stop)
    account = known or account or only_account(place, stored_accounts(bucket, place))
    return OffsiteLibrary(app, place, account, bucket)
