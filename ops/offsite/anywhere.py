"""Open a snapshot by the name that the user types, on this machine or in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ops.errors import DiskError, NetworkError, NotFound, Refused, SystemFailure, UsageError, UserError
from ops.offsite import address
from ops.snapshots.layout import ENDING, account_folder
from ops.snapshots.library import Library, accounts
from ops.snapshots.snapshot import check_account

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.offsite.address import BucketPrefix
    from ops.snapshots.snapshot import Snapshot


def open_library(app: App, place: str = "") -> Library:
    """Return the library of the current account, here or at the prefix *place*.

    The account is that of the settings, or the only one with stored snapshots, or the only one that the token
    can see: Cloudflare is asked only if that is not known from before. Raises UsageError, NotFound.
    """
    if place:
        return _library(app, address.read_prefix(place, "--from"), "")
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
        hint = f"--account-id {account}"
        raise Refused(f"this is a snapshot of the account {account}, not of {known}", hint=hint)
    bucket = Bucket(place.bucket, app.settings, app.stop)

    def library(account_id: str) -> OffsiteLibrary:
        return OffsiteLibrary(app, place, account_id, bucket)

    if account:
        return library(known or account)
    return _chosen(app, place, lambda: stored_accounts(bucket, place), library)
