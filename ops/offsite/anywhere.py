"""Where a snapshot is kept: on this machine or in a bucket, opened by what people type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.offsite import address
from ops.offsite.bucket import Bucket
from ops.offsite.library import OffsiteLibrary
from ops.offsite.library import accounts as offsite_accounts
from ops.snapshots.layout import account_folder
from ops.snapshots.library import Library, accounts, the_account
from ops.snapshots.sealed.encrypt import ENDING
from ops.snapshots.snapshot import check_account

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.offsite.address import Place
    from ops.snapshots.snapshot import Snapshot


def open_library(app: App, place: str = "") -> Library:
    """Return the library of the account in force, here or at *place*; nothing is asked of Cloudflare.

    That is the account of the settings, or the only one that snapshots are kept of; raises UsageError where
    there are several.
    """
    if place:
        return _library(app, address.place(place, "--from"), "")
    root = app.settings.exports
    return Library(root, app.known_account or the_account(root, accounts(root)))


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
    if address.is_address(name):
        where, account, name = address.snapshot(name)
        return _library(app, where, account), name
    if "/" in name or name.endswith(ENDING):
        return Library(app.settings.exports, app.known_account), name
    return open_library(app), name


def open_all(app: App, text: str) -> list[OffsiteLibrary]:
    """Return the libraries of all accounts at the place, or that of the account in force."""
    place = address.place(text, "--from")
    bucket = Bucket(place.bucket, app.settings, app.stop)
    ids = [app.known_account] if app.known_account else offsite_accounts(bucket, place)
    return [OffsiteLibrary(app, place, id, bucket) for id in ids]


def _library(app: App, place: Place, account: str) -> OffsiteLibrary:
    known = app.known_account
    if account and known and account != account_folder(known):
        raise Refused(
            f"this is a snapshot of the account {account}, not of {known}", hint=f"--account-id {account}"
        )
    bucket = Bucket(place.bucket, app.settings, app.stop)
    return OffsiteLibrary(
        app, place, known or account or the_account(place, offsite_accounts(bucket, place)), bucket
    )
